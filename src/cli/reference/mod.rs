//! docs/reference/: pages that are written from the program itself, by tests.
//!
//! Each page comes from what defines the thing: flags and keys from clap's definition, records from their
//! schemas, codes from their tables, exit statuses from the help. A page that is not up to date is written anew,
//! and its test fails once, so that somebody looks at it and commits it.

mod codes;
mod exits;
mod flags;
mod keys;
mod records;

use std::{fs, path::PathBuf};

use clap::Command as Clap;

use super::config;

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Holds a page against what it should say.
#[track_caller]
fn hold(name: &str, page: &str) {
    let path = docs().join("reference").join(name);
    if fs::read_to_string(&path).unwrap_or_default() != page {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, page).unwrap();
        panic!("{} was not up to date and was written anew: look at it and commit it", path.display());
    }
}

/// Every command by its full name: those that make runs first, then by name.
fn commands(definition: &Clap) -> Vec<(String, &Clap)> {
    let mut out: Vec<(String, &Clap)> = Vec::new();
    let mut left = vec![(String::new(), definition)];
    while let Some((name, command)) = left.pop() {
        let below = command.get_subcommands();
        left.extend(below.map(|command| (format!("{name} {}", command.get_name()).trim().to_owned(), command)));
        if !name.is_empty() {
            out.push((name, command));
        }
    }
    let place = |name: &str| config::COMMANDS.iter().position(|known| *known == name);
    out.sort_by_key(|(name, _)| (place(name).unwrap_or(usize::MAX), name.clone()));
    out
}

/// Prose of the program as Markdown: what would be markup is not, and addresses are no links.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (number, part) in text.split('`').enumerate() {
        // Between backticks everything stands for itself.
        if number > 0 {
            out.push('`');
        }
        if number % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for (at, word) in part.split(' ').enumerate() {
            if at > 0 {
                out.push(' ');
            }
            match word.contains("://") {
                true => out.push_str(&address(word)),
                false => out.push_str(&word.replace('<', "\\<").replace('*', "\\*").replace('$', "\\$")),
            }
        }
    }
    out
}

/// A word with an address in it, between backticks but for what closes the sentence.
fn address(word: &str) -> String {
    let bare = word.trim_end_matches([',', '.', ';', ':', ')', ']']);
    format!("`{bare}`{}", &word[bare.len()..])
}

/// Prose in a cell of a table.
fn cell(text: &str) -> String {
    prose(&text.split_whitespace().collect::<Vec<_>>().join(" ")).replace('|', "\\|")
}

#[test]
fn prose_keeps_its_signs_and_makes_no_links() {
    assert_eq!(prose("a `<b>` <c> *"), "a `<b>` \\<c> \\*");
    assert_eq!(prose("see http://HOST:1, or x"), "see `http://HOST:1`, or x");
    assert_eq!(cell("a |\n b"), "a \\| b");
}
