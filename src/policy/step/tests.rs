//! A truth table of what follows.

use std::time::Instant;

use http::Method;

use super::*;
use crate::model::exchange::Phases;

fn trip(method: Method, attempts: u32) -> Trip {
    Trip {
        started: SystemTime::UNIX_EPOCH,
        begun: Instant::now(),
        launch: Duration::ZERO,
        deadline: None::<Instant>,
        url: ::url::Url::parse("http://h/a").unwrap().into(),
        method,
        with_body: false,
        off_origin: false,
        attempts,
        new_attempt: false,
        limited: 0,
        spent: Duration::ZERO,
        queued: Duration::ZERO,
        last_wait: (Duration::ZERO, Wait::Slot),
        hops: Vec::new(),
        log: Vec::new(),
        last: None,
        captures: Vec::new(),
    }
}

fn answer(status: u16, fields: &[(http::HeaderName, &str)]) -> Exchange {
    let headers = fields.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    Exchange {
        phases: Phases::default(),
        head: Some(Head { status, version: http::Version::HTTP_11, headers }),
        failure: None,
        ..Exchange::failed(SystemTime::UNIX_EPOCH, Failure::new(Code::Cancelled, ""))
    }
}

fn failed(code: Code) -> Exchange {
    Exchange::failed(SystemTime::UNIX_EPOCH, Failure::new(code, "x"))
}

const MOMENT: Moment = Moment { now: SystemTime::UNIX_EPOCH, left: None, budget: true, breaker_open: false, roll: 1.0 };

