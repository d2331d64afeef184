//! SARIF 2.1.0 (OASIS standard), for code scanning: rules, results, places and repairs.
//!
//! What stands in the log is in [`log`]; this file fills it.

mod log;
mod uri;

use std::{collections::BTreeMap, io};

use log::{
    ArtifactChange, ArtifactLocation, BaseId, Driver, Fix, Level, Location, Log, Message, PartialFingerprints,
    PhysicalLocation, Region, Replacement, ReportingDescriptor, Result, RuleConfiguration, Run, Tool,
};

use super::{jsonl, view};
use crate::model::{Finding, Rule, Severity, Spot};

/// The folder that relative paths start from, as consumers of SARIF know it.
const ROOT: &str = "%SRCROOT%";

/// One log with one run.
pub(super) fn write(findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
    let base = BaseId { description: message("The folder that fetchall was started in.") };
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "fetchall",
                version: env!("CARGO_PKG_VERSION"),
                rules: Rule::ALL.iter().map(|rule| descriptor(*rule)).collect(),
            },
        },
        original_uri_base_ids: BTreeMap::from([(ROOT, base)]),
        column_kind: "unicodeCodePoints",
        results: view::shown(findings).into_iter().map(result).collect(),
    };
    jsonl::line(&Log { schema: log::SCHEMA, version: "2.1.0", runs: [run] }, out)
}

fn descriptor(rule: Rule) -> ReportingDescriptor {
    ReportingDescriptor {
        id: rule.name(),
        short_description: message(rule.meaning()),
        full_description: message(rule.meaning()),
        help: message(rule.advice()),
        default_configuration: RuleConfiguration { level: level(rule.severity()) },
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Off => Level::Note,
    }
}

/// A message of our own words.
fn message(text: &str) -> Message {
    Message { text: text.to_owned() }
}

/// A message with text from outside: what it has of the syntax of embedded links (section 3.11.6)
/// is escaped, so that no hostile name becomes a link.
fn told(text: &str) -> Message {
    if text.contains("](") {
        return Message { text: text.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]") };
    }
    message(text)
}

fn result(finding: &Finding) -> Result<'_> {
    Result {
        rule_id: view::rule(finding),
        rule_index: finding.rule.and_then(|rule| Rule::ALL.iter().position(|one| *one == rule)),
        level: level(finding.severity),
        message: told(&view::sentence(finding)),
        locations: [Location {
            physical_location: PhysicalLocation { artifact_location: artifact(finding), region: region(finding) },
        }],
        partial_fingerprints: PartialFingerprints { fetchall_v1: &finding.fingerprint },
        fixes: fix(finding).into_iter().collect(),
    }
}

fn artifact(finding: &Finding) -> ArtifactLocation {
    match (&finding.source.path, &finding.source.url) {
        (Some(_), _) => {
            let uri = uri::of_path(view::document(finding));
            let uri_base_id = (!uri.starts_with("file:")).then_some(ROOT);
            ArtifactLocation { uri, uri_base_id }
        }
        (None, url) => ArtifactLocation { uri: uri::of_url(url.as_deref().unwrap_or_default()), uri_base_id: None },
    }
}

fn region(finding: &Finding) -> Option<Region> {
    let source = &finding.source;
    Some(Region {
        start_line: source.line?,
        start_column: source.column,
        end_line: source.end_line,
        end_column: source.end_column,
    })
}

fn fix(finding: &Finding) -> Option<Fix<'_>> {
    let view::Repair { spot: Spot { line, column, end_line, end_column }, text } = view::repair(finding)?;
    let deleted_region =
        Region { start_line: line, start_column: Some(column), end_line: Some(end_line), end_column: Some(end_column) };
    Some(Fix {
        description: told(&format!("Write {text}")),
        artifact_changes: [ArtifactChange {
            artifact_location: artifact(finding),
            replacements: [Replacement { deleted_region, inserted_content: log::Content { text } }],
        }],
    })
}

#[cfg(test)]
mod tests;
