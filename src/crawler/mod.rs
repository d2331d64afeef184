//! The front door of crawling for Rust programs: seeds in, a record for each page out.
//!
//! ```text
//! seeds ─► known? ─► lanes ─► engine ─► landing ─┬─► record
//!            ▲     compact   bounded             └─► crawl::follow, or a closure
//!            └───────────────── new pages ◄──────────────┘
//! ```
//!
//! Wires the rooms: the engine fetches and reads pages, `crawl` decides what follows from them. Breadth
//! first, each page once; memory is 18 to 23 bytes for each URL that is known, and 10 to 20 for each that
//! waits. A crawl that goes on takes in what it has behind it first (`recall`), along the way that answers
//! take. Must not know flags, formats or where records go.

mod ask;
mod ending;
mod following;
mod handle;
mod hub;
mod judging;
mod known;
mod landing;
mod lanes;
mod left;
mod levels;
mod maps;
mod open;
mod outlet;
mod outside;
mod page;
mod past;
mod plan;
mod queue;
mod recall;
mod seeds;
mod state;
mod stream;
mod trace;

#[cfg(test)]
mod tests;

use std::{num::NonZeroUsize, sync::Arc};

use tokio::{sync::mpsc, task::JoinHandle};

pub use handle::CrawlHandle;
pub use page::CrawledPage;
pub use plan::{CrawlLimits, CrawlPlan, CrawlRules, Extras, HostPages, Links, PER_HOST, Traps, settings};
pub use recall::unreadable;
pub use stream::CrawlRecords;

use self::{
    hub::Hub,
    state::{Met, Told},
};
use crate::{
    engine::{Answer, Engine, Hooks, Launched, Line, Outgoing, Source, Stop, Verdict},
    fetch::Wire,
    fetcher::{BuildError, Fetcher},
    journal::Trail,
    model::{Existing, Record, Request, capture::Raw},
    page::{Stage, select::Plan},
    policy::judgement::Judgement,
    settings::Settings,
};

/// Records that may wait for the reader before the crawl does.
const RECORDS: usize = 512;
/// The same, where records carry bodies.
const RECORDS_OF_BODIES: usize = 16;

/// Starts an engine with settings and hooks over a source, within a runtime.
type Launch = Box<dyn FnOnce(Settings, Hooks, Source) -> Launched + Send>;

/// What a closure makes of a page that answered well: what is to be asked for because of it.
pub type Hook = Box<dyn FnMut(&CrawledPage<'_>) -> Vec<Request> + Send>;

/// Crawls.
///
/// ```no_run
/// use fetchall::{Request, crawler::{CrawlPlan, Crawler}};
///
/// # async fn run() -> Result<(), fetchall::BuildError> {
/// let plan = CrawlPlan { seeds: vec![Request::get("https://example.com/")], ..CrawlPlan::default() };
/// let mut run = Crawler::new(plan)?.start();
/// while let Some(record) = run.records.recv().await {
///     println!("{:?} {:?}", record.status, record.url);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Crawler {
    plan: CrawlPlan,
    hook: Option<Hook>,
    hooks: Hooks,
    launch: Launch,
    trail: Option<Trail>,
}

impl Crawler {
    /// A crawler for this plan. Nothing is sent.
    ///
    /// # Errors
    /// A selector, certificate or proxy that cannot be used.
    pub fn new(plan: CrawlPlan) -> Result<Crawler, BuildError> {
        let fetcher = Fetcher::new(plan.settings.clone())?;
        Ok(Crawler::with_fetcher(plan, fetcher))
    }

    /// A crawler over another wire: a replay, a double.
    ///
    /// # Errors
    /// A selector that cannot be used.
    pub fn over<W: Wire>(plan: CrawlPlan, wire: Arc<W>) -> Result<Crawler, BuildError> {
        let pages = &plan.settings.pages;
        let rules = Arc::new(Plan::of(&pages.rules, &pages.required)?);
        let launch = move |settings, hooks, source| {
            let threads = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
            let engine = Engine::new(Arc::new(settings), wire, Some(rules), Arc::new(Stage::new(threads)));
            engine.hooked(hooks).start(source)
        };
        Ok(Crawler { plan, hook: None, hooks: Hooks::default(), launch: Box::new(launch), trail: None })
    }

