//! One request on the wire and what came of it.
//!
//! [`Ask`] goes in, [`Exchange`] comes out; errors are data. Must not know retries, hosts or
//! queues: an exchange is one hop of one attempt.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use super::{
    Code, Reads, SaveAs,
    capture::{Capture, Raw},
};

/// What went wrong with one request: a stable code and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// A sentence for people; holds no secret.
    pub message: String,
}

impl Failure {
    /// A failure with this code and sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Failure { code, message: message.into() }
    }
}

/// Time limits of one exchange; phases nest within `total`. Connecting has a limit of the run.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the response head is there.
    pub headers: Option<Duration>,
    /// Silence while the body arrives.
    pub read: Duration,
    /// The whole exchange.
    pub total: Duration,
}

/// How much of a body is kept in memory; length and digest cover all that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing.
    None,
    /// Up to so many bytes from the start, where the body is HTML.
    HtmlPrefix(usize),
    /// All of it where it is HTML.
    Html,
    /// All of it where it is a document with links: HTML, CSS, XML, plain text, Markdown.
    Documents,
    /// Up to so many bytes from the start, whatever it is; what follows is not even read.
    Start(usize),
    /// All of it where it is text of any kind.
    Texts,
    /// All of it.
    All,
}

/// Whether the bytes of a body are digested. For big bodies that costs more than receiving them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digest {
    /// No: what the bytes are is nobody's question.
    Off,
    /// SHA-256.
    #[default]
    Sha256,
}

/// One hop to be asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Where to; userinfo and fragment are gone.
    pub url: Arc<Url>,
    /// Request method.
    pub method: Method,
    /// Every field that is sent, but for `Host`, `Content-Length` and cookies from the jar.
    pub headers: Arc<HeaderMap>,
    /// Request content.
    pub body: Option<Bytes>,
    /// Time limits.
    pub patience: Patience,
    /// Largest body, decoded or on the wire, in bytes.
    pub max_body: u64,
    /// How much of the body the page stage wants.
    pub keep: Keep,
    /// Whether the body is received at all.
    pub reads: Reads,
    /// Whether the body is digested.
    pub digest: Digest,
    /// Whether the exchange is kept as it was sent and received.
    pub raw: Raw,
    /// How the body is saved as a file, if it is.
    pub save: Option<Arc<SaveAs>>,
    /// Whether the connection is closed afterwards, because nobody waits for it.
    pub close: bool,
    /// Whether the chain of redirects has left the origin that was asked first: then no client
    /// certificate and no cookie from the user goes along.
    pub off_origin: bool,
    /// Whether the user named the origin that was asked first; no other is shown the client certificate.
    pub named: bool,
    /// Whether an earlier answer, or the lack of one, was not taken: then none from a cache is either.
    pub another_try: bool,
    /// How old an answer from a cache may be at most, if nobody has to confirm it.
    pub age_most: Option<Duration>,
}

/// What a cache had to do with an answer. The names are API (`cache`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheUse {
    /// It was there, and nobody was asked.
    Hit,
    /// It was there, and the server said that it still holds.
    Revalidated,
    /// It came from the network, and is kept.
    Stored,
    /// It came from the network, and is not kept.
    Miss,
}

/// Where the time of one exchange went. `None` means that the phase did not happen, or cannot be
/// measured; never a guess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Name look-up.
    pub dns: Option<Duration>,
    /// TCP (and a proxy's) handshake.
    pub connect: Option<Duration>,
    /// TLS handshake.
    pub tls: Option<Duration>,
    /// From the connection being ready to the response head.
    pub wait: Option<Duration>,
    /// From the response head to the end of the body.
    pub receive: Option<Duration>,
    /// All of it.
    pub total: Duration,
}

/// Response head.
#[derive(Clone, Debug)]
pub struct Head {
    /// Status code, 100 to 999.
    pub status: u16,
    /// Protocol version.
    pub version: http::Version,
    /// Fields as received, names in lower case.
    pub headers: HeaderMap,
}

/// Response content after decoding.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// What was kept (see [`Keep`]).
    pub kept: Bytes,
    /// Decoded length in bytes.
    pub len: u64,
    /// Length on the wire, after transfer coding and before content coding is taken off.
    pub wire_len: u64,
    /// SHA-256 of the decoded content, if it was asked for.
    pub sha256: Option<[u8; 32]>,
    /// Path of the file that it is saved in, if it is.
    pub saved: Option<Box<str>>,
}

/// What TLS agreed on and whom it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// `1.2` or `1.3`, where known.
    pub version: Option<&'static str>,
    /// Whether the certificate was verified (`--insecure` turns it off).
    pub verified: bool,
    /// The peer's own certificate, DER.
    pub leaf: Option<Bytes>,
}

/// What came of one [`Ask`].
#[derive(Clone, Debug)]
pub struct Exchange {
    /// When it began.
    pub started: SystemTime,
    /// Where the time went.
    pub phases: Phases,
    /// Address of the peer (of the proxy, where one is used).
    pub peer: Option<IpAddr>,
    /// The proxy of a pool that it went through, without credentials.
    pub proxy: Option<Arc<str>>,
    /// TLS facts, for https.
    pub tls: Option<Tls>,
    /// Response head, if one came.
    pub head: Option<Head>,
    /// Response content, if all of it came.
    pub body: Option<Body>,
    /// What went wrong, if something did: then the response is not usable.
    pub failure: Option<Failure>,
    /// The exchange as it was sent and received, where that is wanted and a response head came.
    pub capture: Option<Box<Capture>>,
    /// What the cache had to do with it, where there is one.
    pub cache: Option<CacheUse>,
}

impl Exchange {
    /// An exchange that never got to the wire.
    pub fn failed(started: SystemTime, failure: Failure) -> Self {
        Exchange {
            started,
            phases: Phases::default(),
            peer: None,
            proxy: None,
            tls: None,
            head: None,
            body: None,
            failure: Some(failure),
            capture: None,
            cache: None,
        }
    }

    /// Whether nothing was sent for it, because the answer was there.
    pub fn is_hit(&self) -> bool {
        self.cache == Some(CacheUse::Hit)
    }

    /// The status, if a response head came.
    pub fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// The first value of a field of the response, as text; `None` if absent or not ASCII.
    pub fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.head.as_ref()?.headers.get(name)?.to_str().ok()
    }
}
