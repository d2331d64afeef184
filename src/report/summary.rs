//! The summary of a run, built record by record in bounded memory.
//!
//! Must not know the clock (the wall time is handed in) or where its lines are printed.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};

use crate::model::{
    Code, Record, Wait,
    record::Outcome,
    units::{human_duration, human_size},
};

/// Longest time that the percentiles tell apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Error codes named in the lines for people; the rest is summed up.
const CODES_SHOWN: usize = 6;

/// Counts and times of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Records.
    pub requests: u64,
    /// Records by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Records with `ok: false`.
    pub not_ok: u64,
    /// Failures by code.
    pub errors: BTreeMap<Code, u64>,
    /// Skipped requests by code.
    pub skips: BTreeMap<Code, u64>,
    /// Responses by status; at most 900 entries.
    pub statuses: BTreeMap<u16, u64>,
    /// Decoded bytes of bodies.
    pub bytes: u64,
    /// Bytes of bodies as they crossed the network.
    pub wire_bytes: u64,
    /// Tries after the first.
    pub retries: u64,
    /// Redirects followed.
    pub redirects: u64,
    /// Our own waiting by cause, in milliseconds.
    #[serde(rename = "waits_ms", serialize_with = "waits_in_ms")]
    pub waits: BTreeMap<Wait, Duration>,
    /// `total_ms` of the records: percentiles in milliseconds.
    #[serde(rename = "time_ms")]
    times: Times,
    /// Wall time of the run, in milliseconds.
    #[serde(rename = "wall_ms", serialize_with = "duration_in_ms")]
    pub wall: Duration,
    /// What a record is about, one and several of them.
    #[serde(skip)]
    pub noun: (&'static str, &'static str),
}

/// What is counted of one record.
#[derive(Clone, Debug)]
pub(super) struct Counted<'a> {
    /// Whether it does not count against the exit status.
    pub ok: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    pub error: Option<Code>,
    /// Why it was left out.
    pub skip: Option<Code>,
    /// Status of the last response.
    pub status: Option<u16>,
    /// Decoded bytes of its body.
    pub bytes: u64,
    /// The same as they crossed the network.
    pub wire_bytes: u64,
    /// Tries made.
    pub attempts: u32,
    /// Redirects followed.
    pub redirects: u64,
    /// Our own waiting by cause.
    pub waits: &'a [(Wait, Duration)],
    /// Time of the last exchange.
    pub total: Option<Duration>,
}

impl Default for Summary {
    fn default() -> Self {
        Summary {
            requests: 0,
            outcomes: BTreeMap::new(),
            not_ok: 0,
            errors: BTreeMap::new(),
            skips: BTreeMap::new(),
            statuses: BTreeMap::new(),
            bytes: 0,
            wire_bytes: 0,
            retries: 0,
            redirects: 0,
            waits: BTreeMap::new(),
            times: Times::default(),
            wall: Duration::ZERO,
            noun: ("URL", "URLs"),
        }
    }
}

impl Summary {
    /// Nothing yet.
    pub fn new() -> Self {
        Summary::default()
    }

    /// Takes one record in.
    pub fn add(&mut self, record: &Record) {
        self.count_in(&Counted {
            ok: record.ok,
            outcome: record.outcome,
            error: record.error.as_ref().map(|error| error.code),
            skip: record.skip.as_ref().map(|skip| skip.code),
            status: record.status,
            bytes: record.bytes.unwrap_or(0),
            wire_bytes: record.wire_bytes.unwrap_or(0),
            attempts: record.attempts,
            redirects: record.redirects.len() as u64,
            waits: &record.waits,
            total: record.timings.total_ms.map(|total| Duration::from_micros(total.0)),
        });
    }

    /// The same of a record that was read back.
    pub(super) fn count_in(&mut self, one: &Counted<'_>) {
        self.requests += 1;
        *self.outcomes.entry(one.outcome).or_default() += 1;
        self.not_ok += u64::from(!one.ok);
        if let Some(code) = one.error {
            *self.errors.entry(code).or_default() += 1;
        }
        if let Some(code) = one.skip {
            *self.skips.entry(code).or_default() += 1;
        }
        if let Some(status) = one.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        self.bytes = self.bytes.saturating_add(one.bytes);
        self.wire_bytes = self.wire_bytes.saturating_add(one.wire_bytes);
        self.retries += u64::from(one.attempts.saturating_sub(1));
        self.redirects += one.redirects;
        for (cause, time) in one.waits.iter().filter(|(_, time)| !time.is_zero()) {
            let sum = self.waits.entry(*cause).or_default();
            *sum = sum.saturating_add(*time);
        }
        if let Some(total) = one.total {
            self.times.add(u64::try_from(total.as_micros()).unwrap_or(u64::MAX));
        }
    }

