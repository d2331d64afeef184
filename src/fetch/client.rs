//! The real client: reqwest with its own redirects, retries and decoding turned off.
//!
//! One HTTP client for the run, or one for each proxy of a pool (two when there is a client certificate,
//! which must not go along across origins; and once more with room for more fields where a server sends
//! that many). Must not know more than one exchange.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::{
    ClientError, Wire, body,
    body::{Bounds, Received},
    classify::{self, Context},
    connect::Resolver,
    framing, gather,
    moments::Moments,
    probe::{Probe, Reached},
    proxies::{self, Proxies},
    pulse::{self, Reach},
    race::{RACES, Race, Turn, Unseen, Whose},
    room::Room,
    route::{IDLE, Maker, Route, Via},
    saving, tape,
};
use crate::{
    cookies::CookieJar,
    files::{Files, Part},
    model::{
        Ask, Capture, Code, Digest, Exchange, Failure, Head, Keep,
        capture::{Cut, Raw},
        exchange::Phases,
        exchange::Tls,
        redact,
    },
    policy::{
        address::is_private,
        proxy_pool::{Health, Pick, TRIES},
        retry::is_idempotent,
    },
    settings::{Cookies, PrivateIps, Settings, Verify},
};

/// The real client.
#[derive(Debug)]
pub struct Client {
    /// The way of all requests, or around the proxies where there are several.
    usual: Route,
    pool: Option<Proxies>,
    jar: Option<CookieJar>,
    proxies: Option<Matcher>,
    verify: Verify,
    private_ips: PrivateIps,
    resolver: Resolver,
    room: Arc<Room>,
    /// A connection to a host came free.
    freed: Moments,
    /// A host answered so that nobody can say where on the connection its answer ends.
    doubted: Moments,
    /// How long an idle connection is kept.
    idle: Duration,
    /// Where bodies are saved, if they are.
    files: Option<Arc<Files>>,
}

impl Client {
    /// A client for these settings; nothing is sent.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let transport = &settings.transport;
        let resolver = Resolver::new(transport);
        let maker = Arc::new(Maker::new(settings, &resolver)?);
        let pool = Proxies::new(transport, &maker)?;
        let files = saving::open(settings)?;
        let via = if pool.is_some() { Via::Direct } else { Via::Told };
        Ok(Client {
            usual: Route::new(via, &maker)?,
            pool,
            jar: match &transport.cookies {
                Cookies::Off => None,
                Cookies::On => Some(CookieJar::new()),
                Cookies::Jar(jar) => Some(jar.clone()),
            },
            proxies: proxies::matcher(transport),
            verify: transport.verify,
            private_ips: transport.private_ips,
            resolver,
            room: Room::new(settings.limits.body_budget),
            freed: Moments::new(),
            doubted: Moments::new(),
            idle: transport.idle_timeout.unwrap_or(IDLE),
            files,
        })
    }

    /// The jar, if cookies are kept.
    pub fn cookies(&self) -> Option<&CookieJar> {
        self.jar.as_ref()
    }

    /// Room for bodies under way, and where they are saved, if they are.
    pub(super) fn shelves(&self) -> (Arc<Room>, Option<Arc<Files>>) {
        (Arc::clone(&self.room), self.files.clone())
    }
}

impl Wire for Client {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let started = SystemTime::now();
        if let Some(failure) = self.forbidden(&ask.url).await {
            return Exchange::failed(started, failure);
        }
        let end = Instant::now() + ask.patience.total;
        match self.pool.as_ref().filter(|_| self.is_proxied(&ask.url)) {
            Some(pool) => self.through(pool, &ask, started, end).await,
            None => self.along(&self.usual, &ask, started, end).await.0,
        }
    }
}

