//! The loop.
//!
//! Ends by counting: source dry, nothing waiting, nothing under way, nothing to deliver.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use futures::{FutureExt as _, StreamExt as _, stream::BoxStream};
use tokio::{
    sync::{Semaphore, mpsc},
    task::{Id, JoinError, JoinHandle, JoinSet},
    time::{Instant, sleep_until},
};

use super::{
    ask::Asker,
    door::{Admission, Door},
    handle::{Handle, Stop},
    outbox::Outbox,
};
use crate::{
    fetch::Wire,
    frontier::{BreakerState, Contact, Frontier, Go, LaneId, Turn},
    model::{
        Attempt, Code, Ending, Exchange, Failure, Flight, Hop, Page, Record, Request, Trip, Visit, Wait,
        record::{Heavy, host_key},
    },
    page::{self, Stage, Want, select::Plan},
    policy::{
        budget::RetryBudget,
        redirect::Onward,
        step::{self, Moment, Rules, Step},
    },
    settings::{MaxFailures, Settings},
    source::SourceError,
};

/// Records that may wait for the reader before nothing new is started.
const OUTBOX: usize = 1024;
/// Room in the channel to the reader.
const CHANNEL: usize = 1024;
/// What is in flight when somebody asks to stop gets so much time.
const GRACE: Duration = Duration::from_secs(5);
/// Requests taken from the source in one turn of the loop.
const GULP: usize = 64;
/// Finished requests before a share of failures says anything.
const SHARE_FROM: u64 = 20;

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
    /// The fault of the source that cut the input short, if one did.
    pub source_error: Option<String>,
}

/// A flight whose exchange is under way.
struct Airborne {
    flight: Box<Flight>,
    lane: LaneId,
}

/// A flight whose page is being read.
struct Reading {
    flight: Box<Flight>,
    ending: Ending,
    bytes: usize,
}

/// What a wire task brings back.
struct Landed {
    exchange: Exchange,
    /// The page, where it was cheap enough to read on the spot.
    page: Option<Page>,
}

/// One run.
pub struct Engine<W> {
    settings: Arc<Settings>,
    wire: Arc<W>,
    asker: Asker,
    want: Arc<Want>,
    stage: Arc<Stage>,
    door: Door,
    frontier: Frontier<Box<Flight>>,
    budget: RetryBudget,
    slots: Arc<Semaphore>,
    exchanges: JoinSet<Landed>,
    airborne: HashMap<Id, Airborne>,
    pages: JoinSet<Result<Page, Failure>>,
    reading: HashMap<Id, Reading>,
    body_bytes: usize,
    outbox: Outbox,
    heavy: Heavy,
    handle: Handle,
    source_dry: bool,
    source_error: Option<String>,
    run_deadline: Option<Instant>,
    stopping: Option<Stopping>,
}

struct Stopping {
    why: Stop,
    /// When what is still in flight is dropped.
    drain_by: Instant,
}

fn now() -> Instant {
    Instant::now()
}

impl<W: Wire> Engine<W> {
    /// A run over `wire`. The selectors of the settings have been parsed into `plan`.
    pub fn new(settings: Arc<Settings>, wire: Arc<W>, plan: Option<Arc<Plan>>, stage: Arc<Stage>) -> Self {
        let with = settings.pages.with;
        let start = now();
        Engine {
            asker: Asker::new(&settings),
            want: Arc::new(Want { links: with.links, text: with.body, plan }),
            stage,
            door: Door::new(settings.ask.assume_scheme, settings.choose.clone()),
            frontier: Frontier::new(&settings.limits, start.into_std()),
            budget: RetryBudget::new(settings.retry.budget_percent),
            slots: Arc::new(Semaphore::new(settings.limits.in_flight.get().min(Semaphore::MAX_PERMITS))),
            exchanges: JoinSet::new(),
            airborne: HashMap::new(),
            pages: JoinSet::new(),
            reading: HashMap::new(),
            body_bytes: 0,
            outbox: Outbox::new(settings.choose.order),
            heavy: Heavy { headers: with.headers, body: with.body, tls: with.tls, attempts: with.attempts },
            handle: Handle::new(),
            source_dry: false,
            source_error: None,
            run_deadline: settings.times.run.map(|run| start + run),
            stopping: None,
            settings,
            wire,
        }
    }

