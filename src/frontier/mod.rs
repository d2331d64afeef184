//! The frontier: which request may go next, and when.
//!
//! In: [`push`](Frontier::push), [`push_later`](Frontier::push_later), [`release`](Frontier::release),
//! [`note`](Frontier::note), [`took`](Frontier::took), [`pause`](Frontier::pause). Out: [`pop`](Frontier::pop). Owns one lane per host
//! with its queue, spacing, pause and breaker, so that whoever waits, waits here and holds nothing.
//! Must not know HTTP, tokio or files: time is an argument, so its tests need no clock and no
//! network.

mod adapt;
mod breaker;
mod change;
mod idle;
mod lane;
mod pace;
mod parking;
mod seen;
mod spacing;
mod view;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap},
    time::{Duration, Instant},
};

pub use adapt::{Adapt, Effect, Scope};
pub use breaker::BreakerState;
pub use change::HostChange;
pub(crate) use change::is_named;
use idle::IdleLimit;
use lane::{Lane, Own, Place, Queued};
use pace::Pace;
use parking::Parking;
pub use seen::Seen;
pub use view::{HostView, Queue};

use crate::{
    model::{Wait, units::Rate},
    settings::{Adaptive, HostLimits, Limits},
};

/// A lane's number; valid while something of that host waits or is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId(u32);

/// How an exchange ended, as far as its host is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// The host answered, whatever it said.
    Answered,
    /// It could not be talked to.
    Failed,
    /// The exchange says nothing about the host.
    Unknown,
}

/// What [`Frontier::pop`] hands out.
#[derive(Debug)]
pub struct Turn<T> {
    /// What was pushed.
    pub item: T,
    /// The lane to [`release`](Frontier::release) when the exchange is over.
    pub lane: LaneId,
    /// How long it waited since it was pushed.
    pub waited: Duration,
    /// For what.
    pub wait_for: Wait,
    /// Whether it may go.
    pub go: Go,
    /// Whether its connection is to be closed afterwards, because nobody would use it.
    pub close: bool,
}

/// Whether a popped item may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// It may; the host's slot is taken until it is released.
    Yes,
    /// Its host was given up for now: skip it. Nothing is to be released.
    HostGivenUp,
}

/// When a lane comes back: heap entries are ordered by time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alarm(Reverse<Instant>, LaneId);

/// An item that waits for a time of its own (a backoff).
#[derive(Debug)]
struct Later<T> {
    due: Reverse<Instant>,
    order: Reverse<u64>,
    lane: LaneId,
    priority: i32,
    queued: Queued<T>,
}

impl<T> PartialEq for Later<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl<T> Eq for Later<T> {}
impl<T> PartialOrd for Later<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Later<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

/// Lanes above which idle ones are looked for and dropped.
const SWEEP_AT: usize = 1024;

/// All that waits, bucketed by host.
#[derive(Debug)]
pub struct Frontier<T> {
    hosts: HashMap<Box<str>, LaneId>,
    lanes: Vec<Option<Lane<T>>>,
    free: Vec<LaneId>,
    /// Lanes that may go at once, best priority first, then longest unserved.
    ready: BTreeMap<(Reverse<i32>, u64), LaneId>,
    alarms: BinaryHeap<Alarm>,
    later: BinaryHeap<Later<T>>,
    /// Those that may not even queue yet.
    parking: Parking<T>,
    default: HostLimits,
    named: HashMap<String, HostLimits>,
    host_errors: u32,
    adaptive: Adaptive,
    rate: Option<Pace>,
    rate_until: Option<Instant>,
    rate_blocked_at: Option<Instant>,
    epoch: Instant,
    turn: u64,
    /// The turn that goes ahead of all others; counts down.
    first: u64,
    waiting: usize,
    idle: IdleLimit,
    sweep_at: usize,
}

