//! Archives as things of their own: judged, indexed, packed for other tools.
//!
//! Reads what is there, of any tool; pages and requests play no part. Must not know who asks, nor how
//! archives are written.

pub mod cdxj;
pub mod surt;
pub mod verify;
pub mod wacz;

use crate::model::redact;

/// A URL as it may be shown: without credentials.
fn shown_url(url: &str) -> String {
    redact::line(url, true).into_owned()
}
