//! Lists in CSV and TSV: one column holds the URLs, the others are left alone.
//!
//! Fed with chunks of any size; holds one row. A bad row is a request with a fault; a missing
//! column is wrong usage, found in the first row. Must not know where the chunks come from.

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::excerpt;
use crate::model::{Request, units};

/// The longest row, in bytes.
const LONGEST: usize = 16 << 20;
/// The most fields of a row.
const MOST_FIELDS: usize = 10_000;
/// The longest URL, in bytes; the same as a line of a plain list may have.
const LONGEST_URL: usize = 64 << 10;
/// Lines given up for their quotes, at most, before the rest is taken as it reads: for each of them up to
/// [`LONGEST`] is read once more. One more for each time that as much has come in.
const RECOVERIES: u64 = 100;
/// Bytes read at once, of what is held for the case that it is read once more.
const PIECE: usize = 64 << 10;
/// Columns that an error lists at most.
const LISTED: usize = 20;

/// Which field of each row is the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    index: usize,
    /// Fields that every row must have.
    width: usize,
}

/// Reads a CSV or TSV list.
#[derive(Debug)]
pub(super) struct Csv {
    core: Reader,
    wanted: Option<String>,
    column: Option<Column>,
    row: Row,
    /// The line that is being read, and the one on which this row began; from 1.
    line: u64,
    begins: u64,
    /// Whether nothing of the next row has been read.
    fresh: bool,
    /// What was read of this row, as it stands in the list; see [`Csv::recover`].
    raw: Vec<u8>,
    /// The longest row.
    longest: usize,
    /// Bytes of the list that came in, and lines of it that were given up for their quotes.
    taken: u64,
    given_up: u64,
}

/// The fields of one row, end to end.
#[derive(Debug)]
struct Row {
    text: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    ended: usize,
    too_long: bool,
}

impl Csv {
    /// A reader at the beginning of a list; `wanted` names the column of URLs.
    pub(super) fn new(delimiter: u8, wanted: Option<String>) -> Self {
        Csv::bounded(delimiter, wanted, LONGEST)
    }

    /// The same for rows of at most `longest` bytes.
    pub(super) fn bounded(delimiter: u8, wanted: Option<String>, longest: usize) -> Self {
        Csv {
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            wanted,
            column: None,
            row: Row { text: vec![0; 1 << 10], used: 0, ends: vec![0; 32], ended: 0, too_long: false },
            line: 1,
            begins: 1,
            fresh: true,
            raw: Vec::new(),
            longest,
            taken: 0,
            given_up: 0,
        }
    }

