//! How a run goes on with an earlier one.

use std::{path::PathBuf, time::Duration};

use fetchall::model::units;

use super::BadFlag;

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
    /// Ask for the whole list every D, and write only what changed since the round before
    ///
    /// The first round writes all records; `watch` in each says which round it is of and what changed, as
    /// `fetchall diff` has it. A page that has not changed costs a 304. Until Ctrl-C or --deadline; exit 1
    /// if something is broken then. Not with --state, --resume, --cache, --replay, --since FILE and --first.
    #[arg(long, value_name = "D", value_parser = every,
        conflicts_with_all = ["resume", "retry_failed", "dry_run", "first", "cache", "replay", "offline"])]
    pub watch: Option<Duration>,
    /// Every flag and source that was given, as it was typed.
    #[arg(skip)]
    pub given: Vec<Given>,
}

/// Once a second is often enough for a list, and leaves its hosts in peace.
fn every(text: &str) -> Result<Duration, String> {
    match units::duration(text)? {
        every if every < Duration::from_secs(1) => Err("once a second at most; write 1s, 5m or 1h".to_owned()),
        every => Ok(every),
    }
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
    /// A watch begins anew each time, and knows by itself what there was before.
    pub fn check(&self, has_earlier: bool) -> Result<(), BadFlag> {
        let is_watch = self.watch.is_some();
        match () {
            () if is_watch && self.state().is_some() => Err(BadFlag::new("--watch", "does not go with --state")),
            () if is_watch && has_earlier => Err(BadFlag::new("--watch", "does not go with --since FILE")),
            () => Ok(()),
        }
    }

    /// The journal that was asked for.
    pub fn state(&self) -> Option<&PathBuf> {
        #[cfg(feature = "sqlite")]
        return self.state.as_ref();
        #[cfg(not(feature = "sqlite"))]
        None
    }
}
