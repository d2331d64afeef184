//! A record of an archive as it is written, for the fuzz targets.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::{HTTP_RESPONSE, entry::Entry, member::Packer, message};
use crate::model::{
    Capture, Head,
    capture::{NO_FIELD, ORIGINAL},
};

/// A response, and the record of it.
pub(crate) struct Written {
    /// Where it came from.
    pub url: String,
    /// Its status.
    pub status: u16,
    /// Its fields.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its content.
    pub body: Vec<u8>,
    /// The record.
    pub bytes: Vec<u8>,
}

/// What is written of a response that is told as: path, status and fields, a line each; an empty line;
/// content. `None` if it is none.
pub(crate) fn written(data: &[u8]) -> Option<Written> {
    let end = memchr::memmem::find(data, b"\n\n").unwrap_or(data.len());
    let mut lines = data[..end].split(|byte| *byte == b'\n');
    let path = str::from_utf8(lines.next()?).ok()?;
    let url: Url = Url::parse("https://site.example/").ok()?.join(path).ok().filter(Url::has_host)?;
    let status = str::from_utf8(lines.next()?).ok()?.parse().ok().filter(|status| (100..=999).contains(status))?;
    let field = |line: &[u8]| {
        let colon = memchr::memchr(b':', line)?;
        let name = HeaderName::from_bytes(&line[..colon]).ok().filter(|name| !name.as_str().starts_with(ORIGINAL))?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        // That is how a field that was not there is told.
        (value.as_bytes() != NO_FIELD.as_bytes()).then_some((name, value))
    };
    let headers: Vec<_> = lines.filter_map(field).take(500).collect();
    let body = data.get(end + 2..).unwrap_or_default().to_vec();
    let capture = Capture {
        url: Arc::new(url),
        method: Method::GET,
        fields: HeaderMap::new(),
        content: None,
        head: Head { status, version: http::Version::HTTP_11, headers: headers.iter().cloned().collect() },
        reason: None,
        body: Bytes::copy_from_slice(&body),
        cut: None,
        peer: None,
        tls: None,
        started: SystemTime::UNIX_EPOCH,
        took: Duration::ZERO,
    };
    let url = capture.url.as_str().to_owned();
    Some(Written { bytes: record(&capture, body.len().is_multiple_of(2)), url, status, headers, body })
}

fn record(capture: &Capture, packed: bool) -> Vec<u8> {
    let head = message::response(capture, capture.body.len(), super::Secrets::Keep);
    let mut entry = Entry::new("response", "<urn:uuid:0>", "1970-01-01T00:00:00Z");
    entry.field("WARC-Target-URI", capture.url.as_str());
    let parts = [entry.end(HTTP_RESPONSE, head.len() + capture.body.len()), &head, &capture.body, b"\r\n\r\n"];
    if !packed {
        return parts.concat();
    }
    let mut out = Vec::new();
    Packer::new().pack(&parts, &mut out).expect("memory takes it");
    out
}
