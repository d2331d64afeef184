//! Pages that wait, and which of them is next: by the distance from the seeds, and where no way leads
//! from one host to another each host for itself, so that a slow one keeps nobody.
//!
//! In: `push`, `begin`, `end`. Out: `next(now)`. Must not know requests or rules.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use super::{
    levels::{Levels, Share},
    queue::{Queue, Waiting},
};

/// A page under way: where it counts.
#[derive(Clone, Debug)]
pub(super) struct Place {
    host: Arc<str>,
    ticket: u64,
}

/// All that wait.
#[derive(Debug)]
pub(super) struct Lanes {
    share: Share,
    /// Requests that a host answers at once, and that may be under way for it.
    at_once: usize,
    most: usize,
    /// By host, where that has levels of its own; seeds, and all where it has not, under [`Self::first`].
    waiting: HashMap<Arc<str>, Lane>,
    under_way: HashMap<Arc<str>, Levels>,
    /// Lanes by the number of the page that is next in each.
    ready: BTreeMap<u64, Arc<str>>,
    /// Lanes whose next page has to wait.
    held: HashSet<Arc<str>>,
    /// When to look at those again, unless a page of theirs ends.
    wake: Option<Instant>,
    /// The lane of all pages that no host keeps.
    first: Arc<str>,
    tickets: u64,
    len: usize,
}

/// Pages of one host, the nearest first. Boxed: most lanes have one or two.
#[derive(Debug, Default)]
struct Lane {
    depths: BTreeMap<u32, Box<Queue>>,
}

impl Lane {
    /// The distance and the number of the next one.
    fn front(&mut self) -> Option<(u32, u64)> {
        let mut nearest = self.depths.first_entry()?;
        let depth = *nearest.key();
        nearest.get_mut().front().map(|front| (depth, front.seq))
    }

    fn pop(&mut self) -> Option<Waiting> {
        let mut nearest = self.depths.first_entry()?;
        let one = nearest.get_mut().pop();
        if nearest.get().is_empty() {
            nearest.remove();
        }
        one
    }
}

