//! Whether the list is the one that the run began with.
//!
//! A digest that rolls over the texts of the requests is written down at 1, 2, 4 … 4,096 and from
//! then on every 4,096 of them; when the list is read again, it must be the same there. Pure. Must
//! not know where lists come from.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Requests between two marks, once the list is long.
const EVERY: u64 = 4096;

/// How many requests, and the digest of their texts (XXH3, seeded with the digest before).
pub type Mark = (u64, u64);

/// Marks that were passed and not yet written down. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Passed(Arc<Mutex<Vec<Mark>>>);

impl Passed {
    /// Takes what is to be written down.
    pub fn take(&self) -> Vec<Mark> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Follows a list as it is read.
#[derive(Debug, Default)]
pub struct Marks {
    read: u64,
    digest: u64,
    expected: BTreeMap<u64, u64>,
    passed: Passed,
}

/// The list is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// One of the first so many requests is another.
    pub within: u64,
}

impl Marks {
    /// For a list that was read before as far as these marks.
    pub fn expecting(marks: impl IntoIterator<Item = Mark>) -> Self {
        Marks { expected: marks.into_iter().collect(), ..Marks::default() }
    }

    /// What is to be written down.
    pub fn passed(&self) -> Passed {
        self.passed.clone()
    }

    /// The next request of the list.
    ///
    /// # Errors
    /// The list is another one than before.
    pub fn pass(&mut self, text: &str) -> Result<(), Changed> {
        self.read += 1;
        self.digest = xxh3_64_with_seed(text.as_bytes(), self.digest);
        if !(self.read.is_multiple_of(EVERY) || (self.read < EVERY && self.read.is_power_of_two())) {
            return Ok(());
        }
        match self.expected.remove(&self.read) {
            Some(digest) if digest != self.digest => Err(Changed { within: self.read }),
            Some(_) => Ok(()),
            None => {
                self.passed.0.lock().unwrap_or_else(PoisonError::into_inner).push((self.read, self.digest));
                Ok(())
            }
        }
    }

    /// The list is at its end.
    ///
    /// # Errors
    /// It was longer before.
    pub fn end(&self) -> Result<(), Changed> {
        match self.expected.keys().next() {
            Some(_) => Err(Changed { within: self.read + 1 }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(marks: &mut Marks, lines: std::ops::Range<u64>, other: Option<u64>) -> Result<(), Changed> {
        lines.clone().try_for_each(|line| {
            let text = if other == Some(line) { "other".to_owned() } else { format!("https://example.com/{line}") };
            marks.pass(&text)
        })?;
        marks.end()
    }

    #[test]
    fn a_list_is_known_again_and_a_line_that_changed_is_met_at_the_next_mark() {
        let mut first = Marks::default();
        let passed = first.passed();
        read(&mut first, 0..10_000, None).unwrap();
        let marks = passed.take();
        assert_eq!(marks.iter().map(|mark| mark.0).collect::<Vec<_>>()[10..], [1024, 2048, 4096, 8192]);
        assert!(passed.take().is_empty(), "each is taken once");
        assert_eq!(read(&mut Marks::expecting(marks.clone()), 0..10_000, None), Ok(()));
        for (changed, met) in [(0, 1), (5, 8), (3_000, 4_096), (8_000, 8_192)] {
            let again = read(&mut Marks::expecting(marks.clone()), 0..10_000, Some(changed));
            assert_eq!(again, Err(Changed { within: met }), "{changed}");
        }
        assert_eq!(read(&mut Marks::expecting(marks), 0..5_000, None), Err(Changed { within: 5_001 }), "it is shorter");
    }

    #[test]
    fn marks_behind_those_that_were_expected_are_new() {
        let mut again = Marks::expecting([(1, xxh3_64_with_seed(b"https://example.com/0", 0))]);
        read(&mut again, 0..4, None).unwrap();
        assert_eq!(again.passed().take().iter().map(|mark| mark.0).collect::<Vec<_>>(), [2, 4]);
    }
}
