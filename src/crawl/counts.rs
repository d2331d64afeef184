//! Traps that only show by their number: a path with ever new queries, a host with ever new pages.
//!
//! Counts what a crawl takes, in bounded memory. Must not know how the URLs look.

use std::collections::HashMap;

use ::url::{Position, Url};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Trap;

/// How many are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountLimits {
    /// Different queries of one path.
    pub queries: u32,
    /// Pages of one host and port; `None` for as many as there are.
    pub pages: Option<u32>,
    /// Paths, and hosts, that are counted at a time: about 32 bytes each.
    pub tracked: usize,
}

impl Default for CountLimits {
    fn default() -> Self {
        CountLimits { queries: 1_000, pages: None, tracked: 100_000 }
    }
}

/// What a crawl has taken so far.
#[derive(Clone, Debug)]
pub struct TrapCounts {
    limits: CountLimits,
    seed: u64,
    queries: Tally,
    pages: Tally,
}

impl TrapCounts {
    /// Nothing yet. Paths and hosts are known by 64 bits of XXH3 under `seed`, a number that sites
    /// cannot know: two of 100,000 agree by chance once in a billion runs.
    pub fn new(limits: CountLimits, seed: u64) -> Self {
        TrapCounts { limits, seed, queries: Tally::new(limits.tracked), pages: Tally::new(limits.tracked) }
    }

    /// Takes a URL, or says which budget is used up; then nothing is counted.
    ///
    /// Each URL comes once: whoever calls knows what was seen. So a URL with a query is a new query of
    /// its path.
    pub fn take(&mut self, url: &Url) -> Option<Trap> {
        let host = self.key(&url[Position::BeforeHost..Position::AfterPort]);
        let path = url.query().map(|_| self.key(&url[Position::BeforeHost..Position::AfterPath]));
        if let Some(most) = self.limits.pages.filter(|&most| self.pages.count(host) >= most) {
            return Some(Trap::ManyPages(most));
        }
        if path.is_some_and(|path| self.queries.count(path) >= self.limits.queries) {
            return Some(Trap::ManyQueries(self.limits.queries));
        }
        if self.limits.pages.is_some() {
            self.pages.add(host);
        }
        if let Some(path) = path {
            self.queries.add(path);
        }
        None
    }

    fn key(&self, text: &str) -> u64 {
        xxh3_64_with_seed(text.as_bytes(), self.seed)
    }
}

/// Counts by key, so many at a time. When a new key finds no room, half of them are forgotten, none
/// of which is above the median: a trap has a large count, so it stays. What is forgotten starts
/// anew, which lets more pass than the limit, never less.
#[derive(Clone, Debug)]
struct Tally {
    counts: HashMap<u64, u32>,
    most: usize,
}

impl Tally {
    fn new(most: usize) -> Self {
        Tally { counts: HashMap::new(), most: most.max(1) }
    }

    fn count(&self, key: u64) -> u32 {
        self.counts.get(&key).copied().unwrap_or(0)
    }

    fn add(&mut self, key: u64) {
        if self.counts.len() >= self.most && !self.counts.contains_key(&key) {
            self.make_room();
        }
        let count = self.counts.entry(key).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Forgets half. Where all counts are equal it does not matter which: none stands out as a trap.
    fn make_room(&mut self) {
        let mut all: Vec<u32> = self.counts.values().copied().collect();
        let middle = all.len() / 2;
        let (_, &mut median, _) = all.select_nth_unstable(middle);
        let mut room = middle + 1;
        self.counts.retain(|_, count| {
            let goes = room > 0 && *count <= median;
            room -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn taken(counts: &mut TrapCounts, urls: impl Iterator<Item = String>) -> usize {
        urls.filter(|text| counts.take(&url(text)).is_none()).count()
    }

    #[test]
    fn a_path_has_so_many_queries_and_its_neighbour_as_many() {
        let mut counts = TrapCounts::new(CountLimits { queries: 3, ..CountLimits::default() }, 7);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://h/cal?d={n}"))), 3);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://h/new?d={n}"))), 3);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://h:81/cal?d={n}"))), 3);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://h/cal{n}"))), 9);
        assert_eq!(counts.take(&url("http://h/cal?d=10")), Some(Trap::ManyQueries(3)));
        assert_eq!(counts.take(&url("http://h/cal")), None, "the path itself has no query");
    }

    #[test]
    fn a_host_has_so_many_pages() {
        let mut counts = TrapCounts::new(CountLimits { pages: Some(5), ..CountLimits::default() }, 7);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://h/{n}"))), 5);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://other/{n}"))), 5);
        assert_eq!(counts.take(&url("http://h/x")), Some(Trap::ManyPages(5)));
    }

    #[test]
    fn what_is_refused_uses_nothing_up() {
        let limits = CountLimits { queries: 1, pages: Some(2), ..CountLimits::default() };
        let mut counts = TrapCounts::new(limits, 7);
        assert_eq!(taken(&mut counts, (0..9).map(|n| format!("http://h/a?{n}"))), 1);
        assert_eq!(counts.take(&url("http://h/b")), None);
    }

    #[test]
    fn memory_is_bounded_and_a_trap_is_not_forgotten() {
        let limits = CountLimits { queries: 50, tracked: 100, ..CountLimits::default() };
        let mut counts = TrapCounts::new(limits, 7);
        let noise = |n: u32| [format!("http://h/{n}?a"), "http://h/cal?d=".to_owned() + &n.to_string()];
        let taken = taken(&mut counts, (0..10_000).flat_map(noise));
        assert_eq!(taken, 10_000 + 50);
        assert!(counts.queries.counts.len() <= 100, "{}", counts.queries.counts.len());
    }

    #[test]
    fn room_is_made_where_all_counts_are_equal() {
        let mut tally = Tally::new(10);
        (0..10_000).for_each(|key| tally.add(key));
        assert!(tally.counts.len() <= 10 && !tally.counts.is_empty());
        let mut one = Tally::new(0);
        (0..10).for_each(|key| one.add(key));
        assert_eq!(one.counts.len(), 1);
    }
}
