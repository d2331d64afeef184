//! What a program does in the middle of a run, over a wire that says what it was asked.

use std::panic;

use http::{HeaderName, HeaderValue};

use super::*;
use crate::{
    engine::{Answer, Hooks, Outgoing, Verdict},
    policy::judgement::Judgement,
    settings::RobotsMode,
};

/// A request as it reached the wire: when, where, and its `x-signature`.
type Sent = (u128, String, Option<String>);

/// `/to/HOST` redirects there, `/busy` says 503, `/soft` says that nothing was found, all with 200 or so.
struct Echo {
    begun: Instant,
    sent: Mutex<Vec<Sent>>,
}

impl Wire for Echo {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let signature = ask.headers.get("x-signature").map(|value| value.to_str().unwrap().to_owned());
        self.sent.lock().unwrap().push((self.begun.elapsed().as_millis(), ask.url.to_string(), signature));
        sleep(Duration::from_millis(20)).await;
        let text: &'static str = if ask.url.path().starts_with("/soft") { "Nothing found" } else { "Welcome" };
        let body = Body { kept: text.into(), len: text.len() as u64, ..Body::default() };
        let response = match ask.url.path().strip_prefix("/to/") {
            Some(host) => response(302, &[("location", &format!("http://{host}/end"))]),
            None if ask.url.path() == "/robots.txt" => response(404, &[]),
            None if ask.url.path().starts_with("/busy") => response(503, &[]),
            None => response(200, &[]),
        };
        Exchange { body: Some(body), ..response }
    }
}

