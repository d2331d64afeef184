//! What is said about a run, a line of JSON each: the same rows for the socket, for `ps -f jsonl`, and for the
//! tables that people read.
//!
//! Keys are added, never renamed. Must not know sockets or terminals.

use std::time::Duration;

use fetchall::engine::{HostNow, Live, Progress, Stop, View};
use serde::{Deserialize, Serialize};

use super::About;

/// Version of the rows and of what is asked.
pub const VERSION: u8 = 1;

/// A question, or an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Version of the question.
    pub v: u8,
    /// `run`, `list`, or the name of an order.
    pub ask: String,
    /// Of an order.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Rows of a list, at most.
    #[serde(default)]
    pub most: usize,
}

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// A run.
    Run(RunRow),
    /// A host of the run before it.
    Host(HostRow),
    /// A request of the run before it.
    Live(LiveRow),
    /// The end of a list.
    End(EndRow),
    /// An order was carried out: how many requests, or hosts, it is about.
    Done(DoneRow),
    /// It was not.
    Refused(RefusedRow),
}

/// A run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRow {
    pub v: u8,
    pub pid: u32,
    pub command: String,
    pub sources: Vec<String>,
    /// `running`, `paused`, `draining` or `stopping`.
    pub state: String,
    pub age_ms: u64,
    pub read: u64,
    pub finished: u64,
    pub ok: u64,
    pub failed: u64,
    pub skipped: u64,
    pub in_flight: u64,
    pub waiting: u64,
    pub retries: u64,
    pub wire_bytes: u64,
    pub source_dry: bool,
    /// Finished a second, since it began.
    pub per_second: f64,
    /// Exchanges at once, at most, as things are; `null` where nothing is asked of the network.
    pub concurrency: Option<usize>,
    /// What keeps everything from being started, if anything does.
    pub wait_for: Option<String>,
    /// The same in words.
    pub waits: Option<String>,
}

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostRow {
    pub host: String,
    pub fetching: usize,
    pub waiting: usize,
    /// Exchanges at once, at most, as things are.
    pub per_host: usize,
    pub rate: Option<String>,
    pub delay_ms: u64,
    pub wait_for: Option<String>,
    /// The same in words.
    pub waits: Option<String>,
    pub next_ms: Option<u64>,
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveRow {
    /// `null` is the robots.txt of an origin.
    pub seq: Option<u64>,
    pub url: String,
    pub host: String,
    /// `fetching`, `parsing`, `writing` or `waiting`.
    pub state: String,
    pub wait_for: Option<String>,
    /// The same in words.
    pub waits: Option<String>,
    pub next_ms: Option<u64>,
    pub ahead: usize,
    pub in_state_ms: Option<u64>,
    pub age_ms: Option<u64>,
    pub limit_ms: Option<u64>,
    /// Of an exchange under way: `connect`, `headers` or `body`.
    pub phase: Option<String>,
    /// Bytes of its body so far.
    pub wire_bytes: Option<u64>,
    pub attempt: u32,
}

/// The end of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndRow {
    /// Requests that are not listed.
    pub left_out: usize,
    /// Hosts that are not.
    pub hosts_left_out: usize,
}

/// See [`Reply::Done`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DoneRow {
    pub v: u8,
    pub ask: String,
    pub value: String,
    pub count: usize,
}

/// See [`Reply::Refused`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusedRow {
    pub v: u8,
    pub ask: String,
    pub message: String,
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl RunRow {
    /// A run of this process.
    pub fn of(about: &About, age: Duration, now: &Progress, stopped: Option<Stop>, view: Option<&View>) -> RunRow {
        let hold = view.and_then(|view| view.hold);
        let state = match (stopped, hold) {
            (Some(Stop::Drain), _) => "draining",
            (Some(_), _) => "stopping",
            (None, Some(fetchall::engine::Hold::Paused)) => "paused",
            (None, _) => "running",
        };
        let per_second = now.finished as f64 / age.as_secs_f64().max(0.1);
        RunRow {
            v: VERSION,
            pid: std::process::id(),
            command: about.command.to_owned(),
            sources: about.sources.clone(),
            state: state.to_owned(),
            age_ms: ms(age),
            read: now.read,
            finished: now.finished,
            ok: now.ok,
            failed: now.failed,
            skipped: now.skipped,
            in_flight: now.in_flight,
            waiting: now.waiting,
            retries: now.retries,
            wire_bytes: now.wire_bytes,
            source_dry: now.source_dry > 0,
            per_second: (per_second * 100.0).round() / 100.0,
            concurrency: view.map(|view| view.slots),
            wait_for: hold.map(|hold| hold.name().to_owned()),
            waits: hold.map(|hold| hold.words().to_owned()),
        }
    }
}

impl From<&HostNow> for HostRow {
    fn from(host: &HostNow) -> Self {
        HostRow {
            host: host.host.clone(),
            fetching: host.fetching,
            waiting: host.waiting,
            per_host: host.most,
            rate: host.rate.map(|rate| rate.to_string()),
            delay_ms: ms(host.delay),
            wait_for: host.hold.map(|hold| hold.name().to_owned()),
            waits: host.hold.map(|hold| hold.words().to_owned()),
            next_ms: host.next.map(ms),
        }
    }
}

impl From<&Live> for LiveRow {
    fn from(live: &Live) -> Self {
        LiveRow {
            seq: live.seq,
            url: live.url.clone(),
            host: live.host.clone(),
            state: live.state.name().to_owned(),
            wait_for: live.wait_for.map(|hold| hold.name().to_owned()),
            waits: live.wait_for.map(|hold| hold.words().to_owned()),
            next_ms: live.next.map(ms),
            ahead: live.ahead,
            in_state_ms: live.in_state.map(ms),
            age_ms: live.age.map(ms),
            limit_ms: live.limit.map(ms),
            phase: live.reach.map(|(reach, _)| reach.name().to_owned()),
            wire_bytes: live.reach.map(|(_, bytes)| bytes),
            attempt: live.attempt,
        }
    }
}

/// A run with its hosts and its requests.
pub fn list(run: Reply, view: Option<&View>) -> Vec<Reply> {
    let mut list = vec![run];
    let mut end = EndRow::default();
    if let Some(view) = view {
        list.extend(view.hosts.iter().map(|host| Reply::Host(host.into())));
        list.extend(view.requests.iter().map(|live| Reply::Live(live.into())));
        end = EndRow { left_out: view.requests_left_out, hosts_left_out: view.hosts_left_out };
    }
    list.push(Reply::End(end));
    list
}
