//! What a program may do in the middle of a run: change or hold back what is about to be sent, and judge
//! what came back.
//!
//! Calls the closures, on the tasks of the exchanges rather than in the loop, and turns a panic of theirs
//! into a failure of that one request. Must not know what follows from a judgement: that is `policy::step`.

mod answer;
mod outgoing;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::Method;
use url::Url;

pub use self::{
    answer::Answer,
    outgoing::{Outgoing, Verdict},
};
use super::run::Engine;
use crate::{
    fetch::Wire,
    model::{Ask, Code, Ending, Errand, Exchange, Failure, Flight, Trip},
    policy::judgement::Judgement,
};

type Before = dyn Fn(&mut Outgoing<'_>) -> Verdict + Send + Sync;
type Judge = dyn Fn(&Answer<'_>) -> Judgement + Send + Sync;

/// The closures of a run; none unless set. Where there is none, nothing is called.
#[derive(Clone, Default)]
pub struct Hooks {
    before: Option<Arc<Before>>,
    judge: Option<Arc<Judge>>,
}

impl Hooks {
    /// Called with every exchange that is about to be made.
    pub fn before(&mut self, hook: impl Fn(&mut Outgoing<'_>) -> Verdict + Send + Sync + 'static) {
        self.before = Some(Arc::new(hook));
    }

    /// Called with every response, before it is decided what follows from it.
    pub fn judge(&mut self, hook: impl Fn(&Answer<'_>) -> Judgement + Send + Sync + 'static) {
        self.judge = Some(Arc::new(hook));
    }

    /// Whether what is sent may be changed, or held back.
    pub(super) fn changes(&self) -> bool {
        self.before.is_some()
    }

    /// Whether responses are judged.
    pub(super) fn judges(&self) -> bool {
        self.judge.is_some()
    }

    /// Lets the hook change what is sent; the error is how the request ends if it may not go.
    pub(super) fn ask(&self, ask: &mut Ask, leg: Leg) -> Result<(), Ending> {
        let Some(hook) = &self.before else { return Ok(()) };
        match catch_unwind(AssertUnwindSafe(|| hook(&mut Outgoing::new(ask, leg)))) {
            Ok(Verdict::Go) => Ok(()),
            Ok(Verdict::Skip(message)) => Err(Ending::Skipped { code: Code::Excluded, message, of: None }),
            Err(panic) => Err(Ending::Error(panicked("before", &*panic))),
        }
    }

    /// Whom a response is to be shown to, and as the answer to what; `None` if to nobody. A robots.txt
    /// is not judged: what its status means is settled (RFC 9309).
    pub(super) fn asked(&self, ask: &Ask, leg: Leg) -> Option<Asked> {
        let judge = self.judge.as_ref().filter(|_| leg.errand == Errand::Asked)?;
        let question = Question { url: Arc::clone(&ask.url), method: ask.method.clone(), leg };
        Some(Asked { judge: Arc::clone(judge), question, said: OnceLock::new() })
    }
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Hooks { before, judge } = self;
        f.debug_struct("Hooks").field("before", &before.is_some()).field("judge", &judge.is_some()).finish()
    }
}

/// Which part of its trip a request is on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    errand: Errand,
    attempt: u32,
    redirects: usize,
    /// Whether an attempt begins with it.
    begins: bool,
}

impl Leg {
    /// `begins`: whether an attempt begins with it, which is counted already.
    pub fn of(flight: &Flight, trip: &Trip, begins: bool) -> Leg {
        Leg { errand: flight.errand, attempt: trip.attempts, redirects: trip.hops.len(), begins }
    }
}

/// Who judges the answer to what.
pub(super) struct Asked {
    judge: Arc<Judge>,
    question: Question,
    /// What it said: it is asked once.
    said: OnceLock<Result<Judgement, Failure>>,
}

/// What was asked.
#[derive(Debug)]
struct Question {
    url: Arc<Url>,
    method: Method,
    leg: Leg,
}

impl Asked {
    /// What the program says of a response; the usual where there is none.
    pub fn judge(&self, exchange: &Exchange) -> Result<Judgement, Failure> {
        let Some(answer) = Answer::of(&self.question, exchange) else { return Ok(Judgement::Usual) };
        let ask = || catch_unwind(AssertUnwindSafe(|| (self.judge)(&answer)));
        self.said.get_or_init(|| ask().map_err(|panic| panicked("judge", &*panic))).clone()
    }
}

fn panicked(hook: &str, panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::new(Code::InternalPanic, format!("the program's hook `{hook}` panicked: {}", text.unwrap_or("no message")))
}

impl<W: Wire> Engine<W> {
    /// The same run with these hooks.
    pub fn hooked(mut self, hooks: Hooks) -> Self {
        if hooks.judges() {
            self.asker.keep_texts();
        }
        self.hooks = hooks;
        self
    }

    /// A hook did not let it go: nothing was sent.
    pub(super) fn ground(&mut self, mut flight: Flight, leg: Leg, ending: Ending) {
        let mut queued = Duration::ZERO;
        if let Some(mut trip) = flight.trip.take() {
            trip.attempts = trip.attempts.saturating_sub(leg.begins.into());
            match trip.log.is_empty() {
                // It never was under way.
                true => queued = trip.queued,
                false => flight.trip = Some(trip),
            }
        }
        match ending {
            Ending::Skipped { code, message, .. } => self.refuse(flight, queued, code, message),
            ending => self.finish_flight(flight, queued, ending, None),
        }
    }
}
