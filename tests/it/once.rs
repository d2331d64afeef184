//! What is not idempotent is sent once, whatever becomes of it.

use crate::support::*;

/// Trouble of every kind, by the path.
fn trouble(ask: &Ask) -> Reply {
    match ask.path.trim_start_matches('/') {
        "500" => Reply::status(500),
        "503" => Reply::status(503).header("retry-after", "0"),
        "429" => Reply::status(429),
        "429-now" => Reply::status(429).header("retry-after", "0"),
        "close" => Reply::close(),
        "reset" => Reply::reset(),
        "cut" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort"),
        "garbage" => Reply::raw("what?\r\n\r\n"),
        "silence" => Reply::stall(""),
        "stall" => Reply::stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort"),
        "crowd" => (0..150).fold(Reply::status(500), |reply, n| reply.header(&format!("x-{n}"), "v")),
        _ => Reply::status(404),
    }
}

const KINDS: [&str; 11] =
    ["500", "503", "429", "429-now", "close", "reset", "cut", "garbage", "silence", "stall", "crowd"];

#[tokio::test]
async fn a_post_or_patch_is_sent_once_and_a_put_as_often_as_it_may() {
    for (method, times) in [("POST", 1), ("PATCH", 1), ("PUT", 3)] {
        let site = Site::start(trouble).await;
        let urls: String = KINDS.map(|kind| site.url(&format!("/{kind}\n"))).concat();
        let flags = ["-", "-X", method, "-d", "x", "-r2", "--backoff=1ms..2ms", "-t300ms", "--host-errors=0"];
        let run = fetchall(flags).stdin(urls).run().await;
        assert_eq!((run.exit, run.records().len()), (1, KINDS.len()), "{run}");
        for kind in KINDS {
            let hits = site.hits(&format!("/{kind}"));
            // Being told "now" costs no try.
            let most = match kind {
                "429-now" | "503" => 12,
                // Once a run it is found out that a head needs room.
                "crowd" => times + 1,
                // Each may meet some connections that are kept, and is then repeated unseen.
                "close" | "reset" => 9 * times,
                _ => times,
            };
            assert!(if times == 1 { hits == 1 } else { (times..=most).contains(&hits) }, "{method} {kind}: {hits}");
        }
    }
}

#[tokio::test]
async fn a_post_that_meets_a_connection_being_closed_is_not_sent_again() {
    // The second request on each connection is read and not answered.
    let served = std::sync::Mutex::new(std::collections::HashMap::new());
    let site = Site::start(move |ask| {
        let mut served = served.lock().unwrap();
        let count = served.entry(ask.peer).or_insert(0);
        *count += 1;
        if *count % 2 == 0 { Reply::close() } else { Reply::text("x") }
    })
    .await;
    let urls: String = (0..20).map(|n| site.url(&format!("/{n}\n"))).collect();
    let run = fetchall(["-", "-r2", "-c1", "-d", "x", "--backoff=1ms..2ms"]).stdin(urls).run().await;
    assert_eq!(run.records().len(), 20, "{run}");
    assert!((0..20).all(|n| site.hits(&format!("/{n}")) == 1), "{run}");
    assert!(run.records().iter().any(|record| record["error"]["code"] == "protocol.empty"), "{run}");
}

#[tokio::test]
async fn what_was_refused_before_it_was_sent_is_tried_again_and_so_is_what_the_user_says() {
    let run = fetchall(["http://127.0.0.1:1/", "-d", "x", "-r2", "--backoff=1ms..2ms"]).run().await;
    assert_eq!(run.record(0)["attempts"], 3, "{run}");
    let site = Site::start(trouble).await;
    let flags = ["-d", "x", "-r2", "--backoff=1ms..2ms", "--retry-unsafe"];
    fetchall([site.url("/close").as_str()].into_iter().chain(flags)).run().await;
    assert_eq!(site.hits("/close"), 3);
}
