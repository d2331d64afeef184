//! Cookies as JSON: what the crate `cookie_store` writes, as a list or, as it once did, one a line.
//!
//! Faults are told by their place: the reader's own sentences repeat what they could not read. Must
//! not know the jar.

use cookie_store::{Cookie, CookieDomain, CookieExpiration, RawCookie};
use serde_json::{Deserializer, error::Category};

use super::{CookieTextError, Noted, netscape::url_of, rules::has_control};

pub(super) fn read(text: &str) -> Result<Vec<Noted>, CookieTextError> {
    let is_list = text.trim_start().starts_with('[');
    let cookies: Result<Vec<Cookie<'static>>, _> =
        if is_list { serde_json::from_str(text) } else { Deserializer::from_str(text).into_iter().collect() };
    let cookies = cookies.map_err(|error| {
        let message = match error.classify() {
            Category::Data => "this is JSON, but no cookie as cookie_store writes it",
            Category::Syntax | Category::Eof | Category::Io => "this is no JSON",
        };
        CookieTextError { line: error.line(), message: message.to_owned() }
    })?;
    let fault = |message: &str| CookieTextError { line: 1, message: message.to_owned() };
    cookies.iter().map(|cookie| noted(cookie).map_err(fault)).collect()
}

fn noted(given: &Cookie<'static>) -> Result<Noted, &'static str> {
    let (name, value, path) = (given.name(), given.value(), String::from(&given.path));
    if [name, value, &path].iter().any(|part| has_control(part)) || value.contains(';') {
        return Err("the path, name or value of a cookie holds a character that no cookie can have");
    }
    let secure = given.secure().unwrap_or(false);
    let (domain, below) = match &given.domain {
        CookieDomain::Suffix(domain) => (domain, true),
        CookieDomain::HostOnly(domain) => (domain, false),
        CookieDomain::NotPresent | CookieDomain::Empty => return Err("a cookie has no domain"),
    };
    let url = url_of(domain, secure).ok_or("the domain of a cookie is no host")?;
    let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
    cookie.set_path(path);
    cookie.set_secure(secure);
    cookie.set_http_only(given.http_only());
    cookie.set_same_site(given.same_site());
    if below {
        cookie.set_domain(url.host_str().unwrap_or_default().to_owned());
    }
    if let CookieExpiration::AtUtc(moment) = given.expires {
        cookie.set_expires(moment);
    }
    Ok(Noted { cookie, url, is_expired: given.is_expired() })
}

pub(super) fn write(cookies: &[&Cookie<'_>]) -> String {
    // A cookie is texts and a time, all of which JSON has.
    serde_json::to_string_pretty(cookies).map_or_else(|_| "[]\n".to_owned(), |text| text + "\n")
}
