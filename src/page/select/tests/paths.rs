//! JSONPath: what it is asked of and what it finds. For builds that have it.

use serde_json::json;

use super::{
    typed::{marks, read},
    *,
};
use crate::{model::Page, page};

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
fn json_bodies_are_asked_by_path_and_texts_by_expression() {
    let rules = [Rule::json("a", "$.a|url"), Rule::regex("n[]", r"\d|int"), Rule::css("h", "h1")];
    let want = page::Want { plan: Some(Arc::new(Plan::of(&rules, &["a".into()]).unwrap())), ..page::Want::default() };
    let said_by = |content_type: Option<&str>, body: &'static str| {
        let url = Some(Arc::new(Url::parse("https://h.test/dir/page").unwrap()));
        let content_type = content_type.map(str::to_owned);
        page::read(&page::Input { body: body.into(), content_type, url }, &want)
    };
    let data = |page: &Page| page.data.clone().unwrap().into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    let said = said_by(Some("application/ld+json"), "\u{feff}{\"a\": \"x\", \"b\": 7}");
    assert_eq!(data(&said), [json!("https://h.test/dir/x"), json!([7]), json!(null)]);
    assert!(said.problems.is_none());
    let plain = said_by(Some("text/plain"), "{\"a\": 1}");
    assert_eq!(data(&plain), [json!(null), json!([1]), json!(null)]);
    let problems = plain.problems.unwrap();
    assert_eq!((problems.missing, problems.failure.unwrap().code), (vec!["a".into()], Code::ExtractMissing));
    assert_eq!(data(&said_by(None, " [{\"a\": 1}]"))[1], json!([1]));
    assert_eq!(data(&said_by(Some("image/png"), "{\"a\": 1}")), [json!(null), json!([]), json!(null)]);
    let html = said_by(Some("text/html"), "<script type=application/ld+json>{\"a\":\"y\"}</script><base href=/b/>");
    assert_eq!(data(&html)[0], json!("https://h.test/b/y"));
}

#[test]
fn what_is_wrong_in_a_path_is_marked() {
    for (rule, marked, message) in [
        (Rule::json("x", " $.a[?@.b = 1]|int"), "=", "unexpected `=`"),
        (Rule::json("x", "$.a|nmber"), "nmber", "there is no filter `nmber`"),
    ] {
        marks(rule, marked, message);
    }
    let function = Plan::of(&[Rule::json("x", "$.l|length")], &[]).unwrap_err().hint.unwrap();
    assert!(function.ends_with("functions stand in conditions, as in $[?length(@.a) > 1]"), "{function}");
    let near = Plan::of(&[Rule::json("x", "$.a|numbr")], &[]).unwrap_err();
    assert_eq!(
        near.to_string(),
        "--json x: `$.a|numbr`: there is no filter `numbr` at column 5\n  $.a|numbr\n      ^^^^^\n  hint: did you mean `number`?"
    );
    assert_eq!(
        near.sentence(),
        "JSONPath x: `$.a|numbr`: there is no filter `numbr` at column 5; did you mean `number`?"
    );
}

#[test]
fn json_that_takes_too_much_memory_is_refused() {
    let json = format!("[{}0]", "{\"a\":0},".repeat(2_000_000));
    let refused = read(&[Rule::json("x", "$[0]")], &[], Body::Json, &json);
    assert_eq!(refused.invalid[0].1, "the body holds too many values");
}
