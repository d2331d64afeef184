//! Which requests of a run are done: a set of their numbers, small because most follow on each other.
//!
//! Pure. Must not know where it is kept.

use std::collections::BTreeMap;

/// A set of `seq`, kept as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// First to last, both in it; ranges neither touch nor overlap.
    ranges: BTreeMap<u64, u64>,
    count: u64,
}

impl Done {
    /// Puts a number in; says whether it is new.
    pub fn insert(&mut self, seq: u64) -> bool {
        let before = self.ranges.range(..=seq).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| last >= seq) {
            return false;
        }
        self.count += 1;
        let first = match before {
            Some((first, last)) if last + 1 == seq => first,
            _ => seq,
        };
        let last = seq.checked_add(1).and_then(|next| self.ranges.remove(&next)).unwrap_or(seq);
        self.ranges.insert(first, last);
        true
    }

    /// Takes a number out; says whether it was there.
    pub fn remove(&mut self, seq: u64) -> bool {
        let Some((first, last)) = self.ranges.range(..=seq).next_back().map(|(first, last)| (*first, *last)) else {
            return false;
        };
        if last < seq {
            return false;
        }
        self.count -= 1;
        self.ranges.remove(&first);
        if first < seq {
            self.ranges.insert(first, seq - 1);
        }
        if seq < last {
            self.ranges.insert(seq + 1, last);
        }
        true
    }

    /// Whether a number is in it.
    pub fn contains(&self, seq: u64) -> bool {
        self.ranges.range(..=seq).next_back().is_some_and(|(_, last)| *last >= seq)
    }

    /// How many are in it.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether none is in it.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The largest of them.
    pub fn last(&self) -> Option<u64> {
        self.ranges.last_key_value().map(|(_, last)| *last)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// The ranges as bytes: for each the gap before it and its length, as LEB128.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut next = 0;
        for (first, last) in &self.ranges {
            put(&mut out, first - next);
            put(&mut out, last - first);
            // What follows the last number of all is never written.
            next = last.wrapping_add(1);
        }
        out
    }

    /// The set that [`to_bytes`](Self::to_bytes) wrote; `None` if the bytes are no such set.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Done> {
        let mut done = Done::default();
        let mut next = 0_u64;
        while !bytes.is_empty() {
            let first = next.checked_add(take(&mut bytes)?)?;
            let last = first.checked_add(take(&mut bytes)?)?;
            done.ranges.insert(first, last);
            done.count = done.count.checked_add((last - first).checked_add(1)?)?;
            next = last.checked_add(1)?;
        }
        Some(done)
    }
}

/// Numbers in any order as bytes: differences, folded to be positive, as LEB128.
pub(super) fn pack(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut before = 0_u64;
    for number in numbers {
        let step = number.wrapping_sub(before).cast_signed();
        put(&mut out, ((step << 1) ^ (step >> 63)).cast_unsigned());
        before = number;
    }
    out
}

/// The numbers that [`pack`] wrote; `None` if the bytes are no such list.
pub(super) fn unpack(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut out = Vec::new();
    let mut before = 0_u64;
    while !bytes.is_empty() {
        let folded = take(&mut bytes)?;
        let step = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
        before = before.wrapping_add(step.cast_unsigned());
        out.push(before);
    }
    Some(out)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(first & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        number |= bits << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_whatever_comes_and_goes(steps in proptest::collection::vec((any::<bool>(), 0_u64..40), 0..200)) {
            let (mut done, mut model) = (Done::default(), BTreeSet::new());
            for (comes, seq) in steps {
                if comes {
                    prop_assert_eq!(done.insert(seq), model.insert(seq));
                } else {
                    prop_assert_eq!(done.remove(seq), model.remove(&seq));
                }
                prop_assert_eq!(done.len(), model.len() as u64);
            }
            prop_assert_eq!(done.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            prop_assert!((0..41).all(|seq| done.contains(seq) == model.contains(&seq)));
            let touching = done.ranges.iter().zip(done.ranges.keys().skip(1)).any(|((_, last), next)| last + 1 >= *next);
            prop_assert!(!touching);
            prop_assert_eq!(done.last(), model.last().copied());
            prop_assert_eq!(Done::from_bytes(&done.to_bytes()), Some(done));
        }

        #[test]
        fn numbers_come_back_as_they_were(numbers in proptest::collection::vec(any::<u64>(), 0..50)) {
            prop_assert_eq!(unpack(&pack(numbers.iter().copied())), Some(numbers));
        }

        #[test]
        fn bytes_of_any_kind_are_a_set_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Done::from_bytes(&bytes);
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn the_last_number_of_all_may_be_in_it() {
        let mut done = Done::default();
        assert!(done.insert(u64::MAX) && !done.insert(u64::MAX) && done.contains(u64::MAX));
        assert!(done.remove(u64::MAX) && done.is_empty());
    }
}
