//! How records and progress are shown.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use fetchall::{
    report::{Kind, html::Setting},
    settings::{Order, Settings},
    sink::Packing,
};

use crate::cli::side_server;

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FormatArg {
    /// a readable line a record
    Text,
    /// a JSON object a line
    Jsonl,
    /// one JSON list
    Json,
    /// comma-separated
    Csv,
    /// tab-separated
    Tsv,
    /// no records, only the summary
    None,
}

impl FormatArg {
    /// What the extension of a file says, whatever its case.
    ///
    /// # Errors
    /// Which extensions there are.
    pub fn by_name(file: &Path) -> Result<FormatArg, String> {
        let extension = Packing::name_within(file).extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_deref().and_then(|extension| extension.to_str()) {
            Some("csv") => Ok(FormatArg::Csv),
            Some("tsv") => Ok(FormatArg::Tsv),
            Some("json") => Ok(FormatArg::Json),
            Some("txt") => Ok(FormatArg::Text),
            Some("jsonl" | "ndjson") => Ok(FormatArg::Jsonl),
            _ => Err(format!("{}: its extension names no format; {EXTENSIONS}", file.display())),
        }
    }
}

/// Which extensions there are, in a sentence.
const EXTENSIONS: &str = "there is .jsonl, .ndjson, .json, .csv, .tsv and .txt, each with .gz or .zst behind it or not";

/// `--progress`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ProgressArg {
    /// bar on a terminal, plain elsewhere
    #[default]
    Auto,
    /// a bar that repaints itself
    Bar,
    /// a line every 10 s
    Plain,
    /// a JSON object every second
    Json,
    /// the whole screen, with keys that change the run
    Tui,
    /// nothing
    None,
}

/// `--control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ControlArg {
    /// there is a socket, and a word where there can be none
    On,
    /// there is none
    Off,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorArg {
    /// on a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// always
    Always,
    /// never
    Never,
}

/// Flags of the group "Output".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputFlags {
    /// text, jsonl, json, csv, tsv or none
    ///
    /// [default: text on a terminal, jsonl in a pipe or a file, or what the extension of --output
    /// says]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<FormatArg>,
    /// Keys to write, in this order; `help` lists them
    #[arg(long, value_name = "LIST|help")]
    pub fields: Option<String>,
    /// Write a report as well, a page for browsers: --report html=run.html
    ///
    /// One file that loads nothing: verdict, charts, all records to search and sort. It has them too, so
    /// `fetchall report run.html --format jsonl` gives them back; `fetchall report records.jsonl` makes the
    /// page later. Of more than a million records it lists the first million and counts the others.
    #[arg(long, value_name = "html=PATH", value_parser = page, conflicts_with = "dry_run")]
    pub report: Option<PathBuf>,
    /// Show the run in a browser while it goes on: --dashboard 127.0.0.1:8080
    ///
    /// The page of --report html, with rows as they come; `:0` takes any port that is free, and its address is
    /// said on stderr. At any other address than this machine's own, only who has the token of that line may
    /// look. It ends with the run, whose page stays in the browser.
    #[arg(long, value_name = "ADDR", value_parser = side_server::address, conflicts_with = "dry_run")]
    pub dashboard: Option<SocketAddr>,
    /// Records in the order of the input, not as they complete
    #[arg(long)]
    pub ordered: bool,
    /// Progress on stderr: auto, bar, plain, json, tui or none [default: auto]
    ///
    /// `bar` needs a terminal that shows no records; elsewhere it is `plain`, a line every 10 s. `tui` takes the
    /// whole screen: hosts, failures, times, and keys to pause, drain and change how many go at once.
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub progress: Option<ProgressArg>,
    /// Let `fetchall ps` see this run and change it: on or off [default: on, where it can be]
    ///
    /// Through a socket that only you can reach, in $XDG_RUNTIME_DIR or the folder for temporary files. SIGUSR1
    /// shows what a run is doing in any case.
    #[arg(long, value_name = "on|off", hide_possible_values = true)]
    pub control: Option<ControlArg>,
    /// Colours: auto, always or never [default: auto]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorArg>,
    /// Nothing on stderr but errors
    ///
    /// No progress, no notes, no summary.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print what would be requested, and send nothing
    ///
    /// Requests by host, duplicates, lines that are no URL, and the least time that the limits
    /// allow: as text, or as one JSON object with --format json.
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Every flag with its value and where that comes from, for reports.
    #[arg(skip)]
    pub settings: Vec<Setting>,
}

/// `html=PATH`: of the kinds of reports, the one for runs that check nothing.
fn page(text: &str) -> Result<PathBuf, String> {
    let wrong = || format!("`{text}` is not a kind with a path; write html=run.html");
    let (kind, path) = text.split_once('=').ok_or_else(wrong)?;
    match (kind.trim().parse()?, path) {
        (Kind::Html, "" | "-") => Err(wrong()),
        (Kind::Html, path) => Ok(path.into()),
        (other, _) => Err(format!("{} is a report of `check`; here there is html", other.name())),
    }
}

impl OutputFlags {
    /// Fills the order of the records; the rest is the command's own.
    pub fn resolve(&self, settings: &mut Settings) {
        if self.ordered {
            settings.choose.order = Order::Input;
        }
    }

    /// The format: what was asked for, else what the file's name says, else text for people and
    /// JSON Lines for programs. With `--fields`, a terminal gets JSON Lines too: a readable line
    /// has no fields to choose from.
    pub fn chosen_format(&self, file: Option<&Path>, stdout_is_terminal: bool) -> FormatArg {
        let by_name = file.and_then(|file| FormatArg::by_name(file).ok());
        let by_name = by_name.filter(|format| *format != FormatArg::Text || self.fields.is_none());
        let on_terminal = file.is_none() && stdout_is_terminal && self.fields.is_none();
        self.format.or(by_name).unwrap_or(if on_terminal { FormatArg::Text } else { FormatArg::Jsonl })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_flag_then_name_then_reader() {
        let plain = OutputFlags::default();
        let fields = OutputFlags { fields: Some("url".to_owned()), ..OutputFlags::default() };
        let asked = OutputFlags { format: Some(FormatArg::Csv), ..OutputFlags::default() };
        let file = |name: &'static str| Some(Path::new(name));
        for (flags, name, terminal, format) in [
            (&plain, None, true, FormatArg::Text),
            (&plain, None, false, FormatArg::Jsonl),
            (&plain, file("x.CSV"), true, FormatArg::Csv),
            (&plain, file("x.tsv"), true, FormatArg::Tsv),
            (&plain, file("x.json"), true, FormatArg::Json),
            (&plain, file("x.txt"), false, FormatArg::Text),
            (&plain, file("x.log"), true, FormatArg::Jsonl),
            (&plain, file("x"), true, FormatArg::Jsonl),
            (&fields, None, true, FormatArg::Jsonl),
            (&asked, file("x.json"), true, FormatArg::Csv),
        ] {
            assert_eq!(flags.chosen_format(name, terminal), format, "{name:?} {terminal}");
        }
    }
}
