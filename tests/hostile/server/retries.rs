//! Retries: what is asked again, how often, and when.

use std::time::{Duration, SystemTime};

use super::{
    Behaviour, Step,
    behaviour::group,
    redirects::{asked, end},
    secs,
};

pub fn all() -> Vec<Behaviour> {
    [heals(), lasts(), unsafe_methods(), waits(), no_waits()].into_iter().flatten().collect()
}

/// Misbehaves at first, then serves a page; one retry is allowed.
fn first(name: &'static str, does: &'static str, steps: impl Fn() -> Vec<Step> + Send + Sync + 'static) -> Behaviour {
    Behaviour::plain(name, does, move |ask| if ask.hit == 0 { steps() } else { end() })
        .asking("retries", 1)
        .ok(200)
        .has("/attempts", 2)
        .check(|_, seen| asked(seen, 2))
}

fn heals() -> Vec<Behaviour> {
    group(
        "Retries",
        vec![
            first("status-503-then-200", "answers 503 once", || Step::answer(503, "", "busy")),
            first("reset-then-200", "resets the first connection after the request", || vec![Step::Reset]),
            first("no-answer-then-200", "closes the first connection without an answer", Vec::new),
            first("cut-then-whole", "cuts the first body short", || {
                Step::raw("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nthe")
            })
            .has("/bytes", 8),
            first("silence-then-200", "says nothing to the first request", || vec![Step::Stall])
                .within(secs(3))
                .waits(),
            first("garbage-then-200", "answers the first request with something that is no HTTP", || {
                Step::raw("220 mail.example ESMTP\r\n")
            }),
            first("status-500-with-an-hour-then-200", "asks with a 500 for an hour, where that means nothing", || {
                Step::answer(500, "retry-after: 3600\r\n", "")
            }),
        ],
    )
}

fn lasts() -> Vec<Behaviour> {
    let often =
        |name, does, steps: fn() -> Vec<Step>| Behaviour::plain(name, does, move |_| steps()).asking("retries", 2);
    let once = |name, does, status: u16| {
        Behaviour::plain(name, does, move |_| Step::answer(status, "", ""))
            .asking("retries", 2)
            .http_error(status, &["http.client_error"])
            .check(|_, seen| asked(seen, 1))
    };
    group(
        "Retries",
        vec![
            often("status-500-for-ever", "answers 500 to everything", || Step::answer(500, "", ""))
                .http_error(500, &["http.server_error"])
                .has("/attempts", 3)
                .check(|_, seen| asked(seen, 3)),
            often("cut-for-ever", "cuts each body short", || {
                Step::raw("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nthe")
            })
            .fails(&["body.truncated"])
            .check(|_, seen| asked(seen, 3)),
            often(
                "bomb-for-ever",
                "sends a body that unpacks to more than the cap, where trying again cannot help",
                || Step::answer(200, "content-encoding: gzip\r\n", super::redirects::packed(4)),
            )
            .fails(&["body.bomb"])
            .check(|_, seen| asked(seen, 1)),
            once("status-404", "answers 404, where trying again cannot help", 404),
            once("status-408", "says that our request took too long", 408),
            once("status-421", "says that it is not the server for this host", 421),
            once("status-425", "says that it is too early", 425),
        ],
    )
}

/// What may have been done must not be done twice.
fn unsafe_methods() -> Vec<Behaviour> {
    let form = |name, does, steps: fn() -> Vec<Step>| {
        Behaviour::plain(name, does, move |_| steps())
            .asking("method", "POST")
            .asking("body", "order=1")
            .asking("retries", 2)
            .check(|_, seen| asked(seen, 1))
    };
    group(
        "Retries",
        vec![
            form("post-500", "takes an order and answers 500", || Step::answer(500, "", ""))
                .http_error(500, &["http.server_error"]),
            form("post-429", "takes an order and asks for patience", || Step::answer(429, "retry-after: 0\r\n", ""))
                .http_error(429, &["http.rate_limited"]),
            form("post-reset", "takes an order and resets the connection", || vec![Step::Reset])
                .fails(&["connect.reset", "protocol.empty"]),
            form("post-without-an-answer", "takes an order and closes the connection", Vec::new)
                .fails(&["protocol.empty"]),
            form("post-cut", "takes an order and cuts the receipt short", || {
                Step::raw("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nthe")
            })
            .fails(&["body.truncated"]),
            form("patch-503", "takes a change and answers 503", || Step::answer(503, "", ""))
                .asking("method", "PATCH")
                .http_error(503, &["http.server_error"]),
            first("put-500-then-200", "answers 500 to the first PUT, which may be repeated", || {
                Step::answer(500, "", "")
            })
            .asking("method", "PUT")
            .asking("body", "k=v"),
        ],
    )
}

