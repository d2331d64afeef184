//! How many exchanges at once are worth it, found out on the way: for a host, or for a whole run.
//!
//! Begins like TCP (RFC 5681): doubling every round trip until something speaks against it, then
//! additive increase, and multiplicative decrease on failures, refusals and latency, at most once a
//! round trip. What speaks against more is, as in BBR, that throughput has stopped to grow: by
//! Little's law this is the same as latency that grows as fast as the limit, but needs no latency
//! without load to compare with, which pages of unequal cost do not have. Refusals (429, 503) also
//! set a rate, see [`throttle`]. Must not know which host it is for, nor HTTP; time is an argument.

mod throttle;

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use throttle::Throttle;

/// Least length of a round, so that it holds enough exchanges to measure a throughput by: while
/// doubling, and afterwards.
const ROUND_FIRST: Duration = Duration::from_millis(20);
const ROUND: Duration = Duration::from_millis(100);
/// Exchanges that a round holds at least.
const ROUND_COUNT: u32 = 4;
/// Growth of the load over which two throughputs are compared.
const STRIDE: f64 = 1.2;
/// Throughput has to grow by this power of the load's growth (1.0 is in proportion) or the growth is
/// taken back: 9 % for twice the load.
const WORTH: f64 = 0.12;
/// Rounds of doubling that may bring nothing before it ends: one may be chance.
const FLAT_MOST: u8 = 2;
/// The limit is multiplied by this after a failure, a refusal or a slow-down.
const DECREASE: f64 = 0.7;
/// The additive step is this part of the limit at the last decrease.
const STEP: f64 = 1.0 / 16.0;
/// Share of failures in a round below which the fault is with some pages, not with the load.
const FAILED_SHARE: f64 = 0.05;
/// Latency so many times what it was at the same load is a slow-down.
const SLOWED: f64 = 2.0;
/// After growth that brought nothing, the first wait before the next try, and the longest.
const HOLD: Duration = Duration::from_secs(1);
const HOLD_MOST: Duration = Duration::from_secs(32);

/// What a limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One host. Begins at what a host gets without adaption, which nobody takes offence at.
    Host,
    /// The whole run. Never below what a run gets without adaption, and deaf to latency: a list
    /// that comes to slow hosts is no reason to ask fewer at once.
    Run,
}

impl Scope {
    const fn start(self) -> usize {
        match self {
            Scope::Host => 8,
            Scope::Run => 32,
        }
    }

    const fn floor(self) -> usize {
        match self {
            Scope::Host => 1,
            Scope::Run => 32,
        }
    }
}

/// How an exchange ended, as far as load is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// There was an answer.
    Answered,
    /// The answer was "not now".
    Refused,
    /// No answer, or a broken one.
    Failed,
}

/// Load of a round (mean of exchanges at once) and the throughput it had (answers a second).
#[derive(Clone, Copy, Debug)]
struct Point {
    limit: usize,
    load: f64,
    throughput: f64,
}

impl Point {
    /// Whether the throughput has grown as it should for the growth of the load since `before`.
    fn is_worth(&self, before: &Point) -> bool {
        self.throughput >= before.throughput * (self.load / before.load).powf(WORTH)
    }

    fn latency(&self) -> f64 {
        self.load / self.throughput
    }
}

/// What happened since the last look.
#[derive(Clone, Copy, Debug)]
struct Round {
    began: Instant,
    limit: usize,
    answered: u32,
    failed: u32,
    latency: Duration,
    used: bool,
}

/// Which way the limit is going.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Doubling every round trip.
    Start { flat: u8 },
    /// Climbing by a step a round, from `from` on.
    Climb { step: usize, from: Instant, hold: Duration },
}

/// A limit that adapts.
#[derive(Debug)]
pub struct Adapt {
    scope: Scope,
    cap: usize,
    limit: usize,
    phase: Phase,
    round: Option<Round>,
    anchor: Option<Point>,
    /// Smoothed latency in seconds.
    latency: f64,
    throttle: Throttle,
}

impl Adapt {
    /// A limit that nothing is known about yet; it never passes `cap`.
    pub fn new(scope: Scope, cap: NonZeroUsize) -> Self {
        let cap = cap.get();
        Adapt {
            scope,
            cap,
            limit: scope.start().min(cap),
            phase: Phase::Start { flat: 0 },
            round: None,
            anchor: None,
            latency: 0.0,
            throttle: Throttle::default(),
        }
    }

    /// Exchanges at once.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// When the next exchange may start, if that is after `now`: set by refusals only.
    pub fn blocked_until(&self, now: Instant) -> Option<Instant> {
        self.throttle.blocked_until(now)
    }

    /// Whether a rate was learned that is worth keeping in mind.
    pub fn is_throttled(&self) -> bool {
        self.throttle.pace().is_some()
    }

    /// An exchange was started.
    pub fn launched(&mut self, now: Instant) {
        self.throttle.launched(now);
        self.round.get_or_insert_with(|| Round::new(now, self.limit));
    }

