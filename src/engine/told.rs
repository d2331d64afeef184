//! What a run tells about itself while it goes on: events for whoever listens, and nothing at all where nobody
//! does.
//!
//! What somebody may want to see of a run that is slow or stops is `info`, each exchange is `debug`, each step
//! of a request is `trace`. URLs are without userinfo; no field and no body is ever told. Must not know who
//! listens, and decides nothing.

use std::time::Duration;

use tracing::{Level, debug, enabled, info, trace};
use url::Url;

use super::{handle::Progress, robots::File};
use crate::{
    model::{
        Code, Ending, Errand, Exchange, Flight, Visit, Wait,
        record::{host_key, version_name},
        redact,
    },
    policy::step::Step,
    settings::Settings,
};

/// Whose events these are.
const RUN: &str = "fetchall::run";

/// The run begins.
pub(super) fn begins(settings: &Settings) {
    let limits = &settings.limits;
    info!(
        target: RUN, in_flight = limits.in_flight.get(), per_host = limits.host.in_flight.get(),
        retries = settings.retry.retries, "run begins"
    );
}

/// The run is over.
pub(super) fn ends(progress: &Progress) {
    let Progress { read, finished, ok, failed, skipped, retries, wire_bytes, .. } = *progress;
    info!(target: RUN, read, finished, ok, failed, skipped, retries, wire_bytes, "run ends");
}

/// It was asked to end before its input does.
pub(super) fn stops(why: super::Stop) {
    info!(target: RUN, why = ?why, "run stops");
}

/// A request goes out.
pub(super) fn launch(flight: &Flight, waited: Duration, wait_for: Wait) {
    if !enabled!(target: RUN, Level::TRACE) {
        return;
    }
    let (seq, url, attempt) = (seq(flight), url_of(flight), attempt(flight));
    trace!(
        target: RUN, seq, url, attempt, wait_ms = ms(waited),
        wait_for = (!waited.is_zero()).then(|| wait_for.words()), "launch"
    );
}

/// An exchange is over.
pub(super) fn exchange(flight: &Flight, exchange: &Exchange) {
    if !enabled!(target: RUN, Level::DEBUG) {
        return;
    }
    let phases = &exchange.phases;
    let is_sent = !exchange.is_hit();
    debug!(
        target: RUN,
        seq = seq(flight),
        url = url_of(flight),
        attempt = attempt(flight),
        status = exchange.status(),
        code = exchange.failure.as_ref().map(|failure| failure.code.name()),
        version = exchange.head.as_ref().map(|head| version_name(head.version)),
        ip = exchange.peer.map(|ip| ip.to_string()),
        reused = (is_sent && exchange.head.is_some()).then_some(phases.connect.is_none()),
        cache = exchange.cache.map(|cache| format!("{cache:?}").to_ascii_lowercase()),
        dns_ms = phases.dns.map(ms),
        connect_ms = phases.connect.map(ms),
        tls_ms = phases.tls.map(ms),
        wait_ms = phases.wait.map(ms),
        receive_ms = phases.receive.map(ms),
        total_ms = is_sent.then(|| ms(phases.total)),
        bytes = exchange.body.as_ref().map(|body| body.wire_len),
        "exchange"
    );
}

/// What follows from an exchange.
pub(super) fn step(flight: &Flight, exchange: &Exchange, step: &Step) {
    if matches!(step, Step::Done(_)) || !enabled!(target: RUN, Level::INFO) {
        return;
    }
    let (seq, url, attempt, status) = (seq(flight), url_of(flight), attempt(flight), exchange.status());
    let code = flight.trip.as_ref().and_then(|trip| trip.log.last()?.error).map(Code::name);
    let host = flight.trip.as_ref().map(|trip| host_key(&trip.url));
    match step {
        Step::Done(_) => {}
        Step::Redirect(onward) => {
            info!(target: RUN, seq, url, status, to = redact::url(&onward.url), "redirect");
        }
        Step::Again(wait) => info!(target: RUN, seq, url, attempt, status, code, wait_ms = ms(*wait), "retry"),
        Step::AgainHostWaits(wait) => {
            info!(target: RUN, seq, host, status, code, wait_ms = ms(*wait), "host pauses");
            info!(target: RUN, seq, url, attempt, status, code, wait_ms = ms(*wait), "retry");
        }
        Step::Later(wait, why) => {
            info!(target: RUN, seq, host, status, code, wait_ms = ms(*wait), wait_for = why.words(), "host pauses");
        }
    }
}

/// What a robots.txt says of its origin, or why it does not.
pub(super) fn robots(origin: &str, file: &File) {
    let (says, code) = match file {
        File::Open => ("everything is allowed", None),
        File::Rules(_) => ("it has rules", None),
        File::Refused(code, why) => (&**why, Some(code.name())),
    };
    info!(target: RUN, origin, code, says, "robots.txt");
}

/// robots.txt, or a hook of the program, does not let a request go.
pub(super) fn refused(flight: &Flight, code: Code, why: &str) {
    if enabled!(target: RUN, Level::INFO) {
        info!(target: RUN, seq = seq(flight), url = url_of(flight), code = code.name(), why, "refused");
    }
}

/// A request has come to its end.
pub(super) fn end(visit: &Visit) {
    if !enabled!(target: RUN, Level::DEBUG) {
        return;
    }
    let (outcome, code) = match &visit.ending {
        Ending::Ok => ("ok", None),
        Ending::HttpError(failure) => ("http_error", Some(failure.code.name())),
        Ending::Error(failure) => ("error", Some(failure.code.name())),
        Ending::Skipped { code, .. } => ("skipped", Some(code.name())),
    };
    let url = visit.url.as_deref().map(redact::url);
    let attempts = visit.trip.as_ref().map(|trip| trip.attempts);
    let queue_ms = ms(visit.trip.as_ref().map_or(visit.queued, |trip| trip.queued));
    debug!(target: RUN, seq = visit.seq, url, outcome, code, attempts, queue_ms, "done");
}

/// Position in the input; a robots.txt has none.
fn seq(flight: &Flight) -> Option<u64> {
    (flight.errand == Errand::Asked).then_some(flight.seq)
}

/// Where it goes next, or was.
fn url_of(flight: &Flight) -> String {
    let url: &Url = flight.trip.as_ref().map_or(&flight.url, |trip| &trip.url);
    redact::url(url)
}

fn attempt(flight: &Flight) -> Option<u32> {
    flight.trip.as_ref().map(|trip| trip.attempts)
}

/// Milliseconds with microseconds behind the point, as records have them.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
