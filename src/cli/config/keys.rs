//! Which keys there are: the long flags of the commands, as clap knows them.

use clap::{Arg, ArgAction, Command as Clap};

use super::COMMANDS;

/// Flags that are about the command line itself.
const NOT_KEYS: [&str; 4] = ["help", "version", "config", "no-config"];

/// Flags that a table of a host may hold: those that take `HOST=VALUE`.
pub const OF_HOSTS: [&str; 4] = ["delay", "header", "per-host", "rate-per-host"];

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// true or false.
    Switch,
    /// One value.
    One,
    /// One value or a list.
    Many,
}

/// What a flag takes, if it is one that files may set.
pub fn takes(arg: &Arg) -> Option<Takes> {
    arg.get_long().filter(|long| !NOT_KEYS.contains(long))?;
    // What a command hides it refuses.
    if arg.is_hide_set() {
        return None;
    }
    Some(match arg.get_action() {
        ArgAction::SetTrue | ArgAction::SetFalse => Takes::Switch,
        ArgAction::Append => Takes::Many,
        _ => Takes::One,
    })
}

/// The flag of that name of a command.
pub fn flag<'a>(command: &'a Clap, long: &str) -> Option<(&'a Arg, Takes)> {
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long))?;
    Some((arg, takes(arg)?))
}

/// The commands that read files, by name.
pub fn commands(definition: &Clap) -> impl Iterator<Item = &Clap> {
    COMMANDS.into_iter().filter_map(|name| definition.find_subcommand(name))
}

/// Every flag of these commands, by name, each once.
pub fn all(definition: &Clap) -> Vec<(&str, &Arg, Takes)> {
    let mut all: Vec<(&str, &Arg, Takes)> = commands(definition)
        .flat_map(Clap::get_arguments)
        .filter_map(|arg| Some((arg.get_long()?, arg, takes(arg)?)))
        .collect();
    all.sort_by_key(|(long, ..)| *long);
    all.dedup_by_key(|(long, ..)| *long);
    all
}
