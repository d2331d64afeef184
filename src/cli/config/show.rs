//! `config show`: what a command would run with, and where each value comes from.

use clap::{Arg, Command as Clap};
use fetchall::model::escape::visible;

use super::{
    Setting,
    keys::{self, Takes},
};
use crate::cli::{configuration::masked, environment};

/// The keys of a command as a file would have them, in the order of `--help`, each with its origin.
/// Defaults are comments. Secrets are not shown.
pub fn show(command: &Clap, settings: &[Setting]) -> String {
    let mut lines = Vec::new();
    for arg in command.get_arguments() {
        let (Some(long), Some(takes)) = (arg.get_long(), keys::takes(arg)) else { continue };
        let setting = settings.iter().find(|setting| setting.long == long);
        if let Some((name, value)) = environment::set(long) {
            lines.push((format!("{long} = {}", value_of(long, takes, &[&value])), name));
            for (word, origin) in setting.iter().flat_map(|setting| &setting.more) {
                lines.push((format!("{long} = {}", value_of(long, takes, &[word])), origin.to_string()));
            }
        } else if let Some(setting) = setting {
            if !setting.words.is_empty() {
                let words: Vec<&str> = setting.words.iter().map(String::as_str).collect();
                lines.push((format!("{long} = {}", value_of(long, takes, &words)), setting.origin.to_string()));
            }
            for (word, origin) in &setting.more {
                lines.push((format!("{long} = {}", value_of(long, takes, &[word])), origin.to_string()));
            }
        } else if let Some(default) = default_of(arg) {
            lines.push((format!("# {long} = {default}"), "default".to_owned()));
        }
    }
    let width = lines.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= 48).max().unwrap_or(0);
    lines.iter().map(|(line, origin)| format!("{line:width$}  # {origin}\n")).collect()
}

fn value_of(long: &str, takes: Takes, words: &[&str]) -> String {
    let shown = |word: &&str| {
        let word = masked(long, word);
        let bare = takes == Takes::Switch || word.parse::<i64>().is_ok();
        if bare { word } else { toml::Value::String(visible(&word).into_owned()).to_string() }
    };
    match words {
        [word] => shown(word),
        words => format!("[{}]", words.iter().map(shown).collect::<Vec<_>>().join(", ")),
    }
}

/// What its help says that happens without it.
pub fn default_of(arg: &Arg) -> Option<String> {
    let help = arg.get_long_help().or(arg.get_help())?.to_string();
    let (_, rest) = help.split_once("[default: ")?;
    Some(rest.split_once(']')?.0.split_whitespace().collect::<Vec<_>>().join(" "))
}
