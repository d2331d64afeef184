//! The outside's grip on a run: how far it is, and a way to stop it.
//!
//! Counters are written by the engine's one task and read by anybody. Must not know what the
//! reader does with them.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

use super::{
    change::{Change, Question},
    live::View,
};

/// Why a run is to end before its input does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody asked: what is in flight gets up to 5 s, the rest is `cancelled`.
    Asked,
    /// `--deadline`: at once; what was not started is skipped with `budget.deadline`.
    Deadline,
    /// `--fail-fast`, `--max-failures`: at once; the rest is skipped with `budget.failures`.
    Failures,
    /// `--first`: at once; the rest is skipped with `budget.first`.
    First,
    /// A body could not be saved: at once; the rest is `cancelled`, so that another run fetches it.
    Disk,
    /// Nobody reads the records any more: at once, without records.
    Gone,
    /// Somebody asked to finish what was started, however long it takes, and to begin nothing more: what was
    /// read and never started is `cancelled`, what was not read has no record.
    Drain,
}

impl Stop {
    /// Whether it counts where a run was asked to end for another reason `before`: the first does, but
    /// [`Stop::Gone`] goes before any, and any before [`Stop::Drain`].
    pub(crate) fn overrides(self, before: Option<Stop>) -> bool {
        match before {
            None => true,
            Some(Stop::Gone) => false,
            Some(Stop::Drain) => self != Stop::Drain,
            Some(_) => self == Stop::Gone,
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests read from the source.
    pub read: u64,
    /// Of these: had their record before this run.
    pub before: u64,
    /// Requests that came to their end.
    pub finished: u64,
    /// Of these: accepted.
    pub ok: u64,
    /// Of these: failed.
    pub failed: u64,
    /// Of these: skipped.
    pub skipped: u64,
    /// Exchanges on the wire now.
    pub in_flight: u64,
    /// Requests that wait for their turn now.
    pub waiting: u64,
    /// Hosts that rest now, because they asked for it.
    pub paused_hosts: u64,
    /// Attempts after the first, so far.
    pub retries: u64,
    /// Bytes of bodies received, as they crossed the network.
    pub wire_bytes: u64,
    /// 1 once the source has no more.
    pub source_dry: u64,
}

macro_rules! gauges {
    ($($name:ident),*) => {
        /// The counters behind [`Progress`].
        #[derive(Debug, Default)]
        pub(crate) struct Gauges { $(pub(crate) $name: AtomicU64,)* }

        impl Gauges {
            fn read_all(&self) -> Progress {
                Progress { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

gauges!(read, before, finished, ok, failed, skipped, in_flight, waiting, paused_hosts, retries, wire_bytes, source_dry);

/// A grip on a run. Cheap to clone; outliving the run is harmless.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) gauges: Arc<Gauges>,
    stop: Arc<watch::Sender<Option<Stop>>>,
    sitemaps: Arc<Mutex<Sitemaps>>,
    questions: mpsc::Sender<Question>,
}

/// Questions and changes that may wait for the engine; who comes then is told that it is busy.
const QUESTIONS: usize = 16;

/// Bytes of sitemap URLs that wait to be taken; what is found above that is lost, because nobody
/// seems to want them.
const SITEMAPS_MOST: usize = 4 << 20;

/// What robots.txt files named and nobody has taken yet.
#[derive(Debug, Default)]
struct Sitemaps {
    found: Vec<(Url, Vec<String>)>,
    bytes: usize,
}

impl Handle {
    /// A grip on something that is no engine: it has no requests to show, and nothing to change.
    pub(crate) fn new() -> Self {
        Handle::answered().0
    }

    /// A grip, and what is asked through it.
    pub(crate) fn answered() -> (Self, mpsc::Receiver<Question>) {
        let (questions, asked) = mpsc::channel(QUESTIONS);
        let stop = Arc::new(watch::Sender::new(None));
        (Handle { gauges: Arc::default(), stop, sitemaps: Arc::default(), questions }, asked)
    }

    /// Every request that is under way or waits, at most `most` of them, the longest in their state first.
    /// `None` if there is no engine that could say (any more), or too many ask at once.
    pub async fn look(&self, most: usize) -> Option<View> {
        let (answer, answered) = oneshot::channel();
        let answer = Box::new(|view| _ = answer.send(view));
        self.questions.try_send(Question::Look { most, answer }).ok()?;
        answered.await.ok()
    }

    /// As [`look`](Self::look), for a thread that may block: for up to `patience`.
    pub fn look_within(&self, most: usize, patience: Duration) -> Option<View> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let answer = Box::new(move |view| _ = answer.try_send(view));
        self.questions.try_send(Question::Look { most, answer }).ok()?;
        answered.recv_timeout(patience).ok()
    }

    /// Changes the run under way. Says how many requests were skipped, or how many hosts it is about that
    /// something waits for or is under way to. `None` as with [`look`](Self::look).
    pub async fn change(&self, change: Change) -> Option<usize> {
        let (answer, answered) = oneshot::channel();
        let answer = Box::new(|count| _ = answer.send(count));
        self.questions.try_send(Question::Change { change, answer }).ok()?;
        answered.await.ok()
    }

    /// As [`change`](Self::change), for a thread that may block: for up to `patience`.
    pub fn change_within(&self, change: Change, patience: Duration) -> Option<usize> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let answer = Box::new(move |count| _ = answer.try_send(count));
        self.questions.try_send(Question::Change { change, answer }).ok()?;
        answered.recv_timeout(patience).ok()
    }

    /// The sitemaps that robots.txt files have named since the last call: the URL of each file, and
    /// what it says, absolute or relative to that. Only where robots.txt is obeyed. Whoever wants
    /// them takes them often: what waits is bounded (4 MiB).
    pub fn take_sitemaps(&self) -> Vec<(Url, Vec<String>)> {
        let mut sitemaps = self.sitemaps.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *sitemaps).found
    }

    pub(crate) fn found_sitemaps(&self, file: Url, named: Vec<String>) {
        let mut sitemaps = self.sitemaps.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = named.iter().map(|url| url.len() + size_of::<String>()).sum::<usize>();
        if sitemaps.bytes + bytes <= SITEMAPS_MOST {
            sitemaps.bytes += bytes;
            sitemaps.found.push((file, named));
        }
    }

    /// Asks the run to end. The first reason counts, but [`Stop::Gone`] overrides any, and any overrides
    /// [`Stop::Drain`].
    pub fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|now| {
            let changes = why.overrides(*now);
            if changes {
                *now = Some(why);
            }
            changes
        });
    }

    /// Why the run was asked to end, if it was.
    pub fn stopped(&self) -> Option<Stop> {
        *self.stop.borrow()
    }

    /// How far the run is.
    pub fn progress(&self) -> Progress {
        self.gauges.read_all()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<Stop>> {
        self.stop.subscribe()
    }
}
