//! A list that is asked for again and again: all records of the first round, then those that say something
//! new.
//!
//! Each round is a run of its own over the same list, with the connections of the one before and under the
//! conditions that its answers gave (`ETag`, `Last-Modified`), so that a page that has not changed costs a
//! 304. What a change is, is said by `report::diff`. Of each URL about half a kilobyte is kept. Must not know
//! flags, or where records go.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use http::Method;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    engine::{End, Handle, Progress, Stop},
    fetcher::Fetcher,
    model::{
        Code, Record, Request,
        earlier::{Earlier, EarlierAnswer},
        record::{Outcome, WatchRow},
        units::LONGEST,
    },
    report::diff::{Change, Facts, Slower, compare},
    settings::Settings,
};

/// Records that may wait for their reader.
const CHANNEL: usize = 64;

/// Asks for a list again and again.
#[derive(Debug)]
pub struct Watcher {
    fetcher: Fetcher,
    settings: Arc<Settings>,
    list: Vec<Request>,
    every: Duration,
    deadline: Option<Duration>,
}

/// A watch that was started.
#[derive(Debug)]
pub struct Watching {
    /// All records of the first round, then those that say something new; each says so in `watch`.
    pub records: mpsc::Receiver<Record>,
    /// Progress of the round, and a way to stop.
    pub handle: WatchHandle,
    /// How it ended; dropping the receiver ends it too.
    pub end: JoinHandle<WatchEnd>,
}

/// How a watch ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchEnd {
    /// How its last round did; `None` if that panicked.
    pub last: Option<End>,
    /// Rounds that were begun.
    pub rounds: u64,
    /// What was not well when it was asked for last.
    pub broken: u64,
}

/// A round that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// From 1.
    pub number: u64,
    /// Records that say how something is.
    pub asked: u64,
    /// How many of them say which change, the weightiest first.
    pub changes: Vec<(Change, u64)>,
    /// What is not well.
    pub broken: u64,
    /// How long it took.
    pub took: Duration,
}

/// A grip on a watch. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WatchHandle {
    stop: Arc<watch::Sender<Option<Stop>>>,
    round: Arc<Mutex<Option<Handle>>>,
}

impl WatchHandle {
    /// Asks it to end: a round that is under way gets up to 5 s, if the reason leaves it any.
    pub fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|now| {
            let changes = why.overrides(*now);
            if changes {
                *now = Some(why);
            }
            changes
        });
        if let Some(round) = &*self.round() {
            round.stop(why);
        }
    }

    /// Why it was asked to end, if it was.
    pub fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// How far the round is that was begun last.
    pub fn progress(&self) -> Progress {
        self.round().as_ref().map(Handle::progress).unwrap_or_default()
    }

    /// A grip on the round that was begun last.
    pub fn engine(&self) -> Option<Handle> {
        self.round().clone()
    }

    fn round(&self) -> std::sync::MutexGuard<'_, Option<Handle>> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Is told of each round.
pub type OnRound = Box<dyn FnMut(&Round) + Send>;

impl Watcher {
    /// A watch of `list`, a round every `every`, counted from start to start. What ends a run of the
    /// fetcher early holds for the watch as a whole (its deadline), or for each round (failures).
    pub fn new(fetcher: Fetcher, list: Vec<Request>, every: Duration) -> Self {
        let mut settings = fetcher.settings().clone();
        let deadline = settings.times.run.take();
        settings.choose.first = None;
        Watcher { fetcher, settings: Arc::new(settings), list, every: every.min(LONGEST), deadline }
    }

    /// Starts it as a task of the current runtime.
    pub fn start(self, on_round: OnRound) -> Watching {
        let (sender, records) = mpsc::channel(CHANNEL);
        let handle = WatchHandle { stop: Arc::new(watch::Sender::new(None)), round: Arc::default() };
        let end = tokio::spawn(self.run(sender, handle.clone(), on_round));
        Watching { records, handle, end }
    }

    async fn run(self, out: mpsc::Sender<Record>, handle: WatchHandle, mut on_round: OnRound) -> WatchEnd {
        let deadline = self.deadline.map(|deadline| Instant::now() + deadline);
        let mut memory = Memory::new(&self.settings, self.list.len());
        let mut end = WatchEnd::default();
        loop {
            let began = Instant::now();
            end.rounds += 1;
            let (last, round) = self.round(end.rounds, &mut memory, &out, &handle, deadline).await;
            end.broken = round.broken;
            let goes_on = last.as_ref().is_some_and(|last| last.stopped.is_none() && last.source_error.is_none());
            end.last = last;
            on_round(&round);
            // A round that took too long is followed at once, and no other is made up for.
            if !goes_on || !self.wait(began + self.every, deadline, &out, &handle).await {
                return end.stopped(handle.stopped());
            }
        }
    }

