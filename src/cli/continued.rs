//! How a command goes on with an earlier run: by its journal, or by the records it wrote.
//!
//! Decides what makes a run the same run, opens what knows what is done, and says how to go on after a
//! stop. Must not know what a run does.

mod again;
mod same;
#[cfg(feature = "sqlite")]
mod seeds;

use std::path::Path;

use anyhow::bail;
use fetchall::{
    Request,
    journal::{Before, Identity, Marks, Settle, Trail, records},
    model::redact,
    sink::{Content, Packing, warc::Place},
    source::Spec,
};

use self::again::{again, once_more};
pub use self::{
    again::{MAY_BE_SECRET, command_again, quoted},
    same::{identity_of, identity_of_check},
};
use super::{
    flags::{ContinueFlags, FormatArg},
    terminal::Voice,
};

/// Where records go beside the output; only a journal knows what is there.
const SINK: &str = "--sink";
/// What leaves keys out of records.
const FIELDS: &str = "--fields";

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
    /// The command that asks again for what has failed, if there is one.
    once_more: Option<String>,
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
    // A device keeps nothing that could be gone on with.
    let is_kept = |output: &Path| output.metadata().map_or(true, |facts| facts.is_file());
    let is_whole = format == FormatArg::Jsonl && !flags.given.iter().any(|given| given.name == FIELDS);
    let can_be_resumed = |output: &&Path| is_whole && Packing::by_name(output).is_none() && is_kept(output);
    let records = output.filter(can_be_resumed);
    continued.again = again(flags, records, specs.contains(&Spec::Stdin));
    continued.once_more = once_more(flags, records, specs.contains(&Spec::Stdin));
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
    use fetchall::journal::{Begin, Journal, JournalError};
    let begin = match (flags.restart, flags.retry_failed) {
        (true, true) => bail!("--restart forgets what has failed, so --retry-failed has nothing to ask for"),
        (true, false) => Begin::Anew,
        (false, true) => Begin::RetryFailed,
        (false, false) => Begin::GoOn,
    };
    let opened = Journal::open(state, identity, begin);
    let (mut journal, before, past) = opened.map_err(|error| match error {
        JournalError::Other { .. } => anyhow::anyhow!("{error}; --restart begins anew"),
        JournalError::Damaged(path, what) => anyhow::anyhow!(
            "{} is damaged and left as it is; put a copy of it back, or begin anew with another file ({what})",
            path.display()
        ),
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
        once_more: None,
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

/// Whether `--resume` names a file: looked at first, since it is where the records of this run go too.
///
/// # Errors
/// It is an address, or nothing that keeps what is written to it.
pub fn check_records(flags: &ContinueFlags) -> anyhow::Result<()> {
    let Some(records) = &flags.resume else { return Ok(()) };
    let name = records.to_string_lossy();
    let what = match records.metadata() {
        Ok(facts) if facts.is_file() => return Ok(()),
        Ok(_) => "no file",
        Err(_) if name.contains("://") => "an address",
        Err(_) => return Ok(()),
    };
    let name = redact::word(&name);
    bail!("--resume takes the file that an earlier run has written its records to, and `{name}` is {what}")
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

impl Continued {
    /// Records that were written before.
    pub fn done(&self) -> u64 {
        self.before.as_ref().map_or(0, |before| before.done.len())
    }

    /// How to go on after a stop, in a sentence.
    pub fn again(&self) -> Option<&str> {
        self.again.as_deref()
    }

    /// The command that asks again for what has failed, if there is one.
    pub fn once_more(&self) -> Option<&str> {
        self.once_more.as_deref()
    }
}
