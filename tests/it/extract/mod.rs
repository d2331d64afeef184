//! What is read out of pages, as a user has it: rules, required names, recipes, views, hints.

mod saved;

use std::fs;

use fetchall::{Fetcher, Request, model::View, page::recipe::Recipe};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::*;

const SHOP: &str = "<html lang=en><title>Shop</title><script type=application/ld+json>{\"sku\": \"S-1\"}</script>\
    <h1>Pots</h1><div class=card><h2>A</h2><p class=price>£1,250.50</p></div>\
    <div class=card><h2>B</h2><p class=price>soon</p></div><a href=/next>next</a><p>ID: 77</p>";

/// A shop: pages, an API, a text.
async fn shop() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/api" => Reply::of("application/json", br#"{"sku": "J-1", "id": "ID: 9", "n": [1, 2]}"#.to_vec()),
        "/text" => Reply::text("first ID: 5\nsecond ID: 6"),
        "/png" => Reply::of("image/png", vec![0x89, b'P', b'N', b'G', 0]),
        "/empty" => Reply::html("<p>nothing here"),
        "/gone" => {
            Reply::raw("HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<h1>Gone</h1>")
        }
        "/etag" => Reply::raw("HTTP/1.1 304 Not Modified\r\n\r\n"),
        _ => Reply::html(SHOP),
    })
    .await
}

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// The error of the record, by code.
fn code(record: &Value) -> &str {
    record["error"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn pages_data_and_texts_are_asked_in_three_languages() {
    let site = shop().await;
    let urls = ["/", "/api", "/text", "/png"].map(|path| site.url(path));
    let flags = [
        "--select=items[]=.card{title=h2, price=.price|number}",
        "--select=next=a::attr(href)|url",
        "--json=sku=$.sku",
        "--json=n[]=$.n[*]",
        r"--regex=id[]=ID: (\d+)|int",
    ];
    let run = fetchall(urls.iter().map(String::as_str).chain(flags)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let items = json!([{"title": "A", "price": 1250.5}, {"title": "B", "price": null}]);
    let page = json!({"items": items, "next": site.url("/next"), "sku": "S-1", "n": [], "id": [77]});
    assert_eq!(run.record(0)["data"], page);
    assert_eq!(run.record(1)["data"], json!({"items": [], "next": null, "sku": "J-1", "n": [1, 2], "id": [9]}));
    assert_eq!(run.record(2)["data"], json!({"items": [], "next": null, "sku": null, "n": [], "id": [5, 6]}));
    assert_eq!(run.record(3)["data"], json!({"items": [], "next": null, "sku": null, "n": [], "id": []}));
}

#[tokio::test]
async fn a_page_without_what_is_required_fails_and_keeps_the_rest() {
    let site = shop().await;
    let urls = ["/", "/empty", "/gone", "/etag"].map(|path| site.url(path));
    let flags = ["--select=h=h1", "--select=t=p", "--required=h", "--accept=2xx,304", "--with=attempts"];
    let run = fetchall(urls.iter().map(String::as_str).chain(flags)).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_eq!(run.record(0)["ok"], true);
    let missing = run.record(1);
    assert_eq!(
        (&missing["ok"], &missing["outcome"], code(&missing)),
        (&json!(false), &json!("error"), "extract.missing")
    );
    assert_eq!(missing["error"]["message"], "nothing found for h");
    assert_eq!((&missing["status"], &missing["data"]["t"]), (&json!(200), &json!("nothing here")));
    assert_eq!((&missing["attempts"], site.hits("/empty")), (&json!(1), 1), "trying again would not help");
    assert_eq!(code(&run.record(2)), "http.client_error", "what the server says goes first");
    assert_eq!(run.record(3)["ok"], true, "an answer without a page lacks nothing");
    let run = fetchall([&site.url("/")[..], "--select=p=.card:last-of-type .price|number|required"]).run().await;
    assert_eq!((run.exit, code(&run.record(0))), (1, "extract.invalid"), "{run}");
    let told = run.record(0)["error"]["message"].as_str().unwrap().to_owned();
    assert!(told.starts_with("p: ") && told.contains("soon"), "{told}");
    let lax = fetchall([&site.url("/")[..], "--select=p=.card:last-of-type .price|number"]).run().await;
    assert_eq!((lax.exit, &lax.record(0)["data"]["p"]), (0, &json!(null)), "{lax}");
    let head = fetchall([&site.url("/")[..], "-XHEAD", "--select=h=h1|required"]).run().await;
    assert_eq!(head.exit, 0, "{head}");
}

#[tokio::test]
async fn what_cannot_be_read_as_a_rule_ends_it_before_anything_is_sent() {
    let site = shop().await;
    let dir = folder();
    for (name, text) in [
        ("bad.toml", "[select]\ntitle = \"h1|numbr\"\n"),
        ("key.toml", "[selct]\na = 'b'\n"),
        ("broken.toml", "[select\n"),
        ("required.toml", "required = ['tilte']\n[select]\ntitle = 'h1'\n"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    for (args, told) in [
        (&["--select=a=h1 >"][..], &["--select a: `h1 >`", "\n  h1 >\n      ^"][..]),
        (&["--select=price=.p|numbr"], &["\n  .p|numbr\n     ^^^^^\n  hint: did you mean `number`?"]),
        (&["--json=a=$.b["], &["--json a: `$.b[`", "^"]),
        (&["--regex=a=(x"], &["--regex a: `(x`", "\n  (x\n  ^"]),
        (&["--select=title=h1", "--required=tilte"], &["--required tilte", "did you mean `title`?"]),
        (&["--select=a=h1", "--regex=a=x"], &["`a` is named twice"]),
        (&["--view=marrkdown"], &["did you mean `markdown`?"]),
        (
            &["--recipe=bad.toml"],
            &["--recipe: bad.toml: line 2, column 13", "\n  title = \"h1|numbr\"\n              ^^^^^", "number"],
        ),
        (&["--recipe=key.toml"], &["line 1, column 2: unknown key `selct`", "did you mean `select`?"]),
        (&["--recipe=broken.toml"], &["line 1, column", "^"]),
        (&["--recipe=required.toml"], &["line 1, column 13", "did you mean `title`?"]),
        (&["--recipe=none.toml"], &["--recipe: cannot read none.toml"]),
    ] {
        let run = fetchall([&[site.url("/").as_str()], args].concat()).dir(&dir).run().await;
        assert_eq!((run.exit, run.text()), (2, ""), "{args:?}: {run}");
        assert!(told.iter().all(|told| run.stderr.contains(told)), "{args:?}: {run}");
    }
    assert_eq!(site.asks().len(), 0);
}

#[tokio::test]
async fn a_recipe_says_what_flags_say_and_flags_add_to_it() {
    let site = shop().await;
    let dir = folder();
    let recipe = "required = ['items.title']\n[select]\nh = 'h2'\n[select.'items[]']\nwithin = '.card'\ntitle = 'h2'\n\
        [json]\nsku = '$.sku'\n[regex]\nid = 'ID: (\\d+)|int'\n";
    fs::write(dir.path().join("shop.toml"), recipe).unwrap();
    let args = [&site.url("/")[..], &site.url("/empty"), "--recipe=shop.toml", "--select=h=h1", "--required=h"];
    let run = fetchall(args).dir(&dir).run().await;
    let data = json!({"h": "Pots", "items": [{"title": "A"}, {"title": "B"}], "sku": "S-1", "id": 77});
    assert_eq!(run.record(0)["data"], data, "{run}");
    let lacks = run.record(1);
    assert_eq!((run.exit, code(&lacks)), (1, "extract.missing"));
    assert_eq!(lacks["error"]["message"], "nothing found for h, items", "no card, and so no title");
}

#[tokio::test]
async fn requests_of_a_list_bring_rules_of_their_own() {
    let site = shop().await;
    let lines = [
        json!({"url": site.url("/api"), "json": {"sku": "$.sku"}, "regex": {"id": r"ID: (\d+)|int"}}),
        json!({"url": site.url("/"), "select": {"h": "h2"}}),
        json!({"url": site.url("/empty"), "select": {"h": ".none"}}),
        json!({"url": site.url("/x"), "json": {"a": "$["}}),
        json!({"url": site.url("/y"), "regx": {"a": "b"}}),
        json!({"url": site.url("/z"), "json": {"a": 1}}),
    ];
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let args = ["-", "--input-format=jsonl", "--select=h=h1", "--required=h"];
    let run = fetchall(args).stdin(text.join("\n")).run().await;
    let api = run.record(0);
    assert_eq!(api["data"], json!({"h": null, "sku": "J-1", "id": 9}), "{run}");
    assert_eq!(run.record(1)["data"], json!({"h": "A"}));
    assert_eq!(code(&run.record(2)), "extract.missing", "a list cannot take back what the run requires");
    assert_eq!(code(&run.record(3)), "extract.invalid");
    for (seq, told) in [(4, "did you mean `regex`?"), (5, "`json` of `a` must be a string, and is a number")] {
        let record = run.record(seq);
        assert!(record["error"]["message"].as_str().unwrap().contains(told), "{record}");
    }
    assert_eq!((site.hits("/x"), site.hits("/y")), (0, 0));
    let bare = fetchall(["-", "--input-format=jsonl"]).stdin(text[2].clone()).run().await;
    assert!(bare.stderr.contains("`.none` matched nothing on 1 page"), "{bare}");
}

#[tokio::test]
async fn views_stand_beside_data() {
    let site = shop().await;
    let args = [&site.url("/")[..], &site.url("/api"), "--view=meta,jsonld", "--view=links,tables,text,markdown"];
    let run = fetchall(args).run().await;
    let record = run.record(0);
    let view = &record["view"];
    assert_eq!((&view["meta"]["title"], &view["meta"]["lang"]), (&json!("Shop"), &json!("en")), "{run}");
    assert_eq!((&view["jsonld"], &view["links"][0]["url"]), (&json!([{"sku": "S-1"}]), &json!(site.url("/next"))));
    assert_eq!((&view["tables"], &record["data"]), (&json!([]), &json!(null)));
    assert!(view["text"].as_str().unwrap().contains("Pots") && view["markdown"].is_string());
    let nothing = json!({"meta": null, "jsonld": null, "links": null, "tables": null, "text": null, "markdown": null});
    assert_eq!(run.record(1)["view"], nothing, "data is no page");
    let args = [&site.url("/")[..], "--view=meta", "--select=h=h1", "-fcsv", "-q"];
    let run = fetchall(args).run().await;
    assert!(run.text().lines().next().unwrap().ends_with(",title,data.h,view.meta"), "{run}");
    assert!(run.text().contains(",Shop,Pots,\"{\"\"alternates\"\":[],"), "{run}");
    let run = fetchall([&site.url("/")[..], "--view=jsonld", "--fields=view,view.jsonld", "-fjsonl"]).run().await;
    assert_eq!(run.text(), "{\"view\":{\"jsonld\":[{\"sku\":\"S-1\"}]},\"view.jsonld\":[{\"sku\":\"S-1\"}]}\n");
}

#[tokio::test]
async fn selectors_without_any_match_are_told_what_is_near() {
    let site = shop().await;
    let urls: Vec<String> = (0..12).map(|number| site.url(&format!("/{number}"))).collect();
    let told = "`.pricee` matched nothing on 12 pages; `.price` occurs 24 times";
    let run = fetchall(urls.iter().map(String::as_str).chain(["--select=p=.pricee", "--select=h=h1"])).run().await;
    assert!(run.exit == 0 && run.stderr.contains(told), "{run}");
    assert_eq!(run.stderr.matches("matched nothing").count(), 1, "{run}");
    let quiet = fetchall(urls.iter().map(String::as_str).chain(["--select=p=.pricee", "-q"])).run().await;
    assert_eq!(quiet.stderr, "", "{quiet}");
}

#[tokio::test]
async fn the_library_has_all_of_it() {
    let site = shop().await;
    let recipe = Recipe::parse("required = ['h']\n[select]\nh = 'h2'").unwrap();
    let builder =
        Fetcher::builder().recipe(recipe).select("h", "h1").json("sku", "$.sku").regex("id", r"ID: (\d+)|int");
    let fetcher = builder.select("none", ".carrd").required("sku").view(View::Meta).ordered().build().unwrap();
    let urls = ["/", "/empty"].map(|path| site.url(path));
    let records: Vec<_> = fetcher.run(stream::iter(urls).map(Request::from)).collect().await;
    let data: Vec<_> = records[0].data.iter().flatten().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(data, [("h", json!("Pots")), ("sku", json!("S-1")), ("id", json!(77)), ("none", json!(null))]);
    assert_eq!(records[0].view.as_ref().unwrap()[0].1["title"], "Shop");
    assert_eq!(records[1].error.as_ref().unwrap().message, "nothing found for h, sku");
    assert_eq!(fetcher.hints(), ["`.carrd` matched nothing on 2 pages; `.card` occurs 2 times"]);
    let refused = Fetcher::builder().select("a", "h1").required("b").build().unwrap_err().to_string();
    assert!(refused.starts_with("--required b"), "{refused}");
}
