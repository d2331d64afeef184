//! A run as a table: CSV or TSV of `--format`, as far as it tells a run.
//!
//! A column is a key or the path of one (`error.code`), an empty cell is `null`. A table has the columns that were
//! asked for and no others, so what it lacks is said. Must not know what becomes of the records.

use std::io::BufRead;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use super::source::{Fault, Take};

/// Columns of text: what looks like a number there is none. All others are read as JSON where they can be.
const TEXT: [&str; 26] = [
    "type",
    "outcome",
    "input",
    "url",
    "final_url",
    "host",
    "method",
    "error.code",
    "error.message",
    "error.hint",
    "skip.code",
    "skip.message",
    "started_at",
    "http_version",
    "ip",
    "content_type",
    "charset",
    "sha256",
    "etag",
    "last_modified",
    "title",
    "parent",
    "found_in",
    "canonical",
    "lang",
    "body",
];
/// What a report tells by which column.
const TELLS: [(&str, &str); 6] = [
    ("started_at", "when anything happened"),
    ("host", "hosts"),
    ("timings.total_ms", "times"),
    ("timings.queue_ms", "waiting"),
    ("error.message", "reasons in words"),
    ("redirects", "redirects"),
];
/// Bytes of a row at most.
const ROW: usize = 64 << 20;
/// Columns of a row at most.
const COLUMNS: usize = 10_000;

/// The columns of a table.
pub(super) struct Table {
    delimiter: u8,
    columns: Vec<String>,
}

impl Table {
    /// The table that begins like this: `None` if it is none, an error if it tells no run.
    pub fn of(head: &[u8]) -> Option<Result<Table, String>> {
        let text = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
        let line = std::str::from_utf8(text.split(|byte| *byte == b'\n').next()?).ok()?.trim_end_matches('\r');
        let delimiter = if line.contains('\t') { '\t' } else { ',' };
        let columns: Vec<String> = line.split(delimiter).map(|name| name.trim_matches('"').to_owned()).collect();
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        };
        let has = |name: &str| columns.iter().any(|column| column == name);
        // A list of one column is a table too, but no run, and a line of prose neither.
        let is_ours = columns.len() > 1 && columns.iter().all(is_name) && (has("url") || has("input") || has("ok"));
        if !is_ours {
            return None;
        }
        if has("ok") && (has("url") || has("input")) {
            return Some(Ok(Table { delimiter: delimiter as u8, columns }));
        }
        Some(
            Err("a table tells a run only with the columns `ok` and `url`; --format jsonl keeps everything".to_owned()),
        )
    }

    /// What is missing in it, in a sentence; nothing if it has all that a report tells.
    pub fn lacks(&self) -> Option<String> {
        let lacks = |(column, _): &&(&str, &str)| !self.columns.iter().any(|name| name == column);
        let words: Vec<&str> = TELLS.iter().filter(lacks).map(|(_, words)| *words).collect();
        let (last, others) = words.split_last()?;
        let words = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
        Some(format!(
            "this is made of a table with {} columns, which says nothing of {words}; JSON Lines keep everything",
            self.columns.len()
        ))
    }

    /// Calls `take` with each row as a record; says whether the last one was torn.
    pub fn each(self, name: &str, rows: impl BufRead, take: &mut Take<'_>) -> Result<Option<&'static str>, Fault> {
        let mut reader = Rows::new(rows, self.delimiter);
        for number in 1_u64.. {
            let Some(cells) = reader.next().map_err(|why| Fault::Run(format!("{name}, row {number}: {why}")))? else {
                break;
            };
            if number == 1 {
                continue;
            }
            if cells.len() != self.columns.len() {
                if number > 2 && reader.is_over().unwrap_or(false) {
                    return Ok(Some("the last row was torn and is left out"));
                }
                let (has, wanted) = (cells.len(), self.columns.len());
                return Err(Fault::Run(format!("{name}, row {number}: it has {has} cells for {wanted} columns")));
            }
            let line = Value::Object(self.record(&cells)).to_string();
            take(line.as_bytes(), None).map_err(|error| Fault::Run(format!("{name}, row {number}: {error}")))?;
        }
        Ok(None)
    }

    fn record(&self, cells: &[String]) -> Map<String, Value> {
        let mut record = Map::new();
        for (name, cell) in self.columns.iter().zip(cells) {
            let value = value(name, cell);
            match name.split_once('.') {
                None => drop(record.insert(name.clone(), value)),
                Some((object, key)) => {
                    let place = record.entry(object).or_insert(Value::Null);
                    match (place, value) {
                        (_, Value::Null) => {}
                        (Value::Object(object), value) => drop(object.insert(key.to_owned(), value)),
                        (place, value) => *place = Value::Object(Map::from_iter([(key.to_owned(), value)])),
                    }
                }
            }
        }
        record
    }
}

