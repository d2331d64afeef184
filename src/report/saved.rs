//! Links of a check as their records have them, read again for the kinds of reports that machines take.
//!
//! Must not know where records come from. What no such report tells of a link (its element, its attribute) is left
//! out: these findings are for [`super::write()`], not to be written as records again.

use std::collections::HashSet;

use serde::Deserialize;

use super::CheckSummary;
use crate::model::{
    Code, Finding, Severity,
    finding::{LinkSource, Suggestion, SuggestionKind},
    link::LinkKind,
    record::{Error, Outcome, RecordKind, Redirect, Skip},
};

/// Distinct documents and targets that are told apart, so that a file from a stranger does not fill the memory.
const TOLD_APART: usize = 1_000_000;

/// The record of a link.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    seq: u64,
    ok: bool,
    outcome: String,
    rule: Option<String>,
    severity: String,
    source: Source,
    url: Option<Box<str>>,
    final_url: Option<Box<str>>,
    fragment: Option<Box<str>>,
    host: Option<Box<str>>,
    status: Option<u16>,
    error: Option<Why>,
    skip: Option<Why>,
    suggestion: Option<Instead>,
    #[serde(default)]
    redirects: Vec<Hop>,
    #[serde(default)]
    attempts: u32,
    first_seen: Option<Box<str>>,
    #[serde(default)]
    fingerprint: Box<str>,
}

#[derive(Deserialize)]
struct Source {
    path: Option<Box<str>>,
    url: Option<Box<str>>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    kind: Option<String>,
    #[serde(default)]
    text: Box<str>,
    #[serde(default)]
    raw: Box<str>,
}

#[derive(Deserialize)]
struct Why {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    retryable: bool,
    of: Option<u64>,
}

#[derive(Deserialize)]
struct Instead {
    kind: String,
    url: String,
}

#[derive(Deserialize)]
struct Hop {
    status: u16,
    url: String,
    location: String,
}

/// Findings of a saved check: what weighs something is kept, all links are counted.
#[derive(Debug, Default)]
pub struct SavedCheck {
    kept: Vec<Finding>,
    summary: CheckSummary,
    documents: HashSet<Box<str>>,
    targets: HashSet<Box<str>>,
}

impl SavedCheck {
    /// Takes in a line of JSON Lines.
    ///
    /// # Errors
    /// Why it is no link of a check, in words.
    pub fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let finding = finding(line)?;
        self.summary.add(&finding);
        note(&mut self.documents, finding.source.path.as_deref().or(finding.source.url.as_deref()));
        note(&mut self.targets, finding.url.as_deref());
        if finding.severity > Severity::Off {
            self.kept.push(finding);
        }
        Ok(())
    }

    /// What is worth a word, and what was counted. Documents are those that have links: records know no others.
    pub fn end(mut self, wall_ms: Option<f64>) -> (Vec<Finding>, CheckSummary) {
        self.summary.documents = self.documents.len() as u64;
        self.summary.targets = self.targets.len() as u64;
        let wall = wall_ms.and_then(|ms| std::time::Duration::try_from_secs_f64(ms / 1000.0).ok());
        self.summary.elapsed = wall.unwrap_or_default();
        (self.kept, self.summary)
    }
}

fn note(seen: &mut HashSet<Box<str>>, name: Option<&str>) {
    if let Some(name) = name.filter(|name| seen.len() < TOLD_APART && !seen.contains(*name)) {
        seen.insert(name.into());
    }
}

/// The finding of a record.
fn finding(line: &[u8]) -> Result<Finding, String> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type", borrow, default)]
        kind: std::borrow::Cow<'a, str>,
    }
    // Said first: what a record of another kind lacks would say nothing to anybody.
    if let Ok(Kind { kind }) = serde_json::from_slice(line)
        && kind != "link"
    {
        return Err(match &*kind {
            "" => "it is no record of a checked link".to_owned(),
            other => format!("it is a record of the type `{other}`, and this kind of report is about checked links"),
        });
    }
    let row: Row = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    Ok(Finding {
        v: 1,
        kind: RecordKind::Link,
        seq: row.seq,
        ok: row.ok,
        outcome: outcome(&row.outcome)?,
        rule: row.rule.map(|name| name.parse().map_err(|()| unknown("rule", &name))).transpose()?,
        severity: severity(&row.severity)?,
        source: row.source.into(),
        url: row.url,
        final_url: row.final_url,
        fragment: row.fragment,
        host: row.host,
        status: row.status,
        error: row.error.map(Why::error).transpose()?,
        skip: row.skip.map(Why::skip).transpose()?,
        suggestion: row.suggestion.map(Instead::suggestion).transpose()?,
        redirects: row.redirects.into_iter().map(Hop::redirect).collect(),
        attempts: row.attempts,
        total_ms: None,
        first_seen: row.first_seen,
        fingerprint: row.fingerprint,
    })
}

