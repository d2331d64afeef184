//! Findings for people and editors: `path:line:column: rule what`, a line each.
//!
//! Everything from outside is escaped here. Must not know whether it writes to a terminal.

use std::io;

use super::{CheckSummary, view};
use crate::model::{Finding, escape::visible};

/// Every place of every broken target, and a summary at the end.
pub(super) fn write(findings: &[Finding], summary: &CheckSummary, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in view::shown(findings) {
        let sentence = view::sentence(finding);
        writeln!(out, "{}: {} {}", visible(&place(finding)), view::rule(finding), visible(&sentence))?;
    }
    writeln!(out, "{}", summary.line())
}

/// The document, with line and column where they are known, as editors and terminals make them
/// clickable.
pub(super) fn place(finding: &Finding) -> String {
    let document = view::document(finding);
    match (finding.source.line, finding.source.column) {
        (Some(line), Some(column)) => format!("{document}:{line}:{column}"),
        (Some(line), None) => format!("{document}:{line}"),
        (None, _) => document.to_owned(),
    }
}
