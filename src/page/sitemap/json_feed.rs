//! JSON Feed (jsonfeed.org, 1.0 and 1.1), cut into its items without holding more than one.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    Entry, Item, Kind,
    xml::{absolute, shown_date, shown_title},
};

/// Longest item, in bytes: it may hold all that it says.
const ITEM_BYTES: usize = 4 << 20;

/// Longest key or address of the feed itself, in bytes.
const WORD_BYTES: usize = 8 << 10;

/// What of an item is of use here.
#[derive(Deserialize)]
struct Written {
    url: Option<String>,
    external_url: Option<String>,
    id: Option<Value>,
    title: Option<String>,
    date_modified: Option<String>,
    date_published: Option<String>,
}

/// Whether the bytes that come stand in a string.
#[derive(Clone, Copy, PartialEq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

/// Reads a feed.
pub(super) struct JsonFeed {
    base: Option<Url>,
    depth: usize,
    text: Text,
    /// The last string of the feed itself, and the one before its colon.
    word: Vec<u8>,
    key: Vec<u8>,
    /// Whether this is the list of items.
    in_items: bool,
    /// The item under way; what is too long is dropped.
    item: Vec<u8>,
    too_long: bool,
    line: u64,
    begins: u64,
}

impl JsonFeed {
    /// A reader at the first brace.
    pub(super) fn new(url: Option<Url>) -> Self {
        JsonFeed {
            base: url,
            depth: 0,
            text: Text::Outside,
            word: Vec::new(),
            key: Vec::new(),
            in_items: false,
            item: Vec::new(),
            too_long: false,
            line: 1,
            begins: 1,
        }
    }

    /// Takes more text; answers whether the feed has ended.
    pub(super) fn push(&mut self, text: &str, last: bool, out: &mut Vec<Item>) -> bool {
        for &byte in text.as_bytes() {
            self.line += u64::from(byte == b'\n');
            let ended = match self.text {
                Text::Outside => self.outside(byte, out),
                _ => self.inside(byte),
            };
            if ended {
                return true;
            }
        }
        if last {
            out.push(Item::fault(
                "",
                format!("line {}: the feed does not end with `}}`; it may be cut short", self.line),
            ));
        }
        last
    }

    fn is_item(&self) -> bool {
        self.in_items && self.depth > 2
    }

    /// Takes a byte of a string; never ends the feed.
    fn inside(&mut self, byte: u8) -> bool {
        self.text = match (self.text, byte) {
            (Text::Inside, b'\\') => Text::Escaped,
            (Text::Inside, b'"') => Text::Outside,
            _ => Text::Inside,
        };
        if self.is_item() {
            self.hold(byte);
        } else if self.depth == 1 && self.text != Text::Outside && self.word.len() < WORD_BYTES {
            self.word.push(byte);
        }
        false
    }

    /// Takes a byte that stands in no string; answers whether it ends the feed.
    fn outside(&mut self, byte: u8, out: &mut Vec<Item>) -> bool {
        match byte {
            b'"' => {
                self.text = Text::Inside;
                self.word.clear();
            }
            b':' if self.depth == 1 => self.key.clone_from(&self.word),
            b',' if self.depth == 1 => self.take_word(),
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == 2 {
                    self.in_items = byte == b'[' && self.key == b"items";
                } else if self.depth == 3 {
                    self.begins = self.line;
                }
            }
            b'}' | b']' => {
                if self.is_item() {
                    self.hold(byte);
                }
                self.depth = self.depth.saturating_sub(1);
                if self.in_items && self.depth == 2 {
                    self.end_item(out);
                }
                return self.depth == 0;
            }
            _ => {}
        }
        if self.is_item() && !matches!(byte, b'}' | b']') {
            self.hold(byte);
        }
        false
    }

    /// Takes note of a value of the feed itself.
    fn take_word(&mut self) {
        let is_base = matches!(&self.key[..], b"feed_url" | b"home_page_url");
        if let (true, None, Ok(word)) = (is_base, &self.base, str::from_utf8(&self.word)) {
            self.base = Url::parse(&word.replace("\\/", "/")).ok();
        }
        self.key.clear();
    }

    fn hold(&mut self, byte: u8) {
        self.too_long |= self.item.len() >= ITEM_BYTES;
        if !self.too_long {
            self.item.push(byte);
        }
    }

    fn end_item(&mut self, out: &mut Vec<Item>) {
        let item = std::mem::take(&mut self.item);
        let place = format!("line {}", self.begins);
        if std::mem::take(&mut self.too_long) {
            return out.push(Item::fault("", format!("{place}: the item is longer than {} MiB", ITEM_BYTES >> 20)));
        }
        match serde_json::from_slice::<Written>(&item) {
            Err(error) => out.push(Item::fault("", format!("{place}: the item is not as feeds have it: {error}"))),
            Ok(written) => out.extend(self.entry(written, &place)),
        }
    }

    fn entry(&self, written: Written, place: &str) -> Option<Item> {
        let id = written.id.as_ref().and_then(Value::as_str).filter(|id| id.contains("://")).map(str::to_owned);
        let url = written.url.or(written.external_url).or(id)?;
        Some(match absolute(&url, self.base.as_ref(), place) {
            Err(fault) => fault,
            Ok(url) => Item::Entry(Entry {
                url,
                kind: Kind::Page,
                modified: written.date_modified.or(written.date_published).and_then(|date| shown_date(&date)),
                priority: None,
                title: written.title.and_then(|title| shown_title(&title)),
            }),
        })
    }
}
