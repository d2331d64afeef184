//! Sitemaps and feeds: their entries, in order, with what is said of each.
//!
//! ```text
//! bytes ─► text ─┬─► xml        urlset, sitemapindex (sitemaps.org), RSS 0.9 to 2.0, Atom, OPML
//!                ├─► json_feed  jsonfeed.org
//!                └─► lines      a text sitemap: an address a line
//! ```
//!
//! [`Reader`] takes chunks and holds one entry, so that memory does not grow with the file;
//! [`read_all`] takes a body that is there already, packed by gzip or not. Entities are not expanded,
//! and what passes a limit is said in a fault. Must not know who fetches what is found.

mod date;
mod entry;
mod json_feed;
mod lines;
mod reader;
mod root;
mod xml;

#[cfg(test)]
mod tests;

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use url::Url;

pub use date::Since;
pub use reader::Reader;
pub use root::{Root, Sniffed, is_json_feed, sniff};

/// Entries of one file at most (sitemaps.org).
pub const ENTRIES: usize = 50_000;

/// Bytes of one file at most, unpacked: twice what sitemaps.org allows.
pub const BYTES: usize = 100 << 20;

/// How deep sitemap indexes may lead to each other when they are followed. The protocol allows one
/// level, and sites have two.
pub const LEVELS: usize = 5;

/// Longest address, in bytes; as in other lists.
const ADDRESS_BYTES: usize = 64 << 10;

/// What an entry leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Page,
    /// A sitemap with entries of its own.
    Sitemap,
    /// A feed with entries of its own.
    Feed,
}

/// An entry of a sitemap or feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its address. Absolute.
    pub url: String,
    /// What is there.
    pub kind: Kind,
    /// When it changed, as written: `lastmod`, `updated`, `pubDate`.
    pub modified: Option<String>,
    /// How much it matters to its site, from 0 to 1.
    pub priority: Option<f64>,
    /// Its title, white space folded.
    pub title: Option<String>,
}

/// What a reader finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An entry.
    Entry(Entry),
    /// Something that is none, or a limit that was passed.
    Fault {
        /// The address as written, or nothing.
        input: String,
        /// What is wrong: one sentence without a full stop.
        message: String,
    },
}

impl Item {
    fn fault(input: impl Into<String>, message: impl Into<String>) -> Item {
        Item::Fault { input: input.into(), message: message.into() }
    }
}

/// A sitemap or feed, read to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Its pages, in order.
    pub entries: Vec<Entry>,
    /// Further sitemaps and feeds, in order; see [`LEVELS`].
    pub children: Vec<Entry>,
    /// What was wrong, as sentences.
    pub faults: Vec<String>,
}

/// Reads a body that was fetched, from `url`.
pub fn read_all(body: &[u8], url: Option<&Url>) -> Parsed {
    let mut reader = Reader::new(url);
    let mut items = Vec::new();
    if body.starts_with(b"\x1f\x8b") {
        unpack(body, &mut reader, &mut items);
    } else {
        reader.push(body, &mut items);
        reader.end(&mut items);
    }
    let mut parsed = Parsed::default();
    for item in items {
        match item {
            Item::Entry(entry) if entry.kind == Kind::Page => parsed.entries.push(entry),
            Item::Entry(entry) => parsed.children.push(entry),
            Item::Fault { message, .. } => parsed.faults.push(message),
        }
    }
    parsed
}

fn unpack(body: &[u8], reader: &mut Reader, items: &mut Vec<Item>) {
    let mut packed = MultiGzDecoder::new(body);
    let mut chunk = vec![0; 64 << 10];
    while !reader.is_over() {
        match packed.read(&mut chunk) {
            Ok(0) => return reader.end(items),
            Ok(read) => reader.push(chunk.get(..read).unwrap_or_default(), items),
            Err(error) => return items.push(Item::fault("", format!("it cannot be unpacked to its end: {error}"))),
        }
    }
}
