//! Sitemaps: their entries are pages one step away from a seed.
//!
//! Files that say where pages are have no record of their own. Must not know how they are fetched.

use std::{collections::HashSet, num::NonZeroU64};

use bytes::Bytes;
use tokio::time::Instant;
use url::{Origin, Url};

use super::{
    ask,
    hub::Hub,
    judging::{Judged, Pending},
    open::{Open, Role},
};
use crate::{
    crawl::{Followed, PageFacts, Rules, follow},
    model::{FoundIn, PageLink, Record, record::host_key},
    page::sitemap::{Kind, LEVELS, read_all},
    policy::{robots::Robots, robots_tag::Directives},
    settings::RobotsMode,
};

/// Sitemaps sent for at most: an index may name 50,000, each of which may be an index. A crawl of fewer
/// pages needs fewer.
const MOST: u64 = 10_000;
/// So many may be sent for in any case.
const LEAST: u64 = 100;
/// Sitemaps remembered that were named for hosts of which no seed is known yet.
const HEARD: usize = 10_000;

/// Files that were sent for, and whose sitemaps count.
#[derive(Debug)]
pub(super) struct Maps {
    most: usize,
    files: HashSet<u128>,
    origins: HashSet<Origin>,
    /// What robots.txt files of other hosts named: a seed may be redirected there.
    heard: Vec<(Url, Vec<String>)>,
}

/// What is to be done about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    New,
    Old,
    TooMany,
}

impl Maps {
    /// Of a crawl that takes so many pages.
    pub fn new(pages: Option<NonZeroU64>) -> Self {
        let most = pages.map_or(MOST, |pages| pages.get().clamp(LEAST, MOST));
        Maps {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            files: HashSet::new(),
            origins: HashSet::new(),
            heard: Vec::new(),
        }
    }

    fn take(&mut self, key: u128) -> Known {
        match () {
            () if self.files.contains(&key) => Known::Old,
            () if self.files.len() >= self.most => Known::TooMany,
            () => {
                self.files.insert(key);
                Known::New
            }
        }
    }

    /// Nobody will be redirected any more.
    pub fn forget(&mut self) {
        self.heard = Vec::new();
    }
}

/// What a sitemap says.
#[derive(Debug, Default)]
pub(super) struct Listed {
    children: Vec<Url>,
    entries: Vec<Followed>,
}

/// Reads a file, and judges its entries.
fn read(url: &Url, body: &Bytes, depth: u32, rules: &Rules) -> Listed {
    let parsed = read_all(body, Some(url));
    let children = parsed.children.iter().filter(|child| child.kind == Kind::Sitemap);
    let link = |url| PageLink { url, element: FoundIn::Sitemap, rel: Box::default(), has_language: false };
    let links: Vec<_> = parsed.entries.iter().filter_map(|entry| Url::parse(&entry.url).ok()).map(link).collect();
    let page = PageFacts { url, links: &links, directives: Directives::default(), depth };
    Listed { children: children.filter_map(|map| Url::parse(&map.url).ok()).collect(), entries: follow(&page, rules) }
}

impl Hub {
    /// Where sitemaps of seeds may be: of their hosts, and of those where they ended.
    pub(super) fn look_for_maps(&mut self, seeds: &[Url]) {
        for seed in seeds.iter().filter(|seed| matches!(seed.scheme(), "http" | "https")) {
            if !self.met.maps.origins.insert(seed.origin()) {
                continue;
            }
            // Where robots.txt is obeyed, the engine reads it and says what it names.
            let reads_robots = self.told.settings.robots == RobotsMode::Ignore;
            for (path, role) in [("/robots.txt", Role::Robots), ("/sitemap.xml", Role::Map(1))] {
                if let Ok(url) = seed.join(path)
                    && (role != Role::Robots || reads_robots)
                {
                    self.send_for(&url, role);
                }
            }
        }
    }

    /// Sends for the sitemaps that the engine has met in the robots.txt of seeds.
    pub(super) fn hear_of_maps(&mut self) {
        if !self.told.extras.sitemaps || self.is_stopped() {
            return;
        }
        for (file, named) in self.line.handle.take_sitemaps() {
            if self.met.maps.origins.contains(&file.origin()) {
                self.send_for_all(&file, &named);
            } else if self.tally.seeds > 0 && self.met.maps.heard.len() < HEARD {
                self.met.maps.heard.push((file, named));
            }
        }
    }

