//! What a style sheet needs, and what only looks like it.

use LinkKind::{Style, Stylesheet};

use super::*;

fn found(css: &str) -> Vec<(LinkKind, &'static str, String)> {
    let links = css_links(css);
    for link in &links {
        let written = css.get(link.span.clone()).expect("within the sheet");
        assert!(written.contains(&*link.value) || written.contains('\\'), "{css}: {written} for {}", link.value);
    }
    links.into_iter().map(|link| (link.kind, link.element, link.value.into())).collect()
}

fn urls(css: &str) -> Vec<String> {
    found(css).into_iter().map(|(_, _, value)| value).collect()
}

#[test]
fn both_forms_of_both_are_read() {
    let css = "@charset 'utf-8'; @layer x, y; @import 'a'; @import \"b\" layer(x) screen; @import url(c); @IMPORT URL( 'd' ) print;\
        p { background: url(e) url('f') URL( \"g\" ) } @media print { q { cursor: url( h ), auto } }";
    let imports = ["a", "b", "c", "d"].map(|value| (Stylesheet, "@import", value.to_owned()));
    let others = ["e", "f", "g", "h"].map(|value| (Style, "url()", value.to_owned()));
    assert_eq!(found(css), [imports, others].concat());
}

#[test]
fn every_place_that_fetches_is_read() {
    for (css, want) in [
        ("@font-face{src:local('no'),url(a.woff2)format('woff2'),url(b)}", &["a.woff2", "b"] as &[&str]),
        ("p{background:image-set('a' 1x, url(b) 2x, 'c' type('image/avif'))}", &["a", "b", "c"]),
        ("p{background:-webkit-image-set(url('a') 1x)}", &["a"]),
        ("p{--x:url(a);&:hover{background:url(b)}}", &["a", "b"]),
        ("@page{background:url(a)} @counter-style x{symbols:url(b)}", &["a", "b"]),
        ("@supports (display:grid) { p { background: url(a) } }", &["a"]),
        ("p{background:cross-fade(url(a),linear-gradient(red,blue),url(b))}", &["a", "b"]),
        ("<!-- p{background:url(a)} -->", &["a"]),
        // an escaped name is the same name, and what is not closed is closed by the end (CSS Syntax 3, 4.3)
        ("p{background:u\\72l(a);background:\\75 rl('b')}", &["a", "b"]),
        ("p{background:url(a", &["a"]),
        ("p{background:url('a", &["a"]),
        ("p{background:url( a ", &["a"]),
        ("p{background:url('a' crossorigin(anonymous))}", &["a"]),
        ("p{background:url(data:image/gif;base64,R0)}", &["data:image/gif;base64,R0"]),
        ("@unknown x; @import 'a';", &["a"]),
    ] {
        assert_eq!(urls(css), want, "{css}");
    }
}

#[test]
fn what_is_not_fetched_is_no_link() {
    for css in [
        "/* url(a) @import 'b'; */ p { content: 'url(c)' }",
        "@namespace svg url(http://www.w3.org/2000/svg); @namespace 'x';",
        "@-moz-document url(http://h.test/), url-prefix('x') { p { color: red } }",
        "@supports (background: url(a)) { p { color: red } }",
        "p { background: url() url('') url(' ') }",
        "a[href='x.css'], a[href=\"url(y)\"] { quotes: 'a' 'b' }",
        "p { mask: url(#mask) }",
        // not before other rules, not in blocks
        "p { color: red } @import 'a'; @import url(b);",
        "@layer x { } @import 'a';",
        "@namespace x 'y'; @import 'a';",
        "@media print { @import 'a'; }",
        "@import x 'a'; @import; @import format(b) 'c';",
        // bad ones (CSS Syntax 3, 4.3.6 and 4.3.14)
        "p { background: url(a b) }",
        "p { background: url(a'b) }",
        "p { background: url('a\n') }",
        "p { background: my-url(a) url2('b') }",
    ] {
        assert_eq!(urls(css), [""; 0], "{css}");
    }
    // A bad one costs itself only.
    assert_eq!(urls("p{background:url(a b)} q{background:url(c)}"), ["c"]);
    assert_eq!(urls("] } ) p{background:url(c)}"), ["c"]);
}

#[test]
fn spans_are_what_is_written_between_quotes_and_brackets() {
    for (css, value, written) in [
        ("p{x:url( a\\)b )}", "a)b", "a\\)b"),
        ("p{x:url(a\\)", "a)", "a\\)"),
        ("p{x:url(' a\\26 b ')}", "a&b", "a\\26 b"),
        ("p{x:url(\"a\\\"", "a\"", "a\\\""),
        ("p{x:url('a\\\nb')}", "ab", "a\\\nb"),
        ("p{x:url(ä/€ )}", "ä/€", "ä/€"),
        ("@import\t'a' ;", "a", "a"),
        ("p{x:url(a)}", "a", "a"),
    ] {
        let links = css_links(css);
        assert_eq!(links.len(), 1, "{css}");
        assert_eq!((&*links[0].value, css.get(links[0].span.clone())), (value, Some(written)), "{css}");
    }
}

#[test]
fn an_attribute_imports_nothing_and_may_point_into_its_page() {
    let mut values = Vec::new();
    let css = "@import 'a'; fill: url(#b); background: url(c)";
    read(css, super::Style::Attribute, &mut |found| values.push(found.value.to_owned()));
    assert_eq!(values, ["#b", "c"]);
}

#[test]
fn nesting_and_length_cost_no_more_than_their_bytes() {
    for piece in ["{", "(", "[", "url(", "url('", "a{b:url(x)}", "@import '", "@x ", "\\", "/*", "image-set(\"a\"", "}"]
    {
        let css = piece.repeat((1 << 18) / piece.len());
        let start = std::time::Instant::now();
        css_links(&css);
        assert!(start.elapsed().as_secs() < 10, "{piece}: {:?}", start.elapsed());
    }
    assert_eq!(urls(&format!("{}url(a)", "{(".repeat(100_000))), ["a"]);
}

proptest::proptest! {
    #[test]
    fn any_text_has_links_within_bounds(css in "([a-z@;:,{}()\\[\\] '\"\\\\\n/*#ä€]|url\\(|@import |image-set\\(|/\\*|\\*/){0,40}") {
        let mut last = 0;
        for link in css_links(&css) {
            assert!(css.get(link.span.clone()).is_some() && link.span.start >= last, "{:?}", link);
            last = link.span.start;
        }
    }
}
