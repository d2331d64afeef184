//! What an outline has besides rows of links: text, anchors, directives, pages within pages, bounds.

use std::time::{Duration, Instant};

use super::*;

mod oddities;
mod rows;

fn values(html: &str) -> Vec<String> {
    outline(html, Look::ALL).links.into_iter().map(|link| link.value.into()).collect()
}

fn texts(html: &str) -> Vec<String> {
    outline(html, Look::ALL).links.into_iter().map(|link| link.text.into()).collect()
}

/// Ids and names in document order, which must be the same whatever else is looked for.
fn anchors(html: &str) -> Vec<String> {
    let all = outline(html, Look::ALL);
    let only = outline(html, Look { links: false, ..Look::ALL });
    assert_eq!((&only.anchors, &only.base), (&all.anchors, &all.base), "{html}");
    assert!(only.links.is_empty() && only.directives.is_empty(), "{html}");
    let bare = outline(html, Look::ANCHORS).anchors;
    assert!(bare.names().next().is_none() && bare.len() == all.anchors.len(), "{html}");
    all.anchors.names().map(str::to_owned).collect()
}

#[test]
fn a_link_says_what_people_read_on_it() {
    for (html, text) in [
        ("<a href=x>\n one <b>two</b>\tthree </a> no", "one two three"),
        ("<a href=x>&lt;é&amp;&nbsp;ü</a>", "<é& ü"),
        ("<a href=x><img alt='a  logo'>Home</a>", "a logo Home"),
        ("<a href=x><div>One</div><div>Two</div>T<br>hree</a>", "One Two T hree"),
        ("<a href=x>a<b>b</b>c</a>", "abc"),
        ("<a href=x>a<!-- no -->b<script>no</script><style>no</style><template>no</template>c</a>", "abc"),
        ("<a href=x>open", "open"),
        ("<a href=x>open<a name=y>no</a>", "open"),
        ("<a href=x></a>no", ""),
        ("<a name=y>no</a><a href=x>yes</a>", "yes"),
        ("<area href=x alt=' an  area '>", "an area"),
        ("<img src=x alt=image>no", "image"),
        ("<img src=x>", ""),
        ("<input type=image src=x alt=go>", "go"),
        ("<img longdesc=x alt=no>", ""),
        ("<svg><a href=x><text>drawn</text></a></svg>", "drawn"),
        ("<link rel=icon href=x>no", ""),
    ] {
        assert_eq!(texts(html), [text], "{html}");
    }
    let long = texts(&format!("<a href=x>{}</a>", "ä ".repeat(200)));
    assert_eq!(long, ["ä ".repeat(60).trim_end()]);
    assert_eq!(texts("<a href=1 ping=2>t</a><a href=3>u</a>"), ["t", "", "u"]);
    assert_eq!(texts("<img alt=t src=1 srcset='2, 3'>"), ["t", "t", ""], "once for a set");
}

#[test]
fn every_id_and_the_names_of_links_are_anchors() {
    for (html, want) in [
        (
            "<p id=a><h1 ID='b'><svg><g id=c><a id=d name=x></svg><math><mi id=e></math>",
            &["a", "b", "c", "d", "e"] as &[&str],
        ),
        ("<a name=a><a id=b name=b>", &["a", "b", "b"]),
        ("<p id=a><p id=a>", &["a", "a"]),
        ("<p id=&auml;&amp;><p id=' x '><p id='a\nb'>", &["ä&", " x ", "a\nb"]),
        ("<p id><p id=''><a name>", &[]),
        ("<p id=a id=b>", &["a"]),
        ("<map name=no><img name=no><input name=no><meta name=no>", &[]),
        ("<!-- <p id=no> --><script><p id=no></script><textarea><p id=no></textarea><title><p id=no></title>", &[]),
        ("<template id=a><p id=no><template id=no></template></template><p id=b>", &["a", "b"]),
        ("<noscript><p id=a></noscript>", &["a"]),
        ("<iframe srcdoc='<p id=no>'></iframe>", &[]),
        ("<form id=a><form id=no></form>", &["a"]),
        ("<td id=no><table id=a><tr id=b></table><tr id=no>", &["a", "b"]),
        ("<frame id=no>", &[]),
        ("<svg><td id=a></svg>", &["a"]),
        ("<p id=no", &[]),
        ("</p id=no>", &[]),
    ] {
        assert_eq!(anchors(html), want, "{html}");
    }
    assert!(outline("<p id='x y'>", Look::ANCHORS).anchors.has("x y"));
    assert!(outline("<p id=x>", Look { anchors: false, names: true, ..Look::ALL }).anchors.is_empty());
}

