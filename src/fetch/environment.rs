//! Proxies that the environment names, read by the rules of the HTTP library, which are curl's but for one: it
//! reads `HTTP_PROXY` in capitals too, unless this is a CGI program, where a client could set that variable.
//!
//! The library passes over what it cannot read, and requests would go around the proxy that somebody wanted: here
//! that is an error. Must not know how a proxy is used.

use std::ffi::OsString;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::ClientError;
use crate::settings::ProxyUrl;

/// What the variables say; of two spellings the capital one goes first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub http: Option<ProxyUrl>,
    pub https: Option<ProxyUrl>,
    /// For what has none of its own.
    pub all: Option<ProxyUrl>,
    /// Hosts that go around them.
    pub no: String,
}

/// A variable that names something, and what it says.
type Named = Option<(&'static str, OsString)>;

impl Environment {
    /// As it is.
    ///
    /// # Errors
    /// A variable that counts and names no proxy.
    pub fn read() -> Result<Self, ClientError> {
        Environment::of(std::env::var_os)
    }

    fn of(var: impl Fn(&'static str) -> Option<OsString>) -> Result<Self, ClientError> {
        let first = |names: [&'static str; 2]| -> Named {
            let set = names.into_iter().find_map(|name| Some((name, var(name)?)))?;
            Some(set).filter(|(_, value)| !value.is_empty())
        };
        let no = first(["NO_PROXY", "no_proxy"]).map(|(_, list)| list.to_string_lossy().into_owned());
        let no = no.unwrap_or_default();
        if var("REQUEST_METHOD").is_some() {
            return Ok(Environment::default());
        }
        let http = proxy(first(["HTTP_PROXY", "http_proxy"]))?;
        let https = proxy(first(["HTTPS_PROXY", "https_proxy"]))?;
        // Where both have their own, nobody asks for it.
        let is_asked = http.is_none() || https.is_none();
        let all = if is_asked { proxy(first(["ALL_PROXY", "all_proxy"]))? } else { None };
        Ok(Environment { http, https, all, no })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.each().next().is_none()
    }

    /// All of them.
    pub fn each(&self) -> impl Iterator<Item = &ProxyUrl> {
        [&self.http, &self.https, &self.all].into_iter().flatten()
    }

    /// Says which proxy a URL takes; `no` instead of the environment's own list, if there is one.
    pub fn matcher(&self, no: Option<&str>) -> Matcher {
        let text = |proxy: &Option<ProxyUrl>| proxy.as_ref().map(|proxy| proxy.secret().to_owned()).unwrap_or_default();
        let builder = Matcher::builder().http(text(&self.http)).https(text(&self.https)).all(text(&self.all));
        builder.no(no.unwrap_or(&self.no).to_owned()).build()
    }
}

/// Whether every proxy that the environment names can be used.
///
/// # Errors
/// The first variable that names none, without its value.
pub fn check_environment() -> Result<(), ClientError> {
    Environment::read().map(drop)
}

fn proxy(named: Named) -> Result<Option<ProxyUrl>, ClientError> {
    let Some((variable, value)) = named else { return Ok(None) };
    let bad = |problem| ClientError::Variable { variable, problem };
    let text = value.to_str().ok_or(bad("not UTF-8"))?;
    let proxy = ProxyUrl::of_variable(text).map_err(bad)?;
    // The library has the last word, since it is what would pass over it.
    let is_read = Matcher::builder().all(text.to_owned()).build().intercept(&Uri::from_static("http://h/")).is_some();
    if is_read { Ok(Some(proxy)) } else { Err(bad(ProxyUrl::WRONG)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&'static str, &str)]) -> Result<Environment, String> {
        let var = |asked: &str| set.iter().find(|(name, _)| *name == asked).map(|(_, value)| value.into());
        Environment::of(var).map_err(|error| error.to_string())
    }

    fn shown(proxy: Option<ProxyUrl>) -> String {
        proxy.map(|proxy| proxy.to_string()).unwrap_or_default()
    }

    #[test]
    fn capitals_go_first_and_an_empty_variable_is_none() {
        let all = of(&[("HTTP_PROXY", "p:1"), ("http_proxy", "http://q:2"), ("all_proxy", "socks4://h")]).unwrap();
        assert_eq!(
            (shown(all.http), shown(all.https), shown(all.all)),
            ("http://p:1".into(), "".into(), "socks4://h".into())
        );
        assert!(of(&[("HTTP_PROXY", ""), ("http_proxy", "http://q:2"), ("NO_PROXY", "h")]).unwrap().is_empty());
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_told_by_its_name_and_never_by_its_value() {
        for value in [
            "socks9://me:canary@h:1",
            "http//canary:1",
            " http://me:canary@h:1",
            "http://me:canary@h:1\n",
            "   ",
            "http://canary:99999",
            "http://me:ca/nary@h:1",
            "http://me:ca nary@h:1",
            "http://",
            "canary h",
            "http://me:canary@[",
        ] {
            for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                let told = of(&[(name, value)]).expect_err(value);
                assert!(told.starts_with(&format!("{name}: ")) && !told.contains("nary"), "{value:?}: {told}");
            }
        }
    }

    #[test]
    fn what_nobody_asks_for_is_not_looked_at() {
        assert!(of(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "socks9://h")]).unwrap().is_empty());
        assert!(of(&[("http_proxy", "p:1"), ("https_proxy", "p:1"), ("all_proxy", "socks9://h")]).is_ok());
        assert!(of(&[("http_proxy", "p:1"), ("all_proxy", "socks9://h")]).is_err());
    }

    #[test]
    fn each_scheme_takes_its_own_proxy_around_the_hosts_that_are_named() {
        let all = of(&[("http_proxy", "p:1"), ("all_proxy", "https://q:2"), ("no_proxy", "here")]).unwrap();
        let via = |no: Option<&str>, url: &'static str| {
            all.matcher(no).intercept(&Uri::from_static(url)).map(|via| via.uri().to_string())
        };
        assert_eq!(via(None, "http://h/").as_deref(), Some("http://p:1/"));
        assert_eq!(via(None, "https://h/").as_deref(), Some("https://q:2/"));
        assert_eq!((via(None, "http://here/"), via(Some("h"), "http://h/")), (None, None));
        assert!(via(Some("h"), "http://here/").is_some());
    }
}
