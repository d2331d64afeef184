//! Clocks that jump by hours, stand still, or sleep: waits last as long as the monotonic clock says.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::{kit::*, support::*};

/// Jumps ahead, back and ahead again, in the middle of things.
const JUMPS: &str = "0.2,7200 0.4,-7200 0.6,86400 0.8,-86400 1.0,3600";
const BACK: &str = "0.15,-10800";
const AHEAD: &str = "0.15,10800";

fn clocked(run: Fetchall, name: &str, steps: &str) -> Fetchall {
    run.env("LD_PRELOAD", library()).env(name, steps)
}

/// Every clock that may go wrong without a wait going wrong.
const WALLS: [&str; 4] = [JUMPS, BACK, AHEAD, "still"];

/// Nothing that took time took less than none, nor more than the run.
fn assert_times(run: &Run) {
    let wall = u64::try_from(run.wall.as_millis()).unwrap() + 1;
    for record in run.records() {
        let timings = record["timings"].as_object().expect("timings");
        for (name, value) in timings.iter().filter(|(_, value)| !value.is_null()) {
            let took = value.as_f64().unwrap();
            assert!((0.0..=wall as f64).contains(&took), "{name} {took} of {wall}: {record}");
        }
        let mut before = -1.0;
        for attempt in record["attempt_log"].as_array().into_iter().flatten() {
            let at = attempt["at_ms"].as_f64().unwrap();
            assert!(before < at && at <= wall as f64, "{record}");
            before = at;
        }
    }
}

#[tokio::test]
async fn a_backoff_lasts_as_long_as_it_should_whatever_the_clock_on_the_wall_does() {
    for steps in WALLS {
        let site = Site::start(|ask| if ask.hit < 2 { Reply::status(500) } else { Reply::text("x") }).await;
        let args = [&site.url("/")[..], "--backoff=400ms..400ms", "--with=attempts", "-q"];
        let run = clocked(fetchall(args), "REAL_CLOCK", steps).run().await;
        assert!(run.exit == 0 && run.wall < secs(4), "{steps}: {run}");
        assert_eq!(run.record(0)["attempts"], 3);
        assert_times(&run);
    }
}

#[tokio::test]
async fn seconds_of_retry_after_are_seconds_and_a_rate_is_a_rate() {
    for steps in WALLS {
        let site = Site::start(|ask| match (ask.path.as_str(), ask.hit) {
            ("/0", 0) => Reply::status(429).header("retry-after", "1"),
            _ => Reply::text("x"),
        })
        .await;
        let list: String = (0..8).map(|n| site.url(&format!("/{n}")) + "\n").collect();
        let run = clocked(fetchall(["-", "--rate-per-host=10/s", "-q"]).stdin(list), "REAL_CLOCK", steps).run().await;
        assert!(run.exit == 0 && (ms(900)..secs(5)).contains(&run.wall), "{steps}: {run}");
        assert_times(&run);
        let asks = site.asks();
        let limited = asks.iter().find(|ask| ask.path == "/0" && ask.hit == 0).unwrap().at;
        let again = asks.iter().find(|ask| ask.path == "/0" && ask.hit == 1).unwrap().at;
        assert!(again - limited >= ms(950), "{steps}: asked again after {:?}", again - limited);
        let mut times: Vec<_> = asks.iter().map(|ask| ask.at).collect();
        times.sort();
        // Two at once are a burst that the clock of the server cannot tell from jitter; four are not.
        assert!(times.windows(4).all(|four| four[3] - four[0] >= ms(150)), "{steps}: {times:?}");
    }
}

#[tokio::test]
async fn limits_of_time_are_kept_whatever_the_clock_on_the_wall_does() {
    for steps in WALLS {
        let site = Site::start(|_| Reply::text("x").after(secs(30))).await;
        for (flags, exit, code) in [
            (["--timeout=700ms", "--retries=0"], 1, "timeout.headers"),
            (["--url-timeout=700ms", "--retries=3"], 1, "timeout.total"),
            (["--deadline=700ms", "--retries=0"], 5, "cancelled"),
        ] {
            let run =
                clocked(fetchall([&site.url("/")[..], flags[0], flags[1], "-q"]), "REAL_CLOCK", steps).run().await;
            assert!((ms(600)..secs(3)).contains(&run.wall), "{steps} {flags:?}: {run}");
            assert_eq!(run.exit, exit, "{steps} {flags:?}: {run}");
            let found = run.record(0);
            let found = found["error"]["code"].as_str().or(found["skip"]["code"].as_str()).unwrap().to_owned();
            assert!(
                found == code || found.starts_with("timeout.") || found == "budget.deadline",
                "{steps} {flags:?}: {found}"
            );
            assert_times(&run);
        }
    }
}

#[tokio::test]
async fn a_date_of_retry_after_is_told_by_the_clock_of_the_server_that_says_it() {
    // Ours is hours off, either way; the server asks for two seconds by its own.
    for off in ["0,-7200", "0,7200", "0,-86400000"] {
        let site = Site::start(|ask| match ask.hit {
            0 => {
                let now = SystemTime::now();
                let date = |time| httpdate::fmt_http_date(time);
                Reply::status(503).header("date", &date(now)).header("retry-after", &date(now + Duration::from_secs(2)))
            }
            _ => Reply::text("x"),
        })
        .await;
        let run = clocked(fetchall([&site.url("/")[..], "-q"]), "REAL_CLOCK", off).run().await;
        assert!(run.exit == 0, "{off}: {run}");
        assert!((ms(1_800)..secs(5)).contains(&run.wall), "{off}: {:?}", run.wall);
    }
    // A server that does not say what time it is: by ours, and bounded.
    let site = Site::start(|ask| match ask.hit {
        0 => Reply::status(503).header("retry-after", &httpdate::fmt_http_date(SystemTime::now())),
        _ => Reply::text("x"),
    })
    .await;
    let run =
        clocked(fetchall([&site.url("/")[..], "-q", "--retry-after-max=2s"]), "REAL_CLOCK", "0,-7200").run().await;
    assert!(run.exit == 1 && run.wall < secs(3), "{run}");
    assert!(run.record(0)["error"]["message"].as_str().unwrap().contains("Retry-After"), "{run}");
}

