//! The walk over the events of the parser: text, links, headings and HTML become a draft.

use std::{collections::HashMap, ops::Range};

use memchr::{memchr, memmem};
use pulldown_cmark::{CowStr, Event, LinkType, RefDefs, Tag, TagEnd};

use super::{
    destination, headings,
    html::{self, Mask},
    names::{Heading, Names},
};
use crate::{
    model::link::{Link, LinkKind},
    page::{
        fold::Folded,
        prose::{
            bare::{self, Www},
            draft::Draft,
            pieces::Pieces,
        },
    },
};

/// Labels of definitions that are comments: `[//]: # (text)`.
const COMMENT: &str = "//";

/// What is known half-way through a document.
pub(super) struct Walk<'a> {
    body: &'a str,
    pub(super) draft: Draft,
    names: Names,
    /// Text between two things that are no text.
    text: Pieces,
    /// Links and images that are open, the innermost last.
    open: Vec<Open<'a>>,
    heading: Option<Heading>,
    in_code: bool,
    /// The inline HTML element that keeps text from being prose.
    quiet: Option<&'static str>,
    html: Mask,
    /// How definitions are used, by where they stand.
    uses: HashMap<usize, Use>,
}

/// A link or image whose end has not come.
struct Open<'a> {
    kind: LinkKind,
    link_type: LinkType,
    meant: CowStr<'a>,
    span: Range<usize>,
    /// Where the definition stands that it refers to.
    definition: Option<usize>,
    text: Folded,
    text_end: usize,
}

/// The uses of a definition.
struct Use {
    text: String,
    kind: LinkKind,
}

impl<'a> Walk<'a> {
    pub(super) fn new(body: &'a str, names: Names) -> Self {
        Walk {
            body,
            draft: Draft::default(),
            names,
            text: Pieces::default(),
            open: Vec::new(),
            heading: None,
            in_code: false,
            quiet: None,
            html: Mask::default(),
            uses: HashMap::new(),
        }
    }

    /// Takes the next event.
    pub(super) fn event(&mut self, event: Event<'a>, span: Range<usize>, definitions: &RefDefs<'_>) {
        match &event {
            Event::Text(_) | Event::SoftBreak => {}
            _ => self.flush(),
        }
        // An end has the place of its start, which for the open link itself is all of it.
        if let Some(open) = self.open.last_mut().filter(|_| !matches!(event, Event::End(_))) {
            open.text_end = open.text_end.max(span.end);
        }
        match event {
            Event::Start(tag) => self.start(tag, span, definitions),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.prose(&text, span),
            Event::Code(code) => self.words(&code, &span),
            Event::SoftBreak => {
                self.text.push("\n", span.clone(), self.body);
                self.words("\n", &span);
            }
            Event::HardBreak => self.words("\n", &span),
            Event::Html(_) => self.html.keep(self.body, span),
            Event::InlineHtml(tag) => self.tag(&tag, span),
            Event::FootnoteReference(label) => self.footnote("fnref", &label),
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>, span: Range<usize>, definitions: &RefDefs<'_>) {
        let (kind, link_type, meant, id) = match tag {
            Tag::Link { link_type, dest_url, id, .. } => (LinkKind::Anchor, link_type, dest_url, id),
            Tag::Image { link_type, dest_url, id, .. } => (LinkKind::Image, link_type, dest_url, id),
            Tag::Heading { id, .. } => {
                let id = id.map(|id| id.to_string());
                self.heading = Some(Heading { id, ..Heading::default() });
                return;
            }
            Tag::CodeBlock(_) => {
                self.in_code = true;
                return;
            }
            Tag::FootnoteDefinition(label) => return self.footnote("fn", &label),
            Tag::HtmlBlock => return self.html_headings(span),
            _ => return,
        };
        let definition = match link_type {
            LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => {
                definitions.get(&id).map(|definition| definition.span.start)
            }
            _ => None,
        };
        let text_end = span.start + if kind == LinkKind::Image { 2 } else { 1 };
        let text = Folded::new(Link::TEXT_CHARS);
        self.open.push(Open { kind, link_type, meant, span, definition, text, text_end });
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link | TagEnd::Image => self.close(),
            TagEnd::CodeBlock => self.in_code = false,
            TagEnd::Heading(_) => self.close_heading(),
            _ => {}
        }
        if matches!(tag, TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell | TagEnd::Item) {
            self.quiet = None;
        }
    }

    /// Text of a paragraph, heading or cell; not of code.
    fn prose(&mut self, text: &str, span: Range<usize>) {
        if self.in_code {
            return;
        }
        self.words(text, &span);
        if self.open.is_empty() && self.quiet.is_none() {
            self.text.push(text, span, self.body);
        }
    }

    /// Words that headings, links and HTML around them show.
    fn words(&mut self, text: &str, span: &Range<usize>) {
        let in_image = self.open.iter().any(|open| open.kind == LinkKind::Image);
        if let Some(heading) = &mut self.heading {
            if in_image && heading.with_images.is_none() {
                heading.with_images = Some(heading.text.clone());
            }
            if let Some(with_images) = &mut heading.with_images {
                with_images.push_str(text);
            }
            if !in_image {
                heading.text.push_str(text);
            }
        }
        if let Some(open) = self.open.last_mut() {
            open.text.push(text);
        }
        // The text of an inline `<a>`; what could be taken for a tag stays out.
        if self.quiet == Some("a") && !text.contains(['<', '>', '&']) {
            self.html.keep(self.body, span.clone());
        }
    }

