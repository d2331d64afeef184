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

use std::time::Duration;

use encoding_rs::Encoding;
use serde_json::Value;
use url::Url;

use super::{
    base::Base,
    budget::Clock,
    scan::{Seek, scan},
};
pub use crate::model::View;

/// Time for the tree of a page; what is done with it has bounds of its own.
const TREE_TIME: Duration = Duration::from_millis(500);

/// What a page looks like in a view. `url` is where the page was found; addresses are resolved
/// against it and the page's `<base>`, and relative ones stay as they are written if there is neither.
/// `encoding` is how the page was written, which queries follow.
pub fn read(view: View, html: &str, url: Option<&Url>, encoding: &'static Encoding) -> Value {
    let base = |href: Option<&str>| Base::new(url, href, encoding);
    let of_scan = || base(scan(html, Seek::Base).base.as_deref());
    match view {
        View::Meta => meta::read(html, base),
        View::Jsonld => json_ld::read(html),
        View::Links => links::read(html, base),
        View::Tables => tables::read(html, &Clock::of(TREE_TIME)),
        View::Text => content(article::text(html, &of_scan(), &Clock::of(TREE_TIME)), html),
        View::Markdown => content(article::markdown(html, &of_scan(), &Clock::of(TREE_TIME)), html),
    }
}

/// The article, or all words of the page where none was found.
fn content(article: Option<String>, html: &str) -> Value {
    let text = article.filter(|text| !text.is_empty()).unwrap_or_else(|| body::text(html));
    if text.is_empty() { Value::Null } else { Value::String(text) }
}
