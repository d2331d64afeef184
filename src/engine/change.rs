//! What the outside asks of a run under way, and what the loop does about it between two turns.
//!
//! A question is answered and a change made at once: nothing here waits. Every request that a change ends has
//! its record like any other. Must not know who asks, nor over which wire.

use std::{collections::HashSet, num::NonZeroUsize, time::Duration};

use tokio::sync::{Semaphore, mpsc};

use super::{
    handle::Stop,
    live::View,
    run::{Engine, now},
    stopping::ending_of_waiting,
};
use crate::{
    fetch::Wire,
    frontier::{HostChange, is_named},
    model::{Code, Errand, Flight, record::host_key, units::Rate},
};

/// What can be changed while a run is under way.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Exchanges at once over all hosts; where the run finds that number out, the most it may be.
    Concurrency(NonZeroUsize),
    /// Starts per time over all hosts; `None` counts none.
    Rate(Option<Rate>),
    /// A limit of one host (`host`, or `host:port`), or of all that have none of their own.
    Host(Option<String>, HostChange),
    /// What waits for this host, and what would be asked of it from now on, is skipped (`budget.host_skipped`).
    /// What is under way there comes to its end.
    SkipHost(String),
    /// Nothing new is started; what is under way comes to its end. The source is read on, as far as the window
    /// has room.
    Pause,
    /// The end of a pause.
    Resume,
}

/// What is done with an answer; it must not wait.
type Answer<T> = Box<dyn FnOnce(T) + Send>;

/// What is asked through a handle.
pub(crate) enum Question {
    Look { most: usize, answer: Answer<View> },
    Change { change: Change, answer: Answer<usize> },
}

/// What was changed from outside, and what is asked.
pub(super) struct Helm {
    questions: mpsc::Receiver<Question>,
    /// Nothing is started until it is over.
    pub paused: bool,
    /// Nothing more is begun: neither read, nor started for the first time.
    pub draining: bool,
    /// Hosts that are skipped.
    pub skipped: HashSet<Box<str>>,
    /// Exchanges at once, as it was set last.
    pub slots: usize,
    /// Slots that are taken away as soon as they come free.
    owed: usize,
}

impl Helm {
    pub fn new(questions: mpsc::Receiver<Question>, slots: NonZeroUsize) -> Self {
        let slots = slots.get().min(Semaphore::MAX_PERMITS);
        Helm { questions, paused: false, draining: false, skipped: HashSet::new(), slots, owed: 0 }
    }

    /// Waits for the next question. Whoever holds an engine holds a handle too, so there is always somebody
    /// who might ask.
    pub async fn asked(&mut self) -> Option<Question> {
        self.questions.recv().await
    }

    /// Whether a host is skipped.
    fn skips(&self, host: &str) -> bool {
        self.skipped.iter().any(|name| is_named(name, host))
    }

    /// As many slots as were asked for, as soon as that many are free.
    pub fn settle(&mut self, slots: &Semaphore) {
        if self.owed > 0 {
            self.owed -= slots.forget_permits(self.owed);
        }
    }

    fn set_slots(&mut self, wanted: usize, slots: &Semaphore) {
        let wanted = wanted.min(Semaphore::MAX_PERMITS);
        if wanted < self.slots {
            self.owed += self.slots - wanted;
        } else {
            let more = wanted - self.slots;
            let kept = more.min(self.owed);
            self.owed -= kept;
            slots.add_permits(more - kept);
        }
        self.slots = wanted;
        self.settle(slots);
    }
}

impl<W: Wire> Engine<W> {
    /// Answers, or does as it is told.
    pub(super) fn hear(&mut self, question: Option<Question>) {
        match question {
            Some(Question::Look { most, answer }) => answer(self.view(most)),
            Some(Question::Change { change, answer }) => answer(self.change(change)),
            None => {}
        }
    }

    /// How many it is about.
    fn change(&mut self, change: Change) -> usize {
        let clock = now().into_std();
        match change {
            Change::Concurrency(most) => {
                self.helm.set_slots(most.get(), &self.slots);
                if let Some(at_once) = &mut self.at_once {
                    at_once.set_cap(most, clock);
                }
                self.frontier.change_slots(most.get());
                self.helm.slots
            }
            Change::Rate(rate) => {
                self.frontier.change_rate(rate);
                self.frontier.hosts(clock).count()
            }
            Change::Host(host, change) => self.frontier.change(host.as_deref(), change, clock),
            Change::SkipHost(host) => self.skip_host(&host),
            Change::Pause | Change::Resume => {
                self.helm.paused = change == Change::Pause;
                self.frontier.len()
            }
        }
    }

    fn skip_host(&mut self, host: &str) -> usize {
        let clock = now().into_std();
        self.helm.skipped.insert(host.into());
        let is_there = |flight: &Flight| is_named(host, &host_key(flight.next_url()));
        let there = self.frontier.extract(|flight| is_there(flight), clock);
        let looked_for = self.recalls.take_waiting(is_there);
        let there = there.into_iter().map(|(flight, waited)| (*flight, waited));
        let there: Vec<_> = there.chain(looked_for.into_iter().map(|flight| (flight, Duration::ZERO))).collect();
        let count = there.iter().filter(|(flight, _)| flight.errand == Errand::Asked).count();
        for (flight, waited) in there {
            self.skip(flight, waited);
        }
        count
    }

    /// Its host is skipped.
    fn skip(&mut self, flight: Flight, waited: Duration) {
        let message = format!("{} was skipped while the run was under way", host_key(flight.next_url()));
        self.refuse(flight, waited, Code::BudgetHostSkipped, message);
    }

    /// Gives a flight back that may still queue; one whose host is skipped, or that would be the beginning of
    /// something where nothing more is begun, has its record.
    pub(super) fn let_in(&mut self, flight: Box<Flight>, waited: Duration) -> Option<Box<Flight>> {
        if !self.helm.skipped.is_empty() && self.helm.skips(&host_key(flight.next_url())) {
            self.skip(*flight, waited);
            return None;
        }
        if self.helm.draining && is_unbegun(&flight) {
            self.finish_flight(*flight, waited, ending_of_waiting(Stop::Drain, false), None);
            return None;
        }
        Some(flight)
    }

    /// Nothing more is begun: what waits and was never started has its record. A pause is over: what was started
    /// has to come to its end.
    pub(super) fn begin_to_drain(&mut self) {
        let clock = now().into_std();
        (self.helm.draining, self.helm.paused) = (true, false);
        let waiting = self.frontier.extract(|flight| is_unbegun(flight), clock);
        let looked_for = self.recalls.take_waiting(is_unbegun);
        let waiting = waiting.into_iter().map(|(flight, waited)| (*flight, waited));
        let waiting: Vec<_> = waiting.chain(looked_for.into_iter().map(|flight| (flight, Duration::ZERO))).collect();
        for (flight, waited) in waiting {
            self.finish_flight(flight, waited, ending_of_waiting(Stop::Drain, false), None);
        }
    }
}

/// Whether it was never launched. The robots.txt that others wait for is no beginning.
fn is_unbegun(flight: &Flight) -> bool {
    flight.errand == Errand::Asked && flight.trip.is_none()
}