    /// Records with this outcome.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    /// Records with `outcome: ok`.
    pub fn ok(&self) -> u64 {
        self.count(Outcome::Ok)
    }

    /// Records with an error of this code.
    pub fn errors_of(&self, code: Code) -> u64 {
        self.errors.get(&code).copied().unwrap_or(0)
    }

    /// The time that `percent` of the requests did not exceed; `None` if none got to the wire.
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        self.times.at(percent / 100.0)
    }

    /// The summary for people: one line where there was one request and it went well.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.headline()];
        lines.extend(named("failures", &self.errors));
        lines.extend(named("skipped", &self.skips));
        if self.requests <= 1 {
            return lines;
        }
        lines.extend(self.times_line());
        lines.extend(self.traffic_line());
        lines.extend(self.waits_line());
        lines
    }

    fn headline(&self) -> String {
        let failed = self.count(Outcome::HttpError) + self.count(Outcome::Error);
        let noun = if self.requests == 1 { self.noun.0 } else { self.noun.1 };
        let seconds = self.wall.as_secs_f64();
        let pace = match self.requests {
            0 | 1 => String::new(),
            _ if seconds > 0.0 => format!(" ({}/s)", pace(self.requests as f64 / seconds)),
            _ => String::new(),
        };
        let parts = [(self.ok(), "ok"), (failed, "failed"), (self.count(Outcome::Skipped), "skipped")]
            .into_iter()
            .filter(|(count, word)| *count > 0 || *word == "ok")
            .map(|(count, word)| format!("{count} {word}"))
            .collect::<Vec<_>>()
            .join(", ");
        format!("{} {noun} in {}{pace}: {parts}", self.requests, human_duration(self.wall))
    }

    fn times_line(&self) -> Option<String> {
        let at = |percent| self.percentile(percent).map(human_duration);
        Some(format!("time per request: p50 {}, p90 {}, p99 {}, max {}", at(50.0)?, at(90.0)?, at(99.0)?, at(100.0)?))
    }

    fn traffic_line(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.wire_bytes > 0 {
            let (packed, unpacked) = (human_size(self.wire_bytes), human_size(self.bytes));
            let told = self.bytes > self.wire_bytes && packed != unpacked;
            parts.push(if told {
                format!("{packed} received ({unpacked} unpacked)")
            } else {
                format!("{packed} received")
            });
        }
        for (count, one, many) in
            [(self.redirects, "redirect", "redirects"), (self.retries, "second try", "further tries")]
        {
            if count > 0 {
                parts.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        }
        (!parts.is_empty()).then(|| format!("in all: {}", parts.join(", ")))
    }

    /// What held the run back: the causes of our own waiting with at least a hundredth of it, the
    /// longest first, each with the flag that changes it. Silent where waiting did not matter.
    fn waits_line(&self) -> Option<String> {
        let sum: Duration = self.waits.values().fold(Duration::ZERO, |sum, time| sum.saturating_add(*time));
        let per_request = sum.checked_div(u32::try_from(self.requests).unwrap_or(u32::MAX))?;
        if per_request < Duration::from_millis(1) {
            return None;
        }
        let mut causes: Vec<_> = self.waits.iter().collect();
        causes.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
        let parts: Vec<_> = causes
            .into_iter()
            .map(|(cause, time)| (cause, 100.0 * time.as_secs_f64() / sum.as_secs_f64()))
            .filter(|(_, share)| *share >= 1.0)
            .map(|(cause, share)| format!("{share:.0}% {} ({})", cause.words(), cause.flag()))
            .collect();
        Some(format!("waiting: {} per request for {}", human_duration(per_request), parts.join(", ")))
    }
}

fn pace(per_second: f64) -> String {
    let digits = usize::from(per_second < 10.0);
    format!("{per_second:.digits$}")
}

fn named(what: &str, counts: &BTreeMap<Code, u64>) -> Option<String> {
    if counts.is_empty() {
        return None;
    }
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(code, count)| (std::cmp::Reverse(**count), **code));
    let mut parts: Vec<_> =
        sorted.iter().take(CODES_SHOWN).map(|(code, count)| format!("{} {count}", code.name())).collect();
    let rest: u64 = sorted.iter().skip(CODES_SHOWN).map(|(_, count)| **count).sum();
    if rest > 0 {
        parts.push(format!("others {rest}"));
    }
    Some(format!("{what}: {}", parts.join(", ")))
}

fn in_ms(time: Duration) -> f64 {
    // Whole microseconds, so that no digits of rounding trail behind.
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX) as f64 / 1000.0
}

fn duration_in_ms<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(in_ms(*time))
}

fn waits_in_ms<S: Serializer>(waits: &BTreeMap<Wait, Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(waits.iter().map(|(cause, time)| (cause, in_ms(*time))))
}

