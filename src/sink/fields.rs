//! Which parts of a record are wanted: `--fields url,status,timings.total_ms`.
//!
//! What can be asked for, and what it means, comes from the record's own schema, so that neither
//! can drift. Values are picked out of the serialised record as they stand there, so that numbers
//! keep every digit. Must not know formats.

use std::{borrow::Cow, collections::HashMap, io};

use serde_json::{Value, value::RawValue};

use crate::model::units;

/// The columns of CSV and TSV, before those of what is extracted.
const COLUMNS: [&str; 13] = [
    "seq",
    "ok",
    "outcome",
    "status",
    "url",
    "final_url",
    "error.code",
    "skip.code",
    "content_type",
    "bytes",
    "timings.total_ms",
    "attempts",
    "title",
];

/// Those of pages after them.
const PAGE_COLUMNS: [&str; 4] = ["depth", "parent", "found_in", "canonical"];

/// Paths into a record, in the order asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(Vec<String>);

impl Fields {
    /// Reads a comma-separated list of keys and dotted paths of a record with this schema; the error
    /// names the nearest.
    pub fn parse(list: &str, schema: &Value) -> Result<Fields, String> {
        let known = known(schema);
        let mut names: Vec<String> = Vec::new();
        for name in list.split(',').map(str::trim) {
            if name.is_empty() {
                return Err(format!("`{list}` has an empty field; write url,status,timings.total_ms"));
            }
            known_or_tip(name, &known)?;
            if names.iter().any(|other| other == name) {
                return Err(format!("field `{name}` is named twice"));
            }
            names.push(name.to_owned());
        }
        Ok(Fields(names))
    }

    /// The usual columns of a table, and these behind them.
    pub(super) fn columns(more: &[String]) -> Fields {
        Fields(COLUMNS.iter().map(|&name| name.to_owned()).chain(more.iter().cloned()).collect())
    }

    /// The same, of pages.
    pub fn page_columns(more: &[String]) -> Fields {
        let Fields(mut columns) = Fields::columns(more);
        let at = COLUMNS.len();
        columns.splice(at..at, PAGE_COLUMNS.map(str::to_owned));
        Fields(columns)
    }

    /// The paths.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// What `--fields help` prints: every field with its type and meaning.
    pub fn help(schema: &Value) -> String {
        let known = known(schema);
        let width = |cell: fn(&Known) -> &str| known.iter().map(|field| cell(field).len()).max().unwrap_or_default();
        let (names, kinds) = (width(|field| &field.path), width(|field| &field.kind));
        let mut text = String::new();
        for Known { path, kind, meaning, .. } in &known {
            text.push_str(format!("{path:names$}  {kind:kinds$}  {meaning}").trim_end());
            text.push('\n');
        }
        text
    }

    /// The values in a serialised record; `None` where there is nothing.
    pub(super) fn pick<'a>(&self, record: &'a [u8]) -> io::Result<Vec<Option<&'a RawValue>>> {
        let top: Object<'a> = serde_json::from_slice(record)?;
        Ok(self.0.iter().map(|path| descend(&top, path)).collect())
    }
}

type Object<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

fn descend<'a>(object: &Object<'a>, path: &str) -> Option<&'a RawValue> {
    // A selector or a tag may have a dot in its name.
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let inner = object.get(&path[..dot]).filter(|inner| inner.get().starts_with('{'))?;
        descend(&serde_json::from_str(inner.get()).ok()?, &path[dot + 1..])
    })
}

/// A field that a record can have.
struct Known {
    path: String,
    kind: String,
    meaning: String,
    /// Whether any name may follow after a dot (`data`, `tags`, `headers`).
    open: bool,
}

fn known_or_tip(name: &str, known: &[Known]) -> Result<(), String> {
    let is_known = |field: &Known| {
        let rest = name.strip_prefix(field.path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || (field.open && rest.len() > 1 && rest.starts_with('.')))
    };
    if known.iter().any(is_known) {
        return Ok(());
    }
    match units::nearest(name, known.iter().map(|field| field.path.as_str())) {
        Some(near) => Err(format!("unknown field `{name}`; did you mean `{near}`? (--fields help lists all)")),
        None => Err(format!("unknown field `{name}`; --fields help lists all")),
    }
}

