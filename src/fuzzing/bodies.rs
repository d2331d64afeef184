//! Bodies: their charset, what selectors find in them, sitemaps and feeds, archives.

use std::time::Duration;

use encoding_rs::Encoding;
use serde_json::Value;
use url::Url;

use super::tools::{QUICK, choice, halves, is_strict_json, lengthened, within};
use crate::{
    model::{View, wanted::Rule},
    page::{
        charset::{self, Hints},
        recipe::Recipe,
        select::{Body, Document, Plan},
        sitemap::{self, Item, Reader, Since},
        view,
    },
    sink::warc::fuzzing::{Written, written},
    source::warc::{self as archives, message},
};

/// The time that selectors may take, and what hangs on them: they are stopped after about a second.
const PATIENT: Duration = Duration::from_secs(4);

/// A page that has something for most selectors.
const PAGE: &str = "<!doctype html><html lang=en><head><title>T</title><base href='/b/'><meta property='og:title' content=x>\
<script type='application/ld+json'>{\"@type\":\"Product\",\"offers\":[{\"price\":\"1,299.00 EUR\"}]}</script></head>\
<body class='a b'><h1 id=x>Hall&ouml; <b>W</b></h1><ul><li class=p>1<li class=p data-a=2>2<ul><li>3</ul></ul>\
<table><tr><th>a<th>b<tr><td>1.234,5<td>31.12.2026</table><a href='x?a=1#f'>l</a><p>text</p></body></html>";

/// The encoding that is said counts, a byte order mark before all; and text comes out, whatever it is.
pub fn charsets(data: &[u8]) {
    let (which, data) = choice(data);
    let data = lengthened(data);
    let label = data.get(..which % 16).and_then(|label| str::from_utf8(label).ok());
    let body = data.get(which % 16..).unwrap_or_default();
    let tld = label.map(|label| label.trim_start_matches(|c: char| !c.is_ascii_lowercase()));
    let header = label.filter(|_| which & 0x10 != 0);
    let hints = Hints { header, tld: tld.filter(|_| which & 0x20 != 0) };
    let (encoding, text) = within(QUICK, "decoding", || charset::decode(body, hints));
    let name = charset::name(encoding);
    assert_eq!(name, name.to_ascii_lowercase());
    let said = Encoding::for_bom(body).map(|(encoding, _)| encoding);
    let said = said.or_else(|| header.and_then(charset::by_label));
    assert!(said.is_none_or(|said| said == encoding), "{name}, and said was {said:?}");
    if encoding == encoding_rs::UTF_8 && str::from_utf8(body).is_ok() {
        let bare = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        assert_eq!(text.as_bytes(), bare);
    }
    assert!(text.len() <= 3 * body.len() + 3, "{} bytes of {}", text.len(), body.len());
}

