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
use http::{HeaderMap, header};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    time::{Instant, timeout_at},
};
use tokio_util::io::StreamReader;

use super::{
    classify,
    gather::{Sink, Tape, keep_of},
    pulse,
    room::{Room, Share},
    saving::Saving,
};
use crate::model::{
    Ask, Body, Code, Digest, Failure, Keep,
    capture::{Cut, Raw},
    units::human_size,
};

/// Decoded bytes asked for at once.
const STEP: usize = 64 * 1024;
/// Decoded bytes after which other work gets its turn: unpacking needs no waiting, so nothing
/// else would stop it. Small, since hundreds may unpack at once, and who asks the run to end waits for a
/// turn of each.
const TURN: u64 = 128 << 10;
/// Largest window of zstd, as a power of two: 8 MiB, which is what RFC 9659 lets a server use.
const ZSTD_WINDOW: u32 = 23;
/// Content codings on one body at most.
const CODINGS: usize = 3;
/// A body that is saved may unpack to more than is read of others, but not to so many times its length on
/// the wire: texts come to a tenth of that.
const BOMB: u64 = 200;

/// What a body may take, and what is wanted of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// When the exchange ends.
    pub end: Instant,
    /// Longest silence.
    pub silence: Duration,
    /// Largest length, decoded or on the wire.
    pub most: u64,
    /// Decoded length above which it is looked at how much was packed into how little.
    pub suspect: u64,
    /// How much is kept.
    pub keep: Keep,
    /// Whether it is digested.
    pub digest: Digest,
    /// Whether it is kept as received, too.
    pub raw: Raw,
}

impl Bounds {
    /// As a request says, whose exchange ends at `end`.
    pub fn of(ask: &Ask, end: Instant) -> Self {
        let &Ask { max_body: most, keep, digest, raw, ref patience, .. } = ask;
        Bounds { end, silence: patience.read, most, suspect: most, keep, digest, raw }
    }

    /// The same for a body of which so much is kept in memory: what goes to a file has another limit.
    fn with(self, keep: usize, saving: Option<&Saving>) -> Self {
        let is_held = self.raw != Raw::Drop || u64::try_from(keep).is_ok_and(|keep| keep > self.most);
        let most = saving.filter(|_| !is_held).map_or(self.most, Saving::most);
        Bounds { most, ..self }
    }
}

/// What came of a body.
pub(super) struct Received {
    /// The decoded content, if all of it came and could be decoded.
    pub body: Result<Body, Failure>,
    /// What was received, where that is wanted.
    pub raw: Bytes,
    /// Why that is not all there was.
    pub cut: Option<Cut>,
    /// Where it is saved, and not yet by its name.
    pub saving: Option<Box<Saving>>,
}

impl Received {
    /// Nothing of it was read.
    pub fn nothing(failure: Failure) -> Self {
        let cut = Some(Cut::of(failure.code));
        Received { body: Err(failure), raw: Bytes::new(), cut, saving: None }
    }
}

