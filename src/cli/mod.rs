//! The command line: parses, wires rooms for one command, and turns its end into an exit status.
//!
//! The one place that knows clap, terminals, signals and exit codes; the library cannot name it.

mod closing;
mod commands;
mod config;
mod configuration;
mod continued;
mod control;
mod courier;
mod dashboard;
mod definition;
mod descriptors;
mod environment;
mod errors;
mod exit;
mod flags;
mod insight;
mod logs;
mod metrics;
#[cfg(feature = "otel")]
mod otel;
#[cfg(not(feature = "otel"))]
#[path = "otel_absent.rs"]
mod otel;
mod parse;
mod plan;
mod progress;
#[cfg(unix)]
mod reader;
#[cfg(not(unix))]
#[path = "reader_elsewhere.rs"]
mod reader;
#[cfg(test)]
mod reference;
mod run;
mod side_server;
#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
#[path = "signals_elsewhere.rs"]
mod signals;
mod terminal;
mod traces;
#[cfg(feature = "tui")]
mod tui;
#[cfg(not(feature = "tui"))]
#[path = "tui_elsewhere.rs"]
mod tui;

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use self::{exit::Exit, parse::Parsed, terminal::Voice};

/// Runs the command that the arguments name; returns the exit status, or dies of the signal that
/// ended the run.
pub fn main() -> ExitCode {
    tell_panics_in_a_line();
    signals::heed_as_first();
    let args: Vec<OsString> = std::env::args_os().collect();
    let exit = match parse::parse(args) {
        Parsed::Run(command, settings) => or_bug(|| commands::run(*command)).unwrap_or_else(|error| {
            // Whatever happens once something was sent is not an error here but a fact of the run.
            let told = sentence(&error);
            Voice::plain().error(&told);
            for place in config::mentioned(&told, &settings) {
                Voice::plain().line(&format!("  tip: {place}"));
            }
            Exit::USAGE
        }),
        Parsed::Over(exit) => exit,
    };
    logs::flush();
    errors::send(&Voice::plain());
    exit.leave()
}

/// A panic here is told by its hook and ends the program as one anywhere else does.
fn or_bug(run: impl FnOnce() -> anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Ok(Exit::BUG))
}

/// An error and its causes in one sentence; a cause that the error has told already is left out.
fn sentence(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

/// A panic is told in one escaped line: its message may hold text from outside.
fn tell_panics_in_a_line() {
    std::panic::set_hook(Box::new(|panic| {
        errors::note(panic);
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        Voice::plain().error(&format!("internal panic{place}: {message}"));
    }));
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    #[test]
    fn a_cause_is_told_once() {
        let fault = fetchall::sink::SinkError::Io { name: "x".to_owned(), source: std::io::Error::other("full") };
        assert_eq!(super::sentence(&fault.into()), "cannot write x: full");
        let fault = std::io::Result::<()>::Err(std::io::Error::other("taken")).context("cannot listen").unwrap_err();
        assert_eq!(super::sentence(&fault), "cannot listen: taken");
    }
}