/// Selectors, JSON paths, regular expressions and recipes are refused with a sentence or find something,
/// in bounded time; what they find is JSON.
pub fn selectors(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    let Ok(text) = str::from_utf8(&data) else { return };
    let (selector, body) = halves(text);
    let page = if body.is_empty() { PAGE } else { body };
    let rules = match kind % 4 {
        0 => vec![Rule::css("a", selector)],
        1 => vec![Rule::json("a[]", selector)],
        2 => vec![Rule::regex("a[]", selector)],
        _ => match within(PATIENT, "a recipe", || Recipe::parse(text)) {
            Ok(recipe) => recipe.rules,
            Err(error) => return assert!(!error.to_string().is_empty()),
        },
    };
    let plan = match within(PATIENT, "a selector", || Plan::of(&rules, &[])) {
        Ok(plan) => plan,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let page = if kind % 4 == 3 { PAGE } else { page };
    for kind in [Body::Html, Body::Json, Body::Text] {
        let read = within(PATIENT, "reading", || plan.read_all(&Document::new(kind, page)));
        assert_eq!(read.data.len(), plan.names().count());
        let data = Value::Object(read.data.into_iter().collect());
        is_value(&data);
    }
}

/// Asserts that a value can be written as JSON that anybody reads. Control characters in it are escaped.
fn is_value(value: &Value) {
    let mut json = serde_json::to_vec(value).expect("a value is JSON");
    crate::model::escape::json(&mut json, 0);
    is_strict_json(&json);
}

/// Views of any page are JSON; see `html_links` for the rest.
pub(super) fn views(html: &str) {
    let url = Url::parse("https://site.example/a/b?c=d").expect("a URL");
    for view in View::ALL {
        let value = within(PATIENT, view.name(), || view::read(*view, html, Some(&url), encoding_rs::UTF_8));
        is_value(&value);
    }
}

/// Sitemaps and feeds give the same in any pieces; each entry is an absolute address or a sentence.
pub fn sitemaps(data: &[u8]) {
    let (size, data) = choice(data);
    let data = lengthened(data);
    let url = Url::parse("https://site.example/maps/one.xml").expect("a URL");
    let read = |size: usize| {
        let (mut reader, mut items) = (Reader::new(Some(&url)), Vec::new());
        data.chunks(size).for_each(|piece| reader.push(piece, &mut items));
        reader.end(&mut items);
        items
    };
    let whole = within(QUICK, "a sitemap", || read(usize::MAX));
    assert_eq!(whole, within(2 * QUICK, "a sitemap in pieces", || read(1 + size % 64)));
    let since: Since = "2026-01-31".parse().expect("a date");
    for item in &whole {
        let Item::Entry(entry) = item else { continue };
        // What else is wrong with it is said where it would be asked for.
        let is_relative = Url::parse(&entry.url) == Err(url::ParseError::RelativeUrlWithoutBase);
        assert!(!is_relative || entry.url.contains("://"), "{entry:?}");
        assert!(entry.priority.is_none_or(|priority| (0.0..=1.0).contains(&priority)), "{entry:?}");
        let _ = entry.modified.as_ref().map(|modified| since.excludes(modified));
    }
    if !data.starts_with(b"\x1f\x8b") {
        let parsed = sitemap::read_all(&data, Some(&url));
        assert_eq!(parsed.entries.len() + parsed.children.len() + parsed.faults.len(), whole.len());
    } else {
        sitemap::read_all(&data, Some(&url));
    }
}

/// Archives of others are read to where they are whole, in bounded memory; ours are read as they were
/// written.
pub fn warc(data: &[u8]) {
    let (kind, data) = choice(data);
    match kind % 2 {
        0 => others(&lengthened(data)),
        _ => ours(data),
    }
}

fn others(data: &[u8]) {
    let Ok(mut reader) = archives::Reader::new(data, 0) else { return };
    let mut before = 0;
    let mut pages = archives::page::Pages::default();
    pages.begin(None);
    for at in 0.. {
        let head = match reader.next_head() {
            Ok(Some(head)) => head,
            Ok(None) | Err(_) => break,
        };
        assert!(head.offset >= before && head.offset <= data.len() as u64, "{head:?}");
        assert!(reader.whole() <= data.len() as u64);
        before = head.offset;
        let _ = (head.kind(), head.url(), head.is_http("response"));
        let read = match at % 3 {
            0 => reader.block(1 << 20).map(drop),
            1 => pages.page(&mut reader, &head).map(|page| page.map(|mut page| page.content()).map(drop)).map(drop),
            _ => reader.each(|piece| assert!(!piece.is_empty())),
        };
        if read.is_err() {
            break;
        }
    }
    message_of(data);
}

/// An HTTP message that stands in an archive.
fn message_of(data: &[u8]) {
    let _ = message::method(data);
    let Some(response) = message::response(data) else { return };
    let content = data.get(response.content_at..).expect("content lies within its message").to_vec();
    let length = content.len();
    let restored = message::restore(&response.headers);
    let content = message::unchunked(&restored, content);
    assert!(content.len() <= length);
    let most = 1 << 16;
    if let Ok(decoded) = archives::decoded(&restored, content, most) {
        assert!(decoded.len() as u64 <= most.max(length as u64), "{} bytes", decoded.len());
    }
}

fn ours(data: &[u8]) {
    let Some(Written { url, status, headers, body, bytes }) = written(data) else { return };
    let mut reader = archives::Reader::new(&*bytes, 0).expect("ours");
    let head = reader.next_head().expect("ours").expect("a record");
    assert_eq!((head.url(), head.kind()), (Some(&*url), "response"));
    let block = reader.block(u64::MAX).expect("ours");
    assert_eq!(reader.next_head().expect("ours"), None);
    assert_eq!(reader.whole(), bytes.len() as u64);
    let response = message::response(&block).expect("ours");
    assert_eq!(response.status, status);
    let restored = message::restore(&response.headers);
    for (name, value) in &headers {
        let all: Vec<_> = restored.get_all(name).iter().collect();
        assert!(
            all.contains(&value) || crate::model::redact::is_secret_field(name.as_str()),
            "{name}: {value:?} {all:?}"
        );
    }
    assert_eq!(block.get(response.content_at..), Some(&*body));
}
