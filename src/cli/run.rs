//! One run from its start to its exit status: engine, writer, signals, progress, summary.
//!
//! What `fetch`, `crawl`, `extract` and `demo` share. Must not know flags, nor where requests come from or
//! records go.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use fetchall::{
    Fetcher, Request,
    checker::CheckHandle,
    crawler::CrawlHandle,
    engine::{
        End, Handle, Progress, Stop,
        writer::{self, WriteError, Written},
    },
    journal::{Before, Settle},
    model::{Code, Record},
    report::Summary,
    sink::{Archive, Sink, SinkError},
    source::SourceError,
    watch::WatchHandle,
};
use futures::{future::BoxFuture, stream::BoxStream};
use tokio::{runtime::Runtime, sync::mpsc};

use super::{
    control::{self, About},
    exit::{self, Exit, Facts},
    insight::OnBegin,
    logs,
    progress::{self, Style},
    reader,
    signals::Watch,
    terminal::Voice,
    tui,
};

/// Asks a run to end, whatever kind of run it is.
pub type Stopper = Arc<dyn Fn(Stop) + Send + Sync>;

/// A grip on a run, whatever kind of run it is.
pub trait Grip: Send + Sync {
    /// Asks it to end.
    fn stop(&self, why: Stop);
    /// Why it was asked to end, if it was.
    fn stopped(&self) -> Option<Stop>;
    /// How far it is.
    fn progress(&self) -> Progress;
    /// The engine that makes its requests now, if one does.
    fn engine(&self) -> Option<Handle>;
}

macro_rules! grip {
    ($handle:ty, $engine:expr) => {
        impl Grip for $handle {
            fn stop(&self, why: Stop) {
                self.stop(why);
            }
            fn stopped(&self) -> Option<Stop> {
                self.stopped()
            }
            fn progress(&self) -> Progress {
                self.progress()
            }
            fn engine(&self) -> Option<Handle> {
                $engine(self)
            }
        }
    };
}

grip!(Handle, |handle: &Handle| Some(handle.clone()));
grip!(CrawlHandle, |handle: &CrawlHandle| Some(handle.engine()));
grip!(WatchHandle, WatchHandle::engine);
grip!(CheckHandle, CheckHandle::engine);

/// A run that was started.
pub struct Begun {
    /// Its records.
    pub records: mpsc::Receiver<Record>,
    /// Progress, and a way to stop.
    pub handle: Arc<dyn Grip>,
    /// How it ends; `None` if it panicked.
    pub end: BoxFuture<'static, Option<End>>,
}

/// Starts a run, within a runtime.
pub type Begin = Box<dyn FnOnce() -> Begun>;

/// What fetches everything that `source` yields and was not done before.
pub fn fetching(
    fetcher: Fetcher,
    source: BoxStream<'static, Result<Request, SourceError>>,
    before: Option<Before>,
) -> Begin {
    Box::new(move || {
        let launched = match before {
            Some(before) => fetcher.resume(source, before),
            None => fetcher.start(source),
        };
        let end = Box::pin(async move { launched.end.await.ok() });
        Begun { records: launched.records, handle: Arc::new(launched.handle), end }
    })
}

/// What a run is made of.
pub struct Parts {
    /// Starts it.
    pub begin: Begin,
    /// Where the records go.
    pub sinks: Vec<Box<dyn Sink>>,
    /// What keeps the exchanges themselves, before that.
    pub archive: Option<Box<dyn Archive>>,
    /// Whether one of the sinks writes to stdout, so that a reader that leaves ends the run.
    pub to_stdout: bool,
    /// How progress is shown.
    pub progress: Style,
    /// Successes that `--first` asked for.
    pub first: Option<u64>,
    /// Called once it has begun.
    pub on_begin: Option<OnBegin>,
    /// Called for each record, beside the summary.
    pub on_record: Option<writer::OnRecord>,
    /// What is told what is done.
    pub journal: Option<Box<dyn Settle>>,
    /// Records of an earlier part of this run that count against the exit status.
    pub failed_before: u64,
    /// Which run it is, for whoever looks into it; by default none that has a name.
    pub about: About,
}

impl Parts {
    /// A run whose records go there, and nothing else of it anywhere.
    pub fn of(begin: Begin, sinks: Vec<Box<dyn Sink>>, to_stdout: bool, progress: Style) -> Parts {
        let (archive, first, on_begin, on_record, journal, failed_before) = (None, None, None, None, None, 0);
        let about = About::default();
        Parts { begin, sinks, archive, to_stdout, progress, first, on_begin, on_record, journal, failed_before, about }
    }
}

/// Hints that are told at most: the requests of a list may each have selectors of their own.
const HINTS_TOLD: usize = 20;

/// A run that ended.
pub struct Ran {
    /// Counts and times.
    pub summary: Summary,
    facts: Facts,
    /// What is to be said about the end, one sentence each; no faults.
    notes: Vec<String>,
    faults: Vec<String>,
}

