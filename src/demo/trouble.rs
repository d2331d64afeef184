//! The demo's bad answers: error statuses, redirects that lead nowhere, limits, and connections
//! that break.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{ConnectInfo, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use serde::Deserialize;

use super::{
    Demo,
    html::plain,
    wire::{End, Line},
};

/// Keys that are counted at most; one more starts all counts again.
const KEYS: usize = 10_000;
/// What `/limited` asks for.
const PAUSE: Duration = Duration::from_secs(1);
/// After this time a client of `/limited` is taken for a new one, so that a run that was stopped
/// half way leaves no trace in the next.
const FORGET: Duration = Duration::from_secs(60);

/// What the pages that change their answers remember, by the `key` of the query.
#[derive(Default)]
pub struct Tallies {
    failed: Mutex<HashMap<String, u32>>,
    limited: Mutex<HashMap<String, Instant>>,
}

pub fn routes() -> Router<Arc<Demo>> {
    Router::new()
        .route("/missing", any(missing))
        .route("/gone", any(async || plain(StatusCode::GONE, "Gone", "This was here once.")))
        .route("/error", any(async || plain(StatusCode::INTERNAL_SERVER_ERROR, "Error", "The server is at fault.")))
        .route("/flaky", get(flaky))
        .route("/limited", get(limited))
        .route("/redirect/{hops}", any(hops))
        .route("/redirect-307", any(async || redirect(StatusCode::TEMPORARY_REDIRECT, "/echo")))
        .route("/redirect-scheme", any(async || redirect(StatusCode::FOUND, "ftp://127.0.0.1/file")))
        .route("/redirect-bad", any(async || redirect(StatusCode::FOUND, "http://[")))
        .route("/loop", any(async || redirect(StatusCode::FOUND, "/loop/back")))
        .route("/loop/back", any(async || redirect(StatusCode::FOUND, "/loop")))
        .route("/loop-new", any(ever_new))
        .route("/close", taken_over(b"", End::Close))
        .route("/reset", taken_over(b"", End::Reset))
        .route("/garbage", taken_over(b"\x16\x03\x01 220 this is no web server\r\n\r\n", End::Close))
        .route("/cut", taken_over(CUT, End::Close))
        .route("/extra", taken_over(EXTRA, End::Close))
}

const CUT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 1000\r\n\r\n\
<title>Cut</title><p>The rest of this page";

const EXTRA: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 42\r\n\r\n\
<title>Whole</title><p>This is all of it.\n\
HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 500\r\n\r\n<title>Nobody asked";

/// A page that sends these bytes instead of an answer.
fn taken_over(bytes: &'static [u8], end: End) -> MethodRouter<Arc<Demo>> {
    any(async move |ConnectInfo(line): ConnectInfo<Line>| line.take_over(bytes, end))
}

pub async fn missing() -> Response {
    plain(StatusCode::NOT_FOUND, "Not found", "There is no such page.")
}

#[derive(Deserialize)]
struct Flaky {
    #[serde(default)]
    key: String,
    #[serde(default = "twice")]
    fails: u32,
}

fn twice() -> u32 {
    2
}

async fn flaky(State(demo): State<Arc<Demo>>, Query(Flaky { key, fails }): Query<Flaky>) -> Response {
    let failed = {
        let mut tally = demo.tallies.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = tally.remove(&key).unwrap_or(0);
        if failed < fails {
            make_room(&mut tally);
            tally.insert(key, failed + 1);
        }
        failed
    };
    if failed < fails {
        let text = format!("Failure {} of {fails}.", failed + 1);
        return plain(StatusCode::SERVICE_UNAVAILABLE, "Not now", &text);
    }
    plain(StatusCode::OK, "Well again", &format!("This failed {failed} times before."))
}

#[derive(Deserialize)]
struct Limited {
    #[serde(default)]
    key: String,
}

async fn limited(State(demo): State<Arc<Demo>>, Query(Limited { key }): Query<Limited>) -> Response {
    let refused = {
        let mut tally = demo.tallies.limited.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let age = tally.get(&key).map(|since| now.duration_since(*since)).filter(|age| *age < FORGET);
        let waited = age.is_some_and(|age| age >= PAUSE);
        if waited {
            tally.remove(&key);
        } else if age.is_none() {
            make_room(&mut tally);
            tally.insert(key, now);
        }
        !waited
    };
    if refused {
        let wait = [(header::RETRY_AFTER, PAUSE.as_secs().to_string())];
        return (wait, plain(StatusCode::TOO_MANY_REQUESTS, "Too fast", "Wait a second.")).into_response();
    }
    plain(StatusCode::OK, "Patience pays", "You waited as long as you were asked to.")
}

fn make_room<T>(tally: &mut HashMap<String, T>) {
    if tally.len() >= KEYS {
        tally.clear();
    }
}

fn redirect(status: StatusCode, location: impl Into<String>) -> Response {
    let location: String = location.into();
    ([(header::LOCATION, location)], plain(status, "Elsewhere", "Follow the Location field.")).into_response()
}

async fn hops(Path(hops): Path<u32>) -> Response {
    match hops {
        0 | 1 => redirect(StatusCode::FOUND, "/"),
        more => redirect(StatusCode::FOUND, format!("/redirect/{}", more - 1)),
    }
}

#[derive(Deserialize)]
struct EverNew {
    #[serde(default)]
    n: u64,
}

async fn ever_new(Query(EverNew { n }): Query<EverNew>) -> Response {
    redirect(StatusCode::FOUND, format!("/loop-new?n={}", n.wrapping_add(1)))
}
