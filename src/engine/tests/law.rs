//! The law and the limits, for any mix of outcomes, skips, repeats, retries, redirects, panics and stops,
//! over a wire that is not there.

use std::num::NonZeroU32;

use proptest::prelude::*;
use regex::Regex;

use super::*;
use crate::{
    engine::{Change, Hooks, State, Verdict, View},
    frontier::HostChange,
    model::units::Rate,
    policy::judgement::Judgement,
    settings::RobotsMode,
};

/// What was asked, and how much at once.
#[derive(Debug, Default)]
struct Log {
    starts: Vec<(Duration, String, String)>,
    counts: HashMap<String, u32>,
    now: HashMap<String, usize>,
    most: HashMap<String, usize>,
    most_of_all: usize,
}

/// Answers by kind, the first part of the path; the second is a number, the last a host.
struct World {
    begun: Instant,
    log: Mutex<Log>,
}

struct Leaving<'a>(&'a World, String);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        *self.0.log.lock().unwrap().now.get_mut(&self.1).unwrap() -= 1;
    }
}

impl World {
    fn enter(&self, ask: &Ask) -> (Leaving<'_>, u32) {
        let host = ask.url.host_str().unwrap_or_default().to_owned();
        let mut log = self.log.lock().unwrap();
        log.starts.push((self.begun.elapsed(), host.clone(), ask.url.to_string()));
        let now = log.now.entry(host.clone()).or_default();
        *now += 1;
        let now = *now;
        let most = log.most.entry(host.clone()).or_default();
        *most = now.max(*most);
        let all = log.now.values().sum();
        log.most_of_all = log.most_of_all.max(all);
        let count = log.counts.entry(ask.url.to_string()).or_default();
        *count += 1;
        (Leaving(self, host), *count)
    }
}

impl Wire for World {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let (_leaving, count) = self.enter(&ask);
        let begun = Instant::now();
        let mut parts = ask.url.path().split('/').skip(1);
        let (kind, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (number, host) = (number.parse().unwrap_or(0_u64), parts.next().unwrap_or("h0"));
        sleep(Duration::from_millis(if kind == "slow" { number * 97 } else { 3 + number })).await;
        let fail = |code| Exchange::failed(SystemTime::now(), Failure::new(code, "scripted"));
        let mut exchange = match kind {
            "flaky" if u64::from(count) <= number % 4 => fail(Code::ConnectReset),
            "refused" => fail(Code::ConnectRefused),
            "missing" => response(404, &[]),
            "error" => response(500, &[]),
            "to" => response(302, &[("location", &format!("http://{host}/ok/{number}/{host}/landed"))]),
            "hops" if number > 0 => {
                response(307, &[("location", &format!("http://h{}/hops/{}/{host}", number % 4, number - 1))])
            }
            "round" => response(302, &[("location", ask.url.as_str())]),
            "astray" => response(302, &[("location", "gopher://h0/")]),
            "later" if count == 1 => response(429, &[("retry-after", "1")]),
            "busy" => response(503, &[]),
            "panic" => panic!("scripted"),
            "never" => std::future::pending().await,
            "robots.txt" if ask.url.host_str() == Some("h1") => Exchange {
                body: Some(Body {
                    kept: "user-agent: *\ndisallow: /missing\ncrawl-delay: 0.2".into(),
                    ..Body::default()
                }),
                ..response(200, &[])
            },
            "robots.txt" if ask.url.host_str() == Some("h2") => fail(Code::ConnectReset),
            "robots.txt" => response(404, &[]),
            _ => {
                let html = "<!doctype html><title>x</title><a href=/y>y</a>";
                let body = Body { kept: html.into(), len: html.len() as u64, ..Body::default() };
                Exchange { body: Some(body), ..response(200, &[("content-type", "text/html")]) }
            }
        };
        exchange.phases.total = begun.elapsed();
        exchange
    }
}

/// What the program of the user does in the middle of a run.
fn hooks() -> Hooks {
    let mut hooks = Hooks::default();
    hooks.before(|outgoing| match outgoing.url().path().rsplit('/').next() {
        Some("unsent") => panic!("scripted"),
        Some("held") => Verdict::skip("not this one"),
        _ => Verdict::Go,
    });
    hooks.judge(|answer| match answer.url().path().rsplit('/').next() {
        Some("unjudged") => panic!("scripted"),
        Some("soft") => Judgement::retry("not yet"),
        Some("limited") => Judgement::RateLimited(None),
        Some("fine") => Judgement::Accept,
        _ => Judgement::Usual,
    });
    hooks
}

