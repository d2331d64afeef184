//! Findings as Markdown: a comment for a pull request, the summary of a step.
//!
//! A row for each target, with the places that link to it. Text from outside must neither end its
//! cell nor call people or issues: references stand as code, sentences are escaped.

use std::fmt::Write as _;

use super::{
    CheckSummary,
    checked::counted,
    grouped::{Group, by_target},
    view,
};
use crate::model::{Finding, escape::visible};

/// Longest comment that GitHub takes, in characters; bytes are never fewer.
pub const COMMENT_BYTES: usize = 65_536;

/// Places named for a target.
const PLACES: usize = 20;

/// Longest target or place in a cell, in characters.
const CELL_CHARS: usize = 300;

/// Room kept for the note about what was left out, in bytes.
const NOTE_BYTES: usize = 120;

/// The report in at most `limit` bytes, as long as its head fits; a note says how many targets were left out.
pub fn render(findings: &[Finding], summary: &CheckSummary, limit: usize) -> String {
    let mut text = head(summary);
    let groups = by_target(findings);
    if groups.is_empty() {
        return text;
    }
    text.push_str("\n| | rule | target | what | where |\n| --- | --- | --- | --- | --- |\n");
    let room = limit.saturating_sub(NOTE_BYTES);
    let mut rows = 0;
    for group in &groups {
        let row = row(group);
        if text.len() + row.len() > room {
            break;
        }
        text.push_str(&row);
        rows += 1;
    }
    if rows < groups.len() {
        let left = counted((groups.len() - rows) as u64, "more target");
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, "\n{left} left out: there is no room for more here.\n");
    }
    text
}

fn head(summary: &CheckSummary) -> String {
    let mut text = format!("## Links: {}\n\n{}.\n", summary.verdict(), summary.line());
    if !summary.rules.is_empty() {
        let rules: Vec<_> = summary.rules.iter().map(|(rule, count)| format!("`{rule}` {count}")).collect();
        let _ = write!(text, "\nBy rule: {}.\n", rules.join(", "));
    }
    text
}

fn row(group: &Group<'_>) -> String {
    let mut places: Vec<_> = group.places.iter().take(PLACES).map(|finding| code(&place(finding))).collect();
    let more = group.places.len() - places.len();
    if more > 0 {
        places.push(format!("and {more} more"));
    }
    let cells = [group.severity.name().to_owned(), code(group.rule), code(&group.target), plain(&group.message)];
    format!("| {} | {} |\n", cells.join(" | "), places.join("<br>"))
}

fn place(finding: &Finding) -> String {
    let document = view::document(finding);
    finding.source.line.map_or_else(|| document.to_owned(), |line| format!("{document}:{line}"))
}

fn cut(text: &str) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(CELL_CHARS) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
    }
}

/// A code span that is one cell: its fence is longer than any within (CommonMark, section 6.1), and
/// bars are escaped, as tables want it in code too (GFM, section 4.10).
pub(super) fn code(text: &str) -> String {
    let text = cut(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space on either side is taken off again; without it a backtick would join the fence.
    let pad = if longest > 0 || text.trim().is_empty() || text.starts_with(' ') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', r"\|"))
}

/// Text with nothing in it that Markdown or GitHub would act on. The empty comment keeps `@name`
/// from calling a person and `#1` from linking to an issue, which look at rendered text.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in cut(text).chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
        if matches!(c, '@' | '#') {
            escaped.push_str("<!-- -->");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;
    use crate::report::tests::dead;

    /// The cells of the table as a reader shows them, the header row apart.
    fn rows(markdown: &str) -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut cell = None;
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => cell = Some(String::new()),
                Event::End(TagEnd::TableCell) => {
                    if let Some(row) = rows.last_mut() {
                        row.push(cell.take().unwrap());
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(cell) = &mut cell {
                        cell.push_str(&text);
                    }
                }
                Event::InlineHtml(html) if &*html == "<br>" => {
                    if let Some(cell) = &mut cell {
                        cell.push('\n');
                    }
                }
                Event::InlineHtml(html) => assert_eq!(&*html, "<!-- -->"),
                Event::Start(
                    tag @ (Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::Strong | Tag::HtmlBlock),
                ) => panic!("{tag:?}"),
                _ => {}
            }
        }
        rows
    }

    #[test]
    fn whatever_stands_in_a_cell_is_read_back_as_it_was() {
        for awkward in [
            "a|b",
            r"a\|b",
            "`",
            "``a`",
            " a ",
            "a`|`b",
            "*a* _b_ ~~c~~",
            "<b>x</b>",
            "[a](b)",
            "![a](b)",
            r"\",
            "a\\",
            "&amp; &lt;",
            "http://h/?a=1&b=2",
            "www.example.com",
            "@someone #1 a@b.c",
            "日本語 🦀",
            "| --- |",
        ] {
            let mut finding = dead(awkward, 3);
            finding.url = Some(awkward.into());
            finding.error.as_mut().unwrap().message = awkward.to_owned();
            let text = render(&[finding], &CheckSummary::default(), COMMENT_BYTES);
            let expected =
                ["error", "link.dead", awkward.trim_matches(' '), awkward.trim_matches(' ')].map(str::to_owned);
            let rows = rows(&text);
            assert_eq!(rows.len(), 1, "{text}");
            let told: Vec<_> = rows[0].iter().map(|cell| cell.trim_matches(' ')).collect();
            assert_eq!(told[..4], expected, "{text}");
            assert_eq!(told[4], format!("{awkward}:3").trim_matches(' '), "{text}");
        }
    }

    #[test]
    fn nobody_is_called_and_nothing_is_linked() {
        let text = plain("see @someone, #12 and https://h/");
        assert_eq!(text, r"see \@<!-- -->someone\, \#<!-- -->12 and https\:\/\/h\/");
    }

    #[test]
    fn a_target_with_many_places_names_some() {
        let findings: Vec<_> = (1..=23).map(|line| dead("a.md", line)).collect();
        let text = render(&findings, &CheckSummary::default(), COMMENT_BYTES);
        let cells = rows(&text).remove(0);
        let places: Vec<_> = cells[4].lines().collect();
        assert_eq!((places.len(), places[0], places[20]), (21, "a.md:1", "and 3 more"));
    }

    #[test]
    fn the_limit_is_kept_and_the_rest_is_counted() {
        let findings: Vec<_> = (0..2000)
            .map(|nth| {
                let mut finding = dead("ä.md", nth);
                finding.url = Some(format!("https://example.com/{nth}").into());
                finding
            })
            .collect();
        for limit in [0, 1000, COMMENT_BYTES] {
            let text = render(&findings, &CheckSummary::default(), limit);
            let rows = rows(&text).len();
            assert!(text.len() <= limit.max(400), "{} of {limit}", text.len());
            assert!(text.contains(&format!("\n{} more targets left out", 2000 - rows)), "{rows} rows");
        }
        assert_eq!(rows(&render(&findings, &CheckSummary::default(), usize::MAX)).len(), 2000);
    }
}