    /// A seed ended elsewhere than it began: sitemaps there count, and what that host named before.
    pub(super) fn look_for_more_maps(&mut self, place: &Url) {
        self.look_for_maps(std::slice::from_ref(place));
        for (file, named) in std::mem::take(&mut self.met.maps.heard) {
            if self.met.maps.origins.contains(&file.origin()) {
                self.send_for_all(&file, &named);
            } else {
                self.met.maps.heard.push((file, named));
            }
        }
    }

    pub(super) fn land_robots(&mut self, mut record: Record) {
        self.keep_captures(&mut record);
        let Some((base, body)) = self.body_of(record) else { return };
        self.send_for_all(&base, Robots::parse(&body, &self.told.agent).sitemaps());
    }

    /// What the robots.txt of a seed names is read wherever it is, but an index elsewhere leads one step
    /// further only.
    fn send_for_all(&mut self, file: &Url, named: &[String]) {
        for map in named.iter().filter_map(|map| file.join(map).ok()) {
            let is_home = self.told.rules.seeds.covers(&map) || self.met.maps.origins.contains(&map.origin());
            self.send_for_map(&map, if is_home { 1 } else { LEVELS - 1 });
        }
    }

    /// A sitemap came; whoever waits for its pages waits until it is read.
    pub(super) fn land_map(&mut self, open: Open, level: usize, mut record: Record) {
        self.keep_captures(&mut record);
        let parent = record.url.clone().unwrap_or_default();
        let Some((url, body)) = self.body_of(record) else { return self.end(&open) };
        self.tally.maps.0 += 1;
        let (rules, depth) = (self.told.rules.clone(), open.depth);
        let work = move || Judged::Map(read(&url, &body, depth, &rules));
        self.judge_apart(Pending::Map { open, level, parent, grown: self.told.grown }, work);
    }

    /// What a sitemap leads to: an index only to what the scope covers, or to its own host.
    pub(super) fn take_map(&mut self, open: &Open, level: usize, parent: &str, listed: Listed, grown: u32) {
        let Listed { children, mut entries } = listed;
        let host = open.asked.as_deref().and_then(|asked| Url::parse(asked).ok()).map(|url| host_key(&url));
        for child in children {
            let is_home = self.told.rules.seeds.covers(&child) || host.as_deref() == Some(&*host_key(&child));
            if level < LEVELS && is_home {
                self.send_for_map(&child, level + 1);
            } else {
                self.tally.maps.1 += 1;
            }
        }
        self.judge_again(&mut entries, open.depth, grown);
        for one in &entries {
            self.take(one, parent, open.depth + 1);
        }
    }

    fn send_for_map(&mut self, url: &Url, level: usize) {
        if matches!(url.scheme(), "http" | "https") {
            self.send_for(url, Role::Map(level));
        }
    }

    /// Sends for a file that says where pages are, once.
    fn send_for(&mut self, url: &Url, role: Role) {
        match self.met.maps.take(self.told.key(url)) {
            Known::Old => return,
            Known::New if !self.met.budget.is_gone() => {}
            Known::New | Known::TooMany => {
                self.tally.maps.1 += 1;
                return;
            }
        }
        let url = self.met.credentials.apply(url.as_str());
        let request = ask::errand(&url);
        let host = Url::parse(&url).map(|url| host_key(&url)).unwrap_or_default();
        let place = Some(self.stock.lanes.begin(&host, 0, Instant::now().into_std()));
        let (found_in, asked) = (FoundIn::Sitemap, Some(url.into()));
        self.stock.errands.push_back((Open { seq: 0, role, depth: 0, parent: None, found_in, asked, place }, request));
    }

    /// What a file says, if it is there and anything is to follow from it.
    fn body_of(&self, record: Record) -> Option<(Url, Bytes)> {
        let is_there = record.error.is_none() && record.status.is_some_and(|status| (200..300).contains(&status));
        let sighting = record.sighting.filter(|_| is_there && !self.is_stopped())?;
        Some((Url::clone(sighting.url.as_deref()?), sighting.body?))
    }
}
