//! How a command goes on with an earlier run: by its journal, or by the records it wrote.
//!
//! Decides what makes a run the same run, opens what knows what is done, and says how to go on after a
//! stop. Must not know what a run does.

#[cfg(feature = "sqlite")]
mod seeds;

use std::path::{Path, PathBuf};

use anyhow::bail;
use fetchall::{
    Request,
    journal::{Before, Identity, Marks, Settle, Trail, identity, records},
    sink::{Content, Packing, warc::Place},
    source::Spec,
};

use super::{
    flags::{ContinueFlags, FormatArg, Given},
    terminal::Voice,
};

/// Flags that may differ when a run goes on: how fast, how patient, by which way, how it is told. All
/// others shape the records, or say which there are.
const MAY_DIFFER: &[&str] = &[
    // speed and patience
    "--adaptive",
    "--backoff",
    "--concurrency",
    "--connect-timeout",
    "--deadline",
    "--delay",
    "--headers-timeout",
    "--host-errors",
    "--max-failures",
    "--fail-fast",
    "--per-host",
    "--rate",
    "--rate-per-host",
    "--read-timeout",
    "--retries",
    "--retry-after-max",
    "--retry-budget",
    "--timeout",
    "--url-timeout",
    // the way there, and credentials
    "--auth-file",
    "--ca",
    "--cache",
    "--cache-size",
    "--cert",
    "--contact",
    "--cookies",
    "--header",
    "--http",
    "--insecure",
    "--ipv4",
    "--ipv6",
    "--key",
    "--max-age",
    "--min-tls",
    "--netrc",
    "--no-proxy",
    "--offline",
    "--private-ips",
    "--proxy",
    "--resolve",
    "--user-agent",
    // how it is told
    "--color",
    "--progress",
    "--quiet",
    // how it goes on
    "--restart",
    "--resume",
    "--retry-failed",
    "--state",
];

/// Flags whose values may be secrets: a command line with one of them is not shown again.
const MAY_BE_SECRET: &[&str] = &["--auth-file", "--cert", "--cookies", "--data", "--header", "--key", "--proxy"];

/// Flags whose values are compared by their digest.
const DIGESTED: &[&str] = &["--data"];

/// Where records go beside the output; only a journal knows what is there.
const SINK: &str = "--sink";

/// What is known of the earlier part of a run.
#[derive(Default)]
pub struct Continued {
    /// For the engine: what is done.
    pub before: Option<Before>,
    /// For a crawl: what it has behind it.
    pub trail: Option<Trail>,
    /// For the writer: is told what is done from now on.
    pub journal: Option<Box<dyn Settle>>,
    /// What becomes of the content of each output, where that is decided here.
    pub contents: Vec<Option<Content>>,
    /// The name of the run, if it has one already.
    pub run: Option<String>,
    /// Where its archive ends, if it has one.
    pub archive: Option<Place>,
    /// Those of them whose record has `ok: false`.
    pub failed: u64,
    /// Nothing is left to do.
    pub is_complete: bool,
    /// How to go on after a stop.
    again: Option<String>,
}

/// Opens what the flags name, before any output is touched. `command` is the word for it, `output` the
/// file that records go to.
///
/// # Errors
/// What is there cannot be gone on with; it is left as it is.
pub fn open(
    command: &str,
    flags: &ContinueFlags,
    specs: &[Spec],
    output: Option<&Path>,
    format: FormatArg,
    voice: &Voice,
) -> anyhow::Result<Continued> {
    if flags.retry_failed && flags.state().is_none() && flags.resume.is_none() {
        bail!("--retry-failed needs to know what has failed: --state FILE or --resume FILE");
    }
    let mut continued = match (flags.state(), &flags.resume) {
        (Some(_), Some(_)) => bail!("--state and --resume each know what is done; give one of them"),
        #[cfg(feature = "sqlite")]
        (Some(state), None) => {
            let identity = identity_of(command, &flags.given, specs)?;
            let what = if specs.iter().any(is_stream) { What::Stream } else { What::List };
            by_journal(flags, &identity, what, state, voice)?
        }
        #[cfg(not(feature = "sqlite"))]
        (Some(_), None) => Continued::default(),
        (None, Some(records)) => by_records(flags, records, output, format, voice)?,
        (None, None) => Continued::default(),
    };
    let can_be_resumed = |output: &&Path| format == FormatArg::Jsonl && Packing::by_name(output).is_none();
    continued.again = again(flags, output.filter(can_be_resumed), specs.contains(&Spec::Stdin));
    Ok(continued)
}

