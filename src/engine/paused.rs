//! How many hosts rest now, because they asked for it: for those who look at a run.
//!
//! The frontier alone says who may go; this only counts. Must not know why a host rests.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use super::run::Engine;
use crate::{fetch::Wire, frontier::LaneId, model::Wait};

/// Hosts that rest, and until when.
#[derive(Debug, Default)]
pub(super) struct Paused {
    until: HashMap<LaneId, Instant>,
    /// The same, the first to go on first.
    ends: BTreeSet<(Instant, LaneId)>,
}

impl Paused {
    /// A host rests until then; a rest that ends later than another counts.
    pub fn note(&mut self, lane: LaneId, until: Instant) {
        match self.until.get(&lane) {
            Some(before) if *before >= until => return,
            Some(before) => _ = self.ends.remove(&(*before, lane)),
            None => {}
        }
        self.until.insert(lane, until);
        self.ends.insert((until, lane));
    }

    /// How many still rest.
    pub fn count(&mut self, now: Instant) -> u64 {
        while let Some((_, lane)) = self.ends.first().copied().filter(|(end, _)| *end <= now) {
            self.ends.pop_first();
            self.until.remove(&lane);
        }
        self.until.len() as u64
    }
}

impl<W: Wire> Engine<W> {
    /// Has a host rest, if one was asked.
    pub(super) fn pause(&mut self, lane: Option<LaneId>, until: Instant, why: Wait) {
        if let Some(lane) = lane {
            self.frontier.pause(lane, until, why);
            self.paused.note(lane, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{frontier::Frontier, settings::Limits};

    #[test]
    fn a_host_rests_once_until_its_last_rest_is_over() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut frontier = Frontier::new(&Limits::default(), now);
        let mut lane = |host: &str| {
            frontier.push(host, 0, (), now);
            frontier.pop(now).unwrap().lane
        };
        let (one, other) = (lane("one"), lane("other"));
        let mut paused = Paused::default();
        for (lane, until) in [(one, 5), (one, 9), (one, 2), (other, 5)] {
            paused.note(lane, at(until));
        }
        let counts: Vec<u64> = [0, 4, 5, 8, 9].map(|seconds| paused.count(at(seconds))).to_vec();
        assert_eq!(counts, [2, 2, 1, 1, 0]);
        assert!(paused.ends.is_empty());
    }
}
