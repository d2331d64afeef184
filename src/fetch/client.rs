//! The real client: reqwest with its own redirects, retries and decoding turned off.
//!
//! One HTTP client for the run (two when there is a client certificate, which must not go along
//! across origins; and once more with room for more fields where a server sends that many). Must not know more than one exchange.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderValue, Uri, header};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::{
    ClientError, Wire, body,
    body::Bounds,
    classify::{self, Context},
    connect::{Marks, Resolver},
    cookies::Jar,
    probe::{Probe, Reached},
    room::Room,
    tls,
};
use crate::{
    model::{Ask, Code, Exchange, Failure, Head, exchange::Phases, exchange::Tls},
    policy::{address::is_private, retry::is_idempotent},
    settings::{Cookies, HttpVersions, PrivateIps, Settings, Transport, Verify},
};

/// Fields in a response head at most. The HTTP library has room for 100 at no cost; to look out for
/// this many it fills two tables for each response, which is 8 % of what a small request costs. So
/// this client is made only when a head was met that is too long for the other, or for requests
/// that must not be sent twice.
const HEAD_FIELDS: usize = 1_000;
/// Bytes in a response head at most.
const HEAD_BYTES: u32 = 256 * 1024;
/// Dead connections that one request may meet in the pool.
const RACES: usize = 8;
/// How long an idle connection is kept when nothing else is said: long enough for the next
/// request of a paced host, short enough not to pile up over thousands of hosts.
const IDLE: Duration = Duration::from_secs(20);

/// The real client.
#[derive(Debug)]
pub struct Client {
    usual: Pair,
    /// The same with room for [`HEAD_FIELDS`]; once there is one, it is used for everything.
    roomy: OnceLock<Pair>,
    settings: Settings,
    jar: Option<Jar>,
    proxies: Matcher,
    verify: Verify,
    private_ips: PrivateIps,
    resolver: Resolver,
    room: Arc<Room>,
}

impl Client {
    /// A client for these settings; nothing is sent.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let transport = &settings.transport;
        let resolver = Resolver::new(transport);
        Ok(Client {
            usual: Pair::new(settings, &resolver, None)?,
            roomy: OnceLock::new(),
            settings: settings.clone(),
            jar: (transport.cookies == Cookies::On).then(Jar::default),
            proxies: proxy_matcher(transport),
            verify: transport.verify,
            private_ips: transport.private_ips,
            resolver,
            room: Room::new(settings.limits.body_budget),
        })
    }
}

/// The clients for the origin that was asked for and for others.
#[derive(Clone, Debug)]
struct Pair {
    home: reqwest::Client,
    /// Without the client certificate, where there is one.
    foreign: Option<reqwest::Client>,
}

impl Pair {
    fn new(settings: &Settings, resolver: &Resolver, fields: Option<usize>) -> Result<Self, ClientError> {
        let identity = settings.transport.identity_pem.as_ref();
        let build = |with_identity| build(settings, resolver, with_identity, fields);
        Ok(Pair { home: build(true)?, foreign: identity.map(|_| build(false)).transpose()? })
    }

    fn of(&self, ask: &Ask) -> &reqwest::Client {
        self.foreign.as_ref().filter(|_| ask.off_origin).unwrap_or(&self.home)
    }
}

fn build(
    settings: &Settings,
    resolver: &Resolver,
    with_identity: bool,
    fields: Option<usize>,
) -> Result<reqwest::Client, ClientError> {
    let transport = &settings.transport;
    let idle = transport.idle_per_host.unwrap_or(settings.limits.in_flight.get());
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tls_backend_preconfigured(tls::config(transport, with_identity)?)
        .tls_info(settings.pages.with.tls)
        .dns_resolver(Arc::new(resolver.clone()))
        .connector_layer(Marks)
        .connect_timeout(settings.times.connect)
        .pool_max_idle_per_host(idle)
        .pool_idle_timeout(transport.idle_timeout.unwrap_or(IDLE))
        .http2_max_header_list_size(HEAD_BYTES)
        .referer(false);
    if let Some(fields) = fields {
        builder = builder.http1_max_headers(fields);
    }
    builder = match transport.http {
        HttpVersions::Auto => builder,
        HttpVersions::Http1 => builder.http1_only(),
        HttpVersions::Http2 => builder.http2_prior_knowledge(),
    };
    builder = match transport.family {
        crate::settings::Family::Any => builder,
        crate::settings::Family::V4 => builder.local_address(std::net::IpAddr::from([0, 0, 0, 0])),
        crate::settings::Family::V6 => builder.local_address(std::net::IpAddr::from([0_u16; 8])),
    };
    for proxy in proxies(transport)? {
        builder = builder.proxy(proxy);
    }
    if transport.no_proxy.as_deref().is_some_and(|list| list.trim() == "*") {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| ClientError::Tls(error.without_url().to_string()))
}

