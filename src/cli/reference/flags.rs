//! Every flag: what it does, its key, its variable, its default, and the pages that tell more.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use clap::{Arg, Command as Clap};
use serde_json::Value;

use super::{commands, docs, hold, prose};
use crate::cli::{config, definition::definition};

const HEAD: &str = "# Flags

Every flag of every command, written from the program itself (`cargo test --all-features --bins reference`): edit
the definition of the flag, not this page. A flag is also a key of [`fetchall.toml`](config.md) where a key is
named, and a variable of the environment; the command line goes before the environment, and that before files.
`fetchall COMMAND --help` says the same.
";

/// A flag, and each command that has it.
struct Flag<'a> {
    long: &'a str,
    uses: Vec<(String, &'a Arg)>,
}

/// Flags in the order of the help, those of `fetch` first.
fn flags(definition: &Clap) -> Vec<Flag<'_>> {
    let mut out: Vec<Flag<'_>> = Vec::new();
    for (name, command) in commands(definition) {
        for arg in command.get_arguments() {
            let Some(long) = arg.get_long().filter(|_| !arg.is_hide_set()) else { continue };
            match out.iter_mut().find(|flag| flag.long == long) {
                Some(flag) => flag.uses.push((name.clone(), arg)),
                None => out.push(Flag { long, uses: vec![(name.clone(), arg)] }),
            }
        }
    }
    out
}

/// As it is typed: `-c, --concurrency <N|auto>`.
fn usage(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let names = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let value = names.map(|names| names.iter().map(|name| format!(" <{name}>")).collect::<String>());
    format!("{short}--{}{}", arg.get_long().unwrap_or_default(), value.unwrap_or_default())
}

/// What the help says, without its default; lines that are indented stay as they are.
fn words(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let help = match help.split_once("[default: ") {
        Some((before, rest)) => {
            format!("{}{}", before.trim_end(), rest.split_once(']').map_or("", |(_, after)| after))
        }
        None => help,
    };
    let paragraph = |text: &str| match text.lines().any(|line| line.starts_with("  ")) {
        true => format!("```text\n{text}\n```"),
        false => prose(text),
    };
    let mut out: Vec<String> = help.split("\n\n").map(|text| paragraph(text.trim_end())).collect();
    // What the help lists, it lists with a word each; where it does not, its text has the words.
    if !arg.is_hide_possible_values_set() && arg.get_action().takes_values() {
        let values = arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
        let told = |value: clap::builder::PossibleValue| {
            let help = value.get_help().map(|help| format!(": {}", prose(&help.to_string()))).unwrap_or_default();
            format!("- `{}`{help}", value.get_name())
        };
        out.push(values.map(told).collect::<Vec<_>>().join("\n"));
    }
    out.retain(|text| !text.is_empty());
    out.join("\n\n")
}

/// What happens without it.
pub fn default(arg: &Arg) -> String {
    let given = || arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(" ");
    match (config::default_of(arg), arg.get_action().takes_values()) {
        (Some(default), _) => prose(&default),
        (None, false) => "off".to_owned(),
        (None, true) if !arg.get_default_values().is_empty() => format!("`{}`", given()),
        (None, true) => "not set".to_owned(),
    }
}

/// For each command what `of` says of its flag: once where all say the same.
fn by_command(flag: &Flag<'_>, of: impl Fn(&Arg) -> String) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for (command, arg) in &flag.uses {
        let said = of(arg);
        match out.iter_mut().find(|(text, _)| *text == said) {
            Some((_, commands)) => commands.push(command.clone()),
            None => out.push((said, vec![command.clone()])),
        }
    }
    out
}

