//! What waits, as it stands: for whom, since when, for what, and when its turn may come.
//!
//! Looks and changes nothing: no start is granted, no lane moves. Costs something only when it is asked. Must
//! not know what an item is.

use std::time::Instant;

use super::{Frontier, Place, lane::Lane};
use crate::{model::Wait, settings::HostLimits};

/// An item that waits.
#[derive(Debug)]
pub struct Queue<'a, T> {
    /// What was pushed.
    pub item: &'a T,
    /// Its host, as it was pushed with.
    pub host: &'a str,
    /// Since when.
    pub since: Instant,
    /// For what.
    pub wait_for: Wait,
    /// When that is over, where it is known and nobody waits ahead of it.
    pub until: Option<Instant>,
    /// How many of its host go first.
    pub ahead: usize,
}

/// A host and how it stands.
#[derive(Debug)]
pub struct HostView<'a> {
    /// Its name, as it was pushed with.
    pub host: &'a str,
    /// How many wait for it.
    pub waiting: usize,
    /// How many are under way.
    pub in_flight: usize,
    /// How many may be at once now.
    pub most: usize,
    /// What it is held to.
    pub limits: HostLimits,
    /// What holds it, and until when, where that is known.
    pub held: Option<(Wait, Option<Instant>)>,
}

impl<T> Lane<T> {
    /// What keeps it from starting anything at `now`, and until when where that is known. Unlike
    /// [`blocked_until`](Lane::blocked_until) it grants nothing.
    pub(super) fn hold(&self, now: Instant) -> Option<(Wait, Option<Instant>)> {
        let later = |until: &Instant| *until > now;
        if let Some((until, why)) = self.paused.filter(|(until, _)| later(until)) {
            return Some((why, Some(until)));
        }
        if let Some(until) = self.breaker.probe_at().filter(later) {
            return Some((Wait::Breaker, Some(until)));
        }
        if self.is_full() {
            return Some((if self.breaker.is_open() { Wait::Breaker } else { Wait::Host }, None));
        }
        if let Some(until) = self.past.next_start(&self.limits).filter(later) {
            return Some((Wait::HostRate, Some(until)));
        }
        match self.place {
            Place::Parked(until) if later(&until) => {
                Some((self.blocked.map_or(Wait::HostRate, |(why, _)| why), Some(until)))
            }
            _ => None,
        }
    }
}

impl<T> Frontier<T> {
    /// Everything that waits, in no order.
    pub fn waiting(&self, now: Instant) -> impl Iterator<Item = Queue<'_, T>> {
        let names = self.names();
        let rate = self.rate_until.filter(|until| *until > now);
        let free = move || rate.map_or((Wait::Slot, Some(now)), |until| (Wait::Rate, Some(until)));
        let lanes = self.hosts.iter().filter_map(|(host, id)| Some((&**host, self.lane(id.0)?)));
        let queued = lanes.flat_map(move |(host, lane)| {
            let (wait_for, until) = lane.hold(now).unwrap_or_else(free);
            lane.queues.values().flatten().enumerate().map(move |(ahead, queued)| Queue {
                item: &queued.item,
                host,
                since: queued.since,
                wait_for,
                until: until.filter(|_| ahead == 0),
                ahead,
            })
        });
        let name_of = move |id: super::LaneId| names.get(id.0 as usize).copied().flatten().unwrap_or_default();
        let name_of_held = name_of.clone();
        let later = self.later.iter().map(move |later| {
            let pause = self.lane(later.lane.0).and_then(|lane| lane.paused).filter(|(until, _)| *until > later.due.0);
            let own = later.queued.own.map_or(Wait::Slot, |own| own.why);
            let (until, wait_for) = pause.unwrap_or((later.due.0, own));
            let queued = &later.queued;
            let host = name_of(later.lane);
            Queue { item: &queued.item, host, since: queued.since, wait_for, until: Some(until), ahead: 0 }
        });
        let held = self.parking.iter().map(move |held| {
            let (queued, host) = (&held.queued, name_of_held(held.lane));
            Queue { item: &queued.item, host, since: queued.since, wait_for: Wait::Robots, until: None, ahead: 0 }
        });
        queued.chain(later).chain(held)
    }

    /// Every host that anything waits for or is under way to, in no order.
    pub fn hosts(&self, now: Instant) -> impl Iterator<Item = HostView<'_>> {
        self.hosts.iter().filter_map(move |(host, id)| {
            let lane = self.lane(id.0)?;
            let waiting = lane.len() + lane.later;
            (waiting + lane.in_flight > 0).then(|| HostView {
                host,
                waiting,
                in_flight: lane.in_flight,
                most: lane.most(),
                limits: lane.limits,
                held: lane.hold(now),
            })
        })
    }

    fn lane(&self, id: u32) -> Option<&Lane<T>> {
        self.lanes.get(id as usize)?.as_ref()
    }

    /// The name of each lane, by its number.
    fn names(&self) -> Vec<Option<&str>> {
        let mut names = vec![None; self.lanes.len()];
        for (host, id) in &self.hosts {
            if let Some(name) = names.get_mut(id.0 as usize) {
                *name = Some(&**host);
            }
        }
        names
    }
}
