//! The demo's bodies: packed, in old charsets, large, slow, endless, empty.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use async_compression::tokio::{
    bufread::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder},
    write::DeflateEncoder,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Query,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    sync::OnceCell,
    time::sleep,
};

use super::{
    Demo,
    html::{html, plain, plain_text, typed},
};

const LATIN1: &str = include_str!("../../fixtures/demo/latin1.html");
const SJIS: &str = include_str!("../../fixtures/demo/sjis.html");
const UTF16: &str = include_str!("../../fixtures/demo/utf16.html");
const NO_TITLE: &str = include_str!("../../fixtures/demo/no-title.html");
const BROKEN: &str = include_str!("../../fixtures/demo/broken.html");

/// Longest time that a page keeps a connection without end, so that forgotten clients end too.
const LONGEST: Duration = Duration::from_secs(600);
/// Piece of a streamed body.
const CHUNK: usize = 64 << 10;

pub fn routes() -> Router<Arc<Demo>> {
    Router::new()
        .route("/gzip", get(|| packed("gzip", |page| Box::new(GzipEncoder::new(page)))))
        .route("/br", get(|| packed("br", |page| Box::new(BrotliEncoder::new(page)))))
        .route("/zstd", get(|| packed("zstd", |page| Box::new(ZstdEncoder::new(page)))))
        // what HTTP calls deflate is the zlib format (RFC 9110, section 8.4.1.2)
        .route("/deflate", get(|| packed("deflate", |page| Box::new(ZlibEncoder::new(page)))))
        .route("/bad-gzip", get(|| coded("gzip", "This never was gzip.")))
        .route("/bomb", get(bomb))
        .route(
            "/latin1",
            get(async || typed("text/html; charset=ISO-8859-1", encoded(encoding_rs::WINDOWS_1252, LATIN1))),
        )
        .route("/sjis", get(async || typed("text/html", encoded(encoding_rs::SHIFT_JIS, SJIS))))
        .route("/utf16", get(async || typed("text/html", utf16(UTF16))))
        .route("/no-title", get(async || html(NO_TITLE)))
        .route("/broken-html", get(async || html(BROKEN)))
        .route("/empty", get(async || StatusCode::OK))
        .route("/204", get(async || StatusCode::NO_CONTENT))
        .route("/binary", get(async || typed("application/octet-stream", (0..=255).collect::<Vec<u8>>())))
        .route("/drip", get(drip))
        .route("/stall", get(stall))
        .route("/big", get(big))
        .route("/endless", get(endless))
}

type Packer<'a> = Box<dyn AsyncRead + Send + Unpin + 'a>;

/// A page packed with that coding, whatever the request accepts: that is what it is for.
async fn packed(coding: &'static str, packer: impl for<'a> FnOnce(&'a [u8]) -> Packer<'a>) -> Response {
    let page = plain_text(&format!("Packed with {coding}"), &"The same words again. ".repeat(200));
    let mut body = Vec::new();
    match packer(page.as_bytes()).read_to_end(&mut body).await {
        Ok(_) => coded(coding, body).await,
        Err(error) => unpacked(&error),
    }
}

async fn coded(coding: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_ENCODING, coding)], html(body)).into_response()
}

fn unpacked(error: &io::Error) -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Could not be packed", &error.to_string())
}

/// A MiB of zeros, packed, again and again until it is a GiB: one gzip member, about a MiB in all.
async fn bomb() -> Response {
    static PIECE: OnceCell<Bytes> = OnceCell::const_new();
    let piece = match PIECE.get_or_try_init(zeros).await {
        Ok(piece) => piece.clone(),
        Err(error) => return unpacked(&error),
    };
    // magic, deflate, no flags, no time, unknown system (RFC 1952)
    let head = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    // a last empty block; checksum of a GiB of zeros; its length
    let tail = Bytes::from_static(&[0x03, 0x00, 0xb0, 0xc2, 0x64, 0x5b, 0x00, 0x00, 0x00, 0x40]);
    let parts = stream::iter([head]).chain(stream::repeat(piece).take(1024)).chain(stream::iter([tail]));
    coded("gzip", Body::from_stream(parts.map(Ok::<_, Infallible>))).await
}

/// A MiB of zeros as raw deflate that ends on a byte and refers to nothing before it, so that
/// copies of it can follow one another.
async fn zeros() -> io::Result<Bytes> {
    let mut packer = DeflateEncoder::new(Vec::new());
    packer.write_all(&vec![0; 1 << 20]).await?;
    packer.flush().await?;
    Ok(packer.into_inner().into())
}

fn encoded(encoding: &'static encoding_rs::Encoding, page: &str) -> Vec<u8> {
    encoding.encode(page).0.into_owned()
}

fn utf16(page: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(page.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[derive(Deserialize)]
struct Drip {
    #[serde(default = "five_seconds")]
    seconds: f64,
}

fn five_seconds() -> f64 {
    5.0
}

async fn drip(Query(drip): Query<Drip>) -> Response {
    let beat = Duration::from_millis(100);
    // a cast of a float saturates, and makes a zero of what is not a number
    let drops = (drip.seconds.clamp(0.0, LONGEST.as_secs_f64()) * 10.0) as usize;
    let drops = stream::repeat(Bytes::from_static(b".")).take(drops).then(move |drop| async move {
        sleep(beat).await;
        drop
    });
    typed("text/plain", streamed(drops))
}

async fn stall() -> Response {
    let start = stream::iter([Bytes::from_static(b"<title>Stalled</title><p>More is to come, some day")]);
    let silence = stream::once(async {
        sleep(LONGEST).await;
        Bytes::from_static(b".")
    });
    html(streamed(start.chain(silence)))
}

#[derive(Deserialize)]
struct Big {
    #[serde(default = "five_mib")]
    mb: usize,
}

fn five_mib() -> usize {
    5
}

async fn big(Query(big): Query<Big>) -> Response {
    let bytes = big.mb.min(1024) << 20;
    let length: [(HeaderName, HeaderValue); 1] = [(header::CONTENT_LENGTH, bytes.into())];
    let body = streamed(stream::repeat(text_chunk()).take(bytes / CHUNK));
    (length, typed("text/plain; charset=utf-8", body)).into_response()
}

async fn endless() -> Response {
    typed("text/plain; charset=utf-8", streamed(stream::repeat(text_chunk())))
}

/// [`CHUNK`] bytes of lines.
fn text_chunk() -> Bytes {
    b"All of this is text, and there is more of it below this line.\n".iter().copied().cycle().take(CHUNK).collect()
}

fn streamed(parts: impl futures::Stream<Item = Bytes> + Send + 'static) -> Body {
    Body::from_stream(parts.map(Ok::<_, Infallible>))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_of_the_bomb_can_follow_one_another() {
        let piece = zeros().await.unwrap();
        assert!(piece.len() < 2048, "{} bytes", piece.len());
        let packed = [&piece[..], &piece[..], &piece[..], &[0x03, 0x00]].concat();
        let mut unpacked = Vec::new();
        async_compression::tokio::bufread::DeflateDecoder::new(&packed[..]).read_to_end(&mut unpacked).await.unwrap();
        assert_eq!(unpacked.len(), 3 << 20);
        assert!(unpacked.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn pages_in_old_charsets_lose_nothing() {
        for (encoding, page) in [(encoding_rs::WINDOWS_1252, LATIN1), (encoding_rs::SHIFT_JIS, SJIS)] {
            assert_eq!(encoding.decode(&encoded(encoding, page)).0, page);
        }
        assert_eq!(encoding_rs::UTF_16LE.decode(&utf16(UTF16)).0, UTF16);
    }
}
