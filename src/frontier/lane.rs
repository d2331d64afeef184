//! One host: its queue, how many are under way, its spacing, its pause, its breaker.
//!
//! Must not know the other hosts.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use super::{
    adapt::{Adapt, Effect, Scope},
    breaker::Breaker,
    idle::Idle,
    pace::Pace,
    spacing::Past,
};
use crate::{
    model::Wait,
    settings::{Adaptive, HostLimits},
};

/// An item and since when, and for what, it waits.
#[derive(Debug)]
pub(super) struct Queued<T> {
    pub item: T,
    pub since: Instant,
    /// A reason of its own (backoff, robots.txt).
    pub own: Option<Own>,
}

/// A reason to wait that is not the lane's. Small, because tens of thousands wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    pub why: Wait,
    /// For how long, in milliseconds.
    ms: u32,
}

impl Own {
    pub fn new(why: Wait, time: Duration) -> Self {
        Own { why, ms: u32::try_from(time.as_millis()).unwrap_or(u32::MAX) }
    }
}

impl<T> Queued<T> {
    pub fn new(item: T, since: Instant) -> Self {
        Queued { item, since, own: None }
    }
}

/// Where a lane stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing waits in it.
    Idle,
    /// It may go, with this rank.
    Ready((Reverse<i32>, u64)),
    /// It waits for this time.
    Parked(Instant),
    /// As many as allowed are under way.
    Full,
}

/// One host.
#[derive(Debug)]
pub(super) struct Lane<T> {
    pub queues: BTreeMap<Reverse<i32>, VecDeque<Queued<T>>>,
    pub limits: HostLimits,
    /// What robots.txt asks for between two starts.
    pub spaced_out: Duration,
    /// What is found out below the limits, if anything is.
    pub adapt: Option<Box<Adapt>>,
    pub pace: Option<Pace>,
    pub past: Past,
    pub blocked: Option<(Wait, Instant)>,
    pub paused: Option<(Instant, Wait)>,
    pub breaker: Breaker,
    pub in_flight: usize,
    pub idle: Idle,
    pub later: usize,
    pub place: Place,
}

