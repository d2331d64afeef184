//! From a tree to values: which elements match, and what they say. Bounded by a clock and by the
//! bytes of the result. Must not know how a selector was written or how the tree came about.

use std::{io, iter::successors};

use html5ever::{
    QualName,
    serialize::{self, AttrRef, Serialize, SerializeOpts, Serializer, TraversalScope},
};
use scraper::{ElementRef, Html, Selector};

use super::{
    budget::{Clock, Room},
    fold::Folded,
};

/// Elements between two looks at the clock: one match can take milliseconds (`:has` on a big page).
const STRIDE: usize = 8;

/// What of an element is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its text as people read it.
    Text,
    /// Value of the attribute of this name, in lower case.
    Attr(String),
    /// What stands inside, as HTML.
    Html,
}

/// How many matches are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Many {
    /// The first, or null.
    First,
    /// All, as a list.
    All,
}

/// How to match, since both ways can be made slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Each element by itself, with a look at the clock now and then.
    OneByOne,
    /// All at once: for selectors that count siblings, which would be counted anew for each element.
    AtOnce,
}

impl Way {
    /// The way for a selector.
    pub(super) fn of(css: &str) -> Self {
        let css = css.to_ascii_lowercase();
        let counts = css.contains(":nth-") || css.contains("-of-type");
        // Quadratic by nature, so the clock must be able to end it.
        let quadratic = css.contains('~') || css.contains(":has");
        if counts && !quadratic { Way::AtOnce } else { Way::OneByOne }
    }
}

/// Where a selector is asked.
#[derive(Clone, Copy)]
pub(super) enum Within<'a> {
    /// In a whole page.
    Page(&'a Html),
    /// Below an element, which is its `:scope`.
    Element(ElementRef<'a>),
}

/// Elements that match, in document order, until the time is over, which the clock takes note of.
pub(super) fn matches<'a>(
    within: Within<'a>,
    selector: &'a Selector,
    way: Way,
    clock: &'a Clock,
) -> Box<dyn Iterator<Item = ElementRef<'a>> + 'a> {
    let in_time = move |_: &ElementRef<'a>| !clock.is_over();
    match (way, within) {
        (Way::OneByOne, Within::Page(html)) => {
            let elements = in_strides(root(html).into_iter().flat_map(elements), clock);
            Box::new(elements.filter(|element| selector.matches(element)).take_while(in_time))
        }
        (Way::OneByOne, Within::Element(scope)) => {
            let elements = in_strides(elements(scope).skip(1), clock);
            let found = elements.filter(move |element| selector.matches_with_scope(element, Some(scope)));
            Box::new(found.take_while(in_time))
        }
        (Way::AtOnce, Within::Page(html)) => {
            // From the root down, not `Html::select`: that goes by age, which is not document order
            // and makes counting siblings slow where the parser moved things.
            let found = root(html).into_iter().flat_map(|root| root.select(selector));
            Box::new(found.filter(is_in_page).take_while(in_time))
        }
        (Way::AtOnce, Within::Element(scope)) => {
            Box::new(scope.select(selector).filter(is_in_page).take_while(in_time))
        }
    }
}

fn in_strides<'a>(
    elements: impl Iterator<Item = ElementRef<'a>>,
    clock: &'a Clock,
) -> impl Iterator<Item = ElementRef<'a>> {
    let in_time = move |&(count, _): &(usize, _)| count % STRIDE != 0 || !clock.is_over();
    elements.enumerate().take_while(in_time).map(|(_, element)| element)
}

fn is_in_page(element: &ElementRef<'_>) -> bool {
    !element.ancestors().any(|node| node.value().is_fragment())
}

/// The element that holds all others.
pub(super) fn root(html: &Html) -> Option<ElementRef<'_>> {
    html.tree.root().children().find_map(ElementRef::wrap)
}

/// `href` of the first `<base>` that has one.
pub(super) fn base(html: &Html) -> Option<&str> {
    root(html)
        .into_iter()
        .flat_map(elements)
        .filter(|element| element.value().name() == "base")
        .find_map(|base| base.attr("href"))
}

