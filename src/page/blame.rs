//! Where a selector is wrong, and what to write instead. Must not know plans or pages.

mod advice;

use std::{fmt, ops::Range};

use scraper::{Selector, error::SelectorErrorKind};

use crate::model::wanted::{Rule, What};

/// In which language something is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CSS.
    Css,
    /// JSONPath.
    Json,
    /// A regular expression.
    Regex,
    /// None: a name that is required.
    Name,
}

impl Kind {
    /// The flag that takes it, and what people call it.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::Css => ("--select", "selector"),
            Kind::Json => ("--json", "JSONPath"),
            Kind::Regex => ("--regex", "regular expression"),
            Kind::Name => ("--required", "required name"),
        }
    }
}

/// Why a selector cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectError {
    /// Its language.
    pub kind: Kind,
    /// The name that was to be given to what it finds.
    pub name: String,
    /// The selector as written.
    pub css: String,
    /// What is wrong with it.
    pub message: String,
    /// Where, in characters from 1; one behind the end if something is missing there.
    pub column: Option<usize>,
    /// How many characters are wrong there; at least 1.
    pub width: usize,
    /// What to do about it.
    pub hint: Option<Box<str>>,
}

impl SelectError {
    pub(super) fn hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// All of it in one line, for records.
    pub fn sentence(&self) -> String {
        let column = self.column.map(|column| format!(" at column {column}")).unwrap_or_default();
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{} {}: `{}`: {}{column}{hint}", self.kind.words().1, self.name, self.css, self.message)
    }
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: `{}`: {}", self.kind.words().0, self.name, self.css, self.message)?;
        if let Some(column) = self.column {
            // One line, so that the carets stand under what they mean.
            let line: String = self.css.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            write!(f, " at column {column}\n  {line}\n  {:>column$}{:^<2$}", '^', "", self.width.saturating_sub(1))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SelectError {}

/// A selector as somebody wrote it, to be blamed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Written<'a> {
    /// A rule, to be blamed.
    pub(super) fn of(rule: &'a Rule) -> Self {
        let (kind, text) = match &rule.what {
            What::Css(text) | What::Group(text, _) => (Kind::Css, text),
            What::Json(text) => (Kind::Json, text),
            What::Regex(text) => (Kind::Regex, text),
        };
        Written { kind, name: &rule.name, text }
    }

    /// A fault of the whole.
    pub(super) fn fault(&self, message: impl Into<String>) -> SelectError {
        SelectError {
            kind: self.kind,
            name: self.name.to_owned(),
            css: self.text.to_owned(),
            message: message.into(),
            column: None,
            width: 1,
            hint: None,
        }
    }

    /// A fault of these bytes of it.
    pub(super) fn fault_at(&self, bytes: Range<usize>, message: impl Into<String>) -> SelectError {
        let chars = |range: Range<usize>| self.text.get(range).unwrap_or_default().chars().count();
        let mut fault = self.fault(message);
        fault.column = Some(chars(0..bytes.start) + 1);
        fault.width = chars(bytes).max(1);
        fault
    }

    /// Why `selector`, which stands at byte `start`, cannot be read.
    pub(super) fn css(&self, start: usize, selector: &str) -> SelectError {
        if let Some(advice) = advice::of(selector) {
            let bytes = start + advice.bytes.start..start + advice.bytes.end;
            return self.fault_at(bytes, advice.message).hint(advice.hint);
        }
        let kind = kind_of(selector).unwrap_or_default();
        let at = place(selector);
        let next = selector.get(at..).and_then(|rest| rest.chars().next());
        let unexpected = match next {
            Some(c) => format!("unexpected `{c}`"),
            None => "unexpected end".to_owned(),
        };
        let message = match kind.as_str() {
            "EmptySelector" | "DanglingCombinator" => format!("{unexpected} where a selector is expected"),
            "ClassNeedsIdent" => format!("{unexpected} where the name of a class is expected"),
            _ => unexpected,
        };
        let hint = "a browser's console tries selectors: document.querySelectorAll(\"…\")";
        let width = next.map_or(0, char::len_utf8);
        self.fault_at(start + at..start + at + width, message).hint(hint)
    }

    /// Why `pattern`, which stands at byte `start`, is no regular expression.
    pub(super) fn regex(&self, start: usize, pattern: &str, error: &regex::Error) -> SelectError {
        let said = error.to_string();
        let message = said.lines().rev().find_map(|line| line.strip_prefix("error: "));
        let message = message.unwrap_or("this regular expression is too large");
        // The pattern is shown indented by four, carets below what is wrong.
        let carets = said.lines().find(|line| line.contains('^') && line.trim_matches([' ', '^']).is_empty());
        let skip = carets.and_then(|line| line.find('^')?.checked_sub(4));
        let Some(skip) = skip.filter(|_| !pattern.contains('\n')) else {
            return self.fault_at(start..start + pattern.len(), message);
        };
        let byte = |chars| pattern.char_indices().nth(chars).map_or(pattern.len(), |(at, _)| at);
        let width = carets.map_or(1, |line| line.matches('^').count());
        self.fault_at(start + byte(skip)..start + byte(skip + width), message)
    }
}

/// Name of the fault that the parser finds; `None` if it finds none.
fn kind_of(selector: &str) -> Option<String> {
    Selector::parse(selector).err().map(|kind| match kind {
        SelectorErrorKind::UnexpectedSelectorParseError(kind) => format!("{kind:?}"),
        kind => format!("{kind:?}"),
    })
}

/// The byte of the fault, which the parser does not tell: it stands behind the longest beginning
/// that can still become a selector.
fn place(selector: &str) -> usize {
    let sound =
        |start: &str| ["", "a", "=a", "root"].iter().any(|end| Selector::parse(&format!("{start}{end}")).is_ok());
    let starts = selector.char_indices().map(|(at, _)| at).chain([selector.len()]);
    starts.rev().find(|&at| selector.get(..at).is_some_and(sound)).unwrap_or(0)
}
