//! Status lines and fields that are wrong.

use super::{Behaviour, Step, behaviour::group, ms};

const INVALID: &[&str] = &["protocol.invalid"];
/// What is said of a status line: the HTTP library does not tell its parts.
const STATUS_LINE: &str =
    "not valid HTTP: no status that can be read, or a control character in the reason phrase behind it";
const EMPTY: &[&str] = &["protocol.empty"];
const LARGE: &[&str] = &["protocol.headers_too_large"];

/// Sends exactly that, and closes.
fn exactly(name: &'static str, does: &'static str, bytes: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| Step::raw(bytes))
}

/// A page of 5 bytes with this field.
fn with_field(name: &'static str, does: &'static str, field: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| {
        Step::raw(format!("HTTP/1.1 200 OK\r\n{field}\r\ncontent-length: 5\r\n\r\nhello"))
    })
}

fn first_lines() -> Vec<Behaviour> {
    let line = |name, does, first: &'static str| {
        Behaviour::plain(name, does, move |_| Step::raw(format!("{first}\r\ncontent-length: 5\r\n\r\nhello")))
    };
    vec![
        exactly("http-0-9", "sends a page without any head", "<html>hello</html>").fails(INVALID),
        exactly("nothing", "closes without a word", "").fails(EMPTY),
        exactly("half-a-status-line", "closes in the middle of the status line", "HTTP/1.").fails(EMPTY),
        exactly("half-a-head", "closes in the middle of the head", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n")
            .fails(EMPTY),
        line("icy", "answers as a radio station does", "ICY 200 OK").fails(INVALID),
        line("version-2-as-text", "calls its text HTTP/2.0", "HTTP/2.0 200 OK").fails(INVALID),
        line("version-1-9", "calls its text HTTP/1.9", "HTTP/1.9 200 OK").fails(INVALID),
        line("version-in-small-letters", "writes http/1.1 in small letters", "http/1.1 200 OK").fails(INVALID),
        exactly("http-2-on-plain", "answers with frames of HTTP/2", "\0\0\u{6}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d")
            .fails(INVALID),
        exactly("another-protocol", "answers as a mail server does", "220 mail.example ESMTP\r\n").fails(INVALID),
        exactly("tls-alert-on-plain", "answers with a TLS alert to plain HTTP", "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{16}")
            .fails(INVALID),
        Behaviour::plain("random-bytes", "answers with 64 KiB of noise", |_| {
            let mut state = 1u32;
            let mut noise = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8 | 0x80
            };
            Step::raw((0..65536).map(|_| noise()).collect::<Vec<_>>())
        })
        .fails(INVALID),
        Behaviour::plain("blank-lines-for-ever", "sends empty lines instead of a status line", |_| {
            vec![Step::repeat("\r\n".repeat(2048), u64::MAX)]
        })
        .fails(LARGE),
        line("blank-lines-first", "sends two empty lines before the status line", "\r\n\r\nHTTP/1.1 200 OK")
            .has("/bytes", 5),
        line("no-reason", "leaves the reason out", "HTTP/1.1 200").has("/bytes", 5),
        Behaviour::plain("reason-in-latin-1", "has a reason in Latin-1", |_| {
            Step::raw(b"HTTP/1.1 200 d\xe9j\xe0 vu\r\ncontent-length: 5\r\n\r\nhello")
        })
        .has("/bytes", 5),
        line("reason-with-escapes", "has an escape sequence in the reason", "HTTP/1.1 200 \u{1b}[31mred")
            .fails(INVALID)
            .has("/error/message", STATUS_LINE),
        line("two-blanks", "has two blanks before the status", "HTTP/1.1  200 OK").fails(INVALID),
        exactly(
            "lines-end-in-lf",
            "ends the lines of the head with LF alone",
            "HTTP/1.1 200 OK\ncontent-length: 5\n\nhello",
        )
        .has("/bytes", 5),
        exactly(
            "lines-end-in-cr",
            "ends the lines of the head with CR alone",
            "HTTP/1.1 200 OK\rcontent-length: 5\r\rhello",
        )
        .fails(INVALID),
    ]
}

