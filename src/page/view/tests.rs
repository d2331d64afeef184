use std::time::{Duration, Instant};

use encoding_rs::UTF_8;
use proptest::prelude::*;

use super::*;

fn url() -> Url {
    Url::parse("https://h.example/a/").unwrap()
}

#[test]
fn every_view_has_a_name_of_its_own() {
    for view in View::ALL {
        assert_eq!(View::of_name(view.name()), Some(*view));
    }
    assert_eq!(View::of_name("Meta"), None);
}

#[test]
fn a_page_without_an_article_gives_its_words() {
    let html = "<title>no</title><p>Few words</p>";
    assert_eq!(read(View::Text, html, Some(&url()), UTF_8), "Few words");
    assert_eq!(read(View::Markdown, html, Some(&url()), UTF_8), "Few words");
    let deep = format!("{}<p>Deep words</p>", "<div>".repeat(5_000));
    assert_eq!(read(View::Text, &deep, Some(&url()), UTF_8), "Deep words");
    assert_eq!(read(View::Text, "<script>x</script>", Some(&url()), UTF_8), Value::Null);
}

/// Pages that cost a careless reader hours or gigabytes.
#[test]
fn hostile_pages_cost_little() {
    let many = |piece: &str| piece.repeat((1 << 16) / piece.len());
    let pages = [
        many("<div>"),
        many("<table><tr><td>"),
        many("<p><b>"),
        many("<font>x"),
        many("<a href=x rel=y>z"),
        format!("<base href='{}'>{}", "x".repeat(1 << 17), many("<a href=y><link rel=icon href=z>")),
        format!("<table>{}", many("<tr><td colspan=1000 rowspan=0>")),
        format!("{}{}", "<section>".repeat(300), many("<p>some, words</p>")),
        format!("{}{}", "<blockquote>".repeat(300), many("<br>")),
        format!("<script type=application/ld+json>{}", many("[{\"@graph\":")),
        many("<script type=application/ld+json>{}</script>"),
        format!("<p {}>", many("a1=b ")),
        many("<meta property=og:image content=x>"),
    ];
    for page in pages {
        for view in View::ALL {
            let start = Instant::now();
            let bytes = read(*view, &page, Some(&url()), UTF_8).to_string().len();
            let (name, head) = (view.name(), &page[..40]);
            assert!(bytes < 200 << 20, "{name} of {head}: {bytes} bytes");
            assert!(start.elapsed() < Duration::from_secs(60), "{name} of {head}: {:?}", start.elapsed());
        }
    }
}

proptest! {
    #[test]
    fn no_page_panics_and_every_view_keeps_its_shape(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "<table>", "</table>", "<tr>", "<td colspan=3>", "<th rowspan=2>", "<thead>", "<caption>", "<p>", "</p>", "<div>", "</div>",
            "<pre>", "\n", "words, and ", "é", "<a href=x rel=y>", "<base href=/z>", "<meta name=robots content=a>", "<template>",
            "</template>", "<svg>", "<title>", "</title>", "<script type=application/ld+json>", "{\"a\":[", "}", "</script>",
            "<link rel=icon href=i>", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "<b>", "<font>", "<select>", "<body>", "<base href='data:'>",
        ]), 0..40),
    ) {
        let html: String = parts.concat();
        prop_assert!(read(View::Meta, &html, Some(&url()), UTF_8).is_object());
        for view in [View::Jsonld, View::Links, View::Tables] {
            prop_assert!(read(view, &html, Some(&url()), UTF_8).is_array());
        }
        for view in [View::Text, View::Markdown] {
            let value = read(view, &html, Some(&url()), UTF_8);
            prop_assert!(value.is_null() || value.as_str().is_some_and(|text| !text.is_empty()));
        }
    }
}
