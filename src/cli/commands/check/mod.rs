//! `fetchall check`: documents in, findings out.
//!
//! Everything that can be wrong is found before anything is sent, and before an output file is
//! touched. What is remembered is written however the run ends.

mod books;
mod changed;
mod course;
mod fix;
mod ledger;
mod outputs;
#[cfg(test)]
mod sample;
mod starts;

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context as _, bail};
use fetchall::{
    check::{answers::Answers, rules::Severities},
    checker::{CheckEnd, CheckError, CheckPlan, Checker, Memory, Start},
    engine::Stop,
    model::Severity,
    settings::Settings,
};
use tokio::runtime::Runtime;

pub use self::books::writable;
use self::{
    books::{Books, Opened},
    course::Course,
    fix::Mending,
    ledger::{Counts, Fault, Ledger},
    outputs::Outputs,
};
use super::{fetch::runtime, session::JarFile};
use crate::cli::{
    control::{self, About},
    dashboard::Dashboard,
    descriptors,
    exit::{self, Exit, Facts},
    flags::CheckFlags,
    insight::{Insight, OnBegin},
    logs, parse,
    progress::{self, Style},
    reader,
    run::{Stopper, bug_line},
    signals::Watch,
    terminal::{self, Voice},
    tui,
};

/// Runs the command.
pub fn run(flags: &CheckFlags) -> anyhow::Result<Exit> {
    let voice = Voice::new(flags.show.quiet, flags.show.color);
    let (mut settings, most) = flags.resolve()?;
    let outputs = Outputs::of(&flags.show)?;
    progress::check(flags.show.progress, outputs.stage(&voice))?;
    let Opened { books, mut memory, updating } = books::open(&flags.memory)?;
    let Some(starts) = starts::of(&flags.sources)? else { return Ok(parse::greet(Some("check"))) };
    let documents = flags.sources.iter().map(Path::new).filter(|path| path.is_file());
    let others = documents.chain(flags.memory.files().map(AsRef::as_ref)).chain(flags.insight.files());
    outputs.keep_apart(&others.collect::<Vec<_>>())?;
    memory.changed = match &flags.memory.since_ref {
        Some(reference) => Some(changed::since(reference, &starts)?),
        None => None,
    };
    descriptors::apply(&mut settings, &voice);
    fields_for_nobody(flags, &starts, &settings).into_iter().for_each(|note| voice.line(note));
    let jar = JarFile::of(&flags.trust, &settings);
    let (course, answers) = Course::open(flags, &voice)?.unzip();
    memory.answers = answers;
    let checker = match Checker::new(plan(flags, starts, settings, memory, &outputs)?) {
        Ok(checker) => checker,
        Err(CheckError::Source(problem)) => bail!("{problem}"),
        Err(CheckError::Build(error)) => return Err(error.into()),
    };
    let others = flags.memory.files().map(AsRef::as_ref).chain(outputs.files());
    let insight = Insight::begin(&flags.insight, "check", others, &voice)?;
    let checker = match insight.on_record() {
        Some(on_record) => checker.on_record(on_record),
        None => checker,
    };
    let runtime = runtime()?;
    let watch = Watch::begin(voice.clone()).context("cannot watch for signals")?;
    let dashboard = Dashboard::of("check", flags.show.dashboard, &flags.show.settings, &voice)?;
    let mut insight = insight.showing(dashboard);
    let ledger = Ledger {
        streams: outputs.open()?,
        shown: insight.on_finding(),
        keep: outputs.keep(),
        fail_on: flags.show.fail_on.unwrap_or_default(),
        most,
        updating,
        mending: (flags.show.fix || flags.show.diff).then(|| mending(flags)),
        counts: Counts::default(),
    };
    let desk = Desk {
        flags,
        voice: &voice,
        outputs: &outputs,
        books: &books,
        course: course.as_ref(),
        jar: jar.as_ref(),
        watch: &watch,
    };
    let began = Instant::now();
    let (exit, notes) = desk.go(&runtime, checker, ledger, &mut insight);
    insight.end(began.elapsed(), notes, &voice);
    // What blocks (a name look-up, a read) must not be waited for.
    runtime.shutdown_background();
    Ok(exit)
}

fn plan(
    flags: &CheckFlags,
    starts: Vec<Start>,
    settings: Settings,
    memory: Memory,
    outputs: &Outputs,
) -> anyhow::Result<CheckPlan> {
    Ok(CheckPlan {
        place: flags.place.resolve()?,
        starts,
        fetch: settings,
        walk: flags.links.walk(),
        kinds: flags.links.kinds()?,
        reach: flags.links.reach(flags.memory.offline),
        severities: Severities::with(flags.show.rule.clone()),
        accept: flags.links.by_host(),
        memory,
        all: outputs.lists_all() || flags.show.dashboard.is_some(),
    })
}

