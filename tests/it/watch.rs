//! A list again and again: what is told, what is asked, and how it ends.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use serde_json::{Value, json};

use crate::support::*;

/// A site that says something else in each state.
async fn site() -> (Site, Arc<AtomicUsize>) {
    let state = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&state);
    let site = Site::start(move |ask| {
        let now = now.load(SeqCst);
        let tagged = |text: String| {
            let etag = format!("\"{text}\"");
            if ask.header("if-none-match") == Some(&etag) {
                return Reply::raw(format!("HTTP/1.1 304 Not Modified\r\netag: {etag}\r\n\r\n"));
            }
            Reply::html(format!("<title>{text}</title>")).header("etag", &etag)
        };
        match (ask.path.as_str(), now) {
            ("/same", _) => tagged("same".to_owned()),
            ("/news", now) => tagged(format!("news {now}")),
            ("/breaks", 1) => Reply::status(500),
            ("/moves", 2) => Reply::redirect(301, "/same"),
            (path, _) => Reply::html(format!("<title>{path}</title>")),
        }
    })
    .await;
    (site, state)
}

async fn record(child: &mut Child) -> Value {
    checked(&child.line().await.expect("a record"))
}

/// The path that a record is about, and what changed.
fn change(record: &Value) -> (String, Value) {
    let url = record["url"].as_str().unwrap();
    (format!("/{}", url.rsplit_once('/').unwrap().1), record["watch"]["changes"].clone())
}

/// Waits until the site has been asked for a path so often.
async fn asked(site: &Site, path: &str, times: usize) {
    while site.hits(path) < times {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_first_round_has_all_records_and_each_later_one_what_changed() {
    let (site, state) = site().await;
    let list: String = ["/same", "/news", "/breaks", "/moves"].map(|path| site.url(path) + "\n").concat();
    let args = ["-", "--watch", "1s", "-f", "jsonl", "-r", "0", "--select", "t=title"];
    let mut child = fetchall(args).stdin(list).start();
    let mut first = Vec::new();
    for _ in 0..4 {
        let record = record(&mut child).await;
        assert_eq!((&record["ok"], &record["watch"]), (&json!(true), &json!({"round": 1, "changes": []})), "{record}");
        first.push(change(&record).0);
    }
    first.sort();
    assert_eq!(first, ["/breaks", "/moves", "/news", "/same"]);
    // A round in which nothing changes says nothing.
    asked(&site, "/same", 3).await;
    state.store(1, SeqCst);
    let mut told = vec![record(&mut child).await, record(&mut child).await];
    told.sort_by_key(|record| change(record).0);
    assert_eq!(change(&told[0]), ("/breaks".to_owned(), json!(["broke"])), "{told:?}");
    assert_eq!(change(&told[1]), ("/news".to_owned(), json!(["content"])), "{told:?}");
    assert_eq!((&told[0]["status"], &told[0]["error"]["code"]), (&json!(500), &json!("http.server_error")));
    assert_eq!((&told[1]["title"], &told[1]["data"]["t"]), (&json!("news 1"), &json!("news 1")));
    assert!(told[1]["watch"]["round"].as_u64().unwrap() >= 3 && told[1]["change"].is_null());
    state.store(2, SeqCst);
    let mut told = vec![record(&mut child).await, record(&mut child).await, record(&mut child).await];
    told.sort_by_key(|record| change(record).0);
    assert_eq!(change(&told[0]), ("/breaks".to_owned(), json!(["healed"])));
    assert_eq!(told[0]["title"], "/breaks", "what has healed comes with its page");
    assert_eq!(change(&told[1]), ("/moves".to_owned(), json!(["content", "redirect"])), "{told:?}");
    assert_eq!(change(&told[2]).0, "/news");
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!(run.exit, 0, "all is well when it ends: {run}");
    for line in [
        "round 1: 4 asked in ",
        "; nothing changed",
        "1 broke, 1 content; 1 is broken",
        "1 healed, 2 content, 1 redirect",
    ] {
        assert!(run.stderr.contains(line), "{line}: {run}");
    }
    let same: Vec<_> = site.asks().into_iter().filter(|ask| ask.path == "/same").collect();
    assert!(
        same[1..]
            .iter()
            .all(|ask| ask.header("if-none-match") == Some("\"same\"") || ask.header("if-none-match").is_none())
    );
    assert!(same[1].header("if-none-match").is_some(), "a page that has not changed costs a 304");
}

#[tokio::test]
async fn it_ends_by_how_things_are_in_the_last_round() {
    let (site, state) = site().await;
    state.store(1, SeqCst);
    let url = site.url("/breaks");
    let mut child = fetchall([url.as_str(), "--watch", "1s", "-f", "jsonl", "-r", "0"]).start();
    assert_eq!(record(&mut child).await["ok"], false);
    asked(&site, "/breaks", 2).await;
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!((run.exit, run.records().len()), (1, 1), "{run}");
    let mut child = fetchall([url.as_str(), "--watch", "1s", "-f", "jsonl", "-r", "0", "-q"]).start();
    record(&mut child).await;
    child.signal(Signal::TERM);
    assert_eq!(child.wait().await.exit, 143);
    let run = fetchall([url.as_str(), "--watch", "1s", "-r", "0", "--deadline", "2500ms"]).run().await;
    assert_eq!((run.exit, run.records().len()), (5, 1), "{run}");
    assert!(run.stderr.contains("stopped by --deadline") && run.stderr.contains("round 2:"), "{run}");
    let fast = fetchall([url.as_str(), "--watch", "1s", "-r", "0", "--fail-fast"]).run().await;
    assert_eq!(fast.exit, 5, "{fast}");
}

#[tokio::test]
async fn a_reader_that_leaves_ends_it() {
    let (site, _) = site().await;
    let mut child = fetchall([site.url("/same").as_str(), "--watch", "1h"]).start();
    assert!(child.line().await.is_some());
    child.close_stdout();
    assert_eq!(child.wait().await.exit, 0);
}

#[tokio::test]
async fn a_round_that_takes_too_long_is_followed_at_once_and_never_overtaken() {
    let site = Site::start(|_| Reply::text("x").after(std::time::Duration::from_millis(1300))).await;
    let run = fetchall([site.url("/").as_str(), "--watch", "1s", "--deadline", "6s"]).run().await;
    assert_eq!((run.exit, run.records().len(), site.most_at_once()), (5, 1, 1), "{run}");
    assert!((4..=5).contains(&site.hits("/")), "{run}");
}

#[tokio::test]
async fn what_cannot_go_with_it_sends_nothing() {
    let (site, _) = site().await;
    let url = site.url("/same");
    let records = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let records = records.path().to_str().unwrap();
    for (args, word) in [
        (&["--state", "x"][..], "--state"),
        (&["--resume", records], "--resume"),
        (&["--since", records], "--since"),
        (&["--cache", "x"], "--cache"),
        (&["--first", "1"], "--first"),
        (&["-n"], "--dry-run"),
    ] {
        let run = fetchall([&[url.as_str(), "--watch", "1s"], args].concat()).run().await;
        assert_eq!(run.exit, 2, "{args:?} {run}");
        assert!(run.stderr.contains(word), "{run}");
    }
    let run = fetchall([url.as_str(), "--watch", "10ms"]).run().await;
    assert!(run.exit == 2 && run.stderr.contains("once a second"), "{run}");
    assert!(site.asks().is_empty());
}
