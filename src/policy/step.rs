//! What to do after an exchange: the one decision of a flight's life.
//!
//! A pure function of what happened, what is allowed and a draw of the dice. Must not know who
//! carries the decision out.

use std::time::{Duration, SystemTime};

use http::header;

use super::{
    judgement::Judgement,
    redirect::{self, Onward},
    retry,
};
use crate::{
    model::{Code, Ending, Exchange, Failure, Head, Trip, Wait, units::StatusSet},
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

/// Decides what follows `exchange`, the last one of `trip` (whose `attempts` counts it). `judgement` is
/// about the response, if there is one.
pub fn step(exchange: &Exchange, judgement: &Judgement, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Step {
    if let Some(failure) = &exchange.failure {
        return after_failure(failure, trip, rules, moment);
    }
    let Some(head) = &exchange.head else {
        return Step::Done(Ending::Error(Failure::new(Code::ProtocolEmpty, "no response")));
    };
    let asked = || asked_wait(exchange, moment.now);
    match judgement {
        Judgement::Usual => after_head(head, asked(), trip, rules, moment),
        Judgement::Accept => Step::Done(Ending::Ok),
        Judgement::Reject { message } => {
            Step::Done(Ending::HttpError(Failure::new(Code::HttpUnexpected, message.as_str())))
        }
        Judgement::Retry { message } => {
            let refusal = Refusal { code: Code::HttpNotReady, asked: None, said: message.clone() };
            after_refusal(&refusal, trip, rules, moment)
        }
        Judgement::RateLimited(wait) => {
            let said = format!("{}, judged to say that we are limited", status_line(head.status));
            let refusal = Refusal { code: Code::HttpRateLimited, asked: wait.or_else(asked), said };
            after_refusal(&refusal, trip, rules, moment)
        }
    }
}

/// A response that is none that is wanted.
struct Refusal {
    code: Code,
    /// The wait that it asks for.
    asked: Option<Duration>,
    /// What it says, for the record.
    said: String,
}

/// The status decides.
fn after_head(head: &Head, asked: Option<Duration>, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Step {
    if redirect::is_followed(head.status) && rules.redirects > 0 {
        match next_hop(head, trip, rules) {
            Ok(Some(onward)) => return Step::Redirect(onward),
            Ok(None) => {}
            Err(failure) => return Step::Done(Ending::Error(failure)),
        }
    }
    if rules.accept.contains(head.status) || (rules.conditional && head.status == 304) {
        return Step::Done(Ending::Ok);
    }
    let refusal = Refusal { code: status_code(head.status, asked), asked, said: status_line(head.status) };
    after_refusal(&refusal, trip, rules, moment)
}

/// Where a redirect leads; `None` if it does not say.
fn next_hop(head: &Head, trip: &Trip, rules: &Rules<'_>) -> Result<Option<Onward>, Failure> {
    let Some(location) = redirect::location(head.status, &head.headers)? else { return Ok(None) };
    let onward = redirect::follow(&trip.url, &trip.method, trip.with_body, head.status, &location)?;
    if *rules.cookies == Cookies::Off && redirect::is_loop(&onward, &trip.url, &trip.method, &trip.hops) {
        let at = crate::model::redact::told(&onward.url);
        return Err(Failure::new(Code::RedirectLoop, format!("the redirects lead back to {at}")));
    }
    if trip.hops.len() >= rules.redirects as usize {
        return Err(Failure::new(Code::RedirectTooMany, format!("more than {} redirects", rules.redirects)));
    }
    Ok(Some(onward))
}

fn after_refusal(refusal: &Refusal, trip: &Trip, rules: &Rules<'_>, moment: &Moment) -> Step {
    let Refusal { code, asked, said } = refusal;
    let code = *code;
    let done = |why: &str| Step::Done(Ending::HttpError(Failure::new(code, format!("{said}{why}"))));
    if !code.retryable() {
        return done("");
    }
    if code == Code::HttpRateLimited
        && let Some(asked) = *asked
    {
        return match later(asked, trip, rules, moment) {
            Ok(()) => Step::Later(asked, Wait::RetryAfter),
            Err(why) => done(&format!("; Retry-After: {}: {why}", retry::wait_in_words(asked))),
        };
    }
    match again(code, trip, rules, moment) {
        Ok(wait) if code == Code::HttpRateLimited => Step::AgainHostWaits(wait),
        Ok(wait) => Step::Again(wait),
        Err(why) => done(&why),
    }
}

/// The wait that a response asks for, if it asks in a way that can be read. A date is told by the clock of
/// the server, so it is counted from what that says the time is (RFC 9110, section 6.6.1), where it says so:
/// `now`, by our own clock, may be hours off.
fn asked_wait(exchange: &Exchange, now: SystemTime) -> Option<Duration> {
    let asked = exchange.header(header::RETRY_AFTER)?;
    let date = exchange.header(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    // What a cache has kept meanwhile is older by so much.
    let age = exchange.header(header::AGE).and_then(|age| age.trim().parse().ok()).map(Duration::from_secs);
    let there = date.and_then(|date| date.checked_add(age.unwrap_or_default()));
    retry::retry_after(asked, there.unwrap_or(now))
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
pub fn code_of(exchange: &Exchange, judgement: &Judgement, rules: &Rules<'_>, now: SystemTime) -> Option<Code> {
    if let Some(failure) = &exchange.failure {
        return Some(failure.code);
    }
    let head = exchange.head.as_ref()?;
    match judgement {
        Judgement::Usual => {}
        Judgement::Accept => return None,
        Judgement::Reject { .. } => return Some(Code::HttpUnexpected),
        Judgement::Retry { .. } => return Some(Code::HttpNotReady),
        Judgement::RateLimited(_) => return Some(Code::HttpRateLimited),
    }
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
mod tests;
