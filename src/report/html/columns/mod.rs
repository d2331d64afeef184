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

mod chunk;
mod column;
mod rows;

use std::{
    borrow::{Borrow, Cow},
    io::{self, Read as _, Write as _},
};

use base64::Engine as _;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

pub(super) use self::{chunk::Chunk, rows::rows_of};

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
/// the tries. Where there were several, each has when it began, its status and its code behind that:
/// `["backoff", 500.0, 812.0, 503, "http.server_error"]`. Columns of this first letter are not given back.
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
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

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
