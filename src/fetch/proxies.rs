//! Proxies: those that flags and environment name, and the pool where there are several.
//!
//! What a pool decides is [`policy::proxy_pool`](crate::policy::proxy_pool)'s; here its choices meet
//! clients, and failures are told to it. Must not know how an exchange is made.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use hyper_util::client::proxy::matcher::Matcher;

use super::{
    ClientError,
    environment::Environment,
    route::{Maker, Route, Via},
};
use crate::{
    model::{Code, Failure},
    policy::proxy_pool::{Health, MOST, Pick, Pool},
    settings::{ProxyUrl, Transport},
};

/// Everything through this proxy.
pub(super) fn all_through(proxy: &ProxyUrl) -> Result<reqwest::Proxy, ClientError> {
    let bad = |_| ClientError::Proxy(ProxyUrl::WRONG.into());
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
        None if is_for_all(transport) => {}
        None => {
            let told = Environment::read()?;
            if transport.no_proxy.is_some() {
                builder = of_environment(builder, &told, exempt)?;
            }
        }
    }
    Ok(if is_for_all(transport) { builder.no_proxy() } else { builder })
}

fn of_environment(
    mut builder: reqwest::ClientBuilder,
    told: &Environment,
    exempt: impl Fn() -> Option<reqwest::NoProxy>,
) -> Result<reqwest::ClientBuilder, ClientError> {
    let bad = |_| ClientError::Proxy(ProxyUrl::WRONG.into());
    let of = |proxy: &Option<ProxyUrl>, make: fn(String) -> reqwest::Result<reqwest::Proxy>| {
        proxy.as_ref().map(|proxy| make(proxy.secret().to_owned()).map_err(bad)).transpose()
    };
    let all = [of(&told.https, reqwest::Proxy::https)?, of(&told.http, reqwest::Proxy::http)?];
    for proxy in all.into_iter().chain([of(&told.all, reqwest::Proxy::all)?]).flatten() {
        builder = builder.proxy(proxy.no_proxy(exempt()));
    }
    Ok(builder)
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
        None => {
            let told = Environment::read().unwrap_or_default();
            (!told.is_empty()).then(|| told.matcher(transport.no_proxy.as_deref()))
        }
    }
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
    fn where_nothing_is_to_go_through_a_proxy_no_url_is_looked_at() {
        let none = Transport { no_proxy: Some("*".into()), ..Transport::default() };
        assert!(matcher(&none).is_none());
    }
}
