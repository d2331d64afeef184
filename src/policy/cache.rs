//! What a cache may keep, and when that may be used again: RFC 9111, for the cache of one user.
//!
//! Our own: the crate there is for it (http-cache-semantics 3.0.0) was tried, and did not know `No-Store`
//! from its capitals, handed back one of several `Link` fields, took a bare 304 for another answer, and
//! panicked over a large `Age`. Pure: no clock, no store. Must not know where answers are kept.

mod directives;
mod freshness;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use sha2::{Digest as _, Sha256};
use url::{Position, Url};

use self::directives::Directives;
pub use self::freshness::{Kept, Use, Word, age, judge};
use crate::model::{Ask, redact};

/// Statuses that are kept: final, understood, and no word about this moment alone. All but 302, 303 and
/// 307 may be used by a rule of thumb where the server says nothing (RFC 9110, section 15.1); 206 is left
/// out because ranges are not put together here.
const KEPT: [u16; 14] = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501];

/// Fields of one connection, or of one proxy (RFC 9111, section 3.1; RFC 9110, section 7.6.1).
const OF_A_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authentication-info"),
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Fields that belong to the content that is there, which a 304 does not replace (RFC 9111, section 3.2).
const OF_THE_CONTENT: [HeaderName; 3] = [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_RANGE];

/// Fields that make a request one of its own: conditions and parts that a cache cannot speak for, nor
/// anybody else who would ask for a part, or whether something has changed.
pub const CONDITIONS: [HeaderName; 6] = [
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];

/// Fields that do not say who asks or for what, beside those of [`CONDITIONS`] and those that begin with
/// `accept` or `sec-`: where an answer depends on one, `Vary` says so. All others may be credentials, by
/// whatever name.
const HARMLESS: [&str; 21] = [
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "dnt",
    "from",
    "host",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "referer",
    "te",
    "traceparent",
    "tracestate",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-correlation-id",
    "x-request-id",
];

/// A SHA-256.
pub type Sum = [u8; 32];

/// How a request stands to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// It may be answered by one, and its answer may be kept.
    Usual,
    /// It goes past: it has content, conditions of its own, or a method that nothing is kept for.
    Past,
    /// It goes past, and after a good answer what is kept of its URL is no longer true (section 4.4).
    Changes,
}

/// How this request does.
pub fn asking(ask: &Ask) -> Asking {
    match ask.method {
        Method::GET | Method::HEAD => {
            let is_own = ask.body.as_ref().is_some_and(|body| !body.is_empty())
                || CONDITIONS.iter().any(|name| ask.headers.contains_key(name));
            if is_own { Asking::Past } else { Asking::Usual }
        }
        Method::OPTIONS | Method::TRACE => Asking::Past,
        _ => Asking::Changes,
    }
}

/// What answers are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Of the URL, without its fragment.
    pub place: Sum,
    /// Of what goes along that may be credentials: those who have others are told other things.
    pub who: Sum,
}

/// The key of a request with these fields; `identity` is what else says who asks.
pub fn key(url: &Url, request: &HeaderMap, identity: &Sum) -> Key {
    let mut who = Sha256::new_with_prefix(identity);
    let mut own: Vec<_> = request.iter().filter(|(name, _)| says_who(name)).collect();
    own.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in own {
        part(&mut who, name.as_str().as_bytes());
        part(&mut who, value.as_bytes());
    }
    Key { place: place(url), who: who.finalize().into() }
}

fn says_who(name: &HeaderName) -> bool {
    let text = name.as_str();
    let is_harmless = HARMLESS.contains(&text)
        || CONDITIONS.contains(name)
        || ["accept", "sec-"].iter().any(|start| text.starts_with(start));
    !is_harmless || redact::is_secret_field(text)
}

/// The part of the key that is the URL's: no URL is kept as it is, since there may be secrets in it.
pub fn place(url: &Url) -> Sum {
    Sha256::digest(url[..Position::AfterQuery].as_bytes()).into()
}

/// Adds a part that cannot run into the next.
fn part(sum: &mut Sha256, bytes: &[u8]) {
    sum.update((bytes.len() as u64).to_le_bytes());
    sum.update(bytes);
}

/// Which of several answers of a URL a request with these fields is for: a sum of the fields that `Vary`
/// names (section 4.1). `None` if no other request can have the same (`Vary: *`).
pub fn variant(response: &HeaderMap, request: &HeaderMap) -> Option<Sum> {
    let fields = response.get_all(header::VARY).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut names: Vec<_> = fields.map(|name| name.trim_ascii().to_ascii_lowercase()).collect();
    names.retain(|name| !name.is_empty());
    if names.iter().any(|name| name == b"*") {
        return None;
    }
    names.sort();
    names.dedup();
    let mut sum = Sha256::new();
    for name in names {
        part(&mut sum, &name);
        let Ok(name) = HeaderName::from_bytes(&name) else { continue };
        let values = request.get_all(&name);
        sum.update((values.iter().count() as u64).to_le_bytes());
        values.iter().for_each(|value| part(&mut sum, value.as_bytes().trim_ascii()));
    }
    Some(sum.finalize().into())
}

