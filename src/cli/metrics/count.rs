//! The figures of a run, counted from its records.
//!
//! Every label has values from a closed table: no host, no URL. Must not know how they are told.

use std::collections::BTreeMap;

use fetchall::model::{
    Record,
    record::{Ms, Outcome},
};

/// Upper bounds of the histograms' buckets, in seconds: half as much again or twice the one before, from a
/// connection on the same machine to the longest timeout that anybody waits for.
pub const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Phases, as records have them.
pub const PHASES: [&str; 7] = ["queue", "dns", "connect", "tls", "wait", "receive", "total"];

/// How often something took so long.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// For each bound, and above all of them.
    pub counts: [u64; BOUNDS.len() + 1],
    /// All times, in microseconds.
    pub sum: u64,
}

impl Histogram {
    fn add(&mut self, time: Ms) {
        let seconds = time.0 as f64 / 1e6;
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.counts[bucket] += 1;
        self.sum = self.sum.saturating_add(time.0);
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Counts {
    /// By outcome and code; the code is empty where all is well.
    pub requests: BTreeMap<(Outcome, &'static str), u64>,
    /// By the first digit of the status.
    pub responses: BTreeMap<u16, u64>,
    /// Tries after the first.
    pub retries: u64,
    /// Redirects that were followed.
    pub redirects: u64,
    /// Bytes of final bodies as they crossed the network, and decoded.
    pub wire_bytes: u64,
    pub body_bytes: u64,
    /// In the order of [`PHASES`].
    pub phases: [Histogram; PHASES.len()],
}

impl Counts {
    /// Counts a record.
    pub fn add(&mut self, record: &Record) {
        let error = record.error.as_ref().map(|error| error.code);
        let code = error.or(record.skip.as_ref().map(|skip| skip.code));
        *self.requests.entry((record.outcome, code.map_or("", |code| code.name()))).or_default() += 1;
        if let Some(status) = record.status {
            *self.responses.entry(status / 100).or_default() += 1;
        }
        self.retries += u64::from(record.attempts.saturating_sub(1));
        self.redirects += record.redirects.len() as u64;
        self.wire_bytes += record.wire_bytes.unwrap_or(0);
        self.body_bytes += record.bytes.unwrap_or(0);
        let times = &record.timings;
        let times = [
            times.queue_ms,
            times.dns_ms,
            times.connect_ms,
            times.tls_ms,
            times.wait_ms,
            times.receive_ms,
            times.total_ms,
        ];
        for (histogram, time) in self.phases.iter_mut().zip(times) {
            time.into_iter().for_each(|time| histogram.add(time));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_first_bucket_that_holds_it() {
        let mut histogram = Histogram::default();
        for micros in [0, 1_000, 1_001, 30_000_000, 31_000_000] {
            histogram.add(Ms(micros));
        }
        assert_eq!((histogram.counts[0], histogram.counts[1]), (2, 1));
        assert_eq!((histogram.counts[BOUNDS.len() - 1], histogram.counts[BOUNDS.len()]), (1, 1));
        assert_eq!(histogram.sum, 61_002_001);
        assert!(BOUNDS.is_sorted());
    }
}
