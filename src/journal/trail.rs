//! The trail of a crawl: what followed from each record, so that the rest can follow as well.
//!
//! A list tells by itself what is left; of a crawl only its pages do. Must not know what a step says.

use std::sync::Arc;

use super::{Done, JournalError};
use crate::model::Step;

/// Bytes above which a step is packed: below that little is won.
const PACKED_ABOVE: usize = 160;
/// How hard it is packed: quick rather than small.
const LEVEL: i32 = 1;
/// The longest that a step can be: a page of 64 MiB has no more in links.
const MOST: usize = 1 << 30;

/// The steps that are kept, in the order of their numbers.
pub trait Rows: std::fmt::Debug + Send + Sync {
    /// Numbers and keys of some steps behind `after`; none at the end.
    ///
    /// # Errors
    /// They cannot be read.
    fn keys(&self, after: Option<u64>) -> Result<Vec<(u64, Option<u128>)>, JournalError>;
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

/// Data of a step as it is kept: a byte that says whether it is packed, then the length it had if it is.
pub(super) fn pack(data: &[u8]) -> Vec<u8> {
    let packed = (data.len() > PACKED_ABOVE).then(|| zstd::bulk::compress(data, LEVEL).ok()).flatten();
    match (packed, u32::try_from(data.len())) {
        (Some(packed), Ok(len)) if packed.len() < data.len() => [&[1], &len.to_le_bytes()[..], &packed].concat(),
        _ => [&[0], data].concat(),
    }
}

/// What [`pack`] was given; `None` if the bytes are nothing of the kind.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.split_first()? {
        (0, data) => Some(data.to_vec()),
        (1, rest) => {
            let (len, packed) = rest.split_first_chunk()?;
            let len = usize::try_from(u32::from_le_bytes(*len)).ok().filter(|len| *len <= MOST)?;
            // A length that nothing stands behind takes no memory.
            let most = len.min(packed.len().saturating_mul(1 << 16));
            zstd::bulk::decompress(packed, most).ok().filter(|data| data.len() == len)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_step_comes_back_as_it_was(data in proptest::collection::vec(0_u8..4, 0..2_000)) {
            let packed = pack(&data);
            prop_assert!(packed.len() <= data.len() + 1);
            prop_assert_eq!(unpack(&packed), Some(data));
        }

        #[test]
        fn bytes_of_any_kind_are_a_step_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = unpack(&bytes);
        }
    }
}
