//! From bytes to tags: what html5gum's tokenizer tells us, kept down to what a watcher asks for.
//!
//! One buffer each for the tag name, the attribute under way and the values that were asked for, so
//! that a page costs no allocation per tag. Text is not kept at all: it goes straight to the
//! watcher, in pieces. Must not know what a link or a title is.

use std::ops::Range;

use html5gum::{Emitter, Error, State};

/// Who is told about tags and text, in document order.
pub(super) trait Watcher {
    /// Whether places and comments are asked for. Where they are not, they cost nothing: every
    /// offset is 0 and no comment comes.
    const PLACES: bool;
    /// What an attribute means to the watcher.
    type Use: Copy + 'static;

    /// The attributes of such a start tag whose values are wanted. Not asked for a tag without any.
    fn wanted(&mut self, tag: &[u8]) -> &'static [(&'static str, Self::Use)];
    /// A start tag; answers how the text behind it is to be read, if not as usual.
    fn start(&mut self, tag: &StartTag<'_, Self::Use>) -> Option<State>;
    /// An end tag, which starts at this offset.
    fn end(&mut self, name: &[u8], at: usize);
    /// Text, character references decoded; a run of text may come in several pieces.
    fn text(&mut self, _piece: &[u8]) {}
    /// A comment: what it says, and the bytes from `<` to `>`.
    fn comment(&mut self, _text: &[u8], _span: Range<usize>) {}
    /// Whether `<![CDATA[` is text here (it is in SVG and MathML) or a comment.
    fn takes_cdata(&self) -> bool;
    /// Whether nothing more is needed.
    fn done(&self) -> bool {
        false
    }
}

/// A start tag as written, names in lower case.
pub(super) struct StartTag<'a, U> {
    /// Its name.
    pub name: &'a [u8],
    /// Whether it ended with `/>`.
    pub self_closing: bool,
    /// Offset of its `<`.
    pub start: usize,
    /// Offset behind its `>`.
    pub end: usize,
    slots: &'a [Slot<U>],
    values: &'a [u8],
}

/// A wanted attribute of a start tag.
pub(super) struct Attribute<'a, U> {
    /// Its name.
    pub name: &'static str,
    /// What it means to the watcher.
    pub means: U,
    /// Its value, character references decoded; empty if it has none.
    pub value: &'a str,
    /// Bytes of the page that hold the value, without quotes.
    pub span: Range<usize>,
}

impl<'a, U: Copy> StartTag<'a, U> {
    /// The wanted attributes it has, the first of each name, in the order written.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'a, U>> + '_ {
        let attribute = |slot: &Slot<U>| Attribute {
            name: slot.name,
            means: slot.means,
            value: self.value(slot),
            span: slot.span.clone(),
        };
        self.slots.iter().map(attribute)
    }

    /// Value of the wanted attribute of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.slots.iter().find(|slot| slot.name == name).map(|slot| self.value(slot))
    }

    fn value(&self, slot: &Slot<U>) -> &'a str {
        let value = self.values.get(slot.value.clone()).and_then(|value| str::from_utf8(value).ok());
        value.unwrap_or_default()
    }
}

struct Slot<U> {
    name: &'static str,
    means: U,
    /// Where its value stands among those of the tag.
    value: Range<usize>,
    span: Range<usize>,
}

#[derive(PartialEq)]
enum Kind {
    Start,
    End,
}

/// Where the attribute under way stands.
#[derive(PartialEq)]
enum Under {
    /// There is none.
    Nothing,
    /// Its name is read, or was read and no value followed so far.
    Name,
    /// Its value is read, for the last slot.
    Value,
    /// Its value is read and nobody wants it.
    Unwanted,
}

/// The adapter between the tokenizer and a [`Watcher`].
pub(super) struct Tags<'w, W: Watcher> {
    watcher: &'w mut W,
    kind: Kind,
    name: Vec<u8>,
    self_closing: bool,
    last_start: Vec<u8>,
    under: Under,
    attribute: Vec<u8>,
    /// What is wanted of the current tag: asked for once, at its first attribute.
    wanted: &'static [(&'static str, W::Use)],
    asked: bool,
    slots: Vec<Slot<W::Use>>,
    values: Vec<u8>,
    /// Bytes read so far.
    position: usize,
    /// Offset of the last `<` that may have opened something.
    opened: usize,
    /// Offset behind the name of the attribute under way.
    name_end: usize,
    comment: Vec<u8>,
}

