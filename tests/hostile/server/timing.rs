//! Slowness and silence in every phase.

use super::{Behaviour, Step, behaviour::group, ms, secs};

const HEADERS: &[&str] = &["timeout.headers"];
const READ: &[&str] = &["timeout.read"];
const TOTAL: &[&str] = &["timeout.total"];

/// Sends that, and nothing more.
fn stalls(name: &'static str, does: &'static str, bytes: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| vec![Step::send(bytes), Step::Stall])
}

/// Sends the first at once, and the second byte by byte with this pause.
fn drips(name: &'static str, does: &'static str, first: &'static str, rest: &'static str, pause: u64) -> Behaviour {
    Behaviour::plain(name, does, move |_| vec![Step::send(first), Step::drip(rest.repeat(200), ms(pause))])
}

fn silence() -> Vec<Behaviour> {
    vec![
        stalls("never-answers", "reads the request and says nothing", "").fails(HEADERS),
        stalls("stalls-in-status-line", "stops in the middle of the status line", "HTTP/1.1 2").fails(HEADERS),
        stalls("stalls-in-head", "stops in the middle of the head", "HTTP/1.1 200 OK\r\ncontent-le").fails(HEADERS),
        stalls("stalls-behind-100", "says 100 Continue and nothing more", "HTTP/1.1 100 Continue\r\n\r\n")
            .fails(HEADERS),
        stalls("stalls-behind-head", "stops behind the head", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
            .fails(READ),
        stalls("stalls-in-body", "stops in the middle of the body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhell")
            .fails(READ),
        stalls("never-ends-the-body", "tells no length and never closes", "HTTP/1.1 200 OK\r\n\r\nhello").fails(READ),
        stalls(
            "stalls-in-chunk-size",
            "stops in the middle of a chunk size",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1",
        )
        .fails(READ),
        stalls(
            "stalls-before-last-chunk",
            "never sends the last chunk",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        )
        .fails(READ),
        stalls(
            "stalls-in-trailers",
            "stops in the trailers",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-late",
        )
        .fails(READ),
        stalls(
            "stalls-behind-the-body",
            "stops when all is said",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        )
        .has("/bytes", 5)
        .within(secs(1)),
        Behaviour::accept("never-reads", "accepts and never reads the request", |stream, _| async move {
            // Whether the client has gone can be known without reading.
            while !stream.tcp().ready(tokio::io::Interest::READABLE).await?.is_read_closed() {
                tokio::time::sleep(ms(10)).await;
            }
            Ok(())
        })
        .fails(HEADERS),
        Behaviour::accept(
            "answers-before-reading",
            "refuses a long body before it has read it",
            |mut stream, _| async move {
                use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                stream.read_exact(&mut [0; 64]).await?;
                stream.write_all(b"HTTP/1.1 413 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await?;
                stream.shutdown().await?;
                stream.read_to_end(&mut Vec::new()).await.map(drop)
            },
        )
        .asking("method", "POST")
        .asking("body", "x".repeat(900_000))
        .http_error(413, &["http.client_error"]),
        stalls("stalls-within-a-short-timeout", "says nothing to a request with a time of its own", "")
            .asking("timeout", "300ms")
            .fails(TOTAL)
            .within(secs(1)),
        Behaviour::plain("stalls-once", "says nothing at first, and answers the second try", |ask| match ask.hit {
            0 => vec![Step::Stall],
            _ => Step::answer(200, "", "hello"),
        })
        .asking("retries", 1)
        .has("/bytes", 5)
        .has("/attempts", 2)
        .waits(),
        stalls("stalls-again-and-again", "never answers, whatever the tries", "")
            .asking("retries", 2)
            .fails(HEADERS)
            .has("/attempts", 3)
            .within(secs(4)),
    ]
}

fn drops() -> Vec<Behaviour> {
    vec![
        drips("drips-head", "sends a byte of the head every 100 ms", "HTTP/1.1 200 OK\r\nx-drip: ", "x", 100)
            .fails(HEADERS),
        drips("drips-blank-lines", "sends an empty line every 100 ms", "", "\r\n", 50).fails(HEADERS),
        drips(
            "drips-body",
            "sends a byte of the body every 100 ms",
            "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n",
            "x",
            100,
        )
        .fails(TOTAL)
        .within(ms(4500)),
        drips("drips-endless-body", "drips a body without a length", "HTTP/1.1 200 OK\r\n\r\n", "x", 100)
            .fails(TOTAL)
            .within(ms(4500)),
        drips(
            "drips-chunks",
            "sends a chunk of one byte every 250 ms",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
            40,
        )
        .fails(TOTAL)
        .within(ms(4500)),
        drips(
            "drips-chunk-size",
            "sends a zero of a chunk size every 100 ms",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "0",
            100,
        )
        .fails(&["timeout.read", "timeout.total"])
        .within(ms(4500)),
        drips(
            "drips-chunk-extension",
            "sends a byte of a chunk extension every 100 ms",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;",
            "x",
            100,
        )
        .fails(&["timeout.read", "timeout.total"])
        .within(ms(4500)),
        drips(
            "drips-trailers",
            "sends trailers a byte every 50 ms, for ever",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "x-a: b\r\n",
            50,
        )
        .fails(&["timeout.read", "timeout.total"])
        .within(ms(4500)),
        Behaviour::plain("drips-gzip", "sends a byte of a gzip body every 100 ms", |_| {
            let body = super::pack::gzip(&super::pack::text(4000));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
            vec![Step::send(head), Step::drip(body, ms(100))]
        })
        .fails(&["timeout.total"])
        .within(ms(4500)),
        drips("drips-error-page", "drips a page that says 404", "HTTP/1.1 404 No\r\n\r\n", "x", 100)
            .fails(TOTAL)
            .within(ms(4500)),
        Behaviour::plain("slow-but-whole", "takes 600 ms for the head, and as long for the body", |_| {
            vec![
                Step::Wait(ms(600)),
                Step::send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"),
                Step::Wait(ms(600)),
                Step::send("lo"),
                Step::Next,
            ]
        })
        .has("/bytes", 5)
        .within(secs(3)),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Timing", [silence(), drops()].concat())
}
