//! JSONPath (RFC 9535): reads paths and asks them of values.
//!
//! The crate reads the path; following it is ours (`walk`). The crate's own walk keeps a text for
//! every node it passes, as long as all keys above it together, and cannot be stopped: a page could
//! make it ask for any amount of memory. Must not know pages or selectors.

use std::ops::Range;

use jsonpath_rust::parser::{
    errors::JsonPathError,
    model::{Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, Test, TestFunction},
    parse_json_path,
};
use serde_json::Value;

use super::budget::Budget;

mod walk;

/// Parentheses and brackets within each other at most: reading and following a path nest with it.
const NESTING: usize = 24;

/// A path, read.
#[derive(Clone, Debug)]
pub(super) struct JsonPath {
    query: JpQuery,
}

/// Why a path cannot be read.
#[derive(Debug)]
pub(super) struct PathFault {
    /// What is wrong.
    pub(super) message: String,
    /// Which bytes of the path.
    pub(super) bytes: Range<usize>,
    /// What to do about it; may be empty.
    pub(super) hint: &'static str,
}

impl JsonPath {
    /// Reads a path.
    pub(super) fn parse(path: &str) -> Result<JsonPath, PathFault> {
        let fault = |bytes, message: String, hint| PathFault { message, bytes, hint };
        let whole = 0..path.len();
        if !path.starts_with('$') {
            let first = path.chars().next().map_or(0, char::len_utf8);
            return Err(fault(0..first, "a path begins with `$`".into(), "write $.offers[0].price"));
        }
        if let Some(at) = too_deep(path) {
            return Err(fault(at..at + 1, format!("a path nests {NESTING} deep at most"), ""));
        }
        // The crate takes `$.a b` for a name with a space in it.
        if let Some(at) = two_words(path) {
            let c = path.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            return Err(fault(at..at + c.len_utf8(), format!("unexpected `{c}`"), hint(' ')));
        }
        let query = parse_json_path(path).map_err(|error| {
            let at = place(&error, path);
            let rest = at.and_then(|at| path.get(at..)).map(|rest| rest.chars().next());
            match (at, rest) {
                (Some(at), Some(Some(c))) => fault(at..at + c.len_utf8(), format!("unexpected `{c}`"), hint(c)),
                (Some(at), Some(None)) => fault(at..at, "unexpected end".into(), ""),
                _ => fault(whole.clone(), "this is no JSONPath".into(), "RFC 9535 says how a path is written"),
            }
        })?;
        match stranger(&query) {
            Some(name) => {
                let at = path.find(&name).unwrap_or(0);
                let hint = "there are length, count, match, search and value";
                Err(fault(at..at + name.len(), format!("JSONPath has no function `{name}`"), hint))
            }
            None => Ok(JsonPath { query }),
        }
    }

    /// What the path leads to, in order, as far as the budget goes.
    pub(super) fn find<'v>(&self, root: &'v Value, budget: &Budget) -> Vec<&'v Value> {
        walk::find(&self.query, root, budget)
    }
}

fn hint(c: char) -> &'static str {
    match c {
        '@' => "a name with other signs than letters, digits and _ is written ['@type']",
        '-' => "a name with a hyphen is written ['in-stock']",
        '(' => "a condition is written [?@.price < 10]",
        '=' => "equal is written ==",
        _ => "a path is written $.offers[0].price, with ['…'] for names that hold other signs",
    }
}

/// Where the brackets nest too deeply.
fn too_deep(path: &str) -> Option<usize> {
    let mut depth = 0usize;
    outside_quotes(path).find_map(|(at, c)| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > NESTING).then_some(at)
    })
}

/// Where a word follows a word with nothing but blanks between them.
fn two_words(path: &str) -> Option<usize> {
    let (mut in_word, mut behind_word) = (false, false);
    outside_quotes(path).find_map(|(at, c)| {
        let word = c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
        let found = word && !in_word && behind_word;
        behind_word = word || (behind_word && c.is_ascii_whitespace());
        in_word = word;
        found.then_some(at)
    })
}

/// The characters outside of texts, quotes included.
fn outside_quotes(path: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped) = (None, false);
    path.char_indices().filter(move |(_, c)| match quote {
        _ if std::mem::take(&mut escaped) => false,
        Some(open) => {
            escaped = *c == '\\';
            quote = Some(open).filter(|open| open != c);
            quote.is_none()
        }
        None => {
            quote = Some(*c).filter(|c| matches!(c, '"' | '\''));
            true
        }
    })
}

/// The byte of a fault. The crate tells line and column in its message, ` --> 1:5`.
fn place(error: &JsonPathError, path: &str) -> Option<usize> {
    let JsonPathError::PestError(error) = error else { return None };
    let said = error.to_string();
    let (line, rest) = said.split_once("--> ")?.1.split_once(':')?;
    let column: usize = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    let line: usize = line.parse().ok()?;
    let start: usize = path.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let behind = path.get(start..)?;
    let chars = column.checked_sub(1)?;
    behind.char_indices().map(|(at, _)| at).chain([behind.len()]).nth(chars).map(|at| start + at)
}

/// A function that the crate knows and the standard does not. Nests as the path does.
fn stranger(query: &JpQuery) -> Option<String> {
    query.segments.iter().find_map(in_segment)
}

fn in_segment(segment: &Segment) -> Option<String> {
    let in_selector = |selector: &Selector| match selector {
        Selector::Filter(filter) => in_filter(filter),
        _ => None,
    };
    match segment {
        Segment::Descendant(segment) => in_segment(segment),
        Segment::Selector(selector) => in_selector(selector),
        Segment::Selectors(selectors) => selectors.iter().find_map(in_selector),
    }
}

fn in_filter(filter: &Filter) -> Option<String> {
    match filter {
        Filter::Or(filters) | Filter::And(filters) => filters.iter().find_map(in_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => in_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => in_test(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (Comparison::Eq(left, right)
            | Comparison::Ne(left, right)
            | Comparison::Gt(left, right)
            | Comparison::Gte(left, right)
            | Comparison::Lt(left, right)
            | Comparison::Lte(left, right)) = &**comparison;
            [left, right].into_iter().find_map(|side| match side {
                Comparable::Function(function) => in_function(function),
                _ => None,
            })
        }
    }
}

fn in_test(test: &Test) -> Option<String> {
    match test {
        Test::RelQuery(segments) => segments.iter().find_map(in_segment),
        Test::AbsQuery(query) => stranger(query),
        Test::Function(function) => in_function(function),
    }
}

fn in_function(function: &TestFunction) -> Option<String> {
    let in_argument = |argument: &FnArg| match argument {
        FnArg::Literal(_) => None,
        FnArg::Test(test) => in_test(test),
        FnArg::Filter(filter) => in_filter(filter),
    };
    match function {
        TestFunction::Custom(name, _) => Some(name.clone()),
        TestFunction::Length(argument) => in_argument(argument),
        TestFunction::Value(argument) | TestFunction::Count(argument) => in_argument(argument),
        TestFunction::Search(one, two) | TestFunction::Match(one, two) => [one, two].into_iter().find_map(in_argument),
    }
}

#[cfg(test)]
mod tests;
