//! A page as closures see it: its record, its links, its text.
//!
//! Must not know what follows from it.

use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    crawl::leads_to_a_page,
    model::{Facts, FillError, Record, Request},
    page::{
        charset,
        select::{Body, Document, SelectError, Selector, Sheet},
    },
};

/// A page that answered well.
#[derive(Debug)]
pub struct CrawledPage<'a> {
    record: &'a Record,
    url: &'a Url,
    facts: Option<&'a Facts>,
    depth: u32,
    sheet: Sheet<'a>,
}

impl<'a> CrawledPage<'a> {
    /// `record` has the text of the page.
    pub(super) fn new(record: &'a Record, url: &'a Url, facts: Option<&'a Facts>, depth: u32) -> Self {
        let encoding = record.charset.as_deref().and_then(charset::by_label).unwrap_or(encoding_rs::UTF_8);
        let document = Document::new(Body::Html, record.body.as_deref().unwrap_or_default()).at(url, encoding);
        CrawledPage { record, url, facts, depth, sheet: Sheet::new(document) }
    }
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
    /// `::html` or `::attr(NAME)`, and with filters: `a::attr(href)|url` is absolute.
    ///
    /// The first question costs as much as reading the page, a further one little.
    ///
    /// # Errors
    /// A selector that cannot be read.
    pub fn css(&self, selector: &str) -> Result<Vec<String>, SelectError> {
        Selector::parse(selector).map(|selector| self.css_with(&selector))
    }

    /// The same with a selector that was read before, as for all pages of a crawl: it cannot fail.
    ///
    /// ```no_run
    /// use fetchall::{Fetcher, page::select::Selector};
    ///
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let more = Selector::parse("a.item, a.next::attr(href)")?;
    /// let pages = Fetcher::builder().build()?.crawl(["https://example.com/list"], move |page| {
    ///     page.css_with(&more).iter().filter_map(|href| page.request(href)).collect()
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn css_with(&self, selector: &Selector) -> Vec<String> {
        self.sheet.all(selector)
    }

    /// What `select` found on it, as a struct: see [`Record::data_as`].
    ///
    /// # Errors
    /// A value that does not fit, and a field that has none; the error names it.
    pub fn data<T: DeserializeOwned>(&self) -> Result<Option<T>, FillError> {
        self.record.data_as()
    }

    /// Its content as JSON.
    ///
    /// # Errors
    /// Content that is no JSON, or not of that type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text().unwrap_or_default())
    }
}
