//! What a page links to, what fragments may point to in it, and what it tells the checker.
//!
//! ```text
//! tags ─► place: is it there, in which language ─► elements: what means what ─► srcset, refresh, CSS … ─► links
//! ```
//!
//! One streaming pass without a tree, and one more for each page within the page (`srcdoc`). Follows
//! what browsers do with scripting off; where a checker is better off otherwise, this says why:
//!
//! - an empty reference is a link where people follow it, and nothing elsewhere: no browser asks;
//! - what only names a server to get ready for (`preconnect`) is none;
//! - `data:`, `javascript:` and the like are links like others: what to do with them is the checker's.
//!
//! Must not know what a link leads to, nor the network.

mod card;
mod elements;
mod field;
mod found;
mod json_ld;
mod pass;
pub(super) mod refresh;
mod rel;
mod srcset;
mod written;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, ops::Range};

use url::Url;

pub use self::field::link_field;
use self::{found::Document, pass::pass};
use crate::model::{Link, Look, Outline};

/// How deep `srcdoc` within `srcdoc` is read.
const DEPTH: usize = 3;

/// Bytes of links taken from one `srcdoc` with a base of its own at most: a short link becomes as
/// long as the base it is resolved against.
const LINK_BYTES: usize = 8 << 20;

/// Reads a page. Spans are bytes of `html`.
pub fn outline(html: &str, look: Look) -> Outline {
    let (mut outline, documents) = pass(html, look);
    let mut waiting: VecDeque<(usize, Document)> = documents.into_iter().map(|document| (1, document)).collect();
    let nested = !waiting.is_empty();
    while let Some((depth, document)) = waiting.pop_front() {
        let (within, documents) = pass(&document.html, Look { anchors: false, names: false, ..look });
        outline.links.extend(outward(within, &document.span));
        if depth < DEPTH {
            let span = || document.span.clone();
            waiting.extend(documents.into_iter().map(|inner| (depth + 1, Document { span: span(), ..inner })));
        }
    }
    if nested {
        outline.links.sort_by_key(|link| link.span.start);
    }
    outline
}

/// The links of a page within the page, as links of the page.
///
/// It has the base of the page unless it says one itself (HTML standard, 2.4.1 and 4.2.3). Left out
/// is what points into itself, since its targets are none of the page.
fn outward(within: Outline, span: &Range<usize>) -> impl Iterator<Item = Link> {
    let base = within.base.map(|base| Url::parse(&base));
    let mut left = Some(LINK_BYTES);
    let outward = within.links.into_iter().filter(|link| !link.value.is_empty() && !link.value.starts_with('#'));
    outward.filter_map(move |link| {
        let value = match &base {
            None => link.value,
            Some(Ok(base)) => {
                let url = left.and_then(|_| base.join(&link.value).ok())?;
                left = left.and_then(|left| left.checked_sub(url.as_str().len()));
                left.map(|_| url.as_str().into())?
            }
            // Relative to the page, whose address is not known here.
            Some(Err(_)) => Url::parse(&link.value).is_ok().then_some(link.value)?,
        };
        Some(Link { value, span: span.clone(), ..link })
    })
}
