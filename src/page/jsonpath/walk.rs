//! Follows a path through a value (RFC 9535, section 2), bounded by a clock and by what it keeps.
//!
//! Nests as the path does, not as the value does. Must not know how a path is written.

use std::{borrow::Cow, cmp::Ordering, collections::HashMap};

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::page::budget::Budget;

/// Nodes kept at once at most: 8 MB.
const NODES: usize = 1_000_000;

/// Steps between two looks at the clock.
const STRIDE: usize = 256;

/// Regular expressions kept; a value may hold any number of them.
const PATTERNS: usize = 16;

/// Size of a compiled regular expression at most, in bytes.
const PATTERN_BYTES: usize = 4 << 20;

/// What the path leads to, in the order of the standard, as far as the budget goes.
pub(super) fn find<'v>(query: &JpQuery, root: &'v Value, budget: &Budget) -> Vec<&'v Value> {
    let mut walk = Walk { root, budget, steps: 0, over: false, patterns: HashMap::new() };
    walk.query(&query.segments, root)
}

struct Walk<'v, 'b> {
    root: &'v Value,
    budget: &'b Budget,
    steps: usize,
    over: bool,
    patterns: HashMap<String, Option<Regex>>,
}

/// The value of an argument or a side of a comparison; `None` is the standard's Nothing.
type Side<'a> = Option<Cow<'a, Value>>;

