//! Whether and how a redirect is followed.
//!
//! A redirect is a request of its own: this says what that request is, the engine queues it on
//! its host like any other. Must not know limits of hosts.

use ::url::Url;
use http::{HeaderMap, HeaderValue, Method, header};

use super::url::MAX_URL;
use crate::model::{Code, Failure, Hop};

/// The request that a redirect asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    /// Where to; fragment cut.
    pub url: Url,
    /// With which method.
    pub method: Method,
    /// Whether the content goes along.
    pub with_body: bool,
    /// Whether it leads away from `from`'s origin.
    pub leaves_origin: bool,
}

/// Statuses whose `Location` is followed (RFC 9110, section 15.4).
pub fn is_followed(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The Location of a response that redirects, if it has one.
///
/// Fails where there are two that differ: whoever checked the one might have meant the other.
pub fn location(status: u16, headers: &HeaderMap) -> Result<Option<String>, Failure> {
    location_of(status, headers.get_all(header::LOCATION))
}

/// The same where nothing but the values of `Location` is at hand.
pub fn location_of<'a>(
    status: u16,
    values: impl IntoIterator<Item = &'a HeaderValue>,
) -> Result<Option<String>, Failure> {
    let mut all = values.into_iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.any(|other| other != first) {
        return Err(Failure::new(Code::RedirectInvalid, format!("{status} with two Locations that differ")));
    }
    Ok(Some(location_text(first)))
}

/// A Location as text. Bytes beyond ASCII are sent raw by some servers, in UTF-8 by most of these; where
/// it is something else, they are percent-encoded as they are, which asks for what the server meant.
pub fn location_text(location: &HeaderValue) -> String {
    match std::str::from_utf8(location.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let escaped = |byte: &u8| match byte.is_ascii() {
                true => char::from(*byte).to_string(),
                false => format!("%{byte:02X}"),
            };
            location.as_bytes().iter().map(escaped).collect()
        }
    }
}

/// The same scheme, host and port (RFC 6454, section 4).
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Where a redirect with this `location` leads.
///
/// `from` is the URL that answered. 303 turns everything but
/// HEAD into GET, 301 and 302 turn POST into GET, 307 and 308 keep method and content.
///
/// Fails with a `redirect.*` code, or `blocked.downgrade` where content would go from https to http.
pub fn follow(from: &Url, method: &Method, with_body: bool, status: u16, location: &str) -> Result<Onward, Failure> {
    let invalid = |why: &str| Failure::new(Code::RedirectInvalid, format!("{status} with a Location that {why}"));
    if location.contains(['\r', '\n', '\0']) {
        return Err(invalid("holds a control character"));
    }
    let mut url = from.join(location).map_err(|error| invalid(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::new(
            Code::RedirectScheme,
            format!("{status} to scheme `{}`, which is not fetched", url.scheme()),
        ));
    }
    if url.as_str().len() > MAX_URL {
        return Err(invalid(&format!("is longer than {MAX_URL} bytes")));
    }
    url.set_fragment(None);
    // Credentials in a Location are the server's idea, not the user's. Neither call can fail on http URLs.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let to_get = match status {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    };
    let (method, with_body) = if to_get { (Method::GET, false) } else { (method.clone(), with_body) };
    if with_body && from.scheme() == "https" && url.scheme() == "http" {
        return Err(Failure::new(
            Code::BlockedDowngrade,
            format!("{status} from https to http would send the content unencrypted"),
        ));
    }
    Ok(Onward { leaves_origin: !same_origin(from, &url), url, method, with_body })
}

