//! `<meta>` that is read by others than browsers: OpenGraph and Twitter cards.

/// Names whose content is a reference.
const NAMES: &[&str] = &[
    "og:url",
    "og:image",
    "og:image:url",
    "og:image:secure_url",
    "og:video",
    "og:video:url",
    "og:video:secure_url",
    "og:audio",
    "og:audio:url",
    "og:audio:secure_url",
    "twitter:url",
    "twitter:image",
    "twitter:image:src",
    "twitter:player",
    "twitter:player:stream",
];

/// Names whose content people also fill with names; a reference only if it is an absolute URL.
const ABSOLUTE: &[&str] = &["og:see_also", "article:author", "article:publisher"];

/// Whether the content under these names, white space between them, is a reference. Pages mix
/// `name` and `property` up, and readers take either.
pub(super) fn is_link(names: &str, content: &str) -> bool {
    let is_one = |name: &str, of: &[&str]| of.iter().any(|known| known.eq_ignore_ascii_case(name));
    names.split_ascii_whitespace().any(|name| is_one(name, NAMES) || (is_one(name, ABSOLUTE) && is_absolute(content)))
}

/// Whether it starts like a URL of the web.
pub(super) fn is_absolute(text: &str) -> bool {
    let starts = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("http://") || starts("https://")
}
