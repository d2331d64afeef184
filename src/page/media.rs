//! What kind of thing a body is, by its Content-Type, or by its first bytes where it has none.
//! Must not know what is done with it.

use super::{charset, sitemap};
use crate::model::record::{content_type, is_text_type};

/// How far a first tag is looked for behind white space, in bytes.
const SNIFF_BYTES: usize = 1445;

/// Tags that make a body HTML which is not said to be anything (MIME Sniffing standard, 7.1).
#[rustfmt::skip]
const TAGS: &[&str] = &[
    "!doctype html", "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b",
    "body", "br", "p", "meta", "link", "!--",
];

/// Media type and charset of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Media {
    /// Whether it is HTML.
    pub(super) html: bool,
    /// Whether it is text of any kind.
    pub(super) text: bool,
    /// Whether it is JSON.
    pub(super) json: bool,
    /// The charset that the field names, in lower case.
    pub(super) charset: Option<String>,
}

impl Media {
    /// The kind of a body; `field` is its Content-Type as received.
    pub(super) fn of(field: Option<&str>, body: &[u8]) -> Media {
        let (media_type, charset) = content_type(field.unwrap_or_default());
        match media_type.as_deref() {
            Some(media_type) => {
                let (html, text) = (html_type(media_type), is_text_type(media_type));
                Media { html, text, json: ["/json", "+json"].iter().any(|end| media_type.ends_with(end)), charset }
            }
            None => {
                let html = starts_like_html(body);
                let json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
                Media { html, text: html || charset::is_utf8(body), json, charset }
            }
        }
    }
}

/// Whether a body is HTML. `content_type` is the field as received; where it is absent or empty, the
/// first bytes decide.
pub fn is_html(content_type: Option<&str>, first_bytes: &[u8]) -> bool {
    let field = content_type.unwrap_or_default();
    match field.split(';').next().map(str::trim) {
        Some("") | None => starts_like_html(first_bytes),
        Some(media_type) => html_type(&media_type.to_ascii_lowercase()),
    }
}

/// Whether a body begins with a tag that is neither that of a sitemap or feed nor of a drawing. It is HTML
/// if HTML is asked for and nothing else says what it is.
pub fn begins_with_tag(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is_drawing = bytes.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"<svg"));
    let is_tag = matches!(bytes, [b'<', letter, ..] if letter.is_ascii_alphabetic());
    is_tag && !is_drawing && !matches!(sitemap::sniff(bytes), sitemap::Sniffed::Entries(_))
}

fn html_type(media_type: &str) -> bool {
    matches!(media_type, "text/html" | "application/xhtml+xml")
}

fn starts_like_html(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let bytes = bytes.get(..SNIFF_BYTES).unwrap_or(bytes).trim_ascii_start();
    let Some(tag) = bytes.strip_prefix(b"<") else { return false };
    TAGS.iter().any(|name| match tag.split_at_checked(name.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(name.as_bytes()) => {
            *name == "!--" || rest.first().is_some_and(|&b| b.is_ascii_whitespace() || b == b'>' || b == b'/')
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_decides_where_there_is_one() {
        for field in ["text/html", "TEXT/HTML; charset=x", " application/xhtml+xml ;"] {
            assert!(is_html(Some(field), b"{}"), "{field}");
        }
        for field in ["text/plain", "text/htmlx", "application/json", "nonsense", "image/svg+xml"] {
            assert!(!is_html(Some(field), b"<!doctype html>"), "{field}");
        }
    }

    #[test]
    fn first_bytes_decide_where_there_is_none() {
        for body in ["<!DOCTYPE HTML>", "\u{feff} \n<html lang=x>", "<head>", "<Title>x", "<!-- x", "<p>", "<body\n"] {
            assert!(is_html(None, body.as_bytes()), "{body}");
            assert!(is_html(Some(" "), body.as_bytes()), "{body}");
        }
        for body in ["", "<", "<htmlx>", "<?xml version='1.0'?>", "x <html>", "{}", "<html", "<rss>", "\0<html>"] {
            assert!(!is_html(None, body.as_bytes()), "{body}");
        }
        for (body, want) in [
            ("\n<main>", true),
            ("<x-card>", true),
            ("<urlset>", false),
            ("<svg>", false),
            ("<?xml?>", false),
            ("a <p>", false),
        ] {
            assert_eq!(begins_with_tag(body.as_bytes()), want, "{body}");
        }
        let late = format!("{}<html>", " ".repeat(2_000));
        assert!(!is_html(None, late.as_bytes()));
    }

    #[test]
    fn json_is_one_document() {
        let json = |field, body: &str| Media::of(field, body.as_bytes()).json;
        for field in ["application/json", "Application/LD+JSON; charset=utf-8", "text/json"] {
            assert!(json(Some(field), ""), "{field}");
        }
        assert!(!json(Some("application/x-ndjson"), "{}") && !json(Some("text/plain"), "{}"));
        assert!(json(None, " {}") && json(None, "[1]") && !json(None, "<p>"));
    }

    #[test]
    fn text_is_told_from_the_rest() {
        let text = |field: &str| Media::of(Some(field), b"").text;
        for field in [
            "text/html",
            "text/csv",
            "application/json",
            "application/ld+json",
            "application/x-ndjson",
            "application/xml",
            "image/svg+xml",
            "application/xhtml+xml",
            "Application/JavaScript; charset=utf-8",
            "application/x-www-form-urlencoded",
        ] {
            assert!(text(field), "{field}");
        }
        for field in ["image/png", "application/octet-stream", "application/pdf", "text", "multipart/form-data"] {
            assert_eq!(text(field), field == "text", "{field}");
        }
        assert!(Media::of(None, "naïve".as_bytes()).text);
        assert!(!Media::of(None, b"\x89PNG\xff").text);
        assert!(Media::of(None, b"<html>\xe9").text, "HTML in an old charset is text");
    }
}
