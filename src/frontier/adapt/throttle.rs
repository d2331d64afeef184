//! How fast a host that refuses lets itself be asked: a rate learned from its refusals.
//!
//! A server that counts requests a second cannot be held by a number at once: if it answers in a
//! tenth of a millisecond, even one at a time is too much. So the first refusals set a rate, just
//! below what was granted; from there additive increase, the bolder the longer nothing is refused,
//! and multiplicative decrease when more than a few are. Silent until something is refused. Must not
//! know numbers at once.

use std::time::{Duration, Instant};

/// Time after which a rate is judged.
const EPOCH: Duration = Duration::from_millis(100);
/// Answers that such a time holds at least, unless it lasts ten times as long.
const EPOCH_COUNT: u32 = 5;
/// Refusals that end such a time early if they are most of it, and the rest that follows: the rate is
/// far off, and each is one too many.
const ENOUGH: u32 = 16;
const REST: Duration = Duration::from_millis(100);
/// Share of refusals that is tolerated: no rate is kept to without touching it now and then.
const TOLERATED: f64 = 0.02;
/// The rate is set to this part of what was granted.
const DECREASE: f64 = 0.97;
/// Growth of the rate after a clean time, as a part of it; grows with each further one.
const STEP: f64 = 0.003;
/// Growth of the rate while it is below what was granted before.
const BACK: f64 = 1.25;
/// Clean times after which the step is twice as large, three times, and so on.
const BOLDER: f64 = 3.0;
/// What is believed of the average while it lags behind a sudden limit.
const LAGS: f64 = 0.75;
/// Clean times after which all of it is.
const SURE: u32 = 10;
/// Time over which the granted rate is averaged: servers count in seconds.
const MEMORY: f64 = 1.0;
/// Starts that may be made up for at once: timers fire late.
const SLACK: Duration = Duration::from_millis(20);
/// Decreases in a row that change nothing but the pace, after which they are given up.
const IN_VAIN_MOST: u8 = 3;
/// Least rate, a second.
const LEAST: f64 = 0.5;

#[derive(Debug, Default)]
pub(super) struct Throttle {
    pace: Option<Pace>,
    epoch: Option<Epoch>,
    first: Option<Instant>,
    /// Answers a second that were no refusals, averaged.
    granted: f64,
    /// What was granted when the rate was last lowered: up to there growing again is no risk.
    ceiling: f64,
    /// Share of refusals that no slower pace has helped against.
    background: f64,
    /// The decreases that followed one another without a clean time between.
    falling: Option<Falling>,
    clean: u32,
    was_cut: bool,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    per_second: f64,
    next: Instant,
}

/// Decreases in a row. Under a limit, what is granted stays as we slow down; where it falls as we
/// do, the refusals have nothing to do with our pace, and slowing down further is of no use.
#[derive(Clone, Copy, Debug)]
struct Falling {
    /// Asked a second when it began.
    from: f64,
    /// Asked and granted a second the last time.
    asked: f64,
    granted: f64,
    in_vain: u8,
}

#[derive(Clone, Copy, Debug)]
struct Epoch {
    began: Instant,
    granted: u32,
    refused: u32,
}

impl Epoch {
    fn new(began: Instant) -> Self {
        Epoch { began, granted: 0, refused: 0 }
    }
}

impl Falling {
    fn after(before: Option<Falling>, asked: f64, granted: f64) -> Self {
        let Some(before) = before else { return Falling { from: asked, asked, granted, in_vain: 0 } };
        let slower = asked / before.asked;
        let as_much = before.granted * slower;
        let fell_along = granted > 0.0 && (granted / as_much - 1.0).abs() < 0.15;
        let in_vain = if slower < 0.95 && fell_along { before.in_vain + 1 } else { 0 };
        Falling { from: before.from, asked, granted, in_vain }
    }
}

impl Throttle {
    /// Starts a second, once something was refused.
    pub fn pace(&self) -> Option<f64> {
        self.pace.map(|pace| pace.per_second)
    }

    /// The new rate, once, after each decrease.
    pub fn take_cut(&mut self) -> Option<f64> {
        std::mem::take(&mut self.was_cut).then(|| self.pace()).flatten()
    }

    pub fn blocked_until(&self, now: Instant) -> Option<Instant> {
        self.pace.map(|pace| pace.next).filter(|next| *next > now)
    }

    pub fn launched(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.epoch.get_or_insert_with(|| Epoch::new(now));
        if let Some(pace) = &mut self.pace {
            let from = now.checked_sub(SLACK).map_or(now, |slack| pace.next.max(slack));
            pace.next = from + Duration::from_secs_f64(1.0 / pace.per_second.max(LEAST));
        }
    }

    /// An answer came. `latency` is the usual one, in seconds.
    pub fn note(&mut self, is_refused: bool, latency: f64, now: Instant) {
        let Some(epoch) = &mut self.epoch else { return };
        if epoch.began > now {
            return; // it was started before the last decrease
        }
        *(if is_refused { &mut epoch.refused } else { &mut epoch.granted }) += 1;
        let elapsed = now.saturating_duration_since(epoch.began);
        let count = epoch.refused + epoch.granted;
        let length = EPOCH.max(Duration::try_from_secs_f64(latency).unwrap_or(EPOCH));
        let over = elapsed >= length && (count >= EPOCH_COUNT || elapsed >= length * 10);
        if over || epoch.refused >= ENOUGH.max(epoch.granted) {
            let epoch = *epoch;
            self.epoch = Some(Epoch::new(now));
            self.judge(epoch, latency, now);
        }
    }

