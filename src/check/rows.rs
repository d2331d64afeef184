//! State files as JSON Lines: sorted, one value a line, so that version control merges them.
//!
//! Must not know what the rows are for.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, de::DeserializeOwned};

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// A sentence.
    pub message: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for BadRow {}

/// Rows by their key.
pub type Rows<R> = BTreeMap<String, R>;

/// A row that knows its key and which of two is to be kept.
pub trait Row: Serialize + DeserializeOwned {
    /// What it is sorted and found by.
    fn key(&self) -> &str;
    /// One of two rows of the same key, whichever file it came from.
    fn merge(self, other: Self) -> Self;
}

/// Reads a file; rows of the same key are merged, blank lines passed over. Unknown keys are left
/// out, so that an older version can read what a newer one wrote.
pub fn parse<R: Row>(text: &str) -> Result<Rows<R>, BadRow> {
    let mut rows = Rows::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let row: R = serde_json::from_str(line).map_err(|error| bad(index + 1, line, &error))?;
        put(&mut rows, row);
    }
    Ok(rows)
}

fn bad(number: usize, line: &str, error: &serde_json::Error) -> BadRow {
    let is_conflict = ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let told = error.to_string();
    let message = match told.split_once(" at line ") {
        _ if is_conflict => "a conflict that was not resolved: keep the rows of both sides".to_owned(),
        Some((message, _)) => message.to_owned(),
        None => told,
    };
    BadRow { line: number, column: error.column().max(1), message }
}

/// Adds a row, or merges it with the one of its key.
pub fn put<R: Row>(rows: &mut Rows<R>, row: R) {
    let row = match rows.remove(row.key()) {
        Some(old) => old.merge(row),
        None => row,
    };
    rows.insert(row.key().to_owned(), row);
}

/// Both files as one; the order of the two makes no difference.
pub fn merge<R: Row>(mut one: Rows<R>, other: Rows<R>) -> Rows<R> {
    for row in other.into_values() {
        put(&mut one, row);
    }
    one
}

/// The text of a file, sorted by key.
pub fn write<'a, R: Row + 'a>(rows: impl IntoIterator<Item = &'a R>) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    for row in rows {
        out.push_str(&serde_json::to_string(row)?);
        out.push('\n');
    }
    Ok(out)
}
