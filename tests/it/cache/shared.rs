//! Many processes over one folder, and kills.

use std::time::Duration;

use super::*;

/// Requests of a list.
const LINES: usize = 2000;

async fn site() -> Site {
    Site::start(|ask| {
        let number: usize = ask.path.trim_start_matches('/').parse().unwrap_or_default();
        let etag = format!("\"{number}\"");
        if ask.header("if-none-match") == Some(&etag) {
            return Reply::raw(format!("HTTP/1.1 304 Not Modified\r\netag: {etag}\r\n\r\n"));
        }
        let reply = Reply::html(format!("<title>{number}</title>{}", "y".repeat(number % 997)));
        if number.is_multiple_of(2) {
            reply.header("cache-control", "max-age=600")
        } else {
            reply.header("etag", &etag)
        }
    })
    .await
}

fn list(site: &Site, shelf: &Shelf, lines: usize) {
    let list: String = (0..lines).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    std::fs::write(shelf.path("list.txt"), list).unwrap();
}

#[track_caller]
fn all_right(run: &Run, lines: usize) {
    assert_eq!((run.exit, run.records().len()), (0, lines), "{}", run.stderr);
    assert!(!run.stderr.contains("not of use"), "{}", run.stderr);
    for record in run.records() {
        let number: usize = record["url"].as_str().unwrap().rsplit_once('/').unwrap().1.parse().unwrap();
        assert_eq!(record["title"], number.to_string(), "{record}");
        assert_eq!(record["bytes"], json!(15 + number.to_string().len() + number % 997), "{record}");
    }
}

#[tokio::test]
async fn two_processes_over_one_folder_get_every_answer_right() {
    let (site, shelf) = (site().await, Shelf::new());
    list(&site, &shelf, LINES);
    let run = || shelf.fetchall(&["list.txt", "--cache", "cache", "-c", "64", "--per-host", "64"]).run();
    for _ in 0..2 {
        let (one, two) = tokio::join!(run(), run());
        all_right(&one, LINES);
        all_right(&two, LINES);
    }
    let last = run().await;
    let of = |word: &str| last.records().iter().filter(|record| record["cache"] == word).count();
    assert_eq!((of("hit"), of("revalidated")), (LINES / 2, LINES / 2), "{}", last.stderr);
}

#[tokio::test]
async fn a_cache_survives_kills_at_any_moment() {
    let (site, shelf) = (site().await, Shelf::new());
    list(&site, &shelf, LINES);
    let start = || shelf.fetchall(&["list.txt", "--cache", "cache"]).start();
    for _ in 0..10 {
        let mut child = start();
        let lines = fastrand::usize(1..200);
        for _ in 0..lines {
            assert!(child.line().await.is_some());
        }
        tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3000))).await;
        child.signal(Signal::KILL);
        child.wait().await;
    }
    let last = start().wait().await;
    all_right(&last, LINES);
    assert!(last.records().iter().any(|record| record["cache"] == "hit"));
}
