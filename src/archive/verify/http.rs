//! Whether an HTTP message in a record is what its fields say, while its bytes come along.
//!
//! Bounded: the head, and the beginning of the body. Must not know records.

use http::header;
use memchr::memmem;

use super::{chunks::Chunks, digest::Digest, flaw::Flaw};
use crate::source::warc::{
    message::{self, Response},
    unlike,
};

/// Longest head of a message, in bytes.
const HEAD_MOST: usize = 1 << 20;
/// Bytes of a body that are looked at for its coding.
const BEGINNING: usize = 16 << 10;

/// Which message it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request.
    Request,
    /// A response with its body.
    Response,
    /// A response whose body is elsewhere.
    Revisit,
}

/// Whether the record says that something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it is here.
    Whole,
    /// It is cut, or continued in another record.
    Part,
}

/// A message that is being read.
pub struct Message {
    kind: Kind,
    extent: Extent,
    head: Vec<u8>,
    has_head: bool,
    response: Option<Response>,
    chunks: Option<Chunks>,
    length: u64,
    beginning: Vec<u8>,
    /// The beginning without chunks.
    entity: Vec<u8>,
    /// Of the body as it is here, and without chunks.
    digests: Option<[Digest; 2]>,
}

impl Message {
    /// Before its first byte; its payload is to have this digest.
    pub fn new(kind: Kind, extent: Extent, digest: Option<Digest>) -> Self {
        let digests = digest.map(|digest| [digest.clone(), digest]);
        Message {
            kind,
            extent,
            head: Vec::new(),
            has_head: false,
            response: None,
            chunks: None,
            length: 0,
            beginning: Vec::new(),
            entity: Vec::new(),
            digests,
        }
    }

    /// More bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        if self.has_head {
            return self.body(bytes);
        }
        let from = self.head.len().saturating_sub(3);
        let room = HEAD_MOST.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        let new = self.head.get(from..).unwrap_or_default();
        let crlf = memmem::find(new, b"\r\n\r\n").map(|at| at + 4);
        let lf = memmem::find(new, b"\n\n").map(|at| at + 2);
        let Some(end) = crlf.into_iter().chain(lf).min().map(|end| from + end) else { return };
        let behind = self.head.split_off(end);
        self.has_head = true;
        self.response = message::response(&self.head);
        if self.response.as_ref().is_some_and(|response| message::is_chunked(&response.headers)) {
            self.chunks = Some(Chunks::new());
        }
        self.body(&behind);
        // What did not fit belongs to the body.
        self.body(bytes.get(room..).unwrap_or_default());
    }

    fn body(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        begin(&mut self.beginning, bytes);
        let (mut raw, mut bare) = match &mut self.digests {
            Some([raw, bare]) => (Some(raw), Some(bare)),
            None => (None, None),
        };
        if let Some(raw) = &mut raw {
            raw.update(bytes);
        }
        if let Some(chunks) = &mut self.chunks {
            chunks.feed(bytes, |part| {
                begin(&mut self.entity, part);
                if let Some(bare) = &mut bare {
                    bare.update(part);
                }
            });
        }
    }

    /// Tells `say` of every flaw.
    pub fn end(mut self, mut say: impl FnMut(Flaw, String)) {
        self.check_head(&mut say);
        let is_broken = self.chunks.as_ref().is_some_and(Chunks::is_broken);
        let has_chunks = self.chunks.is_some() && !is_broken;
        if let Some([raw, bare]) = self.digests.take().filter(|_| self.kind != Kind::Revisit)
            && !raw.holds()
            && !(has_chunks && bare.holds())
        {
            let which = if has_chunks { ", neither with its chunks nor without" } else { "" };
            say(Flaw::DigestPayload, format!("the payload has another digest than WARC-Payload-Digest says{which}"));
        }
        let Some(response) = self.response.as_ref().filter(|_| self.kind == Kind::Response) else { return };
        if let Some(chunks) = self.chunks.as_ref().filter(|_| is_broken) {
            say(
                Flaw::HttpChunked,
                match chunks.begun() {
                    0 => "Transfer-Encoding says chunked, and the body has no chunks".to_owned(),
                    begun => format!("the body has no chunk where one should be, behind {begun}"),
                },
            );
        }
        let beginning = if has_chunks { &self.entity } else { &self.beginning };
        if let Some(coding) = unlike(&response.headers, beginning) {
            say(Flaw::HttpEncoding, format!("Content-Encoding says {coding}, and the body is not"));
        }
        self.check_length(response, say);
    }

    fn check_head(&self, say: &mut impl FnMut(Flaw, String)) {
        let is_empty = !self.has_head && self.head.is_empty();
        if self.extent == Extent::Part && !self.has_head || self.kind == Kind::Revisit && is_empty {
            return;
        }
        let is_one = match self.kind {
            Kind::Request => message::method(&self.head).is_some(),
            Kind::Response | Kind::Revisit => message::response(&self.head).is_some(),
        };
        let what = if self.kind == Kind::Request { "request" } else { "response" };
        if !is_one {
            return say(
                Flaw::HttpHead,
                format!("the record should have an HTTP {what}, and its first line is of none"),
            );
        }
        if !self.has_head {
            say(Flaw::HttpUnended, format!("the head of the HTTP {what} has no end"));
        }
        let version = self.head.split(|byte| *byte == b' ').next().unwrap_or_default();
        if self.kind != Kind::Request && !version.starts_with(b"HTTP/1.") && !version.starts_with(b"HTTP/0.") {
            let version = super::head::shown(&String::from_utf8_lossy(version));
            say(Flaw::HttpVersion, format!("the status line begins with {version}"));
        }
    }

    fn check_length(&self, response: &Response, mut say: impl FnMut(Flaw, String)) {
        if self.chunks.is_some() || self.extent == Extent::Part || matches!(response.status, 100..=199 | 204 | 304) {
            return;
        }
        let told = response.headers.get_all(header::CONTENT_LENGTH).iter();
        let mut told = told.filter_map(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        let Some(told) = told.find(|told| *told != self.length) else { return };
        let (flaw, length) = match self.length {
            0 => (Flaw::HttpBodyless, "nothing".to_owned()),
            length => (Flaw::HttpLength, format!("{length} bytes")),
        };
        say(flaw, format!("Content-Length says {told} bytes, and the body has {length}"));
    }
}

/// Keeps the beginning.
fn begin(beginning: &mut Vec<u8>, bytes: &[u8]) {
    let room = BEGINNING.saturating_sub(beginning.len());
    beginning.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
}
