//! The encoding that a page declares about itself: the prescan of the HTML standard (13.2.3.2),
//! before anything can be parsed.
//!
//! `<meta charset>`, `<meta http-equiv=content-type content="…charset=…">`, or the XML declaration,
//! in the first 1,024 bytes. Must not know what else a page says.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use memchr::memmem;

/// How far a declaration is looked for.
const PRESCAN_BYTES: usize = 1024;

/// The encoding declared in the first 1,024 bytes.
pub(super) fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = body.get(..PRESCAN_BYTES).unwrap_or(body);
    match head {
        [b'<', 0, b'?', 0, b'x', 0, ..] => Some(UTF_16LE),
        [0, b'<', 0, b'?', 0, b'x', ..] => Some(UTF_16BE),
        _ => Cursor { rest: head }.meta().or_else(|| xml_declaration(head)),
    }
}

/// The encoding by a label within the page. Since the label could be read as ASCII, it cannot be
/// UTF-16, whatever it says.
fn by_inner_label(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label_no_replacement(label)?;
    Some(if encoding == UTF_16BE || encoding == UTF_16LE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    })
}

fn xml_declaration(head: &[u8]) -> Option<&'static Encoding> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..memchr::memchr(b'>', declaration)?)?;
    let after = declaration.get(memmem::find(declaration, b"encoding")? + "encoding".len()..)?;
    let after = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    by_inner_label(quoted(after)?)
}

/// What stands between the quotes at the start of `text`.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    let (&quote, rest) = text.split_first()?;
    if quote != b'"' && quote != b'\'' {
        return None;
    }
    rest.get(..memchr::memchr(quote, rest)?)
}

/// The label in the `content` of a meta element (HTML standard, 2.5.5).
fn label_in_content(content: &[u8]) -> Option<&[u8]> {
    let lower = content.to_ascii_lowercase();
    let mut at = 0;
    loop {
        at += memmem::find(lower.get(at..)?, b"charset")? + "charset".len();
        let Some(value) = content.get(at..)?.trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        if matches!(value.first(), Some(b'"' | b'\'')) {
            return quoted(value);
        }
        let end = value.iter().position(|&byte| byte == b';' || byte.is_ascii_whitespace());
        return value.get(..end.unwrap_or(value.len()));
    }
}

/// A place in the first bytes of a page.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn skip_while(&mut self, mut keep: impl FnMut(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !keep(byte)).unwrap_or(self.rest.len());
        let (skipped, rest) = self.rest.split_at(end);
        self.rest = rest;
        skipped
    }

    /// The first encoding that a meta element declares.
    fn meta(mut self) -> Option<&'static Encoding> {
        loop {
            self.skip(memchr::memchr(b'<', self.rest)?);
            match self.rest {
                [b'<', b'!', b'-', b'-', ..] => {
                    self.skip(2); // the two dashes may be those of the end as well
                    self.skip(memmem::find(self.rest, b"-->")? + 3);
                }
                [b'<', name @ ..] if is_meta(name) => {
                    self.skip(5);
                    if let Some(encoding) = self.meta_element() {
                        return Some(encoding);
                    }
                }
                [b'<', b'/', first, ..] | [b'<', first, ..] if first.is_ascii_alphabetic() => {
                    self.skip_while(|byte| !byte.is_ascii_whitespace() && byte != b'>');
                    while self.attribute().is_some() {}
                }
                [b'<', b'!' | b'/' | b'?', ..] => self.skip(memchr::memchr(b'>', self.rest)?),
                _ => self.skip(1),
            }
        }
    }

    /// The encoding that the attributes of a meta element declare.
    fn meta_element(&mut self) -> Option<&'static Encoding> {
        let (mut names, mut pragma) = (Vec::new(), false);
        let (mut charset, mut content) = (None, None);
        while let Some((name, value)) = self.attribute() {
            if names.contains(&name) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => pragma = value.eq_ignore_ascii_case(b"content-type"),
                b"charset" => charset = Some(by_inner_label(&value)),
                b"content" => content = label_in_content(&value).and_then(by_inner_label),
                _ => {}
            }
            names.push(name);
        }
        charset.unwrap_or_else(|| content.filter(|_| pragma))
    }

    /// The next attribute of the tag, name in lower case; `None` at its end.
    fn attribute(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == b'/');
        let &first = self.rest.first().filter(|&&byte| byte != b'>')?;
        // An equals sign at the start is part of the name.
        self.skip(1);
        let name = self.skip_while(|byte| !byte.is_ascii_whitespace() && !b"/>=".contains(&byte));
        let name = std::iter::once(&first).chain(name).map(u8::to_ascii_lowercase).collect();
        self.skip_while(|byte| byte.is_ascii_whitespace());
        if self.rest.first() != Some(&b'=') {
            return Some((name, Vec::new()));
        }
        self.skip(1);
        self.skip_while(|byte| byte.is_ascii_whitespace());
        let value = match self.rest.first() {
            Some(&quote @ (b'"' | b'\'')) => {
                self.skip(1);
                let value = self.skip_while(|byte| byte != quote);
                // A value that the first bytes do not hold whole declares nothing.
                self.rest.first()?;
                self.skip(1);
                value
            }
            _ => {
                let value = self.skip_while(|byte| !byte.is_ascii_whitespace() && byte != b'>');
                self.rest.first()?;
                value
            }
        };
        Some((name, value.to_vec()))
    }
}

