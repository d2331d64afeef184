//! What a link checker wants to know of an answer, beside its row.
//!
//! Plain values. Must not know what is made of them.

use super::{Head, Outline};

/// Fields that give away more than the status does, and what the body says.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    /// What the body says, where that was asked for and it is a document.
    pub outline: Option<Box<Outline>>,
    /// Values of `Link`, in order.
    pub link_fields: Vec<String>,
    /// `cf-mitigated: challenge`: a test for browsers was sent instead of the page.
    pub challenge: bool,
    /// `Retry-After` is there.
    pub retry_after: bool,
}

impl Sighting {
    /// What the fields say.
    pub fn of(head: &Head) -> Self {
        let texts = head.headers.get_all(http::header::LINK).iter().filter_map(|value| value.to_str().ok());
        let mitigated = head.headers.get("cf-mitigated").and_then(|value| value.to_str().ok());
        Sighting {
            outline: None,
            link_fields: texts.map(str::to_owned).collect(),
            challenge: mitigated.is_some_and(|value| value.trim().eq_ignore_ascii_case("challenge")),
            retry_after: head.headers.contains_key(http::header::RETRY_AFTER),
        }
    }
}