    fn judge(&mut self, epoch: Epoch, latency: f64, now: Instant) {
        let elapsed = now.saturating_duration_since(epoch.began).as_secs_f64().max(1e-3);
        let since_first = self.first.map_or(elapsed, |first| now.saturating_duration_since(first).as_secs_f64());
        let (granted, refused) = (f64::from(epoch.granted), f64::from(epoch.refused));
        let (total, short) = (granted + refused, granted / elapsed);
        self.granted += (short - self.granted) * (elapsed / since_first.clamp(elapsed, MEMORY.max(elapsed)));
        let (share, asked) = (refused / total.max(1.0), total / elapsed);
        if share <= TOLERATED + 2.0 * self.background {
            self.background = self.background.min(f64::midpoint(self.background, share));
            self.falling = None;
            return self.grow(asked);
        }
        let falling = Falling::after(self.falling, asked, short);
        let next = self.pace.map_or(now, |pace| pace.next);
        if falling.in_vain >= IN_VAIN_MOST {
            self.background = share;
            self.falling = None;
            self.pace = Some(Pace { per_second: falling.from, next });
            return;
        }
        let asked = self.pace().unwrap_or(asked);
        // After a while without refusals the average is as good as it gets; else it lags behind.
        let average = if self.clean >= SURE { self.granted } else { self.granted * LAGS };
        let rate = DECREASE * short.max(average).min(asked);
        let next = if share > 0.5 { next.max(now + REST) } else { next };
        self.pace = Some(Pace { per_second: rate.max(LEAST), next });
        self.falling = Some(falling);
        self.ceiling = self.granted.max(short);
        (self.clean, self.was_cut) = (0, true);
        // What is under way was started before.
        self.epoch = Some(Epoch::new(now + Duration::try_from_secs_f64(latency).unwrap_or(EPOCH)));
    }

    /// Only a rate that was used is known to be good.
    fn grow(&mut self, used: f64) {
        let Some(pace) = self.pace.as_mut().filter(|pace| used >= pace.per_second * 0.8) else { return };
        if pace.per_second * BACK <= self.ceiling * DECREASE {
            pace.per_second *= BACK;
            return;
        }
        pace.per_second *= 1.0 + STEP * (1.0 + f64::from(self.clean) / BOLDER);
        self.clean = self.clean.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks as fast as the throttle lets it, at most `most` a second, for `seconds`; `grants` is the
    /// server. Gives what was granted and refused in the last half.
    fn run(throttle: &mut Throttle, most: f64, seconds: f64, mut grants: impl FnMut(f64) -> bool) -> (f64, f64) {
        let start = Instant::now();
        let (mut at, mut granted, mut refused) = (0.0, 0.0, 0.0);
        while at < seconds {
            let now = start + Duration::from_secs_f64(at);
            if let Some(until) = throttle.blocked_until(now) {
                at = (until - start).as_secs_f64() + 1e-9;
                continue;
            }
            throttle.launched(now);
            let granted_now = grants(at);
            throttle.note(!granted_now, 0.0, now);
            if at > seconds / 2.0 {
                *(if granted_now { &mut granted } else { &mut refused }) += 2.0 / seconds;
            }
            at += 1.0 / most;
        }
        (granted, refused)
    }

    fn bucket(rate: f64, room: f64) -> impl FnMut(f64) -> bool {
        let (mut left, mut last) = (room, 0.0);
        move |at| {
            left = f64::min(left + (at - last) * rate, room);
            last = at;
            let grants = left >= 1.0;
            left -= f64::from(u8::from(grants));
            grants
        }
    }

    fn window(rate: u32) -> impl FnMut(f64) -> bool {
        let (mut second, mut count) = (0, 0);
        move |at| {
            if at as u64 != second {
                (second, count) = (at as u64, 0);
            }
            count += 1;
            count <= rate
        }
    }

    #[test]
    fn whatever_way_a_server_counts_its_rate_is_found_and_few_are_refused() {
        for name in ["small bucket", "full bucket", "window"] {
            for most in [800.0, 5_000.0] {
                let (granted, refused) = run(&mut Throttle::default(), most, 10.0, server(name));
                assert!(granted > 460.0 && refused < 30.0, "{name} {most}: {granted} granted, {refused} refused");
            }
        }
    }

    #[test]
    fn nothing_is_held_back_before_something_is_refused() {
        let mut throttle = Throttle::default();
        let (granted, _) = run(&mut throttle, 5_000.0, 2.0, |_| true);
        assert!((granted - 5_000.0).abs() < 10.0 && throttle.pace().is_none());
    }

    #[test]
    fn a_few_refusals_now_and_then_are_no_limit() {
        let mut count = 0;
        let mut throttle = Throttle::default();
        run(&mut throttle, 1_000.0, 5.0, |_| {
            count += 1;
            count % 100 != 0
        });
        assert_eq!(throttle.pace(), None);
    }

    #[test]
    fn pages_that_always_refuse_do_not_bring_a_run_to_a_crawl() {
        for every in [2, 5, 20] {
            let mut count = 0;
            let (granted, refused) = run(&mut Throttle::default(), 1_000.0, 20.0, |_| {
                count += 1;
                count % every != 0
            });
            assert!(granted + refused > 300.0, "one in {every}: {granted} granted, {refused} refused");
        }
    }

    #[test]
    fn a_server_that_grants_more_again_gets_more() {
        let (mut low, mut high) = (bucket(100.0, 10.0), bucket(1_000.0, 100.0));
        let (granted, _) = run(&mut Throttle::default(), 5_000.0, 30.0, |at| if at < 5.0 { low(at) } else { high(at) });
        assert!(granted > 900.0, "{granted}");
    }

    fn server(name: &str) -> Box<dyn FnMut(f64) -> bool> {
        match name {
            "small bucket" => Box::new(bucket(500.0, 50.0)),
            "full bucket" => Box::new(bucket(500.0, 500.0)),
            _ => Box::new(window(500)),
        }
    }
}
