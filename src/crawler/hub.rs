//! The loop of a crawl: URLs go out as far as the engine has room, answers come back, what follows from
//! them joins the queue, records leave.
//!
//! Ends by counting: nothing waits, nothing is open. Must not decide what is followed (that is `crawl`)
//! nor what a record says (`landing`).

use std::sync::{Arc, atomic::Ordering::Relaxed};

use tokio::{
    sync::mpsc::Sender,
    time::{Instant, sleep_until},
};
use url::Url;

use super::{
    CrawlEnd, Hook, ask,
    handle::CrawlHandle,
    line::Line,
    open::{Open, Role, Way},
    outlet::Outlet,
    queue::Waiting,
    state::{Met, Stock, Tally, Told},
};
use crate::{
    engine::Stop,
    model::{
        Capture, Ending, FoundIn, Record, Request, Visit,
        record::{Heavy, Outcome},
    },
};

/// Records that may wait for the reader before no answer is taken any more.
const OUTLET: usize = 512;
/// The same, where records carry bodies.
const OUTLET_OF_BODIES: usize = 16;

/// What the note of a URL in the queue says if it lies outside of the crawl.
pub(super) const OUTSIDE: &str = "\0outside";

/// A crawl under way.
pub(super) struct Hub {
    pub(super) told: Told,
    pub(super) met: Met,
    pub(super) stock: Stock,
    pub(super) tally: Tally,
    pub(super) line: Line,
    pub(super) outlet: Outlet,
    pub(super) out: Sender<Record>,
    pub(super) handle: CrawlHandle,
    pub(super) hook: Option<Hook>,
    /// Exchanges without a record of their own, for an archive; the next record takes them along.
    captures: Vec<Capture>,
    /// The parent that the last request had: its neighbours have the same.
    last_parent: Option<Arc<str>>,
}

/// What woke the loop.
enum Event {
    Answer(Option<Box<(Open, Record)>>),
    Room,
    Late,
    Gone,
}

impl Hub {
    /// A crawl that goes out over `line`, whose records go to `out`.
    pub fn new(told: Told, met: Met, line: Line, out: Sender<Record>, hook: Option<Hook>) -> Self {
        Hub {
            outlet: Outlet::new(told.settings.choose.order),
            told,
            met,
            stock: Stock::new(Instant::now().into_std()),
            tally: Tally::default(),
            handle: CrawlHandle::new(line.handle.clone()),
            line,
            out,
            hook,
            captures: Vec::new(),
            last_parent: None,
        }
    }

    /// Runs it to its end, inside a runtime.
    pub async fn run(mut self, seeds: Vec<Request>) -> CrawlEnd {
        self.begin(seeds);
        let is_whole = self.work().await;
        if is_whole {
            self.wind_up().await;
        }
        let (known, waiting) = (self.met.known.len() as u64, self.tally.unasked);
        let stopped = self.handle.stopped();
        let (pages, over_budget) = (self.tally.pages, self.met.over_budget);
        let source_error = match self.line.finish().await {
            Some(end) => end.source_error,
            None => Some("a bug in fetchall: the engine of the crawl panicked".to_owned()),
        };
        CrawlEnd { pages, known, waiting, over_budget, stopped, source_error }
    }

