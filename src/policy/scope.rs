//! How far a crawl may go from its seeds: same host, same domain, same folder, anywhere.
//!
//! What covers a URL is looked up by a key that seed and URL share, so a hundred thousand seeds cost
//! no more than one. Must not know links or depth.

use std::{borrow::Cow, collections::HashSet};

use ::url::{Host, Url};

use super::url::canonical;

/// What of the web belongs to a seed. Only http and https do in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The same host and port; http and https are one, if each is on its default port. `www.` is a
    /// host of its own.
    #[default]
    Host,
    /// The same registrable domain by the public suffix list, on any port: `a.example.co.uk` and
    /// `example.co.uk`. Addresses, single labels such as `localhost`, and names that are public
    /// suffixes themselves stand for themselves.
    Domain,
    /// The same host and port, and below the folder of the seed: of `/docs/guide/` and of
    /// `/docs/guide/index.html` it is `/docs/guide/`, of `/docs/guide` it is `/docs/`, as for relative
    /// links.
    Prefix,
    /// Everything.
    Any,
}

impl Scope {
    /// The name that the command line has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Host => "host",
            Scope::Domain => "domain",
            Scope::Prefix => "prefix",
            Scope::Any => "any",
        }
    }

    /// Whether a URL belongs to the seed.
    pub fn covers(self, seed: &Url, url: &Url) -> bool {
        Seeds::new(self, [seed]).covers(url)
    }
}

/// The seeds of a crawl, for quick answers.
#[derive(Clone, Debug, Default)]
pub struct Seeds {
    scope: Scope,
    /// Hosts with ports, domains, or hosts with ports and folders.
    keys: HashSet<Box<str>>,
    /// Length of the longest key: no folder of a URL beyond it can be one of a seed.
    longest: usize,
}

impl Seeds {
    /// Of these seeds. One that is not http or https covers nothing.
    pub fn new<'a>(scope: Scope, seeds: impl IntoIterator<Item = &'a Url>) -> Self {
        let mut all = Seeds { scope, ..Seeds::default() };
        seeds.into_iter().for_each(|seed| all.add(seed));
        all
    }

    /// With one more.
    pub fn add(&mut self, seed: &Url) {
        if let Some(key) = key(self.scope, seed) {
            self.longest = self.longest.max(key.len());
            self.keys.insert(key);
        }
    }

    /// Takes along the place that a seed was redirected to. Whether they cover more than before.
    ///
    /// With [`Scope::Prefix`] another place of the same site is no place of the seed: it may be the form
    /// to log in, or the front page. Another spelling of the seed is (with https, with `www.`), and so
    /// is what lies in its folder.
    pub fn follow(&mut self, seed: &Url, place: &Url) -> bool {
        if !is_web(place) || self.covers(place) {
            return false;
        }
        let is_elsewhere = self.scope == Scope::Prefix
            && is_same_site(seed, place)
            && !folder(place.path()).starts_with(&*folder(seed.path()));
        if is_elsewhere {
            return false;
        }
        self.add(place);
        true
    }

    /// Whether a URL belongs to one of them.
    pub fn covers(&self, url: &Url) -> bool {
        if !is_web(url) {
            return false;
        }
        let key = match self.scope {
            Scope::Any => return true,
            Scope::Host | Scope::Domain => key(self.scope, url),
            Scope::Prefix => return self.has_folder_of(url),
        };
        key.is_some_and(|key| self.keys.contains(&key))
    }

    /// The sentence for a URL that is left out; `None` if it is covered.
    pub fn refusal(&self, url: &Url) -> Option<String> {
        if self.covers(url) {
            return None;
        }
        let host = url.host_str().unwrap_or_default();
        let way = match self.scope {
            _ if !is_web(url) => return Some(format!("scheme `{}` is not crawled", url.scheme())),
            Scope::Host => "no seed has its host and port",
            Scope::Domain => "no seed has its domain",
            Scope::Prefix => "no seed has a folder that it is in",
            Scope::Any => "nothing covers it",
        };
        Some(format!("`{host}` is out of scope ({}): {way}", self.scope.name()))
    }

    /// Whether one of the folders above the URL is that of a seed: one look-up for each, from the top,
    /// as long as they are no longer than the longest of a seed.
    fn has_folder_of(&self, url: &Url) -> bool {
        let Some(mut place) = host_and_port(url).map(Cow::into_owned) else { return false };
        let host = place.len();
        place.push_str(&canonical(url.path()));
        let slashes = place.bytes().enumerate().skip(host).filter(|(_, byte)| *byte == b'/');
        slashes
            .map(|(at, _)| at + 1)
            .take_while(|&end| end <= self.longest)
            .any(|end| self.keys.contains(&place[..end]))
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// What a URL of the scope shares with its seed.
fn key(scope: Scope, url: &Url) -> Option<Box<str>> {
    if !is_web(url) {
        return None;
    }
    match scope {
        Scope::Host => Some(host_and_port(url)?.into()),
        Scope::Domain => Some(domain(url)?.into()),
        Scope::Prefix => Some(format!("{}{}", host_and_port(url)?, folder(url.path())).into()),
        Scope::Any => Some("".into()),
    }
}

/// The folder that a path is in, with the slash at its end.
fn folder(path: &str) -> Cow<'_, str> {
    let path = canonical(path);
    let len = path.rfind('/').map_or(0, |slash| slash + 1);
    match path {
        _ if len == 0 => "/".into(),
        Cow::Borrowed(path) => path.get(..len).unwrap_or("/").into(),
        Cow::Owned(mut path) => {
            path.truncate(len);
            path.into()
        }
    }
}

