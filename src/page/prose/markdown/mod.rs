//! Markdown: CommonMark with what GitHub and wikis add.
//!
//! A destination is reported once, where a person has to edit it: a reference link is one link at
//! its definition, however often it is used. A definition without use counts as well, unless it is
//! the comment idiom `[//]: # (…)`. A reference that nobody defines is text, as CommonMark has it:
//! `[a-z][0-9]` is no link.
//!
//! Nothing within code is a link. HTML is read from a copy of the document that is blank but for
//! the HTML, so that elements go on over blocks and places stay.

mod blocks;
mod destination;
mod front;
mod headings;
mod html;
mod jsx;
mod mdx;
mod names;
mod walk;

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{Options, Parser};

use self::walk::Walk;
use super::{data, draft::Draft};
use crate::{model::link::Outline, page::Look};

/// Which Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Markdown,
    /// Of Python-Markdown, with what MkDocs adds.
    Python,
    Mdx,
}

/// What a document says, its HTML included.
pub(super) fn outline(text: &str, dialect: Dialect, look: Look) -> Outline {
    let mut draft = Draft::default();
    let front = front::matter(text);
    if let Some(matter) = text.get(front.content.clone()) {
        let mut part = Draft::default();
        match front.language {
            front::Language::Yaml => data::yaml(matter, &mut part),
            front::Language::Toml => data::toml(matter, &mut part),
        }
        draft.take(part, front.content.start);
    }
    let body = text.get(front.end..).unwrap_or_default();
    let mut part = Draft::default();
    let body: Cow<'_, str> = match dialect {
        Dialect::Markdown => body.into(),
        Dialect::Python => blocks::as_lists(body).into(),
        Dialect::Mdx => mdx::prose(body, &mut part).into(),
    };
    let html = prose(&body, dialect, &mut part);
    draft.take(part, front.end);
    let mut outline = draft.finish(look.names);
    if let Some(html) = html {
        join(&mut outline, crate::page::outline(&html, Look { links: true, anchors: true, ..look }), front.end);
    }
    outline
}

/// Reads a body without front matter; gives the copy that has its HTML only, if it has any.
fn prose(body: &str, dialect: Dialect, draft: &mut Draft) -> Option<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_GFM;
    let mut events = Parser::new_ext(body, options).into_offset_iter();
    let mut walk = Walk::new(body, names::Names::of(dialect));
    while let Some((event, span)) = events.next() {
        walk.event(event, span, events.reference_definitions());
    }
    walk.definitions(events.reference_definitions());
    let (part, html) = walk.finish();
    draft.take(part, 0);
    html
}

/// Adds what the HTML of a document says to what the rest says. `at` is where the copy begins.
fn join(outline: &mut Outline, html: Outline, at: usize) {
    let shift = |span: Range<usize>| span.start + at..span.end + at;
    outline.base = html.base;
    outline.links.extend(html.links.into_iter().map(|mut link| {
        link.span = shift(link.span);
        link
    }));
    outline.directives.extend(html.directives.into_iter().map(|mut directive| {
        directive.span = shift(directive.span);
        directive
    }));
    outline.faults.extend(html.faults.into_iter().map(|mut fault| {
        fault.span = shift(fault.span);
        fault
    }));
    outline.links.sort_by_key(|link| link.span.start);
    outline.directives.sort_by_key(|directive| directive.span.start);
    outline.faults.sort_by_key(|fault| fault.span.start);
    outline.anchors.join(html.anchors);
}
