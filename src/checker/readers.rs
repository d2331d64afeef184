//! Threads that read documents ahead of the one that judges their links.
//!
//! Each takes every n-th document, so that they come in order without a queue; bytes in memory are
//! bounded, also taken in order, so that nobody waits for room that a later one holds. Must not
//! know links.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use super::documents::{Read, read};
use crate::{model::Look, source::walk::Listed};

/// Bytes of documents in memory at most, one aside: what is known of their links takes about three
/// times as much.
const AHEAD: u64 = 1 << 20;

/// Threads at most: whoever judges needs a core too.
const THREADS: usize = 3;

/// What was read and the room that it takes.
#[derive(Debug)]
pub(super) struct Delivered {
    pub read: Read,
    _room: Room,
}

/// Documents under way to the one that judges, in order.
#[derive(Debug)]
pub(super) struct Readers {
    lines: Vec<Receiver<Delivered>>,
    next: usize,
    stop: Arc<AtomicBool>,
}

impl Readers {
    /// Starts reading.
    pub fn start(listed: &Arc<Vec<Listed>>, look: Look) -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let threads = cores.clamp(1, THREADS).min(listed.len().max(1));
        let gate = Arc::new(Gate::default());
        let stop = Arc::new(AtomicBool::new(false));
        let mut lines = Vec::new();
        for number in 0..threads {
            let (send, receive) = sync_channel(1);
            let (listed, gate, stop) = (Arc::clone(listed), Arc::clone(&gate), Arc::clone(&stop));
            let work = move || serve(&listed, number, threads, look, &gate, &stop, &send);
            // Without a thread its line is closed, and whoever waits for a document learns that.
            let _ = thread::Builder::new().name(format!("read-{number}")).spawn(work);
            lines.push(receive);
        }
        Readers { lines, next: 0, stop }
    }

    /// The next document; `None` if whoever was to read it is gone.
    pub fn next(&mut self) -> Option<Delivered> {
        let line = self.lines.get(self.next % self.lines.len().max(1))?;
        self.next += 1;
        line.recv().ok()
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

fn serve(
    listed: &[Listed],
    first: usize,
    step: usize,
    look: Look,
    gate: &Arc<Gate>,
    stop: &AtomicBool,
    send: &SyncSender<Delivered>,
) {
    for (turn, document) in listed.iter().enumerate().skip(first).step_by(step) {
        let mut room = Room { gate: Arc::clone(gate), turn, bytes: None };
        if stop.load(Relaxed) {
            return;
        }
        let read = read(document, look, |bytes| room.take(bytes));
        // A fault takes none, and has its turn all the same.
        room.take(0);
        if send.send(Delivered { read, _room: room }).is_err() {
            return;
        }
    }
}

/// Bytes that are taken, and whose turn it is to take some.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(u64, usize)>,
    changed: Condvar,
}

/// A share of the bytes, given back when it is dropped.
#[derive(Debug)]
struct Room {
    gate: Arc<Gate>,
    turn: usize,
    bytes: Option<u64>,
}

impl Room {
    /// Waits for its turn and for room; once.
    fn take(&mut self, bytes: u64) {
        if self.bytes.is_some() {
            return;
        }
        let state = self.gate.state.lock().unwrap_or_else(PoisonError::into_inner);
        let must_wait = |(used, turn): &mut (u64, usize)| *turn < self.turn || (*used > 0 && *used + bytes > AHEAD);
        let mut state = self.gate.changed.wait_while(state, must_wait).unwrap_or_else(PoisonError::into_inner);
        state.0 += bytes;
        state.1 = state.1.max(self.turn + 1);
        self.bytes = Some(bytes);
        self.gate.changed.notify_all();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut state = self.gate.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = state.0.saturating_sub(self.bytes.unwrap_or_default());
        // Who gives up before its turn must not hold up the others.
        state.1 = state.1.max(self.turn + 1);
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn documents_come_in_order_however_large_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let listed = (0..40).map(|number| {
            let path = dir.path().join(format!("{number}.txt"));
            let size = if number % 7 == 0 { 5 << 20 } else { 10 };
            fs::write(&path, format!("{number} {}", "x".repeat(size))).unwrap();
            Listed { path: path.to_str().unwrap().into(), language: None, named: true }
        });
        let listed = Arc::new(listed.collect::<Vec<_>>());
        let mut readers = Readers::start(&listed, Look::ANCHORS);
        for number in 0..40 {
            let delivered = readers.next().unwrap();
            let Read::Document(document) = &delivered.read else { panic!("{number}") };
            assert!(document.text.starts_with(&format!("{number} ")), "{number}");
        }
        assert!(readers.next().is_none());
    }

    #[test]
    fn nobody_is_left_waiting_when_the_documents_are_wanted_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.txt");
        fs::write(&path, "x".repeat(7 << 20)).unwrap();
        let one = Listed { path: path.to_str().unwrap().into(), language: None, named: true };
        let listed = Arc::new(vec![one; 30]);
        let mut readers = Readers::start(&listed, Look::ANCHORS);
        let held = readers.next();
        drop(readers);
        drop(held);
        // the threads hold the list as long as they live
        for _ in 0..2_000 {
            if Arc::strong_count(&listed) == 1 {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("a thread is still there");
    }
}
