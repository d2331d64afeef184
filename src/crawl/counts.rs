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
    /// Queries of one path, found on itself, that may show nothing new; `None` for as many as there are.
    pub queries: Option<u32>,
    /// Pages of one host and port; `None` for as many as there are.
    pub pages: Option<u32>,
    /// Paths, and hosts, that are counted at a time: about 32 bytes each.
    pub tracked: usize,
}

impl Default for CountLimits {
    fn default() -> Self {
        CountLimits { queries: Some(1_000), pages: None, tracked: 100_000 }
    }
}

/// What a crawl has met so far.
#[derive(Clone, Debug)]
pub struct TrapCounts {
    limits: CountLimits,
    seed: u64,
    /// Pages without anything new, by path.
    barren: Tally,
    /// The title that a path had last.
    titles: HashMap<u64, u64>,
    pages: Tally,
}

/// A page that answered, as far as it shows whether its path leads anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Where it was found in the end.
    pub url: &'a Url,
    /// The page that led to it.
    pub parent: Option<&'a str>,
    /// Its title.
    pub title: Option<&'a str>,
    /// Something new followed from it, under another path.
    pub leads_on: bool,
}

impl TrapCounts {
    /// Nothing yet. Paths and hosts are known by 64 bits of XXH3 under `seed`: two of 100,000 agree by
    /// chance once in a billion runs.
    pub fn new(limits: CountLimits, seed: u64) -> Self {
        let (barren, pages) = (Tally::new(limits.tracked), Tally::new(limits.tracked));
        TrapCounts { limits, seed, barren, titles: HashMap::new(), pages }
    }

    /// Takes a URL that `parent` leads to, or says which budget is used up; then nothing is counted.
    /// Each URL comes once: whoever calls knows what was seen.
    ///
    /// A path can only beget queries of its own without end; what others lead to, a list its things for
    /// example, is not held against it.
    pub fn take(&mut self, url: &Url, parent: Option<&str>) -> Option<Trap> {
        let host = self.host(url);
        if let Some(most) = self.limits.pages.filter(|&most| self.pages.count(host) >= most) {
            return Some(Trap::ManyPages(most));
        }
        if let Some(most) = self.limits.queries
            && is_of_its_own(url, parent)
            && self.barren.count(self.path(url)) >= most
        {
            return Some(Trap::ManyQueries(most));
        }
        if self.limits.pages.is_some() {
            self.pages.add(host);
        }
        None
    }

    /// A page that was taken was not fetched, so its host may have another one.
    pub fn give_back(&mut self, url: &Url) {
        let host = self.host(url);
        self.pages.take_off(host);
    }

    /// A page answered. One that its own path led to, with the title that the path had last and nothing
    /// new behind it, counts against the path: a forum and a wiki have other titles, and a list has
    /// things.
    pub fn read(&mut self, shown: &Shown<'_>) {
        if self.limits.queries.is_none() || shown.url.query().is_none() {
            return;
        }
        let path = self.path(shown.url);
        let title = self.key(shown.title.unwrap_or_default());
        if self.titles.len() >= self.limits.tracked {
            self.titles.clear();
        }
        let is_old_title = self.titles.insert(path, title) == Some(title);
        if is_old_title && !shown.leads_on && is_of_its_own(shown.url, shown.parent) {
            self.barren.add(path);
        }
    }

    fn host(&self, url: &Url) -> u64 {
        self.key(&url[Position::BeforeHost..Position::AfterPort])
    }

    fn path(&self, url: &Url) -> u64 {
        self.key(&url[Position::BeforeHost..Position::AfterPath])
    }

    fn key(&self, text: &str) -> u64 {
        xxh3_64_with_seed(text.as_bytes(), self.seed)
    }
}

