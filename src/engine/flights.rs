//! A flight's life: take-off, landing, what follows, and the reading of its page.
//!
//! Acts on what `policy::step` decides. Must not know the order of events: that is the loop's.

use std::{
    cmp::Reverse,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::OwnedSemaphorePermit,
    task::{Id, JoinError},
    time::Instant,
};

use super::{
    arrival::page_input,
    hooks::Leg,
    robots::as_robots,
    run::{Airborne, Engine, Landed, Reading, now},
    told,
};
use crate::{
    fetch::{Pulse, Wire},
    frontier::{BreakerState, Contact, Go, LaneId, Turn},
    model::{Attempt, Code, Ending, Errand, Exchange, Failure, Flight, Hop, Page, Trip, Wait, Wish, record::host_key},
    page::{Want, select::Plan},
    policy::{
        judgement::Judgement,
        redirect::{self, Onward},
        step::{self, Moment, Rules, Step},
    },
    settings::Settings,
};

impl<W: Wire> Engine<W> {
    pub(super) fn take_off(&mut self, turn: Turn<Box<Flight>>, permit: OwnedSemaphorePermit) {
        let Turn { item: flight, lane, waited, wait_for, go, close } = turn;
        if go == Go::HostGivenUp {
            let message = format!("{} failed too often in a row and was given up for a while", host_key(&flight.url));
            self.finish_flight(*flight, waited, Ending::Skipped { code: Code::BudgetHost, message, of: None }, None);
            return;
        }
        let Some(mut flight) = self.stand_back(flight, lane, waited) else { return };
        let clock = now();
        if flight.trip.is_none() {
            self.budget.earn();
        }
        let mut trip = flight.trip.take().unwrap_or_else(|| self.pack(&flight, clock));
        trip.queued += waited;
        let begins = std::mem::take(&mut trip.new_attempt);
        trip.attempts += u32::from(begins);
        trip.last_wait = (waited, wait_for);
        trip.launch = clock.into_std().saturating_duration_since(trip.begun);
        if trip.deadline.is_some_and(|deadline| deadline <= clock.into_std()) {
            flight.trip = Some(trip);
            self.frontier.release(lane, Contact::Unknown, clock.into_std());
            self.finish_flight(*flight, Duration::ZERO, Ending::Error(url_timeout()), None);
            return;
        }
        let mut ask = self.asker.ask(&flight, &trip, &self.settings, clock.into_std());
        ask.close = close;
        ask.save = self.save_as(&flight);
        let leg = Leg::of(&flight, &trip, begins);
        flight.trip = Some(trip);
        told::launch(&flight, waited, wait_for);
        if flight.errand == Errand::Robots {
            as_robots(&mut ask);
        }
        let (arrival, limit) = (self.arrival(&flight, &ask, leg), ask.patience.total);
        let (wire, hooks) = (Arc::clone(&self.wire), self.hooks.clone());
        let pulse = Arc::<Pulse>::default();
        let felt = Arc::clone(&pulse);
        // On the heap: a task's future is moved several times from its making to its end, and this
        // one is 4 KiB.
        let task = self.exchanges.spawn(Box::pin(async move {
            if let Err(ending) = hooks.ask(&mut ask, leg) {
                return Landed::Grounded { leg, ending };
            }
            arrival.before(&mut ask);
            let exchange = felt.around(wire.exchange(ask)).await;
            // From here on no byte moves, so the slot is free.
            drop(permit);
            arrival.land(exchange)
        }));
        self.airborne.insert(task.id(), Airborne { flight, lane, begins, limit, pulse });
        if let Some(at_once) = &mut self.at_once {
            at_once.launched(clock.into_std());
        }
    }

    pub(super) fn pack(&self, flight: &Flight, clock: Instant) -> Box<Trip> {
        let wish = flight.request.wish.as_deref();
        let asked = wish.and_then(|wish| wish.method.as_ref());
        let body = wish.is_some_and(|wish| wish.body.is_some());
        Box::new(Trip {
            started: SystemTime::now(),
            begun: clock.into_std(),
            launch: Duration::ZERO,
            deadline: self.settings.times.url.map(|limit| (clock + limit).into_std()),
            url: Arc::clone(&flight.url),
            method: flight.request.method_or(&self.settings.ask.method),
            // The run's content belongs to the run's method.
            with_body: body || (asked.is_none() && self.settings.ask.body.is_some()),
            off_origin: false,
            attempts: 0,
            new_attempt: true,
            limited: 0,
            spent: Duration::ZERO,
            queued: Duration::ZERO,
            last_wait: (Duration::ZERO, Wait::Slot),
            hops: Vec::new(),
            log: Vec::new(),
            last: None,
            captures: Vec::new(),
        })
    }

