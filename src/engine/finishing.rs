//! The end of a request: what is known of it becomes its record, and the run may have had enough.
//!
//! Must not know why it ended.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use http::Method;

use super::{handle::Stop, run::Engine, told};
use crate::{
    fetch::Wire,
    model::{Code, Ending, Errand, Flight, Page, Record, Request, Visit},
};

impl<W: Wire> Engine<W> {
    /// `queued` is the waiting since it was last under way.
    pub(super) fn finish_flight(&mut self, flight: Flight, queued: Duration, ending: Ending, page: Option<Page>) {
        if let Some(trip) = &flight.trip {
            self.held.release(trip);
        }
        if flight.errand == Errand::Robots {
            return self.have_robots(flight, ending);
        }
        let Flight { seq, request, url, mut trip, .. } = flight;
        let (method, content) = self.method_and_content(&request);
        self.content_bytes = self.content_bytes.saturating_sub(request.content_len());
        if let Some(trip) = &mut trip {
            trip.queued += queued;
        }
        self.finish(Visit { seq, request, url: Some(url), method, content, ending, trip, queued, page });
    }

    /// What a request is asked with: its own, else the run's; the run's content belongs to the run's
    /// method.
    pub(super) fn method_and_content(&self, request: &Request) -> (Method, Option<u64>) {
        let ask = &self.settings.ask;
        let own = request.wish.as_deref().and_then(|wish| wish.body.as_ref());
        let has_method = request.wish.as_ref().is_some_and(|wish| wish.method.is_some());
        let content = own.or(ask.body.as_ref().filter(|_| !has_method));
        (request.method_or(&ask.method), content.map(|content| content.len() as u64))
    }

    /// A request has come to its end: its record goes out, and the run may have had enough.
    pub(super) fn finish(&mut self, visit: Visit) {
        told::end(&visit);
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
            // What was never begun when the run was drained has not failed.
            let is_left = matches!(&visit.ending, Ending::Error(failure) if failure.code == Code::Cancelled);
            let too_many =
                failed && !is_left && choose.max_failures.is_some_and(|most| most.is_reached(count, finished));
            if enough {
                self.handle.stop(Stop::First);
            } else if too_many {
                self.handle.stop(Stop::Failures);
            }
        }
        let mut record = Record::of(visit, self.heavy);
        self.held.hand_over(&mut record);
        self.outbox.put(record);
    }
}
