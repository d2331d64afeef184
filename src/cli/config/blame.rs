//! Which file a fault comes from: tips behind errors that are about flags nobody typed.

use clap::{
    Command as Clap,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{Setting, keys};

/// Where the value of a refused flag came from, if it was a file; a tip for each flag.
pub fn blame(error: &clap::Error, settings: &[Setting], definition: &Clap) -> Vec<String> {
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    let is_refused = matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation);
    let longs = [ContextKind::InvalidArg, ContextKind::PriorArg].into_iter().filter_map(|kind| error.get(kind));
    let longs: Vec<&str> = longs.flat_map(texts).filter_map(|text| long_of(text)).collect();
    let named = settings.iter().filter(|setting| longs.contains(&setting.long.as_str()));
    let tip = |setting: &Setting| {
        let of = |word: &str| {
            !is_refused || value.is_none_or(|value| word.split(',').any(|part| part == value) || word == value)
        };
        let (_, origin) = setting.each().find(|(word, _)| of(word))?;
        let tables = if is_refused && setting.is_for_all { takers(setting, definition) } else { Vec::new() };
        Some(match tables.is_empty() {
            true => format!("the value comes from {origin}"),
            false => format!(
                "the value comes from {origin}, where it counts for every command; put it into {}",
                tables.join(" or ")
            ),
        })
    };
    named.filter_map(tip).collect()
}

/// The same of a fault that was found by the command itself, as a sentence with `--flag` in it.
pub fn mentioned(message: &str, settings: &[Setting]) -> Vec<String> {
    let words: Vec<&str> = message
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter_map(|word| word.strip_prefix("--"))
        .collect();
    let named = settings.iter().filter(|setting| words.contains(&setting.long.as_str()));
    let tip = |setting: &Setting| {
        let table = if setting.is_for_all {
            "; if it is meant for another command, put it into its table, such as [fetch]"
        } else {
            ""
        };
        format!("the value of --{} comes from {}{table}", setting.long, setting.origin)
    };
    named.map(tip).collect()
}

fn texts(value: &ContextValue) -> Vec<&str> {
    match value {
        ContextValue::String(text) => vec![text],
        ContextValue::Strings(texts) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `--long <VALUE>` without its dashes and values.
fn long_of(text: &str) -> Option<&str> {
    text.split_once("--")?.1.split([' ', '=', '[', '<', '.']).next()
}

/// The tables of the commands whose flag takes the value.
fn takers(setting: &Setting, definition: &Clap) -> Vec<String> {
    let takes = |command: &&Clap| {
        if keys::flag(command, &setting.long).is_none() {
            return false;
        }
        let words = setting.words.iter().map(|word| format!("--{}={word}", setting.long));
        let words: Vec<String> = std::iter::once(command.get_name().to_owned()).chain(words).collect();
        match (*command).clone().try_get_matches_from(words) {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation),
        }
    };
    keys::commands(definition).filter(takes).map(|command| format!("[{}]", command.get_name())).collect()
}
