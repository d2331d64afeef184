//! Archives that are read again: pages taken out of them, requests answered from them.

use std::fs;

use serde_json::{Value, json};

use super::*;

const SHOP: &str = "<title>Shop</title><h1>Pots</h1><p class=price>12</p><a href=/next>next</a>";

async fn site() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/gzip" => Reply::gzip(SHOP),
        "/chunked" => Reply::chunked(["<title>in", " pieces</title><h1>Pans</h1>"]),
        "/from" => Reply::redirect(302, "/gzip"),
        "/api" => Reply::json(br#"{"sku": "J-1"}"#.to_vec()).header("etag", "\"e\""),
        "/png" => Reply::of("image/png", vec![0x89, b'P', b'N', b'G', 0]),
        "/gone" => Reply::status(404).body("no"),
        "/short" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\nshort"),
        "/etag" => Reply::raw("HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n"),
        "/none" => Reply::status(204),
        "/echo" => Reply::text(ask.body.clone()),
        _ => Reply::html(SHOP),
    })
    .await
}

/// What of a record does not depend on when it was made.
fn lasting(record: &Value) -> Value {
    let mut record = record.clone();
    for key in ["started_at", "timings", "saved"] {
        record.as_object_mut().unwrap().remove(key);
    }
    record
}

#[tokio::test]
async fn a_replay_says_what_the_network_said_and_asks_nobody() {
    let (site, shelf) = (site().await, Shelf::new());
    let paths = ["/gzip", "/chunked", "/from", "/api", "/png", "/gone", "/etag", "/none", "/plain", "/same"];
    let mut list: String = paths.iter().map(|path| json!({"url": site.url(path)}).to_string() + "\n").collect();
    for (method, body) in [("HEAD", Value::Null), ("POST", json!("hello"))] {
        list += &(json!({"url": site.url("/echo"), "method": method, "body": body}).to_string() + "\n");
    }
    fs::write(shelf.path("list.jsonl"), &list).unwrap();
    for name in ["out.warc.gz", "out.warc"] {
        let usual = ["list.jsonl", "--with", "headers,body,links", "--select", "h=h1", "--ordered", "-q"];
        let first = shelf.fetchall(&[&usual[..], &["--warc", name]].concat()).run().await;
        assert_eq!(first.exit, 1, "{first}");
        shelf.read(name);
        let asked = site.asks().len();
        let again = shelf.fetchall(&[&usual[..], &["--replay", name]].concat()).run().await;
        assert_eq!((again.exit, site.asks().len()), (1, asked), "{again}");
        let (first, again) = (first.records(), again.records());
        assert_eq!(first.len(), paths.len() + 2);
        for (first, again) in first.iter().zip(&again) {
            assert_eq!(lasting(first), lasting(again));
        }
    }
}

#[tokio::test]
async fn what_an_archive_does_not_have_is_missing_and_the_last_answer_counts() {
    let (site, shelf) = (site().await, Shelf::new());
    let run = async |args: &[&str]| shelf.fetchall(&[args, &["-q"]].concat()).run().await;
    let (url, other) = (site.url("/gzip"), site.url("/other"));
    assert_eq!(run(&[&url, "--warc", "1.warc.gz"]).await.exit, 0);
    assert_eq!(run(&[&site.url("/short"), "--warc", "2.warc.gz", "-r", "0"]).await.exit, 1);
    let urls = [url.as_str(), &other, &site.url("/short")];
    let again = run(&[&urls[..], &["--replay", "1.warc.gz", "--replay", "2.warc.gz", "-r", "0"]].concat()).await;
    assert_eq!(again.record(0)["title"], "Shop", "{again}");
    assert_eq!(again.record(1)["error"]["code"], "io.missing");
    assert_eq!(again.record(2)["error"]["code"], "body.truncated");
}

#[tokio::test]
async fn a_crawl_can_be_made_again_without_a_network() {
    let (site, shelf) = (site().await, Shelf::new());
    let url = site.url("/");
    let usual = ["crawl", &url, "--select", "h=h1", "-q", "--ordered"];
    let first = shelf.fetchall(&[&usual[..], &["--warc", "out.warc.gz"]].concat()).run().await;
    let asked = site.asks().len();
    let again = shelf.fetchall(&[&usual[..], &["--replay", "out.warc.gz"]].concat()).run().await;
    assert_eq!((first.exit, again.exit, site.asks().len()), (0, 0, asked), "{first} {again}");
    assert_eq!(first.records().len(), 2);
    for (first, again) in first.records().iter().zip(again.records()) {
        assert_eq!(lasting(first), lasting(&again));
    }
}

