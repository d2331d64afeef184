//! What a crawl knows of URLs: 16 bytes each, whatever their length.
//!
//! A table in parts that grow one at a time and by a quarter, so that a million URLs never take twice
//! their place while the table grows. Must not know what the keys are made of.

/// Parts of the table; the topmost bits of a key choose one.
const PARTS: usize = 256;

/// How a URL stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has heard of it.
    New,
    /// It was found and left out; another link to it may still be followed.
    Left,
    /// It was asked for, or is going to be.
    Taken,
}

/// The URLs a crawl has met, by 127 bits of hash: two of a billion agree by chance once in 10^20.
#[derive(Debug)]
pub(super) struct Known {
    parts: Vec<Part>,
    len: usize,
}

/// Linear probing; 0 is an empty slot. The lowest bit of a key says whether it is taken.
#[derive(Clone, Debug, Default)]
struct Part {
    slots: Box<[u128]>,
    len: usize,
}

const TAKEN: u128 = 1;

impl Default for Known {
    fn default() -> Self {
        Known { parts: vec![Part::default(); PARTS], len: 0 }
    }
}

impl Known {
    /// How the URL with this key stands.
    pub fn standing(&self, key: u128) -> Standing {
        let key = bare(key);
        match self.parts.get(part_of(key)).and_then(|part| part.find(key)) {
            Some(slot) if slot & TAKEN == TAKEN => Standing::Taken,
            Some(_) => Standing::Left,
            None => Standing::New,
        }
    }

    /// From now on it is taken; how it stood before.
    pub fn take(&mut self, key: u128) -> Standing {
        self.put(bare(key) | TAKEN)
    }

    /// From now on it is left out, unless it is taken; how it stood before.
    pub fn leave(&mut self, key: u128) -> Standing {
        self.put(bare(key))
    }

    /// How many URLs there are.
    pub fn len(&self) -> usize {
        self.len
    }

    fn put(&mut self, key: u128) -> Standing {
        let before = self.standing(key);
        let Some(part) = self.parts.get_mut(part_of(key)) else { return before };
        match before {
            Standing::New => {
                part.insert(key);
                self.len += 1;
            }
            Standing::Left => part.mark(key),
            Standing::Taken => {}
        }
        before
    }
}

/// The key without the bit that says how it stands; never 0, which is an empty slot.
fn bare(key: u128) -> u128 {
    (key & !TAKEN).max(2)
}

fn part_of(key: u128) -> usize {
    (key >> 120) as usize % PARTS
}

impl Part {
    /// Where a key would stand if there were no others: bits that did not choose the part, spread over
    /// the slots.
    fn home(&self, key: u128) -> usize {
        let bits = u128::from((key >> 56) as u64);
        ((bits * self.slots.len() as u128) >> 64) as usize
    }

    /// The slots in the order in which they are looked at for a key.
    fn places(&self, key: u128) -> impl Iterator<Item = usize> + use<> {
        let home = self.home(key);
        (home..self.slots.len()).chain(0..home)
    }

    fn find(&self, key: u128) -> Option<u128> {
        let slots = self.places(key).filter_map(|at| self.slots.get(at).copied());
        slots.take_while(|slot| *slot != 0).find(|slot| slot & !TAKEN == key & !TAKEN)
    }

    fn mark(&mut self, key: u128) {
        let place = self.places(key).find(|at| self.slots.get(*at).is_none_or(|slot| slot & !TAKEN == key & !TAKEN));
        if let Some(slot) = place.and_then(|at| self.slots.get_mut(at)) {
            *slot |= key & TAKEN;
        }
    }

    fn insert(&mut self, key: u128) {
        if self.len * 8 >= self.slots.len() * 7 {
            self.grow();
        }
        self.set(key);
        self.len += 1;
    }

    fn set(&mut self, key: u128) {
        let place = self.places(key).find(|at| self.slots.get(*at) == Some(&0));
        if let Some(slot) = place.and_then(|at| self.slots.get_mut(at)) {
            *slot = key;
        }
    }

    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 5 / 4 + 8].into_boxed_slice();
        let old = std::mem::replace(&mut self.slots, larger);
        old.iter().filter(|slot| **slot != 0).for_each(|slot| self.set(*slot));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn key(number: u64) -> u128 {
        xxhash_rust::xxh3::xxh3_128(&number.to_le_bytes())
    }

    #[test]
    fn what_was_left_can_be_taken_and_what_is_taken_stays_so() {
        let mut known = Known::default();
        assert_eq!((known.standing(7), known.leave(7), known.leave(7)), (Standing::New, Standing::New, Standing::Left));
        assert_eq!((known.take(7), known.leave(7), known.take(7)), (Standing::Left, Standing::Taken, Standing::Taken));
        assert_eq!((known.standing(7), known.len()), (Standing::Taken, 1));
        assert_eq!(
            (known.take(0), known.standing(0), known.take(0)),
            (Standing::New, Standing::Taken, Standing::Taken)
        );
    }

    #[test]
    fn a_million_urls_are_told_apart_and_take_at_most_24_bytes_each() {
        let mut known = Known::default();
        for number in 0..1_000_000 {
            assert_eq!(known.take(key(number)), Standing::New, "{number}");
        }
        assert_eq!((known.len(), known.standing(key(999_999))), (1_000_000, Standing::Taken));
        assert_eq!(known.standing(key(1_000_000)), Standing::New);
        let bytes: usize = known.parts.iter().map(|part| part.slots.len() * 16).sum();
        assert!(bytes <= 24_000_000, "{bytes}");
    }

    proptest::proptest! {
        #[test]
        fn it_is_a_table_of_what_was_said_last(steps in proptest::collection::vec((0_u64..40, proptest::bool::ANY), 0..200)) {
            let (mut known, mut model) = (Known::default(), HashMap::new());
            for (number, take) in steps {
                let before = model.get(&number).copied().unwrap_or(Standing::New);
                let got = if take { known.take(key(number)) } else { known.leave(key(number)) };
                proptest::prop_assert_eq!(got, before);
                let now = if take || before == Standing::Taken { Standing::Taken } else { Standing::Left };
                model.insert(number, now);
            }
            proptest::prop_assert_eq!(known.len(), model.len());
        }
    }
}
