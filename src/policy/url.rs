//! From a line of text to the URL that is asked for, and to the key by which repeats are known.
//!
//! Parsing is the WHATWG URL Standard's; only what it leaves open is decided here. Must not know
//! where the text came from.

use ::url::Url;
use http::Method;
use xxhash_rust::xxh3::Xxh3;

use crate::{
    model::{Code, Failure, Request},
    settings::AssumeScheme,
};

/// Longest URL that is asked for, in bytes.
pub const MAX_URL: usize = 16 * 1024;

/// Schemes without `//` that are surely meant as such and not as `host:port`.
const OPAQUE: [&str; 8] = ["mailto:", "javascript:", "data:", "tel:", "about:", "blob:", "file:", "urn:"];

/// The URL that a line of a list stands for: a scheme is put in front where there is none, the
/// fragment is cut (it is never sent, RFC 9110, section 4.2.4).
///
/// Fails with `url.invalid` or `url.scheme`.
pub fn normalise(text: &str, assume: AssumeScheme) -> Result<Url, Failure> {
    let text = text.trim_matches(|c: char| c <= ' ');
    if text.is_empty() {
        return Err(Failure::new(Code::UrlInvalid, "the URL is empty"));
    }
    if text.len() > MAX_URL {
        return Err(Failure::new(Code::UrlInvalid, format!("the URL is longer than {MAX_URL} bytes")));
    }
    if text.contains(['\r', '\n', '\t', '\0']) {
        return Err(Failure::new(Code::UrlInvalid, "the URL holds a control character"));
    }
    let parsed = if has_scheme(text) {
        Url::parse(text)
    } else {
        let rest = text.trim_start_matches('/');
        match assume {
            AssumeScheme::Https => Url::parse(&format!("https://{rest}")),
            AssumeScheme::Http => Url::parse(&format!("http://{rest}")),
            AssumeScheme::None => return Err(Failure::new(Code::UrlInvalid, "the URL has no scheme")),
        }
    };
    let mut url = parsed.map_err(|error| Failure::new(Code::UrlInvalid, format!("not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::new(Code::UrlScheme, format!("scheme `{}` is not fetched", url.scheme())));
    }
    if url.as_str().len() > MAX_URL {
        return Err(Failure::new(Code::UrlInvalid, format!("the URL is longer than {MAX_URL} bytes")));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Failure::new(Code::UrlInvalid, "the URL has no host"));
    }
    if let Some(::url::Host::Domain(name)) = url.host() {
        check_host(name)?;
    }
    url.set_fragment(None);
    Ok(url)
}

/// Refuses host names that no resolver can know, so that nobody is asked: the URL Standard lets
/// more pass than the DNS does (RFC 1123, section 2.1; underscores are in use all the same).
fn check_host(name: &str) -> Result<(), Failure> {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let is_bad = |label: &str| {
        label.is_empty()
            || label.len() > 63
            || label.starts_with('-')
            || !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if labels.len() > 253 || labels.split('.').any(is_bad) {
        return Err(Failure::new(Code::UrlInvalid, format!("`{name}` cannot be the name of a host")));
    }
    Ok(())
}

/// The same for schemes that could be the name of a host too: before a number they are.
const NAMES: [&str; 5] = ["unix:", "gopher:", "ftp:", "ws:", "wss:"];

fn has_scheme(text: &str) -> bool {
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let before = text.find("://").map(|at| &text[..at]);
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let is_port = |scheme: &str| text.as_bytes().get(scheme.len()).is_none_or(u8::is_ascii_digit);
    before.is_some_and(is_name)
        || starts("http:")
        || starts("https:")
        || OPAQUE.iter().any(|scheme| starts(scheme))
        || NAMES.iter().any(|scheme| starts(scheme) && !is_port(scheme))
}

/// A URL whose spelling no longer depends on how its percent-encoding was written: hex digits in
/// upper case, unreserved characters decoded (RFC 3986, section 6.2.2). For comparing, not for
/// asking: what is asked for stays as the user wrote it.
pub fn canonical(url: &str) -> std::borrow::Cow<'_, str> {
    if !url.contains('%') {
        return url.into();
    }
    let bytes = url.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let hex = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
        match pair.and_then(|pair| Some(hex(pair[0])? << 4 | hex(pair[1])?)) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(byte);
                at += 3;
            }
            Some(_) => {
                out.extend(bytes[at..at + 3].iter().map(u8::to_ascii_uppercase));
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    match String::from_utf8(out) {
        Ok(text) => text.into(),
        Err(_) => url.into(),
    }
}

/// What makes two requests the same: method (`default` where it has none), canonical URL, fields and
/// content. 128 bits of XXH3 under a seed of the run, which sites do not know: two agree by chance.
pub fn seen_key(request: &Request, url: &Url, default: &Method, seed: u64) -> u128 {
    let mut hash = Xxh3::with_seed(seed);
    hash.update(canonical(url.as_str()).as_bytes());
    hash.update(b"\0m");
    hash.update(request.method_or(default).as_str().as_bytes());
    if let Some(wish) = &request.wish {
        for (name, value) in &wish.headers {
            hash.update(b"\0h");
            hash.update(name.as_str().as_bytes());
            hash.update(b"\0");
            hash.update(value.as_bytes());
        }
        if let Some(body) = &wish.body {
            hash.update(b"\0b");
            hash.update(body);
        }
    }
    hash.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn https(text: &str) -> Result<String, &'static str> {
        normalise(text, AssumeScheme::Https).map(String::from).map_err(|failure| failure.code.name())
    }

    #[test]
    fn a_line_without_a_scheme_gets_one() {
        for (text, url) in [
            ("example.com", "https://example.com/"),
            ("example.com:8080/a b", "https://example.com:8080/a%20b"),
            ("//example.com/x", "https://example.com/x"),
            ("localhost:3000", "https://localhost:3000/"),
            ("ftp:21/x", "https://ftp:21/x"),
            ("HTTP://EXAMPLE.com:80/a/../b#frag", "http://example.com/b"),
            (r"http:\\example.com\x", "http://example.com/x"),
            ("example.com/?next=http://other/", "https://example.com/?next=http://other/"),
        ] {
            assert_eq!(https(text).as_deref(), Ok(url), "{text}");
        }
        let none = normalise("example.com", AssumeScheme::None);
        assert_eq!(none.unwrap_err().code, Code::UrlInvalid);
    }

    #[test]
    fn what_is_no_http_url_is_told_apart_from_what_is_no_url() {
        for (text, code) in [
            ("", "url.invalid"),
            ("unix:/var/run/docker.sock", "url.scheme"),
            ("gopher:x", "url.scheme"),
            ("FTP:/x", "url.scheme"),
            ("http://", "url.invalid"),
            ("not a url", "url.invalid"),
            ("http://[", "url.invalid"),
            ("http://a\r\nHost: b/", "url.invalid"),
            ("ftp://h/x", "url.scheme"),
            ("file:///etc/passwd", "url.scheme"),
            ("mailto:a@b", "url.scheme"),
            ("gopher://h", "url.scheme"),
            ("--help", "url.invalid"),
            ("a;b/c", "url.invalid"),
            ("http://a..b/", "url.invalid"),
        ] {
            assert_eq!(https(text), Err(code), "{text:?}");
        }
        assert_eq!(https("http://_dmarc.ex-ample.com./").as_deref(), Ok("http://_dmarc.ex-ample.com./"));
        assert_eq!(https(&format!("http://h/{}", "a".repeat(MAX_URL))), Err("url.invalid"));
    }

    #[test]
    fn spelling_of_percent_encoding_makes_no_difference() {
        assert_eq!(canonical("http://h/%7euser/%c3%a9%2f"), "http://h/~user/%C3%A9%2F");
        assert_eq!(canonical("http://h/%zz%4"), "http://h/%zz%4");
        let key = |text: &str| seen_key(&Request::get(text), &Url::parse(text).unwrap(), &Method::GET, 7);
        assert_eq!(key("http://h/%7Ea"), key("http://h/~a"));
        assert_ne!(key("http://h/a"), key("http://h/b"));
    }

    #[test]
    fn requests_that_differ_in_method_or_content_are_not_the_same() {
        let url = Url::parse("http://h/").unwrap();
        let get = seen_key(&Request::get("http://h/"), &url, &Method::GET, 7);
        let post = seen_key(&Request::get("http://h/").method(http::Method::POST).body("a"), &url, &Method::GET, 7);
        let other = seen_key(&Request::get("http://h/").method(http::Method::POST).body("b"), &url, &Method::GET, 7);
        let said = seen_key(&Request::get("http://h/").method(Method::GET), &url, &Method::GET, 7);
        assert!(get != post && post != other && get == said);
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".{0,60}") {
            if let Ok(once) = normalise(&text, AssumeScheme::Https) {
                let twice = normalise(once.as_str(), AssumeScheme::Https).unwrap();
                proptest::prop_assert_eq!(&once, &twice);
                let canonical_once = canonical(once.as_str()).into_owned();
                proptest::prop_assert_eq!(canonical(&canonical_once), canonical_once.as_str());
            }
        }
    }
}