/// Reads a whole body; `headers` are those of its response. What is to be saved is written on the way.
pub(super) async fn read(
    response: reqwest::Response,
    headers: &HeaderMap,
    bounds: Bounds,
    room: &Arc<Room>,
    saving: Option<Box<Saving>>,
) -> Received {
    let (codings, refused) = match codings(headers) {
        Ok(codings) => (codings, None),
        Err(failure) if bounds.raw != Raw::Keep => return Received::nothing(failure),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    let told = response.content_length().and_then(|len| usize::try_from(len).ok()).unwrap_or_default();
    let keep = keep_of(headers, bounds.keep);
    let share = Share::of(room);
    let bounds = bounds.with(keep, saving.as_deref());
    let (done, mut sink) = if codings.is_empty() {
        plain(response, bounds, Sink::plain(keep, bounds, told, share).saving(saving)).await
    } else {
        let sink = Sink::coded(keep, bounds, told, share).saving(saving);
        // On the heap: a request whose body needs no unpacking would carry the room for it around.
        Box::pin(coded(response, bounds, sink, &codings)).await
    };
    let Done { wire_len, failure, cut } = done;
    let saving = sink.saving.take();
    let (body, raw) = sink.finish(wire_len);
    Received { body: failure.or(refused).map_or(Ok(body), Err), raw, cut, saving }
}

/// How the reading of a body ended.
struct Done {
    wire_len: u64,
    failure: Option<Failure>,
    cut: Option<Cut>,
}

/// A body without content coding: chunks are counted and passed on as they come.
async fn plain(mut response: reqwest::Response, bounds: Bounds, mut sink: Sink) -> (Done, Sink) {
    let mut before = 0;
    let mut bounds = bounds;
    let read = async {
        let begun = Instant::now();
        before = sink.take_earlier().await?;
        // Reading what is there takes none of the time of the transfer.
        bounds.end += begun.elapsed();
        loop {
            let chunk = patiently(bounds, response.chunk()).await?;
            let Some(chunk) = chunk.map_err(|error| classify::in_body(&error.without_url()))? else {
                whole(response)?;
                let short = || Failure::new(Code::BodyTruncated, "the server sent less than the rest of the body");
                return if sink.is_whole() { Ok::<_, Failure>(None) } else { Err(short()) };
            };
            pulse::received(chunk.len());
            sink.take(&chunk, Code::BodyTooLarge)?;
            sink.keep_up().await?;
            sink.share.wait().await;
            if sink.has_enough() {
                return Ok(Some(Cut::Length));
            }
        }
    };
    let (failure, cut) = match read.await {
        Ok(cut) => (None, cut),
        Err(failure) => {
            let cut = Cut::of(failure.code);
            (Some(failure), Some(cut))
        }
    };
    (Done { wire_len: sink.len().saturating_sub(before), failure, cut }, sink)
}

/// Whether a response whose last chunk was read came to its end. The HTTP library takes a stream of
/// HTTP/2 that is reset without an error for a body that ends there, but only END_STREAM ends one (RFC
/// 9113, section 8.1).
fn whole(response: reqwest::Response) -> Result<(), Failure> {
    use hyper::body::Body as _;
    let is_http2 = response.version() == http::Version::HTTP_2;
    if is_http2 && !reqwest::Body::from(response).is_end_stream() {
        return Err(Failure::new(Code::BodyTruncated, "the server broke the response off"));
    }
    Ok(())
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

/// What crosses the network of a body with content coding, before any decoder has it: within its length
/// and time, whether or not it unpacks to anything.
struct Packed {
    response: reqwest::Response,
    bounds: Bounds,
    len: Arc<AtomicU64>,
    /// Past its end, what a decoder finds wrong is that there is no more.
    ended: Arc<AtomicBool>,
    tape: Option<Tape>,
}

impl Packed {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let chunk = self.chunk().await.map_err(|failure| io::Error::other(Stopped(failure)))?;
        if chunk.is_none() {
            self.ended.store(true, Relaxed);
            return whole(self.response).map(|()| None).map_err(|failure| io::Error::other(Stopped(failure)));
        }
        Ok(chunk.map(|chunk| (chunk, self)))
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = patiently(self.bounds, self.response.chunk()).await?;
        let Some(chunk) = chunk.map_err(|error| classify::in_body(&error.without_url()))? else { return Ok(None) };
        pulse::received(chunk.len());
        if self.len.fetch_add(chunk.len() as u64, Relaxed) + chunk.len() as u64 > self.bounds.most {
            return Err(too_large(self.bounds.most, Code::BodyTooLarge));
        }
        self.tape.iter().for_each(|tape| tape.push(&chunk));
        Ok(Some(chunk))
    }
}

/// A body with content codings: unpacked in steps.
async fn coded(response: reqwest::Response, bounds: Bounds, mut sink: Sink, codings: &[Coding]) -> (Done, Sink) {
    let wire = Arc::new(AtomicU64::new(0));
    let ended = Arc::new(AtomicBool::new(false));
    let packed = Packed { response, bounds, len: Arc::clone(&wire), ended: Arc::clone(&ended), tape: sink.tape() };
    let mut raw = Box::pin(StreamReader::new(futures::stream::try_unfold(packed, Packed::next)));
    let count = Count { wire: &wire, ended: &ended };
    let outcome = unpack_all(&mut raw, bounds, &mut sink, codings, count).await;
    let mut why = outcome.as_ref().map_or_else(|failure| Cut::of(failure.code), |()| Cut::Length);
    // What cannot be unpacked is kept whole as it is.
    let is_content = |failure: &Failure| matches!(failure.code, Code::BodyDecode | Code::BodyBomb);
    if bounds.raw == Raw::Keep && outcome.as_ref().is_err_and(is_content) {
        why = rest(&mut raw, bounds, &mut sink, count).await.map_or_else(|failure| Cut::of(failure.code), |()| why);
    }
    let cut = (!ended.load(Relaxed)).then_some(why);
    (Done { wire_len: wire.load(Relaxed), failure: outcome.err(), cut }, sink)
}

/// How far the message is.
#[derive(Clone, Copy)]
struct Count<'a> {
    wire: &'a AtomicU64,
    ended: &'a AtomicBool,
}

