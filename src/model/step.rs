//! What is kept of a record for the rest of a crawl: what follows from it.
//!
//! Plain values. Must not know how a crawl goes on, nor where steps are kept.

/// A step of a crawl that has its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What the crawl knows the request by; `None` where that is its number alone.
    pub key: Option<u128>,
    /// It was a page of the crawl, not one that was only looked at or left out.
    pub is_page: bool,
    /// What became of it and what follows, in the words of the crawl.
    pub data: Vec<u8>,
}
