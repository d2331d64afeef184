//! Text that is not what it says it is. A mark beats the header, the header beats the page, and what
//! is left over is guessed (WHATWG Encoding and HTML 13.2.3); labels are those of WHATWG.

use super::{Behaviour, Step, behaviour::group, holds};

/// A body with this Content-Type.
fn body(name: &'static str, does: &'static str, kind: &'static str, body: impl Into<Vec<u8>>) -> Behaviour {
    let body = body.into();
    let fields = format!("content-type: {kind}\r\n");
    Behaviour::plain(name, does, move |_| Step::answer(200, &fields, &body))
}

/// What is read, and by which charset.
fn reads(it: Behaviour, charset: &'static str, title: &str) -> Behaviour {
    it.has("/charset", charset).has("/title", title)
}

fn utf16(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to).collect()
}

pub fn all() -> Vec<Behaviour> {
    group("Text", [marks(), labels(), bytes(), fields()].into_iter().flatten().collect())
}

fn marks() -> Vec<Behaviour> {
    let bom = |text: &[u8]| [b"\xef\xbb\xbf", text].concat();
    vec![
        reads(
            body(
                "bom-against-header",
                "has a mark of UTF-8 and a header of Latin 1",
                "text/html; charset=iso-8859-1",
                bom("<title>é</title>".as_bytes()),
            ),
            "utf-8",
            "é",
        ),
        reads(
            body(
                "bom-against-meta",
                "has a mark of UTF-8 and a meta of KOI8-R",
                "text/html",
                bom("<meta charset=koi8-r><title>é</title>".as_bytes()),
            ),
            "utf-8",
            "é",
        ),
        reads(
            body(
                "utf16le-with-mark",
                "sends UTF-16, the low byte first, with a mark and a header of UTF-8",
                "text/html; charset=utf-8",
                utf16("\u{feff}<title>é😀</title>", u16::to_le_bytes),
            ),
            "utf-16le",
            "é😀",
        ),
        reads(
            body(
                "utf16be-with-mark",
                "sends UTF-16, the high byte first, with a mark",
                "text/html",
                utf16("\u{feff}<title>é😀</title>", u16::to_be_bytes),
            ),
            "utf-16be",
            "é😀",
        ),
        reads(
            body(
                "utf16-by-header",
                "sends UTF-16 without a mark, which the header tells",
                "text/html; charset=utf-16",
                utf16("<title>é</title>", u16::to_le_bytes),
            ),
            "utf-16le",
            "é",
        ),
        reads(
            body(
                "utf16-by-meta",
                "says UTF-16 in bytes that are not",
                "text/html",
                "<meta charset=utf-16><title>é</title>",
            ),
            "utf-8",
            "é",
        ),
        body("utf32-with-mark", "sends UTF-32, which begins like UTF-16 and is read as such", "text/html", {
            "\u{feff}<title>x</title>".chars().flat_map(|c| (c as u32).to_le_bytes()).collect::<Vec<u8>>()
        })
        .has("/charset", "utf-16le"),
        reads(
            body(
                "lone-surrogates",
                "sends halves of characters in UTF-16",
                "text/html; charset=utf-16le",
                [
                    utf16("<title>a", u16::to_le_bytes),
                    vec![0x00, 0xd8, 0x62, 0, 0x00, 0xdc],
                    utf16("</title>", u16::to_le_bytes),
                ]
                .concat(),
            ),
            "utf-16le",
            "a\u{fffd}b\u{fffd}",
        ),
        body(
            "utf16-cut-in-half",
            "ends UTF-16 in the middle of a character",
            "text/html; charset=utf-16le",
            [utf16("<title>a</title>x", u16::to_le_bytes), vec![0x3d]].concat(),
        )
        .has("/title", "a"),
    ]
}

fn labels() -> Vec<Behaviour> {
    let meta_at = |at: usize| format!("{}<meta charset=koi8-r><title>\u{41}</title>", " ".repeat(at));
    let koi = |start: &str| [start.as_bytes(), b"<title>\xc1\xc2</title>"].concat();
    vec![
        reads(
            body(
                "utf7",
                "sends tags in UTF-7, which no browser reads",
                "text/html; charset=utf-7",
                "<title>+ADw-script+AD4-</title>",
            ),
            "utf-8",
            "+ADw-script+AD4-",
        ),
        reads(
            body(
                "meta-within-1024",
                "names its charset in the last of the first 1,024 bytes",
                "text/html",
                meta_at(1003),
            ),
            "koi8-r",
            "A",
        ),
        body("meta-beyond-1024", "names its charset behind the first 1,024 bytes", "text/html", meta_at(1024)).check(
            |record, _| {
                holds(record["charset"] != "koi8-r" && record["title"] == "A", || {
                    format!("read as {}", record["charset"])
                })
            },
        ),
        reads(
            body(
                "header-against-meta",
                "has a header of KOI8-R and a meta of UTF-8",
                "text/html; charset=koi8-r",
                koi("<meta charset=utf-8>"),
            ),
            "koi8-r",
            "аб",
        ),
        reads(
            body(
                "label-nobody-knows",
                "has a header whose label means nothing, and a meta that does",
                "text/html; charset=klingon",
                koi("<meta charset=koi8-r>"),
            ),
            "koi8-r",
            "аб",
        ),
        reads(
            body(
                "label-in-quotes-and-blanks",
                "writes its label with quotes, blanks and capitals",
                "Text/HTML;x=\"a;charset=utf-8\" ; ChArSeT=\" KOI8-R \"",
                koi(""),
            ),
            "koi8-r",
            "аб",
        ),
        reads(
            body(
                "label-twice",
                "has two labels in its header, of which the first counts",
                "text/html; charset=koi8-r; charset=utf-8",
                koi(""),
            ),
            "koi8-r",
            "аб",
        ),
        reads(
            body(
                "label-latin1",
                "says Latin 1, which is windows-1252",
                "text/html; charset=iso-8859-1",
                b"<title>\x80\x93x\x94</title>".as_slice(),
            ),
            "windows-1252",
            "€“x”",
        ),
        body(
            "label-of-a-dangerous-charset",
            "says ISO-2022-KR, which browsers refuse to decode",
            "text/html; charset=iso-2022-kr",
            "<title>\u{e}<script></title>",
        )
        .has("/charset", "utf-8"),
        reads(
            body(
                "label-user-defined",
                "says x-user-defined in its meta",
                "text/html",
                b"<meta charset=x-user-defined><title>\x80</title>".as_slice(),
            ),
            "windows-1252",
            "€",
        ),
        reads(
            body(
                "wrong-label",
                "says UTF-8 of text in windows-1252",
                "text/html; charset=utf-8",
                b"<title>caf\xe9</title>".as_slice(),
            ),
            "utf-8",
            "caf\u{fffd}",
        ),
        reads(
            body(
                "label-in-an-xml-declaration",
                "names its charset in an XML declaration",
                "application/xhtml+xml",
                koi("<?xml version='1.0' encoding='koi8-r'?>"),
            ),
            "koi8-r",
            "аб",
        ),
        body(
            "label-of-a-mebibyte",
            "has a label of 100 KB in its page",
            "text/html",
            format!("<meta charset={}><title>A</title>", "x".repeat(100_000)),
        )
        .has("/title", "A"),
    ]
}

