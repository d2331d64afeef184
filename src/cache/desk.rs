//! The desk of a cache: who reads its file, and who writes it.
//!
//! Readers have connections of their own and do not wait for one another, nor for the one writer, which
//! takes all that is there in one transaction. Nothing here runs on the threads that move bytes. Where
//! another process keeps the file to itself nobody waits for long: changes are handed over to the writer,
//! who has more patience, within bounds. Must not know what an answer is good for.

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout_at,
};

use super::{
    CacheError,
    store::{Changes, Entry, Ident, New, Store, is_passing, sentence},
};
use crate::policy::cache::Sum;

/// Readers at once. The work is a few microseconds, and mostly copying.
const READERS: usize = 4;
/// Changes that wait for the writer; beyond that, those who make them wait.
const WAITING: usize = 64;
/// Bytes of content that wait for the writer while nobody waits for it; what is above is not kept.
const WAITING_BYTES: usize = 32 << 20;
/// How long a request waits for the file that another process has to itself. It holds a slot meanwhile.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long the writer does. Nobody waits for that but the end of the run.
const WRITER_PATIENCE: Duration = Duration::from_secs(5);
/// After a reader has waited in vain, none tries again for so long.
const REST: Duration = Duration::from_secs(5);

/// A change.
pub(super) enum Change {
    Put(Box<New>),
    Renew(Box<Entry>),
    Touch(Ident, SystemTime),
    Forget(Vec<Sum>),
    Remove(Ident),
}

impl Change {
    /// Bytes of content.
    fn size(&self) -> usize {
        if let Change::Put(new) = self { new.content.len() } else { 0 }
    }

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
    /// The writer keeps requests waiting: they do not wait for it until it gets on again.
    late: AtomicBool,
    /// Bytes of content that wait for it.
    waiting: AtomicUsize,
    began: Instant,
    /// Until when nobody reads, in milliseconds since `began`.
    resting: AtomicU64,
}

impl Common {
    fn note(&self, error: &rusqlite::Error) {
        let _ = self.fault.set(sentence(error));
        if !is_passing(error) {
            self.closed.store(true, Relaxed);
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The same for a fault of a reader: where it is one of waiting, the next do not wait again.
    fn note_reading(&self, error: &rusqlite::Error) {
        self.note(error);
        if is_passing(error) {
            self.resting.store(self.millis().saturating_add(REST.as_millis() as u64), Relaxed);
        }
    }

    fn may_read(&self) -> bool {
        !self.closed.load(Relaxed) && self.millis() >= self.resting.load(Relaxed)
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
            late: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            began: Instant::now(),
            resting: AtomicU64::new(0),
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
        let _permit = self.readers.acquire().await.ok()?;
        if !self.common.may_read() {
            return None;
        }
        let (common, idle) = (std::sync::Arc::clone(&self.common), std::sync::Arc::clone(&self.idle));
        let work = move || {
            let free = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let store = match free {
                Some(store) => store,
                None => Store::open(&common.path, PATIENCE).map_err(|error| common.note_reading(&error)).ok()?,
            };
            let found = look(&store).map_err(|error| common.note_reading(&error)).ok()?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(store);
            found
        };
        tokio::task::spawn_blocking(work).await.ok()?
    }

    /// Makes a change; false if it is not in the file. Where the writer cannot get at that it is true of
    /// what was handed over, and false of what there is no room for.
    pub async fn make(&self, change: Change) -> bool {
        let Some(orders) = self.orders.as_ref().filter(|_| !self.common.closed.load(Relaxed)) else { return false };
        let (size, common) = (change.size(), &self.common);
        let (done, made) = oneshot::channel();
        let order = (change, Some(done));
        if common.late.load(Relaxed) {
            let before = common.waiting.fetch_add(size, Relaxed);
            let is_handed = before.saturating_add(size) <= WAITING_BYTES && orders.try_send(order).is_ok();
            if !is_handed {
                common.waiting.fetch_sub(size, Relaxed);
            }
            return is_handed;
        }
        let end = tokio::time::Instant::now() + PATIENCE;
        let Ok(Ok(room)) = timeout_at(end, orders.reserve()).await else {
            common.late.store(true, Relaxed);
            return false;
        };
        common.waiting.fetch_add(size, Relaxed);
        room.send(order);
        match timeout_at(end, made).await {
            Ok(made) => made.unwrap_or_default(),
            Err(_) => {
                common.late.store(true, Relaxed);
                true
            }
        }
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
    let mut failed = false;
    while let Some(first) = incoming.blocking_recv() {
        let mut orders = vec![first];
        while orders.len() < WAITING
            && let Ok(next) = incoming.try_recv()
        {
            orders.push(next);
        }
        // Whoever has waited in vain once does not wait for as long again.
        let patience = if failed { PATIENCE } else { WRITER_PATIENCE };
        let made = !common.closed.load(Relaxed)
            && store
                .all(most, patience, |changes| orders.iter().try_for_each(|(change, _)| change.make(changes)))
                .map_err(|error| common.note(&error))
                .is_ok();
        failed = !made;
        if made {
            common.late.store(false, Relaxed);
        }
        let size = orders.iter().map(|(change, _)| change.size()).sum();
        common.waiting.fetch_sub(size, Relaxed);
        for waiting in orders.into_iter().filter_map(|(_, waiting)| waiting) {
            let _ = waiting.send(made);
        }
    }
}
