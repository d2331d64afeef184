//! How far an exchange is while it is under way, for whoever looks in the meantime.
//!
//! Marks are set where things happen and read from outside, without a lock; they reach those places with the
//! task, as those of [`probe`](super::probe) do. Must not know who looks.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
};

tokio::task_local! {
    static PULSE: Arc<Pulse>;
}

/// What an exchange is at. The names are API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// A connection is being opened.
    Connect,
    /// The head of the response is waited for.
    Head,
    /// The body is on its way.
    Body,
}

impl Reach {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Reach::Connect => "connect",
            Reach::Head => "headers",
            Reach::Body => "body",
        }
    }
}

/// How far one exchange is.
#[derive(Debug, Default)]
pub struct Pulse {
    reach: AtomicU8,
    bytes: AtomicU64,
}

impl Pulse {
    /// What it is at.
    pub fn reach(&self) -> Reach {
        match self.reach.load(Relaxed) {
            1 => Reach::Connect,
            2 => Reach::Body,
            _ => Reach::Head,
        }
    }

    /// Bytes of the body that have come so far, as they crossed the network.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Does `work` with this in its reach.
    pub(crate) async fn around<T>(self: Arc<Self>, work: impl Future<Output = T>) -> T {
        PULSE.scope(self, work).await
    }
}

/// The exchange of this task is at this now, if anybody may look.
pub(super) fn is_at(reach: Reach) {
    let mark = match reach {
        Reach::Head => 0,
        Reach::Connect => 1,
        Reach::Body => 2,
    };
    // Without a pulse nobody looks.
    let _ = PULSE.try_with(|pulse| pulse.reach.store(mark, Relaxed));
}

/// So much more of its body has come.
pub(super) fn received(bytes: usize) {
    let _ = PULSE.try_with(|pulse| pulse.bytes.fetch_add(bytes as u64, Relaxed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn marks_are_those_of_the_exchange_of_this_task() {
        is_at(Reach::Body);
        let (one, other) = (Arc::new(Pulse::default()), Arc::new(Pulse::default()));
        assert_eq!((one.reach(), one.bytes()), (Reach::Head, 0));
        let work = async |reach, bytes| {
            is_at(reach);
            tokio::task::yield_now().await;
            received(bytes);
        };
        let both = (Arc::clone(&one).around(work(Reach::Connect, 5)), Arc::clone(&other).around(work(Reach::Body, 7)));
        tokio::join!(both.0, both.1);
        assert_eq!((one.reach(), one.bytes(), other.reach(), other.bytes()), (Reach::Connect, 5, Reach::Body, 7));
    }
}
