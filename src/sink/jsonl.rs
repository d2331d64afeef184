//! Records as JSON Lines. Must not know where the bytes go.

use std::io;

use super::{Encode, Fields};
use crate::model::{Record, escape};

/// One JSON object a line, LF, UTF-8.
pub(super) struct Jsonl {
    object: Object,
}

impl Jsonl {
    /// Whole records, or the `fields` of them.
    pub(super) fn new(fields: Option<Fields>) -> Self {
        Jsonl { object: Object::new(fields) }
    }
}

impl Encode for Jsonl {
    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        self.object.write(record, out)?;
        out.push(b'\n');
        Ok(())
    }
}

/// Writes one JSON object: the whole record, or the fields asked for, `null` where absent.
pub(super) struct Object {
    fields: Option<Fields>,
    whole: Vec<u8>,
}

impl Object {
    pub(super) fn new(fields: Option<Fields>) -> Self {
        Object { fields, whole: Vec::new() }
    }

    pub(super) fn write(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        let from = out.len();
        self.write_as_it_is(record, out)?;
        // Whoever looks at the lines in a terminal must be safe from what servers put into them.
        escape::json(out, from);
        Ok(())
    }

    fn write_as_it_is(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(fields) = &self.fields else {
            return serde_json::to_writer(out, record).map_err(io::Error::from);
        };
        self.whole.clear();
        serde_json::to_writer(&mut self.whole, record)?;
        out.push(b'{');
        for (at, (name, value)) in fields.names().iter().zip(fields.pick(&self.whole)?).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            serde_json::to_writer(&mut *out, name)?;
            out.push(b':');
            out.extend_from_slice(value.map_or("null", |value| value.get()).as_bytes());
        }
        out.push(b'}');
        Ok(())
    }
}
