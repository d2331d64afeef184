//! `config init`: a file that says what can be said, all of it commented out.

use std::fmt::Write as _;

use clap::Command as Clap;

use super::{
    keys::{self, Takes},
    show::default_of,
};

pub use super::find::NAME;

const HEAD: &str = "\
# Settings of fetchall for this folder and those below it, up to the root of the repository.
# A key is the long name of a flag; the command line and FETCHALL_<FLAG> go before what stands here.
# `fetchall config show` tells what counts and where it comes from.

# extends = \"../fetchall.toml\"
";

const FOOT: &str = "
# Limits and fields of one host; they stand beside those of all hosts.
# [host.\"example.com\"]
# per-host = 2
# rate-per-host = \"1/s\"
# header = { Accept-Language = \"de\" }

# What `fetchall check` makes of a finding: off, warn or error.
# [rules]
# \"link.redirected\" = \"warn\"
";

/// The text of the file.
pub fn text(definition: &Clap) -> String {
    let mut text = HEAD.to_owned();
    let mut told: Vec<&str> = Vec::new();
    for (command, table) in keys::commands(definition).zip(["", "crawl", "check", "extract"]) {
        let mut heading = None;
        let mut is_new_table = !table.is_empty();
        for arg in command.get_arguments() {
            let (Some(long), Some(takes)) = (arg.get_long(), keys::takes(arg)) else { continue };
            if told.contains(&long) {
                continue;
            }
            told.push(long);
            if is_new_table {
                is_new_table = false;
                // Writing to a text cannot fail.
                write!(text, "\n# [{table}]\n").ok();
            } else if arg.get_help_heading() != heading {
                write!(text, "\n# --- {} ---\n", arg.get_help_heading().unwrap_or("Options")).ok();
            }
            heading = arg.get_help_heading();
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.split(" [default").next().unwrap_or_default();
            let value =
                default_of(arg).filter(|value| !value.contains(' ')).unwrap_or_else(|| example(takes).to_owned());
            let bare = takes == Takes::Switch || value.starts_with('[') || value.parse::<i64>().is_ok();
            let value = if bare { value } else { format!("\"{}\"", value.trim_matches('"')) };
            write!(text, "# {help}\n# {long} = {value}\n").ok();
        }
    }
    text + FOOT
}

fn example(takes: Takes) -> &'static str {
    match takes {
        Takes::Switch => "true",
        Takes::One => "",
        Takes::Many => "[]",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition::definition;

    #[test]
    fn every_key_is_named_once_and_the_file_is_toml_with_and_without_its_comments() {
        let definition = definition();
        let text = text(&definition);
        assert!(text.parse::<toml::Table>().unwrap().is_empty());
        let keys = keys::all(&definition);
        for (long, ..) in &keys {
            let named = text.lines().filter(|line| line.starts_with(&format!("# {long} = "))).count();
            let in_host = keys::OF_HOSTS[1..].contains(long);
            assert!(named == 1 || in_host && named <= 2, "{long}: {named}");
        }
        assert!(keys.len() > 80, "{}", keys.len());
    }
}
