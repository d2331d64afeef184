//! WARC files, read record by record (WARC 1.0 and 1.1), packed by gzip or not.
//!
//! Bounded: nothing is allocated because a length says so, and what is too long is passed over. What is
//! whole is read before it is said that the rest is cut short. Knows where each record begins, so that it
//! can be read again. Must not know what records are for.

mod decode;
pub mod index;
pub mod message;
pub mod page;
mod unpack;

use std::{
    fs::File,
    io::{self, BufRead, Read, Seek as _, SeekFrom},
    path::Path,
};

pub use self::decode::{MOST_CODINGS, decoded, unlike};
use self::unpack::Input;

/// Longest head of a record, in bytes.
const HEAD_MOST: usize = 256 << 10;
/// Longest record that is passed over or read, in bytes: a length beyond it is taken for damage.
const RECORD_MOST: u64 = 1 << 40;
/// Blank lines between two records at most; two is what belongs there.
const BLANKS: usize = 16;

/// Why an archive cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// It ends within a record.
    #[error("the last record is cut short")]
    Cut,
    /// It is not what it should be.
    #[error("{0}")]
    Damaged(String),
    /// Reading failed.
    #[error("{0}")]
    Io(io::Error),
}

impl From<io::Error> for WarcError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => WarcError::Cut,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => WarcError::Damaged(error.to_string()),
            _ => WarcError::Io(error),
        }
    }
}

/// The head of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Where it begins, or the gzip member that it is in.
    pub offset: u64,
    /// Whether it is the first there, so that it can be found again.
    pub is_first: bool,
    /// Length of its block, in bytes.
    pub length: u64,
    /// The first line: `WARC/1.1`.
    pub version: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// The first value of a field; names are the same in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All values of a field, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All fields, names and values, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What it is about; some old tools write it in angle brackets.
    pub fn url(&self) -> Option<&str> {
        self.get("WARC-Target-URI").map(|url| url.trim_start_matches('<').trim_end_matches('>'))
    }

    /// `WARC-Type`.
    pub fn kind(&self) -> &str {
        self.get("WARC-Type").unwrap_or_default()
    }

    /// Whether its block is an HTTP message of this kind (`request`, `response`).
    pub fn is_http(&self, kind: &str) -> bool {
        let value = self.get("Content-Type").unwrap_or_default().to_ascii_lowercase();
        let is_about_http = self.url().is_some_and(|url| url.starts_with("http"));
        is_about_http && value.starts_with("application/http") && (!value.contains("msgtype") || value.contains(kind))
    }
}

/// Reads an archive from its beginning, or from a record on.
pub struct Reader<R> {
    input: Input<R>,
    /// Bytes of the block that have not been read.
    left: u64,
    /// A record has been begun, and its end is still to come.
    within: bool,
    whole: u64,
}

impl Reader<File> {
    /// The record that begins at `offset` of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn at(path: &Path, offset: u64) -> Result<Reader<File>, WarcError> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Reader::new(file, offset)
    }
}