impl<'v> Walk<'v, '_> {
    /// Whether one more step may be made.
    fn goes_on(&mut self, kept: usize) -> bool {
        self.steps += 1;
        if kept >= NODES {
            self.budget.room.refuse();
            self.over = true;
        }
        self.over |= self.steps.is_multiple_of(STRIDE) && self.budget.clock.is_over();
        !self.over
    }

    fn query(&mut self, segments: &[Segment], start: &'v Value) -> Vec<&'v Value> {
        let mut nodes = vec![start];
        for segment in segments {
            let mut next = Vec::new();
            for node in nodes {
                self.segment(segment, node, &mut next);
            }
            nodes = next;
        }
        nodes
    }

    fn segment(&mut self, segment: &Segment, node: &'v Value, out: &mut Vec<&'v Value>) {
        match segment {
            Segment::Selector(selector) => self.selector(selector, node, out),
            Segment::Selectors(selectors) => selectors.iter().for_each(|one| self.selector(one, node, out)),
            Segment::Descendant(inner) => {
                let mut left = vec![node];
                while let Some(node) = left.pop() {
                    if !self.goes_on(out.len().max(left.len())) {
                        return;
                    }
                    self.segment(inner, node, out);
                    let before = left.len();
                    left.extend(children(node));
                    if let Some(added) = left.get_mut(before..) {
                        added.reverse();
                    }
                }
            }
        }
    }

    fn selector(&mut self, selector: &Selector, node: &'v Value, out: &mut Vec<&'v Value>) {
        if !self.goes_on(out.len()) {
            return;
        }
        match selector {
            Selector::Name(name) => out.extend(node.get(name)),
            Selector::Index(index) => out.extend(node.as_array().and_then(|list| at(list, *index))),
            Selector::Wildcard => out.extend(children(node)),
            Selector::Slice(start, end, step) => {
                if let Some(list) = node.as_array() {
                    slice(list, *start, *end, step.unwrap_or(1), out);
                }
            }
            Selector::Filter(filter) => {
                for child in children(node) {
                    if !self.goes_on(out.len()) {
                        return;
                    }
                    if self.holds(filter, child) {
                        out.push(child);
                    }
                }
            }
        }
    }

    fn holds(&mut self, filter: &Filter, node: &'v Value) -> bool {
        match filter {
            Filter::Or(filters) => filters.iter().any(|filter| self.holds(filter, node)),
            Filter::And(filters) => filters.iter().all(|filter| self.holds(filter, node)),
            Filter::Atom(FilterAtom::Filter { expr, not }) => self.holds(expr, node) != *not,
            Filter::Atom(FilterAtom::Test { expr, not }) => self.test(expr, node) != *not,
            Filter::Atom(FilterAtom::Comparison(comparison)) => self.compares(comparison, node),
        }
    }

    fn test(&mut self, test: &Test, node: &'v Value) -> bool {
        match test {
            Test::RelQuery(segments) => !self.query(segments, node).is_empty(),
            Test::AbsQuery(query) => !self.query(&query.segments, self.root).is_empty(),
            Test::Function(function) => match &**function {
                TestFunction::Match(text, pattern) => self.matches(text, pattern, node, Extent::Whole),
                TestFunction::Search(text, pattern) => self.matches(text, pattern, node, Extent::Part),
                function => self.function(function, node).is_some(),
            },
        }
    }

    fn compares(&mut self, comparison: &Comparison, node: &'v Value) -> bool {
        let (left, right) = comparison.vals();
        let left = self.side(left, node);
        let right = self.side(right, node);
        let (left, right) = (left.as_deref(), right.as_deref());
        match comparison {
            Comparison::Eq(..) => equal(left, right),
            Comparison::Ne(..) => !equal(left, right),
            Comparison::Lt(..) => order(left, right) == Some(Ordering::Less),
            Comparison::Gt(..) => order(left, right) == Some(Ordering::Greater),
            Comparison::Lte(..) => order(left, right) == Some(Ordering::Less) || equal(left, right),
            Comparison::Gte(..) => order(left, right) == Some(Ordering::Greater) || equal(left, right),
        }
    }

    fn side(&mut self, side: &Comparable, node: &'v Value) -> Side<'v> {
        match side {
            Comparable::Literal(literal) => Some(Cow::Owned(value(literal))),
            Comparable::Function(function) => self.function(function, node),
            Comparable::SingularQuery(query) => {
                let (start, segments) = match query {
                    SingularQuery::Current(segments) => (node, segments),
                    SingularQuery::Root(segments) => (self.root, segments),
                };
                let step = |node: &'v Value, segment: &SingularQuerySegment| match segment {
                    SingularQuerySegment::Name(name) => node.get(name),
                    SingularQuerySegment::Index(index) => at(node.as_array()?, *index),
                };
                segments.iter().try_fold(start, step).map(Cow::Borrowed)
            }
        }
    }

    fn function(&mut self, function: &TestFunction, node: &'v Value) -> Side<'v> {
        let count = |count: usize| Some(Cow::Owned(Value::from(count)));
        match function {
            TestFunction::Length(argument) => match self.argument(argument, node)?.as_ref() {
                Value::String(text) => count(text.chars().count()),
                Value::Array(list) => count(list.len()),
                Value::Object(map) => count(map.len()),
                _ => None,
            },
            TestFunction::Count(argument) => count(self.nodes(argument, node).len()),
            TestFunction::Value(argument) => self.argument(argument, node),
            _ => None,
        }
    }

    /// The nodes of an argument that is a query.
    fn nodes(&mut self, argument: &FnArg, node: &'v Value) -> Vec<&'v Value> {
        match argument {
            FnArg::Test(test) => match &**test {
                Test::RelQuery(segments) => self.query(segments, node),
                Test::AbsQuery(query) => self.query(&query.segments, self.root),
                Test::Function(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// The value of an argument; of a query, that of its only node.
    fn argument(&mut self, argument: &FnArg, node: &'v Value) -> Side<'v> {
        match argument {
            FnArg::Literal(literal) => Some(Cow::Owned(value(literal))),
            FnArg::Test(test) => match &**test {
                Test::Function(function) => self.function(function, node),
                _ => match self.nodes(argument, node).as_slice() {
                    [one] => Some(Cow::Borrowed(*one)),
                    _ => None,
                },
            },
            FnArg::Filter(_) => None,
        }
    }

    fn matches(&mut self, text: &FnArg, pattern: &FnArg, node: &'v Value, extent: Extent) -> bool {
        let text = self.argument(text, node);
        let pattern = self.argument(pattern, node);
        let strings = text.as_deref().and_then(Value::as_str).zip(pattern.as_deref().and_then(Value::as_str));
        let Some((text, pattern)) = strings else { return false };
        let pattern = extent.pattern(pattern);
        if !self.patterns.contains_key(&pattern) {
            // Making one takes 30 ms at worst, so each is a look at the clock.
            self.over |= self.budget.clock.is_over();
            if self.over {
                return false;
            }
            if self.patterns.len() >= PATTERNS {
                self.patterns.clear();
            }
        }
        let compile = |pattern: &String| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build().ok();
        let compiled = self.patterns.entry(pattern).or_insert_with_key(compile);
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// How much of a text a regular expression must match.
#[derive(Clone, Copy)]
enum Extent {
    Whole,
    Part,
}

impl Extent {
    /// An I-Regexp (RFC 9485) as we write it: its `.` stands for no carriage return either.
    fn pattern(self, pattern: &str) -> String {
        let (mut out, mut escaped, mut class) = (String::with_capacity(pattern.len() + 8), false, false);
        for c in pattern.chars() {
            let literal = std::mem::take(&mut escaped);
            match c {
                '.' if !literal && !class => {
                    out.push_str(r"[^\n\r]");
                    continue;
                }
                '\\' if !literal => escaped = true,
                '[' if !literal => class = true,
                ']' if !literal => class = false,
                _ => {}
            }
            out.push(c);
        }
        match self {
            Extent::Whole => format!(r"\A(?:{out})\z"),
            Extent::Part => out,
        }
    }
}

/// What a list or an object holds, in order.
fn children(node: &Value) -> impl Iterator<Item = &Value> {
    let list = node.as_array().into_iter().flatten();
    list.chain(node.as_object().into_iter().flat_map(|map| map.values()))
}

/// The member of a list; a negative index counts from its end.
fn at(list: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 { i64::try_from(list.len()).ok()?.checked_add(index)? } else { index };
    list.get(usize::try_from(index).ok()?)
}

/// Part of a list (RFC 9535, section 2.3.4.2.2).
fn slice<'v>(list: &'v [Value], start: Option<i64>, end: Option<i64>, step: i64, out: &mut Vec<&'v Value>) {
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let from_end = |index: i64| if index < 0 { length.saturating_add(index) } else { index };
    let forwards = step > 0;
    let (least, most) = if forwards { (0, length) } else { (-1, length - 1) };
    let start = start.map_or(if forwards { 0 } else { length - 1 }, from_end).clamp(least, most);
    let end = end.map_or(if forwards { length } else { -1 }, from_end).clamp(least, most);
    let mut index = start;
    while step != 0 && if forwards { index < end } else { index > end } {
        out.extend(usize::try_from(index).ok().and_then(|index| list.get(index)));
        index = index.saturating_add(step);
    }
}

fn value(literal: &Literal) -> Value {
    match literal {
        Literal::Int(number) => (*number).into(),
        Literal::Float(number) => (*number).into(),
        Literal::String(text) => text.as_str().into(),
        Literal::Bool(value) => (*value).into(),
        Literal::Null => Value::Null,
    }
}

fn equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Number(_)), Some(Value::Number(_))) => order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

/// Numbers and texts have an order, and nothing else.
fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