fn before(hook: impl Fn(&mut Outgoing<'_>) -> Verdict + Send + Sync + 'static) -> Hooks {
    let mut hooks = Hooks::default();
    hooks.before(hook);
    hooks
}

fn judge(hook: impl Fn(&Answer<'_>) -> Judgement + Send + Sync + 'static) -> Hooks {
    let mut hooks = Hooks::default();
    hooks.judge(hook);
    hooks
}

/// The records by position, and what was sent.
async fn fetched(settings: Settings, hooks: Hooks, urls: &[&str]) -> (Vec<Record>, Vec<Sent>) {
    let wire = Arc::new(Echo { begun: Instant::now(), sent: Mutex::default() });
    let engine = Engine::new(Arc::new(settings), Arc::clone(&wire), None, Arc::new(Stage::new(1))).hooked(hooks);
    let urls: Vec<_> = urls.iter().map(|url| Ok(Request::get(*url))).collect();
    let count = urls.len();
    let launched = engine.start(stream::iter(urls).boxed());
    let mut records = tokio::time::timeout(Duration::from_hours(1), collect(launched)).await.expect("the run hangs");
    records.sort_by_key(|record| record.seq);
    assert_law(&records, count);
    (records, std::mem::take(&mut *wire.sent.lock().unwrap()))
}

fn told(record: &Record) -> (&str, &str) {
    let error = record.error.as_ref().map(|error| (error.code.name(), error.message.as_str()));
    error.or(record.skip.as_ref().map(|skip| (skip.code.name(), skip.message.as_str()))).unwrap_or_default()
}

const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");

#[tokio::test(start_paused = true)]
async fn every_exchange_is_shown_before_it_is_made_and_signed_as_long_as_it_is_at_home() {
    let hooks = before(|outgoing| {
        let mark = format!("{} {} {}", outgoing.attempt(), outgoing.redirects(), outgoing.off_origin());
        let set = outgoing.set(SIGNATURE, HeaderValue::from_str(&mark).unwrap());
        assert_eq!(set, !outgoing.off_origin());
        Verdict::Go
    });
    let mut settings = settings(1, 1);
    settings.retry.retries = 1;
    let (_, sent) = fetched(settings, hooks, &["http://a/busy", "http://b/to/b", "http://c/to/d"]).await;
    let mut marks: Vec<_> = sent.iter().map(|(_, url, mark)| (url.as_str(), mark.as_deref())).collect();
    marks.sort_unstable();
    let expected = [
        ("http://a/busy", Some("1 0 false")),
        ("http://a/busy", Some("2 0 false")),
        ("http://b/end", Some("1 1 false")),
        ("http://b/to/b", Some("1 0 false")),
        ("http://c/to/d", Some("1 0 false")),
        ("http://d/end", None),
    ];
    assert_eq!(marks, expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_made_for_a_foreign_server_goes_there() {
    let hooks = before(|outgoing| {
        let host = HeaderValue::from_str(outgoing.url().host_str().unwrap()).unwrap();
        outgoing.set_anywhere(SIGNATURE, host);
        Verdict::Go
    });
    let (_, sent) = fetched(settings(1, 1), hooks, &["http://c/to/d"]).await;
    assert_eq!(sent.iter().filter_map(|sent| sent.2.as_deref()).collect::<Vec<_>>(), ["c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_is_not_sent_and_has_a_record_that_says_why() {
    let hooks = before(|outgoing| match outgoing.url().path() {
        "/secret" | "/end" => Verdict::skip("not ours"),
        _ => Verdict::Go,
    });
    let urls = ["http://a/secret", "http://a/ok", "http://b/to/c"];
    let (records, sent) = fetched(settings(4, 4), hooks, &urls).await;
    assert_eq!(sent.len(), 2);
    assert_eq!(told(&records[0]), ("excluded", "not ours"));
    assert_eq!((records[0].outcome, records[0].attempts), (Outcome::Skipped, 0));
    assert!(records[0].ok && records[0].started_at.is_none());
    assert_eq!(records[1].outcome, Outcome::Ok);
    assert_eq!(told(&records[2]), ("excluded", "the redirect leads to http://c/end: not ours"));
    assert_eq!((records[2].attempts, records[2].redirects.len(), records[2].status), (1, 1, None));
}

#[tokio::test(start_paused = true)]
async fn another_try_that_is_held_back_is_not_counted() {
    let hooks = before(|outgoing| if outgoing.attempt() > 1 { Verdict::skip("once is enough") } else { Verdict::Go });
    let (records, sent) = fetched(settings(1, 1), hooks, &["http://a/busy"]).await;
    assert_eq!((sent.len(), records[0].attempts, records[0].status), (1, 1, Some(503)));
    assert_eq!(told(&records[0]), ("excluded", "once is enough"));
}

#[tokio::test(start_paused = true)]
async fn a_robots_file_is_shown_as_one_and_is_not_judged() {
    let mut hooks = before(|outgoing| match outgoing.is_robots() && outgoing.url().host_str() == Some("b") {
        true => Verdict::skip("closed"),
        false => Verdict::Go,
    });
    hooks.judge(|answer| if answer.status() == 404 { Judgement::retry("again") } else { Judgement::Usual });
    let obeying = Settings { robots: RobotsMode::Obey, ..settings(4, 4) };
    let (records, sent) = fetched(obeying, hooks, &["http://a/x", "http://b/x"]).await;
    assert_eq!(records[0].outcome, Outcome::Ok);
    assert_eq!(told(&records[1]), ("excluded", "closed"));
    let mut urls: Vec<_> = sent.iter().map(|sent| sent.1.as_str()).collect();
    urls.sort_unstable();
    assert_eq!(urls, ["http://a/robots.txt", "http://a/x"]);
}

#[tokio::test(start_paused = true)]
async fn the_program_judges_a_response_by_its_body() {
    let hooks = judge(|answer| match answer.url().path() {
        "/soft/1" if answer.contains("Nothing found") => Judgement::reject("a soft 404"),
        "/soft/2" if answer.attempt() < 3 => Judgement::retry("not yet"),
        "/soft/3" => Judgement::retry("never"),
        "/busy" => Judgement::Accept,
        "/to/c" if answer.header("Location").is_some() => Judgement::reject("sent away"),
        _ => Judgement::Usual,
    });
    let urls =
        ["http://a/soft/1", "http://a/soft/2", "http://a/soft/3", "http://a/busy", "http://a/to/c", "http://a/soft/4"];
    let (records, _) = fetched(settings(8, 8), hooks, &urls).await;
    assert_eq!(told(&records[0]), ("http.unexpected", "a soft 404"));
    assert_eq!((records[0].outcome, records[0].status), (Outcome::HttpError, Some(200)));
    assert_eq!((records[1].outcome, records[1].attempts), (Outcome::Ok, 3));
    assert_eq!(told(&records[2]), ("http.not_ready", "never"));
    assert_eq!((records[2].attempts, records[2].error.as_ref().unwrap().retryable), (3, true));
    assert_eq!((records[3].outcome, records[3].status), (Outcome::Ok, Some(503)));
    assert_eq!(told(&records[4]), ("http.unexpected", "sent away"));
    assert_eq!(records[5].outcome, Outcome::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_judged_to_limit_us_pauses_as_after_a_429() {
    let hooks = judge(|answer| match answer.attempt() {
        1 if answer.url().path() == "/soft" => Judgement::RateLimited(Some(Duration::from_secs(7))),
        _ => Judgement::Usual,
    });
    let (records, sent) = fetched(settings(1, 1), hooks, &["http://a/soft", "http://a/next", "http://b/other"]).await;
    assert!(records.iter().all(|record| record.outcome == Outcome::Ok));
    assert_eq!(records[0].attempts, 2);
    let at = |url: &str| sent.iter().filter(|sent| sent.1 == url).map(|sent| sent.0).next_back().unwrap();
    assert!(at("http://a/next") >= 7000 && at("http://a/soft") >= 7000 && at("http://b/other") < 1000, "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_panics_costs_its_own_request_and_nobody_else_anything() {
    let mut hooks = before(|outgoing| {
        assert!(!outgoing.url().path().starts_with("/unsent"), "no such luck");
        Verdict::Go
    });
    hooks.judge(|answer| match answer.url().path() {
        "/unjudged" => panic::panic_any(7),
        _ => Judgement::Usual,
    });
    let urls: Vec<String> = (0..40)
        .map(|n| match n % 4 {
            0 => format!("http://h{}/unsent/{n}", n % 3),
            1 => format!("http://h{n}/unjudged"),
            _ => format!("http://h{}/ok/{n}", n % 3),
        })
        .collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let (records, sent) = fetched(settings(3, 1), hooks, &urls).await;
    assert_eq!(told(&records[0]), ("internal.panic", "the program's hook `before` panicked: no such luck"));
    assert_eq!((records[0].attempts, records[0].started_at.is_none()), (0, true));
    assert_eq!(told(&records[1]), ("internal.panic", "the program's hook `judge` panicked: no message"));
    assert_eq!((records[1].status, records[1].attempts), (Some(200), 1));
    assert_eq!(records.iter().filter(|record| record.outcome == Outcome::Ok).count(), 20);
    assert_eq!(sent.len(), 30);
}
