//! The command line as clap knows it: commands, their flags, and the help in two lengths.
//!
//! Must not know what is done with what was typed.

mod check;
mod crawl;
mod extract;
mod ps;
mod report;
mod warc;

use std::{path::PathBuf, time::Duration};

use clap::{Args as _, Command as Clap, CommandFactory as _, Parser, Subcommand};

use fetchall::{
    model::units,
    report::diff::{Change, Slower},
};

pub use self::{
    ps::{PsFlags, PsFormat},
    report::{ReportFlags, ReportFormat},
    warc::{IndexFlags, VerifyFlags, WaczFlags, WarcCommand},
};
use super::{
    config, environment,
    flags::{CheckFlags, ColorArg, ConfigFlags, CrawlFlags, FetchFlags, FormatArg, SavedFlags},
};

const EXAMPLES: &str = "\
Examples:
  fetchall https://example.com/             one URL, a readable line
  fetchall urls.txt > records.jsonl         a list, a JSON object a record
  fetchall urls.txt -c 64 --rate-per-host 5/s --select title=h1
  grep '^https' notes | fetchall -f jsonl | jq 'select(.ok | not)'
  fetchall demo                             try it without a network";

const USAGE: &str = "fetchall [OPTIONS] [SOURCE]...\n       fetchall COMMAND [OPTIONS]";

const AFTER: &str = "\
SOURCE is a URL, a list (lines, JSON, CSV, TSV, sitemap, feed), or - for stdin.
More: --help has every flag; `fetchall explain CODE` tells what an error means.
Exit: 0 done, 1 some failed, 2 usage, 3 incomplete, 5 stopped on purpose.";

const AFTER_LONG: &str = "\
A SOURCE is - for stdin, a URL (it has ://), or an existing file: a list of lines, JSON Lines,
JSON, CSV or TSV, a sitemap or a feed, packed by gzip or not. Anything else is an error: a mistyped file name never becomes a request.

Every long flag can be set in the environment too: --per-host is FETCHALL_PER_HOST; and in
fetchall.toml, as per-host = 4. The command line goes before both; see `fetchall config show`.

Exit status:
  0         done (also when --first N has its successes, whatever failed on the way, and when the
            reader of stdout leaves)
  1         done; at least one record has `ok: false`
  2         wrong usage; nothing was sent
  3         incomplete: the output could not be written or the input not be read to its end
  5         stopped on purpose: --deadline, --max-failures, --fail-fast
  101       a bug
  130, 143  ended by SIGINT, SIGTERM";

const DIFF_AFTER: &str = "Exit: 0 nothing broke, 1 something broke, 2 usage, 3 an input or stdout failed.";

const DOCTOR_AFTER: &str = "Exit: 0 nothing hinders a run, 1 something does, 2 usage, 3 stdout failed.";

/// Flags that `-h` shows; `--help` shows all.
const COMMON: [&str; 10] =
    ["concurrency", "per-host", "timeout", "retries", "header", "select", "output", "format", "quiet", "dry-run"];