fn names(commands: &[String]) -> String {
    commands.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Hand-written pages that name a flag, by file name.
fn pages_of(long: &str, pages: &[(String, String)]) -> Vec<String> {
    let needle = format!("--{long}");
    let is_named = |text: &str| {
        text.match_indices(&needle).any(|(at, _)| {
            let after = text[at + needle.len()..].chars().next();
            !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-')
        })
    };
    pages.iter().filter(|(_, text)| is_named(text)).map(|(name, _)| name.clone()).collect()
}

/// The pages that people write: the README and those of docs/, without what tests write.
fn pages() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(docs()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|ext| ext == "md")
            && !["hostile.md", "promises.md", "CHANGELOG.md"].contains(&name.as_str())
        {
            out.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    out.sort();
    out.push(("../README.md".to_owned(), fs::read_to_string(docs().join("../README.md")).unwrap()));
    out
}

fn section(flag: &Flag<'_>, schema: &Value, pages: &[(String, String)]) -> String {
    let mut out = format!("\n### `--{}`\n\n", flag.long);
    let (_, first) = &flag.uses[0];
    writeln!(out, "`{}`\n", usage(first)).unwrap();
    for (number, (text, commands)) in by_command(flag, words).iter().enumerate() {
        match number {
            0 => writeln!(out, "{text}\n").unwrap(),
            _ => writeln!(out, "With {}: {text}\n", names(commands)).unwrap(),
        }
    }
    let commands: Vec<String> = flag.uses.iter().map(|(name, _)| name.clone()).collect();
    let is_key = schema["properties"].get(flag.long).is_some();
    let key = if is_key { format!("`{}`", flag.long) } else { "none".to_owned() };
    let variable = first.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let defaults = by_command(flag, default);
    let default = match defaults.as_slice() {
        [(one, _)] => one.clone(),
        several => several
            .iter()
            .map(|(text, names_of)| format!("{text} ({})", names(names_of)))
            .collect::<Vec<_>>()
            .join("; "),
    };
    let told = pages_of(flag.long, pages);
    // The README is no page of the book.
    let link = |name: &String| match name.strip_prefix("../") {
        Some(outside) => outside.to_owned(),
        None => format!("[{}](../{name})", name.trim_end_matches(".md")),
    };
    let told = told.iter().map(link).collect::<Vec<_>>().join(", ");
    writeln!(out, "- of {}", names(&commands)).unwrap();
    writeln!(out, "- key: {key}; environment: `{variable}`; default: {default}").unwrap();
    writeln!(out, "- more: {told}").unwrap();
    out
}

fn page(definition: &Clap) -> String {
    let (schema, pages) = (config::schema(definition), pages());
    let flags = flags(definition);
    let heading = |flag: &Flag<'_>| {
        let (command, arg) = &flag.uses[0];
        let is_run = config::COMMANDS.contains(&command.as_str());
        match arg.get_help_heading() {
            Some(heading) => heading.to_owned(),
            None if is_run => "Options".to_owned(),
            None => format!("Of `{command}`"),
        }
    };
    let mut headings: Vec<String> = Vec::new();
    for flag in &flags {
        let heading = heading(flag);
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    let mut out = HEAD.to_owned();
    for wanted in headings {
        write!(out, "\n## {wanted}\n").unwrap();
        for flag in flags.iter().filter(|flag| heading(flag) == wanted) {
            out.push_str(&section(flag, &schema, &pages));
        }
    }
    out
}

#[test]
fn the_page_of_flags_says_what_the_program_takes() {
    hold("flags.md", &page(&definition()));
}

#[test]
fn every_flag_has_a_variable_a_default_a_line_of_help_and_a_page_that_tells_of_it() {
    let (definition, pages) = (definition(), pages());
    let mut faults = BTreeSet::new();
    for flag in flags(&definition) {
        if pages_of(flag.long, &pages).is_empty() {
            faults.insert(format!("--{}: no page of docs/ names it", flag.long));
        }
        for (command, arg) in &flag.uses {
            let variable = format!("FETCHALL_{}", flag.long.to_uppercase().replace('-', "_"));
            if arg.get_env().is_none_or(|name| name != variable.as_str()) {
                faults.insert(format!("{command} --{}: its variable is not {variable}", flag.long));
            }
            if words(arg).is_empty() || default(arg).is_empty() {
                faults.insert(format!("{command} --{}: no help, or no default", flag.long));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_flag_of_a_run_is_a_key_of_the_file_of_settings() {
    let definition = definition();
    let schema = config::schema(&definition);
    for flag in flags(&definition) {
        for (command, _) in flag.uses.iter().filter(|(command, _)| config::COMMANDS.contains(&command.as_str())) {
            let is_key = schema["properties"][command]["properties"].get(flag.long).is_some();
            // Which files of settings are read is not for files to say.
            assert!(is_key != ["config", "no-config"].contains(&flag.long), "{command} --{}", flag.long);
        }
    }
}

#[test]
fn a_flag_is_named_only_by_its_whole_name() {
    let pages = [("a.md".to_owned(), "`--rate-per-host`, --fix.".to_owned())];
    assert_eq!(pages_of("fix", &pages), ["a.md"]);
    assert!(pages_of("rate", &pages).is_empty() && pages_of("rate-per-host", &pages).len() == 1);
}
