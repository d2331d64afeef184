//! From files to matches: clap parses once to learn the command and its files, and once more with
//! what they say.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use clap::{Arg, ArgMatches, Command as Clap, parser::ValueSource};

use super::{BadConfig, Config, Setting, file::Layer, keys, keys::Takes};

/// What the arguments amount to, files included.
pub struct Matched {
    pub matches: ArgMatches,
    /// What files said to the command.
    pub settings: Vec<Setting>,
}

/// Why there are no matches.
pub enum Refused {
    /// What was typed, or what a file says, as clap tells it; with what files said.
    Clap(clap::Error, Vec<Setting>),
    /// A file.
    Config(BadConfig),
}

/// Parses arguments (the program's name first) over what the files say.
pub fn parse(definition: &Clap, args: &[OsString]) -> Result<Matched, Refused> {
    let typed = definition.clone().try_get_matches_from(args).map_err(|error| Refused::Clap(error, Vec::new()))?;
    let mut settings = settings_of(definition, &typed).map_err(Refused::Config)?;
    if settings.is_empty() {
        return Ok(Matched { matches: typed, settings });
    }
    let own = typed.subcommand().map_or(&typed, |(_, own)| own);
    let (defaults, words) = parted(own, &settings);
    // What is typed, or said by the environment, is not to be blamed on a file.
    settings.retain(|setting| !setting.more.is_empty() || !is_given(own, &setting.id));
    let dress = move |command: Clap| {
        defaults.into_iter().fold(command, |command, (id, words)| {
            command.mut_arg(id, |arg: Arg| {
                let takes_value = arg.get_action().takes_values();
                let arg = arg.default_values(words);
                if takes_value { arg.hide_default_value(true) } else { arg }
            })
        })
    };
    let (dressed, at) = match typed.subcommand_name() {
        None => (dress(definition.clone()), 1),
        // Flags before a command are refused elsewhere: it is the first word.
        Some(name) => (definition.clone().mut_subcommand(name, dress), 2),
    };
    let at = at.min(args.len());
    let all = args[..at].iter().cloned().chain(words.into_iter().map(OsString::from)).chain(args[at..].iter().cloned());
    match dressed.try_get_matches_from(all) {
        Ok(matches) => Ok(Matched { matches, settings }),
        Err(error) => Err(Refused::Clap(error, settings)),
    }
}

/// What files say to the command that was typed.
fn settings_of(definition: &Clap, typed: &ArgMatches) -> Result<Vec<Setting>, BadConfig> {
    let (name, own) = typed.subcommand().unwrap_or(("fetch", typed));
    let Some(command) = keys::commands(definition).find(|command| command.get_name() == name) else {
        return Ok(Vec::new());
    };
    if own.get_flag("no_config") {
        return Ok(Vec::new());
    }
    let file = own.get_one::<PathBuf>("config");
    let config = Config::load(definition, file.map(PathBuf::as_path))?;
    Ok(config.map_or_else(Vec::new, |config| config.of(command)))
}

/// Defaults by the id of their flag, and words to be typed before all others. A word that stands
/// beside what is typed has to be typed itself, since clap drops defaults where anything is.
fn parted(own: &ArgMatches, settings: &[Setting]) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let (mut defaults, mut typed) = (Vec::new(), Vec::new());
    for setting in settings {
        let id = setting.id.clone();
        let source = own.value_source(&id);
        if setting.more.is_empty() {
            if !is_given(own, &id) {
                defaults.push((id, setting.words.clone()));
            }
            continue;
        }
        let base: Vec<String> = match source {
            Some(ValueSource::CommandLine) => Vec::new(),
            // Only what is typed goes before the environment, which is typed here therefore.
            Some(ValueSource::EnvVariable) => {
                own.get_raw(&id).into_iter().flatten().map(|word| word.to_string_lossy().into_owned()).collect()
            }
            _ => setting.words.clone(),
        };
        let words = base.iter().chain(setting.more.iter().map(|(word, _)| word));
        typed.extend(words.map(|word| format!("--{}={word}", setting.long)));
    }
    (defaults, typed)
}

fn is_given(own: &ArgMatches, id: &str) -> bool {
    matches!(own.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// What all layers say to a command: a later one and the table of the command replace what was said of
/// a flag; what is said of a host or a rule stands beside what is said of others.
pub fn merge(layers: &[Layer], command: &Clap) -> Vec<Setting> {
    let mut merged: BTreeMap<&str, Setting> = BTreeMap::new();
    let mut more = BTreeMap::new();
    for layer in layers {
        for table in ["", command.get_name()] {
            for (long, (words, origin)) in layer.flags.get(table).into_iter().flatten() {
                let Some((arg, takes)) = keys::flag(command, long) else { continue };
                // A switch that is off is as if nobody had spoken of it.
                let words = if takes == Takes::Switch && words.first().is_some_and(|word| word == "false") {
                    Vec::new()
                } else {
                    words.clone()
                };
                merged.insert(long, Setting { is_for_all: table.is_empty(), ..Setting::new(arg, words, origin) });
            }
        }
        for (long, about) in &layer.more {
            let Some((arg, _)) = keys::flag(command, long) else { continue };
            more.extend(about.iter().map(|(what, said)| ((long.as_str(), what.as_str()), (arg, said))));
        }
    }
    for ((long, _), (arg, (words, origin))) in more {
        let setting = merged.entry(long).or_insert_with(|| Setting::new(arg, Vec::new(), origin));
        setting.more.extend(words.iter().map(|word| (word.clone(), origin.clone())));
    }
    merged.retain(|_, setting| !setting.words.is_empty() || !setting.more.is_empty());
    merged.into_values().collect()
}
