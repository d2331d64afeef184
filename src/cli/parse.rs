//! From arguments to a command: clap, and the two checks that it cannot make.
//!
//! A bare word is kept for commands, and a flag of `fetch` before another command is refused
//! instead of being lost. Must not know what a command does.

use std::{ffi::OsString, path::PathBuf};

use clap::{Command as Clap, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, parser::ValueSource};
use fetchall::model::{escape::visible_lines, units};

use super::{
    environment,
    exit::Exit,
    flags::{ColorArg, FetchFlags, FormatArg},
    terminal::Voice,
};

const EXAMPLES: &str = "\
Examples:
  fetchall https://example.com/             one URL, a readable line
  fetchall urls.txt > records.jsonl         a list, a JSON object a record
  fetchall urls.csv --url-column link -o records.csv
  fetchall urls.txt -c 64 --rate-per-host 5/s --select title=h1
  grep '^https' notes | fetchall -f jsonl | jq 'select(.ok | not)'
  fetchall demo                             try it without a network";

const USAGE: &str = "fetchall [OPTIONS] [SOURCE]...\n       fetchall COMMAND [OPTIONS]";

const AFTER: &str = "\
More: --help has every flag; `fetchall explain CODE` tells what an error means.
Exit: 0 done, 1 some failed, 2 usage, 3 incomplete, 5 stopped on purpose.";

const AFTER_LONG: &str = "\
A SOURCE is - for stdin, a URL (it has ://), or an existing file: a list of lines, JSON Lines,
JSON, CSV or TSV. Anything else is an error: a mistyped file name never becomes a request.

Every long flag can be set in the environment too: --per-host is FETCHALL_PER_HOST. A flag on the
command line goes before it.

Exit status:
  0         done (also when --first N has its successes, whatever failed on the way, and when the
            reader of stdout leaves)
  1         done; at least one record has `ok: false`
  2         wrong usage; nothing was sent
  3         incomplete: the output could not be written or the input not be read to its end
  5         stopped on purpose: --deadline, --max-failures, --fail-fast
  101       a bug
  130, 143  ended by SIGINT, SIGTERM";

/// Flags that `-h` shows; `--help` shows all.
const COMMON: [&str; 16] = [
    "concurrency",
    "per-host",
    "rate",
    "timeout",
    "retries",
    "method",
    "header",
    "data",
    "accept",
    "select",
    "with",
    "output",
    "format",
    "fields",
    "quiet",
    "dry-run",
];

