//! Heads whose body cannot be told from what follows it.
//!
//! The HTTP library takes one reading where there are two, as servers must; a client that hands on what
//! it read must not guess. Must not know how a body is read.

use http::{HeaderMap, Method, StatusCode, Version, header};

use super::route::HEAD_BYTES;
use crate::model::{Code, Failure, Head};

/// Why nothing behind this head is taken: it is too long, or it is not clear where its body ends.
pub(super) fn fault(head: &Head, method: &Method) -> Option<Failure> {
    if size(&head.headers) > HEAD_BYTES as usize {
        return Some(Failure::new(Code::ProtocolHeadersTooLarge, "the response head is larger than 256 KiB"));
    }
    let status = StatusCode::from_u16(head.status).unwrap_or_default();
    let is_without_body = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if is_without_body || head.version > Version::HTTP_11 {
        return None;
    }
    transfer(&head.headers).map(|message| Failure::new(Code::ProtocolInvalid, message))
}

/// A length beside a transfer coding is an attack or a mistake (RFC 9112, section 6.3), and any coding but
/// `chunked`, once, is one that nobody asked for (section 6.1). `identity` was a name for none.
fn transfer(headers: &HeaderMap) -> Option<&'static str> {
    let fields = headers.get_all(header::TRANSFER_ENCODING);
    fields.iter().next()?;
    if headers.contains_key(header::CONTENT_LENGTH) {
        return Some("the response has both a length and a transfer coding");
    }
    let names = fields.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut names = names.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    let is_usual = |name: &[u8]| name.eq_ignore_ascii_case(b"chunked") || name.eq_ignore_ascii_case(b"identity");
    match (names.next(), names.next()) {
        (Some(name), None) if is_usual(name) => None,
        _ => Some("the response has a transfer coding that was not asked for"),
    }
}

fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, version: Version, fields: &[(&'static str, &'static str)]) -> Head {
        let pair = |(name, value): &(&'static str, &'static str)| (name.parse().unwrap(), value.parse().unwrap());
        let headers =
            fields.iter().map(pair).fold(HeaderMap::new(), |mut all, (name, value): (header::HeaderName, _)| {
                all.append(name, value);
                all
            });
        Head { status, version, headers }
    }

    #[test]
    fn a_body_with_two_lengths_or_a_strange_transfer_coding_is_refused() {
        const CODING: &str = "transfer-encoding";
        let judged = |fields: &[_]| fault(&head(200, Version::HTTP_11, fields), &Method::GET).map(|found| found.code);
        for fine in ["chunked", "Chunked", " chunked ,", "identity"] {
            assert_eq!(judged(&[(CODING, fine)]), None, "{fine:?}");
        }
        for bad in ["gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked", "", "identity, chunked"] {
            assert_eq!(judged(&[(CODING, bad)]), Some(Code::ProtocolInvalid), "{bad:?}");
        }
        assert_eq!(judged(&[(CODING, "gzip"), (CODING, "chunked")]), Some(Code::ProtocolInvalid));
        assert_eq!(judged(&[(CODING, "chunked"), ("content-length", "5")]), Some(Code::ProtocolInvalid));
        assert_eq!(judged(&[("content-length", "5")]), None);
    }

    #[test]
    fn where_there_is_no_body_its_length_does_not_matter() {
        let fields = [("transfer-encoding", "chunked"), ("content-length", "5")];
        for (status, version, method) in [
            (200, Version::HTTP_11, Method::HEAD),
            (204, Version::HTTP_11, Method::GET),
            (304, Version::HTTP_11, Method::GET),
            (200, Version::HTTP_2, Method::GET),
        ] {
            assert!(fault(&head(status, version, &fields), &method).is_none(), "{status} {version:?} {method}");
        }
    }
}
