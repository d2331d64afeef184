//! What users select from pages: `NAME=CSS`, `NAME=JSONPath` or `NAME=REGEX`, read once, then asked
//! of every page.
//!
//! ```text
//! title=h1                                        text of the first match
//! price=.price|number|required                    a number, and a fault if there is none
//! links[]=a::attr(href)|url                       an attribute of all matches, made absolute
//! items[]=.card{title=h2, tags[]=.tag}            an object for each match
//! rule ─► field (parse, filter) ─► read (pick, json, apply) ─► data, missing, invalid
//! ```
//!
//! Must not know flags, records or where pages come from.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use encoding_rs::{Encoding, UTF_8};
use scraper::Html;
use serde_json::Value;
use url::Url;

mod apply;
mod cursor;
mod date;
mod field;
mod filter;
mod hints;
mod json;
mod number;
mod parse;
mod read;
mod sheet;
mod weight;
mod xpath;

pub use self::{
    hints::Hints,
    sheet::{Selector, Sheet},
};
pub use super::blame::{Kind, SelectError};
pub use crate::model::{
    FillError, fill,
    wanted::{Rule, What},
};

use self::{
    field::{Field, Source},
    json::Documents,
    read::Reader,
};
use super::{
    base::Base,
    pick::{self, Budget, Many},
    tree,
};
use crate::model::{Code, Failure, Problems};

/// Bytes that the values of one page take at most.
const DATA_BYTES: usize = 32 << 20;

/// Selectors, checked and in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    fields: Vec<Arc<Field>>,
    hints: Option<Arc<Mutex<Hints>>>,
}

/// A decoded body, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    text: &'a str,
    body: Body,
    url: Option<&'a Url>,
    encoding: &'static Encoding,
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// CSS is asked of it, JSONPath of its JSON-LD, regular expressions of its text.
    Html,
    /// JSONPath is asked of it, regular expressions of its text.
    Json,
    /// Regular expressions are asked of it.
    Text,
    /// Nothing is asked of it: each value is null or its default.
    Other,
}

/// What a plan found on a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// A value for each name, in their order; null where there is none.
    pub data: Vec<(String, Value)>,
    /// Names that are required and found nothing, as `items[2].price`; at most twenty.
    pub missing: Vec<String>,
    /// Names whose values are not of their type, and why; at most twenty. Their values are null.
    pub invalid: Vec<(String, String)>,
    /// The first of these that is required, and why.
    unusable: Option<String>,
}

/// What can be wrong with a value.
enum Problem {
    Missing,
    Invalid { why: String, required: bool },
}

impl<'a> Document<'a> {
    /// A decoded body, found nowhere.
    pub fn new(body: Body, text: &'a str) -> Self {
        Document { text, body, url: None, encoding: UTF_8 }
    }

    /// The same, found at `url` and written in `encoding`, which make addresses in it absolute.
    pub fn at(self, url: &'a Url, encoding: &'static Encoding) -> Self {
        Document { url: Some(url), encoding, ..self }
    }

    /// The time that reading it may take: a second for each MiB, at least one and at most five.
    fn time(&self) -> Duration {
        let seconds = (self.text.len() >> 20).clamp(1, 5);
        Duration::from_secs(seconds as u64)
    }
}

impl Read {
    /// The failure of a record with this data, if it has one: something required is not there
    /// (`extract.missing`) or cannot be read (`extract.invalid`).
    pub fn failure(&self) -> Option<Failure> {
        let missing = || Failure::new(Code::ExtractMissing, format!("nothing found for {}", self.missing.join(", ")));
        let invalid = |why: &String| Failure::new(Code::ExtractInvalid, why.clone());
        self.unusable.as_ref().map(invalid).or_else(|| (!self.missing.is_empty()).then(missing))
    }

    /// What is wrong with the data; `None`: nothing.
    pub fn problems(&self) -> Option<Problems> {
        let Read { missing, invalid, .. } = self;
        let (missing, invalid) = (missing.clone(), invalid.clone());
        let fine = missing.is_empty() && invalid.is_empty();
        (!fine).then(|| Problems { missing, invalid, failure: self.failure() })
    }
}

impl Plan {
    /// Reads selectors given as `(name, css)`, already split.
    ///
    /// A name that ends with `[]` takes all matches as a list, others the first match or null. The
    /// CSS may end with `::text` (which is usual), `::html` or `::attr(NAME)`, and with filters.
    pub fn parse(selectors: &[(String, String)]) -> Result<Plan, SelectError> {
        let rules: Vec<Rule> = selectors.iter().map(|(name, css)| Rule::css(name, css)).collect();
        Plan::of(&rules, &[])
    }

