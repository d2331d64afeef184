//! What a site answers: written by a test in a line, sent byte for byte.

use std::time::Duration;

use async_compression::tokio::write::GzipEncoder;
use futures::executor::block_on;
use tokio::io::AsyncWriteExt as _;

/// What happens on the connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next request is read.
    Next,
    /// It is closed.
    Close,
    /// It stays open and silent until the client goes.
    Stall,
    /// It is reset (RST).
    Reset,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) wait: Duration,
    pub(super) every: Option<Duration>,
    pub(super) message: Message,
    pub(super) then: Then,
}

#[derive(Clone, Debug)]
pub(super) enum Message {
    Http { status: u16, headers: Vec<(String, String)>, body: Body },
    Raw(Vec<u8>),
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Whole(Vec<u8>),
    Chunks(Vec<Vec<u8>>),
}

impl Reply {
    /// An empty answer with that status.
    pub fn status(status: u16) -> Reply {
        Reply::http(status, Body::Whole(Vec::new()))
    }

    /// 200 with a page in UTF-8.
    pub fn html(body: impl Into<Vec<u8>>) -> Reply {
        Reply::of("text/html; charset=utf-8", body)
    }

    /// 200 with plain text in UTF-8.
    pub fn text(body: impl Into<Vec<u8>>) -> Reply {
        Reply::of("text/plain; charset=utf-8", body)
    }

    /// 200 with JSON, as written.
    pub fn json(body: impl Into<Vec<u8>>) -> Reply {
        Reply::of("application/json", body)
    }

    /// 200 with that Content-Type and body.
    pub fn of(content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply::http(200, Body::Whole(body.into())).header("content-type", content_type)
    }

    /// 200 with a page packed with gzip.
    pub fn gzip(body: impl AsRef<[u8]>) -> Reply {
        Reply::html(gzip(body.as_ref())).header("content-encoding", "gzip")
    }

    /// 200 with a page in these chunks, each written by itself.
    pub fn chunked<P: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = P>) -> Reply {
        let pieces = pieces.into_iter().map(Into::into).collect();
        Reply::http(200, Body::Chunks(pieces)).header("content-type", "text/html; charset=utf-8")
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Reply {
        Reply::status(status).header("location", location)
    }

    /// Exactly these bytes, then the connection is closed.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Reply {
        Reply { wait: Duration::ZERO, every: None, message: Message::Raw(bytes.into()), then: Then::Close }
    }

    /// Exactly these bytes (none is fine), then silence on an open connection.
    pub fn stall(bytes: impl Into<Vec<u8>>) -> Reply {
        Reply::raw(bytes).then(Then::Stall)
    }

    /// Exactly these bytes, one at a time with this pause before each; then it is closed.
    pub fn drip(bytes: impl Into<Vec<u8>>, every: Duration) -> Reply {
        Reply { every: Some(every), ..Reply::raw(bytes) }
    }

    /// No answer: the connection is reset.
    pub fn reset() -> Reply {
        Reply::raw("").then(Then::Reset)
    }

    /// No answer: the connection is closed.
    pub fn close() -> Reply {
        Reply::raw("")
    }

    /// Adds a field; nothing on a raw answer.
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        if let Message::Http { headers, .. } = &mut self.message {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// With this status.
    pub fn with_status(mut self, code: u16) -> Reply {
        if let Message::Http { status, .. } = &mut self.message {
            *status = code;
        }
        self
    }

    /// With this body in place of the one there is.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Reply {
        if let Message::Http { body, .. } = &mut self.message {
            *body = Body::Whole(bytes.into());
        }
        self
    }

    /// Waits this long before the first byte.
    pub fn after(mut self, wait: Duration) -> Reply {
        self.wait = wait;
        self
    }

    /// What happens to the connection after it.
    pub fn then(mut self, then: Then) -> Reply {
        self.then = then;
        self
    }

    fn http(status: u16, body: Body) -> Reply {
        let message = Message::Http { status, headers: Vec::new(), body };
        Reply { wait: Duration::ZERO, every: None, message, then: Then::Next }
    }

    /// The bytes for HTTP/1.1, in the pieces they are written in.
    pub(super) fn pieces(&self, method: &str) -> Vec<Vec<u8>> {
        let (status, headers, body) = match &self.message {
            Message::Raw(bytes) => return vec![bytes.clone()],
            Message::Http { status, headers, body } => (*status, headers, body),
        };
        let mut head = format!("HTTP/1.1 {status} Told\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let bodyless = matches!(status, 100..=199 | 204 | 304);
        match body {
            _ if bodyless => {}
            Body::Whole(bytes) => head.push_str(&format!("content-length: {}\r\n", bytes.len())),
            Body::Chunks(_) => head.push_str("transfer-encoding: chunked\r\n"),
        }
        if self.then == Then::Close {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut pieces = vec![head.into_bytes()];
        match body {
            _ if bodyless || method == "HEAD" => {}
            // in one write with the head, as most servers do
            Body::Whole(bytes) => pieces[0].extend(bytes),
            Body::Chunks(chunks) => {
                pieces.extend(chunks.iter().map(|bytes| {
                    let size = format!("{:x}\r\n", bytes.len());
                    [size.as_bytes(), bytes, b"\r\n"].concat()
                }));
                pieces.push(b"0\r\n\r\n".to_vec());
            }
        }
        pieces
    }
}

/// `bytes` as one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzipEncoder::new(Vec::new());
    // a Vec never makes it wait, so this blocks nobody
    block_on(async {
        packer.write_all(bytes).await?;
        packer.shutdown().await
    })
    .expect("a Vec takes every write");
    packer.into_inner()
}
