//! What a run is doing now: every request that is under way or waits, and every host.
//!
//! Made when it is asked for, between two turns of the loop, and from what the loop keeps anyway: nobody pays
//! for it who does not ask. URLs are shown as records show them. Must not know who reads it.

mod rows;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::{Duration, Instant},
};

use self::rows::{row_of_look_up, row_of_page, row_of_record, row_of_waiting, row_on_wire};
use super::{
    handle::Progress,
    run::{Engine, now},
};
use crate::{
    fetch::{Reach, Wire},
    frontier::Queue,
    model::{Flight, Wait, units::Rate},
};

/// Hosts in one view.
const HOSTS: usize = 1000;

/// What a run is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Requests, the longest in their state first, and those under way before those that wait.
    pub requests: Vec<Live>,
    /// Requests that are not among them, because they are too many.
    pub requests_left_out: usize,
    /// Hosts that anything waits for or is under way to, the busiest first.
    pub hosts: Vec<HostNow>,
    /// Hosts that are not among them.
    pub hosts_left_out: usize,
    /// How far the run is at this moment: what was read is finished, or in one of the states below.
    pub progress: Progress,
    /// How many requests are in each state, the robots.txt of origins among them.
    pub fetching: usize,
    /// See [`State::Parsing`].
    pub parsing: usize,
    /// See [`State::Writing`].
    pub writing: usize,
    /// See [`State::Waiting`].
    pub waiting: usize,
    /// Exchanges at once, at most, as things are.
    pub slots: usize,
    /// What keeps everything from being started, if anything does.
    pub hold: Option<Hold>,
    /// Nothing more is begun.
    pub draining: bool,
    /// Nothing more is to be read.
    pub source_dry: bool,
}

/// A request that is under way, or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Position in the input; `None` is the robots.txt of an origin, which others wait for.
    pub seq: Option<u64>,
    /// What is asked for now, without credentials.
    pub url: String,
    /// `host[:port]` that limits apply to.
    pub host: String,
    /// Where it stands.
    pub state: State,
    /// What it waits for, if it waits.
    pub wait_for: Option<Hold>,
    /// When its turn may come, from now, where that is known.
    pub next: Option<Duration>,
    /// Requests for its host that go first.
    pub ahead: usize,
    /// For how long it is in this state; `None` where nobody counts (it is written).
    pub in_state: Option<Duration>,
    /// Since it was read, or asked of for the first time where it was held by nothing before.
    pub age: Option<Duration>,
    /// How long its own limits let it be in this state, where they do.
    pub limit: Option<Duration>,
    /// What its exchange is at, and the bytes of its body that have come so far.
    pub reach: Option<(Reach, u64)>,
    /// The try that is under way, or was the last; 0 before the first.
    pub attempt: u32,
}

/// Where a request stands. The names are API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// On the wire, or being looked up in a cache.
    Fetching,
    /// Its page is being read.
    Parsing,
    /// Its record is made and not taken yet.
    Writing,
    /// It waits for its turn.
    Waiting,
}

impl State {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            State::Fetching => "fetching",
            State::Parsing => "parsing",
            State::Writing => "writing",
            State::Waiting => "waiting",
        }
    }
}

/// What a request waits for. The names are API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hold {
    /// What requests wait for in any run.
    Turn(Wait),
    /// The run is paused.
    Paused,
    /// Nobody takes the records that are ready.
    Reader,
    /// Bodies in memory are as many as may be.
    Memory,
    /// An earlier record has to go out first (`--ordered`).
    Order,
}

impl Hold {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Hold::Turn(Wait::Slot) => "slot",
            Hold::Turn(Wait::Host) => "host",
            Hold::Turn(Wait::Rate) => "rate",
            Hold::Turn(Wait::HostRate) => "host_rate",
            Hold::Turn(Wait::Backoff) => "backoff",
            Hold::Turn(Wait::RetryAfter) => "retry_after",
            Hold::Turn(Wait::Breaker) => "breaker",
            Hold::Turn(Wait::Robots) => "robots",
            Hold::Paused => "paused",
            Hold::Reader => "reader",
            Hold::Memory => "memory",
            Hold::Order => "order",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Hold::Turn(wait) => wait.words(),
            Hold::Paused => "the end of the pause",
            Hold::Reader => "whoever takes the records",
            Hold::Memory => "bodies in memory to be read",
            Hold::Order => "an earlier record",
        }
    }
}

/// A host and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNow {
    /// `host[:port]`.
    pub host: String,
    /// Requests on the wire.
    pub fetching: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Exchanges at once, at most, as things are.
    pub most: usize,
    /// Starts in a time, if they are counted.
    pub rate: Option<Rate>,
    /// Least time between two starts.
    pub delay: Duration,
    /// What holds it.
    pub hold: Option<Hold>,
    /// When that is over, from now, where it is known.
    pub next: Option<Duration>,
}

