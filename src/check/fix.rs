//! Mending links in the text of a document.
//!
//! Replaces what stands at given places and nothing else. What is put there is escaped for where it
//! stands: an attribute, a Markdown destination, a style sheet. Must not know which suggestions are
//! taken.

use std::ops::Range;

/// Where a reference stands, and so how it must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// An attribute of HTML between double quotes.
    DoubleQuoted,
    /// Between single quotes.
    SingleQuoted,
    /// Without quotes.
    Unquoted,
    /// A destination of Markdown, `](here)` or `[x]: here`.
    Markdown,
    /// The same between `<` and `>`.
    Angled,
    /// A string or `url()` of CSS.
    Css,
    /// A string of JSON.
    Json,
    /// Text in which nothing is escaped.
    Plain,
}

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// HTML and its kin.
    Html,
    /// Markdown: HTML may stand in it.
    Markdown,
    /// CSS.
    Css,
    /// JSON.
    Json,
    /// Anything else.
    Plain,
}

/// What is to be put in place of a part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Bytes of the document that hold the reference as written.
    pub span: Range<usize>,
    /// The reference to put there, not escaped.
    pub new: String,
    /// How it must be written.
    pub context: Context,
}

/// Why a document is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The document is not the one that was read.
    #[error("bytes {}..{} are not a part of the document: it has changed since it was read", .0.start, .0.end)]
    Outside(Range<usize>),
    /// Two edits want the same place.
    #[error("bytes {}..{} are to be replaced twice", .0.start, .0.end)]
    Overlap(Range<usize>),
}

/// In which context a span stands, by what is around it.
pub fn context_of(text: &str, span: &Range<usize>, syntax: Syntax) -> Context {
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let behind = text.get(span.end..).and_then(|behind| behind.chars().next());
    match (syntax, before, behind) {
        (Syntax::Plain, ..) => Context::Plain,
        (Syntax::Css, ..) => Context::Css,
        (Syntax::Json, ..) => Context::Json,
        (Syntax::Markdown, Some('<'), Some('>')) => Context::Angled,
        (_, Some('"'), Some('"')) => Context::DoubleQuoted,
        (_, Some('\''), Some('\'')) => Context::SingleQuoted,
        // Within a longer attribute (`srcset`, `style`) nobody knows the quotes: all are escaped.
        (Syntax::Html, ..) | (Syntax::Markdown, Some('='), _) => Context::Unquoted,
        (Syntax::Markdown, ..) => Context::Markdown,
    }
}

/// A reference as it must be written in its context. White space and controls are percent-encoded
/// everywhere: no reference may hold them.
pub fn escape(new: &str, context: Context) -> String {
    let mut out = String::with_capacity(new.len());
    let keeps_parens = context != Context::Markdown || is_balanced(new);
    for c in new.chars() {
        match (c, context) {
            (c, _) if c <= ' ' || c == '\u{7f}' => out.push_str(&format!("%{:02X}", c as u32)),
            ('&', Context::DoubleQuoted | Context::SingleQuoted | Context::Unquoted) => out.push_str("&amp;"),
            // Only what would be read as an entity: `&copy;`.
            ('&', Context::Markdown | Context::Angled) if new.contains(';') => out.push_str("&amp;"),
            ('"', Context::DoubleQuoted | Context::Unquoted) => out.push_str("&quot;"),
            ('\'', Context::SingleQuoted | Context::Unquoted) => out.push_str("&#39;"),
            ('<', Context::DoubleQuoted | Context::SingleQuoted | Context::Unquoted) => out.push_str("&lt;"),
            ('>' | '=' | '`', Context::Unquoted) => out.push_str(&format!("&#{};", c as u32)),
            ('<' | '>' | '\\', Context::Markdown | Context::Angled) => out.push_str(&format!("%{:02X}", c as u32)),
            ('(' | ')', Context::Markdown) if !keeps_parens => out.push_str(&format!("%{:02X}", c as u32)),
            ('"' | '\'' | '(' | ')' | '\\', Context::Css) => out.push_str(&format!("%{:02X}", c as u32)),
            ('"' | '\\', Context::Json) => out.extend(['\\', c]),
            (c, _) => out.push(c),
        }
    }
    out
}

/// Whether every `(` has its `)`; at most 32 deep, as CommonMark readers count.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '(' if depth == 32 => return false,
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