/// The texts of a list: of each several may be the same.
fn text() -> impl Strategy<Value = String> {
    let kinds = "ok ok ok flaky refused missing error to hops round astray later busy panic slow excluded";
    let ends = "a a a b c unsent held unjudged soft limited fine landed";
    let of = |words: &'static str| prop::sample::select(words.split(' ').collect::<Vec<_>>());
    prop_oneof![
        8 => (of(kinds), 0..4_u8, 0..9_u8, 0..4_u8, of(ends))
            .prop_map(|(kind, host, number, other, end)| format!("http://h{host}/{kind}/{number}/h{other}/{end}")),
        1 => of("http:// ftp://h0/ http://h0:99999/ %% http://a..b/ mailto:a@b").prop_map(str::to_owned),
    ]
}

/// Settings of all kinds, the rates among them.
fn any_settings() -> impl Strategy<Value = Settings> {
    let rate = || {
        let rates = ["3/s", "50/s", "5/2s", "100/m"].map(|rate| rate.parse::<Rate>().unwrap());
        prop::option::weighted(0.3, prop::sample::select(rates.to_vec()))
    };
    let limits = (1..12_usize, 1..4_usize, 1..80_usize, rate(), rate(), 0..6_u32);
    let ends = (
        prop::option::weighted(0.2, 0..5000_u64),
        prop::option::weighted(0.2, 0..3000_u64),
        prop::option::weighted(0.1, 1..30_u32),
        prop::option::weighted(0.1, 1..30_u32),
    );
    let adaptive = prop::sample::select(vec![Adaptive::Off, Adaptive::Hosts, Adaptive::All]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), adaptive, 0..4_u32, 0..5_u32);
    (limits, ends, flags).prop_map(|(limits, ends, flags)| {
        let mut settings = settings(limits.0, limits.1);
        settings.limits.window = NonZeroUsize::new(limits.2).unwrap();
        (settings.limits.rate, settings.limits.host.rate, settings.limits.host_errors) = (limits.3, limits.4, limits.5);
        settings.times.run = ends.0.map(Duration::from_millis);
        settings.times.url = ends.1.map(Duration::from_millis);
        settings.choose.first = ends.2.and_then(NonZeroU32::new);
        settings.choose.max_failures = ends.3.and_then(NonZeroU32::new).map(MaxFailures::Count);
        settings.choose.order = if flags.0 { Order::Input } else { Order::Completion };
        settings.choose.dedupe = if flags.1 { Dedupe::Off } else { Dedupe::Url };
        settings.choose.exclude = vec![Regex::new("/excluded/").unwrap()];
        settings.robots = if flags.2 { RobotsMode::Obey } else { RobotsMode::Ignore };
        settings.limits.adaptive = flags.3;
        (settings.retry.retries, settings.ask.redirects) = (flags.4, flags.5);
        settings
    })
}

/// Runs a list under a clock of its own.
fn fetch(
    settings: Settings,
    texts: &[String],
    hooked: bool,
    told: Vec<(u64, Told)>,
) -> (Vec<Record>, crate::engine::Progress, Log) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = Arc::new(World { begun: Instant::now(), log: Mutex::default() });
        let mut engine = Engine::new(Arc::new(settings), Arc::clone(&world), None, Arc::new(Stage::new(1)));
        if hooked {
            engine = engine.hooked(hooks());
        }
        let requests: Vec<_> = texts.iter().map(|text| Ok(Request::get(text.as_str()))).collect();
        let launched = engine.start(stream::iter(requests).boxed());
        let handle = launched.handle.clone();
        let teller = tokio::spawn(tell(handle.clone(), told));
        let hours = Duration::from_secs(24 * 3600);
        let records = tokio::time::timeout(hours, collect(launched)).await.expect("the run does not end");
        teller.abort();
        tokio::task::yield_now().await;
        let log = std::mem::take(&mut *world.log.lock().unwrap());
        (records, handle.progress(), log)
    })
}

/// What the run is told while it is under way.
#[derive(Clone, Debug)]
enum Told {
    Stop(Stop),
    Change(Change),
    Look(usize),
}

/// Tells it, in order of time, and looks at what is shown.
async fn tell(handle: crate::engine::Handle, told: Vec<(u64, Told)>) {
    let begun = Instant::now();
    for (at, told) in told {
        tokio::time::sleep_until(begun + Duration::from_millis(at)).await;
        match told {
            Told::Stop(why) => handle.stop(why),
            Told::Change(change) => _ = handle.change(change).await,
            Told::Look(most) => handle.look(most).await.iter().for_each(|view| assert_view(view, most)),
        }
    }
}

