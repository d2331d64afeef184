//! The trail of a crawl: what followed from each record, so that the rest can follow as well.
//!
//! A list tells by itself what is left; of a crawl only its pages do. Must not know what a step says.

use std::sync::Arc;

use super::{Done, JournalError};
use crate::model::Step;

/// The steps that are kept, in the order of their numbers.
pub trait Rows: std::fmt::Debug + Send + Sync {
    /// Numbers and keys of some steps behind `after`, and whether they were pages; none at the end.
    ///
    /// # Errors
    /// They cannot be read.
    fn keys(&self, after: Option<u64>) -> Result<Vec<(u64, Option<u128>, bool)>, JournalError>;
    /// Some steps behind `after`; none at the end.
    ///
    /// # Errors
    /// They cannot be read.
    fn steps(&self, after: Option<u64>) -> Result<Vec<(u64, Step)>, JournalError>;
}

/// What a crawl has behind it.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Makes the keys of this crawl unforeseeable; the same for all its parts.
    pub seed: u64,
    /// Numbers that have their record. A step whose number is not among them was not written whole, or has
    /// failed and is to be asked for again.
    pub done: Done,
    /// The steps.
    pub rows: Arc<dyn Rows>,
}
