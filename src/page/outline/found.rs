//! What was found so far, and what each attribute adds to it. Must not know where in the page a tag
//! stands.

use std::ops::Range;

use super::{
    super::{
        css::{self, Style},
        fold::Folded,
        tags::{Attribute, StartTag},
        values::Values,
    },
    Look, card,
    elements::Use,
    json_ld, refresh, rel, srcset,
    written::{Written, trim},
};
use crate::model::{Anchors, Directive, Link, LinkKind, Outline};

/// A page that stands in an attribute.
pub(super) struct Document {
    /// Its text, decoded.
    pub html: String,
    /// Where the attribute value stands.
    pub span: Range<usize>,
}

/// All of it.
pub(super) struct Found<'h> {
    html: &'h str,
    look: Look,
    base: Option<String>,
    links: Vec<Link>,
    names: Values,
    directives: Vec<Directive>,
    documents: Vec<Document>,
}

impl<'h> Found<'h> {
    pub(super) fn new(html: &'h str, look: Look) -> Self {
        Found {
            html,
            look,
            base: None,
            links: Vec::new(),
            names: Values::default(),
            directives: Vec::new(),
            documents: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Outline, Vec<Document>) {
        let Found { look, base, links, names, directives, documents, .. } = self;
        let anchors = Anchors::of(names.iter(), look.names);
        (Outline { base, links, anchors, directives, faults: Vec::new() }, documents)
    }

    /// Takes an attribute of a tag for what it is.
    pub(super) fn take(&mut self, tag: &StartTag<'_, Use>, element: &'static str, attribute: Attribute<'_, Use>) {
        let Attribute { name, means, value, span } = attribute;
        match means {
            Use::Anchor if self.look.anchors && !value.is_empty() => return self.names.push(value),
            Use::Base => {
                self.base.get_or_insert_with(|| value.to_owned());
                return;
            }
            Use::Anchor | Use::Aside => return,
            _ if !self.look.links => return,
            Use::Document => return self.documents.push(Document { html: value.to_owned(), span }),
            _ => {}
        }
        let mut written = Written::new(self.html, value, span);
        match means {
            Use::Css | Use::Paint => self.style(&mut written, Some(name), Style::Attribute),
            _ => self.refer(tag, (element, name), means, &mut written),
        }
    }

    /// Takes an attribute that holds references.
    fn refer(
        &mut self,
        tag: &StartTag<'_, Use>,
        (element, name): (&'static str, &'static str),
        means: Use,
        written: &mut Written<'_>,
    ) {
        let value = written.value;
        // Of a set only the first image says it: a long text and many images would make a lot of memory.
        let mut alt = tag.get("alt");
        let mut push = |kind, value: &str, span| {
            let said = if matches!(kind, LinkKind::Image | LinkKind::Anchor) { alt.take() } else { None };
            let text = said.map(folded).unwrap_or_default();
            self.links.push(Link { kind, element, attribute: Some(name), text, value: value.into(), span });
        };
        let mut parts = |kind, parts: &mut dyn Iterator<Item = Range<usize>>| {
            for part in parts {
                let part = trim(value, part);
                if !part.is_empty() {
                    push(kind, value.get(part.clone()).unwrap_or_default(), written.part(part));
                }
            }
        };
        match means {
            Use::Set => parts(LinkKind::Image, &mut srcset::addresses(value).into_iter()),
            Use::Words if tag.get("href").is_some() => parts(LinkKind::Ping, &mut words(value)),
            Use::Content if is(tag.get("http-equiv"), "refresh") => {
                parts(LinkKind::Refresh, &mut refresh::address(value).into_iter());
            }
            _ => {
                let (value, span) = written.trimmed();
                if let Some(kind) = whole(tag, (element, name), means, value) {
                    push(kind, value, span);
                }
            }
        }
    }

    /// Takes a style sheet that stands in an element, or declarations that stand in an attribute.
    pub(super) fn style(&mut self, written: &mut Written<'_>, attribute: Option<&'static str>, style: Style) {
        let links = &mut self.links;
        css::read(written.value, style, &mut |css::Found { kind, element, value, span }| {
            let span = written.part(span);
            links.push(Link { kind, element, attribute, text: Box::default(), value: value.into(), span });
        });
    }

    /// Takes JSON-LD that stands in these bytes of the page.
    pub(super) fn json_ld(&mut self, span: Range<usize>) {
        let (html, start) = (self.html, span.start);
        json_ld::read(html.get(span).unwrap_or_default(), &mut |value, part| {
            let (kind, element, attribute) = (LinkKind::Data, "script", None);
            let span = trim(html, start + part.start..start + part.end);
            self.links.push(Link { kind, element, attribute, text: Box::default(), value: value.into(), span });
        });
    }

    /// Takes a comment, if it is an instruction.
    pub(super) fn comment(&mut self, text: &str, span: Range<usize>) {
        // <!x> and <?x> are comments too, by accident.
        let meant = self.html.get(span.clone()).is_some_and(|comment| comment.starts_with("<!--"));
        if let Some(text) = text.trim_start().strip_prefix("fetchall:").filter(|_| self.look.links && meant) {
            self.directives.push(Directive { text: text.trim().into(), span });
        }
    }

    /// How many links there are.
    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    /// Of the links from `from` on, the one that people follow by clicking on the element.
    pub(super) fn followed(&self, from: usize) -> Option<usize> {
        let is = |link: &Link| link.element == "a" && matches!(link.kind, LinkKind::Anchor | LinkKind::Drawing);
        self.links.iter().skip(from).position(is).map(|index| from + index)
    }

    /// Says what people read on a link.
    pub(super) fn name(&mut self, index: usize, text: Box<str>) {
        if let Some(link) = self.links.get_mut(index) {
            link.text = text;
        }
    }
}

/// What a value is that is one reference as a whole; `None` if it is none.
fn whole(tag: &StartTag<'_, Use>, at: (&str, &str), means: Use, value: &str) -> Option<LinkKind> {
    let kind = match means {
        Use::Follow(kind) => return (at.1 != "xlink:href" || tag.get("href").is_none()).then_some(kind),
        Use::Link(kind) => kind,
        Use::Related => rel::kind(tag.get("rel").unwrap_or_default())?,
        Use::Content => {
            let names = [tag.get("property"), tag.get("name")];
            names.into_iter().flatten().any(|names| card::is_link(names, value)).then_some(LinkKind::Card)?
        }
        _ => return None,
    };
    let kind_of = tag.get("type");
    let counts = match at {
        // The old name is heeded where the new one is missing (SVG 2, 16.1.4).
        (_, "xlink:href") => tag.get("href").is_none(),
        ("input", "src") => is(kind_of, "image"),
        ("input", "formaction") => is(kind_of, "image") || is(kind_of, "submit"),
        ("button", "formaction") => !is(kind_of, "button") && !is(kind_of, "reset"),
        _ => true,
    };
    (counts && !value.is_empty()).then_some(kind)
}

/// Whether an attribute is there and says this, in letters of any case.
fn is(value: Option<&str>, what: &str) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case(what))
}

fn folded(text: &str) -> Box<str> {
    let mut folded = Folded::new(Link::TEXT_CHARS);
    folded.push(text);
    folded.finish().into()
}

/// Where the words of a text stand.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split(|c: char| c.is_ascii_whitespace()).map(move |word| {
        let start = at;
        at += word.len() + 1;
        start..start + word.len()
    })
}