/// Whether a URL has a query, and the page that led to it the same path on the same host.
fn is_of_its_own(url: &Url, parent: Option<&str>) -> bool {
    let place = |text: &str| text.split_once("://").and_then(|(_, rest)| rest.split('?').next().map(str::to_owned));
    url.query().is_some() && parent.and_then(place).as_deref() == Some(&url[Position::BeforeHost..Position::AfterPath])
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

    fn take_off(&mut self, key: u64) {
        if let Some(count) = self.counts.get_mut(&key) {
            *count = count.saturating_sub(1);
        }
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

    /// How many of these are taken, each found on the one before, each with this title.
    fn chain(counts: &mut TrapCounts, urls: impl Iterator<Item = String>, title: fn(usize) -> String) -> usize {
        let mut parent: Option<String> = None;
        let mut taken = 0;
        for text in urls {
            if counts.take(&url(&text), parent.as_deref()).is_none() {
                let (url, title) = (url(&text), title(taken));
                let shown = Shown { url: &url, parent: parent.as_deref(), title: Some(&title), leads_on: false };
                counts.read(&shown);
                taken += 1;
                parent = Some(text);
            }
        }
        taken
    }

    fn same(_: usize) -> String {
        "Search".to_owned()
    }

    fn few(queries: u32) -> TrapCounts {
        TrapCounts::new(CountLimits { queries: Some(queries), ..CountLimits::default() }, 7)
    }

    #[test]
    fn a_path_that_begets_queries_and_nothing_new_ends_and_its_neighbour_goes_on() {
        let mut counts = few(3);
        // The first is led to by another page.
        assert_eq!(chain(&mut counts, (0..9).map(|n| format!("http://h/cal?d={n}")), same), 4);
        assert_eq!(chain(&mut counts, (0..9).map(|n| format!("http://h/new?d={n}")), same), 4);
        assert_eq!(chain(&mut counts, (0..9).map(|n| format!("http://h:81/cal?d={n}")), same), 4);
        assert_eq!(chain(&mut counts, (0..9).map(|n| format!("http://h/cal{n}")), same), 9);
        let own = Some("http://h/cal?d=3");
        assert_eq!(counts.take(&url("http://h/cal?d=10"), own), Some(Trap::ManyQueries(3)));
        assert_eq!(counts.take(&url("http://h/cal?d=10"), Some("http://h/list?d=3")), None, "another leads to it");
        assert_eq!(counts.take(&url("http://h/cal"), own), None, "the path itself has no query");
        assert!(is_of_its_own(&url("http://u:p@h/cal?d=1"), own) && !is_of_its_own(&url("http://i/cal?d=1"), own));
    }

    #[test]
    fn forums_wikis_and_lists_are_no_traps() {
        let mut counts = few(3);
        let title = |n: usize| format!("Page {n}");
        assert_eq!(chain(&mut counts, (0..99).map(|n| format!("http://h/index.php?title={n}")), title), 99);
        let list = url("http://h/list?page=1");
        for _ in 0..99 {
            let shown = Shown { url: &list, parent: Some("http://h/list?page=0"), title: None, leads_on: true };
            counts.read(&shown);
        }
        assert_eq!(counts.take(&list, Some("http://h/list?page=0")), None);
        let limits = CountLimits { queries: None, ..CountLimits::default() };
        let mut off = TrapCounts::new(limits, 7);
        assert_eq!(chain(&mut off, (0..2_000).map(|n| format!("http://h/cal?d={n}")), same), 2_000);
    }

    #[test]
    fn a_host_has_so_many_pages_and_what_was_not_fetched_is_given_back() {
        let mut counts = TrapCounts::new(CountLimits { pages: Some(5), ..CountLimits::default() }, 7);
        assert_eq!(chain(&mut counts, (0..9).map(|n| format!("http://h/{n}")), same), 5);
        assert_eq!(chain(&mut counts, (0..9).map(|n| format!("http://other/{n}")), same), 5);
        assert_eq!(counts.take(&url("http://h/x"), None), Some(Trap::ManyPages(5)));
        counts.give_back(&url("http://h/1"));
        assert_eq!(
            (counts.take(&url("http://h/x"), None), counts.take(&url("http://h/y"), None).is_some()),
            (None, true)
        );
    }

    #[test]
    fn memory_is_bounded_and_a_trap_is_not_forgotten() {
        let limits = CountLimits { queries: Some(50), tracked: 100, ..CountLimits::default() };
        let mut counts = TrapCounts::new(limits, 7);
        let mut taken = 0;
        for n in 0..10_000 {
            for path in [format!("http://h/{n}"), "http://h/cal".to_owned()] {
                let (at, parent) = (url(&format!("{path}?d={n}")), format!("{path}?d=x"));
                if counts.take(&at, Some(&parent)).is_none() {
                    taken += 1;
                    (0..2).for_each(|_| {
                        counts.read(&Shown { url: &at, parent: Some(&parent), title: None, leads_on: false });
                    });
                }
            }
        }
        assert!((10_025..10_100).contains(&taken), "{taken}");
        assert!(counts.barren.counts.len() <= 100 && counts.titles.len() <= 100);
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
