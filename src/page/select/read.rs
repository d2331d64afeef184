//! Asks a page what a plan wants to know, within bounds of time and memory.
//!
//! Nests as groups do, which is bounded. Must not know how a selector is written.

use scraper::{ElementRef, Html};
use serde_json::{Map, Value};

use super::{
    Body, Document, Problem, Read,
    apply::{self, Made, Means},
    field::{Css, Field, Source},
    hints::Seen,
    json, weight,
};
use crate::page::{
    base::Base,
    budget::{Budget, Cut},
    pick::{self, Many, Part, Within},
};

/// Problems that are told of one page at most.
const PROBLEMS: usize = 20;

/// A page under way.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) tree: Option<&'a Html>,
    /// Why the tree is not all of the page.
    pub(super) tree_cut: Option<Cut>,
    pub(super) json: &'a json::Documents,
    pub(super) base: Option<&'a Base>,
    pub(super) budget: &'a Budget,
    pub(super) read: Read,
    /// What is told at the end of the run; `None`: nobody asks.
    pub(super) seen: Option<Seen>,
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

    /// `items.price`
    fn name(&self) -> String {
        let mut parts: Vec<&str> = std::iter::successors(Some(self), |at| at.around).map(|at| at.name).collect();
        parts.reverse();
        parts.join(".")
    }
}

impl<'a> Reader<'a> {
    /// The value of a field of the page, of which so many are left, this one included.
    pub(super) fn field(&mut self, field: &'a Field, left: usize) -> Value {
        self.budget.begin(left);
        let at = At { around: None, name: &field.name, index: None };
        self.value(field, self.tree.map(Within::Page), at)
    }

