//! What a crawl is told, worked out: typed, with defaults, free of contradictions.
//!
//! Flags end here. Must not know clap or the environment.

use std::{
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    time::SystemTime,
};

use crate::{
    crawl::{Nofollow, TrapLimits},
    model::Request,
    policy::{canonical::Tracking, scope::Scope},
    settings::{RobotsMode, Settings},
};

/// Everything that a crawl is told.
#[derive(Clone, Debug, Default)]
pub struct CrawlPlan {
    /// Where it begins. Each has its record, whatever becomes of it; `--include` and `--exclude` are
    /// not about them.
    pub seeds: Vec<Request>,
    /// Which links are followed.
    pub rules: CrawlRules,
    /// How much is taken.
    pub limits: CrawlLimits,
    /// What is looked at besides.
    pub extras: Extras,
    /// How pages are fetched, and what of them is put into records. Its patterns choose among links.
    pub settings: Settings,
}

/// Which links are followed.
#[derive(Clone, Debug)]
pub struct CrawlRules {
    /// Whether links are followed at all; otherwise a closure says what comes next.
    pub links: Links,
    /// What of the web belongs to the seeds.
    pub scope: Scope,
    /// How many links a page may be away from a seed.
    pub depth: u32,
    /// What becomes of parameters that only track.
    pub tracking: Tracking,
    /// What is done about wishes not to follow a link.
    pub nofollow: Nofollow,
    /// What looks like a trap.
    pub traps: TrapLimits,
}

impl Default for CrawlRules {
    fn default() -> Self {
        CrawlRules {
            links: Links::default(),
            scope: Scope::default(),
            depth: 3,
            tracking: Tracking::default(),
            nofollow: Nofollow::default(),
            traps: TrapLimits::in_year(this_year()),
        }
    }
}

/// How much is taken.
#[derive(Clone, Copy, Debug)]
pub struct CrawlLimits {
    /// Pages in all; `None` for as many as there are.
    pub pages: Option<NonZeroU64>,
    /// Pages of one host and port.
    pub host_pages: HostPages,
    /// Whether what looks like a trap is left out.
    pub traps: Traps,
}

impl Default for CrawlLimits {
    fn default() -> Self {
        CrawlLimits { pages: NonZeroU64::new(1_000), host_pages: HostPages::default(), traps: Traps::default() }
    }
}

/// How many pages of one host and port are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostPages {
    /// [`OF_MANY`](HostPages::OF_MANY) where a crawl goes beyond the hosts of its seeds, else all.
    #[default]
    ByScope,
    /// So many.
    Most(NonZeroU32),
    /// As many as there are.
    All,
}

impl HostPages {
    /// Pages of a host that nobody named. Enough for most sites to be taken whole, few enough that one of
    /// them without end does not take all.
    pub const OF_MANY: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);
}

/// Whether what looks like a trap is left out: by its looks ([`CrawlRules::traps`]), or because a path
/// begets ever new queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traps {
    /// It is.
    #[default]
    On,
    /// Nothing is.
    Off,
}

/// Whether links are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// As the rules say.
    #[default]
    Follow,
    /// None is.
    Leave,
}

/// What is looked at besides the pages that links lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Sitemaps are read: those at `/sitemap.xml` and those that robots.txt names.
    pub sitemaps: bool,
    /// Links out of the scope are asked for once, and not followed.
    pub outside: bool,
    /// What was found and not fetched has a record, at the end.
    pub skipped: bool,
}

/// Requests at once for one host, unless told otherwise: the crawler was not invited.
pub const PER_HOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// The settings that a crawl starts from.
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.limits.host.in_flight = PER_HOST;
    settings.robots = RobotsMode::Obey;
    settings
}

/// The year, by the clock of this machine.
fn this_year() -> u16 {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.get(..4).and_then(|year| year.parse().ok()).unwrap_or(u16::MAX - 2)
}
