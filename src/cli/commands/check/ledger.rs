//! Takes findings in: shows them while the run goes on, counts them, keeps what reports will need.
//!
//! Writing blocks, so it works on a thread of its own; the channel before it is bounded, and a slow
//! reader holds the run up and nothing else. Must not know where findings come from.

use std::io::{self, Write};

use fetchall::{
    check::rules::FailOn,
    engine::Stop,
    model::{Finding, Rule, Severity},
    report::{self, CheckSummary, Kind, text::Line},
};
use tokio::sync::mpsc::{Receiver, error::TryRecvError};

use super::{
    books::{Noted, Updating},
    fix::Mending,
};
use crate::cli::{insight::OnFinding, run::Stopper};

/// Bytes that wait to be written at most, before those of the next finding.
const BATCH: usize = 64 << 10;

/// How findings look in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A line for each that is worth a word.
    Text(Paint),
    /// A JSON object for each link.
    Jsonl,
}

/// Whether rules are coloured by what they weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Coloured,
}

/// Where findings are written while the run goes on.
pub struct Stream {
    name: String,
    look: Look,
    out: Box<dyn Write + Send>,
    batch: Vec<u8>,
}

/// Why a stream takes no more.
#[derive(Debug)]
pub enum Fault {
    /// The reader went away: no fault.
    Gone,
    /// Writing failed; a sentence.
    Broken(String),
}

impl Stream {
    /// To `out`, which is called `name`.
    pub fn new(name: String, look: Look, out: Box<dyn Write + Send>) -> Self {
        Stream { name, look, out, batch: Vec::new() }
    }

    fn put(&mut self, finding: &Finding) -> Result<(), Fault> {
        match self.look {
            Look::Text(_) if finding.severity == Severity::Off => return Ok(()),
            Look::Text(paint) => self.batch.extend_from_slice(line(finding, paint).as_bytes()),
            Look::Jsonl => {
                let one = std::slice::from_ref(finding);
                let written = report::write(Kind::Jsonl, one, &CheckSummary::default(), &mut self.batch);
                written.map_err(|error| self.fault(&error))?;
            }
        }
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        let written = self.out.write_all(&self.batch).and_then(|()| self.out.flush());
        self.batch.clear();
        written.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &io::Error) -> Fault {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Fault::Gone,
            _ => Fault::Broken(format!("cannot write {}: {error}", self.name)),
        }
    }
}

fn line(finding: &Finding, paint: Paint) -> String {
    let Line { place, rule, what } = Line::of(finding);
    let colour = if finding.severity == Severity::Error { "31" } else { "33" };
    match paint {
        Paint::Plain => format!("{place}: {rule} {what}\n"),
        Paint::Coloured => format!("{place}: \x1b[{colour}m{rule}\x1b[0m {what}\n"),
    }
}

/// Which findings are kept for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// None.
    Nothing,
    /// What is worth a word.
    Worth,
    /// Every link.
    All,
}

/// What is done with findings.
pub struct Ledger {
    /// Where they are written as they come.
    pub streams: Vec<Stream>,
    /// What shows them elsewhere, and never waits.
    pub shown: Option<OnFinding>,
    /// Which are kept.
    pub keep: Keep,
    /// What fails the run.
    pub fail_on: FailOn,
    /// After how many findings that fail the run is ended.
    pub most: Option<u64>,
    /// The baseline that is written anew.
    pub updating: Option<Updating>,
    /// What is held back, to be mended at the end.
    pub mending: Option<Mending>,
    /// What came in.
    pub counts: Counts,
}

/// What came in.
#[derive(Debug, Default)]
pub struct Counts {
    /// Link by link.
    pub summary: CheckSummary,
    /// Findings that fail the run.
    pub failing: u64,
    /// Findings that are no links: entries of the ignore file.
    pub strays: u64,
    /// What reports will need.
    pub kept: Vec<Finding>,
    /// What may be mended; not yet counted.
    pub mendable: Vec<Finding>,
}

impl Ledger {
    /// Takes findings until there are no more, or until a stream takes no more.
    pub fn record(mut self, mut findings: Receiver<Finding>, stop: &Stopper) -> (Ledger, Result<(), Fault>) {
        let mut work = || loop {
            let finding = match findings.try_recv() {
                Ok(finding) => finding,
                Err(TryRecvError::Disconnected) => return Ok(()),
                Err(TryRecvError::Empty) => {
                    self.flush()?;
                    match findings.blocking_recv() {
                        Some(finding) => finding,
                        None => return Ok(()),
                    }
                }
            };
            self.take(finding)?;
            if self.most.is_some_and(|most| self.counts.failing >= most) {
                stop(Stop::Failures);
            }
        };
        let worked = work().and_then(|()| self.flush());
        if worked.is_err() {
            // Before the channel closes, so that the run knows why.
            stop(Stop::Gone);
        }
        (self, worked)
    }

    fn take(&mut self, finding: Finding) -> Result<(), Fault> {
        if self.mending.as_ref().is_some_and(|mending| mending.takes(&finding)) {
            self.counts.mendable.push(finding);
            return Ok(());
        }
        self.settle(finding)
    }

    /// Weighs a finding, counts it and shows it.
    pub fn settle(&mut self, mut finding: Finding) -> Result<(), Fault> {
        let is_worth = finding.severity > Severity::Off;
        // Left out on purpose or not looked at: the run knows which of these count.
        let mut fails = if is_worth { self.fail_on.fails(finding.severity) } else { !finding.ok };
        let noted = self.updating.as_mut().filter(|_| is_worth).map_or(Noted::Not, |updating| updating.note(&finding));
        if noted != Noted::Not {
            fails = false;
        }
        if noted == Noted::Known {
            finding.severity = Severity::Off;
        }
        finding.ok = !fails || self.fail_on == FailOn::Never;
        let counts = &mut self.counts;
        counts.failing += u64::from(!finding.ok);
        counts.strays += u64::from(finding.rule == Some(Rule::UnusedIgnore));
        counts.summary.add(&finding);
        self.shown.iter().for_each(|show| show(&finding));
        self.streams.iter_mut().try_for_each(|stream| stream.put(&finding))?;
        let keeps = match self.keep {
            Keep::Nothing => false,
            Keep::Worth => finding.severity > Severity::Off,
            Keep::All => true,
        };
        if keeps {
            self.counts.kept.push(finding);
        }
        Ok(())
    }

    /// Hands over what waits to be written.
    pub fn flush(&mut self) -> Result<(), Fault> {
        self.streams.iter_mut().filter(|stream| !stream.batch.is_empty()).try_for_each(Stream::flush)
    }
}

impl Counts {
    /// Adds the links that were not sent, since nothing is to be said about them.
    pub fn complete(&mut self, links: u64, skipped: u64) {
        let unsent = links.saturating_sub(self.summary.links.saturating_sub(self.strays));
        let skipped = skipped.min(unsent);
        self.summary.links += unsent;
        self.summary.ok += unsent - skipped;
        self.summary.skipped += skipped;
    }
}

#[cfg(test)]
mod tests;
