//! Every key of `fetchall.toml`, from the schema that editors get.

use std::fmt::Write as _;

use clap::Command as Clap;
use serde_json::Value;

use super::{cell, flags, hold};
use crate::cli::{
    config::{self, Bound},
    definition::definition,
};

const HEAD: &str = "# Keys of fetchall.toml

Every key, written from the program itself (`cargo test --all-features --bins reference`). [Settings](../config.md)
says where files are found and what goes before what; [Flags](flags.md) says what each key does. `fetchall schema
config` prints the JSON Schema for editors.

A key stands at the top of the file, for all commands that have it, or in the table of a command: `[crawl]`. The
last column says what a file of a project may do, which whoever clones the repository has not read: a user's own
file and `--config` are not bound.

| key | commands | value | default | in a project's file |
| --- | --- | --- | --- | --- |
";

const TABLES: &str = "
## Tables

| table | holds |
| --- | --- |
";

/// What a value is, in words.
fn kind(schema: &Value) -> String {
    if let Some(all) = schema["anyOf"].as_array() {
        let mut told: Vec<String> = Vec::new();
        for one in all.iter().map(kind) {
            if !told.contains(&one) {
                told.push(one);
            }
        }
        return told.join(", or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    match schema["type"].as_str() {
        Some("boolean") => "true or false".to_owned(),
        Some("array") => "a list".to_owned(),
        Some("object") => "a table".to_owned(),
        _ => "a value".to_owned(),
    }
}

fn bound(long: &str) -> &'static str {
    match config::bound(long) {
        Bound::Free => "yes",
        Bound::Inside => "within its folder",
        Bound::Partly => "in part",
        Bound::Never => "no",
    }
}

fn page(definition: &Clap) -> String {
    let schema = config::schema(definition);
    let all = schema["properties"].as_object().unwrap();
    let mut out = HEAD.to_owned();
    let is_table = |name: &str| config::COMMANDS.contains(&name) || ["host", "rules", "extends"].contains(&name);
    for (key, value) in all.iter().filter(|(key, _)| !is_table(key)) {
        let having: Vec<&str> =
            config::COMMANDS.into_iter().filter(|name| all[*name]["properties"].get(key).is_some()).collect();
        let arg =
            |name: &str| definition.find_subcommand(name)?.get_arguments().find(|arg| arg.get_long() == Some(key));
        let mut defaults: Vec<String> = having.iter().filter_map(|name| Some(flags::default(arg(name)?))).collect();
        defaults.dedup();
        let (kind, default) = (kind(value), defaults.join("; ").replace('|', "\\|"));
        writeln!(out, "| [`{key}`](flags.md#--{key}) | {} | {kind} | {default} | {} |", having.join(", "), bound(key))
            .unwrap();
    }
    out.push_str(TABLES);
    for (name, value) in all.iter().filter(|(name, _)| is_table(name)) {
        let about = cell(value["description"].as_str().unwrap_or_default());
        let keys = &value["additionalProperties"]["properties"];
        let keys: Vec<String> = keys.as_object().into_iter().flatten().map(|(key, _)| format!("`{key}`")).collect();
        let keys = if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) };
        writeln!(out, "| `{name}` | {about}{keys} |").unwrap();
    }
    out
}

#[test]
fn the_page_of_keys_says_what_files_may_set() {
    hold("config.md", &page(&definition()));
}
