//! What to do after an exchange: the one decision of a flight's life.
//!
//! A pure function of what happened, what is allowed and a draw of the dice. Must not know who
//! carries the decision out.

use std::time::{Duration, SystemTime};

use http::header;

use super::{
    redirect::{self, Onward},
    retry,
};
use crate::{
    model::{Code, Ending, Exchange, Failure, Trip, Wait, units::StatusSet},
    settings::{Cookies, Retry, RetryMethods},
};

/// How often a host may answer "later" to one request: its own wish costs no try, so something
/// else has to end it.
const LATER_MOST: u32 = 10;

/// How often a lack of file descriptors is waited out, and how long each time.
const DESCRIPTORS_MOST: u32 = 50;
const DESCRIPTORS_WAIT: Duration = Duration::from_millis(200);

/// What is allowed, for one request.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Statuses that count as success.
    pub accept: &'a StatusSet,
    /// Tries after the first.
    pub retries: u32,
    /// Redirects followed at most; 0 takes a redirect as the answer.
    pub redirects: u32,
    /// Backoff and patience.
    pub retry: &'a Retry,
    /// A jar may break what looks like a redirect loop.
    pub cookies: &'a Cookies,
    /// The request was conditional: 304 is an answer.
    pub conditional: bool,
}

/// What else is known at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Wall clock, for HTTP dates.
    pub now: SystemTime,
    /// Time left for this URL; `None` is no limit.
    pub left: Option<Duration>,
    /// The run's retry budget has something left.
    pub budget: bool,
    /// The host's breaker is open.
    pub breaker_open: bool,
    /// A draw, 0.0 to 1.0.
    pub roll: f64,
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// It is over.
    Done(Ending),
    /// Follow a redirect.
    Redirect(Onward),
    /// Try again after this time.
    Again(Duration),
    /// Try again after this time; the whole host waits as long.
    AgainHostWaits(Duration),
    /// The host said "later": pause it and ask again, at no cost.
    Later(Duration, Wait),
}

