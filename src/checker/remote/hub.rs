//! The loop of the hub: links come in, addresses go out, answers come back, findings leave.
//!
//! Ends by counting: documents read, nothing held, nothing asked, no page being judged. Must not
//! decide: that is [`super::answer`]'s and `check`'s.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering::Relaxed, mpsc as threads},
    time::Instant,
};

use tokio::sync::mpsc::{Receiver, Sender};
use url::Url;

use super::{
    ask,
    scope::Scope,
    target::{Outcome, State, Target, Wants},
};
use crate::{
    checker::{
        CheckEnd,
        handle::CheckHandle,
        news::{News, Outward, Page, Tally},
        shared::{Kept, Shared},
    },
    engine::{Engine, Line, Stop, writer::OnRecord},
    fetch::Client,
    model::{Finding, Record},
    page::Stage,
    settings::Settings,
};

/// Pages that may wait for the judge before no answer is taken any more.
const PAGES: usize = 4;

/// What a hub is made of.
pub(in crate::checker) struct Parts {
    pub shared: Arc<Shared>,
    pub kept: Kept,
    pub fetch: Settings,
    pub client: Client,
    pub starts: Vec<Url>,
    pub handle: CheckHandle,
    pub news: Receiver<News>,
    pub findings: Sender<Finding>,
    pub pages: threads::Sender<Page>,
    pub on_record: Option<OnRecord>,
}

/// The state of a check, as far as the network is concerned.
pub(in crate::checker) struct Hub {
    pub(super) shared: Arc<Shared>,
    pub(super) kept: Kept,
    pub(super) fetch: Settings,
    pub(super) handle: CheckHandle,
    pub(super) findings: Sender<Finding>,
    pub(super) pages: Option<threads::Sender<Page>>,
    pub(super) line: Option<Line<u32>>,
    pub(super) stage: Arc<Stage>,
    pub(super) targets: Vec<Target>,
    pub(super) scope: Scope,
    pub(super) starts: usize,
    pub(super) held: Vec<u32>,
    pub(super) doubtful: Vec<u32>,
    /// What came of doubtful addresses in the first round.
    pub(super) firsts: HashMap<u32, Box<Outcome>>,
    pub(super) round: Round,
    /// Pages whose links were taken, by the address that answered.
    pub(super) taken: HashSet<u64>,
    /// All documents of the disk were read.
    pub(super) is_read: bool,
    /// Addresses under way whose links are wanted.
    pub(super) crawling: usize,
    /// Pages at the judge.
    pub(super) judging: usize,
    pub(super) texts: usize,
    pub(super) requests: u64,
    pub(super) bad_starts: u64,
    pub(super) source_error: Option<String>,
    tally: Option<Box<Tally>>,
    on_record: Option<OnRecord>,
    pub(super) begun: Instant,
}

/// Whether all is asked for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    First,
    Second,
}

/// What woke the loop.
enum Event {
    Stop(Stop),
    News(Option<News>),
    Answer(Option<(u32, Box<Record>)>),
}

