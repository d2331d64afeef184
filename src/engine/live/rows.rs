//! A row of a view for each kind of place that a request may be in.
//!
//! Must not know which rows are wanted.

use std::time::{Duration, Instant};

use url::Url;

use super::{
    super::run::{Airborne, Reading},
    Hold, Live, State,
};
use crate::{
    frontier::Queue,
    model::{Errand, Flight, Record, Wait, record::host_key, redact},
};

/// Characters of a URL in a view; what is longer is cut.
const URL_MOST: usize = 1000;

/// A URL as it is shown: without credentials, and not endless.
fn shown(url: &Url) -> String {
    cut(redact::url(url))
}

fn cut(mut url: String) -> String {
    if let Some((at, _)) = url.char_indices().nth(URL_MOST) {
        url.truncate(at);
        url.push('…');
    }
    url
}

/// What is known of a row that is only in some state.
fn blank(state: State) -> Live {
    Live {
        seq: None,
        url: String::new(),
        host: String::new(),
        state,
        wait_for: None,
        next: None,
        ahead: 0,
        in_state: None,
        age: None,
        limit: None,
        reach: None,
        attempt: 0,
    }
}

/// What all rows of flights have.
fn row(flight: &Flight, state: State) -> Live {
    let url = flight.next_url();
    Live {
        seq: (flight.errand == Errand::Asked).then_some(flight.seq),
        url: shown(url),
        host: host_key(url),
        attempt: flight.trip.as_ref().map_or(0, |trip| trip.attempts),
        ..blank(state)
    }
}

/// How old a flight is that was launched: from its first launch on, and what it waited for that.
fn age(flight: &Flight, clock: Instant) -> Option<Duration> {
    let trip = flight.trip.as_ref()?;
    let first_wait = trip.log.first().map_or(trip.last_wait.0, |first| first.wait);
    Some(clock.saturating_duration_since(trip.begun) + first_wait)
}

pub(super) fn row_on_wire(airborne: &Airborne, clock: Instant) -> Live {
    let flight = &airborne.flight;
    let launched = flight.trip.as_ref().map(|trip| trip.begun + trip.launch);
    Live {
        in_state: launched.map(|at| clock.saturating_duration_since(at)),
        age: age(flight, clock),
        limit: Some(airborne.limit),
        reach: Some((airborne.pulse.reach(), airborne.pulse.bytes())),
        ..row(flight, State::Fetching)
    }
}

pub(super) fn row_of_page(reading: &Reading, clock: Instant) -> Live {
    let flight = &reading.flight;
    let in_state = Some(clock.saturating_duration_since(reading.since));
    Live { in_state, age: age(flight, clock), ..row(flight, State::Parsing) }
}

/// One that looks whether its answer is there already, or is about to.
pub(super) fn row_of_look_up(flight: &Flight, is_under_way: bool) -> Live {
    let wait_for = (!is_under_way).then_some(Hold::Turn(Wait::Slot));
    Live { wait_for, ..row(flight, State::Fetching) }
}

pub(super) fn row_of_record(record: &Record, is_ready: bool) -> Live {
    Live {
        seq: Some(record.seq),
        url: cut(record
            .final_url
            .as_ref()
            .or(record.url.as_ref())
            .cloned()
            .unwrap_or_else(|| record.input.to_string())),
        host: record.host.clone().unwrap_or_default(),
        wait_for: Some(if is_ready { Hold::Reader } else { Hold::Order }),
        attempt: record.attempts,
        ..blank(State::Writing)
    }
}

pub(super) fn row_of_waiting(queue: &Queue<'_, Box<Flight>>, hold: Option<Hold>, clock: Instant) -> Live {
    let flight = queue.item;
    let in_state = clock.saturating_duration_since(queue.since);
    let until = queue.until.map(|until| until.saturating_duration_since(clock));
    // What holds everything is told of those that nothing else holds.
    let is_free = queue.wait_for == Wait::Slot;
    let wait_for = hold.filter(|_| is_free).unwrap_or(Hold::Turn(queue.wait_for));
    Live {
        wait_for: Some(wait_for),
        next: until.filter(|_| !is_free),
        ahead: queue.ahead,
        in_state: Some(in_state),
        age: age(flight, clock).or(Some(in_state)),
        ..row(flight, State::Waiting)
    }
}