/// Fetch many URLs at once: one honest record for each, as each completes.
#[derive(Parser, Debug)]
#[command(
    name = "fetchall",
    version,
    max_term_width = 100,
    override_usage = USAGE,
    before_help = EXAMPLES,
    after_help = AFTER,
    after_long_help = AFTER_LONG
)]
pub struct Cli {
    /// `fetch`, where no command is named.
    #[command(flatten)]
    pub fetch: FetchFlags,
    /// The command, if one is named.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What is to be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Fetch every URL of the sources: one record for each (the default)
    Fetch(Box<FetchFlags>),
    /// Follow links from seeds: one record for each page
    Crawl(Box<CrawlFlags>),
    /// Find broken links in files, folders and sites
    Check(Box<CheckFlags>),
    /// Run selectors over saved pages; no network
    Extract(Box<SavedFlags>),
    /// What broke, healed, slowed down or changed between two runs
    Diff(DiffFlags),
    /// A saved run as a page for browsers, as records again, or in words
    Report(ReportFlags),
    /// Judge archives (WARC), index and pack them
    Warc {
        /// What is to be done.
        #[command(subcommand)]
        what: WarcCommand,
    },
    /// The runs under way: list them, look into one, change it
    Ps(PsFlags),
    /// A website on 127.0.0.1, good and bad pages, to try everything
    Demo(DemoFlags),
    /// Tell what an error code or a rule means and what to do
    Explain {
        /// For example dns.not_found or link.dead; without it, all are listed
        #[arg(value_name = "NAME")]
        code: Option<String>,
    },
    /// Settings in files: show where each comes from, or begin one
    Config {
        /// What is to be done.
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Look at what of this machine helps or hinders a run
    Doctor(DoctorFlags),
    /// Print the JSON Schema of a record, or of fetchall.toml
    Schema {
        /// Which: fetch, page, link or config
        name: String,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all pages to a folder
    Man {
        /// The folder
        dir: Option<PathBuf>,
    },
}

/// What `config` does.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Every setting of a command as a file would have it, and where it comes from
    Show {
        /// fetch, crawl, check or extract
        #[arg(default_value = "fetch", hide_default_value = true)]
        command: String,
        #[command(flatten)]
        files: ConfigFlags,
    },
    /// Write a fetchall.toml with every key in a comment
    Init {
        /// The file, or - for stdout
        #[arg(value_name = "FILE", default_value = config::NAME, hide_default_value = true)]
        file: PathBuf,
    },
}

/// Flags of `diff`.
#[derive(clap::Args, Debug)]
pub struct DiffFlags {
    /// JSON Lines of the earlier run
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// JSON Lines of the later run, or - for stdin
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Only these changes: broke, healed, reason, status, content, redirect, slower, new, gone
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = change)]
    pub only: Vec<Change>,
    /// What counts as slower: so many times as long, and longer by so much [default: 2x,250ms]
    #[arg(long, value_name = "FACTOR[,D]", value_parser = slower, default_value = "2x,250ms", hide_default_value = true)]
    pub slower: (f64, Duration),
    /// text or jsonl [default: text on a terminal]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<DiffFormat>,
    /// No summary on stderr
    #[arg(short, long)]
    pub quiet: bool,
}

/// How changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DiffFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Jsonl,
}

impl DiffFlags {
    /// Whether changes are JSON objects.
    pub fn is_jsonl(&self, on_terminal: bool) -> bool {
        self.format.map_or(!on_terminal, |format| format == DiffFormat::Jsonl)
    }
}

fn change(name: &str) -> Result<Change, String> {
    let names = || Change::ALL.iter().map(|change| change.name());
    Change::ALL.into_iter().find(|change| change.name() == name).ok_or_else(|| match units::nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
    })
}

/// `2x`, or `2x,250ms`.
fn slower(text: &str) -> Result<(f64, Duration), String> {
    let wrong = || format!("`{text}` is not FACTOR,TIME; write 2x,250ms");
    let (factor, by) = text.split_once(',').map_or((text, None), |(factor, by)| (factor, Some(by)));
    let factor: f64 = factor.strip_suffix('x').ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
    if !(factor.is_finite() && factor >= 1.0) {
        return Err("the factor is at least 1".to_owned());
    }
    let by = by.map_or(Ok(Slower::default().by), units::duration).map_err(|_| wrong())?;
    Ok((factor, by))
}

/// `--format` of `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LookFormat {
    /// a readable line a look
    Text,
    /// a JSON object a line
    Jsonl,
    /// one JSON list
    Json,
}

/// Flags of `doctor`.
#[derive(clap::Args, Debug, Default)]
pub struct DoctorFlags {
    /// Fetch these once each with the settings of `fetch`, and tell how it went; without any, nothing is sent
    #[arg(value_name = "URL")]
    pub urls: Vec<String>,
    /// text, json or jsonl [default: text]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<LookFormat>,
    /// Colours: auto, always or never [default: auto]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorArg>,
    #[command(flatten)]
    pub files: ConfigFlags,
}

