//! What a body says. Must not know how it was parsed or fetched.

use super::{Facts, Failure, Outline};

/// What was read out of a body.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Character encoding by the WHATWG order, its label in lower case.
    pub charset: Option<&'static str>,
    /// `<title>`, white space folded, at most 512 characters.
    pub title: Option<String>,
    /// Absolute URLs of the links, in document order, repeats included. `None`: not asked for.
    pub links: Option<Vec<String>>,
    /// What the selectors found, in their order. `None`: no selectors.
    pub data: Option<Vec<(String, serde_json::Value)>>,
    /// What is wrong with the data. `None`: nothing.
    pub problems: Option<Box<Problems>>,
    /// What it looks like in views, by their names. `None`: no views.
    pub views: Option<Vec<(&'static str, serde_json::Value)>>,
    /// What a link checker wants to know. `None`: not asked for, or not a document.
    pub outline: Option<Box<Outline>>,
    /// What a crawl wants to know. `None`: not asked for, or not HTML.
    pub facts: Option<Box<Facts>>,
    /// The decoded text, when the record wants it. `None`: not asked for, or not text.
    pub text: Option<String>,
}

/// What is wrong with what selectors found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// Names that are required and found nothing, as `items[2].price`; at most twenty.
    pub missing: Vec<String>,
    /// Names whose values are not of their type, and why; at most twenty. Their values are null.
    pub invalid: Vec<(String, String)>,
    /// Names that were not asked to their end, and why: nobody knows what else they would find. At most
    /// twenty.
    pub cut: Vec<(String, String)>,
    /// Why the data cannot be used: something required is missing, invalid or cut short.
    pub failure: Option<Failure>,
}
