//! A run as one value of JSON: the list of `--format json`, and the object of `check --format json`.
//!
//! One record at a time is in memory. Must not know what becomes of the records.

use std::io::BufRead;

use fetchall::report::html::AddError;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::source::{Fault, Take};

/// The key of the object of a check that has its links.
const FINDINGS: &str = "findings";

/// Whether a file that begins like this is one.
pub(super) fn are(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let key = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    text.starts_with(b"[") || key.is_some_and(|key| key.starts_with(b"\"findings\""))
}

/// Calls `take` with each record; says whether the end was torn off.
pub(super) fn each(name: &str, values: impl BufRead, take: &mut Take<'_>) -> Result<Option<&'static str>, Fault> {
    let mut state = State { take, taken: 0, fault: None };
    let mut reader = serde_json::Deserializer::from_reader(values);
    let read = Rows(&mut state).deserialize(&mut reader).and_then(|()| reader.end());
    match (state.fault, read) {
        (Some(fault), _) => Err(Fault::Run(format!("{name}, record {}: {fault}", state.taken + 1))),
        (None, Ok(())) => Ok(None),
        (None, Err(error)) if error.is_eof() && state.taken > 0 => Ok(Some("the end of its list is missing")),
        (None, Err(error)) if error.is_io() => Err(Fault::Run(format!("cannot read {name}: {error}"))),
        (None, Err(error)) => Err(Fault::Run(format!("{name}: it is no list of records ({error})"))),
    }
}

struct State<'a, 'b> {
    take: &'a mut Take<'b>,
    taken: u64,
    fault: Option<AddError>,
}

/// Reads a list, or the list within an object.
struct Rows<'s, 'a, 'b>(&'s mut State<'a, 'b>);

impl<'de> DeserializeSeed<'de> for Rows<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut rows: S) -> Result<(), S::Error> {
        while let Some(row) = rows.next_element::<Box<RawValue>>()? {
            // Within a string no line end stands raw: these are of the layout.
            let line: String = row.get().chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            if let Err(fault) = (self.0.take)(line.as_bytes(), None) {
                self.0.fault = Some(fault);
                return Err(S::Error::custom("refused"));
            }
            self.0.taken += 1;
        }
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key == FINDINGS {
                true => map.next_value_seed(Rows(self.0))?,
                false => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<String>, Result<bool, String>) {
        let mut lines = Vec::new();
        let read = each("run", text.as_bytes(), &mut |line, _| match line.starts_with(b"{") {
            true => {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
                Ok(())
            }
            false => Err(AddError::NoRecord("no object".to_owned())),
        });
        (lines, read.map(|torn| torn.is_some()).map_err(|fault| fault.to_string()))
    }

    #[test]
    fn records_of_a_list_come_one_by_one_and_keep_their_digits() {
        assert_eq!(lines("[\n{\"a\":1.50},\n{\"a\":1e3}\n]\n").0, ["{\"a\":1.50}", "{\"a\":1e3}"]);
        let pretty =
            "{\n  \"findings\": [\n    {\n      \"a\": \"x\\ny\"\n    }\n  ],\n  \"summary\": {\"links\": 1}\n}";
        assert!(are(pretty.as_bytes()) && are(b" [") && !are(b"{\"ok\":true}"));
        let (found, read) = lines(pretty);
        assert_eq!((found.len(), read), (1, Ok(false)));
        assert!(!found[0].contains('\n') && found[0].contains("x\\ny"));
        assert_eq!(lines("[\n\n]\n"), (vec![], Ok(false)));
    }

    #[test]
    fn a_list_without_its_end_gives_what_it_has() {
        let (found, read) = lines("[\n{\"a\":1},\n{\"a\":");
        assert_eq!((found.len(), read), (1, Ok(true)));
        assert!(lines("[1]").1.unwrap_err().starts_with("run, record 1: it is no record"));
        assert!(lines("[{\"a\":1} x").1.unwrap_err().contains("no list of records"));
    }
}
