//! The baseline: findings that were there when checking began, and are left for another day.
//!
//! A finding is known by its fingerprint, which does not change when lines move. Must not know
//! where the file stands.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::{
    date::Day,
    rows::{self, BadRow, Row, Rows},
};
use crate::model::Rule;

/// What stands for a finding over moved lines: 128 bits of XXH3, hex. `source` is the path or
/// address of the document, `nth` counts findings of the same kind in it from 0.
pub fn fingerprint(rule: Rule, source: &str, target: &str, fragment: Option<&str>, nth: usize) -> String {
    let mut hash = Xxh3::new();
    let nth = nth.to_string();
    let marked = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    for part in [rule.name(), source, target, &marked, &nth] {
        // With its length, so that no two lists of parts make the same bytes.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("{:032x}", hash.digest128())
}

/// A finding of the baseline. All but the fingerprint is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// See [`fingerprint`].
    pub fingerprint: String,
    /// Name of the rule.
    pub rule: String,
    /// Path or address of the document.
    pub source: String,
    /// What the link leads to, fragment included.
    pub target: String,
    /// The day on which it was first seen.
    #[serde(with = "day_text")]
    pub first_seen: Day,
}

mod day_text {
    use super::Day;

    pub fn serialize<S: serde::Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(day)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Row for Known {
    fn key(&self) -> &str {
        &self.fingerprint
    }

    /// The one that was seen first.
    fn merge(self, other: Self) -> Self {
        let order = |known: &Known| (known.first_seen, known.source.clone(), known.target.clone());
        if order(&self) <= order(&other) { self } else { other }
    }
}

/// The findings that are left for another day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline(Rows<Known>);

impl Baseline {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        rows::parse(text).map(Baseline)
    }

    /// The text of the file: sorted by document, target and fingerprint, so that a change shows
    /// where it belongs.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut known: Vec<&Known> = self.0.values().collect();
        known.sort_by_key(|known| (&known.source, &known.target, &known.fingerprint));
        rows::write(known)
    }

    /// What is known of a finding.
    pub fn known(&self, fingerprint: &str) -> Option<&Known> {
        self.0.get(fingerprint)
    }

    /// The baseline of the findings of this run: what is gone is forgotten, what is known keeps
    /// its day.
    pub fn updated(&self, found: impl IntoIterator<Item = Known>) -> Self {
        let mut rows = Rows::new();
        for known in found {
            let old = self.0.get(&known.fingerprint).map(|old| old.first_seen);
            rows::put(&mut rows, Known { first_seen: old.unwrap_or(known.first_seen).min(known.first_seen), ..known });
        }
        Baseline(rows)
    }

    /// Both as one, as when two branches meet.
    pub fn merged(self, other: Self) -> Self {
        Baseline(rows::merge(self.0, other.0))
    }

    /// How many findings it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(source: &str, target: &str, day: &str) -> Known {
        Known {
            fingerprint: fingerprint(Rule::Dead, source, target, None, 0),
            rule: Rule::Dead.name().to_owned(),
            source: source.to_owned(),
            target: target.to_owned(),
            first_seen: day.parse().unwrap(),
        }
    }

    #[test]
    fn a_fingerprint_tells_findings_apart_and_never_changes() {
        let all = [
            fingerprint(Rule::Dead, "a.md", "x", None, 0),
            fingerprint(Rule::Case, "a.md", "x", None, 0),
            fingerprint(Rule::Dead, "b.md", "x", None, 0),
            fingerprint(Rule::Dead, "a.mdx", "", None, 0),
            fingerprint(Rule::Dead, "a.md", "x", Some(""), 0),
            fingerprint(Rule::Dead, "a.md", "x", Some("f"), 0),
            fingerprint(Rule::Dead, "a.md", "x", None, 1),
        ];
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        // Baselines in repositories hold these: a change makes all of them worthless.
        assert_eq!(all[0], "f692c3a8bb9ace331c669f687aff3fd6");
    }

    #[test]
    fn the_file_is_sorted_and_reads_back() {
        let baseline = Baseline::default().updated([
            known("b.md", "x", "2026-01-02"),
            known("a.md", "y", "2026-01-02"),
            known("a.md", "x", "2026-01-02"),
        ]);
        let text = baseline.write().unwrap();
        let order: Vec<_> = text.lines().map(|line| line.contains("\"a.md\"")).collect();
        assert_eq!(order, [true, true, false]);
        assert_eq!(Baseline::parse(&text), Ok(baseline.clone()));
        assert!(baseline.known(&known("a.md", "x", "2020-01-01").fingerprint).is_some());
    }

    #[test]
    fn an_update_forgets_what_is_gone_and_keeps_the_first_day() {
        let old = Baseline::default().updated([known("a.md", "x", "2026-01-02"), known("a.md", "gone", "2026-01-02")]);
        let new = old.updated([known("a.md", "x", "2026-05-05"), known("a.md", "new", "2026-05-05")]);
        let days: Vec<_> = new.0.values().map(|known| (known.target.as_str(), known.first_seen.to_string())).collect();
        assert_eq!(new.len(), 2);
        assert!(days.contains(&("x", "2026-01-02".into())) && days.contains(&("new", "2026-05-05".into())));
        let merged = old.clone().merged(new.clone());
        assert_eq!((merged.len(), merged), (3, new.merged(old)));
    }

    #[test]
    fn a_bad_row_is_named_with_its_place() {
        let good = Baseline::default().updated([known("a.md", "x", "2026-01-02")]).write().unwrap();
        for (text, line, column, says) in [
            (format!("{good}{{\"fingerprint\":1}}\n"), 2, 16, "expected a string"),
            (format!("{good}\n<<<<<<< HEAD\n"), 3, 1, "conflict"),
            (good.replace("2026-01-02", "2026-13-02"), 1, 1, "not a day"),
            ("{}".to_owned(), 1, 2, "missing field"),
        ] {
            let bad = Baseline::parse(&text).unwrap_err();
            assert_eq!(bad.line, line, "{bad}");
            assert!(bad.column >= column && bad.message.contains(says), "{bad}");
        }
    }
}
