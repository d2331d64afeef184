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
    /// It waits, at a distance from the seeds of which these are the lowest bits.
    Waits(u8),
    /// It was asked for.
    Taken,
    /// It has its record from before, and nobody has led to it since the crawl goes on.
    Kept,
}

impl Standing {
    /// Whether it was asked for, or is going to be.
    pub fn is_taken(self) -> bool {
        matches!(self, Standing::Waits(_) | Standing::Taken | Standing::Kept)
    }

    /// Whether it waits, and further from the seeds than at `depth`: up to half as many steps as are told
    /// apart, because pages are asked for in order of their distance.
    pub fn is_further_than(self, depth: u32) -> bool {
        let Standing::Waits(bits) = self else { return false };
        (1..=DISTANCES / 2).contains(&(bits.wrapping_sub(lowest(depth)) % DISTANCES))
    }
}

/// The URLs a crawl has met, by 120 bits of hash: two of a billion agree by chance once in 10^18.
#[derive(Debug)]
pub(super) struct Known {
    parts: Vec<Part>,
    len: usize,
}

/// Linear probing; 0 is an empty slot. The lowest bits of a key say how the URL stands.
#[derive(Clone, Debug, Default)]
struct Part {
    slots: Box<[u128]>,
    len: usize,
}

/// It waits or was asked for.
const TAKEN: u128 = 1;
/// It waits; the lowest bits of its distance stand above.
const WAITS: u128 = 2;
/// It has its record from before, and was not met since.
const KEPT: u128 = 128;
/// All that says how a URL stands.
const STATE: u128 = 255;
/// How many distances are told apart.
const DISTANCES: u8 = 32;

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
            Some(slot) if slot & KEPT != 0 => Standing::Kept,
            Some(slot) if slot & WAITS != 0 => Standing::Waits((slot >> 2) as u8 % DISTANCES),
            Some(slot) if slot & TAKEN != 0 => Standing::Taken,
            Some(_) => Standing::Left,
            None => Standing::New,
        }
    }

    /// From now on it is taken; how it stood before.
    pub fn take(&mut self, key: u128) -> Standing {
        self.put(bare(key) | TAKEN)
    }

    /// It has its record from before.
    pub fn keep(&mut self, key: u128) -> Standing {
        self.put(bare(key) | TAKEN | KEPT)
    }

    /// From now on it waits at this distance; how it stood before.
    pub fn wait(&mut self, key: u128, depth: u32) -> Standing {
        self.put(bare(key) | TAKEN | WAITS | (u128::from(lowest(depth)) << 2))
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
            // What is taken is not left any more.
            _ if before.is_taken() && key & TAKEN == 0 => {}
            _ => part.mark(key),
        }
        before
    }
}

/// The key without the bits that say how it stands; never 0, which is an empty slot.
fn bare(key: u128) -> u128 {
    (key & !STATE).max(STATE + 1)
}

fn lowest(depth: u32) -> u8 {
    (depth % u32::from(DISTANCES)) as u8
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
        slots.take_while(|slot| *slot != 0).find(|slot| slot & !STATE == key & !STATE)
    }

    fn mark(&mut self, key: u128) {
        let place = self.places(key).find(|at| self.slots.get(*at).is_none_or(|slot| slot & !STATE == key & !STATE));
        if let Some(slot) = place.and_then(|at| self.slots.get_mut(at)) {
            *slot = key;
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
        use Standing::{Kept, Left, New, Taken, Waits};
        let mut known = Known::default();
        assert_eq!((known.standing(770), known.leave(770), known.leave(770)), (New, New, Left));
        assert_eq!((known.take(770), known.leave(770), known.take(770)), (Left, Taken, Taken));
        assert_eq!((known.standing(770), known.len()), (Taken, 1));
        assert_eq!((known.take(0), known.standing(0), known.take(0)), (New, Taken, Taken));
        assert_eq!((known.wait(9900, 38), known.standing(9900)), (New, Waits(6)));
        assert!([37, 30, 22].iter().all(|depth| known.standing(9900).is_further_than(*depth)));
        assert!([38, 39, 50].iter().all(|depth| !known.standing(9900).is_further_than(*depth)));
        assert_eq!((known.leave(9900), known.take(9900), known.standing(9900)), (Waits(6), Waits(6), Taken));
        assert_eq!((known.keep(5_000), known.leave(5_000), known.standing(5_000)), (New, Kept, Kept));
        assert!(Kept.is_taken() && !Kept.is_further_than(0));
        assert_eq!((known.take(5_000), known.standing(5_000)), (Kept, Taken));
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
