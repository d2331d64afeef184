//! The loop.
//!
//! Ends by counting: source dry, nothing waiting, nothing under way, nothing to deliver.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::{FutureExt as _, StreamExt as _, stream::BoxStream};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{Id, JoinHandle, JoinSet},
    time::{Instant, sleep_until},
};

use super::{
    ask::Asker,
    captures::Held,
    change::Helm,
    door::{Admission, Door},
    handle::{Handle, Stop},
    hooks::{Hooks, Leg},
    outbox::Outbox,
    paused::Paused,
    recall::Recalls,
    robots::Gate,
    stopping::{Stopping, asked_to_stop, gone},
    told,
};
use crate::{
    fetch::{Pulse, Wire},
    frontier::{Adapt, Frontier, LaneId, Scope},
    journal::Before,
    model::{Ending, Exchange, Failure, Flight, Page, Record, Request, record::Heavy},
    page::{Stage, Want, select::Plan},
    policy::{budget::RetryBudget, judgement::Judgement},
    settings::{Adaptive, Limits, Order, RobotsMode, Settings},
    source::SourceError,
};

/// Records that may wait for the reader before nothing new is started.
const OUTBOX: usize = 512;
/// Room in the channel to the reader.
const CHANNEL: usize = 512;
/// The same, where records carry bodies.
const CHANNEL_OF_BODIES: usize = 16;
/// Requests looked ahead for each slot where records with bodies wait for earlier ones.
const AHEAD_OF_BODIES: usize = 8;
/// Requests taken from the source in one turn of the loop.
const GULP: usize = 64;

/// A run that was started.
#[derive(Debug)]
pub struct Launched {
    /// The records, one for each request read.
    pub records: mpsc::Receiver<Record>,
    /// Progress, and a way to stop.
    pub handle: Handle,
    /// The engine's task; dropping the receiver ends it too.
    pub end: JoinHandle<End>,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Why it ended before its input, if it did.
    pub stopped: Option<Stop>,
    /// The fault that cut the run short, if one did: of the source, or of the disk that bodies are saved on.
    pub source_error: Option<String>,
}

/// A flight whose exchange is under way.
pub(super) struct Airborne {
    pub flight: Box<Flight>,
    pub lane: LaneId,
    /// Whether an attempt begins with it.
    pub begins: bool,
    /// How long the exchange may take.
    pub limit: Duration,
    /// How far it is.
    pub pulse: Arc<Pulse>,
}

/// A flight whose page is being read.
pub(super) struct Reading {
    pub flight: Box<Flight>,
    pub ending: Ending,
    pub bytes: usize,
    pub since: std::time::Instant,
}

/// What a wire task brings back.
pub(super) enum Landed {
    /// An exchange was made.
    Back {
        exchange: Box<Exchange>,
        /// What the program says of the response; the failure is that of its hook.
        judged: Result<Judgement, Failure>,
        /// The page, where it was cheap enough to read on the spot.
        page: Option<Page>,
    },
    /// It is not there without the network.
    Absent,
    /// A hook did not let it go.
    Grounded { leg: Leg, ending: Ending },
}

/// One run.
pub struct Engine<W> {
    pub(super) settings: Arc<Settings>,
    pub(super) wire: Arc<W>,
    pub(super) hooks: Hooks,
    pub(super) asker: Asker,
    pub(super) want: Arc<Want>,
    /// The selectors of the run, also where there are none: those of a request are added to it.
    pub(super) plan: Arc<Plan>,
    pub(super) stage: Arc<Stage>,
    pub(super) door: Door,
    pub(super) frontier: Frontier<Box<Flight>>,
    /// Where robots.txt is obeyed.
    pub(super) robots: Option<Gate>,
    pub(super) budget: RetryBudget,
    pub(super) paused: Paused,
    pub(super) slots: Arc<Semaphore>,
    /// What is asked and was changed from outside.
    pub(super) helm: Helm,
    /// How many of the slots are used, where the run finds that out.
    pub(super) at_once: Option<Adapt>,
    pub(super) exchanges: JoinSet<Landed>,
    pub(super) airborne: HashMap<Id, Airborne>,
    pub(super) recalls: Recalls,
    pub(super) pages: JoinSet<Result<Page, Failure>>,
    pub(super) reading: HashMap<Id, Reading>,
    pub(super) body_bytes: usize,
    pub(super) held: Held,
    /// Bytes of request content that waits or is under way.
    pub(super) content_bytes: usize,
    /// When a request that waits runs out of its `--url-timeout`; some may have been started since.
    pub(super) deadlines: BinaryHeap<Reverse<std::time::Instant>>,
    pub(super) outbox: Outbox,
    pub(super) window: usize,
    /// The last launch ended for want of room for records or bodies.
    held_back: bool,
    pub(super) heavy: Heavy,
    pub(super) handle: Handle,
    pub(super) source_dry: bool,
    pub(super) source_error: Option<String>,
    pub(super) run_deadline: Option<Instant>,
    pub(super) stopping: Option<Stopping>,
}