    /// Progress of this run, and a way to stop it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Starts the run as a task of the current runtime.
    pub fn start(self, source: BoxStream<'static, Result<Request, SourceError>>) -> Launched {
        let (sender, records) = mpsc::channel(CHANNEL);
        let handle = self.handle.clone();
        let end = tokio::spawn(self.run(source, sender));
        Launched { records, handle, end }
    }

    async fn run(mut self, source: BoxStream<'static, Result<Request, SourceError>>, out: mpsc::Sender<Record>) -> End {
        let limit = self.settings.choose.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let mut source = source.take(limit);
        let mut stop = self.handle.subscribe();
        let mut reader_gone = self.handle.subscribe();
        loop {
            self.launch();
            self.deliver(&out);
            self.publish();
            if self.nothing_left() {
                break;
            }
            let wake = self.wake_at();
            tokio::select! { biased;
                why = async { stop.wait_for(|why| why.is_some()).await.ok().and_then(|why| *why) }, if self.stopping.is_none() => {
                    if !self.begin_to_stop(why.unwrap_or(Stop::Gone)) { break }
                }
                () = gone(&mut reader_gone), if self.stopping.is_some() => break,
                permit = out.reserve(), if self.outbox.ready() > 0 => match (permit, self.outbox.take()) {
                    (Ok(permit), Some(record)) => permit.send(record),
                    (Err(_), _) => { self.handle.stop(Stop::Gone); break }
                    (Ok(_), None) => {}
                },
                Some(done) = self.exchanges.join_next_with_id(), if !self.airborne.is_empty() => self.land(done),
                Some(done) = self.pages.join_next_with_id(), if !self.reading.is_empty() => self.have_read(done),
                next = source.next(), if self.is_hungry() => {
                    self.take_in(next);
                    for _ in 1..GULP {
                        if !self.is_hungry() { break }
                        let Some(next) = source.next().now_or_never() else { break };
                        self.take_in(next);
                    }
                }
                () = sleep_until(wake.unwrap_or_else(now)), if wake.is_some() => self.on_time(),
                () = out.closed() => { self.handle.stop(Stop::Gone); break }
            }
        }
        self.publish();
        End { stopped: self.handle.stopped(), source_error: self.source_error.take() }
    }

    fn nothing_left(&self) -> bool {
        (self.source_dry || self.stopping.is_some())
            && self.frontier.is_empty()
            && self.airborne.is_empty()
            && self.reading.is_empty()
            && self.outbox.ready() == 0
            && (self.outbox.held() == 0 || self.stopping.is_some())
    }

    /// Whether more of the source is wanted: the window has room, and the reader keeps up.
    fn is_hungry(&self) -> bool {
        let outstanding = self.frontier.len() + self.airborne.len() + self.reading.len() + self.outbox.held();
        !self.source_dry
            && self.stopping.is_none()
            && outstanding < self.settings.limits.window.get()
            && self.outbox.ready() < OUTBOX
    }

    fn take_in(&mut self, next: Option<Result<Request, SourceError>>) {
        match next {
            Some(Ok(request)) => {
                self.handle.gauges.read.fetch_add(1, Relaxed);
                match self.door.admit(request) {
                    Admission::Flight(flight, host) => {
                        let priority = flight.request.wished_priority();
                        self.frontier.push(&host, priority, flight, now().into_std());
                    }
                    Admission::Refused(visit) => self.finish(*visit),
                }
            }
            Some(Err(error)) => {
                self.source_error = Some(error.to_string());
                self.source_dry = true;
            }
            None => self.source_dry = true,
        }
    }

    /// Everything that may go, goes.
    fn launch(&mut self) {
        while self.stopping.is_none()
            && self.outbox.ready() < OUTBOX
            && self.body_bytes < self.settings.limits.body_budget
        {
            let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() else { break };
            let Some(turn) = self.frontier.pop(now().into_std()) else { break };
            self.take_off(turn, permit);
        }
    }

