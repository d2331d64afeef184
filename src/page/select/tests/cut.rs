//! What is said where a page was not read to its end.

use std::sync::Mutex;

use serde_json::json;

use super::*;

fn rules(selectors: &[(&str, &str)]) -> Vec<Rule> {
    selectors.iter().map(|(name, css)| Rule::css(*name, *css)).collect()
}

/// What they find as in a run, and what is told at its end.
fn run(rules: &[Rule], required: &[&str], html: &str) -> (Read, Vec<String>) {
    let hints = Arc::new(Mutex::new(Hints::default()));
    let required: Vec<_> = required.iter().map(|name| (*name).to_owned()).collect();
    let plan = Plan::of(rules, &required).unwrap().noting(&hints);
    let read = plan.read_all(&Document::new(Body::Html, html));
    let told = hints.lock().unwrap().sentences();
    (read, told)
}

#[test]
fn a_slow_selector_takes_no_time_from_the_others_and_is_named() {
    let html = format!("<body>{}", "<i>x</i>".repeat(40_000));
    let rules =
        rules(&[("a[]", "i:not(:has(~ b))"), ("last", "i:last-child"), ("t", "body"), ("none", "u|default(0)")]);
    let (read, told) = run(&rules, &["a"], &html);
    assert!(read.data[0].1.as_array().unwrap().len() < 40_000);
    assert_eq!(read.data[1].1, "x");
    assert!(read.data[2].1.is_string());
    assert_eq!(read.data[3].1, "0", "it was looked for to the end");
    assert_eq!(read.cut, [("a".to_owned(), Cut::Time)]);
    let failure = read.failure().unwrap();
    assert_eq!((failure.code, &*failure.message), (Code::ExtractInvalid, "a: was cut short: it took too long"));
    assert_eq!(read.problems().unwrap().cut[0].1, "it took too long");
    assert_eq!(told, ["`a` was cut short on 1 page: it took too long", "`u` matched nothing on 1 page"]);
}

#[test]
fn what_has_no_room_is_named_and_has_no_default() {
    let html = format!("<p>{}</p><b>b</b>", "x".repeat(20 << 20));
    let rules = rules(&[("one", "p"), ("two", "p|default(none)"), ("three", "u"), ("four", "b|default(none)")]);
    let (read, told) = run(&rules, &[], &html);
    assert_eq!(read.data[1].1, json!(null));
    assert_eq!(read.data[3].1, json!(null), "there is no room left, and it is there");
    let names: Vec<_> = read.cut.iter().map(|(name, cut)| (&**name, *cut)).collect();
    assert_eq!(names, [("two", Cut::Room), ("four", Cut::Room)]);
    assert!(read.failure().is_none());
    assert_eq!(told[2], "`u` matched nothing on 1 page");
    assert_eq!(told[0], "`two` was cut short on 1 page: the page or what is found on it is too large");
    let required = [Rule::css("g[]", "div{x=p}"), Rule::css("h", "p")];
    let html = format!("<div>{}</div>", html.repeat(2));
    let failure = run(&required, &["h"], &html).0.failure().unwrap();
    assert_eq!(failure.message, "h: was cut short: the page or what is found on it is too large");
}

#[test]
fn a_page_that_nests_too_deep_was_not_asked() {
    let html = format!("<h1>t</h1>{}", "<div>".repeat(5_000));
    let all = [
        Rule::css("h", "h1|default(none)"),
        Rule::css("g[]", "div{x=i}"),
        Rule::regex("r", "<h1>(.)"),
        Rule::regex("n", "nowhere|default(none)"),
    ];
    let (read, told) = run(&all, &["h"], &html);
    let values: Vec<_> = read.data.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(values, [json!(null), json!([]), json!("t"), json!("none")]);
    assert_eq!(read.failure().unwrap().message, "h: was cut short: the page is nested too deep");
    let deep = |name: &str| format!("`{name}` was cut short on 1 page: the page is nested too deep");
    assert_eq!(told, [deep("h"), deep("g")], "and of what was not asked nobody says that it matched nothing");
}

#[test]
fn values_that_cannot_be_read_are_counted() {
    let hints = Arc::new(Mutex::new(Hints::default()));
    let rules = [Rule::css("price[]", "b|number"), Rule::css("g[]", "p{n=b|int|default(0)}"), Rule::css("i", "i|int")];
    let plan = Plan::of(&rules, &[]).unwrap().noting(&hints);
    for _ in 0..3 {
        plan.read("<p><b>2 for 3</b><p><b>x</b><i>z</i>");
    }
    let told = hints.lock().unwrap().sentences();
    let price = "`price`: 6 values could not be read, the first: `2 for 3` holds more than one number";
    assert_eq!(told, [price, "`i`: 3 values could not be read, the first: `z` is no number"]);
}

#[test]
fn who_asks_the_wrong_kind_of_body_is_told() {
    let told = |body: Body| {
        let hints = Arc::new(Mutex::new(Hints::default()));
        let plan = Plan::of(&rules(&[("a", "b"), ("c", "p{d=e}")]), &[]).unwrap().noting(&hints);
        (0..2).for_each(|_| drop(plan.read_all(&Document::new(body, "x"))));
        hints.lock().unwrap().sentences()
    };
    let css = "CSS was asked for and found nothing to read: none of 2 bodies is HTML";
    assert_eq!(told(Body::Other), [css]);
    assert_eq!(told(Body::Json), [css]);
    assert_eq!(told(Body::Html)[0], "`b` matched nothing on 2 pages");
}

#[cfg(feature = "extract")]
#[test]
fn bodies_that_are_no_json_are_counted() {
    let hints = Arc::new(Mutex::new(Hints::default()));
    let rules = [Rule::json("a", "$.a"), Rule::json("b[]", "$.b|default(0)")];
    let plan = Plan::of(&rules, &[]).unwrap().noting(&hints);
    (0..3).for_each(|_| assert_eq!(plan.read_all(&Document::new(Body::Json, "<p>")).data[1].1, json!(["0"])));
    let told = hints.lock().unwrap().sentences();
    let why = "the body is no JSON: expected value at line 1 column 1";
    assert_eq!(told, [format!("`a`: 3 bodies could not be read as JSON, the first: {why}")]);
    let (_, told) = run(&rules, &[], "<p>");
    assert!(told.is_empty(), "a page need not have JSON-LD: {told:?}");
}
