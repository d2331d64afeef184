//! Proxies: those that flags and environment name, and the pool where there are several.
//!
//! What a pool decides is [`policy::proxy_pool`](crate::policy::proxy_pool)'s; here its choices meet
//! clients, and failures are told to it. Must not know how an exchange is made.

use std::{
    ffi::OsString,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use hyper_util::client::proxy::matcher::Matcher;

use super::{
    ClientError,
    route::{Maker, Route, Via},
};
use crate::{
    model::{Code, Failure},
    policy::proxy_pool::{Health, MOST, Pick, Pool},
    settings::{ProxyUrl, Transport},
};

/// Everything through this proxy.
pub(super) fn all_through(proxy: &ProxyUrl) -> Result<reqwest::Proxy, ClientError> {
    let bad = |_| ClientError::Proxy("not a proxy URL; write http://HOST:PORT or socks5://HOST:PORT".into());
    reqwest::Proxy::all(proxy.secret()).map_err(bad)
}

/// The proxy that was asked for; those of the environment are the library's own default, unless there
/// is a `--no-proxy` that it does not know of.
pub(super) fn as_told(
    mut builder: reqwest::ClientBuilder,
    transport: &Transport,
) -> Result<reqwest::ClientBuilder, ClientError> {
    let exempt = || transport.no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
    match transport.proxies.first() {
        Some(proxy) => builder = builder.proxy(all_through(proxy)?.no_proxy(exempt())),
        None if transport.no_proxy.is_some() => {
            for proxy in of_environment()? {
                builder = builder.proxy(proxy.no_proxy(exempt()));
            }
        }
        None => {}
    }
    Ok(if is_for_all(transport) { builder.no_proxy() } else { builder })
}

fn of_environment() -> Result<Vec<reqwest::Proxy>, ClientError> {
    let bad = |_| ClientError::Proxy("not a proxy URL; write http://HOST:PORT or socks5://HOST:PORT".into());
    let from =
        |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty());
    let mut list = Vec::new();
    if let Some(url) = from(["https_proxy", "HTTPS_PROXY"]) {
        list.push(reqwest::Proxy::https(url.as_str()).map_err(bad)?);
    }
    if let Some(url) = from(["http_proxy", "HTTP_PROXY"]) {
        list.push(reqwest::Proxy::http(url.as_str()).map_err(bad)?);
    }
    if let Some(url) = from(["all_proxy", "ALL_PROXY"]) {
        list.push(reqwest::Proxy::all(url.as_str()).map_err(bad)?);
    }
    Ok(list)
}

/// Whether nothing goes through a proxy.
fn is_for_all(transport: &Transport) -> bool {
    transport.no_proxy.as_deref().is_some_and(|list| list.trim() == "*")
}

/// The same choice once more, to tell a proxy's failures from a host's; `None` where there is no proxy.
pub(super) fn matcher(transport: &Transport) -> Option<Matcher> {
    match transport.proxies.first() {
        _ if is_for_all(transport) => None,
        Some(proxy) => {
            let builder = Matcher::builder().all(proxy.secret().to_owned());
            Some(builder.no(transport.no_proxy.clone().unwrap_or_default()).build())
        }
        None => names_one(|name| std::env::var_os(name)).then(Matcher::from_env),
    }
}

/// Whether the environment names a proxy for anything.
fn names_one(var: impl Fn(&str) -> Option<OsString>) -> bool {
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    names.iter().any(|name| var(name).is_some_and(|value| !value.is_empty()))
}

/// Several proxies, each with a way of its own.
#[derive(Debug)]
pub(super) struct Proxies {
    seats: Vec<Seat>,
    maker: Arc<Maker>,
    health: Mutex<State>,
}

#[derive(Debug)]
struct Seat {
    proxy: ProxyUrl,
    /// For records.
    name: Arc<str>,
    /// Made when it is first chosen. `None` inside: it could not be made.
    route: OnceLock<Option<Route>>,
}

#[derive(Debug)]
struct State {
    pool: Pool,
    /// The last failure that was a proxy's.
    last: Option<Failure>,
}

impl Proxies {
    /// The pool of these settings; `None` if there are not at least two.
    pub fn new(transport: &Transport, maker: &Arc<Maker>) -> Result<Option<Self>, ClientError> {
        let mut seats: Vec<Seat> = Vec::new();
        for proxy in &transport.proxies {
            if seats.iter().any(|seat| seat.proxy == *proxy) {
                continue;
            }
            all_through(proxy)?;
            let name = proxy.to_string().into();
            seats.push(Seat { proxy: proxy.clone(), name, route: OnceLock::new() });
        }
        if seats.len() > MOST {
            return Err(ClientError::Proxy(format!("{} proxies, and at most {MOST} can be used", seats.len())));
        }
        let pool = Pool::new(seats.iter().map(|seat| seat.proxy.secret()));
        let health = Mutex::new(State { pool, last: None });
        Ok((seats.len() > 1).then(|| Proxies { seats, maker: Arc::clone(maker), health }))
    }

    /// A proxy for this host beyond those tried.
    pub fn choose(&self, host: &str, tried: &[Pick]) -> Option<Pick> {
        self.state().pool.choose(host, tried, Instant::now())
    }

    /// The way through a proxy, and its name without credentials.
    pub fn route(&self, pick: Pick) -> Option<(&Route, &Arc<str>)> {
        let seat = self.seats.get(pick.proxy)?;
        let make = || Route::new(Via::Proxy(seat.proxy.clone()), &self.maker).ok();
        seat.route.get_or_init(make).as_ref().map(|route| (route, &seat.name))
    }

    /// How it went; `failure` is the one that speaks against the proxy.
    pub fn report(&self, pick: Pick, health: Health, failure: Option<&Failure>) {
        let mut state = self.state();
        state.pool.report(pick, health, Instant::now());
        if let (Health::Broken, Some(failure)) = (health, failure) {
            state.last = Some(failure.clone());
        }
    }

    /// The failure where no proxy is left to be asked.
    pub fn all_rest(&self) -> Failure {
        let all = self.seats.len();
        match &self.state().last {
            Some(last) => {
                Failure::new(last.code, format!("all {all} proxies rest after failures, the last: {}", last.message))
            }
            None => Failure::new(Code::ProxyConnect, format!("none of {all} proxies can be used")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_names_a_proxy_no_url_is_looked_at() {
        let set = |name: &'static str, value: &'static str| move |asked: &str| (asked == name).then(|| value.into());
        assert!(names_one(set("ALL_PROXY", "http://p:1")) && names_one(set("https_proxy", "p")));
        assert!(!names_one(set("http_proxy", "")) && !names_one(set("NO_PROXY", "h")));
        let none = Transport { no_proxy: Some("*".into()), ..Transport::default() };
        assert!(matcher(&none).is_none());
    }
}
