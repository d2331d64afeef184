//! What is shown of a run under way, and what it does as it is told, under a clock that does not run by itself.

use super::*;
use crate::{
    engine::{Change, Handle, Hold, Live, State, View},
    frontier::HostChange,
    model::Wait,
    settings::RobotsMode,
};

fn urls(list: &[&str]) -> Vec<String> {
    list.iter().map(|url| (*url).to_owned()).collect()
}

async fn at(ms: u64, handle: &Handle) -> View {
    sleep(Duration::from_millis(ms)).await;
    handle.look(100).await.unwrap()
}

fn one<'a>(view: &'a View, part: &str) -> &'a Live {
    view.requests.iter().find(|live| live.url.contains(part)).unwrap_or_else(|| panic!("no {part} in {view:#?}"))
}

fn ms(ms: u64) -> Option<Duration> {
    Some(Duration::from_millis(ms))
}

fn count(records: &[Record], wanted: impl Fn(&Record) -> bool) -> usize {
    records.iter().filter(|record| wanted(record)).count()
}

fn skipped_by_hand(record: &Record) -> bool {
    record.skip.as_ref().is_some_and(|skip| skip.code == Code::BudgetHostSkipped)
}

fn cancelled(record: &Record) -> bool {
    record.error.as_ref().is_some_and(|error| error.code == Code::Cancelled)
}

#[tokio::test(start_paused = true)]
async fn each_request_is_shown_with_what_it_does_and_what_it_waits_for() {
    let mut settings = settings(3, 1);
    settings.retry.base = Duration::from_secs(20);
    let list = [
        "http://me:secret@a/ok/5000",
        "http://a/ok/1",
        "http://b/later/60",
        "http://b/ok/2",
        "http://c/never",
        "http://d/ok/9000",
        "http://e/ok/3",
    ];
    let (launched, _) = launch(settings, urls(&list));
    let handle = launched.handle.clone();
    let view = at(1000, &handle).await;
    let states = (view.fetching, view.parsing, view.writing, view.waiting, view.slots);
    assert_eq!((states, view.requests_left_out, view.progress.read), ((3, 0, 0, 4, 3), 0, 7));
    let first = &view.requests[0];
    assert!(!first.url.contains("secret") && first.url == "http://a/ok/5000", "{first:?}");
    assert_eq!((first.state, first.in_state, first.age, first.attempt), (State::Fetching, ms(1000), ms(1000), 1));
    assert_eq!(first.limit, Some(Settings::default().times.attempt));
    for (part, wait_for, next, ahead) in [
        ("a/ok/1", Wait::Host, None, 0),
        ("b/later", Wait::RetryAfter, ms(60_020 - 1000), 0),
        ("b/ok/2", Wait::RetryAfter, ms(60_020 - 1000), 0),
        ("e/ok/3", Wait::Slot, None, 0),
    ] {
        let live = one(&view, part);
        assert_eq!((live.state, live.wait_for), (State::Waiting, Some(Hold::Turn(wait_for))), "{live:?}");
        assert_eq!((live.next, live.ahead), (next, ahead), "{live:?}");
    }
    assert_eq!((one(&view, "b/later").in_state, one(&view, "b/later").age), (ms(980), ms(1000)));
    let host = view.hosts.iter().find(|host| host.host == "b").unwrap();
    assert_eq!((host.fetching, host.waiting, host.hold), (0, 2, Some(Hold::Turn(Wait::RetryAfter))));
    let few = handle.look(2).await.unwrap();
    assert_eq!((few.requests.len(), few.requests_left_out, few.waiting), (2, 5, 4));
    launched.handle.stop(Stop::Asked);
    assert_law(&collect(launched).await, 7);
    assert_eq!(handle.look(9).await, None, "it is over");
}

