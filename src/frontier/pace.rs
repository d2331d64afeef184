//! Rates: governor's GCRA under a clock that is told the time.
//!
//! Never awaited: `check` answers at once, and whoever may not go waits in the frontier. Must not
//! know whose rate it is.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};

use crate::model::units::Rate;

/// Timers fire up to so much late, and catching up would put more than the rate into a window; so
/// starts are spread over a hundredth more time than the rate allows.
const SLACK: f64 = 1.01;

/// Timers have a grain of a millisecond, so fast rates start what falls into this time together.
const TOGETHER: Duration = Duration::from_millis(10);

/// A clock that is told the time, in nanoseconds since an epoch of its own.
#[derive(Clone, Debug, Default)]
struct Told(Arc<AtomicU64>);

impl Clock for Told {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        Nanos::from(self.0.load(Relaxed))
    }
}

/// One rate. A start is [granted](Pace::check) first and [made](Pace::started) later: what else may hold a
/// request up is asked in between.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, Told, NoOpMiddleware<Nanos>>,
    clock: Told,
    epoch: Instant,
    spacing: Duration,
    /// When a start was granted that was not made yet.
    granted: Option<Instant>,
    /// The last start was made later than it was granted: none is granted before this.
    not_before: Option<Instant>,
}

impl Pace {
    pub fn new(rate: Rate, epoch: Instant) -> Self {
        let spacing = rate.per.mul_f64(SLACK) / rate.count.get();
        // No more at once than the slack makes up for within one period.
        let made_up_for = f64::from(rate.count.get()) * (SLACK - 1.0) * 0.9;
        let together = (TOGETHER.as_secs_f64() / spacing.as_secs_f64().max(1e-9)).min(made_up_for) as u32;
        let burst = NonZeroU32::new(together).unwrap_or(NonZeroU32::MIN);
        let spacing = spacing.max(Duration::from_nanos(1));
        let quota = Quota::with_period(spacing).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        let clock = Told::default();
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        Pace { limiter, clock, epoch, spacing, granted: None, not_before: None }
    }

    /// As [`new`](Self::new), where another pace held before: none is granted sooner than one period of this
    /// one after the last start.
    pub fn after(rate: Rate, last: Option<Instant>, epoch: Instant) -> Self {
        let mut pace = Pace::new(rate, epoch);
        pace.not_before = last.map(|last| last + pace.spacing);
        pace
    }

    /// Grants a start if there is one at `now`, else says how long to wait. What was granted stays so until
    /// it is made.
    pub fn check(&mut self, now: Instant) -> Result<(), Duration> {
        if self.granted.is_some() {
            return Ok(());
        }
        if let Some(until) = self.not_before.filter(|until| *until > now) {
            return Err(until - now);
        }
        let nanos = now.saturating_duration_since(self.epoch).as_nanos();
        self.clock.0.store(u64::try_from(nanos).unwrap_or(u64::MAX), Relaxed);
        self.limiter
            .check()
            .map_err(|not_yet| not_yet.wait_time_from(self.clock.now()).max(Duration::from_micros(1)))?;
        self.granted = Some(now);
        Ok(())
    }

    /// The start that was granted is made. If that is later than it was granted, the limiter does not know:
    /// it would let the next follow too soon.
    pub fn started(&mut self, now: Instant) {
        let late = self.granted.take().is_some_and(|granted| granted < now);
        self.not_before = late.then(|| now + self.spacing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(rate: &str, seconds: u64) -> Vec<Duration> {
        let epoch = Instant::now();
        let mut pace = Pace::new(rate.parse().unwrap(), epoch);
        let mut now = epoch;
        let mut out = Vec::new();
        while now < epoch + Duration::from_secs(seconds) {
            match pace.check(now) {
                Ok(()) => {
                    pace.started(now);
                    out.push(now - epoch);
                }
                Err(wait) => now += wait.max(Duration::from_millis(1)),
            }
        }
        out
    }

    #[test]
    fn no_window_holds_more_than_the_rate() {
        for (rate, count, per) in [
            ("5/s", 5, 1_000),
            ("50/s", 50, 1_000),
            ("1000/s", 1000, 1_000),
            ("5/15s", 5, 15_000),
            ("100/100ms", 100, 100),
        ] {
            let times = starts(rate, 60);
            let per = Duration::from_millis(per);
            for (index, first) in times.iter().enumerate() {
                let within = times[index..].iter().take_while(|time| **time - *first < per).count();
                assert!(within <= count, "{rate}: {within} starts within {per:?}");
            }
            let ideal = 60_000.0 / per.as_millis() as f64 * count as f64;
            assert!(times.len() as f64 > ideal * 0.9, "{rate}: only {} of {ideal}", times.len());
        }
    }

    #[test]
    fn a_start_that_is_made_later_than_it_was_granted_moves_the_next_ones() {
        let epoch = Instant::now();
        let at = |ms: u64| epoch + Duration::from_millis(ms);
        let mut pace = Pace::new("5/s".parse().unwrap(), epoch);
        assert_eq!((pace.check(at(0)), pace.check(at(900))), (Ok(()), Ok(())), "one start, granted once");
        pace.started(at(900));
        assert_eq!(pace.check(at(1000)), Err(Duration::from_millis(102)));
        assert_eq!(pace.check(at(1102)), Ok(()));
        pace.started(at(1102));
        assert_eq!(pace.check(at(1103)), Err(Duration::from_millis(201)));
    }
}
