//! What must hold whatever comes in: one function for each fuzz target, with its assertions.
//!
//! Compiled for `cargo fuzz` (`tests/fuzz/`) and for the unit tests, which give them every seed and every
//! input that was ever found (`tests/fuzz/seeds/TARGET/`). A function panics where something does not
//! hold; what that is stands beside it. No part of the product: only here and in the tests may it be named.

mod bodies;
mod documents;
mod fields;
mod lists;
mod requests;
mod state;
#[cfg(test)]
mod tests;
mod tools;

pub use self::{
    bodies::{charsets, selectors, sitemaps, warc},
    documents::{css_links, html_links, prose_links},
    fields::{cookies, header_fields, robots},
    lists::{csv_lists, json_requests, url_lists},
    requests::{names, urls},
    state::state_files,
};

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 16] = [
    ("charsets", charsets),
    ("cookies", cookies),
    ("css_links", css_links),
    ("csv_lists", csv_lists),
    ("header_fields", header_fields),
    ("html_links", html_links),
    ("json_requests", json_requests),
    ("names", names),
    ("prose_links", prose_links),
    ("robots", robots),
    ("selectors", selectors),
    ("sitemaps", sitemaps),
    ("state_files", state_files),
    ("url_lists", url_lists),
    ("urls", urls),
    ("warc", warc),
];