/// Places and what is put there, in order, without repeats: what [`apply`] and the difference take.
pub fn ordered(text: &str, edits: &[Edit]) -> Result<Vec<(Range<usize>, String)>, Refused> {
    let mut out: Vec<(Range<usize>, String)> =
        edits.iter().map(|edit| (edit.span.clone(), escape(&edit.new, edit.context))).collect();
    out.sort_by(|a, b| (a.0.start, a.0.end, &a.1).cmp(&(b.0.start, b.0.end, &b.1)));
    out.dedup();
    let mut end = 0;
    for (span, _) in &out {
        if text.get(span.clone()).is_none() {
            return Err(Refused::Outside(span.clone()));
        }
        if span.start < end {
            return Err(Refused::Overlap(span.clone()));
        }
        end = span.end;
    }
    Ok(out)
}

/// The document with its edits made, or why none is.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, Refused> {
    Ok(put(text, 0..text.len(), &ordered(text, edits)?))
}

/// A part of the text with the edits that lie within it.
pub(super) fn put(text: &str, part: Range<usize>, edits: &[(Range<usize>, String)]) -> String {
    let mut out = String::with_capacity(part.len());
    let mut at = part.start;
    for (span, new) in edits.iter().filter(|(span, _)| span.start >= part.start && span.end <= part.end) {
        out.push_str(text.get(at..span.start).unwrap_or_default());
        out.push_str(new);
        at = span.end;
    }
    out.push_str(text.get(at..part.end).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(text: &str, old: &str, new: &str, syntax: Syntax) -> Edit {
        let start = text.find(old).unwrap();
        let span = start..start + old.len();
        Edit { context: context_of(text, &span, syntax), span, new: new.to_owned() }
    }

    #[test]
    fn a_reference_is_written_as_its_place_wants_it() {
        for (text, new, syntax, fixed) in [
            (r#"<a href="OLD">"#, r#"x?a=1&b="c"<"#, Syntax::Html, r#"<a href="x?a=1&amp;b=&quot;c&quot;&lt;">"#),
            ("<a href='OLD'>", "it's \"x\"", Syntax::Html, "<a href='it&#39;s%20\"x\"'>"),
            ("<a href=OLD>", "a b=c>'", Syntax::Html, "<a href=a%20b&#61;c&#62;&#39;>"),
            ("<img srcset=\"OLD 2x\">", "a\"b", Syntax::Html, "<img srcset=\"a&quot;b 2x\">"),
            ("[x](OLD)", "a b(c).md", Syntax::Markdown, "[x](a%20b(c).md)"),
            ("[x](OLD)", "a).md", Syntax::Markdown, "[x](a%29.md)"),
            ("[x](<OLD>)", "a b<c>).md", Syntax::Markdown, "[x](<a%20b%3Cc%3E).md>)"),
            ("[x]: OLD", "x?a&copy;\\", Syntax::Markdown, "[x]: x?a&amp;copy;%5C"),
            ("[x](OLD)", "x?a&b", Syntax::Markdown, "[x](x?a&b)"),
            ("<a href=\"OLD\">", "x&y", Syntax::Markdown, "<a href=\"x&amp;y\">"),
            ("a{b:url(OLD)}", "x (1).png", Syntax::Css, "a{b:url(x%20%281%29.png)}"),
            (r#"{"a":"OLD"}"#, "a\"\n", Syntax::Json, r#"{"a":"a\"%0A"}"#),
            ("see OLD.", "https://h/ü", Syntax::Plain, "see https://h/ü."),
        ] {
            assert_eq!(apply(text, &[edit(text, "OLD", new, syntax)]).as_deref(), Ok(fixed), "{text}");
        }
    }

    #[test]
    fn all_edits_are_made_or_none() {
        let text = "ä ONE TWO ö";
        let (one, two) = (edit(text, "ONE", "1", Syntax::Plain), edit(text, "TWO", "2", Syntax::Plain));
        assert_eq!(apply(text, &[two.clone(), one.clone(), two.clone()]).as_deref(), Ok("ä 1 2 ö"));
        let both = edit(text, "ONE TWO", "x", Syntax::Plain);
        assert_eq!(apply(text, &[two.clone(), both]), Err(Refused::Overlap(7..10)));
        let other = Edit { new: "3".to_owned(), ..two };
        assert!(matches!(apply(text, &[other, edit(text, "TWO", "2", Syntax::Plain)]), Err(Refused::Overlap(_))));
        for span in [1..3, 0..99, 99..100] {
            let bad = Edit { span: span.clone(), ..one.clone() };
            assert_eq!(apply(text, &[bad]), Err(Refused::Outside(span)));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_edits_are_made_or_refused(text in "\\PC{0,20}", spans in proptest::collection::vec((0..24usize, 0..6usize), 0..5), new in "\\PC{0,5}") {
            let edits: Vec<Edit> = spans
                .into_iter()
                .map(|(start, length)| Edit { span: start..start + length, new: new.clone(), context: Context::Markdown })
                .collect();
            if apply(&text, &edits).is_ok() {
                super::super::diff::unified("a", &text, &edits).unwrap();
            }
        }
    }
}
