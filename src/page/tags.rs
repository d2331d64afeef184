//! From bytes to tags: what html5gum's tokenizer tells us, kept down to what the scan asks for.
//!
//! One buffer each for the tag name, the current attribute and the one attribute that matters, so
//! that a page costs no allocation per tag. Text and comments are not kept at all: text goes
//! straight to the watcher, in pieces. Must not know what a link or a title is.

use html5gum::{Emitter, Error, State};

/// Who is told about tags and text, in document order.
pub(super) trait Watcher {
    /// The attribute of such a start tag whose value is wanted.
    fn wanted(&self, tag: &[u8]) -> Option<&'static [u8]>;
    /// A start tag; answers how the text behind it is to be read, if not as usual.
    fn start(&mut self, tag: &StartTag<'_>) -> Option<State>;
    /// An end tag.
    fn end(&mut self, name: &[u8]);
    /// Text, character references decoded; a run of text may come in several pieces.
    fn text(&mut self, piece: &[u8]);
    /// Whether `<![CDATA[` is text here (it is in SVG and MathML) or a comment.
    fn takes_cdata(&self) -> bool;
    /// Whether nothing more is needed.
    fn done(&self) -> bool;
}

/// A start tag as written, names in lower case.
pub(super) struct StartTag<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Value of the attribute that was wanted: empty if it has none, `None` if it is not there.
    pub value: Option<&'a [u8]>,
    /// Whether it ended with `/>`.
    pub self_closing: bool,
}

#[derive(PartialEq)]
enum Kind {
    Start,
    End,
}

/// The adapter between the tokenizer and a [`Watcher`].
pub(super) struct Tags<'w, W> {
    watcher: &'w mut W,
    kind: Kind,
    name: Vec<u8>,
    self_closing: bool,
    last_start: Vec<u8>,
    in_attribute: bool,
    attribute: Vec<u8>,
    attribute_value: Vec<u8>,
    /// The wanted attribute of the current tag: asked for once, at its first attribute.
    wanted: Option<&'static [u8]>,
    asked: bool,
    value: Option<Vec<u8>>,
}

impl<'w, W: Watcher> Tags<'w, W> {
    pub(super) fn new(watcher: &'w mut W) -> Self {
        Tags {
            watcher,
            kind: Kind::Start,
            name: Vec::new(),
            self_closing: false,
            last_start: Vec::new(),
            in_attribute: false,
            attribute: Vec::new(),
            attribute_value: Vec::new(),
            wanted: None,
            asked: false,
            value: None,
        }
    }

    fn begin(&mut self, kind: Kind) {
        self.kind = kind;
        self.name.clear();
        self.self_closing = false;
        self.in_attribute = false;
        self.asked = false;
        self.value = None;
    }

    /// Keeps the attribute that just ended if it is the wanted one and the first of its name.
    fn end_attribute(&mut self) {
        if self.in_attribute && self.value.is_none() && self.wanted == Some(&self.attribute) {
            self.value = Some(std::mem::take(&mut self.attribute_value));
        }
        self.in_attribute = false;
    }
}

impl<W: Watcher> Emitter for Tags<'_, W> {
    type Token = ();

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start.clear();
        self.last_start.extend(name.unwrap_or_default());
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    /// A token makes the tokenizer return: the one way to stop it early.
    fn pop_token(&mut self) -> Option<()> {
        self.watcher.done().then_some(())
    }

    fn emit_string(&mut self, piece: &[u8]) {
        self.watcher.text(piece);
    }

    fn init_start_tag(&mut self) {
        self.begin(Kind::Start);
    }

    fn init_end_tag(&mut self) {
        self.begin(Kind::End);
    }

    fn push_tag_name(&mut self, piece: &[u8]) {
        self.name.extend_from_slice(piece);
    }

    fn set_self_closing(&mut self) {
        self.self_closing = true;
    }

    fn init_attribute(&mut self) {
        self.end_attribute();
        if !self.asked {
            self.asked = true;
            self.wanted = if self.kind == Kind::Start { self.watcher.wanted(&self.name) } else { None };
        }
        self.in_attribute = true;
        self.attribute.clear();
        self.attribute_value.clear();
    }

    fn push_attribute_name(&mut self, piece: &[u8]) {
        if self.wanted.is_some() {
            self.attribute.extend_from_slice(piece);
        }
    }

    fn push_attribute_value(&mut self, piece: &[u8]) {
        if self.wanted == Some(&self.attribute) {
            self.attribute_value.extend_from_slice(piece);
        }
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_attribute();
        if self.kind == Kind::End {
            self.last_start.clear();
            self.watcher.end(&self.name);
            return None;
        }
        self.last_start.clone_from(&self.name);
        let tag = StartTag { name: &self.name, value: self.value.as_deref(), self_closing: self.self_closing };
        self.watcher.start(&tag)
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.kind == Kind::End && !self.last_start.is_empty() && self.last_start == self.name
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.watcher.takes_cdata()
    }

    // What no scan asks for.
    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn init_comment(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn emit_current_comment(&mut self) {}
    fn init_doctype(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn set_force_quirks(&mut self) {}
    fn emit_current_doctype(&mut self) {}
}
