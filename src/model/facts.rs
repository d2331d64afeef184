//! What a page says, as far as a crawl cares: where it leads, and how it wants to be treated.
//!
//! Plain values. Must not know how pages are read (that is `page`) nor which links are followed (that
//! is `crawl`).

use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

/// How a crawl came to know of a URL. The names are API: they are added, never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FoundIn {
    /// It was given.
    Seed,
    /// `<a href>`.
    A,
    /// `<area href>`.
    Area,
    /// `<iframe src>`.
    Iframe,
    /// `<frame src>`.
    Frame,
    /// `<meta http-equiv=refresh>`.
    Refresh,
    /// `<link href>`: its neighbours in a series, other languages, its proper name.
    Link,
    /// An entry of a sitemap.
    Sitemap,
    /// A closure asked for it.
    Request,
}

impl FoundIn {
    /// Every way, in an order that stays.
    pub const ALL: [FoundIn; 9] = [
        FoundIn::Seed,
        FoundIn::A,
        FoundIn::Area,
        FoundIn::Iframe,
        FoundIn::Frame,
        FoundIn::Refresh,
        FoundIn::Link,
        FoundIn::Sitemap,
        FoundIn::Request,
    ];
}

/// A link that leads to a page, or may do so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLink {
    /// Where it leads, resolved, without a fragment.
    pub url: Url,
    /// The element.
    pub element: FoundIn,
    /// The words of `rel`; empty if there is none.
    pub rel: Box<str>,
    /// It says in which language the page is that it leads to.
    pub has_language: bool,
}

/// What a page says of itself and where it leads.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What its references are relative to, where a `<base>` says so.
    pub base: Option<Url>,
    /// Its proper name by `<link rel=canonical>`.
    pub canonical: Option<Url>,
    /// The language of the page: `lang` of `<html>`, at most [`Facts::LANG_BYTES`] bytes.
    pub lang: Option<Box<str>>,
    /// `name` and `content` of each `<meta>` that may be for robots.
    pub metas: Vec<(Box<str>, Box<str>)>,
    /// In the order of the document, each once for each way it is written.
    pub links: Vec<PageLink>,
}

impl Facts {
    /// Longest language tag: RFC 5646, section 4.4.1 has 35 characters for all that is in use.
    pub const LANG_BYTES: usize = 35;
}
