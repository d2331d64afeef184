//! What a file of our own records says is done, for runs without a journal.
//!
//! Reads JSON Lines that fetchall wrote, drops what is no result (a torn last line, what a stopped
//! run left over), and makes the file end where the next record goes. Must not know how records are
//! written.

use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use super::Done;
use crate::{model::Code, replace};

/// Numbers above which a record cannot belong to a list: a byte of memory for each would be too much.
const MOST: u64 = 1 << 32;

/// Why a file of records cannot be gone on with; it is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Reading or writing failed.
    #[error("cannot use {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is none of our records.
    #[error("{}, line {line}: {what}; only JSON Lines of whole records can be gone on with", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// What the records say.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Requests that have their record.
    pub done: Done,
    /// Those of them whose record has `ok: false`.
    pub failed: Done,
    /// What was asked for, by number.
    pub texts: Texts,
    /// Length of the file behind the last record that stands.
    pub length: u64,
    /// Whether the last line was torn.
    pub torn: bool,
}

/// The `input` of records, by number: 8 bytes each.
#[derive(Clone, Debug, Default)]
pub struct Texts(Vec<u64>);

impl Texts {
    fn put(&mut self, seq: u64, input: &str) {
        let Ok(at) = usize::try_from(seq) else { return };
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        self.0[at] = xxh3_64(input.as_bytes()).max(1);
    }

    /// Whether the record of this number, if there is one, had this `input`.
    pub fn fits(&self, seq: u64, input: &str) -> bool {
        let kept = usize::try_from(seq).ok().and_then(|at| self.0.get(at)).copied().unwrap_or(0);
        kept == 0 || kept == xxh3_64(input.as_bytes()).max(1)
    }
}

/// What of a record is looked at.
#[derive(Deserialize)]
struct Row<'a> {
    v: u64,
    seq: u64,
    ok: bool,
    #[serde(borrow)]
    input: Cow<'a, str>,
    #[serde(borrow)]
    error: Option<Coded<'a>>,
    #[serde(borrow)]
    skip: Option<Coded<'a>>,
}

#[derive(Deserialize)]
struct Coded<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
}

impl Row<'_> {
    /// A stopped run has left it over: it does not say how the request ended.
    fn is_left_over(&self) -> bool {
        let code = self.error.as_ref().or(self.skip.as_ref()).and_then(|coded| coded.code.parse::<Code>().ok());
        code.is_some_and(Code::is_left_over)
    }

    fn is_to_be_asked_again(&self, retry_failed: bool) -> bool {
        self.is_left_over() || (retry_failed && !self.ok)
    }
}

/// Reads the records of `path`, and makes the file end behind the last one that stands. With
/// `retry_failed`, those with `ok: false` are dropped too. A file that is not there has none.
///
/// # Errors
/// Reading or writing fails, or a line is none of our records.
pub fn resume(path: &Path, retry_failed: bool) -> Result<Told, RecordsError> {
    let fault = |source| RecordsError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Told::default()),
        Err(error) => return Err(fault(error)),
    };
    if !file.metadata().map_err(fault)?.is_file() {
        return Err(fault(io::Error::other("it is no regular file")));
    }
    let mut told = Told::default();
    let mut dropped = false;
    each(path, file, |row, length| {
        if row.is_to_be_asked_again(retry_failed) {
            dropped = true;
            return;
        }
        told.length += length;
        told.done.insert(row.seq);
        told.failed.remove(row.seq);
        if !row.ok {
            told.failed.insert(row.seq);
        }
        told.texts.put(row.seq, &row.input);
    })
    .map(|torn| told.torn = torn)?;
    if dropped {
        rewrite(path, |row| !row.is_to_be_asked_again(retry_failed))?;
    } else if told.torn {
        let file = OpenOptions::new().write(true).open(path).map_err(fault)?;
        file.set_len(told.length).and_then(|()| file.sync_all()).map_err(fault)?;
    }
    Ok(told)
}

/// What every record begins with.
const BEGINNING: &[u8] = br#"{"v":"#;

