//! What a run was told: every flag with its value and where that comes from, fit to be shown to anybody.
//!
//! Defaults are those that the help names, in brackets. Must not know what any flag means; values that may
//! be secrets are masked.

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};
use fetchall::{
    model::redact::{self, MASK},
    report::html::Setting,
};

use super::{
    config::{self, default_of},
    continued::MAY_BE_SECRET,
};

/// Every long flag of a command that has a value, and its sources; `files` is what files said.
pub fn settings(definition: &Command, matches: &ArgMatches, files: &[config::Setting]) -> Vec<Setting> {
    let shown = |arg: &&Arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str());
    definition.get_arguments().filter(shown).flat_map(|arg| of(arg, matches, files)).collect()
}

fn of(arg: &Arg, matches: &ArgMatches, files: &[config::Setting]) -> Vec<Setting> {
    let id = arg.get_id().as_str();
    let long = arg.get_long();
    let name = long.map_or_else(|| "SOURCE".to_owned(), |long| format!("--{long}"));
    let file = files.iter().find(|setting| setting.is_of(arg));
    let origin = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => "command line".to_owned(),
        Some(ValueSource::EnvVariable) => arg
            .get_env()
            .map_or_else(|| "environment".to_owned(), |variable| format!("variable {}", variable.to_string_lossy())),
        _ if file.is_some() => "file".to_owned(),
        _ => {
            return default_of(arg)
                .map(|value| Setting { name, value, origin: "default".to_owned() })
                .into_iter()
                .collect();
        }
    };
    let shown = |raw: &std::ffi::OsStr| match arg.get_action() {
        ArgAction::SetTrue => if matches.get_flag(id) { "on" } else { "off" }.to_owned(),
        _ => masked(long.unwrap_or_default(), &raw.to_string_lossy()),
    };
    // What files say beside the command line is typed before it.
    let from = |raw: &std::ffi::OsStr| {
        let place =
            file.and_then(|file| file.each().find(|(word, _)| *word == raw).map(|(_, place)| place.to_string()));
        place.unwrap_or_else(|| origin.clone())
    };
    let values = matches.get_raw(id).into_iter().flatten();
    values.map(|raw| Setting { name: name.clone(), value: shown(raw), origin: from(raw) }).collect()
}

/// The value of a flag, fit to be shown: of fields the name, of what may be a secret nothing, of addresses all
/// but userinfo and what they ask. A value is no URL before it was read as one, so that whatever stands before
/// the last `@` may be part of a password.
pub fn masked(long: &str, value: &str) -> String {
    if long == "header" {
        return value.split_once(':').map_or_else(|| MASK.to_owned(), |(name, _)| format!("{name}: {MASK}"));
    }
    if MAY_BE_SECRET.contains(&format!("--{long}").as_str())
        && redact::line(value, false) == value
        && !value.contains("://")
    {
        return MASK.to_owned();
    }
    let value = redact::line(value, false);
    let value = match value.split_once('?').filter(|_| long == "sink") {
        Some((place, _)) => format!("{place}?{MASK}"),
        None => value.into_owned(),
    };
    // An address may have another in its path or query.
    if redact::holds_password(&value) { redact::text(&value) } else { redact::fields(&value) }.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition::definition;

    fn settings_of(args: &[&str]) -> Vec<Setting> {
        let definition = definition();
        let matches = definition.clone().try_get_matches_from(args).unwrap();
        settings(&definition, &matches, &[])
    }

    #[test]
    fn every_value_says_where_it_comes_from() {
        let all = settings_of(&["fetchall", "https://h/", "-c", "8", "--ordered"]);
        let find = |name: &str| all.iter().find(|setting| setting.name == name).unwrap();
        let told = |name: &str| (find(name).value.clone(), find(name).origin.clone());
        assert_eq!(told("--concurrency"), ("8".into(), "command line".into()));
        assert_eq!(told("--retries").1, "default");
        assert_eq!(told("SOURCE"), ("https://h/".into(), "command line".into()));
        assert_eq!(told("--ordered"), ("on".into(), "command line".into()));
    }

    #[test]
    fn no_value_that_may_be_a_secret_is_shown() {
        let all = settings_of(&[
            "fetchall",
            "https://me:hunter2@h/",
            "-H",
            "Authorization: hunter2",
            "-d",
            "hunter2",
            "-x",
            "http://me:hunter2@proxy:1/",
            "--sink",
            "postgres://me:hunter2@h/db",
            "--sink",
            "postgres://me:x/hunter2@h/db",
            "--sink",
            "mysql://me@h/db?password=hunter2",
            "http://h/?u=http://me:hunter2@b/",
        ]);
        let text = format!("{all:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("Authorization") && text.contains("proxy"), "{text}");
    }
}
