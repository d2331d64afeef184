//! What changed between two runs: broke, healed, slower, other content, other redirects, new, gone.
//!
//! Eats the records of both as rows, keeps a few bytes of each old one, gives changes. Must not know
//! files, formats of output or terminals.

mod change;
mod row;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    io::{self, BufRead},
};

pub use self::{
    change::{Change, Changed, Facts, Slower, compare},
    row::{BadRow, Row},
};

/// The old run, by what each record is about.
#[derive(Clone, Debug, Default)]
pub struct Old {
    rows: HashMap<u128, (Facts, Met)>,
}

/// Whether a row of the old run has been met in the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    NotYet,
    Yes,
}

/// Why two runs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// Reading failed.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The file, in words.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A line is none of our records.
    #[error("{name}, line {line}: {what}")]
    Line {
        /// The file, in words.
        name: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        what: BadRow,
    },
}

/// Calls `take` for each record of a run; `name` is for errors. A last line that is torn is passed over.
///
/// # Errors
/// Reading fails, or a line is none of our records.
pub fn each_row<'a, E: From<DiffError>>(
    name: &str,
    mut reader: impl BufRead + 'a,
    mut take: impl FnMut(Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes);
        let read = read.map_err(|source| DiffError::Read { name: name.to_owned(), source })?;
        if read == 0 || (bytes.last() != Some(&b'\n') && serde_json::from_slice::<Row<'_>>(&bytes).is_err() && line > 1)
        {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let row = Row::parse(&bytes).map_err(|what| DiffError::Line { name: name.to_owned(), line, what })?;
        take(row)?;
    }
    Ok(())
}

impl Old {
    /// Takes in a record of the old run. Of several about the same, the last one counts. Records of what
    /// was left out say nothing.
    pub fn note(&mut self, row: &Row<'_>) {
        if row.counts() {
            self.rows.insert(row.key(), (row.facts(), Met::NotYet));
        }
    }

    /// What has changed with a record of the new run; nothing if it is as before, or says nothing.
    pub fn meet(&mut self, row: &Row<'_>, slower: Slower) -> Vec<Change> {
        if !row.counts() {
            return Vec::new();
        }
        match self.rows.get_mut(&row.key()) {
            None => vec![Change::New],
            Some((old, met)) => {
                *met = Met::Yes;
                compare(old, &row.facts(), slower)
            }
        }
    }

    /// What was known of it.
    pub fn facts(&self, row: &Row<'_>) -> Option<&Facts> {
        self.rows.get(&row.key()).map(|(facts, _)| facts)
    }

    /// Whether this record of the old run has not been met in the new one. Asked once for each.
    pub fn is_gone(&mut self, row: &Row<'_>) -> bool {
        let Some((_, met)) = self.rows.get_mut(&row.key()).filter(|_| row.counts()) else { return false };
        std::mem::replace(met, Met::Yes) == Met::NotYet
    }
}
