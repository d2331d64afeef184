//! Room for bodies that are being received: who has much already waits while others have it.
//!
//! A body beyond [`FREE`] waits before it reads on while all together hold more than the run allows
//! (`body_budget`). The oldest never waits, so there is always one that goes on; nobody waits longer
//! than [`PATIENCE`], because the oldest may be slow: what is bounded firmly is the size of each
//! (`--max-body`) and how many are started. Must not know what the bytes mean.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// Bytes of each body that are not counted: most bodies are smaller, and cost nothing here.
const FREE: usize = 32 << 10;

/// How long a body waits in all before it goes on regardless.
const PATIENCE: Duration = Duration::from_secs(1);

/// What bodies may hold together.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    held: usize,
    next: u64,
    /// Bodies that are still being received, the oldest first.
    turns: BTreeSet<u64>,
}

impl Room {
    /// For this many bytes.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Room { most, state: Mutex::default(), freed: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body holds; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    room: Arc<Room>,
    turn: Option<u64>,
    len: usize,
    held: usize,
    patience: Duration,
}

impl Share {
    /// Nothing yet.
    pub fn of(room: &Arc<Room>) -> Self {
        Share { room: Arc::clone(room), turn: None, len: 0, held: 0, patience: PATIENCE }
    }

    /// This many bytes more are held.
    pub fn add(&mut self, bytes: usize) {
        self.len += bytes;
        if self.len <= FREE {
            return;
        }
        let mut state = self.room.state();
        if self.turn.is_none() {
            self.turn = Some(state.next);
            state.next += 1;
            state.turns.extend(self.turn);
        }
        let counted = self.len - FREE;
        state.held += counted - self.held;
        self.held = counted;
    }

    /// Waits until it may read on.
    pub async fn wait(&mut self) {
        let Some(turn) = self.turn.filter(|_| !self.patience.is_zero()) else { return };
        let began = Instant::now();
        loop {
            let freed = self.room.freed.notified();
            tokio::pin!(freed);
            // What is given back between the look and the waiting is heard of.
            freed.as_mut().enable();
            {
                let state = self.room.state();
                if state.held <= self.room.most || state.turns.first() == Some(&turn) {
                    break;
                }
            }
            if timeout_at(began + self.patience, freed).await.is_err() {
                self.patience = Duration::ZERO;
                return;
            }
        }
        self.patience = self.patience.saturating_sub(began.elapsed());
    }

    /// Whether nothing of it is counted.
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Everything was received: it is held, and the next is the oldest.
    pub fn arrived(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.room.state().turns.remove(&turn);
            self.room.freed.notify_waiters();
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.held > 0 {
            self.arrived();
            self.room.state().held -= self.held;
            self.room.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const BIG: usize = FREE + 100;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_goes_on_and_others_wait_for_what_is_given_back() {
        let room = Room::new(150);
        let (mut first, mut second, mut small) = (Share::of(&room), Share::of(&room), Share::of(&room));
        first.add(BIG);
        second.add(BIG);
        small.add(FREE);
        assert!(small.wait().now_or_never().is_some(), "a small body is not counted");
        assert!(first.wait().now_or_never().is_some(), "the oldest never waits");
        assert!(second.wait().now_or_never().is_none());
        first.arrived();
        assert!(second.wait().now_or_never().is_some(), "it is the oldest now");
        let mut third = Share::of(&room);
        third.add(BIG);
        assert!(third.wait().now_or_never().is_none());
        drop(first);
        assert!(third.wait().now_or_never().is_none(), "200 bytes are held yet");
        drop(second);
        assert!(third.wait().now_or_never().is_some());
        drop(third);
        assert_eq!(room.state().held, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_slow_one_for_long() {
        let room = Room::new(150);
        let (mut slow, mut other) = (Share::of(&room), Share::of(&room));
        slow.add(BIG);
        other.add(BIG);
        let began = Instant::now();
        for _ in 0..3 {
            other.add(1);
            other.wait().await;
        }
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
