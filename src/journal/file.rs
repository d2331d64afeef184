//! A journal in a file: begins it, goes on with it, adds to it.
//!
//! Must not know SQL.

use std::{
    collections::{BTreeMap, btree_map},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Before, Identity, JournalError, Marks, Settle, boot,
    marks::Passed,
    new_id,
    store::{Kept, Store},
    trail::Trail,
};
use crate::model::{Code, Record};

/// What to do with a journal that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// Go on with it.
    #[default]
    GoOn,
    /// Go on with it, and ask again for what has failed.
    RetryFailed,
    /// Begin anew.
    Anew,
}

/// What a journal says of the run so far.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Requests that have their record.
    pub done: u64,
    /// Those of them whose record has `ok: false` and stands.
    pub failed: u64,
    /// Lengths of the outputs, in their order; `None` for those that have none. Empty at the beginning.
    pub positions: Vec<Option<u64>>,
    /// It came to its end.
    pub is_complete: bool,
    /// The version of fetchall that began it, if that was another.
    pub begun_by: Option<String>,
}

/// An open journal; nobody else can open it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// Shared with the trail of a crawl, which is read from the same file.
    store: Arc<Mutex<Store>>,
    id: String,
    /// Makes keys unforeseeable; the same for all parts of the run.
    seed: Option<u64>,
    passed: Passed,
    last: i64,
    /// The last batch of which [`Settle::synced`] was told.
    durable: i64,
    /// The file says that the run came to its end.
    says_complete: bool,
}

/// How a run ended, as it is kept.
const COMPLETE: &str = "complete";
const STOPPED: &str = "stopped";
/// Version of the program, as it is kept.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

impl Journal {
    /// Opens the journal at `path`, or begins one.
    ///
    /// # Errors
    /// The file is in use, damaged, of another program or version, or belongs to a run that is not
    /// `identity`. It is left as it is then.
    pub fn open(path: &Path, identity: &Identity, begin: Begin) -> Result<(Journal, Before, Past), JournalError> {
        let mut store = Store::open(path)?;
        let boot = boot::id();
        let mut kept = store.read(boot.as_deref())?;
        let was = Identity::from_text(kept.values.get("identity").map(String::as_str).unwrap_or_default());
        let differences = identity.differences(&was);
        // Where nothing is done yet, nothing is lost: a run that could not begin may be another next time.
        let begins =
            begin == Begin::Anew || kept.values.is_empty() || (!differences.is_empty() && kept.done.is_empty());
        if begins {
            let (boot, id) = (boot.as_deref().unwrap_or_default(), new_id());
            store.clear(&[("identity", &identity.to_text()), ("program", PROGRAM), ("boot", boot), ("id", &id)])?;
            kept = Kept { values: BTreeMap::from([("id".to_owned(), id)]), ..Kept::default() };
        } else if differences.is_empty() {
            store.set("boot", boot.as_deref().unwrap_or_default())?;
            // Journals of earlier versions have none.
            if let btree_map::Entry::Vacant(none) = kept.values.entry("id".to_owned()) {
                store.set("id", none.insert(new_id()))?;
            }
        } else {
            return Err(JournalError::Other { path: path.to_owned(), differences });
        }
        Ok(Journal::with(store, kept, begin))
    }

    fn with(store: Store, kept: Kept, begin: Begin) -> (Journal, Before, Past) {
        let Kept { mut done, mut failed, positions, last, marks, mut values } = kept;
        if begin == Begin::RetryFailed {
            std::mem::take(&mut failed).iter().for_each(|seq| _ = done.remove(seq));
        }
        let is_complete = values.get("ended").is_some_and(|ended| ended == COMPLETE);
        let past = Past {
            done: done.len(),
            failed: failed.len(),
            positions,
            is_complete,
            begun_by: values.get("program").filter(|program| *program != PROGRAM).cloned(),
        };
        let marks = Marks::expecting(marks);
        let id = values.remove("id").unwrap_or_default();
        let seed = values.get("seed").and_then(|seed| seed.parse().ok());
        let (path, store) = (store.path().to_owned(), Arc::new(Mutex::new(store)));
        let passed = marks.passed();
        let journal = Journal { path, store, id, seed, passed, last, durable: 0, says_complete: is_complete };
        (journal, Before { done, marks, ..Before::default() }, past)
    }

    /// The name of the run, which stays the same however often it goes on.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a crawl has behind it, of which `before` is done; from now on its steps are kept.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn trail(&mut self, before: &Before) -> Result<Trail, JournalError> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        if self.seed.is_none() {
            self.store().set("seed", &seed.to_string())?;
            self.seed = Some(seed);
        }
        self.store().begin_trail()?;
        Ok(Trail { seed, done: before.done.clone(), rows: Arc::clone(&self.store) as _ })
    }

    /// A run that had come to its end has something to write after all: from now on it has not, because
    /// more may follow from that, and this process may be killed before.
    fn reopen(&mut self) -> Result<(), JournalError> {
        if self.says_complete {
            self.store().set("ended", STOPPED)?;
            self.says_complete = false;
        }
        Ok(())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settle for Journal {
    fn is_final(&self, record: &Record) -> bool {
        let code = record.error.as_ref().map(|error| error.code).or(record.skip.as_ref().map(|skip| skip.code));
        !code.is_some_and(Code::is_left_over)
    }

    fn announce(&mut self, batch: &[Record]) -> Result<(), JournalError> {
        self.reopen()?;
        let mut steps = batch.iter().filter_map(|record| Some((record.seq, record.step.as_deref()?))).peekable();
        if steps.peek().is_none() { Ok(()) } else { self.store().note(steps) }
    }

    fn settle(&mut self, batch: &[Record], positions: &[Option<u64>]) -> Result<(), JournalError> {
        self.reopen()?;
        let failed = batch.iter().filter(|record| !record.ok).map(|record| record.seq);
        let marks = self.passed.take();
        self.store().add(self.last + 1, batch.iter().map(|record| record.seq), failed, positions, &marks)?;
        self.last += 1;
        Ok(())
    }

    fn synced(&mut self) -> Result<(), JournalError> {
        if self.durable < self.last {
            self.store().durable(self.last, None)?;
            self.durable = self.last;
        }
        Ok(())
    }

    fn close(&mut self, is_complete: bool) -> Result<(), JournalError> {
        self.store().durable(self.last, Some(if is_complete { COMPLETE } else { STOPPED }))
    }
}

#[cfg(test)]
mod tests;
