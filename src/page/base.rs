//! What addresses on a page are relative to. The one answer for links, selectors, views and crawls.
//!
//! Must not know which elements hold addresses.

use std::{borrow::Cow, cell::Cell};

use encoding_rs::{Encoding, UTF_8};
use url::{ParseError, Url};

use crate::model::redact;

/// Bytes that are read and written to make the addresses of one page absolute, at most: for a short
/// one it is the base that is read, and it may become as long.
pub(super) const BYTES: usize = 32 << 20;

/// Makes addresses of a page absolute.
#[derive(Debug)]
pub(super) struct Base {
    /// `None`: nobody knows where the page was found, and it does not say.
    url: Option<Url>,
    encoding: &'static Encoding,
    left: Cell<usize>,
}

impl Base {
    /// For a page that was found at `page`; `href` is that of its first `<base>` in HTML that has one.
    /// `encoding` is how the page was written, which queries follow (HTML standard, 2.4.2).
    pub(super) fn new(page: Option<&Url>, href: Option<&str>, encoding: &'static Encoding) -> Base {
        let base = href.and_then(|href| match page {
            Some(page) => page.join(href).ok(),
            None => Url::parse(href).ok(),
        });
        // A base that is data or script cannot carry links (HTML standard, 4.2.3).
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript"));
        Base { url: base.or_else(|| page.cloned()), encoding, left: Cell::new(BYTES) }
    }

    /// The address that others are relative to, if there is one.
    pub(super) fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// The absolute form of an address. The error is `RelativeUrlWithoutBase` if it is relative and
    /// nobody knows to what.
    pub(super) fn join(&self, address: &str) -> Result<Url, ParseError> {
        let encode = in_encoding(self.encoding);
        let encode = (self.encoding.output_encoding() != UTF_8).then_some(&encode as &dyn Fn(&str) -> Cow<'_, [u8]>);
        Url::options().base_url(self.url.as_ref()).encoding_override(encode).parse(address)
    }

    /// The same for a list of addresses, one of which nobody knows what it is relative to stays as it is
    /// written. `None` for what is none, for `data:`, which holds its content instead of leading to it,
    /// and once a page has had enough.
    pub(super) fn resolve(&self, address: &str) -> Option<String> {
        let url = match self.join(address) {
            Ok(url) if url.scheme() == "data" => return None,
            Ok(url) => redact::url(&url),
            Err(ParseError::RelativeUrlWithoutBase) => address.trim().to_owned(),
            Err(_) => return None,
        };
        let read = self.url.as_ref().map_or(0, |base| base.as_str().len());
        let left = self.left.get().checked_sub(url.len().max(read));
        self.left.set(left.unwrap_or(0));
        left.map(|_| url)
    }
}

/// Writes text in an encoding; what it has no character for becomes `&#…;`.
pub(super) fn in_encoding(encoding: &'static Encoding) -> impl Fn(&str) -> Cow<'_, [u8]> {
    |text| encoding.encode(text).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(href: Option<&str>) -> Base {
        Base::new(Some(&Url::parse("https://h.example/a/b").unwrap()), href, UTF_8)
    }

    #[test]
    fn the_base_of_the_page_counts_unless_it_cannot() {
        let of = |href, value: &str| base(href).resolve(value);
        assert_eq!(of(None, "c?d").as_deref(), Some("https://h.example/a/c?d"));
        assert_eq!(of(Some("/x/"), "c").as_deref(), Some("https://h.example/x/c"));
        assert_eq!(of(Some("data:,x"), "c").as_deref(), Some("https://h.example/a/c"));
        assert_eq!(of(None, "mailto:a@b").as_deref(), Some("mailto:a@b"));
        assert_eq!(of(None, "data:text/plain,x"), None);
        assert_eq!(of(None, "http://[bad"), None);
    }

    #[test]
    fn without_an_address_relative_ones_stay_as_they_are() {
        let nowhere = Base::new(None, Some("x/"), UTF_8);
        assert_eq!(nowhere.resolve(" a?b ").as_deref(), Some("a?b"));
        assert_eq!(nowhere.join("a"), Err(ParseError::RelativeUrlWithoutBase));
        assert_eq!(nowhere.resolve("http://h").as_deref(), Some("http://h/"));
        let said = Base::new(None, Some("http://h/x/"), UTF_8);
        assert_eq!(said.resolve("a").as_deref(), Some("http://h/x/a"));
    }

    #[test]
    fn a_long_base_does_not_make_a_page_endless() {
        let long = format!("/{}/", "x".repeat(1 << 20));
        let of = |base: Base| (0..1_000).filter_map(|_| base.resolve("a")).count();
        assert_eq!(of(base(Some(&long))), 31);
        assert_eq!(of(base(Some(long.trim_end_matches('/')))), 31, "though each is short");
    }
}