fn bytes() -> Vec<Behaviour> {
    vec![
        reads(
            body(
                "invalid-utf8-in-title",
                "has bytes in its title that are no UTF-8",
                "text/html; charset=utf-8",
                b"<title>a\xff\xfe\xc0\xaf\xf4\x90\x80\x80b</title>".as_slice(),
            ),
            "utf-8",
            "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}b",
        ),
        reads(
            body(
                "surrogates-in-utf8",
                "writes a surrogate in UTF-8",
                "text/html; charset=utf-8",
                b"<title>a\xed\xa0\x80b</title>".as_slice(),
            ),
            "utf-8",
            "a\u{fffd}\u{fffd}\u{fffd}b",
        ),
        body("nul-in-title", "has NUL in its title", "text/html; charset=utf-8", "<title>a\0b</title>")
            .has("/title", "a\u{fffd}b"),
        body(
            "png-as-html",
            "sends a picture as HTML",
            "text/html",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff<title\0>\xff".as_slice(),
        ),
        body("html-as-picture", "sends HTML as a picture", "image/png", "<title>x</title>")
            .has("/title", serde_json::Value::Null),
        body("type-of-nonsense", "has a type that is none", "/;;=,", "<title>x</title>"),
        body(
            "json-of-bytes",
            "sends JSON with bytes that are no UTF-8",
            "application/json",
            b"{\"a\":\"\xff\\ud800\"}".as_slice(),
        )
        .asking("json", serde_json::json!({"a": "$.a"})),
        body(
            "body-of-bytes-on-request",
            "sends bytes that are no text, which are asked for",
            "application/octet-stream",
            b"\xff\0\xfe".as_slice(),
        )
        .flags(&["--with=body"])
        .check(|record, _| holds(record["body_base64"] == "/wD+", || format!("body {}", record["body_base64"]))),
        body(
            "title-of-line-ends",
            "has line ends of all kinds in its title",
            "text/html; charset=utf-8",
            "<title> a\r\n\u{2028}b\u{85}c\t\u{c}d </title>",
        )
        .check(|record, _| {
            let title = record["title"].as_str().unwrap_or_default();
            holds(!title.contains(['\r', '\n', '\t', '\u{c}']), || format!("{title:?}"))
        }),
    ]
}

fn fields() -> Vec<Behaviour> {
    let raw = |name, does, head: &'static [u8]| {
        Behaviour::plain(name, does, move |_| Step::raw([head, b"\r\ncontent-length: 1\r\n\r\nx"].concat()))
    };
    vec![
        raw(
            "bytes-in-a-field",
            "has bytes in a field that are no UTF-8",
            b"HTTP/1.1 200 OK\r\nx-bad: a\xff\xed\xa0\x80b\r\netag: \"\xff\"",
        )
        .has("/headers/x-bad/0", "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}b")
        .flags(&["--with=headers"]),
        raw("bytes-in-the-reason", "has bytes in its reason that are no UTF-8", b"HTTP/1.1 404 \xff\xfe\x80\xe9")
            .http_error(404, &["http.client_error"]),
        raw(
            "bytes-in-a-location",
            "redirects to bytes that are no UTF-8",
            b"HTTP/1.1 200 OK\r\nlink: </\xff>; rel=next",
        ),
        Behaviour::plain("location-of-bytes", "redirects to an address in Latin 1", |ask| match ask.path.as_str() {
            "/" => Step::raw(b"HTTP/1.1 302 Found\r\nlocation: /caf\xe9\r\ncontent-length: 0\r\n\r\n"),
            _ => Step::page("x"),
        })
        .check(|record, seen| {
            let path = seen.asks.last().map(|ask| ask.path.clone()).unwrap_or_default();
            let is_one = ["/caf%E9", "/caf%C3%A9", "/caf%EF%BF%BD"].contains(&&*path);
            holds(is_one && record["status"] == 200, || format!("asked for {path:?}"))
        }),
    ]
}
