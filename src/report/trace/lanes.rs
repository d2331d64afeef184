//! Which thread of which process a span is drawn in, so that none lies over another.
//!
//! Spans come as records complete, a retry together with what was tried half a minute before; so each lane
//! remembers its last spans, and takes one that fits between them. Must not know what spans mean.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// Spans that a lane remembers; nothing is drawn before the oldest of them.
const REMEMBERED: usize = 64;
/// Hosts that are remembered. One that is met again after it was forgotten is drawn as another process of the
/// same name.
const HOSTS: usize = 4096;

/// A thread of a process; 0 is the whole run, or the whole host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Number of the process, from 1.
    pub host: u32,
    /// Number of the thread in it, from 1.
    pub lane: u32,
}

/// Whether a place is met for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub is_new_host: bool,
    pub is_new_lane: bool,
}

/// Every host that was met lately.
#[derive(Debug, Default)]
pub struct Hosts {
    known: HashMap<Box<str>, Host>,
    /// Processes so far.
    count: u32,
}

#[derive(Debug, Default)]
struct Host {
    number: u32,
    lanes: Vec<Lane>,
}

/// Its last spans in their order, none over another.
#[derive(Debug, Default)]
struct Lane(VecDeque<(Duration, Duration)>);

impl Hosts {
    /// A place for a span of this host.
    pub fn place(&mut self, name: &str, from: Duration, to: Duration) -> (Place, News) {
        let mut news = News::default();
        if !self.known.contains_key(name) {
            if self.known.len() >= HOSTS {
                self.known.clear();
            }
            self.count += 1;
            news.is_new_host = true;
        }
        let number = self.count;
        let host = self.known.entry(name.into()).or_insert_with(|| Host { number, lanes: Vec::new() });
        let lane = host.lanes.iter_mut().position(|lane| lane.takes(from, to));
        let lane = lane.unwrap_or_else(|| {
            news.is_new_lane = true;
            host.lanes.push(Lane(VecDeque::from([(from, to)])));
            host.lanes.len() - 1
        });
        (Place { host: host.number, lane: u32::try_from(lane).unwrap_or(u32::MAX).saturating_add(1) }, news)
    }
}

impl Lane {
    /// Takes a span, if it fits.
    fn takes(&mut self, from: Duration, to: Duration) -> bool {
        // Most come behind all others.
        let at = self.0.iter().rposition(|(_, end)| *end <= from).map_or(0, |before| before + 1);
        let is_free = self.0.get(at).is_none_or(|(next, _)| to <= *next);
        let is_known = at > 0 || self.0.len() < REMEMBERED;
        if !(is_free && is_known) {
            return false;
        }
        self.0.insert(at, (from, to));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn lane(hosts: &mut Hosts, from: u64, to: u64) -> u32 {
        hosts.place("h", ms(from), ms(to)).0.lane
    }

    #[test]
    fn a_span_takes_the_first_lane_where_it_fits_also_between_others() {
        let mut hosts = Hosts::default();
        assert_eq!(lane(&mut hosts, 0, 10), 1);
        assert_eq!(lane(&mut hosts, 5, 15), 2);
        assert_eq!(lane(&mut hosts, 10, 20), 1);
        assert_eq!(lane(&mut hosts, 40, 50), 1);
        assert_eq!(lane(&mut hosts, 25, 30), 1, "it came late");
        assert_eq!(lane(&mut hosts, 26, 28), 2);
        let (place, news) = hosts.place("other", ms(0), ms(1));
        assert_eq!((place, news), (Place { host: 2, lane: 1 }, News { is_new_host: true, is_new_lane: true }));
        assert_eq!(hosts.place("h", ms(90), ms(91)).1, News::default());
    }

    #[test]
    fn memory_does_not_grow_with_hosts_or_spans() {
        let mut hosts = Hosts::default();
        for number in 0..HOSTS * 2 + 10 {
            hosts.place(&number.to_string(), ms(0), ms(1));
        }
        assert!(hosts.known.len() <= HOSTS);
        let mut hosts = Hosts::default();
        for number in 0..10_000 {
            assert_eq!(lane(&mut hosts, number, number + 1), 1);
        }
        assert_eq!(hosts.known["h"].lanes[0].0.len(), REMEMBERED);
        assert_ne!(lane(&mut hosts, 0, 1), 1, "what was there is forgotten");
    }

    proptest! {
        #[test]
        fn no_span_lies_over_another_in_whatever_order_they_come(
            spans in prop::collection::vec((0_u64..2_000, 0_u64..60), 1..600)
        ) {
            let mut hosts = Hosts::default();
            let mut drawn: HashMap<u32, Vec<(u64, u64)>> = HashMap::new();
            for (from, long) in spans {
                let lane = drawn.entry(lane(&mut hosts, from, from + long)).or_default();
                for (other, end) in lane.iter() {
                    prop_assert!(from >= *end || from + long <= *other, "{from} {long} over {other}..{end}");
                }
                lane.push((from, from + long));
            }
        }
    }
}