/// How many requests may be outstanding. Records that wait for an earlier one keep their bodies,
/// so fewer are let ahead then.
fn window(settings: &Settings) -> usize {
    let limits = &settings.limits;
    match settings.choose.order {
        Order::Input if settings.pages.has_bodies() => {
            let slots = match limits.adaptive {
                Adaptive::Off | Adaptive::Hosts => limits.in_flight,
                // The cap says nothing about how many it will be.
                Adaptive::All => limits.in_flight.min(Limits::default().in_flight),
            };
            limits.window.get().min(slots.get().saturating_mul(AHEAD_OF_BODIES))
        }
        Order::Input | Order::Completion => limits.window.get(),
    }
}

pub(super) fn now() -> Instant {
    Instant::now()
}

impl<W: Wire> Engine<W> {
    /// A run over `wire`. The rules of the settings have been read into `plan`.
    pub fn new(settings: Arc<Settings>, wire: Arc<W>, plan: Option<Arc<Plan>>, stage: Arc<Stage>) -> Self {
        let with = settings.pages.with;
        let plan = plan.unwrap_or_default();
        let views = settings.pages.views.clone();
        let asked = Some(Arc::clone(&plan)).filter(|plan| !plan.is_empty());
        let start = now();
        let asker = Asker::new(&settings);
        let (handle, questions) = Handle::answered();
        Engine {
            want: Arc::new(Want { links: with.links, text: with.body, look: None, plan: asked, views }),
            plan,
            stage,
            door: Door::new(settings.ask.assume_scheme, settings.ask.method.clone(), settings.choose.clone()),
            frontier: Frontier::new(&settings.limits, start.into_std()),
            robots: (settings.robots == RobotsMode::Obey).then(|| Gate::new(asker.user_agent())),
            asker,
            paused: Paused::default(),
            budget: RetryBudget::new(settings.retry.budget_percent),
            slots: Arc::new(Semaphore::new(settings.limits.in_flight.get().min(Semaphore::MAX_PERMITS))),
            at_once: (settings.limits.adaptive == Adaptive::All)
                .then(|| Adapt::new(Scope::Run, settings.limits.in_flight)),
            exchanges: JoinSet::new(),
            airborne: HashMap::new(),
            recalls: Recalls::default(),
            pages: JoinSet::new(),
            reading: HashMap::new(),
            body_bytes: 0,
            held: Held::new(settings.limits.body_budget / 2),
            content_bytes: 0,
            deadlines: BinaryHeap::new(),
            outbox: Outbox::new(settings.choose.order),
            window: window(&settings),
            held_back: false,
            heavy: Heavy { headers: with.headers, body: with.body, tls: with.tls, attempts: with.attempts },
            helm: Helm::new(questions, settings.limits.in_flight),
            handle,
            source_dry: false,
            source_error: None,
            run_deadline: settings.times.run.map(|run| start + run),
            stopping: None,
            settings,
            wire,
            hooks: Hooks::default(),
        }
    }

    /// Goes on with a run that was begun before: what is done is passed over, without a record.
    pub fn resume(&mut self, before: Before) {
        self.door.resume(before);
    }

    /// Progress of this run, and a way to stop it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Starts the run as a task of the current runtime.
    pub fn start(self, source: BoxStream<'static, Result<Request, SourceError>>) -> Launched {
        let room = if self.settings.pages.has_bodies() { CHANNEL_OF_BODIES } else { CHANNEL };
        let (sender, records) = mpsc::channel(room);
        let handle = self.handle.clone();
        let end = tokio::spawn(self.run(source, sender));
        Launched { records, handle, end }
    }

    async fn run(mut self, source: BoxStream<'static, Result<Request, SourceError>>, out: mpsc::Sender<Record>) -> End {
        let limit = self.settings.choose.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let mut source = source.take(limit);
        let mut stop = self.handle.subscribe();
        let mut reader_gone = self.handle.subscribe();
        told::begins(&self.settings);
        loop {
            self.release_some();
            self.launch();
            self.deliver(&out);
            // What was held back by records that have gone out by now goes at once: nothing else
            // would wake the loop for it.
            if self.held_back && self.may_launch() {
                continue;
            }
            self.publish();
            if self.nothing_left() {
                self.recall_robots();
                break;
            }
            let wake = self.wake_at();
            tokio::select! { biased;
                why = asked_to_stop(&mut stop, self.helm.draining), if self.stopping.is_none() => {
                    if !self.begin_to_stop(why) { break }
                }
                question = self.helm.asked() => self.hear(question),
                () = gone(&mut reader_gone), if self.stopping.is_some() => break,
                permit = out.reserve(), if self.outbox.ready() > 0 => match (permit, self.outbox.take()) {
                    (Ok(permit), Some(record)) => permit.send(record),
                    (Err(_), _) => { self.handle.stop(Stop::Gone); break }
                    (Ok(_), None) => {}
                },
                Some(done) = self.exchanges.join_next_with_id(), if !self.airborne.is_empty() || self.recalls.is_under_way() => self.land(done),
                Some(done) = self.pages.join_next_with_id(), if !self.reading.is_empty() => self.have_read(done),
                next = source.next(), if self.is_hungry() => {
                    self.take_in(next);
                    for _ in 1..GULP {
                        if !self.is_hungry() { break }
                        let Some(next) = source.next().now_or_never() else { break };
                        self.take_in(next);
                    }
                }
                () = tokio::task::yield_now(), if self.is_releasing() => {}
                () = sleep_until(wake.unwrap_or_else(now)), if wake.is_some() => self.on_time(),
                () = out.closed() => { self.handle.stop(Stop::Gone); break }
            }
        }
        self.publish();
        told::ends(&self.handle.progress());
        End { stopped: self.handle.stopped(), source_error: self.source_error.take() }
    }