    fn value(&mut self, field: &'a Field, within: Option<Within<'a>>, at: At<'_>) -> Value {
        let (value, bad) = match &field.source {
            Source::Css(css, part) if field.chain.is_plain() => (self.plain(css, part, field.many, within), false),
            Source::Css(css, part) => {
                let found = self.matches(css, within);
                let value = |reader: &mut Self, element| pick::value(element, part, &reader.budget.room).into();
                self.made(field, found, value, at)
            }
            Source::Group(css, fields) => (self.group(field, css, fields, within, at), false),
            Source::Json(_) if self.json.fault.is_some() => self.no_json(field, at),
            Source::Json(path) => {
                let documents = self.json.values.iter();
                let budget = self.budget;
                let found = documents.flat_map(|document| path.find(document, budget));
                let value = |reader: &mut Self, value: &Value| {
                    let weight = weight::of(value, reader.budget.room.left());
                    if reader.budget.room.pays(weight) { value.clone() } else { Value::Null }
                };
                self.made(field, Some(found), value, at)
            }
            Source::Regex(regex) => {
                let text = Some(self.document.text).filter(|_| self.document.body != Body::Other);
                let clock = &self.budget.clock;
                let found = text.map(|text| regex.captures_iter(text).take_while(|_| !clock.is_over()));
                let value = |reader: &mut Self, found: regex::Captures<'_>| {
                    let text = apply::group(&found);
                    if reader.budget.room.pays(text.len() + weight::VALUE) { text.into() } else { Value::Null }
                };
                self.made(field, found, value, at)
            }
        };
        self.judge(field, &value, bad, at);
        value
    }

    /// What there is where JSON is asked of what is none.
    fn no_json(&mut self, field: &Field, at: At<'_>) -> (Value, bool) {
        let fault = self.json.fault.clone().unwrap_or_default();
        let made = field.chain.run(Made::bad(fault), &self.means(field));
        if let (Some(seen), Some(why)) = (&mut self.seen, &made.bad) {
            seen.troubles.no_json(&at.name(), why);
        }
        let bad = made.bad.is_some();
        if let Some(why) = made.bad {
            self.read.note(at.path(), Problem::Invalid { why, required: field.chain.required });
        }
        (if field.many == Many::All { self.stand_in(field) } else { made.value }, bad)
    }

    /// The usual case: what is found is the value.
    fn plain(&mut self, css: &'a Css, part: &Part, many: Many, within: Option<Within<'a>>) -> Value {
        let found = self.matches(css, within);
        let mut marked = self.seen.is_none();
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
                    pick::value(element, part, &self.budget.room)
                })
                .into(),
            (Many::All, Some(found)) => found
                .filter_map(|element| {
                    mark(self);
                    pick::value(element, part, &self.budget.room)
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
    ) -> (Value, bool) {
        let mut found = found.into_iter().flatten();
        let css = if let Source::Css(css, _) = &field.source { Some(css) } else { None };
        let one = |reader: &mut Self, found: T| {
            css.inspect(|css| reader.mark(css));
            let made = Made::of(value(reader, found));
            field.chain.run(made, &reader.means(field))
        };
        if field.many == Many::First {
            let made = found.next().map(|found| one(self, found));
            let made = made.unwrap_or_else(|| field.chain.run(Made::default(), &self.means(field)));
            let bad = made.bad.is_some();
            return (self.noted(field, made, at), bad);
        }
        let mut list = Vec::new();
        for (index, found) in found.enumerate() {
            let made = one(self, found);
            let bad = made.bad.is_some();
            match self.noted(field, made, At { index: Some(index), ..at }) {
                Value::Null if !bad => {}
                Value::Array(several) if field.chain.splits() => list.extend(several),
                value if self.budget.room.pays(weight::VALUE) => list.push(value),
                _ => break,
            }
        }
        if list.is_empty() {
            return (self.stand_in(field), false);
        }
        (list.into(), false)
    }

    /// The list where nothing was found: of the default, if there is one.
    fn stand_in(&self, field: &Field) -> Value {
        let made = match field.chain.has_default() {
            true => field.chain.run(Made::default(), &self.means(field)).value,
            false => Value::Null,
        };
        match made {
            Value::Null => Value::Array(Vec::new()),
            Value::Array(several) if field.chain.splits() => several.into(),
            value => Value::Array(vec![value]),
        }
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
        match field.many {
            Many::First => found.next().map(|element| self.object(css, fields, element, at)).unwrap_or_default(),
            Many::All => {
                let object = |(index, element)| {
                    let object = self.object(css, fields, element, At { index: Some(index), ..at });
                    Some(object).filter(|object| !object.is_null())
                };
                found.enumerate().map_while(object).collect()
            }
        }
    }

    /// One match of a group: an object of its fields; null if there is no room for it.
    fn object(&mut self, css: &'a Css, fields: &'a [Field], element: ElementRef<'a>, at: At<'_>) -> Value {
        self.mark(css);
        let names: usize = fields.iter().map(|field| field.name.len() + 2 * weight::VALUE).sum();
        if !self.budget.room.pays(weight::OBJECT / 2 + names) {
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
        let clock = &self.budget.clock;
        match (&css.selector, within?) {
            (Some(selector), within) => Some(pick::matches(within, selector, css.way, clock)),
            (None, Within::Element(element)) => Some(Box::new(std::iter::once(element))),
            (None, Within::Page(_)) => None,
        }
    }

    fn mark(&mut self, css: &Css) {
        if let Some(seen) = &mut self.seen {
            seen.matched.insert(std::ptr::from_ref(css));
        }
    }

    fn means(&self, field: &Field) -> Means<'a> {
        Means { base: self.base, budget: self.budget, cut: self.tree_cut(field) }
    }

    /// Takes note of what cannot be read.
    fn noted(&mut self, field: &Field, made: Made, at: At<'_>) -> Value {
        if let Some(why) = made.bad.filter(|_| self.budget.cut().is_none()) {
            if let Some(seen) = &mut self.seen {
                seen.troubles.unreadable(&at.name(), &why);
            }
            self.read.note(at.path(), Problem::Invalid { why, required: field.chain.required });
        }
        made.value
    }

    /// Takes note if a field was cut short, or if nothing was found that is required.
    fn judge(&mut self, field: &Field, value: &Value, bad: bool, at: At<'_>) {
        let required = field.chain.required;
        if let Some(cut) = self.cut(field, value) {
            if let Some(seen) = &mut self.seen {
                seen.cut(field, &at.name(), cut);
            }
            return self.read.note(at.path(), Problem::Cut { cut, required });
        }
        if required && !bad && is_hollow(value) {
            self.read.note(at.path(), Problem::Missing);
        }
    }

    /// Why a field was not asked to its end.
    fn cut(&self, field: &Field, value: &Value) -> Option<Cut> {
        // What was found first stays the first, whatever follows.
        let unfinished = field.many == Many::All || value.is_null();
        self.budget.cut().or(self.tree_cut(field).filter(|_| unfinished))
    }

    /// Why what a field is asked of is not all of the page.
    fn tree_cut(&self, field: &Field) -> Option<Cut> {
        self.tree_cut.filter(|_| field.looks_at_tree())
    }
}

/// Whether a value says nothing.
fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

impl Read {
    fn note(&mut self, path: String, problem: Problem) {
        let (why, required) = match problem {
            Problem::Missing => return self.missing.extend(Some(path).filter(|_| self.missing.len() < PROBLEMS)),
            Problem::Invalid { why, required } => {
                self.invalid.extend(Some((path.clone(), why.clone())).filter(|_| self.invalid.len() < PROBLEMS));
                (why, required)
            }
            Problem::Cut { cut, required } => {
                self.cut.extend(Some((path.clone(), cut)).filter(|_| self.cut.len() < PROBLEMS));
                (format!("was cut short: {}", cut.why()), required)
            }
        };
        if required && self.unusable.is_none() {
            self.unusable = Some(format!("{path}: {why}"));
        }
    }
}
