//! With what URLs are tried: what files and environment say to `fetch`, as far as it is about how a
//! server is reached.

use clap::FromArgMatches as _;
use fetchall::{
    model::escape::visible,
    settings::{Choose, Pages, RobotsMode, Settings},
};

use crate::cli::{
    config::{self, Refused},
    definition::{Cli, Command, definition},
    flags::{ConfigFlags, FetchFlags},
};

/// The settings of a trial: nothing is sent but a GET for each URL, and nothing is read from or kept in
/// files of answers.
///
/// # Errors
/// Why `fetch` could not run, in a line.
pub fn settings(files: &ConfigFlags) -> Result<Settings, String> {
    let mut flags = flags(files)?;
    flags.request.data.clear();
    let (mut settings, _) = flags.resolve().map_err(|error| first_line(&error.to_string()))?;
    settings.ask.method = http::Method::GET;
    settings.ask.body = None;
    settings.choose = Choose::default();
    settings.pages = Pages::default();
    settings.robots = RobotsMode::default();
    settings.replay.clear();
    settings.save = None;
    settings.cache = None;
    Ok(settings)
}

fn flags(files: &ConfigFlags) -> Result<FetchFlags, String> {
    let mut args: Vec<std::ffi::OsString> = vec!["fetchall".into(), "fetch".into()];
    if files.no_config {
        args.push("--no-config".into());
    }
    if let Some(file) = &files.config {
        args.extend(["--config".into(), file.into()]);
    }
    let matched = config::parse(&definition(), &args).map_err(|refused| match refused {
        Refused::Clap(error, _) => first_line(&error.render().to_string()),
        Refused::Config(error) => first_line(&error.to_string()),
    })?;
    match Cli::from_arg_matches(&matched.matches).map_err(|error| first_line(&error.render().to_string()))?.command {
        Some(Command::Fetch(flags)) => Ok(*flags),
        _ => Ok(FetchFlags::default()),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    visible(line.strip_prefix("error: ").unwrap_or(line)).into_owned()
}
