//! What is on the screen, before it is drawn: the run as it was seen last, and how fast it goes.
//!
//! Must not know terminals.

use std::{
    collections::VecDeque,
    sync::PoisonError,
    time::{Duration, Instant},
};

use fetchall::engine::View;

use crate::cli::{control::rows::RunRow, progress::Tally};

/// Looks that the rate is taken over: 5 s.
const LOOKS: usize = 20;

/// A run as it was seen last.
#[derive(Debug)]
pub struct Sight {
    pub run: RunRow,
    pub view: Option<View>,
    /// Finished a second, lately.
    pub rate: f64,
    /// Failures and skips by code, the most first.
    pub codes: Vec<(&'static str, u64)>,
    /// p50, p90 and p99 of what was answered.
    pub latencies: Option<[Duration; 3]>,
    /// The last lines that were said.
    pub notes: Vec<String>,
    /// What the last key has done.
    pub told: String,
    looks: VecDeque<(Instant, u64)>,
}

impl Sight {
    /// Nothing was seen yet.
    pub fn new(run: RunRow) -> Self {
        Sight {
            run,
            view: None,
            rate: 0.0,
            codes: Vec::new(),
            latencies: None,
            notes: Vec::new(),
            told: String::new(),
            looks: VecDeque::new(),
        }
    }

    /// It was seen like this.
    pub fn see(&mut self, now: Instant, run: RunRow, view: Option<View>) {
        self.looks.push_back((now, run.finished));
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
        if let (Some((from, before)), Some((until, after))) = (self.looks.front(), self.looks.back()) {
            let seconds = until.saturating_duration_since(*from).as_secs_f64();
            self.rate = if seconds > 0.0 { after.saturating_sub(*before) as f64 / seconds } else { run.per_second };
        }
        // A run that did not answer in time keeps the face it had.
        self.view = view.or(self.view.take());
        self.run = run;
    }

    /// What the records say in sum, where they are counted.
    pub fn count(&mut self, tally: Option<&Tally>) {
        let Some(tally) = tally else { return };
        let summary = tally.lock().unwrap_or_else(PoisonError::into_inner);
        let codes = summary.errors.iter().chain(&summary.skips);
        self.codes = codes.map(|(code, count)| (code.name(), *count)).collect();
        self.codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let percentiles = [50.0, 90.0, 99.0].map(|percent| summary.percentile(percent));
        self.latencies = match percentiles {
            [Some(half), Some(most), Some(nearly)] => Some([half, most, nearly]),
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let run = |finished| RunRow { finished, ..RunRow::default() };
        let mut sight = Sight::new(run(0));
        for look in 0..100_u64 {
            let finished = if look < 50 { look * 100 } else { 5000 + (look - 50) };
            sight.see(start + Duration::from_millis(250 * look), run(finished), None);
        }
        assert_eq!(sight.rate.round() as u64, 4);
    }
}
