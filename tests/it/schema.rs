//! The published schemas: equal to the types, and never changed but by addition.

use std::{fs, path::PathBuf};

use serde_json::Value;

fn published(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas/v1").join(name)
}

/// What a reader of `old` would miss in `new`: removed properties, retyped ones, closed choices.
fn breaks(old: &Value, new: &Value, at: &str, out: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                // Words for people may change.
                if ["description", "title"].contains(&key.as_str()) && value.is_string() {
                    continue;
                }
                match new.get(key) {
                    Some(now) => breaks(value, now, &format!("{at}/{key}"), out),
                    None => out.push(format!("{at}/{key} is gone")),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for item in old.iter().filter(|item| !new.contains(item)) {
                out.push(format!("{at} lost {item}"));
            }
        }
        _ if old == new => {}
        _ => out.push(format!("{at} was {old}, is {new}")),
    }
}

/// Holds a type against its published schema; what is new in the type is written down first.
fn only_grows(name: &str, now: &Value) {
    let path = published(name);
    let text = serde_json::to_string_pretty(now).unwrap() + "\n";
    let Ok(published) = fs::read_to_string(&path) else {
        fs::write(&path, text).unwrap();
        panic!("{} did not exist and was written: look at it and commit it", path.display());
    };
    let mut broken = Vec::new();
    breaks(&serde_json::from_str(&published).unwrap(), now, "", &mut broken);
    assert!(broken.is_empty(), "not an addition, so it needs a new version of the record: {broken:#?}");
    if published != text {
        fs::write(&path, text).unwrap();
        panic!("{} has grown and was written anew: look at it and commit it", path.display());
    }
}

#[test]
fn the_published_schema_of_fetch_only_grows() {
    only_grows("fetch.json", &fetchall::model::record::schema());
}

#[test]
fn the_published_schema_of_page_only_grows() {
    only_grows("page.json", &fetchall::model::record::page_schema());
}

#[test]
fn the_published_schema_of_link_only_grows() {
    only_grows("link.json", &fetchall::model::finding::schema());
}

#[test]
fn what_takes_something_away_is_noticed() {
    let old = fetchall::model::record::schema();
    let mut new = old.clone();
    new["properties"].as_object_mut().unwrap().remove("sha256");
    new["properties"]["bytes"]["type"] = "string".into();
    let mut broken = Vec::new();
    breaks(&old, &new, "", &mut broken);
    assert_eq!(broken.len(), 2, "{broken:?}");
}
