//! The outside's grip on a check: how far it is, and a way to stop it.
//!
//! Stopping works before, during and after what is on the network. Must not know what the reader
//! does with it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use crate::engine::{Handle, Progress, Stop};

/// A grip on a check. Cheap to clone; outliving the check is harmless.
#[derive(Clone, Debug)]
pub struct CheckHandle {
    /// Holds why the check is to end.
    own: Handle,
    marks: Arc<Marks>,
}

/// What is written by the check and read by anybody.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Links found.
    pub links: AtomicU64,
    /// Links that came to their end.
    pub judged: AtomicU64,
    /// Links that are not good.
    pub failed: AtomicU64,
    /// Links that were left out and of which nothing was sent.
    pub skipped: AtomicU64,
    /// All documents were read.
    pub dry: AtomicBool,
    /// Nothing new is to be begun.
    pub stop: AtomicBool,
    /// The run on the network that is under way.
    line: Mutex<Option<Handle>>,
}

impl CheckHandle {
    pub(super) fn new() -> Self {
        CheckHandle { own: Handle::new(), marks: Arc::default() }
    }

    /// Asks the check to end. The first reason counts, but [`Stop::Gone`] overrides any, and any overrides
    /// [`Stop::Drain`].
    pub fn stop(&self, why: Stop) {
        self.own.stop(why);
        self.marks.stop.store(true, Relaxed);
        if let Some(line) = self.engine() {
            line.stop(why);
        }
    }

    /// Why the check was asked to end, if it was.
    pub fn stopped(&self) -> Option<Stop> {
        self.own.stopped()
    }

    /// How far the check is: links are what is read and finished; what is under way and waits are
    /// requests.
    pub fn progress(&self) -> Progress {
        let line = self.marks.line.lock().unwrap_or_else(PoisonError::into_inner);
        let wire = line.as_ref().map(Handle::progress).unwrap_or_default();
        let (judged, failed) = (self.marks.judged.load(Relaxed), self.marks.failed.load(Relaxed));
        Progress {
            read: self.marks.links.load(Relaxed),
            finished: judged,
            ok: judged.saturating_sub(failed),
            failed,
            skipped: 0,
            source_dry: self.marks.dry.load(Relaxed).into(),
            ..wire
        }
    }

    /// A grip on what is on the network, if anything is.
    pub fn engine(&self) -> Option<Handle> {
        self.marks.line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn marks(&self) -> &Arc<Marks> {
        &self.marks
    }

    pub(super) fn own(&self) -> &Handle {
        &self.own
    }

    /// From now on this run is the one that is under way.
    pub(super) fn follow(&self, line: Handle) {
        *self.marks.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
    }
}
