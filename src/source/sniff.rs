//! How a list is written, told from its name and its first bytes.
//!
//! Documents and archives are refused: their lines, taken for URLs, would be nonsense. What is packed
//! by gzip comes here unpacked. Pure; must not read anything itself.

use std::path::Path;

use super::Format;
use crate::page::sitemap::{Sniffed, is_json_feed, sniff};

/// The UTF-8 byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How far into the first line of a file a NUL byte proves that it is no text. Programs and archives
/// have one so early; a list with a stray NUL further down still gets a record for each line.
const NUL_WITHIN: usize = 64;

/// What a file's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByName {
    /// A format.
    Is(Format),
    /// Something that is no list, in words.
    Not(&'static str),
    /// Nothing.
    Unknown,
}

/// What the name says.
pub(super) fn by_name(path: &Path) -> ByName {
    let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else { return ByName::Unknown };
    match extension.to_ascii_lowercase().as_str() {
        "txt" | "lst" | "list" | "urls" => ByName::Is(Format::Lines),
        "jsonl" | "ndjson" => ByName::Is(Format::Jsonl),
        "json" => ByName::Is(Format::Json),
        "csv" => ByName::Is(Format::Csv),
        "tsv" => ByName::Is(Format::Tsv),
        "xml" => ByName::Is(Format::Sitemap),
        "rss" | "atom" | "rdf" | "opml" => ByName::Is(Format::Feed),
        "html" | "htm" | "xhtml" => ByName::Not(HTML),
        "svg" => ByName::Not(XML),
        "md" | "markdown" | "mdx" => ByName::Not("a Markdown document"),
        "warc" => ByName::Not("a web archive"),
        "pdf" => ByName::Not(PDF),
        "gz" => by_name(Path::new(path.file_stem().unwrap_or_default())),
        "zst" | "bz2" | "xz" | "br" | "zip" | "7z" | "tar" | "tgz" => ByName::Not(PACKED),
        _ => ByName::Unknown,
    }
}

const HTML: &str = "an HTML document";
const XML: &str = "an XML document and neither sitemap nor feed";
const PDF: &str = "a PDF document";
const PACKED: &str = "compressed or packed";

/// What the first bytes say: a format, or what else it is.
///
/// `head` may be short (a pipe is not waited for); lines are what nothing else is.
pub(super) fn by_bytes(head: &[u8]) -> Result<Format, &'static str> {
    not_text(head)?;
    if head.iter().take(NUL_WITHIN).any(|&byte| byte == 0) {
        return Err(BINARY);
    }
    match start(head).map(|rest| (rest[0], rest)) {
        Some((b'{', rest)) => Ok(if is_json_feed(rest) { Format::Feed } else { Format::Jsonl }),
        Some((b'[', _)) => Ok(Format::Json),
        Some((b'<', rest)) => markup(rest),
        _ => Ok(Format::Lines),
    }
}

/// The format of markup, by its outermost element.
fn markup(rest: &[u8]) -> Result<Format, &'static str> {
    match sniff(rest) {
        Sniffed::Entries(root) => Ok(if root.is_sitemap() { Format::Sitemap } else { Format::Feed }),
        Sniffed::Other | Sniffed::MoreNeeded if rest.starts_with(b"<?xml") => Err(XML),
        Sniffed::Other | Sniffed::MoreNeeded => Err(HTML),
    }
}

/// The format of a file whose name says `format`: many kinds of lists have names in `.xml` and `.json`.
pub(super) fn by_content(format: Format, head: &[u8]) -> Result<Format, &'static str> {
    match (format, start(head)) {
        (Format::Json, Some(rest)) if rest.starts_with(b"{") && is_json_feed(rest) => Ok(Format::Feed),
        (Format::Sitemap | Format::Feed, Some(rest)) if rest.starts_with(b"<") => markup(rest),
        (Format::Sitemap | Format::Feed, Some(_)) => by_bytes(head),
        _ => Ok(format),
    }
}

