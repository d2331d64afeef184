//! What the little server says: `/metrics` and `/healthz`, to a few at once and to none of them for long.
//!
//! Must not know what is told.

use std::time::Duration;

use http::{HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;

use super::{Board, Dialect};
use crate::cli::side_server::{Answer, Bounds, typed, whole};

/// Whoever asks is a program that comes again and again; it rather waits than being told nothing.
pub const BOUNDS: Bounds = Bounds {
    connections: 16,
    others_wait: true,
    request: Duration::from_secs(2),
    lasts: Some(Duration::from_secs(10)),
    buffer: 8 << 10,
};

/// What a request is answered with.
pub fn answer(request: &Request<Incoming>, board: &Board) -> Answer {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let dialect = Dialect::asked(accept);
    let plain = "text/plain; charset=utf-8";
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, dialect.content_type(), board.text(dialect)),
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, plain, "ok\n".to_owned()),
        (_, "/metrics" | "/healthz") => (StatusCode::METHOD_NOT_ALLOWED, plain, "GET only\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, plain, "there is /metrics and /healthz\n".to_owned()),
    };
    let mut answer = typed(whole(body), kind);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
