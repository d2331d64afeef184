//! What is said after a stop: the command that goes on. Must not know how anything is gone on with.

use std::path::{Path, PathBuf};

use fetchall::model::{escape, redact};

use super::SINK;
use crate::cli::flags::{ContinueFlags, Given};

/// Flags whose values may be secrets: a command line with one of them is not shown again.
pub const MAY_BE_SECRET: &[&str] = &["--auth-file", "--cert", "--cookies", "--data", "--header", "--key", "--proxy"];

/// What is said where nothing knows what is done.
const NEXT_TIME: &str = "nothing keeps what is done; with --state FILE the same command would go on";

/// The command that goes on, or how to come by it; `None` where nothing can be gone on with.
pub(super) fn again(flags: &ContinueFlags, records: Option<&Path>, reads_stdin: bool) -> Option<String> {
    let has_state = flags.state().is_some();
    let more: Option<PathBuf> = match (has_state, records) {
        (true, _) => None,
        (false, Some(_)) if flags.resume.is_some() => None,
        (false, Some(records)) if !flags.given.iter().any(|given| given.name == SINK) => Some(records.to_owned()),
        (false, _) if cfg!(feature = "sqlite") => return Some(NEXT_TIME.to_owned()),
        (false, _) => return None,
    };
    Some(command_again(&flags.given, more, reads_stdin))
}

/// The same command, and `--resume` with `more` if there is such a file, in a sentence.
pub fn command_again(given: &[Given], more: Option<PathBuf>, reads_stdin: bool) -> String {
    let list = if reads_stdin { ", with the same list on standard input" } else { "" };
    if !may_be_shown(given) {
        let more = more.map(|records| format!(" and --resume {}", quoted(&records.to_string_lossy())));
        return format!("the same command{} goes on{list}", more.unwrap_or_default());
    }
    format!("to go on{list}: {}", typed(more.as_deref()).join(" "))
}

/// The command that asks again for what has failed; `None` where nothing knows what that is, where the list was
/// read from a pipe, or where it might show a secret.
pub(super) fn once_more(flags: &ContinueFlags, records: Option<&Path>, reads_stdin: bool) -> Option<String> {
    let is_known = flags.state().is_some() || flags.resume.is_some() || records.is_some();
    if !is_known || reads_stdin || !may_be_shown(&flags.given) {
        return None;
    }
    let more = records.filter(|_| flags.state().is_none() && flags.resume.is_none());
    let mut words = typed(more);
    if !flags.retry_failed {
        words.push("--retry-failed".to_owned());
    }
    Some(words.join(" "))
}

/// What was typed, with `--resume` and these records behind it.
fn typed(more: Option<&Path>) -> Vec<String> {
    // What asks for a new beginning, or for more than what is left, is not asked for again.
    let mut words: Vec<String> =
        std::env::args().filter(|word| word != "--restart").map(|word| quoted(&word)).collect();
    if let Some(name) = words.first_mut() {
        *name = "fetchall".to_owned();
    }
    words.extend(more.into_iter().flat_map(|records| ["--resume".to_owned(), quoted(&records.to_string_lossy())]));
    words
}

fn may_be_shown(given: &[Given]) -> bool {
    !given.iter().any(|given| MAY_BE_SECRET.contains(&given.name.as_str()) || holds_secret(&given.value))
}

/// What is no URL may have one in it, like an expression with what takes its place; the query of one that is
/// shown as it is everywhere.
fn holds_secret(value: &str) -> bool {
    let is_url = !value.contains(char::is_whitespace)
        && url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    redact::line(value, true) != value || redact::holds_password(value) || !is_url && redact::text(value) != value
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", escape::visible(word).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<Given> {
        pairs.iter().map(|(name, value)| Given { name: (*name).into(), value: (*value).into() }).collect()
    }

    #[test]
    fn a_command_line_with_what_may_be_a_secret_is_not_shown() {
        assert!(may_be_shown(&given(&[("SOURCE", "https://h/"), ("--output", "x")])));
        assert!(!may_be_shown(&given(&[("--header", "Authorization: x")])));
        assert!(!may_be_shown(&given(&[("SOURCE", "https://me:secret@h/")])));
        assert!(!may_be_shown(&given(&[("--remap", "^https://h/ http://me:secret@staging/")])));
        assert!(may_be_shown(&given(&[("SOURCE", "https://h/?next=//me@h")])));
        assert!(!may_be_shown(&given(&[("SOURCE", "https://h/?next=http://me:secret@h")])));
    }

    #[test]
    fn words_are_quoted_for_a_shell_where_they_must_be() {
        for (word, shown) in
            [("a-b/c.txt", "a-b/c.txt"), ("", "''"), ("it's a", "'it'\\''s a'"), ("t=h1, h2", "'t=h1, h2'")]
        {
            assert_eq!(quoted(word), shown);
        }
    }
}
