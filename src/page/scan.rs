//! Title, base and links of a page, in one streaming pass without a tree.
//!
//! Linear in the length of the page and flat in memory whatever its nesting, so this is what every
//! page goes through; a tree is built only where somebody asks for a selector. Must not know
//! charsets or selectors.
//!
//! A link is what the parsed page has as an element with such an attribute, scripting being off:
//! `<noscript>` counts; scripts, styles, comments, text boxes and `<template>` do not.

use encoding_rs::Encoding;
use html5gum::{State, Tokenizer};
use url::Url;

use super::{
    base::Base,
    fold::Folded,
    place::Place,
    tags::{StartTag, Tags, Watcher},
    values::Values,
};

/// Longest title, in characters.
pub const TITLE_CHARS: usize = 512;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The title: the scan ends where it does.
    Title,
    /// The base: the scan ends where the first one is.
    Base,
    /// The title, the base and every link.
    Links,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// `<title>`, white space folded, at most [`TITLE_CHARS`] characters; `None` if absent or empty.
    pub title: Option<String>,
    /// `href` of the first `<base>` that has one, as written.
    pub base: Option<String>,
    links: Values,
}

impl Scanned {
    /// The links as absolute URLs in document order, repeats included. What is no URL is left out.
    ///
    /// `url` is where the page was found; without one, relative addresses stay as they are written.
    /// `encoding` is how it was written, which queries follow (HTML standard, 2.4.2).
    pub fn links(&self, url: Option<&Url>, encoding: &'static Encoding) -> Vec<String> {
        let base = Base::new(url, self.base.as_deref(), encoding);
        self.links.iter().filter_map(|link| base.resolve(link)).collect()
    }
}

/// Scans a page.
pub fn scan(html: &str, seek: Seek) -> Scanned {
    let mut scan = Scan::new(seek);
    // The tokenizer returns when the scan is done, or at the end; a string cannot fail to be read.
    let _ = Tokenizer::new_with_emitter(html, Tags::new(&mut scan)).next();
    let title = scan.title.finish();
    Scanned { title: Some(title).filter(|title| !title.is_empty()), base: scan.base, links: scan.links }
}

/// The attribute of an element that links, by element name.
fn link_attribute(name: &[u8]) -> Option<&'static [(&'static str, ())]> {
    Some(match name {
        b"a" | b"area" | b"link" | b"base" => &[("href", ())],
        b"img" | b"image" | b"script" | b"iframe" | b"source" | b"video" | b"audio" | b"embed" => &[("src", ())],
        b"object" => &[("data", ())],
        b"form" => &[("action", ())],
        _ => return None,
    })
}

#[derive(PartialEq)]
enum Title {
    Awaited,
    Open,
    Known,
}

struct Scan {
    seek: Seek,
    place: Place,
    state: Title,
    title: Folded,
    base: Option<String>,
    links: Values,
    form_open: bool,
}

impl Scan {
    fn new(seek: Seek) -> Self {
        Scan {
            seek,
            place: Place::default(),
            state: Title::Awaited,
            title: Folded::new(TITLE_CHARS),
            base: None,
            links: Values::default(),
            form_open: false,
        }
    }

    /// Whether a start tag becomes an element of the page that may link. `html` says whether it is
    /// read as HTML.
    fn links_here(&mut self, name: &[u8], html: bool) -> bool {
        match name {
            // A form within a form is not there.
            b"form" if html => !std::mem::replace(&mut self.form_open, true),
            // HTML takes <image> for <img>; in a drawing it is something else, and a base is none.
            b"image" | b"base" => html,
            _ => true,
        }
    }

    fn take(&mut self, name: &[u8], value: &str) {
        if name == b"base" {
            self.base.get_or_insert_with(|| value.to_owned());
        } else if is_link(name, value) {
            self.links.push(value);
        }
    }
}

/// Whether a value leads somewhere. An empty one leads to the page itself where people click, and
/// nowhere elsewhere; `data:` holds its content instead of leading to it.
fn is_link(name: &[u8], value: &str) -> bool {
    let value = value.trim_start_matches(|c: char| c <= ' ');
    let is_data = value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    !is_data && (!value.is_empty() || matches!(name, b"a" | b"area"))
}

impl Watcher for Scan {
    const PLACES: bool = false;
    type Use = ();

    fn wanted(&mut self, name: &[u8]) -> &'static [(&'static str, ())] {
        let is_wanted = self.seek == Seek::Links || (self.seek == Seek::Base && name == b"base");
        link_attribute(name).filter(|_| is_wanted).unwrap_or_default()
    }

    fn start(&mut self, tag: &StartTag<'_, ()>) -> Option<State> {
        let state = self.place.start(tag);
        if self.place.in_template() {
            return state;
        }
        // Only HTML switches the way that text is read: a title in a drawing does not.
        if tag.name == b"title" && state.is_some() && self.state == Title::Awaited {
            self.state = Title::Open;
        } else if link_attribute(tag.name).is_some() {
            let html = self.place.is_html();
            if let (true, Some(value)) = (self.links_here(tag.name, html), tag.attributes().next()) {
                self.take(tag.name, value.value);
            }
        }
        state
    }

    fn end(&mut self, name: &[u8], _: usize) {
        self.place.end(name);
        match name {
            b"title" if self.state == Title::Open => self.state = Title::Known,
            b"form" if !self.place.in_template() => self.form_open = false,
            _ => {}
        }
    }

    fn text(&mut self, piece: &[u8]) {
        if self.state == Title::Open && !self.title.is_full() {
            self.title.push_bytes(piece);
        }
    }

    fn takes_cdata(&self) -> bool {
        !self.place.is_html()
    }

    fn done(&self) -> bool {
        match self.seek {
            Seek::Title => self.state == Title::Known || self.title.is_full(),
            Seek::Base => self.base.is_some(),
            Seek::Links => false,
        }
    }
}

#[cfg(test)]
mod tests;
