//! Without the feature `extract` no article is looked for, and all words of a page are its content.

use std::time::Instant;

use url::Url;

/// Nothing.
pub(super) fn text(_: &str, _: &Url, _: Instant) -> Option<String> {
    None
}

/// Nothing.
pub(super) fn markdown(_: &str, _: &Url, _: Instant) -> Option<String> {
    None
}
