//! Lengths that are wrong, and what ends a body instead.

use super::{Behaviour, Step, behaviour::group};

/// A response with these fields and just this content, then the end of the connection.
fn said(fields: &str, content: impl AsRef<[u8]>) -> Vec<Step> {
    Step::raw([format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), content.as_ref()].concat())
}

/// The same, and the next request is read.
fn said_on(fields: &str, content: impl AsRef<[u8]>) -> Vec<Step> {
    let mut steps = said(fields, content);
    steps.push(Step::Next);
    steps
}

const INVALID: &[&str] = &["protocol.invalid"];
const CUT: &[&str] = &["body.truncated"];
const LARGE: &[&str] = &["body.too_large"];

fn lengths() -> Vec<Behaviour> {
    vec![
        Behaviour::plain("length-too-long", "promises 1,000 bytes, sends 10 and closes", |_| {
            said("content-length: 1000\r\n", "0123456789")
        })
        .fails(CUT),
        Behaviour::plain("length-too-short", "promises 4 bytes, sends 10 and goes on", |_| {
            said_on("content-length: 4\r\n", "0123456789")
        })
        .has("/bytes", 4),
        Behaviour::plain("length-zero-with-bytes", "promises nothing, sends 10 bytes and goes on", |_| {
            said_on("content-length: 0\r\n", "0123456789")
        })
        .has("/bytes", 0),
        Behaviour::plain("length-negative", "promises -5 bytes", |_| said("content-length: -5\r\n", "hello"))
            .fails(INVALID),
        Behaviour::plain("length-signed", "promises +5 bytes", |_| said("content-length: +5\r\n", "hello"))
            .fails(INVALID),
        Behaviour::plain("length-hexadecimal", "promises 0x5 bytes", |_| said("content-length: 0x5\r\n", "hello"))
            .fails(INVALID),
        Behaviour::plain("length-fraction", "promises 5.0 bytes", |_| said("content-length: 5.0\r\n", "hello"))
            .fails(INVALID),
        Behaviour::plain("length-empty", "has a length field without a value", |_| {
            said("content-length:\r\n", "hello")
        })
        .fails(INVALID),
        Behaviour::plain("length-twice-the-same", "tells the same length on two lines", |_| {
            said_on("content-length: 5\r\ncontent-length: 5\r\n", "hello")
        })
        .has("/bytes", 5),
        Behaviour::plain("length-list-the-same", "tells the same length twice in one field", |_| {
            said_on("content-length: 5, 5\r\n", "hello")
        })
        .has("/bytes", 5),
        Behaviour::plain("length-twice-different", "tells 5 on one line and 3 on the next", |_| {
            said("content-length: 5\r\ncontent-length: 3\r\n", "hello")
        })
        .fails(INVALID),
        Behaviour::plain("length-list-different", "tells 3 and 5 in one field", |_| {
            said("content-length: 3, 5\r\n", "hello")
        })
        .fails(INVALID),
        Behaviour::plain("length-of-2-to-63", "promises 2^63 bytes, sends 5 and closes", |_| {
            said("content-length: 9223372036854775808\r\n", "hello")
        })
        .fails(&["body.truncated", "body.too_large"]),
        Behaviour::plain("length-of-2-to-63-gzip", "promises 2^63 bytes of gzip, sends 5 and closes", |_| {
            said("content-encoding: gzip\r\ncontent-length: 9223372036854775808\r\n", "\x1f")
        })
        .fails(&["body.truncated", "body.too_large"]),
        Behaviour::plain("length-of-2-to-64", "promises 2^64 bytes", |_| {
            said("content-length: 18446744073709551616\r\n", "hello")
        })
        .fails(INVALID),
        Behaviour::plain("length-of-a-gigabyte", "promises 1 GiB, and does send it", |_| {
            vec![
                Step::send("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n"),
                Step::repeat([b'x'; 65536], 16384),
            ]
        })
        .fails(LARGE),
    ]
}