    /// An inline tag of HTML.
    fn tag(&mut self, tag: &str, span: Range<usize>) {
        self.html.keep_tag(self.body, span, tag);
        match html::Tag::of(tag) {
            Some(html::Tag::Open(name)) if self.quiet.is_none() => self.quiet = Some(name),
            Some(html::Tag::Close(name)) if self.quiet == Some(name) => self.quiet = None,
            _ => {}
        }
    }

    /// The end of a link or image: now its text is known and its destination can be found.
    fn close(&mut self) {
        let Some(Open { kind, link_type, meant, span, definition, text, text_end }) = self.open.pop() else { return };
        let text = text.finish();
        if let Some(outer) = self.open.last_mut() {
            outer.text.push(&text);
        }
        let plain = if kind == LinkKind::Image { "image" } else { "link" };
        match link_type {
            LinkType::Inline => {
                let place = destination::inline(self.body, span, text_end, &meant);
                self.draft.named(kind, plain, &text, &meant, place);
            }
            LinkType::Autolink => {
                self.draft.named(kind, "autolink", &text, &meant, span.start + 1..span.end.saturating_sub(1));
            }
            LinkType::Email => {
                let value = format!("mailto:{}", meant.trim_start_matches("mailto:"));
                self.draft.named(kind, "autolink", &text, &value, span.start + 1..span.end.saturating_sub(1));
            }
            _ => {
                let Some(definition) = definition else { return };
                let known = self.uses.entry(definition).or_insert_with(|| Use { text, kind });
                if kind == LinkKind::Anchor {
                    known.kind = kind;
                }
            }
        }
    }

    fn close_heading(&mut self) {
        let Some(heading) = self.heading.take() else { return };
        self.names.heading(heading, &mut self.draft.names);
    }

    /// Headings within a block of HTML.
    fn html_headings(&mut self, block: Range<usize>) {
        for text in headings::headings(self.body.get(block).unwrap_or_default()) {
            self.names.html_heading(&text, &mut self.draft.names);
        }
    }

    /// The names of a footnote's two ends: as GitHub, and as generators have them.
    fn footnote(&mut self, end: &str, label: &str) {
        let names = [("", "-"), ("user-content-", "-"), ("", ":")];
        self.draft.names.extend(names.map(|(prefix, gap)| format!("{prefix}{end}{gap}{label}")));
    }

    /// Looks through the text that has come together for links without markup.
    fn flush(&mut self) {
        let (text, draft) = (&self.text, &mut self.draft);
        if text.text().is_empty() {
            return;
        }
        let mut rest = 0;
        let urls = |range: Range<usize>, draft: &mut Draft| {
            bare::each(text.text().get(range.clone()).unwrap_or_default(), Www::Links, |url, found| {
                let span = text.source(range.start + found.start..range.start + found.end);
                draft.link(LinkKind::Text, "text", url, span);
            });
        };
        for (whole, target) in wiki_links(text.text()) {
            urls(rest..whole.start, draft);
            let words = text.text().get(target.end..whole.end).unwrap_or_default();
            let words = words.trim_start_matches(['|', '\\']).trim_end_matches("]]");
            let value = text.text().get(target.clone()).unwrap_or_default();
            let words = if words.is_empty() { value } else { words };
            draft.named(LinkKind::Anchor, "wikilink", words, value, text.source(target));
            rest = whole.end;
        }
        urls(rest..text.text().len(), draft);
        self.text.clear();
    }

    /// Adds the links of definitions, once each.
    pub(super) fn definitions(&mut self, definitions: &RefDefs<'_>) {
        self.flush();
        for (label, definition) in definitions.iter() {
            let known = self.uses.remove(&definition.span.start);
            let idle = known.is_none() && (label == COMMENT || matches!(&*definition.dest, "" | "#"));
            if idle {
                continue;
            }
            let Use { text, kind } = known.unwrap_or_else(|| Use { text: label.to_owned(), kind: LinkKind::Anchor });
            let place = destination::definition(self.body, definition.span.clone(), &definition.dest);
            self.draft.named(kind, "definition", &text, &definition.dest, place);
        }
    }

    /// All that was found, and the copy that has the HTML only.
    pub(super) fn finish(self) -> (Draft, Option<String>) {
        (self.draft, self.html.finish())
    }
}

/// Links of wikis in a text: `[[target]]`, `[[target|words]]`. For each the bytes of all of it and
/// of the target.
///
/// Read from text and not by the parser, which would take `[[1]](url)` for one and lose the URL.
/// Numbers alone are citations; a blank behind the brackets is a test of a shell.
fn wiki_links(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut out = Vec::new();
    if memchr(b'[', text.as_bytes()).is_none() {
        return out;
    }
    let mut behind = 0;
    for at in memmem::find_iter(text.as_bytes(), b"[[") {
        let start = at + 2;
        let Some(rest) = text.get(start..).filter(|_| at >= behind) else { continue };
        let Some(end) = rest.find(['[', ']', '\n']) else { continue };
        if !rest.get(end..).is_some_and(|rest| rest.starts_with("]]")) {
            continue;
        }
        let inside = rest.get(..end).unwrap_or_default();
        let target = inside.split('|').next().unwrap_or_default().trim_end_matches('\\');
        let is_name = !target.is_empty()
            && target.trim() == target
            && !target.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b' ' | b'-'));
        if is_name {
            behind = start + end + 2;
            out.push((at..behind, start..start + target.len()));
        }
    }
    out
}
