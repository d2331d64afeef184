//! With what URLs are tried: what files and environment say to `fetch`, as far as it is about how a
//! server is reached.

use clap::FromArgMatches as _;
use fetchall::{
    model::{escape::visible, redact},
    settings::{Choose, Pages, RobotsMode, Settings},
};

use crate::cli::{
    config::{self, COMMANDS, Refused},
    definition::{Cli, Command, definition},
    environment,
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

/// What files and environment say that commands do not take: each sentence once, with the commands.
pub fn refusals(files: &ConfigFlags) -> Vec<(String, Vec<&'static str>)> {
    let mut all: Vec<(String, Vec<&'static str>)> = Vec::new();
    for name in COMMANDS {
        let Err(why) = command(name, files).and_then(|command| resolved(&command)) else { continue };
        match all.iter_mut().find(|(told, _)| *told == why) {
            Some((_, names)) => names.push(name),
            None => all.push((why, vec![name])),
        }
    }
    all
}

/// Whether a command could begin with what it was told.
fn resolved(command: &Command) -> Result<(), String> {
    let resolved = match command {
        Command::Fetch(flags) if flags.request.takes_stdin() => Ok(()),
        Command::Fetch(flags) => flags.resolve().map(drop),
        Command::Crawl(flags) => flags.resolve().map(drop),
        Command::Check(flags) => flags.resolve().map(drop),
        Command::Extract(flags) => flags.resolve().map(drop),
        _ => Ok(()),
    };
    resolved.map_err(|error| first_line(&error.to_string()))
}

fn flags(files: &ConfigFlags) -> Result<FetchFlags, String> {
    match command("fetch", files)? {
        Command::Fetch(flags) => Ok(*flags),
        _ => Ok(FetchFlags::default()),
    }
}

/// A command with nothing typed behind it.
fn command(name: &str, files: &ConfigFlags) -> Result<Command, String> {
    let mut args: Vec<std::ffi::OsString> = vec!["fetchall".into(), name.into()];
    if files.no_config {
        args.push("--no-config".into());
    }
    if let Some(file) = &files.config {
        args.extend(["--config".into(), file.into()]);
    }
    let definition = definition();
    let matched = config::parse(&definition, &args).map_err(|refused| match refused {
        Refused::Clap(error, settings) => {
            let told = first_line(&error.render().to_string());
            let place =
                environment::blame(&error).or_else(|| config::blame(&error, &settings, &definition).into_iter().next());
            place.map_or(told.clone(), |place| format!("{told}: {}", visible(&place)))
        }
        Refused::Config(error) => first_line(&error.to_string()),
    })?;
    let cli = Cli::from_arg_matches(&matched.matches).map_err(|error| first_line(&error.render().to_string()))?;
    Ok(cli.command.unwrap_or_else(|| Command::Fetch(Box::new(cli.fetch))))
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    visible(&redact::text(line.strip_prefix("error: ").unwrap_or(line))).into_owned()
}
