//! The JSON of a body: the body itself, or the JSON-LD blocks of a page. Must not know JSONPath.

use scraper::Html;
use serde_json::Value;

use super::{Body, Document, apply};
use crate::page::{budget::Room, json_ld, pick};

/// What JSON may weigh, in charged bytes: 256 MiB of memory, as a body of 32 MiB takes that has an
/// object in each hundred bytes.
const BYTES: usize = 32 << 20;

/// What paths are asked of.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) values: Vec<Value>,
    /// Why there are none although there should be.
    pub(super) fault: Option<String>,
}

impl Documents {
    /// The JSON of a document. A page whose blocks are all broken has a fault, one without any has not.
    pub(super) fn of(document: &Document<'_>, tree: Option<&Html>) -> Documents {
        let room = Room::of(BYTES);
        match (document.body, tree) {
            (Body::Json, _) => match apply::json(document.text, &room) {
                Ok(value) => Documents { values: vec![value], fault: None },
                Err(why) => Documents { values: Vec::new(), fault: Some(format!("the body {why}")) },
            },
            (Body::Html, Some(tree)) => blocks(tree, &room),
            _ => Documents::default(),
        }
    }
}

fn blocks(tree: &Html, room: &Room) -> Documents {
    let mut documents = Documents::default();
    for element in pick::root(tree).into_iter().flat_map(pick::elements) {
        let script = element.value();
        if script.name() != "script" || !script.attr("type").is_some_and(json_ld::is_type) {
            continue;
        }
        let text: String = element.text().collect();
        match json_ld::read(&text, |text| apply::json(text, room)) {
            None => {}
            Some(Ok((_, value))) => documents.values.push(value),
            Some(Err(why)) => drop(documents.fault.get_or_insert_with(|| format!("the page's JSON-LD {why}"))),
        }
    }
    if !documents.values.is_empty() {
        documents.fault = None;
    }
    documents
}
