//! The queue of URLs that wait: first in, first out, some 10 to 20 bytes each.
//!
//! URLs of a site begin alike, and those found on one page have one parent; so each is kept as what
//! differs from the one before. What is neither written nor read at the moment is packed. Must not know
//! why something waits.

use std::collections::VecDeque;

use crate::model::FoundIn;

/// Bytes after which a new block begins. A block is given back once it is read.
const BLOCK: usize = 64 << 10;
/// How hard blocks are packed: quick rather than small.
const LEVEL: i32 = 1;

/// A URL that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its number among all that gets a record.
    pub seq: u64,
    /// What is to be asked for.
    pub url: String,
    /// Where it was found.
    pub parent: Option<String>,
    /// How it was found.
    pub found_in: FoundIn,
    /// How far it is from a seed.
    pub depth: u32,
    /// What else is to be known of it: what is done with it, or why it is left.
    pub note: String,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    blocks: VecDeque<Block>,
    /// How far the first block is read.
    at: usize,
    written: Last,
    read: Last,
    len: usize,
    /// What is at the front, once somebody has asked.
    front: Option<Waiting>,
}

/// URLs in a row.
#[derive(Debug)]
enum Block {
    Open(Vec<u8>),
    /// Packed, and its length before.
    Packed(Box<[u8]>, usize),
}

impl Block {
    /// Packs it; as it is where that does not help.
    fn pack(&mut self) {
        if let Block::Open(bytes) = self
            && let Ok(packed) = zstd::bulk::compress(bytes, LEVEL)
            && packed.len() < bytes.len()
        {
            *self = Block::Packed(packed.into(), bytes.len());
        }
    }

    /// Its bytes; what was packed here can be unpacked.
    fn open(&mut self) -> &[u8] {
        if let Block::Packed(packed, len) = self {
            *self = Block::Open(zstd::bulk::decompress(packed, *len).unwrap_or_default());
        }
        match self {
            Block::Open(bytes) => bytes,
            Block::Packed(..) => &[],
        }
    }
}

/// What the next one is told by its difference from.
#[derive(Debug, Default)]
struct Last {
    seq: u64,
    url: Vec<u8>,
    parent: Vec<u8>,
    note: Vec<u8>,
}

/// What stands for no parent: no URL has such a byte.
const NO_PARENT: &[u8] = b"\0";

impl Queue {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts one at the end.
    pub fn push(&mut self, one: &Waiting) {
        if !matches!(self.blocks.back(), Some(Block::Open(bytes)) if bytes.len() < BLOCK) {
            // The first one is being read.
            self.blocks.iter_mut().skip(1).last().into_iter().for_each(Block::pack);
            self.blocks.push_back(Block::Open(Vec::new()));
        }
        let Some(Block::Open(block)) = self.blocks.back_mut() else { return };
        let last = &mut self.written;
        // Numbers may go backwards, from a page that is long under way.
        number(block, zigzag(one.seq.wrapping_sub(last.seq)));
        last.seq = one.seq;
        number(block, u64::from(one.depth));
        block.push(FoundIn::ALL.iter().position(|way| *way == one.found_in).unwrap_or_default() as u8);
        text(block, &mut last.url, one.url.as_bytes());
        text(block, &mut last.parent, one.parent.as_ref().map_or(NO_PARENT, |parent| parent.as_bytes()));
        text(block, &mut last.note, one.note.as_bytes());
        self.len += 1;
    }

    /// The one that waits longest, which stays.
    pub fn front(&mut self) -> Option<&Waiting> {
        if self.front.is_none() {
            self.front = self.read_one();
        }
        self.front.as_ref()
    }

    /// Takes the one that waits longest.
    pub fn pop(&mut self) -> Option<Waiting> {
        let one = self.front.take().or_else(|| self.read_one())?;
        self.len -= 1;
        Some(one)
    }

