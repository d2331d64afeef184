//! Days and moments as ignore files and state files write them.
//!
//! Must not know the clock: today is an argument.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Last second of the year 9999: what lies behind it has no RFC 3339 form.
const LAST: u64 = 253_402_300_799;

/// A moment, to the second. Written as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(u64);

impl Stamp {
    /// Time from `earlier` to here; zero if that lies ahead.
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// This much later.
    pub fn after(self, time: Duration) -> Stamp {
        Stamp(self.0.saturating_add(time.as_secs()).min(LAST))
    }

    /// The day it falls on, in UTC.
    pub fn day(self) -> Day {
        self.to_string().get(..10).and_then(|day| day.parse().ok()).unwrap_or(Day(1970, 1, 1))
    }
}

impl From<SystemTime> for Stamp {
    /// Times before 1970 are taken as 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Stamp(since.as_secs().min(LAST))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(self.0)).fmt(f)
    }
}

impl FromStr for Stamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is not a time; write 2026-01-31T12:00:00Z");
        humantime::parse_rfc3339(text).map(Stamp::from).map_err(wrong)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A day of the calendar: year, month, day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u16, u8, u8);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0, self.1, self.2)
    }
}

impl FromStr for Day {
    type Err = String;

    /// `YYYY-MM-DD`, a day that exists.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let digits = |range: std::ops::Range<usize>| {
                text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            };
            let (year, month) = (digits(0..4)?.parse().ok()?, digits(5..7)?.parse().ok()?);
            let day = digits(8..10)?.parse().ok()?;
            let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
            (dashes && (1..=days_of(year, month)).contains(&day)).then_some(Day(year, month, day))
        };
        parsed().ok_or_else(|| format!("`{text}` is not a day; write 2027-01-31"))
    }
}

/// Days of a month (Gregorian calendar); 0 for a month that does not exist.
fn days_of(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_must_exist() {
        for good in ["2027-01-31", "2024-02-29", "2000-02-29"] {
            assert_eq!(good.parse::<Day>().unwrap().to_string(), good);
        }
        for bad in ["", "2027-1-31", "2027-02-29", "1900-02-29", "2027-13-01", "2027-00-10", "2027-01-00", "ü027-01-31"]
        {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        assert!("2026-12-31".parse::<Day>() < "2027-01-01".parse());
    }

    #[test]
    fn a_moment_is_written_and_read_to_the_second() {
        let stamp: Stamp = "2026-11-21T14:57:09Z".parse().unwrap();
        assert_eq!(stamp.to_string(), "2026-11-21T14:57:09Z");
        assert_eq!(stamp.day().to_string(), "2026-11-21");
        let later = stamp.after(Duration::from_secs(90));
        assert_eq!((later.since(stamp).as_secs(), stamp.since(later).as_secs()), (90, 0));
        assert!("yesterday".parse::<Stamp>().is_err());
        assert_eq!(Stamp::from(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), Stamp(0));
        assert_eq!(stamp.after(Duration::MAX).to_string(), "9999-12-31T23:59:59Z");
    }
}
