//! The view `jsonld`: structured data that stands in `application/ld+json` blocks.
//!
//! A flat list of nodes: lists and `@graph`s are taken apart, in document order. A block that is no
//! JSON gives one node with the key `@error`, which no vocabulary can have (JSON-LD 1.1, 4.1: what
//! begins with `@` is kept for keywords), so that it is neither lost nor taken for data.

use html5gum::{State, Tokenizer};
use serde_json::{Map, Value, json};

use crate::page::{
    json_ld,
    place::{Language, Place},
    tags::{StartTag, Tags, Watcher},
};

/// Bytes of JSON read from one page at most: parsed, it takes up to thirty times the room.
const BYTES: usize = 4 << 20;

/// Longest `@context` that each node of a `@graph` gets, in bytes: those that are an address.
const CONTEXT_BYTES: usize = 256;

/// Reads the view.
pub(super) fn read(html: &str) -> Value {
    let mut blocks = Blocks::default();
    // The tokenizer returns at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut blocks)).next();
    blocks.close();
    Value::Array(blocks.nodes)
}

#[derive(Default)]
struct Blocks {
    place: Place,
    /// The block under way.
    open: Option<Vec<u8>>,
    /// Bytes read so far, of all blocks.
    read: usize,
    nodes: Vec<Value>,
}

impl Blocks {
    fn close(&mut self) {
        let Some(block) = self.open.take() else { return };
        if self.read > BYTES {
            self.nodes.push(error(&format!("the page has more than {} MiB of JSON-LD", BYTES >> 20)));
            return;
        }
        let block = String::from_utf8_lossy(&block);
        match json_ld::read(&block, |text| serde_json::from_str(text)) {
            Some(Ok((_, value))) => flatten(value, &mut self.nodes),
            Some(Err(told)) => self.nodes.push(error(&told.to_string())),
            None => {}
        }
    }
}

fn error(message: &str) -> Value {
    json!({ "@error": message })
}

/// Takes lists and graphs apart, in order.
fn flatten(value: Value, nodes: &mut Vec<Value>) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values.into_iter().rev()),
            Value::Object(mut node) => match node.remove("@graph") {
                None => nodes.push(Value::Object(node)),
                Some(graph) => {
                    let context = node.get("@context").and_then(Value::as_str);
                    let context = context.filter(|context| context.len() <= CONTEXT_BYTES).map(str::to_owned);
                    waiting.extend(members(graph, context.as_deref()).into_iter().rev());
                    // What is said of the graph itself is a node too.
                    if node.keys().any(|key| !matches!(key.as_str(), "@context" | "@id")) {
                        waiting.push(Value::Object(node));
                    }
                }
            },
            _ => {}
        }
    }
}

fn members(graph: Value, context: Option<&str>) -> Vec<Value> {
    let mut members = match graph {
        Value::Array(members) => members,
        one => vec![one],
    };
    let nodes: &mut dyn Iterator<Item = &mut Map<String, Value>> =
        &mut members.iter_mut().filter_map(Value::as_object_mut);
    for node in nodes {
        if let (Some(context), false) = (context, node.contains_key("@context")) {
            node.insert("@context".to_owned(), context.into());
        }
    }
    members
}

impl Watcher for Blocks {
    const PLACES: bool = false;
    type Use = ();

    fn wanted(&mut self, name: &[u8]) -> &'static [(&'static str, ())] {
        if name == b"script" { &[("type", ())] } else { &[] }
    }

    fn start(&mut self, tag: &StartTag<'_, ()>) -> Option<State> {
        let hidden = self.place.in_template() || self.place.language(tag.name) != Language::Html;
        let state = self.place.start(tag);
        if tag.name == b"script" && !hidden {
            let kind = tag.get("type").unwrap_or_default();
            self.open = json_ld::is_type(kind).then(Vec::new);
        }
        state
    }

    fn end(&mut self, name: &[u8], _: usize) {
        self.close();
        self.place.end(name);
    }

    fn text(&mut self, piece: &[u8]) {
        if let Some(open) = &mut self.open {
            self.read += piece.len();
            if self.read <= BYTES {
                open.extend_from_slice(piece);
            }
        }
    }

    fn takes_cdata(&self) -> bool {
        !self.place.is_html()
    }

    fn done(&self) -> bool {
        self.read > BYTES && self.open.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(blocks: &[&str]) -> Value {
        let scripts = blocks.iter().map(|block| format!("<script type='application/ld+json'>{block}</script>"));
        read(&scripts.collect::<String>())
    }

    #[test]
    fn blocks_lists_and_graphs_are_one_list_in_order() {
        let seen = of(&[
            r#"{"@type":"A"}"#,
            r#"[{"@type":"B"},[{"@type":"C"}],"word"]"#,
            r#"{"@context":"https://schema.org","@graph":[{"@type":"D"},{"@type":"E","@context":"own","@graph":{"@type":"F"}}]}"#,
        ]);
        let types: Vec<&str> = seen.as_array().unwrap().iter().filter_map(|node| node["@type"].as_str()).collect();
        assert_eq!(types, ["A", "B", "C", "D", "E", "F"]);
        let contexts: Vec<&Value> = seen.as_array().unwrap().iter().map(|node| &node["@context"]).collect();
        assert_eq!(contexts[3..], [&json!("https://schema.org"), &json!("own"), &json!("own")]);
    }

    #[test]
    fn a_broken_block_says_so_and_the_next_is_read() {
        let seen = of(&[r#"{"a": 1,}"#, "", r#"{"b": 2}"#]);
        assert_eq!(seen.as_array().unwrap().len(), 2, "{seen}");
        assert!(seen[0]["@error"].as_str().unwrap().contains("line 1 column 9"), "{seen}");
        assert_eq!(seen[1], json!({"b": 2}));
    }

    #[test]
    fn common_slips_are_forgiven() {
        for block in ["<!-- {\"a\":1} -->", "//<![CDATA[\n{\"a\":1}\n//]]>", "<![CDATA[{\"a\":1}]]>", " {\"a\":1}; "] {
            assert_eq!(of(&[block]), json!([{"a": 1}]), "{block}");
        }
        assert_eq!(of(&["{\"a\":\"two\nlines\"}"]), json!([{"a": "two lines"}]));
    }

    #[test]
    fn other_scripts_and_what_is_no_part_of_the_page_are_not_read() {
        let html = "<script>{\"a\":1}</script><template><script type=application/ld+json>{}</script></template>\
            <!--<script type=application/ld+json>{}</script>--><SCRIPT TYPE='Application/LD+JSON; charset=utf-8'>{\"b\":1}";
        assert_eq!(read(html), json!([{"b": 1}]));
    }

    #[test]
    fn nesting_and_size_are_no_danger() {
        assert!(of(&[&"[".repeat(1 << 20)])[0]["@error"].is_string());
        assert!(of(&[&"{\"@graph\":".repeat(1 << 17)])[0]["@error"].is_string());
        let big = format!("[{}1]", "1,".repeat(BYTES));
        let seen = of(&["{\"a\":1}", &big, "{\"b\":1}"]);
        assert_eq!(seen.as_array().unwrap().len(), 2);
        assert_eq!(seen[1]["@error"], "the page has more than 4 MiB of JSON-LD");
    }
}
