//! The steps of a crawl in the journal's file.
//!
//! ```text
//! trail    seq, key, data, sum      a step; the last one of a number counts
//! ```
//!
//! A key is 16 bytes, and one more if it is no page's.
//!
//! The table is there once a crawl has begun. Steps are written before the outputs have their records, so
//! one may be here whose number is in no batch.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Row as SqlRow, TransactionBehavior, params};

use super::{Store, damaged, fault, sums};
use crate::{
    journal::{JournalError, trail::Rows},
    model::Step,
};

/// Keys that are read at a time.
const KEYS: i64 = 4_096;
/// Steps that are read at a time, and bytes of them after which no more are.
const STEPS: i64 = 256;
const BYTES: usize = 1 << 20;

/// Bytes above which a step is packed: below that little is won.
const PACKED_ABOVE: usize = 160;
/// How hard it is packed: quick rather than small.
const LEVEL: i32 = 1;
/// The longest that a step can be: a page of 64 MiB has no more in links.
const MOST: usize = 1 << 30;

/// Stands behind a key that is no page's.
const NO_PAGE: u8 = 1;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS trail (seq INTEGER PRIMARY KEY, key BLOB, data BLOB NOT NULL, sum INTEGER)";

impl Store {
    /// Makes room for steps, if there is none yet.
    pub fn begin_trail(&self) -> Result<(), JournalError> {
        self.run(TABLE, [])
    }

    /// Writes steps down.
    pub fn note<'a>(&mut self, steps: impl Iterator<Item = (u64, &'a Step)>) -> Result<(), JournalError> {
        let note = |store: &mut Store| {
            let all = store.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (seq, step) in steps {
                let mut statement = all.prepare_cached("INSERT OR REPLACE INTO trail VALUES (?1, ?2, ?3, ?4)")?;
                let (key, data) = (key_bytes(step), pack(&step.data));
                let sum = sum(seq, key.as_deref(), &data);
                statement.execute(params![seq.cast_signed(), key, data, sum])?;
            }
            all.commit()
        };
        note(self).map_err(|error| fault(&self.path, error))
    }

    /// Rows behind a number, as far as `most` and as long as `read` wants more.
    fn rows_after<T>(
        &self,
        (columns, after, most): (&str, Option<u64>, i64),
        mut read: impl FnMut(u64, &SqlRow<'_>) -> rusqlite::Result<(Option<T>, bool)>,
    ) -> Result<Vec<T>, JournalError> {
        let select = format!("SELECT seq, {columns} FROM trail WHERE seq > ?1 ORDER BY seq LIMIT ?2");
        let mut out = Vec::new();
        let mut all = || {
            let mut statement = self.db.prepare_cached(&select)?;
            let mut rows = statement.query(params![after.map_or(-1, u64::cast_signed), most])?;
            while let Some(row) = rows.next()? {
                let (one, goes_on) = read(row.get::<_, i64>(0)?.cast_unsigned(), row)?;
                out.push(one);
                if !goes_on {
                    break;
                }
            }
            rusqlite::Result::Ok(())
        };
        all().map_err(|error| fault(&self.path, error))?;
        let whole: Option<Vec<T>> = out.into_iter().collect();
        whole.ok_or_else(|| damaged(&self.path, "a step of the crawl cannot be read"))
    }
}

fn sum(seq: u64, key: Option<&[u8]>, data: &[u8]) -> i64 {
    sums::of(&[&seq.to_le_bytes(), key.unwrap_or_default(), data])
}

/// The key of a step as it is kept.
fn key_bytes(step: &Step) -> Option<Vec<u8>> {
    let mark: &[u8] = if step.is_page { &[] } else { &[NO_PAGE] };
    step.key.map(|key| [&key.to_be_bytes(), mark].concat())
}

/// A key as it is kept, and whether it is a page's; `Some((None, true))` is none, `None` is no key.
fn key(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Option<(Option<u128>, bool)>> {
    let bytes: Option<Vec<u8>> = row.get(at)?;
    let Some(bytes) = bytes else { return Ok(Some((None, true))) };
    let Some((key, mark)) = bytes.split_first_chunk() else { return Ok(None) };
    let is_page = mark.is_empty();
    Ok((is_page || mark == [NO_PAGE]).then_some((Some(u128::from_be_bytes(*key)), is_page)))
}

impl Rows for Mutex<Store> {
    fn keys(&self, after: Option<u64>) -> Result<Vec<(u64, Option<u128>, bool)>, JournalError> {
        let store = self.lock().unwrap_or_else(PoisonError::into_inner);
        store.rows_after(("key", after, KEYS), |seq, row| {
            Ok((key(row, 1)?.map(|(key, is_page)| (seq, key, is_page)), true))
        })
    }

    fn steps(&self, after: Option<u64>) -> Result<Vec<(u64, Step)>, JournalError> {
        let store = self.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        store.rows_after(("key, data, sum", after, STEPS), |seq, row| {
            let (told, data): (Option<Vec<u8>>, Vec<u8>) = (row.get(1)?, row.get(2)?);
            bytes += data.len();
            let cells = [&seq.to_le_bytes()[..], told.as_deref().unwrap_or_default(), &data];
            let key = if sums::holds(row, 3, &cells)? { key(row, 1)? } else { None };
            let step = key.and_then(|(key, is_page)| Some((seq, Step { key, is_page, data: unpack(&data)? })));
            Ok((step, bytes < BYTES))
        })
    }
}

/// Data of a step as it is kept: a byte that says whether it is packed, then the length it had if it is.
fn pack(data: &[u8]) -> Vec<u8> {
    let packed = (data.len() > PACKED_ABOVE).then(|| zstd::bulk::compress(data, LEVEL).ok()).flatten();
    match (packed, u32::try_from(data.len())) {
        (Some(packed), Ok(len)) if packed.len() < data.len() => [&[1], &len.to_le_bytes()[..], &packed].concat(),
        _ => [&[0], data].concat(),
    }
}

/// What [`pack`] was given; `None` if the bytes are nothing of the kind.
fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.split_first()? {
        (0, data) => Some(data.to_vec()),
        (1, rest) => {
            let (len, packed) = rest.split_first_chunk()?;
            let len = usize::try_from(u32::from_le_bytes(*len)).ok().filter(|len| *len <= MOST)?;
            // A length that nothing stands behind takes no memory.
            let most = len.min(packed.len().saturating_mul(1 << 16));
            zstd::bulk::decompress(packed, most).ok().filter(|data| data.len() == len)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_step_comes_back_as_it_was(data in proptest::collection::vec(0_u8..4, 0..2_000)) {
            let packed = pack(&data);
            prop_assert!(packed.len() <= data.len() + 1);
            prop_assert_eq!(unpack(&packed), Some(data));
        }

        #[test]
        fn bytes_of_any_kind_are_a_step_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = unpack(&bytes);
        }
    }
}
