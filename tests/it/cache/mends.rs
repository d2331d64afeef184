//! What a reviewer found: answers that took the place of others, stayed when they had to go, or went when
//! they could have stayed.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::*;

/// A fresh answer.
fn fresh(reply: Reply) -> Reply {
    reply.header("cache-control", "max-age=600")
}

#[tokio::test]
async fn one_large_answer_does_not_drive_out_all_others() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/large" => fresh(Reply::text("x".repeat(600_000))),
        _ => fresh(Reply::text("small")),
    })
    .await;
    let shelf = Shelf::new();
    let (large, small) = (site.url("/large"), site.url("/small"));
    for (url, want) in [(&small, "stored"), (&large, "miss"), (&small, "hit"), (&large, "miss")] {
        assert_eq!(shelf.of(&[url, "--cache-size", "1MB"]).await, want, "{url}");
    }
}

#[tokio::test]
async fn a_304_that_says_no_store_is_the_answer_once_and_ends_what_is_kept() {
    let site = Site::start(|ask| match ask.header("if-none-match") {
        Some(_) => {
            Reply::raw("HTTP/1.1 304 Not Modified\r\netag: \"e\"\r\ncache-control: no-store, max-age=600\r\n\r\n")
        }
        None => Reply::html("<title>page</title>").header("etag", "\"e\""),
    })
    .await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    for want in ["stored", "revalidated", "stored"] {
        let record = shelf.cached(&[&url]).await.record(0);
        assert_eq!((&record["cache"], &record["title"]), (&json!(want), &json!("page")));
    }
    assert_eq!(site.asks().len(), 3);
}

#[tokio::test]
async fn an_answer_is_found_after_a_304_has_said_what_it_varies_by() {
    let site = Site::start(|ask| match ask.header("if-none-match") {
        Some(_) => Reply::raw(
            "HTTP/1.1 304 Not Modified\r\netag: \"e\"\r\nvary: Accept-Language\r\ncache-control: max-age=600\r\n\r\n",
        ),
        None if ask.hit == 0 => Reply::html("<title>page</title>").header("etag", "\"e\""),
        None => fresh(Reply::html("<title>page</title>")).header("vary", "Accept-Language"),
    })
    .await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    for want in ["stored", "revalidated", "hit"] {
        assert_eq!(shelf.of(&[&url, "-H", "Accept-Language: de"]).await, want);
    }
    assert_eq!(shelf.of(&[&url, "-H", "Accept-Language: en"]).await, "stored");
    assert_eq!(shelf.of(&[&url, "-H", "Accept-Language: de"]).await, "hit");
}

#[tokio::test]
async fn what_is_kept_outlives_an_error_of_the_moment_and_not_an_answer_in_its_place() {
    for (status, is_left) in [(401, true), (403, true), (408, true), (429, true), (503, true), (200, false)] {
        let site = Site::start(move |ask| match ask.hit {
            0 => Reply::html("<title>page</title>").header("etag", "\"e\""),
            _ => Reply::status(status).header("cache-control", "no-store"),
        })
        .await;
        let (shelf, url) = (Shelf::new(), site.url("/"));
        assert_eq!(shelf.of(&[&url]).await, "stored");
        assert_eq!(shelf.of(&[&url, "-r", "0"]).await, "miss", "{status}");
        let left = shelf.cached(&[&url, "--offline"]).await.record(0);
        assert_eq!(left["title"] == "page", is_left, "{status}: {left}");
    }
}

#[tokio::test]
async fn a_head_without_chunks_does_not_end_a_page_that_came_in_chunks() {
    let site = Site::start(|ask| match ask.method.as_str() {
        "HEAD" => Reply::raw("HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: 18\r\n\r\n"),
        _ => Reply::chunked(["<title>page", "</title>"]).header("etag", "\"e\""),
    })
    .await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    assert_eq!(shelf.of(&[&url]).await, "stored");
    assert_eq!(shelf.of(&[&url, "-X", "HEAD"]).await, "stored");
    assert_eq!(shelf.cached(&[&url, "--offline"]).await.record(0)["title"], "page");
}

#[tokio::test]
async fn a_robots_txt_is_asked_for_again_after_a_day_whatever_its_server_says() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /closed").header("cache-control", "max-age=8640000"),
        _ => Reply::html("<title>home</title>").header("cache-control", "max-age=8640000"),
    })
    .await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    let crawl = async |args: &[&str]| shelf.cached(&[&["crawl", &url], args].concat()).await.exit;
    let asked = || (site.hits("/robots.txt"), site.hits("/"));
    assert_eq!((crawl(&[]).await, crawl(&[]).await, asked()), (0, 0, (1, 1)));
    let day = 24 * 60 * 60 * 1000 + 1000;
    let file = Connection::open(shelf.path("cache/cache.sqlite")).unwrap();
    file.execute("UPDATE answer SET asked_at = asked_at - ?1, came_at = came_at - ?1", [day]).unwrap();
    drop(file);
    assert_eq!((crawl(&["--offline"]).await, asked()), (0, (1, 1)));
    assert_eq!((crawl(&["--max-age", "7d"]).await, asked()), (0, (2, 1)));
}

#[tokio::test]
async fn a_file_that_another_process_has_to_itself_holds_nobody_up() {
    let site = Site::start(|_| fresh(Reply::text("x"))).await;
    let shelf = Shelf::new();
    assert_eq!(shelf.of(&[&site.url("/first")]).await, "stored");
    let other = Connection::open(shelf.path("cache/cache.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let list: String = (0..300).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    std::fs::write(shelf.path("list.txt"), list).unwrap();
    let began = Instant::now();
    let mut child = shelf.fetchall(&["list.txt", "--cache", "cache", "-c", "4"]).start();
    for line in 0..300 {
        assert!(child.line().await.is_some(), "{line}");
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    other.execute_batch("COMMIT").unwrap();
    let run = child.wait().await;
    assert_eq!(run.exit, 0, "{run}");
    let again = shelf.cached(&["list.txt", "--offline"]).await;
    assert!(again.records().iter().any(|record| record["cache"] == "hit"), "what was handed over is there");
}

#[tokio::test]
async fn whoever_has_another_key_is_told_other_things() {
    let site = Site::start(|ask| fresh(Reply::text(ask.header("x-api-key").unwrap_or("none")))).await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    for want in ["stored", "hit"] {
        for key in ["one", "two"] {
            let record = shelf.cached(&[&url, "-H", &format!("X-Api-Key: {key}"), "--with", "body"]).await.record(0);
            assert_eq!((&record["body"], &record["cache"]), (&json!(key), &json!(want)));
        }
    }
}
