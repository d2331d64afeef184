//! The address of a proxy, whose credentials are for the proxy alone.
//!
//! Must not know when it is used.

use std::{fmt, str::FromStr};

use url::Url;

/// A proxy: `http`, `https`, `socks5` or `socks5h`. Whatever shows it leaves the credentials out.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    full: String,
    shown: String,
}

impl ProxyUrl {
    /// What is said of most that is none.
    pub const WRONG: &'static str = "not a proxy; write http://HOST:PORT or socks5://HOST:PORT";

    /// With its credentials: for connecting, never for showing.
    pub fn secret(&self) -> &str {
        &self.full
    }

    /// What a variable of the environment says, such as `HTTP_PROXY`. Other programs read it too, so SOCKS 4 and
    /// a path, which is passed over, are taken.
    ///
    /// # Errors
    /// Why it is none; the text is not repeated, since it may hold a password.
    pub fn of_variable(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "" => Err("only blanks"),
            trimmed if trimmed != text => Err("a blank stands before or behind the URL"),
            _ => ProxyUrl::read(text, &["http", "https", "socks5", "socks5h", "socks4", "socks4a"], |path| {
                !path.contains('@')
            }),
        }
    }

    fn read(text: &str, schemes: &[&str], may_follow: impl Fn(&str) -> bool) -> Result<Self, &'static str> {
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&full).map_err(|_| ProxyUrl::WRONG)?;
        let is_known = schemes.contains(&url.scheme());
        let host = url.host_str().filter(|host| !host.is_empty() && is_known).ok_or(ProxyUrl::WRONG)?;
        // A password with a `/` or a `#` in it would end here, and be sent to a host of its own.
        let behind = &url[url::Position::BeforePath..];
        if !matches!(behind, "" | "/") && !may_follow(behind) {
            return Err("a proxy has no path; in a password write / as %2F, # as %23, ? as %3F");
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{host}{port}", url.scheme());
        Ok(ProxyUrl { full, shown })
    }
}

impl FromStr for ProxyUrl {
    type Err = &'static str;

    /// `host:port` alone is an http proxy, as for curl. No error repeats the text, since it may hold a
    /// password.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ProxyUrl::read(text.trim(), &["http", "https", "socks5", "socks5h"], |_| false)
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_checked_and_shown_without_its_credentials() {
        for (text, full, shown) in [
            ("localhost:3128", "http://localhost:3128", "http://localhost:3128"),
            (" socks5h://u:canary@h:1 ", "socks5h://u:canary@h:1", "socks5h://h:1"),
            ("https://canary@[::1]:8/", "https://canary@[::1]:8/", "https://[::1]:8"),
        ] {
            let proxy: ProxyUrl = text.parse().unwrap();
            assert_eq!((proxy.secret(), proxy.to_string().as_str()), (full, shown));
            assert!(!format!("{proxy:?} {proxy}").contains("canary"));
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_never_repeated() {
        for text in [
            "",
            "http://",
            "ftp://canary@h",
            "://canary",
            "http://canary@:99999",
            "http://h:1/canary",
            "http://u:1/canary@h:2",
            "http://h/?canary",
            "h:1#canary",
        ] {
            assert!(!text.parse::<ProxyUrl>().unwrap_err().contains("canary"), "{text}");
        }
    }
}
