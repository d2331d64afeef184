//! Threads that read pages, and the order that their records come back in.
//!
//! Whoever enters a page gets its place in line at once; the collector waits for each place in turn.
//! Room is taken in order by the one thread that feeds, and given back when the record has gone
//! out, so nobody waits for room that a later page holds. Must not know where pages come from.

use std::{
    io,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::sync::mpsc;

use super::document::{self, Means, Source};
use crate::{
    engine::{End, Handle, Stop},
    model::{Record, record::Outcome},
};

/// Bytes of pages under way at most, one aside: what is made of them may take several times as much.
const ROOM: u64 = 64 << 20;

/// Pages under way for each thread: one that takes long must not leave the others without work.
const AHEAD: usize = 16;

/// How often is looked whether the run was asked to end, while nothing comes.
const GLANCE: Duration = Duration::from_millis(50);

/// Nothing recurses over a page; the rest is for deep selectors.
const STACK: usize = 4 << 20;

/// What the collector waits for.
pub(super) enum Place {
    /// A record that is being made, and its room.
    Taken(Receiver<Record>, Room),
    /// The input could not be read to its end: a sentence.
    Broken(String),
}

/// A page to be read.
struct Work {
    seq: u64,
    source: Source,
    reply: SyncSender<Record>,
}

/// Both ends of the crew.
pub(super) struct Line {
    pub entrance: Entrance,
    pub results: Receiver<Place>,
}

/// Where pages come in.
pub(super) struct Entrance {
    work: SyncSender<Work>,
    places: SyncSender<Place>,
    gate: Arc<Gate>,
    next: u64,
}

/// Nobody wants any more pages.
pub(super) struct Closed;

/// Starts the threads; they end when the entrance is dropped and all is read.
pub(super) fn start(means: &Arc<Means>, threads: NonZeroUsize) -> io::Result<Line> {
    let threads = threads.get();
    let (work, waiting) = sync_channel(threads);
    let (places, results) = sync_channel(threads * AHEAD);
    let waiting = Arc::new(Mutex::new(waiting));
    for number in 0..threads {
        let (means, waiting) = (Arc::clone(means), Arc::clone(&waiting));
        let thread = thread::Builder::new().name(format!("extract-{number}")).stack_size(STACK);
        match thread.spawn(move || serve(&waiting, &means)) {
            // Fewer than asked for will do.
            Err(_) if number > 0 => break,
            spawned => drop(spawned?),
        }
    }
    Ok(Line { entrance: Entrance { work, places, gate: Arc::default(), next: 0 }, results })
}

fn serve(waiting: &Mutex<Receiver<Work>>, means: &Means) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { seq, source, reply }) = next else { return };
        // The collector may have gone.
        let _ = reply.send(document::record(seq, source, means));
    }
}

impl Entrance {
    /// Takes a page of about so many bytes in; waits while there is no room for it.
    pub fn enter(&mut self, source: Source, bytes: u64) -> Result<(), Closed> {
        let room = Gate::take(&self.gate, bytes);
        let (reply, record) = sync_channel(1);
        self.places.send(Place::Taken(record, room)).map_err(|_| Closed)?;
        let seq = self.next;
        self.next += 1;
        self.work.send(Work { seq, source, reply }).map_err(|_| Closed)
    }

    /// Says that the input could not be read to its end.
    pub fn break_off(&self, why: String) -> Result<(), Closed> {
        self.places.send(Place::Broken(why)).map_err(|_| Closed)
    }
}

/// Hands records on, in order.
pub(super) struct Collector {
    pub results: Receiver<Place>,
    pub handle: Handle,
}

impl Collector {
    /// Until there are no more, nobody wants them, or the run was asked to end.
    pub fn run(self, out: &mpsc::Sender<Record>) -> End {
        let mut source_error = None;
        loop {
            match self.results.recv_timeout(GLANCE) {
                Ok(Place::Taken(record, room)) => {
                    let Ok(record) = record.recv() else {
                        source_error = Some("a thread that reads pages died".to_owned());
                        break;
                    };
                    self.count(&record);
                    if out.blocking_send(record).is_err() {
                        self.handle.stop(Stop::Gone);
                        break;
                    }
                    drop(room);
                }
                Ok(Place::Broken(why)) => source_error = Some(why),
                Err(RecvTimeoutError::Timeout) if self.handle.stopped().is_none() => {}
                Err(_) => break,
            }
        }
        End { stopped: self.handle.stopped(), source_error }
    }

    fn count(&self, record: &Record) {
        let gauges = &self.handle.gauges;
        gauges.finished.fetch_add(1, Relaxed);
        let counter = if record.outcome == Outcome::Ok { &gauges.ok } else { &gauges.failed };
        counter.fetch_add(1, Relaxed);
    }
}

/// Bytes that are under way.
#[derive(Debug, Default)]
struct Gate {
    used: Mutex<u64>,
    changed: Condvar,
}

/// A share of them, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    gate: Arc<Gate>,
    bytes: u64,
}

impl Gate {
    /// Waits for room. What is larger than all of it gets it when nothing else is under way.
    fn take(gate: &Arc<Gate>, bytes: u64) -> Room {
        let used = gate.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |used: &mut u64| *used > 0 && used.saturating_add(bytes) > ROOM;
        let mut used = gate.changed.wait_while(used, is_full).unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_add(bytes);
        Room { gate: Arc::clone(gate), bytes }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut used = self.gate.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(self.bytes);
        self.gate.changed.notify_all();
    }
}
