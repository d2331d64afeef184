//! `fetchall extract` as a user has it: folders, records, pipes.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{code, folder, shop};
use crate::support::*;

const FLAGS: [&str; 5] = [
    "--select=items[]=.card{title=h2, price=.price|number}",
    "--select=next=a::attr(href)|url",
    "--json=sku=$.sku",
    r"--regex=id[]=ID: (\d+)|int",
    "--view=meta,links",
];

async fn extract(dir: &Path, args: &[&str]) -> Run {
    fetchall(["extract"].iter().chain(args)).dir(dir).run().await
}

/// What was read out of the pages.
fn read(record: &Value) -> (Value, Value, Value) {
    (record["title"].clone(), record["data"].clone(), record["view"].clone())
}

#[tokio::test]
async fn records_and_folders_give_what_the_fetch_gave() {
    let site = shop().await;
    let dir = folder();
    let paths = ["/index.html", "/api", "/text", "/empty"];
    let urls = paths.map(|path| site.url(path));
    let args = urls.iter().map(String::as_str).chain(FLAGS).chain(["--ordered", "--with=body", "-o=pages.jsonl"]);
    let fetched = fetchall(args).dir(&dir).run().await;
    assert_eq!(fetched.exit, 0, "{fetched}");
    let lines = fs::read_to_string(dir.path().join("pages.jsonl")).unwrap();
    let fetched: Vec<Value> = lines.lines().map(checked).collect();
    let asked = site.asks().len();
    let again = extract(dir.path(), &[&["pages.jsonl"], &FLAGS[..]].concat()).await;
    assert_eq!((again.exit, site.asks().len()), (0, asked), "no network: {again}");
    for (seq, (now, then)) in again.records().iter().zip(&fetched).enumerate() {
        assert_eq!(read(now), read(then));
        let same = [
            "input",
            "url",
            "final_url",
            "host",
            "method",
            "status",
            "content_type",
            "charset",
            "bytes",
            "sha256",
            "started_at",
        ];
        for key in same {
            assert_eq!(now[key], then[key], "{key}");
        }
        assert_eq!((&now["seq"], &now["attempts"], &now["body"]), (&json!(seq), &json!(0), &json!(null)));
    }
    let saved = dir.path().join("site");
    fs::create_dir(&saved).unwrap();
    for (record, name) in fetched.iter().zip(["index.html", "api.json", "text.txt", "empty.html"]) {
        fs::write(saved.join(name), record["body"].as_str().unwrap()).unwrap();
    }
    let base = format!("--base-url={}", site.url("/"));
    let files = extract(dir.path(), &[&["site", &base], &FLAGS[..]].concat()).await.records();
    let inputs: Vec<_> = files.iter().map(|record| record["input"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["site/api.json", "site/empty.html", "site/index.html", "site/text.txt"]);
    for (file, then) in [(0, 1), (1, 3), (2, 0), (3, 2)] {
        assert_eq!(read(&files[file]), read(&fetched[then]));
        assert_eq!(files[file]["sha256"], fetched[then]["sha256"]);
    }
    assert_eq!((&files[2]["url"], &files[2]["method"]), (&json!(site.url("/index.html")), &json!(null)));
    assert_eq!(files[2]["content_type"], "text/html");
}

#[tokio::test]
async fn pipes_packed_lists_and_single_pages_are_read() {
    let dir = folder();
    let page = "<title>T</title><h1>One</h1>";
    let piped = fetchall(["extract", "--select=h=h1", "--base-url=https://example.com/x/"]).dir(&dir).stdin(page);
    let piped = piped.run().await;
    assert_eq!(piped.record(0)["data"], json!({"h": "One"}), "{piped}");
    assert_eq!((&piped.record(0)["input"], &piped.record(0)["url"]), (&json!("-"), &json!("https://example.com/x/")));
    let line = format!(r#"{{"v":1,"type":"fetch","id":7,"url":"http://h/a","tags":{{"k":1}},"body":"{page}"}}"#);
    let lines = fetchall(["extract", "-", "--select=h=h1"]).dir(&dir).stdin(format!("{line}\n{line}\n")).run().await;
    assert_eq!(
        (lines.records().len(), &lines.record(1)["id"], &lines.record(1)["tags"]),
        (2, &json!(7), &json!({"k": 1}))
    );
    fs::write(dir.path().join("pages.jsonl.gz"), gzip(format!("{line}\n").as_bytes())).unwrap();
    fs::write(dir.path().join("page.htm"), page).unwrap();
    let both =
        extract(dir.path(), &["page.htm", "pages.jsonl.gz", "--select=h=h1", "-f=csv", "--fields=seq,input,data.h"])
            .await;
    assert_eq!(both.text(), "seq,input,data.h\n0,page.htm,One\n1,http://h/a,One\n", "{both}");
    let text = extract(dir.path(), &["page.htm", "--select=h=h1", "-f=text"]).await;
    assert!(text.text().starts_with("ok") && text.text().contains("  page.htm  T  h=One"), "{text}");
    assert!(text.stderr.contains("1 page in "), "{text}");
    let dry = extract(dir.path(), &[".", "-n"]).await;
    assert_eq!((dry.exit, dry.text()), (0, "page.htm\n"));
}

#[tokio::test]
async fn records_on_a_pipe_are_known_however_they_were_narrowed() {
    let dir = folder();
    let run = |args: &'static [&'static str], input: String| {
        fetchall(["extract"].into_iter().chain(args.iter().copied())).dir(&dir).stdin(input).run()
    };
    let line = r#"{"url":"http://h/a","final_url":null,"body":"<h1>One</h1>"}"#;
    let narrowed = run(&["--select=h=h1"], format!("{line}\n{line}\n")).await;
    assert_eq!(narrowed.records().len(), 2, "{narrowed}");
    assert_eq!(narrowed.record(1)["data"], json!({"h": "One"}));
    let page = run(&["--json=h=$.url", "--input-format=page"], line.to_owned()).await;
    assert_eq!(page.record(0)["data"], json!({"h": "http://h/a"}), "{page}");
    let records = run(&["--select=h=h1", "--input-format=records"], format!("[]\n{line}")).await;
    assert_eq!((records.exit, code(&records.record(0)), &records.record(1)["ok"]), (1, "io.read", &json!(true)));
}

#[tokio::test]
async fn a_page_on_a_pipe_has_no_address_unless_it_is_told() {
    let dir = folder();
    let page = "<main><h1>One</h1><a href=x>y</a><a href=http://h/z>z</a>";
    let flags = ["extract", "--select=h=h1", "--select=to=a::attr(href)|url", "--view=links", "--with=links"];
    let run = fetchall(flags).dir(&dir).stdin(page).run().await;
    let record = run.record(0);
    assert_eq!((&record["url"], &record["data"]), (&json!(null), &json!({"h": "One", "to": null})), "{run}");
    assert_eq!(record["links"], json!(["x", "http://h/z"]));
    assert_eq!(record["view"]["links"][0]["url"], "x");
    assert!(run.stderr.contains("`x` is relative, and no address of the page is known; see --base-url"), "{run}");
    let based = fetchall(flags.iter().copied().chain(["--base-url=http://b/c/"])).dir(&dir).stdin(page).run().await;
    assert_eq!(based.record(0)["data"]["to"], "http://b/c/x");
    let text = fetchall(["extract", "--select=h=h1"]).dir(&dir).stdin("no page").run().await;
    assert!(text.stderr.contains("CSS was asked for and found nothing to read: the one body is no HTML"), "{text}");
}

#[tokio::test]
async fn what_a_page_lacks_and_what_cannot_be_read_fails() {
    let dir = folder();
    fs::write(dir.path().join("a.html"), "<p class=price>1").unwrap();
    fs::write(dir.path().join("b.html"), "<h1>x</h1>").unwrap();
    fs::write(dir.path().join("list.jsonl"), "{\"v\":1,\"type\":\"fetch\",\"input\":\"x\"}\n").unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", dir.path().join("c.html")).unwrap();
    let run = extract(
        dir.path(),
        &["a.html", "b.html", "c.html", "list.jsonl", "--select=h=h1|required", "--select=p=.prise"],
    )
    .await;
    let codes: Vec<_> = run.records().iter().map(|record| code(record).to_owned()).collect();
    assert_eq!(
        (run.exit, codes),
        (1, ["extract.missing", "none", "io.read", "io.read"].map(str::to_owned).to_vec()),
        "{run}"
    );
    assert_eq!(run.record(0)["data"], json!({"h": null, "p": null}));
    assert!(run.stderr.contains("`.prise` matched nothing on 2 pages; `.price` occurs once"), "{run}");
    assert!(run.record(3)["error"]["message"].as_str().unwrap().contains("`--with body`"), "{run}");
}

#[tokio::test]
async fn wrong_usage_ends_before_an_output_is_touched() {
    let dir = folder();
    fs::write(dir.path().join("a.html"), "x").unwrap();
    fs::write(dir.path().join("out.jsonl"), "mine").unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    for (args, told) in [
        (&["none.html"][..], "there is no file or folder `none.html`"),
        (&["empty"], "there is no page below `empty`"),
        (&["-", "-"], "named twice"),
        (&["a.html", "--select=h=h1 >"], "      ^"),
        (&["a.html", "--with=tls"], "--with: saved pages have body and links"),
        (&["a.html", "--base-url=docs"], "is not an address"),
        (&["a.html", "--required=x"], "--required x"),
        (&["a.html", "--concurrency=3"], "--concurrency"),
        (&["out.jsonl"], "is the list that is to be read"),
    ] {
        let run = extract(dir.path(), &[args, &["-o=out.jsonl"]].concat()).await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{args:?}: {run}");
        assert_eq!(fs::read_to_string(dir.path().join("out.jsonl")).unwrap(), "mine");
    }
}

#[tokio::test]
async fn a_reader_that_leaves_ends_it_quietly() {
    let dir = folder();
    fs::write(dir.path().join("list.jsonl"), "{\"body\":\"<h1>x</h1>\",\"url\":\"http://h/\"}\n".repeat(60_000))
        .unwrap();
    let mut child = fetchall(["extract", "list.jsonl", "--select=h=h1"]).dir(&dir).start();
    assert!(child.line().await.is_some());
    child.close_stdout();
    let run = child.wait().await;
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{run}");
}