/// The same for a crawl from these seeds.
///
/// # Errors
/// What is there cannot be gone on with; it is left as it is.
#[cfg_attr(not(feature = "sqlite"), expect(unused_variables, reason = "only a journal is about seeds"))]
pub fn open_crawl(
    flags: &ContinueFlags,
    specs: &[Spec],
    seeds: &[Request],
    voice: &Voice,
) -> anyhow::Result<Continued> {
    let mut continued = match flags.state() {
        #[cfg(feature = "sqlite")]
        Some(state) => {
            // All of them are read before anything is sent, so a list from a pipe is known too.
            let identity = identity_of("crawl", &flags.given, specs)?;
            let identity = identity.with_content("the list of seeds", &seeds::digest(seeds));
            by_journal(flags, &identity, What::Crawl, state, voice)?
        }
        #[cfg(not(feature = "sqlite"))]
        Some(_) => Continued::default(),
        None if flags.retry_failed => bail!("--retry-failed needs to know what has failed: --state FILE"),
        None => return Ok(Continued::default()),
    };
    continued.again = again(flags, None, specs.contains(&Spec::Stdin));
    Ok(continued)
}

/// What a run goes through.
#[cfg(feature = "sqlite")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A list that is known to be the same.
    List,
    /// One of which only reading it tells.
    Stream,
    /// What follows from seeds.
    Crawl,
}

#[cfg(feature = "sqlite")]
fn by_journal(
    flags: &ContinueFlags,
    identity: &Identity,
    what: What,
    state: &Path,
    voice: &Voice,
) -> anyhow::Result<Continued> {
    use fetchall::journal::{Begin, Journal};
    let begin = match (flags.restart, flags.retry_failed) {
        (true, true) => bail!("--restart forgets what has failed, so --retry-failed has nothing to ask for"),
        (true, false) => Begin::Anew,
        (false, true) => Begin::RetryFailed,
        (false, false) => Begin::GoOn,
    };
    let opened = Journal::open(state, identity, begin);
    let (mut journal, before, past) = opened.map_err(|error| match error {
        fetchall::journal::JournalError::Other { .. } => anyhow::anyhow!("{error}; --restart begins anew"),
        error => error.into(),
    })?;
    let name = state.display();
    if let Some(version) = &past.begun_by {
        voice.line(&format!("{name} was begun by fetchall {version}"));
    }
    let is_complete = past.is_complete && !flags.retry_failed && what != What::Stream;
    if is_complete {
        let failed = match past.failed {
            0 => String::new(),
            failed => format!(", of which {failed} failed (--retry-failed asks again for them)"),
        };
        voice.line(&format!("{name}: everything is done, {} records{failed}; --restart begins anew", past.done));
    } else if past.done > 0 {
        voice.line(&format!("{name}: {} are done; going on", past.done));
    }
    let trail = (what == What::Crawl).then(|| journal.trail(&before)).transpose()?;
    if let Some(trail) = trail.as_ref().filter(|_| !is_complete) {
        check(trail, state)?;
    }
    let mut positions = past.positions;
    let has_archive = flags.given.iter().any(|given| given.name == "--warc");
    let archive = has_archive.then(|| take_place(&mut positions)).flatten();
    let contents = positions.into_iter().map(|position| position.map(Content::Keep)).collect();
    Ok(Continued {
        run: Some(journal.id().to_owned()),
        before: Some(before),
        trail,
        journal: Some(Box::new(journal)),
        contents,
        archive,
        failed: past.failed,
        is_complete,
        again: None,
    })
}

/// Whether all steps of a crawl can be read, before anything is sent: with one that cannot, pages would be
/// lost.
#[cfg(feature = "sqlite")]
fn check(trail: &Trail, state: &Path) -> anyhow::Result<()> {
    use fetchall::{crawler, journal::JournalError};
    match crawler::unreadable(trail) {
        Ok(None) => Ok(()),
        Ok(Some(seq)) => {
            let what = format!("step {seq} of the crawl cannot be read");
            bail!("{}; --restart begins anew", JournalError::Damaged(state.to_owned(), what))
        }
        Err(error @ JournalError::Damaged(..)) => bail!("{error}; --restart begins anew"),
        Err(error) => Err(error.into()),
    }
}

/// What the journal says of the archive: the last two positions are its file and the length of that, and
/// no output's.
#[cfg(feature = "sqlite")]
fn take_place(positions: &mut Vec<Option<u64>>) -> Option<Place> {
    let last = positions.len().checked_sub(2)?;
    match positions.split_off(last)[..] {
        [Some(file), Some(offset)] => Some(Place { file, offset }),
        _ => None,
    }
}

