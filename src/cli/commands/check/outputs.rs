//! Where findings go and how they look there: the format on stdout, reports, the summary of a step.
//!
//! Checked before anything is sent; streams are opened last, so that a refused run touches no
//! file. Must not know how findings come about.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use fetchall::{
    model::Finding,
    replace,
    report::{
        self, CheckSummary, Kind, github,
        html::{self, About, Setting},
    },
    sink::outlet,
};

use super::super::{pages::may_be_replaced, places::clash};
use super::{
    books::writable,
    ledger::{Fault, Keep, Look, Paint, Stream},
};
use crate::cli::{
    commands::output::stdout_is_pipe,
    flags::check::{Report, ShowFlags, Shown},
    progress::Stage,
    terminal::{self, Voice},
};

/// Largest document that is read again for a report, in bytes.
const DOCUMENT_BYTES: u64 = 64 << 20;

/// Where findings go.
#[derive(Debug)]
pub struct Outputs {
    reports: Vec<Report>,
    /// The file that GitHub shows as the summary of the step.
    step: Option<PathBuf>,
    paint: Paint,
    to_stdout: bool,
    settings: Vec<Setting>,
}

impl Outputs {
    /// As the flags want it.
    pub fn of(flags: &ShowFlags) -> anyhow::Result<Outputs> {
        for (at, report) in flags.report.iter().enumerate() {
            let Some(path) = &report.path else { continue };
            if let Err(why) = writable(path) {
                bail!("--report: cannot write {}: {why}", path.display());
            }
            if flags.report[..at].iter().any(|other| other.path.as_ref() == Some(path)) {
                bail!("--report: two reports cannot both be written to {}", path.display());
            }
        }
        let shown = match flags.shown() {
            Shown::As(kind) => Some(Report { kind, path: None }),
            Shown::Nothing => None,
        };
        let reports: Vec<Report> = shown.into_iter().chain(flags.report.iter().cloned()).collect();
        let for_github = reports.iter().any(|report| report.kind == Kind::Github);
        let step = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| for_github && !path.is_empty());
        let is_terminal = io::stdout().is_terminal();
        let colours = terminal::colours(flags.color.unwrap_or_default(), &terminal::Env::read(), is_terminal);
        Ok(Outputs {
            to_stdout: flags.diff || reports.iter().any(|report| report.path.is_none()),
            step: step.map(Into::into),
            paint: if colours { Paint::Coloured } else { Paint::Plain },
            reports,
            settings: flags.settings.clone(),
        })
    }

    /// No report is written over a document that is checked, over `others`, or over what is no page by a page.
    ///
    /// # Errors
    /// One would be.
    pub fn keep_apart(&self, others: &[&Path]) -> anyhow::Result<()> {
        let files = self.reports.iter().filter_map(|report| Some((report.kind, report.path.as_deref()?)));
        for (kind, path) in files {
            let name = path.display();
            if others.iter().any(|other| clash(path, other)) {
                bail!("--report: {name} is read or written by this check already; give the report a file of its own");
            }
            if kind == Kind::Html && !may_be_replaced(path) {
                bail!("--report: {name} is there and is no page; give the page a name of its own");
            }
        }
        Ok(())
    }

    /// The files of reports.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.reports.iter().filter_map(|report| report.path.as_deref())
    }

    /// Whether every link is wanted, not only those with something to say about.
    pub fn lists_all(&self) -> bool {
        self.reports.iter().any(|report| report.kind.lists_all())
    }

    /// Which findings the reports at the end need.
    pub fn keep(&self) -> Keep {
        let needed = self.at_end().map(|report| if report.kind.lists_all() { Keep::All } else { Keep::Worth });
        needed.chain(self.step.as_ref().map(|_| Keep::Worth)).max().unwrap_or(Keep::Nothing)
    }

    /// Whether something goes to stdout, so that a reader that leaves ends the run.
    pub fn to_stdout(&self) -> bool {
        self.to_stdout
    }

    /// What progress has to get along with.
    pub fn stage(&self, voice: &Voice) -> Stage {
        Stage {
            quiet: voice.is_quiet(),
            can_repaint: io::stderr().is_terminal() && !terminal::is_dumb(),
            records_on_terminal: self.to_stdout && io::stdout().is_terminal(),
            records_on_pipe: self.to_stdout && stdout_is_pipe(),
        }
    }

    /// Opens what is written while the run goes on.
    pub fn open(&self) -> anyhow::Result<Vec<Stream>> {
        let live = self.reports.iter().filter(|report| is_live(report));
        let open = |report: &Report| {
            let look = if report.kind == Kind::Jsonl { Look::Jsonl } else { Look::Text(self.paint) };
            Ok(match &report.path {
                None => Stream::new("stdout".to_owned(), look, Box::new(outlet::stdout())),
                Some(path) => {
                    let name = path.display().to_string();
                    let file = File::create(path).with_context(|| format!("--report: cannot write {name}"))?;
                    Stream::new(name, look, Box::new(outlet::file(file)))
                }
            })
        };
        live.map(open).collect()
    }

    fn about(&self, summary: &CheckSummary) -> About {
        let wall_ms = Some(summary.elapsed.as_micros() as f64 / 1000.0);
        About { command: "check".to_owned(), wall_ms, settings: self.settings.clone(), notes: Vec::new() }
    }

    fn at_end(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter().filter(|report| !is_live(report))
    }

    /// Writes the reports that need all findings; what went wrong with each that could not be
    /// written. The others are written all the same.
    pub fn finish(&self, findings: &[Finding], summary: &CheckSummary) -> Vec<Fault> {
        let mut faults = Vec::new();
        for Report { kind, path } in self.at_end() {
            let mut documents = Documents::default();
            let mut fill = |out: &mut dyn Write| {
                if *kind == Kind::Html {
                    return html::write(findings, &self.about(summary), out).map(drop);
                }
                report::write_with_lines(*kind, findings, summary, &mut |path, line| documents.line(path, line), out)
            };
            let (name, written) = match path {
                Some(path) => (path.display().to_string(), replace::with(path, fill)),
                None => ("stdout".to_owned(), to_stdout(&mut fill)),
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe && path.is_none() => faults.push(Fault::Gone),
                Err(error) => faults.push(Fault::Broken(format!("cannot write {name}: {error}"))),
                Ok(()) => {}
            }
        }
        if let Some(path) = &self.step {
            let written = append(path, &github::step_summary(findings, summary));
            let told =
                |error| Fault::Broken(format!("cannot write the summary of the step to {}: {error}", path.display()));
            faults.extend(written.map_err(told).err());
        }
        faults
    }
}