impl<'w, W: Watcher> Tags<'w, W> {
    pub(super) fn new(watcher: &'w mut W) -> Self {
        Tags {
            watcher,
            kind: Kind::Start,
            name: Vec::new(),
            self_closing: false,
            last_start: Vec::new(),
            under: Under::Nothing,
            attribute: Vec::new(),
            wanted: &[],
            asked: false,
            slots: Vec::new(),
            values: Vec::new(),
            position: 0,
            opened: 0,
            name_end: 0,
            comment: Vec::new(),
        }
    }

    fn begin(&mut self, kind: Kind) {
        self.kind = kind;
        self.name.clear();
        self.self_closing = false;
        self.under = Under::Nothing;
        self.asked = false;
        self.wanted = &[];
        self.slots.clear();
        self.values.clear();
    }

    /// Makes a slot for the attribute whose name just ended, if it is wanted and the first of its
    /// name. `at` is where its value starts.
    fn slot(&mut self, at: usize) -> Under {
        let wanted = self.wanted.iter().find(|(name, _)| name.as_bytes() == self.attribute);
        match wanted {
            Some(&(name, means)) if !self.slots.iter().any(|slot| slot.name == name) => {
                let end = self.values.len();
                self.slots.push(Slot { name, means, value: end..end, span: at..at });
                Under::Value
            }
            _ => Under::Unwanted,
        }
    }

    fn end_attribute(&mut self) {
        if self.under == Under::Name {
            self.slot(self.name_end);
        }
        self.under = Under::Nothing;
    }
}

impl<W: Watcher> Emitter for Tags<'_, W> {
    type Token = ();

    #[inline]
    fn move_position(&mut self, offset: isize) {
        if W::PLACES {
            self.position = self.position.saturating_add_signed(offset);
        }
    }

    fn start_open_tag(&mut self) {
        self.opened = self.position.saturating_sub(1);
    }

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
            self.wanted = if self.kind == Kind::Start { self.watcher.wanted(&self.name) } else { &[] };
        }
        self.under = Under::Name;
        self.attribute.clear();
    }

    fn push_attribute_name(&mut self, piece: &[u8]) {
        if !self.wanted.is_empty() {
            self.attribute.extend_from_slice(piece);
            self.name_end = self.position;
        }
    }

    fn init_attribute_value(&mut self) {
        self.under = self.slot(self.position);
    }

    fn push_attribute_value(&mut self, piece: &[u8]) {
        if self.under == Under::Value {
            self.values.extend_from_slice(piece);
            if let Some(slot) = self.slots.last_mut() {
                slot.value.end = self.values.len();
                slot.span.end = self.position;
            }
        }
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_attribute();
        if self.kind == Kind::End {
            self.last_start.clear();
            self.watcher.end(&self.name, self.opened);
            return None;
        }
        self.last_start.clone_from(&self.name);
        let tag = StartTag {
            name: &self.name,
            self_closing: self.self_closing,
            start: self.opened,
            end: self.position,
            slots: &self.slots,
            values: &self.values,
        };
        self.watcher.start(&tag)
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.kind == Kind::End && !self.last_start.is_empty() && self.last_start == self.name
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.watcher.takes_cdata()
    }

    fn init_comment(&mut self) {
        self.comment.clear();
    }

    fn push_comment(&mut self, piece: &[u8]) {
        if W::PLACES {
            self.comment.extend_from_slice(piece);
        }
    }

    fn emit_current_comment(&mut self) {
        if W::PLACES {
            self.watcher.comment(&self.comment, self.opened..self.position);
        }
    }

    // What nobody asks for.
    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn init_doctype(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn set_force_quirks(&mut self) {}
    fn emit_current_doctype(&mut self) {}
}
