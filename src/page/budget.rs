//! What may be spent on a page: time and bytes, and why something was not read to its end.
//!
//! Time is CPU time of the thread where the system counts it, so that a busy machine cuts nothing
//! short. Shared by all who spend, hence the cells. Must not know what it is spent on.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Why something was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Its time was over.
    Time,
    /// There was no room for more.
    Room,
    /// The page nests too deep for a tree.
    Depth,
}

impl Cut {
    /// All of them, in order.
    pub(super) const ALL: [Cut; 3] = [Cut::Time, Cut::Room, Cut::Depth];

    /// Why, as a sentence without a subject of its own.
    pub const fn why(self) -> &'static str {
        match self {
            Cut::Time => "it took too long",
            Cut::Room => "the page or what is found on it is too large",
            Cut::Depth => "the page is nested too deep",
        }
    }
}

/// A span of time that runs while this thread works.
#[derive(Debug)]
pub(super) struct Clock {
    /// What the thread will have spent when it is over.
    end: Cell<Duration>,
    /// Before this moment it cannot be over: nobody spends more than passes. Asking for the moment
    /// takes a tenth of what asking for the time spent takes.
    look: Cell<Instant>,
    over: Cell<bool>,
}

impl Clock {
    /// A span that begins now.
    pub(super) fn of(time: Duration) -> Clock {
        let now = Instant::now();
        Clock { end: Cell::new(spent(now) + time), look: Cell::new(now + time), over: Cell::new(false) }
    }

    /// Begins anew.
    fn restart(&self, time: Duration) {
        let new = Clock::of(time);
        self.end.set(new.end.get());
        self.look.set(new.look.get());
        self.over.set(false);
    }

    /// Whether it is over; whoever was told so once is told so again.
    pub(super) fn is_over(&self) -> bool {
        let now = Instant::now();
        if !self.over.get() && now >= self.look.get() {
            let left = self.end.get().saturating_sub(spent(now));
            self.over.set(left.is_zero());
            self.look.set(now + left);
        }
        self.over.get()
    }

    /// Whether somebody was told that it is over.
    pub(super) fn was_over(&self) -> bool {
        self.over.get()
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.end.get().saturating_sub(spent(Instant::now()))
    }
}

/// CPU time that this thread has spent.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd"))]
fn spent(_: Instant) -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or(0), u32::try_from(spent.tv_nsec).unwrap_or(0))
}

/// Time that has passed since the first question, where CPU time is not to be had.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd")))]
fn spent(now: Instant) -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    now.saturating_duration_since(*START.get_or_init(|| now))
}

/// Bytes that values may take.
#[derive(Debug)]
pub(super) struct Room {
    left: Cell<usize>,
    full: Cell<bool>,
}

impl Room {
    /// So many bytes.
    pub(super) fn of(bytes: usize) -> Room {
        Room { left: Cell::new(bytes), full: Cell::new(false) }
    }

    /// Whether a value of so many bytes still fits. Once something did not, nothing does.
    pub(super) fn pays(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        if left.is_none() {
            self.refuse();
        }
        left.is_some()
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.left.get()
    }

    /// Takes note that there is more than is kept, whatever it may weigh.
    pub(super) fn refuse(&self) {
        self.full.set(true);
    }
}

/// What is left to spend on one page, and of it on the field under way.
#[derive(Debug)]
pub(super) struct Budget {
    all: Clock,
    /// The time of the field under way.
    pub(super) clock: Clock,
    pub(super) room: Room,
}

impl Budget {
    /// For a page. All of the time is that of its first field until [`Budget::begin`] says otherwise.
    pub(super) fn of(time: Duration, bytes: usize) -> Budget {
        Budget { all: Clock::of(time), clock: Clock::of(time), room: Room::of(bytes) }
    }

    /// Begins a field, the first of so many that are left: it gets its share of the time, of which
    /// what it leaves over goes to the others.
    pub(super) fn begin(&self, left: usize) {
        let parts = u32::try_from(left.max(1)).unwrap_or(u32::MAX);
        self.clock.restart(self.all.left() / parts);
        self.room.full.set(false);
    }

    /// Why the field under way was not read to its end; `None`: it was.
    pub(super) fn cut(&self) -> Option<Cut> {
        match (self.clock.was_over(), self.room.full.get()) {
            (true, _) => Some(Cut::Time),
            (_, true) => Some(Cut::Room),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_costs_no_time_and_working_does() {
        let clock = Clock::of(Duration::from_millis(20));
        std::thread::sleep(Duration::from_millis(60));
        if cfg!(target_os = "linux") {
            assert!(!clock.is_over() && !clock.was_over());
        }
        while !clock.is_over() {}
        assert!(clock.was_over() && clock.left().is_zero());
        clock.restart(Duration::from_secs(600));
        assert!(!clock.is_over());
    }

    #[test]
    fn what_a_field_leaves_over_goes_to_the_others() {
        let budget = Budget::of(Duration::from_millis(40), 10);
        budget.begin(2);
        assert!(budget.clock.left() <= Duration::from_millis(20));
        while !budget.clock.is_over() {}
        assert_eq!(budget.cut(), Some(Cut::Time));
        budget.begin(1);
        assert!(budget.cut().is_none() && budget.clock.left() > Duration::from_millis(10));
        assert!(budget.room.pays(6) && !budget.room.pays(6) && !budget.room.pays(1));
        assert_eq!(budget.cut(), Some(Cut::Room));
        budget.begin(1);
        assert!(budget.cut().is_none(), "until it asks for room");
    }
}
