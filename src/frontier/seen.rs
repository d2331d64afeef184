//! What was seen before: 16 bytes a request, whatever the length of its URL.
//!
//! Must not know what the keys are made of.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hash, Hasher},
};

/// Keys of requests, each with the position of the first one that had it.
#[derive(Debug, Default)]
pub struct Seen(HashSet<Entry, BuildHasherDefault<KeyHash>>);

/// 88 bits of key and 40 bits of position: two requests among a billion collide with a chance of
/// about 2 in a billion.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: [u8; 11],
    seq: [u8; 5],
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Entry {}
impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.key);
    }
}

/// The keys are hashes already.
#[derive(Debug, Default)]
struct KeyHash(u64);

impl Hasher for KeyHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for (at, byte) in bytes.iter().take(8).enumerate() {
            self.0 |= u64::from(*byte) << (8 * at);
        }
    }
}

impl Seen {
    /// Takes note of a key; if it was there before, the position of the first one that had it.
    pub fn note(&mut self, key: u128, seq: u64) -> Option<u64> {
        let mut entry = Entry { key: [0; 11], seq: [0; 5] };
        entry.key.copy_from_slice(&key.to_le_bytes()[..11]);
        entry.seq.copy_from_slice(&seq.to_le_bytes()[..5]);
        if let Some(first) = self.0.get(&entry) {
            let mut bytes = [0; 8];
            bytes[..5].copy_from_slice(&first.seq);
            return Some(u64::from_le_bytes(bytes));
        }
        self.0.insert(entry);
        None
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_names_the_first() {
        let mut seen = Seen::default();
        assert_eq!(seen.note(7, 1_000_000), None);
        assert_eq!(seen.note(8, 1_000_001), None);
        assert_eq!(seen.note(7, 1_000_002), Some(1_000_000));
        assert_eq!(seen.len(), 2);
        assert_eq!(size_of::<Entry>(), 16);
    }
}
