//! A cache of verdicts, made to be kept between runs of CI.
//!
//! One row a target, sorted, so that caches of parallel jobs merge. How long a row is fresh depends
//! on what it says, and a little on its address, so that not all rows age on the same day. The time
//! is an argument. Must not know where the file stands.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    date::Stamp,
    rows::{self, BadRow, Row, Rows},
};
use crate::model::{Anchors, Code, Failure, Rule};

/// What was found out about a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cached {
    /// The target, absolute, without fragment.
    pub url: String,
    /// Status of the last response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The URL that answered, if another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_url: Option<String>,
    /// Statuses of the redirects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<u16>,
    /// `ETag`, to ask whether it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Hashes of the places that fragments may point to, 16 hex digits each without anything
    /// between; absent where the page was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchors: Option<String>,
    /// When it was looked at.
    pub checked_at: Stamp,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Code and sentence of what was met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<(String, String)>,
}

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Good,
    /// This rule held.
    Found(Rule),
    /// A rule of another version.
    Unknown,
}

impl Cached {
    /// What was found; a rule that this version does not know makes the row useless.
    pub fn verdict(&self) -> Verdict {
        match self.rule.as_deref().map(str::parse) {
            None => Verdict::Good,
            Some(Ok(rule)) => Verdict::Found(rule),
            Some(Err(())) => Verdict::Unknown,
        }
    }

    /// What was met, if this version knows its code.
    pub fn failure(&self) -> Option<Failure> {
        let (code, message) = self.error.as_ref()?;
        Some(Failure::new(code.parse::<Code>().ok()?, message.clone()))
    }

    /// The places, if they were read and the row is whole.
    pub fn anchors(&self) -> Option<Anchors> {
        let text = self.anchors.as_deref()?;
        let chunk = |chunk: &[u8]| u64::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok();
        let (chunks, rest) = text.as_bytes().as_chunks::<16>();
        let hashes = chunks.iter().map(|hash| chunk(hash)).collect::<Option<Vec<u64>>>();
        hashes.filter(|_| rest.is_empty()).map(Anchors::of_hashes)
    }

    /// With the places of the page.
    pub fn with_anchors(mut self, anchors: &Anchors) -> Self {
        self.anchors = Some(anchors.hashes().iter().map(|hash| format!("{hash:016x}")).collect());
        self
    }
}

impl Row for Cached {
    fn key(&self) -> &str {
        &self.url
    }

    /// The newest; of two of the same second the one that says more.
    fn merge(self, other: Self) -> Self {
        let rank = |row: &Cached| (row.checked_at, serde_json::to_string(row).map(|text| (text.len(), text)).ok());
        if rank(&self) >= rank(&other) { self } else { other }
    }
}

/// How long what was found out stays fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// Good links.
    pub good: Duration,
    /// Links of which something was found: they are looked at again sooner, so that what is mended
    /// is seen.
    pub bad: Duration,
}

impl Default for Ages {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Ages { good: Duration::from_secs(7 * DAY), bad: Duration::from_secs(DAY) }
    }
}

/// Largest part of an age that is cut, in 256ths: a quarter.
const JITTER: u64 = 64;

/// Whether a row is fresh at `now`. The age is cut by up to a quarter, by the hash of the address:
/// the same on every machine. Nothing that holds for a moment only is ever fresh, nor is a row
/// from the future or of a rule that this version does not know.
pub fn is_fresh(row: &Cached, now: Stamp, ages: &Ages) -> bool {
    let age = match row.verdict() {
        Verdict::Unknown | Verdict::Found(Rule::Limited | Rule::Flaky) => return false,
        Verdict::Good if row.error.is_none() => ages.good,
        Verdict::Found(Rule::Redirected | Rule::Insecure) => ages.good,
        Verdict::Good | Verdict::Found(_) => ages.bad,
    };
    let cut = (xxh3_64(row.url.as_bytes()) % JITTER) as u32;
    let fresh_for = age.saturating_sub(age / 256 * cut);
    row.checked_at <= now && now.since(row.checked_at) < fresh_for
}

/// The rows of a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache(Rows<Cached>);

