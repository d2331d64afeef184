//! How a run goes on with an earlier one.

use std::path::PathBuf;

/// Flags of the group "Continue".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Continue")]
pub struct ContinueFlags {
    /// Keep in FILE what is done: the same command goes on where it was stopped or killed
    ///
    /// Records that were written stay, the others follow; none is lost, and in a file none comes twice.
    /// A changed list, or a flag that shapes records, is refused.
    #[cfg(feature = "sqlite")]
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub state: Option<PathBuf>,
    /// Go on with the JSON Lines of an earlier run: what has no record in FILE is fetched and added to it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["append", "dry_run"])]
    pub resume: Option<PathBuf>,
    /// Forget what --state knows, and begin anew
    #[cfg(feature = "sqlite")]
    #[arg(long, requires = "state")]
    pub restart: bool,
    /// Ask again for what has failed; with --state the new record stands behind the old one
    #[arg(long)]
    pub retry_failed: bool,
    /// Every flag and source that was given, as it was typed.
    #[arg(skip)]
    pub given: Vec<Given>,
}

/// A flag or source that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// `--limit`, or the name of what has no flag.
    pub name: String,
    /// Its value; empty for a switch.
    pub value: String,
}

impl ContinueFlags {
    /// The journal that was asked for.
    pub fn state(&self) -> Option<&PathBuf> {
        #[cfg(feature = "sqlite")]
        return self.state.as_ref();
        #[cfg(not(feature = "sqlite"))]
        None
    }
}