impl<R: Read> Reader<R> {
    /// Reads what comes from `input`, which begins at `offset` of its file.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(input: R, offset: u64) -> Result<Reader<R>, WarcError> {
        Ok(Reader { input: Input::open(input, offset)?, left: 0, within: false, whole: offset })
    }

    /// How far the archive consists of whole records, in bytes.
    pub fn whole(&self) -> u64 {
        self.whole
    }

    /// The head of the next record; `None` at the end.
    ///
    /// # Errors
    /// Nothing more can be read.
    pub fn next_head(&mut self) -> Result<Option<Head>, WarcError> {
        self.end()?;
        let Some((offset, is_first)) = self.input.begin(&mut self.whole)? else { return Ok(None) };
        let head = read_head(self.input.stream(), offset, is_first)?;
        (self.left, self.within) = (head.length, true);
        Ok(Some(head))
    }

    /// The block of the record, or as much of it as `most` allows.
    ///
    /// # Errors
    /// It is cut short or cannot be unpacked.
    pub fn block(&mut self, most: u64) -> Result<Vec<u8>, WarcError> {
        let wanted = self.left.min(most);
        let mut block = Vec::new();
        let read = self.input.stream().take(wanted).read_to_end(&mut block)? as u64;
        self.left -= read.min(self.left);
        if read < wanted { Err(WarcError::Cut) } else { Ok(block) }
    }

    /// The rest of the block, piece by piece.
    ///
    /// # Errors
    /// It is cut short or cannot be unpacked.
    pub fn each(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), WarcError> {
        while self.left > 0 {
            let stream = self.input.stream();
            let piece = stream.fill_buf()?;
            let length = piece.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let Some(piece) = piece.get(..length).filter(|piece| !piece.is_empty()) else { return Err(WarcError::Cut) };
            take(piece);
            stream.consume(length);
            self.left -= length as u64;
        }
        Ok(())
    }

    /// Passes over what is left of the record, and its end.
    ///
    /// # Errors
    /// It does not end where it says, or cannot be read so far.
    pub fn end(&mut self) -> Result<(), WarcError> {
        if !self.within {
            return Ok(());
        }
        self.within = false;
        let passed = io::copy(&mut self.input.stream().take(self.left), &mut io::sink())?;
        if passed < std::mem::take(&mut self.left) {
            return Err(WarcError::Cut);
        }
        let mut end = [0; 4];
        self.input.stream().read_exact(&mut end)?;
        if end == *b"\r\n\r\n" { Ok(()) } else { Err(WarcError::Damaged("a record does not end where it says".into())) }
    }
}

fn read_head(stream: &mut dyn BufRead, offset: u64, is_first: bool) -> Result<Head, WarcError> {
    let damaged = |what: &str| WarcError::Damaged(format!("{what} at byte {offset}"));
    let mut room = HEAD_MOST;
    let mut line = Vec::new();
    let mut blanks = 0;
    loop {
        take_line(stream, &mut line, &mut room)?;
        match line.is_empty() {
            true if blanks < BLANKS => blanks += 1,
            _ => break,
        }
    }
    if !line.starts_with(b"WARC/") {
        return Err(damaged("there is no WARC record"));
    }
    let version = String::from_utf8_lossy(&line).into_owned();
    let mut head = Head { offset, is_first, version, ..Head::default() };
    loop {
        take_line(stream, &mut line, &mut room)?;
        if line.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        match (text.starts_with([' ', '\t']), head.fields.last_mut(), text.split_once(':')) {
            (true, Some((_, value)), _) => value.extend([" ", text.trim()]),
            (false, _, Some((name, value))) => head.fields.push((name.trim().to_owned(), value.trim().to_owned())),
            _ => return Err(damaged("a record has a field that is none")),
        }
    }
    let length = head.get("Content-Length").and_then(|length| length.parse::<u64>().ok());
    head.length = length.filter(|length| *length <= RECORD_MOST).ok_or_else(|| damaged("a record has no length"))?;
    Ok(head)
}

/// A line without its end, of at most `room` bytes, which it takes.
fn take_line(stream: &mut dyn BufRead, line: &mut Vec<u8>, room: &mut usize) -> Result<(), WarcError> {
    line.clear();
    stream.take(*room as u64).read_until(b'\n', line)?;
    if line.pop() != Some(b'\n') {
        return match line.len() + 1 >= *room {
            true => Err(WarcError::Damaged("the head of a record is too long".into())),
            false => Err(WarcError::Cut),
        };
    }
    *room -= (line.len() + 1).min(*room);
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(())
}

/// How far a file consists of whole records, in bytes.
///
/// # Errors
/// It cannot be opened or read, or is no archive.
pub fn whole(path: &Path) -> Result<u64, WarcError> {
    let mut reader = Reader::at(path, 0)?;
    loop {
        match reader.next_head() {
            Ok(Some(_)) => {}
            Ok(None) | Err(WarcError::Cut) => return Ok(reader.whole()),
            Err(error) => return Err(error),
        }
    }
}

/// Whether this is how an archive begins, unpacked.
pub fn starts_like_archive(head: &[u8]) -> bool {
    head.starts_with(b"WARC/1.") || head.starts_with(b"WARC/0.")
}

/// Whether a name says that it is an archive.
pub fn is_archive(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".open").unwrap_or(&name);
    name.ends_with(".warc") || name.ends_with(".warc.gz")
}

#[cfg(test)]
mod tests;
