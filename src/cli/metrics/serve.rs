//! The little server: `/metrics` and `/healthz`, a few connections at once, none of them for long.
//!
//! On a thread of its own with a runtime of its own, so that whoever asks never slows the run down. Must not know
//! what is told.

use std::{convert::Infallible, io, net::TcpListener, sync::Arc, thread, time::Duration};

use http::{Method, Request, Response, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

use super::{Dialect, Metrics};

/// Connections at once; more wait.
const CONNECTIONS: usize = 16;
/// How long the head of a request may take, and how long a connection may last.
const HEAD: Duration = Duration::from_secs(2);
const LAST: Duration = Duration::from_secs(10);
/// How long nothing is accepted after that has failed: descriptors may have run out.
const REST: Duration = Duration::from_millis(200);
/// Largest head of a request; the least that the library takes.
const HEAD_MOST: usize = 8 << 10;

/// Answers until the process ends.
///
/// # Errors
/// The system has no thread or no runtime to spare.
pub fn begin(listener: TcpListener, metrics: Metrics) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _within = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    thread::Builder::new().name("metrics".to_owned()).spawn(move || runtime.block_on(accept(listener, metrics)))?;
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, metrics: Metrics) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // It is never closed.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let metrics = metrics.clone();
                tokio::spawn(async move {
                    // Who asks badly or too slowly gets no answer, and nobody needs to hear of it.
                    let _ = timeout(LAST, talk(stream, metrics)).await;
                    drop(permit);
                });
            }
            Err(_) => tokio::time::sleep(REST).await,
        }
    }
}

async fn talk(stream: TcpStream, metrics: Metrics) -> hyper::Result<()> {
    let answer = move |request: Request<Incoming>| {
        let answer = answer(&request, &metrics);
        async move { Ok::<_, Infallible>(answer) }
    };
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_MOST)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await
}

fn answer(request: &Request<Incoming>, metrics: &Metrics) -> Response<String> {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let dialect = Dialect::asked(accept);
    let plain = "text/plain; charset=utf-8";
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, dialect.content_type(), metrics.text(dialect)),
        (&Method::GET | &Method::HEAD, "/healthz") => (StatusCode::OK, plain, "ok\n".to_owned()),
        (_, "/metrics" | "/healthz") => (StatusCode::METHOD_NOT_ALLOWED, plain, "GET only\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, plain, "there is /metrics and /healthz\n".to_owned()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}