impl<T> Frontier<T> {
    /// An empty frontier; `now` is the start of its time.
    pub fn new(limits: &Limits, now: Instant) -> Self {
        Frontier {
            hosts: HashMap::new(),
            lanes: Vec::new(),
            free: Vec::new(),
            ready: BTreeMap::new(),
            alarms: BinaryHeap::new(),
            later: BinaryHeap::new(),
            parking: Parking::new(),
            default: limits.host,
            named: limits.hosts.clone(),
            host_errors: limits.host_errors,
            adaptive: limits.adaptive,
            rate: limits.rate.map(|rate: Rate| Pace::new(rate, now)),
            rate_until: None,
            rate_blocked_at: None,
            epoch: now,
            turn: u64::MAX / 2,
            first: u64::MAX / 2,
            waiting: 0,
            idle: IdleLimit::new(limits.in_flight.get(), limits.idle, now),
            sweep_at: SWEEP_AT,
        }
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Queues an item on its host (`host[:port]`) behind those of the same priority.
    pub fn push(&mut self, host: &str, priority: i32, item: T, now: Instant) {
        let id = self.lane_of(host, now);
        self.enqueue(id, priority, Queued::new(item, now), End::Back);
        self.waiting += 1;
    }

    /// Queues an item on its host from `due` on, ahead of those of the same priority. `why` is
    /// what it waits for, if that is not just its turn.
    pub fn push_later(&mut self, host: &str, priority: i32, item: T, due: Instant, why: Option<Wait>, now: Instant) {
        let id = self.lane_of(host, now);
        self.turn += 1;
        let own = why.map(|why| Own::new(why, due.saturating_duration_since(now)));
        let queued = Queued { own, ..Queued::new(item, now) };
        if let Some(lane) = self.lane_mut(id) {
            lane.later += 1;
        }
        self.later.push(Later { due: Reverse(due), order: Reverse(self.turn), lane: id, priority, queued });
        self.waiting += 1;
    }

    /// At least so much time from one start on this host to the next, while it is remembered.
    pub fn space_out(&mut self, host: &str, delay: Duration, now: Instant) {
        let id = self.lane_of(host, now);
        if let Some(lane) = self.lane_mut(id) {
            lane.space_out(delay);
        }
    }

    /// The next item that may go at `now`, if there is one. The caller has a slot for it.
    pub fn pop(&mut self, now: Instant) -> Option<Turn<T>> {
        self.wake(now);
        loop {
            let (&key, &id) = self.ready.first_key_value()?;
            let host_errors = self.host_errors;
            let Some(lane) = self.lane_mut(id) else {
                self.ready.remove(&key);
                continue;
            };
            if host_errors > 0 && lane.breaker.gives_up(now) {
                return self.take(id, now, Go::HostGivenUp);
            }
            if let Some((until, why)) = lane.blocked_until(now) {
                lane.note_block(why, now);
                self.park(id, until);
                continue;
            }
            if let Some(until) = self.rate_until.filter(|until| *until > now) {
                self.rate_blocked_at = Some(now);
                self.rate_until = Some(until);
                return None;
            }
            if let Some(Err(wait)) = self.rate.as_mut().map(|rate| rate.check(now)) {
                self.rate_until = Some(now + wait);
                self.rate_blocked_at = Some(now);
                return None;
            }
            return self.take(id, now, Go::Yes);
        }
    }

    /// When [`pop`](Self::pop) may have something new without anything else happening.
    pub fn wake_at(&self) -> Option<Instant> {
        let rate = self.rate_until.filter(|_| !self.ready.is_empty());
        let alarm = self.alarms.peek().map(|alarm| alarm.0.0);
        let later = self.later.peek().map(|later| later.due.0);
        [rate, alarm, later].into_iter().flatten().min()
    }

    /// How the exchange of a popped item went and how long it took, for a limit that adapts; before
    /// its [`release`](Self::release).
    pub fn note(&mut self, id: LaneId, effect: Effect, latency: Duration, now: Instant) {
        if let Some(lane) = self.lane_mut(id) {
            lane.note(effect, latency, now);
        }
    }

    /// How long the exchange of a popped item took, where that says something about its host; before its
    /// [`release`](Self::release).
    pub fn took(&mut self, id: LaneId, took: Duration, now: Instant) {
        let Some(lane) = self.lane_mut(id) else { return };
        // Who waits for the end of a longer pause than there is by now looks again.
        if lane.took(took, now) {
            self.look_again(id);
        }
    }

    /// The exchange of a popped item is over: its host has room again.
    pub fn release(&mut self, id: LaneId, contact: Contact, now: Instant) {
        let host_errors = self.host_errors;
        let Some(lane) = self.lanes.get_mut(id.0 as usize).and_then(Option::as_mut) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        lane.breaker.note(contact, host_errors, now);
        self.idle.end(&mut lane.idle, contact == Contact::Answered, now);
        self.settle(id);
    }

    /// Nothing of this host goes before `until`.
    pub fn pause(&mut self, id: LaneId, until: Instant, why: Wait) {
        let Some(lane) = self.lane_mut(id) else { return };
        if lane.paused.is_none_or(|(paused, _)| paused < until) {
            lane.paused = Some((until, why));
        }
    }

    /// How the breaker of a lane stands.
    pub fn breaker(&self, id: LaneId) -> BreakerState {
        self.lanes.get(id.0 as usize).and_then(Option::as_ref).map_or(BreakerState::Closed, |lane| lane.breaker.state())
    }

    /// Everything that waits, in no order; the frontier is empty afterwards.
    pub fn drain(&mut self, now: Instant) -> Vec<(T, Duration)> {
        let waited = |queued: Queued<T>| (queued.item, now.saturating_duration_since(queued.since));
        let mut out: Vec<_> = self.later.drain().map(|later| waited(later.queued)).collect();
        out.extend(self.parking.drain().map(|held| waited(held.queued)));
        for lane in self.lanes.iter_mut().flatten() {
            lane.later = 0;
            out.extend(lane.drain().map(waited));
            lane.place = Place::Idle;
        }
        self.ready.clear();
        self.alarms.clear();
        self.waiting = 0;
        out
    }

    /// Takes out what waits and is `unwanted`, each with the time it has waited. Looks at all.
    pub fn extract(&mut self, unwanted: impl Fn(&T) -> bool, now: Instant) -> Vec<(T, Duration)> {
        let mut out = Vec::new();
        let (late, kept): (Vec<_>, Vec<_>) = self.later.drain().partition(|later| unwanted(&later.queued.item));
        self.later = kept.into();
        for later in late {
            if let Some(lane) = self.lane_mut(later.lane) {
                lane.later = lane.later.saturating_sub(1);
            }
            out.push(later.queued);
        }
        let held = self.parking.extract(&unwanted);
        out.extend(held.into_iter().map(|held| self.leave(held)));
        for index in 0..self.lanes.len() {
            let id = LaneId(u32::try_from(index).unwrap_or(u32::MAX));
            let before = out.len();
            if let Some(lane) = self.lane_mut(id) {
                lane.extract(&unwanted, &mut out);
            }
            if out.len() > before {
                self.settle_after(id, now);
            }
        }
        self.waiting -= out.len();
        out.into_iter().map(|queued| (queued.item, now.saturating_duration_since(queued.since))).collect()
    }

    fn lane_mut(&mut self, id: LaneId) -> Option<&mut Lane<T>> {
        self.lanes.get_mut(id.0 as usize)?.as_mut()
    }

    fn lane_of(&mut self, host: &str, now: Instant) -> LaneId {
        if let Some(&id) = self.hosts.get(host) {
            return id;
        }
        if self.hosts.len() >= self.sweep_at {
            self.sweep(now);
        }
        let limits = self.limits_of(host);
        let lane = Lane::new(limits, self.adaptive, self.epoch);
        let id = match self.free.pop() {
            Some(id) => {
                self.lanes[id.0 as usize] = Some(lane);
                id
            }
            None => {
                self.lanes.push(Some(lane));
                LaneId(u32::try_from(self.lanes.len() - 1).unwrap_or(u32::MAX))
            }
        };
        self.hosts.insert(host.into(), id);
        id
    }

    /// Drops lanes that nothing waits in and that remember nothing of worth, so that a list of
    /// ever-new hosts needs no memory for the old ones.
    fn sweep(&mut self, now: Instant) {
        let lanes = &mut self.lanes;
        let free = &mut self.free;
        self.hosts.retain(|_, id| {
            let slot = &mut lanes[id.0 as usize];
            let keep = slot.as_ref().is_some_and(|lane| !lane.is_forgettable(now));
            if !keep {
                *slot = None;
                free.push(*id);
            }
            keep
        });
        self.sweep_at = SWEEP_AT.max(self.hosts.len() * 2);
    }

    fn enqueue(&mut self, id: LaneId, priority: i32, queued: Queued<T>, end: End) {
        let Some(lane) = self.lane_mut(id) else { return };
        lane.enqueue(priority, queued, end == End::Front);
        if let Place::Ready(key) = lane.place {
            if key.0 != Reverse(lane.top_priority()) {
                let key = (Reverse(lane.top_priority()), key.1);
                let Place::Ready(old) = std::mem::replace(&mut lane.place, Place::Ready(key)) else { return };
                self.ready.remove(&old);
                self.ready.insert(key, id);
            }
        } else if lane.place == Place::Idle {
            self.settle(id);
        }
    }

    /// Hands out the front item of a ready lane.
    fn take(&mut self, id: LaneId, now: Instant, go: Go) -> Option<Turn<T>> {
        let rate_blocked_at = self.rate_blocked_at;
        if self.idle.wants_look(now) {
            let open = self.lanes.iter_mut().flatten().map(|lane| lane.idle.expire(now)).sum();
            self.idle.looked(open, now);
        }
        let lane = self.lanes.get_mut(id.0 as usize).and_then(Option::as_mut)?;
        let queued = lane.dequeue()?;
        let wait_for = lane.cause_of(&queued, rate_blocked_at, now);
        self.waiting -= 1;
        let mut close = false;
        if go == Go::Yes {
            lane.launched(now);
            let lonely = lane.is_empty() && lane.later == 0;
            close = self.idle.start(&mut lane.idle, self.waiting, lonely, now);
            if let Some(rate) = &mut self.rate {
                rate.started(now);
            }
        }
        let waited = now.saturating_duration_since(queued.since);
        self.settle_after(id, now);
        Some(Turn { item: queued.item, lane: id, waited, wait_for, go, close })
    }

    /// Puts a lane where it belongs after something changed: ready, full, or idle.
    fn settle(&mut self, id: LaneId) {
        self.turn += 1;
        let turn = self.turn;
        let Some(lane) = self.lane_mut(id) else { return };
        let place = if lane.is_empty() {
            Place::Idle
        } else if lane.is_full() {
            Place::Full
        } else {
            match lane.place {
                keep @ (Place::Ready(_) | Place::Parked(_)) => keep,
                _ => Place::Ready((Reverse(lane.top_priority()), turn)),
            }
        };
        let old = std::mem::replace(&mut lane.place, place);
        if old == place {
            return;
        }
        if let Place::Ready(key) = old {
            self.ready.remove(&key);
        }
        if let Place::Ready(key) = place {
            self.ready.insert(key, id);
        }
    }

    /// As [`settle`](Self::settle), for a lane that was just served: it goes behind its peers.
    fn settle_after(&mut self, id: LaneId, now: Instant) {
        let Some(lane) = self.lane_mut(id) else { return };
        let old = std::mem::replace(&mut lane.place, Place::Idle);
        if lane.is_full() && !lane.is_empty() {
            lane.note_block(Wait::Host, now);
        }
        if let Place::Ready(key) = old {
            self.ready.remove(&key);
        }
        self.settle(id);
    }

    /// A ready lane that has to wait for a time.
    fn park(&mut self, id: LaneId, until: Instant) {
        let Some(lane) = self.lane_mut(id) else { return };
        let old = std::mem::replace(&mut lane.place, Place::Parked(until));
        if let Place::Ready(key) = old {
            self.ready.remove(&key);
        }
        self.alarms.push(Alarm(Reverse(until), id));
    }

    /// Everything whose time has come takes its place among the ready.
    fn wake(&mut self, now: Instant) {
        while self.alarms.peek().is_some_and(|alarm| alarm.0.0 <= now) {
            let Some(Alarm(_, id)) = self.alarms.pop() else { break };
            // An alarm may be stale: its lane may have been emptied and filled since. Then this
            // is only one look too many.
            self.look_again(id);
        }
        while self.later.peek().is_some_and(|later| later.due.0 <= now) {
            let Some(later) = self.later.pop() else { break };
            if let Some(lane) = self.lane_mut(later.lane) {
                lane.later = lane.later.saturating_sub(1);
            }
            self.enqueue(later.lane, later.priority, later.queued, End::Front);
        }
    }
}

/// Which end of its priority's queue an item joins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Front,
    Back,
}

#[cfg(test)]
mod tests;
