//! SIGINT and SIGTERM at any moment: an end in time, whole lines, and a run that can be gone on with.
//!
//! `bash tests/signals.sh` sends 100 of each kind.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{kit::*, support::*};

/// Longest time to an end after one signal, and after two.
const AFTER_ONE: Duration = Duration::from_secs(6);
const AFTER_TWO: Duration = Duration::from_millis(500);

/// A site of everything that takes time: answers, bodies that are unpacked, pages that are read, silence.
async fn site(silent: bool) -> Site {
    let page = format!("<title>t</title><ul>{}", "<li><a href=/x>y</a> <b>z</b>".repeat(5_000));
    let packed = gzip(&vec![b'x'; 6 << 20]);
    Site::start(move |ask| {
        let number: usize = ask.path.trim_start_matches('/').parse().unwrap_or(0);
        match number % 20 {
            3 => Reply::html(page.clone()),
            7 => Reply::html(packed.clone()).header("content-encoding", "gzip"),
            11 if silent => Reply::stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf"),
            15 if ask.hit == 0 => Reply::status(503).header("retry-after", "1"),
            _ => Reply::html(format!("<title>{number}</title>")).after(ms(number as u64 % 30)),
        }
    })
    .await
}

const LINES: usize = 120;

/// How many signals are sent: more, if somebody has the time.
fn signals(few: usize) -> usize {
    wished("FETCHALL_TEST_SIGNALS").map_or(few, |each| 2 * each)
}

fn signal_of(nth: usize) -> (Signal, i32) {
    if nth.is_multiple_of(2) { (Signal::INT, 130) } else { (Signal::TERM, 143) }
}

/// Numbers of the records that say how a request ended, each there once and whole.
fn finals(records: &[Value]) -> Vec<u64> {
    let is_final = |record: &&Value| record["error"]["code"] != "cancelled";
    let mut seqs: Vec<u64> = records.iter().filter(is_final).map(|record| record["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    let before = seqs.len();
    seqs.dedup();
    assert_eq!(before, seqs.len(), "a record is there twice");
    seqs
}

/// A run with every kind of output is asked to end again and again, then left alone: each record is there once.
async fn asked_to_end(nth: usize) {
    let site = site(false).await;
    let shelf = Shelf::new();
    let list: String = (0..LINES).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    std::fs::write(shelf.path("urls.txt"), list).unwrap();
    let args = ["urls.txt", "-c16", "--per-host=16", "--state=run.db", "-o", "a.jsonl", "--sink=b.jsonl.zst"];
    let args = [&args[..], &["--sink=sqlite:r.db", "--warc=a.warc.gz", "--save=pages", "--view=links"]].concat();
    let lines = || {
        let text = std::fs::read_to_string(shelf.path("a.jsonl")).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
        text.lines().map(checked).collect::<Vec<_>>()
    };
    for round in 0..2 {
        let (signal, code) = signal_of(nth + round);
        let mut child = shelf.fetchall(&args).start();
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..1_200))).await;
        if child.ended() {
            child.wait().await;
            continue;
        }
        child.signal(signal);
        let began = Instant::now();
        let run = child.wait().await;
        let took = began.elapsed();
        // A signal may come when everything is done, or before the program has begun to listen.
        assert!(run.exit == code || (run.exit == 0 && lines().len() == LINES), "{run}");
        assert!(took < AFTER_ONE, "{took:?}: {run}");
        finals(&lines());
    }
    let run = shelf.fetchall(&args).run().await;
    assert!(run.exit == 0, "{run}");
    assert_eq!(finals(&lines()), (0..LINES as u64).collect::<Vec<_>>(), "{run}");
    let packed = zstd::decode_all(std::fs::File::open(shelf.path("b.jsonl.zst")).unwrap()).unwrap();
    let beside: Vec<Value> = std::str::from_utf8(&packed).unwrap().lines().map(checked).collect();
    assert_eq!(finals(&beside).len(), LINES);
    let db = rusqlite::Connection::open(shelf.path("r.db")).unwrap();
    let rows: i64 = db.query_row("SELECT count(DISTINCT seq) FROM fetchall_records", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, LINES as i64);
}

/// Records on stdout of a run that is asked to end at any moment: whole lines, one for each request that was
/// read; in time although servers are silent.
async fn asked_to_end_on_a_pipe(nth: usize) {
    let site = site(true).await;
    let list: String = (0..LINES).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    let (signal, code) = signal_of(nth);
    let mut child = fetchall(["-", "-c24", "--per-host=24", "--view=links"]).stdin(list).start();
    tokio::time::sleep(Duration::from_millis(fastrand::u64(30..1_500))).await;
    assert!(!child.ended());
    child.signal(signal);
    let began = Instant::now();
    let twice = nth % 4 > 1;
    let second = Duration::from_millis(fastrand::u64(1..400));
    let other = signal_of(nth + 1);
    if twice {
        tokio::time::sleep(second).await;
        // Another one: two of a kind that come before the first is heard are one.
        child.signal(other.0);
    }
    let run = child.wait().await;
    let most = if twice { second + AFTER_TWO } else { AFTER_ONE };
    assert!(run.exit == code || (twice && run.exit == other.1), "{run}");
    assert!(began.elapsed() < most, "{:?}: {run}", began.elapsed());
    let records = run.records();
    if !twice && !records.is_empty() {
        let mut seqs: Vec<u64> = records.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
        seqs.sort_unstable();
        seqs.dedup();
        assert_eq!(seqs.len(), records.len());
        assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>(), "whatever was read has its record: {run}");
    }
}

/// A crawl and a check, asked to end at any moment.
async fn asked_to_end_elsewhere(nth: usize) {
    let site = Site::start(|ask| {
        let number: usize = ask.path.trim_start_matches('/').parse().unwrap_or(0);
        let links: String = (1..4).map(|n| format!("<a href=/{}>x</a>", number * 3 + n)).collect();
        Reply::html(links).after(ms(20))
    })
    .await;
    let command = if nth % 4 < 2 { "crawl" } else { "check" };
    let more: &[&str] = if command == "check" { &["--recurse", "-f", "jsonl"] } else { &["--depth=9"] };
    let (signal, code) = signal_of(nth);
    let mut child = fetchall([command, &site.url("/0")].iter().chain(more)).start();
    tokio::time::sleep(Duration::from_millis(fastrand::u64(30..900))).await;
    assert!(!child.ended());
    child.signal(signal);
    let began = Instant::now();
    let run = child.wait().await;
    assert!(run.exit == code && began.elapsed() < AFTER_ONE, "{command} {:?}: {run}", began.elapsed());
    assert!(run.text().is_empty() || run.text().ends_with('\n'), "{run}");
    run.text().lines().for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
}

#[tokio::test]
async fn a_signal_at_any_moment_ends_the_run_in_time_and_no_output_loses_or_repeats_a_record() {
    for nth in 0..signals(4).div_ceil(2) {
        asked_to_end(nth).await;
    }
}

#[tokio::test]
async fn a_signal_at_any_moment_leaves_whole_lines_and_a_record_for_all_that_was_read() {
    for nth in 0..signals(4) {
        asked_to_end_on_a_pipe(nth).await;
    }
}

#[tokio::test]
async fn a_signal_at_any_moment_ends_a_crawl_and_a_check_as_well() {
    for nth in 0..signals(4) {
        asked_to_end_elsewhere(nth).await;
    }
}
