//! A record as spans, by the semantic conventions of HTTP clients (1.27).
//!
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>. A request that took one exchange is one
//! span; one that was tried again or redirected has a span for itself and one for each exchange in it. Must not
//! know who takes them.

use std::time::{Duration, Instant, SystemTime};

use fetchall::model::{Attempt, Code, Record, redact};
use serde_json::{Value, json};

use super::place::Place;

/// Kinds of spans (`SpanKind`), and that one failed (`StatusCode`).
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
const FAILED: u8 = 2;

/// What the time of a run is on the wall.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    at: Instant,
    wall: SystemTime,
}

impl Clock {
    /// Now is now.
    pub fn now() -> Clock {
        Clock { at: Instant::now(), wall: SystemTime::now() }
    }

    /// Nanoseconds since 1970, as text: they are more than JSON's numbers hold.
    fn nanos(&self, moment: Instant) -> String {
        let wall = match moment.checked_duration_since(self.at) {
            Some(later) => self.wall.checked_add(later),
            None => self.wall.checked_sub(self.at.saturating_duration_since(moment)),
        };
        let since = wall.and_then(|wall| wall.duration_since(SystemTime::UNIX_EPOCH).ok());
        since.unwrap_or_default().as_nanos().to_string()
    }
}

/// The beginning of a message, up to its spans.
pub fn head(place: &Place, command: &str) -> String {
    let own = [("service.version", env!("CARGO_PKG_VERSION")), ("fetchall.command", command)];
    let given = place.resource.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let resource: Vec<Value> = given.chain(own).map(|(key, value)| text(key, value)).collect();
    let scope = json!({ "name": "fetchall", "version": env!("CARGO_PKG_VERSION") });
    format!(
        r#"{{"resourceSpans":[{{"resource":{},"scopeSpans":[{{"scope":{scope},"spans":["#,
        json!({ "attributes": resource })
    )
}

/// The spans of a record; none of what was never under way.
pub fn of(record: &Record, clock: &Clock) -> Vec<String> {
    let Some(course) = record.course.as_ref().filter(|course| !course.log.is_empty()) else { return Vec::new() };
    let trace = format!("{:032x}", fastrand::u128(1..));
    let parent = (course.log.len() > 1).then(id);
    let mut spans = Vec::with_capacity(course.log.len() + 1);
    let mut end = course.begun;
    for (resends, attempt) in course.log.iter().enumerate() {
        let begin = course.begun.checked_add(attempt.at).unwrap_or(course.begun);
        end = begin.checked_add(attempt.phases.total).unwrap_or(begin);
        let mut span = json!({
            "traceId": trace, "spanId": id(), "kind": CLIENT, "name": method(record),
            "startTimeUnixNano": clock.nanos(begin), "endTimeUnixNano": clock.nanos(end),
            "attributes": attributes(record, attempt, resends),
        });
        if let Some(parent) = &parent {
            span["parentSpanId"] = json!(parent);
        }
        if let Some(code) = attempt.error {
            span["status"] = json!({ "code": FAILED, "message": code.name() });
        }
        spans.push(span.to_string());
    }
    if let Some(parent) = parent {
        let mut span = json!({
            "traceId": trace, "spanId": parent, "kind": INTERNAL, "name": "fetchall.request",
            "startTimeUnixNano": clock.nanos(course.begun), "endTimeUnixNano": clock.nanos(end),
            "attributes": [
                number("fetchall.seq", record.seq), number("fetchall.attempts", record.attempts.into()),
                text("fetchall.outcome", record.outcome.name()),
            ],
        });
        if let Some(error) = &record.error {
            span["status"] = json!({ "code": FAILED, "message": error.code.name() });
        }
        spans.push(span.to_string());
    }
    spans
}

fn attributes(record: &Record, attempt: &Attempt, resends: usize) -> Vec<Value> {
    let url = &attempt.url;
    let mut all = vec![
        text("http.request.method", method(record)),
        text("url.full", &redact::url(url)),
        text("server.address", url.host_str().unwrap_or_default()),
        number("server.port", url.port_or_known_default().unwrap_or_default().into()),
        number("fetchall.seq", record.seq),
        milliseconds("fetchall.queue_ms", attempt.wait),
    ];
    all.extend(attempt.status.map(|status| number("http.response.status_code", status.into())));
    all.extend(attempt.error.map(Code::name).map(|code| text("error.type", code)));
    if resends > 0 {
        all.push(number("http.request.resend_count", resends as u64));
    }
    let phases = &attempt.phases;
    for (name, time) in [
        ("fetchall.dns_ms", phases.dns),
        ("fetchall.connect_ms", phases.connect),
        ("fetchall.tls_ms", phases.tls),
        ("fetchall.wait_ms", phases.wait),
        ("fetchall.receive_ms", phases.receive),
    ] {
        all.extend(time.map(|time| milliseconds(name, time)));
    }
    all
}

fn method(record: &Record) -> &str {
    record.method.as_deref().unwrap_or("HTTP")
}

fn id() -> String {
    format!("{:016x}", fastrand::u64(1..))
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn milliseconds(key: &str, value: Duration) -> Value {
    json!({ "key": key, "value": { "doubleValue": value.as_micros() as f64 / 1000.0 } })
}
