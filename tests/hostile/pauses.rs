//! Pauses that a server asks for: what waits, and what goes on meanwhile.

use crate::{
    run::{Run, fetchall},
    server::{Behaviour, Places, Port, Set, Step, ms, secs},
};

/// A port that answers 429 to the first request for `/`, and asks for a second.
async fn busy(set: Set) -> Port {
    let behaviour = Behaviour::plain("busy", "", |ask| match (ask.path.as_str(), ask.hit) {
        ("/", 0) => Step::answer(429, "retry-after: 1\r\n", ""),
        ("/robots.txt", _) => Step::answer(404, "", ""),
        ("/hop", _) => Step::answer(302, "location: /\r\n", ""),
        _ => Step::page("<title>in the end</title>"),
    });
    Port::open(behaviour.with(set), Places::default()).await.unwrap()
}

fn times(port: &Port, path: &str) -> usize {
    port.seen().asks.iter().filter(|ask| ask.path == path).count()
}

fn waited(run: &Run) {
    assert!(run.wall >= ms(1000) && run.wall < secs(6), "{run}");
}

#[tokio::test]
async fn a_host_that_asks_for_a_pause_holds_no_slot_and_the_pause_is_its_own() {
    let (busy, good) = (busy(Set::Fetch).await, Port::good().await.unwrap());
    let list: String = std::iter::once(busy.url("/\n")).chain((0..30).map(|n| good.url(&format!("/{n}\n")))).collect();
    let run = fetchall(["-", "-c1", "-r0"]).stdin(list + &busy.url("/later\n")).run().await;
    let seqs: Vec<_> = run.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!((run.exit, seqs.len()), (0, 32), "{run}");
    let [.., one, other] = &seqs[..] else { unreachable!() };
    assert_eq!([one.min(other), one.max(other)], [&0, &31], "the others did not wait, the host's own page did");
    assert_eq!(times(&busy, "/"), 2);
    waited(&run);
}

#[tokio::test]
async fn a_pause_behind_a_redirect_is_kept() {
    let busy = busy(Set::Fetch).await;
    let run = fetchall([&busy.url("/hop")[..], "-r0"]).run().await;
    assert_eq!((run.exit, times(&busy, "/")), (0, 2), "{run}");
    waited(&run);
}

#[tokio::test]
async fn a_pause_in_a_crawl_is_kept() {
    let busy = busy(Set::Crawl).await;
    let run = fetchall(["crawl", &busy.url("/"), "-r0"]).run().await;
    assert_eq!((run.exit, times(&busy, "/")), (0, 2), "{run}");
    waited(&run);
}

#[tokio::test]
async fn a_pause_in_a_check_is_kept() {
    let busy = busy(Set::Check).await;
    let page = format!("<a href='{}'>x</a>", busy.url("/"));
    let linking = Behaviour::plain("linking", "", move |_| Step::page(&page)).with(Set::Check);
    let linking = Port::open(linking, Places::default()).await.unwrap();
    let run = fetchall(["check", &linking.url("/"), "-r0", "--format=jsonl"]).run().await;
    assert_eq!((run.exit, times(&busy, "/")), (0, 2), "{run}");
    waited(&run);
}

#[tokio::test]
async fn a_pause_that_is_too_long_ends_the_request_at_once_wherever_it_comes_up() {
    let long = Behaviour::plain("long", "", |ask| match ask.path.as_str() {
        "/hop" => Step::answer(302, "location: /\r\n", ""),
        "/robots.txt" => Step::answer(404, "", ""),
        _ => Step::answer(429, "retry-after: 100000000000000000000\r\n", ""),
    });
    let long = Port::open(long.with(Set::Crawl), Places::default()).await.unwrap();
    for args in [vec![long.url("/")], vec![long.url("/hop")], vec!["crawl".into(), long.url("/")]] {
        let before = times(&long, "/");
        let run = fetchall(args).run().await;
        assert_eq!(run.record(0)["error"]["code"], "http.rate_limited", "{run}");
        let message = run.record(0)["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("Retry-After: more than a year: more than --retry-after-max"), "{message}");
        assert_eq!((times(&long, "/") - before, run.wall < secs(3)), (1, true), "{run}");
    }
}
