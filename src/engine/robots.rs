//! robots.txt: each origin is asked for its file before anything else of it is.
//!
//! The file is fetched by a flight of its own, which queues, is limited, redirected and tried again like
//! any other and ends in no record; those of its origin are held meanwhile and hold nothing. Must not
//! know what a rule means.

mod book;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderValue, Method, header};
use url::Url;

pub(super) use self::book::File;
use self::book::{Book, HOLDS, Say};
use super::{
    ask::{ANYTHING, without_userinfo},
    handle::Handle,
    recall::Recalls,
    run::{Engine, now},
    told,
};
use crate::{
    fetch::Wire,
    frontier::{Contact, LaneId},
    model::{
        Ask, CacheUse, Code, Digest, Ending, Errand, Exchange, Failure, Flight, Keep, Kind, Request, Wait, Wish,
        record::host_key, redact, units::StatusSet,
    },
    policy::{
        cache::CONDITIONS,
        robots::{Access, READ, Robots, product_token},
    },
};

/// Redirects of a robots.txt that are followed (RFC 9309, section 2.3.1.2).
const REDIRECTS: u32 = 5;
/// Bytes of a packed robots.txt on the wire at most: what unpacks to nothing has an end too.
const WIRE_MOST: u64 = 8 << 20;
/// Held requests that are judged in one turn of the loop. A file made for it takes 3 ms for each.
const PORTION: usize = 64;

/// Who may pass, and who waits for being told.
pub(super) struct Gate {
    book: Book,
    /// The product token that files know us by.
    agent: String,
    /// Files being asked for.
    under_way: usize,
    /// Origins whose file has come, and for which requests are still held.
    ready: VecDeque<String>,
}

impl Gate {
    /// `user_agent` is what every server is told of us.
    pub fn new(user_agent: Option<&HeaderValue>) -> Self {
        let text = user_agent.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let agent = product_token(text).to_owned();
        Gate { book: Book::new(), agent, under_way: 0, ready: VecDeque::new() }
    }

    /// What holds from now on, and the sitemaps that the file names. Reading one of 500 KiB takes 5 ms at
    /// worst, as measured, and happens once a day: not worth a thread.
    fn read(&self, flight: &Flight, ending: Ending, exchange: Option<&Exchange>) -> (File, Vec<String>) {
        let (access, why) = match ending {
            Ending::Ok => (Access::Rules, String::new()),
            Ending::HttpError(failure) => {
                let status = exchange.and_then(Exchange::status);
                (status.map_or(Access::Closed, Access::from_status), failure.message)
            }
            // Nobody is there: that is what is to be said of every page, and not that a file is missing.
            Ending::Error(failure) if matches!(failure.code.family(), "dns" | "connect" | "tls") => {
                return (File::Refused(failure.code, failure.message.into()), Vec::new());
            }
            Ending::Error(failure) => {
                (Access::from_failure(failure.code), format!("{}: {}", failure.code, failure.message))
            }
            Ending::Skipped { code, message, .. } => return (File::Refused(code, message.into()), Vec::new()),
        };
        if access == Access::Closed {
            let origin = origin_of(&flight.url);
            let why =
                format!("{origin}/robots.txt could not be had ({why}), so nothing of {origin} is fetched for now");
            return (File::Refused(Code::RobotsUnavailable, why.into()), Vec::new());
        }
        let body = exchange.and_then(|exchange| exchange.body.as_ref()).map_or(&[][..], |body| &body.kept);
        let mut robots = Robots::after(access, body, &self.agent);
        let sitemaps = robots.take_sitemaps();
        (if robots.asks_nothing() { File::Open } else { File::Rules(Box::new(robots)) }, sitemaps)
    }
}

/// Whether a request got past the gate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passage {
    /// It queues on its host, or is over.
    Through,
    /// It waits for the file.
    Held,
}

impl<W: Wire> Engine<W> {
    /// Queues what came in, or is about to follow a redirect, on its host: at once where robots.txt is
    /// ignored, else when its file has come and allows it.
    pub(super) fn enter(&mut self, flight: Box<Flight>) {
        match flight.errand {
            Errand::Asked => _ = self.pass(flight, None),
            Errand::Robots => self.queue(flight, None, now().into_std()),
        }
    }

    /// Its answer may be there; else it queues on its host.
    fn queue(&mut self, flight: Box<Flight>, held_since: Option<Instant>, clock: Instant) {
        match self.may_recall() {
            true => self.look_up(flight, held_since),
            false => self.line_up(flight, held_since, clock),
        }
    }