fn with(exchange: &Exchange, trip: &Trip, change: impl FnOnce(&mut Rules<'_>, &mut Moment)) -> String {
    judged(exchange, &Judgement::Usual, trip, change)
}

fn judged(
    exchange: &Exchange,
    judgement: &Judgement,
    trip: &Trip,
    change: impl FnOnce(&mut Rules<'_>, &mut Moment),
) -> String {
    let (accept, retry) = (StatusSet::default(), Retry::default());
    let mut rules =
        Rules { accept: &accept, retries: 2, redirects: 10, retry: &retry, cookies: &Cookies::Off, conditional: false };
    let mut moment = MOMENT;
    change(&mut rules, &mut moment);
    match step(exchange, judgement, trip, &rules, &moment) {
        Step::Done(Ending::Ok) => "ok".into(),
        Step::Done(Ending::HttpError(failure) | Ending::Error(failure)) => failure.code.name().into(),
        Step::Done(Ending::Skipped { code, .. }) => code.name().into(),
        Step::Redirect(onward) => format!("to {}", onward.url),
        Step::Again(wait) => format!("again {}", wait.as_millis()),
        Step::AgainHostWaits(wait) => format!("host again {}", wait.as_millis()),
        Step::Later(wait, _) => format!("later {}", wait.as_millis()),
    }
}

fn told(exchange: &Exchange, trip: &Trip) -> String {
    with(exchange, trip, |_, _| {})
}

#[test]
fn statuses_have_their_codes() {
    let first = trip(Method::GET, 3);
    for (status, expected) in [
        (200, "ok"),
        (204, "ok"),
        (304, "http.redirect"),
        (301, "http.redirect"),
        (404, "http.client_error"),
        (429, "http.rate_limited"),
        (500, "http.server_error"),
        (503, "http.server_error"),
        (999, "http.unexpected"),
        (101, "http.unexpected"),
    ] {
        assert_eq!(told(&answer(status, &[]), &first), expected, "{status}");
    }
    assert_eq!(with(&answer(304, &[]), &first, |rules, _| rules.conditional = true), "ok");
    let accept: StatusSet = "2xx,404".parse().unwrap();
    assert_eq!(step_accepting(&accept, 404), "ok");
}

fn step_accepting(accept: &StatusSet, status: u16) -> String {
    let retry = Retry::default();
    let rules = Rules { accept, retries: 0, redirects: 0, retry: &retry, cookies: &Cookies::Off, conditional: false };
    match step(&answer(status, &[]), &Judgement::Usual, &trip(Method::GET, 1), &rules, &MOMENT) {
        Step::Done(Ending::Ok) => "ok".into(),
        other => format!("{other:?}"),
    }
}

#[test]
fn only_what_may_help_is_tried_again_and_only_so_often() {
    assert_eq!(told(&failed(Code::ConnectRefused), &trip(Method::GET, 1)), "again 500");
    assert_eq!(told(&failed(Code::ConnectRefused), &trip(Method::GET, 2)), "again 1000");
    assert_eq!(told(&failed(Code::ConnectRefused), &trip(Method::GET, 3)), "connect.refused");
    assert_eq!(told(&failed(Code::DnsNotFound), &trip(Method::GET, 1)), "dns.not_found");
    assert_eq!(told(&answer(500, &[]), &trip(Method::GET, 1)), "again 500");
    assert_eq!(told(&answer(404, &[]), &trip(Method::GET, 1)), "http.client_error");
}

#[test]
fn what_is_not_idempotent_is_repeated_only_if_nothing_was_sent_or_the_user_says_so() {
    let post = trip(Method::POST, 1);
    assert_eq!(told(&answer(500, &[]), &post), "http.server_error");
    assert_eq!(told(&failed(Code::TimeoutTotal), &post), "timeout.total");
    assert_eq!(told(&failed(Code::ConnectReset), &post), "connect.reset");
    assert_eq!(told(&failed(Code::ConnectRefused), &post), "again 500");
    assert_eq!(told(&answer(429, &[(header::RETRY_AFTER, "1")]), &post), "http.rate_limited");
    let all = Retry { methods: RetryMethods::All, ..Retry::default() };
    let accept = StatusSet::default();
    let rules =
        Rules { accept: &accept, retries: 2, redirects: 0, retry: &all, cookies: &Cookies::Off, conditional: false };
    assert!(matches!(step(&answer(500, &[]), &Judgement::Usual, &post, &rules, &MOMENT), Step::Again(_)));
}

#[test]
fn a_date_is_told_by_the_clock_of_the_host_that_says_it() {
    // Ours says 1970.
    let (date, until) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT");
    let first = trip(Method::GET, 1);
    let said = |more: &[(http::HeaderName, &str)]| {
        told(&answer(503, &[&[(header::RETRY_AFTER, until)], more].concat()), &first)
    };
    assert_eq!(said(&[(header::DATE, date)]), "later 30000");
    assert_eq!(said(&[(header::DATE, date), (header::AGE, "20")]), "later 10000");
    assert_eq!(said(&[(header::DATE, date), (header::AGE, "99999999999999999999")]), "later 30000");
    assert_eq!(said(&[(header::DATE, "soon")]), "http.rate_limited", "by our own it is too long");
    assert_eq!(said(&[(header::DATE, date), (header::AGE, &u64::MAX.to_string())]), "http.rate_limited");
}

#[test]
fn a_host_that_says_when_is_paused_at_no_cost() {
    let third = trip(Method::GET, 3);
    assert_eq!(told(&answer(429, &[(header::RETRY_AFTER, "7")]), &third), "later 7000");
    assert_eq!(told(&answer(503, &[(header::RETRY_AFTER, "7")]), &third), "later 7000");
    assert_eq!(told(&answer(429, &[(header::RETRY_AFTER, "61")]), &third), "http.rate_limited");
    assert_eq!(told(&answer(503, &[(header::RETRY_AFTER, "soon")]), &third), "http.server_error");
    let mut often = trip(Method::GET, 1);
    often.limited = LATER_MOST;
    assert_eq!(told(&answer(429, &[(header::RETRY_AFTER, "0")]), &often), "http.rate_limited");
    assert_eq!(told(&answer(429, &[]), &trip(Method::GET, 1)), "host again 500");
    assert_eq!(
        with(&answer(429, &[(header::RETRY_AFTER, "7")]), &third, |_, moment| moment.left =
            Some(Duration::from_secs(3))),
        "http.rate_limited"
    );
}

#[test]
fn budget_breaker_and_url_deadline_end_the_trying() {
    let first = trip(Method::GET, 1);
    let refused = failed(Code::ConnectRefused);
    assert_eq!(with(&refused, &first, |_, moment| moment.budget = false), "connect.refused");
    assert_eq!(with(&refused, &first, |_, moment| moment.breaker_open = true), "connect.refused");
    assert_eq!(with(&refused, &first, |_, moment| moment.left = Some(Duration::from_millis(400))), "connect.refused");
}

#[test]
fn redirects_are_followed_counted_and_loops_found() {
    let redirect = answer(302, &[(header::LOCATION, "/b")]);
    let first = trip(Method::GET, 1);
    assert_eq!(told(&redirect, &first), "to http://h/b");
    assert_eq!(with(&redirect, &first, |rules, _| rules.redirects = 0), "http.redirect");
    assert_eq!(told(&answer(302, &[(header::LOCATION, "/a")]), &first), "redirect.loop");
    assert_eq!(
        with(&answer(302, &[(header::LOCATION, "/a")]), &first, |rules, _| rules.cookies = &Cookies::On),
        "to http://h/a"
    );
    let mut far = trip(Method::GET, 1);
    far.hops = (0..10)
        .map(|n| crate::model::Hop {
            status: 302,
            method: Method::GET,
            url: ::url::Url::parse(&format!("http://h/{n}")).unwrap().into(),
            location: String::new(),
        })
        .collect();
    assert_eq!(told(&redirect, &far), "redirect.too_many");
}

#[test]
fn a_lack_of_descriptors_is_waited_out() {
    assert_eq!(told(&failed(Code::ConnectDescriptors), &trip(Method::GET, 9)), "later 200");
}

#[test]
fn what_the_program_judges_goes_before_the_status() {
    let fields = [(header::LOCATION, "/b"), (header::RETRY_AFTER, "7")];
    let (retry, reject) = (Judgement::retry("please wait"), Judgement::reject("no such page"));
    let limited = Judgement::RateLimited(Some(Duration::from_secs(3)));
    let first = trip(Method::GET, 1);
    for (status, judgement, expected) in [
        (200, Judgement::Usual, "ok"),
        (404, Judgement::Accept, "ok"),
        (302, Judgement::Accept, "ok"),
        (200, reject.clone(), "http.unexpected"),
        (302, reject.clone(), "http.unexpected"),
        (200, retry.clone(), "again 500"),
        (302, retry.clone(), "again 500"),
        (200, limited.clone(), "later 3000"),
        (503, limited.clone(), "later 3000"),
        (200, Judgement::RateLimited(None), "later 7000"),
    ] {
        assert_eq!(judged(&answer(status, &fields), &judgement, &first, |_, _| {}), expected, "{status} {judgement:?}");
    }
    let bare = answer(200, &[]);
    assert_eq!(judged(&bare, &Judgement::RateLimited(None), &first, |_, _| {}), "host again 500");
    let refused = failed(Code::ConnectRefused);
    assert_eq!(judged(&refused, &Judgement::Accept, &first, |_, _| {}), "again 500", "there is no response to judge");
}

#[test]
fn what_is_judged_to_come_later_is_held_to_the_rules_of_every_other_retry() {
    let (page, wait) = (answer(200, &[]), Judgement::retry("please wait"));
    let told = |trip: &Trip, change: fn(&mut Rules<'_>, &mut Moment)| judged(&page, &wait, trip, change);
    let first = trip(Method::GET, 1);
    assert_eq!(told(&trip(Method::GET, 3), |_, _| {}), "http.not_ready");
    assert_eq!(told(&trip(Method::POST, 1), |_, _| {}), "http.not_ready");
    assert_eq!(told(&first, |_, moment| moment.budget = false), "http.not_ready");
    assert_eq!(told(&first, |_, moment| moment.left = Some(Duration::from_millis(400))), "http.not_ready");
    let far = Judgement::RateLimited(Some(Duration::MAX));
    assert_eq!(judged(&page, &far, &first, |_, _| {}), "http.rate_limited", "more than --retry-after-max");
}

#[test]
fn the_log_of_attempts_has_the_code_of_what_was_judged() {
    let (accept, retry) = (StatusSet::default(), Retry::default());
    let rules =
        Rules { accept: &accept, retries: 0, redirects: 0, retry: &retry, cookies: &Cookies::Off, conditional: false };
    let code = |judgement| code_of(&answer(200, &[]), &judgement, &rules, SystemTime::UNIX_EPOCH);
    assert_eq!(code(Judgement::Usual), None);
    assert_eq!(code(Judgement::reject("")), Some(Code::HttpUnexpected));
    assert_eq!(code(Judgement::retry("")), Some(Code::HttpNotReady));
    assert_eq!(code(Judgement::RateLimited(None)), Some(Code::HttpRateLimited));
}
