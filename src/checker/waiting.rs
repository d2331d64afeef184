//! Fragments of documents that were not read yet, in little room.
//!
//! A link is a number here: nearly all of them turn out well and are never looked at again. Must
//! not know findings.

use super::places::{FileId, Places};

/// Links that wait at most; further ones have their target read at once.
const MOST: usize = 1 << 20;

#[derive(Clone, Copy, Debug)]
struct One {
    /// The document that it stands in, and which of its links it is.
    document: u32,
    link: u32,
    file: FileId,
    /// Of the fragment.
    hash: u64,
}

/// Links that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    links: Vec<One>,
    /// `seq` of the first link of each document, by number.
    first_seqs: Vec<u64>,
}

impl Waiting {
    /// A document begins.
    pub fn begin(&mut self, document: u32, first_seq: u64) {
        let index = document as usize;
        if self.first_seqs.len() <= index {
            self.first_seqs.resize(index + 1, 0);
        }
        if let Some(seq) = self.first_seqs.get_mut(index) {
            *seq = first_seq;
        }
    }

    /// Takes a link, if there is room.
    pub fn take(&mut self, document: u32, link: usize, file: FileId, hash: u64) -> bool {
        let has_room = self.links.len() < MOST;
        if has_room {
            self.links.push(One { document, link: link as u32, file, hash });
        }
        has_room
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// What did not turn out well: document, `seq` of its first link, numbers of links.
    pub fn settle(&mut self, places: &Places<'_>) -> Vec<(u32, u64, Vec<u32>)> {
        let mut open: Vec<(u32, u64, Vec<u32>)> = Vec::new();
        for one in std::mem::take(&mut self.links) {
            if places.has(one.file, one.hash) == Some(true) {
                continue;
            }
            match open.last_mut().filter(|(document, ..)| *document == one.document) {
                Some((.., links)) => links.push(one.link),
                None => {
                    let first_seq = self.first_seqs.get(one.document as usize).copied().unwrap_or_default();
                    open.push((one.document, first_seq, vec![one.link]));
                }
            }
        }
        open
    }
}
