//! Where in a document a tag stands: in HTML, in SVG or MathML, or inside a `<template>`.
//!
//! It decides how the text behind a start tag is to be read, which a tokenizer alone cannot know: a
//! `<title/>` in a drawing is an empty element, in HTML it swallows the rest of the page. Follows
//! the tree construction rules of the HTML standard as far as that takes no tree. Must not know
//! links or titles.

use html5gum::State;

use super::tags::StartTag;

/// What the innermost open element that matters here is.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Svg,
    Math,
    /// HTML inside a drawing or formula, by the element that lets it in.
    Island(&'static str),
}

/// What a start tag is read as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Language {
    Html,
    Svg,
    Math,
}

/// The open elements that change what tags mean.
#[derive(Default)]
pub(super) struct Place {
    foreign: Vec<Open>,
    templates: usize,
}

impl Place {
    /// Whether tags here are HTML, not SVG or MathML.
    pub(super) fn is_html(&self) -> bool {
        !matches!(self.foreign.last(), Some(Open::Svg | Open::Math))
    }

    /// What a start tag of this name would be read as here.
    pub(super) fn language(&self, name: &[u8]) -> Language {
        match self.foreign.last() {
            Some(Open::Svg) if !leaves_foreign(name) => Language::Svg,
            Some(Open::Math) if !leaves_foreign(name) => Language::Math,
            _ => Language::Html,
        }
    }

    /// Whether this is inside a `<template>`, whose content is no part of the page.
    pub(super) fn in_template(&self) -> bool {
        self.templates > 0
    }

    /// Takes note of a start tag; answers how the text behind it is to be read.
    pub(super) fn start<U>(&mut self, tag: &StartTag<'_, U>) -> Option<State> {
        if !self.is_html() {
            if !leaves_foreign(tag.name) {
                self.start_foreign(tag);
                return None;
            }
            self.leave_foreign();
        }
        match tag.name {
            b"svg" if !tag.self_closing => self.foreign.push(Open::Svg),
            b"math" if !tag.self_closing => self.foreign.push(Open::Math),
            b"template" => self.templates += 1,
            // Scripting is off: what <noscript> holds is part of the page.
            b"title" | b"textarea" => return Some(State::RcData),
            b"script" => return Some(State::ScriptData),
            b"style" | b"xmp" | b"iframe" | b"noembed" | b"noframes" => return Some(State::RawText),
            b"plaintext" => return Some(State::PlainText),
            _ => {}
        }
        None
    }

    fn start_foreign<U>(&mut self, tag: &StartTag<'_, U>) {
        if tag.self_closing {
            return;
        }
        match (self.foreign.last(), tag.name) {
            (Some(Open::Svg), b"svg") => self.foreign.push(Open::Svg),
            (Some(Open::Math), b"math") => self.foreign.push(Open::Math),
            (Some(&within), name) => self.foreign.extend(island(within, name)),
            (None, _) => {}
        }
    }

    /// Takes note of an end tag.
    pub(super) fn end(&mut self, name: &[u8]) {
        match self.foreign.last() {
            Some(Open::Svg) if name == b"svg" => drop(self.foreign.pop()),
            Some(Open::Math) if name == b"math" => drop(self.foreign.pop()),
            Some(Open::Island(island)) if island.as_bytes() == name => drop(self.foreign.pop()),
            // The end of an HTML element around a drawing that was never closed ends the drawing.
            Some(Open::Svg | Open::Math) if leaves_foreign(name) || holds_drawings(name) => self.leave_foreign(),
            _ => {}
        }
        if name == b"template" && self.is_html() {
            self.templates = self.templates.saturating_sub(1);
        }
    }

    /// Back to the HTML around the drawing or formula, or inside it.
    fn leave_foreign(&mut self) {
        while !self.is_html() {
            self.foreign.pop();
        }
    }
}

/// The element that lets HTML into a drawing or formula, if `name` is one.
fn island(within: Open, name: &[u8]) -> Option<Open> {
    let names: &[&'static str] = match within {
        Open::Svg => &["foreignobject", "desc", "title"],
        Open::Math => &["mi", "mo", "mn", "ms", "mtext", "annotation-xml"],
        Open::Island(_) => &[],
    };
    names.iter().find(|island| island.as_bytes() == name).map(|island| Open::Island(island))
}

/// Start tags that end SVG and MathML (HTML standard, 13.2.6.5).
fn leaves_foreign(name: &[u8]) -> bool {
    #[rustfmt::skip]
    const NAMES: &[&[u8]] = &[
        b"b", b"big", b"blockquote", b"body", b"br", b"center", b"code", b"dd", b"div", b"dl", b"dt", b"em",
        b"embed", b"h1", b"h2", b"h3", b"h4", b"h5", b"h6", b"head", b"hr", b"i", b"img", b"li", b"listing",
        b"menu", b"meta", b"nobr", b"ol", b"p", b"pre", b"ruby", b"s", b"small", b"span", b"strike", b"strong",
        b"sub", b"sup", b"table", b"tt", b"u", b"ul", b"var",
    ];
    NAMES.contains(&name)
}

/// HTML elements that hold drawings and whose names mean nothing in SVG or MathML.
fn holds_drawings(name: &[u8]) -> bool {
    #[rustfmt::skip]
    const NAMES: &[&[u8]] = &[
        b"html", b"main", b"section", b"article", b"header", b"footer", b"nav", b"aside", b"button", b"label",
        b"form", b"td", b"th", b"tr", b"figure", b"details", b"summary",
    ];
    NAMES.contains(&name)
}
