//! Which cookies a server may set at all: what the store does not check.
//!
//! Public suffixes (RFC 6265, section 5.3), `Secure` only from https, the `__Host-` and `__Secure-`
//! prefixes (draft RFC 6265bis, section 4.1.3), no control characters (section 5.6). Must not know
//! the jar.

use cookie_store::RawCookie;
use url::{Host, Url};

use super::LONGEST;

/// Whether `url` may set this cookie. One for a whole public suffix from that very host becomes one
/// for the host alone (RFC 6265, section 5.3, step 5).
pub(super) fn admit(cookie: &mut RawCookie<'_>, url: &Url) -> bool {
    if cookie.name().is_empty() || cookie.name().len() + cookie.value().len() > LONGEST {
        return false;
    }
    if [cookie.name(), cookie.value(), cookie.path().unwrap_or_default()].iter().any(|part| has_control(part)) {
        return false;
    }
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
        Some(Host::Domain(host)) => {
            let is_suffix = psl::domain_str(&domain).is_none();
            if host == domain && is_suffix {
                cookie.unset_domain();
            }
            host == domain || !is_suffix
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => url.host_str() == Some(domain.as_str()),
        None => false,
    }
}

/// Whether a text could not stand in a header field or in a line of its own.
pub(super) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
