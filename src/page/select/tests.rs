//! What selectors mean, what they find, and how wrong ones are told.

use serde_json::json;

use super::*;
use crate::page::pick::{Pace, Way};

mod cut;
#[cfg(feature = "extract")]
mod paths;
mod typed;

fn plan(selectors: &[(&str, &str)]) -> Result<Plan, SelectError> {
    let owned: Vec<_> = selectors.iter().map(|(name, css)| (name.to_string(), css.to_string())).collect();
    Plan::parse(&owned)
}

/// What one selector finds, with all the time in the world.
fn find(name: &str, css: &str, html: &str) -> Value {
    let plan = plan(&[(name, css)]).unwrap();
    let mut data = plan.read_within(&Document::new(Body::Html, html), Duration::from_secs(600)).data;
    assert_eq!(data.len(), 1);
    data.remove(0).1
}

const SHOP: &str = "<!doctype html><body>
    <div class=item data-id=1><h2>Red <b>pot</b></h2><a href='/a?x&amp;y'>more</a></div>
    <div class=item data-id=2><h2>Blue\u{a0}pan</h2><a>more</a></div>
    <ul><li>one</li><li>two<br>three</li><li></li></ul>
    <script type='application/ld+json'>{\"a\": 1}</script>
    <template><h2>hidden</h2></template><noscript><em>plain</em></noscript>";

#[test]
fn forms_of_a_selector() {
    for (name, css, want) in [
        ("x", "h2", json!("Red pot")),
        ("x", "h2::text", json!("Red pot")),
        ("x", "h2::html", json!("Red <b>pot</b>")),
        ("x", "h2 ::TEXT ", json!("Red pot")),
        ("x", "a::attr(href)", json!("/a?x&y")),
        ("x", "div::attr( Data-ID )", json!("1")),
        ("x", "a:nth-of-type(1)::attr(id)", json!(null)),
        ("x", "video", json!(null)),
        ("x[]", "h2", json!(["Red pot", "Blue pan"])),
        ("x []", "h2, li:first-child", json!(["Red pot", "Blue pan", "one"])),
        ("x[]", ".item::attr(data-id)", json!(["1", "2"])),
        ("x[]", "a::attr(href)", json!(["/a?x&y"])),
        ("x[]", "video::attr(src)", json!([])),
        ("x[]", "li", json!(["one", "two three", ""])),
        ("x", "ul", json!("one two three")),
        ("x", "script", json!("{\"a\": 1}")),
        ("x", "noscript em", json!("plain")),
        ("x", "a[href*='::']", json!(null)),
        ("x", ".item:has(a[href]) h2", json!("Red pot")),
        ("x", ".item:not([data-id='1']) h2", json!("Blue pan")),
        ("x[]", "h2 ~ a, li:nth-child(2)", json!(["more", "more", "two three"])),
    ] {
        assert_eq!(find(name, css, SHOP), want, "{name}={css}");
    }
}

#[test]
fn text_is_what_a_reader_sees() {
    let html = "<div id=d>a<p>b</p>c<style>no</style><script>no</script><template>no</template>d<!-- no --><td>\
        <span>1</span><sup>2</sup> <textarea> box </textarea></div>";
    assert_eq!(find("x", "#d", html), json!("a b cd12 box"));
    assert_eq!(find("x", "template", html), json!("no"));
    assert_eq!(
        find("x[]", "body p, html", "<!doctype html><p>one<p>two<table><tr><td>3<td>4"),
        json!(["one two 3 4", "one", "two"])
    );
}

#[test]
fn matches_come_in_document_order_by_both_ways() {
    // The table sends these out in front of itself, after they were made.
    let html = "<table><tr><td>1</td></tr><i>0</i></table><template><td>no</td></template><i>2</i>";
    for css in ["i, td", "i:nth-child(n), td:nth-child(n)"] {
        assert_eq!(find("x[]", css, html), json!(["0", "1", "2"]), "{css}");
        assert_eq!(find("x", css, html), json!("0"), "{css}");
    }
    assert_eq!(Way::of("i:NTH-child(2)").pace, Pace::AtOnce);
    assert_eq!(Way::of("i ~ p:first-of-type").pace, Pace::OneByOne);
}

#[test]
fn what_is_not_for_reading_stays_as_it_is_written() {
    let html = "<script type=x>{\"a\":  \"x &amp; y  < z\"}</script><style> a  b{}\n</style><textarea>\n a  b </textarea>\
        <pre>\nx\n  <b>y</b> <br>z</pre><div>a  <pre>b  c</pre></div>";
    for (css, want) in [
        ("script|json", json!({"a": "x &amp; y  < z"})),
        ("script::html|json", json!({"a": "x &amp; y  < z"})),
        ("style", json!(" a  b{}\n")),
        ("style::html", json!(" a  b{}\n")),
        ("textarea", json!(" a  b ")),
        ("pre", json!("x\n  y \nz")),
        ("pre|trim", json!("x y z")),
        ("div", json!("a b c")),
        ("b::html", json!("y")),
    ] {
        assert_eq!(find("x", css, html), want, "{css}");
    }
}

#[test]
fn the_outermost_element_is_counted_too() {
    for css in [":root:first-of-type", "html:nth-of-type(1)", ":root"] {
        assert_eq!(find("x", css, "<p>a"), json!("a"), "{css}");
    }
}

#[test]
fn a_comment_in_a_selector_says_nothing() {
    for css in [
        "a /* it|s */::attr(href)",
        "a/*{*/::attr(href)",
        "/* é::text */ a::attr(href) /* , */ | lower",
        "a::attr(href)/**/",
    ] {
        assert_eq!(find("x", css, "<a href=x>"), json!("x"), "{css}");
    }
    let group = "p{/* first */ a=a /* }, */, /* b=i, */ c=i}";
    assert_eq!(find("x", group, "<p><a>1</a><i>2</i>"), json!({"a": "1", "c": "2"}));
    let fault = plan(&[("x", "/* é */ a >> b")]).unwrap_err();
    assert_eq!(fault.column, Some(12));
    assert_eq!(find("x", "a[href='/*x*/']::attr(href)", "<a href='/*x*/'>"), json!("/*x*/"));
}

#[test]
fn drawings_keep_their_attribute_names() {
    let html = "<svg><use xlink:href='#a' xml:lang=de></svg>";
    for css in ["use::attr(xlink:href)", "use::attr(XLINK:Href)", "use::attr(href)"] {
        assert_eq!(find("x", css, html), json!("#a"), "{css}");
    }
    assert_eq!(find("x", "p::attr(xlink:href)", "<p xlink:href=b>"), json!("b"));
    assert_eq!(find("x", "svg::attr(viewbox)", "<svg viewBox='0 0 1 1'>"), json!("0 0 1 1"));
    assert_eq!(find("x", "p::attr(ID)", "<p iD=y>"), json!("y"));
}

#[test]
fn names_are_checked_and_keep_their_order() {
    let good = plan(&[("b", "p"), ("a[]", "p")]).unwrap();
    assert_eq!(good.names().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(good.nothing(), [("b".into(), json!(null)), ("a".into(), json!([]))]);
    assert!(plan(&[]).unwrap().is_empty());
    assert!(plan(&[]).unwrap().read("<p>").is_empty());
    for (selectors, message) in [
        ([("", "p"), ("a", "p")], "the name is empty"),
        ([("[]", "p"), ("a", "p")], "the name is empty"),
        ([("a", "p"), ("a", "q")], "the name `a` is taken already"),
        ([("a", "p"), ("a[]", "q")], "the name `a` is taken already"),
        ([("a", "p"), ("b", " ")], "there is no selector"),
        ([("a", "p"), ("b", "::attr(x)")], "there is no selector"),
        ([("a", "p"), ("b", "p::attr( )")], "`::attr()` names no attribute"),
    ] {
        let fault = plan(&selectors).unwrap_err();
        assert_eq!(fault.message, message);
        assert!(fault.hint.is_some());
    }
}

#[test]
fn a_request_adds_to_the_plan_of_the_run() {
    let run = plan(&[("a", "h2"), ("b", "li")]).unwrap();
    let own = plan(&[("c", "em"), ("a[]", "li")]).unwrap();
    let both = run.merge(&own);
    assert_eq!(both.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(both.nothing()[0].1, json!([]), "the request's own `a` counts");
    assert_eq!(run.names().count(), 2);
}

#[test]
fn a_wrong_selector_is_shown_where_it_is_wrong() {
    for (css, column) in [
        (".a >> b", 5),
        ("a >", 4),
        ("> a", 1),
        ("a,,b", 3),
        ("a, ", 3),
        ("a[", 3),
        ("a[href=", 8),
        ("a[=x]", 3),
        (".1st", 2),
        ("a..b", 3),
        ("ü $ b", 3),
        ("a:hoover", 3),
        ("p::txt", 3),
        ("a)", 2),
        ("svg|a", 5),
    ] {
        let fault = plan(&[("price", css)]).expect_err(css);
        assert_eq!(fault.column, Some(column), "{css}: {fault}");
        let shown = fault.to_string();
        let caret = shown.lines().nth(2).unwrap();
        assert_eq!(caret.find('^'), Some(column + 1), "{shown}");
        assert_eq!(caret.trim(), "^");
        assert_eq!(fault.sentence().lines().count(), 1);
    }
    let fault = plan(&[("price", ".a >> b")]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "--select price: `.a >> b`: unexpected `>` where a selector is expected at column 5\n  .a >> b\n      ^\n  \
         hint: a browser's console tries selectors: document.querySelectorAll(\"…\")"
    );
    assert!(fault.sentence().starts_with("selector price: `.a >> b`: unexpected `>`"));
    assert!(plan(&[("x", "p::txt")]).unwrap_err().hint.unwrap().contains("::attr(NAME)"));
}

#[test]
fn selectors_are_bounded() {
    assert!(plan(&[("x", &"a ".repeat(2_000))]).unwrap_err().message.contains("longer than"));
    // Whatever the parser says of deep ones, it comes back and the stack holds.
    let deep = [format!("{}a{}", ":not(".repeat(300), ")".repeat(300)), "a > ".repeat(500) + "a", "a ".repeat(1_000)];
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(2 << 20);
        let check = || {
            for css in &deep {
                if let Ok(plan) = plan(&[("x", css)]) {
                    plan.read_within(&Document::new(Body::Html, &"<a>".repeat(100)), Duration::from_secs(600));
                }
            }
        };
        small.spawn_scoped(scope, check).unwrap().join().unwrap();
    });
}

#[test]
fn a_page_that_is_too_deep_says_nothing() {
    let html = format!("<h1>t</h1>{}", "<div>".repeat(5_000));
    assert_eq!(find("x", "h1", &html), json!(null));
    assert_eq!(find("x[]", "h1", &html), json!([]));
}

#[test]
fn values_that_repeat_each_other_are_bounded() {
    let html = format!("{}{}", "<div>".repeat(200), "x".repeat(1 << 20));
    for css in ["div", "div::html"] {
        let found = find("x[]", css, &html);
        let bytes: usize = found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::len).sum();
        assert!(bytes > 16 << 20 && bytes <= DATA_BYTES, "{css}: {bytes}");
    }
}

#[test]
fn a_plan_may_be_shared_by_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Plan>();
    shared::<SelectError>();
}