impl Lanes {
    /// Nothing yet. A host answers `at_once` requests at once, and no more than `most` are under way for
    /// one that has its own levels.
    pub fn new(share: Share, at_once: usize, most: usize) -> Self {
        Lanes {
            share,
            at_once: at_once.max(1),
            most: most.max(1),
            waiting: HashMap::new(),
            under_way: HashMap::new(),
            ready: BTreeMap::new(),
            held: HashSet::new(),
            wake: None,
            first: Arc::from(""),
            tickets: 0,
            len: 0,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more waits.
    pub fn push(&mut self, host: &str, one: &Waiting) {
        // Nobody is nearer than a seed, so those need no lane of their own.
        let key = match self.share {
            Share::Host if one.depth > 0 => host,
            _ => "",
        };
        let key = match self.waiting.get_key_value(key) {
            Some((key, _)) => Arc::clone(key),
            None if key.is_empty() => Arc::clone(&self.first),
            None => key.into(),
        };
        let lane = self.waiting.entry(Arc::clone(&key)).or_default();
        let before = lane.front();
        lane.depths.entry(one.depth).or_default().push(one);
        self.len += 1;
        if before.is_none_or(|(depth, _)| one.depth < depth) {
            if let Some((_, seq)) = before {
                self.ready.remove(&seq);
            }
            self.held.remove(&key);
            self.ready.insert(one.seq, key);
        }
    }

    /// The number of the page that is next, if one may go now.
    pub fn first(&mut self, now: Instant) -> Option<u64> {
        if self.wake.is_some_and(|wake| wake <= now) {
            self.wake = None;
            for key in std::mem::take(&mut self.held) {
                self.look_at(key);
            }
        }
        loop {
            let (&seq, key) = self.ready.first_key_value()?;
            let key = Arc::clone(key);
            let Some((depth, _)) = self.waiting.get_mut(&key).and_then(Lane::front) else {
                self.ready.remove(&seq);
                continue;
            };
            match self.may_go(&key, depth, now) {
                Ok(()) => return Some(seq),
                Err(until) => {
                    self.wake = [self.wake, until].into_iter().flatten().min();
                    self.ready.remove(&seq);
                    self.held.insert(key);
                }
            }
        }
    }

    fn may_go(&mut self, key: &Arc<str>, depth: u32, now: Instant) -> Result<(), Option<Instant>> {
        let Some(levels) = self.under_way.get_mut(key) else { return Ok(()) };
        if self.share == Share::Host && levels.len() >= self.most {
            return Err(None);
        }
        levels.may_go(depth, now).map_err(Some)
    }

    /// Takes the page that is next.
    pub fn next(&mut self, now: Instant) -> Option<Waiting> {
        let seq = self.first(now)?;
        self.take(seq)
    }

    /// Takes any that waits, whether it may go or not.
    pub fn any(&mut self) -> Option<Waiting> {
        for key in std::mem::take(&mut self.held) {
            self.look_at(key);
        }
        let (&seq, _) = self.ready.first_key_value()?;
        self.take(seq)
    }

    fn take(&mut self, seq: u64) -> Option<Waiting> {
        let key = self.ready.remove(&seq)?;
        let one = self.waiting.get_mut(&key)?.pop()?;
        self.len -= 1;
        self.look_at(key);
        Some(one)
    }

    /// A lane stands where its next page has its place, or goes if it has none.
    fn look_at(&mut self, key: Arc<str>) {
        match self.waiting.get_mut(&key).and_then(Lane::front) {
            Some((_, seq)) => _ = self.ready.insert(seq, key),
            None => _ = self.waiting.remove(&key),
        }
    }

    /// When one that has to wait may go, although nothing else happens.
    pub fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// One goes out to this host, at this distance.
    pub fn begin(&mut self, host: &str, depth: u32, now: Instant) -> Place {
        let host: Arc<str> = host.into();
        let key = self.key(&host);
        self.tickets += 1;
        let ticket = self.tickets;
        let levels = self.under_way.entry(key).or_insert_with(|| Levels::new(self.share, self.at_once));
        levels.begin(&host, ticket, depth, now);
        Place { host, ticket }
    }

    /// One came to its end.
    pub fn end(&mut self, place: &Place, now: Instant) {
        let key = self.key(&place.host);
        let Some(levels) = self.under_way.get_mut(&key) else { return };
        levels.end(&place.host, place.ticket, now);
        if levels.len() == 0 {
            self.under_way.remove(&key);
        }
        if let Some(key) = self.held.take(&key) {
            self.look_at(key);
        }
    }

    fn key(&self, host: &Arc<str>) -> Arc<str> {
        match self.share {
            Share::Host => Arc::clone(host),
            Share::All => Arc::clone(&self.first),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::FoundIn;

    fn waiting(seq: u64, depth: u32) -> Waiting {
        let (url, note) = (format!("http://h/{seq}"), String::new());
        Waiting { seq, url, parent: None, found_in: FoundIn::A, depth, note }
    }

    fn taken(lanes: &mut Lanes, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| lanes.next(now)).map(|one| one.seq).collect()
    }

    #[test]
    fn the_nearest_goes_first_and_of_hosts_whoever_was_found_first() {
        for (share, want) in [(Share::Host, [0, 1, 2, 3, 4]), (Share::All, [0, 3, 4, 1, 2])] {
            let mut lanes = Lanes::new(share, 2, 9);
            for (seq, host, depth) in [(0, "a", 0), (1, "a", 2), (2, "a", 3), (3, "b", 1), (4, "b", 1)] {
                lanes.push(host, &waiting(seq, depth));
            }
            assert_eq!(taken(&mut lanes, Instant::now()), want, "{share:?}");
            assert_eq!((lanes.len(), lanes.waiting.len()), (0, 0));
        }
    }

    #[test]
    fn a_slow_host_keeps_others_only_where_a_way_may_lead_from_it_to_them() {
        let now = Instant::now();
        for (share, want) in [(Share::Host, vec![2]), (Share::All, vec![])] {
            let mut lanes = Lanes::new(share, 2, 9);
            let slow = lanes.begin("slow", 0, now);
            lanes.push("slow", &waiting(1, 2));
            lanes.push("fast", &waiting(2, 2));
            assert_eq!(taken(&mut lanes, now), want, "{share:?}");
            assert_eq!(lanes.wake(), Some(now + Duration::from_secs(10)));
            let late = now + Duration::from_secs(10);
            assert_eq!(taken(&mut lanes, late).len() + want.len(), 2, "patience is over");
            lanes.push("slow", &waiting(3, 3));
            lanes.end(&slow, late);
            assert_eq!((taken(&mut lanes, late), lanes.under_way.len()), (vec![3], 0));
        }
    }

    #[test]
    fn a_page_that_ends_lets_those_go_that_waited_for_it() {
        let now = Instant::now();
        let mut lanes = Lanes::new(Share::Host, 2, 2);
        let places = [lanes.begin("h", 0, now), lanes.begin("h", 1, now)];
        lanes.push("h", &waiting(1, 1));
        lanes.push("h", &waiting(2, 2));
        assert_eq!(taken(&mut lanes, now), [0; 0], "so many are under way as may be");
        lanes.end(&places[1], now);
        assert_eq!(taken(&mut lanes, now), [1], "the other is two steps further");
        lanes.push("h", &waiting(3, 1));
        assert_eq!(taken(&mut lanes, now), [3], "a nearer one goes before it");
        lanes.end(&places[0], now);
        assert_eq!(taken(&mut lanes, now), [2]);
        lanes.push("h", &waiting(4, 9));
        let _under_way = lanes.begin("h", 0, now);
        assert_eq!((taken(&mut lanes, now), lanes.any().map(|one| one.seq), lanes.any()), (vec![], Some(4), None));
    }

    proptest::proptest! {
        #[test]
        fn each_comes_out_once(all in proptest::collection::vec((0_u8..4, 0_u32..5), 0..60), share in proptest::bool::ANY) {
            let share = if share { Share::Host } else { Share::All };
            let mut lanes = Lanes::new(share, 2, 3);
            let mut out = Vec::new();
            let now = Instant::now();
            let mut places = Vec::new();
            for (seq, (host, depth)) in all.iter().enumerate() {
                lanes.push(&host.to_string(), &waiting(seq as u64, *depth));
                if let Some(one) = lanes.next(now) {
                    places.push(lanes.begin(&host.to_string(), one.depth, now));
                    out.push(one.seq);
                }
                if seq % 3 == 0 && let Some(place) = places.pop() {
                    lanes.end(&place, now);
                }
            }
            places.iter().for_each(|place| lanes.end(place, now));
            out.extend(taken(&mut lanes, now));
            out.sort_unstable();
            proptest::prop_assert_eq!(out, (0..all.len() as u64).collect::<Vec<_>>());
            proptest::prop_assert!(lanes.waiting.is_empty() && lanes.under_way.is_empty() && lanes.held.is_empty());
        }
    }
}