fn value(name: &str, cell: &str) -> Value {
    if cell.is_empty() {
        return Value::Null;
    }
    let is_text = TEXT.contains(&name) || (name.starts_with("data.") && !cell.starts_with(['{', '[']));
    let read = (!is_text).then(|| serde_json::from_str(cell).ok()).flatten();
    read.unwrap_or_else(|| Value::String(unguarded(cell).to_owned()))
}

/// Without the apostrophe that keeps spreadsheets from running a cell.
fn unguarded(cell: &str) -> &str {
    let runs = |rest: &&str| rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    cell.strip_prefix('\'').filter(runs).unwrap_or(cell)
}

/// Rows of cells, one at a time.
struct Rows<R> {
    input: R,
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Rows<R> {
    fn new(input: R, delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Rows { input, reader, text: vec![0; 1 << 16], ends: vec![0; 64] }
    }

    fn is_over(&mut self) -> std::io::Result<bool> {
        Ok(self.input.fill_buf()?.is_empty())
    }

    /// The next row; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<String>>, String> {
        let (mut text, mut ends) = (0, 0);
        loop {
            let input = self.input.fill_buf().map_err(|error| error.to_string())?;
            let (result, read, wrote, ended) = self.reader.read_record(
                input,
                self.text.get_mut(text..).unwrap_or_default(),
                self.ends.get_mut(ends..).unwrap_or_default(),
            );
            self.input.consume(read);
            text += wrote;
            ends += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.text.len() < ROW => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() < COLUMNS => {
                    self.ends.resize(self.ends.len() * 2, 0)
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err("it is too large".to_owned());
                }
                ReadRecordResult::Record => return self.cells(ends).map(Some),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn cells(&self, count: usize) -> Result<Vec<String>, String> {
        let mut from = 0;
        let ends = self.ends.get(..count).unwrap_or_default();
        let cell = |end: &usize| {
            let bytes = self.text.get(from..*end).unwrap_or_default();
            from = *end;
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "it is no UTF-8".to_owned())
        };
        ends.iter().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<(Vec<String>, bool), String> {
        let table = Table::of(text.as_bytes()).unwrap()?;
        let mut lines = Vec::new();
        let torn = table.each("run", text.as_bytes(), &mut |line, _| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
            Ok(())
        });
        torn.map(|torn| (lines, torn.is_some())).map_err(|fault| fault.to_string())
    }

    #[test]
    fn paths_are_objects_again_and_text_is_no_number() {
        let text = "ok,url,status,error.code,timings.total_ms,title\ntrue,http://h/,200,,1.5,404\nfalse,http://h/x,,dns.not_found,,'=1\n";
        let (lines, _) = lines(text).unwrap();
        let rows: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows[0]["title"], "404");
        assert_eq!((&rows[0]["error"], &rows[0]["timings"]["total_ms"]), (&Value::Null, &1.5.into()));
        assert_eq!((&rows[1]["error"]["code"], &rows[1]["title"]), (&"dns.not_found".into(), &"=1".into()));
        assert_eq!((&rows[1]["ok"], &rows[1]["status"]), (&false.into(), &Value::Null));
    }

    #[test]
    fn tabs_and_quotes_and_line_ends_within_cells_are_read() {
        let text = "\u{feff}ok\turl\ttitle\ntrue\thttp://h/\t\"a\tb\nc\"\n";
        assert_eq!(
            lines(text).unwrap().0,
            [r#"{"ok":true,"url":"http://h/","title":"a\tb\nc"}"#.to_owned()].map(sorted)
        );
    }

    /// As a map without an order of its own writes it.
    fn sorted(line: String) -> String {
        serde_json::from_str::<Value>(&line).unwrap().to_string()
    }

    #[test]
    fn what_a_table_lacks_is_said_and_what_tells_no_run_is_refused() {
        let table = |head: &str| Table::of(head.as_bytes());
        let told =
            table("ok,url,host,started_at,timings.total_ms,timings.queue_ms,redirects\n").unwrap().unwrap().lacks();
        assert!(told.unwrap().contains("says nothing of reasons in words;"));
        assert!(table("seq,url,status\n").unwrap().is_err_and(|why| why.contains("`ok` and `url`")));
        assert!(table("hello\n").is_none() && table("{\"ok\":true,\"url\":\"x\"}\n").is_none());
    }

    #[test]
    fn a_torn_last_row_is_left_out_and_any_other_is_an_error() {
        let head = "ok,url,status\ntrue,http://h/,200\n";
        assert_eq!(lines(&format!("{head}true,http")).map(|(lines, torn)| (lines.len(), torn)), Ok((1, true)));
        assert!(
            lines(&format!("{head}true\ntrue,http://h/,200\n")).unwrap_err().contains("row 3: it has 1 cells for 3")
        );
    }
}
