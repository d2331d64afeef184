//! JSONPath in a build without the feature `extract`: every path is refused, with the reason.

use std::{convert::Infallible, ops::Range};

use serde_json::Value;

use super::budget::Budget;

/// A path, which there is none of.
#[derive(Clone, Debug)]
pub(super) struct JsonPath(Infallible);

/// Why a path cannot be read.
#[derive(Debug)]
pub(super) struct PathFault {
    /// What is wrong.
    pub(super) message: String,
    /// Which bytes of the path.
    pub(super) bytes: Range<usize>,
    /// What to do about it.
    pub(super) hint: &'static str,
}

impl JsonPath {
    /// Refuses a path.
    pub(super) fn parse(path: &str) -> Result<JsonPath, PathFault> {
        let message = "this build reads no JSONPath".to_owned();
        Err(PathFault { message, bytes: 0..path.len(), hint: "build it with the feature `extract`" })
    }

    /// What the path leads to.
    pub(super) fn find<'v>(&self, _: &'v Value, _: &Budget) -> Vec<&'v Value> {
        match self.0 {}
    }
}
