//! Every key of every record, from the published types.

use std::fmt::Write as _;

use fetchall::model::{finding, record};
use serde_json::{Map, Value};

use super::{cell, hold};

const HEAD: &str = "# Records

Every key of every record, written from the types themselves (`cargo test --all-features --bins reference`).
`fetchall schema fetch`, `page` and `link` print the JSON Schemas, which also stand in `schemas/v1/`; they only
grow. A key that may be `null` says so; keys of the first table that are not always there come with flags: `--with`,
`--select`, `--cache`, `--proxy`, `--watch`.
";

/// What a schema takes, in words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(all) = schema[several].as_array() {
            return all.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(word) = schema.get("const") {
        return format!("`{}`", word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    let one = |name: &str| match (name, &schema["items"], &schema["additionalProperties"]) {
        ("array", items, _) if items.is_object() => format!("list of {}", kind(items)),
        ("object", _, values) if values.is_object() => format!("object of {}", kind(values)),
        _ => name.to_owned(),
    };
    match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        Value::String(name) => one(name),
        _ => "anything".to_owned(),
    }
}

fn about(schema: &Value) -> String {
    cell(schema["description"].as_str().unwrap_or_default())
}

/// A table of keys, or of words that stand for themselves.
fn table(schema: &Value) -> String {
    let mut out = String::new();
    if let Some(properties) = schema["properties"].as_object() {
        let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        // In the order of the type as far as it is known, then by name.
        let place = |key: &str| needed.iter().position(|name| *name == key).unwrap_or(needed.len());
        let mut keys: Vec<_> = properties.iter().collect();
        keys.sort_by_key(|(key, _)| (place(key), key.as_str()));
        out.push_str("| key | type | meaning |\n| --- | --- | --- |\n");
        for (key, value) in keys {
            writeln!(out, "| `{key}` | {} | {} |", kind(value).replace('|', "\\|"), about(value)).unwrap();
        }
    } else if let Some(words) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        out.push_str("| value | meaning |\n| --- | --- |\n");
        for word in words {
            writeln!(out, "| {} | {} |", kind(word), about(word)).unwrap();
        }
    } else {
        writeln!(out, "{}.", kind(schema)).unwrap();
    }
    out
}

fn page() -> String {
    let records = [("fetch", record::schema()), ("page", record::page_schema()), ("link", finding::schema())];
    let mut out = HEAD.to_owned();
    let mut parts: Map<String, Value> = Map::new();
    for (name, schema) in &records {
        write!(out, "\n## The record `{name}`\n\n{}\n\n{}", about(schema), table(schema)).unwrap();
        for (part, schema) in schema["$defs"].as_object().into_iter().flatten() {
            parts.entry(part.clone()).or_insert_with(|| schema.clone());
        }
    }
    out.push_str("\n## Parts\n");
    for (name, schema) in &parts {
        write!(out, "\n### {name}\n\n{}\n\n{}", about(schema), table(schema)).unwrap();
    }
    out
}

#[test]
fn the_page_of_records_says_what_the_types_are() {
    hold("records.md", &page());
}

#[test]
fn every_key_of_a_record_has_its_meaning() {
    for schema in [record::schema(), record::page_schema(), finding::schema()] {
        for (key, value) in schema["properties"].as_object().unwrap() {
            assert!(!about(value).is_empty(), "{key}");
        }
    }
}
