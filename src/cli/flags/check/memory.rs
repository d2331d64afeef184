//! What is known from before, and what nobody wants to hear of: the names of the files.

use std::{path::PathBuf, time::Duration};

use fetchall::{check::cache::Ages, model::units};

use crate::cli::flags::values;

/// Flags of the group "Living with it".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Living with it")]
pub struct MemoryFlags {
    /// Patterns of links to leave out
    ///
    /// A pattern a line, as in .gitignore, with `until=2027-01-31` and `reason="…"` behind it where
    /// wanted. [default: .fetchallignore, where it exists]
    #[arg(long, value_name = "FILE")]
    pub ignore_file: Option<PathBuf>,
    /// Findings that are left for another day
    ///
    /// They are skipped (`baseline`) until they heal or change.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the findings of this run to --baseline
    ///
    /// What is new is shown, and does not fail the run; what has healed is forgotten.
    #[arg(long, requires = "baseline", conflicts_with = "since_ref")]
    pub update_baseline: bool,
    /// Let what worked before fail for so long, for example 3d; needs --state
    ///
    /// A link counts once it has failed twice or more over this time. One that never worked counts at once.
    #[arg(long, value_name = "D", value_parser = values::patience, requires = "state")]
    pub grace: Option<Duration>,
    /// Go on where a run was stopped or killed, and remember from run to run what --grace needs
    ///
    /// Answers are noted in FILE.run as they come, and not asked for again by the same command; the file goes
    /// once the run has come to its end. Documents are read again, and findings written anew.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Forget what a stopped run was answered, and ask anew
    #[arg(long, requires = "state")]
    pub restart: bool,
    /// Only links on lines that changed since REF of git
    ///
    /// Also links elsewhere whose file the change removed or renamed, and links to headings of documents
    /// that lost one. REF is what `git diff` takes; the working tree is compared with it.
    #[arg(long, value_name = "REF")]
    pub since_ref: Option<String>,
    /// Verdicts to be kept between runs
    ///
    /// Sorted JSON Lines; written also when the run fails or is interrupted.
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// How long a cached good link is taken as good [default: 7d]
    ///
    /// What was found wanting is asked again after a day at the latest.
    #[arg(long, value_name = "D", value_parser = units::duration, requires = "cache")]
    pub max_age: Option<Duration>,
    /// Send nothing: files, and what --cache knows
    #[arg(long)]
    pub offline: bool,
}

impl MemoryFlags {
    /// All files that are named here.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.ignore_file, &self.baseline, &self.state, &self.cache].into_iter().flatten()
    }

    /// How long what the cache says is taken as it is.
    pub fn ages(&self) -> Ages {
        let base = Ages::default();
        let good = self.max_age.unwrap_or(base.good);
        Ages { good, bad: base.bad.min(good) }
    }
}