    /// One round: its records that say something new go out.
    async fn round(
        &self,
        number: u64,
        memory: &mut Memory,
        out: &mpsc::Sender<Record>,
        handle: &WatchHandle,
        deadline: Option<Instant>,
    ) -> (Option<End>, Round) {
        let began = Instant::now();
        let list: Vec<_> =
            self.list.iter().enumerate().map(|(seq, request)| Ok(memory.prepare(seq, request))).collect();
        let engine = self.fetcher.engine_with(Arc::clone(&self.settings)).hooked(self.fetcher.hooks());
        let mut launched = engine.start(stream::iter(list).boxed());
        *handle.round() = Some(launched.handle.clone());
        if let Some(why) = handle.stopped() {
            launched.handle.stop(why);
        }
        let mut tally = Tally::default();
        let mut overdue = std::pin::pin!(until(deadline));
        let mut is_due = false;
        loop {
            let record = tokio::select! {
                record = launched.records.recv() => record,
                () = &mut overdue, if !is_due => {
                    is_due = true;
                    handle.stop(Stop::Deadline);
                    continue;
                }
            };
            let Some(mut record) = record else { break };
            if memory.judge(&mut record, number, &mut tally) && out.send(record).await.is_err() {
                handle.stop(Stop::Gone);
            }
        }
        let took = began.elapsed();
        let round = Round { number, asked: tally.asked, changes: tally.changes(), broken: memory.broken(), took };
        (launched.end.await.ok(), round)
    }

    /// Waits for the next round; false if there will be none.
    async fn wait(
        &self,
        next: Instant,
        deadline: Option<Instant>,
        out: &mpsc::Sender<Record>,
        handle: &WatchHandle,
    ) -> bool {
        let mut stop = handle.stop.subscribe();
        tokio::select! { biased;
            _ = stop.wait_for(|why| why.is_some()) => {}
            () = out.closed() => handle.stop(Stop::Gone),
            () = until(deadline) => handle.stop(Stop::Deadline),
            () = sleep_until(next) => return true,
        }
        false
    }
}

impl WatchEnd {
    /// The same, ended for this reason, if its last round does not say.
    fn stopped(mut self, why: Option<Stop>) -> Self {
        if let Some(last) = &mut self.last {
            last.stopped = last.stopped.or(why);
        }
        self
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// What a round says, in numbers.
#[derive(Debug, Default)]
struct Tally {
    asked: u64,
    changes: [u64; Change::ALL.len()],
}

impl Tally {
    fn changes(&self) -> Vec<(Change, u64)> {
        Change::ALL.into_iter().zip(self.changes).filter(|(_, count)| *count > 0).collect()
    }
}

/// How something was when it was asked for last.
#[derive(Debug)]
struct Known {
    facts: Facts,
    /// What its answer gave to ask under, if it was well.
    answer: Option<Box<EarlierAnswer>>,
}

/// What is known of each request of the list, by its place there.
#[derive(Debug)]
struct Memory {
    known: Vec<Option<Known>>,
    /// The run asks in a way that knows conditions.
    may_ask_under_conditions: bool,
}

impl Memory {
    fn new(settings: &Settings, len: usize) -> Self {
        let ask = &settings.ask;
        let mut known = Vec::new();
        known.resize_with(len, || None);
        Memory { known, may_ask_under_conditions: ask.method == Method::GET && ask.body.is_none() }
    }

    /// The request as it is made now: under the conditions of the last answer, where that was well.
    fn prepare(&self, seq: usize, request: &Request) -> Request {
        let mut request = request.clone();
        let own = request.wish.as_deref();
        let is_plain = own.is_none_or(|wish| wish.method.is_none() && wish.body.is_none()) && request.fault.is_none();
        let known = self.known.get(seq).and_then(|known| known.as_ref()?.answer.clone());
        if let Some(answer) = known.filter(|_| is_plain && self.may_ask_under_conditions) {
            request.wish_mut().earlier = Some(Earlier { answer: Some(answer) });
        }
        request
    }

    /// Compares a record with what is known, and keeps what it says; whether it is to be told.
    fn judge(&mut self, record: &mut Record, round: u64, tally: &mut Tally) -> bool {
        let changes = self.compare(record, round);
        tally.asked += u64::from(says_something(record));
        for change in &changes {
            if let Some(at) = Change::ALL.iter().position(|one| one == change) {
                tally.changes[at] += 1;
            }
        }
        let is_told = round == 1 || !changes.is_empty();
        record.change = None;
        record.watch = Some(Box::new(WatchRow { round, changes: changes.into_iter().map(Change::name).collect() }));
        is_told
    }

    fn compare(&mut self, record: &Record, round: u64) -> Vec<Change> {
        let seq = usize::try_from(record.seq).unwrap_or(usize::MAX);
        let Some(slot) = self.known.get_mut(seq).filter(|_| says_something(record)) else { return Vec::new() };
        let mut facts = Facts::of(record);
        let changes = match slot.as_ref() {
            None if round == 1 => Vec::new(),
            None => vec![Change::New],
            Some(old) => {
                if record.status == Some(304) && old.answer.is_some() {
                    facts.status = old.facts.status;
                }
                compare(&old.facts, &facts, Slower::default())
            }
        };
        let text = |value: &Option<String>| value.as_deref().map(Into::into);
        let answer = facts.ok.then(|| {
            Box::new(EarlierAnswer {
                sha256: text(&record.sha256),
                etag: text(&record.etag),
                last_modified: text(&record.last_modified),
            })
        });
        *slot = Some(Known { facts, answer });
        changes
    }

    fn broken(&self) -> u64 {
        self.known.iter().flatten().filter(|known| !known.facts.ok).count() as u64
    }
}

/// Whether a record says how something is, and not only that it was left out or cut off.
fn says_something(record: &Record) -> bool {
    record.outcome != Outcome::Skipped && record.error.as_ref().is_none_or(|error| error.code != Code::Cancelled)
}
