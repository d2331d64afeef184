//! Sitemaps: their entries are pages one step away from a seed.
//!
//! Files that say where pages are have no record of their own. Must not know how they are fetched.

use std::collections::HashSet;

use url::Url;

use super::{
    hub::Hub,
    open::{Open, Role},
};
use crate::{
    crawl::{PageFacts, follow},
    model::{FoundIn, Link, LinkKind, PageLink, Record},
    policy::{
        robots::{self, Robots},
        robots_tag::Directives,
    },
};

/// How deep indexes within indexes are read.
const LEVELS: u32 = 5;
/// Sitemaps read at most: an index may name 50,000, each of which may be an index.
const MOST: usize = 10_000;
/// Entries taken from one file at most (sitemaps.org).
const ENTRIES: usize = 50_000;

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
        if !record.status.is_some_and(|status| (200..300).contains(&status)) || self.is_stopped() {
            return;
        }
        let Some(base) = record.final_url.as_deref().and_then(|url| Url::parse(url).ok()) else { return };
        let file = record.body.unwrap_or_default();
        for map in Robots::parse(file.as_bytes(), robots::product_token(&self.agent)).sitemaps() {
            if let Ok(url) = base.join(map)
                && matches!(url.scheme(), "http" | "https")
            {
                self.send_for(&url, Role::Map(1));
            }
        }
    }

    pub(super) fn land_map(&mut self, open: &Open, level: u32, mut record: Record) {
        let sighting = record.sighting.take().map(|sighting| *sighting).unwrap_or_default();
        let is_there = record.status.is_some_and(|status| (200..300).contains(&status)) && record.error.is_none();
        let (Some(url), Some(outline)) = (sighting.url.filter(|_| is_there), sighting.outline) else { return };
        if self.is_stopped() {
            return;
        }
        let text = record.body.unwrap_or_default();
        let entries = outline.links.iter().filter(|link| is_entry(link, &text)).take(ENTRIES);
        let urls: Vec<Url> = entries.filter_map(|link| url.join(&link.value).ok()).collect();
        if is_index(&text) {
            if level < LEVELS {
                urls.iter().for_each(|map| self.send_for(map, Role::Map(level + 1)));
            }
            return;
        }
        let link = |url| PageLink { url, element: FoundIn::Sitemap, rel: Box::default(), has_language: false };
        let links: Vec<PageLink> = urls.into_iter().map(link).collect();
        let page = PageFacts { url: &url, links: &links, directives: Directives::default(), depth: open.depth };
        let shown = record.url.unwrap_or_default();
        for one in follow(&page, &self.rules) {
            self.take(&one, &shown, open.depth + 1);
        }
    }
}

/// Whether it is the address of a page or of a sitemap: images and videos have `loc` as well, with a
/// name in front.
fn is_entry(link: &Link, text: &str) -> bool {
    let before = text.get(..link.span.start).unwrap_or_default();
    let tag = before.rfind('<').and_then(|at| before.get(at + 1..)).unwrap_or_default();
    let is_other = ["image:", "video:", "news:"].iter().any(|name| tag.starts_with(name));
    link.kind == LinkKind::Entry && link.element == "loc" && !is_other
}

/// Whether a sitemap is one of sitemaps.
fn is_index(text: &str) -> bool {
    let index = text.find("sitemapindex");
    index.is_some_and(|index| text.find("urlset").is_none_or(|set| index < set))
}
