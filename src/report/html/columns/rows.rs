//! Columns as rows again. Must not know how they were packed.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Key, ROWS, WAITS};

/// The columns that are needed at once, as they are written.
#[derive(Deserialize)]
struct AtOnce<'a> {
    rows: usize,
    #[serde(borrow)]
    order: Vec<Cow<'a, str>>,
    groups: BTreeMap<String, Vec<String>>,
    #[serde(borrow)]
    columns: BTreeMap<Key<'a>, Coded<'a>>,
}

/// The others.
#[derive(Default, Deserialize)]
struct More<'a> {
    #[serde(borrow)]
    columns: BTreeMap<Key<'a>, Coded<'a>>,
}

/// A column, as it is written.
#[derive(Deserialize)]
struct Coded<'a> {
    #[serde(borrow, default)]
    all: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    of: Vec<&'a RawValue>,
    #[serde(default)]
    at: Vec<usize>,
    #[serde(borrow, default)]
    list: Vec<&'a RawValue>,
    #[serde(rename = "as", default)]
    model: Option<String>,
    #[serde(borrow, default)]
    but: BTreeMap<usize, &'a RawValue>,
    #[serde(default)]
    none: Vec<usize>,
}

impl<'a> Coded<'a> {
    fn get(&self, row: usize) -> Option<&'a RawValue> {
        if self.none.binary_search(&row).is_ok() {
            return None;
        }
        let coded = self.at.get(row).and_then(|at| self.of.get(*at)).or_else(|| self.list.get(row));
        coded.or_else(|| self.all.first()).copied()
    }
}

/// Calls `take` with each row of a chunk as a line of JSON without its line end, and with what was known
/// beside it; `at_once` and `more` are [`super::unpacked`].
///
/// # Errors
/// What is wrong with the chunk, or what `take` says.
pub(in crate::report::html) fn rows_of<E: From<String>>(
    at_once: &[u8],
    more: Option<&[u8]>,
    mut take: impl FnMut(&[u8], Option<&str>) -> Result<(), E>,
) -> Result<(), E> {
    let damaged = |error: serde_json::Error| format!("its rows cannot be read ({error})");
    let first: AtOnce<'_> = serde_json::from_slice(at_once).map_err(damaged)?;
    let more: More<'_> = more.map_or(Ok(More::default()), serde_json::from_slice).map_err(damaged)?;
    if first.rows > ROWS {
        return Err(format!("a chunk of {} rows is none of ours", first.rows).into());
    }
    let column = |name: &str| first.columns.get(name).or_else(|| more.columns.get(name));
    let value = |name: &str, row: usize| {
        let coded = column(name)?;
        match &coded.model {
            None => coded.get(row),
            Some(_) if coded.none.binary_search(&row).is_ok() => None,
            Some(model) => coded.but.get(&row).copied().or_else(|| column(model)?.get(row)),
        }
    };
    let mut line = Vec::new();
    for row in 0..first.rows {
        line.clear();
        for name in &first.order {
            match first.groups.get(name.as_ref()) {
                None => {
                    if let Some(value) = value(name, row) {
                        pair(&mut line, name, value.get()).map_err(damaged)?;
                    }
                }
                Some(keys) => {
                    let mut inner = Vec::new();
                    for key in keys {
                        if let Some(value) = value(&format!("{name}.{key}"), row) {
                            pair(&mut inner, key, value.get()).map_err(damaged)?;
                        }
                    }
                    close(&mut inner);
                    pair(&mut line, name, &String::from_utf8_lossy(&inner)).map_err(damaged)?;
                }
            }
        }
        close(&mut line);
        take(&line, value(WAITS, row).map(RawValue::get))?;
    }
    Ok(())
}

fn pair(line: &mut Vec<u8>, key: &str, value: &str) -> serde_json::Result<()> {
    line.push(if line.is_empty() { b'{' } else { b',' });
    serde_json::to_writer(&mut *line, key)?;
    line.push(b':');
    line.extend_from_slice(value.as_bytes());
    Ok(())
}

fn close(line: &mut Vec<u8>) {
    if line.is_empty() {
        line.push(b'{');
    }
    line.push(b'}');
}
