//! A place in a selector as written, and how to walk on. Must not know what the parts mean.

use std::ops::Range;

use crate::page::blame::{SelectError, Written};

/// A place in a selector, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) written: Written<'a>,
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The start of a selector.
    pub(super) fn new(written: Written<'a>) -> Self {
        Cursor { written, at: 0 }
    }

    /// What is still to come.
    pub(super) fn rest(&self) -> &'a str {
        self.written.text.get(self.at..).unwrap_or_default()
    }

    /// So many bytes of it; the cursor stands behind them afterwards.
    pub(super) fn take_bytes(&mut self, count: usize) -> &'a str {
        let taken = self.rest().get(..count).unwrap_or_default();
        self.at += taken.len();
        taken
    }

    /// As far as characters are such.
    pub(super) fn take_while(&mut self, such: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.take_bytes(rest.find(|c| !such(c)).unwrap_or(rest.len()))
    }

    /// This character, if it is the next one.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    /// White space.
    pub(super) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// The next character, for messages.
    pub(super) fn unexpected(&self) -> String {
        match self.rest().chars().next() {
            Some(c) => format!("unexpected `{c}`"),
            None => "unexpected end".to_owned(),
        }
    }

    /// A fault at the next character.
    pub(super) fn fault(&self, message: impl Into<String>) -> SelectError {
        let width = self.rest().chars().next().map_or(0, char::len_utf8);
        self.fault_at(self.at..self.at + width, message)
    }

    /// A fault of these bytes.
    pub(super) fn fault_at(&self, bytes: Range<usize>, message: impl Into<String>) -> SelectError {
        self.written.fault_at(bytes, message)
    }
}
