//! Where requests come from: words of the command line, lists on disk, a pipe.
//!
//! In: [`spec`] decides what a word means, [`open`] checks all of them. Out: one stream of
//! [`Request`]s, in order, read only as fast as it is polled. A line that is no request is a
//! request with a fault, so that it gets its record. Knows `model`, and `page` for sitemaps and feeds;
//! must not know settings, the engine or what happens to a request.

mod csv;
pub mod earlier;
mod feed;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod intake;
mod json;
mod jsonl;
mod lines;
mod object;
mod packed;
pub mod saved;
mod sitemap;
mod sniff;
pub mod walk;
pub mod warc;
mod word;

use std::path::PathBuf;

use futures::stream::BoxStream;

use crate::{model::Request, page::sitemap::Since};

pub use word::spec;

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One URL a line; blank lines and lines that start with `#` are skipped.
    Lines,
    /// One JSON object a line.
    Jsonl,
    /// A JSON array of URLs and objects.
    Json,
    /// Comma-separated values with one column of URLs.
    Csv,
    /// The same, separated by tabs.
    Tsv,
    /// A sitemap or an index of sitemaps.
    Sitemap,
    /// RSS, Atom, JSON Feed or OPML.
    Feed,
}

impl Format {
    /// The name that `--input-format` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Lines => "lines",
            Format::Jsonl => "jsonl",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Sitemap => "sitemap",
            Format::Feed => "feed",
        }
    }
}

/// One place that requests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// Standard input.
    Stdin,
    /// A URL.
    Literal(String),
    /// A list on disk (or a named pipe, or `/dev/stdin`).
    File(PathBuf),
}

/// How lists are read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `None`: by extension, then by the first bytes.
    pub format: Option<Format>,
    /// Column of a CSV or TSV list, by name or by number from 1; `None`: `url`, or the only one.
    pub url_column: Option<String>,
    /// Entries of sitemaps and feeds that changed before are left out; each gets its record.
    pub since: Option<Since>,
}

/// Why there are no requests, or no more of them.
///
/// What [`spec`] and [`open`] return is wrong usage: nothing was read that could have been sent.
/// What the stream yields came too late for that: the run is incomplete.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Not a source that can be used; the sentence says what to do.
    #[error("{0}")]
    Unusable(String),
    /// The system does not let us open it.
    #[error("cannot open {name}: {source}")]
    Open {
        /// The file, in words.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Reading failed half-way.
    #[error("cannot read {name} to its end: {source}")]
    Read {
        /// The file or stream, in words.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The reading thread died, which is a bug; saying so is better than a list cut short.
    #[error("the input was not read to its end")]
    Died,
}

/// Opens all sources, to be read one after the other.
///
/// What is packed by gzip is unpacked. Every file is checked first (there, readable, of a known format, its CSV column found), and so
/// is the beginning of a pipe that stands first; a pipe that stands later is checked at its turn.
/// Memory does not grow with the lists; dropping the stream ends the reading.
pub async fn open(
    specs: Vec<Spec>,
    options: Options,
) -> Result<BoxStream<'static, Result<Request, SourceError>>, SourceError> {
    for spec in &specs {
        if let Spec::File(path) = spec {
            tracing::debug!(target: "fetchall::source", path = %path.display(), "opens a list");
        }
    }
    if specs.iter().filter(|&spec| *spec == Spec::Stdin).count() > 1 {
        return Err(SourceError::Unusable("`-` is named twice, but standard input can be read only once".to_owned()));
    }
    let may_be_table = |spec: &Spec| match spec {
        Spec::Stdin => true,
        Spec::Literal(_) => false,
        Spec::File(path) => match sniff::by_name(path) {
            sniff::ByName::Is(format) => matches!(format, Format::Csv | Format::Tsv),
            sniff::ByName::Not(_) | sniff::ByName::Unknown => true,
        },
    };
    if options.url_column.is_some() && options.format.is_none() && !specs.iter().any(may_be_table) {
        let message = "--url-column is for CSV and TSV, and no source is read as such; see --input-format";
        return Err(SourceError::Unusable(message.to_owned()));
    }
    let may_have_dates = |spec: &Spec| match (spec, options.format) {
        (Spec::Literal(_), _) => false,
        (_, Some(format)) => matches!(format, Format::Sitemap | Format::Feed),
        (Spec::Stdin, None) => true,
        (Spec::File(path), None) => match sniff::by_name(path) {
            sniff::ByName::Is(format) => matches!(format, Format::Sitemap | Format::Feed | Format::Json),
            sniff::ByName::Not(_) | sniff::ByName::Unknown => true,
        },
    };
    if options.since.is_some() && !specs.iter().any(may_have_dates) {
        let message = "--since is for sitemaps and feeds, and no source is read as such; see --input-format";
        return Err(SourceError::Unusable(message.to_owned()));
    }
    feed::start(specs, options).await
}

/// The most characters of an unreadable text that go into its record.
const EXCERPT_CHARS: usize = 256;

/// The beginning of a text, cut between two characters.
fn excerpt(text: &str) -> &str {
    text.char_indices().nth(EXCERPT_CHARS).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_two_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"é".repeat(300)), "é".repeat(256));
    }

    #[tokio::test]
    async fn standard_input_is_named_once_at_most() {
        let error = open(vec![Spec::Stdin, Spec::Stdin], Options::default()).await.err().unwrap();
        assert!(error.to_string().contains("twice"), "{error}");
    }
}
