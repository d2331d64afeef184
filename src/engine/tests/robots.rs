//! robots.txt before anything else of an origin, and what follows from it.

mod times;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::{model::Wait, settings::RobotsMode};

/// What a host answers when it is asked for its robots.txt.
#[derive(Clone, Copy)]
enum Says {
    File(&'static str),
    Status(u16),
    Fails(Code),
    To(&'static str),
    Never,
}

/// One request, as the wire saw it.
struct Sent {
    at: Duration,
    url: String,
    fields: Arc<HeaderMap>,
    off_origin: bool,
    most: u64,
}

/// `/to/HOST/PATH` redirects to that host's path, all else is a page after 10 ms (5 s on `slow`); robots.txt by host,
/// after 20 ms.
struct Hosts {
    says: fn(&str) -> Says,
    begun: Instant,
    sent: Mutex<Vec<Sent>>,
}

impl Wire for Hosts {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let begun = Instant::now();
        let mut exchange = self.say(ask).await;
        exchange.phases.total = begun.elapsed();
        exchange
    }
}

impl Hosts {
    async fn say(&self, ask: Ask) -> Exchange {
        let (host, path) = (ask.url.host_str().unwrap().to_owned(), ask.url.path().to_owned());
        self.sent.lock().unwrap().push(Sent {
            at: self.begun.elapsed(),
            url: ask.url.to_string(),
            fields: Arc::clone(&ask.headers),
            off_origin: ask.off_origin,
            most: ask.max_body,
        });
        let fail = |code| Exchange::failed(SystemTime::now(), Failure::new(code, "scripted"));
        let is_robots = path == "/robots.txt" || path.starts_with("/moved");
        let millis = match (is_robots, host.as_str()) {
            (true, _) => 20,
            (false, "slow") => 5000,
            (false, _) => 10,
        };
        sleep(Duration::from_millis(millis)).await;
        if let Some(target) = path.strip_prefix("/to/") {
            return response(302, &[("location", &format!("http://{target}"))]);
        }
        match (self.says)(&host) {
            _ if !is_robots => response(200, &[]),
            Says::File(text) => {
                Exchange { body: Some(Body { kept: text.as_bytes().into(), ..Body::default() }), ..response(200, &[]) }
            }
            Says::Status(status) => response(status, &[]),
            Says::Fails(code) => fail(code),
            Says::To(target) => response(301, &[("location", target)]),
            Says::Never => {
                sleep(ask.patience.total).await;
                fail(Code::TimeoutTotal)
            }
        }
    }

    fn sent(&self) -> Vec<(u128, String)> {
        self.sent.lock().unwrap().iter().map(|sent| (sent.at.as_millis(), sent.url.clone())).collect()
    }

    fn urls(&self) -> Vec<String> {
        self.sent().into_iter().map(|(_, url)| url).collect()
    }