/// What was read is finished or shown, once.
fn assert_view(view: &View, most: usize) {
    let shown = view.fetching + view.parsing + view.writing + view.waiting;
    assert_eq!((view.requests.len(), view.requests_left_out), (shown.min(most), shown.saturating_sub(most)));
    let robots = view.requests.iter().filter(|live| live.seq.is_none()).count();
    let open = (shown - view.writing) as u64;
    if view.requests_left_out == 0 {
        assert_eq!(view.progress.read, view.progress.finished + open - robots as u64, "{view:?}");
    }
    let mut seqs: Vec<_> = view.requests.iter().filter_map(|live| live.seq).collect();
    let count = seqs.len();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), count, "one row for each: {view:?}");
    for live in &view.requests {
        assert!(live.state != State::Waiting || live.wait_for.is_some(), "{live:?}");
        assert!(live.in_state <= live.age || live.age.is_none() || live.state == State::Waiting, "{live:?}");
    }
    let (waiting, fetching) = view.hosts.iter().fold((0, 0), |sum, host| (sum.0 + host.waiting, sum.1 + host.fetching));
    assert_eq!((waiting, fetching), (view.waiting, view.fetching), "{view:?}");
}

/// Anything that somebody may tell a run; a pause ends at last.
fn any_told() -> impl Strategy<Value = Vec<(u64, Told)>> {
    let host = || prop::sample::select(vec!["h0", "h1", "h2", "h3:80", "elsewhere"]).prop_map(str::to_owned);
    let count = || (1..12_usize).prop_map(|count| NonZeroUsize::new(count).unwrap());
    let rate =
        || prop::option::of(prop::sample::select(vec!["3/s", "50/s", "100/m"]).prop_map(|rate| rate.parse().unwrap()));
    let delay = prop::sample::select(vec!["0", "50ms", "1s", "2x"]).prop_map(|delay| delay.parse().unwrap());
    let change = prop_oneof![
        count().prop_map(Change::Concurrency),
        rate().prop_map(Change::Rate),
        (
            prop::option::of(host()),
            prop_oneof![
                count().prop_map(HostChange::PerHost),
                rate().prop_map(HostChange::Rate),
                delay.prop_map(HostChange::Delay),
            ]
        )
            .prop_map(|(host, change)| Change::Host(host, change)),
        host().prop_map(Change::SkipHost),
        Just(Change::Pause),
        Just(Change::Resume),
    ];
    let told = prop_oneof![
        6 => change.prop_map(Told::Change),
        6 => (0..200_usize).prop_map(Told::Look),
        1 => Just(Told::Stop(Stop::Drain)),
        1 => Just(Told::Stop(Stop::Asked)),
    ];
    prop_oneof![Just(Vec::new()), prop::collection::vec((0..4000_u64, told), 1..8)].prop_map(|mut told| {
        told.sort_by_key(|(at, _)| *at);
        told.push((9000, Told::Change(Change::Resume)));
        told
    })
}

fn most_within(times: &[Duration], length: Duration) -> usize {
    let within = |from: usize| times[from..].iter().take_while(|time| **time - times[from] < length).count();
    (0..times.len()).map(within).max().unwrap_or_default()
}

