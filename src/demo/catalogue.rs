//! The demo's catalogue: lists with pages, details with prices. For crawls and scrapers.
//!
//! Fifty things on five pages; each page leads to its neighbours and to its things, each thing back and
//! to one other.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Redirect, Response},
    routing::get,
};

use super::{
    Demo,
    html::{escape, fill, html, plain},
};

const SHELF: &str = include_str!("../../fixtures/demo/shelf.html");
const ITEM: &str = include_str!("../../fixtures/demo/item.html");

const STUFF: [&str; 10] =
    ["Brass", "Walnut", "Copper", "Wool", "Glass", "Leather", "Enamel", "Linen", "Bamboo", "Marble"];
const THINGS: [&str; 5] = ["lantern", "tray", "kettle", "blanket", "inkwell"];

/// Things in the catalogue.
const ITEMS: usize = STUFF.len() * THINGS.len();
/// Things on one page of it.
const ON_A_PAGE: usize = 10;
const PAGES: usize = ITEMS / ON_A_PAGE;

pub fn routes() -> Router<Arc<Demo>> {
    Router::new()
        .route("/catalogue", get(async || Redirect::permanent("/catalogue/")))
        .route("/catalogue/", get(async |state: State<Arc<Demo>>| page(state, Path(1)).await))
        .route("/catalogue/page/{number}", get(page))
        .route("/catalogue/item/{number}", get(item))
}

/// What thing `number` is, counted from 1.
fn name(number: usize) -> String {
    let at = number.saturating_sub(1) % ITEMS;
    let (stuff, thing) = (STUFF[at / THINGS.len()], THINGS[at % THINGS.len()]);
    format!("{stuff} {thing}")
}

fn cents(number: usize) -> usize {
    995 + number * 1_371 % 9_000
}

fn price(number: usize) -> String {
    format!("{}.{:02} €", cents(number) / 100, cents(number) % 100)
}

async fn page(State(demo): State<Arc<Demo>>, Path(number): Path<usize>) -> Response {
    if !(1..=PAGES).contains(&number) {
        return plain(StatusCode::NOT_FOUND, "No such page", &format!("They go from 1 to {PAGES}."));
    }
    let start = (number - 1) * ON_A_PAGE + 1;
    let (mut items, mut pages, mut series) = (String::new(), String::new(), String::new());
    // a String takes every write
    for item in start..start + ON_A_PAGE {
        let (name, price) = (escape(&name(item)), price(item));
        let link = format!("<a class=\"item\" href=\"/catalogue/item/{item}\">{name}</a>");
        let _ = writeln!(items, "<li>{link} <span class=\"price\">{price}</span></li>");
    }
    for (rel, text, other) in [("prev", "Before", number - 1), ("next", "After", number + 1)] {
        if (1..=PAGES).contains(&other) {
            let _ = write!(pages, "<a rel=\"{rel}\" class=\"{rel}\" href=\"/catalogue/page/{other}\">{text}</a> ");
            let _ = writeln!(series, "<link rel=\"{rel}\" href=\"/catalogue/page/{other}\">");
        }
    }
    html(fill(
        SHELF,
        &[
            ("base", &escape(&demo.base())),
            ("number", &number.to_string()),
            ("count", &PAGES.to_string()),
            ("start", &start.to_string()),
            ("series", series.trim_end()),
            ("items", items.trim_end()),
            ("pages", pages.trim_end()),
        ],
    ))
}

async fn item(State(demo): State<Arc<Demo>>, Path(number): Path<usize>) -> Response {
    if !(1..=ITEMS).contains(&number) {
        return plain(StatusCode::NOT_FOUND, "No such thing", &format!("They go from 1 to {ITEMS}."));
    }
    let stock = match number * 7 % 23 {
        0 => "Out of stock".to_owned(),
        left => format!("{left} in stock"),
    };
    html(fill(
        ITEM,
        &[
            ("base", &escape(&demo.base())),
            ("number", &number.to_string()),
            ("name", &escape(&name(number))),
            ("page", &(1 + (number - 1) / ON_A_PAGE).to_string()),
            ("cents", &cents(number).to_string()),
            ("price", &price(number)),
            ("stock", &stock),
            ("related", &format!("/catalogue/item/{}", 1 + number * 17 % ITEMS)),
        ],
    ))
}
