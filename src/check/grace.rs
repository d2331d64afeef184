//! Grace: a link that worked before may fail for a while before it counts.
//!
//! A server that is down tonight is no reason to stop a release. A link fails for good after
//! several failures that lie apart; one that never worked fails at once. The time is an argument.
//! Must not know why a link fails.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    date::Stamp,
    rows::{self, BadRow, Row, Rows},
};

/// Failures that a link must have had before it counts, however long it has been failing: a single
/// run after a holiday proves nothing.
pub const LEAST_FAILURES: u32 = 2;

/// What is known of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The target, absolute.
    pub url: String,
    /// When it last worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ok: Option<Stamp>,
    /// When it first failed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Stamp>,
    /// How often it failed since.
    #[serde(default)]
    pub failures: u32,
    /// When it was last looked at.
    pub checked_at: Stamp,
}

impl Row for History {
    fn key(&self) -> &str {
        &self.url
    }

    /// The one that was looked at last; of equals the one that knows of more failures.
    fn merge(self, other: Self) -> Self {
        let order = |row: &History| (row.checked_at, row.failures, row.failing_since, row.last_ok);
        let last_ok = self.last_ok.max(other.last_ok);
        let newest = if order(&self) >= order(&other) { self } else { other };
        History { last_ok, ..newest }
    }
}

/// Whether a failure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    /// It does.
    Over,
    /// Not before this moment, if it goes on failing.
    Until(Stamp),
}

/// Whether a failure at `now` counts, by what was known before; `None` is a link never seen.
/// `failures` are those before this one.
pub fn decide(before: Option<&History>, now: Stamp, grace: Duration) -> Grace {
    let Some(before) = before.filter(|before| before.last_ok.is_some()) else { return Grace::Over };
    let since = before.failing_since.unwrap_or(now).min(now);
    let is_often = before.failures.saturating_add(1) >= LEAST_FAILURES;
    if is_often && now.since(since) >= grace { Grace::Over } else { Grace::Until(since.after(grace)) }
}

/// How a target was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It works.
    Working,
    /// It fails.
    Failing,
}

/// What is known of all targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histories(Rows<History>);

impl Histories {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        rows::parse(text).map(Histories)
    }

    /// The text of the file, sorted by target.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        rows::write(self.0.values())
    }

    /// What is known of a target.
    pub fn of(&self, url: &str) -> Option<&History> {
        self.0.get(url)
    }

    /// Notes how a target was found.
    pub fn note(&mut self, url: &str, seen: Seen, now: Stamp) {
        let before = self.0.get(url);
        let last_ok = before.and_then(|before| before.last_ok);
        let history = match seen {
            Seen::Working => {
                History { url: url.to_owned(), last_ok: Some(now), failing_since: None, failures: 0, checked_at: now }
            }
            Seen::Failing => History {
                url: url.to_owned(),
                last_ok,
                failing_since: before.and_then(|before| before.failing_since).or(Some(now)),
                failures: before.map_or(0, |before| before.failures).saturating_add(1),
                checked_at: now,
            },
        };
        self.0.insert(history.url.clone(), history);
    }

    /// Forgets targets that nobody linked to for this long.
    pub fn forget(&mut self, now: Stamp, age: Duration) {
        self.0.retain(|_, history| now.since(history.checked_at) <= age);
    }

    /// Both as one, as when two branches meet.
    pub fn merged(self, other: Self) -> Self {
        Histories(rows::merge(self.0, other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn stamp(day: u32, hour: u32) -> Stamp {
        format!("2026-01-{day:02}T{hour:02}:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_failure_counts_after_several_that_lie_apart() {
        let history = |ok: Option<u32>, since: Option<u32>, failures: u32| History {
            url: "u".into(),
            last_ok: ok.map(|day| stamp(day, 0)),
            failing_since: since.map(|day| stamp(day, 0)),
            failures,
            checked_at: stamp(9, 0),
        };
        for (before, grace) in [
            (None, Grace::Over),
            (Some(history(None, Some(1), 1)), Grace::Over),
            (Some(history(Some(1), None, 0)), Grace::Until(stamp(13, 0))),
            (Some(history(Some(1), Some(9), 1)), Grace::Until(stamp(12, 0))),
            (Some(history(Some(1), Some(7), 1)), Grace::Over),
            (Some(history(Some(1), Some(7), 0)), Grace::Until(stamp(10, 0))),
            (Some(history(Some(1), Some(8), 9)), Grace::Until(stamp(11, 0))),
            // a clock that went backwards
            (Some(history(Some(1), Some(20), 9)), Grace::Until(stamp(13, 0))),
        ] {
            assert_eq!(decide(before.as_ref(), stamp(10, 0), 3 * DAY), grace, "{before:?}");
        }
    }

    #[test]
    fn a_week_of_runs() {
        let mut all = Histories::default();
        let mut fails = Vec::new();
        for (day, seen) in [
            (1, Seen::Working),
            (2, Seen::Failing),
            (3, Seen::Working),
            (4, Seen::Failing),
            (6, Seen::Failing),
            (7, Seen::Failing),
        ] {
            let now = stamp(day, 0);
            if seen == Seen::Failing && decide(all.of("u"), now, 3 * DAY) == Grace::Over {
                fails.push(day);
            }
            all.note("u", seen, now);
        }
        assert_eq!(fails, [7]);
        assert_eq!(Histories::parse(&all.write().unwrap()), Ok(all.clone()));
        all.forget(stamp(20, 0), 7 * DAY);
        assert_eq!(all.of("u"), None);
    }

    #[test]
    fn two_branches_merge_either_way() {
        let (mut one, mut other) = (Histories::default(), Histories::default());
        one.note("u", Seen::Working, stamp(5, 0));
        one.note("v", Seen::Failing, stamp(5, 0));
        other.note("u", Seen::Failing, stamp(6, 0));
        let merged = one.clone().merged(other.clone());
        assert_eq!(merged, other.merged(one));
        let history = merged.of("u").unwrap();
        assert_eq!((history.last_ok, history.failures), (Some(stamp(5, 0)), 1));
    }
}
