//! HTTP messages in the blocks of records: of ours, and of other tools.
//!
//! What a browser forgives is forgiven. Pure. Must not know records.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use memchr::{memchr, memmem};

use crate::model::capture::{NO_FIELD, ORIGINAL};

/// Fields of a message at most; what follows is left out.
const FIELDS: usize = 1_000;

/// A response, and where in its block the content begins.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Fields, names in lower case.
    pub headers: HeaderMap,
    /// Length of the head in bytes.
    pub content_at: usize,
}

/// Reads the head of a response; `None` if it is none.
pub fn response(block: &[u8]) -> Option<Response> {
    let (head, content_at) = head(block);
    let (line, fields) = first_line(head);
    let text = std::str::from_utf8(line.get(..line.len().min(64))?).unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    let status = words.next().filter(|word| word.starts_with("HTTP/")).and(words.next())?.parse().ok()?;
    (100..=999).contains(&status).then(|| Response { status, headers: headers(fields), content_at })
}

/// The method of a request; `None` if it is none.
pub fn method(block: &[u8]) -> Option<http::Method> {
    let (line, _) = first_line(block);
    let end = memchr(b' ', line)?;
    http::Method::from_bytes(line.get(..end)?).ok()
}

/// The head without its end, and where the content begins. Without an end, all is head.
fn head(block: &[u8]) -> (&[u8], usize) {
    let crlf = memmem::find(block, b"\r\n\r\n").map(|at| (at, at + 4));
    let lf = memmem::find(block, b"\n\n").map(|at| (at, at + 2));
    let (end, content) = crlf.into_iter().chain(lf).min().unwrap_or((block.len(), block.len()));
    (block.get(..end).unwrap_or_default(), content)
}

fn first_line(head: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr(b'\n', head).unwrap_or(head.len());
    (head.get(..end).unwrap_or_default().trim_ascii_end(), head.get(end + 1..).unwrap_or_default())
}

fn headers(fields: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in fields.split(|byte| *byte == b'\n').take(FIELDS) {
        let Some(colon) = memchr(b':', line) else { continue };
        let (name, value) = line.split_at(colon);
        let name = HeaderName::from_bytes(name.trim_ascii());
        let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Gives fields back the names that they had on the way, where our own archives have others for them.
pub fn restore(headers: &HeaderMap) -> HeaderMap {
    let is_renamed = |name: &HeaderName| name.as_str().starts_with(ORIGINAL);
    let mut restored = HeaderMap::new();
    let length_differs = headers.keys().any(|name| name.as_str().strip_prefix(ORIGINAL) == Some("content-length"));
    for (name, value) in headers {
        let is_ours = is_renamed(name) || (length_differs && *name == header::CONTENT_LENGTH);
        if !is_ours {
            restored.append(name, value.clone());
        }
        let original = name.as_str().strip_prefix(ORIGINAL).and_then(|name| HeaderName::try_from(name).ok());
        if let Some(original) = original.filter(|_| value.as_bytes() != NO_FIELD.as_bytes()) {
            restored.append(original, value.clone());
        }
    }
    restored
}

/// The content without chunks, where it has any: most tools keep a body as it was on the way.
pub fn unchunked(headers: &HeaderMap, content: Vec<u8>) -> Vec<u8> {
    let chunks = if is_chunked(headers) { chunks(&content) } else { None };
    chunks.unwrap_or(content)
}

/// Whether the fields say that the content comes in chunks.
pub fn is_chunked(headers: &HeaderMap) -> bool {
    headers.get_all(header::TRANSFER_ENCODING).iter().any(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        memmem::find(&value, b"chunked").is_some()
    })
}

/// The content of chunks (RFC 9112, 7.1); `None` if these are none. The last one may be cut short.
fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while !rest.is_empty() {
        let end = memchr(b'\n', rest)?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            break;
        }
        rest = rest.get(end + 1..)?;
        out.extend_from_slice(rest.get(..size.min(rest.len()))?);
        rest = rest.get(size..).unwrap_or_default();
        rest = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")).unwrap_or(rest);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn heads_of_any_hand_are_read() {
        for block in ["HTTP/1.1 200 OK\r\nA: b\r\nBad\r\na:c \r\n\r\nbody", "HTTP/1.0 200\nA: b\na:c\n\nbody"] {
            let read = response(block.as_bytes()).unwrap();
            assert_eq!((read.status, &block[read.content_at..]), (200, "body"));
            let values: Vec<_> = read.headers.get_all("a").iter().collect();
            assert_eq!(values, ["b", "c"]);
        }
        assert_eq!(response(b"HTTP/1.1 200 OK\r\nA: b").unwrap().headers["a"], "b");
        for block in ["", "HTTP/1.1", "HTTP/1.1 20", "FTP/1 200", "HTTP/1.1 2000\r\n\r\n"] {
            assert!(response(block.as_bytes()).is_none(), "{block}");
        }
        assert_eq!(method(b"POST / HTTP/1.1\r\n\r\n"), Some(http::Method::POST));
        assert_eq!(method(b"\r\n"), None);
    }

    #[test]
    fn fields_get_their_names_back() {
        let block = "HTTP/1.1 200 OK\r\nx-fetchall-orig-transfer-encoding: chunked\r\netag: x\r\n\
            x-fetchall-orig-content-length: none\r\ncontent-length: 7\r\n\r\n";
        let restored = restore(&response(block.as_bytes()).unwrap().headers);
        let mut names: Vec<_> = restored.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["etag", "transfer-encoding"]);
        let block = "HTTP/1.1 200 OK\r\nx-fetchall-orig-content-length: 9\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(restore(&response(block.as_bytes()).unwrap().headers)["content-length"], "9");
    }

    #[test]
    fn chunks_are_taken_off_where_there_are_any() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(header::TRANSFER_ENCODING, HeaderValue::from_static(value))]);
        let unchunked = |value, content: &str| unchunked(&headers(value), content.as_bytes().to_vec());
        assert_eq!(unchunked("Chunked", "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), b"abcd");
        assert_eq!(unchunked("chunked", "5\r\nabc"), b"abc", "cut short");
        assert_eq!(unchunked("chunked", "<html>"), b"<html>", "the field was left where the chunks were not");
        assert_eq!(unchunked("identity", "1\r\na\r\n"), b"1\r\na\r\n");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fail(block in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (response(&block), method(&block), chunks(&block));
        }
    }
}