    /// Until nothing waits and nothing is open. False if nobody reads the records any more.
    async fn work(&mut self) -> bool {
        let most = if self.told.settings.pages.has_bodies() { OUTLET_OF_BODIES } else { OUTLET };
        loop {
            let late = self.feed();
            if self.is_dry() {
                self.handle.marks().dry.store(true, Relaxed);
                self.line.close();
            }
            let takes = self.outlet.ready() < most;
            let event = tokio::select! { biased;
                permit = self.out.reserve(), if self.outlet.ready() > 0 => match (permit, self.outlet.take()) {
                    (Ok(permit), Some(record)) => { permit.send(record); Event::Room }
                    (Err(_), _) => Event::Gone,
                    (Ok(_), None) => Event::Room,
                },
                answer = self.line.next(), if takes => Event::Answer(answer.map(Box::new)),
                () = sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => Event::Late,
                () = self.out.closed() => Event::Gone,
            };
            match event {
                Event::Answer(Some(answer)) => self.land(answer.0, answer.1).await,
                Event::Answer(None) => return self.handle.stopped() != Some(Stop::Gone),
                Event::Room | Event::Late => {}
                Event::Gone => {
                    self.handle.stop(Stop::Gone);
                    return false;
                }
            }
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.handle.stopped().is_some()
    }

    fn is_dry(&self) -> bool {
        self.is_stopped() || (self.stock.is_empty() && self.line.len() == 0)
    }

    /// Hands the engine what it has room for. If somebody else has to be waited for, says until when.
    fn feed(&mut self) -> Option<Instant> {
        let mut late = None;
        while !self.is_stopped() && self.line.len() + self.outlet.held() < self.told.window {
            if let Some((open, request)) = self.stock.errands.pop_front() {
                self.send(open, request);
                continue;
            }
            let Some(front) = self.stock.queue.front() else { break };
            let (depth, leads_on) = (front.depth, front.note != OUTSIDE);
            if leads_on && let Err(until) = self.stock.levels.may_go(depth, Instant::now().into_std()) {
                late = Some(until.into());
                break;
            }
            let Some(waiting) = self.stock.queue.pop() else { break };
            self.ask(waiting);
        }
        self.handle.marks().waiting.store(self.stock.queue.len() as u64, Relaxed);
        late
    }

    fn ask(&mut self, waiting: Waiting) {
        let Waiting { seq, url, parent, mut found_in, mut depth, note } = waiting;
        let mut parent = parent.map(|parent| match &self.last_parent {
            Some(last) if **last == *parent => Arc::clone(last),
            _ => parent.into(),
        });
        self.last_parent.clone_from(&parent);
        let url = self.met.credentials.apply(&url);
        let (role, request) = if note == OUTSIDE {
            (Role::Outside(Way::Head), ask::outside(&url, Way::Head))
        } else {
            let key = self.told.key_of_text(&url);
            // A request with content is known by more than its URL.
            if self.met.known.standing(key).is_taken() {
                self.met.known.take(key);
            }
            if let Some((shorter, way)) = self.met.nearer.remove(&key) {
                self.stock.levels.begin(depth - 1);
                self.stock.levels.end(depth, Instant::now().into_std());
                (parent, found_in, depth) = (Some(shorter), way, depth - 1);
            }
            (Role::Page(key), self.request(seq, url, note))
        };
        self.send(Open { seq, role, depth, parent, found_in }, request);
    }

    fn send(&mut self, open: Open, request: Request) {
        // Only an engine that is gone takes nothing, and then the crawl is over.
        if let Some(open) = self.line.ask(open, request).filter(Open::has_record) {
            self.void(open.seq);
        }
    }

    /// The request for a page. Its note is the text that it was given as, where that is another.
    fn request(&mut self, seq: u64, url: String, note: String) -> Request {
        let mut request = Request::get(url);
        if !note.is_empty() {
            request.url = Some(std::mem::replace(&mut request.input, note.into()));
        }
        request.wish = self.stock.wishes.remove(&seq);
        request.look(crate::model::Look::FACTS)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.handle.marks().found.fetch_add(1, Relaxed);
        self.tally.next_seq += 1;
        self.tally.next_seq - 1
    }

    /// An answer has no record: what an archive is to keep of it goes out with the next one that has.
    pub(super) fn keep_captures(&mut self, record: &mut Record) {
        if let Some(captures) = record.captures.take() {
            self.captures.extend(captures.errands);
            self.captures.extend(captures.own);
        }
    }

    /// A record goes out.
    pub(super) fn put(&mut self, mut record: Record) {
        record.capture(std::mem::take(&mut self.captures), Vec::new());
        let marks = self.handle.marks();
        let counter = match record.outcome {
            Outcome::Ok => &marks.ok,
            Outcome::Skipped => &marks.skipped,
            Outcome::HttpError | Outcome::Error => &marks.failed,
        };
        counter.fetch_add(1, Relaxed);
        self.outlet.put(record);
    }

    /// A number has no record.
    pub(super) fn void(&mut self, seq: u64) {
        self.handle.marks().found.fetch_sub(1, Relaxed);
        self.outlet.void(seq);
    }

    /// A record of what was never asked for.
    pub(super) fn refuse(&mut self, waiting: Waiting, ending: Ending) {
        let url = Url::parse(&waiting.url).ok();
        let mut request = Request::get(waiting.url);
        request.wish = self.stock.wishes.remove(&waiting.seq);
        if waiting.found_in == FoundIn::Seed && !waiting.note.is_empty() {
            request.input = waiting.note.into();
        }
        let mut record = Record::of(Visit::refused(waiting.seq, request, url, ending), Heavy::default());
        let row = crate::model::PageRow::found(Some(waiting.depth), waiting.parent, waiting.found_in);
        super::landing::dress(&mut record, row);
        self.put(record);
    }

    /// The end: what was found and left out has its record, if that is wanted. Whoever interrupts a
    /// crawl does not want to wait for these.
    async fn wind_up(&mut self) {
        let is_asked = self.handle.stopped() == Some(Stop::Asked);
        self.tally.unasked += self.stock.queue.len() as u64;
        while let Some(waiting) = self.stock.queue.pop() {
            if !is_asked && self.tells_of(&waiting) {
                self.refuse(waiting, super::left::ending_of_waiting(self.handle.stopped()));
            } else {
                self.void(waiting.seq);
            }
            if !self.hand_over().await {
                return;
            }
        }
        for (open, _) in std::mem::take(&mut self.stock.errands) {
            if open.has_record() {
                self.void(open.seq);
            }
        }
        while let Some(waiting) = self.stock.left.pop().filter(|_| !is_asked) {
            self.tell_left(waiting);
            if !self.hand_over().await {
                return;
            }
        }
        self.hand_over().await;
    }

    /// Whether a URL that was never asked for has a record.
    pub(super) fn tells_of(&self, waiting: &Waiting) -> bool {
        self.told.extras.skipped || waiting.found_in == FoundIn::Seed
    }

    /// Records that are ready go out. False if nobody takes them.
    async fn hand_over(&mut self) -> bool {
        while let Some(record) = self.outlet.take() {
            if self.out.send(record).await.is_err() {
                self.handle.stop(Stop::Gone);
                return false;
            }
        }
        true
    }

    /// Counts a success; the crawl ends with the last of those that were asked for.
    pub(super) fn succeed(&mut self) {
        self.tally.successes += 1;
        if self.told.settings.choose.first.is_some_and(|first| self.tally.successes >= first.get().into()) {
            self.handle.stop(Stop::First);
        }
    }
}
