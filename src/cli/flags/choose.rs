//! Which requests of the list are made, and when the run has had enough.

use std::{
    num::{NonZeroU32, NonZeroU64},
    path::{Path, PathBuf},
};

use fetchall::{
    model::units::StatusSet,
    page::sitemap::Since,
    settings::{Dedupe, Settings},
    source,
};
use regex::Regex;

use super::values;

/// `--dedupe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DedupeArg {
    /// the same request is made once
    Url,
    /// everything is fetched
    None,
}

/// `--input-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum InputFormat {
    /// a URL a line
    Lines,
    /// a JSON object a line
    Jsonl,
    /// a JSON list
    Json,
    /// comma-separated
    Csv,
    /// tab-separated
    Tsv,
    /// a sitemap or an index of sitemaps
    Sitemap,
    /// RSS, Atom, JSON Feed or OPML
    Feed,
}

impl From<InputFormat> for source::Format {
    fn from(format: InputFormat) -> Self {
        match format {
            InputFormat::Lines => source::Format::Lines,
            InputFormat::Jsonl => source::Format::Jsonl,
            InputFormat::Json => source::Format::Json,
            InputFormat::Csv => source::Format::Csv,
            InputFormat::Tsv => source::Format::Tsv,
            InputFormat::Sitemap => source::Format::Sitemap,
            InputFormat::Feed => source::Format::Feed,
        }
    }
}

/// Flags of the group "Choose".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Choose")]
pub struct ChooseFlags {
    /// Only URLs that match this regular expression; may be repeated
    #[arg(long, value_name = "RE", value_parser = regex)]
    pub include: Vec<Regex>,
    /// No URL that matches this regular expression; may be repeated
    #[arg(long, value_name = "RE", value_parser = regex)]
    pub exclude: Vec<Regex>,
    /// Statuses that are success: 2xx,404 [default: 2xx]
    ///
    /// Classes, codes and ranges: `2xx,403,200..=299`.
    #[arg(long, value_name = "SET", value_parser = accept)]
    pub accept: Option<StatusSet>,
    /// Whether the same request is made once: url or none [default: url]
    #[arg(long, value_name = "URL|NONE", hide_possible_values = true)]
    pub dedupe: Option<DedupeArg>,
    /// Read at most so many requests
    #[arg(long, value_name = "N", value_parser = values::count_u64)]
    pub limit: Option<NonZeroU64>,
    /// Stop after so many successes
    ///
    /// Exit 0 once they are there, whatever failed on the way; if the list ends before, failures
    /// count as always (exit 1). What was not needed is skipped with `budget.first`.
    #[arg(long, value_name = "N", value_parser = values::count_u32)]
    pub first: Option<NonZeroU32>,
    /// Format of the sources: lines, jsonl, json, csv, tsv, sitemap or feed
    ///
    /// Without it, a file is read by its extension, then by its first bytes. What is packed by gzip
    /// is unpacked.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub input_format: Option<InputFormat>,
    /// Column of CSV and TSV that holds the URL, by name or number from 1
    #[arg(long, value_name = "C")]
    pub url_column: Option<String>,
    /// Only what changed since then: a day (sitemaps, feeds), or the JSON Lines of an earlier run
    ///
    /// A DATE is a day as 2026-01-31, or a moment as 2026-01-31T12:00:00Z, and is about entries of sitemaps and
    /// feeds. Those that do not say when they changed are kept; the others are skipped with `excluded`.
    /// A FILE is the output of an earlier run: pages are asked for under its conditions (ETag, Last-Modified),
    /// and each record says whether its page is new, changed, unchanged or gone.
    #[arg(long, value_name = "DATE|FILE", value_parser = since)]
    pub since: Option<SinceArg>,
}

/// What `--since` may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinceArg {
    /// A day or a moment.
    Date(Since),
    /// The records of an earlier run.
    Run(PathBuf),
}

/// A date, or else a file that is there.
fn since(text: &str) -> Result<SinceArg, String> {
    match text.parse() {
        Ok(date) => Ok(SinceArg::Date(date)),
        Err(_) if Path::new(text).exists() => Ok(SinceArg::Run(text.into())),
        Err(fault) => Err(format!("{fault}; nor is it the file of an earlier run")),
    }
}

pub(super) fn regex(text: &str) -> Result<Regex, String> {
    // The library's message is a drawing of several lines; its last one says what is wrong.
    Regex::new(text).map_err(|error| {
        let told = error.to_string();
        let last = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("not a regular expression: {last}")
    })
}

fn accept(text: &str) -> Result<StatusSet, String> {
    text.parse()
}

impl ChooseFlags {
    /// How lists are read.
    pub fn lists(&self) -> source::Options {
        source::Options {
            format: self.input_format.map(Into::into),
            url_column: self.url_column.clone(),
            since: match &self.since {
                Some(SinceArg::Date(since)) => Some(since.clone()),
                Some(SinceArg::Run(_)) | None => None,
            },
        }
    }

    /// The earlier run that pages are compared with.
    pub fn earlier(&self) -> Option<&Path> {
        match &self.since {
            Some(SinceArg::Run(path)) => Some(path),
            Some(SinceArg::Date(_)) | None => None,
        }
    }

    /// Fills `choose` and the accepted statuses.
    pub fn resolve(&self, settings: &mut Settings) {
        if let Some(accept) = &self.accept {
            settings.ask.accept = accept.clone();
        }
        let choose = &mut settings.choose;
        choose.include.clone_from(&self.include);
        choose.exclude.clone_from(&self.exclude);
        choose.limit = self.limit.map(NonZeroU64::get);
        choose.first = self.first;
        choose.dedupe = match self.dedupe {
            Some(DedupeArg::None) => Dedupe::Off,
            Some(DedupeArg::Url) => Dedupe::Url,
            None => choose.dedupe,
        };
    }
}