#[test]
fn directives_are_comments_that_begin_with_the_name() {
    let html = "a<!-- fetchall:ignore-next  reason=\"x -> y\" --><!--fetchall:ignore\nnext--!><p>\
        <!-- not fetchall:ignore --><!fetchall:no><?fetchall:no><!--FETCHALL:no--><!--fetchall: no-->\
        <script><!-- fetchall:no --></script><svg><!-- fetchall:é--></svg><!-- fetchall:end";
    let found = outline(html, Look::ALL).directives;
    let found: Vec<_> = found.iter().map(|directive| (&*directive.text, &html[directive.span.clone()])).collect();
    assert_eq!(
        found,
        [
            ("ignore-next  reason=\"x -> y\"", "<!-- fetchall:ignore-next  reason=\"x -> y\" -->"),
            ("ignore\nnext", "<!--fetchall:ignore\nnext--!>"),
            ("no", "<!--fetchall: no-->"),
            ("é", "<!-- fetchall:é-->"),
            ("end", "<!-- fetchall:end"),
        ]
    );
}

#[test]
fn the_first_base_with_an_address_counts() {
    for (html, base) in [
        ("<base target=x><base href=/a/><base href=/b/>", Some("/a/")),
        ("<base href>", Some("")),
        ("<base href=' &amp; '>", Some(" & ")),
        ("<template><base href=/no/></template><svg><base href=/no/></svg>", None),
        ("<body><p><base href=/late/>", Some("/late/")),
    ] {
        assert_eq!(outline(html, Look::ALL).base.as_deref(), base, "{html}");
        assert_eq!(outline(html, Look::ANCHORS).base.as_deref(), base, "{html}");
    }
}

#[test]
fn pages_within_the_page_are_read_three_deep() {
    let escape = |html: &str| html.replace('&', "&amp;").replace('"', "&quot;");
    let mut html = "<a href=4>".to_owned();
    for depth in (0..4).rev() {
        html = format!("<a href={depth}><iframe srcdoc=\"{}\"></iframe><a href={depth}b>", escape(&html));
    }
    assert_eq!(values(&html), ["0", "1", "1b", "2", "2b", "3", "3b", "0b"].map(str::to_owned));
    let inner = outline(&html, Look::ALL).links.remove(4);
    assert!(html[inner.span.clone()].starts_with("<a href=1>") && html[inner.span].ends_with("<a href=1b>"));
}

#[test]
fn a_page_within_has_its_own_base_and_keeps_its_fragments_to_itself() {
    for (html, want) in [
        ("<iframe srcdoc='<a href=#x><a href><a href=y><a href=?z>'>", &["y", "?z"] as &[&str]),
        ("<iframe srcdoc='<base href=https://h.test/a/><a href=b><a href=#x><a href>'>", &["https://h.test/a/b"]),
        ("<iframe srcdoc='<base href=/a/><a href=b><a href=https://h.test/c>'>", &["https://h.test/c"]),
        ("<base href=/a/><iframe srcdoc='<a href=b>'>", &["b"]),
    ] {
        assert_eq!(values(html), want, "{html}");
    }
    // A long base does not multiply without bounds.
    let long = format!("<base href=https://h.test/{}/>{}", "b".repeat(1 << 20), "<a href=x>".repeat(1_000));
    assert_eq!(values(&format!("<iframe srcdoc='{long}'>")).len(), 7);
    // Directives and anchors of it are none of the page.
    let found = outline("<iframe srcdoc='<!-- fetchall:ignore --><p id=x>'>", Look::ALL);
    assert!(found.directives.is_empty() && found.anchors.is_empty());
}

