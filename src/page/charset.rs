//! Which character encoding a body is written in, and its text.
//!
//! By the WHATWG order: byte order mark, then the `charset` of the Content-Type field, then what
//! the first 1,024 bytes declare (see `prescan`), then a guess. Must not know
//! tags, links or selectors.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

use super::prescan;

/// Bytes that a guess looks at, from shortly before the first one that is not ASCII.
const GUESS_BYTES: usize = 256 << 10;

/// Names of the encodings that the standard knows, in lower case.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "utf-8", "windows-1252", "windows-1251", "shift_jis", "gb18030", "gbk", "euc-jp", "euc-kr", "big5",
    "iso-2022-jp", "utf-16le", "utf-16be", "ibm866", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5",
    "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-8-i", "iso-8859-10", "iso-8859-13", "iso-8859-14",
    "iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u", "macintosh", "windows-874", "windows-1250", "windows-1253",
    "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic",
    "x-user-defined", "replacement",
];

/// Name of an encoding in lower case.
pub fn name(encoding: &'static Encoding) -> &'static str {
    let known = NAMES.iter().find(|name| name.eq_ignore_ascii_case(encoding.name()));
    known.copied().unwrap_or(encoding.name())
}

/// The encoding that a label names (`latin1` is `windows-1252`); `None` for a label that names none,
/// or one whose encoding browsers refuse to read, such as `iso-2022-kr`.
pub fn by_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// What is known about a body beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// `charset` of the Content-Type field.
    pub header: Option<&'a str>,
    /// Last label of the host name, which makes a guess better; in lower case.
    pub tld: Option<&'a str>,
}

/// The encoding of a body, and its text. Bytes that the encoding has no character for become
/// U+FFFD; a byte order mark is no part of the text.
pub fn decode<'b>(body: &'b [u8], hints: Hints<'_>) -> (&'static Encoding, Cow<'b, str>) {
    let (encoding, mark) = Encoding::for_bom(body).unwrap_or_else(|| (declared_or_guessed(body, hints), 0));
    let (text, _) = encoding.decode_without_bom_handling(body.get(mark..).unwrap_or_default());
    (encoding, text)
}

fn declared_or_guessed(body: &[u8], hints: Hints<'_>) -> &'static Encoding {
    let header = hints.header.and_then(by_label);
    header.or_else(|| prescan::declared(body)).unwrap_or_else(|| guess(body, hints.tld))
}

/// UTF-8 if that is what it could be, else what the bytes look like.
fn guess(body: &[u8], tld: Option<&str>) -> &'static Encoding {
    if is_utf8(body) {
        return UTF_8;
    }
    let first = body.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let sample = body.get(first.saturating_sub(64)..).unwrap_or_default();
    let sample = sample.get(..GUESS_BYTES).unwrap_or(sample);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    // The detector panics at anything but a label in lower case.
    let tld = tld.filter(|tld| tld.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    detector.guess(tld.map(str::as_bytes), Utf8Detection::Deny)
}

/// Whether a body is UTF-8; it may be cut within its last character.
pub fn is_utf8(body: &[u8]) -> bool {
    str::from_utf8(body).map_or_else(|fault| fault.error_len().is_none(), |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], header: Option<&str>) -> (&'static str, String) {
        let (encoding, text) = decode(body, Hints { header, tld: None });
        (name(encoding), text.into_owned())
    }

    #[test]
    fn byte_order_mark_beats_header_beats_meta_beats_guess() {
        let meta = b"<meta charset=koi8-r>\xe9".as_slice();
        let marked = [b"\xef\xbb\xbf".as_slice(), meta].concat();
        assert_eq!(read(&marked, Some("windows-1252")).0, "utf-8");
        assert_eq!(read(meta, Some("latin1")), ("windows-1252", "<meta charset=koi8-r>é".into()));
        assert_eq!(read(meta, None), ("koi8-r", "<meta charset=koi8-r>И".into()));
        assert_eq!(read("<meta>é".as_bytes(), None).0, "utf-8");
        assert_eq!(read(b"caf\xe9 cr\xe8me, d\xe9j\xe0 vu", None), ("windows-1252", "café crème, déjà vu".into()));
    }

    #[test]
    fn a_mark_says_utf16_and_is_not_text() {
        assert_eq!(read(b"\xff\xfea\0b\0", Some("utf-8")), ("utf-16le", "ab".into()));
        assert_eq!(read(b"\xfe\xff\0a\0b", None), ("utf-16be", "ab".into()));
        assert_eq!(read(b"\xef\xbb\xbfab", None), ("utf-8", "ab".into()));
        // The header may say so as well, unlike meta.
        assert_eq!(read(b"a\0b\0", Some("utf-16")), ("utf-16le", "ab".into()));
    }

    #[test]
    fn labels_decode_as_they_say() {
        for (label, text) in [
            ("gb18030", "中文网页"),
            ("Shift_JIS", "日本語のページ"),
            ("koi8-r", "Привет"),
            ("EUC-KR", "한국어"),
            ("big5", "繁體中文"),
            ("windows-1255", "שלום"),
            ("iso-8859-2", "Žluťoučký kůň"),
        ] {
            let (bytes, _, missing) = by_label(label).unwrap().encode(text);
            assert!(!missing, "{label}");
            assert_eq!(read(&bytes, Some(label)), (name(by_label(label).unwrap()), text.into()));
            let page = [format!("<meta charset='{label}'>").as_bytes(), &bytes].concat();
            assert!(read(&page, None).1.ends_with(text), "{label}");
        }
    }

    #[test]
    fn labels_that_name_nothing_are_passed_over() {
        for label in ["", "utf-9", "iso-2022-kr", "utf8;", "ünïcode"] {
            assert_eq!(read("é".as_bytes(), Some(label)), ("utf-8", "é".into()), "{label}");
        }
        assert_eq!(read(b"<meta charset=nonsense><meta charset=koi8-r>\xc9", None).0, "koi8-r");
    }

    #[test]
    fn unlabelled_pages_are_guessed() {
        let russian = "Съешь же ещё этих мягких французских булок, да выпей чаю. ".repeat(4);
        let (bytes, ..) = by_label("windows-1251").unwrap().encode(&russian);
        assert_eq!(read(&bytes, None), ("windows-1251", russian.clone()));
        // The guess reaches text behind a lot of ASCII.
        let late = [" ".repeat(300_000).as_bytes(), &bytes].concat();
        assert_eq!(read(&late, None).0, "windows-1251");
        for tld in [Some("ru"), Some("UPPER"), Some("a.b"), Some("ü"), Some(""), None] {
            decode(&bytes, Hints { header: None, tld });
        }
    }

    #[test]
    fn a_body_cut_within_a_character_is_still_utf8() {
        let whole = "naïve – 日本".as_bytes();
        for end in 0..=whole.len() {
            assert!(is_utf8(&whole[..end]), "{end}");
        }
        assert!(!is_utf8(b"\xe9 "));
        assert_eq!(read(&whole[..whole.len() - 1], None), ("utf-8", "naïve – 日\u{fffd}".into()));
    }

    #[test]
    fn every_encoding_has_a_name_in_lower_case() {
        for label in NAMES {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            assert_eq!(&name(encoding), label);
        }
        assert_eq!(NAMES.len(), 40);
        assert_eq!(read(b"", None), ("utf-8", String::new()));
    }
}
