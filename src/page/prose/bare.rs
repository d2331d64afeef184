//! URLs that stand in text without markup.
//!
//! Only http and https: other schemes in prose are examples more often than links. A URL with a
//! hole in it (`{id}`, `*`, `…`) is a pattern, not a link.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind as Found};
use memchr::{memchr, memmem};

use super::draft::Draft;
use crate::model::link::LinkKind;

/// Whether `www.example.org` is a link too, as GitHub has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Www {
    Links,
    IsText,
}

/// Adds every URL of a text that is written as it is meant.
pub(super) fn read(text: &str, kind: LinkKind, element: &'static str, draft: &mut Draft) {
    each(text, Www::IsText, |url, span| draft.link(kind, element, url, span));
}

/// Calls for every URL of a text: the URL with its scheme, and where it stands in the text.
pub(super) fn each(text: &str, www: Www, mut found: impl FnMut(&str, Range<usize>)) {
    let bytes = text.as_bytes();
    // Most texts are short and have neither: one byte is looked for before a word is.
    let has = |byte, word: &[u8]| memchr(byte, bytes).is_some() && memmem::find(bytes, word).is_some();
    let www = www == Www::Links && has(b'.', b"www.");
    if !www && !has(b':', b"://") {
        return;
    }
    let mut finder = LinkFinder::new();
    finder.kinds(&[Found::Url]).url_must_have_scheme(!www);
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some((url, start)) = finder.links(rest).find_map(|link| {
            let start = at + link.start();
            let url = link.as_str();
            (is_web(url) || www && starts_with(url, "www.")).then_some((url, start))
        }) else {
            return;
        };
        let whole = url.len();
        let url = cut(url);
        // What was cut off may hold the next URL.
        at = start + url.len().max(1);
        if is_pattern(url, text.get(start + whole..).unwrap_or_default()) {
            at = start + whole;
        } else if is_web(url) {
            found(url, start..start + url.len());
        } else {
            found(&format!("http://{url}"), start..start + url.len());
        }
    }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

fn is_web(url: &str) -> bool {
    starts_with(url, "https://") || starts_with(url, "http://")
}

/// A URL up to where prose goes on: the next URL of a list, bold text, punctuation of scripts that
/// are written without spaces.
fn cut(url: &str) -> &str {
    let ends = [",http://", ",https://", ";http://", ";https://", "**"];
    let end = ends.iter().filter_map(|end| memmem::find(url.as_bytes(), end.as_bytes())).min().unwrap_or(url.len());
    let end = url.find(is_wide_punctuation).unwrap_or(end).min(end);
    url.get(..end).unwrap_or(url).trim_end_matches(['.', ',', ':', ';', '!', '?', '*', '_', '~'])
}

fn is_wide_punctuation(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{ff01}' | '\u{ff08}' | '\u{ff09}'
        | '\u{ff0c}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}' | '“' | '”' | '‘' | '’' | '«' | '»')
}

/// Whether a URL has a hole that somebody or some program is to fill.
fn is_pattern(url: &str, rest: &str) -> bool {
    url.contains(['{', '}', '…', '$', '\\', '<']) && !url.contains("/$")
        || url.contains("${")
        || url.contains("://*")
        || rest.starts_with(['{', '…', '<', '$'])
        || url.ends_with("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(text: &str, www: Www) -> Vec<String> {
        let mut out = Vec::new();
        each(text, www, |url, span| {
            assert!(url.ends_with(&text[span]), "{text:?}");
            out.push(url.to_owned());
        });
        out
    }

    #[test]
    fn urls_end_where_prose_goes_on() {
        let cases: &[(&str, &[&str])] = &[
            ("see https://a.org.", &["https://a.org"]),
            ("(https://a.org/b_(c))", &["https://a.org/b_(c)"]),
            ("https://a.org/b,https://c.org/d", &["https://a.org/b", "https://c.org/d"]),
            ("https://a.org, http://b.org; HTTP://C.ORG!", &["https://a.org", "http://b.org", "HTTP://C.ORG"]),
            ("**https://a.org/x** **https://b.org/y**bold", &["https://a.org/x", "https://b.org/y"]),
            ("'https://a.org' \"https://b.org/?q=1&r=2#f\"", &["https://a.org", "https://b.org/?q=1&r=2#f"]),
            ("<https://a.org/>|https://b.org|", &["https://a.org/", "https://b.org"]),
            ("http://localhost:8080/x http://127.0.0.1/", &["http://localhost:8080/x", "http://127.0.0.1/"]),
            ("https://x.com/a https://t.co", &["https://x.com/a", "https://t.co"]),
            ("https://例え.jp/テスト。次", &["https://例え.jp/テスト"]),
            ("参照（https://a.org/b）", &["https://a.org/b"]),
            ("https://web.archive.org/web/2020/https://a.org/", &["https://web.archive.org/web/2020/https://a.org/"]),
            ("https://a.org/~user https://a.org/@x", &["https://a.org/~user", "https://a.org/@x"]),
        ];
        for (text, expected) in cases {
            assert_eq!(urls(text, Www::IsText), *expected, "{text:?}");
        }
    }

    #[test]
    fn patterns_and_other_schemes_are_no_links() {
        for text in [
            "https://a.org/{id}/b",
            "https://{host}/x",
            "https://a.org/${X}",
            "https://*.a.org/",
            "https://a.org/cut…",
            "http://<host>/x",
            "https://a.org/<id>",
            "ftp://a.org/x",
            "git://a.org/x",
            "mailto:a@b.org",
            "a@b.org",
            "http://",
            "https:// a.org",
            "example.org",
            "://",
            "x://",
        ] {
            assert!(urls(text, Www::Links).is_empty(), "{text:?}: {:?}", urls(text, Www::Links));
        }
    }

    #[test]
    fn www_is_a_link_where_github_has_it() {
        assert_eq!(
            urls("at www.a.org/b. https://www.b.org c.org", Www::Links),
            ["http://www.a.org/b", "https://www.b.org"]
        );
        assert_eq!(urls("at www.a.org/b.", Www::IsText), [""; 0]);
    }
}
