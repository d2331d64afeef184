//! Without the feature `extract` no article is looked for, and all words of a page are its content.

use crate::page::{base::Base, budget::Clock};

/// Nothing.
pub(super) fn text(_: &str, _: &Base, _: &Clock) -> Option<String> {
    None
}

/// Nothing.
pub(super) fn markdown(_: &str, _: &Base, _: &Clock) -> Option<String> {
    None
}