    /// A crawler over the client and the jar of a fetcher, which may have logged in. The settings are
    /// those of the plan.
    pub fn with_fetcher(plan: CrawlPlan, fetcher: Fetcher) -> Crawler {
        let hooks = fetcher.hooks();
        let launch = move |settings, hooks, source| fetcher.engine_with(Arc::new(settings)).hooked(hooks).start(source);
        Crawler { plan, hook: None, hooks, launch: Box::new(launch), trail: None }
    }

    /// With a closure that is called for each page that answered well. What it asks for is fetched as
    /// well, unless it is known; scope and depth are not about it.
    pub fn on_page(mut self, hook: impl FnMut(&CrawledPage<'_>) -> Vec<Request> + Send + 'static) -> Crawler {
        self.hook = Some(Box::new(hook));
        self
    }

    /// As [`Builder::before`](crate::Builder::before); a sitemap is an exchange like any other.
    pub fn before(mut self, hook: impl Fn(&mut Outgoing<'_>) -> Verdict + Send + Sync + 'static) -> Crawler {
        self.hooks.before(hook);
        self
    }

    /// As [`Builder::judge`](crate::Builder::judge); sitemaps are judged too.
    pub fn judge(mut self, hook: impl Fn(&Answer<'_>) -> Judgement + Send + Sync + 'static) -> Crawler {
        self.hooks.judge(hook);
        self
    }

    /// Goes on behind an earlier part, of the same plan and the same seeds: pages that have their record are
    /// neither asked for nor told again, and new ones have numbers above theirs. Records carry the steps
    /// that the journal of the trail is to keep. A closure is not asked again about earlier pages.
    pub fn resume(mut self, trail: Trail) -> Crawler {
        self.trail = Some(trail);
        self
    }

    /// Starts the crawl. Called inside a tokio runtime.
    pub fn start(self) -> CrawlRun {
        let Crawler { plan, hook, hooks, launch, trail } = self;
        let CrawlPlan { mut seeds, rules, limits, extras, settings } = plan;
        let settings = settings.clamped();
        seeds.truncate(settings.choose.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
        let urls = seeds::urls(&seeds, settings.ask.assume_scheme);
        let mut engine = ask::settings(&settings, &urls);
        if let (Some(save), Some(trail)) = (&mut engine.save, &trail)
            && !trail.done.is_empty()
        {
            save.existing = Existing::Keep;
        }
        engine.pages.with.body |= hook.is_some();
        let has_bodies = engine.pages.with.body || engine.pages.raw == Raw::Keep;
        let (out, records) = mpsc::channel(if has_bodies { RECORDS_OF_BODIES } else { RECORDS });
        let window = ask::window(&engine);
        let met = Met::new(&limits, rules.scope);
        let mut told = Told::new(rules, limits.traps, extras, settings, (&urls, window));
        if let Some(trail) = &trail {
            told = told.kept(trail.seed);
        }
        let hub = Hub::new(told, met, Line::start(|source| launch(engine, hooks, source)), out, hook);
        CrawlRun { records, handle: hub.handle.clone(), end: tokio::spawn(hub.run(seeds, trail)) }
    }
}

impl std::fmt::Debug for Crawler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crawler").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// A crawl under way.
#[derive(Debug)]
pub struct CrawlRun {
    /// The records, one for each page, as each completes; dropping them ends the crawl.
    pub records: mpsc::Receiver<Record>,
    /// Progress, and a way to stop.
    pub handle: CrawlHandle,
    /// What it comes to.
    pub end: JoinHandle<CrawlEnd>,
}

/// What a crawl came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrawlEnd {
    /// Pages that have a record.
    pub pages: u64,
    /// Distinct URLs that were asked for, or are known and left out.
    pub known: u64,
    /// Pages that were still to be asked for.
    pub waiting: u64,
    /// There were more pages than the crawl may take.
    pub over_budget: bool,
    /// A host had more pages than the crawl may take of one.
    pub over_host_budget: bool,
    /// URLs that were left out because they looked like traps.
    pub traps: u64,
    /// Sitemaps that were read.
    pub maps: u64,
    /// Sitemaps that were named and not read: elsewhere, too deep, too many.
    pub maps_left: u64,
    /// Where seeds were redirected to, so that the scope took it in: the first of these places.
    pub places: Vec<String>,
    /// How many such places there were.
    pub places_in_all: u64,
    /// Why it ended early, if it did.
    pub stopped: Option<Stop>,
    /// What went wrong with the crawl as a whole.
    pub source_error: Option<String>,
}