#[tokio::test]
async fn a_machine_that_was_suspended_goes_on() {
    let site = Site::start(|ask| Reply::text("x").after(ms(if ask.path == "/slow" { 1500 } else { 20 }))).await;
    let list: String = (0..40).map(|n| site.url(&format!("/{n}")) + "\n").collect::<String>() + &site.url("/slow");
    // An hour by the wall, and none by the clock that waits are told by.
    let run = clocked(fetchall(["-", "-q", "--rate=40/s", "--deadline=20s"]).stdin(list.clone()), "SLEEP", "0.4,3600");
    let run = run.run().await;
    assert!(run.exit == 0 && run.records().len() == 41, "{run}");
    assert_times(&run);
    // A clock that stands still is waited for, and nothing is sent faster or lost.
    let run = clocked(fetchall(["-", "-q", "--rate=40/s"]).stdin(list.clone()), "STALL", "0.4,1").run().await;
    assert!(run.exit == 0 && run.records().len() == 41, "{run}");
    assert!((ms(1_800)..secs(8)).contains(&run.wall), "{:?}", run.wall);
    // Stopped and gone on with, as a lid that is closed and opened.
    let child = fetchall(["-", "-q", "--rate=40/s"]).stdin(list).start();
    tokio::time::sleep(ms(400)).await;
    child.signal(Signal::STOP);
    tokio::time::sleep(secs(2)).await;
    child.signal(Signal::CONT);
    let run = child.wait().await;
    assert!(run.exit == 0 && run.records().len() == 41, "{run}");
    assert_times(&run);
}

#[tokio::test]
async fn what_is_kept_is_not_fresh_for_ever_when_the_clock_goes_back() {
    let site = Site::start(|_| Reply::text("x").header("cache-control", "max-age=60")).await;
    let shelf = Shelf::new();
    let url = site.url("/");
    let asked = async |off: &str, more: &[&str]| {
        let before = site.asks().len();
        let run = shelf.fetchall(&[&[url.as_str(), "--cache=cache", "-q"], more].concat());
        let run = clocked(run, "REAL_CLOCK", off).run().await;
        assert_eq!(run.exit, 0, "{run}");
        assert_times(&run);
        site.asks().len() - before
    };
    assert_eq!(asked("0,0", &[]).await, 1);
    assert_eq!(asked("0,30", &[]).await, 0, "it is fresh");
    assert_eq!(asked("0,3600", &["--max-age=2h"]).await, 0);
    assert_eq!(asked("0,-86400", &["--max-age=2h"]).await, 1, "it comes from the future: nobody knows how old it is");
    // It was kept yesterday now, and today is later again.
    assert_eq!(asked("0,0", &[]).await, 1);
    assert_eq!(asked("0,3600", &[]).await, 1, "an hour is more than a minute");
    assert_eq!(asked("0,-3600", &[]).await, 1);
}

#[tokio::test]
async fn a_cookie_ends_by_the_clock_and_one_for_a_session_does_not() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/set" => {
            Reply::text("x").header("set-cookie", "short=1; Max-Age=600").header("set-cookie", "long=1; Max-Age=86400")
        }
        _ => Reply::text("x"),
    })
    .await;
    let shelf = Shelf::new();
    let (set, get) = (site.url("/set"), site.url("/get"));
    let run = shelf.fetchall(&[&set, "--cookies=jar.txt", "-q"]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for (off, wanted) in
        [("0,-7200", vec!["long=1", "short=1"]), ("0,0", vec!["long=1", "short=1"]), ("0,7200", vec!["long=1"])]
    {
        let run = clocked(shelf.fetchall(&[&get, "--cookies=jar.txt", "-q"]), "REAL_CLOCK", off).run().await;
        assert_eq!(run.exit, 0, "{run}");
        let ask = site.asks().pop().unwrap();
        let mut sent: Vec<&str> = ask.header("cookie").unwrap_or_default().split("; ").collect();
        sent.sort_unstable();
        assert_eq!(sent, wanted, "{off}");
    }
}

#[tokio::test]
async fn a_journal_and_its_outputs_agree_whatever_the_clocks_do() {
    for (name, steps) in [("REAL_CLOCK", JUMPS), ("REAL_CLOCK", "still"), ("SLEEP", "0.3,7200"), ("STALL", "0.2,1")] {
        let place = Place::with(300).await;
        let args = ["--state=run.db", "-o", "out.jsonl", "--rate=250/s", "-q"];
        let mut child = clocked(place.fetchall(&args), name, steps).start();
        if place.asked(100, &mut child).await {
            child.signal(Signal::KILL);
        }
        child.wait().await;
        let run = clocked(place.fetchall(&args), name, steps).run().await;
        assert_eq!(run.exit, 1, "{name} {steps}: {run}");
        let records: Vec<Value> = place.records("out.jsonl");
        assert_whole(&records, 300);
    }
}