/// The proxies that were asked for; those of the environment are the library's own default,
/// unless there is a `--no-proxy` that it does not know of.
fn proxies(transport: &Transport) -> Result<Vec<reqwest::Proxy>, ClientError> {
    let exempt = || transport.no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
    let bad = |_| ClientError::Proxy("not a proxy URL; write http://HOST:PORT or socks5://HOST:PORT".into());
    if let Some(url) = &transport.proxy {
        return Ok(vec![reqwest::Proxy::all(url.as_str()).map_err(bad)?.no_proxy(exempt())]);
    }
    if transport.no_proxy.is_none() {
        return Ok(Vec::new());
    }
    let from =
        |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty());
    let mut list = Vec::new();
    if let Some(url) = from(["https_proxy", "HTTPS_PROXY"]) {
        list.push(reqwest::Proxy::https(url.as_str()).map_err(bad)?.no_proxy(exempt()));
    }
    if let Some(url) = from(["http_proxy", "HTTP_PROXY"]) {
        list.push(reqwest::Proxy::http(url.as_str()).map_err(bad)?.no_proxy(exempt()));
    }
    if let Some(url) = from(["all_proxy", "ALL_PROXY"]) {
        list.push(reqwest::Proxy::all(url.as_str()).map_err(bad)?.no_proxy(exempt()));
    }
    Ok(list)
}

/// The same choice once more, to tell a proxy's failures from a host's.
fn proxy_matcher(transport: &Transport) -> Matcher {
    match &transport.proxy {
        Some(url) => {
            let builder = Matcher::builder().all(url.clone());
            builder.no(transport.no_proxy.clone().unwrap_or_default()).build()
        }
        None if transport.no_proxy.as_deref().is_some_and(|list| list.trim() == "*") => Matcher::builder().build(),
        None => Matcher::from_env(),
    }
}

impl Wire for Client {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let started = SystemTime::now();
        if let Some(failure) = self.forbidden(&ask.url).await {
            return Exchange::failed(started, failure);
        }
        // A pooled connection may be closed by the server at the very moment it is used (hyper
        // #2136): that says nothing about the request, so it is repeated unseen, within its time.
        let end = Instant::now() + ask.patience.total;
        for _ in 0..RACES {
            match self.once(&ask, started, end).await {
                (exchange, Race::None) => return exchange,
                (_, Race::Lost) => {}
                (_, Race::Crowded) => _ = self.roomy(),
            }
        }
        self.once(&ask, started, end).await.0
    }
}

/// Whether a request is to be repeated unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Race {
    None,
    /// It met a pooled connection that was just being closed.
    Lost,
    /// The response head has more fields than the usual client takes.
    Crowded,
}

impl Client {
    /// Addresses written as such never reach the resolver, and neither do names that a proxy looks
    /// up: they are judged here, the latter by what they mean to this machine.
    async fn forbidden(&self, url: &Url) -> Option<Failure> {
        if self.private_ips == PrivateIps::Allow {
            return None;
        }
        let ip = match url.host()? {
            Host::Ipv4(ip) => ip.into(),
            Host::Ipv6(ip) => ip.into(),
            Host::Domain(name) if self.is_proxied(url) => return self.resolver.judge(name).await.err(),
            Host::Domain(_) => return None,
        };
        is_private(ip).then(|| Failure::new(Code::BlockedPrivateAddress, format!("{ip} is a private address")))
    }

    async fn once(&self, ask: &Ask, started: SystemTime, end: Instant) -> (Exchange, Race) {
        let probe = Probe::new(ask.url.port_or_known_default().unwrap_or(80));
        let request = self.request(ask);
        let may_repeat = is_idempotent(&ask.method);
        let roomy = if may_repeat { self.roomy.get() } else { Some(self.roomy()) };
        let client = roomy.unwrap_or(&self.usual).of(ask);
        let begun = Instant::now();
        let head_by = ask.patience.headers.map_or(end, |limit| (begun + limit).min(end));
        let answer = timeout_at(head_by, Arc::clone(&probe).around(client.execute(request))).await;
        let head_at = probe.start().elapsed();
        let context = || Context { reached: probe.reached(), via_proxy: self.is_proxied(&ask.url) };
        let mut race = Race::None;
        let failure = match answer {
            Ok(Ok(response)) => {
                return (self.with_body(response, ask, started, end, &probe, head_at).await, Race::None);
            }
            Ok(Err(error)) => {
                let reused = probe.reached() == Reached::Reused;
                if may_repeat && reused && classify::is_stale_connection(&error) {
                    race = Race::Lost;
                } else if roomy.is_none() && classify::is_head_too_large(&error) {
                    race = Race::Crowded;
                }
                classify::before_head(error, context())
            }
            Err(_) => self.no_head(context(), head_by < end),
        };
        let mut exchange = Exchange::failed(started, failure);
        exchange.phases = phases(&probe, None);
        exchange.tls = self.tls(ask, None);
        (exchange, race)
    }

