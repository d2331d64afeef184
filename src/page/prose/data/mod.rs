//! JSON, TOML and YAML: URLs in strings. Keys are names and not looked into.
//!
//! The strings are told apart without building the document, so that a file with a mistake in it
//! says as much as it can.

mod yaml;

use std::ops::Range;

use memchr::{memchr, memchr2, memchr3, memmem};

use super::{
    bare::{self, Www},
    draft::Draft,
    pieces::Pieces,
};
use crate::model::link::LinkKind;

pub(super) use yaml::read as yaml;

/// Adds the URLs in strings of JSON; comments are passed over.
pub(super) fn json(text: &str, draft: &mut Draft) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'/', rest)) {
        at += next;
        if bytes.get(at) == Some(&b'"') {
            let end = string_end(bytes, at + 1, b'"');
            if follows(bytes, end + 1) != Some(b':') {
                string(text, at + 1..end, Escapes::Backslash, draft);
            }
            at = end + 1;
        } else {
            at = comment(text, at, draft);
        }
    }
}

/// Behind the comment that begins with this slash, if one does. JSON has none, but many of the files
/// that are called so do.
fn comment(text: &str, at: usize, draft: &mut Draft) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(inside) = rest.strip_prefix("//") {
        let end = memchr(b'\n', inside.as_bytes()).unwrap_or(inside.len());
        draft.comment(inside.get(..end).unwrap_or_default(), at..at + 2 + end);
        return at + 2 + end;
    }
    if let Some(inside) = rest.strip_prefix("/*") {
        let end = memmem::find(inside.as_bytes(), b"*/").unwrap_or(inside.len());
        draft.comment(inside.get(..end).unwrap_or_default(), at..(at + end + 4).min(text.len()));
        return at + 2 + end;
    }
    at + 1
}

/// Adds the URLs in strings of TOML.
pub(super) fn toml(text: &str, draft: &mut Draft) {
    let bytes = text.as_bytes();
    let mut at = 0;
    // Open brackets of a value; outside them a line that begins with one names a table.
    let mut depth = 0_usize;
    let mut fresh = true;
    while let Some(&byte) = bytes.get(at) {
        let is_first = fresh;
        fresh = byte == b'\n' || fresh && matches!(byte, b' ' | b'\t');
        match byte {
            b'#' => {
                let end = line_end(bytes, at);
                draft.comment(text.get(at + 1..end).unwrap_or_default(), at..end);
                at = end;
            }
            b'[' if is_first && depth == 0 => at = line_end(bytes, at),
            b'[' | b'{' => (at, depth) = (at + 1, depth + 1),
            b']' | b'}' => (at, depth) = (at + 1, depth.saturating_sub(1)),
            b'"' | b'\'' => at = toml_string(text, at, byte, draft),
            _ => at += 1,
        }
    }
}

/// Reads the string that begins here; gives the byte behind it.
fn toml_string(text: &str, at: usize, quote: u8, draft: &mut Draft) -> usize {
    let bytes = text.as_bytes();
    let long = [quote; 3];
    let escapes = if quote == b'"' { Escapes::Backslash } else { Escapes::None };
    if bytes.get(at..at + 3) == Some(&long) {
        let inside = bytes.get(at + 3..).unwrap_or_default();
        let end = at + 3 + memmem::find(inside, &long).unwrap_or(inside.len());
        string(text, at + 3..end, escapes, draft);
        return end + 3;
    }
    let end = line_string_end(bytes, at + 1, quote, escapes);
    if !matches!(next_in_line(bytes, end + 1), Some(b'=' | b'.')) {
        string(text, at + 1..end, escapes, draft);
    }
    end + 1
}

/// Where the quote or the newline stands that ends a string which must not go over lines.
fn line_string_end(bytes: &[u8], mut at: usize, quote: u8, escapes: Escapes) -> usize {
    let escape = if escapes == Escapes::Backslash { b'\\' } else { quote };
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr3(quote, escape, b'\n', rest)) {
        at += next;
        match bytes.get(at) {
            Some(b'\\') if escapes == Escapes::Backslash => at += 2,
            _ => return at,
        }
    }
    bytes.len()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', bytes.get(at..).unwrap_or_default()).map_or(bytes.len(), |end| at + end)
}

/// Where the quote stands that ends a string with escapes.
fn string_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr2(quote, b'\\', rest)) {
        at += next;
        if bytes.get(at) == Some(&quote) {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// The next byte of the line that is no blank.
fn next_in_line(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at..)?.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t'))
}

/// The next byte that is no white space.
fn follows(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at..)?.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// How a string is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    Backslash,
}

/// Adds the URLs of one string, which stands between quotes at `span`.
fn string(text: &str, span: Range<usize>, escapes: Escapes, draft: &mut Draft) {
    let Some(raw) = text.get(span.clone()) else { return };
    // A URL has `:` and `/` in it, which may be written as `\u003a`, `\u002f` or `\/`.
    if escapes == Escapes::None || memchr(b'\\', raw.as_bytes()).is_none() {
        bare::each(raw, Www::IsText, |url, found| {
            draft.link(LinkKind::Text, "string", url, span.start + found.start..span.start + found.end);
        });
        return;
    }
    let pieces = decoded(text, span);
    bare::each(pieces.text(), Www::IsText, |url, found| {
        draft.link(LinkKind::Text, "string", url, pieces.source(found));
    });
}

