//! A run drawn over time: trace events in JSON, which Perfetto and the like open.
//!
//! By the Trace Event Format: the array form, whose end may be missing, so that what a killed run leaves can be
//! read. A host is a process, each request that was under way there at once a thread of it; a request has its
//! phases nested in it, and what it waited for before stands beside the threads (async events), since waiting
//! holds no slot. Made of records as they complete, in bounded memory. Must not know files, nor when a record is
//! written.

mod event;
mod lanes;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use self::{
    event::{Event, Micros},
    lanes::{Hosts, Place},
};
use crate::model::{Attempt, Code, Record, record::host_key, redact};

/// What a file of ours begins with.
pub const BEGINNING: &[u8] = b"[{\"name\":\"fetchall\",";

/// Events are handed over in pieces of about so many bytes.
const PIECE: usize = 64 << 10;
/// Longest name of a request in characters; its URL stands in its arguments.
const NAME_MOST: usize = 120;

/// Draws records; each piece that it writes is whole events.
#[derive(Debug)]
pub struct Trace<W> {
    out: W,
    piece: String,
    start: Instant,
    hosts: Hosts,
    /// Arrows so far: each has a number of its own.
    arrows: u64,
}

impl<W: Write> Trace<W> {
    /// A drawing that begins now. `about` goes into its first event.
    pub fn new(out: W, start: Instant, about: Map<String, Value>) -> Self {
        let mut trace = Trace { out, piece: String::from("["), start, hosts: Hosts::default(), arrows: 0 };
        let mut first = Event::new("fetchall", "i", Micros::default());
        first.args = about;
        first.scope = Some("g");
        trace.piece.push_str(&first.text(Place::default()));
        trace
    }

    /// Draws a record: every exchange of it, and what it waited for. What was never under way is not drawn.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn add(&mut self, record: &Record) -> io::Result<()> {
        let Some(course) = &record.course else { return Ok(()) };
        let begun = course.begun.saturating_duration_since(self.start);
        let mut before: Option<(Place, Duration)> = None;
        for (number, attempt) in course.log.iter().enumerate() {
            let at = begun.saturating_add(attempt.at);
            let place = self.place(attempt, at);
            self.waiting(record, attempt, place, at);
            self.exchange(record, attempt, place, at);
            if let Some((from, since)) = before {
                self.arrow((from, since), (place, at));
            }
            if let (Some(_), Some(next)) = (attempt.error, course.log.get(number + 1)) {
                self.instant(record, attempt, next, place, at);
            }
            before = Some((place, at));
        }
        if self.piece.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    /// Hands over what was drawn so far.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn flush(&mut self) -> io::Result<()> {
        // What could not be written once is not tried again: it would grow.
        let piece = std::mem::take(&mut self.piece);
        if !piece.is_empty() {
            self.out.write_all(piece.as_bytes())?;
        }
        self.out.flush()
    }

    /// Ends the array.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(&mut self) -> io::Result<()> {
        self.piece.push_str("\n]\n");
        self.flush()
    }

    fn put(&mut self, event: &Event, place: Place) {
        self.piece.push_str(",\n");
        self.piece.push_str(&event.text(place));
    }

    /// The thread of an exchange; new ones get their names.
    fn place(&mut self, attempt: &Attempt, at: Duration) -> Place {
        let host = host_key(&attempt.url);
        let (place, news) = self.hosts.place(&host, at, at.saturating_add(attempt.phases.total));
        if news.is_new_host {
            self.name("process_name", &host, place);
        }
        if news.is_new_lane {
            self.name("thread_name", &format!("slot {}", place.lane), place);
        }
        place
    }

    fn name(&mut self, what: &'static str, name: &str, place: Place) {
        let mut event = Event::new(what, "M", Micros::default());
        event.args.insert("name".to_owned(), json!(name));
        self.put(&event, place);
    }

    fn exchange(&mut self, record: &Record, attempt: &Attempt, place: Place, at: Duration) {
        let path = &attempt.url[url::Position::BeforePath..url::Position::AfterQuery];
        let name = match path.char_indices().nth(NAME_MOST) {
            Some((end, _)) => format!("{}…", &path[..end]),
            None => path.to_owned(),
        };
        let mut span = Event::new(name, "X", Micros(at));
        span.lasts = Some(attempt.phases.total);
        span.args = Map::from_iter([
            ("seq".to_owned(), json!(record.seq)),
            ("url".to_owned(), json!(redact::url(&attempt.url))),
            ("status".to_owned(), json!(attempt.status)),
            ("code".to_owned(), json!(attempt.error.map(Code::name))),
            ("reused".to_owned(), json!(attempt.phases.wait.is_some() && attempt.phases.connect.is_none())),
        ]);
        self.put(&span, place);
        let end = at.saturating_add(attempt.phases.total);
        let mut from = at;
        let phases = &attempt.phases;
        for (name, lasts) in [
            ("dns", phases.dns),
            ("connect", phases.connect),
            ("tls", phases.tls),
            ("wait", phases.wait),
            ("receive", phases.receive),
        ] {
            let Some(lasts) = lasts else { continue };
            // What could not be measured comes between them, never beyond their request.
            let lasts = lasts.min(end.saturating_sub(from));
            let mut span = Event::new(name, "X", Micros(from));
            span.lasts = Some(lasts);
            self.put(&span, place);
            from = from.saturating_add(lasts);
        }
    }

    /// What it waited for before: a span beside the threads, named by its cause.
    fn waiting(&mut self, record: &Record, attempt: &Attempt, place: Place, at: Duration) {
        if attempt.wait.is_zero() {
            return;
        }
        self.arrows += 1;
        let name = format!("waits for {}", attempt.wait_for.words());
        for (phase, moment) in [("b", at.saturating_sub(attempt.wait)), ("e", at)] {
            let mut event = Event::new(name.clone(), phase, Micros(moment));
            (event.category, event.id) = (Some("wait"), Some(self.arrows));
            if phase == "b" {
                event.args.insert("seq".to_owned(), json!(record.seq));
                event.args.insert("flag".to_owned(), json!(attempt.wait_for.flag()));
            }
            self.put(&event, Place { lane: 0, ..place });
        }
    }

    /// From an exchange to the next one of the same request.
    fn arrow(&mut self, from: (Place, Duration), to: (Place, Duration)) {
        self.arrows += 1;
        for (phase, (place, at)) in [("s", from), ("f", to)] {
            let mut event = Event::new("then", phase, Micros(at));
            (event.category, event.id) = (Some("then"), Some(self.arrows));
            event.binds = (phase == "f").then_some("e");
            self.put(&event, place);
        }
    }

    /// A try is followed by another: by our own choice, or because the host asked for a pause.
    fn instant(&mut self, record: &Record, attempt: &Attempt, next: &Attempt, place: Place, at: Duration) {
        let pauses = attempt.error == Some(Code::HttpRateLimited);
        let name = if pauses { "host pauses" } else { "retry" };
        let mut event = Event::new(name, "i", Micros(at.saturating_add(attempt.phases.total)));
        event.scope = Some(if pauses { "p" } else { "t" });
        event.args = Map::from_iter([
            ("seq".to_owned(), json!(record.seq)),
            ("code".to_owned(), json!(attempt.error.map(Code::name))),
            ("wait_ms".to_owned(), json!(next.wait.as_micros() as f64 / 1000.0)),
        ]);
        self.put(&event, place);
    }
}