    fn nothing_left(&self) -> bool {
        (self.source_dry || self.helm.draining || self.stopping.is_some())
            && self.has_only_robots()
            && self.reading.is_empty()
            && self.outbox.ready() == 0
            && (self.outbox.held() == 0 || self.stopping.is_some())
    }

    /// Whether more of the source is wanted: the window has room, and the reader keeps up.
    fn is_hungry(&self) -> bool {
        let under_way = self.airborne.len() + self.recalls.len() + self.reading.len();
        let outstanding = self.frontier.len() + under_way + self.outbox.held();
        !self.source_dry
            && !self.helm.draining
            && self.stopping.is_none()
            && outstanding < self.window
            && self.content_bytes < self.settings.limits.body_budget
            && self.outbox.ready() < OUTBOX
    }

    fn take_in(&mut self, next: Option<Result<Request, SourceError>>) {
        match next {
            Some(Ok(request)) => {
                self.handle.gauges.read.fetch_add(1, Relaxed);
                match self.door.admit(request) {
                    Admission::Flight(flight) => {
                        self.content_bytes += flight.request.content_len();
                        self.enter(flight);
                    }
                    Admission::Refused(mut visit) => {
                        (visit.method, visit.content) = self.method_and_content(&visit.request);
                        self.finish(*visit);
                    }
                    Admission::Done(seq) => {
                        self.handle.gauges.before.fetch_add(1, Relaxed);
                        self.outbox.pass(seq);
                    }
                    Admission::Changed(error) => {
                        self.source_error = Some(error);
                        self.source_dry = true;
                    }
                }
            }
            Some(Err(error)) => {
                self.source_error = Some(error.to_string());
                self.source_dry = true;
            }
            None => {
                self.source_error = self.door.end();
                self.source_dry = true;
            }
        }
    }

    /// Whether requests may come to their end: the reader keeps up with records.
    pub(super) fn takes_records(&self) -> bool {
        self.stopping.is_none() && self.outbox.ready() < OUTBOX
    }

    /// Whether anything may be started, slots and turns aside: the reader keeps up with records and
    /// the page stage with bodies.
    pub(super) fn may_launch(&self) -> bool {
        !self.helm.paused
            && self.takes_records()
            && self.body_bytes + self.outbox.ready_bytes() < self.settings.limits.body_budget
    }

    /// Everything that may go, goes.
    fn launch(&mut self) {
        self.held_back = false;
        self.helm.settle(&self.slots);
        loop {
            if !self.may_launch() {
                self.held_back = true;
                break;
            }
            self.recall_some();
            if !self.has_room() {
                break;
            }
            let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() else { break };
            let Some(turn) = self.frontier.pop(now().into_std()) else { break };
            self.take_off(turn, permit);
        }
    }

    /// Hands over what the channel has room for.
    fn deliver(&mut self, out: &mpsc::Sender<Record>) {
        while self.outbox.ready() > 0 {
            let Ok(permit) = out.try_reserve() else { break };
            if let Some(record) = self.outbox.take() {
                permit.send(record);
            }
        }
    }

    pub(super) fn publish(&mut self) {
        let paused = self.paused.count(now().into_std());
        let gauges = &self.handle.gauges;
        gauges.in_flight.store(self.airborne.len() as u64, Relaxed);
        gauges.waiting.store(self.frontier.len() as u64, Relaxed);
        gauges.paused_hosts.store(paused, Relaxed);
        gauges.source_dry.store(self.source_dry.into(), Relaxed);
    }

    fn wake_at(&self) -> Option<Instant> {
        let may_go = self.may_launch() && self.has_room() && self.slots.available_permits() > 0;
        let turn = self.frontier.wake_at().filter(|_| may_go);
        let stop = match &self.stopping {
            Some(stopping) => Some(stopping.drain_by),
            None => self.run_deadline,
        };
        let deadline = self.deadlines.peek().map(|deadline| deadline.0);
        [turn.map(Instant::from_std), deadline.map(Instant::from_std), stop].into_iter().flatten().min()
    }

    fn on_time(&mut self) {
        match &self.stopping {
            Some(stopping) if stopping.drain_by <= now() => self.drop_in_flight(),
            None if self.run_deadline.is_some_and(|deadline| deadline <= now()) => self.handle.stop(Stop::Deadline),
            _ => {}
        }
        self.expire();
    }
}
