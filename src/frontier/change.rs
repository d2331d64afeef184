//! Limits that change while something waits.
//!
//! What is under way stays; what waits goes by the new limits from its next start on. Must not know who
//! changes them, nor why.

use std::{num::NonZeroUsize, time::Instant};

use super::{Frontier, LaneId, Place, lane::Lane, pace::Pace};
use crate::{
    model::units::Rate,
    settings::{Delay, HostLimits},
};

/// A new limit of a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HostChange {
    /// Exchanges at once.
    PerHost(NonZeroUsize),
    /// Starts per time; `None` counts none.
    Rate(Option<Rate>),
    /// Time between two starts.
    Delay(Delay),
}

impl HostChange {
    fn apply(self, limits: &mut HostLimits) {
        match self {
            HostChange::PerHost(most) => limits.in_flight = most,
            HostChange::Rate(rate) => limits.rate = rate,
            HostChange::Delay(delay) => (limits.delay, limits.factor) = (delay.least, delay.factor),
        }
    }
}

/// The name without the port.
fn bare(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Whether a limit that names `name` (`host` or `host:port`) holds for `host`.
pub(crate) fn is_named(name: &str, host: &str) -> bool {
    name == host || name == bare(host)
}

impl<T> Lane<T> {
    fn change(&mut self, change: HostChange, now: Instant, epoch: Instant) {
        change.apply(&mut self.limits);
        match change {
            HostChange::PerHost(most) => {
                if let Some(adapt) = &mut self.adapt {
                    adapt.set_cap(most, now);
                }
            }
            HostChange::Rate(rate) => self.pace = rate.map(|rate| Pace::after(rate, self.past.start, epoch)),
            // What robots.txt asks for holds beside it.
            HostChange::Delay(_) => self.limits.delay = self.limits.delay.max(self.spaced_out),
        }
    }
}

impl<T> Frontier<T> {
    /// What a host is held to when it is first heard of.
    pub(super) fn limits_of(&self, host: &str) -> HostLimits {
        self.named.get(host).or_else(|| self.named.get(bare(host))).copied().unwrap_or(self.default)
    }

    /// Another limit for a host (`host`, or `host:port`), or for all that have none of their own. Says for
    /// how many that something waits for, or is under way to.
    pub fn change(&mut self, host: Option<&str>, change: HostChange, now: Instant) -> usize {
        match host {
            Some(name) => {
                let mut limits = self.limits_of(name);
                change.apply(&mut limits);
                self.named.insert(name.to_owned(), limits);
                // One that is named with its port goes before; what is said of the host holds for it too.
                let more = self.named.iter_mut().filter(|(other, _)| *other != name && is_named(name, other));
                more.for_each(|(_, limits)| change.apply(limits));
            }
            None => change.apply(&mut self.default),
        }
        let named = &self.named;
        let is_meant = |lane: &str| match host {
            Some(name) => is_named(name, lane),
            None => !named.keys().any(|name| is_named(name, lane)),
        };
        let meant: Vec<LaneId> = self.hosts.iter().filter(|(lane, _)| is_meant(lane)).map(|(_, id)| *id).collect();
        let mut live = 0;
        for id in meant {
            let epoch = self.epoch;
            let Some(lane) = self.lane_mut(id) else { continue };
            lane.change(change, now, epoch);
            live += usize::from(lane.len() + lane.later + lane.in_flight > 0);
            self.look_again(id);
            self.settle(id);
        }
        live
    }

    /// Whether a lane that waits for a time still has to, and until when, is found out anew.
    pub(super) fn look_again(&mut self, id: LaneId) {
        if let Some(lane) = self.lane_mut(id).filter(|lane| matches!(lane.place, Place::Parked(_))) {
            lane.place = Place::Idle;
            self.settle(id);
        }
    }

    /// Another rate of starts over all hosts.
    pub fn change_rate(&mut self, rate: Option<Rate>) {
        let last = self.lanes.iter().flatten().filter_map(|lane| lane.past.start).max();
        self.rate = rate.map(|rate| Pace::after(rate, last, self.epoch));
        self.rate_until = None;
    }

    /// So many exchanges go on at once from now on.
    pub fn change_slots(&mut self, slots: usize) {
        self.idle.set_slots(slots);
    }
}