impl Client {
    /// Through a proxy of the pool; where that fails at its work, through another. Nothing has been sent
    /// to the server then.
    async fn through(&self, pool: &Proxies, ask: &Ask, started: SystemTime, end: Instant) -> Exchange {
        let host = ask.url.host_str().unwrap_or_default();
        let begun = Instant::now();
        let (mut tried, mut suspects) = (Vec::new(), Vec::<(Pick, Failure)>::new());
        let mut last = None;
        while tried.len() < TRIES && (tried.is_empty() || Instant::now() < end) {
            let Some(pick) = pool.choose(host, &tried) else { break };
            tried.push(pick);
            let Some((route, name)) = pool.route(pick) else {
                pool.report(pick, Health::Broken, None);
                continue;
            };
            let lost = begun.elapsed();
            let (mut exchange, gone) = self.along(route, ask, started, end).await;
            exchange.proxy = Some(Arc::clone(name));
            if tried.len() > 1 {
                exchange.phases = later(exchange.phases, lost);
            }
            match blame(&exchange, gone) {
                Blame::Proxy(failure) => pool.report(pick, Health::Broken, Some(&failure)),
                Blame::Either(failure) => suspects.push((pick, failure)),
                Blame::Nobody(health) => {
                    pool.report(pick, health, None);
                    // What another proxy could do, these could not.
                    for (pick, failure) in suspects {
                        let broken = if health == Health::Works { Health::Broken } else { Health::Unknown };
                        pool.report(pick, broken, Some(&failure));
                    }
                    return exchange;
                }
            }
            last = Some(exchange);
        }
        suspects.iter().for_each(|(pick, _)| pool.report(*pick, Health::Unknown, None));
        last.unwrap_or_else(|| Exchange::failed(started, pool.all_rest()))
    }

    /// One way. Beside what came of it: whether the proxy there was not even reached.
    async fn along(&self, route: &Route, ask: &Ask, started: SystemTime, end: Instant) -> (Exchange, bool) {
        // A pooled connection may be closed by the server at the very moment it is used (hyper
        // #2136): that says nothing about the request, so it is repeated unseen, within its time.
        let mut part = saving::earlier(self.files.as_ref(), ask).await;
        let mut unseen = Unseen::default();
        for turn in 0..RACES {
            if turn > 0 {
                let url = tracing::enabled!(tracing::Level::DEBUG).then(|| redact::url(&ask.url));
                tracing::debug!(target: "fetchall::fetch", url, turn, "asked again unseen: its connection was gone");
            }
            match self.once(route, ask, &mut part, (started, end, Turn::Early)).await {
                (exchange, Race::None) => return (exchange, false),
                (exchange, Race::NoProxy) => return (exchange, true),
                (exchange, race) if !unseen.allows(race) => return (exchange, false),
                (_, Race::Refused | Race::Broken) => {}
                (_, Race::Lost | Race::Doubtful | Race::Unfit) => {}
                (_, Race::Crowded) => _ = route.roomy(),
            }
        }
        (self.once(route, ask, &mut None, (started, end, Turn::Last)).await.0, false)
    }
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

