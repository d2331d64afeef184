//! Filters, groups, JSON and regular expressions: what they find, what they refuse.

use serde_json::json;

use super::*;

/// What rules find in a body, with all the time in the world.
pub(super) fn read(rules: &[Rule], required: &[&str], body: Body, text: &str) -> Read {
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
fn a_default_stands_for_nothing_and_a_list_stays_a_list() {
    let html = "<p></p><b>x</b><i title=''></i>";
    for (name, css, want) in [
        ("x", "p|default(none)", json!("none")),
        ("x", "i::attr(title)|default(none)|upper", json!("NONE")),
        ("x[]", "u|default(none)", json!(["none"])),
        ("x[]", "u|number|default(0)", json!([0.0])),
        ("x[]", "p, b|default(none)", json!(["none", "x"])),
        ("x[]", "u|default(a b)|split( )", json!(["a", "b"])),
        ("x[]", "u", json!([])),
        ("x[]", "u|json|default([1])", json!([[1]])),
        ("x", "u|json|default([1])", json!([1])),
    ] {
        assert_eq!(find(name, css, html), want, "{name}={css}");
    }
}

#[test]
fn fields_may_stand_behind_the_match_or_be_the_match() {
    let html = "<dl><dt>a<dd>1<p>x</p><dt>b<dd>2<dd>3</dl>";
    for (css, want) in [
        ("dt{t=, d=:scope + dd}", json!([{"t": "a", "d": "1 x"}, {"t": "b", "d": "2"}])),
        ("dt{d[]=:scope ~ dd}", json!([{"d": ["1 x", "2", "3"]}, {"d": ["2", "3"]}])),
        ("dt{d=:scope + dd + dd}", json!([{"d": null}, {"d": "3"}])),
        ("dt{d=:scope + dd p}", json!([{"d": "x"}, {"d": null}])),
        ("dt{d=:scope ~ dd:last-of-type}", json!([{"d": "3"}, {"d": "3"}])),
        ("dt{d[]=dd}", json!([{"d": []}, {"d": []}])),
    ] {
        assert_eq!(find("x[]", css, html), want, "{css}");
    }
    let html = "<p data-id=1><i>a</i><p><p data-id=3>";
    assert_eq!(
        find("x[]", "p{id=:scope[data-id]::attr(data-id)}", html),
        json!([{"id": "1"}, {"id": null}, {"id": "3"}])
    );
    assert_eq!(find("x", "p{c=:scope:nth-of-type(1)::attr(data-id)}", html), json!({"c": "1"}));
}

#[test]
fn who_requires_a_field_of_a_group_requires_the_group() {
    let rules = [Rule::css("items[]", ".card{price=.price, deep=i{x=u}}")];
    assert_eq!(read(&rules, &["items.price"], Body::Html, "<p>").missing, ["items"]);
    assert_eq!(read(&rules, &["items.deep.x"], Body::Html, "<p class=card>").missing, ["items[0].deep"]);
    let each = [Rule::css("items[]", ".card{price=.price|required}")];
    assert!(read(&each, &[], Body::Html, "<p>").failure().is_none(), "each match must have it, and there is none");
    assert_eq!(read(&each, &[], Body::Html, "<p class=card>").missing, ["items[0].price"]);
}

#[test]
fn a_request_cannot_take_back_what_the_run_requires() {
    let run = [Rule::css("items[]", ".card{price=.price, tag=i|required}"), Rule::css("t", "h1|required")];
    let run = Plan::of(&run, &["items.price".into()]).unwrap();
    let merged = |rules: &[Rule], html: &str| {
        let own = Plan::of(rules, &[]).unwrap();
        run.merge(&own).merge(&plan(&[]).unwrap()).read_all(&Document::new(Body::Html, html)).missing
    };
    let own = [Rule::css("items[]", ".box{price=b, tag=i}"), Rule::css("t", "h2")];
    assert!(merged(&own, "<h2>x</h2><p class=box><b>1</b><i>2</i>").is_empty());
    assert_eq!(merged(&own, "<p class=box>"), ["items[0].price", "items[0].tag", "t"]);
    assert_eq!(merged(&own, "<h2>x</h2>"), ["items"]);
    let lacking = [Rule::css("items[]", ".box{name=b}")];
    assert_eq!(merged(&lacking, "<h1>x</h1><p class=box><b>1</b>"), ["items.price", "items.tag"]);
    assert_eq!(merged(&[Rule::css("items", "b")], "<h1>x</h1><b>1</b>"), ["items.price", "items.tag"]);
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

/// Holds if a rule is refused with this message, and these characters are marked.
pub(super) fn marks(rule: Rule, marked: &str, message: &str) {
    let fault = Plan::of(&[rule], &[]).expect_err(message);
    let column = fault.column.unwrap();
    let shown: String = fault.css.chars().skip(column - 1).take(fault.width).collect();
    assert_eq!((shown.as_str(), fault.message.as_str()), (marked, message), "{fault}");
    let carets = fault.to_string().lines().nth(2).unwrap().to_owned();
    assert_eq!((carets.find('^'), carets.matches('^').count()), (Some(column + 1), fault.width), "{fault}");
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
        (Rule::regex("x", "é(b"), "(", "unclosed group"),
    ] {
        marks(rule, marked, message);
    }
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
        let clock = Clock::of(Duration::from_secs(4));
        let found = plan(&[("x[]", css)]).unwrap().read_all(&Document::new(Body::Html, html));
        assert!(!clock.is_over(), "{css}: {clock:?}");
        let bytes = serde_json::to_string(&found.data[0].1).unwrap().len();
        assert!(bytes < 3 * DATA_BYTES, "{css}: {bytes}");
    }
}

#[test]
fn a_regular_expression_is_bounded_and_ordinary_ones_fit() {
    assert!(plan(&[("x", r"p|regex(\w{1,64})")]).is_ok());
    let huge = plan(&[("x", r"p|regex(\w{1000})")]).unwrap_err();
    assert_eq!(huge.message, "this regular expression is too large");
}

proptest::proptest! {
    #[test]
    fn whatever_is_written_is_read_or_refused_at_a_place_in_it(
        text in proptest::collection::vec(proptest::sample::select(vec![
            "a", ".b", "é", "{", "}", "=", ",", "|", "number", "regex(", "default(", "split", "(", ")", "[", "]", "\"", "'",
            "\\", ":scope", "::attr(", "::text", ">", " ", "$", "..", "?", "@", "1", "*", "-", "&&", "==", "\n",
        ]), 0..14),
    ) {
        let text = text.concat();
        for rule in [Rule::css("x", &text), Rule::json("x", &text), Rule::regex("x", &text), Rule::css("x", format!("p{{y={text}}}"))] {
            match Plan::of(&[rule], &[]) {
                Ok(plan) => drop(plan.read("<p class=b>1<a>é</a><script type=application/ld+json>{\"a\": [1]}</script>")),
                Err(fault) => {
                    let end = fault.column.map_or(0, |column| column + fault.width - 2);
                    proptest::prop_assert!(end <= fault.css.chars().count(), "{fault}");
                }
            }
        }
    }

    #[test]
    fn any_text_is_a_number_or_a_date_or_neither(text in "[-−+0-9., '’\u{a0}eEkt:/zé€$]{0,16}|\\PC{0,12}") {
        for decimal in [number::Decimal::Auto, number::Decimal::Point, number::Decimal::Comma] {
            proptest::prop_assert!(number::number(&text, decimal).is_ok_and(f64::is_finite) || number::number(&text, decimal).is_err());
            let _ = number::int(&text, decimal);
        }
        let _ = date::date(&text, date::Order::Auto);
    }
}
