//! From a tree to values: which elements match, and what they say. Bounded by a clock and by the
//! bytes of the result. Must not know how a selector was written or how the tree came about.

mod way;

use std::{io, iter::successors};

use html5ever::{
    QualName,
    serialize::{self, AttrRef, Serialize, SerializeOpts, Serializer, TraversalScope},
};
use scraper::{ElementRef, Html, Selector};

pub(super) use self::way::{Pace, Way};

use self::way::Reach;
use super::{
    budget::{Clock, Room},
    fold::Folded,
    gap::Gap,
    view,
};

/// Elements between two looks at the clock: one match can take milliseconds (`:has` on a big page).
const STRIDE: usize = 8;

/// What of an element is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its text as people read it, in one line.
    Text,
    /// The same with its lines.
    Lines,
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
    match (way.pace, within) {
        (Pace::OneByOne, Within::Page(html)) => {
            let elements = in_strides(root(html).into_iter().flat_map(elements), clock);
            Box::new(elements.filter(|element| selector.matches(element)).take_while(in_time))
        }
        (Pace::OneByOne, Within::Element(scope)) => {
            let elements = in_strides(way.reach.elements(scope), clock);
            let found = elements.filter(move |element| selector.matches_with_scope(element, Some(scope)));
            Box::new(found.take_while(in_time))
        }
        (Pace::AtOnce, Within::Page(html)) => {
            // From the root down, not `Html::select`: that goes by age, which is not document order
            // and makes counting siblings slow where the parser moved things.
            let top = root(html).filter(|root| selector.matches(root));
            let found = root(html).into_iter().flat_map(|root| root.select(selector));
            Box::new(top.into_iter().chain(found).filter(is_in_page).take_while(in_time))
        }
        (Pace::AtOnce, Within::Element(scope)) => {
            let is_itself = way.reach != Reach::Below && selector.matches_with_scope(&scope, Some(scope));
            let found = Some(scope).filter(|_| is_itself).into_iter().chain(scope.select(selector));
            Box::new(found.filter(is_in_page).take_while(in_time))
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
            let value = attribute(element, name)?;
            return room.pays(value.len()).then(|| value.to_owned());
        }
        // Whatever it says, it takes time to be told that it does not fit.
        _ if most == 0 => None,
        Part::Text => text(element, most),
        Part::Lines => lines(element, most),
        Part::Html => inner_html(element, most),
    };
    value.filter(|value| room.pays(value.len())).or_else(|| {
        room.pays(usize::MAX);
        None
    })
}

/// The value of an attribute by its name in any case. `href` is not `xlink:href`, as in `[href]`.
fn attribute<'a>(element: ElementRef<'a>, name: &str) -> Option<&'a str> {
    let mut attrs = element.value().attrs.iter();
    let is_named = |key: &QualName| match key.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
        Some(prefix) => name
            .split_once(':')
            .is_some_and(|(first, last)| first.eq_ignore_ascii_case(prefix) && (*key.local).eq_ignore_ascii_case(last)),
        None => (*key.local).eq_ignore_ascii_case(name),
    };
    attrs.find(|(key, _)| is_named(key)).map(|(_, value)| &**value)
}

/// What an element says to a reader: scripts and styles inside it say nothing, and blocks and line
/// breaks part words. Where blanks matter, in code, forms and `<pre>`, all is as it is written. `None`
/// if it is longer than `most` bytes.
fn text(element: ElementRef<'_>, most: usize) -> Option<String> {
    let words = match element.value().name() {
        "script" | "style" | "textarea" | "pre" | "listing" | "xmp" | "plaintext" => {
            Words::Verbatim(String::new(), most)
        }
        _ => Words::Folded(Folded::new(most)),
    };
    let mut reader = Reader { words, hidden: 0 };
    element.serialize(&mut reader, TraversalScope::ChildrenOnly(None)).ok()?;
    let text = match reader.words {
        Words::Verbatim(text, _) => text,
        Words::Folded(folded) => folded.finish(),
    };
    Some(text).filter(|text| text.len() <= most)
}

/// What an element says, in the lines that people see: those of `<pre>`, and what blocks and `<br>` part.
fn lines(element: ElementRef<'_>, most: usize) -> Option<String> {
    match element.value().name() {
        "script" | "style" | "textarea" | "listing" | "xmp" | "plaintext" => text(element, most),
        // The line break that a reader of HTML takes away is not one of its lines.
        "pre" => inner_html(element, most).map(|html| view::words(&format!("<pre>\n{html}"))),
        _ => inner_html(element, most).map(|html| view::words(&html)),
    }
}

fn inner_html(element: ElementRef<'_>, most: usize) -> Option<String> {
    /// What stands in an element; its name is told by the options, for text that is not escaped there.
    struct Inner<'a>(ElementRef<'a>);
    impl Serialize for Inner<'_> {
        fn serialize<S: Serializer>(&self, serializer: &mut S, _: TraversalScope) -> io::Result<()> {
            self.0.serialize(serializer, TraversalScope::ChildrenOnly(None))
        }
    }
    let mut buffer = Buffer { bytes: Vec::new(), most };
    let opts = SerializeOpts {
        scripting_enabled: false,
        traversal_scope: TraversalScope::ChildrenOnly(Some(element.value().name.clone())),
        create_missing_parent: false,
    };
    serialize::serialize(&mut buffer, &Inner(element), opts).ok()?;
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
    words: Words,
    hidden: usize,
}

/// What was read so far.
enum Words {
    Folded(Folded),
    /// As it is written, and how long it may become, in bytes.
    Verbatim(String, usize),
}

impl Reader {
    /// Takes note that an element begins or ends.
    fn part(&mut self, name: &str) {
        if let Words::Folded(folded) = &mut self.words
            && Gap::of(name.as_bytes()) != Gap::Nothing
        {
            folded.gap();
        }
    }
}

impl Serializer for Reader {
    fn start_elem<'a, A: Iterator<Item = AttrRef<'a>>>(&mut self, name: QualName, _: A) -> io::Result<()> {
        self.hidden += usize::from(is_hidden(&name.local));
        self.part(&name.local);
        if &*name.local == "br" && matches!(self.words, Words::Verbatim(..)) {
            self.write_text("\n")?;
        }
        Ok(())
    }

    fn end_elem(&mut self, name: QualName) -> io::Result<()> {
        self.hidden = self.hidden.saturating_sub(usize::from(is_hidden(&name.local)));
        self.part(&name.local);
        Ok(())
    }

    fn write_text(&mut self, text: &str) -> io::Result<()> {
        if self.hidden > 0 {
            return Ok(());
        }
        let is_full = match &mut self.words {
            Words::Folded(folded) => {
                folded.push(text);
                folded.is_full()
            }
            Words::Verbatim(so_far, most) => {
                let fits = so_far.len() + text.len() <= *most;
                so_far.push_str(if fits { text } else { "" });
                !fits
            }
        };
        if is_full { Err(io::ErrorKind::OutOfMemory.into()) } else { Ok(()) }
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
