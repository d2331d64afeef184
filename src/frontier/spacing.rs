//! When the next request to a host may start, by what it was told to keep between two.
//!
//! A pure function of what has happened. Must not know queues.

use std::time::{Duration, Instant};

use crate::settings::HostLimits;

/// What has happened at a host, as far as spacing goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// The last start.
    pub start: Option<Instant>,
    /// The last end of an exchange, and how long that one took.
    pub end: Option<(Instant, Duration)>,
}

impl Past {
    /// When the next may start: the delay after the last start; and, where there is a factor, so many
    /// times the last response time after that start and after the end of that response. With one at
    /// once this is the pause between the end of one and the start of the next; with more it spaces
    /// their starts.
    pub fn next_start(&self, limits: &HostLimits) -> Option<Instant> {
        let pause = match (limits.factor, self.end) {
            (Some(factor), Some((_, took))) => factor.pause(took),
            _ => Duration::ZERO,
        };
        let apart = limits.delay.max(pause);
        let after_start = self.start.filter(|_| !apart.is_zero()).map(|start| start + apart);
        let after_end = self.end.filter(|_| !pause.is_zero()).map(|(end, _)| end + pause);
        after_start.max(after_end)
    }

    /// Whether the pace is not known yet: until the first response has come one request is enough.
    pub fn is_first(&self, limits: &HostLimits) -> bool {
        limits.factor.is_some() && self.end.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(delay: u64, factor: Option<&str>) -> HostLimits {
        let factor = factor.map(|text| text.parse().unwrap());
        HostLimits { delay: Duration::from_secs(delay), factor, ..HostLimits::default() }
    }

    #[test]
    fn the_next_start_is_the_latest_that_any_rule_asks_for() {
        let zero = Instant::now();
        let at = |seconds: u64| zero + Duration::from_secs(seconds);
        let past = |start: u64, end: u64, took: u64| Past {
            start: Some(at(start)),
            end: Some((at(end), Duration::from_secs(took))),
        };
        for (limits, past, next) in [
            (limits(0, None), past(1, 2, 1), None),
            (limits(5, None), past(1, 2, 1), Some(6)),
            (limits(0, Some("2x")), Past::default(), None),
            // One at once: twice what it took, after its end.
            (limits(0, Some("2x")), past(1, 4, 3), Some(10)),
            // Another has started since that end.
            (limits(0, Some("2x")), past(5, 4, 3), Some(11)),
            // The larger of both: of the delay from the start, and of the pause from the end.
            (limits(20, Some("2x")), past(1, 4, 3), Some(21)),
            (limits(1, Some("2x")), past(1, 4, 3), Some(10)),
            (limits(0, Some("100x")), past(1, 4, 3), Some(34)),
        ] {
            assert_eq!(past.next_start(&limits), next.map(at), "{limits:?} {past:?}");
        }
    }

    #[test]
    fn only_a_factor_needs_a_first_response() {
        assert!(Past::default().is_first(&limits(0, Some("2x"))) && !Past::default().is_first(&limits(9, None)));
        let seen = Past { start: None, end: Some((Instant::now(), Duration::ZERO)) };
        assert!(!seen.is_first(&limits(0, Some("2x"))));
    }
}
