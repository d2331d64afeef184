//! A record of a run, as far as a report counts it: read from its line of JSON, whoever wrote that.
//!
//! Must not know how anything is shown.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    model::{Code, Wait, record::Outcome},
    report::summary::Counted,
};

/// What is looked at. Any record with `ok` and something that says what it is about will do.
#[derive(Debug, Deserialize)]
pub(super) struct Row<'a> {
    /// `fetch`, `page` or `link`.
    #[serde(rename = "type", borrow, default)]
    pub kind: Cow<'a, str>,
    /// Whether it did not count against the exit status.
    pub ok: bool,
    #[serde(borrow, default)]
    outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    input: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Option<Cow<'a, str>>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(borrow, default)]
    pub error: Option<Why<'a>>,
    #[serde(borrow, default)]
    skip: Option<Why<'a>>,
    #[serde(borrow, default)]
    pub started_at: Option<Cow<'a, str>>,
    #[serde(default)]
    attempts: u32,
    #[serde(default)]
    bytes: Option<u64>,
    #[serde(default)]
    wire_bytes: Option<u64>,
    #[serde(default)]
    redirects: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    timings: Option<Timings>,
    #[serde(default)]
    total_ms: Option<f64>,
    #[serde(borrow, default)]
    pub rule: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub severity: Cow<'a, str>,
    #[serde(borrow, default)]
    pub source: Option<Source<'a>>,
    #[serde(borrow, default)]
    attempt_log: Vec<Attempt<'a>>,
}

/// `error` or `skip`.
#[derive(Debug, Deserialize)]
pub(super) struct Why<'a> {
    /// Its stable name.
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    /// A sentence.
    #[serde(borrow, default)]
    pub message: Cow<'a, str>,
}

/// Where a link stands.
#[derive(Debug, Deserialize)]
pub(super) struct Source<'a> {
    #[serde(borrow, default)]
    pub path: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub url: Option<Cow<'a, str>>,
    #[serde(default)]
    pub line: Option<u64>,
    #[serde(borrow, default)]
    pub raw: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
struct Timings {
    #[serde(default)]
    total_ms: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Attempt<'a> {
    #[serde(default)]
    at_ms: Option<f64>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    wait_for: Option<Cow<'a, str>>,
    #[serde(default)]
    wait_ms: f64,
}

/// A try as a page keeps it beside its row: what it waited for and how long; and where there were several, when it
/// began (both in milliseconds, the latter since the first), its status and why it failed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Try(
    pub String,
    pub f64,
    #[serde(default)] pub Option<f64>,
    #[serde(default)] pub Option<u16>,
    #[serde(default)] pub Option<String>,
);

/// Tries as the text that stands beside a row; `None` where there is nothing to tell.
pub(super) fn text_of(tries: &[Try]) -> Option<String> {
    let is_told = tries.len() > 1 && tries.iter().any(|tried| tried.2.is_some());
    if !is_told && tries.iter().all(|tried| tried.0.is_empty()) {
        return None;
    }
    let short = || tries.iter().map(|Try(cause, waited, ..)| (cause, waited)).collect::<Vec<_>>();
    let text = if is_told { serde_json::to_string(tries) } else { serde_json::to_string(&short()) };
    text.ok()
}

/// The waiting of tries by cause.
pub(super) fn waits_of(tries: &[Try]) -> Vec<(Wait, Duration)> {
    tries.iter().filter_map(|Try(cause, waited, ..)| Some((wait_of(cause)?, ms(*waited)?))).collect()
}

impl<'a> Row<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// What it lacks to be a record, in words.
    pub(super) fn parse(line: &'a [u8]) -> Result<Row<'a>, String> {
        let row: Row<'a> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if row.input.is_empty() && row.url.is_none() && row.source.is_none() {
            return Err("neither `input` nor `url` says what it is about".to_owned());
        }
        Ok(row)
    }

    /// Whether it is a link of a check.
    pub(super) fn is_link(&self) -> bool {
        self.kind == "link"
    }

    /// What it is about, for people.
    pub(super) fn about(&self) -> &str {
        match (&self.url, &self.source) {
            (Some(url), _) => url,
            (None, Some(source)) => &source.raw,
            (None, None) => &self.input,
        }
    }

    /// The code that says why: of an error, else of a finding, else why it was left out.
    pub(super) fn code(&self) -> Option<&str> {
        // A finding weighs something or nothing; its error is what was met on the way.
        let rule = self.rule.as_deref().filter(|_| self.severity != "off");
        let why = self.error.as_ref().or(self.skip.as_ref()).map(|why| why.code.as_ref());
        rule.or(why)
    }

    /// Why, as a sentence; empty where nobody said.
    pub(super) fn message(&self) -> &str {
        self.error.as_ref().or(self.skip.as_ref()).map_or("", |why| &why.message)
    }

    /// Its tries, where the record itself tells them.
    pub(super) fn tries(&self) -> Vec<Try> {
        let tried = |attempt: &Attempt<'_>| {
            let cause = attempt.wait_for.as_deref().unwrap_or_default().to_owned();
            Try(cause, attempt.wait_ms, attempt.at_ms, attempt.status, attempt.error.as_deref().map(str::to_owned))
        };
        self.attempt_log.iter().map(tried).collect()
    }

    /// Time of the last exchange, in milliseconds.
    pub(super) fn total_ms(&self) -> Option<f64> {
        self.timings.as_ref().and_then(|timings| timings.total_ms).or(self.total_ms)
    }

    /// What is counted of it, with this waiting.
    pub(super) fn counted<'b>(&self, waits: &'b [(Wait, Duration)]) -> Counted<'b> {
        let code = |why: &Option<Why<'_>>| why.as_ref().and_then(|why| why.code.parse::<Code>().ok());
        Counted {
            ok: self.ok,
            outcome: match self.outcome.as_ref() {
                "ok" => Outcome::Ok,
                "http_error" => Outcome::HttpError,
                "skipped" => Outcome::Skipped,
                _ => Outcome::Error,
            },
            error: code(&self.error),
            skip: code(&self.skip),
            status: self.status,
            bytes: self.bytes.unwrap_or(0),
            wire_bytes: self.wire_bytes.unwrap_or(0),
            attempts: self.attempts,
            redirects: self.redirects.len() as u64,
            waits,
            total: self.total_ms().and_then(ms),
        }
    }
}

/// The cause of that name.
pub(super) fn wait_of(name: &str) -> Option<Wait> {
    Wait::ALL.into_iter().find(|cause| name_of(*cause) == name)
}

/// The name that records have for it.
pub(super) fn name_of(cause: Wait) -> String {
    serde_json::to_value(cause).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Milliseconds as a time; `None` if it is none.
pub(super) fn ms(ms: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(ms / 1000.0).ok()
}
