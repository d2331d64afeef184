//! A record of an earlier run, as far as two runs are compared.

use std::{borrow::Cow, fmt};

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_128;

use super::change::Facts;
use crate::model::Record;

/// What of a record is looked at. Any record of any version with these keys will do.
#[derive(Debug, Deserialize)]
pub struct Row<'a> {
    /// `fetch`, `page` or `link`.
    #[serde(rename = "type", borrow, default)]
    pub kind: Cow<'a, str>,
    /// Whether it did not count against the exit status.
    pub ok: bool,
    /// The source text.
    #[serde(borrow, default)]
    pub input: Cow<'a, str>,
    /// The URL asked for.
    #[serde(borrow, default)]
    pub url: Option<Cow<'a, str>>,
    /// The URL that answered.
    #[serde(borrow, default)]
    pub final_url: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(borrow, default)]
    outcome: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Option<Coded<'a>>,
    #[serde(borrow, default)]
    sha256: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    redirects: Option<&'a serde_json::value::RawValue>,
    #[serde(default)]
    timings: Option<Timings>,
    #[serde(borrow, default)]
    rule: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fingerprint: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct Coded<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct Timings {
    #[serde(default)]
    total_ms: Option<f64>,
}

/// Why a line is none of our records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow(String);

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is no record of fetchall's ({}); runs are compared by their JSON Lines", self.0)
    }
}

impl Facts {
    /// What is compared of a record that was just made. Only to be compared with others that were made here.
    pub fn of(record: &Record) -> Facts {
        let hash = |text: &str| xxh3_128(text.as_bytes());
        let way = record.redirects.iter().map(|hop| (hop.status, &hop.url, &hop.location)).collect::<Vec<_>>();
        let way = record.final_url.is_some().then(|| hash(&format!("{way:?} {:?}", record.final_url)));
        Facts {
            ok: record.ok,
            status: record.status,
            code: record.error.as_ref().map(|error| error.code.name().into()),
            message: record.error.as_ref().map(|error| error.message.as_str().into()),
            content: record.sha256.as_deref().map(hash),
            way,
            micros: record.timings.total_ms.map(|time| time.0),
        }
    }
}

impl<'a> Row<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no record.
    pub fn parse(line: &'a [u8]) -> Result<Row<'a>, BadRow> {
        let row: Row<'a> = serde_json::from_slice(line).map_err(|error| BadRow(error.to_string()))?;
        if row.input.is_empty() && row.url.is_none() && row.fingerprint.is_none() {
            return Err(BadRow("neither `input` nor `url` says what it is about".to_owned()));
        }
        Ok(row)
    }

    /// What it is about, for people.
    pub fn about(&self) -> &str {
        self.url.as_deref().unwrap_or(&self.input)
    }

    /// Whether it says how something is, and not only that it was left out.
    pub fn counts(&self) -> bool {
        self.outcome.as_deref() != Some("skipped")
    }

    /// What it is about: a finding by its fingerprint, everything else by method and URL.
    pub(super) fn key(&self) -> u128 {
        let text = match &self.fingerprint {
            Some(fingerprint) => format!("link {fingerprint}"),
            None => format!("{} {}", self.method.as_deref().unwrap_or("GET"), self.about()),
        };
        xxh3_128(text.as_bytes())
    }

    /// What is compared.
    pub fn facts(&self) -> Facts {
        let error = self.error.as_ref();
        let found = self.rule.as_deref().map(str::to_owned);
        let code = error.map(|error| error.code.clone().into_owned());
        let micros = self.timings.as_ref().and_then(|timings| timings.total_ms).map(|ms| (ms * 1000.0) as u64);
        let way = self.redirects.map(|way| way.get()).filter(|way| *way != "[]");
        let hash = |text: &str| xxh3_128(text.as_bytes());
        Facts {
            ok: self.ok && found.is_none(),
            status: self.status,
            code: found.or(code).map(Into::into),
            message: error.map(|error| error.message.clone().into()),
            content: self.sha256.as_deref().map(hash),
            way: Some((way, self.final_url.as_deref())).map(|(way, end)| hash(&format!("{way:?} {end:?}"))),
            micros,
        }
    }
}
