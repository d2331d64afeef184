//! What selectors mean, what they find, and how wrong ones are told.

use serde_json::json;

use super::*;
use crate::page::pick::Way;

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
    assert_eq!(Way::of("i:NTH-child(2)"), Way::AtOnce);
    assert_eq!(Way::of("i ~ p:first-of-type"), Way::OneByOne);
}

#[test]
fn drawings_keep_their_attribute_names() {
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
        ("//div[@id]", 1),
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

/// What rules find in a body, with all the time in the world.
fn read(rules: &[Rule], required: &[&str], body: Body, text: &str) -> Read {
    let required: Vec<_> = required.iter().map(|name| (*name).to_owned()).collect();
    let url = Url::parse("https://h.test/dir/page").unwrap();
    let document = Document::new(body, text).at(&url, UTF_8);
    Plan::of(rules, &required).unwrap().read_within(&document, Duration::from_secs(600))
}

const CARDS: &str = "<base href=/sub/><h1> Shop </h1>
    <div class=card data-id=7 data-json='{\"a\": [1, 2]}'><h2>Pot, big</h2><b class=price>1.234,50 €</b>
      <i class=tag>a</i><i class=tag>b</i><a href='x?é'>more</a><time>21 Nov 2026</time><u>yes</u></div>
    <div class=card><h2>Pan</h2><b class=price>call</b><a>none</a><s>red, blue ,,green</s></div>
    <p id=p>id: #42 of 50</p>";

#[test]
fn filters_make_types_of_texts() {
    for (name, css, want) in [
        ("x", ".price|number", json!(1234.5)),
        ("x[]", ".price|number", json!([1234.5, null])),
        ("x[]", ".price|number|default(0)", json!([1234.5, 0.0])),
        ("x", "video|number", json!(null)),
        ("x", "video|number|default(3)", json!(3.0)),
        ("x", "video|default(none)|upper", json!("NONE")),
        ("x", "#p|regex(#(\\d+))|int", json!(42)),
        ("x", "#p|regex(\\d+ of \\d+)", json!("42 of 50")),
        ("x", "#p|regex(nothing)", json!(null)),
        ("x[]", "p, h1|regex(S|#)|lower", json!(["s", "#"])),
        ("x", ".card::attr(data-id) | int", json!(7)),
        ("x", "u|bool", json!(true)),
        ("x", "time|date", json!("2026-11-21")),
        ("x", "s|split(,)", json!(["red", "blue", "green"])),
        ("x", "s|split(,)|upper", json!(["RED", "BLUE", "GREEN"])),
        ("x", "s|split(,)|regex(^r.*|^g.*)", json!(["red", "green"])),
        ("x", "s|split()", json!(["red,", "blue", ",,green"])),
        ("x[]", "s, u|split(,)", json!(["yes", "red", "blue", "green"])),
        ("x", ".card::attr(data-json)|json", json!({"a": [1, 2]})),
        ("x", "h2|replace(Pot,Kettle)", json!("Kettle, big")),
        ("x", "h1::html|trim", json!("Shop")),
        ("x[]", "a::attr(href)|url", json!(["https://h.test/sub/x?%C3%A9"])),
        ("x[]", "a::attr(href)|default(none)", json!(["x?é", "none"])),
        ("x", "a[href*='|']|lower", json!(null)),
    ] {
        let found = read(&[Rule::css(name, css)], &[], Body::Html, CARDS);
        assert_eq!(found.data[0].1, want, "{name}={css}");
    }
    assert_eq!(find("x", "a::attr(href)|url", "<a href=x>"), json!(null), "found nowhere, it has no base");
    assert_eq!(find("x", "a::attr(href)|url", "<a href='http://a.test'>"), json!("http://a.test/"));
}

#[test]
fn groups_are_relative_to_each_match() {
    let css = ".card{id=::attr(data-id)|int, title=h2, price=.price|number, tags[]=.tag,
        more=:scope > a, time {at=:scope|date},}";
    let css = css.replace("time {at", "time=time{at");
    assert_eq!(
        read(&[Rule::css("items[]", &css)], &[], Body::Html, CARDS).data[0].1,
        json!([
            {"id": 7, "title": "Pot, big", "price": 1234.5, "tags": ["a", "b"], "more": "more", "time": {"at": "2026-11-21"}},
            {"id": null, "title": "Pan", "price": null, "tags": [], "more": "none", "time": null},
        ])
    );
    for (name, css, want) in [
        ("x", ".card{t=h2}", json!({"t": "Pot, big"})),
        ("x", ".cart{t=h2}", json!(null)),
        ("x[]", ".cart{t=h2}", json!([])),
        // A comma parts fields only where a name follows.
        ("x", ".card{a[]=h2, i, b=u}", json!({"a": ["Pot, big", "a", "b"], "b": "yes"})),
        ("x", ".card{n=i:nth-of-type(2)}", json!({"n": "b"})),
        ("x", "body{a[]=.card{b=.tag:last-of-type}}", json!({"a": [{"b": "b"}, {"b": null}]})),
        ("x", ".card{t=.card h2}", json!({"t": "Pot, big"})),
        ("x", ".card{x=:scope::attr(class), y=|upper|regex(POT)}", json!({"x": "card", "y": "POT"})),
    ] {
        assert_eq!(find(name, css, CARDS), want, "{name}={css}");
    }
}

