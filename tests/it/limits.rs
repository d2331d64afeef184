//! How much at once, how fast, for how long.

use serde_json::json;

use crate::support::*;

fn list(site: &Site, count: usize) -> String {
    (0..count).map(|n| site.url(&format!("/{n}")) + "\n").collect()
}

#[tokio::test]
async fn caps_hold_as_the_server_counts() {
    let site = Site::start(|_| Reply::text("x").after(ms(20))).await;
    let run = fetchall(["-", "-c32", "--per-host=5"]).stdin(list(&site, 100)).run().await;
    assert_eq!((run.exit, site.most_at_once()), (0, 5), "{run}");
    let run = fetchall(["-", "-c3", "--per-host=50"]).stdin(list(&site, 30)).run().await;
    assert_eq!(run.exit, 0);
    let named = format!("--per-host={}=2", site.addr());
    let other = Site::start(|_| Reply::text("x").after(ms(20))).await;
    fetchall(["-", "-c32", &named]).stdin(list(&other, 40) + &list(&site, 40)).run().await;
    assert!(other.most_at_once() > 2);
}

#[tokio::test]
async fn connections_that_nobody_waits_for_do_not_pile_up_over_many_hosts() {
    let site = Site::start(|_| Reply::text("x")).await;
    let port = site.addr().port();
    let mut args = vec!["-".to_owned(), "-c4".to_owned()];
    args.extend((0..60).map(|n| format!("--resolve=h{n}.example:{port}:127.0.0.1")));
    let urls = (0..60).map(|n| format!("http://h{n}.example:{port}/{n}\n")).collect::<String>();
    let run = fetchall(args).stdin(urls).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 60), "{run}");
    // Four under way, the last four idle, and what the server has not seen closed yet.
    assert!(site.most_open() <= 16, "{} open at once", site.most_open());
}

#[tokio::test]
async fn a_rate_is_kept_by_the_clock_of_the_server() {
    let site = Site::start(|_| Reply::text("x")).await;
    let run = fetchall(["-", "--rate-per-host=50/s"]).stdin(list(&site, 60)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let asks = site.asks();
    for (index, first) in asks.iter().enumerate() {
        let within = asks[index..].iter().filter(|ask| ask.at - first.at < ms(1000)).count();
        assert!(within <= 51, "{within} within a second");
    }
    assert!(run.wall >= ms(1150), "{:?}", run.wall);
    let delayed = Site::start(|_| Reply::text("x")).await;
    fetchall(["-", "--delay=50ms"]).stdin(list(&delayed, 10)).run().await;
    let asks = delayed.asks();
    // The server's clock may be late for one of them, but not for the whole.
    assert!(asks[9].at - asks[0].at >= ms(9 * 50 - 20));
}

/// The rate over any window of its length, by the clock of the server, which may see one come late.
#[tokio::test]
async fn a_rate_holds_in_every_window_over_retries_redirects_and_other_limits() {
    let site = Site::start(|ask| match ask.path.as_str() {
        // With an answer: a connection that is closed as it is used is another matter, see docs/politeness.md.
        path if path.starts_with("/flaky") && ask.hit == 0 => Reply::status(500),
        path if path.starts_with("/to") => Reply::redirect(302, "/flaky-target"),
        _ => Reply::text("x"),
    })
    .await;
    let urls: String = ["/to", "/flaky", "/ok"]
        .iter()
        .flat_map(|kind| (0..6).map(move |n| format!("{kind}{n}")))
        .map(|path| site.url(&path) + "\n")
        .collect();
    let run = fetchall(["-", "--rate-per-host=12/3s", "--rate=8/s", "--backoff=1ms..2ms"]).stdin(urls).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 18), "{run}");
    let asks = site.asks();
    // 18, six of them twice for a fault, six for a redirect, whose place fails once.
    assert_eq!(asks.len(), 31, "{run}");
    for (index, first) in asks.iter().enumerate() {
        // Half a spacing less than 3 s, since a busy machine sees one come late.
        let within = asks[index..].iter().filter(|ask| ask.at - first.at < ms(2870)).count();
        assert!(within <= 12, "{within} within 3 s");
    }
}

