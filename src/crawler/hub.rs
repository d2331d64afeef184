//! The loop of a crawl: URLs go out as far as the engine has room, answers come back, what follows from
//! them joins the queue, records leave.
//!
//! Ends by counting: nothing waits, nothing is open. Must not decide what is followed (that is `crawl`)
//! nor what a record says (`landing`).

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use tokio::{
    sync::mpsc::Sender,
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use url::Url;

use super::{
    CrawlEnd, Hook, ask,
    handle::CrawlHandle,
    judging::{Judged, Pending},
    open::{Open, Role},
    outlet::Outlet,
    queue::Waiting,
    recall::Before,
    state::{Met, Stock, Tally, Told},
};
use crate::{
    engine::{Line, Stop},
    journal::Trail,
    model::{
        Capture, FoundIn, Record, Request,
        record::{Outcome, host_key},
    },
};

/// Records that may wait for the reader before no answer is taken any more.
const OUTLET: usize = 512;
/// The same, where records carry bodies.
const OUTLET_OF_BODIES: usize = 16;

/// A crawl under way.
pub(super) struct Hub {
    pub(super) told: Told,
    pub(super) met: Met,
    pub(super) stock: Stock,
    pub(super) tally: Tally,
    pub(super) line: Line<Open>,
    pub(super) outlet: Outlet,
    pub(super) out: Sender<Record>,
    pub(super) handle: CrawlHandle,
    pub(super) hook: Option<Hook>,
    /// Exchanges without a record of their own, for an archive; the next record takes them along.
    captures: Vec<Capture>,
    /// Judgements under way, and what waits for them.
    pub(super) judging: JoinSet<Judged>,
    pub(super) pending: HashMap<Id, Pending>,
    /// What came before, while seeds are taken.
    pub(super) before: Before,
    /// The parent that the last request had: its neighbours have the same.
    last_parent: Option<Arc<str>>,
}

/// What woke the loop.
enum Event {
    Answer(Option<Box<(Open, Record)>>),
    Judgement(Result<(Id, Judged), JoinError>),
    Room,
    Late,
    Gone,
}

impl Hub {
    /// A crawl that goes out over `line`, whose records go to `out`.
    pub fn new(told: Told, met: Met, line: Line<Open>, out: Sender<Record>, hook: Option<Hook>) -> Self {
        Hub {
            outlet: Outlet::new(told.settings.choose.order),
            stock: Stock::new(told.scope, &told.settings),
            told,
            met,
            tally: Tally::default(),
            handle: CrawlHandle::new(line.handle.clone()),
            line,
            out,
            hook,
            captures: Vec::new(),
            judging: JoinSet::new(),
            pending: HashMap::new(),
            before: Before::default(),
            last_parent: None,
        }
    }

    /// Runs it to its end, inside a runtime.
    pub async fn run(mut self, seeds: Vec<Request>, trail: Option<Trail>) -> CrawlEnd {
        let begun = self.begin_or_go_on(seeds, trail).await;
        let is_whole = begun.is_ok() && self.work().await;
        if is_whole {
            self.wind_up().await;
        }
        let tally = self.tally;
        let end = CrawlEnd {
            pages: tally.pages,
            known: self.met.known.len() as u64,
            waiting: tally.unasked,
            over_budget: tally.over_budget,
            over_host_budget: tally.over_host_budget,
            traps: tally.traps,
            maps: tally.maps.0,
            maps_left: tally.maps.1,
            places: tally.places,
            places_in_all: u64::from(self.told.grown),
            stopped: self.handle.stopped(),
            source_error: None,
        };
        self.line.close();
        let source_error = match self.line.finish().await {
            Some(end) => begun.err().or(end.source_error),
            None => Some("a bug in fetchall: the engine of the crawl panicked".to_owned()),
        };
        CrawlEnd { source_error, ..end }
    }

    /// Takes the seeds, and what came before.
    async fn begin_or_go_on(&mut self, seeds: Vec<Request>, trail: Option<Trail>) -> Result<(), String> {
        let Some(trail) = trail else {
            self.begin(seeds);
            return Ok(());
        };
        self.know_again(&trail).await?;
        self.begin(seeds);
        self.recall(trail).await
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
                Some(done) = self.judging.join_next_with_id(), if takes => Event::Judgement(done),
                answer = self.line.next(), if takes => Event::Answer(answer.map(Box::new)),
                () = sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => Event::Late,
                () = self.out.closed() => Event::Gone,
            };
            match event {
                Event::Answer(Some(answer)) => self.land(answer.0, answer.1),
                Event::Judgement(done) => self.have_judged(done),
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
        let has_pages = !self.stock.lanes.is_empty() && !self.met.budget.is_gone();
        let has_again = !self.stock.again.is_empty() || !self.stock.errands.is_empty();
        let has_more = has_pages || has_again || !self.stock.outside.is_empty();
        self.is_stopped() || (!has_more && self.under_way() == 0)
    }

    /// What went out and did not come to its end.
    fn under_way(&self) -> usize {
        self.line.len() + self.pending.len()
    }

    /// Hands the engine what it has room for. If somebody else has to be waited for, says until when.
    fn feed(&mut self) -> Option<Instant> {
        while !self.is_stopped() {
            let now = Instant::now().into_std();
            let first = match self.met.budget.has_left() {
                true => self.stock.lanes.first(now),
                false => None,
            };
            if self.met.budget.is_gone() && self.tally.seeds > 0 {
                self.settle();
            }
            let outside = self.stock.outside.front().map(|front| front.seq);
            let again = self.stock.again.front().map(|front| front.seq);
            let new = || [first, outside].into_iter().flatten().min();
            let next = self.stock.errands.is_empty().then(|| again.or_else(new));
            if !self.has_room(next.flatten()) {
                break;
            }
            match next {
                None => self.ask_errand(),
                Some(None) => break,
                Some(next) if next == again => self.ask_again(now),
                Some(next) if next == outside => self.ask_outside(),
                Some(_) => self.ask_page(now),
            }
        }
        self.tell_progress();
        self.stock.lanes.wake().filter(|_| self.met.budget.has_left()).map(Instant::from_std)
    }

    /// Whether one more may go out. The record that all others wait for may in any case, and so may one
    /// where nothing else is under way.
    fn has_room(&self, next: Option<u64>) -> bool {
        let outstanding = self.under_way() + self.outlet.held();
        outstanding < self.told.window || self.under_way() == 0 || next.is_some_and(|next| self.outlet.is_next(next))
    }

    fn ask_errand(&mut self) {
        if let Some((open, request)) = self.stock.errands.pop_front() {
            self.send(open, request);
        }
    }

    fn ask_page(&mut self, now: std::time::Instant) {
        if let Some(waiting) = self.stock.lanes.next(now) {
            self.met.budget.spend();
            self.go_to(waiting, now);
        }
    }

    /// A page that was asked for in an earlier part, and was counted then.
    fn ask_again(&mut self, now: std::time::Instant) {
        if let Some(waiting) = self.stock.again.pop() {
            self.go_to(waiting, now);
        }
    }

    fn go_to(&mut self, waiting: Waiting, now: std::time::Instant) {
        let Waiting { seq, url, parent, mut found_in, mut depth, note } = waiting;
        let mut parent = self.shared(parent);
        let wish = self.stock.wishes.remove(&seq);
        let parsed = Url::parse(&url).ok();
        // A request with content is known by more than its URL, and leaves that as it is.
        let key = parsed.as_ref().filter(|_| !wish.as_deref().is_some_and(ask::is_own)).map(|url| self.told.key(url));
        if let Some(key) = key {
            self.met.known.take(key);
            if let Some((shorter, way, nearer)) = self.met.nearer.remove(&key) {
                (parent, found_in, depth) = (Some(shorter), way, nearer);
            }
        }
        let host = parsed.as_ref().map(host_key).unwrap_or_default();
        let place = Some(self.stock.lanes.begin(&host, depth, now));
        let url = self.met.credentials.apply(&url);
        let asked = (found_in == FoundIn::Seed).then(|| url.as_str().into());
        let mut request = ask::page(url);
        // Its note is the text that it was given as, where that is another.
        if !note.is_empty() {
            request.url = Some(std::mem::replace(&mut request.input, note.into()));
        }
        if let Some(mut wish) = wish {
            wish.look = request.wish.and_then(|wish| wish.look);
            request.wish = Some(wish);
        }
        self.send(Open { seq, role: Role::Page(key), depth, parent, found_in, asked, place }, request);
    }

    /// The parent, kept once for neighbours that have the same.
    pub(super) fn shared(&mut self, parent: Option<String>) -> Option<Arc<str>> {
        let parent = parent.map(|parent| match &self.last_parent {
            Some(last) if **last == *parent => Arc::clone(last),
            _ => parent.into(),
        });
        self.last_parent.clone_from(&parent);
        parent
    }

    pub(super) fn send(&mut self, open: Open, request: Request) {
        // Only an engine that is gone takes nothing, and then the crawl is over.
        if let Some(open) = self.line.ask(open, request).filter(Open::has_record) {
            self.void(open.seq);
        }
    }

    /// What is found and gets a record as far as that is known: of more pages than may be asked for,
    /// only those that may.
    fn tell_progress(&self) {
        let pages = self.met.budget.of(self.stock.lanes.len() as u64) + self.stock.again.len() as u64;
        let waiting = pages + self.stock.outside.len() as u64;
        let marks = self.handle.marks();
        marks.waiting.store(waiting, Relaxed);
        marks.found.store(self.tally.records + self.under_way() as u64 + waiting, Relaxed);
    }

    pub(super) fn number(&mut self) -> u64 {
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

    /// A record goes out; after too many failures the crawl ends.
    pub(super) fn put(&mut self, mut record: Record) {
        record.capture(std::mem::take(&mut self.captures), Vec::new());
        let marks = self.handle.marks();
        let failed = matches!(record.outcome, Outcome::HttpError | Outcome::Error);
        let counter = match record.outcome {
            Outcome::Ok => &marks.ok,
            Outcome::Skipped => &marks.skipped,
            Outcome::HttpError | Outcome::Error => &marks.failed,
        };
        counter.fetch_add(1, Relaxed);
        self.tally.records += 1;
        self.tally.failures += u64::from(failed);
        let most = self.told.settings.choose.max_failures.filter(|_| failed && !self.is_stopped());
        if most.is_some_and(|most| most.is_reached(self.tally.failures, self.tally.records)) {
            self.handle.stop(Stop::Failures);
        }
        self.outlet.put(record);
    }

    /// A number has no record.
    pub(super) fn void(&mut self, seq: u64) {
        self.outlet.void(seq);
    }

    /// Counts a success; the crawl ends with the last of those that were asked for.
    pub(super) fn succeed(&mut self) {
        self.tally.successes += 1;
        if self.told.settings.choose.first.is_some_and(|first| self.tally.successes >= first.get().into()) {
            self.handle.stop(Stop::First);
        }
    }
}
