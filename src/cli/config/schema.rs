//! The JSON Schema of `fetchall.toml`, for editors.

use clap::{Arg, Command as Clap};
use serde_json::{Map, Value, json};

use super::{
    COMMANDS,
    keys::{self, OF_HOSTS, Takes},
};

/// Draft 2020-12, from the flags that there are.
pub fn schema(definition: &Clap) -> Value {
    let mut top = keys_of(keys::all(definition).into_iter());
    for command in keys::commands(definition) {
        let flags = command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg, keys::takes(arg)?)));
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        top.insert(command.get_name().to_owned(), table(&about, keys_of(flags)));
    }
    debug_assert!(COMMANDS.iter().all(|name| top.contains_key(*name)));
    let of_hosts = keys::all(definition).into_iter().filter(|(long, ..)| OF_HOSTS.contains(long));
    top.insert(
        "host".to_owned(),
        json!({
            "description": "Limits and fields of single hosts, by name",
            "type": "object",
            "additionalProperties": table("One host", keys_of(of_hosts)),
        }),
    );
    top.insert(
        "rules".to_owned(),
        json!({
            "description": "What a finding of `check` amounts to, by the name of its rule",
            "type": "object",
            "additionalProperties": { "enum": ["off", "warn", "error"] },
        }),
    );
    top.insert(
        "extends".to_owned(),
        json!({
            "description": "A file, or a list of them, that this one goes before",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        }),
    );
    let mut schema = table("Settings of fetchall", top);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("fetchall.toml");
    schema
}

fn table(about: &str, properties: Map<String, Value>) -> Value {
    json!({ "description": about, "type": "object", "properties": properties, "additionalProperties": false })
}

fn keys_of<'a>(flags: impl Iterator<Item = (&'a str, &'a Arg, Takes)>) -> Map<String, Value> {
    flags.map(|(long, arg, takes)| (long.to_owned(), key(arg, takes))).collect()
}

fn key(arg: &Arg, takes: Takes) -> Value {
    let words: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let one = match words.is_empty() {
        true => json!({ "type": ["string", "number", "boolean"] }),
        false => json!({ "enum": words }),
    };
    let mut key = match takes {
        Takes::Switch => json!({ "type": "boolean" }),
        Takes::One if words.iter().any(|word| word == "on") => json!({ "anyOf": [one, { "type": "boolean" }] }),
        Takes::One => one,
        Takes::Many => json!({ "anyOf": [one, { "type": "array", "items": one }, { "type": "object" }] }),
    };
    key["description"] = json!(arg.get_help().map(ToString::to_string).unwrap_or_default());
    key
}
