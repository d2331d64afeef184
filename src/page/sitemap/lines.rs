//! A text sitemap: one address a line (sitemaps.org).

use super::{ADDRESS_BYTES, Entry, Item, Kind};

/// Characters of a line that is none that go into its fault.
const EXCERPT_CHARS: usize = 256;

/// Reads lines, and holds the one under way.
#[derive(Default)]
pub(super) struct Lines {
    held: String,
    too_long: bool,
    line: u64,
}

impl Lines {
    /// Takes more text; never ends by itself.
    pub(super) fn push(&mut self, text: &str, last: bool, out: &mut Vec<Item>) -> bool {
        let mut rest = text;
        while let Some((line, behind)) = rest.split_once('\n') {
            self.hold(line);
            self.hand_out(out);
            rest = behind;
        }
        self.hold(rest);
        if last {
            self.hand_out(out);
        }
        false
    }

    /// Keeps of a line that is too long only its beginning. A character may not fit where the room ends, so
    /// that the length of what is kept does not tell.
    fn hold(&mut self, part: &str) {
        let room = if self.too_long { 0 } else { ADDRESS_BYTES - self.held.len() };
        self.too_long |= part.len() > room;
        self.held.push_str(part.get(..part.floor_char_boundary(room)).unwrap_or_default());
    }

    fn hand_out(&mut self, out: &mut Vec<Item>) {
        self.line += 1;
        let line = self.held.trim();
        if !line.is_empty() && !line.starts_with('#') {
            out.push(match line.contains("://") && !self.too_long {
                true => Item::Entry(Entry {
                    url: line.to_owned(),
                    kind: Kind::Page,
                    modified: None,
                    priority: None,
                    title: None,
                }),
                false => {
                    let excerpt: String = line.chars().take(EXCERPT_CHARS).collect();
                    Item::fault(excerpt, format!("line {}: an address was expected", self.line))
                }
            });
        }
        self.held.clear();
        self.too_long = false;
    }
}
