//! Chunks of a body, gathered in one place. Must not know what they are for.

use bytes::Bytes;

/// What has come so far, up to a bound. One chunk alone is kept without a copy, as most bodies come.
#[derive(Debug)]
pub(super) struct Pile {
    most: usize,
    /// How long the server says that it will be; 0 if it does not.
    told: usize,
    first: Bytes,
    rest: Vec<u8>,
}

impl Pile {
    /// Nothing yet.
    pub fn new(most: usize, told: usize) -> Self {
        Pile { most, told, first: Bytes::new(), rest: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.first.len().max(self.rest.len())
    }

    /// Takes as much of a chunk as there is room for; says how much.
    pub fn push(&mut self, chunk: &Bytes) -> usize {
        let len = self.len();
        let part = chunk.len().min(self.most.saturating_sub(len));
        if part == 0 {
            return 0;
        }
        if len == 0 {
            self.first = chunk.slice(..part);
        } else {
            self.make_room(len + part);
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.rest.extend_from_slice(&chunk[..part]);
        }
        part
    }

    /// Grows by as much again, but not beyond what the server says will come.
    fn make_room(&mut self, len: usize) {
        if len > self.rest.capacity() {
            let twice = 2 * self.len();
            let most = if self.told < len { self.most } else { self.told.min(self.most) };
            let wanted = twice.min(most).max(len);
            self.rest.reserve_exact(wanted - self.rest.len());
        }
    }

    /// All of it.
    pub fn into_bytes(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { Bytes::from(self.rest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_by_doubling_up_to_what_was_told() {
        for (told, expected) in [(0, 128 << 10), (100 << 10, 100 << 10), (1 << 30, 128 << 10), (10, 128 << 10)] {
            let mut pile = Pile::new(usize::MAX, told);
            for _ in 0..50 {
                pile.push(&Bytes::from(vec![b'x'; 2 << 10]));
            }
            assert_eq!((pile.rest.len(), pile.rest.capacity()), (100 << 10, expected), "{told}");
        }
    }

    #[test]
    fn only_so_much_is_kept_and_one_chunk_is_not_copied() {
        let chunk = Bytes::from("abc");
        let mut pile = Pile::new(5, 0);
        assert_eq!(pile.push(&chunk), 3);
        assert_eq!(pile.first.as_ptr(), chunk.as_ptr());
        assert_eq!((pile.push(&chunk), pile.push(&chunk), pile.len()), (2, 0, 5));
        assert_eq!(&pile.into_bytes()[..], b"abcab");
    }
}
