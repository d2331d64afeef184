//! The law (one request in, exactly one record out) and the schedule, over a wire that is not
//! there and under a clock that does not run by itself.

use std::{
    collections::HashMap,
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use futures::{StreamExt as _, stream};
use http::HeaderMap;
use tokio::time::{Instant, sleep};

use super::{Engine, Launched, Stop};
use crate::{
    fetch::Wire,
    model::{Ask, Body, Code, Exchange, Failure, Head, Record, Request, exchange::Phases, record::Outcome},
    page::Stage,
    settings::{Adaptive, Dedupe, MaxFailures, Order, Settings},
};

/// What the wire has seen.
#[derive(Debug, Default)]
struct Log {
    asked: HashMap<String, u32>,
    now: HashMap<String, usize>,
    most: HashMap<String, usize>,
}

/// Answers by the path: `/ok/5` after 5 ms, `/flaky/2` fails twice, `/to/HOST` redirects,
/// `/later/2` says 429 with Retry-After of 2 s once, `/refused`, `/panic`, `/never`.
#[derive(Debug, Default)]
struct Script {
    log: Mutex<Log>,
}

impl Wire for Script {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let host = ask.url.host_str().unwrap_or_default().to_owned();
        let count = {
            let mut log = self.log.lock().unwrap();
            let now = log.now.entry(host.clone()).or_default();
            *now += 1;
            let now = *now;
            let most = log.most.entry(host.clone()).or_default();
            *most = now.max(*most);
            let count = log.asked.entry(ask.url.to_string()).or_default();
            *count += 1;
            *count
        };
        let _landing = Landing(&self.log, host);
        answer(&ask, count).await
    }
}

/// Counts an exchange out, panics included.
struct Landing<'a>(&'a Mutex<Log>, String);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let Some(now) = self.0.lock().unwrap().now.get_mut(&self.1) {
            *now -= 1;
        }
    }
}

async fn answer(ask: &Ask, count: u32) -> Exchange {
    let mut parts = ask.url.path_segments().unwrap();
    let (kind, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let millis = number.parse().unwrap_or(20);
    let fail = |code| Exchange::failed(SystemTime::now(), Failure::new(code, "scripted"));
    sleep(Duration::from_millis(if kind == "ok" { millis } else { 20 })).await;
    match kind {
        "flaky" if u64::from(count) <= millis => fail(Code::ConnectReset),
        "refused" => fail(Code::ConnectRefused),
        "missing" => response(404, &[]),
        "to" => response(302, &[("location", &format!("http://{number}/ok/20/{}", parts.next().unwrap_or_default()))]),
        "later" if count == 1 => response(429, &[("retry-after", number)]),
        "panic" => panic!("scripted"),
        "never" => std::future::pending().await,
        _ => response(200, &[]),
    }
}

fn response(status: u16, fields: &[(&str, &str)]) -> Exchange {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    Exchange {
        phases: Phases::default(),
        head: Some(Head { status, version: http::Version::HTTP_11, headers }),
        body: Some(Body::default()),
        failure: None,
        ..Exchange::failed(SystemTime::now(), Failure::new(Code::Cancelled, ""))
    }
}

fn settings(slots: usize, per_host: usize) -> Settings {
    let mut settings = Settings::default();
    settings.limits.in_flight = NonZeroUsize::new(slots).unwrap();
    settings.limits.host.in_flight = NonZeroUsize::new(per_host).unwrap();
    settings
}

fn launch(settings: Settings, urls: Vec<String>) -> (Launched, Arc<Script>) {
    let wire = Arc::new(Script::default());
    let engine = Engine::new(Arc::new(settings), Arc::clone(&wire), None, Arc::new(Stage::new(1)));
    (engine.start(stream::iter(urls.into_iter().map(|url| Ok(Request::get(url)))).boxed()), wire)
}

async fn collect(mut launched: Launched) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some(record) = launched.records.recv().await {
        records.push(record);
    }
    launched.end.await.unwrap();
    records
}

async fn run(settings: Settings, urls: Vec<String>) -> Vec<Record> {
    collect(launch(settings, urls).0).await
}

/// One record for each position from 0, no more, no fewer.
fn assert_law(records: &[Record], count: usize) {
    let mut seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (0..count as u64).collect::<Vec<_>>());
}