impl Count<'_> {
    fn failure(self, error: io::Error) -> Failure {
        unpack_failure(error, self.ended.load(Relaxed))
    }

    /// Whether a body unpacks to more than any text does.
    fn check_bomb(self, bounds: Bounds, unpacked: u64) -> Result<(), Failure> {
        match unpacked > bounds.suspect && unpacked / BOMB > self.wire.load(Relaxed) {
            true => Err(too_large(bounds.suspect, Code::BodyBomb)),
            false => Ok(()),
        }
    }
}

async fn unpack_all(
    raw: &mut Pin<Box<impl AsyncBufRead + Send>>,
    bounds: Bounds,
    sink: &mut Sink,
    codings: &[Coding],
    count: Count<'_>,
) -> Result<(), Failure> {
    let cut = |error| count.failure(error);
    // A coded body of no bytes at all is sent by many a server with HEAD-like answers.
    let mut more = !in_time(bounds, raw.fill_buf()).await?.map_err(cut)?.is_empty();
    while more {
        // Thousands of members may be there already, and each takes time.
        tokio::task::yield_now().await;
        let mut decoded: Source<'_> = Box::pin(raw.as_mut());
        for coding in codings.iter().rev() {
            decoded = unpack(decoded, *coding, bounds).await?.map_err(cut)?;
        }
        drain(&mut decoded, bounds, sink, count).await?;
        drop(decoded);
        if sink.has_enough() {
            return Ok(());
        }
        // One gzip member may follow another (RFC 1952, section 2.2); what else follows is padding.
        let next = in_time(bounds, raw.fill_buf()).await?.map_err(cut)?;
        more = codings == [Coding::Gzip] && next.starts_with(&[0x1f]);
    }
    rest(raw, bounds, sink, count).await
}

/// To the end of the message: only then is the connection free, and the message complete.
async fn rest(
    raw: &mut Pin<Box<impl AsyncBufRead + Send>>,
    bounds: Bounds,
    sink: &mut Sink,
    count: Count<'_>,
) -> Result<(), Failure> {
    loop {
        let rest = in_time(bounds, raw.fill_buf()).await?.map_err(|error| count.failure(error))?.len();
        if rest == 0 {
            return Ok(());
        }
        raw.as_mut().consume(rest);
        sink.count_tape();
    }
}

/// Takes one coding off. The outer failure is one of time, the inner one of reading.
async fn unpack(mut source: Source<'_>, coding: Coding, bounds: Bounds) -> Result<io::Result<Source<'_>>, Failure> {
    let zlib = match coding {
        Coding::Deflate => match in_time(bounds, source.fill_buf()).await? {
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

async fn drain(decoded: &mut Source<'_>, bounds: Bounds, sink: &mut Sink, count: Count<'_>) -> Result<(), Failure> {
    let mut buffer = vec![0; STEP];
    let mut turn = 0;
    loop {
        let read = in_time(bounds, decoded.read(&mut buffer)).await?;
        let got = read.map_err(|error| count.failure(error))?;
        if got == 0 {
            return Ok(());
        }
        sink.take(&Bytes::copy_from_slice(&buffer[..got]), Code::BodyBomb)?;
        sink.keep_up().await?;
        sink.count_tape();
        if sink.has_enough() {
            return Ok(());
        }
        count.check_bomb(bounds, sink.len())?;
        sink.share.wait().await;
        turn += got as u64;
        if turn >= TURN {
            turn = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// What ended the reading of a body, on its way through the decoders.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
struct Stopped(Failure);

fn unpack_failure(error: io::Error, ended: bool) -> Failure {
    if let Some(Stopped(failure)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return failure.clone();
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

/// Waits until the exchange ends at the latest; how long the wire is silent is seen to by [`Packed`].
async fn in_time<T>(bounds: Bounds, work: impl Future<Output = T>) -> Result<T, Failure> {
    // What is always ready would never meet its timer.
    if Instant::now() >= bounds.end {
        return Err(total_timeout());
    }
    timeout_at(bounds.end, work).await.map_err(|_| total_timeout())
}

/// The exchange ran out of its time.
pub(super) fn total_timeout() -> Failure {
    Failure::new(Code::TimeoutTotal, "not done within the time for one attempt")
}

pub(super) fn too_large(most: u64, code: Code) -> Failure {
    let what = if code == Code::BodyBomb { "the body unpacks to" } else { "the body is" };
    Failure::new(code, format!("{what} more than {}", human_size(most)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
