//! Rows that are gathered until they are worth packing: each key of theirs is a column.
//!
//! Must not know what becomes of the packed texts.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
};

use serde_json::value::RawValue;

use super::{AT_ONCE, BYTES, LIKE_URL, OWN, Object, ROWS, SPREAD, WAITS, column::Column, packed};

/// Rows that are gathered until they are worth packing.
#[derive(Default)]
pub(in crate::report::html) struct Chunk {
    rows: usize,
    bytes: usize,
    /// Keys in the order of the records.
    order: Vec<String>,
    /// The keys of each object of [`SPREAD`], where all rows have the same.
    groups: BTreeMap<&'static str, Group>,
    columns: HashMap<String, Column>,
}

/// How an object is kept.
enum Group {
    /// As a column for each of its keys.
    Spread(Vec<String>),
    /// As it is: its keys differ.
    Whole,
}

/// A chunk, packed: gzip, then base64.
pub(in crate::report::html) struct Packed {
    /// The columns that are needed at once.
    pub at_once: String,
    /// The others; `None` if there is none.
    pub more: Option<String>,
}

impl Chunk {
    /// Takes a row in, and what is known beside it; `true` if the chunk is to be packed now.
    ///
    /// # Errors
    /// It is no object of JSON.
    pub(in crate::report::html) fn push(
        &mut self,
        line: &[u8],
        waits: Option<&str>,
    ) -> Result<bool, serde_json::Error> {
        let Object(pairs) = serde_json::from_slice(line)?;
        let row = self.rows;
        let mut place = 0;
        for (key, value) in &pairs {
            if key.starts_with(OWN) {
                continue;
            }
            place = self.place_of(key, place);
            match SPREAD.iter().find(|name| **name == key.as_ref()) {
                Some(name) => self.push_object(row, name, value.get()),
                None => self.column(key).push(row, value.get()),
            }
        }
        if let Some(waits) = waits {
            self.column(WAITS).push(row, waits);
        }
        self.rows += 1;
        self.bytes += line.len();
        Ok(self.rows >= ROWS || self.bytes >= BYTES)
    }

    /// Whether nothing was taken in since it was packed.
    pub(in crate::report::html) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn column(&mut self, name: &str) -> &mut Column {
        // Most keys are there already, and a lookup needs no String.
        if !self.columns.contains_key(name) {
            self.columns.insert(name.to_owned(), Column::default());
        }
        self.columns.entry(name.to_owned()).or_default()
    }

    /// Where the key stands among all keys, from 1; one that is new goes behind the one before it.
    fn place_of(&mut self, key: &str, before: usize) -> usize {
        if self.order.get(before).is_some_and(|known| known == key) {
            return before + 1;
        }
        match self.order.iter().position(|known| known == key) {
            Some(at) => at + 1,
            None => {
                self.order.insert(before, key.to_owned());
                before + 1
            }
        }
    }

    /// One of [`SPREAD`]: spread out as long as all rows have it and the same keys.
    fn push_object(&mut self, row: usize, name: &'static str, value: &str) {
        let inner = serde_json::from_str::<Object<'_>>(value).ok().map(|Object(pairs)| pairs);
        let keys = |pairs: &[(Cow<'_, str>, &RawValue)]| pairs.iter().map(|(key, _)| key.to_string()).collect();
        if row == 0 {
            let group = inner.as_deref().map_or(Group::Whole, |pairs| Group::Spread(keys(pairs)));
            self.groups.insert(name, group);
        }
        let fits = match (self.groups.get(name), &inner) {
            (Some(Group::Spread(known)), Some(pairs)) => {
                known.len() == pairs.len() && known.iter().zip(pairs).all(|(known, (key, _))| known == key)
            }
            _ => false,
        };
        match inner.filter(|_| fits) {
            Some(pairs) => {
                for (key, value) in pairs {
                    self.column(&format!("{name}.{key}")).push(row, value.get());
                }
            }
            None => {
                self.gather(name, row);
                self.column(name).push(row, value);
            }
        }
    }

    /// Puts together again what was spread out in the rows before this one.
    fn gather(&mut self, name: &'static str, rows: usize) {
        let Some(Group::Spread(keys)) = self.groups.insert(name, Group::Whole) else { return };
        let parts: Vec<_> =
            keys.iter().filter_map(|key| Some((key, self.columns.remove(&format!("{name}.{key}"))?))).collect();
        for row in 0..rows {
            let inner = parts
                .iter()
                .filter_map(|(key, column)| Some(format!("{}:{}", serde_json::to_string(key).ok()?, column.get(row)?)));
            let inner = inner.collect::<Vec<_>>();
            if !inner.is_empty() {
                self.column(name).push(row, &format!("{{{}}}", inner.join(",")));
            }
        }
    }

    /// Packs what was taken in, and begins anew.
    ///
    /// # Errors
    /// None that a reader could bring about: packing goes to memory.
    pub(in crate::report::html) fn pack(&mut self) -> io::Result<Packed> {
        // Rows in which a spread object is missing would come back with an object of nothing.
        for name in SPREAD {
            let is_spread = matches!(self.groups.get(name), Some(Group::Spread(keys)) if keys
                .first()
                .and_then(|key| self.columns.get(&format!("{name}.{key}")))
                .is_none_or(|column| column.has_gaps(self.rows)));
            if is_spread {
                self.gather(name, self.rows);
            }
        }
        let chunk = std::mem::take(self);
        let names = chunk.columns.keys().collect::<BTreeSet<_>>();
        let (at_once, more): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| {
            let top = SPREAD.iter().find(|group| name.strip_prefix(*group).is_some_and(|rest| rest.starts_with('.')));
            top.is_some() || SPREAD.contains(&name.as_str()) || AT_ONCE.contains(&name.as_str())
        });
        let groups: BTreeMap<_, _> = chunk
            .groups
            .iter()
            .filter_map(|(name, group)| if let Group::Spread(keys) = group { Some((*name, keys)) } else { None })
            .collect();
        let head = format!(
            "{{\"rows\":{},\"order\":{},\"groups\":{},",
            chunk.rows,
            serde_json::to_string(&chunk.order)?,
            serde_json::to_string(&groups)?
        );
        Ok(Packed {
            at_once: packed(&format!("{head}{}}}", chunk.columns_of(&at_once)?))?,
            more: match more.is_empty() {
                true => None,
                false => Some(packed(&format!("{{{}}}", chunk.columns_of(&more)?))?),
            },
        })
    }

    fn columns_of(&self, names: &[&String]) -> io::Result<String> {
        let url = self.columns.get("url").map(|url| ("url", url));
        let mut text = "\"columns\":{".to_owned();
        for (at, name) in names.iter().enumerate() {
            let Some(column) = self.columns.get(*name) else { continue };
            if at > 0 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(name)?);
            text.push(':');
            text.push_str(&column.encode(self.rows, url.filter(|_| LIKE_URL.contains(&name.as_str()))));
        }
        text.push('}');
        Ok(text)
    }
}