impl From<Source> for LinkSource {
    fn from(source: Source) -> LinkSource {
        let kind = LinkKind::ALL.iter().find(|kind| source.kind.as_deref() == Some(kind.name()));
        LinkSource {
            path: source.path,
            url: source.url,
            line: source.line,
            column: source.column,
            end_line: source.end_line,
            end_column: source.end_column,
            kind: kind.copied().unwrap_or(LinkKind::Anchor),
            element: "",
            attribute: None,
            text: source.text,
            raw: source.raw,
        }
    }
}

impl Why {
    fn error(self) -> Result<Error, String> {
        let code = self.code.parse::<Code>().map_err(|_| unknown("code", &self.code))?;
        Ok(Error { code, message: self.message, retryable: self.retryable, hint: None })
    }

    fn skip(self) -> Result<Skip, String> {
        let code = self.code.parse::<Code>().map_err(|_| unknown("code", &self.code))?;
        Ok(Skip { code, message: self.message, of: self.of })
    }
}

impl Instead {
    fn suggestion(self) -> Result<Suggestion, String> {
        let kind = match self.kind.as_str() {
            "redirect" => SuggestionKind::Redirect,
            "https" => SuggestionKind::Https,
            "case" => SuggestionKind::Case,
            "anchor" => SuggestionKind::Anchor,
            "file" => SuggestionKind::File,
            "archive" => SuggestionKind::Archive,
            other => return Err(unknown("kind of suggestion", other)),
        };
        Ok(Suggestion { kind, url: self.url })
    }
}

impl Hop {
    fn redirect(self) -> Redirect {
        Redirect { status: self.status, url: self.url, location: self.location }
    }
}

fn outcome(name: &str) -> Result<Outcome, String> {
    let all = [Outcome::Ok, Outcome::HttpError, Outcome::Error, Outcome::Skipped];
    all.into_iter().find(|outcome| outcome.name() == name).ok_or_else(|| unknown("outcome", name))
}

fn severity(name: &str) -> Result<Severity, String> {
    let all = [Severity::Off, Severity::Warning, Severity::Error];
    all.into_iter().find(|severity| severity.name() == name).ok_or_else(|| unknown("severity", name))
}

/// A word that this version does not know; a newer one may.
fn unknown(what: &str, name: &str) -> String {
    format!("the {what} `{}` is none that this fetchall knows", crate::model::escape::visible(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        Kind,
        tests::{dead, fine},
        write,
    };

    #[test]
    fn a_report_of_records_is_the_report_of_the_run() {
        let mut moved = dead("b.md", 7);
        moved.suggestion = Some(Suggestion { kind: SuggestionKind::File, url: "c.md".to_owned() });
        moved.severity = Severity::Warning;
        let findings = [dead("a.md", 1), fine("a.md", 2), moved];
        let (mut summary, mut saved) = (CheckSummary::default(), SavedCheck::default());
        for finding in &findings {
            summary.add(finding);
            saved.line(&serde_json::to_vec(finding).unwrap()).unwrap();
        }
        let (kept, mut counted) = saved.end(Some(1500.0));
        assert_eq!((kept.len(), counted.documents, counted.elapsed.as_millis()), (2, 2, 1500));
        assert_eq!((counted.links, counted.errors, counted.warnings, counted.ok), (3, 1, 1, 1));
        (counted.documents, counted.targets, counted.elapsed) = (0, 0, summary.elapsed);
        for kind in Kind::ALL.iter().filter(|kind| !kind.lists_all()) {
            let written = |findings: &[Finding], summary| {
                let mut out = Vec::new();
                write(*kind, findings, summary, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            };
            assert_eq!(written(&kept, &counted), written(&findings, &summary), "{}", kind.name());
        }
    }

    #[test]
    fn a_record_of_another_kind_is_refused_and_says_why() {
        let told = finding(br#"{"type":"fetch","ok":true,"url":"http://h/"}"#).unwrap_err();
        assert!(told.contains("type `fetch`"), "{told}");
        assert!(finding(b"{}").unwrap_err().contains("no record of a checked link"));
        let strange = br#"{"type":"link","ok":true,"outcome":"ok","severity":"awful","source":{}}"#;
        assert!(finding(strange).unwrap_err().contains("severity `awful`"));
    }
}