/// Whether a report is written while the run goes on. Text in a file is written at the end, where
/// it is in order and has its sum.
fn is_live(report: &Report) -> bool {
    match report.kind {
        Kind::Jsonl => true,
        Kind::Text => report.path.is_none(),
        _ => false,
    }
}

fn to_stdout(fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(outlet::stdout());
    fill(&mut out)?;
    out.flush()
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    outlet::file(OpenOptions::new().append(true).create(true).open(path)?).write_all(text.as_bytes())
}

/// Lines of documents, read again for reports that count bytes. Keeps one document.
#[derive(Default)]
struct Documents {
    path: Option<String>,
    lines: Vec<String>,
}

impl Documents {
    fn line(&mut self, path: &str, line: u32) -> Option<String> {
        if self.path.as_deref() != Some(path) {
            self.lines = lines(path).unwrap_or_default();
            self.path = Some(path.to_owned());
        }
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        self.lines.get(index).cloned()
    }
}

fn lines(path: &str) -> Option<Vec<String>> {
    let size = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    let text = if size <= DOCUMENT_BYTES { fs::read_to_string(path).ok()? } else { return None };
    Some(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(reports: &[(&str, Option<&str>)]) -> Outputs {
        let report =
            |(kind, path): &(&str, Option<&str>)| Report { kind: kind.parse().unwrap(), path: path.map(Into::into) };
        Outputs {
            reports: reports.iter().map(report).collect(),
            step: None,
            paint: Paint::Plain,
            to_stdout: true,
            settings: Vec::new(),
        }
    }

    #[test]
    fn only_what_a_report_needs_is_kept() {
        for (reports, keep, all) in [
            (&[("text", None)][..], Keep::Nothing, false),
            (&[("jsonl", None), ("jsonl", Some("x"))], Keep::Nothing, true),
            (&[("text", Some("x"))], Keep::Worth, false),
            (&[("text", None), ("sarif", Some("x"))], Keep::Worth, false),
            (&[("sarif", Some("x")), ("json", None)], Keep::All, true),
            (&[], Keep::Nothing, false),
        ] {
            let outputs = outputs(reports);
            assert_eq!((outputs.keep(), outputs.lists_all()), (keep, all), "{reports:?}");
        }
        let step = Outputs { step: Some("x".into()), ..outputs(&[("text", None)]) };
        assert_eq!(step.keep(), Keep::Worth);
    }

    #[test]
    fn a_report_that_cannot_be_written_is_refused_before_the_run() {
        let report = |path: &str| Report { kind: Kind::Sarif, path: Some(path.into()) };
        let refused = |reports| {
            let flags = ShowFlags { report: reports, ..ShowFlags::default() };
            Outputs::of(&flags).unwrap_err().to_string()
        };
        assert!(refused(vec![report("no/such/x.sarif")]).contains("its folder does not exist"));
        assert!(refused(vec![report("src")]).contains("it is a folder"));
        assert!(refused(vec![report("x"), report("x")]).contains("two reports"));
    }
}
