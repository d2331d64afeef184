//! The loop of a crawl: URLs go out as far as the engine has room, answers come back, what follows from
//! them joins the queue, records leave.
//!
//! Ends by counting: nothing waits, nothing is open. Must not decide what is followed (that is `crawl`)
//! nor what a record says (`landing`).

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU64,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use tokio::{
    sync::mpsc::Sender,
    time::{Instant, sleep_until},
};
use url::Url;

use super::{
    CrawlEnd, Hook,
    ask::{self, Credentials},
    handle::CrawlHandle,
    known::Known,
    levels::Levels,
    line::Line,
    maps::Maps,
    open::{Open, Role, Way},
    outlet::Outlet,
    plan::{Extras, Links},
    queue::{Queue, Waiting},
};
use crate::{
    crawl::{Rules, TrapCounts},
    engine::Stop,
    model::{Ending, FoundIn, Record, Request, Visit, Wish, record::Heavy},
    settings::Settings,
};

/// Records that may wait for the reader before no answer is taken any more.
const OUTLET: usize = 512;

/// What the note of a URL in the queue says if it lies outside of the crawl.
pub(super) const OUTSIDE: &str = "\0outside";

/// The state of a crawl.
pub(super) struct Hub {
    pub(super) rules: Rules,
    pub(super) links: Links,
    pub(super) extras: Extras,
    /// The settings as they were given.
    pub(super) settings: Settings,
    /// Our name to robots.
    pub(super) agent: String,
    /// Makes the keys of this crawl unforeseeable.
    pub(super) seed: u64,
    pub(super) known: Known,
    pub(super) counts: TrapCounts,
    /// Pages that may still be taken; `None` is any number.
    pub(super) budget: Option<u64>,
    /// A page was left because of the budget.
    pub(super) over_budget: bool,
    pub(super) credentials: Credentials,
    pub(super) queue: Queue,
    /// What was found and left out, for the end, if that is wanted.
    pub(super) left: Queue,
    pub(super) levels: Levels,
    /// Shorter ways to pages that wait, by key: the parent, and how it was found there.
    pub(super) nearer: HashMap<u128, (Arc<str>, FoundIn)>,
    /// What goes first, since it says where pages are or whether one is there.
    pub(super) errands: VecDeque<(Open, Request)>,
    pub(super) maps: Maps,
    /// What requests that wait have beyond a URL, by their number.
    pub(super) wishes: HashMap<u64, Box<Wish>>,
    pub(super) line: Line,
    pub(super) window: usize,
    pub(super) outlet: Outlet,
    pub(super) out: Sender<Record>,
    pub(super) handle: CrawlHandle,
    pub(super) hook: Option<Hook>,
    pub(super) next_seq: u64,
    /// Pages asked for, whose records went out.
    pub(super) pages: u64,
    /// Successes after which the crawl ends, and those so far.
    pub(super) first: Option<u64>,
    pub(super) successes: u64,
    /// Pages that were known and not asked for when the crawl ended.
    pub(super) unasked: u64,
    /// The parent that the last request had: its neighbours have the same.
    pub(super) last_parent: Option<Arc<str>>,
}

/// What woke the loop.
enum Event {
    Answer(Option<Box<(Open, Record)>>),
    Room,
    Late,
    Gone,
}

impl Hub {
    /// Runs it to its end, inside a runtime.
    pub async fn run(mut self) -> CrawlEnd {
        let is_whole = self.work().await;
        if is_whole {
            self.wind_up().await;
        }
        let (known, waiting) = (self.known.len() as u64, self.unasked);
        let stopped = self.handle.stopped();
        let (pages, over_budget) = (self.pages, self.over_budget);
        let (_, end) = self.line.finish().await;
        let source_error = match end {
            Some(end) => end.source_error,
            None => Some("a bug in fetchall: the engine of the crawl panicked".to_owned()),
        };
        CrawlEnd { pages, known, waiting, over_budget, stopped, source_error }
    }