    /// An exchange is over. `in_flight` counts it.
    pub fn note(&mut self, effect: Effect, latency: Duration, in_flight: usize, now: Instant) {
        let Some(round) = &mut self.round else { return };
        self.throttle.note(effect == Effect::Refused, self.latency, now);
        if round.began > now {
            return; // it was started before the last decrease
        }
        round.latency += latency;
        match effect {
            Effect::Answered | Effect::Refused => round.answered += 1,
            Effect::Failed => round.failed += 1,
        }
        let seconds = latency.as_secs_f64();
        self.latency += (seconds - self.latency) * if self.latency == 0.0 { 1.0 } else { 0.1 };
        // As Linux judges whether a window was used: while doubling, half of it is enough.
        let (use_of, doubling) = match self.phase {
            Phase::Start { .. } => (in_flight * 2, true),
            Phase::Climb { .. } => (in_flight, false),
        };
        round.used |= use_of >= self.limit;
        if doubling && round.used && effect == Effect::Answered && self.throttle.pace().is_none() {
            self.limit = (self.limit + 1).min(round.limit * 2).min(self.cap);
        }
        let least = if doubling { ROUND_FIRST } else { ROUND }.max(round.mean_latency());
        let count = round.answered + round.failed;
        if count >= ROUND_COUNT && now.saturating_duration_since(round.began) >= least {
            let round = *round;
            self.round = Some(Round::new(now, self.limit));
            self.judge(&round, now);
        }
    }

    fn judge(&mut self, round: &Round, now: Instant) {
        let elapsed = now.saturating_duration_since(round.began).as_secs_f64().max(1e-6);
        let point = Point {
            limit: round.limit,
            load: (round.latency.as_secs_f64() / elapsed).max(0.1),
            throughput: f64::from(round.answered) / elapsed,
        };
        if f64::from(round.failed) > FAILED_SHARE * f64::from(round.answered + round.failed) {
            return self.decrease(1, now);
        }
        if let Some(pace) = self.throttle.take_cut() {
            // Not below what the rate needs by Little's law, with half as much again to spare.
            return self.decrease((pace * self.latency * 1.5).ceil() as usize + 2, now);
        }
        let Some(anchor) = self.anchor else {
            self.anchor = Some(point);
            return self.climb(round, now);
        };
        match self.phase {
            Phase::Start { flat } => self.double(flat, &point, &anchor, round, now),
            Phase::Climb { hold, .. } => {
                if point.load >= anchor.load * STRIDE && point.limit > anchor.limit {
                    if point.is_worth(&anchor) {
                        self.anchor = Some(point);
                        self.climb(round, now);
                    } else {
                        self.limit = anchor.limit;
                        self.settle(now + hold, (hold * 2).min(HOLD_MOST), now);
                    }
                } else if round.used && point.throughput > 0.0 && self.has_slowed(&point, &anchor) {
                    self.decrease(1, now);
                } else {
                    self.refresh(&point);
                    self.climb(round, now);
                }
            }
        }
    }

    fn double(&mut self, flat: u8, point: &Point, anchor: &Point, round: &Round, now: Instant) {
        let compares = point.load >= anchor.load * STRIDE;
        if compares && !point.is_worth(anchor) {
            if flat + 1 >= FLAT_MOST {
                self.limit = anchor.limit.clamp(self.floor(), self.cap);
                return self.settle(now + HOLD, HOLD * 2, now);
            }
            self.phase = Phase::Start { flat: flat + 1 };
        } else if compares {
            self.anchor = Some(*point);
            self.phase = Phase::Start { flat: 0 };
        }
        if round.limit == self.cap {
            self.settle(now, HOLD, now);
        }
    }

    /// Slower than it was under the same load, and no more done for it.
    fn has_slowed(&self, point: &Point, anchor: &Point) -> bool {
        self.scope == Scope::Host
            && point.latency() > SLOWED * anchor.latency()
            && point.throughput < DECREASE * anchor.throughput
    }

    /// What is known about the anchor ages: hosts change.
    fn refresh(&mut self, point: &Point) {
        if let Some(anchor) = self.anchor.as_mut().filter(|anchor| (point.load / anchor.load - 1.0).abs() < 0.15) {
            anchor.throughput += (point.throughput - anchor.throughput) / 4.0;
            anchor.load += (point.load - anchor.load) / 4.0;
        }
    }

    fn climb(&mut self, round: &Round, now: Instant) {
        if let Phase::Climb { step, from, .. } = self.phase
            && round.used
            && from <= now
        {
            self.limit = (self.limit + step).min(self.cap);
            self.round = Some(Round::new(now, self.limit));
        }
    }

    /// `floor` is the least that this decrease leaves.
    fn decrease(&mut self, floor: usize, now: Instant) {
        let lower = (self.limit as f64 * DECREASE) as usize;
        self.limit = self.limit.min(lower.max(floor).max(self.floor()));
        self.anchor = None;
        self.settle(now, HOLD, now);
        // What is under way was started before, so it says nothing about the new limit.
        let stale = Duration::try_from_secs_f64(self.latency).unwrap_or(Duration::ZERO);
        self.round = Some(Round::new(now + stale, self.limit));
    }

    fn settle(&mut self, from: Instant, hold: Duration, now: Instant) {
        let step = ((self.limit as f64 * STEP) as usize).max(1);
        self.phase = Phase::Climb { step, from, hold };
        self.round = Some(Round::new(now, self.limit));
    }

    fn floor(&self) -> usize {
        self.scope.floor().min(self.cap)
    }
}

impl Round {
    fn new(began: Instant, limit: usize) -> Self {
        Round { began, limit, answered: 0, failed: 0, latency: Duration::ZERO, used: false }
    }

    fn mean_latency(&self) -> Duration {
        self.latency.checked_div(self.answered + self.failed).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
