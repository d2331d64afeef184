//! Whole bodies through the front door: what kind they are, what they say, and hostile ones.

use serde_json::json;

use super::*;

fn page(content_type: Option<&str>, body: impl Into<Bytes>, want: &Want) -> Page {
    let url = Url::parse("https://h.test/dir/page").unwrap();
    read(&Input { body: body.into(), content_type: content_type.map(str::to_owned), url }, want)
}

fn all(selectors: &[(&str, &str)]) -> Want {
    let owned: Vec<_> = selectors.iter().map(|(name, css)| (name.to_string(), css.to_string())).collect();
    Want { links: true, text: true, plan: Some(Arc::new(select::Plan::parse(&owned).unwrap())) }
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
    assert!(quick(16 << 10, &Want { links: true, text: true, plan: None }));
    assert!(!quick((16 << 10) + 1, &Want::default()));
    assert!(!quick(10, &all(&[("a", "a")])));
}

/// Hostile pages, small enough for a build without optimisation.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let attributes: String = (0..5_000).map(|i| format!("a{i} ")).collect();
    let formatting: String = (0..300).map(|i| format!("<p><b id={i}>")).collect();
    let mut noise: u32 = 1;
    let binary = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    });
    vec![
        ("deep div", "<div>".repeat(200_000).into()),
        ("deep list", "<ul><li>".repeat(100_000).into()),
        ("deep inline", "<b><i><a href=x>".repeat(30_000).into()),
        ("deep drawing", "<svg><desc>".repeat(50_000).into()),
        ("deep template", "<template>".repeat(50_000).into()),
        ("deep table", "<table><tr><td>".repeat(50_000).into()),
        ("foster", format!("<table>{}", "<b>".repeat(100_000)).into()),
        ("misnested", "<b><p><i></b></p></i>".repeat(20_000).into()),
        ("multiplying", format!("{formatting}</p>{}", "<p>x".repeat(100_000)).into()),
        ("attributes", format!("<a {attributes} href=x>").into()),
        ("links", "<a href=x>".repeat(20_000).into()),
        ("title", format!("<title>{}", "t ".repeat(1 << 20)).into()),
        ("blank title", format!("<title>{}", " ".repeat(2 << 20)).into()),
        ("open comment", format!("<!--{}", "-".repeat(1 << 20)).into()),
        ("open tags", "<".repeat(1 << 18).into()),
        ("open attribute", format!("<a href='{}", "x".repeat(1 << 20)).into()),
        ("references", "&amp;&notit;&#x110000;&".repeat(20_000).into()),
        ("end tags", "</p></x>".repeat(20_000).into()),
        ("meta", "<meta charset".repeat(20_000).into()),
        ("nul", vec![0; 1 << 18]),
        ("binary", binary.take(1 << 18).collect()),
    ]
}

#[test]
fn hostile_pages_end_on_a_small_stack() {
    let want = all(&[("first", "a"), ("all[]", "b i"), ("nth", "p:nth-child(3)::html"), ("late", "i ~ b")]);
    let check = move || {
        for (name, body) in hostile() {
            let said = page(Some("text/html"), body, &want);
            assert!(said.charset.is_some(), "{name}");
            assert!(said.title.is_none_or(|title| title.chars().count() <= scan::TITLE_CHARS), "{name}");
            assert_eq!(said.data.map(|data| data.len()), Some(4), "{name}");
            match name {
                "links" => assert_eq!(said.links.map(|links| links.len()), Some(20_000)),
                "deep inline" => assert_eq!(said.links.map(|links| links.len()), Some(30_000)),
                "attributes" => assert_eq!(said.links.map(|links| links.len()), Some(1)),
                _ => {}
            }
        }
    };
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(check).unwrap().join().unwrap();
}
