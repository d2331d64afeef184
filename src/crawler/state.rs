//! What a crawl knows while it is under way: what it was told, what it has met, what waits.
//!
//! Must not know the engine.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use url::Url;

use super::{
    ask::{self, Credentials},
    known::Known,
    levels::Levels,
    maps::Maps,
    open::Open,
    plan::{CrawlLimits, CrawlRules, Extras, Links},
    queue::Queue,
};
use crate::{
    crawl::{Rules, TrapCounts},
    model::{FoundIn, Request, Wish},
    policy::{robots::product_token, scope::Seeds},
    settings::Settings,
};

/// What a crawl was told, worked out.
pub(super) struct Told {
    pub rules: Rules,
    pub links: Links,
    pub extras: Extras,
    /// The settings as they were given; those of the engine differ.
    pub settings: Settings,
    /// Our name to robots.
    pub agent: String,
    /// Requests that may be open at once.
    pub window: usize,
    /// Makes the keys of this crawl unforeseeable.
    seed: u64,
}

impl Told {
    /// Of a plan whose seeds have these URLs.
    pub fn new(rules: CrawlRules, extras: Extras, settings: Settings, urls: &[Url], window: usize) -> Self {
        let agent = settings.ask.user_agent.to_str().unwrap_or_default();
        Told {
            links: rules.links,
            extras,
            agent: product_token(agent).to_owned(),
            window,
            seed: fastrand::u64(..),
            rules: Rules {
                seeds: Seeds::new(rules.scope, urls),
                choose: settings.choose.clone(),
                depth: rules.depth,
                traps: rules.traps,
                tracking: rules.tracking,
                nofollow: rules.nofollow,
            },
            settings,
        }
    }

    /// What a page is known by.
    pub fn key(&self, url: &Url) -> u128 {
        ask::key(url, self.rules.tracking, self.seed)
    }

    /// The same, for a URL that has its one spelling already.
    pub fn key_of_spelt(&self, url: &Url) -> u128 {
        ask::key_of_spelt(url, self.seed)
    }

    /// The same, of a text that was a URL once.
    pub fn key_of_text(&self, url: &str) -> u128 {
        Url::parse(url).map_or(0, |url| self.key(&url))
    }

    /// The seed of the keys.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// What a crawl has met.
pub(super) struct Met {
    pub known: Known,
    pub traps: TrapCounts,
    pub credentials: Credentials,
    pub maps: Maps,
    /// Shorter ways to pages that wait, by key: the parent, and how it was found there.
    pub nearer: HashMap<u128, (Arc<str>, FoundIn)>,
    /// Pages that may still be taken; `None` is any number.
    budget: Option<u64>,
    /// A page was left because of the budget.
    pub over_budget: bool,
}

impl Met {
    /// Nothing yet.
    pub fn new(limits: &CrawlLimits) -> Self {
        Met {
            known: Known::default(),
            traps: TrapCounts::new(limits.counts, fastrand::u64(..)),
            credentials: Credentials::default(),
            maps: Maps::default(),
            nearer: HashMap::new(),
            budget: limits.pages.map(std::num::NonZeroU64::get),
            over_budget: false,
        }
    }

    /// Whether one more page may be taken; then it is counted.
    pub fn spend(&mut self) -> bool {
        match &mut self.budget {
            Some(0) => {
                self.over_budget = true;
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    /// A page that was counted was not fetched, so another one may be.
    pub fn give_back(&mut self) {
        self.budget = self.budget.map(|left| left + 1);
    }
}

/// What waits.
pub(super) struct Stock {
    /// Pages, in the order in which they were found.
    pub queue: Queue,
    /// What was found and left out, for the end, if that is wanted.
    pub left: Queue,
    /// What goes first, since it says where pages are or whether one is there.
    pub errands: VecDeque<(Open, Request)>,
    /// What requests that wait have beyond a URL, by their number.
    pub wishes: HashMap<u64, Box<Wish>>,
    /// How far away pages are that did not come to their end.
    pub levels: Levels,
}

impl Stock {
    /// Nothing yet.
    pub fn new(now: Instant) -> Self {
        Stock {
            queue: Queue::default(),
            left: Queue::default(),
            errands: VecDeque::new(),
            wishes: HashMap::new(),
            levels: Levels::new(now),
        }
    }

    /// Whether there is nothing to be asked for.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.errands.is_empty()
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The next number of what gets a record.
    pub next_seq: u64,
    /// Pages whose records went out.
    pub pages: u64,
    /// Pages that answered well.
    pub successes: u64,
    /// Pages that were known and not asked for when the crawl ended.
    pub unasked: u64,
}