fn fields() -> Vec<Behaviour> {
    vec![
        with_field("folded-field", "folds a field over two lines, as was done once", "x-fold: one\r\n two")
            .has("/bytes", 5)
            .check(|record, _| match record["headers"]["x-fold"][0].as_str() {
                Some(text) if text.split_whitespace().eq(["one", "two"]) => Ok(()),
                other => Err(format!("the folded field is {other:?}")),
            }),
        with_field("fold-in-the-first-field", "begins the first field with a blank", " x-fold: one").fails(INVALID),
        with_field("nul-in-field", "has a NUL in a value", "x-nul: a\0b").fails(INVALID),
        with_field("cr-in-field", "has a bare CR in a value", "x-cr: a\rb").fails(INVALID),
        with_field("control-in-name", "has a control character in a name", "x\u{7}-bell: 1").fails(INVALID),
        with_field("blank-before-colon", "has a blank between name and colon", "x-blank : 1").fails(INVALID),
        with_field("no-colon", "has a line without a colon", "rubbish").fails(INVALID),
        with_field("no-name", "has a field without a name", ": 1").fails(INVALID),
        with_field("no-value", "has a field without a value", "x-empty:").has("/bytes", 5),
        Behaviour::plain("bytes-beyond-ascii-in-field", "has Latin-1 and UTF-8 in values", |_| {
            Step::raw(b"HTTP/1.1 200 OK\r\nx-a: caf\xe9\r\nx-b: caf\xc3\xa9\r\ncontent-length: 5\r\n\r\nhello")
        })
        .has("/bytes", 5),
        with_field("escapes-in-field", "has an escape sequence in a value", "x-esc: \u{1b}]0;owned\u{7}")
            .fails(INVALID),
        Behaviour::plain("fields-150", "sends 150 ordinary fields", |_| many(150)).has("/bytes", 5),
        Behaviour::plain("fields-990", "sends 990 fields", |_| many(990)).has("/bytes", 5),
        Behaviour::plain("fields-100000", "sends 100,000 fields", |_| many(100_000)).fails(LARGE),
        Behaviour::plain("field-of-200-kib", "sends a field of 200 KiB", |_| one(200 * 1024)).has("/bytes", 5),
        Behaviour::plain("field-of-300-kib", "sends a field of 300 KiB", |_| one(300 * 1024)).fails(LARGE),
        Behaviour::plain("field-of-10-mb", "sends a field of 10 MB", |_| one(10_000_000)).fails(LARGE),
        Behaviour::plain("name-of-70-kib", "sends a field with a name of 70 KiB", |_| {
            Step::raw(format!("HTTP/1.1 200 OK\r\n{}: 1\r\n\r\n", "x".repeat(70 * 1024)))
        })
        .fails(&["protocol.headers_too_large", "protocol.invalid"]),
        Behaviour::plain("endless-head", "never stops sending fields", |_| {
            vec![Step::send("HTTP/1.1 200 OK\r\n"), Step::repeat("x-more: yes\r\n".repeat(300), u64::MAX)]
        })
        .fails(LARGE),
        Behaviour::plain("endless-status-line", "never ends the reason", |_| {
            vec![Step::send("HTTP/1.1 200 "), Step::repeat([b'x'; 4096], u64::MAX)]
        })
        .fails(LARGE),
        Behaviour::plain("cookies-900", "sets 900 cookies of 250 bytes", |_| {
            let cookies: String = (0..900).map(|n| format!("set-cookie: c{n}={}\r\n", "v".repeat(225))).collect();
            Step::raw(format!("HTTP/1.1 200 OK\r\n{cookies}content-length: 5\r\n\r\nhello"))
        })
        .has("/bytes", 5)
        .has("/headers/set-cookie/0", "***"),
        Behaviour::plain("same-field-500-times", "sends the same field 500 times", |_| {
            let fields = "x-same: 1\r\n".repeat(500);
            Step::raw(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 5\r\n\r\nhello"))
        })
        .has("/bytes", 5),
        Behaviour::plain("fields-post-990", "answers a POST, which must not be sent twice, with 990 fields", |_| {
            many(990)
        })
        .asking("method", "POST")
        .asking("body", "x=1")
        .has("/bytes", 5)
        .check(|_, seen| match seen.asks.iter().filter(|ask| ask.method == "POST").count() {
            1 => Ok(()),
            count => Err(format!("the POST was sent {count} times")),
        }),
    ]
}

fn many(count: usize) -> Vec<Step> {
    let fields: String = (0..count).map(|n| format!("x-{n}: {n}\r\n")).collect();
    Step::raw(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 5\r\n\r\nhello"))
}

fn one(length: usize) -> Vec<Step> {
    let value = "v".repeat(length);
    Step::raw(format!("HTTP/1.1 200 OK\r\nx-long: {value}\r\ncontent-length: 5\r\n\r\nhello"))
}

fn connections() -> Vec<Behaviour> {
    vec![
        Behaviour::accept("closes-on-accept", "closes before any request", |stream, _| async move {
            drop(stream);
            Ok(())
        })
        .fails(&["protocol.empty", "connect.reset"]),
        Behaviour::accept(
            "resets-on-accept",
            "resets before any request",
            |stream, _| async move { stream.arm_reset() },
        )
        .fails(&["protocol.empty", "connect.reset"]),
        Behaviour::plain("resets-after-request", "resets as soon as it has read the request", |_| vec![Step::Reset])
            .fails(&["connect.reset"]),
        Behaviour::plain("resets-in-head", "resets in the middle of the head", |_| {
            vec![Step::send("HTTP/1.1 200 OK\r\nx-a: 1\r\n"), Step::Wait(ms(50)), Step::Reset]
        })
        .fails(&["connect.reset"]),
        Behaviour::plain("half-closes-after-request", "sends no more and goes on reading", |_| vec![Step::HalfClose])
            .fails(EMPTY),
        Behaviour::accept("mail-server", "greets as a mail server does", |mut stream, _| async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            stream.write_all(b"220 mail.example ESMTP\r\n").await?;
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        })
        .fails(&["protocol.invalid", "protocol.empty", "connect.reset"]),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Heads", [first_lines(), fields(), connections()].concat())
}