    fn count(&self, url: &str) -> usize {
        self.urls().iter().filter(|sent| *sent == url).count()
    }
}

fn obeying() -> Settings {
    Settings { robots: RobotsMode::Obey, ..settings(8, 8) }
}

fn start(settings: Settings, says: fn(&str) -> Says, urls: &[&str]) -> (Launched, Arc<Hosts>) {
    let wire = Arc::new(Hosts { says, begun: Instant::now(), sent: Mutex::default() });
    let engine = Engine::new(Arc::new(settings), Arc::clone(&wire), None, Arc::new(Stage::new(1)));
    let urls: Vec<_> = urls.iter().map(|url| Ok(Request::get(*url))).collect();
    (engine.start(stream::iter(urls).boxed()), wire)
}

/// The records by position.
async fn fetched(settings: Settings, says: fn(&str) -> Says, urls: &[&str]) -> (Vec<Record>, Arc<Hosts>) {
    let (launched, wire) = start(settings, says, urls);
    let mut records = tokio::time::timeout(Duration::from_hours(1000), collect(launched)).await.expect("the run hangs");
    records.sort_by_key(|record| record.seq);
    assert_law(&records, urls.len());
    (records, wire)
}

fn skip(record: &Record) -> (&str, &str, bool) {
    record.skip.as_ref().map_or(("", "", record.ok), |skip| (skip.code.name(), skip.message.as_str(), record.ok))
}

#[tokio::test(start_paused = true)]
async fn the_file_is_asked_for_once_and_before_all_else_of_its_origin() {
    let urls: Vec<String> = (0..60).map(|n| format!("http://h{}/{n}", n % 3)).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let (records, wire) = fetched(obeying(), |_| Says::Status(404), &urls).await;
    assert!(records.iter().all(|record| record.outcome == Outcome::Ok && record.attempts == 1));
    let sent = wire.sent();
    assert_eq!(sent.len(), 63);
    for host in ["h0", "h1", "h2"] {
        let of_host: Vec<_> = sent.iter().filter(|(_, url)| url.contains(host)).collect();
        assert_eq!(of_host[0].1, format!("http://{host}/robots.txt"));
        assert!(of_host[1..].iter().all(|(at, url)| *at >= 20 && !url.ends_with("robots.txt")));
    }
    let in_order: Vec<_> = sent.iter().filter(|(_, url)| url.starts_with("http://h1/")).skip(1).collect();
    assert_eq!(in_order[0].1, "http://h1/1");
    let (wait_for, waited) = records[0].waits[0];
    assert_eq!((wait_for, waited.as_millis()), (Wait::Robots, 20));
}

#[tokio::test(start_paused = true)]
async fn origins_differ_by_scheme_and_port_and_userinfo_is_no_part_of_them() {
    let urls = ["http://h/1", "https://h/2", "http://h:81/3", "http://u:p@h/4", "http://H:80/5"];
    let (records, wire) = fetched(obeying(), |_| Says::Status(404), &urls).await;
    assert!(records.iter().all(|record| record.ok));
    let mut files: Vec<_> = wire.urls().into_iter().filter(|url| url.ends_with("robots.txt")).collect();
    files.sort();
    assert_eq!(files, ["http://h/robots.txt", "http://h:81/robots.txt", "https://h/robots.txt"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_disallowed_is_skipped_with_the_line() {
    let file = |_: &str| Says::File("User-agent: other\nDisallow: /\n\nUser-agent: fetchall\nDisallow: /private/\n");
    let urls = ["http://h/private/a", "http://h/public", "http://h/robots.txt", "http://h/private/b"];
    let (records, wire) = fetched(obeying(), file, &urls).await;
    let line = "line 5 of http://h/robots.txt: `Disallow: /private/`";
    for (n, expected) in [(0, ("robots.disallowed", line, true)), (1, ("", "", true)), (2, ("", "", true))] {
        assert_eq!(skip(&records[n]), expected);
    }
    assert_eq!(skip(&records[3]), ("robots.disallowed", line, true));
    assert!(!wire.urls().iter().any(|url| url.contains("private")));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_had_closes_its_origin_and_counts_against_the_run() {
    let says = |host: &str| match host {
        "broken" => Says::Status(500),
        "silent" => Says::Fails(Code::ConnectRefused),
        "nowhere" => Says::Fails(Code::DnsNotFound),
        _ => Says::Status(403),
    };
    let urls = ["http://broken/1", "http://silent/1", "http://nowhere/1", "http://shy/1", "http://broken/robots.txt"];
    let (records, wire) = fetched(obeying(), says, &urls).await;
    let (code, message, ok) = skip(&records[0]);
    assert_eq!((code, ok), ("robots.unavailable", false));
    assert!(
        message.contains("500 Internal Server Error") && message.contains("/robots.txt could not be had"),
        "{message}"
    );
    for (n, code) in [(1, Code::ConnectRefused), (2, Code::DnsNotFound)] {
        assert_eq!(records[n].error.as_ref().map(|error| error.code), Some(code), "nobody is there");
    }
    assert_eq!((records[3].status, records[3].ok), (Some(200), true));
    assert_eq!(records[4].status, Some(500), "the file itself may always be asked for");
    assert_eq!((wire.count("http://silent/robots.txt"), wire.count("http://nowhere/robots.txt")), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn redirects_of_the_file_are_followed_five_times_and_other_origins_need_no_file_for_it() {
    let says = |host: &str| match host {
        "moved" => Says::To("http://elsewhere/moved.txt"),
        "elsewhere" => Says::File("user-agent: *\ndisallow: /no"),
        "endless" => Says::To("http://endless1/moved"),
        "endless1" => Says::To("http://endless2/moved"),
        "endless2" => Says::To("http://endless3/moved"),
        "endless3" => Says::To("http://endless4/moved"),
        "endless4" => Says::To("http://endless5/moved"),
        "endless5" => Says::To("http://endless6/moved"),
        _ => Says::File("user-agent: *\ndisallow: /"),
    };
    let (records, wire) = fetched(obeying(), says, &["http://moved/no", "http://moved/yes", "http://endless/no"]).await;
    assert_eq!(skip(&records[0]).1, "line 2 of http://moved/robots.txt: `disallow: /no`");
    assert!(records[1].ok && records[1].status == Some(200));
    assert_eq!(records[2].status, Some(200), "too many redirects are as good as no file");
    assert_eq!((wire.count("http://endless5/moved"), wire.count("http://endless6/moved")), (1, 0));
    assert_eq!(wire.count("http://elsewhere/robots.txt"), 0);
}

#[tokio::test(start_paused = true)]
async fn hops_of_a_request_are_judged_and_a_skip_names_the_hop() {
    let says = |host: &str| match host {
        "closed" => Says::File("user-agent: *\ndisallow: /in"),
        _ => Says::Status(404),
    };
    let urls = ["http://open/to/closed/in", "http://open/to/closed/out", "http://closed/to/closed/in"];
    let mut settings = obeying();
    settings.ask.headers = vec![(HeaderName::from_static("x-key"), HeaderValue::from_static("secret"))];
    let (records, wire) = fetched(settings, says, &urls).await;
    let message = "the redirect leads to http://closed/in: line 2 of http://closed/robots.txt: `disallow: /in`";
    assert_eq!(skip(&records[0]), ("robots.disallowed", message, true));
    assert_eq!((records[0].redirects.len(), records[0].status, records[0].attempts), (1, None, 1));
    assert_eq!((records[1].status, records[1].redirects.len()), (Some(200), 1));
    assert_eq!(skip(&records[2]).1, message, "on the same origin too");
    assert_eq!(wire.count("http://closed/in"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_only_a_redirect_named_gets_nothing_of_the_users() {
    let mut settings = obeying();
    settings.ask.headers = vec![(HeaderName::from_static("x-key"), HeaderValue::from_static("secret"))];
    let (_, wire) = fetched(settings, |_| Says::Status(404), &["http://home/to/foreign/x", "http://u:p@auth/x"]).await;
    let sent = wire.sent.lock().unwrap();
    let of = |url: &str| sent.iter().find(|sent| sent.url == url).unwrap();
    assert!(of("http://home/robots.txt").fields.contains_key("x-key"));
    assert!(of("http://auth/robots.txt").fields.contains_key("authorization"));
    for url in ["http://foreign/robots.txt", "http://foreign/x"] {
        assert!(of(url).off_origin && !of(url).fields.contains_key("x-key"), "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_file_is_asked_for_as_a_whole_whatever_the_run_asks_for() {
    let mut settings = obeying();
    settings.ask.max_body = 10;
    settings.ask.method = http::Method::POST;
    settings.ask.body = Some("x".into());
    settings.ask.user_agent = HeaderValue::from_static("Wren/2 (+https://wren.example)");
    settings.ask.headers = [("range", "bytes=0-1"), ("if-none-match", "x"), ("accept", "a/b"), ("x-a", "b")]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .into();
    let file = |_: &str| Says::File("user-agent: wren\ndisallow: /no");
    let (records, wire) = fetched(settings, file, &["http://h/no", "http://h/yes"]).await;
    assert_eq!(skip(&records[0]).0, "robots.disallowed", "by the name that the server is told");
    let sent = wire.sent.lock().unwrap();
    let (robots, page) = (&sent[0].fields, &sent[1].fields);
    assert_eq!((robots["accept"].as_bytes(), robots["x-a"].as_bytes()), (&b"*/*"[..], &b"b"[..]));
    assert!(!robots.contains_key("range") && !robots.contains_key("if-none-match"));
    assert!(page.contains_key("range"));
    assert!((sent[0].most, sent[1].most) == (8 << 20, 10));
}

#[tokio::test(start_paused = true)]
async fn a_window_of_one_is_enough() {
    let mut settings = obeying();
    settings.limits.window = NonZeroUsize::MIN;
    let (records, _) = fetched(settings, |_| Says::Status(404), &["http://h/1", "http://g/to/f/x", "http://h/2"]).await;
    assert!(records.iter().all(|record| record.ok));
}

#[tokio::test(start_paused = true)]
async fn more_held_than_the_outbox_takes_do_not_stop_a_run() {
    let urls: Vec<String> = (0..5_000).map(|n| format!("http://h/{n}")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    for says in [|_: &str| Says::File("user-agent: *\ndisallow: /"), |_: &str| Says::Status(500)] {
        let (records, wire) = fetched(obeying(), says, &urls).await;
        assert!(records.iter().all(|record| skip(record).0.starts_with("robots.")));
        assert!(wire.sent().len() <= 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_given_up_is_not_asked_for_its_file() {
    let mut settings = settings(1, 1);
    settings.robots = RobotsMode::Obey;
    settings.limits.host_errors = 1;
    settings.retry.retries = 0;
    let says = |host: &str| if host == "h" { Says::Fails(Code::ConnectRefused) } else { Says::Status(404) };
    let (records, wire) = fetched(settings, says, &["http://h/1", "https://h/2", "https://h/3"]).await;
    let code = |record: &Record| record.error.as_ref().map(|error| error.code);
    assert!(records.iter().all(|record| code(record) == Some(Code::ConnectRefused)), "after the rest, a probe");
    assert_eq!(wire.sent().len(), 2);
    assert!(wire.sent()[1].0 >= 5000);
}

#[tokio::test(start_paused = true)]
async fn sitemaps_are_handed_out_once() {
    let says = |host: &str| match host {
        "h" => Says::File("sitemap: https://h/s.xml\nSitemap: /t.xml\n"),
        _ => Says::Status(404),
    };
    let (launched, _) = start(obeying(), says, &["http://u:p@h/1", "http://g/1"]);
    let handle = launched.handle.clone();
    collect(launched).await;
    let found = handle.take_sitemaps();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].0.as_str(), found[0].1.as_slice()),
        ("http://h/robots.txt", &["https://h/s.xml".to_owned(), "/t.xml".to_owned()][..])
    );
    assert!(handle.take_sitemaps().is_empty());
}
