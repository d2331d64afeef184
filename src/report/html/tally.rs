//! What a report says before anything is looked at in detail: counts, and the first failures.
//!
//! Takes rows in one by one; memory does not grow with them. Must not know HTML.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use super::{
    About,
    row::{Row, ms},
};
use crate::{
    model::{Wait, record::Outcome},
    report::Summary,
};

/// Failures that are listed for readers without scripts.
pub(super) const LISTED: usize = 500;
/// Names of codes that are told apart: there are about a hundred, and a file may make up any number.
const CODES: usize = 1000;
/// Longest text of a row that is kept, in characters.
const CHARS: usize = 500;

/// What came in.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Counts and times.
    pub summary: Summary,
    /// How many rows have `ok: false`, by code; and how many were left out, by code.
    pub codes: BTreeMap<String, Count>,
    /// Links that have a finding which is shown and does not fail.
    pub warnings: u64,
    /// The first failures, and the first warnings.
    pub failed: Vec<Failed>,
    /// The command that made them, where it is known.
    pub command: String,
    /// Rows that are links of a check.
    pub links: u64,
    /// Rows that are pages of a crawl.
    pub pages: u64,
    /// The first launch.
    pub first: Option<SystemTime>,
    /// The last end, as far as records tell.
    pub end: Option<SystemTime>,
}

/// How many rows have a code, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Rows with `ok: false`.
    pub failed: u64,
    /// Findings that are shown and do not fail.
    pub warned: u64,
    /// Rows left out on purpose.
    pub skipped: u64,
}

/// A row that failed, or is warned about.
#[derive(Debug)]
pub(super) struct Failed {
    /// What it is about.
    pub about: String,
    /// The document and line where a link stands.
    pub place: Option<String>,
    /// Status of the last response.
    pub status: Option<u16>,
    /// Why.
    pub code: String,
    /// Why, as a sentence.
    pub message: String,
}

impl Tally {
    /// Takes one row in, with our own waiting for it.
    pub(super) fn add(&mut self, row: &Row<'_>, waits: &[(Wait, Duration)]) {
        let counted = row.counted(waits);
        self.links += u64::from(row.is_link());
        self.pages += u64::from(row.kind == "page");
        let is_warning = row.ok && row.severity == "warning";
        self.warnings += u64::from(is_warning);
        if let Some(code) = row.code().filter(|code| self.codes.contains_key(*code) || self.codes.len() < CODES) {
            let count = self.codes.entry(short(code)).or_default();
            count.failed += u64::from(!row.ok);
            count.warned += u64::from(is_warning);
            count.skipped += u64::from(row.ok && counted.outcome == Outcome::Skipped);
        }
        if (!row.ok || is_warning) && self.failed.len() < LISTED {
            self.failed.push(Failed::of(row));
        }
        if let Some(at) = row.started_at.as_deref().and_then(|at| humantime::parse_rfc3339(at).ok()) {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            let end = at.checked_add(counted.total.unwrap_or_default()).unwrap_or(at);
            self.end = Some(self.end.map_or(end, |last| last.max(end)));
        }
        self.summary.count_in(&counted);
    }

    /// Everything is in: says how long it took, and what was counted.
    pub(super) fn settle(&mut self, about: &About) {
        self.summary.wall = about.wall_ms.and_then(ms).or(self.span()).unwrap_or_default();
        self.command.clone_from(&about.command);
        self.summary.noun = self.noun();
    }

    /// From the first launch to the last end; nothing where no record tells.
    pub(super) fn span(&self) -> Option<Duration> {
        self.end?.duration_since(self.first?).ok()
    }

    /// What the rows are, one and several of them.
    pub(super) fn noun(&self) -> (&'static str, &'static str) {
        let all = self.summary.requests;
        match self.command.as_str() {
            "check" => ("link", "links"),
            "crawl" | "extract" => ("page", "pages"),
            _ if all > 0 && self.links == all => ("link", "links"),
            _ if all > 0 && self.pages == all => ("page", "pages"),
            _ => ("request", "requests"),
        }
    }
}

impl Failed {
    fn of(row: &Row<'_>) -> Failed {
        let place = row.source.as_ref().and_then(|source| {
            let document = source.path.as_deref().or(source.url.as_deref())?;
            Some(short(&source.line.map_or_else(|| document.to_owned(), |line| format!("{document}:{line}"))))
        });
        Failed {
            about: short(row.about()),
            place,
            status: row.status,
            code: short(row.code().unwrap_or_default()),
            message: short(row.message()),
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.add(&Row::parse(line.as_bytes()).unwrap(), &[]);
        }
        tally
    }

    #[test]
    fn rows_are_counted_by_what_became_of_them_and_why() {
        let tally = tally(&[
            r#"{"type":"fetch","ok":true,"outcome":"ok","url":"http://h/a","status":200,"started_at":"2026-01-01T00:00:02.000Z","timings":{"total_ms":250.0}}"#,
            r#"{"type":"fetch","ok":false,"outcome":"error","url":"http://h/b","error":{"code":"dns.not_found","message":"no"},"started_at":"2026-01-01T00:00:01.000Z"}"#,
            r#"{"type":"fetch","ok":true,"outcome":"skipped","url":"http://h/b","skip":{"code":"duplicate"}}"#,
            r#"{"type":"fetch","ok":false,"outcome":"error","url":"http://h/c","error":{"code":"code.of_tomorrow"}}"#,
        ]);
        assert_eq!((tally.summary.requests, tally.summary.not_ok), (4, 2));
        assert_eq!(tally.codes["dns.not_found"], Count { failed: 1, ..Count::default() });
        assert_eq!(tally.codes["duplicate"], Count { skipped: 1, ..Count::default() });
        assert_eq!(tally.codes["code.of_tomorrow"].failed, 1);
        assert_eq!(tally.span(), Some(Duration::from_millis(1250)));
        assert_eq!(tally.failed.len(), 2);
        assert_eq!(tally.noun().1, "requests");
    }

    #[test]
    fn links_are_counted_by_their_rule_and_named_with_their_place() {
        let link = |rest: &str| format!(r#"{{"type":"link","source":{{"path":"a.md","line":3,"raw":"b"}},{rest}}}"#);
        let dead = link(
            r#""ok":false,"outcome":"http_error","rule":"link.dead","severity":"error","error":{"code":"http.client_error","message":"404"}"#,
        );
        let warned = link(r#""ok":true,"outcome":"ok","rule":"link.mixed","severity":"warning","url":"http://h/""#);
        let silent = link(r#""ok":true,"outcome":"ok","rule":"link.redirected","severity":"off""#);
        let tally = tally(&[&dead, &warned, &silent]);
        assert_eq!((tally.noun().1, tally.warnings, tally.failed.len()), ("links", 1, 2));
        assert_eq!(tally.failed[0].place.as_deref(), Some("a.md:3"));
        assert_eq!((tally.failed[0].code.as_str(), tally.failed[0].about.as_str()), ("link.dead", "b"));
        assert_eq!(tally.codes["link.dead"].failed, 1);
        assert!(!tally.codes.contains_key("link.redirected"), "what weighs nothing is not counted");
    }

    #[test]
    fn what_a_stranger_makes_up_does_not_fill_the_memory() {
        let mut tally = Tally::default();
        for number in 0..3000 {
            let line = format!(r#"{{"ok":false,"url":"http://h/","error":{{"code":"x.{number}","message":"m"}}}}"#);
            tally.add(&Row::parse(line.as_bytes()).unwrap(), &[]);
        }
        assert_eq!((tally.codes.len(), tally.failed.len()), (CODES, LISTED));
    }
}
