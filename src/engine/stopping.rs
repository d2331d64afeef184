//! The end of a run before its input ends: what waits, what is under way, and how each is told.
//!
//! Must not know who asked.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};

use super::{
    handle::Stop,
    run::{Engine, now},
    told,
};
use crate::{
    fetch::Wire,
    model::{Code, Ending, Failure},
};

/// What is in flight when somebody asks to stop gets so much time.
const GRACE: Duration = Duration::from_secs(5);

/// A run that is ending.
pub(super) struct Stopping {
    pub why: Stop,
    /// When what is still in flight is dropped.
    pub drain_by: Instant,
}

impl<W: Wire> Engine<W> {
    /// Starts nothing more, or begins nothing more. False if there is nobody left to tell.
    pub(super) fn begin_to_stop(&mut self, why: Stop) -> bool {
        if why == Stop::Gone {
            return false;
        }
        told::stops(why);
        if why == Stop::Drain {
            self.begin_to_drain();
            return true;
        }
        let clock = now();
        let drain_by = if why == Stop::Asked { clock + GRACE } else { clock };
        self.stopping = Some(Stopping { why, drain_by });
        for (flight, waited) in self.frontier.drain(clock.into_std()) {
            let ending = ending_of_waiting(why, flight.trip.is_some());
            self.finish_flight(*flight, waited, ending, None);
        }
        for flight in self.recalls.drain_waiting() {
            let ending = ending_of_waiting(why, flight.trip.is_some());
            self.finish_flight(flight, Duration::ZERO, ending, None);
        }
        if drain_by <= clock {
            self.drop_in_flight();
        }
        true
    }

    /// What is still under way is cut off and gets its record.
    pub(super) fn drop_in_flight(&mut self) {
        let why = self.stopping.as_ref().map_or(Stop::Asked, |stopping| stopping.why);
        self.exchanges.abort_all();
        self.pages.abort_all();
        let airborne: Vec<_> = self.airborne.drain().map(|(_, airborne)| *airborne.flight).collect();
        for flight in airborne.into_iter().chain(self.recalls.drain_under_way()) {
            self.finish_flight(flight, Duration::ZERO, ending_of_waiting(why, true), None);
        }
        // These have their answer; only the reading of the page was cut short.
        let reading: Vec<_> = self.reading.drain().map(|(_, reading)| reading.flight).collect();
        for flight in reading {
            self.finish_flight(*flight, Duration::ZERO, ending_of_waiting(why, true), None);
        }
        self.body_bytes = 0;
    }
}

/// Waits until somebody asks the run to end; where it is `draining`, for more than that.
pub(super) async fn asked_to_stop(stop: &mut watch::Receiver<Option<Stop>>, draining: bool) -> Stop {
    let is_new = |why: &Option<Stop>| why.is_some_and(|why| !(draining && why == Stop::Drain));
    stop.wait_for(is_new).await.ok().and_then(|why| *why).unwrap_or(Stop::Gone)
}

/// Waits until nobody reads any more.
pub(super) async fn gone(stop: &mut watch::Receiver<Option<Stop>>) {
    if stop.wait_for(|why| *why == Some(Stop::Gone)).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How a flight ends that the stop has overtaken.
pub(super) fn ending_of_waiting(why: Stop, begun: bool) -> Ending {
    let skipped = |code, message: &str| Ending::Skipped { code, message: message.to_owned(), of: None };
    match why {
        Stop::First => skipped(Code::BudgetFirst, "--first had its successes"),
        Stop::Deadline if !begun => skipped(Code::BudgetDeadline, "--deadline came before its turn"),
        Stop::Failures if !begun => skipped(Code::BudgetFailures, "the run was stopped because of failures"),
        Stop::Deadline => Ending::Error(Failure::new(Code::Cancelled, "--deadline came before it was done")),
        Stop::Failures => Ending::Error(Failure::new(Code::Cancelled, "the run was stopped because of failures")),
        Stop::Disk => Ending::Error(Failure::new(Code::Cancelled, "the run was stopped: a body could not be saved")),
        Stop::Drain => Ending::Error(Failure::new(Code::Cancelled, "the run was drained before its turn")),
        Stop::Asked | Stop::Gone => {
            Ending::Error(Failure::new(Code::Cancelled, "the run was stopped before it was done"))
        }
    }
}