/// Decides what follows `exchange`, the last one of `trip` (whose `attempts` counts it).
pub fn step(exchange: &Exchange, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Step {
    if let Some(failure) = &exchange.failure {
        return after_failure(failure, trip, rules, moment);
    }
    let Some(head) = &exchange.head else {
        return Step::Done(Ending::Error(Failure::new(Code::ProtocolEmpty, "no response")));
    };
    let location = head.headers.get(header::LOCATION);
    if let Some(location) = location.filter(|_| redirect::is_followed(head.status) && rules.redirects > 0) {
        return match next_hop(location.as_bytes(), head.status, trip, rules) {
            Ok(onward) => Step::Redirect(onward),
            Err(failure) => Step::Done(Ending::Error(failure)),
        };
    }
    if rules.accept.contains(head.status) || (rules.conditional && head.status == 304) {
        return Step::Done(Ending::Ok);
    }
    after_status(exchange, head.status, trip, rules, moment)
}

fn next_hop(location: &[u8], status: u16, trip: &Trip, rules: &Rules<'_>) -> Result<Onward, Failure> {
    // Bytes beyond ASCII are sent raw by some servers, in UTF-8 by most of these.
    let location = String::from_utf8_lossy(location);
    let onward = redirect::follow(&trip.url, &trip.method, trip.with_body, status, &location)?;
    if *rules.cookies == Cookies::Off && redirect::is_loop(&onward, &trip.url, &trip.method, &trip.hops) {
        let at = crate::model::redact::url(&onward.url);
        return Err(Failure::new(Code::RedirectLoop, format!("the redirects lead back to {at}")));
    }
    if trip.hops.len() >= rules.redirects as usize {
        return Err(Failure::new(Code::RedirectTooMany, format!("more than {} redirects", rules.redirects)));
    }
    Ok(onward)
}

fn after_status(exchange: &Exchange, status: u16, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Step {
    let asked = asked_wait(exchange, moment.now);
    let code = status_code(status, asked);
    let done = |why: &str| Step::Done(Ending::HttpError(Failure::new(code, format!("{}{why}", status_line(status)))));
    if !code.retryable() {
        return done("");
    }
    if code == Code::HttpRateLimited
        && let Some(asked) = asked
    {
        return match later(asked, trip, rules, moment) {
            Ok(()) => Step::Later(asked, Wait::RetryAfter),
            Err(why) => done(&format!("; Retry-After: {}: {why}", humantime::format_duration(asked))),
        };
    }
    match again(code, trip, rules, moment) {
        Ok(wait) if code == Code::HttpRateLimited => Step::AgainHostWaits(wait),
        Ok(wait) => Step::Again(wait),
        Err(why) => done(&why),
    }
}

/// The wait that a response asks for, if it asks in a way that can be read.
fn asked_wait(exchange: &Exchange, now: SystemTime) -> Option<Duration> {
    retry::retry_after(exchange.header(header::RETRY_AFTER)?, now)
}

fn status_code(status: u16, asked: Option<Duration>) -> Code {
    match status {
        429 => Code::HttpRateLimited,
        503 if asked.is_some() => Code::HttpRateLimited,
        407 => Code::ProxyAuth,
        300..=399 => Code::HttpRedirect,
        400..=499 => Code::HttpClientError,
        500..=599 => Code::HttpServerError,
        _ => Code::HttpUnexpected,
    }
}

/// The code of one exchange, for the log of attempts: `None` for a response that is accepted or
/// that redirects.
pub fn code_of(exchange: &Exchange, rules: &Rules<'_>, now: SystemTime) -> Option<Code> {
    if let Some(failure) = &exchange.failure {
        return Some(failure.code);
    }
    let head = exchange.head.as_ref()?;
    let onward =
        redirect::is_followed(head.status) && rules.redirects > 0 && head.headers.contains_key(header::LOCATION);
    let accepted = onward || rules.accept.contains(head.status) || (rules.conditional && head.status == 304);
    (!accepted).then(|| status_code(head.status, asked_wait(exchange, now)))
}

fn after_failure(failure: &Failure, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Step {
    let done = |why: &str| {
        let message = format!("{}{why}", failure.message);
        Step::Done(Ending::Error(Failure::new(failure.code, message)))
    };
    if failure.code == Code::ConnectDescriptors {
        let patient = trip.limited < DESCRIPTORS_MOST && moment.left.is_none_or(|left| left > DESCRIPTORS_WAIT);
        return if patient { Step::Later(DESCRIPTORS_WAIT, Wait::Slot) } else { done("") };
    }
    if !failure.code.retryable() {
        return done("");
    }
    match again(failure.code, trip, rules, moment) {
        Ok(wait) => Step::Again(wait),
        Err(why) => done(&why),
    }
}

/// Whether a pause that the host asks for is granted; the error says why not.
fn later(asked: Duration, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Result<(), &'static str> {
    if asked > rules.retry.retry_after_max {
        return Err("more than --retry-after-max");
    }
    if trip.limited >= LATER_MOST {
        return Err("it has said so too often");
    }
    if !may_repeat(Code::HttpRateLimited, trip, rules) {
        return Err("the method is not repeated without --retry-unsafe");
    }
    if moment.left.is_some_and(|left| left <= asked) {
        return Err("--url-timeout ends before");
    }
    Ok(())
}

/// The wait before another try; the error says why there is none, empty where it goes without
/// saying.
fn again(code: Code, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Result<Duration, String> {
    // Being told "later" was a try, but not one of those that are limited.
    let failed = trip.attempts.saturating_sub(trip.limited);
    if failed > rules.retries {
        return Err(String::new());
    }
    if !may_repeat(code, trip, rules) {
        return Err(format!("; {} is not repeated without --retry-unsafe", trip.method));
    }
    if moment.breaker_open {
        return Err("; not tried again: the host fails --host-errors times in a row".to_owned());
    }
    if !moment.budget {
        return Err("; not tried again: the run's --retry-budget is used up".to_owned());
    }
    let wait = retry::backoff(rules.retry.base, rules.retry.cap, failed, moment.roll);
    if moment.left.is_some_and(|left| left <= wait) {
        return Err("; not tried again: --url-timeout ends before".to_owned());
    }
    Ok(wait)
}

/// Whether asking twice is harmless: an idempotent method, the user's word, or nothing was sent.
fn may_repeat(code: Code, trip: &Trip, rules: &Rules<'_>) -> bool {
    retry::is_idempotent(&trip.method)
        || rules.retry.methods == RetryMethods::All
        || code.family() == "dns"
        || matches!(code, Code::ConnectRefused | Code::ConnectTimeout | Code::ConnectUnreachable)
}

fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("{status} {reason}"),
        None => format!("status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use http::Method;

    use super::*;
    use crate::model::{Head, exchange::Phases};

    fn trip(method: Method, attempts: u32) -> Trip {
        Trip {
            started: SystemTime::UNIX_EPOCH,
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

    const MOMENT: Moment =
        Moment { now: SystemTime::UNIX_EPOCH, left: None, budget: true, breaker_open: false, roll: 1.0 };

    fn with(exchange: &Exchange, trip: &Trip, change: impl FnOnce(&mut Rules<'_>, &mut Moment)) -> String {
        let (accept, retry) = (StatusSet::default(), Retry::default());
        let mut rules = Rules {
            accept: &accept,
            retries: 2,
            redirects: 10,
            retry: &retry,
            cookies: &Cookies::Off,
            conditional: false,
        };
        let mut moment = MOMENT;
        change(&mut rules, &mut moment);
        match step(exchange, trip, &rules, &moment) {
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
        let rules =
            Rules { accept, retries: 0, redirects: 0, retry: &retry, cookies: &Cookies::Off, conditional: false };
        match step(&answer(status, &[]), &trip(Method::GET, 1), &rules, &MOMENT) {
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
        let rules = Rules {
            accept: &accept,
            retries: 2,
            redirects: 0,
            retry: &all,
            cookies: &Cookies::Off,
            conditional: false,
        };
        assert!(matches!(step(&answer(500, &[]), &post, &rules, &MOMENT), Step::Again(_)));
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
        assert_eq!(
            with(&refused, &first, |_, moment| moment.left = Some(Duration::from_millis(400))),
            "connect.refused"
        );
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
}
