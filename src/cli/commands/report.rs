//! `fetchall report RUN`: a saved run as a page, as records again, in words, or as what machines take of a check.
//!
//! Reads the run once, record by record; memory does not grow with it, but for the findings of a check that are worth
//! a word. Must not know what is in a page.

mod source;
mod table;
mod values;

use std::{
    io::{self, BufWriter, IsTerminal as _, Write},
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use fetchall::{
    replace,
    report::{
        self, Kind, SavedCheck,
        html::{self, AddError, HtmlReport, Told},
    },
};

use self::source::{BUFFER, End, Fault, Source};
use super::{check::writable, pages::Spool};
use crate::cli::{
    definition::{ReportFlags, ReportFormat},
    exit::Exit,
    terminal::Voice,
};

/// Runs the command.
pub fn run(flags: &ReportFlags) -> anyhow::Result<Exit> {
    let format = flags.chosen_format(io::stdout().is_terminal()).map_err(|problem| anyhow!("--output {problem}"))?;
    let voice = Voice::new(flags.quiet, None);
    if let Some(path) = flags.file() {
        if let Err(why) = writable(path) {
            bail!("--output: cannot write {}: {why}", path.display());
        }
        if same(path, &flags.run) {
            bail!("--output {} is the run that is to be read", path.display());
        }
    }
    let name = name(&flags.run);
    let source = source::open(&flags.run, &name)?;
    source.lacks().iter().for_each(|lacks| voice.line(&format!("{name}: {lacks}")));
    match format {
        ReportFormat::Html => page(flags, &name, source, &voice),
        ReportFormat::Jsonl => lines(flags, &name, source, &voice),
        ReportFormat::Text | ReportFormat::Json | ReportFormat::Markdown => words(flags, format, &name, source, &voice),
        ReportFormat::Check(kind) => findings(flags, kind, &name, source, &voice),
    }
}

fn page(flags: &ReportFlags, name: &str, source: Source, voice: &Voice) -> anyhow::Result<Exit> {
    let temporary = std::env::temp_dir().join("fetchall");
    let beside = flags.file().unwrap_or(&temporary);
    let spool = Spool::beside(beside).with_context(|| format!("cannot write beside {}", beside.display()))?;
    let mut report = HtmlReport::new(spool);
    let end = source.each(name, &mut |line, waits| report.line(line, waits))?;
    let mut left_out = 0;
    let exit = write(flags, voice, |out| {
        left_out = report.finish(&end.about, out)?.left_out;
        Ok(())
    });
    if left_out > 0 {
        voice.line(&format!(
            "the page counts all records and lists all but the last {left_out}: a browser takes no more"
        ));
    }
    Ok(later(exit, end.tell(name, voice)))
}

fn lines(flags: &ReportFlags, name: &str, source: Source, voice: &Voice) -> anyhow::Result<Exit> {
    let (mut end, mut begun) = (Ok(End::default()), false);
    let exit = write(flags, voice, |out| {
        let mut unwritten = None;
        end = source.each(name, &mut |line, _| {
            html::check(line)?;
            begun = true;
            out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(|error| {
                let kind = error.kind();
                unwritten = Some(error);
                AddError::Spool(kind.into())
            })
        });
        match (&end, unwritten) {
            (_, Some(error)) => Err(error),
            // Nothing was written: wrong usage. Behind that it is half an answer.
            (Err(fault), None) if begun => Err(io::Error::other(fault.to_string())),
            _ => Ok(()),
        }
    });
    match end {
        Ok(end) => Ok(later(exit, end.tell(name, voice))),
        // Either it was said already, or nobody reads any more.
        Err(_) if begun => Ok(exit),
        Err(fault) => Err(fault.into()),
    }
}

fn words(flags: &ReportFlags, format: ReportFormat, name: &str, source: Source, voice: &Voice) -> anyhow::Result<Exit> {
    let mut told = Told::default();
    let end = source.each(name, &mut |line, waits| told.line(line, waits))?;
    let text = match format {
        ReportFormat::Markdown => told.markdown(&end.about),
        ReportFormat::Json => format!("{}\n", serde_json::to_string(told.summary(&end.about))?),
        _ => told.text(&end.about),
    };
    let exit = write(flags, voice, |out| out.write_all(text.as_bytes()));
    Ok(later(exit, end.tell(name, voice)))
}

/// What machines take of a check.
fn findings(flags: &ReportFlags, kind: Kind, name: &str, source: Source, voice: &Voice) -> anyhow::Result<Exit> {
    let mut saved = SavedCheck::default();
    let end = source.each(name, &mut |line, _| saved.line(line).map_err(AddError::Unfit))?;
    let (findings, summary) = saved.end(end.about.wall_ms);
    let exit = write(flags, voice, |out| report::write(kind, &findings, &summary, out));
    Ok(later(exit, end.tell(name, voice)))
}

/// Where both say something, what was not written counts.
fn later(written: Exit, read: Exit) -> Exit {
    if written == Exit::OK { read } else { written }
}

fn write(flags: &ReportFlags, voice: &Voice, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Exit {
    let (name, written) = match flags.file() {
        Some(path) => (path.display().to_string(), replace::with(path, fill)),
        None => {
            let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            ("stdout".to_owned(), fill(&mut out).and_then(|()| out.flush()))
        }
    };
    match written {
        Ok(()) => Exit::OK,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe && flags.file().is_none() => Exit::OK,
        Err(error) => {
            voice.error(&Fault::Write(name, error).to_string());
            Exit::INCOMPLETE
        }
    }
}

fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
