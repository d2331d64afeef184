//! The links of style sheets and of style attributes: `url()`, `@import`, the strings of
//! `image-set()`.
//!
//! One pass over the tokens that cssparser makes, whatever the nesting: a parser that steps over
//! blocks is started anew behind every opening bracket, since tokens do not depend on what they
//! stand in. Must not know HTML or what a link leads to.

use std::ops::Range;

use cssparser::{Parser, Token};

use crate::model::{Link, LinkKind};

/// What a style says it needs.
pub(super) struct Found<'a> {
    /// [`LinkKind::Stylesheet`] or [`LinkKind::Style`].
    pub kind: LinkKind,
    /// `@import`, `url()` or `image-set()`.
    pub element: &'static str,
    /// The reference, escapes decoded, white space around it cut. Never empty: an empty one leads
    /// nowhere (CSS Values 4, 4.5).
    pub value: &'a str,
    /// Where it was written, without quotes.
    pub span: Range<usize>,
}

/// What is read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    /// Rules: a file or a style element.
    Sheet,
    /// Declarations: a style attribute, which cannot import.
    Attribute,
}

/// The links of a style sheet, in order; spans are bytes of `css`.
///
/// Not those that are fragments alone: they point into the page that uses the sheet, not into the
/// sheet (CSS Values 4, 4.5.1).
pub fn css_links(css: &str) -> Vec<Link> {
    let mut links = Vec::new();
    read(css, Style::Sheet, &mut |found: Found<'_>| {
        if !found.value.starts_with('#') {
            let Found { kind, element, value, span } = found;
            links.push(Link { kind, element, attribute: None, text: Box::default(), value: value.into(), span });
        }
    });
    links
}

/// Tells what a style needs, fragments alone included.
pub(super) fn read(css: &str, style: Style, tell: &mut dyn FnMut(Found<'_>)) {
    // No link comes without one of these, and escapes cannot stand for them.
    if memchr::memchr2(b'(', b'@', css.as_bytes()).is_none() {
        return;
    }
    let mut reader = Reader { css, tell, open: Vec::new(), rule: Rule::None, imports: style == Style::Sheet };
    let mut start = 0;
    while let Some(rest) = css.get(start..).filter(|rest| !rest.is_empty()) {
        start += reader.until_block(rest, start);
    }
}

/// What was opened and not closed yet.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Curly,
    Square,
    /// `(` or any function that is none of the others.
    Round,
    /// `url(` with a string to come, until it came.
    Url,
    ImageSet,
}

/// The rule whose prelude is read: what stands between `@name` and `{` or `;`.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// No such prelude.
    None,
    /// `@import` whose address is to come.
    Import,
    /// Any other, or what comes behind the address: `url()` in there names a namespace, a document
    /// or a feature, and is not fetched. Begun within so many open blocks.
    Other(usize),
}

struct Reader<'a, 't> {
    css: &'a str,
    tell: &'t mut dyn FnMut(Found<'_>),
    open: Vec<Open>,
    rule: Rule,
    /// Whether `@import` is still heeded here: ahead of all other rules (CSS Cascade 5, 2).
    imports: bool,
}

impl Reader<'_, '_> {
    /// Reads tokens up to and with the next that opens a block; answers how many bytes that took.
    fn until_block(&mut self, rest: &str, offset: usize) -> usize {
        let mut parser = Parser::new(rest);
        loop {
            let start = parser.position().byte_index();
            let Ok(token) = parser.next_including_whitespace_and_comments().cloned() else { return rest.len() };
            let end = parser.position().byte_index();
            let opened = match &token {
                Token::Function(name) => Some(function(name)),
                Token::ParenthesisBlock => Some(Open::Round),
                Token::SquareBracketBlock => Some(Open::Square),
                Token::CurlyBracketBlock => Some(Open::Curly),
                _ => None,
            };
            if let Some(opened) = opened {
                self.opens(opened);
                return end;
            }
            self.token(&token, offset + start..offset + end);
        }
    }

    fn opens(&mut self, opened: Open) {
        if opened == Open::Curly {
            self.imports &= !self.open.is_empty();
            self.end_rule();
        } else if self.rule == Rule::Import && opened != Open::Url {
            self.rule = Rule::Other(0);
        }
        self.open.push(opened);
    }

