//! The front door of link checking for Rust programs: a plan in, findings out.
//!
//! ```text
//! starts ─► walk ─► readers ─► judge ─┬─ files ────────────► verdict ─┐
//!                                ▲    ├─ mail, tel, nonsense ─────────┼─► Finding
//!                                │    └─ addresses ─► hub ─► verdict ─┘
//!                                └────── pages (--recurse) ◄─┘  └─► engine, each address once
//! ```
//!
//! Wires the rooms: `page` reads documents, `check` decides, the engine fetches each target once.
//! Documents and files are the business of threads, the network that of the runtime. Must not know
//! flags, formats or where findings go.

mod disk;
mod documents;
mod finding;
mod handle;
mod judge;
mod left_out;
mod links;
mod mention;
mod news;
mod pdf;
mod places;
mod plan;
mod readers;
mod remarks;
mod remote;
mod root;
mod shared;
mod sheet;
mod waiting;
mod words;

use std::{sync::Arc, thread};

use tokio::{sync::mpsc, task::JoinHandle};
use url::Url;

pub use handle::CheckHandle;
pub use plan::{Changed, CheckPlan, Memory, Placement, Reach, Start};

use self::{
    judge::{Inlets, Outlets},
    remote::{Hub, Parts},
    shared::{Kept, Shared},
};
pub use crate::source::walk::Walk;
use crate::{
    check::{ignore::Unused, remap::Remap},
    engine::{Stop, writer::OnRecord},
    fetch::Client,
    fetcher::BuildError,
    model::Finding,
    settings::{Named, Settings},
    source::walk::{self, Documents},
};

/// Findings that may wait for the reader before the check does.
const FINDINGS: usize = 1_024;

/// News of the judge that may wait: each holds the links of a document.
const NEWS: usize = 8;

/// Bytes of bodies that are received or wait to be read: hashes of a page's anchors are kept, never the page.
const BODIES: usize = 3 << 20;

/// Stack of the judge: selectors look for the words of a page there.
const STACK: usize = 4 << 20;

/// Checks links.
///
/// ```no_run
/// use fetchall::checker::{CheckPlan, Checker, Start};
///
/// # async fn run() -> Result<(), fetchall::checker::CheckError> {
/// let plan = CheckPlan { starts: vec![Start::Path("docs".into())], ..CheckPlan::default() };
/// let mut run = Checker::new(plan)?.start();
/// while let Some(finding) = run.findings.recv().await {
///     println!("{:?} {}", finding.source.path, finding.message());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Checker {
    shared: Shared,
    kept: Kept,
    fetch: Settings,
    client: Client,
    inlets: Found,
    on_record: Option<OnRecord>,
}

/// What the starts came to, the listed documents aside.
#[derive(Debug, Default)]
struct Found {
    starts: Vec<Url>,
    texts: Vec<(String, String)>,
    faults: Vec<(String, String)>,
}

/// Why there is no checker.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A source cannot be used; the sentence says what to do.
    #[error("{0}")]
    Source(String),
    /// Certificates, proxy or TLS are of no use.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A check under way.
#[derive(Debug)]
pub struct CheckRun {
    /// What was found, as it is found; dropping it ends the check.
    pub findings: mpsc::Receiver<Finding>,
    /// Progress, and a way to stop.
    pub handle: CheckHandle,
    /// What it comes to.
    pub end: JoinHandle<CheckEnd>,
}

/// What a check came to.
#[derive(Debug, Default)]
pub struct CheckEnd {
    /// Documents that were read.
    pub documents: u64,
    /// Links in them, whatever was found about them.
    pub links: u64,
    /// Distinct targets.
    pub targets: u64,
    /// Requests made, redirects and further tries included.
    pub requests: u64,
    /// Links that were left out and of which nothing was sent.
    pub skipped: u64,
    /// Why it ended early, if it did.
    pub stopped: Option<Stop>,
    /// What could not be read to its end.
    pub source_error: Option<String>,
    /// What is known now.
    pub memory: Memory,
    /// Ignore entries that met no link.
    pub unused_ignores: Vec<Unused>,
}

impl Checker {
    /// A checker for this plan: looks for the documents, and sends nothing.
    ///
    /// # Errors
    /// A source that is not there, a certificate or proxy that cannot be used.
    pub fn new(mut plan: CheckPlan) -> Result<Checker, CheckError> {
        let mut found = Found::default();
        let mut paths = Vec::new();
        for start in &plan.starts {
            match start {
                Start::Path(path) => paths.push(path.clone()),
                Start::Page(url) => found.starts.push(url.clone()),
                Start::Text(name, text) => found.texts.push((name.clone(), text.clone())),
            }
        }
        let Documents { listed, faults, .. } = walk::documents(&paths, plan.walk).map_err(CheckError::Source)?;
        found.faults = faults;
        let base = plan.place.base_url.clone();
        let staged: Vec<_> = plan.place.remaps.iter().filter_map(Remap::server).collect();
        let (shared, kept) = Shared::of(&mut plan, listed);
        let mut fetch = plan.fetch.clamped();
        fetch.limits.body_budget = fetch.limits.body_budget.min(BODIES);
        // Links may be anybody's: what the user gave is for the sites that were named.
        fetch.ask.named = Named::of(found.starts.iter().chain(&base).chain(&staged));
        let client = Client::new(&fetch).map_err(BuildError::from)?;
        Ok(Checker { shared, kept, fetch, client, inlets: found, on_record: None })
    }

    /// With this being told of the record of each request, before it is judged; it is called in the middle of
    /// things, so it must be quick.
    pub fn on_record(mut self, on_record: OnRecord) -> Checker {
        self.on_record = Some(on_record);
        self
    }

    /// Starts the check. Called inside a tokio runtime.
    pub fn start(self) -> CheckRun {
        let Checker { shared, kept, fetch, client, on_record, inlets: Found { starts, texts, faults } } = self;
        let shared = Arc::new(shared);
        let handle = CheckHandle::new();
        let (findings, receiver) = mpsc::channel(FINDINGS);
        let (news, heard) = mpsc::channel(NEWS);
        let (pages, taken) = std::sync::mpsc::channel();
        let inlets = Inlets { starts: starts.clone(), texts, faults, pages: taken };
        let outlets = Outlets { findings: findings.clone(), news };
        let (own, marks) = (Arc::clone(&shared), Arc::clone(handle.marks()));
        // Without the thread its news end at once, and the hub says so.
        let judge = move || judge::judge(&own, &marks, inlets, outlets);
        let _ = thread::Builder::new().name("judge".to_owned()).stack_size(STACK).spawn(judge);
        let parts = Parts {
            shared,
            kept,
            fetch,
            client,
            starts,
            handle: handle.clone(),
            news: heard,
            findings,
            pages,
            on_record,
        };
        CheckRun { findings: receiver, handle, end: tokio::spawn(Hub::run(parts)) }
    }
}
