//! `fetchall report RUN`: a saved run as a page, as records again, or in words.
//!
//! Reads the run once, record by record; memory does not grow with it. Must not know what is in a page.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, IsTerminal as _, Read, Write},
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use fetchall::{
    model::redact,
    replace,
    report::html::{self, About, AddError, HtmlReport, ReadError, Told},
};

use super::{check::writable, pages::Spool};
use crate::cli::{
    definition::{ReportFlags, ReportFormat},
    exit::Exit,
    terminal::Voice,
};

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 18;
/// Bytes that say what a file is.
const MAGIC: usize = 16;

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
    let source = open(&flags.run)?;
    match format {
        ReportFormat::Html => page(flags, &name, source, &voice),
        ReportFormat::Jsonl => lines(flags, &name, source, &voice),
        ReportFormat::Text | ReportFormat::Json | ReportFormat::Markdown => words(flags, format, &name, source, &voice),
    }
}

/// Why a run cannot be read or written.
#[derive(Debug, thiserror::Error)]
enum Fault {
    /// Not a run, or a damaged one; a sentence.
    #[error("{0}")]
    Run(String),
    /// Writing failed.
    #[error("cannot write {0}: {1}")]
    Write(String, io::Error),
}

/// Where the records come from.
enum Source {
    Page(Box<dyn BufRead>),
    Lines(Box<dyn BufRead>),
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
}

/// What was read beside the records.
#[derive(Default)]
struct End {
    about: About,
    /// Records that the run has and this file has not.
    missing: u64,
    /// The last line was torn.
    torn: bool,
}

impl End {
    fn tell(&self, name: &str, voice: &Voice) -> Exit {
        if self.torn {
            voice.line(&format!("{name}: the last line was torn and is left out"));
        }
        if self.missing == 0 {
            return Exit::OK;
        }
        voice.error(&format!("{name} counts {} records more than it has", self.missing));
        Exit::INCOMPLETE
    }
}

impl Source {
    /// Calls `take` with each record and with what is known beside it.
    fn each(self, name: &str, mut take: impl FnMut(&[u8], Option<&str>) -> Result<(), AddError>) -> Result<End, Fault> {
        match self {
            Source::Page(page) => {
                let read = html::read::<Stop>(page, |line, waits| Ok(take(line, waits)?));
                let (about, missing) = read.map_err(|stop| Fault::Run(format!("{name}: {}", stop.0)))?;
                Ok(End { about, missing, torn: false })
            }
            Source::Lines(lines) => each_line(name, lines, take).map(|torn| End { torn, ..End::default() }),
            #[cfg(feature = "sqlite")]
            Source::Sqlite(path) => {
                let told = |problem: String| Fault::Run(format!("{name}: {problem}"));
                let mut bad = None;
                let read = fetchall::sink::records_of(&path, &mut |record| match take(record.as_bytes(), None) {
                    Ok(()) => true,
                    Err(error) => {
                        bad = Some(error.to_string());
                        false
                    }
                });
                read.map_err(told)?;
                bad.map_or(Ok(End::default()), |bad| Err(told(bad)))
            }
        }
    }
}

/// Why the reading of a page ended, in words.
struct Stop(String);

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Stop(error.to_string())
    }
}

impl From<AddError> for Stop {
    fn from(error: AddError) -> Self {
        Stop(error.to_string())
    }
}

/// JSON Lines; whether the last one was torn.
fn each_line(
    name: &str,
    mut lines: impl BufRead,
    mut take: impl FnMut(&[u8], Option<&str>) -> Result<(), AddError>,
) -> Result<bool, Fault> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = lines.read_until(b'\n', &mut line);
        let read = read.map_err(|error| Fault::Run(format!("cannot read {name}: {error}")))?;
        let text = line.trim_ascii();
        if read == 0 {
            break;
        }
        if text.is_empty() {
            continue;
        }
        match take(text, None) {
            Ok(()) => {}
            Err(AddError::NoRecord(_)) if line.last() != Some(&b'\n') && number > 1 => return Ok(true),
            Err(error) => return Err(Fault::Run(format!("{name}, line {number}: {error}"))),
        }
    }
    Ok(false)
}

fn page(flags: &ReportFlags, name: &str, source: Source, voice: &Voice) -> anyhow::Result<Exit> {
    let temporary = std::env::temp_dir().join("fetchall");
    let beside = flags.file().unwrap_or(&temporary);
    let spool = Spool::beside(beside).with_context(|| format!("cannot write beside {}", beside.display()))?;
    let mut report = HtmlReport::new(spool);
    let end = source.each(name, |line, waits| report.line(line, waits))?;
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
        end = source.each(name, |line, _| {
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
    let end = source.each(name, |line, waits| told.line(line, waits))?;
    let text = match format {
        ReportFormat::Markdown => told.markdown(&end.about),
        ReportFormat::Json => format!("{}\n", serde_json::to_string(told.summary(&end.about))?),
        _ => told.text(&end.about),
    };
    let exit = write(flags, voice, |out| out.write_all(text.as_bytes()));
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

/// A run, by what its first bytes say.
fn open(path: &Path) -> anyhow::Result<Source> {
    // `sqlite:PATH` is what --sink calls it.
    let bare = path.to_str().and_then(|text| text.strip_prefix("sqlite:")).map(Path::new).unwrap_or(path);
    let raw: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin()),
        false => Box::new(
            File::open(bare).with_context(|| format!("cannot open {}", redact::word(&bare.to_string_lossy())))?,
        ),
    };
    let mut reader = peeked(raw)?;
    let head = reader.0.clone();
    if head.starts_with(b"SQLite format 3") {
        #[cfg(feature = "sqlite")]
        return Ok(Source::Sqlite(bare.to_owned()));
        #[cfg(not(feature = "sqlite"))]
        bail!("{} is an SQLite file, and this fetchall was built without support for it", bare.display());
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        reader = peeked(Box::new(flate2::bufread::MultiGzDecoder::new(reader.1)))?;
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        reader = peeked(Box::new(zstd::Decoder::with_buffer(reader.1)?))?;
    }
    let (head, reader) = reader;
    Ok(if html::is_report(&head) { Source::Page(reader) } else { Source::Lines(reader) })
}

/// The first bytes, and a reader that has them still.
fn peeked(mut raw: Box<dyn Read>) -> anyhow::Result<(Vec<u8>, Box<dyn BufRead>)> {
    let mut head = Vec::with_capacity(MAGIC);
    raw.by_ref().take(MAGIC as u64).read_to_end(&mut head).context("cannot read the run")?;
    let whole = io::Cursor::new(head.clone()).chain(raw);
    Ok((head, Box::new(BufReader::with_capacity(BUFFER, whole))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_left_out_and_any_other_is_an_error() {
        let good = "{\"ok\":true,\"url\":\"http://h/\"}\n";
        let read = |text: &str| {
            let mut told = Told::default();
            each_line("run", text.as_bytes(), |line, waits| told.line(line, waits)).map_err(|fault| fault.to_string())
        };
        assert_eq!(read(&format!("{good}\n{good}")), Ok(false));
        assert_eq!(read(&format!("{good}{{\"ok\":tr")), Ok(true));
        assert!(read(&format!("{good}nonsense\n{good}")).unwrap_err().starts_with("run, line 2: it is no record"));
        assert!(read("nonsense").unwrap_err().starts_with("run, line 1"));
    }
}
