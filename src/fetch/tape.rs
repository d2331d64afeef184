//! What the HTTP library adds to a request, and what it keeps of a response: so that what is written down
//! is what was sent and received.
//!
//! Held against a server by `tests/it/warc`. Must not know what it is written down for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

/// The fields of a request as they go out, over HTTP/1.1. Over HTTP/2, `Host` is `:authority`.
pub(super) fn fields_sent(request: &reqwest::Request) -> HeaderMap {
    let mut fields = request.headers().clone();
    let url = request.url();
    if let Some(host) = url.host_str() {
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        if let Ok(host) = HeaderValue::from_str(&host) {
            fields.entry(header::HOST).or_insert(host);
        }
    }
    let len = request.body().and_then(reqwest::Body::as_bytes).map_or(0, <[u8]>::len);
    let takes_content = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    if request.body().is_some() && (len > 0 || takes_content) {
        fields.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(len));
    }
    fields
}

/// The reason phrase of a response, where it is not the usual one.
pub(super) fn reason(response: &reqwest::Response) -> Option<Bytes> {
    let reason = response.extensions().get::<hyper::ext::ReasonPhrase>()?;
    Some(Bytes::copy_from_slice(reason.as_bytes()))
}
