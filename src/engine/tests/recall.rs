//! Answers that are there without the network: in no turn, by the law, and gone when the run is.

use super::*;
use crate::{
    engine::{Hooks, Verdict},
    model::CacheUse,
    settings::RobotsMode,
};

/// `/kept…` is there after 5 ms, `/hung…` never says; `/kept/to/HOST` is a redirect to HOST that is there.
/// Everything is on the network too.
#[derive(Default)]
struct Shelf {
    sent: Mutex<Vec<String>>,
}

fn kept(ask: &Ask) -> Option<Exchange> {
    let path = ask.url.path();
    let answer = match path.strip_prefix("/kept/to/") {
        Some(host) => response(302, &[("location", &format!("http://{host}/end"))]),
        None => response(if path.ends_with("/gone") { 404 } else { 200 }, &[]),
    };
    path.starts_with("/kept").then(|| Exchange { cache: Some(CacheUse::Hit), ..answer })
}

impl Wire for Shelf {
    async fn exchange(&self, ask: Ask) -> Exchange {
        self.sent.lock().unwrap().push(ask.url.to_string());
        sleep(Duration::from_millis(20)).await;
        kept(&ask).unwrap_or_else(|| response(if ask.url.path() == "/robots.txt" { 404 } else { 200 }, &[]))
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn recall(&self, ask: Ask) -> Option<Exchange> {
        if ask.url.path().starts_with("/hung") {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(5)).await;
        kept(&ask)
    }
}

fn start(settings: Settings, hooks: Hooks, urls: Vec<String>) -> (Launched, Arc<Shelf>) {
    let wire = Arc::new(Shelf::default());
    let engine = Engine::new(Arc::new(settings), Arc::clone(&wire), None, Arc::new(Stage::new(1))).hooked(hooks);
    (engine.start(stream::iter(urls.into_iter().map(|url| Ok(Request::get(url)))).boxed()), wire)
}

async fn fetched(settings: Settings, hooks: Hooks, urls: Vec<String>) -> (Vec<Record>, Vec<String>) {
    let count = urls.len();
    let (launched, wire) = start(settings, hooks, urls);
    let mut records = tokio::time::timeout(Duration::from_hours(1), collect(launched)).await.expect("the run hangs");
    records.sort_by_key(|record| record.seq);
    assert_law(&records, count);
    let sent = std::mem::take(&mut *wire.sent.lock().unwrap());
    (records, sent)
}

#[tokio::test(start_paused = true)]
async fn what_is_there_waits_for_no_slot_turn_or_rate_and_is_no_attempt() {
    let mut settings = settings(1, 1);
    settings.limits.host.rate = Some("1/m".parse().unwrap());
    let begun = Instant::now();
    let urls = (0..1000).map(|n| format!("http://h/kept/{n}")).chain(["http://h/kept/gone".to_owned()]);
    let (records, sent) = fetched(settings, Hooks::default(), urls.collect()).await;
    assert!(sent.is_empty() && begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(records.iter().all(|record| record.cache == Some(CacheUse::Hit) && record.attempts == 0));
    assert_eq!((records[1000].outcome, records[0].timings.total_ms), (Outcome::HttpError, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_queues_as_ever_and_a_hop_may_be_there_or_not() {
    let urls = ["http://h/kept/to/other", "http://h/plain", "http://h/kept/to/h/kept", "http://h/kept/to/h"];
    let (records, sent) = fetched(settings(4, 4), Hooks::default(), urls.map(String::from).into()).await;
    assert_eq!(records.iter().map(|record| record.attempts).collect::<Vec<_>>(), [1, 1, 0, 1]);
    assert_eq!((records[0].redirects.len(), records[0].cache, sent.len()), (1, None, 3));
    assert_eq!((records[2].redirects.len(), records[2].cache), (1, Some(CacheUse::Hit)));
}

#[tokio::test(start_paused = true)]
async fn robots_is_asked_for_all_the_same_and_a_hook_sees_what_is_sent() {
    let settings = Settings { robots: RobotsMode::Obey, ..settings(4, 4) };
    let (records, sent) = fetched(settings.clone(), Hooks::default(), vec!["http://h/kept/1".to_owned()]).await;
    assert_eq!((records[0].cache, sent.as_slice()), (Some(CacheUse::Hit), &["http://h/robots.txt".to_owned()][..]));
    let mut hooks = Hooks::default();
    hooks.before(|outgoing| if outgoing.is_robots() { Verdict::Go } else { Verdict::skip("no") });
    let (records, _) = fetched(settings, hooks, vec!["http://h/kept/1".to_owned()]).await;
    assert_eq!(records[0].outcome, Outcome::Skipped);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_look_ups_and_those_that_wait_for_one() {
    let mut settings = settings(4, 4);
    settings.times.run = Some(Duration::from_secs(1));
    let urls = (0..100).map(|n| format!("http://h/hung/{n}")).collect();
    let (records, _) = fetched(settings, Hooks::default(), urls).await;
    assert!(records.iter().all(|record| !record.ok));
}
