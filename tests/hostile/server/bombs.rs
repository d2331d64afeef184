//! Bodies that unpack to far more than they are, or never to anything.

use super::{
    Behaviour, Step,
    behaviour::group,
    pack::{GZIP_HEAD, ZSTD_HEAD, ZSTD_RUN, brotli, gzip, megabyte_of_deflate, zstd},
};

const BOMB: &[&str] = &["body.bomb"];
const LARGE: &[&str] = &["body.too_large"];

/// The head of a message that ends with its connection.
fn head(status: &str, coding: &str) -> Step {
    Step::send(format!("HTTP/1.1 {status}\r\ncontent-encoding: {coding}\r\n\r\n"))
}

/// 1 GiB, as gzip packs it.
fn gigabyte(status: &'static str) -> Vec<Step> {
    vec![head(status, "gzip"), Step::send(GZIP_HEAD), Step::repeat(megabyte_of_deflate(), 1024)]
}

/// A message whose packed body has a beginning and goes on for ever.
fn endless(
    name: &'static str,
    does: &'static str,
    coding: &'static str,
    first: &'static [u8],
    rest: fn() -> Vec<u8>,
) -> Behaviour {
    Behaviour::plain(name, does, move |_| {
        let rest = rest();
        let times = (64 * 1024usize).div_ceil(rest.len());
        vec![head("200 OK", coding), Step::send(first), Step::repeat(rest.repeat(times), u64::MAX)]
    })
}

/// 16 MiB of zeros, as brotli packs them at its best, which takes it too long to be done here.
const ZEROS: &[u8] = b"\x9f\xff\xff\xff\xf8\x27\x00\xe2\xb1\x40\x20\xf7\xfe\x1f";

fn large() -> Vec<Behaviour> {
    vec![
        Behaviour::plain("bomb-gzip", "unpacks 5 MiB of gzip to 1 GiB", |_| gigabyte("200 OK")).fails(BOMB),
        Behaviour::plain("bomb-deflate", "unpacks deflate to 1 GiB", |_| {
            vec![head("200 OK", "deflate"), Step::repeat(megabyte_of_deflate(), 1024)]
        })
        .fails(BOMB),
        Behaviour::plain("bomb-zlib", "unpacks zlib to 1 GiB", |_| {
            vec![head("200 OK", "deflate"), Step::send(b"\x78\x9c"), Step::repeat(megabyte_of_deflate(), 1024)]
        })
        .fails(BOMB),
        Behaviour::plain("bomb-brotli", "unpacks brotli to 16 MiB", |_| {
            Step::answer(200, "content-encoding: br\r\n", ZEROS)
        })
        .fails(BOMB),
        Behaviour::plain("bomb-zstd", "unpacks 40 KiB of zstd to 1.2 GiB", |_| {
            let packed = [ZSTD_HEAD, &ZSTD_RUN.repeat(10_000)].concat();
            Step::answer(200, "content-encoding: zstd\r\n", packed)
        })
        .fails(BOMB),
        Behaviour::plain("bomb-gzip-in-gzip", "unpacks gzip in gzip to 64 MiB", |_| {
            let inner = [GZIP_HEAD, &megabyte_of_deflate().repeat(64)].concat();
            Step::answer(200, "content-encoding: gzip, gzip\r\n", gzip(&inner))
        })
        .fails(BOMB),
        Behaviour::plain("bomb-of-three", "unpacks zstd in brotli in gzip to 64 MiB", |_| {
            let packed = gzip(&brotli(&[ZSTD_HEAD, &ZSTD_RUN.repeat(512)].concat()));
            Step::answer(200, "content-encoding: zstd, br, gzip\r\n", packed)
        })
        .fails(BOMB),
        Behaviour::plain("bomb-behind-the-inside", "packs a gzip body and 64 MiB of zeros behind it with gzip", |_| {
            // a stored block with the inner body, then the zeros
            let inner = gzip(b"hello");
            let length = u16::try_from(inner.len()).unwrap();
            let stored = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &inner].concat();
            let packed = [GZIP_HEAD, &stored, &megabyte_of_deflate().repeat(64)].concat();
            Step::answer(200, "content-encoding: gzip, gzip\r\n", packed)
        })
        .has("/bytes", 5),
        Behaviour::plain("bomb-in-error-page", "says 404 with a page that unpacks to 1 GiB", |_| {
            gigabyte("404 Not Found")
        })
        .fails(BOMB),
        Behaviour::plain("bomb-in-redirect", "redirects with a page that unpacks to 1 GiB", |ask| {
            match ask.path.as_str() {
                "/" => gigabyte("302 Found\r\nlocation: /next"),
                _ => Step::answer(200, "", "there"),
            }
        })
        .fails(BOMB),
        Behaviour::plain("bomb-in-robots", "has a robots.txt that unpacks to 1 GiB", |ask| match ask.path.as_str() {
            "/robots.txt" => gigabyte("200 OK"),
            _ => Step::answer(200, "", "there"),
        })
        .with(super::Set::Robots)
        .has("/bytes", 5),
    ]
}

fn of_nothing() -> Vec<Behaviour> {
    vec![
        endless(
            "gzip-name-endless",
            "writes a file name into gzip that never ends",
            "gzip",
            b"\x1f\x8b\x08\x08\0\0\0\0\0\xff",
            || vec![b'n'; 65536],
        )
        .fails(&["body.too_large", "body.decode"]),
        endless("gzip-members-endless", "sends empty gzip members with long names for ever", "gzip", b"", || {
            let empty = gzip(b"");
            [b"\x1f\x8b\x08\x08\0\0\0\0\0\xff".as_slice(), &[b'n'; 2000], b"\0", &empty[10..]].concat()
        })
        .fails(LARGE),
        endless("deflate-blocks-endless", "sends empty blocks of deflate for ever", "deflate", b"", || {
            b"\0\0\0\xff\xff".to_vec()
        })
        .fails(LARGE),
        endless("gzip-blocks-endless", "sends empty blocks in gzip for ever", "gzip", GZIP_HEAD, || {
            b"\0\0\0\xff\xff".to_vec()
        })
        .fails(LARGE),
        endless("zstd-frames-endless", "sends frames of zstd to be skipped for ever", "zstd", b"", || {
            [b"\x50\x2a\x4d\x18\x10\0\0\0".as_slice(), &[0; 16]].concat()
        })
        .fails(LARGE),
        endless("zstd-empty-frames-endless", "sends empty frames of zstd for ever", "zstd", b"", || zstd(b""))
            .fails(LARGE),
        endless("brotli-metadata-endless", "sends metadata in brotli for ever", "br", b"\x0b", || {
            // ISLAST 0, MNIBBLES 0, reserved 0, MSKIPBYTES 1: a byte of length, then so much
            [b"\x2c\x0f".as_slice(), &[0; 16]].concat()
        })
        .fails(&["body.too_large", "body.decode"]),
        Behaviour::plain("gzip-then-endless-zeros", "pads gzip with zeros for ever", |_| {
            vec![head("200 OK", "gzip"), Step::send(gzip(b"hello")), Step::repeat([0; 65536], u64::MAX)]
        })
        .fails(LARGE),
        Behaviour::plain(
            "gzip-that-packs-nothing",
            "sends 3 MiB in blocks of gzip that are stored as they are",
            |_| {
                let stored = [&b"\0\xff\xff\0\0"[..], &[b'x'; 65535]].concat();
                vec![head("200 OK", "gzip"), Step::send(GZIP_HEAD), Step::repeat(stored, 48)]
            },
        )
        .fails(&["body.too_large", "body.bomb"]),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Bombs", [large(), of_nothing()].concat())
}
