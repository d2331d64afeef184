//! JSON-LD: the strings in it that people and search engines follow.
//!
//! schema.org says of many properties that their value is a URL, and of many others that it is a
//! word that looks like one (`"@type"`, `availability`). Only properties known to hold an address
//! count, and only absolute URLs of the web in them. Must not know HTML.

use std::{borrow::Cow, ops::Range};

use serde::de::IgnoredAny;

use super::card::is_absolute;
use crate::page::json_ld;

/// Properties whose strings are addresses (schema.org, those with a range of `URL` or of something
/// that is given by its URL).
const ADDRESSES: &[&str] = &[
    "acquireLicensePage",
    "archivedAt",
    "audio",
    "codeRepository",
    "contentUrl",
    "correctionsPolicy",
    "discussionUrl",
    "diversityPolicy",
    "documentation",
    "downloadUrl",
    "embedUrl",
    "ethicsPolicy",
    "hasMap",
    "hasMenu",
    "image",
    "installUrl",
    "isBasedOn",
    "isBasedOnUrl",
    "license",
    "logo",
    "maps",
    "menu",
    "paymentUrl",
    "photo",
    "publishingPrinciples",
    "relatedLink",
    "replyToUrl",
    "sameAs",
    "screenshot",
    "serviceUrl",
    "significantLink",
    "subjectOf",
    "termsOfService",
    "thumbnail",
    "thumbnailUrl",
    "url",
    "video",
];

/// Properties that name a page, by its URL or by a node whose `@id` is its URL; elsewhere `@id` is
/// a name, which need not lead anywhere.
const PAGES: &[&str] = &["item", "mainEntityOfPage"];

/// What a property is.
#[derive(Clone, Copy, PartialEq)]
enum Property {
    Address,
    Page,
    Id,
    Other,
}

/// An object or array that was not closed yet.
struct Open {
    object: bool,
    /// Whether the next string is the name of a property.
    name_next: bool,
    /// The property whose value it is.
    of: Property,
    /// The property that is read: of an object the last one, of an array the one it stands in.
    property: Property,
}

/// Tells each address and where it stands, without quotes. A text that is no JSON has none.
pub(super) fn read(block: &str, tell: &mut dyn FnMut(&str, Range<usize>)) {
    let parse = |text: &str| serde_json::from_str::<IgnoredAny>(text).map(|_| text.to_owned());
    let Some(Ok((start, json))) = json_ld::read(block, parse) else { return };
    addresses(&json, &mut |value, span| tell(value, span.start + start..span.end + start));
}

/// The same of a text that is JSON.
fn addresses(json: &str, tell: &mut dyn FnMut(&str, Range<usize>)) {
    let bytes = json.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                let of = open.last().map_or(Property::Other, |open| open.property);
                let object = byte == b'{';
                open.push(Open { object, name_next: object, of, property: of });
            }
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(inner) = open.last_mut() {
                    inner.name_next = inner.object;
                }
            }
            b'"' => {
                let string = at..string_end(bytes, at);
                at = string.end + 1;
                let text = json.get(string.clone()).unwrap_or_default();
                match open.last_mut() {
                    Some(inner) if inner.name_next => {
                        inner.name_next = false;
                        inner.property = property(text);
                    }
                    Some(inner) if leads(inner) => address(text, string, tell),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// Offset of the quote that ends a string.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(rest) = bytes.get(at..) {
        match memchr::memchr2(b'"', b'\\', rest) {
            Some(found) if rest.get(found) == Some(&b'"') => return at + found,
            Some(found) => at += found + 2,
            None => break,
        }
    }
    bytes.len()
}

fn property(name: &str) -> Property {
    if name == "@id" {
        Property::Id
    } else if PAGES.contains(&name) {
        Property::Page
    } else if ADDRESSES.contains(&name) {
        Property::Address
    } else {
        Property::Other
    }
}

fn leads(open: &Open) -> bool {
    match open.property {
        Property::Address | Property::Page => true,
        Property::Id => open.of == Property::Page,
        Property::Other => false,
    }
}

fn address(text: &str, span: Range<usize>, tell: &mut dyn FnMut(&str, Range<usize>)) {
    let decoded = match text.contains('\\') {
        true => serde_json::from_str::<String>(&format!("\"{text}\"")).map_or(Cow::Borrowed(text), Cow::Owned),
        false => Cow::Borrowed(text),
    };
    let value = decoded.trim();
    // A brace is a gap to be filled in, as in `{search_term_string}`.
    if is_absolute(value) && !value.contains('{') {
        tell(value, span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(json, &mut |value, span| {
            assert!(json[span.clone()].replace('\\', "").contains(value), "{} for {value}", &json[span]);
            found.push(value.to_owned());
        });
        found
    }

    #[test]
    fn addresses_are_told_from_words() {
        for (json, want) in [
            (r#"{"url": "https://h/a", "name": "https://h/no"}"#, &["https://h/a"] as &[&str]),
            (
                r#"{"sameAs": ["https://h/a", "HTTP://h/b"], "@type": "http://schema.org/No"}"#,
                &["https://h/a", "HTTP://h/b"],
            ),
            (
                r#"{"image": {"@type": "ImageObject", "url": "https:\/\/h\/a", "caption": "https://no"}}"#,
                &["https://h/a"],
            ),
            (
                r#"{"@context": "https://schema.org", "@id": "https://h/#no", "availability": "https://schema.org/InStock"}"#,
                &[],
            ),
            (
                r#"{"item": {"@id": "https://h/a", "name": "x"}, "mainEntityOfPage": {"@id": "https://h/b"}}"#,
                &["https://h/a", "https://h/b"],
            ),
            (r#"{"logo": {"@id": "https://h/#no"}}"#, &[]),
            (
                r#"{"@graph": [{"url": "https://h/a"}, "https://h/no", {"x": [1, {"url": "https://h/b"}, "https://h/no"]}]}"#,
                &["https://h/a", "https://h/b"],
            ),
            (r#"{"image": [{"x": "https://h/no"}, "https://h/a"]}"#, &["https://h/a"]),
            (r#"[{"url": "/relative"}, {"url": "mailto:x@h"}, {"url": 1}, {"url": "https://h/a"}]"#, &["https://h/a"]),
            (r#"{"url": "https://h/?q={term}"}"#, &[]),
            ("<!-- \n{\"name\": \"two\nlines\", \"url\": \"https://h/a\"}; -->", &["https://h/a"]),
            ("{\"url\": \"https://h/a\"", &[]),
            ("/* {\"url\": \"https://h/a\"} */", &[]),
            ("\"https://h/no\"", &[]),
            ("", &[]),
        ] {
            assert_eq!(of(json), want, "{json}");
        }
    }

    #[test]
    fn escapes_are_decoded() {
        let json = r#"{"name": "a \"url\": \"https://h/no\"", "url": " https://h/\u00e4\n"}"#;
        let mut found = Vec::new();
        read(json, &mut |value, span| found.push((value.to_owned(), &json[span])));
        assert_eq!(found, [("https://h/ä".to_owned(), r" https://h/\u00e4\n")]);
    }

    #[test]
    fn nesting_is_no_danger() {
        for json in [
            "[".repeat(1 << 20),
            "{\"url\":".repeat(1 << 17),
            format!("{}{}", "[".repeat(1 << 19), "]".repeat(1 << 19)),
        ] {
            assert_eq!(of(&json), [""; 0]);
        }
    }
}
