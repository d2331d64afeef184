//! Response content: read in bounded steps, decoded, counted, digested, kept as far as wanted.
//!
//! Nothing is allocated because a server said so, nothing grows above the cap, and a cut body is
//! never passed off as whole. Must not know what the content means.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_compression::{
    tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, Method, header};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    time::{Instant, timeout_at},
};
use tokio_util::io::StreamReader;

use super::{
    classify,
    room::{Room, Share},
};
use crate::model::{Ask, Body, Code, Digest, Failure, Keep, Reads, record, units::human_size};

/// Decoded bytes asked for at once.
const STEP: usize = 64 * 1024;
/// Decoded bytes after which other work gets its turn: unpacking needs no waiting, so nothing
/// else would stop it.
const TURN: u64 = 1 << 20;
/// Largest window of zstd, as a power of two: 8 MiB, which is what RFC 9659 lets a server use.
const ZSTD_WINDOW: u32 = 23;
/// Content codings on one body at most.
const CODINGS: usize = 3;

/// What a body may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// When the exchange ends.
    pub end: Instant,
    /// Longest silence.
    pub silence: Duration,
    /// Largest length, decoded or on the wire.
    pub most: u64,
    /// How much is kept.
    pub keep: Keep,
    /// Whether it is digested.
    pub digest: Digest,
}

/// Reads a whole body; `headers` are those of its response.
pub(super) async fn read(
    response: reqwest::Response,
    headers: &HeaderMap,
    bounds: Bounds,
    room: &Arc<Room>,
) -> Result<Body, Failure> {
    let codings = codings(headers)?;
    let told = response.content_length().and_then(|len| usize::try_from(len).ok());
    let told = told.filter(|_| codings.is_empty()).unwrap_or_default();
    let sink = Sink::new(keep_of(headers, bounds.keep), bounds, told, Share::of(room));
    if codings.is_empty() {
        plain(response, bounds, sink).await
    } else {
        // On the heap: a request whose body needs no unpacking would carry the room for it around.
        Box::pin(coded(response, bounds, sink, &codings)).await
    }
}

/// A body without content coding: chunks are counted and passed on as they come.
async fn plain(mut response: reqwest::Response, bounds: Bounds, mut sink: Sink) -> Result<Body, Failure> {
    loop {
        let chunk = patiently(bounds, response.chunk()).await?;
        match chunk.map_err(|error| classify::in_body(&error.without_url()))? {
            Some(chunk) => {
                sink.take(&chunk, Code::BodyTooLarge)?;
                sink.share.wait().await;
            }
            None => break,
        }
        if sink.has_enough() {
            break;
        }
    }
    let wire_len = sink.len;
    Ok(sink.finish(wire_len))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings to take off, in the order of the field. What is not known is taken as none, as
/// browsers do.
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Failure> {
    let fields = headers.get_all(header::CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings: Vec<Coding> = fields
        .flat_map(|value| value.split(','))
        .filter_map(|name| match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "deflate" => Some(Coding::Deflate),
            "br" => Some(Coding::Brotli),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        })
        .take(CODINGS + 1)
        .collect();
    if codings.len() > CODINGS {
        return Err(Failure::new(Code::BodyDecode, format!("more than {CODINGS} content codings")));
    }
    Ok(codings)
}

type Source<'a> = Pin<Box<dyn AsyncBufRead + Send + 'a>>;

/// A body with content codings: unpacked in steps.
async fn coded(
    response: reqwest::Response,
    bounds: Bounds,
    mut sink: Sink,
    codings: &[Coding],
) -> Result<Body, Failure> {
    let wire = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&wire);
    let stream = response.bytes_stream().map_err(|error| io::Error::other(Broken(error.without_url()))).inspect_ok(
        move |chunk| {
            counter.fetch_add(chunk.len() as u64, Relaxed);
        },
    );
    // Past its end, what a decoder finds wrong is that there is no more.
    let ended = Arc::new(AtomicBool::new(false));
    let at_end = Arc::clone(&ended);
    let stream = stream.chain(futures::stream::poll_fn(move |_| {
        at_end.store(true, Relaxed);
        std::task::Poll::Ready(None)
    }));
    let mut raw = Box::pin(StreamReader::new(stream));
    let cut = |error| unpack_failure(error, ended.load(Relaxed));
    // A coded body of no bytes at all is sent by many a server with HEAD-like answers.
    let mut more = !patiently(bounds, raw.fill_buf()).await?.map_err(cut)?.is_empty();
    while more {
        let mut decoded: Source<'_> = Box::pin(raw.as_mut());
        for coding in codings.iter().rev() {
            decoded = unpack(decoded, *coding, bounds).await?.map_err(cut)?;
        }
        drain(&mut decoded, bounds, &mut sink, &wire, &ended).await?;
        drop(decoded);
        if sink.has_enough() {
            return Ok(sink.finish(wire.load(Relaxed)));
        }
        // One gzip member may follow another (RFC 1952, section 2.2); what else follows is padding.
        let next = patiently(bounds, raw.fill_buf()).await?.map_err(cut)?;
        more = codings == [Coding::Gzip] && next.starts_with(&[0x1f]);
    }
    // To the end of the message: only then is the connection free, and the message complete.
    loop {
        let rest = patiently(bounds, raw.fill_buf()).await?.map_err(cut)?.len();
        if rest == 0 {
            break;
        }
        raw.as_mut().consume(rest);
        if wire.load(Relaxed) > bounds.most {
            return Err(too_large(bounds.most, Code::BodyTooLarge));
        }
    }
    Ok(sink.finish(wire.load(Relaxed)))
}

