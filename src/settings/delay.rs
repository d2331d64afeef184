//! The pause between two requests to a host: a time, and a multiple of how long the host took.
//!
//! Must not know when requests are made.

use std::{fmt, str::FromStr, time::Duration};

use crate::model::units;

/// Longest pause that comes of a factor: a host that takes minutes has not asked for an hour of rest.
/// As Heritrix has it (`maxDelayMs`), and as a Crawl-delay is capped.
pub const FACTOR_MOST: Duration = Duration::from_secs(30);
/// Parts of one.
const PARTS: u32 = 1000;
/// Largest factor.
const MOST: u32 = 1000;

/// How many times as long as a host took for its last answer it is left alone afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(u32);

impl Factor {
    /// The pause after an exchange that took so long; at most [`FACTOR_MOST`].
    pub fn pause(self, took: Duration) -> Duration {
        (took.min(FACTOR_MOST * PARTS) * self.0 / PARTS).min(FACTOR_MOST)
    }
}

impl FromStr for Factor {
    type Err = String;

    /// `2x`, `0.5x`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix(['x', 'X']).and_then(|number| number.trim_end().parse::<f64>().ok());
        let parts = number.map(|number| (number * f64::from(PARTS)).round());
        match parts.filter(|parts| (1.0..=f64::from(PARTS * MOST)).contains(parts)) {
            // In range, so nothing is cut off.
            Some(parts) => Ok(Factor(parts as u32)),
            None => Err(format!("`{text}` is not a factor from 0.001x to {MOST}x; write 2x")),
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", f64::from(self.0) / f64::from(PARTS))
    }
}

/// What `--delay` says: the larger of both counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// Least time between two starts.
    pub least: Duration,
    /// How many times the last response time to wait after it.
    pub factor: Option<Factor>,
}

impl FromStr for Delay {
    type Err = String;

    /// `1s`, `2x`, or both with a comma between; `0` is none.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut least, mut factor) = (None, None);
        for part in text.split(',') {
            let is_new = match part.trim().ends_with(['x', 'X']) {
                true => factor.replace(part.parse()?).is_none(),
                false => least.replace(units::duration(part)?).is_none(),
            };
            if !is_new {
                return Err(format!("`{text}` says the same twice; write 1s, 2x or 1s,2x"));
            }
        }
        Ok(Delay { least: least.unwrap_or_default(), factor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(text: &str) -> Factor {
        text.parse().unwrap()
    }

    #[test]
    fn a_delay_is_a_time_a_factor_or_both() {
        let second = Duration::from_secs(1);
        for (text, least, factor) in [
            ("1s", second, None),
            ("0", Duration::ZERO, None),
            ("2x", Duration::ZERO, Some("2x")),
            ("1s,2x", second, Some("2x")),
            (" 1.5x , 1s ", second, Some("1.5x")),
        ] {
            let delay: Delay = text.parse().unwrap();
            assert_eq!(
                (delay.least, delay.factor.map(|f| f.to_string())),
                (least, factor.map(str::to_owned)),
                "{text}"
            );
        }
        for text in ["", "x", "0x", "-1x", "NaNx", "infx", "1001x", "1s,2s", "2x,3x", "1s,", "2 y", "1s;2x"] {
            assert!(text.parse::<Delay>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pause_grows_with_the_response_time_up_to_its_cap() {
        assert_eq!(factor("2x").pause(Duration::from_millis(300)), Duration::from_millis(600));
        assert_eq!(factor("0.5x").pause(Duration::from_secs(3)), Duration::from_millis(1500));
        assert_eq!(factor("2x").pause(Duration::from_secs(16)), FACTOR_MOST);
        assert_eq!(factor("1000x").pause(Duration::MAX), FACTOR_MOST);
        assert_eq!(factor("2x").pause(Duration::ZERO), Duration::ZERO);
    }
}