/// Whether `next` was asked before in this chain with the same method: then it goes round in
/// circles. `current` is the URL that redirects.
pub fn is_loop(next: &Onward, current: &Url, current_method: &Method, hops: &[Hop]) -> bool {
    (next.url == *current && next.method == *current_method)
        || hops.iter().any(|hop| *hop.url == next.url && hop.method == next.method)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn to(status: u16, method: Method, location: &str) -> Result<(String, Method, bool), &'static str> {
        follow(&url("https://a.example/dir/page"), &method, true, status, location)
            .map(|next| (next.url.into(), next.method, next.with_body))
            .map_err(|failure| failure.code.name())
    }

    #[test]
    fn method_and_content_follow_rfc_9110() {
        let at = "https://a.example/x".to_owned();
        assert_eq!(to(301, Method::POST, "/x"), Ok((at.clone(), Method::GET, false)));
        assert_eq!(to(302, Method::POST, "/x"), Ok((at.clone(), Method::GET, false)));
        assert_eq!(to(303, Method::PUT, "/x"), Ok((at.clone(), Method::GET, false)));
        assert_eq!(to(303, Method::HEAD, "/x").map(|next| next.1), Ok(Method::HEAD));
        assert_eq!(to(301, Method::PUT, "/x"), Ok((at.clone(), Method::PUT, true)));
        assert_eq!(to(307, Method::POST, "/x"), Ok((at.clone(), Method::POST, true)));
        assert_eq!(to(308, Method::POST, "/x"), Ok((at, Method::POST, true)));
    }

    #[test]
    fn a_location_is_resolved_and_stripped() {
        let place = |location: &str| to(301, Method::GET, location).map(|next| next.0);
        assert_eq!(place("other?q#frag").as_deref(), Ok("https://a.example/dir/other?q"));
        assert_eq!(place("//u:p@b.example/").as_deref(), Ok("https://b.example/"));
        assert_eq!(place("http://["), Err("redirect.invalid"));
        assert_eq!(place("ftp://b/"), Err("redirect.scheme"));
        assert_eq!(place("file:///etc/passwd"), Err("redirect.scheme"));
        assert_eq!(to(307, Method::POST, "http://a.example/"), Err("blocked.downgrade"));
    }

    #[test]
    fn a_redirect_leads_to_no_url_that_is_longer_than_any_may_be() {
        let long = |length: usize| format!("/{}", "x".repeat(length - "https://a.example/".len()));
        assert!(to(302, Method::GET, &long(MAX_URL)).is_ok());
        assert_eq!(to(302, Method::GET, &long(MAX_URL + 1)), Err("redirect.invalid"));
        assert_eq!(to(302, Method::GET, &"/\u{fc}".repeat(MAX_URL / 4)), Err("redirect.invalid"), "once it is encoded");
    }

    #[test]
    fn two_locations_that_differ_lead_nowhere() {
        let told = |values: &[&'static str]| {
            let fields = values.iter().map(|value| (header::LOCATION, HeaderValue::from_static(value))).collect();
            location(302, &fields).map_err(|failure| failure.code.name())
        };
        assert_eq!(told(&[]), Ok(None));
        assert_eq!(told(&["/a", "/a"]), Ok(Some("/a".to_owned())));
        assert_eq!(told(&["/a", "/b"]), Err("redirect.invalid"));
        assert_eq!(told(&["/a", "/a", "/b"]), Err("redirect.invalid"));
    }

    #[test]
    fn a_location_that_is_no_utf_8_is_asked_for_byte_by_byte() {
        let text = |bytes: &[u8]| location_text(&HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(text("/fr\u{fc}h".as_bytes()), "/fr\u{fc}h");
        assert_eq!(text(b"/fr\xfch %20"), "/fr%FCh %20");
    }

    #[test]
    fn host_port_and_scheme_make_an_origin() {
        let leaves = |location: &str| {
            follow(&url("https://a.example/"), &Method::GET, false, 302, location).unwrap().leaves_origin
        };
        assert!(!leaves("/x") && !leaves("https://a.example:443/"));
        assert!(leaves("http://a.example/") && leaves("https://a.example:444/") && leaves("https://b.example/"));
    }

    #[test]
    fn going_back_is_a_loop() {
        let next = follow(&url("http://h/b"), &Method::GET, false, 302, "/a").unwrap();
        let hop = |method| Hop { status: 302, method, url: url("http://h/a").into(), location: "/b".into() };
        assert!(is_loop(&next, &url("http://h/b"), &Method::GET, &[hop(Method::GET)]));
        assert!(!is_loop(&next, &url("http://h/b"), &Method::GET, &[hop(Method::POST)]), "a form that leads back");
        assert!(!is_loop(&next, &url("http://h/b"), &Method::GET, &[]));
    }
}
