//! The view `tables`: each table of a page with its rows as objects, keyed by the column's header.
//!
//! Headers are the rows of `<thead>`, else the rows at the start that have nothing but `<th>`; a
//! column without one has its number, counted from 1. A table within a table is a table of its own,
//! and none of its words are those of the cell around it. Tables that are no tables
//! (`role=presentation`) are left out.

use std::{collections::HashSet, iter::successors, rc::Rc};

use scraper::{ElementRef, Html};
use serde_json::{Map, Value, json};

use super::grid::{Cell, Room, Row, lay_out};
use crate::page::{budget::Clock, fold::Folded, gap::Gap, tree};

/// Cells taken from one page at most, spans counted as often as they repeat.
const CELLS: usize = 500_000;

/// Bytes of the rows of one page at most, names of columns included.
const BYTES: usize = 32 << 20;

/// Longest name of a column, in characters.
const NAME_CHARS: usize = 200;

/// Reads the view. Null if the page nests too deeply to be made a tree.
pub(super) fn read(html: &str, clock: &Clock) -> Value {
    let Some(tree) = tree::build(html, clock).tree else { return Value::Null };
    let mut reader = Reader { room: Room { slots: CELLS, cut: false }, bytes: BYTES };
    elements(&tree).filter(|element| element.value().name() == "table").filter_map(|it| reader.table(it)).collect()
}

/// The elements of a page in document order. What a `<template>` holds is no part of the page.
fn elements(html: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    let nodes = successors(Some(html.tree.root()), |node| {
        let inside = if node.value().is_fragment() { None } else { node.first_child() };
        inside.or_else(|| successors(Some(*node), |node| node.parent()).find_map(|node| node.next_sibling()))
    });
    nodes.filter_map(ElementRef::wrap)
}

/// Child elements with one of these names.
fn named<'a>(element: ElementRef<'a>, names: &'static [&'static str]) -> impl Iterator<Item = ElementRef<'a>> {
    element.children().filter_map(ElementRef::wrap).filter(move |child| names.contains(&child.value().name()))
}

/// Reads tables as long as there is room.
struct Reader {
    room: Room,
    bytes: usize,
}

impl Reader {
    fn table(&mut self, table: ElementRef<'_>) -> Option<Value> {
        let role = table.value().attr("role").unwrap_or_default();
        if role.eq_ignore_ascii_case("presentation") || role.eq_ignore_ascii_case("none") || self.room.slots == 0 {
            return None;
        }
        self.room.cut = false;
        let (mut heads, mut rows) = (Vec::new(), Vec::new());
        for group in named(table, &["thead", "tbody", "tfoot"]) {
            let written = named(group, &["tr"]).map(|row| named(row, &["td", "th"]).map(cell).collect()).collect();
            let laid = lay_out(written, &mut self.room);
            if group.value().name() == "thead" { heads.extend(laid) } else { rows.extend(laid) }
        }
        if heads.is_empty() {
            let leading = rows.iter().take_while(|row| row.head).count();
            let leading = if leading == rows.len() { leading.min(1) } else { leading };
            heads = rows.drain(..leading).collect();
        }
        let width = heads.iter().chain(&rows).map(|row| row.slots.len()).max().filter(|width| *width > 0)?;
        let names = names(&heads, width);
        let rows: Vec<Value> = rows.into_iter().map_while(|row| self.row(row, &names)).collect();
        let caption = named(table, &["caption"]).next().map(text).filter(|text| !text.is_empty());
        let mut table = json!({ "caption": caption, "headers": names, "rows": rows });
        if let (true, Some(table)) = (self.room.cut, table.as_object_mut()) {
            table.insert("cut".to_owned(), true.into());
        }
        Some(table)
    }

    /// A row as an object; `None` once there is no room.
    fn row(&mut self, row: Row, names: &[String]) -> Option<Value> {
        let mut object = Map::new();
        let mut slots = row.slots.into_iter();
        for name in names {
            let said = slots.next().flatten();
            let Some(left) = self.bytes.checked_sub(name.len() + said.as_ref().map_or(0, |said| said.len())) else {
                self.room.cut = true;
                return None;
            };
            self.bytes = left;
            object.insert(name.clone(), said.map_or(Value::Null, |said| Value::String(said.as_ref().to_owned())));
        }
        Some(Value::Object(object))
    }
}