/// Flags of `demo`.
#[derive(clap::Args, Debug, Default)]
pub struct DemoFlags {
    /// Keep the site up until Ctrl-C; its URL is the first line of stdout
    #[arg(long)]
    pub serve: bool,
    /// Port to listen on [default: any that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Format of the records: text, jsonl, json, csv, tsv or none [default: text on a terminal]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, conflicts_with = "serve")]
    pub format: Option<FormatArg>,
    /// Colours: auto, always or never [default: auto]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorArg>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// The whole command line as clap knows it.
pub fn definition() -> Clap {
    let hide = |arg: clap::Arg| {
        let common = arg.get_long().is_some_and(|long| COMMON.contains(&long));
        arg.hide_short_help(!common)
    };
    let fetch =
        |command: Clap| command.mut_args(hide).before_help(EXAMPLES).after_help(AFTER).after_long_help(AFTER_LONG);
    let command = with_files(Cli::command()).mut_subcommands(|command| {
        let reads = config::COMMANDS.contains(&command.get_name());
        if reads { with_files(command) } else { command }
    });
    let command = command.mut_args(hide).mut_subcommand("fetch", fetch);
    let command = command.mut_subcommand("check", check::dress).mut_subcommand("crawl", crawl::dress);
    let command = command.mut_subcommand("report", report::dress);
    let command = command.mut_subcommand("diff", |command| command.after_help(DIFF_AFTER));
    let command = command.mut_subcommand("doctor", |command| command.after_help(DOCTOR_AFTER));
    environment::attach(command.mut_subcommand("extract", extract::dress).mut_subcommand("warc", warc::dress))
}

/// With the flags that say which files of settings are read; the text about the command stays its own.
fn with_files(command: Clap) -> Clap {
    let about = command.get_about().cloned().unwrap_or_default();
    let long_about = command.get_long_about().cloned();
    let command = ConfigFlags::augment_args(command).about(about.clone());
    command.long_about(long_about.unwrap_or(about))
}

/// For `-h`: the common flags in one list, without the headings that `--help` needs.
pub fn compact(command: Clap) -> Clap {
    let plain = |arg: clap::Arg| arg.help_heading(None::<&'static str>);
    // There is room for 45 lines; whoever packages the program finds it in --help.
    let hide = |command: Clap| command.hide(true);
    let command = command.mut_subcommand("man", hide).mut_subcommand("completions", hide);
    command.mut_args(plain).mut_subcommands(move |command| command.mut_args(plain))
}

/// `-h` as text, of the program or of one of its commands.
pub fn short_help(command: Option<&str>) -> String {
    let mut whole = compact(definition());
    // What clap does before it prints: without it a command does not know its full name.
    whole.build();
    match command.and_then(|name| whole.find_subcommand_mut(name)) {
        Some(command) => command.render_help().to_string(),
        None => whole.render_help().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_in_the_definition() {
        definition().debug_assert();
        compact(definition()).debug_assert();
    }

    #[test]
    fn the_short_help_fits_a_small_terminal_and_opens_with_examples() {
        for mut command in [compact(definition()), compact(definition()).find_subcommand("fetch").unwrap().clone()] {
            let help = command.clone().term_width(80).render_help().to_string();
            assert!(help.lines().count() <= 45, "{} lines\n{help}", help.lines().count());
            let long: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(long.is_empty(), "{long:#?}");
            assert!(help.starts_with("Examples:"), "{help}");
            let long_help = command.render_long_help().to_string();
            assert!(long_help.contains("--retry-after-max") && !help.contains("--retry-after-max"));
        }
    }

    #[test]
    fn the_short_help_of_the_other_commands_fits_as_well() {
        for name in ["check", "crawl", "extract"] {
            let help = compact(definition()).find_subcommand(name).unwrap().clone().term_width(80).render_help();
            let help = help.to_string();
            assert!(help.lines().count() <= 45, "{} lines\n{help}", help.lines().count());
            let long: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(long.is_empty(), "{long:#?}");
            assert!(help.starts_with("Examples:"), "{help}");
            assert!(short_help(Some(name)).contains(&format!("Usage: fetchall {name}")));
        }
    }

    #[test]
    fn every_long_flag_can_be_set_in_the_environment() {
        fn check(command: &Clap, found: &mut usize) {
            for arg in command.get_arguments() {
                if let Some(long) = arg.get_long() {
                    let name = format!("FETCHALL_{}", long.to_uppercase().replace('-', "_"));
                    assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(name.as_str()));
                    assert!(arg.is_hide_env_set() && arg.is_hide_env_values_set(), "{long}");
                    *found += 1;
                }
            }
            command.get_subcommands().for_each(|command| check(command, found));
        }
        let mut found = 0;
        check(&definition(), &mut found);
        assert!(found > 100, "{found}");
    }
}