/// Rules whose last word is `off` are left alone.
fn mending(flags: &CheckFlags) -> Mending {
    let weights = Severities::with(flags.show.rule.clone());
    let named = flags.show.rule.iter().map(|change| change.0);
    Mending { off: named.filter(|rule| weights.of(*rule) == Severity::Off).collect() }
}

/// What is said where fields were given for the sites that are named, and none is.
fn fields_for_nobody(flags: &CheckFlags, starts: &[Start], settings: &Settings) -> Option<&'static str> {
    let named = flags.place.base_url.is_some()
        || starts.iter().any(|start| matches!(start, Start::Page(_)))
        || flags.place.remap.iter().any(|remap| remap.server().is_some());
    (!settings.ask.headers.is_empty() && !named).then_some(
        "the fields of --header go to no link, since links may lead anywhere and no site was named; write \
         -H 'HOST=Name: value', or -H '*=Name: value' for all",
    )
}

/// What surrounds a run.
struct Desk<'a> {
    flags: &'a CheckFlags,
    voice: &'a Voice,
    outputs: &'a Outputs,
    books: &'a Books,
    course: Option<&'a Course>,
    jar: Option<&'a JarFile>,
    watch: &'a Watch,
}

impl Desk<'_> {
    /// Runs to the end, writes everything down and says how it went; gives what was said about the end, too.
    fn go(&self, runtime: &Runtime, checker: Checker, ledger: Ledger, insight: &mut Insight) -> (Exit, Vec<String>) {
        let began = Instant::now();
        let (end, recorded) = runtime.block_on(self.look(checker, ledger, insight.on_begin()));
        logs::flush();
        let mut facts = Facts { signal: self.watch.signal(), ..Facts::default() };
        let (Some(mut end), Some((mut ledger, streamed))) = (end, recorded) else {
            facts.bug = true;
            self.voice.error(&bug_line());
            return (exit::judge(&facts), vec![bug_line()]);
        };
        self.note(&mut facts, streamed);
        facts.stopped = end.stopped;
        facts.reader_gone |= end.stopped == Some(Stop::Gone) && !facts.sink_failed;
        if let Some(problem) = end.source_error.take() {
            facts.source_failed = true;
            self.voice.error(&problem);
        }
        let answers = end.memory.answers.take();
        for fault in self.books.write(std::mem::take(&mut end.memory)) {
            self.note(&mut facts, Err(Fault::Broken(fault)));
        }
        self.note(&mut facts, insight.finish().map_err(Fault::Broken));
        self.note(&mut facts, self.jar.map_or(Ok(()), JarFile::save).map_err(Fault::Broken));
        let mut notes = Vec::new();
        if !facts.reader_gone {
            self.mend(&mut ledger, &mut facts, &mut notes);
            ledger.counts.complete(end.links, end.skipped);
            let summary = &mut ledger.counts.summary;
            (summary.documents, summary.targets, summary.elapsed) = (end.documents, end.targets, began.elapsed());
            for fault in self.outputs.finish(&ledger.counts.kept, &ledger.counts.summary) {
                self.note(&mut facts, Err(fault));
            }
            self.update(&mut ledger, &mut facts, &mut notes);
        }
        let again = self.conclude(answers, &mut facts);
        facts.any_failed = ledger.counts.failing > 0;
        facts.no_links = end.links == 0 && !self.flags.show.allow_empty;
        if !facts.reader_gone || facts.signal.is_some() {
            notes.extend(stop_note(&facts));
            self.tell(&ledger.counts, &facts, &notes);
            again.into_iter().for_each(|again| self.voice.command(again));
        }
        (exit::judge(&facts), notes)
    }

    /// The part that waits: until the checker and the ledger are done. `None` for one that panicked.
    async fn look(
        &self,
        checker: Checker,
        ledger: Ledger,
        on_begin: Option<OnBegin>,
    ) -> (Option<CheckEnd>, Option<(Ledger, Result<(), Fault>)>) {
        let run = checker.start();
        on_begin.into_iter().for_each(|told| told(Arc::new(run.handle.clone())));
        let handle = run.handle.clone();
        let stopper: Stopper = Arc::new(move |why| handle.stop(why));
        let stopping = Arc::clone(&stopper);
        let recorder = tokio::task::spawn_blocking(move || ledger.record(run.findings, &stopping));
        self.watch.follow(&stopper);
        let about = About::new("check", &self.flags.sources, self.flags.show.control);
        let seen = control::Run::new(about, Arc::new(run.handle.clone()));
        let attendance = control::attend(seen.clone(), self.watch, self.voice);
        if self.outputs.to_stdout() {
            reader::watch(stopper);
        }
        let style = progress::style(self.flags.show.progress.unwrap_or_default(), self.outputs.stage(self.voice));
        let shown = match style {
            Style::Tui => tui::show(seen, None, self.voice),
            style => progress::show(style, move || run.handle.progress(), self.voice),
        };
        let end = run.end.await;
        attendance.has_ended();
        let recorded = recorder.await;
        shown.into_iter().for_each(progress::Shown::end);
        (end.ok(), recorded.ok())
    }

    /// Mends what can be, or shows how; what is not mended is a finding like any other.
    fn mend(&self, ledger: &mut Ledger, facts: &mut Facts, notes: &mut Vec<String>) {
        let fix::Jobs { jobs, mended, left } = fix::plan(std::mem::take(&mut ledger.counts.mendable));
        let only_shows = self.flags.show.diff;
        // Who interrupts a run wants no files changed any more.
        let may_write = !only_shows && facts.signal.is_none();
        let mut done = vec![false; jobs.len()];
        for (job, done) in jobs.iter().zip(&mut done) {
            if may_write {
                match job.write() {
                    Ok(()) => *done = true,
                    Err(fault) => self.note(facts, Err(Fault::Broken(fault))),
                }
            } else if only_shows && terminal::print(&job.diff()) != Exit::OK {
                facts.sink_failed = true;
            }
        }
        let (links, files) = (mended.len(), jobs.len());
        let mut fixed = 0_u64;
        let left = left.into_iter().map(|finding| (false, finding));
        let all = mended.into_iter().map(|(job, finding)| (done.get(job) == Some(&true), finding)).chain(left);
        for (is_done, mut finding) in all {
            if is_done {
                fixed += 1;
                (finding.ok, finding.severity) = (true, Severity::Off);
            }
            let settled = ledger.settle(finding);
            self.note(facts, settled);
        }
        let flushed = ledger.flush();
        self.note(facts, flushed);
        if only_shows && links > 0 {
            notes.push(format!(
                "{} in {} can be fixed (--fix does it)",
                counted(links, "link"),
                counted(files, "file")
            ));
        } else if fixed > 0 {
            let files = done.iter().filter(|done| **done).count();
            notes.push(format!("fixed {} in {}", counted(fixed as usize, "link"), counted(files, "file")));
        }
    }

    /// Writes the baseline, if that is wanted.
    fn update(&self, ledger: &mut Ledger, facts: &mut Facts, notes: &mut Vec<String>) {
        let Some(updating) = ledger.updating.take() else { return };
        match updating.write(facts.is_whole()) {
            Ok(told) => notes.push(told),
            Err(fault) => self.note(facts, Err(Fault::Broken(fault))),
        }
    }

    /// What is answered need not be kept once all is said; until then it says how to go on.
    fn conclude(&self, answers: Option<Answers>, facts: &mut Facts) -> Option<&str> {
        let (course, answers) = (self.course?, answers?);
        if let Some(fault) = answers.fault() {
            self.note(facts, Err(Fault::Broken(course.told(&fault))));
        }
        if facts.is_whole() {
            self.note(facts, course.over().map_err(Fault::Broken));
            return None;
        }
        Some(&course.again)
    }

    fn note(&self, facts: &mut Facts, outcome: Result<(), Fault>) {
        match outcome {
            Ok(()) => {}
            Err(Fault::Gone) => facts.reader_gone = true,
            Err(Fault::Broken(told)) => {
                facts.sink_failed = true;
                self.voice.error(&told);
            }
        }
    }

    fn tell(&self, counts: &Counts, facts: &Facts, notes: &[String]) {
        if facts.no_links && facts.stopped.is_none() {
            self.voice.error("there are no links to check (--allow-empty takes that as well)");
        }
        self.voice.line(&counts.summary.line());
        notes.iter().for_each(|note| self.voice.line(note));
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Why a run ended before it was through, in a sentence.
fn stop_note(facts: &Facts) -> Option<String> {
    let why = match facts.stopped? {
        Stop::Asked => "by a signal",
        Stop::Drain => "by `fetchall ps --drain`",
        Stop::Deadline => "by --deadline",
        Stop::Failures => "because of failures",
        Stop::First | Stop::Disk | Stop::Gone => return None,
    };
    Some(format!("stopped {why}: not every link was looked at"))
}
