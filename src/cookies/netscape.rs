//! `cookies.txt`: a cookie a line, seven fields parted by tabs, as curl reads and writes it.
//!
//! ```text
//! [#HttpOnly_]DOMAIN  TRUE|FALSE  PATH  TRUE|FALSE  EXPIRES  NAME  VALUE
//!                     subdomains        https only  seconds since 1970, 0: with the session
//! ```
//!
//! curl's own description: <https://curl.se/docs/http-cookies.html>. Must not know the jar.

use cookie_store::{Cookie, CookieDomain, CookieExpiration, RawCookie};
use time::OffsetDateTime;
use url::{Host, Url};

use super::{CookieTextError, Noted, rules::has_control};

/// What is in front of the domain of a cookie that scripts may not read.
const HTTP_ONLY: &str = "#HttpOnly_";

/// The first line, by which Python and Firefox know the format, and a word to who looks into it.
const HEAD: &str = "# Netscape HTTP Cookie File\n# Written by fetchall. Whoever has it is logged in as you are.\n\n";

/// 9999-12-31T23:59:59Z: the last moment that can be written down.
const LAST: i64 = 253_402_300_799;

pub(super) fn read(text: &str) -> Result<Vec<Noted>, CookieTextError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let now = OffsetDateTime::now_utc();
    let mut noted = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        if line.trim().is_empty() || (line.starts_with('#') && !http_only) {
            continue;
        }
        let read = cookie(line, http_only, now);
        noted.push(read.map_err(|message| CookieTextError { line: at + 1, message })?);
    }
    Ok(noted)
}

/// A line; the error never holds what stands in it.
fn cookie(line: &str, http_only: bool, now: OffsetDateTime) -> Result<Noted, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (domain, below, path, secure, expires, name, value) = match fields.as_slice() {
        &[domain, below, path, secure, expires, name, value] => (domain, below, path, secure, expires, name, value),
        // curl leaves the last one out where a cookie has no value.
        &[domain, below, path, secure, expires, name] => (domain, below, path, secure, expires, name, ""),
        other => return Err(format!("a cookie has 7 fields parted by tabs, not {}", other.len())),
    };
    // No blanks around either (draft RFC 6265bis, section 5.6): a server could not have set them.
    let (name, value) = (name.trim_matches(' '), value.trim_matches(' '));
    let is_true = |field: &str, which: &str| match field {
        "TRUE" | "true" => Ok(true),
        "FALSE" | "false" => Ok(false),
        _ => Err(format!("the {which} field says neither TRUE nor FALSE")),
    };
    let (below, secure) = (is_true(below, "second")?, is_true(secure, "fourth")?);
    if [name, value, path].iter().any(|part| has_control(part)) || name.contains([';', '=']) || value.contains(';') {
        return Err("its path, name or value holds a character that no cookie can have".to_owned());
    }
    if !(path.is_empty() || path.starts_with('/')) {
        return Err("the third field is no path".to_owned());
    }
    let url = url_of(domain, secure).ok_or("the first field is no host")?;
    let expires = moment(expires)?;
    let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
    cookie.set_path(if path.is_empty() { "/" } else { path }.to_owned());
    cookie.set_secure(secure);
    cookie.set_http_only(http_only);
    if below {
        cookie.set_domain(url.host_str().unwrap_or_default().to_owned());
    }
    if let Some(expires) = expires {
        cookie.set_expires(expires);
    }
    Ok(Noted { cookie, url, is_expired: expires.is_some_and(|moment| moment <= now) })
}

/// A URL that might have set a cookie for this domain.
pub(super) fn url_of(domain: &str, secure: bool) -> Option<Url> {
    let bare = domain.strip_prefix('.').unwrap_or(domain);
    let host = if bare.contains(':') && !bare.starts_with('[') {
        Host::parse(&format!("[{bare}]"))
    } else {
        Host::parse(bare)
    };
    let scheme = if secure { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{}/", host.ok()?)).ok()
}

/// Seconds since 1970, with a fraction in files of some browsers; 0 or nothing is the end of the
/// session.
fn moment(field: &str) -> Result<Option<OffsetDateTime>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    let seconds: f64 = field.parse().map_err(|_| "the fifth field is no number of seconds")?;
    let wrong = || "the fifth field is no time".to_owned();
    if seconds == 0.0 {
        return Ok(None);
    }
    if seconds.is_nan() {
        return Err(wrong());
    }
    // `as` ends at the bounds of the type.
    OffsetDateTime::from_unix_timestamp((seconds as i64).clamp(0, LAST)).map(Some).map_err(|_| wrong())
}

pub(super) fn write(cookies: &[&Cookie<'_>]) -> String {
    let mut text = HEAD.to_owned();
    for cookie in cookies {
        let yes = |is: bool| if is { "TRUE" } else { "FALSE" };
        let (dot, below, domain) = match &cookie.domain {
            CookieDomain::Suffix(domain) => (".", true, domain.as_str()),
            CookieDomain::HostOnly(domain) => ("", false, domain.as_str()),
            CookieDomain::NotPresent | CookieDomain::Empty => continue,
        };
        let domain = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(domain);
        let expires = match cookie.expires {
            // 0 would be a cookie of the session.
            CookieExpiration::AtUtc(moment) => moment.unix_timestamp().max(1),
            CookieExpiration::SessionEnd => 0,
        };
        let head = if cookie.http_only().unwrap_or(false) { HTTP_ONLY } else { "" };
        let (path, secure) = (String::from(&cookie.path), yes(cookie.secure().unwrap_or(false)));
        let (below, name, value) = (yes(below), cookie.name(), cookie.value());
        text.push_str(&format!("{head}{dot}{domain}\t{below}\t{path}\t{secure}\t{expires}\t{name}\t{value}\n"));
    }
    text
}
