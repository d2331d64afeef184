//! Reviewdog Diagnostic Format, a diagnostic a line (`reviewdog -f=rdjsonl`).
//!
//! Its columns count bytes of UTF-8, ours characters, so the text of the line is asked for. Where
//! nobody can give it, the diagnostic stands at the line and has no suggestion: a wrong column
//! would cut a file in the middle of a word.

use std::io;

use serde::Serialize;

use super::{Lines, jsonl, view};
use crate::model::{Finding, Severity, Spot};

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location<'a>,
    severity: &'static str,
    source: Source,
    code: Code,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggested<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Clone, Copy, Serialize)]
struct Range {
    start: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Position>,
}

#[derive(Clone, Copy, Serialize)]
struct Position {
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
}

#[derive(Serialize)]
struct Code {
    value: &'static str,
}

#[derive(Serialize)]
struct Suggested<'a> {
    range: Range,
    text: &'a str,
}

/// A line for each finding.
pub(super) fn write(findings: &[Finding], lines: &mut Lines<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    view::shown(findings).into_iter().try_for_each(|finding| jsonl::line(&diagnostic(finding, lines), out))
}

fn diagnostic<'a>(finding: &'a Finding, lines: &mut Lines<'_>) -> Diagnostic<'a> {
    let exact = finding.source.path.as_deref().zip(view::spot(finding));
    let exact = exact.and_then(|(path, spot)| in_bytes(spot, &mut |line| lines(path, line)));
    let suggestions = exact.zip(view::repair(finding)).map(|(range, repair)| Suggested { range, text: repair.text });
    let whole_line = finding.source.line.map(|line| Range { start: Position { line, column: None }, end: None });
    Diagnostic {
        message: view::sentence(finding),
        location: Location { path: view::document(finding), range: exact.or(whole_line) },
        severity: match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Off => "INFO",
        },
        source: Source { name: "fetchall" },
        code: Code { value: view::rule(finding) },
        suggestions: suggestions.into_iter().collect(),
    }
}

fn in_bytes(spot: Spot, line: &mut dyn FnMut(u32) -> Option<String>) -> Option<Range> {
    let first = line(spot.line)?;
    let start = Position { line: spot.line, column: Some(byte_column(&first, spot.column)?) };
    let last = if spot.end_line == spot.line { first } else { line(spot.end_line)? };
    let end = Position { line: spot.end_line, column: Some(byte_column(&last, spot.end_column)?) };
    Some(Range { start, end: Some(end) })
}

/// The column in bytes, from 1; `None` if the line has no such column: the file has changed since.
fn byte_column(line: &str, column: u32) -> Option<usize> {
    let before = usize::try_from(column.checked_sub(1)?).ok()?;
    let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    ends.skip(before).map(|at| at + 1).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_bytes_are_counted_as_the_format_defines_them() {
        // the example of reviewdog.proto
        for (column, bytes) in [(1, Some(1)), (2, Some(2)), (3, Some(6)), (4, Some(7)), (5, None), (0, None)] {
            assert_eq!(byte_column("a𐐀b", column), bytes, "column {column}");
        }
    }

    #[test]
    fn a_range_over_lines_looks_at_both() {
        let spot = Spot { line: 1, column: 2, end_line: 2, end_column: 2 };
        let mut lines = |line| ["äx", "öy"].get(usize::try_from(line).unwrap() - 1).map(|&text| text.to_owned());
        let range = in_bytes(spot, &mut lines).unwrap();
        assert_eq!((range.start.column, range.end.and_then(|end| end.column)), (Some(3), Some(3)));
    }
}
