//! The commands: each wires rooms together and does nothing else.

mod archive;
mod check;
mod config;
mod crawl;
mod demo;
mod diff;
mod doctor;
mod explain;
mod extract;
mod fetch;
mod output;
pub mod pages;
mod papers;
mod places;
mod ps;
mod report;
mod session;
mod warc;
mod watch;

pub use self::places::clash;
use super::{definition::Command, exit::Exit};

/// Runs a command.
///
/// # Errors
/// Wrong usage, or anything else that is found before something was sent.
pub fn run(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Fetch(flags) => fetch::run(&flags),
        Command::Crawl(flags) => crawl::run(&flags),
        Command::Check(flags) => check::run(&flags),
        Command::Extract(flags) => extract::run(&flags),
        Command::Diff(flags) => diff::run(&flags),
        Command::Report(flags) => report::run(&flags),
        Command::Warc { what } => warc::run(&what),
        Command::Ps(flags) => ps::run(&flags),
        Command::Demo(flags) => demo::run(&flags),
        Command::Explain { code } => explain::run(code.as_deref()),
        Command::Config { what } => config::run(&what),
        Command::Doctor(flags) => doctor::run(&flags),
        Command::Schema { name } => papers::schema(&name),
        Command::Completions { shell } => Ok(papers::completions(shell)),
        Command::Man { dir } => papers::man(dir.as_deref()),
    }
}
