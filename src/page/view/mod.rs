//! Ready-made views: what people most often want of a page, without a selector.
//!
//! ```text
//! html ─┬─► meta, jsonld, links    one streaming pass, no tree
//!       ├─► tables                 a tree within bounds
//!       └─► text, markdown         a tree within bounds; without one, the words of the body
//! ```
//!
//! A view never fails: what a page does not say is null or an empty list. Each costs a hostile page
//! about a second and some memory, so a page of more than a few KiB belongs on the page threads.
//! Must not know flags, records or where pages come from.

mod address;
#[cfg(feature = "extract")]
mod article;
#[cfg(not(feature = "extract"))]
#[path = "article_off.rs"]
mod article;
mod body;
mod grid;
mod json_ld;
mod links;
mod meta;
mod tables;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;

/// Time for the tree of a page; what is done with it has bounds of its own.
const TREE_TIME: Duration = Duration::from_millis(500);

/// What is wanted of a page. The names are API: views are added, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Title, description, canonical address, language, OpenGraph and Twitter cards, icons, alternates.
    Meta,
    /// Every node of structured data in `application/ld+json` blocks.
    Jsonld,
    /// Every link, with its text, its `rel` and what it is for.
    Links,
    /// Every table, its rows as objects.
    Tables,
    /// The main content as plain text.
    Text,
    /// The main content as Markdown.
    Markdown,
}

impl View {
    /// Every view.
    pub const ALL: &'static [View] = &[View::Meta, View::Jsonld, View::Links, View::Tables, View::Text, View::Markdown];

    /// The name that `--view` and records have for it.
    pub const fn name(self) -> &'static str {
        match self {
            View::Meta => "meta",
            View::Jsonld => "jsonld",
            View::Links => "links",
            View::Tables => "tables",
            View::Text => "text",
            View::Markdown => "markdown",
        }
    }

    /// The view of this name.
    pub fn of_name(name: &str) -> Option<View> {
        View::ALL.iter().copied().find(|view| view.name() == name)
    }
}

/// What a page looks like in a view. `url` is where the page was found; addresses are resolved
/// against it and the page's `<base>`.
pub fn read(view: View, html: &str, url: &Url) -> Value {
    match view {
        View::Meta => meta::read(html, url),
        View::Jsonld => json_ld::read(html),
        View::Links => links::read(html, url),
        View::Tables => tables::read(html, Instant::now() + TREE_TIME),
        View::Text => content(article::text(html, url, Instant::now() + TREE_TIME), html),
        View::Markdown => content(article::markdown(html, url, Instant::now() + TREE_TIME), html),
    }
}

/// The article, or all words of the page where none was found.
fn content(article: Option<String>, html: &str) -> Value {
    let text = article.filter(|text| !text.is_empty()).unwrap_or_else(|| body::text(html));
    if text.is_empty() { Value::Null } else { Value::String(text) }
}
