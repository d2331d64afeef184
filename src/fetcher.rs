//! The front door for Rust programs: settings in, a stream of records out.
//!
//! A thin layer over the engine; the command line goes through the same door. Must not know flags
//! or formats.

mod builder;
mod hooks;
mod supply;

use std::{
    num::NonZeroUsize,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures::{Stream, StreamExt as _, stream::BoxStream};
use tokio::sync::mpsc;

pub use self::builder::Builder;
use self::supply::Straight;
pub(crate) use self::supply::Supply;
use crate::{
    cookies::CookieJar,
    engine::{Engine, Handle, Hooks, Launched},
    fetch::ClientError,
    journal::Before,
    model::{Existing, Record, Request, capture::Raw},
    page::{
        Stage,
        select::{Hints, Plan, SelectError},
    },
    session::{self, LoggedIn, Login, LoginError},
    settings::Settings,
    source::SourceError,
};

/// Why there is no fetcher.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A selector cannot be read, or a name is required that nothing is selected for.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// Certificates, proxy or TLS are of no use.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An archive to answer from cannot be read.
    #[error("{0}")]
    Replay(String),
    /// A cache cannot be used.
    #[error("{0}")]
    Cache(String),
    /// A value is out of range.
    #[error("{0}")]
    Value(String),
}

/// Fetches many URLs at once.
///
/// ```no_run
/// use fetchall::{Fetcher, Request};
/// use futures::StreamExt as _;
///
/// # async fn run() -> Result<(), fetchall::BuildError> {
/// let fetcher = Fetcher::builder().concurrency(8).retries(1).build()?;
/// let urls = ["https://example.com/", "https://example.org/"];
/// let mut records = fetcher.run(futures::stream::iter(urls.map(Request::get)));
/// while let Some(record) = records.next().await {
///     println!("{} {:?} {:?}", record.input, record.status, record.title);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Fetcher {
    settings: Arc<Settings>,
    supply: Arc<Supply>,
    plan: Arc<Plan>,
    hints: Arc<Mutex<Hints>>,
    stage: Arc<Stage>,
    hooks: Hooks,
}

impl Fetcher {
    /// Settings by name, the rest by default.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A fetcher for these settings. Nothing is sent.
    ///
    /// # Errors
    /// A selector, certificate or proxy that cannot be used.
    pub fn new(settings: Settings) -> Result<Self, BuildError> {
        let settings = settings.clamped();
        let hints = Arc::default();
        let plan = Arc::new(Plan::of(&settings.pages.rules, &settings.pages.required)?.noting(&hints));
        let supply = Arc::new(Supply::of(&settings)?);
        let threads = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let stage = Arc::new(Stage::new(threads));
        Ok(Fetcher { settings: Arc::new(settings), supply, plan, hints, stage, hooks: Hooks::default() })
    }

    /// Fetches everything that `requests` yields: exactly one record for each, as each completes
    /// (or in input order, see [`Builder::ordered`]).
    ///
    /// The stream is pulled as far ahead as the window allows, from the first poll on. Dropping
    /// the records ends the run and closes its connections. Polled inside a tokio runtime.
    pub fn run<S>(&self, requests: S) -> Records
    where
        S: Stream + Send + 'static,
        S::Item: Into<Request>,
    {
        let source = requests.map(|request| Ok(request.into())).boxed();
        let engine = self.engine();
        Records { handle: engine.handle(), state: State::Waiting(Box::new(engine), source) }
    }

    /// A sentence for each selector that matched nothing on any page of the runs so far, with what is
    /// near to it there: `` `.pricee` matched nothing on 24 pages; `.price` occurs 24 times ``.
    pub fn hints(&self) -> Vec<String> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner).sentences()
    }

    /// The jar that its runs share, if cookies are kept: to look into, to fill, to write down.
    pub fn cookies(&self) -> Option<&CookieJar> {
        self.supply.cookies()
    }

    /// What went wrong with the cache in the runs so far, in a sentence; no answer was lost by it.
    pub fn cache_fault(&self) -> Option<String> {
        self.supply.cache_fault()
    }

    /// Logs in: fetches the form, fills it in and sends it, with the settings of the fetcher. The
    /// session is in its jar, so every run after it has it; no record is made. Called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// Cookies are off, the page or its form is not as expected, or the answer says that it did not
    /// work. No value of a field is in it.
    pub async fn login(&self, login: &Login) -> Result<LoggedIn, LoginError> {
        if self.cookies().is_none() {
            return Err(LoginError::no_jar());
        }
        session::log_in(login, &self.settings, |request, settings| self.ask_once(request, settings)).await
    }

    async fn ask_once(&self, request: Request, mut settings: Settings) -> Option<Record> {
        // What was filled in belongs into no archive.
        (settings.pages.raw, settings.save) = (Raw::Drop, None);
        let source = futures::stream::iter([Ok(request)]).boxed();
        let straight = Arc::new(Straight(Arc::clone(&self.supply)));
        let engine = Engine::new(Arc::new(settings), straight, None, Arc::clone(&self.stage));
        engine.start(source).records.recv().await
    }

    /// Starts a run at once, for those who take its parts apart. Called inside a tokio runtime.
    pub fn start(&self, source: Source) -> Launched {
        self.engine().start(source)
    }

    /// Goes on with a run that was begun before: requests that are done are passed over, and those that
    /// follow keep their `seq`. Called inside a tokio runtime.
    pub fn resume(&self, source: Source, before: Before) -> Launched {
        let mut settings = Settings::clone(&self.settings);
        if let Some(save) = settings.save.as_mut().filter(|_| !before.done.is_empty()) {
            save.existing = Existing::Keep;
        }
        let mut engine = self.engine_with(Arc::new(settings)).hooked(self.hooks.clone());
        engine.resume(before);
        engine.start(source)
    }

    fn engine(&self) -> Engine<Supply> {
        self.engine_with(Arc::clone(&self.settings)).hooked(self.hooks.clone())
    }

    /// The engine of a run with other settings than those of [`settings`](Self::settings), the transport
    /// and what is extracted aside; without hooks.
    pub(crate) fn engine_with(&self, settings: Arc<Settings>) -> Engine<Supply> {
        Engine::new(settings, Arc::clone(&self.supply), Some(Arc::clone(&self.plan)), Arc::clone(&self.stage))
    }

    /// What it was told.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the program does in the middle of a run.
    pub(crate) fn hooks(&self) -> Hooks {
        self.hooks.clone()
    }
}

/// The records of a run, a [`Stream`].
#[derive(Debug)]
pub struct Records {
    handle: Handle,
    state: State,
}

/// Where a run reads from.
type Source = BoxStream<'static, Result<Request, SourceError>>;

enum State {
    /// Not polled yet.
    Waiting(Box<Engine<Supply>>, Source),
    Running(mpsc::Receiver<Record>),
    Over,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Waiting(..) => "Waiting",
            State::Running(_) => "Running",
            State::Over => "Over",
        })
    }
}

impl Records {
    /// Progress of the run, and a way to stop it while the stream is being read.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Stream for Records {
    type Item = Record;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Record>> {
        if matches!(self.state, State::Waiting(..))
            && let State::Waiting(engine, source) = std::mem::replace(&mut self.state, State::Over)
        {
            self.state = State::Running(engine.start(source).records);
        }
        match &mut self.state {
            State::Running(records) => {
                let next = records.poll_recv(context);
                if matches!(next, Poll::Ready(None)) {
                    self.state = State::Over;
                }
                next
            }
            State::Waiting(..) | State::Over => Poll::Ready(None),
        }
    }
}