impl Cache {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        rows::parse(text).map(Cache)
    }

    /// The text of the file, sorted by target.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        rows::write(self.0.values())
    }

    /// What is known of a target, fresh or not: what is not may still be asked with its `ETag`.
    pub fn get(&self, url: &str) -> Option<&Cached> {
        self.0.get(url)
    }

    /// Adds what was found out, in place of what is older.
    pub fn put(&mut self, row: Cached) {
        rows::put(&mut self.0, row);
    }

    /// Forgets rows that are this old.
    pub fn forget(&mut self, now: Stamp, age: Duration) {
        self.0.retain(|_, row| now.since(row.checked_at) <= age);
    }

    /// Both as one: the newest row of each target.
    pub fn merged(self, other: Self) -> Self {
        Cache(rows::merge(self.0, other.0))
    }

    /// When the oldest row was looked at.
    pub fn oldest(&self) -> Option<Stamp> {
        self.0.values().map(|row| row.checked_at).min()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(url: &str, hour: u32, rule: Option<Rule>) -> Cached {
        Cached {
            url: url.to_owned(),
            status: Some(200),
            final_url: None,
            redirects: Vec::new(),
            etag: Some("\"e\"".to_owned()),
            last_modified: None,
            anchors: None,
            checked_at: stamp(hour),
            rule: rule.map(|rule| rule.name().to_owned()),
            error: None,
        }
    }

    fn stamp(hour: u32) -> Stamp {
        "2026-01-01T00:00:00Z".parse::<Stamp>().unwrap().after(Duration::from_secs(3_600 * u64::from(hour)))
    }

    #[test]
    fn the_file_reads_back_and_is_sorted() {
        let anchors = Anchors::of(["a", "b"], false);
        let mut cache = Cache::default();
        cache.put(row("https://b.example/", 1, Some(Rule::Dead)));
        cache.put(row("https://a.example/", 1, None).with_anchors(&anchors));
        let text = cache.write().unwrap();
        assert!(text.lines().next().unwrap().contains("a.example"));
        let read = Cache::parse(&text).unwrap();
        assert_eq!(read, cache);
        assert_eq!(read.get("https://a.example/").unwrap().anchors(), Some(anchors));
        let bad = Cache::parse(&text.replace("200", "\"200\"")).unwrap_err();
        assert_eq!((bad.line, bad.column > 20), (1, true), "{bad}");
    }

    #[test]
    fn rows_stay_fresh_by_what_they_say() {
        let ages = Ages { good: Duration::from_secs(100 * 3_600), bad: Duration::from_secs(10 * 3_600) };
        for (rule, fresh_until, stale_from) in [
            (None, 70, 100),
            (Some(Rule::Redirected), 70, 100),
            (Some(Rule::Dead), 7, 10),
            (Some(Rule::Blocked), 7, 10),
            (Some(Rule::Limited), 0, 0),
            (Some(Rule::Flaky), 0, 0),
        ] {
            let row = row("https://a.example/", 0, rule);
            assert_eq!(is_fresh(&row, stamp(fresh_until), &ages), fresh_until > 0, "{rule:?}");
            assert!(!is_fresh(&row, stamp(stale_from), &ages), "{rule:?}");
        }
        let unknown = Cached { rule: Some("link.of_tomorrow".to_owned()), ..row("u", 0, None) };
        assert!(!is_fresh(&unknown, stamp(1), &ages));
        assert!(!is_fresh(&row("u", 2, None), stamp(1), &ages), "from the future");
    }

    #[test]
    fn rows_do_not_age_all_at_once() {
        let ages = Ages { good: Duration::from_secs(256 * 3_600), ..Ages::default() };
        let fresh_at = |hour| {
            (0..200).filter(|n| is_fresh(&row(&format!("https://h.example/{n}"), 0, None), stamp(hour), &ages)).count()
        };
        let counts = [fresh_at(191), fresh_at(224), fresh_at(256)];
        assert!(counts[0] == 200 && (60..140).contains(&counts[1]) && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn caches_merge_either_way_and_the_newest_wins() {
        let of = |rows: Vec<Cached>| {
            let mut cache = Cache::default();
            rows.into_iter().for_each(|row| cache.put(row));
            cache
        };
        let one = of(vec![row("u", 1, Some(Rule::Dead)), row("v", 1, None)]);
        let other = of(vec![row("u", 2, None), row("v", 1, Some(Rule::Dead)), row("w", 1, None)]);
        let merged = one.clone().merged(other.clone());
        assert_eq!(merged, other.merged(one));
        assert_eq!((merged.len(), merged.get("u").unwrap().verdict()), (3, Verdict::Good));
    }

    #[test]
    fn anchors_of_a_torn_row_are_not_believed() {
        for text in ["0", "zzzzzzzzzzzzzzzz", "00000000000000001"] {
            assert_eq!(Cached { anchors: Some(text.to_owned()), ..row("u", 0, None) }.anchors(), None, "{text}");
        }
    }
}
