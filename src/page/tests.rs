//! Whole bodies through the front door: what kind they are, what they say, and hostile ones.

use serde_json::json;

use super::*;
use crate::model::Reads;

fn page(content_type: Option<&str>, body: impl Into<Bytes>, want: &Want) -> Page {
    let url = Url::parse("https://h.test/dir/page").unwrap();
    read(&Input { body: body.into(), content_type: content_type.map(str::to_owned), url: Some(url.into()) }, want)
}

fn all(selectors: &[(&str, &str)]) -> Want {
    let owned: Vec<_> = selectors.iter().map(|(name, css)| (name.to_string(), css.to_string())).collect();
    Want {
        links: true,
        text: true,
        look: None,
        plan: Some(Arc::new(select::Plan::parse(&owned).unwrap())),
        ..Want::default()
    }
}

#[test]
fn a_page_says_what_was_asked_and_no_more() {
    let body = "<title>Prix é</title><a href=x>y</a><h1>z</h1>";
    let full = page(Some("text/html"), body, &all(&[("h", "h1")]));
    assert_eq!(full.charset, Some("utf-8"));
    assert_eq!(full.title.as_deref(), Some("Prix é"));
    assert_eq!(full.links, Some(vec!["https://h.test/dir/x".into()]));
    assert_eq!(full.data, Some(vec![("h".into(), json!("z"))]));
    assert_eq!(full.text.as_deref(), Some(body));
    let bare = page(Some("text/html"), body, &Want::default());
    assert_eq!((bare.charset, bare.title.as_deref()), (Some("utf-8"), Some("Prix é")));
    assert!(bare.links.is_none() && bare.data.is_none() && bare.text.is_none());
}

#[test]
fn the_charset_reaches_title_links_and_data() {
    let body: &[u8] = b"<meta charset=iso-8859-1><title>\xe9t\xe9</title><a href='?\xe9'>\xfc</a>";
    let said = page(Some("text/html"), body, &all(&[("a", "a")]));
    assert_eq!(said.charset, Some("windows-1252"));
    assert_eq!(said.title.as_deref(), Some("été"));
    assert_eq!(said.links, Some(vec!["https://h.test/dir/page?%E9".into()]));
    assert_eq!(said.data, Some(vec![("a".into(), json!("ü"))]));
    let header = page(Some("text/html; charset=\"KOI8-R\""), b"<title>\xf0</title>".as_slice(), &Want::default());
    assert_eq!((header.charset, header.title.as_deref()), (Some("koi8-r"), Some("П")));
}

#[test]
fn other_bodies_have_text_at_most() {
    let want = all(&[("a", "a"), ("b[]", "b")]);
    let json = page(Some("application/json"), "{\"a\": \"<title>x</title>\"}", &want);
    assert_eq!((json.charset, json.title), (None, None));
    assert_eq!(json.links, Some(vec![]));
    assert_eq!(json.data, Some(vec![("a".into(), json!(null)), ("b".into(), json!([]))]));
    assert_eq!(json.text.as_deref(), Some("{\"a\": \"<title>x</title>\"}"));
    let plain = page(Some("text/plain; charset=latin1"), b"\xef\xbb\xbf\xc3\xa9".as_slice(), &want);
    assert_eq!((plain.charset, plain.text.as_deref()), (Some("windows-1252"), Some("é")), "the mark wins");
    assert_eq!(page(Some("text/csv"), b"\xe9t\xe9".as_slice(), &want).text.as_deref(), Some("été"));
    assert_eq!(page(Some("text/plain; charset=nonsense"), "x", &want).charset, None);
    for (content_type, body) in [(Some("image/png"), "x"), (Some("application/octet-stream"), "{}")] {
        assert_eq!(page(content_type, body, &want).text, None);
    }
    assert_eq!(page(None, b"\x80\x81\xff".as_slice(), &want).text, None);
    assert_eq!(page(None, "plain", &want).text.as_deref(), Some("plain"));
}

#[test]
fn bodies_without_a_type_are_looked_at() {
    let sniffed = page(None, "\n<!doctype html><title>t</title>", &Want::default());
    assert_eq!((sniffed.charset, sniffed.title.as_deref()), (Some("utf-8"), Some("t")));
    assert_eq!(page(None, "<note><title>t</title>", &Want::default()).title, None);
    assert_eq!(page(Some("text/html"), Bytes::new(), &all(&[("a", "a")])).links, Some(vec![]));
}

#[test]
fn small_bodies_without_selectors_are_quick() {
    assert!(quick(32 << 10, &Want { links: true, text: true, ..Want::default() }));
    assert!(!quick((32 << 10) + 1, &Want::default()));
    assert!(!quick(10, &all(&[("a", "a")])));
    assert!(!quick(10, &Want { views: vec![View::Meta], ..Want::default() }));
}