    /// Bytes that are held of the row.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> usize {
        self.row.text.capacity() + self.raw.capacity()
    }

    /// Whether the first row was read and has the column.
    pub(super) fn is_ready(&self) -> bool {
        self.column.is_some()
    }

    /// Takes the next chunk; requests of the rows that end in it go to `out`. The error completes
    /// a sentence that begins with the name of the list.
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<Request>) -> Result<(), String> {
        self.taken += chunk.len() as u64;
        self.read(chunk.into(), out)
    }

    /// Reads a text; where lines of it are given up, what follows them once more.
    fn read(&mut self, mut text: Cow<'_, [u8]>, out: &mut Vec<Request>) -> Result<(), String> {
        let mut at = 0;
        loop {
            if self.fresh {
                at += self.line_ends(&text[at..]);
            }
            let piece = &text[at..text.len().min(at + PIECE)];
            if piece.is_empty() {
                return Ok(());
            }
            let (read, row_is_full) = self.step(piece);
            let was_short = self.raw.len() <= self.longest;
            if was_short {
                self.raw.extend_from_slice(&piece[..read]);
            }
            at += read;
            if row_is_full {
                self.hand_out(out)?;
            } else if was_short
                && self.raw.len() > self.longest
                && let Some(mut again) = self.recover(out)?
            {
                again.extend_from_slice(&text[at..]);
                (text, at) = (again.into(), 0);
            }
        }
    }

    /// A quote that is never closed takes all the lines after it for one field. Its own line is
    /// given up; returned are the lines after it, to be read once more. `None` if this row is no such thing,
    /// or if that was done too often: every time costs as much as the row is long.
    fn recover(&mut self, out: &mut Vec<Request>) -> Result<Option<Vec<u8>>, String> {
        let quotes = memchr::memchr_iter(b'"', &self.raw).count();
        let Some(first) = memchr::memchr(b'\n', &self.raw).filter(|_| quotes % 2 == 1) else { return Ok(None) };
        if self.column.is_none() {
            return Err("has a first row with a quote that is never closed".to_owned());
        }
        if self.given_up >= RECOVERIES + self.taken / LONGEST as u64 {
            return Ok(None);
        }
        self.given_up += 1;
        let mut raw = std::mem::take(&mut self.raw);
        let text = lossy(&raw[..first]);
        let message = format!("line {} opens a quote that is never closed", self.begins);
        out.push(Request::unreadable(excerpt(text.trim()), message));
        self.core.reset();
        self.row.clear();
        (self.line, self.fresh) = (self.begins + 1, true);
        raw.drain(..=first);
        Ok(Some(raw))
    }

    /// Takes the end of the list.
    pub(super) fn end(&mut self, out: &mut Vec<Request>) -> Result<(), String> {
        // Dropping a line takes its quote away, so one round does, but for quotes amid a field.
        while !self.fresh
            && let Some(again) = self.recover(out)?
        {
            self.read(again.into(), out)?;
        }
        if self.fresh {
            return Ok(());
        }
        // No input means the end to csv_core: it asks for room at most, then closes the row.
        while !self.step(&[]).1 {
            if self.fresh {
                return Ok(());
            }
        }
        self.hand_out(out)
    }

    /// How many bytes of line ends there are; they are counted.
    fn line_ends(&mut self, text: &[u8]) -> usize {
        let length = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
        self.line += memchr::memchr_iter(b'\n', &text[..length]).count() as u64;
        self.begins = self.line;
        length
    }

    /// Lets csv_core read on; says how many bytes it took, and whether a row is full.
    fn step(&mut self, chunk: &[u8]) -> (usize, bool) {
        let row = &mut self.row;
        let (result, read, written, ended) =
            self.core.read_record(chunk, &mut row.text[row.used..], &mut row.ends[row.ended..]);
        self.line += memchr::memchr_iter(b'\n', &chunk[..read]).count() as u64;
        self.fresh = result == ReadRecordResult::End;
        row.used += written;
        row.ended += ended;
        match result {
            ReadRecordResult::OutputFull if row.text.len() < self.longest => row.text.resize(row.text.len() * 2, 0),
            ReadRecordResult::OutputEndsFull if row.ends.len() < MOST_FIELDS => row.ends.resize(row.ends.len() * 2, 0),
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                (row.used, row.ended, row.too_long) = (0, 0, true);
            }
            ReadRecordResult::InputEmpty | ReadRecordResult::Record | ReadRecordResult::End => {}
        }
        (read, result == ReadRecordResult::Record)
    }

    fn hand_out(&mut self, out: &mut Vec<Request>) -> Result<(), String> {
        match self.column {
            Some(column) => out.extend(request(&self.row, column, self.begins)),
            None if self.row.too_long => return Err("has a first row of more than 16 MiB".to_owned()),
            None => {
                let names: Vec<String> = self.row.fields().map(|field| lossy(field).trim().to_owned()).collect();
                let (index, is_header) = choose(&names, self.wanted.as_deref())?;
                let column = Column { index, width: names.len() };
                self.column = Some(column);
                if !is_header {
                    out.extend(request(&self.row, column, self.begins));
                }
            }
        }
        self.row.clear();
        self.raw.clear();
        self.raw.shrink_to(1 << 16);
        self.fresh = true;
        Ok(())
    }
}

