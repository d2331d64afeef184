//! What addresses on a page are relative to. Must not know links or selectors.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use url::Url;

/// Makes addresses of a page absolute.
#[derive(Debug)]
pub(super) struct Base {
    url: Url,
    encoding: &'static Encoding,
}

impl Base {
    /// For a page that was found at `page`; `href` is that of its first `<base>` that has one.
    /// `encoding` is how the page was written, which queries follow (HTML standard, 2.4.2).
    pub(super) fn new(page: &Url, href: Option<&str>, encoding: &'static Encoding) -> Base {
        let base = href.and_then(|href| page.join(href).ok());
        // A base that is data or script cannot carry links (HTML standard, 4.2.3).
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript"));
        Base { url: base.unwrap_or_else(|| page.clone()), encoding }
    }

    /// The address that others are relative to.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The absolute form of an address; `None` if it is none.
    pub(super) fn join(&self, address: &str) -> Option<Url> {
        let encode = in_encoding(self.encoding);
        let encode = (self.encoding.output_encoding() != UTF_8).then_some(&encode as &dyn Fn(&str) -> Cow<'_, [u8]>);
        Url::options().base_url(Some(&self.url)).encoding_override(encode).parse(address).ok()
    }
}

/// Writes text in an encoding; what it has no character for becomes `&#…;`.
pub(super) fn in_encoding(encoding: &'static Encoding) -> impl Fn(&str) -> Cow<'_, [u8]> {
    |text| encoding.encode(text).0
}
