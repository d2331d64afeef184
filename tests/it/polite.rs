//! What operators of sites are told of us, and how much they are asked for.

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
