//! Rows of JSON as columns, and back again: the one place that knows how they are told apart.
//!
//! A chunk of rows becomes two packed texts: `rows` has the columns that the page needs at once
//! ([`AT_ONCE`]), `more` has the others, which it unpacks when somebody looks at a row. Values are kept as
//! the JSON text that they came as, so what comes back is the same, digit for digit. Any key of any
//! record has a column; none of them must be known here.
//!
//! A column is written as the shortest of
//! - `{"all": [VALUE]}`: the same in every row;
//! - `{"of": [VALUE, …], "at": [INDEX, …]}`: few values, and which of them each row has;
//! - `{"as": COLUMN, "but": {ROW: VALUE}}`: what another column has, but for these rows;
//! - `{"list": [VALUE, …]}`: one for each row;
//!
//! with `"none": [ROW, …]` where rows have no such key. Must not know files, pages or what values mean.

use std::{
    borrow::{Borrow, Cow},
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    ops::Range,
};

use base64::Engine as _;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Rows of a chunk at most.
const ROWS: usize = 4096;
/// Bytes of JSON in a chunk at most, one row apart.
const BYTES: usize = 8 << 20;
/// Bytes that a chunk may unpack to: more are no report of ours, or an attempt to fill the memory.
const UNPACKED: u64 = 1 << 30;

/// Keys whose objects have a column for each key of theirs.
const SPREAD: [&str; 1] = ["timings"];
/// Columns that mostly say what `url` says.
const LIKE_URL: [&str; 2] = ["input", "final_url"];
/// What no record has: our own waiting by cause, `[["slot", 12.5], …]` in milliseconds, in the order of
/// the tries. Columns of this first letter are not given back.
pub(super) const WAITS: &str = "~waits";
/// First letter of what is not of the record.
const OWN: char = '~';
/// Columns that lists, charts and searches need. All others wait.
const AT_ONCE: [&str; 28] = [
    "v",
    "type",
    "seq",
    "ok",
    "outcome",
    "input",
    "url",
    "final_url",
    "host",
    "method",
    "status",
    "error",
    "skip",
    "started_at",
    "attempts",
    "content_type",
    "bytes",
    "wire_bytes",
    "title",
    "redirects",
    "depth",
    "parent",
    "rule",
    "severity",
    "source",
    "suggestion",
    "total_ms",
    WAITS,
];

/// The keys and values of one object, in its order.
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut pairs = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    pairs.push((key, value));
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A key, borrowed where it has nothing escaped.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// One column of the rows that were taken in.
#[derive(Default)]
struct Column {
    /// Their values, one behind the other.
    text: String,
    /// Where each begins and ends; `None` where the row has no such key.
    cells: Vec<Option<Range<usize>>>,
}

impl Column {
    fn push(&mut self, row: usize, value: &str) {
        self.cells.resize(row, None);
        let from = self.text.len();
        self.text.push_str(value);
        self.cells.push(Some(from..self.text.len()));
    }

    fn get(&self, row: usize) -> Option<&str> {
        self.cells.get(row)?.clone().and_then(|cell| self.text.get(cell))
    }

    /// The values of `rows` rows; `null` where there is none.
    fn values(&self, rows: usize) -> impl Iterator<Item = &str> {
        (0..rows).map(|row| self.get(row).unwrap_or("null"))
    }

    /// The shortest way to write it. `model` is another column that may say the same.
    fn encode(&self, rows: usize, model: Option<(&str, &Column)>) -> String {
        let mut kinds: HashMap<&str, usize> = HashMap::new();
        let mut of: Vec<&str> = Vec::new();
        let at: Vec<usize> = self
            .values(rows)
            .map(|value| {
                *kinds.entry(value).or_insert_with(|| {
                    of.push(value);
                    of.len() - 1
                })
            })
            .collect();
        let mut text = if of.len() == 1 {
            format!("{{\"all\":[{}]", of[0])
        } else if of.len() * 2 <= rows {
            let at = at.iter().map(usize::to_string).collect::<Vec<_>>();
            format!("{{\"of\":[{}],\"at\":[{}]", of.join(","), at.join(","))
        } else {
            self.as_model(rows, model)
                .unwrap_or_else(|| format!("{{\"list\":[{}]", self.values(rows).collect::<Vec<_>>().join(",")))
        };
        let none: Vec<_> = (0..rows).filter(|row| self.get(*row).is_none()).map(|row| row.to_string()).collect();
        if !none.is_empty() {
            // Writing to a String cannot fail, here and below.
            let _ = write!(text, ",\"none\":[{}]", none.join(","));
        }
        text.push('}');
        text
    }