/// Calls `take` for each whole line, with its length in bytes; says whether the last was torn.
fn each(path: &Path, file: File, mut take: impl FnMut(Row<'_>, u64)) -> Result<bool, RecordsError> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let length = reader.read_until(b'\n', &mut bytes);
        let length = length.map_err(|source| RecordsError::Io { path: path.to_owned(), source })?;
        if length == 0 {
            break;
        }
        let bad = |what: String| RecordsError::Line { path: path.to_owned(), line, what };
        if bytes.last() != Some(&b'\n') {
            // A file of something else may have no line end at all, and is not ours to cut.
            let ours = BEGINNING.iter().zip(&bytes).all(|(wanted, found)| wanted == found);
            return if line > 1 || ours { Ok(true) } else { Err(bad("it is no record".to_owned())) };
        }
        let row: Row<'_> = serde_json::from_slice(&bytes).map_err(|error| bad(format!("it is no record ({error})")))?;
        if row.v != u64::from(crate::model::record::VERSION) {
            return Err(bad(format!("it is a record of version {}", row.v)));
        }
        if row.seq >= MOST {
            return Err(bad(format!("its seq is {}", row.seq)));
        }
        take(row, length as u64);
    }
    Ok(false)
}

/// Puts a file of the lines that stand in the place of the old one.
fn rewrite(path: &Path, stands: impl Fn(&Row<'_>) -> bool) -> Result<(), RecordsError> {
    let copy = |out: &mut dyn io::Write| {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if reader.read_until(b'\n', &mut bytes)? == 0 || bytes.last() != Some(&b'\n') {
                return Ok(());
            }
            if serde_json::from_slice::<Row<'_>>(&bytes).is_ok_and(|row| stands(&row)) {
                out.write_all(&bytes)?;
            }
        }
    };
    replace::with(path, copy).map_err(|source| RecordsError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, ok: bool, code: &str) -> String {
        let error = if code.is_empty() { "null".to_owned() } else { format!("{{\"code\":\"{code}\"}}") };
        let key = if code.starts_with("budget") { "skip" } else { "error" };
        format!("{{\"v\":1,\"seq\":{seq},\"ok\":{ok},\"input\":\"u\\n{seq}\",\"{key}\":{error}}}\n")
    }

    fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn whole_records_stand_and_a_torn_line_is_cut_off() {
        let whole = row(3, true, "") + &row(0, false, "dns.not_found");
        let (_dir, path) = file("out.jsonl", &format!("{whole}{}", &row(1, true, "")[..20]));
        let told = resume(&path, false).unwrap();
        assert_eq!(told.done.iter().collect::<Vec<_>>(), [0, 3]);
        assert_eq!(told.failed.iter().collect::<Vec<_>>(), [0]);
        assert!(told.torn && told.length == whole.len() as u64);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
        assert!(told.texts.fits(3, "u\n3") && !told.texts.fits(3, "u") && told.texts.fits(2, "anything"));
    }

    #[test]
    fn what_a_stopped_run_left_over_is_asked_for_again() {
        let rows = [
            row(0, true, ""),
            row(1, false, "cancelled"),
            row(2, false, "budget.deadline"),
            row(3, false, "http.client_error"),
        ];
        let (_dir, path) = file("out.jsonl", &rows.concat());
        let told = resume(&path, false).unwrap();
        assert_eq!(told.done.iter().collect::<Vec<_>>(), [0, 3]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), rows[0].clone() + &rows[3]);
        assert_eq!(told.length, std::fs::metadata(&path).unwrap().len());
        let told = resume(&path, true).unwrap();
        assert_eq!(told.done.iter().collect::<Vec<_>>(), [0]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), rows[0]);
    }

    #[test]
    fn a_file_of_something_else_is_left_as_it_is() {
        for text in ["[]\n", "{\"v\":1}\n", "{\"v\":2,\"seq\":0,\"ok\":true,\"input\":\"\"}\n", "\n", "id,name\n"] {
            let (_dir, path) = file("out.jsonl", text);
            assert!(matches!(resume(&path, false), Err(RecordsError::Line { line: 1, .. })), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert!(resume(Path::new("/nowhere/at/all"), false).unwrap().done.is_empty());
        assert!(matches!(resume(Path::new("/dev/null"), false), Err(RecordsError::Io { .. })));
    }
}