#[test]
fn what_is_missing_or_unreadable_is_told() {
    let rules = [
        Rule::css("title", "h3|required"),
        Rule::css("items[]", ".card{price=.price|number, tag=.tag|required}"),
        Rule::css("all[]", ".price|number"),
        Rule::css("empty", "h1::attr(title)"),
        Rule::css("list[]", "video"),
    ];
    let found = read(&rules, &["list", "items.price"], Body::Html, CARDS);
    assert_eq!(found.missing, ["title", "items[1].tag", "list"]);
    let why = "`call` is no number".to_owned();
    assert_eq!(found.invalid, [("items[1].price".into(), why.clone()), ("all[1]".into(), why)]);
    let failure = found.failure().unwrap();
    assert_eq!((failure.code, failure.message.as_str()), (Code::ExtractInvalid, "items[1].price: `call` is no number"));

    let failure = read(&rules[..1], &[], Body::Html, CARDS).failure().unwrap();
    assert_eq!((failure.code, failure.message.as_str()), (Code::ExtractMissing, "nothing found for title"));
    let fine = read(&rules[2..4], &["all"], Body::Html, "<b class=price>1</b>");
    assert_eq!(fine.failure(), None);
    let unreadable = read(&rules[2..3], &[], Body::Html, CARDS);
    assert!(unreadable.invalid.len() == 1 && unreadable.failure().is_none(), "what is not required is no failure");
    let many = read(&rules[2..3], &[], Body::Html, &"<b class=price>x</b>".repeat(1000));
    assert_eq!(many.invalid.len(), 20);
    let wrong = Plan::of(&rules, &["items.prise".to_owned()]).unwrap_err();
    assert_eq!(wrong.hint.as_deref(), Some("did you mean `items.price`?"));
}