    /// Until nothing waits and nothing is open. False if nobody reads the records any more.
    async fn work(&mut self) -> bool {
        loop {
            let late = self.feed();
            if self.is_dry() {
                self.handle.marks().dry.store(true, Relaxed);
                self.line.close();
            }
            let takes = self.outlet.ready() < OUTLET;
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
        self.is_stopped() || (self.queue.is_empty() && self.errands.is_empty() && self.line.len() == 0)
    }

    /// Hands the engine what it has room for. If somebody else has to be waited for, says until when.
    fn feed(&mut self) -> Option<Instant> {
        let mut late = None;
        while !self.is_stopped() && self.line.len() + self.outlet.held() < self.window {
            if let Some((open, request)) = self.errands.pop_front() {
                self.send(open, request);
                continue;
            }
            let Some(front) = self.queue.front() else { break };
            let (depth, leads_on) = (front.depth, front.note != OUTSIDE);
            if leads_on && let Err(until) = self.levels.may_go(depth, Instant::now().into_std()) {
                late = Some(until.into());
                break;
            }
            let Some(waiting) = self.queue.pop() else { break };
            self.ask(waiting);
        }
        self.handle.marks().waiting.store(self.queue.len() as u64, Relaxed);
        late
    }

    fn ask(&mut self, waiting: Waiting) {
        let Waiting { seq, url, parent, mut found_in, mut depth, note } = waiting;
        let mut parent = parent.map(|parent| match &self.last_parent {
            Some(last) if **last == *parent => Arc::clone(last),
            _ => parent.into(),
        });
        self.last_parent.clone_from(&parent);
        let url = self.credentials.apply(&url);
        let (role, request) = if note == OUTSIDE {
            (Role::Outside(Way::Head), ask::outside(&url, Way::Head))
        } else {
            let key = Url::parse(&url).map_or(0, |url| self.key(&url));
            // A request with content is known by more than its URL.
            if self.known.standing(key).is_taken() {
                self.known.take(key);
            }
            if let Some((shorter, way)) = self.nearer.remove(&key) {
                self.levels.begin(depth - 1);
                self.levels.end(depth, Instant::now().into_std());
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
        request.wish = self.wishes.remove(&seq);
        request.look(crate::model::Look::FACTS)
    }

    pub(super) fn key(&self, url: &Url) -> u128 {
        ask::key(url, self.rules.tracking, self.seed)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.handle.marks().found.fetch_add(1, Relaxed);
        self.next_seq += 1;
        self.next_seq - 1
    }

    /// Whether one more page may be taken; then it is counted.
    pub(super) fn spend(&mut self) -> bool {
        match &mut self.budget {
            Some(0) => {
                self.over_budget = true;
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    /// A record goes out.
    pub(super) fn put(&mut self, record: Record) {
        use crate::model::record::Outcome;
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
        request.wish = self.wishes.remove(&waiting.seq);
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
        self.unasked += self.queue.len() as u64;
        while let Some(waiting) = self.queue.pop() {
            if !is_asked && self.tells_of(&waiting) {
                self.refuse(waiting, super::left::ending_of_waiting(self.handle.stopped()));
            } else {
                self.void(waiting.seq);
            }
            if !self.hand_over().await {
                return;
            }
        }
        for (open, _) in std::mem::take(&mut self.errands) {
            if open.has_record() {
                self.void(open.seq);
            }
        }
        while let Some(waiting) = self.left.pop().filter(|_| !is_asked) {
            self.tell_left(waiting);
            if !self.hand_over().await {
                return;
            }
        }
        self.hand_over().await;
    }

    /// Whether a URL that was never asked for has a record.
    pub(super) fn tells_of(&self, waiting: &Waiting) -> bool {
        self.extras.skipped || waiting.found_in == FoundIn::Seed
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
        self.successes += 1;
        if self.first.is_some_and(|first| self.successes >= first) {
            self.handle.stop(Stop::First);
        }
    }
}

/// What [`Hub::first`] and [`Hub::budget`] are, from what was typed.
pub(super) fn count(count: Option<NonZeroU64>) -> Option<u64> {
    count.map(NonZeroU64::get)
}
