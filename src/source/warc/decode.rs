//! Content codings taken off a body that is there as a whole, within a bound.
//!
//! Must not know where it comes from.

use std::{io, pin::Pin};

use async_compression::{
    tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use futures::executor::block_on;
use http::{HeaderMap, header};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt as _, BufReader};

/// Content codings on one body at most.
pub const MOST_CODINGS: usize = 3;
/// Largest window of zstd, as a power of two, as for responses from the network.
const ZSTD_WINDOW: u32 = 23;
/// Bytes that are unpacked to see whether content is coded at all.
const BEGINNING: u64 = 16 << 10;

/// The content without its codings, `most` bytes of it at most. The error is a sentence.
///
/// # Errors
/// Too many codings, content that is not as they say, or more of it than that.
pub fn decoded(headers: &HeaderMap, content: Vec<u8>, most: u64) -> Result<Vec<u8>, String> {
    let codings = codings(headers);
    if codings.len() > MOST_CODINGS {
        return Err(format!("more than {MOST_CODINGS} content codings"));
    }
    codings.iter().rev().try_fold(content, |content, coding| {
        if content.is_empty() { Ok(content) } else { unpack(&content, coding, most) }
    })
}

/// The coding that content which begins like this cannot have, though its fields say so.
///
/// Looks at the outermost one. A beginning that is cut short fits.
pub fn unlike(headers: &HeaderMap, beginning: &[u8]) -> Option<String> {
    let coding = codings(headers).pop().filter(|_| !beginning.is_empty())?;
    let begins = |mark: &[u8]| beginning.iter().zip(mark).all(|(byte, mark)| byte == mark);
    let fits = match coding.as_str() {
        "gzip" | "x-gzip" => begins(&[0x1f, 0x8b, 8]),
        // RFC 8878: a frame, or one to be passed over.
        "zstd" => {
            begins(&[0x28, 0xb5, 0x2f, 0xfd]) || beginning.get(1..4).is_some_and(|mark| mark == [0x2a, 0x4d, 0x18])
        }
        // Some servers send it bare.
        "deflate" => inflates(beginning, true) || inflates(beginning, false),
        _ => unpacks(BrotliDecoder::new(beginning)),
    };
    (!fits).then_some(coding)
}

/// Whether something begins like deflate, with the head of zlib or without.
fn inflates(beginning: &[u8], with_head: bool) -> bool {
    let mut out = vec![0; usize::try_from(BEGINNING).unwrap_or_default()];
    flate2::Decompress::new(with_head).decompress(beginning, &mut out, flate2::FlushDecompress::None).is_ok()
}

/// Whether the beginning of something can be unpacked. That it is cut short is no fault.
fn unpacks(decoder: impl AsyncRead + Unpin) -> bool {
    let mut out = Vec::new();
    let read = block_on(decoder.take(BEGINNING).read_to_end(&mut out));
    read.err().is_none_or(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

/// The codings that the fields name and we know, in the order they were put on.
fn codings(headers: &HeaderMap) -> Vec<String> {
    let fields = headers.get_all(header::CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let names = fields.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    // What is not known is taken as none, as browsers do.
    let known = ["gzip", "x-gzip", "deflate", "br", "zstd"];
    names.filter(|name| known.contains(&name.as_str())).take(MOST_CODINGS + 1).collect()
}

fn unpack(content: &[u8], coding: &str, most: u64) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let limit = most.saturating_add(1);
    // What is in memory never makes anybody wait.
    block_on(decoder(content, coding).take(limit).read_to_end(&mut out))
        .map_err(|error| format!("the body is not coded as Content-Encoding says: {error}"))?;
    if out.len() as u64 > most {
        return Err(format!("the body unpacks to more than {} MiB", most >> 20));
    }
    Ok(out)
}

fn decoder<'a>(content: &'a [u8], coding: &str) -> Pin<Box<dyn AsyncBufRead + 'a>> {
    match coding {
        // Some servers send it bare; the first byte tells (RFC 1950: 8 is zlib's only method).
        "deflate" if content.first().is_none_or(|method| method & 0x0f == 8) => {
            Box::pin(BufReader::new(ZlibDecoder::new(content)))
        }
        "deflate" => Box::pin(BufReader::new(DeflateDecoder::new(content))),
        "br" => Box::pin(BufReader::new(BrotliDecoder::new(content))),
        "zstd" => {
            let mut decoder = ZstdDecoder::with_params(content, &[DParameter::window_log_max(ZSTD_WINDOW)]);
            decoder.multiple_members(true);
            Box::pin(BufReader::new(decoder))
        }
        _ => {
            let mut decoder = GzipDecoder::new(content);
            decoder.multiple_members(true);
            Box::pin(BufReader::new(decoder))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(content).unwrap();
        packer.finish().unwrap()
    }

    fn coded(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_ENCODING, value.parse().unwrap())])
    }

    #[test]
    fn codings_are_taken_off_in_their_order() {
        assert_eq!(decoded(&coded("gzip, GZIP"), packed(&packed(b"a")), 99).unwrap(), b"a");
        assert_eq!(decoded(&coded("utf-8"), b"a".to_vec(), 99).unwrap(), b"a");
        assert_eq!(decoded(&coded("gzip"), Vec::new(), 99).unwrap(), b"");
        assert!(decoded(&coded("gzip"), b"plain".to_vec(), 99).is_err());
        assert!(decoded(&coded("gzip,gzip,gzip,gzip"), Vec::new(), 99).is_err());
    }

    #[test]
    fn content_that_is_not_coded_as_its_fields_say_is_told() {
        let plain = b"<!doctype html><title>plain</title><p>and some more of it, so that there is something to see";
        for coding in ["gzip", "deflate", "br", "zstd"] {
            assert_eq!(unlike(&coded(coding), plain).as_deref(), Some(coding));
            assert_eq!(unlike(&coded(coding), b""), None);
        }
        let gzip = packed(plain);
        for cut in 0..gzip.len() {
            assert_eq!(unlike(&coded("gzip"), &gzip[..cut]), None);
        }
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(plain).unwrap();
        let zlib = zlib.finish().unwrap();
        assert_eq!(unlike(&coded("deflate"), &zlib[..20]), None);
        assert_eq!(unlike(&coded("deflate"), &zlib[2..20]), None, "bare");
        // brotli's empty stream, and the beginning of one
        assert_eq!(unlike(&coded("br"), &[0x06]), None);
        assert_eq!(unlike(&coded("br"), &[0x0b, 0x02, 0x80, b'h']), None);
        assert_eq!(unlike(&coded("utf-8"), plain), None);
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = packed(&vec![0; 1 << 22]);
        assert!(decoded(&coded("gzip"), bomb.clone(), 1 << 20).unwrap_err().contains("1 MiB"));
        assert_eq!(decoded(&coded("gzip"), bomb, 1 << 22).unwrap().len(), 1 << 22);
    }
}
