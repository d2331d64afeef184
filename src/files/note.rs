//! What is kept beside a part, so that another try can go on with it. Must not know files.

use serde::{Deserialize, Serialize};

/// Longest note that is read, in bytes: the longest URL, and some more.
pub(super) const LONGEST: u64 = 64 << 10;

/// What a part is a part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Version of the note: 1.
    pub v: u32,
    /// The URL, without userinfo.
    pub url: String,
    /// What the server knows this version by (`If-Range`, RFC 9110, section 13.1.5).
    pub validator: String,
    /// Length of the whole in bytes, if it is known.
    pub whole: Option<u64>,
    /// Bytes of the part that are on the disk; what stands behind them may not be.
    pub bytes: u64,
}

impl Note {
    /// Of a part that has nothing yet.
    pub fn new(url: String, validator: String, whole: Option<u64>) -> Note {
        Note { v: 1, url, validator, whole, bytes: 0 }
    }
}