    /// Queues on the host.
    pub(super) fn line_up(&mut self, flight: Box<Flight>, held_since: Option<Instant>, clock: Instant) {
        let waited = held_since.map_or(Duration::ZERO, |since| clock.saturating_duration_since(since));
        let Some(flight) = self.let_in(flight, waited) else { return };
        let host = host_key(flight.next_url());
        let priority = flight.request.wished_priority();
        match held_since {
            Some(since) => self.frontier.push_held(&host, priority, flight, Wait::Robots, since, clock),
            None if flight.trip.is_some() || flight.errand == Errand::Robots => {
                self.enqueue_again(flight, Duration::ZERO, None)
            }
            None => self.frontier.push(&host, priority, flight, clock),
        }
    }

    fn pass(&mut self, flight: Box<Flight>, held_since: Option<Instant>) -> Passage {
        let clock = now().into_std();
        let waited = held_since.map_or(Duration::ZERO, |since| clock.saturating_duration_since(since));
        let Some(flight) = self.let_in(flight, waited) else { return Passage::Through };
        let Some(gate) = &self.robots else {
            self.queue(flight, held_since, clock);
            return Passage::Through;
        };
        let url = Arc::clone(flight.next_url());
        let origin = origin_of(&url);
        let said = match gate.book.judge(&origin, &url, clock) {
            // Nobody overtakes those that came before and are still held.
            Say::Go(_) if held_since.is_none() && self.frontier.is_holding(&origin) => Say::Wait,
            said => said,
        };
        match said {
            Say::Go(delay) => {
                if let Some(delay) = delay {
                    self.frontier.space_out(&host_key(&url), delay, clock);
                }
                self.queue(flight, held_since, clock);
                return Passage::Through;
            }
            Say::Skip(code, message) => {
                let queued = held_since.map_or(Duration::ZERO, |since| clock.saturating_duration_since(since));
                self.refuse(*flight, queued, code, message);
                return Passage::Through;
            }
            Say::Ask => self.ask_for_robots(&flight, &origin, clock),
            Say::Wait => {}
        }
        self.expect_deadline(&flight);
        self.frontier.hold(&origin, &host_key(&url), flight, held_since.unwrap_or(clock), clock);
        Passage::Held
    }

    /// The file, or a hook of the program, says no.
    pub(super) fn refuse(&mut self, mut flight: Flight, queued: Duration, code: Code, mut message: String) {
        if let Some(trip) = flight.trip.as_mut().filter(|trip| !trip.hops.is_empty()) {
            message = format!("the redirect leads to {}: {message}", redact::told(&trip.url));
            // What may be there is the answer of another URL.
            trip.last = None;
        }
        told::refused(&flight, code, &message);
        let ending = match code.facts().kind {
            Kind::Skip => Ending::Skipped { code, message, of: None },
            Kind::Error => Ending::Error(Failure::new(code, message)),
        };
        self.finish_flight(flight, queued, ending, None);
    }

    /// Sends for the file of the origin that a request goes to.
    fn ask_for_robots(&mut self, whose: &Flight, origin: &str, clock: Instant) {
        let Some(gate) = &mut self.robots else { return };
        gate.book.ask(origin, clock);
        gate.under_way += 1;
        let mut url = Url::clone(whose.next_url());
        url.set_path("/robots.txt");
        url.set_query(None);
        url.set_fragment(None);
        let wish = Wish {
            method: Some(Method::GET),
            redirects: Some(REDIRECTS),
            accept: Some(StatusSet::default()),
            priority: whose.request.wished_priority(),
            ..Wish::default()
        };
        let request = Request { wish: Some(Box::new(wish)), ..Request::get("") };
        let url = Arc::new(url);
        let mut flight = Box::new(Flight { errand: Errand::Robots, seq: u64::MAX, request, url, trip: None });
        if whose.trip.as_ref().is_some_and(|trip| trip.off_origin) {
            // The user has not named this origin, so it gets nothing of the user's.
            self.budget.earn();
            let mut trip = self.pack(&flight, now());
            trip.off_origin = true;
            flight.trip = Some(trip);
        }
        self.queue(flight, None, clock);
    }

