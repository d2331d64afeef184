//! Records as CSV (RFC 4180, with LF) or TSV. Must not know where the bytes go.

use std::{
    borrow::Cow,
    io::{self, Read as _},
    path::Path,
};

use serde_json::value::RawValue;

use super::{Encode, Fields, SinkError, pack};
use crate::model::{Record, escape::visible};

/// Whether the names of the columns are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// First line.
    Write,
    /// The file has one already.
    Leave,
}

/// What becomes of control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// Data for programs.
    AsTheyAre,
    /// Written out, for a terminal.
    Visible,
}

/// Looks whether rows with these columns may stand behind what is in the file.
///
/// # Errors
/// It has other columns, or cannot be read.
pub(super) fn look_at_header(path: &Path, delimiter: u8, fields: &Fields) -> Result<(), SinkError> {
    let name = || path.display().to_string();
    let mut header = Vec::new();
    write_header(&mut header, delimiter, fields);
    header.pop();
    // What may stand before and behind it: a byte-order mark, a line end.
    let longest = header.len() as u64 + 5;
    let mut begins = Vec::new();
    let read = match pack::open(path) {
        Ok(file) => file.take(longest).read_to_end(&mut begins),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
    };
    read.map_err(|source| SinkError::Unusable(format!("cannot read the columns of {}: {source}", name())))?;
    let begins = begins.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&begins);
    let behind = begins.strip_prefix(&*header).map(|rest| rest.first());
    if begins.is_empty() || matches!(behind, Some(None | Some(b'\n' | b'\r'))) {
        return Ok(());
    }
    Err(SinkError::Unusable(format!(
        "{} has other columns, so these rows would stand in the wrong ones; its first line would have to be {}",
        name(),
        visible(&String::from_utf8_lossy(&header))
    )))
}

fn write_header(out: &mut Vec<u8>, delimiter: u8, fields: &Fields) {
    row(out, delimiter, fields.names().iter().map(|name| Cow::Borrowed(name.as_str())));
}

/// Rows of cells.
pub(super) struct Csv {
    cells: Cells,
    delimiter: u8,
    fields: Fields,
    header: Header,
    whole: Vec<u8>,
}

impl Csv {
    /// Rows with a column for each of `fields`.
    pub(super) fn new(delimiter: u8, fields: Fields, header: Header, cells: Cells) -> Self {
        Csv { cells, delimiter, fields, header, whole: Vec::new() }
    }
}

impl Encode for Csv {
    fn head(&mut self, out: &mut Vec<u8>) {
        if self.header == Header::Write {
            write_header(out, self.delimiter, &self.fields);
        }
    }

    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        self.whole.clear();
        serde_json::to_writer(&mut self.whole, record)?;
        let values = self.fields.pick(&self.whole)?;
        let cells = values.into_iter().map(text);
        match self.cells {
            Cells::AsTheyAre => row(out, self.delimiter, cells),
            Cells::Visible => row(out, self.delimiter, cells.map(|cell| visible(&cell).into_owned().into())),
        }
        Ok(())
    }
}

/// What stands in a cell: nothing for `null`, the text of a string, else the JSON.
fn text(value: Option<&RawValue>) -> Cow<'_, str> {
    match value.map_or("null", RawValue::get) {
        "null" => Cow::Borrowed(""),
        string if string.starts_with('"') => match serde_json::from_str::<String>(string) {
            Ok(text) => Cow::Owned(text),
            Err(_) => Cow::Borrowed(string),
        },
        other => Cow::Borrowed(other),
    }
}

fn row<'a>(out: &mut Vec<u8>, delimiter: u8, cells: impl Iterator<Item = Cow<'a, str>>) {
    let before = out.len();
    for (at, text) in cells.enumerate() {
        if at > 0 {
            out.push(delimiter);
        }
        cell(out, delimiter, &text);
    }
    if out.len() == before {
        // A row of one empty cell would be a blank line, which readers skip.
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}

/// What a formula begins with, wide characters too: some spreadsheets take these for the narrow ones.
const RUN: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn cell(out: &mut Vec<u8>, delimiter: u8, text: &str) {
    // Spreadsheets run such cells as formulas; an apostrophe makes them text (OWASP, CSV injection).
    let guard = if text.starts_with(RUN) && !is_number(text) { "'" } else { "" };
    let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !text.bytes().any(special) {
        out.extend_from_slice(guard.as_bytes());
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(guard.as_bytes());
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(delimiter: u8, cells: &[&str]) -> String {
        let mut out = Vec::new();
        row(&mut out, delimiter, cells.iter().map(|&cell| Cow::Borrowed(cell)));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(written(b',', &["a", "b,c", "d\"e", "f\ng", "", "h\ti"]), "a,\"b,c\",\"d\"\"e\",\"f\ng\",,h\ti\n");
        assert_eq!(written(b'\t', &["b,c", "h\ti"]), "b,c\t\"h\ti\"\n");
        assert_eq!(written(b',', &[""]), "\"\"\n");
    }

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_defused_and_numbers_are_left() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+cmd", "'+cmd"),
            ("-x", "'-x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\r=1", "\"'\r=1\""),
            ("\n=1", "\"'\n=1\""),
            ("＝1+1", "'＝1+1"),
            ("=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\""),
            ("-1.5e3", "-1.5e3"),
            ("+7", "+7"),
            ("-", "'-"),
            ("-inf", "'-inf"),
            ("-1+1", "'-1+1"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(written(b',', &[text]), format!("{expected}\n"), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_csv_reader_reads_back_what_was_written(
            cells in proptest::collection::vec("[a-z,\"\n\t; ]{0,8}", 1..5),
            tabs in any::<bool>(),
        ) {
            let delimiter = if tabs { b'\t' } else { b',' };
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let text = written(delimiter, &cells);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
            let read = reader.records().next().unwrap().unwrap();
            for (written, read) in cells.iter().zip(read.iter()) {
                prop_assert_eq!(*written, read.strip_prefix('\'').unwrap_or(read));
            }
        }
    }
}