fn mixed(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| match n {
            101 => "http://h3/later/2".to_owned(),
            n if n % 5 == 0 => format!("http://h{}/flaky/2/{n}", n % 9),
            n if n % 7 == 0 => format!("http://h{}/to/h{}/{n}", n % 9, (n + 1) % 9),
            n if n % 11 == 0 => format!("http://h{}/missing/0/{n}", n % 9),
            n if n % 13 == 0 => "not a url".to_owned(),
            n if n % 17 == 0 => format!("http://h{}/panic/0/{n}", n % 9),
            n => format!("http://h{}/ok/20/{n}", n % 9),
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn one_request_in_one_record_out_whatever_happens() {
    let (launched, wire) = launch(settings(50, 2), mixed(1000));
    let records = collect(launched).await;
    assert_law(&records, 1000);
    assert!(wire.log.lock().unwrap().most.values().all(|most| *most <= 2));
    let of = |path: &str| records.iter().filter(|record| record.input.contains(path)).collect::<Vec<_>>();
    assert!(of("/flaky/").iter().all(|record| record.ok && record.attempts == 3));
    assert!(of("/to/").iter().all(|record| record.ok && record.redirects.len() == 1 && record.attempts == 1));
    assert!(of("/panic/").iter().all(|record| record.error.as_ref().unwrap().code == Code::InternalPanic));
    assert!(of("not a url").iter().all(|record| record.error.as_ref().unwrap().code == Code::UrlInvalid));
    let later = of("/later/");
    assert!(later[0].ok && later[0].attempts == 2, "{later:?}");
}

#[tokio::test(start_paused = true)]
async fn input_order_is_kept_when_asked_for() {
    let mut settings = settings(20, 4);
    settings.choose.order = Order::Input;
    settings.limits.window = NonZeroUsize::new(100).unwrap();
    let records = run(settings, mixed(500)).await;
    let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (0..500).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn waiting_holds_no_slot() {
    let mut urls: Vec<String> = (0..8).map(|n| format!("http://slow{n}/later/30")).collect();
    urls.extend((0..80).map(|n| format!("http://fast/ok/10/{n}")));
    let begun = Instant::now();
    let (mut launched, _) = launch(settings(8, 8), urls);
    let mut fast_done = Duration::ZERO;
    while let Some(record) = launched.records.recv().await {
        if record.input.contains("fast") {
            fast_done = begun.elapsed();
        }
    }
    assert!(fast_done < Duration::from_secs(1), "{fast_done:?}");
    assert!(begun.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn numbers_at_once_that_are_found_out_grow_up_to_the_caps_and_no_further() {
    let urls = |host: &str| (0..4000).map(|n| format!("http://{host}/ok/50/{n}")).collect::<Vec<_>>();
    for (adaptive, slots, per_host, least) in
        [(Adaptive::All, 1024, 100, 95), (Adaptive::All, 60, 100, 55), (Adaptive::Hosts, 64, 40, 40)]
    {
        let mut settings = settings(slots, per_host);
        settings.limits.adaptive = adaptive;
        let (launched, wire) = launch(settings, urls("h"));
        let begun = Instant::now();
        assert_law(&collect(launched).await, 4000);
        let most = wire.log.lock().unwrap().most["h"];
        assert!(most >= least && most <= slots.min(per_host), "{adaptive:?}: {most} at once");
        // 50 ms each; a second for finding out.
        let ideal = Duration::from_millis(50) * 4000 / u32::try_from(most).unwrap();
        assert!(begun.elapsed() < ideal + Duration::from_secs(1), "{adaptive:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn many_new_hosts_do_not_open_everything_at_once() {
    let mut settings = settings(1024, 512);
    settings.limits.adaptive = Adaptive::All;
    let urls: Vec<String> = (0..2000).map(|n| format!("http://h{}/ok/1000/{n}", n % 500)).collect();
    let (launched, _) = launch(settings, urls);
    let handle = launched.handle.clone();
    let watch = tokio::spawn(async move {
        sleep(Duration::from_millis(500)).await;
        handle.progress().in_flight
    });
    assert_law(&collect(launched).await, 2000);
    assert_eq!(watch.await.unwrap(), 32);
}

#[tokio::test(start_paused = true)]
async fn repeats_are_skipped_and_name_the_first() {
    let urls: Vec<String> = ["http://h/ok/1", "http://h/ok/2", "http://h:80/ok/1#x"].map(str::to_owned).into();
    let records = run(settings(8, 8), urls.clone()).await;
    let repeat = records.iter().find(|record| record.seq == 2).unwrap();
    assert_eq!((repeat.outcome, repeat.skip.as_ref().unwrap().of, repeat.ok), (Outcome::Skipped, Some(0), true));
    let mut all = settings(8, 8);
    all.choose.dedupe = Dedupe::Off;
    assert!(run(all, urls).await.iter().all(|record| record.outcome == Outcome::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_stops_the_reading_of_the_source() {
    let read = Arc::new(Mutex::new(0_u64));
    let counter = Arc::clone(&read);
    let source = stream::iter(0..1_000_000).map(move |n| {
        *counter.lock().unwrap() += 1;
        Ok(Request::get(format!("http://h{}/ok/1/{n}", n % 100)))
    });
    let mut settings = settings(64, 8);
    settings.limits.window = NonZeroUsize::new(100).unwrap();
    let engine = Engine::new(Arc::new(settings), Arc::new(Script::default()), None, Arc::new(Stage::new(1)));
    let launched = engine.start(source.boxed());
    sleep(Duration::from_secs(600)).await;
    let read_by_then = *read.lock().unwrap();
    assert!(read_by_then < 5_000, "{read_by_then} read though nobody takes the records");
    launched.handle.stop(Stop::Asked);
    let records = collect(launched).await;
    let read = *read.lock().unwrap();
    assert_law(&records, usize::try_from(read).unwrap());
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_it_gives_what_is_in_flight_five_seconds() {
    let mut urls: Vec<String> = (0..3).map(|n| format!("http://a{n}/ok/3000")).collect();
    urls.push("http://b/never".to_owned());
    urls.extend((0..100).map(|n| format!("http://c/ok/1000/{n}")));
    let (launched, _) = launch(settings(5, 1), urls);
    let handle = launched.handle.clone();
    let begun = Instant::now();
    let stopper = tokio::spawn(async move {
        sleep(Duration::from_millis(500)).await;
        handle.stop(Stop::Asked);
    });
    let records = collect(launched).await;
    stopper.await.unwrap();
    assert_eq!(begun.elapsed().as_millis(), 5500);
    assert_law(&records, 104);
    assert_eq!(records.iter().filter(|record| record.ok).count(), 4);
    let cancelled =
        records.iter().filter(|record| record.error.as_ref().is_some_and(|error| error.code == Code::Cancelled));
    assert_eq!(cancelled.count(), 100);
}

#[tokio::test(start_paused = true)]
async fn first_failures_and_deadline_end_a_run_at_once() {
    let urls: Vec<String> = (0..50).map(|n| format!("http://h{n}/ok/{}", 10 * (n + 1))).collect();
    let mut first = settings(50, 8);
    first.choose.first = NonZeroU32::new(3);
    let records = run(first, urls.clone()).await;
    assert_law(&records, 50);
    assert_eq!(records.iter().filter(|record| record.outcome == Outcome::Ok).count(), 3);
    assert!(records.iter().all(|record| record.ok));

    let mut failing = settings(1, 8);
    failing.choose.max_failures = Some(MaxFailures::Count(NonZeroU32::MIN));
    let mut with_missing = urls.clone();
    with_missing[2] = "http://h2/missing".to_owned();
    let records = run(failing, with_missing).await;
    assert_law(&records, 50);
    assert_eq!(records.iter().filter(|record| record.outcome == Outcome::Ok).count(), 2);

    let mut short = settings(1, 8);
    short.times.run = Some(Duration::from_millis(95));
    let begun = Instant::now();
    let records = run(short, urls).await;
    assert_law(&records, 50);
    assert!(begun.elapsed() < Duration::from_millis(100));
    let codes: Vec<_> = records.iter().filter_map(|record| record.skip.as_ref().map(|skip| skip.code)).collect();
    assert_eq!(codes.iter().filter(|code| **code == Code::BudgetDeadline).count(), codes.len());
    assert!(codes.len() >= 45);
}

#[tokio::test(start_paused = true)]
async fn more_skips_at_once_than_the_outbox_holds_do_not_stop_a_run() {
    let mut settings = settings(8, 8);
    settings.retry.retries = 0;
    let (launched, _) = launch(settings, (0..20_000).map(|n| format!("http://dead/refused/0/{n}")).collect());
    let records = tokio::time::timeout(Duration::from_secs(3600), collect(launched)).await.expect("the run hangs");
    assert_law(&records, 20_000);
}

#[tokio::test(start_paused = true)]
async fn the_retry_budget_bounds_a_run() {
    let mut settings = settings(16, 16);
    settings.retry.budget_percent = 10;
    settings.limits.host_errors = 0;
    let (launched, _) = launch(settings, (0..1000).map(|n| format!("http://h/refused/0/{n}")).collect());
    let handle = launched.handle.clone();
    assert_law(&collect(launched).await, 1000);
    assert_eq!(handle.progress().retries, 300, "a reserve of 200 and a tenth of 1,000");
}

#[tokio::test(start_paused = true)]
async fn no_time_is_too_long() {
    let mut settings = settings(4, 4);
    settings.times.attempt = Duration::MAX;
    settings.times.url = Some(Duration::MAX);
    settings.limits.host.delay = Duration::MAX;
    let records = run(settings.clamped(), vec!["http://h/ok/1".to_owned()]).await;
    assert!(records[0].ok);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_reader_ends_the_run() {
    let (launched, wire) = launch(settings(4, 4), (0..1000).map(|n| format!("http://h/ok/1000/{n}")).collect());
    sleep(Duration::from_millis(1500)).await;
    drop(launched.records);
    let end = launched.end.await.unwrap();
    assert_eq!(end.stopped, Some(Stop::Gone));
    assert!(wire.log.lock().unwrap().asked.len() <= 8);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_breaks_ends_the_run_and_says_so() {
    let broken =
        Err(crate::source::SourceError::Read { name: "list".into(), source: std::io::Error::other("disk on fire") });
    let source = stream::iter([Ok(Request::get("http://h/ok/1")), broken, Ok(Request::get("http://h/ok/2"))]);
    let engine = Engine::new(Arc::new(settings(4, 4)), Arc::new(Script::default()), None, Arc::new(Stage::new(1)));
    let mut launched = engine.start(source.boxed());
    assert!(launched.records.recv().await.unwrap().ok);
    assert!(launched.records.recv().await.is_none());
    assert!(launched.end.await.unwrap().source_error.unwrap().contains("disk on fire"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn the_law_holds_for_any_mix_and_any_stop(
        kinds in proptest::collection::vec(0..8u8, 1..150),
        slots in 1..12usize,
        per_host in 1..4usize,
        ordered in proptest::bool::ANY,
        stop_at in proptest::option::of(0..3000u64),
        slow_reader in proptest::bool::ANY,
        adaptive in proptest::sample::select(vec![Adaptive::Off, Adaptive::Hosts, Adaptive::All]),
    ) {
        let urls: Vec<String> = kinds.iter().enumerate().map(|(n, kind)| match kind {
            0 => format!("http://h{}/flaky/1/{n}", n % 4),
            1 => format!("http://h{}/to/h{}/{n}", n % 4, (n + 1) % 4),
            2 => "http://".to_owned(),
            3 => format!("http://h{}/panic/0/{n}", n % 4),
            4 => "http://h0/later/1".to_owned(),
            5 => format!("http://dead/refused/0/{n}"),
            _ => format!("http://h{}/ok/{}/{n}", n % 4, n % 90),
        }).collect();
        let count = urls.len();
        let mut settings = settings(slots, per_host);
        if ordered { settings.choose.order = Order::Input; }
        settings.limits.adaptive = adaptive;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let records = runtime.block_on(async move {
            let (mut launched, _) = launch(settings, urls);
            let handle = launched.handle.clone();
            if let Some(at) = stop_at {
                tokio::spawn(async move { sleep(Duration::from_millis(at)).await; handle.stop(Stop::Asked) });
            }
            let mut records = Vec::new();
            while let Some(record) = launched.records.recv().await {
                if slow_reader { sleep(Duration::from_millis(7)).await; }
                records.push(record);
            }
            (records, launched.handle.progress())
        });
        let (records, progress) = records;
        proptest::prop_assert_eq!(progress.read, records.len() as u64);
        proptest::prop_assert_eq!(progress.finished, progress.ok + progress.failed + progress.skipped);
        let mut seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
        if ordered { proptest::prop_assert!(seqs.is_sorted()); }
        seqs.sort_unstable();
        proptest::prop_assert_eq!(&seqs, &(0..progress.read).collect::<Vec<_>>());
        if stop_at.is_none() { proptest::prop_assert_eq!(records.len(), count); }
    }
}

mod hooks;
mod law;
mod live;
mod recall;
mod robots;
