//! Every link as one line of JSON: the `link` record.

use std::io;

use serde::Serialize;

use crate::model::{Finding, escape};

/// A line for each, in the order they came.
pub(super) fn write(findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
    findings.iter().try_for_each(|finding| line(finding, out))
}

/// One value, then a line end. What a terminal would act on is escaped.
pub(super) fn line(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = bytes(value)?;
    text.push(b'\n');
    out.write_all(&text)
}

/// Values as an array, one a line; without a line end behind it.
pub(super) fn array<T: Serialize>(values: impl IntoIterator<Item = T>, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (at, value) in values.into_iter().enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        out.write_all(&bytes(&value)?)?;
    }
    out.write_all(b"\n]")
}

fn bytes(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(value)?;
    escape::json(&mut text, 0);
    Ok(text)
}
