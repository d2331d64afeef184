//! A record as it is written, for the fuzz targets.

use super::{Encode as _, jsonl::Jsonl};
use crate::model::Record;

/// The line of a record.
pub(crate) fn line(record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory fails only where a record cannot be JSON.
    Jsonl::new(None).record(record, &mut out).expect("a record is JSON");
    out
}
