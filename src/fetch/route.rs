//! The HTTP clients: how they are made, and the ways that lead to a server.
//!
//! Each way has connections of its own, because the HTTP library keeps connections by server and not by
//! the proxy that they go through. Must not know which way a request takes.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    ClientError,
    connect::{Marks, Resolver},
    proxies, tls,
};
use crate::{
    model::{Ask, capture::Raw},
    settings::{Family, HttpVersions, ProxyUrl, Settings, Times},
};

/// Fields in a response head at most. The HTTP library has room for 100 at no cost; to look out for
/// this many it fills two tables for each response, which is 8 % of what a small request costs. So
/// this client is made only when a head was met that is too long for the other, or for requests
/// that must not be sent twice.
const HEAD_FIELDS: usize = 1_000;
/// Bytes in a response head at most.
pub(super) const HEAD_BYTES: u32 = 256 * 1024;
/// How long an idle connection is kept when nothing else is said: long enough for the next
/// request of a paced host, short enough not to pile up over thousands of hosts.
pub(super) const IDLE: Duration = Duration::from_secs(20);

/// The same where one request may take longer.
const DEAF: Duration = Duration::from_secs(60);

/// What a PING is waited for at least: a run with little time for a request says nothing of how far a server is.
/// Not more, since a flood goes on until then behind a request that was given up.
const PONG: Duration = Duration::from_secs(1);

/// Which proxy a way leads through.
#[derive(Clone, Debug)]
pub(super) enum Via {
    /// As settings and environment say, URL by URL.
    Told,
    /// None.
    Direct,
    /// This one.
    Proxy(ProxyUrl),
}

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Usual,
    /// With room for [`HEAD_FIELDS`].
    Roomy,
    /// The same, with a new connection for each request.
    Single,
}

/// What clients are made from; trust in certificates is read once for all of them.
#[derive(Debug)]
pub(super) struct Maker {
    settings: Settings,
    resolver: Resolver,
    tls: tls::Configs,
}

impl Maker {
    pub fn new(settings: &Settings, resolver: &Resolver) -> Result<Self, ClientError> {
        let tls = tls::Configs::new(&settings.transport)?;
        Ok(Maker { settings: settings.clone(), resolver: resolver.clone(), tls })
    }

    fn pair(&self, via: &Via, kind: Kind) -> Result<Pair, ClientError> {
        let (home, foreign) = self.tls.fresh();
        let build = |tls| self.build(via, tls, kind);
        Ok(Pair { home: build(home)?, foreign: foreign.map(build).transpose()? })
    }

    fn build(&self, via: &Via, tls: tls::Config, kind: Kind) -> Result<reqwest::Client, ClientError> {
        let (settings, transport) = (&self.settings, &self.settings.transport);
        let idle = match kind {
            Kind::Single => 0,
            Kind::Usual | Kind::Roomy => transport.idle_per_host.unwrap_or(settings.limits.in_flight.get()),
        };
        let deaf = deaf(&settings.times);
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tls_backend_preconfigured(tls)
            .tls_info(settings.pages.with.tls || settings.pages.raw == Raw::Keep)
            .dns_resolver(Arc::new(self.resolver.clone()))
            .connector_layer(Marks)
            .connect_timeout(settings.times.connect)
            .pool_max_idle_per_host(idle)
            .pool_idle_timeout(transport.idle_timeout.unwrap_or(IDLE))
            .http2_max_header_list_size(HEAD_BYTES)
            .http2_keep_alive_interval(deaf / 2)
            .http2_keep_alive_timeout(pong(deaf))
            // A fold is a blank to whoever is no proxy (RFC 9112, section 5.2), and some servers fold.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .referer(false);
        if kind != Kind::Usual {
            builder = builder.http1_max_headers(HEAD_FIELDS);
        }
        builder = match transport.http {
            HttpVersions::Auto => builder,
            HttpVersions::Http1 => builder.http1_only(),
            HttpVersions::Http2 => builder.http2_prior_knowledge(),
        };
        builder = match transport.family {
            Family::Any => builder,
            Family::V4 => builder.local_address(IpAddr::from(Ipv4Addr::UNSPECIFIED)),
            Family::V6 => builder.local_address(IpAddr::from(Ipv6Addr::UNSPECIFIED)),
        };
        builder = match via {
            Via::Told => proxies::as_told(builder, transport)?,
            Via::Direct => builder.no_proxy(),
            Via::Proxy(proxy) => builder.proxy(proxies::all_through(proxy)?),
        };
        builder.build().map_err(|error| ClientError::Tls(error.without_url().to_string()))
    }
}

/// How long a connection of HTTP/2 on which requests wait may keep silent before it is as good as dead, less
/// a tenth: no longer than it takes to give up one request, but see [`PONG`]. Those behind it would wait in
/// vain too, and the HTTP library has no other way to tell that such a connection is dead.
fn deaf(times: &Times) -> Duration {
    times.headers.unwrap_or(times.attempt).min(times.attempt).min(DEAF)
}

/// How long the answer to a PING may take.
fn pong(deaf: Duration) -> Duration {
    deaf.mul_f64(0.6).max(PONG)
}

/// The clients for the origins that the user named and for others.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    home: reqwest::Client,
    /// Without the client certificate, where there is one.
    foreign: Option<reqwest::Client>,
}

impl Pair {
    pub fn of(&self, ask: &Ask) -> &reqwest::Client {
        self.foreign.as_ref().filter(|_| ask.off_origin || !ask.named).unwrap_or(&self.home)
    }
}

/// A way to servers.
#[derive(Debug)]
pub(super) struct Route {
    via: Via,
    maker: Arc<Maker>,
    usual: Pair,
    /// The same with room for [`HEAD_FIELDS`]; once there is one, it is used for everything.
    roomy: OnceLock<Pair>,
    /// For hosts of which nobody can say where on a connection an answer ends.
    single: OnceLock<Pair>,
}

impl Route {
    pub fn new(via: Via, maker: &Arc<Maker>) -> Result<Self, ClientError> {
        let usual = maker.pair(&via, Kind::Usual)?;
        let route = Route { via, maker: Arc::clone(maker), usual, roomy: OnceLock::new(), single: OnceLock::new() };
        // Finding out that a head needs room takes a request that no rate knows of.
        if maker.settings.limits.has_rates() {
            route.roomy();
        }
        Ok(route)
    }

    pub fn usual(&self) -> &Pair {
        &self.usual
    }

    /// The roomy clients, if there are any by now.
    pub fn roomy_if_made(&self) -> Option<&Pair> {
        self.roomy.get()
    }

    /// Made at need. What worked once for the usual client works again; if not, that one stays.
    pub fn roomy(&self) -> &Pair {
        let make = || self.maker.pair(&self.via, Kind::Roomy);
        self.roomy.get_or_init(|| make().unwrap_or_else(|_| self.usual.clone()))
    }

    /// The clients that use no connection twice, made at need.
    pub fn single(&self) -> &Pair {
        let make = || self.maker.pair(&self.via, Kind::Single);
        self.single.get_or_init(|| make().unwrap_or_else(|_| self.usual.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_not_called_dead_because_requests_have_little_time() {
        let ms = Duration::from_millis;
        let times = |attempt| Times { attempt: ms(attempt), headers: None, ..Times::default() };
        for (attempt, most) in [(100, 1_000), (1_000, 1_000), (10_000, 6_000), (50_000, 30_000), (600_000, 36_000)] {
            assert_eq!(pong(deaf(&times(attempt))), ms(most), "{attempt} ms");
        }
    }
}
