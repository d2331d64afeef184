//! Sitemaps and feeds in XML, as events come: outermost element, entries, what is said in them.
//!
//! Only what stands directly in an entry, with the prefix that the entry has, is said of it: an
//! `image:loc` is not its address. Holds the markup under way and one entry.

use quick_xml::{
    errors::Error,
    events::{BytesStart, Event},
};
use url::Url;

use super::{ADDRESS_BYTES, Item, Root, entry::Draft};
use crate::page::{fold::Folded, xml};

/// Longest piece of markup, in bytes: a tag, a comment, a section of text.
const MARKUP_BYTES: usize = 1 << 20;

/// Bytes of markup under way that are read again with each piece that comes.
const PATIENT_BYTES: usize = 4 << 10;

/// Longest date, in bytes.
const DATE_BYTES: usize = 64;

/// Longest title, in characters.
const TITLE_CHARS: usize = 512;

/// Open elements whose names are known, so that an end tag that ends none of them can be told; deeper
/// ones are counted only. And how much of a name is kept, in bytes.
const NAMED: usize = 64;
const NAME_BYTES: usize = 64;

/// Reads a document.
pub(super) struct Xml {
    /// What was not parsed yet, and the length below which it is not tried again: long markup that comes
    /// in small pieces would be read from its beginning each time.
    held: String,
    patience: usize,
    line: u64,
    /// Elements that are open, and the names of the outer ones.
    depth: usize,
    names: Vec<Box<str>>,
    root: Option<Root>,
    /// What relative addresses are resolved against.
    base: Option<Url>,
    /// The entry under way, and at which depth it began.
    entry: Option<(Draft, usize)>,
    /// The element whose text is read, what it says so far, and at which depth it began.
    open: Option<(Field, usize)>,
    text: String,
}

/// An element whose text says something.
#[derive(Clone, Copy, PartialEq)]
enum Field {
    /// Of the entry, by its name.
    Of(&'static str),
    /// The address of the feed's own site.
    Home,
}

/// Elements of entries whose text is read.
const FIELDS: &[&str] =
    &["loc", "lastmod", "priority", "link", "guid", "title", "pubDate", "updated", "modified", "published", "issued"];

impl Xml {
    /// A reader at the first `<`.
    pub(super) fn new(url: Option<Url>) -> Self {
        Xml {
            held: String::new(),
            patience: 0,
            line: 1,
            depth: 0,
            names: Vec::new(),
            root: None,
            base: url,
            entry: None,
            open: None,
            text: String::new(),
        }
    }

    /// Takes more text; answers whether the document has ended.
    pub(super) fn push(&mut self, text: &str, last: bool, out: &mut Vec<Item>) -> bool {
        self.held.push_str(text);
        // Markup ends with `>`; without one nothing can have ended.
        let cannot_end = !text.contains('>') || self.held.len() < self.patience;
        if !last && cannot_end && self.held.len() <= MARKUP_BYTES {
            return false;
        }
        let held = std::mem::take(&mut self.held);
        let whole = if last { held.len() } else { held.rfind('>').map_or(0, |at| at + 1) };
        let (over, parsed) = self.parse(held.get(..whole).unwrap_or_default(), out);
        if over {
            return true;
        }
        self.held = held.get(parsed..).unwrap_or_default().to_owned();
        self.patience = if self.held.len() > PATIENT_BYTES { self.held.len() + self.held.len() / 4 } else { 0 };
        if last {
            let message =
                format!("line {}: the document ends before its outermost element does; it may be cut short", self.line);
            out.push(Item::fault("", message));
        } else if self.held.len() > MARKUP_BYTES {
            let message =
                format!("line {}: the markup that begins here is longer than {} MiB", self.line, MARKUP_BYTES >> 20);
            out.push(Item::fault("", message));
            return true;
        }
        last
    }