impl Hub {
    /// Runs it to its end, inside a runtime.
    pub async fn run(parts: Parts) -> CheckEnd {
        let Parts { shared, kept, fetch, client, starts, handle, mut news, findings, pages, on_record } = parts;
        let stage = Arc::new(Stage::new(std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get)));
        let line = line(ask::first_round(&fetch), client, &stage);
        handle.follow(line.handle.clone());
        let mut scope = Scope::default();
        starts.iter().for_each(|start| scope.add(start));
        let mut hub = Hub {
            shared,
            kept,
            fetch,
            handle,
            findings,
            pages: Some(pages),
            line: Some(line),
            stage,
            targets: Vec::new(),
            scope,
            starts: starts.len(),
            held: Vec::new(),
            doubtful: Vec::new(),
            firsts: HashMap::new(),
            round: Round::First,
            taken: HashSet::new(),
            is_read: false,
            crawling: 0,
            judging: 0,
            texts: 0,
            requests: 0,
            bad_starts: 0,
            source_error: None,
            tally: None,
            on_record,
            begun: Instant::now(),
        };
        hub.work(&mut news).await;
        hub.end()
    }

    async fn work(&mut self, news: &mut Receiver<News>) {
        let mut stop = self.handle.own().subscribe();
        let mut told = false;
        loop {
            let takes = self.judging < PAGES;
            let event = tokio::select! { biased;
                why = async { stop.wait_for(|why| why.is_some()).await.ok().and_then(|why| *why) }, if !told => {
                    Event::Stop(why.unwrap_or(Stop::Gone))
                }
                told = news.recv() => Event::News(told),
                answer = next(&mut self.line), if takes && self.line.is_some() => {
                    Event::Answer(answer.map(|(target, record)| (target, Box::new(record))))
                }
                () = self.findings.closed() => Event::Stop(Stop::Gone),
            };
            match event {
                Event::Stop(why) => {
                    told = true;
                    // Also when it was the reader who left.
                    self.handle.stop(why);
                    if let Some(line) = &self.line {
                        line.handle.stop(why);
                    }
                    if why == Stop::Gone {
                        return;
                    }
                }
                Event::News(Some(news)) => self.hear(news).await,
                Event::News(None) => return,
                Event::Answer(Some((target, record))) => {
                    self.on_record.iter_mut().for_each(|told| told(&record));
                    self.answer(target, *record).await;
                }
                Event::Answer(None) => self.hang_up().await,
            }
            self.go_on();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.handle.stopped().is_some()
    }

    async fn hear(&mut self, news: News) {
        match news {
            News::Links(links) => {
                for link in links {
                    self.take(link).await;
                }
            }
            News::Read => self.is_read = true,
            News::PageRead => self.judging -= 1,
            News::Ended(tally) => self.tally = Some(tally),
        }
    }

    /// A link to an address.
    async fn take(&mut self, link: Outward) {
        let id = link.target;
        if let Some(url) = &link.url {
            let url = url.as_str().into();
            self.targets.push(Target { url, wants: Wants::default(), state: State::New, waiting: Vec::new() });
        }
        let wants = Wants::of(link.asks).and(self.walk_wants(id, &link));
        let Some(target) = self.targets.get_mut(id as usize) else { return };
        target.wants = target.wants.and(wants);
        match &target.state {
            State::Known(outcome) if outcome.had.has(wants) || !outcome.is_success() => {
                return self.say(&link).await;
            }
            State::Held if target.wants.wants_body() => target.state = State::New,
            State::Known(_) => target.state = State::New,
            _ => {}
        }
        let is_new = matches!(target.state, State::New);
        target.waiting.push(link);
        if is_new {
            self.begin(id).await;
        }
    }

    fn end(self) -> CheckEnd {
        let Hub { shared, kept, targets, requests, bad_starts, source_error, tally, handle, .. } = self;
        let is_broken = tally.is_none() && handle.stopped().is_none();
        let tally = tally.unwrap_or_default();
        let today = shared.today;
        let unused = shared.ignores.as_ref().map(|(_, ignores)| ignores.unused(&tally.used, today));
        CheckEnd {
            documents: tally.documents,
            links: tally.links + bad_starts,
            targets: tally.places + targets.len() as u64,
            requests,
            skipped: handle.marks().skipped.load(Relaxed),
            stopped: handle.stopped(),
            source_error: source_error
                .or_else(|| is_broken.then(|| "a bug in fetchall: judging the links panicked".to_owned())),
            memory: shared.memory(kept),
            unused_ignores: unused.unwrap_or_default(),
        }
    }
}

/// A run of the engine over a client of its own.
pub(super) fn line(settings: Settings, client: Client, stage: &Arc<Stage>) -> Line<u32> {
    let engine = Engine::new(Arc::new(settings), Arc::new(client), None, Arc::clone(stage));
    Line::start(|source| engine.start(source))
}

async fn next(line: &mut Option<Line<u32>>) -> Option<(u32, Record)> {
    line.as_mut()?.next().await
}
