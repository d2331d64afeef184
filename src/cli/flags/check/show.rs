//! What findings weigh, how they are shown, and what is mended.

use std::net::SocketAddr;

use fetchall::{
    check::rules::{FailOn, RuleWeight},
    report::{Kind, html::Setting},
};

use super::values::{self, Report};
use crate::cli::{
    flags::{ColorArg, ControlArg, ProgressArg},
    side_server,
};

/// `--format`: one of the kinds of reports, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In this way.
    As(Kind),
    /// No findings, only the summary.
    Nothing,
}

/// Flags of the group "Findings".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Findings")]
pub struct ShowFlags {
    /// text, jsonl, json, markdown, github, … or none [default: text]
    ///
    /// Every kind of report: text, json, jsonl, markdown, junit, sarif, github, gitlab, checkstyle,
    /// rdjsonl, html. `text` and `jsonl` come while it runs; `json`, `jsonl` and `html` have every link, the
    /// others what is worth a word. With `github`, the summary of the step is written too.
    #[arg(short, long, value_name = "KIND", value_parser = values::shown(), hide_possible_values = true)]
    pub format: Option<Shown>,
    /// Write a report as well; may be repeated
    ///
    /// `--report sarif=links.sarif --report junit=links.xml`; `-` is stdout. Kinds as for --format.
    #[arg(long, value_name = "KIND=PATH", value_parser = values::report)]
    pub report: Vec<Report>,
    /// Show the run in a browser while it goes on: --dashboard 127.0.0.1:8080
    ///
    /// The page of --report html, with rows as they come; `:0` takes any port that is free, and its address is
    /// said on stderr. At any other address than this machine's own, only who has the token of that line may
    /// look. It ends with the run, whose page stays in the browser.
    #[arg(long, value_name = "ADDR", value_parser = side_server::address)]
    pub dashboard: Option<SocketAddr>,
    /// What a rule weighs: off, warn or error
    ///
    /// `--rule redirected=warn --rule dead=error`; may be repeated, the last word on a rule counts.
    /// `fetchall explain` lists the rules.
    #[arg(long, value_name = "NAME=WEIGHT", value_parser = values::rule)]
    pub rule: Vec<RuleWeight>,
    /// What fails the run: error, warning or none [default: error]
    #[arg(long, value_name = "WEIGHT", value_parser = values::fail_on)]
    pub fail_on: Option<FailOn>,
    /// Exit 0 where there are no links at all
    #[arg(long)]
    pub allow_empty: bool,
    /// Mend what can be mended without a person looking
    ///
    /// In Markdown, HTML, CSS and JSON files: links that have moved for good, http that works over https,
    /// wrong case, fragments and files that differ in case or separators only. What is mended does not
    /// fail the run. Rules that weigh nothing unless asked for are mended too, but for
    /// `--rule NAME=off`.
    #[arg(long)]
    pub fix: bool,
    /// Print what --fix would change, and change nothing
    ///
    /// A unified difference on stdout, in place of findings; `git apply` takes it.
    #[arg(long, conflicts_with = "format")]
    pub diff: bool,
    /// Progress on stderr: auto, bar, plain, json, tui or none [default: auto]
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub progress: Option<ProgressArg>,
    /// Let `fetchall ps` see this run and change it: on or off [default: on, where it can be]
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
    /// Every flag with its value and where that comes from, for reports.
    #[arg(skip)]
    pub settings: Vec<Setting>,
}

impl ShowFlags {
    /// How findings are shown on stdout.
    pub fn shown(&self) -> Shown {
        match self.diff {
            true => Shown::Nothing,
            false => self.format.unwrap_or(Shown::As(Kind::Text)),
        }
    }
}
