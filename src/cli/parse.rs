//! From arguments to a command: clap, and the two checks that it cannot make.
//!
//! A bare word is kept for commands, and a flag of `fetch` before another command is refused
//! instead of being lost. Must not know what a command does.

use std::ffi::OsString;

use clap::{
    Command as Clap, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use fetchall::model::{escape::visible_lines, redact, units};

use super::{
    config::{self, Matched, Refused, Setting},
    configuration,
    definition::{Cli, Command, compact, definition, short_help},
    environment,
    exit::Exit,
    flags::Given,
    terminal::Voice,
};

/// What the arguments amount to.
pub enum Parsed {
    /// This is to be run, with what files said to it.
    Run(Box<Command>, Vec<Setting>),
    /// Help was printed, or an error.
    Over(Exit),
}

/// Parses arguments, the program's name first. Help and errors are printed here.
pub fn parse(args: Vec<OsString>) -> Parsed {
    let wants_short_help = args.iter().any(|arg| arg == "-h");
    let definition = if wants_short_help { compact(definition()) } else { definition() };
    let usage = |message: String| {
        Voice::plain().error(&message);
        Parsed::Over(Exit::USAGE)
    };
    let Matched { matches, settings } = match config::parse(&definition, &args) {
        Ok(matched) => matched,
        Err(Refused::Clap(error, settings)) => return Parsed::Over(report_unknown(&definition, error, &settings)),
        Err(Refused::Config(error)) => return usage(error.to_string()),
    };
    if let Some(message) = lost_flag(&definition, &matches) {
        return usage(message);
    }
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return Parsed::Over(report(&definition, &error, &settings)),
    };
    let mut command = match cli.command {
        Some(command) => command,
        None => match cli.fetch.sources.first().and_then(|word| unknown_command(&definition, word)) {
            Some(message) => return usage(message),
            None => Command::Fetch(Box::new(cli.fetch)),
        },
    };
    let own = matches.subcommand().map_or((&definition, &matches), |(name, matches)| {
        (definition.find_subcommand(name).unwrap_or(&definition), matches)
    });
    note_given(&mut command, own.0, own.1, &settings);
    let (voice, known) = match &command {
        Command::Fetch(flags) => (Voice::of(&flags.output), Some(&definition)),
        Command::Crawl(flags) => (Voice::of(&flags.output), definition.find_subcommand("crawl")),
        Command::Check(flags) => (Voice::new(flags.show.quiet, flags.show.color), definition.find_subcommand("check")),
        Command::Extract(flags) => (Voice::of(&flags.output), definition.find_subcommand("extract")),
        _ => (Voice::plain(), None),
    };
    known.map(environment::mistyped).unwrap_or_default().iter().for_each(|line| voice.line(line));
    Parsed::Run(Box::new(command), settings)
}

/// Lets a command know what was given, and what it was told in all.
fn note_given(command: &mut Command, definition: &Clap, matches: &clap::ArgMatches, files: &[Setting]) {
    let given = || given(definition, matches, files);
    let settings = || configuration::settings(definition, matches, files);
    match command {
        Command::Fetch(flags) => (flags.continued.given, flags.output.settings) = (given(), settings()),
        Command::Crawl(flags) => (flags.continued.given, flags.output.settings) = (given(), settings()),
        Command::Check(flags) => (flags.given, flags.show.settings) = (given(), settings()),
        Command::Extract(flags) => flags.output.settings = settings(),
        _ => {}
    }
}

/// The same of a flag that only other commands have: which they are, instead of one that looks alike.
fn report_unknown(definition: &Clap, mut error: clap::Error, settings: &[Setting]) -> Exit {
    let Some(tip) = belongs_elsewhere(definition, &error) else { return report(definition, &error, settings) };
    error.remove(ContextKind::SuggestedArg);
    error.remove(ContextKind::Suggested);
    let exit = report(definition, &error, settings);
    Voice::plain().raw(&tip);
    exit
}

/// Which commands have the flag that is not known here.
fn belongs_elsewhere(definition: &Clap, error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let long = flag.strip_prefix("--").filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    // What a command hides it refuses.
    let has = |command: &&Clap| command.get_arguments().any(|arg| arg.get_long() == Some(long) && !arg.is_hide_set());
    let owners: Vec<&str> = definition.get_subcommands().filter(has).map(Clap::get_name).collect();
    let first = owners.first()?;
    let named: Vec<String> = owners.iter().map(|owner| format!("`{owner}`")).collect();
    Some(format!("  tip: --{long} belongs to {}: fetchall {first} --{long} …", named.join(", ")))
}

