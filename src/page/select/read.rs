//! Asks a page what a plan wants to know, within bounds of time and memory.
//!
//! Nests as groups do, which is bounded. Must not know how a selector is written.

use std::{collections::HashSet, time::Instant};

use scraper::{ElementRef, Html};
use serde_json::{Map, Value};

use super::{
    Body, Document, Problem, Read,
    apply::{self, Made, Means},
    field::{Css, Field, Source},
    json, weight,
};
use crate::page::{
    base::Base,
    pick::{self, Budget, Many, Part, Within},
};

/// Problems that are told of one page at most.
const PROBLEMS: usize = 20;

/// A page under way.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) tree: Option<&'a Html>,
    pub(super) json: &'a json::Documents,
    pub(super) base: Option<&'a Base>,
    pub(super) budget: Budget,
    pub(super) read: Read,
    /// What matched, by address, for hints; `None`: nobody asks.
    pub(super) matched: Option<HashSet<*const Css>>,
}

/// Where a value belongs, for messages.
#[derive(Clone, Copy)]
struct At<'p> {
    around: Option<&'p At<'p>>,
    name: &'p str,
    index: Option<usize>,
}

impl At<'_> {
    /// `items[2].price`
    fn path(&self) -> String {
        let mut parts: Vec<String> = std::iter::successors(Some(self), |at| at.around)
            .map(|at| at.index.map_or_else(|| at.name.to_owned(), |index| format!("{}[{index}]", at.name)))
            .collect();
        parts.reverse();
        parts.join(".")
    }
}

impl<'a> Reader<'a> {
    /// The value of a field of the page.
    pub(super) fn field(&mut self, field: &'a Field) -> Value {
        let at = At { around: None, name: &field.name, index: None };
        self.value(field, self.tree.map(Within::Page), at)
    }

