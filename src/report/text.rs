//! Findings for people and editors: `path:line:column: rule what`, a line each.
//!
//! Everything from outside is escaped here. Must not know whether it writes to a terminal.

use std::{borrow::Cow, fmt, io};

use super::{CheckSummary, view};
use crate::model::{Finding, escape::visible};

/// A finding as one line, in its parts, so that each may have its colour. Nothing in it acts on a
/// terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The document, with line and column where they are known, as editors and terminals make them
    /// clickable.
    pub place: String,
    /// What was found, by its name.
    pub rule: &'static str,
    /// The reference and what is wrong with it.
    pub what: String,
}

impl Line {
    /// Of a finding.
    pub fn of(finding: &Finding) -> Self {
        Line {
            place: visible(&place(finding)).into_owned(),
            rule: view::rule(finding),
            what: visible(&view::sentence(finding)).into_owned(),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.place, self.rule, self.what)
    }
}

/// Every place of every broken target, and a summary at the end.
pub(super) fn write(findings: &[Finding], summary: &CheckSummary, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in view::shown(findings) {
        writeln!(out, "{}", Line::of(finding))?;
    }
    writeln!(out, "{}", summary.line())
}

/// The document, with line and column where they are known.
pub(super) fn place(finding: &Finding) -> String {
    let document = view::document(finding);
    // A CI server takes a line that begins like this for a command: `::error::x.md` is the name of a file too.
    let is_command = document.trim_start().starts_with("::") || document.trim_start().starts_with("##[");
    let document = if is_command { Cow::Owned(format!("./{document}")) } else { Cow::Borrowed(document) };
    match (finding.source.line, finding.source.column) {
        (Some(line), Some(column)) => format!("{document}:{line}:{column}"),
        (Some(line), None) => format!("{document}:{line}"),
        (None, _) => document.into_owned(),
    }
}