/// A name of its own for each column: what the rows of the header say, or its number.
fn names(heads: &[Row], width: usize) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(width);
    for column in 0..width {
        let mut words: Vec<&str> = Vec::new();
        for head in heads {
            let said = head.slots.get(column).and_then(Option::as_deref).filter(|said| !said.is_empty());
            // A cell that spans the rows of the header says it once.
            words.extend(said.filter(|said| words.last() != Some(said)));
        }
        let mut name = Folded::new(NAME_CHARS);
        words.iter().for_each(|word| {
            name.push(word);
            name.gap();
        });
        let name = Some(name.finish()).filter(|name| !name.is_empty()).unwrap_or_else(|| (column + 1).to_string());
        // There are fewer names taken than columns, so that one of these is free.
        let free = (2..=width + 1).map(|number| format!("{name} {number}"));
        let name = std::iter::once(name.clone()).chain(free).find(|name| !taken.contains(name)).unwrap_or(name);
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

fn cell(element: ElementRef<'_>) -> Cell {
    let span = |name| element.value().attr(name).and_then(|value| value.trim().parse().ok()).unwrap_or(1);
    Cell {
        text: Rc::from(text(element)),
        span: (span("colspan"), span("rowspan")),
        head: element.value().name() == "th",
    }
}

/// What an element says, without scripts and without the tables in it. An image says its `alt`.
fn text(element: ElementRef<'_>) -> String {
    let mut text = Folded::new(BYTES);
    let root = element.id();
    let mut next = element.first_child();
    while let Some(node) = next {
        let name = node.value().as_element().map(scraper::node::Element::name);
        if let Some(piece) = node.value().as_text() {
            text.push(piece);
        } else if let Some(name) = name {
            if Gap::of(name.as_bytes()) != Gap::Nothing {
                text.gap();
            }
            if name == "img" {
                text.push(node.value().as_element().and_then(|image| image.attr("alt")).unwrap_or_default());
            }
        }
        let silent = node.value().is_fragment() || matches!(name, Some("table" | "script" | "style" | "template"));
        next = node.first_child().filter(|_| !silent).or_else(|| {
            let mut up = successors(Some(node), |node| node.parent()).take_while(|node| node.id() != root);
            up.find_map(|node| {
                // What an element ends with, as its start did.
                if node.value().as_element().is_some_and(|it| Gap::of(it.name().as_bytes()) != Gap::Nothing) {
                    text.gap();
                }
                node.next_sibling()
            })
        });
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(html: &str) -> Value {
        read(html, &Clock::of(Duration::from_secs(600)))
    }

    #[test]
    fn rows_are_objects_by_header() {
        let seen = of("<table><caption> The  <b>list</b></caption><thead><tr><th>Name<th>Price</thead>\
             <tr><td>A<p>b</p><td>1<br>2<tr><th>C<tfoot><tr><td>Sum<td>3<td>more</table>");
        assert_eq!(
            seen,
            json!([{
                "caption": "The list", "headers": ["Name", "Price", "3"],
                "rows": [
                    { "Name": "A b", "Price": "1 2", "3": null },
                    { "Name": "C", "Price": null, "3": null },
                    { "Name": "Sum", "Price": "3", "3": "more" },
                ],
            }])
        );
    }

    #[test]
    fn headers_are_found_without_a_head_and_over_several_rows() {
        let seen =
            of("<table><tr><th rowspan=2>Year<th colspan=2>Sales<tr><th>North<th>South<tr><td>1<td>2<td>3</table>");
        assert_eq!(seen[0]["headers"], json!(["Year", "Sales North", "Sales South"]));
        assert_eq!(seen[0]["rows"], json!([{ "Year": "1", "Sales North": "2", "Sales South": "3" }]));
        let seen = of("<table><tr><th>Key<td>value<tr><th>Other<td>thing</table>");
        assert_eq!(seen[0]["rows"][1], json!({ "1": "Other", "2": "thing" }));
        let seen = of("<table><tr><th>A<th>A<th><th>A 2<tr><td>1<td>2<td>3<td>4</table>");
        assert_eq!(seen[0]["headers"], json!(["A", "A 2", "3", "A 2 2"]));
    }

    #[test]
    fn tables_in_tables_are_not_mixed() {
        let seen = of("<table><tr><td>out<table><tr><td>in<script>no</script></table>side<td><img alt=yes></table>");
        assert_eq!(seen[0]["rows"], json!([{ "1": "out side", "2": "yes" }]));
        assert_eq!(seen[1]["rows"], json!([{ "1": "in" }]));
        assert_eq!(seen.as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_table_is_left_out() {
        let html =
            "<table></table><table role=presentation><tr><td>x</table><template><table><tr><td>x</table></template>";
        assert_eq!(of(html), json!([]));
        assert_eq!(of(&"<div>".repeat(2_000)), Value::Null);
    }

    #[test]
    fn spans_and_names_do_not_make_a_small_page_large() {
        let rows = format!("<tr><td colspan=1000 rowspan=60000>{}", "x".repeat(500)).repeat(5_000);
        let seen = of(&format!("<table><tr><th>{}{rows}</table>", "head ".repeat(5_000)));
        assert_eq!(seen[0]["cut"], true);
        assert!(seen.to_string().len() < 3 * BYTES);
        let seen = of(&format!("<table>{}</table>", "<tr><td rowspan=0 colspan=1000>".repeat(10_000)));
        assert_eq!((&seen[0]["cut"], seen[0]["rows"].as_array().unwrap().len()), (&json!(true), CELLS / 1_024));
    }
}
