//! What a run is told, worked out: typed, with defaults, free of contradictions.
//!
//! Flags, files and builders all end here. Knows the model's units; must not know clap, files or
//! the environment.

mod cache;
mod contact;
mod delay;
mod named;
mod pages;
mod proxy;
mod save;

use std::{
    collections::HashMap,
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use regex::Regex;

use crate::{
    cookies::CookieJar,
    model::units::{LONGEST, Rate, StatusSet},
};

pub use self::{
    cache::{CacheSettings, Reach},
    contact::Contact,
    delay::{Delay, FACTOR_MOST, Factor},
    named::Named,
    pages::Pages,
    proxy::ProxyUrl,
    save::{Save, SaveBy},
};

/// Everything that a run is told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How much at once, and how fast.
    pub limits: Limits,
    /// How long to wait for what.
    pub times: Times,
    /// What is tried again.
    pub retry: Retry,
    /// What every request looks like.
    pub ask: AskDefaults,
    /// How connections are made and whom they trust.
    pub transport: Transport,
    /// Which requests of the list are made, and when the run has had enough.
    pub choose: Choose,
    /// What is read out of bodies and put into records.
    pub pages: Pages,
    /// Whether the robots.txt of each origin is asked for and obeyed.
    pub robots: RobotsMode,
    /// Archives that answer in place of the network, where there are any.
    pub replay: Vec<PathBuf>,
    /// Where bodies are saved, if they are.
    pub save: Option<Save>,
    /// Where answers are kept from one run to the next, if they are.
    pub cache: Option<CacheSettings>,
}

impl Settings {
    /// The same with every time cut to a year, so that no sum with the clock can overflow.
    pub fn clamped(mut self) -> Self {
        let cut = |time: &mut Duration| *time = (*time).min(LONGEST);
        let times = &mut self.times;
        for time in [&mut times.attempt, &mut times.connect, &mut times.read] {
            cut(time);
        }
        [&mut times.headers, &mut times.url, &mut times.run].into_iter().flatten().for_each(cut);
        let retry = &mut self.retry;
        [&mut retry.base, &mut retry.cap, &mut retry.retry_after_max].into_iter().for_each(cut);
        let limits = &mut self.limits;
        for host in std::iter::once(&mut limits.host).chain(limits.hosts.values_mut()) {
            cut(&mut host.delay);
            if let Some(rate) = &mut host.rate {
                cut(&mut rate.per);
            }
        }
        if let Some(rate) = &mut limits.rate {
            cut(&mut rate.per);
        }
        self
    }
}

/// Which numbers of exchanges at once are found out by the run, below those that are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adaptive {
    /// None.
    #[default]
    Off,
    /// Each host's.
    Hosts,
    /// Each host's, and that over all hosts.
    All,
}

/// How much at once, and how fast.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Exchanges at once, over all hosts.
    pub in_flight: NonZeroUsize,
    /// Whether the numbers at once are as set, or are found out below that.
    pub adaptive: Adaptive,
    /// Limits of a host that has none of its own.
    pub host: HostLimits,
    /// Limits of named hosts (`host` or `host:port`), each filled up from `host`.
    pub hosts: HashMap<String, HostLimits>,
    /// Starts per time, over all hosts.
    pub rate: Option<Rate>,
    /// Consecutive transport failures that open a host's breaker; 0 is never.
    pub host_errors: u32,
    /// Requests looked ahead at most, so that a list sorted by host keeps every slot busy.
    pub window: NonZeroUsize,
    /// Idle connections kept at once, over all hosts; beyond it each request closes its own.
    pub idle: usize,
    /// Bytes of bodies in memory above which nothing new is started.
    pub body_budget: usize,
}

/// Most exchanges at once over all hosts that a run tries by itself. Each costs a connection, and
/// one task does not keep more of them busy.
pub const AUTO_MOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
/// Most exchanges at once for one host that a run tries by itself; nginx, as it comes, has 512
/// connections a worker for everybody.
pub const AUTO_MOST_PER_HOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(511);

impl Default for Limits {
    fn default() -> Self {
        Limits {
            in_flight: NonZeroUsize::MIN.saturating_add(31),
            adaptive: Adaptive::Off,
            host: HostLimits::default(),
            hosts: HashMap::new(),
            rate: None,
            host_errors: 20,
            // Measured: a window of slots / per-host x longest run of one host hides the order of
            // the list; 50,000 waiting requests cost about 15 MB.
            window: NonZeroUsize::MIN.saturating_add(49_999),
            // About 30 KB each. A new connection costs three times what a request on an old one does.
            idle: 1024,
            body_budget: 128 << 20,
        }
    }
}

