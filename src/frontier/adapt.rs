//! How many exchanges at once are worth it, found out on the way: for a host, or for a whole run.
//!
//! Begins like TCP (RFC 5681): growing by a factor every round trip until something speaks against it, then
//! additive increase, and multiplicative decrease on failures, refusals and latency, at most once a
//! round trip. What speaks against more is, as in BBR, that throughput has stopped to grow: by
//! Little's law this is the same as latency that grows as fast as the limit, but needs no latency
//! without load to compare with, which pages of unequal cost do not have. From time to time fewer
//! are tried, and kept where as much gets done. Refusals (429, 503) also set a rate, see
//! [`throttle`]. Must not know which host it is for, nor HTTP; time is an argument.

mod round;
mod throttle;

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use round::{Point, Round};
use throttle::Throttle;

/// Least length of a round, so that it holds enough exchanges to measure a throughput by: while it
/// grows by a factor, and afterwards.
const ROUND_FIRST: Duration = Duration::from_millis(50);
const ROUND: Duration = Duration::from_millis(100);
/// Exchanges that a round holds at least, likewise; or so many failures.
const COUNT_FIRST: u32 = 4;
const COUNT: u32 = 40;
const FAILURES: u32 = 3;
/// Growth of a round trip at the start. TCP doubles; a list is shorter than a connection, and a server
/// that has had enough is noticed just as soon.
const GROWTH: usize = 3;
/// Growth of the load over which two throughputs are compared.
const STRIDE: f64 = 1.2;
/// Throughput has to grow by this power of the load's growth (1.0 is in proportion) or the growth is
/// taken back: 9 % for twice the load.
const WORTH: f64 = 0.12;
/// Growth by this power leaves no doubt that more was better, so that fewer need not be tried at once.
const CLEAR: f64 = 0.5;
/// Rounds in a row after which such growth ends if it brings nothing: one may be chance.
const FLAT_MOST: u8 = 2;
/// The limit is multiplied by this after a failure, a refusal or a slow-down, and to try fewer.
const DECREASE: f64 = 0.7;
/// The additive step is this part of the limit at the beginning of a try.
const STEP: f64 = 1.0 / 16.0;
/// Share of failures in a round below which the fault is with some pages, not with the load.
const FAILED_SHARE: f64 = 0.05;
/// Latency so many times what it was at the same load is a slow-down.
const SLOWED: f64 = 2.0;
/// After a try that brought nothing, the first wait before the next, and the longest.
const HOLD: Duration = Duration::from_secs(1);
const HOLD_MOST: Duration = Duration::from_secs(32);

/// What a limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One host. Begins at what a host gets without adaption, which nobody takes offence at: only
    /// failures and refusals make it fewer.
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

/// Which way the limit is going.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Growing by a factor every round trip; once that brought nothing it stays for another look.
    Start { flat: u8 },
    /// Staying, then trying more or fewer.
    Hold { until: Instant, then: Way },
    /// Growing by a step a round until it can be compared.
    More { step: usize },
    /// Fewer than the anchor, for a round.
    Fewer,
}

/// What is tried next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    More,
    Fewer,
}

