//! A jar for one run, in memory; off unless asked for.
//!
//! The store checks domains and paths; what it leaves out is checked here: public suffixes
//! (RFC 6265, section 5.3), `Secure` only from https, and the `__Host-` and `__Secure-` prefixes
//! (draft RFC 6265bis, section 4.1.3). Must not know when a request is made.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use cookie_store::{CookieStore, RawCookie};
use http::{HeaderMap, HeaderValue, header};
use url::{Host, Url};

/// Cookies of one response, and for one domain, at most (RFC 6265, section 6.1, asks for 50).
const MOST: usize = 180;
/// Cookies in the jar at most.
const MOST_IN_ALL: usize = 3_000;
/// Longest `Cookie` field.
const LONGEST_FIELD: usize = 8 * 1024;
/// Longest cookie, name and value together (RFC 6265, section 6.1).
const LONGEST: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Jar(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    store: CookieStore,
    /// How many each host has set, and all of them.
    by_host: HashMap<String, usize>,
    all: usize,
}

impl Kept {
    /// Takes a cookie where there is room; one that takes another's place always has it.
    fn take(&mut self, cookie: &RawCookie<'_>, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        let domain = cookie.domain().unwrap_or(host).trim_start_matches('.');
        let known = self.store.contains_any(domain, cookie.path().unwrap_or("/"), cookie.name());
        let here = self.by_host.get(host).copied().unwrap_or(0);
        if !known && (self.all >= MOST_IN_ALL || here >= MOST) {
            return;
        }
        // A refusal by the store (foreign domain, bad path) is no fault of the run.
        if self.store.insert_raw(cookie, url).is_ok() && !known {
            self.all += 1;
            self.by_host.insert(host.to_owned(), here + 1);
        }
    }
}

impl Jar {
    /// The `Cookie` field for a request, if there is anything to send.
    pub fn field_for(&self, url: &Url) -> Option<HeaderValue> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut field = String::new();
        for (name, value) in kept.store.get_request_values(url) {
            if field.len() + name.len() + value.len() + 3 > LONGEST_FIELD {
                break;
            }
            let part = if field.is_empty() { "" } else { "; " };
            field.extend([part, name, "=", value]);
        }
        if field.is_empty() { None } else { HeaderValue::from_str(&field).ok() }
    }

    /// Keeps what a response sets.
    pub fn keep(&self, url: &Url, headers: &HeaderMap) {
        let set = headers.get_all(header::SET_COOKIE).iter().take(MOST);
        let cookies = set.filter_map(|value| value.to_str().ok()).filter(|text| text.len() <= LONGEST);
        for cookie in cookies.filter_map(|text| RawCookie::parse(text.to_owned()).ok()) {
            if is_allowed(&cookie, url) {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).take(&cookie, url);
            }
        }
    }
}

fn is_allowed(cookie: &RawCookie<'_>, url: &Url) -> bool {
    let https = url.scheme() == "https";
    let secure = cookie.secure().unwrap_or(false);
    if secure && !https {
        return false;
    }
    let name = cookie.name().to_ascii_lowercase();
    if name.starts_with("__secure-") && !secure {
        return false;
    }
    if name.starts_with("__host-") && !(secure && cookie.domain().is_none() && cookie.path() == Some("/")) {
        return false;
    }
    let Some(domain) = cookie.domain().map(|domain| domain.trim_start_matches('.').to_ascii_lowercase()) else {
        return true;
    };
    match url.host() {
        Some(Host::Domain(host)) if host == domain => true,
        Some(Host::Domain(_)) => psl::domain_str(&domain).is_some(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => url.host_str() == Some(domain.as_str()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(set: &str, from: &str, to: &str) -> Option<String> {
        let jar = Jar::default();
        let headers = [(header::SET_COOKIE, HeaderValue::from_str(set).unwrap())].into_iter().collect();
        jar.keep(&Url::parse(from).unwrap(), &headers);
        jar.field_for(&Url::parse(to).unwrap()).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_back_where_it_belongs_and_nowhere_else() {
        assert_eq!(sent("a=1", "http://x.example/", "http://x.example/p").as_deref(), Some("a=1"));
        assert_eq!(sent("a=1", "http://x.example/", "http://y.example/"), None);
        assert_eq!(
            sent("a=1; Domain=example.com", "http://x.example.com/", "http://y.example.com/").as_deref(),
            Some("a=1")
        );
    }

    #[test]
    fn a_jar_is_never_overfull() {
        let jar = Jar::default();
        for host in 0..100 {
            let url = Url::parse(&format!("http://h{host}.example/")).unwrap();
            for n in 0..3 {
                let set = |n: usize| (header::SET_COOKIE, HeaderValue::from_str(&format!("c{n}=1")).unwrap());
                jar.keep(&url, &(n * 100..(n + 1) * 100).map(set).collect());
            }
        }
        assert_eq!(jar.0.lock().unwrap().store.iter_any().count(), MOST_IN_ALL);
        let field = jar.field_for(&Url::parse("http://h0.example/").unwrap()).unwrap();
        assert_eq!(field.to_str().unwrap().split("; ").count(), MOST);
    }

    #[test]
    fn super_cookies_and_false_prefixes_are_refused() {
        for (set, from) in [
            ("a=1; Domain=co.uk", "http://foo.co.uk/"),
            ("a=1; Domain=other.example", "http://x.example/"),
            ("a=1; Secure", "http://x.example/"),
            ("__Secure-a=1", "https://x.example/"),
            ("__Host-a=1; Secure; Path=/; Domain=x.example", "https://x.example/"),
            ("__Host-a=1; Secure; Path=/p", "https://x.example/p"),
        ] {
            assert_eq!(sent(set, from, from), None, "{set}");
        }
        assert_eq!(
            sent("__Host-a=1; Secure; Path=/", "https://x.example/", "https://x.example/").as_deref(),
            Some("__Host-a=1")
        );
    }
}