/// A string without its escapes (RFC 8259, section 7; TOML and YAML have some more).
fn decoded(text: &str, span: Range<usize>) -> Pieces {
    let mut pieces = Pieces::default();
    let end = span.end;
    let mut at = span.start;
    while at < end {
        let rest = text.get(at..end).unwrap_or_default();
        let plain = memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        pieces.push(rest.get(..plain).unwrap_or_default(), at..at + plain, text);
        at += plain;
        let Some(escape) = rest.get(plain + 1..).and_then(|rest| rest.chars().next()) else { break };
        let digits = match escape {
            'u' => 4,
            'U' => 8,
            'x' => 2,
            _ => 0,
        };
        let number = rest.get(plain + 2..plain + 2 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let (c, len) = match (number.and_then(char::from_u32).filter(|_| digits > 0), escape) {
            (Some(c), _) => (c, 2 + digits),
            (None, 'n' | 'r' | 't' | 'b' | 'f' | 'u' | '\n' | '\r') => (' ', 1 + escape.len_utf8()),
            (None, other) => (other, 1 + other.len_utf8()),
        };
        pieces.push(c.encode_utf8(&mut [0; 4]), at..at + len, text);
        at += len;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(read: fn(&str, &mut Draft), text: &str) -> Vec<(String, String)> {
        let mut draft = Draft::default();
        read(text, &mut draft);
        draft.links.iter().map(|link| (link.value.to_string(), text[link.span.clone()].to_owned())).collect()
    }

    fn plain(read: fn(&str, &mut Draft), text: &str) -> Vec<String> {
        urls(read, text).into_iter().map(|(value, _)| value).collect()
    }

    #[test]
    fn json_has_urls_in_values_and_not_in_keys() {
        let text =
            r#"{"https://key.org": "https://a.org/x", "n": 1, "list": ["see https://b.org.", "\"https://c.org\""]}"#;
        assert_eq!(plain(json, text), ["https://a.org/x", "https://b.org", "https://c.org"]);
        assert_eq!(
            urls(json, r#"{"a":"https:\/\/a.org\/\u00fc?x\u003d1"}"#),
            [("https://a.org/ü?x=1".into(), r"https:\/\/a.org\/\u00fc?x\u003d1".into())]
        );
        assert_eq!(plain(json, "// https://no.org\n[\"https://a.org\" /* \"https://no.org\" */]"), ["https://a.org"]);
        assert_eq!(plain(json, r#"["https://a.org", "#), ["https://a.org"]);
    }

    #[test]
    fn toml_has_urls_in_values_and_not_in_keys_and_comments() {
        let text = "# https://no.org\n\"https://key.org\" = 'https://a.org/\\x' # https://no.org\n[\"https://no.org\"]\n\
            b = [\n  \"https://b.org\",\n  [\"https://c.org\"],\n]\nt = { \"https://no.org\" = \"https://d.org\" }\n\
            m = \"\"\"\nhttps://e.org\n\"https://f.org\"\n\"\"\"\nw = '''https://g.org'''\n[x.\"https://no.org\"]\n";
        let all = plain(toml, text);
        assert_eq!(
            all,
            ["https://b.org", "https://c.org", "https://d.org", "https://e.org", "https://f.org", "https://g.org"]
        );
        assert_eq!(
            urls(toml, r#"a = "https:\u002F/a.org""#)[0],
            ("https://a.org".into(), r"https:\u002F/a.org".into())
        );
    }

    #[test]
    fn yaml_has_urls_in_values_and_not_in_keys_and_comments() {
        let text = "# https://no.org\nhttps://no.org: https://a.org # https://no.org\n\"https://no.org\": 'https://b.org'\n\
            list:\n  - https://c.org\n  - \"https:\\/\\/d.org\"\n  - {url: https://e.org, \"k\": \"https://f.org\"}\n\
            text: >\n  see https://g.org # and https://h.org\n\n  key: https://i.org\nnext: [https://j.org, https://k.org]\n";
        let expected: Vec<_> = "abcdefghijk".chars().map(|c| format!("https://{c}.org")).collect();
        assert_eq!(plain(yaml, text), expected);
    }

    #[test]
    fn comments_speak_to_the_checker() {
        let directives = |read: fn(&str, &mut Draft), text: &str| {
            let mut draft = Draft::default();
            read(text, &mut draft);
            let all = draft.directives.iter();
            all.map(|found| (found.text.to_string(), text[found.span.clone()].to_owned())).collect::<Vec<_>>()
        };
        let comment = "# fetchall: ignore-next";
        for read in [toml as fn(&str, &mut Draft), yaml] {
            let found = directives(read, &format!("a = 1\n{comment}\n# other\n"));
            assert_eq!(found, [("ignore-next".to_owned(), comment.to_owned())]);
        }
        assert_eq!(directives(json, "/* fetchall:x */ 1").len(), 1);
    }
}
