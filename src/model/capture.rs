//! What crossed the network in one exchange, for whoever keeps archives.
//!
//! Plain values: fields as sent and as received, bodies as received. Bodies are shared, not copied. Must
//! not know formats, nor what of it is a secret.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use url::Url;

use super::{Code, Head};

/// Whether exchanges are kept as they were sent and received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Raw {
    /// No.
    #[default]
    Drop,
    /// Yes, but nothing is received for it that nobody else wants.
    Received,
    /// Yes.
    Keep,
}

/// Why a body is not whole. The names are those of WARC (`WARC-Truncated`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It was longer than was wanted.
    Length,
    /// It took longer than was allowed.
    Time,
    /// The connection broke.
    Disconnect,
}

impl Cut {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Cut::Length => "length",
            Cut::Time => "time",
            Cut::Disconnect => "disconnect",
        }
    }

    /// What a failure that ended the reading of a body comes to.
    pub fn of(code: Code) -> Cut {
        match code {
            Code::BodyTooLarge | Code::BodyBomb | Code::ProtocolHeadersTooLarge => Cut::Length,
            code if code.family() == "timeout" => Cut::Time,
            _ => Cut::Disconnect,
        }
    }
}

/// In an archive, stands in front of the names of fields that were true of the response on its way and are
/// not of its record.
pub const ORIGINAL: &str = "x-fetchall-orig-";
/// In an archive, stands for the value of a field that the response did not have.
pub const NO_FIELD: &str = "none";

/// One request and its response.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Where to; userinfo and fragment are gone.
    pub url: Arc<Url>,
    /// Request method.
    pub method: Method,
    /// Every field that was sent, in the order in which it was.
    pub fields: HeaderMap,
    /// Request content.
    pub content: Option<Bytes>,
    /// Status, version and fields of the response.
    pub head: Head,
    /// Reason phrase, where it is not the usual one.
    pub reason: Option<Bytes>,
    /// Response content as received: without transfer coding, with content coding.
    pub body: Bytes,
    /// Why the content is not whole, if it is not.
    pub cut: Option<Cut>,
    /// Address of the server; `None` where a proxy stood between.
    pub peer: Option<IpAddr>,
    /// TLS version, where there was TLS and it is known.
    pub tls: Option<&'static str>,
    /// When it began.
    pub started: SystemTime,
    /// How long it took.
    pub took: Duration,
}

impl Capture {
    /// Bytes of content in it.
    pub fn len(&self) -> usize {
        self.body.len() + self.content.as_ref().map_or(0, Bytes::len)
    }

    /// Whether there is no content in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets go of the response content, of which nothing is kept then.
    pub fn drop_body(&mut self) {
        if !self.body.is_empty() {
            self.body = Bytes::new();
            self.cut = Some(Cut::Length);
        }
    }
}

/// The exchanges behind a record.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    /// Exchanges that the run made for itself, since the last record: robots.txt, sitemaps.
    pub errands: Vec<Capture>,
    /// Exchanges of this request, in order: hops and attempts.
    pub own: Vec<Capture>,
    /// Links of the page, where somebody has read them.
    pub outlinks: Vec<String>,
}

impl Captures {
    /// Bytes of content in them.
    pub fn len(&self) -> usize {
        self.errands.iter().chain(&self.own).map(Capture::len).sum()
    }

    /// Whether there is nothing to be kept.
    pub fn is_empty(&self) -> bool {
        self.errands.is_empty() && self.own.is_empty()
    }
}