/// How much at once and how fast, for one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostLimits {
    /// Exchanges at once.
    pub in_flight: NonZeroUsize,
    /// Starts per time.
    pub rate: Option<Rate>,
    /// Least time between two starts.
    pub delay: Duration,
    /// How many times its last response time a host is left alone after that response. Until the first
    /// has come, there is one request at once.
    pub factor: Option<Factor>,
}

impl Default for HostLimits {
    fn default() -> Self {
        HostLimits { in_flight: NonZeroUsize::MIN.saturating_add(7), rate: None, delay: Duration::ZERO, factor: None }
    }
}

/// How long to wait for what. Phase within attempt within URL within run.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// One attempt, redirects included; waiting in our own queue is not counted.
    pub attempt: Duration,
    /// Name look-up, TCP and TLS together.
    pub connect: Duration,
    /// Until the response head.
    pub headers: Option<Duration>,
    /// Silence while a body arrives.
    pub read: Duration,
    /// All attempts of one URL, backoff included.
    pub url: Option<Duration>,
    /// The whole run.
    pub run: Option<Duration>,
}

impl Default for Times {
    fn default() -> Self {
        Times {
            attempt: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            headers: None,
            read: Duration::from_secs(15),
            url: None,
            run: None,
        }
    }
}

/// Which methods are tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryMethods {
    /// GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110, section 9.2.2).
    #[default]
    Idempotent,
    /// POST and PATCH too.
    All,
}

/// What is tried again, and when.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Tries after the first.
    pub retries: u32,
    /// Backoff after the first failure; doubles each time, drawn at random from zero to it.
    pub base: Duration,
    /// Largest backoff.
    pub cap: Duration,
    /// Longest pause that a host may ask for.
    pub retry_after_max: Duration,
    /// Which methods.
    pub methods: RetryMethods,
    /// Retries of the whole run, in percent of its first attempts (and a reserve on top).
    pub budget_percent: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            retries: 2,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            retry_after_max: Duration::from_secs(60),
            methods: RetryMethods::Idempotent,
            budget_percent: 50,
        }
    }
}

/// Scheme of a line that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssumeScheme {
    /// `https://` is put in front.
    #[default]
    Https,
    /// `http://` is put in front.
    Http,
    /// The line is no URL.
    None,
}

/// Stands for every host.
pub const EVERY_HOST: &str = "*";

/// What every request looks like unless it says otherwise.
#[derive(Clone, Debug)]
pub struct AskDefaults {
    /// Request method.
    pub method: Method,
    /// `User-Agent`; goes along on every hop.
    pub user_agent: HeaderValue,
    /// Who runs this: a comment of `User-Agent`, and `From`, on every hop.
    pub contact: Option<Contact>,
    /// Fields for the first origin only; a repeated name adds values.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Fields for requests whose URL names this host: [`EVERY_HOST`], over that `host`, over that
    /// `host:port`.
    pub host_headers: HashMap<String, Vec<(HeaderName, HeaderValue)>>,
    /// Who gets what the user gave for everybody: fields, and the client certificate.
    pub named: Named,
    /// Request content.
    pub body: Option<Bytes>,
    /// Redirects followed at most.
    pub redirects: u32,
    /// Statuses that count as success.
    pub accept: StatusSet,
    /// Largest body in bytes, decoded or on the wire.
    pub max_body: u64,
    /// Scheme of a line that has none.
    pub assume_scheme: AssumeScheme,
}

/// Name and version, as sent when the user gives no other.
pub const USER_AGENT: &str = concat!("fetchall/", env!("CARGO_PKG_VERSION"));

impl Default for AskDefaults {
    fn default() -> Self {
        AskDefaults {
            method: Method::GET,
            user_agent: HeaderValue::from_static(USER_AGENT),
            contact: None,
            headers: Vec::new(),
            host_headers: HashMap::new(),
            named: Named::All,
            body: None,
            redirects: 10,
            accept: StatusSet::default(),
            max_body: 64 << 20,
            assume_scheme: AssumeScheme::Https,
        }
    }
}

/// Protocol versions offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersions {
    /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only, without TLS too (prior knowledge).
    Http2,
}

