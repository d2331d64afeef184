//! A run as one page: a file that shows itself in any browser, offline, and gives the run back.
//!
//! Eats records as they come. They are gathered into chunks of columns, which are packed and put into a
//! spool as soon as they are full, so memory does not grow with the run; [`HtmlReport::finish`] writes
//! the page around them. What the page says first is plain HTML (`nojs`), readable without scripts;
//! the rest is drawn by its script, which is built in `page/` and stands in `page/dist`. Both script and
//! style are named by their digests in a content security policy that lets the page load nothing.
//! Must not know files or the engine: whoever calls says where the spool is and the page goes.

mod columns;
mod live;
mod nojs;
mod read;
mod row;
mod tally;
mod told;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io::{self, Read, Seek, SeekFrom, Write},
    time::Duration,
};

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use self::{
    columns::Chunk,
    row::{Row, Try, name_of},
    tally::Tally,
};
pub use self::{
    live::{Live, Piece},
    nojs::State,
    read::{ReadError, is_report, read},
    told::Told,
};
use super::Summary;
use crate::model::{
    Code, Finding, Record, Rule, Wait, escape,
    record::{AttemptRow, Ms},
};

/// Version of what is in the page; changes when an older `fetchall report` could not read it.
pub const FORMAT: u32 = 1;

/// Rows that a page has at most: a browser takes some seconds for so many. The numbers at its head count all.
pub const MOST_ROWS: u64 = 1_000_000;

const SCRIPT: &str = include_str!("page/dist/report.js");
/// What runs before anything is drawn.
const FIRST: &str = include_str!("page/dist/first.js");
const STYLE: &str = include_str!("page/dist/report.css");
/// What a browser shows beside the title; without one it may ask for `/favicon.ico`.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
    %3Crect width='16' height='16' rx='4' fill='%232456b8'/%3E\
    %3Cpath d='M4 5h8M4 8h6M4 11h4' stroke='%23fff' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E";

/// How the lines of a page begin that have rows.
const ROWS_LINE: &str = "<script type=\"application/x-fetchall-rows\" class=\"rows\">";
const MORE_LINE: &str = "<script type=\"application/x-fetchall-more\" class=\"more\">";
const ABOUT_LINE: &str = "<script type=\"application/json\" id=\"about\">";
const END_LINE: &str = "</script>";

/// What is known of a run beside its records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The command: `fetch`, `crawl`, `check`, `extract`; empty if nobody knows.
    #[serde(default)]
    pub command: String,
    /// Wall time in milliseconds.
    #[serde(default)]
    pub wall_ms: Option<f64>,
    /// What is to be said about it, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Its flags, and where each value comes from; no secrets.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// A flag of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// `--concurrency`.
    pub name: String,
    /// Its value, as text; secrets are masked.
    pub value: String,
    /// Who said so: `command line`, the name of a variable, `default`.
    pub origin: String,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows that the page has.
    pub listed: u64,
    /// Rows that were one too many for it; they are counted.
    pub left_out: u64,
}

/// Why a line cannot be taken in: it is none of our records.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// It is no record.
    #[error("it is no record of fetchall's ({0})")]
    NoRecord(String),
    /// It is a record, and not what is wanted.
    #[error("{0}")]
    Unfit(String),
    /// The spool cannot be written.
    #[error(transparent)]
    Spool(#[from] io::Error),
}

/// Whether a line of JSON is one of our records.
///
/// # Errors
/// What it lacks.
pub fn check(line: &[u8]) -> Result<(), AddError> {
    Row::parse(line).map(drop).map_err(AddError::NoRecord)
}

/// A report that is being written.
#[derive(Debug)]
pub struct HtmlReport<S> {
    spool: S,
    chunk: Chunk,
    tally: Tally,
    listed: u64,
    /// Bytes that were put into the spool.
    spooled: u64,
    line: Vec<u8>,
}

impl<S: Read + Write + Seek> HtmlReport<S> {
    /// Nothing yet. `spool` is empty; it takes about 100 bytes a record, and is read once at the end.
    pub fn new(spool: S) -> Self {
        HtmlReport { spool, chunk: Chunk::default(), tally: Tally::default(), listed: 0, spooled: 0, line: Vec::new() }
    }