#[tokio::test(start_paused = true)]
async fn rates_delays_backoffs_and_robots_are_told_apart() {
    let mut settings = settings(8, 8);
    settings.robots = RobotsMode::Obey;
    settings
        .limits
        .hosts
        .insert("slow".into(), crate::settings::HostLimits { delay: Duration::from_secs(30), ..settings.limits.host });
    settings.limits.hosts.insert(
        "rated".into(),
        crate::settings::HostLimits { rate: Some("1/m".parse().unwrap()), ..settings.limits.host },
    );
    (settings.retry.base, settings.retry.cap) = (Duration::from_secs(100), Duration::from_secs(100));
    let list = ["http://slow/ok/1", "http://rated/ok/1", "http://held/never/robots", "http://x/refused"];
    let (launched, _) = launch(settings, urls(&list));
    let view = at(10, &launched.handle).await;
    // The scripted wire takes 20 ms for a robots.txt.
    assert_eq!(one(&view, "held/never").wait_for, Some(Hold::Turn(Wait::Robots)));
    let robots = one(&view, "held/robots.txt");
    assert_eq!((robots.seq, robots.state), (None, State::Fetching));
    let view = at(1000, &launched.handle).await;
    assert_eq!(one(&view, "slow/").wait_for, Some(Hold::Turn(Wait::HostRate)));
    assert_eq!(one(&view, "slow/").next, ms(30_000 - 1010));
    assert_eq!(one(&view, "rated/").wait_for, Some(Hold::Turn(Wait::HostRate)));
    let again = one(&view, "x/refused");
    assert_eq!((again.wait_for, again.attempt), (Some(Hold::Turn(Wait::Backoff)), 1));
    assert!(again.next.unwrap() > Duration::ZERO);
    launched.handle.stop(Stop::Asked);
    assert_law(&collect(launched).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_is_what_is_waited_for() {
    let (launched, _) = launch(settings(8, 8), (0..5000).map(|n| format!("http://h{n}/ok/1/{n}")).collect());
    let view = at(10_000, &launched.handle).await;
    assert_eq!((view.hold, view.fetching), (Some(Hold::Reader), 0));
    assert!(view.writing >= 500 && view.requests.iter().any(|live| live.state == State::Writing), "{view:?}");
    let (_, wanted) = view.waits().into_iter().find(|(hold, _)| *hold == Hold::Reader).unwrap();
    assert_eq!(wanted, view.requests.len());
    assert_law(&collect(launched).await, 5000);
}

#[tokio::test(start_paused = true)]
async fn slots_grow_and_shrink_without_touching_what_is_under_way() {
    let (launched, wire) = launch(settings(8, 100), (0..300).map(|n| format!("http://h/ok/100/{n}")).collect());
    let handle = launched.handle.clone();
    let now = |wire: &Arc<Script>| wire.log.lock().unwrap().now["h"];
    let teller = tokio::spawn(async move {
        sleep(Duration::from_millis(50)).await;
        for most in [2, 20, 1, 3] {
            let before = now(&wire);
            let most = NonZeroUsize::new(most).unwrap();
            assert_eq!(handle.change(Change::Concurrency(most)).await, Some(most.get()));
            sleep(Duration::from_millis(1)).await;
            assert_eq!(now(&wire), before.max(most.get()), "more at once, fewer as they end: {most}");
            sleep(Duration::from_millis(249)).await;
            assert_eq!((now(&wire), handle.look(0).await.unwrap().slots), (most.get(), most.get()), "after a while");
        }
    });
    assert_law(&collect(launched).await, 300);
    teller.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cap_of_what_is_found_out_can_be_moved() {
    let mut settings = settings(40, 500);
    settings.limits.adaptive = Adaptive::All;
    let (launched, wire) = launch(settings, (0..20_000).map(|n| format!("http://h/ok/200/{n}")).collect());
    let handle = launched.handle.clone();
    let teller = tokio::spawn(async move {
        sleep(Duration::from_secs(2)).await;
        let most = || std::mem::take(wire.log.lock().unwrap().most.get_mut("h").unwrap());
        assert!(most() <= 40);
        handle.change(Change::Concurrency(NonZeroUsize::new(200).unwrap())).await.unwrap();
        sleep(Duration::from_secs(8)).await;
        let found = most();
        assert!(found > 60 && found <= 200, "{found}");
        handle.change(Change::Concurrency(NonZeroUsize::new(5).unwrap())).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        most();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(most(), 5);
        handle.change(Change::Concurrency(NonZeroUsize::new(200).unwrap())).await.unwrap();
    });
    assert_law(&collect(launched).await, 20_000);
    teller.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn limits_of_one_host_change_for_what_waits_there_and_for_nobody_else() {
    let urls = (0..60).map(|n| format!("http://{}/ok/100/{n}", ["a", "b:81"][n % 2])).collect();
    let (launched, wire) = launch(settings(50, 1), urls);
    let handle = launched.handle.clone();
    let now = move |host: &str| wire.log.lock().unwrap().now[host];
    let teller = tokio::spawn(async move {
        let host = |name: &str, change| Change::Host(Some(name.to_owned()), change);
        sleep(Duration::from_millis(50)).await;
        let four = HostChange::PerHost(NonZeroUsize::new(4).unwrap());
        assert_eq!(handle.change(host("b", four)).await, Some(1), "a name without a port is for every port");
        sleep(Duration::from_millis(10)).await;
        assert_eq!((now("a"), now("b")), (1, 4));
        handle.change(host("a", HostChange::Rate(Some("1/10s".parse().unwrap())))).await.unwrap();
        // What was under way ends after 40 ms, and took 100.
        sleep(Duration::from_millis(90)).await;
        assert_eq!(now("a"), 0, "the next start is 10 s after the last");
        sleep(Duration::from_secs(60)).await;
        let view = handle.look(100).await.unwrap();
        let left = view.requests.iter().filter(|live| live.host == "a").count();
        assert!((21..=24).contains(&left), "{left}");
        assert_eq!(handle.change(host("a", HostChange::Rate(None))).await, Some(1));
        sleep(Duration::from_millis(10)).await;
        assert_eq!(now("a"), 1, "and at once where the rate is gone");
        let delay = HostChange::Delay("5s".parse().unwrap());
        handle.change(Change::Host(None, delay)).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let after = handle.look(100).await.unwrap().requests.iter().filter(|live| live.host == "a").count();
        assert!(after + 9 <= left, "a limit for all others is none of a host that has its own: {after}");
    });
    assert_law(&collect(launched).await, 60);
    teller.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_skipped_has_records_and_gets_no_request_more() {
    let mut list: Vec<String> = (0..10).map(|n| format!("http://a:8080/ok/1000/{n}")).collect();
    list.extend((0..10).map(|n| format!("http://b/ok/100/{n}")));
    list.push("http://b/to/a:8080/from_b".to_owned());
    list.push("http://a:8080/flaky/1".to_owned());
    let mut settings = settings(20, 2);
    settings.limits.window = NonZeroUsize::new(18).unwrap();
    let (launched, wire) = launch(settings, list);
    let handle = launched.handle.clone();
    let teller = tokio::spawn(async move {
        sleep(Duration::from_millis(150)).await;
        handle.change(Change::SkipHost("a".into())).await
    });
    let records = collect(launched).await;
    assert_law(&records, 22);
    assert_eq!(teller.await.unwrap(), Some(8));
    assert_eq!(count(&records, |record| record.input.contains("a:8080/ok") && record.outcome == Outcome::Ok), 2);
    assert_eq!(count(&records, skipped_by_hand), 10, "what waited, what came later, and a redirect there");
    assert!(records.iter().all(|record| record.ok));
    assert_eq!(wire.log.lock().unwrap().asked.keys().filter(|url| url.contains("//a:8080")).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_pause_starts_nothing_and_cuts_nothing_off() {
    let (launched, _) = launch(settings(2, 2), (0..20).map(|n| format!("http://h/ok/100/{n}")).collect());
    let handle = launched.handle.clone();
    let begun = Instant::now();
    let teller = tokio::spawn(async move {
        sleep(Duration::from_millis(150)).await;
        handle.change(Change::Pause).await.unwrap();
        let view = at(1000, &handle).await;
        assert_eq!((view.progress.finished, view.fetching, view.hold), (4, 0, Some(Hold::Paused)));
        assert!(view.requests.iter().all(|live| live.wait_for == Some(Hold::Paused)));
        let view = at(3_600_000, &handle).await;
        assert_eq!(view.progress.finished, 4);
        handle.change(Change::Resume).await.unwrap();
    });
    assert_law(&collect(launched).await, 20);
    teller.await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_millis(150 + 1000 + 3_600_000 + 800));
}

#[tokio::test(start_paused = true)]
async fn draining_finishes_what_was_started_however_long_it_takes() {
    let mut list = urls(&["http://a/ok/20000", "http://b/flaky/2", "http://c/to/d/1", "http://e/later/30"]);
    list.extend((0..2000).map(|n| format!("http://f/ok/1000/{n}")));
    let mut settings = settings(8, 2);
    settings.limits.window = NonZeroUsize::new(100).unwrap();
    settings.choose.max_failures = std::num::NonZeroU32::new(1).map(crate::settings::MaxFailures::Count);
    let (launched, wire) = launch(settings, list);
    let handle = launched.handle.clone();
    let drainer = tokio::spawn(async move {
        sleep(Duration::from_millis(10)).await;
        handle.change(Change::Pause).await.unwrap();
        handle.stop(Stop::Drain);
        let view = at(100, &handle).await;
        assert!(view.draining && view.fetching >= 3, "{view:?}");
        handle.progress()
    });
    let begun = Instant::now();
    let mut launched = launched;
    let mut records = Vec::new();
    while let Some(record) = launched.records.recv().await {
        records.push(record);
    }
    assert_eq!(launched.end.await.unwrap().stopped, Some(Stop::Drain));
    assert_eq!(drainer.await.unwrap().source_dry, 0);
    assert_eq!(begun.elapsed(), Duration::from_millis(30_040), "it waits for the pause that a host asked for");
    assert_law(&records, 100);
    assert_eq!((count(&records, |record| record.ok), count(&records, cancelled)), (6, 94));
    assert_eq!(wire.log.lock().unwrap().asked["http://b/flaky/2"], 3, "tries that are due are made");
}

#[tokio::test(start_paused = true)]
async fn who_drains_may_still_interrupt() {
    let (launched, _) = launch(settings(8, 8), (0..20).map(|n| format!("http://h/ok/60000/{n}")).collect());
    let handle = launched.handle.clone();
    let begun = Instant::now();
    tokio::spawn(async move {
        sleep(Duration::from_millis(10)).await;
        handle.stop(Stop::Drain);
        sleep(Duration::from_millis(10)).await;
        handle.stop(Stop::Asked);
        handle.stop(Stop::Drain);
    });
    let records = collect(launched).await;
    assert_law(&records, 20);
    assert_eq!((count(&records, cancelled), begun.elapsed()), (20, Duration::from_millis(5020)));
}
