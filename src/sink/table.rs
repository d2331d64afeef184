//! Records as rows of a table: the columns that every database has, and what stands in them.
//!
//! One list for all of them, so that a query works wherever the records are. Pure. Must not know SQL.

use std::{borrow::Cow, io};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::plain;
use crate::model::{Record, escape, record::RecordKind};

/// Name of the table.
pub(super) const RECORDS: &str = "fetchall_records";
/// Name of the table that says which version the other one has.
pub(super) const META: &str = "fetchall_meta";
/// The row of it that says so.
pub(super) const VERSION_KEY: &str = "records";
/// Version of the table; it grows with every change of [`COLUMNS`].
pub(super) const VERSION: i64 = 1;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The name of the run, part of the key.
    Run,
    /// Whole numbers of 64 bits, with sign.
    Int,
    /// Fractions.
    Float,
    /// Yes or no.
    Bool,
    /// Text.
    Text,
    /// A moment, UTC, milliseconds.
    Time,
    /// JSON.
    Json,
}

/// The columns, in their order. The first two are the key.
pub(super) const COLUMNS: [(&str, Kind); 37] = [
    ("run", Kind::Run),
    ("seq", Kind::Int),
    ("v", Kind::Int),
    ("type", Kind::Text),
    ("id", Kind::Text),
    ("ok", Kind::Bool),
    ("outcome", Kind::Text),
    ("input", Kind::Text),
    ("url", Kind::Text),
    ("final_url", Kind::Text),
    ("host", Kind::Text),
    ("method", Kind::Text),
    ("status", Kind::Int),
    ("error_code", Kind::Text),
    ("error_message", Kind::Text),
    ("skip_code", Kind::Text),
    ("skip_of", Kind::Int),
    ("started_at", Kind::Time),
    ("attempts", Kind::Int),
    ("http_version", Kind::Text),
    ("ip", Kind::Text),
    ("content_type", Kind::Text),
    ("charset", Kind::Text),
    ("bytes", Kind::Int),
    ("wire_bytes", Kind::Int),
    ("sha256", Kind::Text),
    ("etag", Kind::Text),
    ("last_modified", Kind::Text),
    ("title", Kind::Text),
    ("redirects", Kind::Int),
    ("queue_ms", Kind::Float),
    ("total_ms", Kind::Float),
    ("saved_path", Kind::Text),
    ("tags", Kind::Json),
    ("data", Kind::Json),
    ("view", Kind::Json),
    ("record", Kind::Json),
];

/// Whether a column is part of the key.
pub(super) fn is_key(name: &str) -> bool {
    matches!(name, "run" | "seq")
}

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Null,
    /// Of [`Kind::Int`].
    Int(i64),
    /// Of [`Kind::Float`].
    Float(f64),
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of any other kind.
    Text(Cow<'a, str>),
}

/// What a kind of table takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// Any text and any JSON.
    All,
    /// JSON that is read and checked, nested so deep at most; see [`plain`].
    Checked {
        /// Arrays and objects within each other.
        depth: usize,
    },
}

impl Cell<'_> {
    /// Bytes that it takes about, to keep statements within bounds.
    pub(super) fn weight(&self) -> usize {
        match self {
            Cell::Text(text) => text.len() + 8,
            Cell::Null | Cell::Int(_) | Cell::Float(_) | Cell::Bool(_) => 8,
        }
    }
}

