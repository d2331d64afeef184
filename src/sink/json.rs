//! Records as one JSON array, a record a line. Must not know where the bytes go.

use std::io;

use super::{Encode, Fields, jsonl::Object};
use crate::model::Record;

/// A JSON array; whole and valid as soon as its foot is written, with no record too.
pub(super) struct Json {
    object: Object,
    empty: bool,
}

impl Json {
    /// Whole records, or the `fields` of them.
    pub(super) fn new(fields: Option<Fields>) -> Self {
        Json { object: Object::new(fields), empty: true }
    }
}

impl Encode for Json {
    fn head(&mut self, out: &mut Vec<u8>) {
        out.push(b'[');
    }

    fn go_on(&mut self) {
        self.empty = false;
    }

    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        // The comma stands before a record, since nobody knows which one is the last.
        out.extend_from_slice(if self.empty { b"\n" } else { b",\n" });
        self.object.write(record, out)?;
        self.empty = false;
        Ok(())
    }

    fn foot(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n]\n");
    }
}
