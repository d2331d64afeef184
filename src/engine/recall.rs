//! Answers that need no network: asked for before a request queues on its host, so that they take no slot,
//! no turn and no rate of it.
//!
//! A few look-ups are under way at once; what is not there queues as ever. Must not know where answers are
//! kept.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use tokio::task::Id;

use super::{
    hooks::Leg,
    robots::as_robots,
    run::{Engine, Landed, now},
};
use crate::{
    fetch::Wire,
    model::{Errand, Flight},
};

/// Look-ups at once: enough for disk and cores, few enough that their bodies take no room to speak of.
const MOST: usize = 16;

/// A request that may be answered without the network.
pub(super) struct Asked {
    pub flight: Box<Flight>,
    /// Since when it is held for robots.txt, if it was.
    pub held_since: Option<Instant>,
}

/// Requests that wait for a look-up, and those for which it is under way.
#[derive(Default)]
pub(super) struct Recalls {
    waiting: VecDeque<Asked>,
    under_way: HashMap<Id, Asked>,
}

impl Recalls {
    pub fn len(&self) -> usize {
        self.waiting.len() + self.under_way.len()
    }

    pub fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The one of this task, if it is one.
    pub fn take(&mut self, id: Id) -> Option<Asked> {
        self.under_way.remove(&id)
    }

    /// Those that have not begun.
    pub fn drain_waiting(&mut self) -> Vec<Flight> {
        self.waiting.drain(..).map(|asked| *asked.flight).collect()
    }

    /// Of those that have not begun, the ones that are `unwanted`.
    pub fn take_waiting(&mut self, unwanted: impl Fn(&Flight) -> bool) -> Vec<Flight> {
        let (out, kept) = self.waiting.drain(..).partition::<VecDeque<_>, _>(|asked| unwanted(&asked.flight));
        self.waiting = kept;
        out.into_iter().map(|asked| *asked.flight).collect()
    }

    /// All of them, each with whether its look-up is under way.
    pub fn iter(&self) -> impl Iterator<Item = (&Flight, bool)> {
        let waiting = self.waiting.iter().map(|asked| (&*asked.flight, false));
        waiting.chain(self.under_way.values().map(|asked| (&*asked.flight, true)))
    }

    /// Those that have.
    pub fn drain_under_way(&mut self) -> Vec<Flight> {
        self.under_way.drain().map(|(_, asked)| *asked.flight).collect()
    }
}

impl<W: Wire> Engine<W> {
    /// Whether some answers may be there. What a hook of the program changes about a request cannot be
    /// known before its turn, so its answer is looked for then.
    pub(super) fn may_recall(&self) -> bool {
        self.wire.keeps() && !self.hooks.changes()
    }

    /// Has a request look whether its answer is there.
    pub(super) fn look_up(&mut self, flight: Box<Flight>, held_since: Option<Instant>) {
        self.recalls.waiting.push_back(Asked { flight, held_since });
    }

    /// Begins what look-ups there is room for.
    pub(super) fn recall_some(&mut self) {
        while self.recalls.under_way.len() < MOST
            && let Some(asked) = self.recalls.waiting.pop_front()
        {
            self.recall(asked);
        }
    }

    fn recall(&mut self, asked: Asked) {
        let clock = now();
        let flight = &asked.flight;
        let packed = flight.trip.is_none().then(|| self.pack(flight, clock));
        let Some(trip) = flight.trip.as_ref().or(packed.as_ref()) else { return };
        let mut ask = self.asker.ask(flight, trip, &self.settings, clock.into_std());
        ask.save = self.save_as(flight);
        let is_page = flight.errand == Errand::Asked;
        if !is_page {
            as_robots(&mut ask);
        }
        let arrival = self.arrival(flight, &ask, Leg::of(flight, trip, false));
        arrival.before(&mut ask);
        let wire = std::sync::Arc::clone(&self.wire);
        let task = self.exchanges.spawn(Box::pin(async move {
            match wire.recall(ask).await {
                Some(exchange) => arrival.land(exchange),
                None => Landed::Absent,
            }
        }));
        self.recalls.under_way.insert(task.id(), asked);
    }

    /// The answer to a request was there: no attempt was made for it.
    pub(super) fn recalled(&mut self, asked: Asked, landed: Landed) {
        let Asked { mut flight, held_since } = asked;
        let clock = now();
        let Landed::Back { exchange, judged, page } = landed else {
            return self.line_up(flight, held_since, clock.into_std());
        };
        let waited = held_since.map_or(Duration::ZERO, |since| clock.into_std().saturating_duration_since(since));
        let mut trip = flight.trip.take().unwrap_or_else(|| self.pack(&flight, clock));
        trip.queued += waited;
        flight.trip = Some(trip);
        self.follow(flight, None, exchange, judged, page);
    }
}
