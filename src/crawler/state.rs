//! What a crawl knows while it is under way: what it was told, what it has met, what waits.
//!
//! Must not know the engine.

use std::{
    collections::{HashMap, VecDeque},
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
};

use url::Url;

use super::{
    ask::{self, Credentials},
    known::Known,
    lanes::Lanes,
    levels::Share,
    maps::Maps,
    open::Open,
    plan::{CrawlLimits, CrawlRules, Extras, HostPages, Links, Traps},
    queue::Queue,
};
use crate::{
    crawl::{CountLimits, Rules, TrapCounts},
    model::{FoundIn, Request, Wish},
    policy::{
        robots::product_token,
        scope::{Scope, Seeds},
    },
    settings::Settings,
};

/// What a crawl was told, worked out.
pub(super) struct Told {
    pub rules: Rules,
    /// How often the scope has grown.
    pub grown: u32,
    pub scope: Scope,
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
    /// Records carry what follows from them, for a journal.
    pub keeps_steps: bool,
}

impl Told {
    /// Of a plan whose seeds have these URLs.
    pub fn new(
        rules: CrawlRules,
        traps: Traps,
        extras: Extras,
        settings: Settings,
        (urls, window): (&[Url], usize),
    ) -> Self {
        let agent = settings.ask.user_agent.to_str().unwrap_or_default();
        Told {
            grown: 0,
            scope: rules.scope,
            links: rules.links,
            extras,
            agent: product_token(agent).to_owned(),
            window,
            seed: fastrand::u64(..),
            keeps_steps: false,
            rules: Rules {
                seeds: Seeds::new(rules.scope, urls),
                choose: settings.choose.clone(),
                depth: rules.depth,
                traps: Some(rules.traps).filter(|_| traps == Traps::On),
                tracking: rules.tracking,
                nofollow: rules.nofollow,
            },
            settings,
        }
    }

    /// Of a crawl that a journal follows, by keys of this seed.
    pub fn kept(self, seed: u64) -> Self {
        Told { seed, keeps_steps: true, ..self }
    }

    /// What a page is known by.
    pub fn key(&self, url: &Url) -> u128 {
        ask::key(url, self.rules.tracking, self.seed)
    }

    /// The same, for a URL that has its one spelling already.
    pub fn key_of_spelt(&self, url: &Url) -> u128 {
        ask::key_of_spelt(url, self.seed)
    }

    /// What a URL goes by with all that a page is not known by, its session for example.
    pub fn key_of_whole(&self, url: &str) -> u128 {
        ask::key_of_whole(url, self.seed)
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
    /// Shorter ways to pages that wait, by key: the parent, how it was found there, and how far it is.
    pub nearer: HashMap<u128, (Arc<str>, FoundIn, u32)>,
    pub budget: Budget,
}

impl Met {
    /// Nothing yet.
    pub fn new(limits: &CrawlLimits, scope: Scope) -> Self {
        let by_scope = || Some(HostPages::OF_MANY).filter(|_| matches!(scope, Scope::Domain | Scope::Any));
        let pages = match limits.host_pages {
            HostPages::ByScope => by_scope(),
            HostPages::Most(most) => Some(most),
            HostPages::All => None,
        };
        let usual = CountLimits::default();
        let queries = usual.queries.filter(|_| limits.traps == Traps::On);
        let counts = CountLimits { queries, pages: pages.map(NonZeroU32::get), ..usual };
        Met {
            known: Known::default(),
            traps: TrapCounts::new(counts, fastrand::u64(..)),
            credentials: Credentials::default(),
            maps: Maps::new(limits.pages),
            nearer: HashMap::new(),
            budget: Budget { left: limits.pages.map(NonZeroU64::get), out: 0 },
        }
    }
}

/// Pages that may still be asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// `None` is any number.
    left: Option<u64>,
    /// Those under way, each of which may come back without having been asked for.
    out: u64,
}

impl Budget {
    /// Whether one may be asked for now.
    pub fn has_left(self) -> bool {
        self.left != Some(0)
    }

    /// Whether none will be asked for any more.
    pub fn is_gone(self) -> bool {
        self.left == Some(0) && self.out == 0
    }

    /// How many of so many that wait may still be asked for.
    pub fn of(self, waiting: u64) -> u64 {
        self.left.map_or(waiting, |left| left.min(waiting))
    }

    /// One goes out.
    pub fn spend(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.out += 1;
    }

    /// One came back; if nobody was asked, another one may be.
    pub fn settle(&mut self, was_asked: bool) {
        self.out = self.out.saturating_sub(1);
        if !was_asked {
            self.left = self.left.map(|left| left + 1);
        }
    }
}

/// What waits.
pub(super) struct Stock {
    /// Pages.
    pub lanes: Lanes,
    /// Pages that were asked for before and are asked for again, under their number: they go before others.
    pub again: Queue,
    /// Pages out of the scope that are to be looked at.
    pub outside: Queue,
    /// Links out of the scope, which may grow as long as seeds are under way.
    pub doubtful: Queue,
    /// What was found and left out, for the end, if that is wanted.
    pub left: Queue,
    /// What goes first, since it says where pages are or whether one is there.
    pub errands: VecDeque<(Open, Request)>,
    /// What requests that wait have beyond a URL, by their number.
    pub wishes: HashMap<u64, Box<Wish>>,
    /// The numbers of the seeds, while these are being taken.
    pub seeds: HashMap<u128, u64>,
}

impl Stock {
    /// Nothing yet. Where a crawl stays on the hosts of its seeds, no way leads from one to another but
    /// by chance, so each has its own levels.
    pub fn new(scope: Scope, settings: &Settings) -> Self {
        let share = match scope {
            Scope::Host | Scope::Prefix => Share::Host,
            Scope::Domain | Scope::Any => Share::All,
        };
        let at_once = settings.limits.host.in_flight.get();
        Stock {
            lanes: Lanes::new(share, at_once, ask::window_of_host(settings)),
            again: Queue::default(),
            outside: Queue::default(),
            doubtful: Queue::default(),
            left: Queue::default(),
            errands: VecDeque::new(),
            wishes: HashMap::new(),
            seeds: HashMap::new(),
        }
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The next number of what gets a record.
    pub next_seq: u64,
    /// Records that went out.
    pub records: u64,
    /// Of these, what failed.
    pub failures: u64,
    /// Pages that have a record.
    pub pages: u64,
    /// Seeds that wait or are under way: the scope may still grow.
    pub seeds: u64,
    /// A seed did not answer: asked for again by a later part, it may.
    pub has_lost_seeds: bool,
    /// URLs that looked like traps.
    pub traps: u64,
    /// Sitemaps that were read, and that were not.
    pub maps: (u64, u64),
    /// Places that the scope took in, as far as they are told.
    pub places: Vec<String>,
    /// A page was left because of the budget.
    pub over_budget: bool,
    /// A page was left because of the budget of its host.
    pub over_host_budget: bool,
    /// Pages that answered well.
    pub successes: u64,
    /// Pages that were known and not asked for when the crawl ended.
    pub unasked: u64,
}