    /// Made at need. What worked once for the usual client works again; if not, that one stays.
    fn roomy(&self) -> &Pair {
        let make = || Pair::new(&self.settings, &self.resolver, Some(HEAD_FIELDS));
        self.roomy.get_or_init(|| make().unwrap_or_else(|_| self.usual.clone()))
    }

    fn no_head(&self, context: Context, by_headers_limit: bool) -> Failure {
        match context.reached {
            Reached::Dns | Reached::Connecting => classify::connect_timeout(context),
            _ if by_headers_limit => Failure::new(Code::TimeoutHeaders, "no response head in time"),
            _ => body::total_timeout(),
        }
    }

    fn request(&self, ask: &Ask) -> reqwest::Request {
        let mut request = reqwest::Request::new(ask.method.clone(), Url::clone(&ask.url));
        *request.headers_mut() = HeaderMap::clone(&ask.headers);
        if let Some(body) = &ask.body {
            *request.body_mut() = Some(body.clone().into());
        }
        if let Some(cookies) = self.jar.as_ref().and_then(|jar| jar.field_for(&ask.url)) {
            request.headers_mut().entry(header::COOKIE).or_insert(cookies);
        }
        if ask.close {
            request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        request.headers_mut().entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        request
    }

    async fn with_body(
        &self,
        mut response: reqwest::Response,
        ask: &Ask,
        started: SystemTime,
        end: Instant,
        probe: &Probe,
        head_at: Duration,
    ) -> Exchange {
        let head = Head {
            status: response.status().as_u16(),
            version: response.version(),
            headers: std::mem::take(response.headers_mut()),
        };
        if let Some(jar) = &self.jar {
            jar.keep(&ask.url, &head.headers);
        }
        let peer = response.remote_addr().map(|address| address.ip());
        let tls = self.tls(ask, response.extensions().get::<reqwest::tls::TlsInfo>());
        let bounds = Bounds { end, silence: ask.patience.read, most: ask.max_body, keep: ask.keep, digest: ask.digest };
        let oversized = head_size(&head) > HEAD_BYTES as usize;
        let read = if !oversized && !body::is_wanted(&head.headers, ask) {
            // The connection goes with the response.
            Ok(None)
        } else if oversized {
            Err(Failure::new(Code::ProtocolHeadersTooLarge, "the response head is larger than 256 KiB"))
        } else {
            body::read(response, &head.headers, bounds, &self.room).await.map(Some)
        };
        let (body, failure) = match read {
            Ok(body) => (body, None),
            Err(failure) => (None, Some(failure)),
        };
        Exchange { started, phases: phases(probe, Some(head_at)), peer, tls, head: Some(head), body, failure }
    }

    fn tls(&self, ask: &Ask, info: Option<&reqwest::tls::TlsInfo>) -> Option<Tls> {
        if ask.url.scheme() != "https" {
            return None;
        }
        let version = info.and_then(reqwest::tls::TlsInfo::version).and_then(|version| match version {
            reqwest::tls::Version::TLS_1_2 => Some("1.2"),
            reqwest::tls::Version::TLS_1_3 => Some("1.3"),
            _ => None,
        });
        let leaf = info.and_then(|info| info.peer_certificate()).map(bytes::Bytes::copy_from_slice);
        Some(Tls { version, verified: self.verify == Verify::Full, leaf })
    }

    fn is_proxied(&self, url: &Url) -> bool {
        url.as_str().parse::<Uri>().is_ok_and(|uri| self.proxies.intercept(&uri).is_some())
    }
}

fn head_size(head: &Head) -> usize {
    head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// The phases up to now; the parts add up to the total, to the microsecond in which they are
/// reported.
fn phases(probe: &Probe, head_at: Option<Duration>) -> Phases {
    let micro = |time: Duration| Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let total = micro(probe.start().elapsed());
    let connecting = head_at.is_none() && matches!(probe.reached(), Reached::Dns | Reached::Connecting);
    let (dns, connect, tls) = if connecting { probe.phases_until(total) } else { probe.phases() };
    let [dns, connect, tls] = [dns, connect, tls].map(|phase| phase.map(micro));
    let before: Duration = [dns, connect, tls].into_iter().flatten().sum();
    let Some(head_at) = head_at.map(micro) else {
        let wait = (!connecting).then(|| total.saturating_sub(before));
        return Phases { dns, connect, tls, wait, receive: None, total: before + wait.unwrap_or_default() };
    };
    let wait = head_at.saturating_sub(before);
    let receive = total.saturating_sub(before + wait);
    Phases { dns, connect, tls, wait: Some(wait), receive: Some(receive), total: before + wait + receive }
}