    /// Takes one record in.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        let waited = record.waits.iter().any(|(_, time)| !time.is_zero());
        let tries = match record.tries.as_slice() {
            [] if waited => {
                record.waits.iter().map(|(cause, time)| Try(name_of(*cause), in_ms(*time), None, None, None)).collect()
            }
            tries => tries.iter().map(tried).collect(),
        };
        self.object(record, tries)
    }

    /// Takes one checked link in.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.object(finding, Vec::new())
    }

    fn object(&mut self, object: &impl Serialize, tries: Vec<Try>) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        serde_json::to_writer(&mut line, object)?;
        escape::json(&mut line, 0);
        let added = self.take(&line, Some(tries));
        self.line = line;
        added.map_err(|error| match error {
            AddError::Spool(error) => error,
            AddError::NoRecord(_) | AddError::Unfit(_) => io::Error::other(error),
        })
    }

    /// Takes in a line of JSON Lines; `waits` is what [`read()`] gave with it.
    ///
    /// # Errors
    /// It is no record, or the spool cannot be written.
    pub fn line(&mut self, line: &[u8], waits: Option<&str>) -> Result<(), AddError> {
        self.take(line, waits.and_then(tries_of))
    }

    fn take(&mut self, line: &[u8], tries: Option<Vec<Try>>) -> Result<(), AddError> {
        let row = Row::parse(line).map_err(AddError::NoRecord)?;
        let tries = tries.unwrap_or_else(|| row.tries());
        self.tally.add(&row, &row::waits_of(&tries));
        if self.listed >= MOST_ROWS {
            return Ok(());
        }
        self.listed += 1;
        let beside = row::text_of(&tries);
        let is_full =
            self.chunk.push(line, beside.as_deref()).map_err(|error| AddError::NoRecord(error.to_string()))?;
        if is_full {
            self.spool_chunk()?;
        }
        Ok(())
    }

    /// What was counted.
    pub fn summary(&self) -> &Summary {
        &self.tally.summary
    }

    fn spool_chunk(&mut self) -> io::Result<()> {
        let packed = self.chunk.pack()?;
        let mut lines = format!("{ROWS_LINE}{}{END_LINE}\n", packed.at_once);
        if let Some(more) = packed.more {
            lines.push_str(&format!("{MORE_LINE}{more}{END_LINE}\n"));
        }
        self.spool.write_all(lines.as_bytes())?;
        self.spooled += lines.len() as u64;
        Ok(())
    }

    /// Writes the page.
    ///
    /// # Errors
    /// The spool cannot be read, or `out` not be written.
    pub fn finish(mut self, about: &About, out: &mut dyn Write) -> io::Result<Written> {
        if !self.chunk.is_empty() {
            self.spool_chunk()?;
        }
        self.spool.flush()?;
        self.spool.seek(SeekFrom::Start(0))?;
        self.tally.settle(about);
        let written =
            Written { listed: self.listed, left_out: self.tally.summary.requests.saturating_sub(self.listed) };
        head(&nojs::title(&self.tally, State::Over), &policy(None), out)?;
        nojs::write(&self.tally, about, written, out)?;
        let codes = self.tally.codes.keys().map(String::as_str);
        writeln!(out, "{ABOUT_LINE}{}{END_LINE}", self.about(about, written, codes, None)?)?;
        io::copy(&mut self.spool, out)?;
        writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")?;
        Ok(written)
    }

    /// What the script needs beside the rows, as JSON that ends no element of HTML.
    fn about<'a>(
        &self,
        about: &About,
        written: Written,
        codes: impl Iterator<Item = &'a str>,
        live: Option<serde_json::Value>,
    ) -> io::Result<String> {
        let codes: BTreeMap<&str, _> = codes.map(|name| (name, facts(name))).collect();
        let waits: BTreeMap<_, _> = Wait::ALL
            .into_iter()
            .map(|wait| (name_of(wait), serde_json::json!({ "words": wait.words(), "flag": wait.flag() })))
            .collect();
        let json = serde_json::json!({
            "format": FORMAT,
            "generator": format!("fetchall {}", env!("CARGO_PKG_VERSION")),
            "about": about,
            "noun": self.tally.noun(),
            "listed": written.listed,
            "left_out": written.left_out,
            "summary": self.tally.summary,
            "codes": codes,
            "waits": waits,
            "live": live,
        });
        Ok(in_script(&serde_json::to_string(&json)?))
    }
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunk").finish_non_exhaustive()
    }
}

/// What a code or a rule means, and what to do.
fn facts(name: &str) -> serde_json::Value {
    let (meaning, advice, again) = match (name.parse::<Code>(), name.parse::<Rule>()) {
        (Ok(code), _) => (code.facts().meaning, code.facts().advice, code.retryable()),
        (Err(_), Ok(rule)) => (rule.meaning(), rule.advice(), false),
        (Err(_), Err(())) => ("", "", false),
    };
    serde_json::json!({ "meaning": meaning, "advice": advice, "retryable": again })
}

/// Tries, as [`read()`] gave them.
fn tries_of(text: &str) -> Option<Vec<Try>> {
    serde_json::from_str(text).ok()
}

fn tried(attempt: &AttemptRow) -> Try {
    let cause = attempt.wait_for.map(name_of).unwrap_or_default();
    let error = attempt.error.map(|code| code.name().to_owned());
    let ms = |Ms(micros): Ms| micros as f64 / 1000.0;
    Try(cause, ms(attempt.wait_ms), Some(ms(attempt.at_ms)), attempt.status, error)
}

fn in_ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// JSON within a script element: nothing in it can end the element or open a comment (HTML, section
/// 4.12.1.3).
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// What a page may load and run: its script and its style, by their digests; `connect` is where it may ask for more.
fn policy(connect: Option<&str>) -> String {
    let digest = |text: &str| base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
    let connect = connect.map(|whom| format!("connect-src {whom}; ")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'sha256-{}' 'sha256-{}'; style-src 'sha256-{}'; img-src data:; {connect}base-uri 'none'; form-action 'none'",
        digest(FIRST),
        digest(SCRIPT),
        digest(STYLE)
    )
}

/// The page up to its content.
fn head(title: &str, policy: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"generator\" content=\"fetchall {}\">\n\
         <title>{}</title>\n<link rel=\"icon\" href=\"{ICON}\">\n<style>{STYLE}</style>\n<script>{FIRST}</script>\n</head>\n<body>\n",
        env!("CARGO_PKG_VERSION"),
        nojs::escaped(title),
    )
}

/// Writes the report of a check, from first to last.
pub fn write(findings: &[Finding], about: &About, out: &mut dyn Write) -> io::Result<Written> {
    let mut report = HtmlReport::new(io::Cursor::new(Vec::new()));
    findings.iter().try_for_each(|finding| report.finding(finding))?;
    report.finish(about, out)
}