/// Every field of the schema, parents before their parts.
fn known(schema: &Value) -> Vec<Known> {
    let mut found = Vec::new();
    collect(schema, schema, "", &mut found);
    found
}

fn collect(root: &Value, object: &Value, prefix: &str, found: &mut Vec<Known>) {
    for (key, property) in object["properties"].as_object().into_iter().flatten() {
        let path = format!("{prefix}{key}");
        let target = resolve(root, property);
        let open =
            target["additionalProperties"] != Value::Null && target["additionalProperties"] != Value::Bool(false);
        let meaning = property["description"].as_str().or(target["description"].as_str()).unwrap_or_default();
        found.push(Known { kind: kind(target), meaning: meaning.replace('\n', " "), open, path: path.clone() });
        // The record is no tree of itself, but a schema could be: three levels are more than it has.
        if prefix.matches('.').count() < 3 {
            collect(root, target, &format!("{path}."), found);
        }
    }
}

/// The schema behind `$ref` and "this or null".
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    let schema = choices.into_iter().find(|choice| choice["type"] != "null").unwrap_or(schema);
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}

/// The JSON type, without "or null": every field but the first few can be absent.
fn kind(schema: &Value) -> String {
    let name = match &schema["type"] {
        Value::String(name) => Some(name.as_str()),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|&name| name != "null"),
        _ => schema["oneOf"][0]["type"].as_str(),
    };
    match name {
        Some("array") => "list".to_owned(),
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record;

    fn parse(list: &str) -> Result<Fields, String> {
        Fields::parse(list, &record::schema())
    }

    fn pick(list: &str, json: &str) -> Vec<Option<String>> {
        let fields = parse(list).unwrap();
        fields.pick(json.as_bytes()).unwrap().into_iter().map(|value| value.map(|raw| raw.get().to_owned())).collect()
    }

    #[test]
    fn keys_and_dotted_paths_are_known_from_the_schema() {
        let fields = parse("seq, type,error.code,skip.of,timings.total_ms,tls.issuer,data.a.b,tags.x,headers.etag,id");
        assert_eq!(fields.unwrap().names().len(), 10);
        assert!(parse(&COLUMNS.join(",")).is_ok());
    }

    #[test]
    fn pages_have_fields_of_their_own() {
        let page = record::page_schema();
        assert!(Fields::parse("depth,parent,links.internal,links.urls,title", &page).is_ok());
        assert!(Fields::parse(&Fields::page_columns(&["data.a".to_owned()]).names().join(","), &page).is_ok());
        assert!(parse("depth").is_err());
    }

    #[test]
    fn an_unknown_field_names_the_nearest() {
        let error = |list: &str| parse(list).unwrap_err();
        assert_eq!(error("url,stauts"), "unknown field `stauts`; did you mean `status`? (--fields help lists all)");
        assert!(error("timings.total").contains("did you mean `timings.total_ms`?"));
        assert!(error("waits").contains("unknown field"), "not part of the row");
        assert!(error("url.x").contains("unknown field"));
        assert!(error("data.").contains("unknown field"));
        assert!(error("url,,ok").contains("empty field"));
        assert!(error("url,url").contains("twice"));
    }

    #[test]
    fn values_are_picked_as_they_stand() {
        let json = r#"{"id":12345678901234567890.50,"url":"a\u00e9","error":null,"tags":{"n":1e999,"a.b":{"c":[1, 2]},"é":1}}"#;
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            pick("id,url,error.code,tags.n,tags.a.b.c,tags.é,status", json),
            [
                some("12345678901234567890.50"),
                some(r#""a\u00e9""#),
                None,
                some("1e999"),
                some("[1, 2]"),
                some("1"),
                None
            ]
        );
    }

    #[test]
    fn the_help_has_every_key_with_a_type_and_a_meaning() {
        let help = Fields::help(&record::schema());
        for line in ["seq ", "error.code ", "timings.queue_ms ", "redirects "] {
            assert!(help.lines().any(|text| text.starts_with(line)), "{line}");
        }
        for field in known(&record::schema()).into_iter().chain(known(&record::page_schema())) {
            assert!(!field.meaning.is_empty(), "{}", field.path);
            assert!(
                ["any", "list", "object", "string", "integer", "number", "boolean"].contains(&&*field.kind),
                "{}",
                field.kind
            );
        }
    }
}
