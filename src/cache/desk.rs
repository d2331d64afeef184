//! The desk of a cache: who reads its file, and who writes it.
//!
//! Readers have connections of their own and do not wait for one another, nor for the one writer, which
//! takes all that is there in one transaction. Nothing here runs on the threads that move bytes. Must not
//! know what an answer is good for.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::SystemTime,
};

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    CacheError,
    store::{Changes, Entry, Ident, New, Store, is_passing, sentence},
};
use crate::policy::cache::Sum;

/// Readers at once. The work is a few microseconds, and mostly copying.
const READERS: usize = 4;
/// Changes that wait for the writer; beyond that, those who make them wait.
const WAITING: usize = 64;

/// A change.
pub(super) enum Change {
    Put(Box<New>),
    Renew(Box<Entry>),
    Touch(Ident, SystemTime),
    Forget(Vec<Sum>),
    Remove(Ident),
}

impl Change {
    fn make(&self, changes: &Changes<'_>) -> rusqlite::Result<()> {
        match self {
            Change::Put(new) => changes.put(new),
            Change::Renew(entry) => changes.renew(entry),
            Change::Touch(ident, used) => changes.touch(ident, *used),
            Change::Forget(places) => places.iter().try_for_each(|place| changes.forget(place)),
            Change::Remove(ident) => changes.remove(ident),
        }
    }
}

/// A change, and who waits for it to be in the file.
type Order = (Change, Option<oneshot::Sender<bool>>);

/// What readers and the writer share.
#[derive(Debug)]
struct Common {
    path: PathBuf,
    /// The first fault, in a sentence.
    fault: OnceLock<String>,
    /// After a fault that does not pass, nothing more is read or written.
    closed: AtomicBool,
}

impl Common {
    fn note(&self, error: &rusqlite::Error) {
        let _ = self.fault.set(sentence(error));
        if !is_passing(error) {
            self.closed.store(true, Relaxed);
        }
    }
}

/// The desk.
#[derive(Debug)]
pub(super) struct Desk {
    common: std::sync::Arc<Common>,
    idle: std::sync::Arc<Mutex<Vec<Store>>>,
    readers: Semaphore,
    orders: Option<mpsc::Sender<Order>>,
    writer: Option<JoinHandle<()>>,
}

impl Desk {
    /// Opens the file; all answers together may take `most` bytes.
    pub fn open(path: &Path, most: u64) -> Result<Desk, CacheError> {
        let store = Store::create(path)?;
        let common = std::sync::Arc::new(Common {
            path: path.to_owned(),
            fault: OnceLock::new(),
            closed: AtomicBool::new(false),
        });
        let (orders, incoming) = mpsc::channel(WAITING);
        let shared = std::sync::Arc::clone(&common);
        let writer = std::thread::Builder::new()
            .name("cache".to_owned())
            .spawn(move || write(store, incoming, most, &shared))
            .map_err(|error| CacheError::Unusable(path.to_owned(), error.to_string()))?;
        let readers = Semaphore::new(READERS);
        Ok(Desk { common, idle: std::sync::Arc::default(), readers, orders: Some(orders), writer: Some(writer) })
    }

    /// What went wrong first, in a sentence; answers came from the network then.
    pub fn fault(&self) -> Option<&str> {
        self.common.fault.get().map(String::as_str)
    }

    /// Looks into the file; `None` too where that cannot be done.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Store) -> rusqlite::Result<Option<T>> + Send + 'static,
    ) -> Option<T> {
        if self.common.closed.load(Relaxed) {
            return None;
        }
        let _permit = self.readers.acquire().await.ok()?;
        let (common, idle) = (std::sync::Arc::clone(&self.common), std::sync::Arc::clone(&self.idle));
        let work = move || {
            let free = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let store = match free {
                Some(store) => store,
                None => Store::open(&common.path).map_err(|error| common.note(&error)).ok()?,
            };
            let found = look(&store).map_err(|error| common.note(&error)).ok()?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(store);
            found
        };
        tokio::task::spawn_blocking(work).await.ok()?
    }

    /// Makes a change; false if it is not in the file.
    pub async fn make(&self, change: Change) -> bool {
        let Some(orders) = self.orders.as_ref().filter(|_| !self.common.closed.load(Relaxed)) else { return false };
        let (done, made) = oneshot::channel();
        orders.send((change, Some(done))).await.is_ok() && made.await.unwrap_or_default()
    }

    /// Makes a change that nobody misses, if there is time for it.
    pub fn hint(&self, change: Change) {
        if let Some(orders) = &self.orders {
            let _ = orders.try_send((change, None));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(self.orders.take());
        // A panic of the writer has been told where it happened.
        self.writer.take().map(JoinHandle::join).transpose().ok();
    }
}

/// The writer: everything that waits goes into one transaction.
fn write(mut store: Store, mut incoming: mpsc::Receiver<Order>, most: u64, common: &Common) {
    while let Some(first) = incoming.blocking_recv() {
        let mut orders = vec![first];
        while orders.len() < WAITING
            && let Ok(next) = incoming.try_recv()
        {
            orders.push(next);
        }
        let made = !common.closed.load(Relaxed)
            && store
                .all(most, |changes| orders.iter().try_for_each(|(change, _)| change.make(changes)))
                .map_err(|error| common.note(&error))
                .is_ok();
        for waiting in orders.into_iter().filter_map(|(_, waiting)| waiting) {
            let _ = waiting.send(made);
        }
    }
}