#[tokio::test]
async fn a_request_under_a_rate_is_never_repeated_unseen_for_its_crowded_head() {
    let site = Site::start(|_| (0..150).fold(Reply::text("x"), |reply, n| reply.header(&format!("x-{n}"), "y"))).await;
    for rate in ["--rate=20/s", "--rate-per-host=20/s", "--rate-per-host=127.0.0.1=20/s"] {
        let before = site.asks().len();
        let run = fetchall(["-", rate]).stdin(list(&site, 3)).run().await;
        assert_eq!((run.exit, site.asks().len() - before), (0, 3), "{rate}: {run}");
    }
}

#[tokio::test]
async fn a_slow_host_listed_first_holds_nobody_up() {
    let slow = Site::start(|_| Reply::text("x").after(ms(1500))).await;
    let fast = Site::start(|_| Reply::text("x")).await;
    let run = fetchall(["-", "-c8", "--per-host=2"]).stdin(list(&slow, 4) + &list(&fast, 100)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    // Two at once: the third is asked for when an answer of the slow host has come.
    let answered = slow.asks()[2].at;
    assert!(fast.asks().iter().all(|ask| ask.at < answered), "the fast host waited for the slow one");
}

#[tokio::test]
async fn ways_to_have_had_enough() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/3" => Reply::status(404),
        _ => Reply::text("x").after(ms(20)),
    })
    .await;
    let run = fetchall(["-", "-c1", "--fail-fast"]).stdin(list(&site, 20)).run().await;
    assert_eq!((run.exit, run.records().len()), (5, 20), "{run}");
    assert_eq!(run.record(19)["skip"]["code"], "budget.failures");
    let run = fetchall(["-", "-c1", "--max-failures=2"]).stdin(list(&site, 8)).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let run = fetchall(["-", "-c2", "--first=2"]).stdin(list(&site, 20)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(run.records().iter().filter(|record| record["outcome"] == "ok").count(), 2);
    let run = fetchall(["-", "-c1", "--deadline=150ms"]).stdin(list(&site, 50)).run().await;
    assert_eq!((run.exit, run.records().len()), (5, 50), "{run}");
    assert!(run.wall < secs(2));
    let run = fetchall(["-", "--limit=2"]).stdin(list(&site, 50)).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 2), "{run}");
}

#[tokio::test]
async fn a_straggler_does_not_give_a_living_host_up() {
    // One hangs from the start, many fail at once and open the breaker, then all is well.
    let site = Site::start(|ask| match ask.path.as_str() {
        "/hang" => Reply::close().after(ms(5500)),
        path if path.starts_with("/bad") => Reply::close(),
        _ => Reply::text("x"),
    })
    .await;
    let bad: String = (0..24).map(|n| site.url(&format!("/bad{n}\n"))).collect();
    let good: String = (0..20).map(|n| site.url(&format!("/good{n}\n"))).collect();
    let run = fetchall(["-", "-r0"]).stdin(site.url("/hang\n") + &bad + &good).run().await;
    let good = run.records().iter().filter(|record| record["outcome"] == "ok").count();
    assert_eq!((run.records().len(), good), (45, 20), "{run}");
}

#[tokio::test]
async fn a_dead_host_is_given_up_and_the_run_ends() {
    let urls: String = (0..200).map(|n| format!("http://127.0.0.1:1/{n}\n")).collect();
    let run = fetchall(["-", "-r0"]).stdin(urls).run().await;
    let records = run.records();
    let given_up = records.iter().filter(|record| record["skip"]["code"] == "budget.host").count();
    let refused = records.iter().filter(|record| record["error"]["code"] == "connect.refused").count();
    assert_eq!((records.len(), given_up + refused, run.exit), (200, 200, 1), "{run}");
    assert!((20..=60).contains(&refused), "{refused} refused");
    let never = fetchall(["-", "-r0", "--host-errors=0"])
        .stdin((0..100).map(|n| format!("http://127.0.0.1:1/{n}\n")).collect::<String>())
        .run()
        .await;
    assert!(never.records().iter().all(|record| record["error"]["code"] == "connect.refused"));
}