    /// Parses what is whole; answers whether the document has ended, and how many bytes were parsed.
    fn parse(&mut self, text: &str, out: &mut Vec<Item>) -> (bool, usize) {
        let mut reader = xml::reader(text);
        let mut at = 0;
        loop {
            let event = match reader.read_event() {
                Ok(Event::Eof) => return (false, text.len()),
                Ok(event) => event,
                // The rest of it comes with the next chunk, or never.
                Err(Error::Syntax(_)) => return (false, at),
                Err(error) => {
                    let message = format!("line {}: not well-formed, and not read any further: {error}", self.line);
                    out.push(Item::fault("", message));
                    return (true, at);
                }
            };
            let over = self.take(&event, out);
            let end = usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len());
            self.line += memchr::memchr_iter(b'\n', text.as_bytes().get(at..end).unwrap_or_default()).count() as u64;
            at = end;
            if over {
                return (true, at);
            }
        }
    }

    /// Takes an event; answers whether it ends the document.
    fn take(&mut self, event: &Event<'_>, out: &mut Vec<Item>) -> bool {
        match event {
            Event::Start(tag) => {
                let over = self.start(tag, out);
                self.depth += 1;
                if self.names.len() < NAMED && self.names.len() + 1 == self.depth {
                    self.names.push(known(tag.name().as_ref()).into());
                }
                return over;
            }
            Event::Empty(tag) => {
                if self.start(tag, out) {
                    return true;
                }
                self.end(out);
                return self.depth == 0;
            }
            Event::End(tag) => {
                let ended = match self.depth <= NAMED {
                    true => self.names.iter().rposition(|name| **name == *known(tag.name().as_ref())),
                    false => Some(self.depth - 1),
                };
                // What ends nothing that is open is a slip, and no end of the document.
                let Some(level) = ended else { return false };
                self.names.truncate(level.min(self.names.len()));
                while self.depth > level {
                    self.depth -= 1;
                    self.end(out);
                }
                return self.depth == 0;
            }
            Event::Text(piece) if self.open.is_some() => self.say(piece),
            Event::CData(piece) if self.open.is_some() => self.say(piece),
            Event::GeneralRef(name) if self.open.is_some() => {
                match xml::meaning(name, |meant| meant.map(str::to_owned)) {
                    Some(meant) => self.say(&meant),
                    None => self.say(&format!("&{};", &**name)),
                }
            }
            _ => {}
        }
        false
    }

    fn say(&mut self, piece: &str) {
        // An address that is too long stays too long; nobody needs the rest.
        if self.text.len() <= ADDRESS_BYTES {
            self.text.push_str(piece.get(..piece.floor_char_boundary(ADDRESS_BYTES + 1)).unwrap_or_default());
        }
    }

    /// Takes note of a start tag; answers whether the document is none that has entries.
    fn start(&mut self, tag: &BytesStart<'_>, out: &mut Vec<Item>) -> bool {
        let local = tag.local_name();
        let Some(root) = self.root else {
            self.root = Root::of_name(local.as_ref());
            if self.root.is_none() {
                let name: String = local.as_ref().chars().take(64).collect();
                let message = format!("the document is no sitemap and no feed: its outermost element is `{name}`");
                out.push(Item::fault("", message));
            }
            self.base = base_of(tag, self.base.as_ref()).or(self.base.take());
            return self.root.is_none();
        };
        if root == Root::Opml {
            let place = format!("line {}", self.line);
            out.extend(
                (local.as_ref() == "outline")
                    .then(|| Draft::outline(tag))
                    .and_then(|draft| draft.finish(self.base.as_ref(), &place)),
            );
        } else if let Some((entry, level)) = &mut self.entry {
            if self.depth == *level + 1 && self.open.is_none() {
                self.open = entry.start(tag, FIELDS, self.base.as_ref()).map(|field| (Field::Of(field), self.depth));
                self.text.clear();
            }
        } else if is_entry(root, local.as_ref(), self.depth) {
            self.entry = Some((Draft::new(tag, root, self.line, self.base.as_ref()), self.depth));
        } else {
            self.start_of_feed(tag, root);
        }
        false
    }