/// Fetch many URLs at once: one honest record for each, as each completes.
#[derive(Parser, Debug)]
#[command(
    name = "fetchall",
    version,
    max_term_width = 100,
    override_usage = USAGE,
    before_help = EXAMPLES,
    after_help = AFTER,
    after_long_help = AFTER_LONG
)]
struct Cli {
    #[command(flatten)]
    fetch: FetchFlags,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is to be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Fetch every URL of the sources: one record for each (the default)
    Fetch(Box<FetchFlags>),
    /// A website on 127.0.0.1, good and bad pages, to try everything
    Demo(DemoFlags),
    /// Tell what an error code means and what to do
    Explain {
        /// For example dns.not_found; without it, all are listed
        code: Option<String>,
    },
    /// Print the JSON Schema of a record
    Schema {
        /// Which record: fetch
        name: String,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all pages to a folder
    Man {
        /// The folder
        dir: Option<PathBuf>,
    },
}

/// Flags of `demo`.
#[derive(clap::Args, Debug, Default)]
pub struct DemoFlags {
    /// Keep the site up until Ctrl-C; its URL is the first line of stdout
    #[arg(long)]
    pub serve: bool,
    /// Port to listen on [default: any that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Format of the records: text, jsonl, json, csv, tsv or none [default: text on a terminal]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true, conflicts_with = "serve")]
    pub format: Option<FormatArg>,
    /// Colours: auto, always or never [default: auto]
    #[arg(long, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorArg>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// What the arguments amount to.
pub enum Parsed {
    /// This is to be run.
    Run(Box<Command>),
    /// Help was printed, or an error.
    Over(Exit),
}

/// The whole command line as clap knows it.
pub fn definition() -> Clap {
    let hide = |arg: clap::Arg| {
        let common = arg.is_positional() || arg.get_long().is_some_and(|long| COMMON.contains(&long));
        arg.hide_short_help(!common)
    };
    let fetch =
        |command: Clap| command.mut_args(hide).before_help(EXAMPLES).after_help(AFTER).after_long_help(AFTER_LONG);
    environment::attach(Cli::command().mut_args(hide).mut_subcommand("fetch", fetch))
}

/// For `-h`: the common flags in one list, without the headings that `--help` needs.
fn compact(command: Clap) -> Clap {
    let plain = |arg: clap::Arg| arg.help_heading(None::<&'static str>);
    command.mut_args(plain).mut_subcommands(move |command| command.mut_args(plain))
}

/// Parses arguments, the program's name first. Help and errors are printed here.
pub fn parse(args: Vec<OsString>) -> Parsed {
    let wants_short_help = args.iter().any(|arg| arg == "-h");
    let definition = if wants_short_help { compact(definition()) } else { definition() };
    let matches = match definition.clone().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return Parsed::Over(report(&error)),
    };
    let usage = |message: String| {
        Voice::plain().error(&message);
        Parsed::Over(Exit::USAGE)
    };
    if let Some(message) = lost_flag(&definition, &matches) {
        return usage(message);
    }
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return Parsed::Over(report(&error)),
    };
    let command = match cli.command {
        Some(command) => command,
        None => match cli.fetch.sources.first().and_then(|word| unknown_command(&definition, word)) {
            Some(message) => return usage(message),
            None => Command::Fetch(Box::new(cli.fetch)),
        },
    };
    if let Command::Fetch(flags) = &command {
        let voice = Voice::of(&flags.output);
        environment::mistyped(&definition).iter().for_each(|line| voice.line(line));
    }
    Parsed::Run(Box::new(command))
}

/// `-h` as text.
pub fn short_help() -> String {
    compact(definition()).render_help().to_string()
}

/// Prints what clap has to say: help on stdout, errors on stderr.
fn report(error: &clap::Error) -> Exit {
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
    if told.chars().any(|c| c.is_control() && c != '\n') {
        Voice::plain().raw(&visible_lines(&told));
    } else {
        // Nobody is left to hear that stderr is closed.
        drop(error.print());
    }
    if let Some(place) = environment::blame(error) {
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

/// The short help for somebody who typed nothing.
pub fn greet() -> Exit {
    Voice::plain().raw(short_help().trim_end());
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
    fn clap_finds_no_fault_in_the_definition() {
        definition().debug_assert();
        compact(definition()).debug_assert();
    }

    #[test]
    fn a_bare_word_is_kept_for_commands() {
        let unknown = |word| unknown_command(&definition(), word);
        for word in ["ftech", "check", "localhost", "--help", "urls_2"] {
            assert!(unknown(word).is_some(), "{word}");
        }
        for word in ["-", "", "./check", "urls.txt", "https://x", "a/b", "ünï"] {
            assert!(unknown(word).is_none(), "{word}");
        }
        let message = unknown("ftech").unwrap();
        assert!(message.contains("did you mean `fetch`?") && message.contains("./ftech"), "{message}");
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

    #[test]
    fn the_short_help_fits_a_small_terminal_and_opens_with_examples() {
        for mut command in [compact(definition()), compact(definition()).find_subcommand("fetch").unwrap().clone()] {
            let help = command.clone().term_width(80).render_help().to_string();
            assert!(help.lines().count() <= 45, "{} lines\n{help}", help.lines().count());
            let long: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(long.is_empty(), "{long:#?}");
            assert!(help.starts_with("Examples:"), "{help}");
            let long_help = command.render_long_help().to_string();
            assert!(long_help.contains("--retry-after-max") && !help.contains("--retry-after-max"));
        }
    }

    #[test]
    fn every_long_flag_can_be_set_in_the_environment() {
        fn check(command: &Clap, found: &mut usize) {
            for arg in command.get_arguments() {
                if let Some(long) = arg.get_long() {
                    let name = format!("FETCHALL_{}", long.to_uppercase().replace('-', "_"));
                    assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(name.as_str()));
                    assert!(arg.is_hide_env_set() && arg.is_hide_env_values_set(), "{long}");
                    *found += 1;
                }
            }
            command.get_subcommands().for_each(|command| check(command, found));
        }
        let mut found = 0;
        check(&definition(), &mut found);
        assert!(found > 100, "{found}");
    }
}
