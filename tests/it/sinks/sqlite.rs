//! SQLite files, and files beside the output.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::*;

/// The records in `r.db`.
pub fn records(place: &Place) -> Vec<Value> {
    let db = Connection::open(place.path("r.db")).unwrap();
    let mut statement = db.prepare("SELECT record FROM fetchall_records").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|row| checked(&row.unwrap())).collect()
}

#[tokio::test]
async fn every_output_has_every_record() {
    let lines = 500;
    let place = Place::with(lines).await;
    let sinks = ["--sink", "sqlite:r.db", "--sink", "b.csv", "--sink", "c.json"];
    let run = place.fetchall(&[&["-o", "a.jsonl"], &sinks[..]].concat()).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_whole(&records(&place), lines);
    assert_whole(&place.records("a.jsonl"), lines);
    assert_eq!(fs::read_to_string(place.path("b.csv")).unwrap().lines().count(), lines + 3);
    let array: Vec<Value> = serde_json::from_slice(&fs::read(place.path("c.json")).unwrap()).unwrap();
    assert_whole(&array, lines);
}

#[tokio::test]
async fn a_run_that_is_killed_again_and_again_has_every_record_once_in_every_output() {
    let lines = 2_000;
    let place = Place::with(lines).await;
    let args = ["--state", "run.db", "-o", "a.jsonl", "--sink", "sqlite:r.db", "--sink", "b.jsonl", "-q"];
    place.kill_again_and_again(&args, lines).await;
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    for records in [records(&place), place.records("a.jsonl"), place.records("b.jsonl")] {
        assert_whole(&records, lines);
    }
    let db = Connection::open(place.path("r.db")).unwrap();
    let runs: i64 = db.query_row("SELECT count(DISTINCT run) FROM fetchall_records", [], |row| row.get(0)).unwrap();
    assert_eq!(runs, 1, "a run that goes on is the same run");
    // A run of its own, beside the other.
    place.fetchall(&["--sink", "sqlite:r.db", "-f", "none", "-q"]).run().await;
    assert_eq!(records(&place).len(), 2 * (lines + 2));
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_told_before_anything_is_sent() {
    let place = Place::with(5).await;
    fs::write(place.path("notes.txt"), "these are notes, and no database\n").unwrap();
    fs::write(place.path("kept.jsonl"), "{}\n").unwrap();
    for (args, told) in [
        (&["--sink", "sqlite:notes.txt"][..], "it is no SQLite file"),
        (&["--sink", "sqlite:/no/such/dir/r.db"], "/no/such/dir/r.db"),
        (&["--sink", "sqlite:run.db", "--state", "run.db"], "is the file of --state"),
        (&["--sink", "sqlite:r.db", "--resume", "gone.jsonl"], "--state knows what is done"),
        (&["--sink", "sqlite:r.db", "-n"], "no --sink"),
        (&["--sink", "a.xlsx"], "there is .jsonl"),
        (&["--sink", "redis://h/0"], "redis: is no sink; there is sqlite:PATH"),
        (&["--sink", "./a.jsonl", "-o", "a.jsonl"], "is written to already"),
        (&["--sink", "urls.txt"], "is the list that is to be read"),
    ] {
        let run = place.fetchall(&[args, &["--sink", "kept.jsonl"][..]].concat()).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{args:?}: {run}");
    }
    assert_eq!(place.site.connections(), 0);
    assert_eq!(fs::read(place.path("kept.jsonl")).unwrap(), b"{}\n");
}

#[tokio::test]
async fn crawls_and_kept_pages_go_into_databases_too() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html("<title>a</title><a href=/b>b</a>"),
        _ => Reply::html("<title>b</title>"),
    })
    .await;
    let place = Place::with(0).await;
    let run = fetchall(["crawl", &site.url("/"), "--sink", "sqlite:r.db", "-f", "none"]).dir(&place.dir).run().await;
    assert_eq!((run.exit, records(&place).len()), (0, 2), "{run}");
    fs::write(place.path("page.html"), "<title>kept</title>").unwrap();
    let args = ["extract", "page.html", "--select", "t=title", "--sink", "sqlite:r.db", "-f", "none"];
    let run = fetchall(args).dir(&place.dir).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let db = Connection::open(place.path("r.db")).unwrap();
    let data: String =
        db.query_row("SELECT data FROM fetchall_records WHERE type = 'fetch'", [], |row| row.get(0)).unwrap();
    assert_eq!(data, r#"{"t":"kept"}"#);
}