/// Refuses what cannot be a text list whatever its name is.
pub(super) fn not_text(head: &[u8]) -> Result<(), &'static str> {
    const SIGNS: [(&[u8], &str); 11] = [
        (b"\x1f\x8b", PACKED),
        (b"\x28\xb5\x2f\xfd", PACKED),
        (b"PK\x03\x04", PACKED),
        (b"BZh", PACKED),
        (b"\xfd7zXZ\0", PACKED),
        (b"\xff\xfe", UTF16),
        (b"\xfe\xff", UTF16),
        (b"%PDF-", PDF),
        (b"\x89PNG\r\n", BINARY),
        (b"GIF8", BINARY),
        (b"\xff\xd8\xff", BINARY),
    ];
    SIGNS.iter().find(|(sign, _)| head.starts_with(sign)).map_or(Ok(()), |(_, what)| Err(what))
}

const UTF16: &str = "UTF-16 text";
const BINARY: &str = "binary";

/// The sentence for something that is no list.
pub(super) fn refusal(name: &str, what: &str) -> String {
    let advice = match what {
        PACKED => "unpack it first, for example: zstd -dc FILE | fetchall -",
        UTF16 => "turn it into UTF-8 first, for example: iconv -f UTF-16 -t UTF-8 FILE | fetchall -",
        BINARY => "a list is text; --input-format says how to read it if it is one all the same",
        _ => {
            "links are not read out of documents here; write them to a list, or add --input-format lines if it is one \
             all the same"
        }
    };
    format!("{name} is {what}; {advice}")
}

/// The head without a byte order mark.
pub(super) fn without_bom(head: &[u8]) -> &[u8] {
    head.strip_prefix(BOM).unwrap_or(head)
}

/// Whether more bytes would tell nothing new about the format. A list of lines is told from a table
/// by its first line, and a feed from other objects by a key near its beginning; no line and no
/// object is handed out before it is whole anyway.
pub(super) fn is_enough(head: &[u8]) -> bool {
    start(head).is_some_and(|rest| match rest[0] {
        b'[' => true,
        b'{' => rest.contains(&b'}') || is_json_feed(rest),
        b'<' => sniff(rest) != Sniffed::MoreNeeded,
        _ => rest.contains(&b'\n'),
    })
}

/// The part of a head that [`is_enough`] would have been content with: the format must not depend on how
/// much came at once.
pub(super) fn decisive(head: &[u8]) -> &[u8] {
    let Some(rest) = start(head) else { return head };
    let last = match rest[0] {
        b'[' => Some(0),
        b'{' => memchr::memchr(b'}', rest),
        b'<' => None,
        _ => memchr::memchr(b'\n', rest),
    };
    last.map_or(head, |last| &head[..=head.len() - rest.len() + last])
}

/// The kind of table that the first line would be the header of, and whether a column is `url`,
/// which makes it one: nobody fetches a host of that name.
pub(super) fn table(head: &[u8]) -> (Format, bool) {
    let first_line = start(head).and_then(|rest| rest.split(|&byte| byte == b'\n').next()).unwrap_or_default();
    let line = String::from_utf8_lossy(first_line);
    let (format, delimiter) = if line.contains('\t') { (Format::Tsv, '\t') } else { (Format::Csv, ',') };
    let is_url = |cell: &str| cell.trim().trim_matches('"').eq_ignore_ascii_case("url");
    (format, line.split(delimiter).any(is_url))
}

