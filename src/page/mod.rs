//! What a body says: charset, title, links, selected data.
//!
//! ```text
//! bytes ─► charset ─► text ─┬─► scan ─► title, base, links      one pass, no tree
//!                           ├─► facts ─► what a crawl follows
//!                           ├─► outline ─► links, anchors, directives, with their places
//!                           ├─► prose ─► the same               documents that are not HTML
//!                           ├─► select ─► data, problems        a tree, where selectors ask for it
//!                           ├─► view ─► ready-made data         one pass or a tree
//!                           └─► form ─► what a browser would send
//! ```
//!
//! Pure and bounded: a hostile page costs about a second of one page thread and some memory, and
//! nobody else anything. Knows the model; must not know the network, records, or why it is asked.

pub mod charset;
pub mod css;
pub mod facts;
pub mod form;
pub mod outline;
pub mod prose;
pub mod recipe;
pub mod scan;
pub mod select;
pub mod sitemap;
pub mod view;

mod base;
mod blame;
mod budget;
mod fold;
mod gap;
mod json_ld;
#[cfg(feature = "extract")]
mod jsonpath;
#[cfg(not(feature = "extract"))]
#[path = "jsonpath_absent.rs"]
mod jsonpath;
mod media;
mod pick;
mod place;
mod prescan;
mod stage;
mod tags;
mod tree;
mod values;
mod xml;

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use encoding_rs::Encoding;
use serde_json::Value;
use url::{Host, Url};

pub use crate::model::Look;
pub use css::css_links;
pub use media::{begins_with_tag, is_html};
pub use outline::{link_field, outline};
pub use prose::Language;
pub use stage::Stage;

use self::{
    charset::Hints,
    media::Media,
    scan::{Seek, scan},
    select::{Body, Document},
};
use crate::model::{Page, View, record::content_type};

/// Largest body that is read where it is, in bytes. The scan, links included, was measured at
/// 220 MB/s over the Rust documentation: 0.15 ms, about what waiting for another thread costs.
const QUICK_BYTES: usize = 32 << 10;

/// What the record wants to know. Title and charset of HTML come always.
#[derive(Clone, Debug, Default)]
pub struct Want {
    /// The links.
    pub links: bool,
    /// The decoded text.
    pub text: bool,
    /// What a link checker or a crawl wants to know.
    pub look: Option<Look>,
    /// What these selectors find.
    pub plan: Option<Arc<select::Plan>>,
    /// What it looks like in these views.
    pub views: Vec<View>,
}

impl Want {
    /// Whether something is asked that only HTML can answer.
    pub fn asks_html(&self) -> bool {
        !self.views.is_empty() || self.plan.as_ref().is_some_and(|plan| plan.reads_html())
    }
}

/// A body and what is known about it.
#[derive(Clone, Debug)]
pub struct Input {
    /// The body, decoded (no Content-Encoding left), or the start of it.
    pub body: Bytes,
    /// Content-Type field as received.
    pub content_type: Option<String>,
    /// Where it was found; links are resolved against it. `None`: nobody knows, and relative ones stay
    /// as they are written.
    pub url: Option<Arc<Url>>,
}

/// Whether reading a body of this length takes too little time to bother another thread.
pub fn quick(len: usize, want: &Want) -> bool {
    len <= QUICK_BYTES && want.plan.is_none() && want.views.is_empty()
}

/// What the body says. Never fails: malformed HTML costs itself only.
pub fn read(input: &Input, want: &Want) -> Page {
    let media = Media::of(input.content_type.as_deref(), &input.body);
    if media.html { read_html(input, want, &media) } else { read_other(input, want, &media) }
}

fn read_html(input: &Input, want: &Want, media: &Media) -> Page {
    let (encoding, text) = charset::decode(&input.body, hints(input, media));
    let scanned = scan(&text, if want.links { Seek::Links } else { Seek::Title });
    let url = input.url.as_deref();
    let found = want.plan.as_ref().map(|plan| plan.read_all(&document(Body::Html, &text, url, encoding)));
    Page {
        charset: Some(charset::name(encoding)),
        links: want.links.then(|| scanned.links(url, encoding)),
        title: scanned.title,
        problems: found.as_ref().and_then(select::Read::problems).map(Box::new),
        data: found.map(|read| read.data),
        views: views(want, |view| view::read(view, &text, url, encoding)),
        facts: url
            .filter(|_| want.look.is_some_and(|look| look.facts))
            .map(|url| Box::new(facts::facts(&text, url, encoding))),
        outline: want.look.filter(|look| look.wants_outline()).map(|look| Box::new(outline(&text, look))),
        text: want.text.then(|| text.into_owned()),
    }
}

/// A body that is no HTML: what it says is its text, if it is text.
fn read_other(input: &Input, want: &Want, media: &Media) -> Page {
    let text = || charset::decode(&input.body, hints(input, media)).1.into_owned();
    let language = media.text.then(|| language_of(input)).flatten();
    let outline = |look: Look| language.map(|language| Box::new(prose::outline(&text(), language, look)));
    let found = want.plan.as_ref().map(|plan| read_data(input, plan, media));
    Page {
        charset: media.charset.as_deref().and_then(charset::by_label).map(charset::name),
        title: None,
        links: want.links.then(Vec::new),
        problems: found.as_ref().and_then(select::Read::problems).map(Box::new),
        data: found.map(|read| read.data),
        views: views(want, |_| Value::Null),
        outline: want.look.filter(|look| look.links).and_then(outline),
        facts: None,
        text: (want.text && media.text).then(text),
    }
}

/// The views that are wanted, by their names.
fn views(want: &Want, look: impl Fn(View) -> Value) -> Option<Vec<(&'static str, Value)>> {
    let all = want.views.iter().map(|view| (view.name(), look(*view)));
    (!want.views.is_empty()).then(|| all.collect())
}

/// What selectors find in a body that is no HTML.
fn read_data(input: &Input, plan: &select::Plan, media: &Media) -> select::Read {
    if !media.text || !plan.reads_other_bodies() {
        return plan.read_all(&Document::new(Body::Other, ""));
    }
    let (encoding, text) = charset::decode(&input.body, hints(input, media));
    let kind = if media.json { Body::Json } else { Body::Text };
    plan.read_all(&document(kind, &text, input.url.as_deref(), encoding))
}

fn document<'a>(body: Body, text: &'a str, url: Option<&'a Url>, encoding: &'static Encoding) -> Document<'a> {
    let document = Document::new(body, text);
    url.map_or(document, |url| document.at(url, encoding))
}

/// The language of a text that is no HTML: by its media type, else by the end of its address.
fn language_of(input: &Input) -> Option<Language> {
    let media_type = content_type(input.content_type.as_deref().unwrap_or_default()).0;
    match media_type.as_deref() {
        Some("text/css") => Some(Language::Css),
        Some("text/markdown") => Some(Language::Markdown),
        Some("text/xml" | "application/xml" | "application/rss+xml" | "application/atom+xml") => {
            Some(Language::Sitemap)
        }
        Some("text/plain") | None => Language::of_path(input.url.as_ref()?.path()),
        Some(_) => None,
    }
}

fn hints<'a>(input: &'a Input, media: &'a Media) -> Hints<'a> {
    let tld = match input.url.as_ref().and_then(|url| url.host()) {
        Some(Host::Domain(name)) => name.trim_end_matches('.').rsplit_once('.').map(|(_, tld)| tld),
        _ => None,
    };
    Hints { header: media.charset.as_deref(), tld }
}
