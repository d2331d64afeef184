//! An outline under way: readers put in what they find, in any order.

use std::ops::Range;

use crate::{
    model::link::{Anchors, Directive, Fault, Link, LinkKind, Outline},
    page::fold::Folded,
};

/// How a comment speaks to the checker.
const CALL: &str = "fetchall:";

/// What a reader has found so far.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) links: Vec<Link>,
    /// What fragments may point to.
    pub(super) names: Vec<String>,
    pub(super) directives: Vec<Directive>,
    pub(super) faults: Vec<Fault>,
}

impl Draft {
    /// Adds a link without text and attribute.
    pub(super) fn link(&mut self, kind: LinkKind, element: &'static str, value: &str, span: Range<usize>) {
        self.named(kind, element, "", value, span);
    }

    /// Adds a link with its text.
    pub(super) fn named(&mut self, kind: LinkKind, element: &'static str, text: &str, value: &str, span: Range<usize>) {
        let value = value.trim().into();
        self.links.push(Link { kind, element, attribute: None, text: folded(text).into(), value, span });
    }

    /// Adds what a comment says, if it speaks to the checker. `comment` is its content without
    /// delimiters, `span` all of it.
    pub(super) fn comment(&mut self, comment: &str, span: Range<usize>) {
        if let Some(text) = comment.trim_start().strip_prefix(CALL) {
            self.directives.push(Directive { text: text.trim().into(), span });
        }
    }

    /// Takes in what was found in a part of the document that starts at byte `at`.
    pub(super) fn take(&mut self, part: Draft, at: usize) {
        let shift = |span: Range<usize>| span.start + at..span.end + at;
        self.links.extend(part.links.into_iter().map(|link| Link { span: shift(link.span), ..link }));
        self.names.extend(part.names);
        let directives = part.directives.into_iter();
        self.directives.extend(directives.map(|directive| Directive { span: shift(directive.span), ..directive }));
        self.faults.extend(part.faults.into_iter().map(|fault| Fault { span: shift(fault.span), ..fault }));
    }

    /// The outline, all in document order.
    pub(super) fn finish(mut self, keep_names: bool) -> Outline {
        // No fragment can ask for nothing, and names are kept with NUL between them.
        self.names.retain(|name| !name.is_empty() && !name.contains('\0'));
        self.links.sort_by_key(|link| link.span.start);
        self.directives.sort_by_key(|directive| directive.span.start);
        self.faults.sort_by_key(|fault| fault.span.start);
        Outline {
            base: None,
            links: self.links,
            anchors: Anchors::of(self.names.iter().map(String::as_str), keep_names),
            directives: self.directives,
            faults: self.faults,
        }
    }
}

/// Text as links carry it.
pub(super) fn folded(text: &str) -> String {
    let mut folded = Folded::new(Link::TEXT_CHARS);
    folded.push(text);
    folded.finish()
}