    /// Reads rules of every kind. Names in `required` (`price`, or `items.price` in a group) are a
    /// fault of the page if they find nothing.
    pub fn of(rules: &[Rule], required: &[String]) -> Result<Plan, SelectError> {
        let mut fields = Field::all(rules, 0)?;
        field::require(&mut fields, required)?;
        Ok(Plan { fields: fields.into_iter().map(Arc::new).collect(), hints: None })
    }

    /// Whether a rule can be read; `depth` counts the groups around it.
    pub(super) fn try_rule(rule: &Rule, depth: usize) -> Result<(), SelectError> {
        Field::of(rule, depth).map(drop)
    }

    /// The same plan, which tells `hints` what matched nothing while it reads.
    pub fn noting(self, hints: &Arc<Mutex<Hints>>) -> Plan {
        Plan { hints: Some(Arc::clone(hints)), ..self }
    }

    /// This plan and `other`, as for one request with selectors of its own. Where both have a name,
    /// the selector of `other` counts; what is required here stays so.
    pub fn merge(&self, other: &Plan) -> Plan {
        let mut merged = self.clone();
        for field in &other.fields {
            match merged.position(&field.name).and_then(|at| merged.fields.get_mut(at)) {
                Some(place) => {
                    let is_required = place.chain.required;
                    *place = Arc::clone(field);
                    if is_required && !field.chain.required {
                        Arc::make_mut(place).chain.required = true;
                    }
                }
                None => merged.fields.push(Arc::clone(field)),
            }
        }
        merged
    }

    /// Whether there is nothing to select.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// Whether anything is asked of bodies that are no HTML.
    pub fn reads_other_bodies(&self) -> bool {
        self.fields.iter().any(|field| !matches!(field.source, Source::Css(..) | Source::Group(..)))
    }

    /// What the selectors find on a page, in their order; `html` is its decoded text.
    pub fn read(&self, html: &str) -> Vec<(String, Value)> {
        self.read_all(&Document::new(Body::Html, html)).data
    }

    /// What the selectors find in a body, and what they should have found.
    ///
    /// A page that nests too deeply for a tree says nothing. A second for each MiB, at least one
    /// and at most five, is all the time it gets; what was found until then counts.
    pub fn read_all(&self, document: &Document<'_>) -> Read {
        self.read_within(document, document.time())
    }

    fn read_within(&self, document: &Document<'_>, time: Duration) -> Read {
        let start = Instant::now();
        // Something is left for the selectors even if the tree took too long.
        let tree = self.needs_tree(document).then(|| tree::build(document.text, start + time * 2 / 3)).flatten();
        self.read_tree(document, tree.as_ref(), start + time)
    }

    fn needs_tree(&self, document: &Document<'_>) -> bool {
        let looks_at_tree = |field: &Field| !matches!(field.source, Source::Regex(_)) || field.chain.wants_base();
        document.body == Body::Html && self.any(looks_at_tree)
    }

    /// Reads a page whose tree is built, if it needs one.
    fn read_tree(&self, document: &Document<'_>, tree: Option<&Html>, until: Instant) -> Read {
        if self.is_empty() {
            return Read::default();
        }
        let mut budget = Budget { until, bytes: DATA_BYTES };
        let json = match self.any(|field| matches!(field.source, Source::Json(_))) {
            true => Documents::of(document, tree, &mut budget),
            false => Documents::default(),
        };
        let base = document.url.filter(|_| self.any(|field| field.chain.wants_base())).map(|url| {
            let href = tree.and_then(pick::base);
            Base::new(url, href, document.encoding)
        });
        let mut reader = Reader {
            document,
            tree,
            json: &json,
            base: base.as_ref(),
            budget,
            read: Read::default(),
            matched: self.hints.as_ref().map(|_| Default::default()),
        };
        let data = self.fields.iter().map(|field| (field.name.clone(), reader.field(field))).collect();
        let Reader { read, matched, .. } = reader;
        if let (Some(hints), Some(tree), Some(matched)) = (&self.hints, tree, &matched) {
            hints.lock().unwrap_or_else(PoisonError::into_inner).note_tree(self, tree, matched);
        }
        Read { data, ..read }
    }

    /// What the selectors find where there is no page: null, or an empty list.
    pub fn nothing(&self) -> Vec<(String, Value)> {
        let empty = |many| if many == Many::All { Value::Array(Vec::new()) } else { Value::Null };
        self.fields.iter().map(|field| (field.name.clone(), empty(field.many))).collect()
    }

    /// Whether such a field is there, in a group or outside.
    fn any(&self, such: impl Fn(&Field) -> bool) -> bool {
        let mut left: Vec<&Field> = self.fields.iter().map(|field| &**field).collect();
        while let Some(field) = left.pop() {
            if such(field) {
                return true;
            }
            left.extend(field.inner());
        }
        false
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests;