/// Hostile pages of about so many bytes each.
fn hostile(bytes: usize) -> Vec<(&'static str, Vec<u8>)> {
    let repeat = |piece: &str| piece.repeat(bytes / piece.len()).into_bytes();
    let after = |start: &str, piece: &str| [start.as_bytes(), &repeat(piece)].concat();
    let attributes: String = (0..bytes / 8).map(|i| format!("a{i} ")).collect();
    let formatting: String = (0..300).map(|i| format!("<p><b id={i}>")).collect();
    let mut noise: u32 = 1;
    let binary = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    });
    vec![
        ("deep div", repeat("<div>")),
        ("deep list", repeat("<ul><li>")),
        ("deep inline", repeat("<b><i><a href=x>")),
        ("deep drawing", repeat("<svg><desc>")),
        ("deep template", repeat("<template>")),
        ("deep table", repeat("<table><tr><td>")),
        ("nearly deep", after(&"<div>".repeat(400), "<i></i>")),
        ("foster", after("<table>", "<b>")),
        ("fostered text", after("<table>", "x<tr>")),
        ("misnested", repeat("<b><p><i></b></p></i>")),
        ("anchors", repeat("<a href=x>")),
        ("multiplying", after(&formatting, "<p>x")),
        ("attributes", format!("<a {attributes} href=x>").into()),
        ("paragraphs", repeat("<p>")),
        ("title", after("<title>", "t ")),
        ("blank title", after("<title>", " ")),
        ("open comment", after("<!--", "-")),
        ("open script", after("<script><!--<script>", "</script ")),
        ("open tags", repeat("<")),
        ("open attribute", after("<a href='", "x")),
        ("references", repeat("&amp;&notit;&#x110000;&")),
        ("end tags", repeat("</p></x>")),
        ("selects", repeat("<select><option>")),
        ("frames", repeat("<frameset>")),
        ("meta", repeat("<meta charset")),
        ("nul", vec![0; bytes]),
        ("binary", binary.take(bytes).collect()),
    ]
}

fn hostile_want() -> Want {
    all(&[
        ("first", "nothing"),
        ("all[]", "b i"),
        ("nth", "p:nth-child(3)::html"),
        ("late", "i ~ u"),
        ("has", "div:has(u)"),
        ("inner[]", "div::html"),
        ("deep", "b > i a > b div > p b > i"),
    ])
}

#[test]
fn hostile_pages_end_on_a_small_stack() {
    let check = || {
        let want = hostile_want();
        for (name, body) in hostile(50_000) {
            let said = page(Some("text/html"), body, &want);
            assert!(said.charset.is_some(), "{name}");
            assert!(said.title.is_none_or(|title| title.chars().count() <= scan::TITLE_CHARS), "{name}");
            assert_eq!(said.data.map(|data| data.len()), Some(7), "{name}");
            match name {
                "anchors" => assert_eq!(said.links.map(|links| links.len()), Some(5_000)),
                "deep inline" => assert_eq!(said.links.map(|links| links.len()), Some(3_125)),
                "attributes" => assert_eq!(said.links.map(|links| links.len()), Some(1)),
                _ => {}
            }
        }
    };
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(check).unwrap().join().unwrap();
}

/// Documents of about so many bytes each that nest, in one language or another.
fn nested(bytes: usize) -> Vec<String> {
    let repeat = |piece: &str| piece.repeat(bytes / piece.len());
    let stairs = |item: &str| (0..150).map(|depth| format!("{}{item}\n", "  ".repeat(depth))).collect::<String>();
    let pieces = [
        ">", "> - ", "[", "![](", "*_", "**a ", "`", "<div>", "{", "[[", "((", "{\"a\":[", "- ", "#", "|", "<!--",
        "[^a]: ",
    ];
    let mut all: Vec<_> = pieces.iter().map(|piece| repeat(piece)).collect();
    all.extend(["- x", "* - x", "a:", "1. x", ".. a::"].map(stairs));
    all.push(format!("<urlset>{}", repeat("<a>")));
    all.push(format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":{}", repeat("[")));
    all.push(format!("<script type='application/ld+json'>{}", repeat("[{\"@graph\":")));
    all.push(format!("[a]\nb = {}", repeat("[")));
    all
}

#[test]
fn every_reader_ends_on_a_small_stack() {
    use prose::Language::{AsciiDoc, Css, Json, Markdown, Mdx, PythonMarkdown, Rst, Sitemap, Toml, Yaml};
    let check = || {
        let look = Look { links: true, anchors: true, names: true, facts: true, body: false, reads: Reads::All };
        let views = vec![View::Meta, View::Jsonld, View::Links, View::Tables];
        let want = Want { look: Some(look), views, ..Want::default() };
        for (name, body) in hostile(20_000) {
            let said = page(Some("text/html"), body, &want);
            assert!(said.outline.is_some() && said.facts.is_some(), "{name}");
        }
        for text in nested(20_000) {
            for language in [AsciiDoc, Css, Json, Markdown, Mdx, PythonMarkdown, Rst, Sitemap, Toml, Yaml] {
                prose::outline(&text, language, look);
            }
            sitemap::read_all(text.as_bytes(), None);
            page(Some("text/html"), text, &want);
        }
    };
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(check).unwrap().join().unwrap();
}

#[test]
#[ignore = "a measurement: cargo test --release page::tests -- --ignored --nocapture"]
fn hostile_pages_of_a_mebibyte_end_within_about_a_second() {
    let (want, mut slow) = (hostile_want(), false);
    for (name, body) in hostile(1 << 20) {
        let start = std::time::Instant::now();
        page(Some("text/html"), body, &want);
        let took = start.elapsed();
        println!("{name:<16}{took:>12.1?}");
        slow |= took.as_secs_f32() > 1.5;
    }
    assert!(!slow);
}