/// The row of a record: a cell for each of [`COLUMNS`].
///
/// Numbers above what a column holds leave it empty; `record` has them.
///
/// # Errors
/// The record cannot be written as JSON.
pub(super) fn row<'a>(run: &'a str, record: &'a Record, takes: Takes) -> io::Result<[Cell<'a>; COLUMNS.len()]> {
    let text = |text: &'a str| match takes {
        Takes::All => Cell::Text(text.into()),
        Takes::Checked { .. } => Cell::Text(plain::text(text)),
    };
    let maybe = |value: &'a Option<String>| value.as_deref().map_or(Cell::Null, text);
    let json = |json: Cow<'a, str>| {
        let plain = match takes {
            Takes::All => Cow::Borrowed(""),
            Takes::Checked { depth } => plain::json(&json, depth),
        };
        match plain {
            Cow::Owned(plain) => Cell::Text(plain.into()),
            Cow::Borrowed(_) => Cell::Text(json),
        }
    };
    let ms = |ms: Option<crate::model::record::Ms>| ms.map_or(Cell::Null, |ms| Cell::Float(ms.0 as f64 / 1000.0));
    let timings = &record.timings;
    Ok([
        Cell::Text(run.into()),
        // Counted from 0, one by one: no list has so many.
        Cell::Int(i64::try_from(record.seq).unwrap_or(i64::MAX)),
        Cell::Int(record.v.into()),
        Cell::Text(kind(record.kind).into()),
        record.id.as_ref().map_or(Cell::Null, |id| match serde_json::from_str::<String>(id.get()) {
            Ok(id) => Cell::Text(plain::text(&id).into_owned().into()),
            Err(_) => text(id.get()),
        }),
        Cell::Bool(record.ok),
        Cell::Text(record.outcome.name().into()),
        text(&record.input),
        maybe(&record.url),
        maybe(&record.final_url),
        maybe(&record.host),
        maybe(&record.method),
        record.status.map_or(Cell::Null, |status| Cell::Int(status.into())),
        record.error.as_ref().map_or(Cell::Null, |error| Cell::Text(error.code.name().into())),
        record.error.as_ref().map_or(Cell::Null, |error| text(&error.message)),
        record.skip.as_ref().map_or(Cell::Null, |skip| Cell::Text(skip.code.name().into())),
        int(record.skip.as_ref().and_then(|skip| skip.of)),
        maybe(&record.started_at),
        Cell::Int(record.attempts.into()),
        record.http_version.map_or(Cell::Null, |version| Cell::Text(version.into())),
        maybe(&record.ip),
        maybe(&record.content_type),
        maybe(&record.charset),
        int(record.bytes),
        int(record.wire_bytes),
        maybe(&record.sha256),
        maybe(&record.etag),
        maybe(&record.last_modified),
        maybe(&record.title),
        int(u64::try_from(record.redirects.len()).ok()),
        ms(timings.queue_ms),
        ms(timings.total_ms),
        record.saved.as_ref().map_or(Cell::Null, |saved| maybe(&saved.path)),
        record.tags.as_ref().map_or(Cell::Null, |tags| json(tags.get().into())),
        record.data.as_deref().map_or(Ok(Cell::Null), |data| whole(&Pairs(data)).map(|text| json(text.into())))?,
        record.view.as_deref().map_or(Ok(Cell::Null), |view| whole(&Pairs(view)).map(|text| json(text.into())))?,
        json(whole(record)?.into()),
    ])
}

/// What a database has under our names.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What [`META`] says of the table's version.
    pub version: Option<String>,
    /// Names of the columns of [`RECORDS`] and their types, as the database calls them.
    pub columns: Vec<(String, String)>,
}

impl Found {
    /// Whether the table is there, and ours; `fits` says whether the database's type is one for a kind.
    ///
    /// # Errors
    /// Why the table cannot be written, in a sentence.
    pub(super) fn is_ours(&self, fits: impl Fn(Kind, &str) -> bool) -> Result<bool, String> {
        match self.version.as_deref().map(str::parse::<i64>) {
            Some(Ok(version)) if version > VERSION => {
                return Err(format!("its table {RECORDS} was made by a newer fetchall (version {version})"));
            }
            Some(Ok(VERSION)) | None => {}
            Some(_) => return Err(format!("its table {META} is not one of fetchall's")),
        }
        if self.columns.is_empty() {
            return Ok(false);
        }
        let type_of = |name: &str| self.columns.iter().find(|(column, _)| column == name).map(|(_, kind)| kind);
        for (name, kind) in COLUMNS {
            let problem = match type_of(name) {
                None => format!("it has no column `{name}`"),
                Some(found) if !fits(kind, found) => format!("its column `{name}` is {found}"),
                Some(_) => continue,
            };
            return Err(format!("its table {RECORDS} has another shape: {problem}"));
        }
        Ok(true)
    }
}

fn int(number: Option<u64>) -> Cell<'static> {
    number.and_then(|number| i64::try_from(number).ok()).map_or(Cell::Null, Cell::Int)
}

fn kind(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Fetch => "fetch",
        RecordKind::Page => "page",
        RecordKind::Link => "link",
    }
}

