//! What a document is, told from its beginning. Pure; must not know names of files.

use memchr::memmem;

/// What an XML document is, by its outermost element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `urlset`: a sitemap of pages.
    Sitemap,
    /// `sitemapindex`: a sitemap of sitemaps.
    Index,
    /// `rss`: RSS 0.91 to 2.0.
    Rss,
    /// `RDF`: RSS 0.9 and 1.0.
    Rdf,
    /// `feed`: Atom.
    Atom,
    /// `opml`: a list of feeds.
    Opml,
}

impl Root {
    /// The kind of this outermost element, its prefix cut.
    pub fn of_name(name: &str) -> Option<Root> {
        Some(match name {
            "urlset" => Root::Sitemap,
            "sitemapindex" => Root::Index,
            "rss" => Root::Rss,
            "RDF" => Root::Rdf,
            "feed" => Root::Atom,
            "opml" => Root::Opml,
            _ => return None,
        })
    }

    /// Whether it is a sitemap; else it is a feed.
    pub const fn is_sitemap(self) -> bool {
        matches!(self, Root::Sitemap | Root::Index)
    }
}

/// What the beginning of a document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// It has entries.
    Entries(Root),
    /// It is markup of another kind, or none.
    Other,
    /// The outermost element does not begin in these bytes.
    MoreNeeded,
}

/// Tells what a document is by its first bytes, which begin with `<` (no byte order mark, no blanks).
pub fn sniff(head: &[u8]) -> Sniffed {
    let mut rest = head;
    loop {
        rest = rest.trim_ascii_start();
        let behind = if rest.starts_with(b"<?") {
            after(rest, b"?>")
        } else if rest.starts_with(b"<!--") {
            after(rest, b"-->")
        } else if rest.starts_with(b"<!") && rest.len() >= 4 {
            doctype_end(rest)
        } else {
            return element(rest);
        };
        match behind {
            Some(behind) => rest = behind,
            None => return Sniffed::MoreNeeded,
        }
    }
}

fn after<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    text.get(memmem::find(text, end)? + end.len()..)
}

/// What follows a document type, whose own declarations stand in brackets.
fn doctype_end(text: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr2(b'>', b'[', text)?;
    if text.get(end) == Some(&b'>') {
        text.get(end + 1..)
    } else {
        after(text, b"]").and_then(|rest| after(rest, b">"))
    }
}

fn element(rest: &[u8]) -> Sniffed {
    match rest {
        [] | [b'<'] | [b'<', b'!', ..] if rest.len() < 4 => Sniffed::MoreNeeded,
        [b'<', name @ ..] => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
            let Some(end) = name.iter().position(ends) else {
                return if name.len() < 64 { Sniffed::MoreNeeded } else { Sniffed::Other };
            };
            let name = name.get(..end).and_then(|name| str::from_utf8(name).ok()).unwrap_or_default();
            let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
            Root::of_name(local).map_or(Sniffed::Other, Sniffed::Entries)
        }
        _ => Sniffed::Other,
    }
}

/// Whether the beginning of a JSON object says that it is a feed: the key `version` is its mark
/// (JSON Feed 1.1, top-level).
pub fn is_json_feed(head: &[u8]) -> bool {
    let is_mark = |behind: &[u8]| {
        let value = behind.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start).unwrap_or_default();
        let value: Vec<u8> = value.iter().copied().filter(|byte| *byte != b'\\').take(40).collect();
        ["\"https://jsonfeed.org/version/", "\"http://jsonfeed.org/version/"]
            .iter()
            .any(|mark| value.starts_with(mark.as_bytes()))
    };
    let key = b"\"version\"";
    memmem::find_iter(head, key).any(|at| head.get(at + key.len()..).is_some_and(is_mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_element_says_what_it_is() {
        for (head, expected) in [
            ("<urlset xmlns='x'>", Sniffed::Entries(Root::Sitemap)),
            ("<?xml version='1.0'?>\n<!-- by > x --><sm:sitemapindex>", Sniffed::Entries(Root::Index)),
            ("<?xml?><?xml-stylesheet href='x'?><rss>", Sniffed::Entries(Root::Rss)),
            ("<!DOCTYPE rdf [<!ENTITY a '>'>]><rdf:RDF\n", Sniffed::Entries(Root::Rdf)),
            ("<!DOCTYPE rss PUBLIC 'x'><feed/", Sniffed::Entries(Root::Atom)),
            ("<opml>", Sniffed::Entries(Root::Opml)),
            ("<!doctype html><html>", Sniffed::Other),
            ("<svg>", Sniffed::Other),
            ("plain", Sniffed::Other),
            ("<", Sniffed::MoreNeeded),
            ("<!-", Sniffed::MoreNeeded),
            ("<?xml version='1.0'?>\n", Sniffed::MoreNeeded),
            ("<!-- never closed <urlset>", Sniffed::MoreNeeded),
            ("<urls", Sniffed::MoreNeeded),
        ] {
            assert_eq!(sniff(head.as_bytes()), expected, "{head}");
        }
        assert_eq!(sniff(format!("<{}", "x".repeat(99)).as_bytes()), Sniffed::Other);
    }

    #[test]
    fn a_json_feed_says_so_by_its_version() {
        assert!(is_json_feed(br#"{ "title": "x", "version" : "https://jsonfeed.org/version/1.1""#));
        assert!(is_json_feed(br#"{"version":"https:\/\/jsonfeed.org\/version\/1"}"#));
        assert!(!is_json_feed(br#"{"url":"https://jsonfeed.org/version/1"}"#));
        assert!(!is_json_feed(br#"{"version":"1.0"}"#));
    }
}