fn transfer_codings() -> Vec<Behaviour> {
    let chunked = |fields: &'static str| move |_: &super::Ask| said(fields, "5\r\nhello\r\n0\r\n\r\n");
    vec![
        Behaviour::plain(
            "length-and-chunks",
            "tells a length, and sends chunks",
            chunked("content-length: 5\r\ntransfer-encoding: chunked\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "chunks-and-no-length",
            "sends chunks, and tells a length of 0 behind that",
            chunked("transfer-encoding: chunked\r\ncontent-length: 0\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-gzip-chunked",
            "sends chunks of gzip as a transfer coding, which nobody asked for",
            chunked("transfer-encoding: gzip, chunked\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-gzip-chunked-on-lines",
            "names gzip and chunked as transfer codings on two lines",
            chunked("transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-gzip",
            "names gzip as the only transfer coding",
            chunked("transfer-encoding: gzip\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-chunked-not-last",
            "names chunked first and gzip behind it",
            chunked("transfer-encoding: chunked, gzip\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-chunked-twice",
            "names chunked twice and does it once",
            chunked("transfer-encoding: chunked, chunked\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-unknown",
            "names a transfer coding that does not exist",
            chunked("transfer-encoding: xchunked\r\n"),
        )
        .fails(INVALID),
        Behaviour::plain(
            "transfer-chunked-capital",
            "writes Chunked in capitals",
            chunked("Transfer-Encoding: CHUNKED\r\n"),
        )
        .has("/bytes", 5),
        Behaviour::plain("transfer-identity", "names identity as transfer coding, ends by closing", |_| {
            said("transfer-encoding: identity\r\n", "hello")
        })
        .has("/bytes", 5),
        Behaviour::plain("transfer-in-http-1-0", "sends chunks in HTTP/1.0, which has none", |_| {
            Step::raw("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        })
        .fails(INVALID),
    ]
}

fn endings() -> Vec<Behaviour> {
    vec![
        Behaviour::plain("ends-by-closing", "tells no length and closes behind the body", |_| said("", "hello"))
            .has("/bytes", 5),
        Behaviour::plain("ends-by-half-closing", "tells no length, sends no more and goes on reading", |_| {
            vec![Step::send("HTTP/1.1 200 OK\r\n\r\nhello"), Step::HalfClose]
        })
        .has("/bytes", 5),
        Behaviour::plain("keeps-http-1-0-open", "speaks HTTP/1.0 with keep-alive and a length", |_| {
            vec![Step::send("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello"), Step::Next]
        })
        .has("/bytes", 5)
        .has("/http_version", "1.0"),
        Behaviour::plain("endless-body", "tells no length and never stops sending", |_| {
            vec![Step::send("HTTP/1.1 200 OK\r\n\r\n"), Step::repeat([b'x'; 65536], u64::MAX)]
        })
        .fails(LARGE),
        Behaviour::plain("endless-chunks", "never stops sending chunks", |_| {
            let chunk = [b"8000\r\n".as_slice(), &[b'x'; 32768], b"\r\n"].concat();
            vec![Step::send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), Step::repeat(chunk, u64::MAX)]
        })
        .fails(LARGE),
        Behaviour::plain("endless-error-page", "says 404 and never stops sending", |_| {
            vec![Step::send("HTTP/1.1 404 Not Found\r\n\r\n"), Step::repeat([b'x'; 65536], u64::MAX)]
        })
        .fails(LARGE),
        Behaviour::plain("endless-redirect-page", "redirects with a page that never ends", |ask| {
            match ask.path.as_str() {
                "/" => vec![
                    Step::send("HTTP/1.1 302 Found\r\nlocation: /next\r\n\r\n"),
                    Step::repeat([b'x'; 65536], u64::MAX),
                ],
                _ => Step::answer(200, "", "there"),
            }
        })
        .fails(LARGE),
        Behaviour::plain("second-response-behind", "sends another whole response behind the first", |_| {
            said_on("content-length: 5\r\n", "helloHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")
        })
        .has("/bytes", 5),
        Behaviour::plain("second-response-behind-chunks", "sends another whole response behind the last chunk", |_| {
            said_on(
                "transfer-encoding: chunked\r\n",
                "5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison",
            )
        })
        .has("/bytes", 5),
        Behaviour::plain("rubbish-behind", "sends rubbish behind the response, a little later", |_| {
            vec![
                Step::send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
                Step::Wait(super::ms(20)),
                Step::send("\0\0\0rubbish"),
                Step::Next,
            ]
        })
        .has("/bytes", 5),
        Behaviour::plain("reset-in-body", "resets the connection in the middle of the body", |_| {
            vec![
                Step::send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n0123456789"),
                Step::Wait(super::ms(50)),
                Step::Reset,
            ]
        })
        .fails(CUT),
        Behaviour::plain("reset-instead-of-closing", "tells no length and resets instead of closing", |_| {
            vec![Step::send("HTTP/1.1 200 OK\r\n\r\n0123456789"), Step::Wait(super::ms(50)), Step::Reset]
        })
        .fails(CUT),
        Behaviour::plain("reset-behind-the-body", "resets the connection as soon as the whole body is sent", |_| {
            vec![
                Step::send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
                Step::Wait(super::ms(50)),
                Step::Reset,
            ]
        })
        .has("/bytes", 5),
        Behaviour::closed("nobody-listens", "has no listener on the port").fails(&["connect.refused"]),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Framing", [lengths(), transfer_codings(), endings()].concat())
}
