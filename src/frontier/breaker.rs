//! A host that fails again and again is left alone for a while.
//!
//! Closed until `--host-errors` transport failures in a row; then open: nothing starts until a
//! cool-down is over, then one probe does. If the probe fails the host is given up: what waits for
//! it is skipped until the next cool-down, twice as long, is over (the circuit breaker of M.
//! Nygard, "Release It!"). Must not know what the failures were.

use std::time::{Duration, Instant};

use super::Contact;

/// First cool-down; doubles with every probe that fails.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// Longest cool-down.
const COOL_DOWN_MOST: Duration = Duration::from_secs(60);

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// All is well.
    Closed,
    /// Nothing starts, or just a probe.
    Open,
}

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    cool_down: Duration,
    given_up: bool,
    /// The probe is under way, alone.
    probing: bool,
}

impl Breaker {
    /// Takes note of how an exchange ended. `threshold` 0 never opens.
    pub fn note(&mut self, contact: Contact, threshold: u32, now: Instant) {
        match contact {
            Contact::Unknown => {
                // If that was the probe, another one has to go.
                if let Some(open) = &mut self.open {
                    open.probing = false;
                }
            }
            Contact::Answered => *self = Breaker::default(),
            Contact::Failed if threshold > 0 => {
                self.failures = self.failures.saturating_add(1);
                match &mut self.open {
                    None if self.failures >= threshold => {
                        self.open = Some(Open {
                            until: now + COOL_DOWN,
                            cool_down: COOL_DOWN,
                            given_up: false,
                            probing: false,
                        });
                    }
                    // Those that were under way when it opened do not count: only a probe does.
                    Some(open) if open.probing => {
                        let cool_down = (open.cool_down * 2).min(COOL_DOWN_MOST);
                        *open = Open { until: now + cool_down, cool_down, given_up: true, probing: false };
                    }
                    _ => {}
                }
            }
            Contact::Failed => {}
        }
    }

    /// Something was started; while open that can only be the probe.
    pub fn launched(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = true;
        }
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub fn state(&self) -> BreakerState {
        if self.is_open() { BreakerState::Open } else { BreakerState::Closed }
    }

    /// When a probe may go, while open.
    pub fn probe_at(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.until)
    }

    /// Whether what waits is to be skipped: a probe has failed and the next is not due.
    pub fn gives_up(&self, now: Instant) -> bool {
        self.open.as_ref().is_some_and(|open| open.given_up && open.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_probes_then_gives_up_then_heals() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut breaker = Breaker::default();
        breaker.note(Contact::Failed, 3, at(0));
        breaker.note(Contact::Answered, 3, at(0));
        for _ in 0..2 {
            breaker.note(Contact::Failed, 3, at(0));
        }
        assert!(!breaker.is_open(), "an answer in between starts the count again");
        breaker.note(Contact::Failed, 3, at(0));
        assert_eq!((breaker.probe_at(), breaker.gives_up(at(1))), (Some(at(5)), false));
        breaker.note(Contact::Failed, 3, at(1));
        assert_eq!(breaker.probe_at(), Some(at(5)), "a straggler does not prolong it");
        breaker.note(Contact::Failed, 3, at(6));
        assert!(!breaker.gives_up(at(6)), "nor does it count as the probe, however late it is");
        breaker.launched();
        breaker.note(Contact::Failed, 3, at(6));
        assert_eq!(
            (breaker.probe_at(), breaker.gives_up(at(7)), breaker.gives_up(at(16))),
            (Some(at(16)), true, false)
        );
        breaker.note(Contact::Answered, 3, at(17));
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_threshold_of_zero_never_opens() {
        let mut breaker = Breaker::default();
        for _ in 0..1000 {
            breaker.note(Contact::Failed, 0, Instant::now());
        }
        assert!(!breaker.is_open());
    }
}