#[tokio::test]
async fn order_repeats_and_choice() {
    let site = Site::start(|ask| {
        let n: u64 = ask.path[1..].split('?').next().unwrap().parse().unwrap_or(0);
        Reply::text("x").after(ms(60 - n.min(6) * 10))
    })
    .await;
    let run = fetchall(["-", "--ordered"]).stdin(list(&site, 6)).run().await;
    let seqs: Vec<_> = run.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [0, 1, 2, 3, 4, 5]);
    let twice = format!("{0}\n{0}#frag\n{1}\n", site.url("/a%7e"), site.url("/a~"));
    let run = fetchall(["-"]).stdin(twice.clone()).run().await;
    assert_eq!(run.record(1)["skip"], json!({"code": "duplicate", "message": "the same request as number 0", "of": 0}));
    assert_eq!((run.exit, &run.record(2)["skip"]["of"], &run.record(1)["ok"]), (0, &json!(0), &json!(true)));
    let run = fetchall(["-", "--dedupe=none"]).stdin(twice).run().await;
    assert!(run.records().iter().all(|record| record["outcome"] == "ok"));
    let run = fetchall(["-", "--include=/[0-3]$", "--exclude=/2$"]).stdin(list(&site, 5)).run().await;
    let fetched: Vec<_> = run
        .records()
        .iter()
        .filter(|record| record["outcome"] == "ok")
        .map(|record| record["seq"].as_u64().unwrap())
        .collect();
    assert_eq!((fetched.len(), run.exit), (3, 0), "{run}");
    assert!(!fetched.contains(&2) && !fetched.contains(&4));
}

#[tokio::test]
async fn a_server_that_refuses_above_a_rate_is_asked_at_about_that_rate() {
    // 200 a second in a bucket of 20, at once: even one at a time would be refused most of the time.
    let bucket = std::sync::Mutex::new((20.0, std::time::Instant::now()));
    let site = Site::start(move |_| {
        let mut bucket = bucket.lock().unwrap();
        let now = std::time::Instant::now();
        let left = f64::min(bucket.0 + 200.0 * (now - bucket.1).as_secs_f64(), 20.0);
        let granted = left >= 1.0;
        *bucket = (left - f64::from(u8::from(granted)), now);
        if granted { Reply::text("x") } else { Reply::status(503) }
    })
    .await;
    let run = fetchall(["-", "-c", "auto", "-r5", "--retry-budget=100%"]).stdin(list(&site, 600)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let asked = site.asks().len();
    assert!(asked < 900, "{asked} asked for 600");
    assert!(run.wall < secs(8), "{:?} for what takes 3 s", run.wall);
}

#[tokio::test]
async fn auto_keeps_to_the_caps_that_are_typed() {
    let site = Site::start(|_| Reply::text("x").after(ms(20))).await;
    let run = fetchall(["-", "-c", "auto", "--per-host=12"]).stdin(list(&site, 400)).run().await;
    assert_eq!((run.exit, site.most_at_once()), (0, 12), "{run}");
    let other = Site::start(|_| Reply::text("x").after(ms(20))).await;
    let run = fetchall(["-", "-c", "auto"]).stdin(list(&other, 1000)).run().await;
    assert!(run.exit == 0 && other.most_at_once() > 32, "{} at once", other.most_at_once());
    let wrong = fetchall(["-", "-c", "auto", "--adaptive=off"]).stdin("").run().await;
    assert!(wrong.exit == 2 && wrong.stderr.contains("--adaptive"), "{wrong}");
}
