//! The help and the flags of `warc`.

use std::path::PathBuf;

use clap::{Command as Clap, Subcommand};

use super::DiffFormat;

const EXAMPLES: &str = "\
Examples:
  fetchall warc verify out.warc.gz          is it whole, and true to itself?
  fetchall warc index *.warc.gz -o out.cdxj
  fetchall warc wacz out.warc.gz -o out.wacz    for browsers that replay";

const VERIFY: &str = "\
Examples:
  fetchall warc verify out.warc.gz          a line for each flaw
  fetchall warc verify *.warc.gz -f jsonl | jq 'select(.severity == \"error\")'
  fetchall explain member.torn              what a flaw means";

const VERIFY_AFTER: &str = "\
Files that are named together are taken for one archive: references lead from one to another.
More: docs/warc.md.
Exit: 0 no fault (remarks are none), 1 faults, 2 usage, 3 a file cannot be read.";

const INDEX: &str = "\
Examples:
  fetchall warc index out.warc.gz           sorted CDXJ on stdout
  fetchall warc index *.warc.gz -o out.cdxj";

const INDEX_AFTER: &str = "\
Lines are those of `cdxj-indexer --sort`, for pywb and other tools that replay.
Exit: 0 done, 2 usage, 3 a file cannot be read to its end, or the index not be written.";

const WACZ: &str = "\
Examples:
  fetchall warc wacz out.warc.gz -o out.wacz    open it in a browser that replays";

const WACZ_AFTER: &str = "\
The archives as they are, with index, list of pages, and digests (WACZ 1.1.1).
Exit: 0 done, 2 usage, 3 an archive is not whole, or the file cannot be written.";

/// What is to be done with archives.
#[derive(Subcommand, Debug)]
pub enum WarcCommand {
    /// Find what is torn, damaged or untrue in archives, of any tool
    Verify(VerifyFlags),
    /// An index of what archives have answers to, as sorted CDXJ
    Index(IndexFlags),
    /// Pack archives with an index and a list of pages (WACZ)
    Wacz(WaczFlags),
}

/// Flags of `warc verify`.
#[derive(clap::Args, Debug)]
pub struct VerifyFlags {
    /// Archives (.warc, .warc.gz)
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// text or jsonl [default: text on a terminal]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<DiffFormat>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `warc index`.
#[derive(clap::Args, Debug)]
pub struct IndexFlags {
    /// Archives (.warc, .warc.gz)
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the index to this file [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// Flags of `warc wacz`.
#[derive(clap::Args, Debug)]
pub struct WaczFlags {
    /// Archives (.warc, .warc.gz), each of another name
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The file to write; one that is there is replaced
    #[arg(short, long, value_name = "FILE", required = true)]
    pub output: PathBuf,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

impl VerifyFlags {
    /// Whether findings are JSON objects.
    pub fn is_jsonl(&self, on_terminal: bool) -> bool {
        self.format.map_or(!on_terminal, |format| format == DiffFormat::Jsonl)
    }
}

/// The commands with their help.
pub fn dress(command: Clap) -> Clap {
    command
        .arg_required_else_help(true)
        .subcommand_required(true)
        .before_help(EXAMPLES)
        .mut_subcommand("verify", |command| command.before_help(VERIFY).after_help(VERIFY_AFTER))
        .mut_subcommand("index", |command| command.before_help(INDEX).after_help(INDEX_AFTER))
        .mut_subcommand("wacz", |command| command.before_help(WACZ).after_help(WACZ_AFTER))
}

#[cfg(test)]
mod tests {
    use crate::cli::definition::{compact, definition};

    #[test]
    fn the_short_help_of_each_fits_a_small_terminal() {
        let mut whole = compact(definition());
        let warc = whole.find_subcommand_mut("warc").unwrap();
        let helps: Vec<String> = std::iter::once(warc.clone())
            .chain(warc.get_subcommands().cloned())
            .map(|command| command.term_width(80).render_help().to_string())
            .collect();
        assert!(helps.len() > 2);
        for help in helps {
            assert!(help.lines().count() <= 45 && help.starts_with("Examples:"), "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        }
    }
}