    fn token(&mut self, token: &Token<'_>, span: Range<usize>) {
        match token {
            Token::WhiteSpace(_) | Token::Comment(_) => {}
            Token::AtKeyword(name) => self.at_rule(name),
            Token::Semicolon => self.end_rule(),
            Token::CloseParenthesis => self.closes(&[Open::Round, Open::Url, Open::ImageSet]),
            Token::CloseSquareBracket => self.closes(&[Open::Square]),
            Token::CloseCurlyBracket => self.closes(&[Open::Curly]),
            Token::UnquotedUrl(value) => {
                self.address(value, unquoted(self.css, span, value), "url()");
                self.past_address();
            }
            Token::QuotedString(value) => {
                let element = match self.open.last() {
                    Some(Open::ImageSet) => "image-set()",
                    Some(Open::Url) => "url()",
                    _ if self.rule == Rule::Import => "@import",
                    _ => return,
                };
                self.address(value, quoted(self.css, span, value), element);
                self.past_address();
            }
            _ => self.past_address(),
        }
    }

    fn at_rule(&mut self, name: &str) {
        let level = self.open.len();
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        self.rule = match self.rule {
            // Within the prelude of another it means nothing.
            Rule::Import => Rule::Other(0),
            rule @ Rule::Other(_) => rule,
            Rule::None if is("import") && level == 0 && self.imports => Rule::Import,
            Rule::None => {
                self.imports &= level > 0 || !is("namespace");
                Rule::Other(level)
            }
        };
    }

    /// Something stood where the address of `url(` or `@import` could have: what comes is none.
    fn past_address(&mut self) {
        if let Some(open @ Open::Url) = self.open.last_mut() {
            *open = Open::Round;
        }
        if self.rule == Rule::Import {
            self.rule = Rule::Other(0);
        }
    }

    /// Ends the prelude at `;` or `{`, unless that stands in brackets within it.
    fn end_rule(&mut self) {
        let level = if let Rule::Other(level) = self.rule { level } else { 0 };
        if self.open.len() <= level {
            self.rule = Rule::None;
        }
    }

    /// A closing bracket that closes nothing is a token like others (CSS Syntax 3, 5.4.8).
    fn closes(&mut self, what: &[Open]) {
        if self.open.last().is_some_and(|open| what.contains(open)) {
            self.open.pop();
            // The end of a block ends what was begun in it.
            if matches!(self.rule, Rule::Other(level) if level > self.open.len()) {
                self.rule = Rule::None;
            }
        }
    }

    fn address(&mut self, value: &str, span: Range<usize>, element: &'static str) {
        let (kind, element) = match self.rule {
            Rule::None => (LinkKind::Style, element),
            Rule::Import => (LinkKind::Stylesheet, "@import"),
            Rule::Other(_) => return,
        };
        let trimmed = value.trim_matches(is_space);
        let span = match self.css.get(span.clone()) {
            Some(written) => {
                let start = span.start + (written.len() - written.trim_start_matches(is_space).len());
                start..start + written.trim_matches(is_space).len()
            }
            None => span,
        };
        if !trimmed.is_empty() {
            (self.tell)(Found { kind, element, value: trimmed, span });
        }
    }
}

/// What the parser of URLs leaves out at the ends, but for NUL, which is U+FFFD in a style sheet (CSS Syntax,
/// section 3.3).
fn is_space(c: char) -> bool {
    c <= ' ' && c != '\0'
}

fn function(name: &str) -> Open {
    if name.eq_ignore_ascii_case("url") {
        Open::Url
    } else if name.eq_ignore_ascii_case("image-set") || name.eq_ignore_ascii_case("-webkit-image-set") {
        Open::ImageSet
    } else {
        Open::Round
    }
}

/// Where the address stands within `url(…)`.
fn unquoted(css: &str, span: Range<usize>, value: &str) -> Range<usize> {
    let token = css.get(span.clone()).unwrap_or_default();
    let inner = token.split_once('(').map_or("", |(_, inner)| inner).trim_start_matches(is_space);
    let start = span.end - inner.len();
    // The bracket may be missing at the end of the sheet, where the last may be an escaped one.
    let inner = if inner.starts_with(value) {
        value
    } else {
        let escaped = inner.strip_suffix(')').is_some_and(ends_in_escape);
        if escaped { inner } else { inner.strip_suffix(')').unwrap_or(inner).trim_end_matches(is_space) }
    };
    start..start + inner.len()
}

/// Where the content of a string stands.
fn quoted(css: &str, span: Range<usize>, value: &str) -> Range<usize> {
    let inner = css.get(span.start + 1..span.end).unwrap_or_default();
    let start = span.end - inner.len();
    if inner.starts_with(value) {
        return start..start + value.len();
    }
    // The quote may be missing at the end of the sheet, where the last may be an escaped one.
    let closed = inner.strip_suffix(['"', '\'']).filter(|inner| !ends_in_escape(inner));
    start..start + closed.unwrap_or(inner).len()
}

/// Whether the character behind this is escaped.
fn ends_in_escape(text: &str) -> bool {
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

#[cfg(test)]
mod tests;
