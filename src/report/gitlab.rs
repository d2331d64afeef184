//! GitLab Code Quality: a JSON array that merge requests show, new problems apart from old ones.
//!
//! The keys are those of GitLab's manual, "Code Quality report format". `fingerprint` must differ
//! between findings; it does, for it counts those of its kind.

use std::io;

use serde::Serialize;

use super::{jsonl, view};
use crate::model::{Finding, Severity};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// An array with an issue for each finding.
pub(super) fn write(findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
    jsonl::array(view::shown(findings).into_iter().map(issue), out)?;
    out.write_all(b"\n")
}

fn issue(finding: &Finding) -> Issue<'_> {
    Issue {
        description: view::sentence(finding),
        check_name: view::rule(finding),
        fingerprint: &finding.fingerprint,
        severity: match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Off => "info",
        },
        // A line is required: what stands nowhere is shown at the top.
        location: Location { path: view::document(finding), lines: Lines { begin: finding.source.line.unwrap_or(1) } },
    }
}