    fn as_model(&self, rows: usize, model: Option<(&str, &Column)>) -> Option<String> {
        let (name, model) = model?;
        let differ: Vec<_> = (0..rows).filter(|row| self.get(*row) != model.get(*row)).collect();
        if differ.len() * 2 > rows {
            return None;
        }
        let but =
            differ.into_iter().map(|row| format!("\"{row}\":{}", self.get(row).unwrap_or("null"))).collect::<Vec<_>>();
        Some(format!("{{\"as\":\"{name}\",\"but\":{{{}}}", but.join(",")))
    }
}

/// Rows that are gathered until they are worth packing.
#[derive(Default)]
pub(super) struct Chunk {
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
pub(super) struct Packed {
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
    pub(super) fn push(&mut self, line: &[u8], waits: Option<&str>) -> Result<bool, serde_json::Error> {
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
    pub(super) fn is_empty(&self) -> bool {
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
            let inner = parts.iter().filter_map(|(key, column)| {
                Some(format!("{}:{}", serde_json::to_string(key).ok()?, column.get(row)?))
            });
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
    pub(super) fn pack(&mut self) -> io::Result<Packed> {
        // Rows in which a spread object is missing would come back with an object of nothing.
        for name in SPREAD {
            let is_spread = matches!(self.groups.get(name), Some(Group::Spread(keys)) if keys
                .first()
                .and_then(|key| self.columns.get(&format!("{name}.{key}")))
                .is_none_or(|column| column.cells.len() < self.rows || column.cells.contains(&None)));
            if is_spread {
                self.gather(name, self.rows);
            }
        }
        let chunk = std::mem::take(self);
        let names = chunk.columns.keys().collect::<std::collections::BTreeSet<_>>();
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

fn packed(text: &str) -> io::Result<String> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes())?;
    Ok(base64::engine::general_purpose::STANDARD.encode(gzip.finish()?))
}

/// Unpacks one of the two texts of a chunk.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn unpacked(text: &str) -> Result<Vec<u8>, String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim());
    let bytes = bytes.map_err(|error| format!("its rows are no base64 ({error})"))?;
    let mut json = Vec::new();
    let mut gzip = flate2::read::GzDecoder::new(bytes.as_slice()).take(UNPACKED + 1);
    gzip.read_to_end(&mut json).map_err(|error| format!("its rows cannot be unpacked ({error})"))?;
    if json.len() as u64 > UNPACKED {
        return Err("its rows unpack to more than 1 GiB".to_owned());
    }
    Ok(json)
}

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
/// beside it; `at_once` and `more` are [`unpacked`].
///
/// # Errors
/// What is wrong with the chunk, or what `take` says.
pub(super) fn rows_of<E: From<String>>(
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines through a chunk and back.
    fn there_and_back(lines: &[&str]) -> Vec<String> {
        let mut chunk = Chunk::default();
        for line in lines {
            chunk.push(line.as_bytes(), None).unwrap();
        }
        let packed = chunk.pack().unwrap();
        assert!(chunk.is_empty());
        let (at_once, more) = (unpacked(&packed.at_once).unwrap(), packed.more.map(|more| unpacked(&more).unwrap()));
        let mut back = Vec::new();
        rows_of::<String>(&at_once, more.as_deref(), |line, _| {
            back.push(String::from_utf8(line.to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        back
    }

    #[test]
    fn rows_come_back_digit_for_digit_and_in_their_order() {
        let lines = [
            r#"{"v":1,"seq":0,"url":"http://h/a","input":"http://h/a","timings":{"queue_ms":0.0,"total_ms":12.50},"n":1e3}"#,
            r#"{"v":1,"seq":1,"id":"x\u202ey","url":"http://h/b","input":"h/b","timings":{"queue_ms":null,"total_ms":1.0},"data":{"z":1,"a":[2]}}"#,
            r#"{"v":1,"seq":2,"url":null,"input":"h/c","timings":{"queue_ms":3.25,"total_ms":null},"n":null}"#,
            r#"{"v":1,"seq":3,"url":"http://h/b","input":"http://h/b","timings":{"queue_ms":3.25,"total_ms":null}}"#,
        ];
        assert_eq!(there_and_back(&lines), lines);
    }

    #[test]
    fn an_object_whose_keys_differ_is_kept_as_it_is() {
        let lines = [
            r#"{"seq":0,"timings":{"queue_ms":1,"total_ms":2}}"#,
            r#"{"seq":1,"timings":{"total_ms":2}}"#,
            r#"{"seq":2,"timings":null}"#,
            r#"{"seq":3}"#,
            r#"{"seq":4,"timings":{"queue_ms":1,"total_ms":2}}"#,
        ];
        assert_eq!(there_and_back(&lines), lines);
        let missing = [r#"{"seq":0,"timings":{"a":1}}"#, r#"{"seq":1}"#, r#"{"seq":2,"timings":{"a":1}}"#];
        assert_eq!(there_and_back(&missing), missing);
        let late = [r#"{"seq":0}"#, r#"{"seq":1,"timings":{"a":1}}"#, r#"{}"#];
        assert_eq!(there_and_back(&late), late);
    }

    #[test]
    fn what_most_rows_share_is_written_once() {
        let column = |values: &[Option<&str>]| {
            let mut column = Column::default();
            for (row, value) in values.iter().enumerate() {
                value.iter().for_each(|value| column.push(row, value));
            }
            column
        };
        let [one, two] = [Some("1"), Some("2")];
        assert_eq!(column(&[one, one]).encode(2, None), r#"{"all":[1]}"#);
        assert_eq!(column(&[one, two, one, one]).encode(4, None), r#"{"of":[1,2],"at":[0,1,0,0]}"#);
        assert_eq!(column(&[one, None, two]).encode(3, None), r#"{"list":[1,null,2],"none":[1]}"#);
        let url = column(&[Some("1"), Some("3"), Some("4")]);
        let like = column(&[Some("1"), Some("5"), Some("4")]);
        assert_eq!(like.encode(3, Some(("url", &url))), r#"{"as":"url","but":{"1":5}}"#);
    }

    #[test]
    fn what_is_known_beside_a_row_is_no_part_of_it() {
        let mut chunk = Chunk::default();
        chunk.push(br#"{"seq":0,"~waits":"from outside"}"#, Some(r#"[["slot",1.5]]"#)).unwrap();
        chunk.push(br#"{"seq":1}"#, None).unwrap();
        let packed = chunk.pack().unwrap();
        let mut back = Vec::new();
        rows_of::<String>(&unpacked(&packed.at_once).unwrap(), None, |line, waits| {
            back.push((String::from_utf8(line.to_vec()).unwrap(), waits.map(str::to_owned)));
            Ok(())
        })
        .unwrap();
        assert_eq!(back[0], (r#"{"seq":0}"#.into(), Some(r#"[["slot",1.5]]"#.into())));
        assert_eq!(back[1], (r#"{"seq":1}"#.into(), None));
    }

    #[test]
    fn a_damaged_chunk_is_an_error_and_no_panic() {
        assert!(unpacked("not base64!").is_err());
        assert!(unpacked("aGVsbG8=").unwrap_err().contains("unpacked"));
        let read = |text: &str| rows_of::<String>(text.as_bytes(), None, |_, _| Ok(()));
        assert!(read("{}").is_err());
        let few = r#"{"rows":3,"order":["a"],"groups":{},"columns":{"a":{"of":[1],"at":[0,9]}}}"#;
        assert!(read(few).is_ok(), "rows without a value have none");
        assert!(read(r#"{"rows":999999999,"order":[],"groups":{},"columns":{}}"#).is_err());
        let itself = r#"{"rows":1,"order":["a"],"groups":{},"columns":{"a":{"as":"a","but":{}}}}"#;
        assert!(read(itself).is_ok(), "and nothing follows itself for ever");
    }
}