/// Asks for patience once with this field, then serves a page. No retry is allowed, and none is needed.
fn later(
    name: &'static str,
    does: &'static str,
    status: u16,
    after: impl Fn() -> String + Send + Sync + 'static,
) -> Behaviour {
    Behaviour::plain(name, does, move |ask| match ask.hit {
        0 => Step::answer(status, &format!("retry-after: {}\r\n", after()), ""),
        _ => end(),
    })
    .asking("retries", 0)
    .ok(200)
    .has("/attempts", 2)
    .within(secs(4))
}

/// The request waited that long in all, in milliseconds.
fn waited(record: &serde_json::Value, seen: &super::Seen, least: f64) -> Result<(), String> {
    let queued = record["timings"]["queue_ms"].as_f64().unwrap_or_default();
    if queued >= least { asked(seen, 2) } else { Err(format!("waited {queued} ms")) }
}

/// Two seconds from now, which whole seconds make at least one.
fn soon() -> Vec<String> {
    let at = SystemTime::now() + Duration::from_secs(2);
    // Sun, 06 Nov 1994 08:49:37 GMT
    httpdate::fmt_http_date(at).split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The date forms of RFC 9110, section 5.6.7, and whole seconds.
fn waits() -> Vec<Behaviour> {
    let short: super::Check = |record, seen| waited(record, seen, 990.0);
    group(
        "Retries",
        vec![
            later("retry-after-seconds", "answers 429 and asks for one second", 429, || "1".into()).check(short),
            later("retry-after-with-503", "answers 503 and asks for one second", 503, || "1".into()).check(short),
            later("retry-after-date", "names the moment to come back", 429, || {
                let [weekday, day, month, year, time, _] = &soon()[..] else { return String::new() };
                format!("{weekday}, {day} {month} {year} {time} GMT")
            })
            .check(short),
            later("retry-after-old-date", "names the moment in the form of RFC 850", 429, || {
                let [weekday, day, month, year, time, _] = &soon()[..] else { return String::new() };
                let long = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
                let weekday = long.into_iter().find(|name| name.starts_with(weekday.as_str())).unwrap_or_default();
                format!("{weekday}, {day}-{month}-{} {time} GMT", &year[2..])
            })
            .check(short),
            later("retry-after-asctime", "names the moment in the form of C's asctime", 429, || {
                let [weekday, day, month, year, time, _] = &soon()[..] else { return String::new() };
                format!("{weekday} {month} {:>2} {time} {year}", day.trim_start_matches('0'))
            })
            .check(short),
            later("retry-after-in-the-past", "names a moment long ago", 429, || "Sun, 06 Nov 1994 08:49:37 GMT".into())
                .within(secs(2))
                .check(|_, seen| asked(seen, 2)),
            later("retry-after-nothing", "answers 429 and asks for zero seconds", 429, || "0".into())
                .within(secs(2))
                .check(|_, seen| asked(seen, 2)),
        ],
    )
}

/// Final at once, and the record says what was asked for.
fn final_at_once(name: &'static str, does: &'static str, status: u16, after: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| Step::answer(status, &format!("retry-after: {after}\r\n"), ""))
        .asking("retries", 2)
        .http_error(status, &["http.rate_limited"])
        .check(|record, seen| match record["error"]["message"].as_str().unwrap_or_default() {
            text if text.contains("Retry-After: ") => asked(seen, 1),
            text => Err(format!("the record does not tell the wait: {text}")),
        })
}

/// A field that asks for too much, or that cannot be read.
fn no_waits() -> Vec<Behaviour> {
    let unread = |name, does, status: u16, after: &'static str| {
        Behaviour::plain(name, does, move |_| Step::answer(status, &format!("retry-after: {after}\r\n"), ""))
            .asking("retries", 0)
            .check(|_, seen| asked(seen, 1))
    };
    group(
        "Retries",
        vec![
            final_at_once("retry-after-a-day", "asks for a day", 429, "86400"),
            final_at_once("retry-after-ten-to-the-twentieth", "asks for 10^20 seconds", 503, "100000000000000000000"),
            final_at_once(
                "retry-after-the-year-9999",
                "names the last moment that a date can name",
                429,
                "Fri, 31 Dec 9999 23:59:59 GMT",
            ),
            Behaviour::plain("retry-after-nothing-for-ever", "answers 429 for ever and asks for zero seconds", |_| {
                Step::answer(429, "retry-after: 0\r\n", "")
            })
            .asking("retries", 0)
            .http_error(429, &["http.rate_limited"])
            .check(|_, seen| asked(seen, 11)),
            unread("retry-after-negative", "asks for minus five seconds", 429, "-5")
                .http_error(429, &["http.rate_limited"]),
            unread("retry-after-float", "asks for half a second as 0.5", 429, "0.5")
                .http_error(429, &["http.rate_limited"]),
            unread("retry-after-garbage", "asks for patience in words", 503, "soon\u{fc}")
                .http_error(503, &["http.server_error"]),
            first("retry-after-garbage-then-200", "asks for 1e1 seconds once", || {
                Step::answer(429, "retry-after: 1e1\r\n", "")
            }),
        ],
    )
}
