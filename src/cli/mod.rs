//! The command line: parses, wires rooms for one command, and turns its end into an exit status.
//!
//! The one place that knows clap, terminals, signals and exit codes; the library cannot name it.

mod commands;
mod descriptors;
mod environment;
mod exit;
mod flags;
mod parse;
mod plan;
mod progress;
#[cfg(unix)]
mod reader;
#[cfg(not(unix))]
#[path = "reader_elsewhere.rs"]
mod reader;
mod run;
#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
#[path = "signals_elsewhere.rs"]
mod signals;
mod terminal;

use std::{ffi::OsString, process::ExitCode};

use self::{exit::Exit, parse::Parsed, terminal::Voice};

/// Runs the command that the arguments name; returns the exit status, or dies of the signal that
/// ended the run.
pub fn main() -> ExitCode {
    tell_panics_in_a_line();
    let args: Vec<OsString> = std::env::args_os().collect();
    let exit = match parse::parse(args) {
        Parsed::Run(command) => commands::run(*command).unwrap_or_else(|error| {
            // Whatever happens once something was sent is not an error here but a fact of the run.
            Voice::plain().error(&format!("{error:#}"));
            Exit::USAGE
        }),
        Parsed::Over(exit) => exit,
    };
    exit.leave()
}

/// A panic is told in one escaped line: its message may hold text from outside.
fn tell_panics_in_a_line() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        Voice::plain().error(&format!("internal panic{place}: {message}"));
    }));
}