#[tokio::test]
async fn pages_are_taken_out_of_archives_packed_or_not_named_or_piped() {
    let (site, shelf) = (site().await, Shelf::new());
    let paths = ["/gzip", "/chunked", "/from", "/api", "/png", "/gone", "/same", "/short"];
    let urls = paths.map(|path| site.url(path));
    for name in ["out.warc.gz", "out.warc"] {
        let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
        args.extend(["--warc", name, "-q", "-c", "1", "-r", "0"]);
        assert_eq!(shelf.fetchall(&args).run().await.exit, 1);
        let run = shelf.fetchall(&["extract", name, "--select", "h=h1", "--json", "sku=$.sku", "-q"]).run().await;
        assert_eq!(run.exit, 1, "{run}");
        let records = run.records();
        let of = |path: &str| records.iter().find(|record| record["url"] == site.url(path)).unwrap();
        assert_eq!(of("/gzip")["data"]["h"], "Pots");
        assert_eq!(of("/chunked")["data"]["h"], "Pans");
        assert_eq!((&of("/api")["data"]["sku"], &of("/api")["etag"]), (&json!("J-1"), &json!("\"e\"")));
        assert_eq!(of("/same")["data"]["h"], "Pots", "a page of its own, though packed differently");
        assert_eq!(of("/short")["error"]["code"], "io.read");
        assert_eq!(records.len(), 6, "the redirect led to /gzip, which was asked for twice: {run}");
        let bytes = fs::read(shelf.path(name)).unwrap();
        let piped = shelf.fetchall(&["extract", "--select", "h=h1", "-q"]).stdin(bytes.clone()).run().await;
        assert_eq!(piped.records().len(), 6, "{piped}");
        // What is whole is read, and then it is said that the rest is not.
        fs::write(shelf.path("torn.warc.gz"), &bytes[..bytes.len() - 5]).unwrap();
        let torn = shelf.fetchall(&["extract", "torn.warc.gz", "--select", "h=h1", "-q"]).run().await;
        assert!(torn.exit == 3 && torn.stderr.contains("cut short"), "{torn}");
        assert_eq!(torn.records().len(), 6);
    }
}

#[tokio::test]
async fn a_revisit_has_its_page_where_the_file_can_be_read_again() {
    let (site, shelf) = (site().await, Shelf::new());
    let urls = ["/1", "/2"].map(|path| site.url(path));
    let run = shelf.fetchall(&[&urls[0], &urls[1], "--warc", "out.warc.gz", "-q", "-c", "1"]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(of_kind(&shelf.read("out.warc.gz"), "revisit").len(), 1);
    let named = shelf.fetchall(&["extract", "out.warc.gz", "--select", "h=h1", "-q"]).run().await;
    let found: Vec<_> = named.records().iter().map(|record| record["data"]["h"].clone()).collect();
    assert_eq!(found, ["Pots", "Pots"], "{named}");
    let bytes = fs::read(shelf.path("out.warc.gz")).unwrap();
    let piped = shelf.fetchall(&["extract", "-", "--select", "h=h1", "-q"]).stdin(bytes).run().await;
    assert_eq!((piped.exit, &piped.record(1)["error"]["code"]), (1, &json!("io.read")), "{piped}");
    let again = shelf.fetchall(&[&urls[1], "--replay", "out.warc.gz", "-q"]).run().await;
    assert_eq!(again.record(0)["title"], "Shop", "{again}");
}

#[tokio::test]
async fn a_bomb_in_an_archive_does_not_go_off() {
    let shelf = Shelf::new();
    let bomb = gzip(&vec![b' '; 65 << 20]);
    let site = Site::start(move |_| Reply::html(bomb.clone()).header("content-encoding", "gzip")).await;
    let run = shelf.fetchall(&[&site.url("/"), "--warc", "out.warc.gz", "-q"]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "body.bomb", "{run}");
    let run = shelf.fetchall(&["extract", "out.warc.gz", "-q"]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "io.read", "{run}");
    assert!(run.record(0)["error"]["message"].as_str().unwrap().contains("64 MiB"), "{run}");
}