/// Limits as the wire saw them, robots.txt, retries and redirects included.
fn assert_limits(limits: &crate::settings::Limits, told: &[(u64, Told)], log: &Log) {
    let changes =
        || told.iter().filter_map(|(_, told)| if let Told::Change(change) = told { Some(change) } else { None });
    let in_flight =
        changes().filter_map(|change| if let Change::Concurrency(most) = change { Some(*most) } else { None });
    let most = in_flight.chain([limits.in_flight]).max().unwrap().get();
    assert!(log.most_of_all <= most, "{} at once", log.most_of_all);
    let of_host = changes()
        .filter_map(|change| if let Change::Host(_, HostChange::PerHost(most)) = change { Some(*most) } else { None });
    let most = of_host.chain([limits.host.in_flight]).max().unwrap().get();
    assert!(log.most.values().all(|now| *now <= most), "{:?}", log.most);
    if changes().any(|change| matches!(change, Change::Rate(_) | Change::Host(_, HostChange::Rate(_)))) {
        return;
    }
    let rate_holds = |rate: Option<Rate>, whose: Option<&str>| {
        let Some(rate) = rate else { return };
        let mine = log.starts.iter().filter(|(_, host, _)| whose.is_none_or(|whose| whose == host));
        let times: Vec<_> = mine.map(|(at, ..)| *at).collect();
        let most = most_within(&times, rate.per);
        assert!(most <= rate.count.get() as usize, "{most} within {:?} at {whose:?}", rate.per);
    };
    rate_holds(limits.rate, None);
    log.most.keys().for_each(|host| rate_holds(limits.host.rate, Some(host)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 300, ..ProptestConfig::default() })]
    #[test]
    fn every_request_has_one_record_that_is_its_own_and_no_limit_is_exceeded(
        texts in prop::collection::vec(text(), 1..120),
        settings in any_settings(),
        hooked in any::<bool>(),
        told in any_told(),
    ) {
        let (records, progress, log) = fetch(settings.clone(), &texts, hooked, told.clone());
        // Each that was read, once; all of them unless the run was ended early.
        let mut seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
        if settings.choose.order == Order::Input {
            prop_assert!(seqs.is_sorted());
        }
        seqs.sort_unstable();
        prop_assert_eq!(&seqs, &(0..progress.read).collect::<Vec<_>>());
        let choose = &settings.choose;
        let is_stopped = told.iter().any(|(_, told)| matches!(told, Told::Stop(_)));
        let may_end_early = is_stopped || settings.times.run.is_some() || choose.first.is_some() || choose.max_failures.is_some();
        prop_assert!(may_end_early || records.len() == texts.len());
        // Its own: what was asked for, and nobody else's answer.
        for record in &records {
            let text = &texts[record.seq as usize];
            prop_assert_eq!(&*record.input, text.as_str());
            if let Some(first) = record.skip.as_ref().and_then(|skip| skip.of) {
                prop_assert!(first < record.seq && texts[first as usize] == *text && choose.dedupe == Dedupe::Url);
            }
            let answered_elsewhere = record.final_url.as_ref().is_some_and(|last| last != record.url.as_ref().unwrap());
            prop_assert!(!answered_elsewhere || !record.redirects.is_empty(), "{record:?}");
            let said = [record.error.is_some(), record.skip.is_some(), record.outcome == Outcome::Ok];
            prop_assert_eq!(said.iter().filter(|one| **one).count(), 1, "one reason, or none");
        }
        // The counters say what the records say.
        let count = |wanted: fn(&Record) -> bool| records.iter().filter(|record| wanted(record)).count() as u64;
        prop_assert_eq!(progress.finished, records.len() as u64);
        prop_assert_eq!(progress.ok, count(|record| record.outcome == Outcome::Ok));
        prop_assert_eq!(progress.skipped, count(|record| record.outcome == Outcome::Skipped));
        prop_assert_eq!(progress.failed, progress.finished - progress.ok - progress.skipped);
        prop_assert_eq!((progress.in_flight, progress.waiting), (0, 0));
        // Nothing goes on behind the back of a run that has ended.
        prop_assert_eq!(log.now.values().sum::<usize>(), 0);
        assert_limits(&settings.limits, &told, &log);
    }
}

/// A run of each kind that the property has come upon in vain, or that it meets too seldom.
#[test]
fn a_redirect_to_another_host_waits_for_that_host() {
    let mut settings = settings(50, 2);
    settings.limits.host.rate = Some("10/s".parse().unwrap());
    let texts: Vec<String> = (0..60).map(|n| format!("http://h{}/to/{}/h9/{n}", n % 6, n % 9)).collect();
    let (records, _, log) = fetch(settings.clone(), &texts, false, Vec::new());
    assert!(records.iter().all(|record| record.ok && record.redirects.len() == 1));
    assert_eq!(log.starts.iter().filter(|(_, host, _)| host == "h9").count(), 60);
    assert_limits(&settings.limits, &[], &log);
}

#[test]
fn tries_that_failed_together_do_not_come_back_together() {
    let mut settings = settings(500, 8);
    settings.retry.retries = 8;
    settings.retry.budget_percent = 1000;
    let texts: Vec<String> = (0..400).map(|n| format!("http://h{n}/refused/0/h0/{n}")).collect();
    let (records, progress, log) = fetch(settings, &texts, false, Vec::new());
    assert_eq!((records.len(), progress.retries), (400, 3_200));
    // The first tries of all begin in one instant; the second are spread over half a second, as drawn.
    let mut second: Vec<Duration> = log.starts.iter().map(|(at, ..)| *at).filter(|at| !at.is_zero()).collect();
    second.truncate(400);
    assert!(most_within(&second, Duration::from_millis(50)) < 120, "{second:?}");
    // No wait is longer than the cap.
    let mut last = HashMap::<&str, Duration>::new();
    for (at, host, _) in &log.starts {
        if let Some(before) = last.insert(host, *at) {
            assert!(*at - before <= Duration::from_millis(30_010), "{host} waited {:?}", *at - before);
        }
    }
}
