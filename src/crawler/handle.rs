//! The outside's grip on a crawl: how far it is, and a way to stop it.
//!
//! Must not know what the reader does with it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use crate::engine::{Handle, Progress, Stop};

/// A grip on a crawl. Cheap to clone; outliving the crawl is harmless.
#[derive(Clone, Debug)]
pub struct CrawlHandle {
    line: Handle,
    marks: Arc<Marks>,
}

/// What is written by the crawl and read by anybody.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// What has a record, and what is to get one as far as that is known.
    pub found: AtomicU64,
    /// Of these, what came to its end well, badly, or was left out.
    pub ok: AtomicU64,
    pub failed: AtomicU64,
    pub skipped: AtomicU64,
    /// What was found and waits, before the engine knows of it.
    pub waiting: AtomicU64,
    /// Nothing more can be found.
    pub dry: AtomicBool,
}

impl CrawlHandle {
    pub(super) fn new(line: Handle) -> Self {
        CrawlHandle { line, marks: Arc::default() }
    }

    /// Asks the crawl to end. The first reason counts, but [`Stop::Gone`] overrides any, and any overrides
    /// [`Stop::Drain`].
    pub fn stop(&self, why: Stop) {
        self.line.stop(why);
    }

    /// Why the crawl was asked to end, if it was.
    pub fn stopped(&self) -> Option<Stop> {
        self.line.stopped()
    }

    /// How far the crawl is: what is read are URLs found so far.
    pub fn progress(&self) -> Progress {
        let wire = self.line.progress();
        let marks = &self.marks;
        let (ok, failed, skipped) = (marks.ok.load(Relaxed), marks.failed.load(Relaxed), marks.skipped.load(Relaxed));
        Progress {
            read: marks.found.load(Relaxed),
            finished: ok + failed + skipped,
            ok,
            failed,
            skipped,
            waiting: wire.waiting + marks.waiting.load(Relaxed),
            source_dry: marks.dry.load(Relaxed).into(),
            ..wire
        }
    }

    /// A grip on what is on the network. What was found and waits for its turn there is not known to it.
    pub fn engine(&self) -> Handle {
        self.line.clone()
    }

    pub(super) fn marks(&self) -> &Marks {
        &self.marks
    }
}
