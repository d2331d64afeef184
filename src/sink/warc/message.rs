//! HTTP messages as a WARC file has them.
//!
//! The body of a response stands there as received, without chunks: what said otherwise has another name,
//! and the length is the true one. Replay tools take the fields at their word. Must not know records.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::model::{
    Capture,
    capture::{NO_FIELD, ORIGINAL},
    redact::{MASK, is_secret_field, may_be_secret_field},
};

/// What becomes of values of fields that carry credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// They are masked.
    #[default]
    Mask,
    /// They stay.
    Keep,
}

/// The request up to its content. HTTP/2 is written as HTTP/1.1.
pub(super) fn request(capture: &Capture, secrets: Secrets) -> Vec<u8> {
    let url = &capture.url;
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(capture.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(url.path().as_bytes());
    if let Some(query) = url.query() {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in &capture.fields {
        let is_secret = may_be_secret_field(name.as_str());
        field(&mut out, name.as_str(), shown(is_secret, value, secrets));
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The response up to its content, of which `len` bytes follow.
pub(super) fn response(capture: &Capture, len: usize, secrets: Secrets) -> Vec<u8> {
    let head = &capture.head;
    let usual = || StatusCode::from_u16(head.status).ok().and_then(|status| status.canonical_reason());
    let reason = match &capture.reason {
        Some(reason) => reason,
        None => usual().unwrap_or_default().as_bytes(),
    };
    let mut out = format!("HTTP/1.1 {} ", head.status).into_bytes();
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
    let mut length = Length::of(&head.headers, head.status, len);
    for (name, value) in &head.headers {
        match *name {
            header::CONTENT_LENGTH => length.told(&mut out, value),
            header::TRANSFER_ENCODING => original(&mut out, name, value.as_bytes()),
            _ => field(&mut out, name.as_str(), shown(is_secret_field(name.as_str()), value, secrets)),
        }
    }
    length.end(&mut out);
    out.extend_from_slice(b"\r\n");
    out
}

/// `Content-Length`, as it has to be.
struct Length {
    value: String,
    /// What the response said is true already.
    is_true: bool,
    was_told: bool,
    /// By its status, a response of this kind has no content and no length.
    is_bodyless: bool,
}

impl Length {
    fn of(headers: &HeaderMap, status: u16, len: usize) -> Self {
        let value = len.to_string();
        let mut told = headers.get_all(header::CONTENT_LENGTH).iter();
        let is_true = told.next().is_some_and(|first| first.as_bytes() == value.as_bytes()) && told.next().is_none();
        let is_bodyless = matches!(status, 100..=199 | 204 | 304);
        let was_told = headers.contains_key(header::CONTENT_LENGTH);
        Length { value, is_true, was_told, is_bodyless }
    }

    fn told(&mut self, out: &mut Vec<u8>, value: &HeaderValue) {
        if self.is_true {
            field(out, header::CONTENT_LENGTH.as_str(), value.as_bytes());
        } else {
            original(out, &header::CONTENT_LENGTH, value.as_bytes());
        }
    }

    fn end(&self, out: &mut Vec<u8>) {
        if self.is_true || self.is_bodyless {
            return;
        }
        if !self.was_told {
            original(out, &header::CONTENT_LENGTH, NO_FIELD.as_bytes());
        }
        field(out, header::CONTENT_LENGTH.as_str(), self.value.as_bytes());
    }
}

fn shown(is_secret: bool, value: &HeaderValue, secrets: Secrets) -> &[u8] {
    match secrets {
        Secrets::Mask if is_secret => MASK.as_bytes(),
        _ => value.as_bytes(),
    }
}

fn original(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    out.extend_from_slice(ORIGINAL.as_bytes());
    field(out, name.as_str(), value);
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::warc::tests::capture;

    fn answered(status: u16, fields: &[(&str, &str)], len: usize) -> String {
        let capture = capture("http://h/", status, fields, "");
        String::from_utf8(response(&capture, len, Secrets::Mask)).unwrap()
    }

    #[test]
    fn what_is_not_true_of_the_record_has_another_name() {
        let chunked = answered(200, &[("transfer-encoding", "chunked"), ("content-encoding", "gzip")], 7);
        let expected = "HTTP/1.1 200 OK\r\nx-fetchall-orig-transfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\
            x-fetchall-orig-content-length: none\r\ncontent-length: 7\r\n\r\n";
        assert_eq!(chunked, expected);
        let whole = answered(200, &[("content-length", "7"), ("etag", "x")], 7);
        assert_eq!(whole, "HTTP/1.1 200 OK\r\ncontent-length: 7\r\netag: x\r\n\r\n");
        let head = answered(200, &[("content-length", "7")], 0);
        assert_eq!(head, "HTTP/1.1 200 OK\r\nx-fetchall-orig-content-length: 7\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(answered(304, &[("content-length", "7")], 0).matches("content-length").count(), 1);
        assert_eq!(answered(204, &[], 0), "HTTP/1.1 204 No Content\r\n\r\n");
        assert!(answered(299, &[], 0).starts_with("HTTP/1.1 299 \r\n"));
    }

    #[test]
    fn secrets_are_masked_unless_they_are_to_stay() {
        let mut sent = capture("http://h/a?b=c", 200, &[("set-cookie", "canary"), ("x", "y")], "");
        for (name, value) in [("host", "h"), ("authorization", "canary"), ("cookie", "canary"), ("x-api-key", "canary")]
        {
            sent.fields.insert(name, value.parse().unwrap());
        }
        let masked = String::from_utf8(request(&sent, Secrets::Mask)).unwrap();
        assert_eq!(
            masked,
            "GET /a?b=c HTTP/1.1\r\nhost: h\r\nauthorization: ***\r\ncookie: ***\r\nx-api-key: ***\r\n\r\n"
        );
        let text = String::from_utf8(response(&sent, 0, Secrets::Mask)).unwrap();
        assert!(text.contains("set-cookie: ***\r\nx: y\r\n"), "{text}");
        let kept = String::from_utf8([request(&sent, Secrets::Keep), response(&sent, 0, Secrets::Keep)].concat());
        assert_eq!(kept.unwrap().matches("canary").count(), 4);
    }
}
