//! Where answers are kept from one run to the next, and when they are used.

use std::{path::PathBuf, time::Duration};

/// A cache in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// The folder.
    pub dir: PathBuf,
    /// What all answers in it may take, in bytes; what was not used for longest goes.
    pub size: u64,
    /// What came within this time is used, whatever the server said, and nothing else without asking.
    /// `None` goes by the server's word.
    pub max_age: Option<Duration>,
    /// Whether anybody is asked.
    pub reach: Reach,
}

/// Whether the network is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// It is, for what is not there or not fresh.
    #[default]
    Network,
    /// It is not: every answer that is there is used, however old.
    Offline,
}

impl CacheSettings {
    /// Bytes that answers may take, unless somebody says otherwise.
    pub const SIZE: u64 = 1 << 30;

    /// A cache in this folder, by the server's word.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        CacheSettings { dir: dir.into(), size: Self::SIZE, max_age: None, reach: Reach::Network }
    }
}
