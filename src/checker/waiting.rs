//! Fragments of documents that were not read yet, in little room.
//!
//! A link is two numbers and a hash here, and gone once its target is read and has the anchor:
//! nearly all turn out well and are never looked at again. Must not know findings.

use std::collections::HashMap;

use super::places::{FileId, Places};

/// Links that wait at most; further ones have their target read at once.
const MOST: usize = 1 << 20;

#[derive(Clone, Copy, Debug)]
struct One {
    /// The document that it stands in, and which of its links it is.
    document: u32,
    link: u32,
    /// Of the fragment.
    hash: u64,
}

/// Links that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_file: HashMap<FileId, Vec<One>>,
    /// What did not turn out well: document and link.
    bad: Vec<(u32, u32)>,
    count: usize,
    /// `seq` of the first link of each document, by number.
    first_seqs: Vec<u64>,
}

/// Links of one document that did not turn out well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// Which document.
    pub document: u32,
    /// `seq` of its first link.
    pub first_seq: u64,
    pub links: Vec<u32>,
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
        let has_room = self.count < MOST;
        if has_room {
            self.by_file.entry(file).or_default().push(One { document, link: link as u32, hash });
            self.count += 1;
        }
        has_room
    }

    /// A document was read: whoever waited for it knows now.
    pub fn have_read(&mut self, file: FileId, places: &Places<'_>) {
        for one in self.by_file.remove(&file).unwrap_or_default() {
            match places.has(file, one.hash) {
                Some(true) => self.count -= 1,
                _ => self.bad.push((one.document, one.link)),
            }
        }
    }

    /// How many wait, or turned out badly.
    pub fn len(&self) -> usize {
        self.count
    }

    /// All that did not turn out well, or still waits, in order.
    pub fn settle(&mut self) -> Vec<Open> {
        let mut bad = std::mem::take(&mut self.bad);
        bad.extend(std::mem::take(&mut self.by_file).into_values().flatten().map(|one| (one.document, one.link)));
        bad.sort_unstable();
        let mut open: Vec<Open> = Vec::new();
        for (document, link) in bad {
            match open.last_mut().filter(|last| last.document == document) {
                Some(last) => last.links.push(link),
                None => {
                    let first_seq = self.first_seqs.get(document as usize).copied().unwrap_or_default();
                    open.push(Open { document, first_seq, links: vec![link] });
                }
            }
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::files::Deployed,
        checker::places::Unverifiable,
        model::{Anchors, Outline},
        page::Language,
        source::walk::Listed,
    };

    #[test]
    fn links_wait_until_their_target_is_read_and_only_bad_ones_stay() {
        let listed = ["a", "b", "c"].map(|path| Listed { path: path.into(), language: None, named: false });
        let deployed = Deployed::default();
        let mut places = Places::new(&deployed, Unverifiable::Silent, &listed);
        let mut waiting = Waiting::default();
        waiting.begin(0, 100);
        let hash = Anchors::hash;
        for (link, file, name) in [(0, 2, "not read"), (3, 1, "no"), (1, 1, "yes"), (2, 1, "none")] {
            assert!(waiting.take(0, link, FileId(file), hash(name)));
        }
        let mut outline = Outline { anchors: Anchors::of(["yes"], false), ..Outline::default() };
        places.have_read(FileId(1), Language::Html, &mut outline);
        waiting.have_read(FileId(1), &places);
        assert_eq!(waiting.len(), 3);
        assert_eq!(waiting.settle(), [Open { document: 0, first_seq: 100, links: vec![0, 2, 3] }]);
    }
}
