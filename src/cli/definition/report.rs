//! The flags and the help of `report`.

use std::path::PathBuf;

use clap::{
    Command as Clap,
    builder::{PossibleValuesParser, TypedValueParser},
};
use fetchall::report::Kind;

const EXAMPLES: &str = "\
Examples:
  fetchall urls.txt -o run.jsonl; fetchall report run.jsonl -o run.html
  fetchall report run.html --format jsonl | jq 'select(.ok | not)'
  fetchall report links.jsonl -o links.sarif
  fetchall report records.db --format markdown >> \"$GITHUB_STEP_SUMMARY\"";

/// Flags of `report`.
#[derive(clap::Args, Debug)]
pub struct ReportFlags {
    /// JSON Lines, JSON, a page of --report html=PATH, an SQLite file of --sink, or - for stdin
    ///
    /// CSV and TSV are taken too if they have the columns `ok` and `url`; what the other columns would tell is
    /// missing then, and is said. All may be packed by gzip or zstd. Of an SQLite file, the run that was written
    /// last is taken.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// html, jsonl, text, json or markdown [default: by the name of --output; text on a terminal, else html]
    ///
    /// html is a page for browsers; jsonl gives the records back; text and markdown are the summary with
    /// its failures, json the summary alone. Of the links of a check also what machines take: junit, sarif,
    /// github, gitlab, checkstyle and rdjsonl, as `check --report` writes them.
    #[arg(short, long, value_name = "FORMAT", value_parser = format(), hide_possible_values = true)]
    pub format: Option<ReportFormat>,
    /// Write to FILE, not to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// How a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page for browsers
    Html,
    /// The records, an object a line
    Jsonl,
    /// The summary and the failures, for people
    Text,
    /// The summary as one object
    Json,
    /// The same as text, for comments and wikis
    Markdown,
    /// What machines take of a check
    Check(Kind),
}

impl From<Kind> for ReportFormat {
    fn from(kind: Kind) -> ReportFormat {
        match kind {
            Kind::Html => ReportFormat::Html,
            Kind::Jsonl => ReportFormat::Jsonl,
            Kind::Text => ReportFormat::Text,
            Kind::Json => ReportFormat::Json,
            Kind::Markdown => ReportFormat::Markdown,
            kind => ReportFormat::Check(kind),
        }
    }
}

/// The kinds of reports by their names.
fn format() -> impl TypedValueParser<Value = ReportFormat> {
    let names = Kind::ALL.iter().map(|kind| kind.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Kind>().map(ReportFormat::from))
}

impl ReportFlags {
    /// The format: what was asked for, else what the file's name says, else text for people and a page for
    /// everything else.
    ///
    /// # Errors
    /// The name says nothing.
    pub fn chosen_format(&self, stdout_is_terminal: bool) -> Result<ReportFormat, String> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(file) = self.file() else {
            return Ok(if stdout_is_terminal { ReportFormat::Text } else { ReportFormat::Html });
        };
        let extension = file.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("html" | "htm") => Ok(ReportFormat::Html),
            Some("jsonl" | "ndjson") => Ok(ReportFormat::Jsonl),
            Some("txt") => Ok(ReportFormat::Text),
            Some("json") => Ok(ReportFormat::Json),
            Some("md") => Ok(ReportFormat::Markdown),
            Some("sarif") => Ok(ReportFormat::Check(Kind::Sarif)),
            _ => Err(format!(
                "{}: its extension names no format; there is .html, .jsonl, .txt, .json, .md and .sarif, or say --format",
                file.display()
            )),
        }
    }

    /// The file, if it does not go to stdout.
    pub fn file(&self) -> Option<&std::path::Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}

/// The command with its help.
pub fn dress(command: Clap) -> Clap {
    command.before_help(EXAMPLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_flag_then_name_then_reader() {
        let flags = |format, output: Option<&str>| ReportFlags {
            run: "run.jsonl".into(),
            format,
            output: output.map(Into::into),
            quiet: false,
        };
        for (format, output, terminal, wanted) in [
            (None, None, true, Some(ReportFormat::Text)),
            (None, None, false, Some(ReportFormat::Html)),
            (None, Some("-"), false, Some(ReportFormat::Html)),
            (None, Some("x.HTML"), true, Some(ReportFormat::Html)),
            (None, Some("x.md"), true, Some(ReportFormat::Markdown)),
            (None, Some("x.sarif"), true, Some(ReportFormat::Check(Kind::Sarif))),
            (None, Some("x.pdf"), true, None),
            (Some(ReportFormat::Json), Some("x.html"), true, Some(ReportFormat::Json)),
        ] {
            assert_eq!(flags(format, output).chosen_format(terminal).ok(), wanted, "{output:?}");
        }
    }
}
