//! The front door for Rust programs: settings in, a stream of records out.
//!
//! A thin layer over the engine; the command line goes through the same door. Must not know flags
//! or formats.

mod hooks;
mod line;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, StreamExt as _, stream::BoxStream};
use http::{HeaderName, HeaderValue};
use tokio::sync::mpsc;

pub(crate) use self::line::Line;
use self::line::Straight;
use crate::{
    cookies::CookieJar,
    engine::{Engine, Handle, Hooks, Launched},
    fetch::ClientError,
    journal::Before,
    model::{Existing, Record, Request, View, capture::Raw, units::Rate, wanted::Rule},
    page::{
        Stage,
        recipe::Recipe,
        select::{Hints, Plan, SelectError},
    },
    session::{self, LoggedIn, Login, LoginError},
    settings::{
        AUTO_MOST, AUTO_MOST_PER_HOST, Adaptive, CacheSettings, Contact, Cookies, Dedupe, Order, Reach, RobotsMode,
        Save, Settings, With,
    },
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
    line: Arc<Line>,
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
        let line = Arc::new(Line::of(&settings)?);
        let threads = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let stage = Arc::new(Stage::new(threads));
        Ok(Fetcher { settings: Arc::new(settings), line, plan, hints, stage, hooks: Hooks::default() })
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
        self.line.cookies()
    }

    /// What went wrong with the cache in the runs so far, in a sentence; no answer was lost by it.
    pub fn cache_fault(&self) -> Option<String> {
        self.line.cache_fault()
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
        let straight = Arc::new(Straight(Arc::clone(&self.line)));
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

    fn engine(&self) -> Engine<Line> {
        self.engine_with(Arc::clone(&self.settings)).hooked(self.hooks.clone())
    }

    /// The engine of a run with other settings than those of [`settings`](Self::settings), the transport
    /// and what is extracted aside; without hooks.
    pub(crate) fn engine_with(&self, settings: Arc<Settings>) -> Engine<Line> {
        Engine::new(settings, Arc::clone(&self.line), Some(Arc::clone(&self.plan)), Arc::clone(&self.stage))
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
    Waiting(Box<Engine<Line>>, Source),
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

/// Settings by name; whatever is not named is as the command line has it.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    settings: Settings,
    hooks: Hooks,
    fault: Option<String>,
}

impl Builder {
    /// Starts from these settings.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Exchanges at once, over all hosts [default: 32].
    pub fn concurrency(mut self, most: usize) -> Self {
        if let Some(most) = self.at_least_one("concurrency", most) {
            self.settings.limits.in_flight = most;
        }
        self
    }

    /// Exchanges at once, for one host [default: 8].
    pub fn per_host(mut self, most: usize) -> Self {
        if let Some(most) = self.at_least_one("per_host", most) {
            self.settings.limits.host.in_flight = most;
        }
        self
    }

    /// Whether the numbers at once are found out below those that are set [default: off].
    pub fn adaptive(mut self, adaptive: Adaptive) -> Self {
        self.settings.limits.adaptive = adaptive;
        self
    }

    /// Finds all numbers at once out, up to [`AUTO_MOST`] and [`AUTO_MOST_PER_HOST`]; a later
    /// [`concurrency`](Self::concurrency) or [`per_host`](Self::per_host) is a cap.
    pub fn auto(self) -> Self {
        self.concurrency(AUTO_MOST.get()).per_host(AUTO_MOST_PER_HOST.get()).adaptive(Adaptive::All)
    }

    /// Requests looked ahead at most [default: 50,000].
    pub fn window(mut self, most: usize) -> Self {
        if let Some(most) = self.at_least_one("window", most) {
            self.settings.limits.window = most;
        }
        self
    }

    /// Starts per time, over all hosts.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.settings.limits.rate = Some(rate);
        self
    }

    /// Starts per time, for one host.
    pub fn rate_per_host(mut self, rate: Rate) -> Self {
        self.settings.limits.host.rate = Some(rate);
        self
    }

    /// Whether the robots.txt of each origin is asked for first and obeyed [default: ignore].
    pub fn robots(mut self, robots: RobotsMode) -> Self {
        self.settings.robots = robots;
        self
    }

    /// Time for one attempt [default: 30 s].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.times.attempt = timeout;
        self
    }

    /// Tries after the first [default: 2].
    pub fn retries(mut self, retries: u32) -> Self {
        self.settings.retry.retries = retries;
        self
    }

    /// Redirects followed at most [default: 10].
    pub fn redirects(mut self, most: u32) -> Self {
        self.settings.ask.redirects = most;
        self
    }

    /// A field for every request to the origin that was asked for.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.settings.ask.headers.push((name, value));
        self
    }

    /// Whether cookies are kept, and in which jar [default: off].
    pub fn cookies(mut self, cookies: Cookies) -> Self {
        self.settings.transport.cookies = cookies;
        self
    }

    /// Keeps answers in this folder from one run to the next, and asks only for what is not there or not
    /// fresh (RFC 9111) [default: none are kept]. Replaces what was said of a cache before.
    ///
    /// Each record says what came of it ([`Record::cache`]). Several runs and processes may share a folder.
    pub fn cache(mut self, dir: impl Into<std::path::PathBuf>) -> Self {
        self.settings.cache = Some(CacheSettings::new(dir));
        self
    }

    /// What came within this time is used whatever the server said; goes behind [`cache`](Self::cache).
    pub fn max_age(mut self, age: Duration) -> Self {
        match &mut self.settings.cache {
            Some(cache) => cache.max_age = Some(age),
            None => self.fault = Some("max_age goes behind cache".to_owned()),
        }
        self
    }

    /// Asks nobody: every answer that is there is used, however old, and what is not there fails with
    /// `io.missing`; goes behind [`cache`](Self::cache).
    pub fn offline(mut self) -> Self {
        match &mut self.settings.cache {
            Some(cache) => cache.reach = Reach::Offline,
            None => self.fault = Some("offline goes behind cache".to_owned()),
        }
        self
    }

    /// `User-Agent`.
    pub fn user_agent(mut self, value: HeaderValue) -> Self {
        self.settings.ask.user_agent = value;
        self
    }

    /// Who runs this, a mail address or an http(s) URL: stands in a comment behind `User-Agent`, and a mail
    /// address in `From` too. That it is neither is told by [`build`](Self::build).
    pub fn contact(mut self, contact: &str) -> Self {
        match Contact::parse(contact) {
            Ok(contact) => self.settings.ask.contact = Some(contact),
            Err(problem) => self.fault = Some(format!("contact {problem}")),
        }
        self
    }

    /// A selector: `name` becomes a key of the record's `data` (`name[]` a list).
    pub fn select(self, name: impl Into<String>, css: impl Into<String>) -> Self {
        self.rule(Rule::css(name, css))
    }

    /// A JSONPath, asked of JSON bodies and of the JSON-LD of pages.
    pub fn json(self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.rule(Rule::json(name, path))
    }

    /// A regular expression, asked of the text of any body.
    pub fn regex(self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.rule(Rule::regex(name, pattern))
    }

    /// A name that must find something (`price`, or `items.price` in a group): a record without it
    /// is not `ok` (`extract.missing`, `extract.invalid`).
    pub fn required(mut self, name: impl Into<String>) -> Self {
        self.settings.pages.require([name.into()]);
        self
    }

    /// A ready-made view, for the record's `view`.
    pub fn view(mut self, view: View) -> Self {
        self.settings.pages.view(view);
        self
    }

    /// What a recipe selects and requires; its login is for [`Fetcher::login`]. A later rule of the same name replaces the recipe's.
    pub fn recipe(mut self, recipe: Recipe) -> Self {
        recipe.rules.into_iter().for_each(|rule| self.settings.pages.add(rule));
        self.settings.pages.require(recipe.required);
        recipe.views.into_iter().for_each(|view| self.settings.pages.view(view));
        self
    }

    /// Saves the bodies of accepted responses below this folder, under names that derive from their URLs
    /// (`example.com/docs/index.html`); `saved.path` of a record says where.
    pub fn save(mut self, dir: impl Into<std::path::PathBuf>) -> Self {
        self.settings.save = Some(Save { dir: dir.into(), ..self.settings.save.unwrap_or_default() });
        self
    }

    /// How the names of saved bodies are made, as `--save-name` says: `{date}/{host}/{path}`. That it cannot be
    /// read is told by [`build`](Self::build).
    pub fn save_name(mut self, template: impl Into<String>) -> Self {
        self.settings.save.get_or_insert_default().name = Some(template.into());
        self
    }

    fn rule(mut self, rule: Rule) -> Self {
        self.settings.pages.add(rule);
        self
    }

    /// Heavy keys that records carry.
    pub fn with(mut self, with: With) -> Self {
        self.settings.pages.with = with;
        self
    }

    /// Records in input order instead of completion order.
    pub fn ordered(mut self) -> Self {
        self.settings.choose.order = Order::Input;
        self
    }

    /// Repeats are fetched again instead of being skipped.
    pub fn keep_duplicates(mut self) -> Self {
        self.settings.choose.dedupe = Dedupe::Off;
        self
    }

    /// Ends the run after so many successes.
    pub fn first(mut self, successes: NonZeroU32) -> Self {
        self.settings.choose.first = Some(successes);
        self
    }

    /// The fetcher. Nothing is sent.
    ///
    /// # Errors
    /// A value, selector, certificate or proxy that cannot be used.
    pub fn build(self) -> Result<Fetcher, BuildError> {
        match self.fault {
            Some(fault) => Err(BuildError::Value(fault)),
            None => Ok(Fetcher { hooks: self.hooks, ..Fetcher::new(self.settings)? }),
        }
    }

    fn at_least_one(&mut self, name: &str, value: usize) -> Option<NonZeroUsize> {
        let checked = NonZeroUsize::new(value);
        if checked.is_none() {
            self.fault = Some(format!("{name} must be at least 1"));
        }
        checked
    }
}
