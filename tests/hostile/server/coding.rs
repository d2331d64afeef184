//! Content codings that are not what they are called.

use super::{
    Behaviour, Step,
    behaviour::group,
    pack::{brotli, deflate, gzip, text, zlib, zstd},
};

const CUT: &[&str] = &["body.truncated"];
const DECODE: &[&str] = &["body.decode"];
/// Length of the text that most of them carry.
const LENGTH: usize = 20_000;

/// A whole message with that coding and content; the connection stays open.
pub(super) fn coded(coding: &str, content: impl AsRef<[u8]>) -> Vec<Step> {
    Step::answer(200, &format!("content-type: text/plain\r\ncontent-encoding: {coding}\r\n"), content)
}

fn page(name: &'static str, does: &'static str, coding: &str, content: fn() -> Vec<u8>) -> Behaviour {
    let coding = coding.to_owned();
    Behaviour::plain(name, does, move |_| coded(&coding, content()))
}

/// One that unpacks to the text.
fn fine(name: &'static str, does: &'static str, coding: &'static str, content: fn() -> Vec<u8>) -> Behaviour {
    page(name, does, coding, content).has("/bytes", LENGTH)
}

fn whole() -> Vec<u8> {
    text(LENGTH)
}

/// All but the last bytes.
fn cut(mut packed: Vec<u8>, bytes: usize) -> Vec<u8> {
    packed.truncate(packed.len() - bytes);
    packed
}

/// With one bit turned, counted from the end.
fn turned(mut packed: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = packed.len() - from_end;
    packed[at] ^= 1;
    packed
}

fn names() -> Vec<Behaviour> {
    vec![
        fine("gzip", "packs with gzip", "gzip", || gzip(&whole())),
        fine("gzip-in-capitals", "packs with gzip and calls it GZIP", "GZIP", || gzip(&whole())),
        fine("x-gzip", "packs with gzip and calls it x-gzip", "x-gzip", || gzip(&whole())),
        fine("deflate-as-zlib", "packs with deflate in the format of zlib, as is right", "deflate", || zlib(&whole())),
        fine("deflate-bare", "packs with bare deflate", "deflate", || deflate(&whole())),
        fine("brotli", "packs with brotli", "br", || brotli(&whole())),
        fine("zstd", "packs with zstd", "zstd", || zstd(&whole())),
        fine("identity", "names identity as content coding", "identity", whole),
        fine("coding-empty", "has a coding field without a value", "", whole),
        fine("coding-of-commas", "has a coding field of commas and blanks", " , ,", whole),
        fine("coding-unknown", "names a coding that does not exist", "x-magic", whole),
        fine("coding-is-a-charset", "names a charset as content coding", "utf-8", whole),
        fine("gzip-in-gzip", "packs with gzip twice, and says so", "gzip, gzip", || gzip(&gzip(&whole()))),
        fine("three-codings", "packs with deflate, then brotli, then gzip", "deflate, br, gzip", || {
            gzip(&brotli(&zlib(&whole())))
        }),
        Behaviour::plain("codings-on-lines", "names two codings on two lines", |_| {
            let packed = zstd(&gzip(&whole()));
            Step::answer(200, "content-encoding: gzip\r\ncontent-encoding: zstd\r\n", packed)
        })
        .has("/bytes", LENGTH),
        page("four-codings", "packs with gzip four times", "gzip, gzip, gzip, gzip", || {
            gzip(&gzip(&gzip(&gzip(&whole()))))
        })
        .fails(DECODE),
        page("codings-10000", "names 10,000 codings", &vec!["gzip"; 10_000].join(","), whole).fails(DECODE),
        page("coding-beyond-ascii", "has a coding field that is no text, and packs", "gzip\u{e9}", || gzip(&whole()))
            .has("/bytes", serde_json::Value::from(gzip(&whole()).len())),
        page("gzip-of-nothing", "says gzip, and sends no byte at all", "gzip", Vec::new).has("/bytes", 0),
        page("gzip-of-an-empty-text", "packs an empty text", "gzip", || gzip(b"")).has("/bytes", 0),
        page("brotli-of-nothing", "says br, and sends no byte at all", "br", Vec::new).has("/bytes", 0),
    ]
}

