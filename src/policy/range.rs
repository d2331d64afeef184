//! Going on with a transfer that was cut: what may be asked for, and whether the answer fits.
//!
//! RFC 9110, sections 13.1.5 (If-Range), 14.2 to 14.4 (ranges) and 15.3.7 (206). Must not know where the
//! first part is kept.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::model::Head;

/// A date tells versions apart only where it is older than the answer by more than clocks go wrong
/// (section 8.8.2.2).
const SURELY: Duration = Duration::from_secs(60);

/// What `If-Range` takes to know the representation again: a strong entity tag, else a date that tells
/// versions apart; `None` where a transfer of this answer cannot be gone on with.
///
/// Content with a coding cannot: what is kept is unpacked, and ranges count packed bytes.
pub fn validator(head: &Head) -> Option<String> {
    let fields = &head.headers;
    let refuses = text(fields, header::ACCEPT_RANGES).is_some_and(|value| value.trim().eq_ignore_ascii_case("none"));
    if head.status != 200 || refuses || fields.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    let etag = text(fields, header::ETAG);
    let is_strong = |etag: &&str| etag.len() >= 2 && etag.starts_with('"') && etag.ends_with('"');
    if let Some(etag) = etag {
        return is_strong(&etag).then(|| etag.to_owned());
    }
    let modified = text(fields, header::LAST_MODIFIED)?;
    let at = |value: &str| httpdate::parse_http_date(value).ok();
    let age = at(text(fields, header::DATE)?)?.duration_since(at(modified)?).ok()?;
    (age >= SURELY).then(|| modified.to_owned())
}

/// Length of the whole, as a complete answer says.
pub fn length(head: &Head) -> Option<u64> {
    text(&head.headers, header::CONTENT_LENGTH)?.trim().parse().ok()
}

/// The part that is there, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Had<'a> {
    /// What `If-Range` said.
    pub validator: &'a str,
    /// Bytes that are there.
    pub bytes: u64,
    /// Length of the whole, if it is known.
    pub whole: Option<u64>,
}

/// Length of the whole, if `head` answers with the rest of what is there; `None` if what comes cannot be put
/// behind it.
pub fn rest(head: &Head, had: Had<'_>) -> Option<u64> {
    if head.status != 206 || head.headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    let (first, last, whole) = content_range(text(&head.headers, header::CONTENT_RANGE)?)?;
    let is_same = |name: HeaderName| {
        let is_kind = had.validator.starts_with('"') == (name == header::ETAG);
        text(&head.headers, name).is_none_or(|value| !is_kind || value == had.validator)
    };
    let fits = first == had.bytes
        && last < whole
        && had.whole.is_none_or(|had| had == whole)
        && is_same(header::ETAG)
        && is_same(header::LAST_MODIFIED);
    fits.then_some(whole)
}

/// The answer as that to a request for all of it: what the parts come to is complete (section 15.3.7.3).
pub fn as_whole(head: &mut Head, whole: u64) {
    head.status = 200;
    head.headers.remove(header::CONTENT_RANGE);
    head.headers.insert(header::CONTENT_LENGTH, whole.into());
}

/// `bytes FIRST-LAST/WHOLE`; a whole that is not told cannot be checked, and does not do.
fn content_range(value: &str) -> Option<(u64, u64, u64)> {
    let (unit, rest) = value.trim().split_once(' ')?;
    let (range, whole) = rest.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (first, last, whole) = (number(first)?, number(last)?, number(whole)?);
    (unit.eq_ignore_ascii_case("bytes") && first <= last).then_some((first, last, whole))
}

fn text(fields: &HeaderMap, name: HeaderName) -> Option<&str> {
    fields.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, fields: &[(&'static str, &str)]) -> Head {
        let headers = fields.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        Head { status, version: http::Version::HTTP_11, headers: headers.collect() }
    }

    const DATE: (&str, &str) = ("date", "Mon, 02 Jan 2023 00:01:00 GMT");

    #[test]
    fn only_what_is_known_again_for_sure_is_gone_on_with() {
        for (status, fields, want) in [
            (200, &[("etag", "\"a\"")][..], Some("\"a\"")),
            (200, &[("etag", "W/\"a\"")], None),
            (200, &[("etag", "W/\"a\""), ("last-modified", "Mon, 02 Jan 2023 00:00:00 GMT"), DATE], None),
            (200, &[("etag", "a")], None),
            (200, &[("etag", "\"")], None),
            (200, &[("last-modified", "Mon, 02 Jan 2023 00:00:00 GMT"), DATE], Some("Mon, 02 Jan 2023 00:00:00 GMT")),
            (200, &[("last-modified", "Mon, 02 Jan 2023 00:00:01 GMT"), DATE], None),
            (200, &[("last-modified", "Mon, 02 Jan 2023 00:00:00 GMT")], None),
            (200, &[("etag", "\"a\""), ("content-encoding", "gzip")], None),
            (200, &[("etag", "\"a\""), ("accept-ranges", "none")], None),
            (206, &[("etag", "\"a\"")], None),
            (200, &[], None),
        ] {
            assert_eq!(validator(&head(status, fields)).as_deref(), want, "{status} {fields:?}");
        }
    }

    #[test]
    fn the_rest_is_put_behind_what_is_there_only_if_it_begins_there_and_is_of_the_same() {
        let had = Had { validator: "\"a\"", bytes: 10, whole: Some(30) };
        for (status, fields, want) in [
            (206, &[("content-range", "bytes 10-29/30")][..], Some(30)),
            (206, &[("content-range", "Bytes 10-19/30"), ("etag", "\"a\"")], Some(30)),
            (206, &[("content-range", "bytes 10-29/30"), ("etag", "\"b\"")], None),
            (206, &[("content-range", "bytes 10-29/30"), ("content-encoding", "gzip")], None),
            (206, &[("content-range", "bytes 9-29/30")], None),
            (206, &[("content-range", "bytes 10-30/31")], None),
            (206, &[("content-range", "bytes 10-30/30")], None),
            (206, &[("content-range", "bytes 10-29/*")], None),
            (206, &[("content-range", "bytes 10-+29/30")], None),
            (206, &[("content-range", "items 10-29/30")], None),
            (206, &[("content-type", "multipart/byteranges; boundary=x")], None),
            (200, &[("content-range", "bytes 10-29/30")], None),
        ] {
            assert_eq!(rest(&head(status, fields), had), want, "{status} {fields:?}");
        }
        let mut answer = head(206, &[("content-range", "bytes 10-29/30"), ("content-length", "20")]);
        as_whole(&mut answer, 30);
        assert_eq!((answer.status, length(&answer)), (200, Some(30)));
        assert!(!answer.headers.contains_key("content-range"));
    }
}