/// Whether two hosts are one but for `www.`, the scheme and its default port.
fn is_same_site(a: &Url, b: &Url) -> bool {
    let name = |url| host(url).map(|host| host.strip_prefix("www.").unwrap_or(host));
    name(a) == name(b) && a.port() == b.port()
}

/// The host, and the port where it is not the default of the scheme. A dot at the end makes no
/// difference.
fn host_and_port(url: &Url) -> Option<Cow<'_, str>> {
    let host = host(url)?;
    Some(match url.port() {
        None => host.into(),
        Some(port) => format!("{host}:{port}").into(),
    })
}

fn host(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    Some(host.strip_suffix('.').unwrap_or(host))
}

/// The registrable domain, or the host if it has none. Addresses are asked for first: to the list,
/// `127.0.0.1` is a name in the domain `0.1`.
fn domain(url: &Url) -> Option<&str> {
    let host = host(url)?;
    match url.host()? {
        Host::Domain(_) => Some(psl::domain_str(host).unwrap_or(host)),
        Host::Ipv4(_) | Host::Ipv6(_) => Some(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(scope: Scope, seed: &str, url: &str) -> bool {
        scope.covers(&Url::parse(seed).unwrap(), &Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_is_a_name_and_a_port() {
        for (seed, url, want) in [
            ("https://a.org/", "https://a.org/x?y", true),
            ("https://a.org/", "http://A.org/", true),
            ("https://a.org/", "https://a.org./", true),
            ("https://a.org:8080/", "http://a.org:8080/", true),
            ("http://a.org:443/", "https://a.org/", false),
            ("https://a.org/", "https://a.org:8443/", false),
            ("https://a.org/", "https://www.a.org/", false),
            ("https://www.a.org/", "https://a.org/", false),
            ("http://127.0.0.1:80/", "http://127.1/", true),
            ("http://[::1]/", "https://[0::1]/", true),
            ("https://a.org/", "ftp://a.org/", false),
            ("ftp://a.org/", "ftp://a.org/", false),
        ] {
            assert_eq!(covers(Scope::Host, seed, url), want, "{seed} {url}");
        }
    }

    #[test]
    fn a_domain_is_what_can_be_registered() {
        for (seed, url, want) in [
            ("https://a.org/", "http://x.y.a.org:8080/", true),
            ("https://www.a.co.uk/", "https://a.co.uk./", true),
            ("https://a.co.uk/", "https://b.co.uk/", false),
            ("https://a.org/", "https://aa.org/", false),
            ("https://a.github.io/", "https://b.github.io/", false),
            ("https://github.io/", "https://b.github.io/", false),
            ("https://食狮.公司.cn/", "https://www.食狮.公司.cn/", true),
            ("https://食狮.公司.cn/", "https://狮.公司.cn/", false),
            ("http://127.0.0.1/", "http://127.0.0.1:8080/", true),
            ("http://127.0.0.1/", "http://10.0.0.1/", false),
            ("http://[::1]/", "http://[::1]:8080/", true),
            ("http://[::1]/", "http://[::2]/", false),
            ("http://localhost/", "http://localhost:3000/", true),
            ("http://localhost/", "http://a.localhost/", false),
            ("http://intranet/", "http://extranet/", false),
            ("http://a.corp/", "http://b.corp/", false),
            ("http://a.b.corp/", "http://b.corp/", true),
        ] {
            assert_eq!(covers(Scope::Domain, seed, url), want, "{seed} {url}");
        }
    }

    #[test]
    fn a_prefix_is_the_folder_of_the_seed() {
        for (seed, url, want) in [
            ("https://a.org/docs/guide/", "https://a.org/docs/guide/", true),
            ("https://a.org/docs/guide/", "http://a.org/docs/guide/x/y?z", true),
            ("https://a.org/docs/guide/index.html", "https://a.org/docs/guide/x", true),
            ("https://a.org/docs/guide/?a=/b/", "https://a.org/docs/guide/x", true),
            ("https://a.org/docs/guide/", "https://a.org/docs/guide", false),
            ("https://a.org/docs/guide/", "https://a.org/docs/guides/", false),
            ("https://a.org/docs/guide/", "https://a.org/docs/guide/../other", false),
            ("https://a.org/docs/guide/", "https://a.org/?x=/docs/guide/", false),
            ("https://a.org/docs/guide", "https://a.org/docs/other", true),
            ("https://a.org", "https://a.org/anything", true),
            ("https://a.org/%7Eu/", "https://a.org/~u/x", true),
            ("https://a.org/A/", "https://a.org/a/", false),
            ("https://a.org/docs/", "https://b.org/docs/", false),
            ("https://a.org/docs/", "https://a.org:8080/docs/", false),
        ] {
            assert_eq!(covers(Scope::Prefix, seed, url), want, "{seed} {url}");
        }
    }

    #[test]
    fn a_seed_that_moves_takes_its_scope_along_and_one_that_is_sent_away_does_not() {
        for (scope, seed, place, grows) in [
            (Scope::Prefix, "https://a.org/docs/x", "https://a.org/", false),
            (Scope::Prefix, "https://a.org/docs/x", "https://a.org/login/", false),
            (Scope::Prefix, "https://a.org/docs/", "https://a.org/docs/en/", false),
            (Scope::Prefix, "http://a.org/docs/", "https://www.a.org/docs/", true),
            (Scope::Prefix, "http://a.org/docs/", "https://www.a.org/docs/en/", true),
            (Scope::Prefix, "http://a.org/docs/", "https://www.a.org/login/", false),
            (Scope::Prefix, "http://a.org/docs/", "https://b.org/", true),
            (Scope::Prefix, "http://a.org/docs/", "http://a.org:81/", true),
            (Scope::Host, "http://a.org/", "https://www.a.org/", true),
            (Scope::Host, "http://a.org/x", "http://a.org/y", false),
            (Scope::Domain, "http://a.org/x", "http://www.a.org/y", false),
            (Scope::Domain, "http://a.org/x", "http://b.org/y", true),
            (Scope::Any, "http://a.org/x", "http://b.org/y", false),
        ] {
            let (seed, place) = (Url::parse(seed).unwrap(), Url::parse(place).unwrap());
            let mut seeds = Seeds::new(scope, [&seed]);
            assert_eq!(seeds.follow(&seed, &place), grows, "{scope:?} {seed} {place}");
            assert_eq!(seeds.covers(&place), grows || scope.covers(&seed, &place));
        }
    }

    #[test]
    fn anywhere_is_the_web() {
        assert!(covers(Scope::Any, "https://a.org/", "http://b.net:81/"));
        assert!(!covers(Scope::Any, "https://a.org/", "mailto:a@b.org"));
        let url = Url::parse("https://a.org/").unwrap();
        assert!(Seeds::new(Scope::Any, []).covers(&url) && !Seeds::new(Scope::Host, []).covers(&url));
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        let seed = Url::parse("https://a.org/docs/").unwrap();
        let told = |scope, url: &str| Seeds::new(scope, [&seed]).refusal(&Url::parse(url).unwrap());
        assert_eq!(told(Scope::Host, "http://a.org/"), None);
        let want = "`www.a.org` is out of scope (host): no seed has its host and port";
        assert_eq!(told(Scope::Host, "http://u:secret@www.a.org/").as_deref(), Some(want));
        let want = "`a.org` is out of scope (prefix): no seed has a folder that it is in";
        assert_eq!(told(Scope::Prefix, "http://a.org/x").as_deref(), Some(want));
        assert_eq!(told(Scope::Any, "tel:1").as_deref(), Some("scheme `tel` is not crawled"));
    }

    #[test]
    fn many_seeds_are_as_quick_as_one() {
        let seeds: Vec<_> = (0..100_000).map(|n| Url::parse(&format!("https://h{n}.org/{n}/a")).unwrap()).collect();
        for scope in [Scope::Host, Scope::Domain, Scope::Prefix] {
            let seeds = Seeds::new(scope, &seeds);
            let deep = Url::parse(&format!("https://h7.org/7/{}", "x/".repeat(8_000))).unwrap();
            let other = Url::parse(&format!("https://h7.net/{}", "x/".repeat(8_000))).unwrap();
            let start = std::time::Instant::now();
            for _ in 0..100 {
                assert!(seeds.covers(&deep) && !seeds.covers(&other));
            }
            assert!(start.elapsed() < std::time::Duration::from_secs(2), "{scope:?} {:?}", start.elapsed());
        }
    }
}