/// Takes one coding off. The outer failure is one of time, the inner one of reading.
async fn unpack(mut source: Source<'_>, coding: Coding, bounds: Bounds) -> Result<io::Result<Source<'_>>, Failure> {
    let zlib = match coding {
        Coding::Deflate => match patiently(bounds, source.fill_buf()).await? {
            Ok(first) => is_zlib(first),
            Err(error) => return Ok(Err(error)),
        },
        _ => false,
    };
    Ok(Ok(decoder(source, coding, zlib)))
}

fn decoder(source: Source<'_>, coding: Coding, zlib: bool) -> Source<'_> {
    match coding {
        Coding::Gzip => Box::pin(BufReader::with_capacity(STEP, GzipDecoder::new(source))),
        Coding::Deflate if zlib => Box::pin(BufReader::with_capacity(STEP, ZlibDecoder::new(source))),
        Coding::Deflate => Box::pin(BufReader::with_capacity(STEP, DeflateDecoder::new(source))),
        Coding::Brotli => Box::pin(BufReader::with_capacity(STEP, BrotliDecoder::new(source))),
        Coding::Zstd => {
            let mut decoder = ZstdDecoder::with_params(source, &[DParameter::window_log_max(ZSTD_WINDOW)]);
            decoder.multiple_members(true);
            Box::pin(BufReader::with_capacity(STEP, decoder))
        }
    }
}

/// `deflate` means the zlib format (RFC 9110, section 8.4.1.2); some servers send it bare. The
/// first byte tells: 8 is zlib's only method (RFC 1950), and no encoder begins a bare stream with
/// it, since it would be a stored block with padding that is not zero (RFC 1951).
fn is_zlib(first: &[u8]) -> bool {
    first.first().is_none_or(|method| method & 0x0f == 8)
}

async fn drain(
    decoded: &mut Source<'_>,
    bounds: Bounds,
    sink: &mut Sink,
    wire: &AtomicU64,
    ended: &AtomicBool,
) -> Result<(), Failure> {
    let mut buffer = vec![0; STEP];
    let mut turn = 0;
    loop {
        let read = patiently(bounds, decoded.read(&mut buffer)).await?;
        let got = read.map_err(|error| unpack_failure(error, ended.load(Relaxed)))?;
        if got == 0 {
            return Ok(());
        }
        sink.take(&Bytes::copy_from_slice(&buffer[..got]), Code::BodyBomb)?;
        if sink.has_enough() {
            return Ok(());
        }
        sink.share.wait().await;
        if wire.load(Relaxed) > bounds.most {
            return Err(too_large(bounds.most, Code::BodyTooLarge));
        }
        turn += got as u64;
        if turn >= TURN {
            turn = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// A network error on its way through the decoders.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(#[source] reqwest::Error);

fn unpack_failure(error: io::Error, ended: bool) -> Failure {
    if let Some(broken) = error.get_ref().and_then(|inner| inner.downcast_ref::<Broken>()) {
        return classify::in_body(&broken.0);
    }
    if ended || error.kind() == io::ErrorKind::UnexpectedEof {
        return Failure::new(Code::BodyTruncated, "the packed body ended before it was complete");
    }
    Failure::new(Code::BodyDecode, format!("the body is not coded as Content-Encoding says: {error}"))
}

/// Waits within the bounds; says which one was passed.
async fn patiently<T>(bounds: Bounds, work: impl Future<Output = T>) -> Result<T, Failure> {
    let now = Instant::now();
    // What is always ready would never meet its timer.
    if now >= bounds.end {
        return Err(total_timeout());
    }
    let silent = now + bounds.silence;
    match timeout_at(silent.min(bounds.end), work).await {
        Ok(done) => Ok(done),
        Err(_) if bounds.end <= silent => Err(total_timeout()),
        Err(_) => {
            let silence = humantime::format_duration(bounds.silence);
            Err(Failure::new(Code::TimeoutRead, format!("the body fell silent for {silence}")))
        }
    }
}

/// The exchange ran out of its time.
pub(super) fn total_timeout() -> Failure {
    Failure::new(Code::TimeoutTotal, "not done within the time for one attempt")
}

fn too_large(most: u64, code: Code) -> Failure {
    let what = if code == Code::BodyBomb { "the body unpacks to" } else { "the body is" };
    Failure::new(code, format!("{what} more than {}", human_size(most)))
}

/// How much of this body is kept: HTML can be told by its type alone; a body without a type may
/// be HTML.
fn keep_of(headers: &HeaderMap, keep: Keep) -> usize {
    let is_html = || {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = value.and_then(|value| record::content_type(value).0);
        media_type.is_none_or(|media_type| matches!(media_type.as_str(), "text/html" | "application/xhtml+xml"))
    };
    match keep {
        Keep::Documents if is_document(headers) => usize::MAX,
        Keep::Texts if is_text(headers) => usize::MAX,
        Keep::All => usize::MAX,
        Keep::None => 0,
        Keep::Html if is_html() => usize::MAX,
        Keep::HtmlPrefix(most) if is_html() => most,
        Keep::Start(most) => most,
        Keep::Html | Keep::HtmlPrefix(_) | Keep::Documents | Keep::Texts => 0,
    }
}

/// Whether a body is of a type that links are read from; one without a type may be.
fn is_document(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| record::content_type(value).0);
    media_type.is_none_or(|media_type| {
        let texts = ["text/html", "text/css", "text/markdown", "text/plain", "text/xml", "application/xml"];
        texts.contains(&media_type.as_str()) || media_type.ends_with("+xml")
    })
}

/// Whether anybody wants this body. That of an answer to HEAD is none, and costs nothing.
pub(super) fn is_wanted(headers: &HeaderMap, ask: &Ask) -> bool {
    match ask.reads {
        Reads::All => true,
        Reads::Texts => is_text(headers),
        Reads::Nothing => ask.method == Method::HEAD,
    }
}

/// Whether a body is text; one without a type may be.
fn is_text(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| record::content_type(value).0).is_none_or(|media_type| record::is_text_type(&media_type))
}

/// Counts, digests if asked to, and keeps.
struct Sink {
    keep: usize,
    /// What is not kept is not wanted either.
    only_start: bool,
    most: u64,
    len: u64,
    digest: Option<Sha256>,
    /// How long the server says that it is; 0 if it does not.
    told: usize,
    first: Bytes,
    rest: Vec<u8>,
    share: Share,
}

/// What is kept of a body, and the room that it takes as long as anybody has it.
struct Kept {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Sink {
    fn new(keep: usize, bounds: Bounds, told: usize, share: Share) -> Self {
        let digest = (bounds.digest == Digest::Sha256).then(Sha256::new);
        let only_start = matches!(bounds.keep, Keep::Start(_));
        let (first, rest) = (Bytes::new(), Vec::new());
        Sink { keep, only_start, most: bounds.most, len: 0, digest, told, first, rest, share }
    }

    fn take(&mut self, chunk: &Bytes, over: Code) -> Result<(), Failure> {
        self.len += chunk.len() as u64;
        if self.len > self.most {
            return Err(too_large(self.most, over));
        }
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
        let kept = self.first.len().max(self.rest.len());
        let part = chunk.len().min(self.keep.saturating_sub(kept));
        if part > 0 {
            // Most bodies come in one chunk, which is then kept without a copy.
            if kept == 0 {
                self.first = chunk.slice(..part);
            } else {
                self.make_room(kept + part);
                if self.rest.is_empty() {
                    self.rest.extend_from_slice(&std::mem::take(&mut self.first));
                }
                self.rest.extend_from_slice(&chunk[..part]);
            }
            self.share.add(part);
        }
        Ok(())
    }

    /// Grows by as much again, but not beyond what the server says will come.
    fn make_room(&mut self, len: usize) {
        if len > self.rest.capacity() {
            let twice = 2 * self.rest.len().max(self.first.len());
            let most = if self.told < len { self.keep } else { self.told.min(self.keep) };
            let wanted = twice.min(most).max(len);
            self.rest.reserve_exact(wanted - self.rest.len());
        }
    }

    /// Whether the rest need not be read.
    fn has_enough(&self) -> bool {
        self.only_start && self.first.len().max(self.rest.len()) >= self.keep
    }

    fn finish(self, wire_len: u64) -> Body {
        let mut share = self.share;
        share.arrived();
        let bytes = if self.rest.is_empty() { self.first } else { Bytes::from(self.rest) };
        let kept = if share.is_empty() { bytes } else { Bytes::from_owner(Kept { bytes, _share: share }) };
        let sha256 = self.digest.map(|digest| digest.finalize().into());
        Body { kept, len: self.len, wire_len, sha256 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(most: u64, digest: Digest) -> Bounds {
        Bounds { end: Instant::now(), silence: Duration::ZERO, most, keep: Keep::All, digest }
    }

    fn sink(keep: usize, bounds: Bounds) -> Sink {
        Sink::new(keep, bounds, 0, Share::of(&Room::new(1 << 20)))
    }

    #[test]
    fn room_grows_by_doubling_up_to_what_was_told() {
        for (told, expected) in [(0, 128 << 10), (100 << 10, 100 << 10), (1 << 30, 128 << 10), (10, 128 << 10)] {
            let mut sink = Sink { told, ..sink(usize::MAX, bounds(u64::MAX, Digest::Off)) };
            for _ in 0..50 {
                sink.take(&Bytes::from(vec![b'x'; 2 << 10]), Code::BodyTooLarge).unwrap();
            }
            assert_eq!((sink.rest.len(), sink.rest.capacity()), (100 << 10, expected), "{told}");
        }
    }

    #[test]
    fn the_digest_covers_all_and_only_so_much_is_kept() {
        let taken = |digest| {
            let mut sink = sink(5, bounds(100, digest));
            for chunk in ["abc", "def", "ghi"] {
                sink.take(&Bytes::from(chunk), Code::BodyTooLarge).unwrap();
            }
            sink.finish(9)
        };
        let body = taken(Digest::Sha256);
        assert_eq!((&body.kept[..], body.len), (&b"abcde"[..], 9));
        assert_eq!(body.sha256, Some(<[u8; 32]>::from(Sha256::digest("abcdefghi"))));
        let body = taken(Digest::Off);
        assert_eq!((&body.kept[..], body.len, body.sha256), (&b"abcde"[..], 9, None));
    }

    #[test]
    fn where_only_the_start_counts_the_rest_is_not_read() {
        let mut sink = sink(5, Bounds { keep: Keep::Start(5), ..bounds(100, Digest::Off) });
        sink.take(&Bytes::from("abcd"), Code::BodyTooLarge).unwrap();
        assert!(!sink.has_enough());
        sink.take(&Bytes::from("efgh"), Code::BodyTooLarge).unwrap();
        assert!(sink.has_enough());
        assert_eq!(&sink.finish(8).kept[..], b"abcde");
        let mut all = super::tests::sink(0, bounds(100, Digest::Off));
        all.take(&Bytes::from("abcd"), Code::BodyTooLarge).unwrap();
        assert!(!all.has_enough(), "length and digest are of all of it");
    }

    #[test]
    fn a_body_above_the_cap_is_refused_at_once() {
        let mut sink = sink(0, bounds(4, Digest::Sha256));
        assert!(sink.take(&Bytes::from("1234"), Code::BodyTooLarge).is_ok());
        assert_eq!(sink.take(&Bytes::from("5"), Code::BodyBomb).unwrap_err().code, Code::BodyBomb);
    }

    #[test]
    fn codings_are_read_as_a_list() {
        let of = |value: &str| {
            let headers = [(header::CONTENT_ENCODING, value.parse().unwrap())].into_iter().collect();
            codings(&headers).map(|list| list.len()).map_err(|failure| failure.code)
        };
        assert_eq!(of("gzip"), Ok(1));
        assert_eq!(of("gzip, BR ,identity"), Ok(2));
        assert_eq!(of("utf-8"), Ok(0));
        assert_eq!(of("gzip,gzip,gzip,gzip"), Err(Code::BodyDecode));
        assert!(is_zlib(&[0x78]) && !is_zlib(&[0x4b, 0x4c]) && !is_zlib(&[0x01]));
    }
}
