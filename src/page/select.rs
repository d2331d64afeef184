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
    time::Duration,
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
mod troubles;
mod weight;
mod xpath;

pub use self::{
    hints::Hints,
    sheet::{Selector, Sheet},
};
pub use super::{
    blame::{Kind, SelectError},
    budget::Cut,
};
pub use crate::model::{
    FillError, fill,
    wanted::{Rule, What},
};

use self::{
    field::{Field, Source},
    hints::Seen,
    json::Documents,
    read::Reader,
};
use super::{
    base::Base,
    budget::{Budget, Clock},
    pick::Many,
    scan::{Seek, scan},
    tree::{self, Grown},
};
use crate::model::{Code, Failure, Problems};

/// Bytes that the values of one page take at most.
const DATA_BYTES: usize = 32 << 20;

/// Selectors, checked and in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    fields: Vec<Arc<Field>>,
    /// What a run requires, and the selectors of a request do not even ask for.
    lacking: Vec<String>,
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
    /// Names that were not asked to their end, and why: nobody knows what else they would find. At most
    /// twenty.
    pub cut: Vec<(String, Cut)>,
    /// The first of these two that is required, and why.
    unusable: Option<String>,
}

/// What can be wrong with a value.
enum Problem {
    Missing,
    Invalid { why: String, required: bool },
    Cut { cut: Cut, required: bool },
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
    /// (`extract.missing`), cannot be read or was not asked to its end (`extract.invalid`).
    pub fn failure(&self) -> Option<Failure> {
        let missing = || Failure::new(Code::ExtractMissing, format!("nothing found for {}", self.missing.join(", ")));
        let invalid = |why: &String| Failure::new(Code::ExtractInvalid, why.clone());
        self.unusable.as_ref().map(invalid).or_else(|| (!self.missing.is_empty()).then(missing))
    }

    /// What is wrong with the data; `None`: nothing.
    pub fn problems(&self) -> Option<Problems> {
        let (missing, invalid) = (self.missing.clone(), self.invalid.clone());
        let cut: Vec<_> = self.cut.iter().map(|(name, cut)| (name.clone(), cut.why().to_owned())).collect();
        let fine = missing.is_empty() && invalid.is_empty() && cut.is_empty();
        (!fine).then(|| Problems { missing, invalid, cut, failure: self.failure() })
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
        Ok(Plan { fields: fields.into_iter().map(Arc::new).collect(), ..Plan::default() })
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
    /// the selector of `other` counts; what is required here stays so, in groups too, and a record fails
    /// whose selectors do not even ask for it.
    pub fn merge(&self, other: &Plan) -> Plan {
        let mut merged = self.clone();
        for field in &other.fields {
            match merged.position(&field.name).and_then(|at| merged.fields.get_mut(at)) {
                Some(place) => {
                    let old = std::mem::replace(place, Arc::clone(field));
                    field::inherit(Arc::make_mut(place), &old, &mut merged.lacking);
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

    /// Whether anything is asked that only HTML can answer.
    pub fn reads_html(&self) -> bool {
        self.any(|field| matches!(field.source, Source::Css(..) | Source::Group(..)))
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
        let budget = Budget::of(time, DATA_BYTES);
        let grown = self.needs_tree(document).then(|| grow(document, time));
        let (tree, cut) = grown.map_or((None, None), |grown| (grown.tree, grown.cut));
        self.read_tree(document, (tree.as_ref(), cut), &budget)
    }

    fn needs_tree(&self, document: &Document<'_>) -> bool {
        document.body == Body::Html && self.any(Field::looks_at_tree)
    }

    /// Reads a page whose tree is built, if it needs one; or that has none, for a reason.
    fn read_tree(
        &self,
        document: &Document<'_>,
        (tree, tree_cut): (Option<&Html>, Option<Cut>),
        budget: &Budget,
    ) -> Read {
        if self.is_empty() {
            return Read::default();
        }
        let json = match self.any(|field| matches!(field.source, Source::Json(_))) {
            true => Documents::of(document, tree),
            false => Documents::default(),
        };
        let base = self.any(|field| field.chain.wants_base()).then(|| {
            let said = (document.body == Body::Html).then(|| scan(document.text, Seek::Base).base).flatten();
            Base::new(document.url, said.as_deref(), document.encoding)
        });
        let mut reader = Reader {
            document,
            tree,
            tree_cut,
            json: &json,
            base: base.as_ref(),
            budget,
            read: Read { missing: self.lacking.clone(), ..Read::default() },
            seen: self.hints.as_ref().map(|_| Seen::default()),
        };
        let fields = self.fields.iter().zip((1..=self.fields.len()).rev());
        let data = fields.map(|(field, left)| (field.name.clone(), reader.field(field, left))).collect();
        let Reader { read, seen, .. } = reader;
        if let (Some(hints), Some(seen)) = (&self.hints, seen) {
            hints.lock().unwrap_or_else(PoisonError::into_inner).take(self, document.body, tree, seen);
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

/// The tree of a page; something is left of the time for the selectors even if it took too long.
fn grow(document: &Document<'_>, time: Duration) -> Grown<Html> {
    tree::build(document.text, &Clock::of(time * 2 / 3))
}

#[cfg(test)]
mod tests;