impl<W: Wire> Engine<W> {
    /// What keeps everything from being started.
    fn hold(&self) -> Option<Hold> {
        if self.helm.paused {
            Some(Hold::Paused)
        } else if !self.takes_records() && self.stopping.is_none() {
            Some(Hold::Reader)
        } else {
            (!self.may_launch()).then_some(Hold::Memory)
        }
    }

    /// What the run is doing now.
    pub(super) fn view(&mut self, most: usize) -> View {
        let clock = now().into_std();
        let hold = self.hold().filter(|_| self.stopping.is_none());
        let looked_up = self.recalls.iter().map(|(flight, begun)| row_of_look_up(flight, begun));
        let mut requests: Vec<Live> = self.airborne.values().map(|airborne| row_on_wire(airborne, clock)).collect();
        let fetching = requests.len() + self.recalls.len();
        requests.extend(self.reading.values().map(|reading| row_of_page(reading, clock)));
        longest_first(&mut requests);
        requests.truncate(most);
        requests.extend(looked_up.take(most - requests.len()));
        let writing = self.outbox.ready() + self.outbox.held();
        let written = self.outbox.iter().map(|(record, is_ready)| row_of_record(record, is_ready));
        requests.extend(written.take(most - requests.len()));
        self.add_waiting(&mut requests, most, hold, clock);
        let (hosts, hosts_left_out) = self.hosts(clock);
        let (parsing, waiting) = (self.reading.len(), self.frontier.len());
        self.publish();
        View {
            progress: self.handle.progress(),
            requests_left_out: fetching + parsing + writing + waiting - requests.len(),
            requests,
            hosts,
            hosts_left_out,
            fetching,
            parsing,
            writing,
            waiting,
            slots: self.at_once.as_ref().map_or(self.helm.slots, |at_once| at_once.limit().min(self.helm.slots)),
            hold,
            draining: self.helm.draining || self.stopping.is_some(),
            source_dry: self.source_dry,
        }
    }

    /// Those that have waited longest, as many as there is room for.
    fn add_waiting(&self, requests: &mut Vec<Live>, most: usize, hold: Option<Hold>, clock: Instant) {
        let room = most - requests.len();
        // The youngest of those that are kept is on top.
        let mut oldest: BinaryHeap<Old<'_>> = BinaryHeap::new();
        for queue in self.frontier.waiting(clock) {
            if oldest.len() < room {
                oldest.push(Old(queue));
            } else if let Some(mut youngest) = oldest.peek_mut().filter(|youngest| queue.since < youngest.0.since) {
                *youngest = Old(queue);
            }
        }
        requests.extend(oldest.into_sorted_vec().into_iter().map(|old| row_of_waiting(&old.0, hold, clock)));
    }

    fn hosts(&self, clock: Instant) -> (Vec<HostNow>, usize) {
        let mut hosts: Vec<_> = self.frontier.hosts(clock).collect();
        hosts.sort_unstable_by_key(|host| (Reverse((host.in_flight, host.waiting)), host.host));
        let left_out = hosts.len().saturating_sub(HOSTS);
        hosts.truncate(HOSTS);
        let now = |host: crate::frontier::HostView<'_>| HostNow {
            host: host.host.to_owned(),
            fetching: host.in_flight,
            waiting: host.waiting,
            most: host.most,
            rate: host.limits.rate,
            delay: host.limits.delay,
            hold: host.held.map(|(wait, _)| Hold::Turn(wait)),
            next: host.held.and_then(|(_, until)| Some(until?.saturating_duration_since(clock))),
        };
        (hosts.into_iter().map(now).collect(), left_out)
    }
}

/// By age: the greatest is the youngest.
struct Old<'a>(Queue<'a, Box<Flight>>);

impl Old<'_> {
    fn key(&self) -> (Instant, u64) {
        (self.0.since, self.0.item.seq)
    }
}
impl PartialEq for Old<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Old<'_> {}
impl PartialOrd for Old<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Old<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

fn longest_first(requests: &mut [Live]) {
    requests.sort_unstable_by_key(|live| (Reverse(live.in_state), live.seq));
}

impl View {
    /// How many requests wait for what, of those that are listed; the most first.
    pub fn waits(&self) -> Vec<(Hold, usize)> {
        let mut counts: HashMap<Hold, usize> = HashMap::new();
        for hold in self.requests.iter().filter_map(|live| live.wait_for) {
            *counts.entry(hold).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable_by_key(|(hold, count)| (Reverse(*count), hold.name()));
        counts
    }
}