#[test]
fn hostile_pages_end() {
    hostile(1 << 17, |name, took| assert!(took.as_secs() < 20, "{name}: {took:?}"));
}

#[test]
#[ignore = "a measurement: cargo test --release page::outline -- --ignored --nocapture"]
fn hostile_pages_of_a_mebibyte_end_within_a_second() {
    hostile(1 << 20, |name, took| {
        println!("{name:<50}{took:>12.1?}");
        assert!(took.as_secs() < 1, "{name}: {took:?}");
    });
}

/// Times the outlines of pages that are long in one way each.
fn hostile(length: usize, tell: impl Fn(&str, Duration)) {
    let whole = [
        "<a href=x>t</a>",
        "<a href=x>",
        "<",
        "&",
        "<p id=x>",
        "<a href ",
        "<p a=b c='d' e>",
        "<!-- fetchall:x -->",
        "<!--",
        "<svg>",
        "<svg><style>a{b:url(x)}</style>",
        "<img srcset='a?x&amp;y 1x, b&#47; 2x' alt=a>",
        "<template>",
        "<table><td>",
        "<math><mi>",
        "<a href=x ping='a b c d'>",
        "<svg><a href=x style='fill:url(#a)'>",
        "\r\n",
        "é&é",
        "<style>",
    ]
    .map(|piece| ("", piece, ""));
    let within = [
        ("<style>", "a{b:url(x)}", "</style>"),
        ("<style>", "url(", ""),
        ("<svg><style>", "url(x)&amp;", "</style>"),
        ("<p style='", "a:url(&amp;x);", "'>"),
        ("<img alt=x srcset='", "a&#47; 1x, ", "'>"),
        ("<img alt=x srcset='", "a&amp;b, ", "'>"),
        ("<img srcset=a alt='", "x", "'>"),
        ("<img srcset='", "a (", "'>"),
        ("<a href=x ping='", "a&#47; ", "'>"),
        ("<a href='", " ", "'>"),
        ("<a ", "href=x ", ">"),
        ("<a ", "h ", ">"),
        ("<script type=application/ld+json>[", "{\"url\":\"http://x\"},", "{}]</script>"),
        ("<script type=application/ld+json>", "[", ""),
        ("<script type=application/ld+json>", "<!--", "</script>"),
        ("<iframe srcdoc='", "&lt;a href=x>", "'>"),
        ("<meta http-equiv=refresh content='0;", "u", "'>"),
        ("<meta property='", "og:image ", "' content=x>"),
        ("<link href=x rel='", "preconnect ", "'>"),
        ("<a href=x>", "text <b>", "</a>"),
    ];
    for (before, piece, after) in whole.into_iter().chain(within) {
        let html = format!("{before}{}{after}", piece.repeat(length / piece.len()));
        let start = Instant::now();
        outline(&html, Look::ALL);
        tell(&format!("{before}{piece}{after}"), start.elapsed());
    }
}

proptest::proptest! {
    #[test]
    fn any_page_has_places_within_it(html in "(<a |<img |<p |<svg>|</svg>|<style>|</style>|<script>|</script>|<template>|</template>|\
        href=|srcset=|src=|style=|srcdoc=|id=|ping=|content=|<meta http-equiv=refresh |<!--|-->|fetchall:|url\\(|\\)|&amp;|&#47;|&|;|['\"<>/ \n\r\0=,xé€😀]){0,40}") {
        let found = outline(&html, Look::ALL);
        let mut last = 0;
        for link in &found.links {
            let written = html.get(link.span.clone()).expect("on the edges of characters");
            assert!(link.span.start >= last, "in document order");
            last = link.span.start;
            let plain = !written.contains(['&', '\0', '\r', '\\']) && !html.contains("srcdoc");
            assert!(!plain || written.contains(&*link.value), "{written:?} for {:?}", link.value);
            assert!(link.text.chars().count() <= crate::model::Link::TEXT_CHARS);
        }
        for directive in &found.directives {
            assert!(html.get(directive.span.clone()).is_some_and(|comment| comment.starts_with("<!--")));
        }
        let targets = outline(&html, Look::ANCHORS).anchors;
        assert_eq!(targets.len(), found.anchors.len());
    }
}
