//! Flags from the environment: `FETCHALL_<FLAG>` for every long flag, in one place for all.
//!
//! Must not know what any flag means. Values are never shown: they may be secrets.

use clap::{Arg, ArgAction, Command, builder::BoolishValueParser, error::ContextKind, error::ContextValue};

const PREFIX: &str = "FETCHALL_";

/// The variable of a long flag: `--per-host` is `FETCHALL_PER_HOST`.
fn variable(long: &str) -> String {
    format!("{PREFIX}{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// Lets every long flag of a command and its subcommands be set by its variable.
pub fn attach(command: Command) -> Command {
    command.mut_args(attach_one).mut_subcommands(attach)
}

fn attach_one(arg: Arg) -> Arg {
    let Some(name) = arg.get_long().map(variable) else { return arg };
    // An empty variable is one that is not set, as most programs have it.
    if std::env::var_os(&name).is_some_and(|value| value.is_empty()) {
        return arg;
    }
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    arg.env(name).hide_env(true).hide_env_values(true)
}

/// The variable of a long flag and its value, if it is set.
pub fn set(long: &str) -> Option<(String, String)> {
    let name = variable(long);
    let value = std::env::var_os(&name).filter(|value| !value.is_empty())?;
    Some((name, value.to_string_lossy().into_owned()))
}

/// Where a refused value came from, if it was a variable.
pub fn blame(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let long = text(ContextKind::InvalidArg)?.split_once("--")?.1;
    let long = long.split([' ', '=', '[', '<', '.']).next()?;
    let name = variable(long);
    let value = std::env::var(&name).ok()?;
    (Some(value.as_str()) == text(ContextKind::InvalidValue)).then(|| format!("the value comes from {name}"))
}

/// Variables that look like a mistyped one of ours, each with the one that is meant.
pub fn mistyped(command: &Command) -> Vec<String> {
    let known: Vec<String> = command.get_arguments().filter_map(|arg| arg.get_long()).map(variable).collect();
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && !known.contains(name))
        .filter_map(|name| {
            let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &name))?;
            (strsim::damerau_levenshtein(near, &name) <= 2).then(|| format!("{name} is no flag; did you mean {near}?"))
        })
        .collect()
}
