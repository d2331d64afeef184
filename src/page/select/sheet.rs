//! One page and several questions: its tree is built once, by the first that needs it.
//!
//! Must not know where pages come from.

use std::cell::OnceCell;

use scraper::Html;
use serde_json::Value;

use super::{DATA_BYTES, Document, Plan, Read, SelectError, grow};
use crate::page::{budget::Budget, tree::Grown};

/// A page to be asked more than once.
#[derive(Debug)]
pub struct Sheet<'a> {
    document: Document<'a>,
    tree: OnceCell<Grown<Html>>,
}

/// A selector, read once and asked of many pages.
#[derive(Clone, Debug)]
pub struct Selector(Plan);

impl Selector {
    /// Reads CSS. It may end with `::text` (which is usual), `::html` or `::attr(NAME)`, and with filters.
    ///
    /// # Errors
    /// CSS that cannot be read.
    pub fn parse(css: &str) -> Result<Selector, SelectError> {
        Plan::parse(&[("found[]".to_owned(), css.to_owned())]).map(Selector)
    }
}

impl<'a> Sheet<'a> {
    /// Nothing is read yet.
    pub fn new(document: Document<'a>) -> Self {
        Sheet { document, tree: OnceCell::new() }
    }

    /// What a plan finds, within the time that [`Plan::read_all`] has for it.
    pub fn read(&self, plan: &Plan) -> Read {
        let time = self.document.time();
        let grown = plan.needs_tree(&self.document).then(|| self.tree.get_or_init(|| grow(&self.document, time)));
        let tree = grown.map_or((None, None), |grown| (grown.tree.as_ref(), grown.cut));
        plan.read_tree(&self.document, tree, &Budget::of(time, DATA_BYTES))
    }

    /// All that a selector finds, as texts, in document order.
    pub fn all(&self, selector: &Selector) -> Vec<String> {
        let Some((_, Value::Array(found))) = self.read(&selector.0).data.pop() else { return Vec::new() };
        let text = |value| match value {
            Value::String(text) => Some(text),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        found.into_iter().filter_map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{super::Body, *};

    #[test]
    fn a_page_answers_as_often_as_it_is_asked_and_its_tree_is_built_once() {
        let html = "<h1>One</h1><a href=/x>x</a><a href=y>y</a><i>7 €</i>";
        let url = "https://h/a/".parse().unwrap();
        let sheet = Sheet::new(Document::new(Body::Html, html).at(&url, encoding_rs::UTF_8));
        let all = |css| sheet.all(&Selector::parse(css).unwrap());
        assert_eq!(all("h1"), ["One"]);
        let tree = std::ptr::from_ref(sheet.tree.get().unwrap().tree.as_ref().unwrap());
        assert_eq!(all("a::attr(href)|url"), ["https://h/x", "https://h/a/y"]);
        assert_eq!(all("i|int"), ["7"]);
        assert_eq!(all("b"), [""; 0]);
        assert_eq!(std::ptr::from_ref(sheet.tree.get().unwrap().tree.as_ref().unwrap()), tree);
    }

    #[test]
    fn a_page_too_deep_for_a_tree_says_nothing_however_often_it_is_asked() {
        let html = "<div>".repeat(100_000);
        let sheet = Sheet::new(Document::new(Body::Html, &html));
        let start = Instant::now();
        for _ in 0..100 {
            assert!(sheet.all(&Selector::parse("div").unwrap()).is_empty());
        }
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