impl Row {
    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.ended];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, &end)| self.text.get(start..end).unwrap_or_default())
    }

    fn excerpt(&self) -> String {
        let fields: Vec<&[u8]> = if self.too_long { Vec::new() } else { self.fields().collect() };
        excerpt(&lossy(&fields.join(&b","[..]))).to_owned()
    }

    fn clear(&mut self) {
        (self.used, self.ended, self.too_long) = (0, 0, false);
        if self.text.len() > 1 << 16 {
            self.text = vec![0; 1 << 10];
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The request of a row; `None` for a row of blanks.
fn request(row: &Row, column: Column, line: u64) -> Option<Request> {
    let bad = |message: String| Some(Request::unreadable(row.excerpt(), format!("line {line} {message}")));
    if row.too_long {
        return bad("is longer than 16 MiB; is a quote missing?".to_owned());
    }
    if row.ended == 1 && row.fields().all(|field| field.trim_ascii().is_empty()) {
        return None;
    }
    if row.ended != column.width {
        return bad(format!("has {}, and the first row has {}", count(row.ended, "field"), column.width));
    }
    match std::str::from_utf8(row.fields().nth(column.index).unwrap_or_default()).map(str::trim) {
        Err(_) => bad("has a URL that is not valid UTF-8".to_owned()),
        Ok("") => bad("has no URL in its column".to_owned()),
        Ok(url) if url.len() > LONGEST_URL => bad("has a URL of more than 64 KiB".to_owned()),
        Ok(url) => Some(Request::get(url)),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Which column holds the URLs, and whether the first row is a header.
fn choose(names: &[String], wanted: Option<&str>) -> Result<(usize, bool), String> {
    let named = |wanted: &str| {
        let exact = names.iter().position(|name| name == wanted);
        exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(wanted)))
    };
    if let Some(index) = named(wanted.unwrap_or("url")) {
        return Ok((index, true));
    }
    let Some(wanted) = wanted else {
        return match names {
            [only] if !looks_like_url(only) && only.contains([';', '|', '\t']) => {
                Err(format!("has one column, `{}`; only commas (in .tsv tabs) part columns", excerpt(only)))
            }
            [only] => Ok((0, !looks_like_url(only))),
            _ => Err(format!("has no column `url`; name one with --url-column (or give its number): {}", list(names))),
        };
    };
    match wanted.parse::<usize>() {
        Ok(number) if (1..=names.len()).contains(&number) => Ok((number - 1, !looks_like_url(&names[number - 1]))),
        Ok(_) => Err(format!("has no column {wanted}; it has {}: {}", count(names.len(), "column"), list(names))),
        Err(_) => match units::nearest(wanted, names.iter().map(String::as_str)) {
            Some(near) => Err(format!("has no column `{wanted}`; did you mean `{near}`?")),
            None => Err(format!("has no column `{wanted}`; it has {}: {}", count(names.len(), "column"), list(names))),
        },
    }
}

/// Whether the first row is no header but the first URL: names of columns have no dots.
fn looks_like_url(cell: &str) -> bool {
    cell.contains("://") || (cell.contains('.') && !cell.contains(char::is_whitespace))
}

fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(LISTED).map(|name| excerpt(name).to_owned()).collect();
    if names.len() > LISTED {
        shown.push(format!("and {} more", names.len() - LISTED));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = Vec<(String, Option<String>)>;

    fn read(text: &[u8], wanted: Option<&str>, chunk: usize) -> Result<Seen, String> {
        let (mut reader, mut out) = (Csv::new(b',', wanted.map(str::to_owned)), Vec::new());
        for chunk in text.chunks(chunk) {
            reader.push(chunk, &mut out)?;
        }
        reader.end(&mut out)?;
        Ok(out.into_iter().map(|request| (request.input.into(), request.fault.map(|fault| fault.message))).collect())
    }

    fn urls(text: &str, wanted: Option<&str>) -> Result<Vec<String>, String> {
        let seen = read(text.as_bytes(), wanted, 3)?;
        assert!(seen.iter().all(|(_, fault)| fault.is_none()), "{seen:?}");
        Ok(seen.into_iter().map(|(input, _)| input).collect())
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_line() {
        let text = "url,x\na,1\n\"d\"\"\",4\nb,\"oops\nc,3\ne,5\n";
        for chunk in [1, 7, 1000] {
            let seen = read(text.as_bytes(), None, chunk).unwrap();
            let urls: Vec<&str> = seen.iter().map(|(url, _)| url.as_str()).collect();
            assert_eq!(urls, ["a", "d\"", "b,\"oops", "c", "e"]);
            assert_eq!(seen[2].1.as_deref(), Some("line 4 opens a quote that is never closed"));
        }
        assert!(read(b"url,\"x\na,1\n", None, 9).unwrap_err().contains("never closed"));
        assert!(read(b"name;url\n1;http://h/\n", None, 9).unwrap_err().contains("only commas"));
    }

    #[test]
    fn the_column_is_named_url_or_asked_for_or_the_only_one() {
        assert_eq!(urls("id,Url\n1, https://a \n2,\"https://b,c\"\n", None).unwrap(), ["https://a", "https://b,c"]);
        assert_eq!(urls("id,link\r\n1,a\r\n", Some("LINK")).unwrap(), ["a"]);
        assert_eq!(urls("id,link\n1,a", Some("2")).unwrap(), ["a"]);
        assert_eq!(urls("website\na\nb\n", None).unwrap(), ["a", "b"]);
        assert_eq!(urls("https://a\nb\n", None).unwrap(), ["https://a", "b"]);
        assert_eq!(urls("1,google.com\n2,b.org\n", Some("2")).unwrap(), ["google.com", "b.org"]);
        assert_eq!(urls("", None).unwrap(), [""; 0]);
        assert_eq!(urls("\n\nurl\n\n\na\n  \n", None).unwrap(), ["a"]);
    }

    #[test]
    fn a_missing_column_says_which_there_are() {
        let error = |text, wanted| urls(text, wanted).unwrap_err();
        assert_eq!(error("id,link\n", Some("lnik")), "has no column `lnik`; did you mean `link`?");
        assert_eq!(error("id,link\n", Some("qqq")), "has no column `qqq`; it has 2 columns: id, link");
        assert_eq!(error("id,link\n", Some("3")), "has no column 3; it has 2 columns: id, link");
        assert_eq!(
            error("id,link\n", None),
            "has no column `url`; name one with --url-column (or give its number): id, link"
        );
    }

    #[test]
    fn a_bad_row_names_its_line_and_the_next_is_read() {
        let text = b"id,url\n1,a,x\n\"2\n2\",b\r\n\n3,\xff\n\xff,c\n4,\n5\n";
        let expected = [
            ("1,a,x", Some("line 2 has 3 fields, and the first row has 2")),
            ("b", None),
            ("3,\u{fffd}", Some("line 6 has a URL that is not valid UTF-8")),
            ("c", None),
            ("4,", Some("line 8 has no URL in its column")),
            ("5", Some("line 9 has 1 field, and the first row has 2")),
        ];
        let expected: Seen = expected.iter().map(|(a, b)| ((*a).to_owned(), b.map(str::to_owned))).collect();
        for chunk in [1, 2, 5, 100] {
            assert_eq!(read(text, None, chunk).unwrap(), expected, "{chunk}");
        }
    }

    #[test]
    fn a_quote_that_never_ends_is_held_in_bounded_memory() {
        let (mut reader, mut out) = (Csv::new(b',', None), Vec::new());
        reader.push(b"url\na\n\"", &mut out).unwrap();
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..40 {
            reader.push(&chunk, &mut out).unwrap();
            assert!(reader.row.text.len() <= LONGEST);
        }
        reader.end(&mut out).unwrap();
        assert_eq!(out.len(), 2);
        assert_eq!(out[1].fault.as_ref().unwrap().message, "line 3 is longer than 16 MiB; is a quote missing?");
    }

    /// Each line ends within a quote that the next one closes, so that all of them are one row, and each that
    /// is given up leaves such a row behind.
    #[test]
    fn a_table_of_nothing_but_open_quotes_is_given_up_on_in_bounded_memory_and_time() {
        let longest = 64 << 10;
        let (mut reader, mut out) = (Csv::bounded(b',', None, longest), Vec::new());
        reader.push(b"url,x\na,1\nb\",\"c\"d\"\n", &mut out).unwrap();
        let lines = "a\"b,\"c\n".repeat(1 << 12);
        for _ in 0..16 {
            reader.push(lines.as_bytes(), &mut out).unwrap();
            assert!(reader.held() <= 3 * (longest + PIECE), "{}", reader.held());
        }
        reader.end(&mut out).unwrap();
        let given_up = out.iter().filter(|request| request.fault.is_some()).count() as u64;
        assert!((1..=RECOVERIES + 2).contains(&given_up), "{given_up}");
    }

    proptest! {
        #[test]
        fn chunk_boundaries_change_nothing_and_no_bytes_panic(
            text in proptest::collection::vec(proptest::sample::select(&b"u,\"\n\r a1.\xc3"[..]), 0..60),
            chunk in 1usize..9,
        ) {
            prop_assert_eq!(read(&text, Some("1"), 1_000), read(&text, Some("1"), chunk));
        }
    }
}
