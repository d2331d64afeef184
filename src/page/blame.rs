//! Where a selector is wrong, and what to write instead. Must not know plans or pages.

use std::fmt;

use scraper::{Selector, error::SelectorErrorKind};

/// Why a selector cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectError {
    /// The name that was to be given to what it finds.
    pub name: String,
    /// The CSS as written.
    pub css: String,
    /// What is wrong with it.
    pub message: String,
    /// Where, in characters from 1; one behind the end if something is missing there.
    pub column: Option<usize>,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

impl SelectError {
    pub(super) fn new(name: &str, css: &str, message: String) -> Self {
        SelectError { name: name.to_owned(), css: css.to_owned(), message, column: None, hint: None }
    }

    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// All of it in one line, for records.
    pub fn sentence(&self) -> String {
        let column = self.column.map(|column| format!(" at column {column}")).unwrap_or_default();
        let hint = self.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("selector {}: `{}`: {}{column}{hint}", self.name, self.css, self.message)
    }
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--select {}: `{}`: {}", self.name, self.css, self.message)?;
        if let Some(column) = self.column {
            // One line, so that the caret stands under what it means.
            let line: String = self.css.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            write!(f, " at column {column}\n  {line}\n  {:>column$}", '^')?;
        }
        match self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SelectError {}

/// Why `selector`, the start of `css`, cannot be read.
pub(super) fn css(name: &str, css: &str, selector: &str) -> SelectError {
    let kind = kind_of(selector).unwrap_or_default();
    let column = column(selector);
    let unexpected = match selector.chars().nth(column - 1) {
        Some(c) => format!("unexpected `{c}`"),
        None => "unexpected end".to_owned(),
    };
    let (message, hint) = match kind.as_str() {
        "EmptySelector" | "DanglingCombinator" => (format!("{unexpected} where a selector is expected"), None),
        "UnsupportedPseudoClassOrElement" => (
            "this pseudo-class or pseudo-element is not known".into(),
            Some("what to take of a match is written ::text, ::html or ::attr(NAME), at the end"),
        ),
        "ClassNeedsIdent" => (
            format!("{unexpected} where the name of a class is expected"),
            Some("the name of a class that starts with a digit is written [class~=\"1st\"]"),
        ),
        "ExpectedNamespace" => ("this namespace is not known".into(), Some("write the element's name without one")),
        _ => (unexpected, None),
    };
    let mut fault = SelectError::new(name, css, message);
    fault.column = Some(column);
    fault.hint = hint.or(Some("a browser's console tries selectors: document.querySelectorAll(\"…\")"));
    fault
}

/// Name of the fault that the parser finds; `None` if it finds none.
fn kind_of(selector: &str) -> Option<String> {
    Selector::parse(selector).err().map(|kind| match kind {
        SelectorErrorKind::UnexpectedSelectorParseError(kind) => format!("{kind:?}"),
        kind => format!("{kind:?}"),
    })
}

/// The column of the fault, which the parser does not tell: it stands behind the longest beginning
/// that can still become a selector.
fn column(selector: &str) -> usize {
    let sound =
        |start: &&str| ["", "a", "=a", "root"].iter().any(|end| Selector::parse(&format!("{start}{end}")).is_ok());
    let starts = selector.char_indices().map(|(at, _)| selector.get(..at).unwrap_or_default());
    let starts: Vec<_> = starts.chain([selector]).collect();
    starts.iter().rev().find(|start| sound(start)).map_or(1, |start| start.chars().count() + 1)
}
