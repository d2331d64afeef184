//! Sitemaps: their entries are pages one step away from a seed.
//!
//! Files that say where pages are have no record of their own. Must not know how they are fetched.

use std::collections::HashSet;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use url::{Origin, Url};

use super::{
    hub::Hub,
    open::{Open, Role},
};
use crate::{
    crawl::{PageFacts, follow},
    model::{FoundIn, PageLink, Record},
    page::sitemap::{Kind, LEVELS, read_all},
    policy::{robots::Robots, robots_tag::Directives},
    settings::RobotsMode,
};

/// Sitemaps read at most: an index may name 50,000, each of which may be an index.
const MOST: usize = 10_000;

/// Files that were sent for, and whose sitemaps count.
#[derive(Debug, Default)]
pub(super) struct Maps {
    files: HashSet<u128>,
    origins: HashSet<Origin>,
}

impl Maps {
    /// Takes note of one; whether it is to be sent for.
    pub fn is_new(&mut self, key: u128) -> bool {
        self.files.len() < MOST && self.files.insert(key)
    }
}

impl Hub {
    /// Before the first page: where sitemaps of the seeds may be.
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
            }
        }
    }

    pub(super) fn land_robots(&mut self, mut record: Record) {
        self.keep_captures(&mut record);
        let Some((base, body)) = self.body_of(record) else { return };
        self.send_for_all(&base, Robots::parse(&body, &self.told.agent).sitemaps());
    }

    fn send_for_all(&mut self, file: &Url, named: &[String]) {
        let maps: Vec<Url> = named.iter().filter_map(|map| file.join(map).ok()).collect();
        maps.iter().for_each(|map| self.send_for_map(map, 1));
    }

    pub(super) async fn land_map(&mut self, open: &Open, level: usize, mut record: Record) {
        self.keep_captures(&mut record);
        let shown = record.url.clone().unwrap_or_default();
        let Some((url, body)) = self.body_of(record) else { return };
        let at = url.clone();
        let parsed = spawn_blocking(move || read_all(&body, Some(&at))).await.unwrap_or_default();
        if level < LEVELS {
            let maps = parsed.children.iter().filter(|child| child.kind == Kind::Sitemap);
            let maps: Vec<Url> = maps.filter_map(|map| Url::parse(&map.url).ok()).collect();
            maps.iter().for_each(|map| self.send_for_map(map, level + 1));
        }
        let link = |url| PageLink { url, element: FoundIn::Sitemap, rel: Box::default(), has_language: false };
        let links: Vec<PageLink> =
            parsed.entries.iter().filter_map(|entry| Url::parse(&entry.url).ok()).map(link).collect();
        let page = PageFacts { url: &url, links: &links, directives: Directives::default(), depth: open.depth };
        for one in follow(&page, &self.told.rules) {
            self.take(&one, &shown, open.depth + 1);
        }
    }

    fn send_for_map(&mut self, url: &Url, level: usize) {
        if matches!(url.scheme(), "http" | "https") {
            self.send_for(url, Role::Map(level));
        }
    }

    /// What a file says, if it is there and anything is to follow from it.
    fn body_of(&self, record: Record) -> Option<(Url, Bytes)> {
        let is_there = record.error.is_none() && record.status.is_some_and(|status| (200..300).contains(&status));
        let sighting = record.sighting.filter(|_| is_there && !self.is_stopped())?;
        Some((Url::clone(sighting.url.as_deref()?), sighting.body?))
    }
}
