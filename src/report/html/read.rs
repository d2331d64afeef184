//! A page that was written, read back: the run that is in it.
//!
//! Must not know what becomes of the rows.

use std::io::{self, BufRead};

use serde::Deserialize;

use super::{ABOUT_LINE, About, END_LINE, FORMAT, MORE_LINE, ROWS_LINE, columns};

/// Longest line of a page that is read, in bytes: a chunk of rows with large bodies.
const LINE: u64 = 1 << 30;

/// Why a page does not give its run back.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no report, a damaged one, or one of a newer program.
    #[error("{0}")]
    Damaged(String),
}

impl From<String> for ReadError {
    fn from(what: String) -> Self {
        ReadError::Damaged(what)
    }
}

/// Whether a file that begins like this may be a page.
pub fn is_report(head: &[u8]) -> bool {
    head.starts_with(b"<!doctype html>")
}

/// What a page says about itself.
#[derive(Deserialize)]
struct Said {
    format: u32,
    about: About,
    #[serde(default)]
    left_out: u64,
}

/// Calls `take` with each row of a page, a line of JSON without its line end, and with what the page knew
/// beside it. Gives what is known of the run, and how many rows the page counts and has not.
///
/// # Errors
/// It cannot be read, is none of ours, or what `take` says.
pub fn read<E: From<ReadError>>(
    mut page: impl BufRead,
    mut take: impl FnMut(&[u8], Option<&str>) -> Result<(), E>,
) -> Result<(About, u64), E> {
    let damaged = |what: &str| E::from(ReadError::Damaged(what.to_owned()));
    let mut said: Option<Said> = None;
    let mut waiting: Option<Vec<u8>> = None;
    let mut ended = false;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = io::Read::take(&mut page, LINE).read_until(b'\n', &mut bytes).map_err(ReadError::Io)?;
        let line = std::str::from_utf8(&bytes).map_err(|_| damaged("it is no text"))?.trim_end();
        let within = |prefix: &str| line.strip_prefix(prefix)?.strip_suffix(END_LINE);
        if said.is_none() {
            if read == 0 {
                return Err(damaged("it has no run in it"));
            }
            if let Some(text) = within(ABOUT_LINE) {
                said = Some(about(text).map_err(ReadError::Damaged)?);
            }
            continue;
        }
        if let Some(text) = within(MORE_LINE) {
            let more = columns::unpacked(text).map_err(ReadError::Damaged)?;
            let rows = waiting.take().ok_or_else(|| damaged("rows are missing"))?;
            give(&rows, Some(&more), &mut take)?;
            continue;
        }
        if let Some(rows) = waiting.take() {
            give(&rows, None, &mut take)?;
        }
        match within(ROWS_LINE) {
            Some(text) => waiting = Some(columns::unpacked(text).map_err(ReadError::Damaged)?),
            None if read == 0 => break,
            None => ended |= line == "</html>",
        }
    }
    match said {
        Some(said) if ended => Ok((said.about, said.left_out)),
        _ => Err(damaged("its end is missing")),
    }
}

fn about(text: &str) -> Result<Said, String> {
    let said: Said = serde_json::from_str(text).map_err(|error| format!("it cannot be read ({error})"))?;
    match said.format {
        FORMAT => Ok(said),
        newer => Err(format!("a newer fetchall wrote it (format {newer}); this one reads format {FORMAT}")),
    }
}

/// A row's taker may say more than a chunk can be wrong about.
enum Stopped<E> {
    Damaged(String),
    Taker(E),
}

impl<E> From<String> for Stopped<E> {
    fn from(what: String) -> Self {
        Stopped::Damaged(what)
    }
}

fn give<E: From<ReadError>>(
    rows: &[u8],
    more: Option<&[u8]>,
    take: &mut impl FnMut(&[u8], Option<&str>) -> Result<(), E>,
) -> Result<(), E> {
    columns::rows_of(rows, more, |line, waits| take(line, waits).map_err(Stopped::Taker)).map_err(|stopped| {
        match stopped {
            Stopped::Damaged(what) => ReadError::Damaged(what).into(),
            Stopped::Taker(error) => error,
        }
    })
}