/// A limit that adapts.
#[derive(Debug)]
pub struct Adapt {
    scope: Scope,
    cap: usize,
    limit: usize,
    phase: Phase,
    round: Option<Round>,
    /// What the next point is compared with.
    anchor: Option<Point>,
    /// How long the limit stays after a try that brought nothing.
    hold: Duration,
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
            hold: HOLD,
            latency: 0.0,
            throttle: Throttle::default(),
        }
    }

    /// Exchanges at once.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// From now on the limit never passes `cap`. What was found out is kept as far as that allows; below a
    /// higher one it goes on as after a decrease.
    pub fn set_cap(&mut self, cap: NonZeroUsize, now: Instant) {
        let was = std::mem::replace(&mut self.cap, cap.get());
        if self.cap < was {
            self.set(self.limit, now);
        } else if self.limit == was && !matches!(self.phase, Phase::Start { .. }) {
            self.phase = Phase::Hold { until: now, then: Way::More };
        }
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
        // As Linux judges whether a window was used: at the start, half of it is enough.
        let starting = matches!(self.phase, Phase::Start { .. });
        round.used |= in_flight * (1 + usize::from(starting)) >= self.limit;
        let may_grow = self.phase == Phase::Start { flat: 0 } && self.throttle.pace().is_none();
        if may_grow && round.used && effect == Effect::Answered {
            self.limit = (self.limit + GROWTH - 1).min(round.limit * GROWTH).min(self.cap);
        }
        let (length, least) = if starting { (ROUND_FIRST, COUNT_FIRST) } else { (ROUND, COUNT) };
        let enough = round.count() >= least || round.failed >= FAILURES;
        if enough && now.saturating_duration_since(round.began) >= length.max(round.mean_latency()) {
            let round = *round;
            self.round = Some(Round::new(now, self.limit));
            self.judge(&round, now);
        }
    }

    fn judge(&mut self, round: &Round, now: Instant) {
        if f64::from(round.failed) > FAILED_SHARE * f64::from(round.count()) {
            return self.decrease(1, now);
        }
        if let Some(pace) = self.throttle.take_cut() {
            // Not below what the rate needs by Little's law, with half as much again to spare.
            return self.decrease((pace * self.latency * 1.5).ceil() as usize + 2, now);
        }
        // What was not used says nothing about what it is worth.
        if !round.used || round.answered == 0 {
            return;
        }
        let point = round.point(now);
        let Some(anchor) = self.anchor else {
            self.anchor = Some(point);
            return;
        };
        match self.phase {
            Phase::Start { flat } => self.start(flat, &point, &anchor, now),
            Phase::Hold { .. } if self.has_slowed(&point, &anchor) => self.decrease(self.scope.start(), now),
            Phase::Hold { until, then } => {
                self.refresh(&point);
                if until <= now {
                    self.attempt(then, now);
                }
            }
            Phase::More { step } if point.load < anchor.load * STRIDE && point.limit < self.cap => {
                self.set(self.limit + step, now);
            }
            Phase::More { .. } => self.compare(&point, &anchor, Way::More, point.is_worth(&anchor), now),
            Phase::Fewer => self.compare(&point, &anchor, Way::Fewer, !anchor.is_worth(&point), now),
        }
    }

    fn start(&mut self, flat: u8, point: &Point, anchor: &Point, now: Instant) {
        // A round of growth has more load than the limit it began with, so that the other look, at
        // that limit, seems to have grown by nothing: there the limits are compared.
        let growth = match flat {
            0 => point.load / anchor.load,
            _ => point.limit as f64 / anchor.limit as f64,
        };
        let compares = growth >= STRIDE;
        let is_worth = point.has_gained(anchor, growth, WORTH);
        let flat = if compares && !is_worth { flat + 1 } else { 0 };
        if compares && is_worth {
            self.anchor = Some(*point);
        }
        self.phase = Phase::Start { flat };
        match flat {
            0 => {}
            // The limit has grown since; the other look is at what was measured.
            1..FLAT_MOST => self.set(point.limit, now),
            _ => self.set(anchor.limit, now),
        }
        if flat >= FLAT_MOST || point.limit == self.cap {
            // Measured anew: the start has kept the luckiest round.
            self.anchor = None;
            let wait = if flat == 0 && point.has_gained(anchor, growth, CLEAR) { HOLD } else { Duration::ZERO };
            self.phase = Phase::Hold { until: now + wait, then: Way::Fewer };
        }
    }

    /// A try was worth it: on in the same way. It was not: back, and the other way after a while.
    fn compare(&mut self, point: &Point, anchor: &Point, way: Way, is_better: bool, now: Instant) {
        if is_better {
            self.anchor = Some(*point);
            self.hold = HOLD;
            return self.attempt(way, now);
        }
        self.set(anchor.limit, now);
        let then = if way == Way::More { Way::Fewer } else { Way::More };
        self.phase = Phase::Hold { until: now + self.hold, then };
        self.hold = (self.hold * 2).min(HOLD_MOST);
    }

    fn attempt(&mut self, way: Way, now: Instant) {
        let step = ((self.limit as f64 * STEP) as usize).max(1);
        let fewer = ((self.limit as f64 * DECREASE) as usize).max(self.scope.start());
        match way {
            Way::More if self.limit < self.cap => {
                self.phase = Phase::More { step };
                self.set(self.limit + step, now);
            }
            Way::Fewer if fewer < self.limit => {
                self.phase = Phase::Fewer;
                self.set(fewer, now);
            }
            Way::More => self.phase = Phase::Hold { until: now + self.hold, then: Way::Fewer },
            Way::Fewer => self.phase = Phase::Hold { until: now + self.hold, then: Way::More },
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
        if let Some(anchor) = &mut self.anchor {
            anchor.throughput += (point.throughput - anchor.throughput) / 4.0;
            anchor.load += (point.load - anchor.load) / 4.0;
        }
    }

    /// `floor` is the least that this decrease leaves.
    fn decrease(&mut self, floor: usize, now: Instant) {
        let lower = (self.limit as f64 * DECREASE) as usize;
        self.set(self.limit.min(lower.max(floor)), now);
        self.anchor = None;
        self.hold = HOLD;
        self.phase = Phase::Hold { until: now, then: Way::More };
    }

    fn set(&mut self, limit: usize, now: Instant) {
        let limit = limit.clamp(self.floor(), self.cap);
        // What is under way beyond a lower limit was started before, so it says nothing about it.
        let stale = if limit < self.limit { self.latency } else { 0.0 };
        self.limit = limit;
        self.round = Some(Round::new(now + Duration::try_from_secs_f64(stale).unwrap_or_default(), limit));
    }

    fn floor(&self) -> usize {
        self.scope.floor().min(self.cap)
    }
}

#[cfg(test)]
mod tests;
