//! What operators of sites are told of us, and how much they are asked for.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_contact_goes_along_with_every_request_and_the_rules_for_fetchall_hold() {
    let other = Site::start(|_| Reply::text("x")).await;
    let there = other.url("/");
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: fetchall\nDisallow: /private\n"),
        "/away" => Reply::redirect(302, &there),
        _ => Reply::text("x"),
    })
    .await;
    let urls = [site.url("/away"), site.url("/private")];
    let agent = concat!("fetchall/", env!("CARGO_PKG_VERSION"), " (+mailto:bot@who.example)");
    let flags = ["--robots=obey", "--contact=bot@who.example"];
    let run = fetchall(urls.iter().map(String::as_str).chain(flags)).run().await;
    assert_eq!((run.exit, &run.record(1)["skip"]["code"]), (0, &json!("robots.disallowed")), "{run}");
    let asks: Vec<_> = site.asks().into_iter().chain(other.asks()).collect();
    assert_eq!(asks.len(), 4, "{asks:?}");
    for ask in asks {
        assert_eq!((ask.header("user-agent"), ask.header("from")), (Some(agent), Some("bot@who.example")), "{ask:?}");
    }
    let own = ["-H", "User-Agent: Wren/2", "--contact", "https://who.example/bot"];
    fetchall([&site.url("/own")[..]].into_iter().chain(own)).run().await;
    let ask = site.asks().pop().unwrap();
    assert_eq!(ask.header("user-agent"), Some("Wren/2 (+https://who.example/bot)"));
    assert_eq!(ask.header("from"), None);
}

#[tokio::test]
async fn what_is_no_contact_is_told_and_nothing_is_sent() {
    let site = Site::start(|_| Reply::text("x")).await;
    for command in [&["fetch"][..], &["crawl"], &["check"]] {
        let url = site.url("/");
        let run = fetchall(command.iter().copied().chain([&url[..], "--contact=who"])).run().await;
        assert_eq!((run.exit, site.connections()), (2, 0), "{run}");
        assert!(run.stderr.contains("--contact: is neither a mail address nor a URL"), "{run}");
    }
}

#[tokio::test]
async fn a_host_is_left_alone_for_a_multiple_of_what_it_took() {
    let site = Site::start(|_| Reply::text("x").after(ms(60))).await;
    let urls = ["/1", "/2", "/3"].map(|path| site.url(path));
    let run = fetchall(urls.iter().map(String::as_str).chain(["--delay=3x", "--with=attempts"])).run().await;
    assert_eq!((run.exit, site.most_at_once()), (0, 1), "{run}");
    // Three answers of 60 ms, and two pauses three times as long.
    assert!(run.wall >= ms(540), "{run}");
    assert_eq!(run.record(2)["attempt_log"][0]["wait_for"], "host_rate");
}

/// A site of so many pages that says 429 to whatever comes while it serves two requests already.
async fn strict(pages: usize) -> (Site, Arc<AtomicUsize>) {
    let refused = Arc::new(AtomicUsize::new(0));
    let counter = refused.clone();
    let all: String = (0..pages).map(|n| format!("<a href=/{n}>x</a>")).collect();
    let busy: Mutex<Vec<Instant>> = Mutex::default();
    let site = Site::start(move |ask| {
        let (mut busy, now, took) = (busy.lock().unwrap(), Instant::now(), ms(15));
        busy.retain(|until| *until > now);
        if busy.len() >= 2 && ask.path != "/robots.txt" {
            counter.fetch_add(1, Relaxed);
            return Reply::status(429);
        }
        busy.push(now + took);
        Reply::html(if ask.path == "/" { all.as_str() } else { "" }).after(took)
    })
    .await;
    (site, refused)
}

#[tokio::test]
async fn a_crawl_that_adapts_finds_out_what_a_host_takes_and_has_every_page() {
    let (site, refused) = strict(100).await;
    let flags = ["--per-host=32", "--backoff=50ms..1s"];
    let run = fetchall(["crawl", &site.url("/"), "--adaptive=on"].into_iter().chain(flags)).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 101), "{run}");
    assert!(run.records().iter().all(|record| record["ok"] == true), "{run}");
    let few = refused.load(Relaxed);
    assert!((1..=40).contains(&few), "{few} refusals");
    // So many at once, and stubbornly, are refused again and again.
    let (site, refused) = strict(100).await;
    let run = fetchall(["crawl", &site.url("/")].into_iter().chain(flags)).run().await;
    assert!(run.exit == 1 && refused.load(Relaxed) > 2 * few, "{} and {few} refusals", refused.load(Relaxed));
}
