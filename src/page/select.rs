//! What users select from pages: `NAME=CSS`, read once, then asked of every page.
//!
//! ```text
//! title=h1                 text of the first match
//! links[]=a::attr(href)    an attribute of all matches
//! box=#main::html          what stands inside, as HTML
//! ```
//!
//! Must not know flags, records or where pages come from.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use scraper::Selector;
use serde_json::Value;

pub use super::blame::SelectError;
use super::{
    blame,
    pick::{self, Budget, Many, Part, Way},
    tree,
};

/// Longest selector, in bytes: matching nests as deeply as a selector does.
const CSS_BYTES: usize = 2048;

/// Bytes that the values of one page take at most.
const DATA_BYTES: usize = 32 << 20;

/// Selectors, checked and in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    fields: Vec<Arc<Field>>,
}

#[derive(Debug)]
struct Field {
    name: String,
    selector: Selector,
    way: Way,
    part: Part,
    many: Many,
}

impl Plan {
    /// Reads selectors given as `(name, css)`, already split.
    ///
    /// A name that ends with `[]` takes all matches as a list, others the first match or null. The
    /// CSS may end with `::text` (which is usual), `::html` or `::attr(NAME)`.
    pub fn parse(selectors: &[(String, String)]) -> Result<Plan, SelectError> {
        let mut plan = Plan::default();
        for (name, css) in selectors {
            let field = Field::parse(name, css)?;
            if plan.position(&field.name).is_some() {
                return Err(SelectError::new(name, css, format!("the name `{}` is taken already", field.name))
                    .hint("give each selector a name of its own"));
            }
            plan.fields.push(Arc::new(field));
        }
        Ok(plan)
    }

    /// This plan and `other`, as for one request with selectors of its own. Where both have a name,
    /// the selector of `other` counts.
    pub fn merge(&self, other: &Plan) -> Plan {
        let mut merged = self.clone();
        for field in &other.fields {
            match merged.position(&field.name).and_then(|at| merged.fields.get_mut(at)) {
                Some(place) => *place = Arc::clone(field),
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

    /// What the selectors find on a page, in their order; `html` is its decoded text.
    ///
    /// A page that nests too deeply for a tree says nothing. A second for each MiB, at least one
    /// and at most five, is all the time it gets; what was found until then counts.
    pub fn read(&self, html: &str) -> Vec<(String, Value)> {
        let seconds = (html.len() >> 20).clamp(1, 5);
        self.read_within(html, Duration::from_secs(seconds as u64))
    }

    fn read_within(&self, html: &str, time: Duration) -> Vec<(String, Value)> {
        if self.is_empty() {
            return Vec::new();
        }
        let start = Instant::now();
        // Something is left for the selectors even if the tree took too long.
        let Some(tree) = tree::build(html, start + time * 2 / 3) else { return self.nothing() };
        let mut budget = Budget { until: start + time, bytes: DATA_BYTES };
        let mut read =
            |field: &Field| pick::pick(&tree, &field.selector, field.way, &field.part, field.many, &mut budget);
        self.fields.iter().map(|field| (field.name.clone(), read(field))).collect()
    }

    /// What the selectors find where there is no page: null, or an empty list.
    pub fn nothing(&self) -> Vec<(String, Value)> {
        let empty = |many| if many == Many::All { Value::Array(Vec::new()) } else { Value::Null };
        self.fields.iter().map(|field| (field.name.clone(), empty(field.many))).collect()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

impl Field {
    fn parse(name: &str, css: &str) -> Result<Field, SelectError> {
        let fault = |message: &str| SelectError::new(name, css, message.to_owned());
        let (bare, many) = match name.trim().strip_suffix("[]") {
            Some(bare) => (bare.trim_end(), Many::All),
            None => (name.trim(), Many::First),
        };
        if bare.is_empty() {
            return Err(fault("the name is empty").hint("write NAME=CSS, for example title=h1"));
        }
        if css.len() > CSS_BYTES {
            return Err(fault(&format!("the selector is longer than {CSS_BYTES} bytes")));
        }
        let (selector, part) = split_part(css);
        let part = part.ok_or_else(|| {
            fault("`::attr()` names no attribute").hint("write the attribute's name, for example a::attr(href)")
        })?;
        if selector.trim().is_empty() {
            return Err(fault("there is no selector").hint("write CSS, for example h1 or a::attr(href)"));
        }
        let parsed = Selector::parse(selector).map_err(|_| blame::css(name, css, selector))?;
        Ok(Field { name: bare.to_owned(), selector: parsed, way: Way::of(selector), part, many })
    }
}

/// The selector and what is wanted of its matches; no part if `::attr()` is empty.
fn split_part(css: &str) -> (&str, Option<Part>) {
    let css = css.trim_end();
    let end = css.rfind("::").unwrap_or(css.len());
    let (selector, tail) = css.split_at(end);
    let lower = tail.to_ascii_lowercase();
    let attribute = lower.strip_prefix("::attr(").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
    match (lower.as_str(), attribute) {
        ("::text", _) => (selector, Some(Part::Text)),
        ("::html", _) => (selector, Some(Part::Html)),
        (_, Some("")) => (selector, None),
        (_, Some(name)) if name.bytes().all(|b| b.is_ascii_graphic() && !b"\"'()[]<>".contains(&b)) => {
            (selector, Some(Part::Attr(name.to_owned())))
        }
        _ => (css, Some(Part::Text)),
    }
}

#[cfg(test)]
mod tests;
