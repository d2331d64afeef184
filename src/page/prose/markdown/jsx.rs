//! JSX tags: where they end, and what links and names their attributes hold.

use std::{borrow::Cow, ops::Range};

use crate::{
    model::link::{Link, LinkKind},
    page::prose::draft::Draft,
};

/// A tag, and those of its attributes that are strings.
pub(super) struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, Range<usize>)>,
    /// Behind its `>`.
    pub(super) end: usize,
}

/// Elements with links: name, attribute, what the link is.
const LINKS: &[(&str, &str, LinkKind)] = &[
    ("a", "href", LinkKind::Anchor),
    ("area", "href", LinkKind::Anchor),
    ("img", "src", LinkKind::Image),
    ("Image", "src", LinkKind::Image),
    ("video", "src", LinkKind::Media),
    ("video", "poster", LinkKind::Media),
    ("audio", "src", LinkKind::Media),
    ("source", "src", LinkKind::Media),
    ("track", "src", LinkKind::Media),
    ("iframe", "src", LinkKind::Frame),
    ("embed", "src", LinkKind::Embed),
    ("script", "src", LinkKind::Script),
    ("link", "href", LinkKind::Resource),
    // the routers of React and of Docusaurus
    ("Link", "to", LinkKind::Anchor),
    ("NavLink", "to", LinkKind::Anchor),
];

/// The tag that begins with the `<` at this byte; else how many bytes were read in vain.
pub(super) fn tag(text: &str, at: usize) -> Result<Tag<'_>, usize> {
    let mut cursor = Cursor { text, at: at + 1 };
    cursor.tag().ok_or(cursor.at - at)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn tag(&mut self) -> Option<Tag<'a>> {
        self.accept(b'/');
        let name = self.name();
        let mut attributes = Vec::new();
        loop {
            let before = self.at;
            self.blanks();
            match self.peek()? {
                b'>' => break,
                b'/' => {
                    self.at += 1;
                    self.blanks();
                    if self.peek()? != b'>' {
                        return None;
                    }
                    break;
                }
                b'{' => self.expression()?, // {...props}
                // `<b` must be followed by a blank before an attribute; autolinks are no tags
                _ if before == self.at || name.is_empty() => return None,
                _ => {
                    let key = Some(self.name()).filter(|key| !key.is_empty())?;
                    self.blanks();
                    if self.accept(b'=') {
                        self.blanks();
                        attributes.extend(self.value()?.map(|value| (key, value)));
                    }
                }
            }
        }
        self.at += 1;
        Some(Tag { name, attributes, end: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn name(&mut self) -> &'a str {
        let start = self.at;
        let first = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
        if self.peek().is_some_and(first) {
            let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.' | b':');
            while self.peek().is_some_and(part) {
                self.at += 1;
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The value of an attribute; `Some(None)` if it is no string.
    fn value(&mut self) -> Option<Option<Range<usize>>> {
        let open = self.at;
        match self.peek()? {
            quote @ (b'"' | b'\'') => {
                self.string(quote)?;
                Some(Some(open + 1..self.at - 1))
            }
            b'{' => {
                self.expression()?;
                Some(self.literal(open + 1..self.at - 1))
            }
            _ => None,
        }
    }

    /// The string that is all of an expression, if it has no escapes and nothing to fill in.
    fn literal(&self, inside: Range<usize>) -> Option<Range<usize>> {
        let text = self.text.get(inside.clone())?;
        let trimmed = text.trim();
        let start = inside.start + (text.len() - text.trim_start().len());
        let quote = trimmed.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
        let content = trimmed.get(1..)?.strip_suffix(quote)?;
        (!content.contains([quote, '\\', '\n']) && !content.contains("${"))
            .then(|| start + 1..start + 1 + content.len())
    }

    /// Goes behind a string.
    fn string(&mut self, quote: u8) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at + 1..)?;
        let Some(close) = memchr::memchr(quote, rest) else {
            self.at = self.text.len();
            return None;
        };
        self.at += close + 2;
        Some(())
    }

    /// Goes behind an expression in braces.
    fn expression(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

impl Tag<'_> {
    /// Puts the links and names of the tag into the draft.
    pub(super) fn read(&self, text: &str, draft: &mut Draft) {
        for (key, span) in &self.attributes {
            let raw = text.get(span.clone()).unwrap_or_default();
            let value = quick_xml::escape::unescape(raw).unwrap_or(Cow::Borrowed(raw));
            let value = value.trim();
            if *key == "id" || (*key == "name" && self.name == "a") {
                draft.names.push(value.to_owned());
                continue;
            }
            let known = LINKS.iter().find(|(name, attribute, _)| *name == self.name && attribute == key);
            // What a component does with them is not known; the names are kept for links by custom.
            let (element, attribute, kind) = match (known, *key) {
                (Some(link), _) => *link,
                (None, "href") => ("component", "href", LinkKind::Anchor),
                (None, "src") => ("component", "src", LinkKind::Resource),
                _ => continue,
            };
            draft.links.push(Link {
                kind,
                element,
                attribute: Some(attribute),
                text: "".into(),
                value: value.into(),
                span: span.clone(),
            });
        }
    }
}