/// An element and those below it in document order. What a `<template>` holds is no part of the page.
pub(super) fn elements(top: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    let nodes = successors(Some(*top), move |node| {
        let inside = if node.value().is_fragment() { None } else { node.first_child() };
        let mut around = successors(Some(*node), |node| node.parent()).take_while(|node| node.id() != top.id());
        inside.or_else(|| around.find_map(|node| node.next_sibling()))
    });
    nodes.filter_map(ElementRef::wrap)
}

/// What is wanted of an element; `None` if it has none, or there is no room for it, which `room`
/// takes note of.
pub(super) fn value(element: ElementRef<'_>, part: &Part, room: &Room) -> Option<String> {
    let most = room.left();
    let value = match part {
        Part::Attr(name) => {
            let value = element.value().attrs().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1;
            return room.pays(value.len()).then(|| value.to_owned());
        }
        // Whatever it says, it takes time to be told that it does not fit.
        _ if most == 0 => None,
        Part::Text => text(element, most),
        Part::Html => inner_html(element, most),
    };
    value.filter(|value| room.pays(value.len())).or_else(|| {
        room.pays(usize::MAX);
        None
    })
}

/// What an element says to a reader: scripts and styles inside it say nothing, and blocks and line
/// breaks part words. `None` if it is longer than `most` bytes.
fn text(element: ElementRef<'_>, most: usize) -> Option<String> {
    let mut reader = Reader { text: Folded::new(most), hidden: 0 };
    element.serialize(&mut reader, TraversalScope::ChildrenOnly(None)).ok()?;
    Some(reader.text.finish()).filter(|text| text.len() <= most)
}

fn inner_html(element: ElementRef<'_>, most: usize) -> Option<String> {
    let mut buffer = Buffer { bytes: Vec::new(), most };
    let opts = SerializeOpts {
        scripting_enabled: false,
        traversal_scope: TraversalScope::ChildrenOnly(None),
        create_missing_parent: false,
    };
    serialize::serialize(&mut buffer, &element, opts).ok()?;
    String::from_utf8(buffer.bytes).ok()
}

/// A buffer that takes no more than `most` bytes.
struct Buffer {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Buffer {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + piece.len() > self.most {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the walk over an element as a reader does.
struct Reader {
    text: Folded,
    hidden: usize,
}

impl Serializer for Reader {
    fn start_elem<'a, A: Iterator<Item = AttrRef<'a>>>(&mut self, name: QualName, _: A) -> io::Result<()> {
        self.hidden += usize::from(is_hidden(&name.local));
        if parts_words(&name.local) {
            self.text.gap();
        }
        Ok(())
    }

    fn end_elem(&mut self, name: QualName) -> io::Result<()> {
        self.hidden = self.hidden.saturating_sub(usize::from(is_hidden(&name.local)));
        if parts_words(&name.local) {
            self.text.gap();
        }
        Ok(())
    }

    fn write_text(&mut self, text: &str) -> io::Result<()> {
        if self.hidden == 0 {
            self.text.push(text);
        }
        if self.text.is_full() { Err(io::ErrorKind::OutOfMemory.into()) } else { Ok(()) }
    }

    fn write_comment(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn write_doctype(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn write_processing_instruction(&mut self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }
}

fn is_hidden(name: &str) -> bool {
    matches!(name, "script" | "style" | "template")
}

/// Elements that start a line of their own or a cell, and line breaks.
fn parts_words(name: &str) -> bool {
    #[rustfmt::skip]
    const NAMES: &[&str] = &[
        "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details",
        "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
        "h4", "h5", "h6", "head", "header", "hgroup", "hr", "li", "main", "menu", "nav", "ol", "option", "p", "pre",
        "search", "section", "select", "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead",
        "title", "tr", "ul",
    ];
    NAMES.binary_search(&name).is_ok()
}
