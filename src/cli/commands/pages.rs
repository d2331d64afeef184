//! `--report html=PATH`: the page of a run, gathered while it goes on and written at its end.
//!
//! The rows wait in a file beside the page, which is gone when the program is, however it ends. Must not
//! know what is in a page.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, bail};
use fetchall::{
    model::Record,
    replace,
    report::html::{About, HtmlReport, is_report},
    sink::{Sink, SinkError},
};
use futures::future::{BoxFuture, ready};

use super::{check::writable, places::clash};
use crate::cli::{continued::Continued, flags::OutputFlags, run::Ran, terminal::Voice};

/// What is gathered; nothing once the page is written.
type Gathered = Arc<Mutex<Option<HtmlReport<Spool>>>>;

/// The page that a run is to leave.
pub struct Page {
    path: PathBuf,
    about: About,
    gathered: Gathered,
}

/// The page is written to a file of its own, not to one of `others`.
///
/// # Errors
/// It is one of them.
pub fn keep_apart<'a>(flags: &OutputFlags, mut others: impl Iterator<Item = &'a Path>) -> anyhow::Result<()> {
    match flags.report.as_deref().filter(|page| others.any(|other| clash(page, other))) {
        Some(page) => bail!("--report {} is written to already; give the page a file of its own", page.display()),
        None => Ok(()),
    }
}

/// Looks whether the page that the flags want can be written, before anything is sent.
///
/// # Errors
/// Why it cannot.
pub fn check(flags: &OutputFlags, is_watch: bool) -> anyhow::Result<()> {
    let Some(path) = &flags.report else { return Ok(()) };
    if let Err(why) = writable(path) {
        bail!("--report: cannot write {}: {why}", path.display());
    }
    if !may_be_replaced(path) {
        bail!("--report: {} is there and is no page; give the page a name of its own", path.display());
    }
    if is_watch {
        bail!("--report is about one run, and --watch has many rounds; `fetchall report` takes the records of one");
    }
    Ok(())
}

impl Page {
    /// As the flags want it; `before` is what was there before, where a command can go on with an earlier run.
    ///
    /// # Errors
    /// Rows cannot be kept beside it.
    pub fn of(command: &str, flags: &OutputFlags, before: Option<&Continued>) -> anyhow::Result<Option<Page>> {
        let Some(path) = &flags.report else { return Ok(None) };
        let done = before.and_then(|continued| continued.before.as_ref()).map_or(0, |before| before.done.len());
        let earlier = (done > 0)
            .then(|| format!("{done} records were written before this part of the run; this page has the others"));
        let spool = Spool::beside(path).with_context(|| format!("--report: cannot write beside {}", path.display()))?;
        Ok(Some(Page {
            path: path.clone(),
            about: About {
                command: command.to_owned(),
                notes: earlier.into_iter().collect(),
                settings: flags.settings.clone(),
                wall_ms: None,
            },
            gathered: Arc::new(Mutex::new(Some(HtmlReport::new(spool)))),
        }))
    }

    /// What takes the records.
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(Gatherer { name: self.path.display().to_string(), gathered: Arc::clone(&self.gathered) })
    }

    /// Writes the page, and says so to `ran`.
    pub fn finish(mut self, ran: &mut Ran, voice: &Voice) {
        let report = self.gathered.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(report) = report else { return };
        self.about.wall_ms = Some(ran.summary.wall.as_micros() as f64 / 1000.0);
        self.about.notes.extend(ran.notes().map(str::to_owned));
        let about = &self.about;
        let mut left_out = 0;
        let written = replace::with(&self.path, |out| {
            left_out = report.finish(about, out)?.left_out;
            Ok(())
        });
        let name = self.path.display();
        match &written {
            Ok(()) if left_out > 0 => {
                voice.line(&format!(
                    "{name} counts all records and lists all but the last {left_out}: a browser takes no more"
                ));
            }
            _ => {}
        }
        ran.wrote(written.map_err(|error| format!("cannot write {name}: {error}")));
    }
}

/// Nothing is lost but a page: a list or an output is not to be written over by a slip.
pub fn may_be_replaced(path: &Path) -> bool {
    let mut head = Vec::new();
    let is_file = fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() > 0);
    let mut read = || File::open(path).and_then(|file| io::Read::take(file, 64).read_to_end(&mut head));
    !is_file || (read().is_ok() && is_report(&head))
}

/// Hands records over.
struct Gatherer {
    name: String,
    gathered: Gathered,
}

impl Sink for Gatherer {
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut added = Ok(());
        if let Some(report) = gathered.as_mut() {
            added = batch.iter().try_for_each(|record| report.record(record));
        }
        Box::pin(ready(added.map_err(|source| SinkError::Io { name: format!("beside {}", self.name), source })))
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(ready(Ok(())))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(ready(Ok(())))
    }
}

/// A file without a name, or one that goes with its owner where files need names.
#[derive(Debug)]
pub struct Spool {
    file: File,
    path: Option<PathBuf>,
}

impl Spool {
    /// In the folder of a file that will be written: there is room for it, or there would be none for that.
    ///
    /// # Errors
    /// What the system says.
    pub fn beside(path: &Path) -> io::Result<Spool> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().ok_or(io::ErrorKind::IsADirectory)?);
        name.push(format!(".{}.rows.tmp", fetchall::journal::new_id()));
        let path = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        // Among temporary files, others may look.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let path = fs::remove_file(&path).is_err().then_some(path);
        Ok(Spool { file, path })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // A file left over is the lesser evil.
            drop(fs::remove_file(path));
        }
    }
}

impl io::Read for Spool {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

impl io::Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl io::Seek for Spool {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
