//! Chunks and trailers that are wrong.

use super::{Behaviour, Step, behaviour::group};

const HEAD: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const INVALID: &[&str] = &["protocol.invalid"];
const CUT: &[&str] = &["body.truncated"];

/// Sends that as the chunks, and closes.
fn chunks(name: &'static str, does: &'static str, content: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| Step::raw([HEAD, content].concat()))
}

fn sizes() -> Vec<Behaviour> {
    vec![
        chunks("chunk-of-2-gigabytes", "tells a chunk of 7FFFFFFF bytes, sends 5 and closes", "7FFFFFFF\r\nhello")
            .fails(CUT),
        chunks("chunk-of-2-to-63", "tells a chunk of 2^63 bytes, sends 5 and closes", "8000000000000000\r\nhello")
            .fails(CUT),
        chunks("chunk-size-overflows", "tells a chunk of 2^64 bytes", "10000000000000000\r\nhello\r\n0\r\n\r\n")
            .fails(INVALID),
        Behaviour::plain("chunk-size-of-many-zeros", "writes a size with 4,000 zeros in front", |_| {
            Step::raw([HEAD, &"0".repeat(4000), "5\r\nhello\r\n0\r\n\r\n"].concat())
        })
        .has("/bytes", 5),
        Behaviour::plain("chunk-size-endless", "writes zeros of a size for ever", |_| {
            vec![Step::send(HEAD), Step::flow([b'0'; 4096], super::ms(10))]
        })
        .fails(&["timeout.read", "protocol.invalid", "body.too_large"]),
        chunks("chunk-size-signed", "tells a chunk of +5 bytes", "+5\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-size-negative", "tells a chunk of -5 bytes", "-5\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-size-prefixed", "tells a chunk of 0x5 bytes", "0x5\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-size-behind-blank", "has a blank in front of a size", " 5\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-size-before-blanks", "has blanks behind a size", "5  \r\nhello\r\n0\r\n\r\n").has("/bytes", 5),
        chunks("chunk-size-empty", "has an empty line where a size should be", "\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-size-no-number", "tells a chunk of zz bytes", "zz\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-size-two-numbers", "tells a chunk of 5 5 bytes", "5 5\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-lines-end-in-lf", "ends the lines of chunks with LF alone", "5\nhello\n0\n\n").fails(INVALID),
        chunks("chunk-without-size", "promises chunks and sends text", "<p>hello</p>").fails(INVALID),
    ]
}

fn contents() -> Vec<Behaviour> {
    vec![
        chunks("chunk-too-long", "sends more than a chunk's size", "3\r\nhello\r\n0\r\n\r\n").fails(INVALID),
        chunks("chunk-too-short", "sends less than a chunk's size, and goes on", "7\r\nhello\r\n0\r\n\r\n")
            .fails(INVALID),
        chunks("chunk-cut", "closes in the middle of a chunk", "5\r\nhel").fails(CUT),
        chunks("chunk-size-cut", "closes in the middle of a size", "5\r\nhello\r\n1").fails(CUT),
        chunks("chunks-without-last", "closes without a last chunk", "5\r\nhello\r\n").fails(CUT),
        chunks("last-chunk-cut", "closes behind the last chunk, without the empty line", "5\r\nhello\r\n0\r\n")
            .fails(CUT),
        chunks("chunks-of-nothing", "sends nothing but the last chunk", "0\r\n\r\n").has("/bytes", 0),
        Behaviour::plain("chunks-of-one-byte", "sends 5,000 chunks of one byte", |_| {
            let content = "1\r\nx\r\n".repeat(5000);
            vec![Step::send([HEAD, &content, "0\r\n\r\n"].concat()), Step::Next]
        })
        .has("/bytes", 5000),
        chunks("chunk-extension", "has an extension behind a size", "5;name=\"va;lue\"\r\nhello\r\n0;x\r\n\r\n")
            .has("/bytes", 5),
        chunks("chunk-extension-with-lf", "has a bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n")
            .fails(INVALID),
        Behaviour::plain("chunk-extension-endless", "sends an extension that never ends", |_| {
            vec![Step::send([HEAD, "5;"].concat()), Step::repeat([b'x'; 4096], u64::MAX)]
        })
        .fails(INVALID),
        Behaviour::plain("chunk-extensions-everywhere", "has 100 bytes of extension on each byte of content", |_| {
            let chunk = format!("1;{}\r\nx\r\n", "e".repeat(100));
            vec![Step::send(HEAD), Step::repeat(chunk, u64::MAX)]
        })
        .fails(INVALID),
    ]
}

fn trailers() -> Vec<Behaviour> {
    vec![
        chunks(
            "trailers",
            "sends trailers behind the last chunk",
            "5\r\nhello\r\n0\r\nx-late: 1\r\ncontent-length: 9\r\ncontent-type: image/png\r\n\r\n",
        )
        .has("/bytes", 5)
        .check(|record, _| match (&record["headers"]["x-late"], &record["content_type"]) {
            (serde_json::Value::Null, serde_json::Value::Null) => Ok(()),
            late => Err(format!("trailers count as fields of the head: {late:?}")),
        }),
        chunks("trailer-without-colon", "sends a trailer that is no field", "5\r\nhello\r\n0\r\nrubbish\r\n\r\n")
            .fails(INVALID),
        chunks("trailers-cut", "closes in the middle of the trailers", "5\r\nhello\r\n0\r\nx-late: 1\r\n").fails(CUT),
        Behaviour::plain("trailers-many", "sends 20,000 trailers", |_| {
            let trailers = "x: y\r\n".repeat(20_000);
            Step::raw([HEAD, "5\r\nhello\r\n0\r\n", &trailers, "\r\n"].concat())
        })
        .fails(&["protocol.headers_too_large"]),
        Behaviour::plain("trailers-endless", "sends a trailer that never ends", |_| {
            vec![Step::send([HEAD, "5\r\nhello\r\n0\r\nx: "].concat()), Step::repeat([b'x'; 4096], u64::MAX)]
        })
        .fails(&["protocol.headers_too_large"]),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Chunks", [sizes(), contents(), trailers()].concat())
}