    /// The run's wants, and what this request wants beside them.
    pub(super) fn want_of(&self, flight: &Flight) -> Arc<Want> {
        let is_own = |wish: &&Wish| !wish.rules.is_empty() || wish.look.is_some() || wish.text;
        let Some(wish) = flight.request.wish.as_deref().filter(is_own) else { return Arc::clone(&self.want) };
        // The door has tried the selectors; what it let in parses again.
        let own = Some(wish.rules.as_slice()).filter(|own| !own.is_empty()).and_then(|own| Plan::of(own, &[]).ok());
        let plan = match own {
            Some(own) => Some(Arc::new(self.plan.merge(&own))),
            None => self.want.plan.clone(),
        };
        let views = self.want.views.clone();
        Arc::new(Want { links: self.want.links, text: self.want.text || wish.text, look: wish.look, plan, views })
    }

    /// An exchange is over.
    pub(super) fn land(&mut self, done: Result<(Id, Landed), JoinError>) {
        let clock = now().into_std();
        let (id, landed) = match done {
            Ok((id, landed)) => (id, Ok(landed)),
            Err(error) => (error.id(), Err(error)),
        };
        if let Some(asked) = self.recalls.take(id) {
            return self.recalled(asked, landed.unwrap_or(Landed::Absent));
        }
        let Some(Airborne { mut flight, lane, begins, .. }) = self.airborne.remove(&id) else { return };
        let (exchange, judged, page) = match landed {
            Ok(Landed::Back { exchange, judged, page }) => (exchange, judged, page),
            Ok(Landed::Grounded { leg, ending }) => {
                self.frontier.release(lane, Contact::Unknown, clock);
                return self.ground(*flight, leg, ending);
            }
            Ok(Landed::Absent) | Err(_) => {
                self.frontier.release(lane, Contact::Unknown, clock);
                return self.finish_flight(*flight, Duration::ZERO, Ending::Error(panicked()), None);
            }
        };
        let contact = contact(&exchange);
        if !exchange.is_hit() {
            self.adapt(lane, &exchange, judged.as_ref().ok(), clock);
        } else if let (true, Some(trip)) = (begins, &mut flight.trip) {
            // Nothing was sent after all.
            trip.attempts = trip.attempts.saturating_sub(1);
            trip.new_attempt = true;
        }
        if contact != Contact::Unknown {
            self.frontier.took(lane, exchange.phases.total, clock);
        }
        self.frontier.release(lane, contact, clock);
        self.follow(flight, Some(lane), exchange, judged, page);
    }

    /// What follows from an exchange; `lane` is that of its host, if it was asked.
    pub(super) fn follow(
        &mut self,
        mut flight: Box<Flight>,
        lane: Option<LaneId>,
        mut exchange: Box<Exchange>,
        judged: Result<Judgement, Failure>,
        page: Option<Page>,
    ) {
        let clock = now().into_std();
        self.mind_the_disk(&exchange);
        if let Some(body) = &exchange.body {
            self.handle.gauges.wire_bytes.fetch_add(body.wire_len, Relaxed);
        }
        let Some(mut trip) = flight.trip.take() else { return };
        if let Some(capture) = exchange.capture.take() {
            self.held.add(&mut trip, *capture);
        }
        let step = self.decide(&flight, &mut trip, &exchange, judged, lane);
        let url = Arc::clone(&trip.url);
        flight.trip = Some(trip);
        told::exchange(&flight, &exchange);
        told::step(&flight, &exchange, &step);
        match step {
            Step::Done(ending) => self.read_page(flight, ending, exchange, page, &url),
            Step::Redirect(onward) => self.redirect(flight, onward, exchange),
            Step::Again(wait) => self.again(flight, exchange, wait, Wait::Backoff),
            Step::AgainHostWaits(wait) => {
                self.pause(lane, clock + wait, Wait::RetryAfter);
                self.again(flight, exchange, wait, Wait::Backoff);
            }
            Step::Later(wait, why) => {
                self.pause(lane, clock + wait, why);
                if let Some(trip) = &mut flight.trip {
                    trip.limited += 1;
                }
                self.requeue(flight, exchange, wait, Some(why));
            }
        }
    }