/// JSON, as a line of JSON Lines has it.
fn whole(value: &impl Serialize) -> io::Result<String> {
    let mut out = Vec::new();
    serde_json::to_writer(&mut out, value)?;
    escape::json(&mut out, 0);
    String::from_utf8(out).map_err(io::Error::other)
}

/// Names and values as one object.
struct Pairs<'a, K>(&'a [(K, Value)]);

impl<K: Serialize> Serialize for Pairs<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Code, Ending, Failure, Request, Visit, record::Heavy};

    fn record() -> Record {
        let ending = Ending::Error(Failure::new(Code::DnsNotFound, "no\0name"));
        let mut record = Record::of(Visit::refused(7, Request::get("https://h/\0"), None, ending), Heavy::default());
        record.tags = Some(serde_json::value::RawValue::from_string(r#"{"a":"\u0000"}"#.to_owned()).unwrap());
        record.bytes = Some(u64::MAX);
        record.wire_bytes = Some(5);
        record
    }

    fn cell<'a>(cells: &'a [Cell<'a>], name: &str) -> &'a Cell<'a> {
        &cells[COLUMNS.iter().position(|(column, _)| *column == name).unwrap()]
    }

    #[test]
    fn a_cell_is_of_the_kind_of_its_column() {
        let record = record();
        for takes in [Takes::All, Takes::Checked { depth: 9 }] {
            for (cell, (name, kind)) in row("r", &record, takes).unwrap().iter().zip(COLUMNS) {
                let fits = match cell {
                    Cell::Null => !is_key(name),
                    Cell::Int(_) => kind == Kind::Int,
                    Cell::Float(_) => kind == Kind::Float,
                    Cell::Bool(_) => kind == Kind::Bool,
                    Cell::Text(_) => matches!(kind, Kind::Run | Kind::Text | Kind::Time | Kind::Json),
                };
                assert!(fits, "{name}: {cell:?}");
            }
        }
    }

    #[test]
    fn a_number_above_what_a_column_holds_is_in_the_record_only() {
        let record = record();
        let cells = row("r", &record, Takes::All).unwrap();
        assert_eq!((cell(&cells, "bytes"), cell(&cells, "wire_bytes")), (&Cell::Null, &Cell::Int(5)));
        let Cell::Text(json) = cell(&cells, "record") else { panic!() };
        assert!(json.contains("\"bytes\":18446744073709551615"));
    }

    #[test]
    fn a_table_is_ours_by_version_and_columns() {
        let columns =
            || COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), format!("{kind:?}"))).collect::<Vec<_>>();
        let ours = |version: Option<&str>, columns| {
            let found = Found { version: version.map(str::to_owned), columns };
            found.is_ours(|kind, name| format!("{kind:?}") == name)
        };
        assert_eq!(ours(None, Vec::new()), Ok(false));
        assert_eq!(ours(Some("1"), columns()), Ok(true));
        assert_eq!(ours(None, columns()), Ok(true), "its making was cut off before the version was written");
        let refused = |version, columns, told: &str| {
            let problem = ours(version, columns).unwrap_err();
            assert!(problem.contains(told), "{problem}");
        };
        refused(Some("2"), columns(), "newer fetchall (version 2)");
        refused(Some("x"), columns(), "not one of fetchall's");
        refused(Some("1"), columns().split_off(1), "it has no column `run`");
        let mut other = columns();
        other[1].1 = "text".to_owned();
        refused(None, other, "its column `seq` is text");
        let mut more = columns();
        more.push(("mine".to_owned(), "text".to_owned()));
        assert_eq!(ours(Some("1"), more), Ok(true), "columns of one's own");
    }

    #[test]
    fn nul_is_kept_where_it_can_be_and_stands_out_where_it_cannot() {
        let record = record();
        let plain = row("r", &record, Takes::Checked { depth: 9 }).unwrap();
        assert_eq!(cell(&plain, "error_message"), &Cell::Text("no\u{fffd}name".into()));
        assert_eq!(cell(&plain, "tags"), &Cell::Text("{\"a\":\"\\ufffd\"}".into()));
        let all = row("r", &record, Takes::All).unwrap();
        assert_eq!(cell(&all, "tags"), &Cell::Text(r#"{"a":"\u0000"}"#.into()));
    }
}
