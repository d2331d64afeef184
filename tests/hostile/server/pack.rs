//! Bytes packed as content codings do it, and blocks that unpack to much.

use std::io::Write as _;

use flate2::{
    Compress, Compression, FlushCompress,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use futures::FutureExt as _;
use tokio::io::AsyncReadExt as _;

/// A text of that length that does not pack to nothing.
pub fn text(length: usize) -> Vec<u8> {
    let words = (0u32..).flat_map(|n| format!("{:x} ", n.wrapping_mul(2_654_435_761)).into_bytes());
    words.take(length).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What `deflate` means: the zlib format.
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What some servers take `deflate` for.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub fn brotli(bytes: &[u8]) -> Vec<u8> {
    use async_compression::{Level, tokio::bufread::BrotliEncoder};
    let mut packed = Vec::new();
    let mut encoder = BrotliEncoder::with_quality(bytes, Level::Fastest);
    encoder.read_to_end(&mut packed).now_or_never().unwrap().unwrap();
    packed
}

/// The head of a gzip member without optional fields (RFC 1952, section 2.3).
pub const GZIP_HEAD: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";

/// A run of deflate blocks that ends at a byte and stands for 1 MiB of zeros: repeated, it stands for more.
pub fn megabyte_of_deflate() -> Vec<u8> {
    let mut packed = Vec::with_capacity(64 * 1024);
    let mut encoder = Compress::new(Compression::fast(), false);
    encoder.compress_vec(&vec![0; 1 << 20], &mut packed, FlushCompress::Full).unwrap();
    packed
}

/// The head of a zstd frame with a window of 128 KiB (RFC 8878, section 3.1.1).
pub const ZSTD_HEAD: &[u8] = b"\x28\xb5\x2f\xfd\0\x38";

/// A zstd block, not the last one, that stands for 128 KiB of `x`: one byte and how often.
pub const ZSTD_RUN: &[u8] = b"\x02\0\x10x";