    fn decide(
        &mut self,
        flight: &Flight,
        trip: &mut Trip,
        exchange: &Exchange,
        judged: Result<Judgement, Failure>,
        lane: Option<LaneId>,
    ) -> Step {
        let clock = now().into_std();
        let wall = SystemTime::now();
        let wish = flight.request.wish.as_deref();
        let settings = &self.settings;
        let rules = Rules {
            accept: wish.and_then(|wish| wish.accept.as_ref()).unwrap_or(&settings.ask.accept),
            retries: wish.and_then(|wish| wish.retries).unwrap_or(settings.retry.retries),
            redirects: wish.and_then(|wish| wish.redirects).unwrap_or(settings.ask.redirects),
            retry: &settings.retry,
            cookies: &settings.transport.cookies,
            conditional: is_conditional(settings, flight),
        };
        // What was there took no attempt.
        if lane.is_some() && !exchange.is_hit() {
            let error = match &judged {
                Ok(judgement) => step::code_of(exchange, judgement, &rules, wall),
                Err(failure) => Some(failure.code),
            };
            trip.log.push(Attempt::of(exchange, trip, error));
        }
        trip.spent += exchange.phases.total;
        let judgement = match judged {
            Ok(judgement) => judgement,
            Err(failure) => return Step::Done(Ending::Error(failure)),
        };
        let moment = Moment {
            now: wall,
            left: trip.deadline.map(|deadline| deadline.saturating_duration_since(clock)),
            budget: self.budget.has_left(),
            breaker_open: lane.is_some_and(|lane| self.frontier.breaker(lane) == BreakerState::Open),
            roll: fastrand::f64(),
        };
        let step = step::step(exchange, &judgement, trip, &rules, &moment);
        match step {
            Step::Done(ending) => Step::Done(ending),
            _ if self.stopping.is_some() => {
                Step::Done(Ending::Error(Failure::new(Code::Cancelled, "the run was stopped before the next try")))
            }
            onward => onward,
        }
    }

    fn redirect(&mut self, mut flight: Box<Flight>, onward: Onward, exchange: Box<Exchange>) {
        if let Some(trip) = &mut flight.trip {
            let location = exchange.head.as_ref().and_then(|head| head.headers.get(http::header::LOCATION));
            let location = location.map(redirect::location_text);
            let from = std::mem::replace(&mut trip.url, Arc::new(onward.url));
            let status = exchange.status().unwrap_or_default();
            let method = std::mem::replace(&mut trip.method, onward.method);
            trip.hops.push(Hop { status, method, url: from, location: location.unwrap_or_default() });
            trip.with_body = onward.with_body;
            trip.off_origin |= onward.leaves_origin;
        }
        self.enter(flight);
    }

    fn again(&mut self, flight: Box<Flight>, exchange: Box<Exchange>, wait: Duration, why: Wait) {
        self.budget.spend();
        self.handle.gauges.retries.fetch_add(1, Relaxed);
        self.requeue(flight, exchange, wait, Some(why));
    }

    /// Another try on a fresh clock.
    fn requeue(&mut self, mut flight: Box<Flight>, exchange: Box<Exchange>, wait: Duration, why: Option<Wait>) {
        if let Some(trip) = &mut flight.trip {
            trip.new_attempt = true;
            trip.spent = Duration::ZERO;
            trip.last = Some(exchange);
        }
        self.enqueue_again(flight, wait, why);
    }

    /// Its `--url-timeout` may run out while it waits.
    pub(super) fn expect_deadline(&mut self, flight: &Flight) {
        if let Some(deadline) = flight.trip.as_ref().and_then(|trip| trip.deadline) {
            self.deadlines.push(Reverse(deadline));
        }
    }

    pub(super) fn enqueue_again(&mut self, flight: Box<Flight>, wait: Duration, why: Option<Wait>) {
        let clock = now().into_std();
        let Some(flight) = self.let_in(flight, Duration::ZERO) else { return };
        self.expect_deadline(&flight);
        let host = host_key(flight.next_url());
        let priority = flight.request.wished_priority();
        self.frontier.push_later(&host, priority, flight, clock + wait, why, clock);
    }

