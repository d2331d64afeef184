//! What a link checker or a crawl wants to know of an answer, beside its row.
//!
//! Plain values. Must not know what is made of them.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, header};
use url::Url;

use super::{Facts, Head, Outline};

/// Fields that give away more than the status does, and what the body says.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    /// What the body says, where that was asked for and it is a document.
    pub outline: Option<Box<Outline>>,
    /// What the page says to a crawl, where that was asked for and it is HTML.
    pub facts: Option<Box<Facts>>,
    /// The URL that answered last, userinfo still in it; `None` if nothing was sent.
    pub url: Option<Arc<Url>>,
    /// The body, where that was asked for and all of it came.
    pub body: Option<Bytes>,
    /// Values of `X-Robots-Tag`, in order.
    pub robots_tags: Vec<String>,
    /// Values of `Link`, in order.
    pub link_fields: Vec<String>,
    /// Values of `Location` as received, in order; the record's are for eyes.
    pub locations: Vec<HeaderValue>,
    /// `cf-mitigated: challenge`: a test for browsers was sent instead of the page.
    pub challenge: bool,
    /// `Retry-After` is there.
    pub retry_after: bool,
}

impl Sighting {
    /// What the fields say.
    pub fn of(head: &Head) -> Self {
        let texts = |name: &str| {
            let values = head.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.map(str::to_owned).collect()
        };
        let mitigated = head.headers.get("cf-mitigated").and_then(|value| value.to_str().ok());
        Sighting {
            outline: None,
            facts: None,
            url: None,
            body: None,
            robots_tags: texts("x-robots-tag"),
            link_fields: texts("link"),
            locations: head.headers.get_all(header::LOCATION).iter().cloned().collect(),
            challenge: mitigated.is_some_and(|value| value.trim().eq_ignore_ascii_case("challenge")),
            retry_after: head.headers.contains_key(header::RETRY_AFTER),
        }
    }
}