impl Ran {
    /// Says how it went, on stderr; nothing if nobody reads the records any more.
    pub fn tell(&self, voice: &Voice) {
        for fault in &self.faults {
            voice.error(fault);
        }
        if self.facts.reader_gone && self.facts.signal.is_none() {
            return;
        }
        for line in self.summary.lines().iter().chain(&self.notes) {
            voice.line(line);
        }
    }

    /// Says what went wrong, and why it ended; for runs whose records say nothing in sum.
    pub fn tell_end(&self, voice: &Voice) {
        self.faults.iter().for_each(|fault| voice.error(fault));
        if !self.is_over() {
            self.notes.iter().for_each(|note| voice.line(note));
        }
    }

    /// It was to go on until somebody ends it: Ctrl-C is its end, and what counts is how things are then.
    pub fn goes_until_interrupted(&mut self, any_failed: bool) {
        self.facts.any_failed = any_failed;
        if self.facts.signal == Some(signal_hook::consts::SIGINT) {
            self.facts.signal = None;
            self.notes.clear();
        }
    }

    /// What is said about the end, in sentences; faults too.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().chain(&self.notes).map(String::as_str)
    }

    /// Says why selectors may have found nothing; nothing to a run that was ended from outside.
    pub fn hint(&self, hints: &[String], voice: &Voice) {
        if !self.is_over() {
            hints.iter().take(HINTS_TOLD).for_each(|hint| voice.line(hint));
        }
    }

    /// Says how to go on, if something is left to do.
    pub fn tell_again(&self, again: Option<&str>, voice: &Voice) {
        let is_left = self.facts.signal.is_some()
            || self.facts.sink_failed
            || self.facts.source_failed
            || matches!(self.facts.stopped, Some(Stop::Asked | Stop::Drain | Stop::Deadline | Stop::Failures));
        if let (true, Some(again)) = (is_left, again) {
            voice.command(again);
        }
    }

    /// Something beside the records was written, or could not be.
    pub fn wrote(&mut self, outcome: Result<(), String>) {
        if let Err(fault) = outcome {
            self.facts.sink_failed = true;
            self.faults.push(fault);
        }
    }

    /// Whether the run came to its end by itself, and everything it said was written.
    pub fn is_whole(&self) -> bool {
        self.facts.is_whole()
    }

    /// Whether the run was ended from outside, so that nothing is to follow it.
    pub fn is_over(&self) -> bool {
        self.facts.signal.is_some() || self.facts.reader_gone
    }

    /// The exit status.
    pub fn exit(&self) -> Exit {
        exit::judge(&self.facts)
    }
}

/// Runs to the end: every record is written and flushed when this returns.
///
/// # Errors
/// If the system has no thread for the writer; then nothing was sent.
pub fn run(runtime: &Runtime, watch: &Watch, voice: &Voice, parts: Parts) -> std::io::Result<Ran> {
    let Parts { begin, sinks, archive, to_stdout, progress, first, .. } = parts;
    let Parts { on_begin, mut on_record, journal, failed_before, about, .. } = parts;
    let summary = Arc::new(Mutex::new(Summary::new()));
    let counting = Arc::clone(&summary);
    let note = move |record: &Record| {
        counting.lock().unwrap_or_else(PoisonError::into_inner).add(record);
        if let Some(on_record) = &mut on_record {
            on_record(record);
        }
    };
    let began = Instant::now();
    let (end, written, handle) = runtime.block_on(async {
        let Begun { records, handle, end } = begin();
        on_begin.into_iter().for_each(|told| told(Arc::clone(&handle)));
        let writer = writer::spawn(records, sinks, archive, Box::new(note), journal)?;
        let stopping = Arc::clone(&handle);
        let stopper: Stopper = Arc::new(move |why| stopping.stop(why));
        watch.follow(&stopper);
        if to_stdout {
            reader::watch(stopper);
        }
        let run = control::Run::new(about, Arc::clone(&handle));
        let attendance = control::attend(run.clone(), watch, voice);
        let asked = Arc::clone(&handle);
        let shown = match progress {
            Style::Tui => tui::show(run, Some(Arc::clone(&summary)), voice),
            style => progress::show(style, move || asked.progress(), voice),
        };
        let end = end.await;
        attendance.has_ended();
        // The engine has nothing left to do, so nothing waits for this thread.
        let written = writer.join();
        shown.into_iter().for_each(progress::Shown::end);
        logs::flush();
        std::io::Result::Ok((end, written.ok(), handle))
    })?;
    let mut summary = std::mem::take(&mut *summary.lock().unwrap_or_else(PoisonError::into_inner));
    summary.wall = began.elapsed();
    let written = written.map(|written| close(written, end.as_ref()));
    let mut ran = weigh(summary, end, written, &*handle, watch.signal(), first);
    ran.facts.any_failed |= failed_before > 0;
    Ok(ran)
}