    /// Ends those whose `--url-timeout` has run out while they wait for another turn.
    pub(super) fn expire(&mut self) {
        let clock = now().into_std();
        let mut is_due = false;
        while self.deadlines.peek().is_some_and(|deadline| deadline.0 <= clock) {
            self.deadlines.pop();
            is_due = true;
        }
        if !is_due {
            return;
        }
        let is_late = |flight: &Flight| {
            flight.trip.as_ref().and_then(|trip| trip.deadline).is_some_and(|deadline| deadline <= clock)
        };
        for (flight, waited) in self.frontier.extract(|flight| is_late(flight), clock) {
            self.finish_flight(*flight, waited, Ending::Error(url_timeout()), None);
        }
    }

    /// The answer is final: what does its body say?
    fn read_page(
        &mut self,
        mut flight: Box<Flight>,
        ending: Ending,
        exchange: Box<Exchange>,
        page: Option<Page>,
        url: &Arc<url::Url>,
    ) {
        let want = self.want_of(&flight);
        let is_page = flight.errand == Errand::Asked;
        let input = if is_page && page.is_none() { page_input(&exchange, url, &want) } else { None };
        if let Some(trip) = &mut flight.trip {
            trip.last = Some(exchange);
        }
        let Some(input) = input else {
            let ending = held_to_data(ending, page.as_ref(), &flight);
            self.finish_flight(*flight, Duration::ZERO, ending, page);
            return;
        };
        let bytes = input.body.len();
        self.body_bytes += bytes;
        let stage = Arc::clone(&self.stage);
        let task = self.pages.spawn(async move { stage.read(input, want).await });
        let since = now().into_std();
        self.reading.insert(task.id(), Reading { flight, ending, bytes, since });
    }

    pub(super) fn have_read(&mut self, done: Result<(Id, Result<Page, Failure>), JoinError>) {
        let (id, page) = match done {
            Ok((id, page)) => (id, page),
            Err(error) => (error.id(), Err(panicked())),
        };
        let Some(Reading { flight, ending, bytes, .. }) = self.reading.remove(&id) else { return };
        self.body_bytes = self.body_bytes.saturating_sub(bytes);
        match page {
            Ok(page) => {
                let ending = held_to_data(ending, Some(&page), &flight);
                self.finish_flight(*flight, Duration::ZERO, ending, Some(page));
            }
            Err(failure) => self.finish_flight(*flight, Duration::ZERO, Ending::Error(failure), None),
        }
    }
}

/// A page without the data that is required of it is a failure. An answer that has no body by its
/// nature (HEAD, 204, 205, 304) is no page.
fn held_to_data(ending: Ending, page: Option<&Page>, flight: &Flight) -> Ending {
    let failure = page.and_then(|page| page.problems.as_ref()?.failure.clone());
    let trip = flight.trip.as_ref();
    let status = trip.and_then(|trip| trip.last.as_ref()?.status());
    let has_page =
        !matches!(status, Some(204 | 205 | 304)) && trip.is_none_or(|trip| trip.method != http::Method::HEAD);
    match (ending, failure) {
        (Ending::Ok, Some(failure)) if has_page => Ending::Error(failure),
        (ending, _) => ending,
    }
}

fn url_timeout() -> Failure {
    Failure::new(Code::TimeoutTotal, "--url-timeout ended while it waited for its turn")
}

fn panicked() -> Failure {
    Failure::new(Code::InternalPanic, "a bug in fetchall: the work on this request panicked")
}

/// What an exchange says about its host.
fn contact(exchange: &Exchange) -> Contact {
    match &exchange.failure {
        _ if exchange.is_hit() => Contact::Unknown,
        None => Contact::Answered,
        Some(failure) if failure.code.is_transport() && exchange.head.is_none() => Contact::Failed,
        Some(_) if exchange.head.is_some() => Contact::Answered,
        Some(_) => Contact::Unknown,
    }
}

fn is_conditional(settings: &Settings, flight: &Flight) -> bool {
    use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
    let own = flight.request.wish.as_deref();
    let headers = settings.ask.headers.iter().chain(own.map_or(&[][..], |wish| &wish.headers));
    let is_condition = |name: &http::HeaderName| *name == IF_NONE_MATCH || *name == IF_MODIFIED_SINCE;
    headers.map(|(name, _)| name).any(is_condition) || own.is_some_and(|wish| wish.conditions().next().is_some())
}
