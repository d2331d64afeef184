//! Exit statuses, from the help of each command.

use std::fmt::Write as _;

use clap::Command as Clap;

use super::{cell, commands, hold};
use crate::cli::{definition::definition, exit::Exit};

const HEAD: &str = "# Exit statuses

Written from the help of each command (`cargo test --all-features --bins reference`). If several apply to a run, the
first of these does: a signal, 3, 101, 5, 1, 4. Commands that are not named end with 0, or with 2 for wrong usage.
A signal is raised again after the clean-up, so that a shell sees it; as the first process of a container, which the
kernel spares from signals it raises itself, the program ends with 130 or 143 instead.
";

/// `status` and meaning, of `Exit status:` with a line each or of `Exit: 0 done, 1 …`.
fn statuses(help: &str) -> Vec<(String, String)> {
    if let Some((_, rows)) = help.split_once("Exit status:\n") {
        let mut out: Vec<(String, String)> = Vec::new();
        for row in rows.lines().take_while(|row| row.starts_with("  ")) {
            let is_new = row.chars().nth(2).is_some_and(|c| c.is_ascii_digit());
            match (is_new, out.last_mut()) {
                (false, Some((_, meaning))) => write!(meaning, " {}", row.trim()).unwrap(),
                _ => {
                    let (status, meaning) = row.trim().split_once("  ").unwrap();
                    out.push((status.to_owned(), meaning.trim().to_owned()));
                }
            }
        }
        return out;
    }
    let Some((_, line)) = help.split_once("Exit: ") else { return Vec::new() };
    let line = line.lines().next().unwrap_or_default().trim_end_matches('.');
    let mut out: Vec<(String, String)> = Vec::new();
    for part in line.split(", ") {
        match part.split_once(' ').filter(|(status, _)| status.parse::<u8>().is_ok()) {
            Some((status, meaning)) => out.push((status.to_owned(), meaning.to_owned())),
            None => out.last_mut().into_iter().for_each(|(_, meaning)| write!(meaning, ", {part}").unwrap()),
        }
    }
    out
}

/// Every command that says something of its end, with what it says.
fn ends(definition: &Clap) -> Vec<(String, Vec<(String, String)>)> {
    let told = |command: &Clap| {
        let help = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
        statuses(&help.unwrap_or_default())
    };
    let all = commands(definition).into_iter().map(|(name, command)| (name, told(command)));
    all.filter(|(_, found)| !found.is_empty()).collect()
}

#[test]
fn the_page_of_exit_statuses_says_what_the_help_says() {
    let mut page = HEAD.to_owned();
    for (name, found) in ends(&definition()) {
        write!(page, "\n## `{name}`\n\n| status | meaning |\n| --- | --- |\n").unwrap();
        for (status, meaning) in found {
            writeln!(page, "| {status} | {} |", cell(&meaning)).unwrap();
        }
    }
    hold("exit-codes.md", &page);
}

#[test]
fn the_help_of_every_run_has_each_status_of_the_contract() {
    let all = ends(&definition());
    let of = |name: &str| {
        let (_, found) = all.iter().find(|(command, _)| command == name).unwrap();
        found.iter().map(|(status, _)| status.as_str()).collect::<Vec<_>>()
    };
    let named = |exits: &[Exit]| -> Vec<String> {
        let number = |exit: &Exit| match exit {
            Exit::Code(code) => code.to_string(),
            Exit::Signal(signal) => (128 + signal).to_string(),
        };
        exits.iter().map(number).chain(["130, 143".to_owned()]).collect()
    };
    let whole = [Exit::OK, Exit::FAILED, Exit::USAGE, Exit::INCOMPLETE];
    let run = [&whole[..], &[Exit::STOPPED, Exit::BUG]].concat();
    let check = [&whole[..], &[Exit::NOTHING, Exit::STOPPED, Exit::BUG]].concat();
    assert_eq!((of("fetch"), of("crawl")), (refs(&named(&run)), refs(&named(&run))));
    assert_eq!(of("check"), refs(&named(&check)));
    assert_eq!(of("extract"), refs(&named(&[&whole[..], &[Exit::BUG]].concat())));
    assert_eq!((of("diff"), of("doctor")), (vec!["0", "1", "2", "3"], vec!["0", "1", "2", "3"]));
}

fn refs(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[test]
fn statuses_are_read_out_of_both_forms() {
    let long = "x\n\nExit status:\n  0         done\n            and more\n  130, 143  a signal\n";
    let pair = |status: &str, meaning: &str| (status.to_owned(), meaning.to_owned());
    assert_eq!(statuses(long), [pair("0", "done and more"), pair("130, 143", "a signal")]);
    assert_eq!(statuses("Exit: 0 a, b, 1 c."), [pair("0", "a, b"), pair("1", "c")]);
}
