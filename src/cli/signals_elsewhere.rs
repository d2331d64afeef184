//! Where there are no signals: Ctrl-C ends the process at once, as the system does it.

use std::{io, process::ExitCode, sync::Arc, thread};

use super::{run::Stopper, terminal::Voice};

/// What tells what a run is doing now.
pub type Teller = Arc<dyn Fn() -> String + Send + Sync>;

/// What signals are to end.
#[derive(Clone, Debug, Default)]
pub struct Watch;

impl Watch {
    /// Nothing comes.
    pub fn begin(_: Voice) -> io::Result<Watch> {
        Ok(Watch)
    }

    /// Nothing ends it.
    pub fn follow(&self, _: &Stopper) {}

    /// Nothing asks.
    pub fn show(&self, _: Teller) {}

    /// None came.
    pub fn signal(&self) -> Option<i32> {
        None
    }
}

/// The system ends it as any other process.
pub fn heed_as_first() {}

/// Waits until the system ends the process.
pub fn wait() -> io::Result<i32> {
    loop {
        thread::park();
    }
}

/// As Ctrl-C: the process ends at once.
pub fn interrupt() {
    super::tui::restore();
    std::process::exit(130);
}

/// Tells the signal as a status.
pub fn die_of(signal: i32) -> ExitCode {
    super::tui::restore();
    ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
}