    fn value(&mut self, field: &'a Field, within: Option<Within<'a>>, at: At<'_>) -> Value {
        let until = self.budget.until;
        match &field.source {
            Source::Css(css, part) if field.chain.is_plain() && !field.chain.required => {
                self.plain(css, part, field.many, within)
            }
            Source::Css(css, part) => {
                let found = self.matches(css, within);
                let value = |reader: &mut Self, element| pick::value(element, part, &mut reader.budget).into();
                self.made(field, found, value, at)
            }
            Source::Group(css, fields) => self.group(field, css, fields, within, at),
            Source::Json(_) if self.json.fault.is_some() => {
                let fault = self.json.fault.clone().unwrap_or_default();
                let made = field.chain.run(Made::bad(fault), &mut self.means());
                let value = self.told(field, made, at);
                if field.many == Many::All && value.is_null() { Value::Array(Vec::new()) } else { value }
            }
            Source::Json(path) => {
                let documents = self.json.values.iter();
                let found = documents.flat_map(|document| path.find(document, until));
                let value = |reader: &mut Self, value: &Value| {
                    let weight = weight::of(value, reader.budget.bytes);
                    if reader.budget.pays(weight) { value.clone() } else { Value::Null }
                };
                self.made(field, Some(found), value, at)
            }
            Source::Regex(regex) => {
                let text = Some(self.document.text).filter(|_| self.document.body != Body::Other);
                let found = text.map(|text| regex.captures_iter(text).take_while(move |_| Instant::now() < until));
                let value = |reader: &mut Self, found: regex::Captures<'_>| {
                    let text = apply::group(&found);
                    if reader.budget.pays(text.len() + weight::VALUE) { text.into() } else { Value::Null }
                };
                self.made(field, found, value, at)
            }
        }
    }

    /// The usual case: what is found is the value.
    fn plain(&mut self, css: &'a Css, part: &Part, many: Many, within: Option<Within<'a>>) -> Value {
        let found = self.matches(css, within);
        let mut marked = self.matched.is_none();
        let mut mark = |reader: &mut Self| {
            if !std::mem::replace(&mut marked, true) {
                reader.mark(css);
            }
        };
        match (many, found) {
            (Many::First, None) => Value::Null,
            (Many::All, None) => Value::Array(Vec::new()),
            (Many::First, Some(mut found)) => found
                .next()
                .and_then(|element| {
                    mark(self);
                    pick::value(element, part, &mut self.budget)
                })
                .into(),
            (Many::All, Some(found)) => found
                .filter_map(|element| {
                    mark(self);
                    pick::value(element, part, &mut self.budget)
                })
                .collect(),
        }
    }

    /// What the filters make of what is found.
    fn made<T>(
        &mut self,
        field: &'a Field,
        found: Option<impl Iterator<Item = T>>,
        value: impl Fn(&mut Self, T) -> Value,
        at: At<'_>,
    ) -> Value {
        let mut found = found.into_iter().flatten();
        let css = if let Source::Css(css, _) = &field.source { Some(css) } else { None };
        let one = |reader: &mut Self, found: T| {
            css.inspect(|css| reader.mark(css));
            let made = Made::of(value(reader, found));
            field.chain.run(made, &mut reader.means())
        };
        if field.many == Many::First {
            let made = found.next().map(|found| one(self, found));
            let made = made.unwrap_or_else(|| field.chain.run(Made::default(), &mut self.means()));
            return self.told(field, made, at);
        }
        let mut list = Vec::new();
        for (index, found) in found.enumerate() {
            let made = one(self, found);
            let bad = made.bad.is_some();
            match self.noted(field, made, At { index: Some(index), ..at }) {
                Value::Null if !bad => {}
                Value::Array(several) if field.chain.splits() => list.extend(several),
                value if self.budget.pays(weight::VALUE) => list.push(value),
                _ => break,
            }
        }
        self.judged(field, list.into(), at)
    }

    /// The matches of a group.
    fn group(
        &mut self,
        field: &Field,
        css: &'a Css,
        fields: &'a [Field],
        within: Option<Within<'a>>,
        at: At<'_>,
    ) -> Value {
        let mut found = self.matches(css, within).into_iter().flatten();
        let value = match field.many {
            Many::First => found.next().map(|element| self.object(css, fields, element, at)).unwrap_or_default(),
            Many::All => {
                let object = |(index, element)| {
                    let object = self.object(css, fields, element, At { index: Some(index), ..at });
                    Some(object).filter(|object| !object.is_null())
                };
                found.enumerate().map_while(object).collect()
            }
        };
        self.judged(field, value, at)
    }

    /// One match of a group: an object of its fields; null if there is no room for it.
    fn object(&mut self, css: &'a Css, fields: &'a [Field], element: ElementRef<'a>, at: At<'_>) -> Value {
        self.mark(css);
        let names: usize = fields.iter().map(|field| field.name.len() + 2 * weight::VALUE).sum();
        if !self.budget.pays(weight::OBJECT / 2 + names) {
            return Value::Null;
        }
        let mut object = Map::new();
        for field in fields {
            let at = At { around: Some(&at), name: &field.name, index: None };
            let value = self.value(field, Some(Within::Element(element)), at);
            object.insert(field.name.clone(), value);
        }
        object.into()
    }

    fn matches(
        &self,
        css: &'a Css,
        within: Option<Within<'a>>,
    ) -> Option<Box<dyn Iterator<Item = ElementRef<'a>> + 'a>> {
        let until = self.budget.until;
        match (&css.selector, within?) {
            (Some(selector), within) => Some(pick::matches(within, selector, css.way, until)),
            (None, Within::Element(element)) => Some(Box::new(std::iter::once(element))),
            (None, Within::Page(_)) => None,
        }
    }

    fn mark(&mut self, css: &Css) {
        if let Some(matched) = &mut self.matched {
            matched.insert(std::ptr::from_ref(css));
        }
    }

    fn means(&mut self) -> Means<'_> {
        Means { base: self.base, budget: &mut self.budget }
    }

    /// Takes note of what cannot be read and of what is missing.
    fn told(&mut self, field: &Field, made: Made, at: At<'_>) -> Value {
        let bad = made.bad.is_some();
        let value = self.noted(field, made, at);
        if bad { value } else { self.judged(field, value, at) }
    }

    /// Takes note of what cannot be read.
    fn noted(&mut self, field: &Field, made: Made, at: At<'_>) -> Value {
        if let Some(why) = made.bad {
            self.read.note(at.path(), Problem::Invalid { why, required: field.chain.required });
        }
        made.value
    }

    /// Takes note if nothing was found that is required.
    fn judged(&mut self, field: &Field, value: Value, at: At<'_>) -> Value {
        let hollow = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if hollow && field.chain.required {
            self.read.note(at.path(), Problem::Missing);
        }
        value
    }
}

impl Read {
    fn note(&mut self, path: String, problem: Problem) {
        match problem {
            Problem::Missing if self.missing.len() < PROBLEMS => self.missing.push(path),
            Problem::Invalid { why, required } => {
                if required && self.unusable.is_none() {
                    self.unusable = Some(format!("{path}: {why}"));
                }
                if self.invalid.len() < PROBLEMS {
                    self.invalid.push((path, why));
                }
            }
            Problem::Missing => {}
        }
    }
}