/// The head from its first byte that is neither byte order mark nor blank; `None` if there is no
/// such byte yet, so that more has to be read.
pub(super) fn start(head: &[u8]) -> Option<&[u8]> {
    if head.len() < BOM.len() && BOM.starts_with(head) {
        return None;
    }
    let rest = without_bom(head).trim_ascii_start();
    (!rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_format() {
        for (name, expected) in [
            ("a.txt", ByName::Is(Format::Lines)),
            ("A.URLS", ByName::Is(Format::Lines)),
            ("a.ndjson", ByName::Is(Format::Jsonl)),
            ("a.json", ByName::Is(Format::Json)),
            ("a.CSV", ByName::Is(Format::Csv)),
            ("a.tsv", ByName::Is(Format::Tsv)),
            ("urls", ByName::Unknown),
            ("a.log", ByName::Unknown),
            ("a.html", ByName::Not(HTML)),
            ("sitemap.xml", ByName::Is(Format::Sitemap)),
            ("sitemap.xml.gz", ByName::Is(Format::Sitemap)),
            ("urls.csv.GZ", ByName::Is(Format::Csv)),
            ("sitemap.gz", ByName::Unknown),
            ("a.tar.gz", ByName::Not(PACKED)),
            ("feed.rss", ByName::Is(Format::Feed)),
            ("subscriptions.opml", ByName::Is(Format::Feed)),
            ("a.svg", ByName::Not(XML)),
        ] {
            assert_eq!(by_name(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn first_bytes_tell_the_format() {
        for (head, expected) in [
            (&b"https://a"[..], Ok(Format::Lines)),
            (b"", Ok(Format::Lines)),
            (b"  \n {\"url\":1}", Ok(Format::Jsonl)),
            (b"\xef\xbb\xbf[", Ok(Format::Json)),
            (b"\n<!doctype html>", Err(HTML)),
            (b"<?xml version='1.0'?><project>", Err(XML)),
            (b"<?xml version='1.0'?><urlset>", Ok(Format::Sitemap)),
            (b"<rss>", Ok(Format::Feed)),
            (b"{\"version\":\"https://jsonfeed.org/version/1\"", Ok(Format::Feed)),
            (b"\x1f\x8b\x08", Err(PACKED)),
            (b"\x7fELF\x02\0", Err("binary")),
            (b"\xff\xfeh\0", Err(UTF16)),
        ] {
            assert_eq!(by_bytes(head), expected, "{head:?}");
        }
    }

    #[test]
    fn what_decides_is_all_that_would_have_been_waited_for() {
        for (head, part) in [
            (&b"\n a\n\0b\n"[..], &b"\n a\n"[..]),
            (b" [\0", b" ["),
            (b"{\"a\":{}}\0", b"{\"a\":{}"),
            (b"<rss>\n\0", b"<rss>\n\0"),
            (b"a\0", b"a\0"),
            (b" \n", b" \n"),
            (b"", b""),
        ] {
            assert_eq!(decisive(head), part, "{head:?}");
        }
        assert_eq!(by_bytes(decisive(b"https://a\n\0\n")), Ok(Format::Lines));
        assert_eq!(by_bytes(decisive(b"\x89PNG\r\n\x1a\n\0\0")), Err(BINARY));
    }

    #[test]
    fn a_nul_far_down_is_only_a_bad_line() {
        let mut head = vec![b'a'; 200];
        head.push(0);
        assert_eq!(by_bytes(&head), Ok(Format::Lines));
    }

    #[test]
    fn a_header_with_a_column_url_makes_a_table() {
        assert_eq!(table(b"url\nhttps://a\n"), (Format::Csv, true));
        assert_eq!(table(b"\xef\xbb\xbf\nid,\"URL\"\r\n"), (Format::Csv, true));
        assert_eq!(table(b"id\turl\n"), (Format::Tsv, true));
        assert_eq!(table(b"https://a/?url,b\n"), (Format::Csv, false));
        assert_eq!(table(b""), (Format::Csv, false));
    }

    #[test]
    fn a_line_has_to_be_whole_before_it_is_judged() {
        for (head, enough) in [
            (&b"ur"[..], false),
            (b"\n\nurl", false),
            (b"url\n", true),
            (b" [", true),
            (b"{\"url\":", false),
            (b"{\"url\":\"a\"}", true),
            (b"<?xml version='1.0'?>", false),
            (b"<urlset>", true),
        ] {
            assert_eq!(is_enough(head), enough, "{head:?}");
        }
    }

    #[test]
    fn half_a_byte_order_mark_decides_nothing() {
        assert_eq!(start(b"\xef"), None);
        assert_eq!(start(b"\xef\xbb"), None);
        assert_eq!(start(b"\xef\xbb\xbf \n"), None);
        assert_eq!(start(b"\xef\xbb\xbf x"), Some(&b"x"[..]));
        assert_eq!(start(b"\xefx"), Some(&b"\xefx"[..]));
    }
}