    /// One request; `part` is what is there of the body.
    async fn once(
        &self,
        route: &Route,
        ask: &Ask,
        part: &mut Option<Part>,
        (started, end, turn): (SystemTime, Instant, Turn),
    ) -> (Exchange, Race) {
        let via_proxy = self.is_proxied(&ask.url);
        let probe = Probe::new(ask.url.port_or_known_default().unwrap_or(80), via_proxy);
        let mut request = self.request(ask);
        if let Some(part) = &*part {
            saving::ask_for_rest(request.headers_mut(), part);
        }
        let sent = (ask.raw != Raw::Drop).then(|| tape::fields_sent(&request));
        let may_repeat = is_idempotent(&ask.method);
        let roomy = if may_repeat { route.roomy_if_made() } else { Some(route.roomy()) };
        let is_doubted = self.doubted.within(&ask.url, self.idle);
        let pair = if is_doubted { route.single() } else { roomy.unwrap_or(route.usual()) };
        let client = pair.of(ask);
        pulse::is_at(Reach::Head);
        let begun = Instant::now();
        let head_by = ask.patience.headers.map_or(end, |limit| (begun + limit).min(end));
        let answer = timeout_at(head_by, Arc::clone(&probe).around(client.execute(request))).await;
        let head_at = probe.start().elapsed();
        let context = || Context { reached: probe.reached(), via_proxy };
        let mut race = Race::None;
        let failure = match answer {
            // What a server says of an idle connection when it gives it up (RFC 9110, section 15.5.9) is no
            // answer to a request that met it on its way.
            Ok(Ok(response)) if may_repeat && turn == Turn::Early && is_given_up(&response, &probe) => {
                return (Exchange::failed(started, body::total_timeout()), Race::Lost);
            }
            // The connection may be the one on which another answer did not end where it seemed to.
            Ok(Ok(response)) if self.is_in_doubt(ask, is_doubted, probe.start(), &response) => {
                if may_repeat && turn == Turn::Early {
                    return (Exchange::failed(started, body::total_timeout()), Race::Lost);
                }
                let message = "the answer may belong to another request: one before it had no clear end";
                Failure::new(Code::ProtocolInvalid, message)
            }
            Ok(Ok(response)) => {
                let begun = Begun { ask, sent, started, end, probe: &probe, head_at, part: part.take() };
                return match self.with_body(response, begun).await {
                    Some(exchange) => (exchange, Race::None),
                    None => (Exchange::failed(started, body::total_timeout()), Race::Unfit),
                };
            }
            Ok(Err(error)) => {
                race = Race::of(&error, may_repeat, self.whose(&ask.url, &probe, &error));
                if race != Race::None {
                    // It is asked again.
                } else if roomy.is_none() && classify::is_head_too_large(&error) {
                    race = Race::Crowded;
                } else if context().via_proxy && classify::is_proxy_gone(&error) {
                    race = Race::NoProxy;
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

    /// Whose connection a request had that failed with `error`. One that is not open yet is being opened for
    /// whoever comes: such a request has taken another that came free first, or it would have failed to
    /// connect.
    fn whose(&self, url: &Url, probe: &Probe, error: &reqwest::Error) -> Whose {
        match probe.connected_at() {
            _ if error.is_connect() => Whose::Own,
            None => Whose::Pooled,
            Some(moment) if self.freed.since(url, moment) => Whose::Either,
            Some(_) => Whose::Own,
        }
    }

    /// Whether an answer came on a connection of the pool while another there turned out to have no clear end.
    fn is_in_doubt(&self, ask: &Ask, is_single: bool, begun: std::time::Instant, response: &reqwest::Response) -> bool {
        !is_single && response.version() < Version::HTTP_2 && self.doubted.since(&ask.url, begun)
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

    /// The exchange whose head has come; `None` if it is no answer to a request for the rest of a body.
    async fn with_body(&self, mut response: reqwest::Response, begun: Begun<'_>) -> Option<Exchange> {
        let Begun { ask, sent, started, end, probe, head_at, part } = begun;
        let mut head = Head {
            status: response.status().as_u16(),
            version: response.version(),
            headers: std::mem::take(response.headers_mut()),
        };
        if let Some(jar) = &self.jar {
            jar.keep(&ask.url, &head.headers);
        }
        let saving = saving::behind(self.files.as_ref(), ask, &mut head, part).await?;
        let peer = response.remote_addr().map(|address| address.ip());
        let tls = self.tls(ask, response.extensions().get::<reqwest::tls::TlsInfo>());
        let reason = sent.is_some().then(|| tape::reason(&response)).flatten();
        let bounds = Bounds::of(ask, end);
        pulse::is_at(Reach::Body);
        self.freed.note(&ask.url);
        let fault = framing::fault(&head, &ask.method);
        let is_refused = fault.is_some();
        if fault.as_ref().is_some_and(|fault| fault.code == Code::ProtocolInvalid) {
            // The HTTP library may keep the connection for others. Until it has thrown it away for having been
            // idle, no connection to this host is used twice.
            self.doubted.note(&ask.url);
        }
        // Where nobody wants the body, the connection goes with the response, unless an archive is to have it.
        let is_wanted = saving.is_some() || gather::is_wanted(&head.headers, ask);
        let received = match () {
            () if is_refused => fault.map(Received::nothing),
            () if is_wanted => Some(body::read(response, &head.headers, bounds, &self.room, saving).await),
            () if ask.raw == Raw::Keep => {
                let bounds = Bounds { keep: Keep::None, digest: Digest::Off, ..bounds };
                Some(body::read(response, &head.headers, bounds, &self.room, None).await)
            }
            () => None,
        };
        self.freed.note(&ask.url);
        let (raw, cut, read, saving) = match received {
            Some(Received { body, raw, cut, saving }) => {
                (raw, cut, Some(body).filter(|_| is_wanted || is_refused), saving)
            }
            None => (Bytes::new(), Some(Cut::Length), None, None),
        };
        let (body, failure) = match read.transpose() {
            Ok(body) => (body, None),
            Err(failure) => (None, Some(failure)),
        };
        let phases = phases(probe, Some(head_at));
        let capture = sent.map(|fields| {
            Box::new(Capture {
                url: Arc::clone(&ask.url),
                method: ask.method.clone(),
                fields,
                content: ask.body.clone(),
                head: head.clone(),
                reason,
                body: raw,
                cut,
                peer: peer.filter(|_| !self.is_proxied(&ask.url)),
                tls: tls.as_ref().and_then(|tls| tls.version),
                started,
                took: phases.total,
            })
        });
        let mut exchange =
            Exchange { started, phases, peer, proxy: None, tls, head: Some(head), body, failure, capture, cache: None };
        saving::conclude(saving, &mut exchange).await;
        Some(exchange)
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
        let Some(proxies) = &self.proxies else { return false };
        url.as_str().parse::<Uri>().is_ok_and(|uri| proxies.intercept(&uri).is_some())
    }
}

/// Whether a response says no more than that the connection was given up before the request came.
fn is_given_up(response: &reqwest::Response, probe: &Probe) -> bool {
    response.status() == StatusCode::REQUEST_TIMEOUT
        && response.version() < Version::HTTP_2
        && probe.reached() != Reached::Connected
        && response
            .headers()
            .get(header::CONNECTION)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

/// What is known of an exchange when its response head comes.
struct Begun<'a> {
    ask: &'a Ask,
    /// The fields that were sent, where the exchange is kept.
    sent: Option<HeaderMap>,
    started: SystemTime,
    end: Instant,
    probe: &'a Probe,
    head_at: Duration,
    /// What is there of the body, whose rest was asked for.
    part: Option<Part>,
}

/// Whose fault a failure is that has to do with a proxy.
enum Blame {
    /// The proxy's.
    Proxy(Failure),
    /// The proxy's or the server's: another proxy will tell.
    Either(Failure),
    /// Neither, or it is an answer.
    Nobody(Health),
}

fn blame(exchange: &Exchange, gone: bool) -> Blame {
    match (&exchange.failure, exchange.status()) {
        (_, Some(407)) => Blame::Proxy(Failure::new(Code::ProxyAuth, "407 from the proxy")),
        (_, Some(_)) => Blame::Nobody(Health::Works),
        (Some(failure), None) if gone || failure.code == Code::ProxyAuth => Blame::Proxy(failure.clone()),
        (Some(failure), None) if failure.code.family() == "proxy" => Blame::Either(failure.clone()),
        (_, None) => Blame::Nobody(Health::Unknown),
    }
}

/// The same with the time that other proxies took before: it was spent on getting a connection.
fn later(phases: Phases, lost: Duration) -> Phases {
    let lost = Duration::from_micros(u64::try_from(lost.as_micros()).unwrap_or(u64::MAX));
    Phases { connect: Some(phases.connect.unwrap_or_default() + lost), total: phases.total + lost, ..phases }
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