    fn take_off(&mut self, turn: Turn<Box<Flight>>, permit: tokio::sync::OwnedSemaphorePermit) {
        let Turn { item: mut flight, lane, waited, wait_for, go } = turn;
        if go == Go::HostGivenUp {
            let message = format!("{} failed too often in a row and was given up for a while", host_key(&flight.url));
            self.end_unlaunched(flight, waited, Ending::Skipped { code: Code::BudgetHost, message, of: None });
            return;
        }
        let clock = now();
        if flight.trip.is_none() {
            self.budget.earn();
        }
        let mut trip = flight.trip.take().unwrap_or_else(|| self.pack(&flight, clock));
        trip.queued += waited;
        trip.last_wait = (waited, wait_for);
        if trip.deadline.is_some_and(|deadline| deadline <= clock.into_std()) {
            flight.trip = Some(trip);
            self.frontier.release(lane, Contact::Unknown, clock.into_std());
            let failure = Failure::new(Code::TimeoutTotal, "--url-timeout ended while it waited");
            self.finish_flight(flight, Ending::Error(failure), None);
            return;
        }
        let run_left = self.run_deadline.map(|deadline| deadline.saturating_duration_since(clock));
        let ask = self.asker.ask(&flight, &trip, &self.settings, run_left, clock.into_std());
        flight.trip = Some(trip);
        let (wire, want) = (Arc::clone(&self.wire), self.want_of(&flight));
        let task = self.exchanges.spawn(async move {
            let url = ask.url.clone();
            let exchange = wire.exchange(ask).await;
            // From here on no byte moves, so the slot is free.
            drop(permit);
            let page = page_input(&exchange, &url, &want)
                .filter(|input| page::quick(input.body.len(), &want))
                .map(|input| page::read(&input, &want));
            Landed { exchange, page }
        });
        self.airborne.insert(task.id(), Airborne { flight, lane });
    }

    fn pack(&self, flight: &Flight, clock: Instant) -> Box<Trip> {
        let wish = flight.request.wish.as_deref();
        let asked = wish.and_then(|wish| wish.method.as_ref());
        let body = wish.is_some_and(|wish| wish.body.is_some());
        Box::new(Trip {
            started: SystemTime::now(),
            deadline: self.settings.times.url.map(|limit| (clock + limit).into_std()),
            url: flight.url.clone(),
            method: asked.unwrap_or(&self.settings.ask.method).clone(),
            // The run's content belongs to the run's method.
            with_body: body || (asked.is_none() && self.settings.ask.body.is_some()),
            off_origin: false,
            attempts: 1,
            limited: 0,
            spent: Duration::ZERO,
            queued: Duration::ZERO,
            last_wait: (Duration::ZERO, Wait::Slot),
            hops: Vec::new(),
            log: Vec::new(),
            last: None,
        })
    }

    /// The run's wants, and what this request wants beside them.
    fn want_of(&self, flight: &Flight) -> Arc<Want> {
        let own = flight.request.wish.as_ref().map(|wish| wish.select.as_slice()).filter(|own| !own.is_empty());
        // The door has tried them; what it let in parses again.
        match own.and_then(|own| Plan::parse(own).ok()) {
            None => Arc::clone(&self.want),
            Some(own) => {
                let plan = match &self.want.plan {
                    Some(run) => run.merge(&own),
                    None => own,
                };
                Arc::new(Want { links: self.want.links, text: self.want.text, plan: Some(Arc::new(plan)) })
            }
        }
    }