impl<T> Lane<T> {
    pub fn new(limits: HostLimits, adaptive: Adaptive, epoch: Instant) -> Self {
        Lane {
            queues: BTreeMap::new(),
            limits,
            spaced_out: Duration::ZERO,
            adapt: (adaptive != Adaptive::Off).then(|| Box::new(Adapt::new(Scope::Host, limits.in_flight))),
            pace: limits.rate.map(|rate| Pace::new(rate, epoch)),
            past: Past::default(),
            blocked: None,
            paused: None,
            breaker: Breaker::default(),
            in_flight: 0,
            idle: Idle::default(),
            later: 0,
            place: Place::Idle,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// As many as allowed are under way.
    pub fn is_full(&self) -> bool {
        self.in_flight >= self.most()
    }

    /// How many there may be at once now. A half-open breaker lets one probe through, and so does a pace that
    /// nothing is known of yet.
    pub fn most(&self) -> usize {
        match &self.adapt {
            _ if self.breaker.is_open() || self.past.is_first(&self.limits) => 1,
            Some(adapt) => adapt.limit(),
            None => self.limits.in_flight.get(),
        }
    }

    /// How many wait in it.
    pub fn len(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    pub fn top_priority(&self) -> i32 {
        self.queues.first_key_value().map_or(0, |(priority, _)| priority.0)
    }

    pub fn enqueue(&mut self, priority: i32, queued: Queued<T>, front: bool) {
        let queue = self.queues.entry(Reverse(priority)).or_default();
        if front { queue.push_front(queued) } else { queue.push_back(queued) }
    }

    pub fn dequeue(&mut self) -> Option<Queued<T>> {
        let mut queue = self.queues.first_entry()?;
        let queued = queue.get_mut().pop_front();
        if queue.get().is_empty() {
            queue.remove();
        }
        queued
    }

    /// Moves what is unwanted to `out`.
    pub fn extract(&mut self, unwanted: impl Fn(&T) -> bool, out: &mut Vec<Queued<T>>) {
        for queue in self.queues.values_mut() {
            let (late, kept): (VecDeque<_>, VecDeque<_>) = queue.drain(..).partition(|queued| unwanted(&queued.item));
            *queue = kept;
            out.extend(late);
        }
        self.queues.retain(|_, queue| !queue.is_empty());
    }

    pub fn drain(&mut self) -> impl Iterator<Item = Queued<T>> {
        std::mem::take(&mut self.queues).into_values().flatten()
    }

    /// Until when, and why, this lane may not start anything; asking has the rate grant a start.
    pub fn blocked_until(&mut self, now: Instant) -> Option<(Instant, Wait)> {
        if let Some((until, why)) = self.paused {
            if until > now {
                return Some((until, why));
            }
            self.paused = None;
        }
        if let Some(until) = self.breaker.probe_at().filter(|until| *until > now) {
            return Some((until, Wait::Breaker));
        }
        if let Some(until) = self.past.next_start(&self.limits).filter(|until| *until > now) {
            return Some((until, Wait::HostRate));
        }
        if let Some(until) = self.adapt.as_ref().and_then(|adapt| adapt.blocked_until(now)) {
            return Some((until, Wait::Host));
        }
        let wait = self.pace.as_mut().and_then(|pace| pace.check(now).err())?;
        Some((now + wait, Wait::HostRate))
    }

    /// How an exchange went that still counts as under way.
    pub fn note(&mut self, effect: Effect, latency: Duration, now: Instant) {
        if let Some(adapt) = &mut self.adapt {
            adapt.note(effect, latency, self.in_flight, now);
        }
    }

    pub fn note_block(&mut self, why: Wait, now: Instant) {
        self.blocked = Some((why, now));
    }

    pub fn launched(&mut self, now: Instant) {
        self.in_flight += 1;
        self.breaker.launched();
        if let Some(adapt) = &mut self.adapt {
            adapt.launched(now);
        }
        if let Some(pace) = &mut self.pace {
            pace.started(now);
        }
        self.past.start = Some(now);
    }

    /// An exchange that says something about the host is over, after so much time. Whether the next may
    /// start sooner for it.
    pub fn took(&mut self, took: Duration, now: Instant) -> bool {
        let before = self.past.next_start(&self.limits);
        self.past.end = Some((now, took));
        self.past.next_start(&self.limits) < before
    }

    /// At least so much time from one start to the next.
    pub fn space_out(&mut self, delay: Duration) {
        self.spaced_out = self.spaced_out.max(delay);
        self.limits.delay = self.limits.delay.max(delay);
    }

    /// What an item that may go now has waited for: its own reason, if that was most of it, else the
    /// last thing that held the lane while it waited, else the global rate, else a slot.
    pub fn cause_of(&self, queued: &Queued<T>, rate_blocked_at: Option<Instant>, now: Instant) -> Wait {
        let waited = now.saturating_duration_since(queued.since);
        let most = |own: &Own| 2 * u128::from(own.ms) + 1 >= waited.as_millis();
        if let Some(own) = queued.own.filter(most) {
            return own.why;
        }
        let held = self.blocked.filter(|(_, at)| *at >= queued.since).map(|(why, _)| why);
        let rate = rate_blocked_at.filter(|at| *at >= queued.since).map(|_| Wait::Rate);
        held.or(rate).or(queued.own.map(|own| own.why)).unwrap_or(Wait::Slot)
    }

    /// How long what was found out is kept: that a host refuses is not forgotten at once.
    fn adapted_for(&self) -> Duration {
        match self.adapt.as_ref().filter(|adapt| adapt.is_throttled()) {
            Some(_) => Duration::from_secs(60),
            None => Duration::ZERO,
        }
    }

    /// Nothing waits or is under way, and nothing that happened here matters any more.
    pub fn is_forgettable(&self, now: Instant) -> bool {
        let spacing = self.limits.rate.map_or(Duration::ZERO, |rate| rate.per * 2).max(self.adapted_for());
        self.is_empty()
            && self.in_flight == 0
            && self.later == 0
            && self.idle.count(now) == 0
            && !self.breaker.is_open()
            && self.paused.is_none_or(|(until, _)| until <= now)
            && self.past.start.is_none_or(|at| at + spacing <= now)
            && self.past.next_start(&self.limits).is_none_or(|at| at <= now)
    }
}
