//! Which origins the user has named. Must not know what they get for it.

use std::collections::HashSet;

use url::{Origin, Url};

/// Which origins the user has named. A list names all that are in it; a crawl and a check go where strangers'
/// links lead, and strangers are told nothing of the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Named {
    /// Every URL that is asked for was named.
    #[default]
    All,
    /// These origins, and no other.
    Only(HashSet<Origin>),
}

impl Named {
    /// The origins of these.
    pub fn of<'a>(urls: impl IntoIterator<Item = &'a Url>) -> Self {
        Named::Only(urls.into_iter().map(Url::origin).collect())
    }

    /// Whether what the user gave for everybody is for this URL.
    pub fn has(&self, url: &Url) -> bool {
        match self {
            Named::All => true,
            Named::Only(origins) => origins.contains(&url.origin()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_a_path_below_it_belongs_to_it() {
        let url = |text: &str| Url::parse(text).unwrap();
        let named = Named::of(&[url("https://a.org/"), url("http://b.org:81/x")]);
        assert!(named.has(&url("https://A.org:443/y")) && named.has(&url("http://u:p@b.org:81/")));
        for stranger in ["http://a.org/", "https://b.org:81/", "http://b.org/", "https://x.a.org/", "https://a.org./"] {
            assert!(!named.has(&url(stranger)) && Named::All.has(&url(stranger)), "{stranger}");
        }
        assert!(!Named::of([]).has(&url("http://h/")));
    }
}
