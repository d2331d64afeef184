//! GitHub Actions: workflow commands, which become annotations, and the summary of a step.
//!
//! Escaped as GitHub's own toolkit does (`packages/core/src/command.ts`). Must not know the
//! environment: whoever calls appends [`step_summary`] to the file that `$GITHUB_STEP_SUMMARY`
//! names.

use std::{fmt::Write as _, io};

use super::{CheckSummary, checked::counted, markdown, view};
use crate::model::{Finding, Severity, escape::visible_lines};

/// Annotations of a severity that GitHub shows for one step; further ones are dropped silently.
const SHOWN: u64 = 10;

/// Longest summary of a step, in bytes: 1 MiB, by GitHub's manual. A longer one is not shown at all.
pub const STEP_SUMMARY_BYTES: usize = 1024 * 1024;

/// The summary of the step: Markdown, within GitHub's limit.
pub fn step_summary(findings: &[Finding], summary: &CheckSummary) -> String {
    markdown::render(findings, summary, STEP_SUMMARY_BYTES)
}

/// The first annotations of either severity, then a notice of how many there would be more.
pub(super) fn write(findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
    let (mut errors, mut warnings) = (0, 0);
    for finding in view::shown(findings) {
        let count = if finding.severity == Severity::Error { &mut errors } else { &mut warnings };
        *count += 1;
        if *count <= SHOWN {
            writeln!(out, "{}", annotation(finding))?;
        }
    }
    let more: Vec<_> = [(errors, "more error"), (warnings, "more warning")]
        .into_iter()
        .filter(|(count, _)| *count > SHOWN)
        .map(|(count, noun)| counted(count - SHOWN, noun))
        .collect();
    if more.is_empty() {
        return Ok(());
    }
    let more = more.join(" and ");
    writeln!(
        out,
        "::notice title=fetchall::{more}: GitHub shows {SHOWN} of each for a step. The other reports have them."
    )
}

fn annotation(finding: &Finding) -> String {
    let source = &finding.source;
    let command = if finding.severity == Severity::Error { "error" } else { "warning" };
    let mut line = format!("::{command} ");
    let mut sentence = view::sentence(finding);
    if source.path.is_some() {
        // Writing to a String cannot fail, here and below.
        let _ = write!(line, "file={},", property(view::document(finding)));
        // A column is only taken with an end on the same line.
        let one_line = source.end_line.is_none() || source.end_line == source.line;
        for (name, value) in [
            ("line", source.line),
            ("endLine", source.line.and(source.end_line)),
            ("col", source.line.and(source.column).filter(|_| one_line)),
            ("endColumn", source.line.and(source.end_column).filter(|_| one_line)),
        ] {
            if let Some(value) = value {
                let _ = write!(line, "{name}={value},");
            }
        }
    } else {
        sentence = format!("{}: {sentence}", view::document(finding));
    }
    let _ = write!(line, "title={}::{}", property(view::rule(finding)), data(&sentence));
    line
}

fn data(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::dead;

    fn written(findings: &[Finding]) -> String {
        let mut out = Vec::new();
        write(findings, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn ten_of_each_are_annotated_and_the_rest_is_counted() {
        let mut findings: Vec<_> = (1..=12).map(|line| dead("a.md", line)).collect();
        findings.extend((13..=23).map(|line| Finding { severity: Severity::Warning, ..dead("a.md", line) }));
        let text = written(&findings);
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("::error "), count("::warning "), count("::notice ")), (10, 10, 1), "{text}");
        assert!(text.contains("::2 more errors and 1 more warning: "), "{text}");
        assert!(!written(&findings[..10]).contains("notice"));
    }

    #[test]
    fn columns_are_only_told_for_a_single_line() {
        let mut finding = dead("a.md", 3);
        finding.source.end_line = Some(4);
        assert!(
            written(std::slice::from_ref(&finding)).starts_with("::error file=a.md,line=3,endLine=4,title=link.dead::")
        );
        (finding.source.line, finding.source.column) = (None, Some(7));
        assert!(written(&[finding]).starts_with("::error file=a.md,title=link.dead::"));
    }

    #[test]
    fn no_text_ends_its_command_or_begins_another() {
        let mut finding = dead("a,b: 100%\n::stop.md", 1);
        finding.source.raw = "x\r\n::set-output name=a::b%0A\u{1b}".into();
        let text = written(&[finding]);
        let expected = r"::error file=a%2Cb%3A 100%25%0A%3A%3Astop.md,line=1,endLine=1,col=5,endColumn=29,title=link.dead::x%0A::set-output name=a::b%250A\u{1b}: 404 Not Found";
        assert_eq!(text.trim_end(), expected);
    }
}