fn is_meta(name: &[u8]) -> bool {
    matches!(name.split_at_checked(4), Some((meta, [after, ..]))
        if meta.eq_ignore_ascii_case(b"meta") && (after.is_ascii_whitespace() || *after == b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declares(head: &str) -> Option<&'static str> {
        declared(head.as_bytes()).map(Encoding::name)
    }

    #[test]
    fn meta_declares_in_every_spelling() {
        for head in [
            "<meta charset=koi8-r>",
            "<!doctype html><html lang=ru><head><META\tCharSet = 'KOI8-R' />",
            "<meta/charset=\"koi8-r\"",
            "<meta name=x content=y><meta charset=koi8-r>",
            "<meta http-equiv='Content-Type' content='text/html; charset=koi8-r'>",
            "<meta content='text/html; charset = \"koi8-r\"; x' http-equiv=content-type>",
            "<meta content='charset charset=koi8-r' http-equiv=content-type>",
            "<meta charset=koi8-r charset=utf-8>",
            "<title>a < b</title><meta charset=koi8-r>",
            "<a href='>'><meta charset=koi8-r>",
            "<!-- <meta charset=utf-8> --><meta charset=koi8-r>",
            "<!--><meta charset=koi8-r>",
            "<?php <meta charset=utf-8><meta charset=koi8-r>",
            "<meta charset=unheard-of><meta charset=koi8-r>",
        ] {
            assert_eq!(declares(head), Some("KOI8-R"), "{head}");
        }
    }

    #[test]
    fn what_looks_like_a_declaration_but_is_none() {
        for head in [
            "",
            "<",
            "<meta",
            "<meta charset",
            "<meta charset=",
            "<metal charset=koi8-r>",
            "<!-- <meta charset=koi8-r> -->",
            "<!-- <meta charset=koi8-r>",
            "<a title='<meta charset=koi8-r>'>",
            "<meta content='text/html; charset=koi8-r'>",
            "<meta http-equiv=refresh content='text/html; charset=koi8-r'>",
            "<meta http-equiv=content-type content='charset=\"koi8-r'>",
            "<meta charset='koi8-r",
            "charset=koi8-r",
        ] {
            assert_eq!(declares(head), None, "{head}");
        }
        // Behind the first 1,024 bytes.
        assert_eq!(declares(&format!("{}<meta charset=koi8-r>", " ".repeat(1020))), None);
        assert_eq!(declares(&format!("{}<meta charset=koi8-r>", " ".repeat(1003))), Some("KOI8-R"));
    }

    #[test]
    fn utf16_within_a_page_means_utf8() {
        assert_eq!(declares("<meta charset=utf-16>"), Some("UTF-8"));
        assert_eq!(declares("<meta charset=utf-16be>"), Some("UTF-8"));
        assert_eq!(declares("<meta charset=x-user-defined>"), Some("windows-1252"));
        assert_eq!(declared(b"<\0?\0x\0m\0l\0"), Some(UTF_16LE));
        assert_eq!(declared(b"\0<\0?\0x\0m\0l"), Some(UTF_16BE));
    }

    #[test]
    fn xml_declarations_count_after_meta() {
        assert_eq!(declares("<?xml version='1.0' encoding='koi8-r'?>"), Some("KOI8-R"));
        assert_eq!(declares("<?xml encoding = \"koi8-r\"?><meta charset=big5>"), Some("Big5"));
        assert_eq!(declares("<?xml version='1.0'?> encoding='koi8-r'"), None);
        assert_eq!(declares(" <?xml encoding='koi8-r'?>"), None);
    }
}
