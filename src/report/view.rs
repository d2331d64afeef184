//! A finding as reports tell of it: its document, its subject, its sentence, its repair.
//!
//! What every kind needs in the same way. Must not know any kind, and escapes nothing.

use std::borrow::Cow;

use crate::model::{Finding, Severity, Spot};

/// Longest reference within a sentence, in characters; a `data:` URL may have millions.
const SUBJECT_CHARS: usize = 200;

/// What weighs something, files before pages, in the order of documents, lines and columns.
pub(super) fn shown(findings: &[Finding]) -> Vec<&Finding> {
    let mut shown: Vec<_> = findings.iter().filter(|finding| finding.severity > Severity::Off).collect();
    shown.sort_by_key(|finding| {
        let source = &finding.source;
        (source.path.is_none(), document(finding), source.line, source.column, finding.seq)
    });
    shown
}

/// The findings of each document; they must be in order.
pub(super) fn by_document<'a>(shown: &'a [&'a Finding]) -> impl Iterator<Item = (&'a str, &'a [&'a Finding])> {
    shown
        .chunk_by(|a, b| document(a) == document(b))
        .filter_map(|chunk| chunk.first().map(|first| (document(first), chunk)))
}

/// The document, as review tools name it: the path without `./` in front, else the URL.
pub(super) fn document(finding: &Finding) -> &str {
    match (&finding.source.path, &finding.source.url) {
        (Some(path), _) => path.strip_prefix("./").unwrap_or(path),
        (None, Some(url)) => url,
        (None, None) => "-",
    }
}

/// The name of what was found. A finding without a rule is named by its code.
pub(super) fn rule(finding: &Finding) -> &'static str {
    match (finding.rule, &finding.error, &finding.skip) {
        (Some(rule), _, _) => rule.name(),
        (None, Some(error), _) => error.code.name(),
        (None, None, Some(skip)) => skip.code.name(),
        (None, None, None) => "link",
    }
}

/// The reference as written, or the target where nothing is written; cut where it is very long.
pub(super) fn subject(finding: &Finding) -> Cow<'_, str> {
    let written = match (&*finding.source.raw, finding.url.as_deref()) {
        ("", url) => url.unwrap_or_default(),
        (raw, _) => raw,
    };
    match written.char_indices().nth(SUBJECT_CHARS) {
        Some((end, _)) => format!("{}…", &written[..end]).into(),
        None => written.into(),
    }
}

/// What is wrong with what. Text from outside is in it, as it came.
pub(super) fn sentence(finding: &Finding) -> String {
    match (subject(finding), finding.message()) {
        (subject, message) if subject.is_empty() => message,
        (subject, message) if message.is_empty() => subject.into_owned(),
        (subject, message) => format!("{subject}: {message}"),
    }
}

/// Where the reference stands, if that is known.
pub(super) fn spot(finding: &Finding) -> Option<Spot> {
    let source = &finding.source;
    Some(Spot {
        line: source.line?,
        column: source.column?,
        end_line: source.end_line?,
        end_column: source.end_column?,
    })
}

/// A text to put in place of what stands at a spot.
pub(super) struct Repair<'a> {
    pub(super) spot: Spot,
    pub(super) text: &'a str,
}

/// The suggestion as a change of the file, where it may be made without a person looking.
///
/// Careful rather than complete: the spot must hold the reference and nothing else, on one line,
/// and neither text may have a character that HTML, CSS, Markdown or JSON would want escaped.
/// (`--fix` knows the document and does more.)
pub(super) fn repair(finding: &Finding) -> Option<Repair<'_>> {
    let suggestion = finding.suggestion.as_ref().filter(|suggestion| suggestion.kind.is_safe())?;
    finding.source.path.as_ref()?;
    let spot = spot(finding)?;
    let raw = &finding.source.raw;
    let width = spot.end_column.checked_sub(spot.column).and_then(|width| usize::try_from(width).ok());
    let whole = spot.line == spot.end_line && width == Some(raw.chars().count());
    (whole && is_plain(raw) && is_plain(&suggestion.url)).then_some(Repair { spot, text: &suggestion.url })
}

fn is_plain(text: &str) -> bool {
    let special = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\'' | '(' | ')' | '<' | '>' | '[' | ']' | '{' | '}' | '|' | '`' | '&' | '\\')
    };
    !text.is_empty() && !text.contains(special)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::SuggestionKind,
        report::tests::{dead, fine, suggest},
    };

    #[test]
    fn what_weighs_nothing_is_left_out_and_the_rest_is_in_order() {
        let mut page = dead("", 1);
        page.source.path = None;
        page.source.url = Some("Page".into());
        let mut nowhere = dead("b.md", 1);
        (nowhere.source.line, nowhere.source.column) = (None, None);
        let findings = [page, dead("b.md", 10), fine("a.md", 1), dead("b.md", 9), nowhere, dead("./a.md", 7)];
        let places: Vec<_> = shown(&findings).iter().map(|one| (document(one), one.source.line)).collect();
        assert_eq!(
            places,
            [("a.md", Some(7)), ("b.md", None), ("b.md", Some(9)), ("b.md", Some(10)), ("Page", Some(1))]
        );
        let counts: Vec<_> =
            by_document(&shown(&findings)).map(|(document, of)| (document.to_owned(), of.len())).collect();
        assert_eq!(counts, [("a.md".to_owned(), 1), ("b.md".to_owned(), 3), ("Page".to_owned(), 1)]);
    }

    #[test]
    fn a_very_long_reference_is_cut_in_sentences() {
        let mut finding = dead("a.md", 1);
        finding.source.raw = "ü".repeat(1000).into();
        assert_eq!(subject(&finding).chars().count(), SUBJECT_CHARS + 1);
        finding.source.raw = "".into();
        assert_eq!(subject(&finding), "https://example.com/gone");
        finding.url = None;
        assert_eq!(sentence(&finding), "404 Not Found");
    }

    #[test]
    fn only_what_cannot_go_wrong_is_offered_as_a_change() {
        let good = suggest(dead("a.md", 3), SuggestionKind::Redirect, "https://example.com/new");
        assert_eq!(repair(&good).map(|repair| repair.text), Some("https://example.com/new"));
        let refused = |change: fn(&mut Finding), why: &str| {
            let mut finding = good.clone();
            change(&mut finding);
            assert!(repair(&finding).is_none(), "{why}");
        };
        refused(|finding| finding.suggestion = None, "nothing is suggested");
        refused(|finding| finding.source.path = None, "a page is no file");
        refused(|finding| finding.source.column = None, "the place is not known");
        refused(|finding| finding.source.end_line = Some(4), "over several lines");
        refused(|finding| finding.source.end_column = Some(99), "the spot holds more than the reference");
        refused(|finding| finding.source.end_column = Some(1), "the spot ends before it begins");
        refused(
            |finding| {
                let raw = "a:url(b)";
                finding.source.raw = raw.into();
                finding.source.end_column = finding.source.column.map(|column| column + 8);
            },
            "a whole style",
        );
        for text in ["a b", "a\"b", "a&b", "a)b", "a\\b", "a<b", "a\u{85}b", ""] {
            let kind = SuggestionKind::File;
            assert!(repair(&suggest(good.clone(), kind, text)).is_none(), "{text:?} would have to be escaped");
        }
        let copy = suggest(good.clone(), SuggestionKind::Archive, "https://example.com/new");
        assert!(repair(&copy).is_none(), "a copy in an archive is for people to judge");
    }
}