    fn read_one(&mut self) -> Option<Waiting> {
        if self.at >= self.blocks.front_mut()?.open().len() && self.blocks.len() > 1 {
            self.blocks.pop_front();
            self.at = 0;
        }
        let mut rest = self.blocks.front_mut()?.open().get(self.at..)?;
        let before = rest.len();
        let last = &mut self.read;
        last.seq = last.seq.wrapping_add(unzigzag(take_number(&mut rest)?));
        let depth = u32::try_from(take_number(&mut rest)?).ok()?;
        let (way, after) = rest.split_first()?;
        rest = after;
        for kept in [&mut last.url, &mut last.parent, &mut last.note] {
            take_text(&mut rest, kept)?;
        }
        self.at += before - rest.len();
        let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some(Waiting {
            seq: last.seq,
            url: string(&last.url),
            parent: (last.parent != NO_PARENT).then(|| string(&last.parent)),
            found_in: FoundIn::ALL.get(usize::from(*way)).copied().unwrap_or(FoundIn::A),
            depth,
            note: string(&last.note),
        })
    }
}

fn zigzag(difference: u64) -> u64 {
    let signed = difference as i64;
    ((signed << 1) ^ (signed >> 63)) as u64
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// Seven bits a byte, the lowest first.
pub(super) fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// How much of the last text stays, and what follows.
pub(super) fn text(out: &mut Vec<u8>, last: &mut Vec<u8>, now: &[u8]) {
    let same = last.iter().zip(now).take_while(|(a, b)| a == b).count();
    let new = now.get(same..).unwrap_or_default();
    number(out, same as u64);
    number(out, new.len() as u64);
    out.extend_from_slice(new);
    last.truncate(same);
    last.extend_from_slice(new);
}

pub(super) fn take_text(rest: &mut &[u8], last: &mut Vec<u8>) -> Option<()> {
    let same = usize::try_from(take_number(rest)?).ok()?;
    let new = usize::try_from(take_number(rest)?).ok()?;
    let (bytes, after) = rest.split_at_checked(new)?;
    *rest = after;
    last.truncate(same);
    last.extend_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(seq: u64, url: &str, parent: Option<&str>, note: &str) -> Waiting {
        let (url, parent, note) = (url.to_owned(), parent.map(str::to_owned), note.to_owned());
        Waiting { seq, url, parent, found_in: FoundIn::A, depth: 2, note }
    }

    #[test]
    fn urls_of_a_site_take_few_bytes() {
        let mut queue = Queue::default();
        for number in 0..100_000 {
            let parent = format!("https://shop.example.com/catalogue/category-{}/index.html", number / 100);
            queue.push(&waiting(
                number,
                &format!("https://shop.example.com/catalogue/item-{number}.html"),
                Some(&parent),
                "",
            ));
        }
        let size = |block: &Block| match block {
            Block::Open(bytes) => bytes.capacity(),
            Block::Packed(bytes, _) => bytes.len(),
        };
        let bytes: usize = queue.blocks.iter().map(size).sum();
        assert!(bytes < 800_000, "{bytes}");
        assert_eq!(queue.front().map(|one| one.seq), Some(0));
        assert_eq!((0..100_000).filter(|seq| queue.pop().is_some_and(|one| one.seq == *seq)).count(), 100_000);
        assert!(queue.is_empty() && queue.pop().is_none());
        assert!(queue.blocks.len() <= 1, "blocks that were read are given back");
    }

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out_in_order(
            all in proptest::collection::vec((0_u64..1 << 40, "[ab/é]{0,9}", proptest::option::of("[ab]{0,5}"), "[xy]{0,3}"), 0..60),
            between in 1_usize..7,
        ) {
            let all: Vec<_> = all.iter().map(|(seq, url, parent, note)| waiting(*seq, url, parent.as_deref(), note)).collect();
            let mut queue = Queue::default();
            let mut out = Vec::new();
            for (at, one) in all.iter().enumerate() {
                queue.push(one);
                if at % between == 0 {
                    let front = queue.front().cloned();
                    let popped = queue.pop();
                    proptest::prop_assert_eq!(&front, &popped);
                    out.extend(popped);
                }
            }
            while let Some(one) = queue.pop() {
                out.push(one);
            }
            proptest::prop_assert_eq!(out, all);
        }
    }
}