/// Closes the journal behind everything else.
fn close(written: Written, end: Option<&End>) -> Result<(), WriteError> {
    let Written { outcome, journal } = written;
    let is_complete = outcome.is_ok() && end.is_some_and(|end| end.stopped.is_none() && end.source_error.is_none());
    let closed = journal.map_or(Ok(()), |mut journal| journal.close(is_complete));
    outcome.and(closed.map_err(WriteError::from))
}

/// Works the facts out of what the parts of the run brought back; `None` is a part that panicked.
fn weigh(
    summary: Summary,
    end: Option<End>,
    written: Option<Result<(), WriteError>>,
    handle: &dyn Grip,
    signal: Option<i32>,
    first: Option<u64>,
) -> Ran {
    let mut facts = Facts {
        signal,
        bug: end.is_none() || written.is_none() || summary.errors_of(Code::InternalPanic) > 0,
        any_failed: summary.not_ok > 0,
        first_reached: first.is_some_and(|wanted| summary.ok() >= wanted),
        ..Facts::default()
    };
    let mut faults = Vec::new();
    let end = end.unwrap_or_default();
    facts.stopped = end.stopped.or(handle.stopped());
    facts.reader_gone = facts.stopped == Some(Stop::Gone);
    match written {
        Some(Err(WriteError::Sink(SinkError::Gone(_)))) => facts.reader_gone = true,
        Some(Err(error)) => {
            // The engine saw its reader leave: that was this fault, not `| head`.
            facts.sink_failed = true;
            faults.push(format!("{error}; the records after it are lost"));
        }
        Some(Ok(())) | None => {}
    }
    if let Some(error) = end.source_error {
        facts.source_failed = true;
        faults.push(error);
    }
    if facts.bug {
        faults.push(bug_line());
    }
    let notes = stop_note(&facts, &summary, handle).into_iter().collect();
    Ran { summary, facts, notes, faults }
}

/// What is said about a bug: whose it is and where to report it.
pub fn bug_line() -> String {
    let place = match env!("CARGO_PKG_REPOSITORY") {
        "" => "to those you have it from".to_owned(),
        url => format!("at {url}/issues"),
    };
    let version = env!("CARGO_PKG_VERSION");
    format!("this is a bug in fetchall {version}; please report it {place}, with the records that say internal.panic")
}

/// Why a run ended before its input, in a sentence.
fn stop_note(facts: &Facts, summary: &Summary, handle: &dyn Grip) -> Option<String> {
    let rest = match handle.progress().source_dry {
        0 => "; the rest of the list was not read",
        _ => "",
    };
    let cancelled = summary.errors_of(Code::Cancelled);
    let done = summary.requests.saturating_sub(cancelled);
    Some(match facts.stopped? {
        Stop::Asked => format!("stopped by a signal: {done} done, {cancelled} cancelled{rest}"),
        Stop::Drain => format!("drained: {done} done, {cancelled} not begun{rest}"),
        Stop::Deadline => format!("stopped by --deadline{rest}"),
        Stop::Failures => format!("stopped because of failures{rest}"),
        Stop::First => format!("stopped by --first{rest}"),
        // The fault says so.
        Stop::Disk | Stop::Gone => return None,
    })
}

#[cfg(test)]
mod tests {
    use fetchall::engine::Verdict;
    use futures::{StreamExt as _, stream};

    use super::*;

    #[test]
    fn a_panic_in_any_part_of_a_run_is_exit_101_and_says_so() {
        let panicking = Fetcher::builder().before(|_| -> Verdict { panic!("scripted") }).build().unwrap();
        let request = Request::get("http://127.0.0.1:1/");
        let ran = |summary: Summary, end, written| {
            let runtime = Runtime::new().unwrap();
            let handle = runtime.block_on(async { panicking.run(stream::empty::<Request>()).handle() });
            weigh(summary, end, written, &handle, None, None)
        };
        let mut summary = Summary::new();
        let runtime = Runtime::new().unwrap();
        let source = stream::iter([request]);
        runtime.block_on(panicking.run(source).for_each(|record| {
            summary.add(&record);
            std::future::ready(())
        }));
        let fine = || (Some(End::default()), Some(Ok(())));
        for (what, summary, (end, written)) in [
            ("the work on a request", summary, fine()),
            ("the engine", Summary::new(), (None, fine().1)),
            ("the writer", Summary::new(), (fine().0, None)),
        ] {
            let ran = ran(summary, end, written);
            assert_eq!(exit::judge(&ran.facts), Exit::BUG, "{what}");
            assert!(ran.faults.iter().any(|line| line.contains("a bug in fetchall")), "{what}: {:?}", ran.faults);
        }
        let (end, written) = fine();
        assert_eq!(exit::judge(&ran(Summary::new(), end, written).facts), Exit::OK);
    }
}
