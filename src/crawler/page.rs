//! A page as closures see it: its record, its links, its text.
//!
//! Must not know what follows from it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    crawl::leads_to_a_page,
    model::{Facts, Record, Request},
    page::select::{Plan, SelectError},
};

/// A page that answered well.
#[derive(Debug)]
pub struct CrawledPage<'a> {
    pub(super) record: &'a Record,
    pub(super) url: &'a Url,
    pub(super) facts: Option<&'a Facts>,
    pub(super) depth: u32,
}

impl CrawledPage<'_> {
    /// Its record: status, times, title, what `select` found.
    pub fn record(&self) -> &Record {
        self.record
    }

    /// The URL that answered.
    pub fn url(&self) -> &Url {
        self.url
    }

    /// How many steps it is away from a seed, which is at 0.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Where its links lead (`a`, `area`, frames, refresh, series), absolute, without fragments, in
    /// document order.
    pub fn links(&self) -> impl Iterator<Item = &Url> {
        let links = self.facts.map(|facts| facts.links.as_slice()).unwrap_or_default();
        links.iter().filter(|link| leads_to_a_page(link)).map(|link| &link.url)
    }

    /// A request for what a reference on this page leads to; `None` if it is no URL.
    pub fn request(&self, href: &str) -> Option<Request> {
        let base = self.facts.and_then(|facts| facts.base.as_ref()).unwrap_or(self.url);
        base.join(href).ok().map(|url| Request::get(String::from(url)))
    }

    /// Its decoded text; `None` if it is no text.
    pub fn text(&self) -> Option<&str> {
        self.record.body.as_deref()
    }

    /// What a selector finds, all of it, in document order. It may end with `::text` (which is usual),
    /// `::html` or `::attr(NAME)`.
    ///
    /// # Errors
    /// A selector that cannot be read.
    pub fn css(&self, selector: &str) -> Result<Vec<String>, SelectError> {
        let plan = Plan::parse(&[("found[]".to_owned(), selector.to_owned())])?;
        let found = plan.read(self.text().unwrap_or_default()).pop();
        let Some((_, Value::Array(found))) = found else { return Ok(Vec::new()) };
        let text = |value| match value {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        Ok(found.into_iter().filter_map(text).collect())
    }

    /// Its content as JSON.
    ///
    /// # Errors
    /// Content that is no JSON, or not of that type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text().unwrap_or_default())
    }
}
