//! A document while its links are judged: where it stands, what it ignores, how often it links to
//! the same place. Must not know what links lead to.

use std::{collections::HashMap, sync::Arc};

use url::Url;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{
    mention::{Mention, Origin},
    news::Outward,
    places::FileId,
    shared::Shared,
};
use crate::{
    check::{Base, inline::Inline, paths},
    model::{Link, Locator, Outline, redact},
};

/// A document while its links are judged.
pub(super) struct Sheet<'d> {
    pub origin: Arc<Origin>,
    pub text: &'d str,
    pub outline: &'d Outline,
    pub base: Base<'d>,
    /// The address that it has or will have.
    pub address: Option<Url>,
    /// The file itself, if it is one.
    pub own: Option<FileId>,
    /// Which of the listed documents it is.
    pub number: Option<u32>,
    /// Stands for where relative references start.
    pub start: u64,
    pub inline: Option<Inline>,
    /// Which scopes of `inline` a link met.
    pub met: Vec<bool>,
    /// `seq` of its first link.
    pub first_seq: u64,
    pub outward: Vec<Outward>,
    locator: Locator<'d>,
    counts: HashMap<u64, u32>,
}

impl<'d> Sheet<'d> {
    /// Of a document of the disk, or one that was handed in as text.
    pub fn of_file(shared: &'d Shared, path: &str, text: &'d str, outline: &'d Outline, first_seq: u64) -> Self {
        let origin = Origin { path: Some(path.into()), url: None };
        let start = xxh3_64(paths::parent(path).as_bytes());
        let address = shared.address_of(path);
        Sheet::of(Base::of_file(&shared.site, path), origin, address, start, text, outline, first_seq)
    }

    /// Of a page that was fetched.
    pub fn of_page(shared: &'d Shared, url: &Url, text: &'d str, outline: &'d Outline, first_seq: u64) -> Self {
        let origin = Origin { path: None, url: Some(redact::url(url).into()) };
        let folder = url.as_str().split(['?', '#']).next().unwrap_or_default();
        let start = xxh3_64_with_seed(paths::parent(folder).as_bytes(), 1);
        Sheet::of(Base::of_page(&shared.site, url), origin, Some(url.clone()), start, text, outline, first_seq)
    }

    fn of(
        base: Base<'d>,
        origin: Origin,
        address: Option<Url>,
        start: u64,
        text: &'d str,
        outline: &'d Outline,
        first_seq: u64,
    ) -> Self {
        let start = outline.base.as_deref().map_or(start, |href| xxh3_64_with_seed(href.as_bytes(), start));
        let inline = (!outline.directives.is_empty()).then(|| Inline::of(text, &outline.directives));
        Sheet {
            origin: Arc::new(origin),
            text,
            outline,
            base: base.with_href(outline.base.as_deref()),
            address,
            own: None,
            number: None,
            start,
            met: vec![false; inline.as_ref().map_or(0, |inline| inline.scopes.len())],
            inline,
            first_seq,
            outward: Vec::new(),
            locator: Locator::new(text),
            counts: HashMap::new(),
        }
    }

    /// A link as findings show it. Asked for links in order it costs one pass over the text.
    pub fn mention(&mut self, link: &Link, index: usize) -> Mention {
        let raw = self.text.get(link.span.clone());
        let spot = raw.map(|_| self.locator.spot(&link.span));
        let seq = self.first_seq + index as u64;
        Mention::of(link, &self.origin, seq, raw.unwrap_or(&link.value), spot)
    }

    /// The line that a link begins on; 0 where it has no place.
    pub fn line_of(&mut self, link: &Link) -> u32 {
        match self.text.get(link.span.clone()) {
            Some(_) => self.locator.spot(&link.span).line,
            None => 0,
        }
    }

    /// Something about the document that is no link.
    pub fn remark(&mut self, seq: u64, element: &'static str, span: &std::ops::Range<usize>) -> Mention {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        Mention::remark(&self.origin, seq, element, raw, Some(self.locator.spot(span)))
    }

    /// How many of the same target and fragment came before.
    pub fn nth(&mut self, target: &str, fragment: Option<&str>) -> u32 {
        let seed = fragment.map_or(0, |fragment| xxh3_64_with_seed(fragment.as_bytes(), 1));
        let count = self.counts.entry(xxh3_64_with_seed(target.as_bytes(), seed)).or_default();
        *count += 1;
        *count - 1
    }
}