    /// A file has come, or never will.
    pub(super) fn have_robots(&mut self, mut flight: Flight, ending: Ending) {
        let clock = now().into_std();
        if let Some(trip) = &mut flight.trip {
            self.held.add_errand(std::mem::take(&mut trip.captures));
        }
        let Some(gate) = &mut self.robots else { return };
        gate.under_way = gate.under_way.saturating_sub(1);
        let origin = origin_of(&flight.url);
        if self.stopping.is_some() {
            gate.book.forget(&origin);
            return;
        }
        let exchange = flight.trip.as_mut().and_then(|trip| trip.last.take());
        let (file, sitemaps) = gate.read(&flight, ending, exchange.as_deref());
        told::robots(&origin, &file);
        note_sitemaps(&self.handle, &flight.url, sitemaps);
        let since = exchange.as_deref().and_then(age_of).and_then(|age| clock.checked_sub(age)).unwrap_or(clock);
        gate.book.keep(&origin, file, since, |origin| self.frontier.is_holding(origin));
        if self.frontier.is_holding(&origin) {
            gate.ready.push_back(origin);
        }
    }

    /// Whether requests are held whose file has come.
    pub(super) fn is_releasing(&self) -> bool {
        self.robots.as_ref().is_some_and(|gate| !gate.ready.is_empty()) && self.takes_records()
    }

    /// Lets some of those go whose file has come: a few a turn, so that the loop stays awake.
    pub(super) fn release_some(&mut self) {
        if !self.is_releasing() {
            return;
        }
        let Some(origin) = self.robots.as_mut().and_then(|gate| gate.ready.pop_front()) else { return };
        let mut passage = Passage::Through;
        for (flight, since) in self.frontier.let_go(&origin, PORTION) {
            passage = self.pass(flight, Some(since));
        }
        // Held again: the file's time is over, and it is asked for anew.
        if passage == Passage::Through
            && self.frontier.is_holding(&origin)
            && let Some(gate) = &mut self.robots
        {
            gate.ready.push_front(origin);
        }
    }

    /// Whether only files are under way that nobody waits for any more.
    pub(super) fn has_only_robots(&self) -> bool {
        let errands = self.robots.as_ref().map_or(0, |gate| gate.under_way);
        self.frontier.len() + self.airborne.len() + self.recalls.len() == errands
    }

    /// Gives up the files that are still under way when all else is over.
    pub(super) fn recall_robots(&mut self) {
        self.exchanges.abort_all();
        self.airborne.clear();
        self.recalls = Recalls::default();
        self.frontier.drain(now().into_std());
    }

    /// Gives a request back whose turn it is, if it was judged by a file that no longer holds.
    pub(super) fn stand_back(&mut self, flight: Box<Flight>, lane: LaneId, waited: Duration) -> Option<Box<Flight>> {
        let clock = now().into_std();
        let url = flight.next_url();
        let may_go = flight.errand == Errand::Robots
            || self.robots.as_ref().is_none_or(|gate| gate.book.still_allows(&origin_of(url), url, clock));
        if may_go {
            return Some(flight);
        }
        self.frontier.release(lane, Contact::Unknown, clock);
        self.pass(flight, Some(clock.checked_sub(waited).unwrap_or(clock)));
        None
    }
}

/// A robots.txt is asked for as a whole, whatever the run asks of its pages, but only its start is
/// read; a byte more than counts, which tells that there is more. Where answers are kept, none that is older
/// than a day is taken (RFC 9309, section 2.4).
pub(super) fn as_robots(ask: &mut Ask) {
    let fields = Arc::make_mut(&mut ask.headers);
    for name in &CONDITIONS {
        fields.remove(name);
    }
    fields.insert(header::ACCEPT, ANYTHING);
    ask.age_most = Some(HOLDS);
    (ask.keep, ask.digest, ask.max_body) = (Keep::Start(READ + 1), Digest::Off, WIRE_MOST);
}

/// How old a file from a cache is: it holds for that much less. One above that age comes from a run that asks
/// nobody, where it holds as if it were new.
fn age_of(exchange: &Exchange) -> Option<Duration> {
    let head = exchange.head.as_ref().filter(|_| exchange.cache == Some(CacheUse::Hit))?;
    let seconds = head.headers.get(header::AGE)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|age| *age < HOLDS)
}

fn note_sitemaps(handle: &Handle, url: &Arc<Url>, sitemaps: Vec<String>) {
    if !sitemaps.is_empty() {
        handle.found_sitemaps(Url::clone(&without_userinfo(url)), sitemaps);
    }
}

/// `scheme://host[:port]`.
fn origin_of(url: &Url) -> String {
    format!("{}://{}", url.scheme(), host_key(url))
}
