//! Who may see a run, and what of it was asked for. Pure: a request in, a verdict out.
//!
//! A page of another site can make a browser ask here: by a name that leads to this machine (DNS rebinding), or with
//! any address at all. The first is refused by the name in `Host`, the second gets nothing that its page could read.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Method, Uri, header};

/// What is asked for and may be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The page.
    Page,
    /// What happens, behind the event with this id if the reader has seen it.
    Events(Option<String>),
    /// The secret is right: it goes into a cookie, and out of the address.
    Welcome,
    /// Nothing, with a status and a sentence.
    Refused(u16, &'static str),
}

/// The rules of one server.
#[derive(Debug)]
pub struct Door {
    /// What a reader has to know; nobody but this machine reaches a server without.
    token: Option<String>,
    /// Name of the cookie: cookies of one host are shared by all its ports.
    cookie: String,
}

impl Door {
    /// Of a server at this address; `token` is only asked for where others than this machine reach it.
    pub fn of(address: SocketAddr, token: impl FnOnce() -> std::io::Result<String>) -> std::io::Result<Door> {
        let token = if address.ip().is_loopback() { None } else { Some(token()?) };
        Ok(Door { token, cookie: format!("fetchall_{}", address.port()) })
    }

    /// What a reader has to know.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The field that makes a browser remember the secret.
    pub fn cookie(&self) -> String {
        let token = self.token.as_deref().unwrap_or_default();
        format!("{}={token}; HttpOnly; SameSite=Strict; Path=/", self.cookie)
    }

    /// What becomes of a request.
    pub fn judge(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Verdict {
        if !is_here(headers) {
            return Verdict::Refused(421, "this server goes by its IP address or localhost, not by another name");
        }
        if method != Method::GET {
            return Verdict::Refused(405, "there is nothing here but pages to read");
        }
        if !matches!(uri.path(), "/" | "/events") {
            return Verdict::Refused(404, "there is no such page");
        }
        if let Some(token) = &self.token {
            let given = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")));
            match given {
                Some(given) if is_same(given, token) && uri.path() == "/" => return Verdict::Welcome,
                Some(given) if is_same(given, token) => {}
                _ if self.cookies(headers).any(|given| is_same(given, token)) => {}
                _ => return Verdict::Refused(403, "open the address that fetchall printed, with its token"),
            }
        }
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        if uri.path() == "/" { Verdict::Page } else { Verdict::Events(last) }
    }

    fn cookies<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let fields = headers.get_all(header::COOKIE).into_iter().filter_map(|field| field.to_str().ok());
        let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }
}

/// Whether the request names this machine in a way that nobody else's DNS can: by address, or as localhost.
fn is_here(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).into_iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else { return false };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, "")) => name,
        Some((name, port)) if port.strip_prefix(':').is_some_and(is_port) => name,
        Some(_) => return false,
        None => host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// Whether both are the same, in a time that does not depend on where they differ.
fn is_same(given: &str, wanted: &str) -> bool {
    let (given, wanted) = (given.as_bytes(), wanted.as_bytes());
    let differ = given.iter().zip(wanted).fold(0, |differ, (a, b)| std::hint::black_box(differ | (a ^ b)));
    given.len() == wanted.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(door: &Door, method: Method, path: &str, fields: &[(&'static str, &str)]) -> Verdict {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        door.judge(&method, &path.parse().unwrap(), &headers)
    }

    fn status(verdict: &Verdict) -> u16 {
        if let Verdict::Refused(status, _) = verdict { *status } else { 200 }
    }

    #[test]
    fn only_an_address_or_localhost_names_this_machine() {
        let door = Door::of("127.0.0.1:8080".parse().unwrap(), || panic!("no token is needed")).unwrap();
        for host in ["127.0.0.1:8080", "localhost:9000", "LOCALHOST", "[::1]:8080", "[::1]", "10.0.0.7:1"] {
            assert_eq!(judged(&door, Method::GET, "/", &[("host", host)]), Verdict::Page, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example:8080",
            "",
            "[::1]x",
            "a:b",
        ] {
            assert_eq!(status(&judged(&door, Method::GET, "/", &[("host", host)])), 421, "{host}");
        }
        assert_eq!(status(&judged(&door, Method::GET, "/", &[])), 421);
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(status(&judged(&door, Method::GET, "/", &two)), 421);
    }

    #[test]
    fn nothing_but_reading_and_two_pages() {
        let door = Door::of("[::1]:0".parse().unwrap(), || panic!("no token is needed")).unwrap();
        let here = [("host", "localhost")];
        for method in [Method::POST, Method::HEAD, Method::OPTIONS, Method::DELETE] {
            assert_eq!(status(&judged(&door, method, "/", &here)), 405);
        }
        assert_eq!(status(&judged(&door, Method::GET, "/etc/passwd", &here)), 404);
        let again = [("host", "localhost"), ("last-event-id", "x-3")];
        assert_eq!(judged(&door, Method::GET, "/events", &again), Verdict::Events(Some("x-3".to_owned())));
    }

    #[test]
    fn from_elsewhere_a_token_is_needed_once_in_the_address_and_then_in_a_cookie() {
        let door = Door::of("0.0.0.0:81".parse().unwrap(), || Ok("secret".to_owned())).unwrap();
        let ask = |path, cookie: Option<&str>| {
            let fields: Vec<_> =
                [("host", "10.0.0.7:81")].into_iter().chain(cookie.map(|value| ("cookie", value))).collect();
            judged(&door, Method::GET, path, &fields)
        };
        assert_eq!(ask("/?token=secret", None), Verdict::Welcome);
        assert_eq!(ask("/", Some("a=b; fetchall_81=secret")), Verdict::Page);
        assert_eq!(ask("/events?token=secret", None), Verdict::Events(None));
        for (path, cookie) in [
            ("/", None),
            ("/events", None),
            ("/?token=", None),
            ("/?token=secre", None),
            ("/?token=secret2", None),
            ("/?token=Secret", None),
            ("/", Some("fetchall_82=secret")),
            ("/", Some("fetchall_81=wrong")),
        ] {
            assert_eq!(status(&ask(path, cookie)), 403, "{path} {cookie:?}");
        }
        assert!(door.cookie().starts_with("fetchall_81=secret; HttpOnly; SameSite=Strict"));
    }
}