#[test]
fn json_is_asked_by_path() {
    let rules = [
        Rule::json("p", "$.offers[0].price|number"),
        Rule::json("names[]", "$..name"),
        Rule::json("first", "$.offers[?@.price == 2 || @.price == '3,5'].price | default(none)"),
        Rule::json("all", "$.offers"),
        Rule::json("null", "$.null|default(x)"),
        Rule::json("id", "$.id|int"),
        Rule::json("list", "$.list|number"),
        Rule::json("bad", "$.offers[0]|number"),
        Rule::regex("raw", r#""id": (\d+)|int"#),
        Rule::css("css", "h1|default(no page)"),
    ];
    let body =
        r#"{"offers": [{"price": "3,5", "name": "a"}], "name": "b", "null": null, "id": 42.0, "list": ["1", 2]}"#;
    let found = read(&rules, &[], Body::Json, body);
    let values: Vec<_> = found.data.into_iter().map(|(_, value)| value).collect();
    assert_eq!(
        values,
        [
            json!(3.5),
            json!(["b", "a"]),
            json!("3,5"),
            json!([{"price": "3,5", "name": "a"}]),
            json!("x"),
            json!(42),
            json!([1.0, 2.0]),
            json!(null),
            json!(42),
            json!("no page"),
        ]
    );
    assert_eq!(found.invalid, [("bad".into(), "an object is no text".into())]);

    let broken = read(&rules[..2], &["p"], Body::Json, "{\"offers\": ");
    assert_eq!((&broken.data[0].1, &broken.data[1].1), (&json!(null), &json!([])));
    assert!(broken.failure().unwrap().message.starts_with("p: the body is no JSON: EOF"));
}

#[test]
fn json_ld_blocks_are_asked_one_after_the_other() {
    let html = r#"<script type="application/ld+json">{"@graph": [{"@type": "Product", "sku": "S1"}]}</script>
        <script type=" Application/LD+JSON; charset=utf-8 "> {"@type": "Offer", "price": "12,50"} </script>
        <script type="application/ld+json">{broken</script><script type="application/json">{"sku": "no"}</script>"#;
    let rules = [
        Rule::json("sku", "$['@graph'][?@['@type'] == 'Product'].sku"),
        Rule::json("types[]", "$..['@type']"),
        Rule::json("price", "$.price|number"),
        Rule::css("css", "script"),
    ];
    let found = read(&rules, &[], Body::Html, html);
    let values: Vec<_> = found.data.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(values[..3], [json!("S1"), json!(["Product", "Offer"]), json!(12.5)]);
    let broken = read(&rules[..1], &[], Body::Html, "<script type='application/ld+json'>{</script>");
    assert!(broken.invalid[0].1.starts_with("the page's JSON-LD is no JSON"));
    assert!(read(&rules[..1], &[], Body::Html, "<p>").invalid.is_empty());
}

#[test]
fn regular_expressions_are_asked_of_the_text() {
    for (name, pattern, text, want) in [
        ("x", r"#(\d+)", "a #42 #43", json!("42")),
        ("x[]", r"#(\d+)|int", "a #42 #43", json!([42, 43])),
        ("x", r"\d+", "a 42", json!("42")),
        ("x", "cat|dog", "a dog", json!("dog")),
        ("x", "cat|dog|upper", "a dog", json!("DOG")),
        ("x[]", "(?:cat|upper)", "upper cat", json!(["upper", "cat"])),
        ("x", "[|lower]+", "|", json!("|")),
        ("x[]", "(a)|(b)", "ab", json!(["a", "b"])),
        ("x", "z|number|default(0)", "a", json!(0.0)),
    ] {
        for body in [Body::Html, Body::Text, Body::Json] {
            assert_eq!(read(&[Rule::regex(name, pattern)], &[], body, text).data[0].1, want, "{name}={pattern}");
        }
    }
    let url = read(&[Rule::regex("x", "href=(y)|url")], &[], Body::Html, "<base href=/sub/><a href=y>");
    assert_eq!(url.data[0].1, json!("https://h.test/sub/y"));
    assert_eq!(read(&[Rule::regex("x", ".*")], &[], Body::Other, "a").data[0].1, json!(null));
}

#[test]
fn what_is_wrong_in_a_longer_selector_is_marked() {
    let nested = format!("{}b=i{}", "a{x=".repeat(9), "}".repeat(9));
    for (rule, marked, message) in [
        (Rule::css("x", ".price|numbr"), "numbr", "there is no filter `numbr`"),
        (Rule::css("x", "ü .price | zzz|int"), "zzz", "there is no filter `zzz`"),
        (Rule::css("x", ".price||int"), "|", "unexpected `|` where the name of a filter is expected"),
        (Rule::css("x", ".price|regex"), "regex", "`regex` needs something in parentheses"),
        (Rule::css("x", ".price|int(7)"), "int(7)", "`int` does not take this"),
        (Rule::css("x", ".price|trim()"), "trim()", "`trim` takes nothing in parentheses"),
        (Rule::css("x", ".price|regex((\\d+)"), "(", "this parenthesis is never closed"),
        (Rule::css("x", ".price|regex(é[z-a])"), "z-a", "invalid character class range, the start must be <= the end"),
        (Rule::css("x", ".price|replace(,b)"), ",b", "`replace` needs an old text, a comma and a new one"),
        (Rule::css("x", ".price|number x"), "x", "unexpected `x`"),
        (Rule::css("x", ".card{t=h2"), "{", "`{` is never closed"),
        (Rule::css("x", ".card{t=h2, "), "{", "`{` is never closed"),
        (Rule::css("x", ".card{}"), "{}", "the group has no fields"),
        (Rule::css("x", ".card{h2}"), "h2", "a name and `=` are expected in a group"),
        (Rule::css("x", ".card{t=h2, t[]=b}"), "t[]", "the name `t` is taken already"),
        (Rule::css("x", ".card{t=h2 >> i}"), ">", "unexpected `>` where a selector is expected"),
        (Rule::css("x", ".card{t=h2}}"), "}", "unexpected `}`"),
        (Rule::css("x", ".card::text{t=h2}"), "::text", "a group takes elements, not a part of them"),
        (Rule::css("x", ".card{t=h2}|upper"), "|upper", "a group takes no filter but `required`"),
        (Rule::css("x", nested.as_str()), "{", "groups nest more than 8 deep"),
        (Rule::json("x", " $.a[?@.b = 1]|int"), "=", "unexpected `=`"),
        (Rule::json("x", "$.a|nmber"), "nmber", "there is no filter `nmber`"),
        (Rule::regex("x", "é(b"), "(", "unclosed group"),
    ] {
        let fault = Plan::of(&[rule], &[]).expect_err(message);
        let column = fault.column.unwrap();
        let shown: String = fault.css.chars().skip(column - 1).take(fault.width).collect();
        assert_eq!((shown.as_str(), fault.message.as_str()), (marked, message), "{fault}");
        let carets = fault.to_string().lines().nth(2).unwrap().to_owned();
        assert_eq!((carets.find('^'), carets.matches('^').count()), (Some(column + 1), fault.width), "{fault}");
    }
    let near = Plan::of(&[Rule::json("x", "$.a|numbr")], &[]).unwrap_err();
    assert_eq!(
        near.to_string(),
        "--json x: `$.a|numbr`: there is no filter `numbr` at column 5\n  $.a|numbr\n      ^^^^^\n  hint: did you mean `number`?"
    );
    assert_eq!(
        near.sentence(),
        "JSONPath x: `$.a|numbr`: there is no filter `numbr` at column 5; did you mean `number`?"
    );
    assert_eq!(plan(&[("x", ".a{b=> i}")]).unwrap_err().hint.as_deref(), Some("write :scope > i"));
    let foreign = Rule { name: "x".into(), what: What::Group("p".into(), vec![Rule::json("y", "$")]) };
    assert!(Plan::of(&[foreign], &[]).unwrap_err().message.contains("only CSS"));
}

#[test]
fn hostile_pages_are_bounded_for_groups_and_filters_too() {
    let nested = format!("{}{}", "<div>".repeat(400), "<i>1,2</i>".repeat(2_000));
    let many = "<p>1</p>".repeat(50_000);
    for (css, html) in [
        ("div{a[]=div{b[]=div{c[]=div{d[]=i}}}}", &nested),
        ("div{a[]=div{b[]=i:nth-child(2)}}", &nested),
        ("i, div|split(,)|number", &nested),
        ("div|replace(1,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)", &nested),
        ("div::html|regex(1+)", &nested),
        ("p{a=::attr(x), b=::attr(y), c=::attr(z)}", &many),
        ("p|number", &many),
    ] {
        let start = Instant::now();
        let found = plan(&[("x[]", css)]).unwrap().read_all(&Document::new(Body::Html, html));
        assert!(start.elapsed() < Duration::from_secs(4), "{css}: {:?}", start.elapsed());
        let bytes = serde_json::to_string(&found.data[0].1).unwrap().len();
        assert!(bytes < 3 * DATA_BYTES, "{css}: {bytes}");
    }
    let json = format!("[{}0]", "{\"a\":0},".repeat(2_000_000));
    let refused = read(&[Rule::json("x", "$[0]")], &[], Body::Json, &json);
    assert_eq!(refused.invalid[0].1, "the body holds too many values");
}
