//! The exit status: a pure function of what happened.
//!
//! Must not know how any of it came about. The meaning of each number is the contract's.

use std::process::ExitCode;

use fetchall::engine::Stop;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Code(u8),
    /// By this signal, raised again after the clean-up, so that a shell sees that it was one.
    Signal(i32),
}

impl Exit {
    /// All is well.
    pub const OK: Exit = Exit::Code(0);
    /// Something failed that was asked for.
    pub const FAILED: Exit = Exit::Code(1);
    /// Wrong usage: nothing was sent.
    pub const USAGE: Exit = Exit::Code(2);
    /// The run is incomplete: sink or input failed.
    pub const INCOMPLETE: Exit = Exit::Code(3);
    /// There was nothing to look at.
    pub const NOTHING: Exit = Exit::Code(4);
    /// Stopped on purpose.
    pub const STOPPED: Exit = Exit::Code(5);
    /// A bug.
    pub const BUG: Exit = Exit::Code(101);

    /// The status for `main` to return; a signal is raised instead.
    pub fn leave(self) -> ExitCode {
        match self {
            Exit::Code(code) => ExitCode::from(code),
            Exit::Signal(signal) => super::signals::die_of(signal),
        }
    }
}

/// What is known about a run that ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// The signal that asked for the end.
    pub signal: Option<i32>,
    /// A sink could not be written.
    pub sink_failed: bool,
    /// The input could not be read to its end.
    pub source_failed: bool,
    /// Something in fetchall panicked.
    pub bug: bool,
    /// Nobody reads stdout any more.
    pub reader_gone: bool,
    /// Why the engine ended early.
    pub stopped: Option<Stop>,
    /// As many successes as `--first` asked for are there.
    pub first_reached: bool,
    /// A record has `ok: false`.
    pub any_failed: bool,
    /// A check found no links, and that was not allowed.
    pub no_links: bool,
}

impl Facts {
    /// Whether the run came to its end by itself, and everything it said was written.
    pub fn is_whole(&self) -> bool {
        let failed = self.sink_failed || self.source_failed || self.bug;
        !failed && !self.reader_gone && self.signal.is_none() && self.stopped.is_none()
    }
}

/// The exit status of a run.
///
/// A signal goes first, or a shell's loop would go on after Ctrl-C. Then what makes the output
/// incomplete, then a bug, then a reader that left (no fault), then a stop on purpose, then
/// failures; `--first` that was reached forgives those. That there was nothing to check goes last:
/// whatever else is known says more.
pub fn judge(facts: &Facts) -> Exit {
    let stopped = matches!(facts.stopped, Some(Stop::Deadline | Stop::Failures | Stop::Drain));
    match facts {
        Facts { signal: Some(signal), .. } => Exit::Signal(*signal),
        Facts { sink_failed: true, .. } | Facts { source_failed: true, .. } => Exit::INCOMPLETE,
        Facts { bug: true, .. } => Exit::BUG,
        Facts { reader_gone: true, .. } => Exit::OK,
        _ if stopped => Exit::STOPPED,
        Facts { first_reached: true, .. } => Exit::OK,
        Facts { any_failed: true, .. } => Exit::FAILED,
        Facts { no_links: true, .. } => Exit::NOTHING,
        _ => Exit::OK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Set = fn(&mut Facts);

    /// Every fact on its own, from the strongest to the weakest, with the status that it gives.
    fn ranked() -> Vec<(Set, Exit)> {
        vec![
            (|facts| facts.signal = Some(2), Exit::Signal(2)),
            (|facts| facts.sink_failed = true, Exit::INCOMPLETE),
            (|facts| facts.source_failed = true, Exit::INCOMPLETE),
            (|facts| facts.bug = true, Exit::BUG),
            (|facts| facts.reader_gone = true, Exit::OK),
            (|facts| facts.stopped = Some(Stop::Deadline), Exit::STOPPED),
            (|facts| facts.first_reached = true, Exit::OK),
            (|facts| facts.any_failed = true, Exit::FAILED),
            (|facts| facts.no_links = true, Exit::NOTHING),
        ]
    }

    #[test]
    fn of_several_facts_the_strongest_decides() {
        let ranked = ranked();
        for bits in 0..1_u32 << ranked.len() {
            let mut facts = Facts::default();
            let set: Vec<_> = (0..ranked.len()).filter(|at| bits & (1 << at) != 0).collect();
            set.iter().for_each(|at| ranked[*at].0(&mut facts));
            let expected = set.first().map_or(Exit::OK, |strongest| ranked[*strongest].1);
            assert_eq!(judge(&facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn each_reason_to_stop_has_its_status() {
        for (stopped, exit) in [
            (Stop::Deadline, Exit::STOPPED),
            (Stop::Failures, Exit::STOPPED),
            (Stop::Drain, Exit::STOPPED),
            (Stop::First, Exit::FAILED),
            (Stop::Asked, Exit::FAILED),
        ] {
            let facts = Facts { stopped: Some(stopped), any_failed: true, ..Facts::default() };
            assert_eq!(judge(&facts), exit, "{stopped:?}");
        }
    }
}
