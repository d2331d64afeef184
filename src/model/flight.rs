//! A request under way: where it stands and what has happened to it.
//!
//! Small while it waits for its first turn (tens of thousands do); the [`Trip`] is packed when it
//! is launched. Must not know the queue that it waits in.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use http::Method;
use url::Url;

use super::{Capture, Code, Exchange, Phases, Request};

/// What a flight waited for, longest part named. The names are API (`wait_for`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// A slot: `--concurrency` was reached.
    Slot,
    /// Its host: `--per-host` was reached.
    Host,
    /// `--rate`.
    Rate,
    /// `--rate-per-host` or `--delay`.
    HostRate,
    /// Backoff before another try.
    Backoff,
    /// The host asked for a pause (`Retry-After`).
    RetryAfter,
    /// The host failed too often in a row (`--host-errors`).
    Breaker,
    /// The robots.txt of its origin, which was asked for first (`--robots obey`).
    Robots,
}

impl Wait {
    /// Every cause, in the order of the summary.
    pub const ALL: [Wait; 8] = [
        Wait::Slot,
        Wait::Host,
        Wait::Rate,
        Wait::HostRate,
        Wait::Backoff,
        Wait::RetryAfter,
        Wait::Breaker,
        Wait::Robots,
    ];

    /// The flag that changes it.
    pub fn flag(self) -> &'static str {
        match self {
            Wait::Slot => "--concurrency",
            Wait::Host => "--per-host",
            Wait::Rate => "--rate",
            Wait::HostRate => "--rate-per-host, --delay",
            Wait::Backoff => "--backoff",
            Wait::RetryAfter => "--retry-after-max",
            Wait::Breaker => "--host-errors",
            Wait::Robots => "--robots",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Wait::Slot => "a free slot",
            Wait::Host => "the per-host limit",
            Wait::Rate => "the rate limit",
            Wait::HostRate => "the host's rate limit",
            Wait::Backoff => "backoff",
            Wait::RetryAfter => "Retry-After",
            Wait::Breaker => "a failing host",
            Wait::Robots => "robots.txt",
        }
    }
}

/// What a flight is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Somebody asked for it: it ends in a record.
    Asked,
    /// The robots.txt of an origin, for those who wait for it: no record.
    Robots,
}

/// A request that was admitted.
#[derive(Debug)]
pub struct Flight {
    /// What it is for.
    pub errand: Errand,
    /// Position in the input, from 0.
    pub seq: u64,
    /// What was asked for. Its `input` is empty where it is just what `url` says.
    pub request: Request,
    /// The URL asked for, normalised; userinfo still in it.
    pub url: Arc<Url>,
    /// What happened so far; `None` before the first launch.
    pub trip: Option<Box<Trip>>,
}

impl Flight {
    /// Where it goes next: after a redirect, there.
    pub fn next_url(&self) -> &Arc<Url> {
        self.trip.as_ref().map_or(&self.url, |trip| &trip.url)
    }
}

/// What has happened to a flight since its first launch.
#[derive(Debug)]
pub struct Trip {
    /// First launch, wall clock, for the record.
    pub started: SystemTime,
    /// First launch, by the clock that waits go by.
    pub begun: Instant,
    /// The launch that is under way, counted from the first.
    pub launch: Duration,
    /// No attempt may run past this.
    pub deadline: Option<Instant>,
    /// The URL to ask next; differs from the flight's after a redirect.
    pub url: Arc<Url>,
    /// The method to ask with.
    pub method: Method,
    /// Whether request content still goes along.
    pub with_body: bool,
    /// Whether the chain has left the first origin; never set back.
    pub off_origin: bool,
    /// Tries made, the one under way included.
    pub attempts: u32,
    /// The next launch begins another try; a hop of a redirect does not.
    pub new_attempt: bool,
    /// How often the host answered "later" with a time of its own; costs no try.
    pub limited: u32,
    /// Wire time of this attempt's earlier hops.
    pub spent: Duration,
    /// Our own waiting, all of it.
    pub queued: Duration,
    /// The wait before the launch that is under way.
    pub last_wait: (Duration, Wait),
    /// Hops followed.
    pub hops: Vec<Hop>,
    /// Attempts that ended, in order.
    pub log: Vec<Attempt>,
    /// The exchange that ended last.
    pub last: Option<Box<Exchange>>,
    /// Its exchanges as they were sent and received, where that is wanted.
    pub captures: Vec<Capture>,
}

/// A redirect that was followed.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Status of the redirect.
    pub status: u16,
    /// The method it was asked with.
    pub method: Method,
    /// The URL that answered so.
    pub url: Arc<Url>,
    /// Its `Location`, as received.
    pub location: String,
}

impl Attempt {
    /// The exchange that has just ended, `error` what was wrong with it.
    pub(crate) fn of(exchange: &Exchange, trip: &Trip, error: Option<Code>) -> Self {
        Attempt {
            // Not by the wall: somebody may set that clock in the middle of a run.
            at: trip.launch,
            status: exchange.status(),
            error,
            wait: trip.last_wait.0,
            wait_for: trip.last_wait.1,
            proxy: exchange.proxy.clone(),
            url: Arc::clone(&trip.url),
            phases: exchange.phases,
        }
    }
}

/// One exchange of a flight, for `attempt_log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Start, counted from the first launch.
    pub at: Duration,
    /// Status, if a response head came.
    pub status: Option<u16>,
    /// The code, if it failed or the status was not accepted.
    pub error: Option<Code>,
    /// Our own waiting before it.
    pub wait: Duration,
    /// For what.
    pub wait_for: Wait,
    /// The proxy of a pool that it went through, without credentials.
    pub proxy: Option<Arc<str>>,
    /// Where it went; userinfo still in it.
    pub url: Arc<Url>,
    /// Where its time went.
    pub phases: Phases,
}

/// When a flight was under way, for those who draw it: by the clock that waits go by, which no record has.
#[derive(Clone, Debug)]
pub struct Course {
    /// Its first launch.
    pub begun: Instant,
    /// What happened from then on, in order.
    pub log: Vec<Attempt>,
}
