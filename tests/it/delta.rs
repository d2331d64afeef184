//! `--since FILE`: only what has changed since an earlier run.

use std::fs;

use serde_json::Value;

use crate::support::*;

#[tokio::test]
async fn each_page_is_new_changed_unchanged_or_gone_and_unchanged_ones_cost_no_body() {
    let state = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let now = std::sync::Arc::clone(&state);
    let site = Site::start(move |ask| {
        let run = now.load(std::sync::atomic::Ordering::SeqCst);
        let tag = |tag: &str, body: String| {
            if ask.header("if-none-match") == Some(tag) {
                return Reply::status(304).header("etag", tag);
            }
            Reply::text(body).header("etag", tag)
        };
        match (ask.path.as_str(), run) {
            ("/tagged", _) => tag("\"same\"", "x".repeat(5_000)),
            ("/moves", run) => tag(&format!("\"{run}\""), format!("{run}")),
            ("/plain", _) => Reply::text("the same without a tag"),
            ("/goes", run) if run > 0 => Reply::status(410),
            ("/comes", 0) => Reply::status(404),
            ("/fails", run) if run > 0 => Reply::status(400),
            (path, _) => Reply::text(path.to_owned()),
        }
    })
    .await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let paths = ["/tagged", "/moves", "/plain", "/goes", "/comes", "/fails"];
    let list: String = paths.iter().map(|path| site.url(path) + "\n").collect();
    fs::write(dir.path().join("urls.txt"), list).unwrap();
    let read = |name: &str| {
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        let mut records: Vec<Value> = text.lines().map(checked).collect();
        records.sort_by_key(|record| record["seq"].as_u64());
        records
    };
    let run = fetchall(["urls.txt", "-o", "0.jsonl"]).dir(&dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert!(read("0.jsonl").iter().all(|record| record["change"].is_null()));
    for (run, changes) in [
        (1, ["unchanged", "changed", "unchanged", "gone", "new", ""]),
        // The chain goes on behind a 304, and what was gone and is back would be new.
        (1, ["unchanged", "unchanged", "unchanged", "", "unchanged", ""]),
        (2, ["unchanged", "changed", "unchanged", "", "unchanged", ""]),
    ] {
        state.store(run, std::sync::atomic::Ordering::SeqCst);
        let ran = fetchall(["urls.txt", "--since", "0.jsonl", "-o", "1.jsonl"]).dir(&dir).run().await;
        assert_eq!(ran.exit, 1, "{ran}");
        let records = read("1.jsonl");
        let told: Vec<_> = records.iter().map(|record| record["change"].as_str().unwrap_or_default()).collect();
        assert_eq!(told, changes);
        assert_eq!((&records[0]["status"], &records[0]["bytes"]), (&304.into(), &0.into()));
        assert_eq!(records[0]["sha256"], read("0.jsonl")[0]["sha256"]);
        fs::rename(dir.path().join("1.jsonl"), dir.path().join("0.jsonl")).unwrap();
    }
}

#[tokio::test]
async fn what_is_neither_a_date_nor_a_run_is_refused() {
    let site = Site::start(|_| Reply::text("x")).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(dir.path().join("notes.txt"), "notes\n").unwrap();
    let url = site.url("/");
    for (args, told) in [
        (&[&url[..], "--since", "yesterday"][..], "nor is it the file"),
        (&[&url, "--since", "notes.txt"], "notes.txt, line 1"),
        (&["crawl", &url, "--since", "notes.txt"], "goes with `fetch`"),
    ] {
        let run = fetchall(args).dir(&dir).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{args:?}: {run}");
    }
    assert_eq!(site.connections(), 0);
}