/// Prints what clap has to say: help on stdout, errors on stderr.
fn report(definition: &Clap, error: &clap::Error, settings: &[Setting]) -> Exit {
    if !error.use_stderr() {
        // Rendered by clap with colours where the terminal has them; a closed stdout is no fault.
        return match error.print() {
            Err(fault) if fault.kind() != std::io::ErrorKind::BrokenPipe => {
                Voice::plain().error(&format!("cannot write stdout: {fault}"));
                Exit::INCOMPLETE
            }
            _ => Exit::OK,
        };
    }
    let told = error.render().to_string();
    // A value that was refused may be a URL with a password in it, or have escape sequences.
    let clean = redact::text(&told);
    if told != clean || told.chars().any(|c| c.is_control() && c != '\n') {
        Voice::plain().raw(&visible_lines(&clean));
    } else {
        // Nobody is left to hear that stderr is closed.
        drop(error.print());
    }
    let places = match environment::blame(error) {
        Some(place) => vec![place],
        None => config::blame(error, settings, definition),
    };
    for place in places {
        Voice::plain().raw(&format!("  tip: {}", visible_lines(&place)));
    }
    Exit::USAGE
}

/// A flag of `fetch` that stands before a command, where it would be lost.
fn lost_flag(definition: &Clap, matches: &clap::ArgMatches) -> Option<String> {
    let (command, _) = matches.subcommand()?;
    let typed = |arg: &&clap::Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let lost = definition.get_arguments().find(typed)?;
    let Some(long) = lost.get_long() else {
        return Some(format!("a source stands before `{command}`; write `fetchall fetch SOURCE…` to fetch it"));
    };
    let takes_it = definition.find_subcommand(command)?.get_arguments().any(|arg| arg.get_long() == Some(long));
    Some(match takes_it {
        true => format!("--{long} stands before `{command}`; write it after: fetchall {command} --{long} …"),
        false => format!("--{long} is a flag of `fetch` and does not go with `{command}`"),
    })
}

/// Every flag and source that was given, on the command line, in the environment or in a file, as it was
/// typed.
fn given(definition: &Clap, matches: &clap::ArgMatches, settings: &[Setting]) -> Vec<Given> {
    let mut given = Vec::new();
    for arg in definition.get_arguments() {
        let id = arg.get_id().as_str();
        let is_typed = matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
        if !is_typed && !settings.iter().any(|setting| setting.is_of(arg)) {
            continue;
        }
        let name = arg.get_long().map_or_else(|| "SOURCE".to_owned(), |long| format!("--{long}"));
        let mut values =
            matches.get_raw(id).into_iter().flatten().map(|raw| raw.to_string_lossy().into_owned()).peekable();
        if values.peek().is_none() {
            given.push(Given { name, value: String::new() });
            continue;
        }
        given.extend(values.map(|value| Given { name: name.clone(), value }));
    }
    given
}

/// A bare word as the first source is a command that does not exist.
fn unknown_command(definition: &Clap, word: &str) -> Option<String> {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if word == "-" || word.is_empty() || !word.chars().all(bare) {
        return None;
    }
    let known = definition.get_subcommands().map(Clap::get_name);
    let near = units::nearest(word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Some(format!(
        "unknown command `{word}`{near}\n  tip: a file of that name is written ./{word}, a website https://{word}"
    ))
}

/// The short help, of the program or of a command, for somebody who named no source.
pub fn greet(command: Option<&str>) -> Exit {
    Voice::plain().raw(short_help(command).trim_end());
    Exit::USAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(args: &[&str]) -> Option<String> {
        let definition = definition();
        let matches = definition.clone().try_get_matches_from(args).unwrap();
        lost_flag(&definition, &matches)
    }

    #[test]
    fn a_bare_word_is_kept_for_commands() {
        let unknown = |word| unknown_command(&definition(), word);
        for word in ["ftech", "chekc", "localhost", "--help", "urls_2"] {
            assert!(unknown(word).is_some(), "{word}");
        }
        for word in ["-", "", "./check", "urls.txt", "https://x", "a/b", "ünï"] {
            assert!(unknown(word).is_none(), "{word}");
        }
        let message = unknown("ftech").unwrap();
        assert!(message.contains("did you mean `fetch`?") && message.contains("./ftech"), "{message}");
    }

    #[test]
    fn a_flag_of_another_command_names_that_command() {
        let of = |args: &[&str]| {
            let error = definition().try_get_matches_from(args).unwrap_err();
            belongs_elsewhere(&definition(), &error)
        };
        assert!(of(&["fetchall", "https://h/", "--depth", "2"]).unwrap().contains("`crawl`"));
        let told = of(&["fetchall", "check", "--resume", "x", "y"]).unwrap();
        assert!(told.contains("`fetch`") && !told.contains("`crawl`"), "it refuses it: {told}");
        assert_eq!(of(&["fetchall", "https://h/", "--dpeth", "2"]), None);
    }

    #[test]
    fn a_flag_before_a_command_is_refused_and_not_lost() {
        assert!(lost(&["fetchall", "-c", "8", "fetch", "x"]).unwrap().contains("fetchall fetch --concurrency"));
        assert!(lost(&["fetchall", "--timeout", "3s", "demo"]).unwrap().contains("does not go with `demo`"));
        assert!(lost(&["fetchall", "-q", "demo"]).unwrap().contains("fetchall demo --quiet"));
        for args in [&["fetchall", "fetch", "-c", "8", "x"][..], &["fetchall", "-c", "8", "x"], &["fetchall", "demo"]] {
            assert_eq!(lost(args), None, "{args:?}");
        }
    }
}