    /// An exchange is over.
    fn land(&mut self, done: Result<(Id, Landed), JoinError>) {
        let clock = now().into_std();
        let (id, landed) = match done {
            Ok((id, landed)) => (id, Ok(landed)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(Airborne { mut flight, lane }) = self.airborne.remove(&id) else { return };
        let Ok(Landed { exchange, page }) = landed else {
            self.frontier.release(lane, Contact::Unknown, clock);
            self.finish_flight(flight, Ending::Error(panicked()), None);
            return;
        };
        self.frontier.release(lane, contact(&exchange), clock);
        if let Some(body) = &exchange.body {
            self.handle.gauges.wire_bytes.fetch_add(body.wire_len, Relaxed);
        }
        let Some(mut trip) = flight.trip.take() else { return };
        let step = self.decide(&flight, &mut trip, &exchange, lane);
        let url = trip.url.clone();
        flight.trip = Some(trip);
        match step {
            Step::Done(ending) => self.read_page(flight, ending, exchange, page, &url),
            Step::Redirect(onward) => self.redirect(flight, onward, exchange),
            Step::Again(wait) => self.again(flight, exchange, wait, Wait::Backoff),
            Step::AgainHostWaits(wait) => {
                self.frontier.pause(lane, clock + wait, Wait::RetryAfter);
                self.again(flight, exchange, wait, Wait::Backoff);
            }
            Step::Later(wait, why) => {
                self.frontier.pause(lane, clock + wait, why);
                if let Some(trip) = &mut flight.trip {
                    trip.limited += 1;
                }
                self.requeue(flight, exchange, wait, Some(why));
            }
        }
    }

    fn decide(&mut self, flight: &Flight, trip: &mut Trip, exchange: &Exchange, lane: LaneId) -> Step {
        let clock = now().into_std();
        let wall = SystemTime::now();
        let wish = flight.request.wish.as_deref();
        let settings = &self.settings;
        let rules = Rules {
            accept: wish.and_then(|wish| wish.accept.as_ref()).unwrap_or(&settings.ask.accept),
            retries: wish.and_then(|wish| wish.retries).unwrap_or(settings.retry.retries),
            redirects: wish.and_then(|wish| wish.redirects).unwrap_or(settings.ask.redirects),
            retry: &settings.retry,
            cookies: settings.transport.cookies,
            conditional: is_conditional(settings, flight),
        };
        trip.log.push(Attempt {
            at: exchange.started.duration_since(trip.started).unwrap_or_default(),
            status: exchange.status(),
            error: step::code_of(exchange, &rules, wall),
            wait: trip.last_wait.0,
            wait_for: trip.last_wait.1,
        });
        trip.spent += exchange.phases.total;
        let moment = Moment {
            now: wall,
            left: trip.deadline.map(|deadline| deadline.saturating_duration_since(clock)),
            budget: self.budget.has_left(),
            breaker_open: self.frontier.breaker(lane) == BreakerState::Open,
            roll: fastrand::f64(),
        };
        let step = step::step(exchange, trip, &rules, &moment);
        match step {
            Step::Done(ending) => Step::Done(ending),
            _ if self.stopping.is_some() => {
                Step::Done(Ending::Error(Failure::new(Code::Cancelled, "the run was stopped before the next try")))
            }
            onward => onward,
        }
    }

    fn redirect(&mut self, mut flight: Box<Flight>, onward: Onward, exchange: Exchange) {
        if let Some(trip) = &mut flight.trip {
            let location = exchange.head.as_ref().and_then(|head| head.headers.get(http::header::LOCATION));
            let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let from = std::mem::replace(&mut trip.url, onward.url);
            let status = exchange.status().unwrap_or_default();
            trip.hops.push(Hop { status, url: from, location: location.unwrap_or_default() });
            trip.method = onward.method;
            trip.with_body = onward.with_body;
            trip.off_origin |= onward.leaves_origin;
        }
        self.enqueue_again(flight, Duration::ZERO, None);
    }

    fn again(&mut self, flight: Box<Flight>, exchange: Exchange, wait: Duration, why: Wait) {
        self.budget.spend();
        self.handle.gauges.retries.fetch_add(1, Relaxed);
        self.requeue(flight, exchange, wait, Some(why));
    }

    /// Another try on a fresh clock.
    fn requeue(&mut self, mut flight: Box<Flight>, exchange: Exchange, wait: Duration, why: Option<Wait>) {
        if let Some(trip) = &mut flight.trip {
            trip.attempts += 1;
            trip.spent = Duration::ZERO;
            trip.last = Some(Box::new(exchange));
        }
        self.enqueue_again(flight, wait, why);
    }

    fn enqueue_again(&mut self, flight: Box<Flight>, wait: Duration, why: Option<Wait>) {
        let clock = now().into_std();
        let host = host_key(flight.trip.as_ref().map_or(&flight.url, |trip| &trip.url));
        let priority = flight.request.wished_priority();
        self.frontier.push_later(&host, priority, flight, clock + wait, why, clock);
    }

    /// The answer is final: what does its body say?
    fn read_page(
        &mut self,
        mut flight: Box<Flight>,
        ending: Ending,
        exchange: Exchange,
        page: Option<Page>,
        url: &url::Url,
    ) {
        let want = self.want_of(&flight);
        let input = if page.is_none() { page_input(&exchange, url, &want) } else { None };
        if let Some(trip) = &mut flight.trip {
            trip.last = Some(Box::new(exchange));
        }
        let Some(input) = input else {
            self.finish_flight(flight, ending, page);
            return;
        };
        let bytes = input.body.len();
        self.body_bytes += bytes;
        let stage = Arc::clone(&self.stage);
        let task = self.pages.spawn(async move { stage.read(input, want).await });
        self.reading.insert(task.id(), Reading { flight, ending, bytes });
    }

    fn have_read(&mut self, done: Result<(Id, Result<Page, Failure>), JoinError>) {
        let (id, page) = match done {
            Ok((id, page)) => (id, page),
            Err(error) => (error.id(), Err(panicked())),
        };
        let Some(Reading { flight, ending, bytes }) = self.reading.remove(&id) else { return };
        self.body_bytes = self.body_bytes.saturating_sub(bytes);
        match page {
            Ok(page) => self.finish_flight(flight, ending, Some(page)),
            Err(failure) => self.finish_flight(flight, Ending::Error(failure), None),
        }
    }

    fn finish_flight(&mut self, flight: Box<Flight>, ending: Ending, page: Option<Page>) {
        let Flight { seq, request, url, trip } = *flight;
        self.finish(Visit { seq, request, url: Some(url), ending, trip, queued: Duration::ZERO, page });
    }

    fn end_unlaunched(&mut self, flight: Box<Flight>, queued: Duration, ending: Ending) {
        let Flight { seq, request, url, trip } = *flight;
        self.finish(Visit { seq, request, url: Some(url), ending, trip, queued, page: None });
    }

    /// A request has come to its end: its record goes out, and the run may have had enough.
    fn finish(&mut self, visit: Visit) {
        let gauges = &self.handle.gauges;
        let finished = gauges.finished.fetch_add(1, Relaxed) + 1;
        let (counter, failed) = match &visit.ending {
            Ending::Ok => (&gauges.ok, false),
            Ending::HttpError(_) | Ending::Error(_) => (&gauges.failed, true),
            Ending::Skipped { .. } => (&gauges.skipped, false),
        };
        let count = counter.fetch_add(1, Relaxed) + 1;
        let choose = &self.settings.choose;
        if self.stopping.is_none() {
            let enough = match (&visit.ending, choose.first) {
                (Ending::Ok, Some(first)) => count >= u64::from(first.get()),
                _ => false,
            };
            let too_many = failed
                && match choose.max_failures {
                    None => false,
                    Some(MaxFailures::Count(most)) => count >= u64::from(most.get()),
                    Some(MaxFailures::Percent(most)) => {
                        finished >= SHARE_FROM && count as f64 * 100.0 > most * finished as f64
                    }
                };
            if enough {
                self.handle.stop(Stop::First);
            } else if too_many {
                self.handle.stop(Stop::Failures);
            }
        }
        self.outbox.put(Record::of(visit, self.heavy));
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

    fn publish(&self) {
        let gauges = &self.handle.gauges;
        gauges.in_flight.store(self.airborne.len() as u64, Relaxed);
        gauges.waiting.store(self.frontier.len() as u64, Relaxed);
        gauges.source_dry.store(self.source_dry.into(), Relaxed);
    }

    fn wake_at(&self) -> Option<Instant> {
        let turn = self.frontier.wake_at().filter(|_| self.stopping.is_none() && self.slots.available_permits() > 0);
        let stop = match &self.stopping {
            Some(stopping) => Some(stopping.drain_by),
            None => self.run_deadline,
        };
        [turn.map(Instant::from_std), stop].into_iter().flatten().min()
    }

    fn on_time(&mut self) {
        match &self.stopping {
            Some(stopping) if stopping.drain_by <= now() => self.drop_in_flight(),
            None if self.run_deadline.is_some_and(|deadline| deadline <= now()) => self.handle.stop(Stop::Deadline),
            _ => {}
        }
    }

    /// Starts nothing more. False if there is nobody left to tell.
    fn begin_to_stop(&mut self, why: Stop) -> bool {
        if why == Stop::Gone {
            return false;
        }
        let clock = now();
        let drain_by = if why == Stop::Asked { clock + GRACE } else { clock };
        self.stopping = Some(Stopping { why, drain_by });
        for (flight, waited) in self.frontier.drain(clock.into_std()) {
            let ending = ending_of_waiting(why, flight.trip.is_some());
            self.end_unlaunched(flight, waited, ending);
        }
        if drain_by <= clock {
            self.drop_in_flight();
        }
        true
    }

    /// What is still under way is cut off and gets its record.
    fn drop_in_flight(&mut self) {
        let why = self.stopping.as_ref().map_or(Stop::Asked, |stopping| stopping.why);
        self.exchanges.abort_all();
        self.pages.abort_all();
        let airborne: Vec<_> = self.airborne.drain().map(|(_, airborne)| airborne.flight).collect();
        for flight in airborne {
            self.finish_flight(flight, ending_of_waiting(why, true), None);
        }
        // These have their answer; only the reading of the page was cut short.
        let reading: Vec<_> = self.reading.drain().map(|(_, reading)| reading.flight).collect();
        for flight in reading {
            self.finish_flight(flight, ending_of_waiting(why, true), None);
        }
        self.body_bytes = 0;
    }
}

/// Waits until nobody reads any more.
async fn gone(stop: &mut tokio::sync::watch::Receiver<Option<Stop>>) {
    if stop.wait_for(|why| *why == Some(Stop::Gone)).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How a flight ends that the stop has overtaken.
fn ending_of_waiting(why: Stop, begun: bool) -> Ending {
    let skipped = |code, message: &str| Ending::Skipped { code, message: message.to_owned(), of: None };
    match why {
        Stop::First => skipped(Code::BudgetFirst, "--first had its successes"),
        Stop::Deadline if !begun => skipped(Code::BudgetDeadline, "--deadline came before its turn"),
        Stop::Failures if !begun => skipped(Code::BudgetFailures, "the run was stopped because of failures"),
        Stop::Deadline => Ending::Error(Failure::new(Code::Cancelled, "--deadline came before it was done")),
        Stop::Failures => Ending::Error(Failure::new(Code::Cancelled, "the run was stopped because of failures")),
        Stop::Asked | Stop::Gone => {
            Ending::Error(Failure::new(Code::Cancelled, "the run was stopped before it was done"))
        }
    }
}

fn panicked() -> Failure {
    Failure::new(Code::InternalPanic, "a bug in fetchall: the work on this request panicked")
}

/// What an exchange says about its host.
fn contact(exchange: &Exchange) -> Contact {
    match &exchange.failure {
        None => Contact::Answered,
        Some(failure) if failure.code.is_transport() && exchange.head.is_none() => Contact::Failed,
        Some(_) if exchange.head.is_some() => Contact::Answered,
        Some(_) => Contact::Unknown,
    }
}

fn is_conditional(settings: &Settings, flight: &Flight) -> bool {
    use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
    let own = flight.request.wish.as_ref().map_or(&[][..], |wish| &wish.headers);
    settings.ask.headers.iter().chain(own).any(|(name, _)| *name == IF_NONE_MATCH || *name == IF_MODIFIED_SINCE)
}

/// What the page stage is to read, if there is anything to read.
fn page_input(exchange: &Exchange, url: &url::Url, want: &Want) -> Option<page::Input> {
    let body = exchange.body.as_ref().filter(|_| exchange.failure.is_none())?;
    let head = exchange.head.as_ref()?;
    if step_is_redirect(head) {
        return None;
    }
    let content_type = head.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let needed = want.text || want.links || want.plan.is_some() || page::is_html(content_type.as_deref(), &body.kept);
    needed.then(|| page::Input { body: body.kept.clone(), content_type, url: url.clone() })
}

fn step_is_redirect(head: &crate::model::Head) -> bool {
    crate::policy::redirect::is_followed(head.status) && head.headers.contains_key(http::header::LOCATION)
}