fn wrong() -> Vec<Behaviour> {
    vec![
        page("gzip-is-plain", "says gzip, and sends text", "gzip", whole).fails(DECODE),
        page("brotli-is-plain", "says br, and sends text", "br", || b"\xff\xff\xff\xff hello".to_vec()).fails(DECODE),
        page("zstd-is-plain", "says zstd, and sends text", "zstd", whole).fails(DECODE),
        page("deflate-is-plain", "says deflate, and sends text", "deflate", || {
            b"<html><body>hello</body></html>".to_vec()
        })
        .fails(DECODE),
        page("gzip-is-zlib", "says gzip, and sends zlib", "gzip", || zlib(&whole())).fails(DECODE),
        page("deflate-is-gzip", "says deflate, and sends gzip", "deflate", || gzip(&whole())).fails(DECODE),
        page("gzip-cut", "sends half of a gzip body as a whole message", "gzip", || cut(gzip(&whole()), 5000))
            .fails(CUT),
        page("gzip-without-end", "leaves out the last byte of gzip", "gzip", || cut(gzip(&whole()), 1)).fails(CUT),
        page("gzip-without-trailer", "leaves out gzip's check sum and length", "gzip", || cut(gzip(&whole()), 8))
            .fails(CUT),
        page("gzip-of-one-byte", "sends the first byte of gzip as a whole message", "gzip", || vec![0x1f]).fails(CUT),
        page("gzip-in-gzip-cut", "packs twice, the inner one cut", "gzip, gzip", || gzip(&cut(gzip(&whole()), 100)))
            .fails(CUT),
        page("zlib-cut", "sends half of a zlib body", "deflate", || cut(zlib(&whole()), 5000)).fails(CUT),
        page("deflate-cut", "sends half of a bare deflate body", "deflate", || cut(deflate(&whole()), 5000)).fails(CUT),
        page("brotli-cut", "sends a brotli body without its end", "br", || cut(brotli(&whole()), 300)).fails(CUT),
        page("zstd-cut", "sends a zstd body without its end", "zstd", || cut(zstd(&whole()), 300)).fails(CUT),
        Behaviour::plain("gzip-cut-by-closing", "sends half of a gzip body, without a length, and closes", |_| {
            let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n";
            Step::raw([head.as_slice(), &cut(gzip(&whole()), 5000)].concat())
        })
        .fails(CUT),
        Behaviour::plain("gzip-cut-in-chunks", "sends a whole gzip body in chunks, and no last chunk", |_| {
            let packed = gzip(&whole());
            let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n";
            let size = format!("{head}{:x}\r\n", packed.len());
            Step::raw([size.as_bytes(), &packed, b"\r\n"].concat())
        })
        .fails(CUT),
        page("gzip-check-sum", "has a wrong check sum in gzip", "gzip", || turned(gzip(&whole()), 6)).fails(DECODE),
        page("gzip-length", "has a wrong length in gzip", "gzip", || turned(gzip(&whole()), 2)).fails(DECODE),
        page("zlib-check-sum", "has a wrong check sum in zlib", "deflate", || turned(zlib(&whole()), 1)).fails(DECODE),
        page("gzip-method", "names a method of gzip that does not exist", "gzip", || {
            let mut packed = gzip(&whole());
            packed[2] = 7;
            packed
        })
        .fails(DECODE),
        page("gzip-spoilt", "has bits turned in the middle of gzip", "gzip", || {
            let mut packed = gzip(&whole());
            let half = packed.len() / 2;
            packed[half..half + 64].fill(0xff);
            packed
        })
        .fails(DECODE),
        page("zstd-dictionary", "packs with a zstd dictionary that only it has", "zstd", || {
            b"\x28\xb5\x2f\xfd\x21\x42\x05\x29\0\0hello".to_vec()
        })
        .fails(&["body.decode", "body.truncated"]),
        page("zstd-window", "wants a zstd window of 128 MiB", "zstd", || {
            b"\x28\xb5\x2f\xfd\0\x88\x29\0\0hello".to_vec()
        })
        .fails(DECODE),
    ]
}

fn behind() -> Vec<Behaviour> {
    vec![
        fine("gzip-members", "sends two gzip members, one behind the other", "gzip", || {
            let (first, second) = (text(LENGTH), &text(LENGTH)[LENGTH / 2..]);
            [gzip(&first[..LENGTH / 2]), gzip(second)].concat()
        }),
        page("gzip-members-second-cut", "sends two gzip members, the second cut", "gzip", || {
            [gzip(b"hello"), cut(gzip(&whole()), 100)].concat()
        })
        .fails(CUT),
        fine("gzip-then-zeros", "pads gzip with zeros", "gzip", || [gzip(&whole()), vec![0; 512]].concat()),
        fine("gzip-then-rubbish", "sends text behind gzip", "gzip", || [gzip(&whole()), b"rubbish".to_vec()].concat()),
        page("gzip-then-a-magic-byte", "sends a byte behind gzip with which a member would begin", "gzip", || {
            [gzip(&whole()), vec![0x1f]].concat()
        })
        .fails(CUT),
        fine("zlib-then-rubbish", "sends text behind zlib", "deflate", || {
            [zlib(&whole()), b"rubbish".to_vec()].concat()
        }),
        fine("brotli-then-rubbish", "sends text behind brotli", "br", || {
            [brotli(&whole()), b"rubbish".to_vec()].concat()
        }),
        fine("zstd-frames", "sends two zstd frames", "zstd", || {
            let text = whole();
            [zstd(&text[..LENGTH / 2]), zstd(&text[LENGTH / 2..])].concat()
        }),
        page("gzip-members-1000", "sends 1,000 gzip members of one byte", "gzip", || gzip(b"x").repeat(1000))
            .has("/bytes", 1000),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Content codings", [names(), wrong(), behind()].concat())
}
