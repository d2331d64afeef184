//! What is measured between two decisions: exchanges of a round, and the point they make.
//!
//! Must not know what is decided.

use std::time::{Duration, Instant};

/// Load of a round (mean of exchanges at once) and the throughput it had (answers a second).
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub limit: usize,
    pub load: f64,
    pub throughput: f64,
}

impl Point {
    /// Whether the throughput since `before` has grown by this power of a growth.
    pub fn has_gained(&self, before: &Point, growth: f64, power: f64) -> bool {
        self.throughput >= before.throughput * growth.powf(power)
    }

    /// The same for the growth of the load, as little as is asked for.
    pub fn is_worth(&self, before: &Point) -> bool {
        self.has_gained(before, self.load / before.load, super::WORTH)
    }

    pub fn latency(&self) -> f64 {
        self.load / self.throughput
    }
}

/// What happened since the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub began: Instant,
    pub limit: usize,
    pub answered: u32,
    pub failed: u32,
    pub latency: Duration,
    pub used: bool,
}

impl Round {
    pub fn new(began: Instant, limit: usize) -> Self {
        Round { began, limit, answered: 0, failed: 0, latency: Duration::ZERO, used: false }
    }

    pub fn count(&self) -> u32 {
        self.answered + self.failed
    }

    pub fn mean_latency(&self) -> Duration {
        self.latency.checked_div(self.count()).unwrap_or_default()
    }

    pub fn point(&self, now: Instant) -> Point {
        let elapsed = now.saturating_duration_since(self.began).as_secs_f64().max(1e-6);
        // A clock that is too coarse for an exchange must not make it free.
        let load = (self.latency.as_secs_f64() / elapsed).max(0.01);
        Point { limit: self.limit, load, throughput: f64::from(self.answered) / elapsed }
    }
}