/// Whether an answer may be kept (section 3). One that may never be used on the server's word is kept
/// too: for its validators, and for those who take any (see [`Word`]).
pub fn is_storable(request: &HeaderMap, status: u16, response: &HeaderMap) -> bool {
    KEPT.contains(&status) && may_note(request) && may_stay(response)
}

/// Whether an answer that is not kept says all the same that what is there is over: it is about the resource.
/// A word about this moment or this asker (401, 403, 408, 429, 5xx) is not.
pub fn is_in_place(status: u16) -> bool {
    matches!(status, 200..=299) || (KEPT.contains(&status) && status < 500)
}

/// Whether an answer may stay after it was confirmed with these fields: a server may say `no-store` only
/// now (section 5.2.2.5).
pub fn may_stay(updated: &HeaderMap) -> bool {
    // Section 5.2.2.3: who knows the status goes by its rules instead; those that are kept are all known.
    let said = Directives::of(updated);
    !said.has("no-store") || said.has("must-understand")
}

/// Whether the confirmation may be kept: the user may have said `no-store` (section 5.2.1.5).
pub fn may_note(request: &HeaderMap) -> bool {
    !Directives::of(request).has("no-store")
}

/// The fields that are kept of a response: none of one connection, and no cookie's value.
pub fn kept_fields(response: &HeaderMap) -> HeaderMap {
    let mut fields = response.clone();
    let named = response.get_all(header::CONNECTION).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    for name in named.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok()) {
        fields.remove(name);
    }
    for name in &OF_A_HOP {
        fields.remove(name);
    }
    for (name, value) in &mut fields {
        if redact::is_secret_field(name.as_str()) {
            *value = HeaderValue::from_static(redact::MASK);
        }
    }
    fields
}

/// The conditions under which an answer is asked for again (section 4.3.1); none if it cannot be.
pub fn conditions(kept: &Kept<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let pairs = [(header::IF_NONE_MATCH, header::ETAG), (header::IF_MODIFIED_SINCE, header::LAST_MODIFIED)];
    let given = pairs.into_iter().filter_map(|(ask, name)| Some((ask, kept.headers.get(name)?.clone())));
    // Other statuses do not depend on conditions (RFC 9110, section 13.2.1).
    given.filter(|_| matches!(kept.status, 200..=299)).collect()
}

/// Whether a 304 is about this answer (section 4.3.4). One that says nothing is about what was asked.
pub fn is_confirmed(kept: &HeaderMap, answer: &HeaderMap) -> bool {
    match (kept.get(header::ETAG), answer.get(header::ETAG)) {
        (Some(kept), Some(now)) => opaque(kept) == opaque(now),
        (None, Some(_)) => false,
        (_, None) => match (kept.get(header::LAST_MODIFIED), answer.get(header::LAST_MODIFIED)) {
            (Some(kept), Some(now)) => kept == now,
            (None, Some(_)) => kept.contains_key(header::ETAG),
            (_, None) => true,
        },
    }
}

/// Whether the answer to a HEAD is about the answer to a GET that is there (section 4.3.5).
pub fn is_same_by_head(kept: &HeaderMap, head: &HeaderMap) -> bool {
    // The length is there or not by how the content is sent, which may differ.
    let lengths = kept.get(header::CONTENT_LENGTH).zip(head.get(header::CONTENT_LENGTH));
    [header::ETAG, header::LAST_MODIFIED].iter().all(|name| kept.get(name) == head.get(name))
        && lengths.is_none_or(|(kept, now)| kept == now)
}

fn opaque(etag: &HeaderValue) -> &[u8] {
    let etag = etag.as_bytes().trim_ascii();
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

/// The fields of an answer that was confirmed (section 3.2): those that came with the confirmation, in
/// place of those with the same name.
pub fn updated(kept: &HeaderMap, confirmation: &HeaderMap) -> HeaderMap {
    let mut fields = kept.clone();
    let new = kept_fields(confirmation);
    // What they said was true of the earlier answer's way here.
    for name in [header::AGE, header::DATE] {
        fields.remove(name);
    }
    for name in new.keys().filter(|name| !OF_THE_CONTENT.contains(name)) {
        fields.remove(name);
        for value in new.get_all(name) {
            fields.append(name, value.clone());
        }
    }
    fields
}

/// The places about which nothing that is kept holds any more after an answer to a request that changes
/// something (section 4.4): its URL, and those of its origin that the answer names.
pub fn invalidated(url: &Url, status: u16, response: &HeaderMap) -> Vec<Sum> {
    if !matches!(status, 200..=399) {
        return Vec::new();
    }
    let named = [header::LOCATION, header::CONTENT_LOCATION]
        .iter()
        .filter_map(|name| url.join(response.get(name)?.to_str().ok()?).ok())
        .filter(|named| named.origin() == url.origin());
    std::iter::once(place(url)).chain(named.map(|named| place(&named))).collect()
}

/// Whether a request takes an answer from a cache or none (section 5.2.1.7).
pub fn is_only_if_cached(request: &HeaderMap) -> bool {
    Directives::of(request).has("only-if-cached")
}

#[cfg(test)]
mod tests;