fn by_records(
    flags: &ContinueFlags,
    records: &Path,
    output: Option<&Path>,
    format: FormatArg,
    voice: &Voice,
) -> anyhow::Result<Continued> {
    if output.is_some_and(|output| output != records) {
        bail!("--resume {0} goes on in {0}, so --output cannot be another file", records.display());
    }
    if flags.given.iter().any(|given| given.name == SINK) {
        bail!("--resume knows what is in one file; with --sink, --state knows what is done");
    }
    if Packing::by_name(records).is_some() {
        bail!("--resume cannot go on in a packed file; --state goes on with any output");
    }
    if format != FormatArg::Jsonl {
        bail!("--resume goes on with JSON Lines; choose --format jsonl");
    }
    let name = records.display();
    if !records.exists() {
        voice.line(&format!("{name} is not there: this run begins it"));
    }
    let told = records::resume(records, flags.retry_failed)?;
    if told.torn {
        voice.line(&format!("{name}: the last line was torn and is cut off"));
    }
    if !told.done.is_empty() {
        voice.line(&format!("{name}: {} are done; going on", told.done.len()));
    }
    Ok(Continued {
        failed: told.failed.len(),
        contents: vec![Some(Content::Keep(told.length))],
        before: Some(Before { done: told.done, marks: Marks::default(), texts: told.texts }),
        ..Continued::default()
    })
}

fn is_stream(spec: &Spec) -> bool {
    match spec {
        Spec::Stdin => true,
        Spec::File(path) => !path.is_file(),
        Spec::Literal(_) => false,
    }
}

/// What makes a run the same run: the command, what it reads, and every flag that shapes its records.
pub fn identity_of(command: &str, given: &[Given], specs: &[Spec]) -> anyhow::Result<Identity> {
    let mut run = Identity::default().with("command", command);
    for Given { name, value } in given.iter().filter(|given| !MAY_DIFFER.contains(&given.name.as_str())) {
        run = match DIGESTED.contains(&name.as_str()) {
            true => run.with_content(name, &identity::digest(value.as_bytes())),
            false => run.with(name, fetchall::model::redact::line(value, true)),
        };
    }
    for spec in specs {
        match spec {
            Spec::File(path) if path.is_file() => {
                let digest = identity::digest_of_file(path);
                let digest = digest.map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
                run = run.with_content(path.display().to_string(), &digest);
            }
            Spec::File(_) | Spec::Stdin | Spec::Literal(_) => {}
        }
    }
    Ok(run)
}

impl Continued {
    /// How to go on after a stop, in a sentence.
    pub fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }
}

/// What is said where nothing knows what is done.
const NEXT_TIME: &str = "nothing keeps what is done; with --state FILE the same command would go on";

/// The command that goes on, or how to come by it; `None` where nothing can be gone on with.
fn again(flags: &ContinueFlags, records: Option<&Path>, reads_stdin: bool) -> Option<String> {
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
    // What asks for a new beginning, or for more than what is left, is not asked for again.
    let mut words: Vec<String> =
        std::env::args().filter(|word| word != "--restart").map(|word| quoted(&word)).collect();
    if let Some(name) = words.first_mut() {
        *name = "fetchall".to_owned();
    }
    words.extend(more.into_iter().flat_map(|records| ["--resume".to_owned(), quoted(&records.to_string_lossy())]));
    format!("to go on{list}: {}", words.join(" "))
}

fn may_be_shown(given: &[Given]) -> bool {
    let is_secret = |given: &&Given| {
        MAY_BE_SECRET.contains(&given.name.as_str()) || fetchall::model::redact::line(&given.value, true) != given.value
    };
    !given.iter().any(|given| is_secret(&given))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", fetchall::model::escape::visible(word).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<Given> {
        pairs.iter().map(|(name, value)| Given { name: (*name).into(), value: (*value).into() }).collect()
    }

    #[test]
    fn every_flag_that_may_differ_or_be_secret_exists() {
        let definition = crate::cli::definition::definition();
        let all: Vec<String> = std::iter::once(&definition)
            .chain(definition.get_subcommands())
            .flat_map(clap::Command::get_arguments)
            .filter_map(|arg| arg.get_long().map(|long| format!("--{long}")))
            .collect();
        for name in MAY_DIFFER.iter().chain(MAY_BE_SECRET).chain(DIGESTED).chain(&[SINK]) {
            assert!(all.iter().any(|long| long == name) || *name == "--contact", "{name}");
        }
    }

    #[test]
    fn a_run_is_the_same_whatever_its_speed_and_another_for_another_selector() {
        let run = |pairs| identity_of("fetch", &given(pairs), &[]).unwrap();
        let was = run(&[("SOURCE", "a"), ("--concurrency", "8"), ("--select", "t=h1")]);
        assert_eq!(run(&[("SOURCE", "a"), ("--rate", "1/s"), ("--select", "t=h1")]), was);
        assert_ne!(run(&[("SOURCE", "a"), ("--select", "t=h2")]), was);
        let secret = run(&[("SOURCE", "https://me:secret@h/"), ("--data", "secret")]);
        assert!(!secret.to_text().contains("secret"));
    }

    #[test]
    fn a_command_line_with_what_may_be_a_secret_is_not_shown() {
        assert!(may_be_shown(&given(&[("SOURCE", "https://h/"), ("--output", "x")])));
        assert!(!may_be_shown(&given(&[("--header", "Authorization: x")])));
        assert!(!may_be_shown(&given(&[("SOURCE", "https://me:secret@h/")])));
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
