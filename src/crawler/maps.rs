//! Sitemaps: their entries are pages one step away from a seed.
//!
//! Files that say where pages are have no record of their own. Must not know how they are fetched.

use std::collections::HashSet;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use url::Url;

use super::{
    hub::Hub,
    open::{Open, Role},
};
use crate::{
    crawl::{PageFacts, follow},
    model::{FoundIn, PageLink, Record},
    page::sitemap::{Kind, LEVELS, read_all},
    policy::{robots::Robots, robots_tag::Directives},
};

/// Sitemaps read at most: an index may name 50,000, each of which may be an index.
const MOST: usize = 10_000;

/// Files that were sent for.
#[derive(Debug, Default)]
pub(super) struct Maps(HashSet<u128>);

impl Maps {
    /// Takes note of one; whether it is to be sent for.
    pub fn is_new(&mut self, key: u128) -> bool {
        self.0.len() < MOST && self.0.insert(key)
    }
}

impl Hub {
    pub(super) fn land_robots(&mut self, record: Record) {
        let Some((base, body)) = self.body_of(record) else { return };
        for map in Robots::parse(&body, &self.told.agent).sitemaps() {
            if let Ok(url) = base.join(map) {
                self.send_for_map(&url, 1);
            }
        }
    }

    pub(super) async fn land_map(&mut self, open: &Open, level: usize, record: Record) {
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
