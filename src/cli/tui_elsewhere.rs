//! A build without the feature `tui`: `--progress tui` is refused.

use super::{
    control::Run,
    progress::{Shown, Stage, Tally},
    terminal::Voice,
};

/// Lines that are said while the screen is taken, which it never is.
#[derive(Clone, Debug, Default)]
pub struct Notes;

impl Notes {
    /// Never called.
    pub fn add(&self, _: &str) {}
}

/// There can be none.
pub fn check(_: Stage) -> Result<(), String> {
    Err("this build of fetchall has no --progress tui (its feature `tui` is off)".to_owned())
}

/// Shows nothing.
pub fn show(_: Run, _: Option<Tally>, _: &Voice) -> Option<Shown> {
    None
}

/// Nothing is taken.
pub fn restore() {}