/// Address families used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Both, as the resolver orders them.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// Oldest TLS version accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinTls {
    /// TLS 1.2.
    #[default]
    V12,
    /// TLS 1.3.
    V13,
}

/// Whether peers are verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Certificates are verified.
    #[default]
    Full,
    /// Anything is believed; every record says so.
    Nothing,
}

/// Whether addresses of private networks may be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateIps {
    /// Yes.
    #[default]
    Allow,
    /// No: checked after resolution, on every hop.
    Deny,
}

/// Whether cookies are kept during the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cookies {
    /// None are kept or sent.
    #[default]
    Off,
    /// A jar in memory for this run.
    On,
    /// This jar, with what is in it already; whoever has a clone sees what the run added.
    Jar(CookieJar),
}

/// How connections are made and whom they trust.
#[derive(Clone, Debug, Default)]
pub struct Transport {
    /// Protocol versions offered.
    pub http: HttpVersions,
    /// Address families used.
    pub family: Family,
    /// `(host, port)` to the addresses that stand in for the resolver.
    pub resolve: HashMap<(String, u16), Vec<IpAddr>>,
    /// Proxies for all requests; none reads the environment. Of several, each host has its own while that
    /// is healthy.
    pub proxies: Vec<ProxyUrl>,
    /// Hosts that go around the proxy, comma-separated, as curl reads it; `*` is all.
    pub no_proxy: Option<String>,
    /// Whether peers are verified.
    pub verify: Verify,
    /// Certificate authorities beside the system's, PEM.
    pub ca_pem: Vec<Vec<u8>>,
    /// Client certificate chain and key, PEM.
    pub identity_pem: Option<(Vec<u8>, Vec<u8>)>,
    /// Oldest TLS version accepted.
    pub min_tls: MinTls,
    /// Whether cookies are kept.
    pub cookies: Cookies,
    /// Whether private addresses may be reached.
    pub private_ips: PrivateIps,
    /// Idle connections kept for one host at most; `None` is as many as may be in flight.
    pub idle_per_host: Option<usize>,
    /// How long an idle connection is kept.
    pub idle_timeout: Option<Duration>,
}

/// Whether the same request may be made twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dedupe {
    /// A request with the same method, normalised URL and content is skipped.
    #[default]
    Url,
    /// Everything is fetched.
    Off,
}

/// Failures that end the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxFailures {
    /// So many.
    Count(NonZeroU32),
    /// More than so many percent of the finished requests, once at least 20 are finished.
    Percent(f64),
}

impl MaxFailures {
    /// Finished requests before a share of failures says anything.
    const SHARE_FROM: u64 = 20;

    /// Whether so many failures among so many finished requests end the run.
    pub fn is_reached(self, failed: u64, finished: u64) -> bool {
        match self {
            MaxFailures::Count(most) => failed >= u64::from(most.get()),
            MaxFailures::Percent(most) => {
                finished >= Self::SHARE_FROM && failed as f64 * 100.0 > most * finished as f64
            }
        }
    }
}

/// Order of the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As each completes.
    #[default]
    Completion,
    /// As in the input.
    Input,
}

/// Whether robots.txt (RFC 9309) is obeyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RobotsMode {
    /// It is not asked for.
    #[default]
    Ignore,
    /// Each origin is asked for it first, and what it disallows is skipped.
    Obey,
}

/// Which requests of the list are made, and when the run has had enough.
#[derive(Clone, Debug, Default)]
pub struct Choose {
    /// Only URLs that match one of these.
    pub include: Vec<Regex>,
    /// No URL that matches one of these.
    pub exclude: Vec<Regex>,
    /// Whether the same request may be made twice.
    pub dedupe: Dedupe,
    /// Requests read from the input at most.
    pub limit: Option<u64>,
    /// Successes after which the run ends.
    pub first: Option<NonZeroU32>,
    /// Failures after which the run ends.
    pub max_failures: Option<MaxFailures>,
    /// Order of the records.
    pub order: Order,
}

/// Heavy keys of a record, each off unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct With {
    /// Response fields.
    pub headers: bool,
    /// Decoded body.
    pub body: bool,
    /// TLS version and certificate.
    pub tls: bool,
    /// Every attempt.
    pub attempts: bool,
    /// Links of the page.
    pub links: bool,
    /// No key, but records: for what a crawl has found and not fetched.
    pub skipped: bool,
}