/// Times in microseconds, in buckets of three digits: about 200 KB, however many come in.
#[derive(Clone, Debug)]
struct Times {
    /// `None` only if the library refused the constant bounds.
    buckets: Option<Histogram<u64>>,
    /// The longest one, exactly.
    longest: u64,
}

impl Default for Times {
    fn default() -> Self {
        Times { buckets: Histogram::new_with_bounds(1, LONGEST_US, 3).ok(), longest: 0 }
    }
}

impl Times {
    fn add(&mut self, micros: u64) {
        self.longest = self.longest.max(micros);
        if let Some(buckets) = &mut self.buckets {
            buckets.saturating_record(micros);
        }
    }

    fn at(&self, quantile: f64) -> Option<Duration> {
        let buckets = self.buckets.as_ref().filter(|buckets| !buckets.is_empty())?;
        let micros = if quantile >= 1.0 { self.longest } else { buckets.value_at_quantile(quantile).min(self.longest) };
        Some(Duration::from_micros(micros))
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)];
        serializer.collect_map(quantiles.map(|(name, quantile)| (name, self.at(quantile).map(in_ms))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, Failure, Request, Visit, record::Heavy, record::Ms};

    fn record(ending: Ending) -> Record {
        Record::of(Visit::refused(0, Request::get("http://h/"), None, ending), Heavy::default())
    }

    fn done(millis: u64) -> Record {
        let mut record = record(Ending::Ok);
        record.timings.total_ms = Some(Ms(millis * 1000));
        record.status = Some(200);
        record.attempts = 1;
        record.wire_bytes = Some(1024);
        record.bytes = Some(4096);
        record
    }

    #[test]
    fn one_request_is_one_line_and_what_went_wrong() {
        let mut summary = Summary::new();
        summary.add(&done(12));
        summary.wall = Duration::from_millis(34);
        assert_eq!(summary.lines(), ["1 URL in 34 ms: 1 ok"]);
        let mut failed = Summary::new();
        failed.add(&record(Ending::Error(Failure::new(Code::DnsNotFound, "no such host"))));
        assert_eq!(failed.lines(), ["1 URL in 0 us: 0 ok, 1 failed", "failures: dns.not_found 1"]);
    }

    #[test]
    fn the_lines_say_what_failed_how_long_it_took_and_what_held_it_back() {
        let mut summary = Summary::new();
        for millis in 1..=98 {
            let mut record = done(millis);
            record.waits = vec![(Wait::Slot, Duration::from_millis(60)), (Wait::Backoff, Duration::ZERO)];
            summary.add(&record);
        }
        let mut slow = done(1000);
        slow.attempts = 3;
        slow.waits = vec![(Wait::Backoff, Duration::from_millis(1960))];
        summary.add(&slow);
        summary.add(&record(Ending::Error(Failure::new(Code::DnsNotFound, "no such host"))));
        summary.add(&record(Ending::Skipped { code: Code::Duplicate, message: "again".into(), of: Some(1) }));
        summary.wall = Duration::from_secs(2);
        assert_eq!(
            summary.lines(),
            [
                "101 URLs in 2.00 s (50/s): 99 ok, 1 failed, 1 skipped",
                "failures: dns.not_found 1",
                "skipped: duplicate 1",
                "time per request: p50 50 ms, p90 90 ms, p99 1.00 s, max 1.00 s",
                "in all: 99 KiB received (396 KiB unpacked), 2 further tries",
                "waiting: 77 ms per request for 75% a free slot (--concurrency), 25% backoff (--backoff)",
            ]
        );
        assert_eq!(summary.not_ok, 1);
    }

    #[test]
    fn many_codes_are_summed_up() {
        let mut summary = Summary::new();
        for (at, code) in Code::ALL.iter().take(8).enumerate() {
            for _ in 0..=at {
                summary.add(&record(Ending::Error(Failure::new(*code, "x"))));
            }
        }
        let line = summary.lines().into_iter().find(|line| line.starts_with("failures")).unwrap();
        assert!(line.ends_with(", others 3"), "{line}");
        assert!(line.starts_with("failures: connect.reset 8"), "{line}");
    }

    #[test]
    fn it_serialises_with_names_and_milliseconds() {
        let mut summary = Summary::new();
        summary.add(&done(5));
        summary.wall = Duration::from_micros(6500);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["outcomes"]["ok"], 1);
        assert_eq!(json["statuses"]["200"], 1);
        assert_eq!(json["wall_ms"], 6.5);
        assert_eq!(json["time_ms"]["p50"], 5.0);
        let empty = serde_json::to_value(Summary::new()).unwrap();
        assert_eq!(empty["time_ms"]["max"], serde_json::Value::Null);
    }
}
