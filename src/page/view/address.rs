//! Addresses as a page writes them, made absolute.
//!
//! Must not know which elements hold them.

use url::Url;

/// Bytes that are read and written to make the addresses of one page absolute, at most: for a short
/// one it is the base that is read, and it may become as long.
const BYTES: usize = 32 << 20;

/// Resolves the addresses of one page.
pub(super) struct Base {
    url: Url,
    left: usize,
}

impl Base {
    /// For a page found at `url` that says `base` is its base.
    pub(super) fn new(url: &Url, base: Option<&str>) -> Self {
        let base = base.and_then(|base| url.join(base).ok());
        // A base that is data or script cannot carry links (HTML standard, 4.2.3).
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript"));
        Base { url: base.unwrap_or_else(|| url.clone()), left: BYTES }
    }

    /// The absolute address; `None` for what is none, for `data:`, which holds its content instead of
    /// leading to it, and once a page has had enough.
    pub(super) fn resolve(&mut self, value: &str) -> Option<String> {
        let url = Some(self.left).filter(|left| *left > 0).and_then(|_| self.url.join(value).ok())?;
        self.left = self.left.saturating_sub(url.as_str().len().max(self.url.as_str().len()));
        (url.scheme() != "data").then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_of_the_page_counts_unless_it_cannot() {
        let url = Url::parse("https://h.example/a/b").unwrap();
        let of = |base, value: &str| Base::new(&url, base).resolve(value);
        assert_eq!(of(None, "c?d").as_deref(), Some("https://h.example/a/c?d"));
        assert_eq!(of(Some("/x/"), "c").as_deref(), Some("https://h.example/x/c"));
        assert_eq!(of(Some("data:,x"), "c").as_deref(), Some("https://h.example/a/c"));
        assert_eq!(of(None, "mailto:a@b").as_deref(), Some("mailto:a@b"));
        assert_eq!(of(None, "data:text/plain,x"), None);
        assert_eq!(of(None, "http://[bad"), None);
    }

    #[test]
    fn a_long_base_does_not_make_a_page_endless() {
        let url = Url::parse("https://h.example/").unwrap();
        let long = format!("/{}/", "x".repeat(1 << 20));
        let mut base = Base::new(&url, Some(&long));
        assert_eq!((0..1_000).filter_map(|_| base.resolve("a")).count(), 32);
        let mut base = Base::new(&url, Some(long.trim_end_matches('/')));
        assert_eq!((0..1_000).filter_map(|_| base.resolve("a")).count(), 32, "though each is short");
    }
}
