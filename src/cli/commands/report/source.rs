//! Where the records of a saved run come from: which form a file has, by its first bytes, and record after record.
//!
//! Reads once, in one pass; memory does not grow with the run. Must not know what becomes of the records.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context as _, bail};
use fetchall::{
    model::redact,
    report::html::{self, About, AddError, ReadError},
};

use super::{table::Table, values};
use crate::cli::{exit::Exit, terminal::Voice};

/// Bytes that are read at a time.
pub(super) const BUFFER: usize = 1 << 18;
/// Bytes that say what a file is: a table by its first line.
const MAGIC: usize = 4096;

/// Why a run cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Not a run, or a damaged one; a sentence.
    #[error("{0}")]
    Run(String),
    /// Writing failed.
    #[error("cannot write {0}: {1}")]
    Write(String, io::Error),
}

/// Where the records come from.
pub(super) enum Source {
    Page(Box<dyn BufRead>),
    Lines(Box<dyn BufRead>),
    Values(Box<dyn BufRead>),
    Table(Table, Box<dyn BufRead>),
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
}

/// What was read beside the records.
#[derive(Default)]
pub(super) struct End {
    pub about: About,
    /// Records that the run has and this file has not.
    pub missing: u64,
    /// What was torn off at the end, and is left out.
    pub torn: Option<&'static str>,
}

impl End {
    /// Says what is wrong with what was read.
    pub fn tell(&self, name: &str, voice: &Voice) -> Exit {
        if let Some(what) = self.torn {
            voice.line(&format!("{name}: {what}"));
        }
        if self.missing == 0 {
            return Exit::OK;
        }
        voice.error(&format!("{name} counts {} records more than it has", self.missing));
        Exit::INCOMPLETE
    }
}

/// Takes a record, and what is known beside it.
pub(super) type Take<'a> = dyn FnMut(&[u8], Option<&str>) -> Result<(), AddError> + 'a;

impl Source {
    /// Calls `take` with each record.
    pub fn each(self, name: &str, take: &mut Take<'_>) -> Result<End, Fault> {
        match self {
            Source::Page(page) => {
                let read = html::read::<Stop>(page, |line, waits| Ok(take(line, waits)?));
                let (about, missing) = read.map_err(|stop| Fault::Run(format!("{name}: {}", stop.0)))?;
                Ok(End { about, missing, torn: None })
            }
            Source::Lines(lines) => each_line(name, lines, take).map(|torn| End { torn, ..End::default() }),
            Source::Values(values) => values::each(name, values, take).map(|torn| End { torn, ..End::default() }),
            Source::Table(table, rows) => {
                let about = About { notes: table.lacks().into_iter().collect(), ..About::default() };
                table.each(name, rows, take).map(|torn| End { torn, about, missing: 0 })
            }
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

    /// What the form of the file leaves out, in a sentence.
    pub fn lacks(&self) -> Option<String> {
        if let Source::Table(table, _) = self { table.lacks() } else { None }
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
fn each_line(name: &str, mut lines: impl BufRead, take: &mut Take<'_>) -> Result<Option<&'static str>, Fault> {
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
            Err(AddError::NoRecord(_)) if line.last() != Some(&b'\n') && number > 1 => {
                return Ok(Some("the last line was torn and is left out"));
            }
            Err(error) => return Err(Fault::Run(format!("{name}, line {number}: {error}"))),
        }
    }
    Ok(None)
}

/// A run, by what its first bytes say.
///
/// # Errors
/// It cannot be opened, or is a table that tells no run.
pub(super) fn open(path: &Path, name: &str) -> anyhow::Result<Source> {
    // `sqlite:PATH` is what --sink calls it.
    let bare = path.to_str().and_then(|text| text.strip_prefix("sqlite:")).map(Path::new).unwrap_or(path);
    let raw: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin()),
        false => Box::new(
            File::open(bare).with_context(|| format!("cannot open {}", redact::word(&bare.to_string_lossy())))?,
        ),
    };
    let mut reader = peeked(raw)?;
    if reader.0.starts_with(b"SQLite format 3") {
        #[cfg(feature = "sqlite")]
        return Ok(Source::Sqlite(bare.to_owned()));
        #[cfg(not(feature = "sqlite"))]
        bail!("{} is an SQLite file, and this fetchall was built without support for it", bare.display());
    }
    if reader.0.starts_with(&[0x1f, 0x8b]) {
        reader = peeked(Box::new(flate2::bufread::MultiGzDecoder::new(reader.1)))?;
    } else if reader.0.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        reader = peeked(Box::new(zstd::Decoder::with_buffer(reader.1)?))?;
    }
    let (head, reader) = reader;
    if html::is_report(&head) {
        return Ok(Source::Page(reader));
    }
    if values::are(&head) {
        return Ok(Source::Values(reader));
    }
    match Table::of(&head) {
        None => Ok(Source::Lines(reader)),
        Some(Ok(table)) => Ok(Source::Table(table, reader)),
        Some(Err(why)) => bail!("{name}: {why}"),
    }
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
    use fetchall::report::html::Told;

    use super::*;

    #[test]
    fn a_torn_last_line_is_left_out_and_any_other_is_an_error() {
        let good = "{\"ok\":true,\"url\":\"http://h/\"}\n";
        let read = |text: &str| {
            let mut told = Told::default();
            each_line("run", text.as_bytes(), &mut |line, waits| told.line(line, waits))
                .map(|torn| torn.is_some())
                .map_err(|fault| fault.to_string())
        };
        assert_eq!(read(&format!("{good}\n{good}")), Ok(false));
        assert_eq!(read(&format!("{good}{{\"ok\":tr")), Ok(true));
        assert!(read(&format!("{good}nonsense\n{good}")).unwrap_err().starts_with("run, line 2: it is no record"));
        assert!(read("nonsense").unwrap_err().starts_with("run, line 1"));
    }
}