    /// A tag outside of entries: it may say where the feed's own site is.
    fn start_of_feed(&mut self, tag: &BytesStart<'_>, root: Root) {
        let is_link = tag.name().as_ref() == "link" && self.base.is_none() && self.open.is_none();
        match (root, self.depth) {
            (Root::Atom, 1) if is_link => {
                // Others lead elsewhere: to a licence, an icon, a hub.
                let own = attribute(tag, "rel").is_none_or(|rel| matches!(rel.trim(), "self" | "alternate"));
                let href = attribute(tag, "href").filter(|_| own);
                self.base = href.and_then(|href| Url::parse(href.trim()).ok());
            }
            (Root::Rss | Root::Rdf, 2) if is_link => {
                self.open = Some((Field::Home, self.depth));
                self.text.clear();
            }
            _ => {}
        }
    }

    /// Takes note that an element ended, of which none is open any more at this depth.
    fn end(&mut self, out: &mut Vec<Item>) {
        if let Some((field, level)) = self.open
            && level == self.depth
        {
            self.open = None;
            match (field, &mut self.entry) {
                (Field::Of(name), Some((entry, _))) => entry.say(name, &self.text),
                (Field::Home, _) => self.base = Url::parse(self.text.trim()).ok(),
                (Field::Of(_), None) => {}
            }
        }
        if self.entry.as_ref().is_some_and(|(_, level)| *level == self.depth)
            && let Some((entry, _)) = self.entry.take()
        {
            let place = format!("line {}", entry.line);
            out.extend(entry.finish(self.base.as_ref(), &place));
        }
    }
}

/// Whether an element is an entry of such a document.
fn is_entry(root: Root, local: &str, depth: usize) -> bool {
    match root {
        Root::Sitemap => local == "url" && depth == 1,
        Root::Index => local == "sitemap" && depth == 1,
        Root::Rss | Root::Rdf => local == "item",
        Root::Atom => local == "entry" && depth == 1,
        Root::Opml => false,
    }
}

/// What is kept of the name of an element.
fn known(name: &str) -> &str {
    name.get(..name.floor_char_boundary(NAME_BYTES)).unwrap_or_default()
}

/// What `xml:base` of a tag says, which counts before all others in its element.
pub(super) fn base_of(tag: &BytesStart<'_>, outer: Option<&Url>) -> Option<Url> {
    let base = attribute(tag, "xml:base")?;
    match outer {
        Some(outer) => outer.join(base.trim()).ok(),
        None => Url::parse(base.trim()).ok(),
    }
}

/// The value of an attribute of this full name, references decoded.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.attributes().with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(quick_xml::escape::unescape(&attribute.value).map_or_else(|_| attribute.value.to_string(), String::from))
}

/// An address as an absolute one, or why it is none.
pub(super) fn absolute(written: &str, base: Option<&Url>, place: &str) -> Result<String, Item> {
    let written = written.trim();
    let excerpt = || written.chars().take(256).collect::<String>();
    if written.len() > ADDRESS_BYTES {
        return Err(Item::fault(excerpt(), format!("{place}: the address is longer than {} KiB", ADDRESS_BYTES >> 10)));
    }
    match Url::parse(written) {
        Err(url::ParseError::RelativeUrlWithoutBase) => match base.map(|base| base.join(written)) {
            Some(Ok(url)) if url.as_str().len() <= ADDRESS_BYTES => Ok(url.into()),
            _ => Err(Item::fault(excerpt(), format!("{place}: the address is relative, and nothing says to what"))),
        },
        // What is wrong with it is said where it would be asked for.
        _ => Ok(written.to_owned()),
    }
}

/// A date as it may be shown; `None` if it is empty or no date anyway.
pub(super) fn shown_date(written: &str) -> Option<String> {
    let date = written.trim();
    (!date.is_empty() && date.len() <= DATE_BYTES).then(|| date.to_owned())
}

/// A title, white space folded; `None` if it is empty.
pub(super) fn shown_title(written: &str) -> Option<String> {
    let mut folded = Folded::new(TITLE_CHARS);
    folded.push(written);
    Some(folded.finish()).filter(|title| !title.is_empty())
}
