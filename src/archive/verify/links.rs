//! Names of records, and who refers to whom.
//!
//! 16 bytes a record (with the table's own room 20 to 40), and 56 for each reference that is still open;
//! several to the same record are one. Must not know files.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_128;

use super::head::bare;

/// What a reference is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// `WARC-Concurrent-To`.
    Concurrent,
    /// `WARC-Refers-To`.
    Refers,
    /// `WARC-Warcinfo-ID`.
    Warcinfo,
    /// `WARC-Segment-Origin-ID`.
    Segment,
}

impl Why {
    /// All of them.
    pub const ALL: [Why; 4] = [Why::Concurrent, Why::Refers, Why::Warcinfo, Why::Segment];

    /// The field.
    pub const fn field(self) -> &'static str {
        match self {
            Why::Concurrent => "WARC-Concurrent-To",
            Why::Refers => "WARC-Refers-To",
            Why::Warcinfo => "WARC-Warcinfo-ID",
            Why::Segment => "WARC-Segment-Origin-ID",
        }
    }
}

/// A reference that leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Number of the file, and where in it the record is that has the reference.
    pub at: (usize, u64),
    /// What for.
    pub why: Why,
    /// What it names is there, but of another type.
    pub is_other: bool,
    /// How many records have it.
    pub count: u64,
}

/// All names.
#[derive(Default)]
pub struct Links {
    names: HashSet<u128>,
    infos: HashSet<u128>,
    open: HashMap<(u128, Why), (usize, u64, u64)>,
}

impl Links {
    /// A record of this name; `false` if there was one already.
    pub fn name(&mut self, name: &str, is_info: bool) -> bool {
        let key = key(name);
        for why in [Why::Concurrent, Why::Refers, Why::Segment] {
            self.open.remove(&(key, why));
        }
        if is_info {
            self.infos.insert(key);
            self.open.remove(&(key, Why::Warcinfo));
        }
        self.names.insert(key)
    }

    /// The record at this place refers to that name.
    pub fn refers(&mut self, name: &str, why: Why, at: (usize, u64)) {
        let key = key(name);
        let known = if why == Why::Warcinfo { &self.infos } else { &self.names };
        if !known.contains(&key) {
            self.open.entry((key, why)).or_insert((at.0, at.1, 0)).2 += 1;
        }
    }

    /// What was never met, in the order of the files.
    pub fn open(self) -> Vec<Open> {
        let is_other = |key| self.names.contains(key);
        let open = self.open.iter().map(|((key, why), (file, offset, count))| Open {
            at: (*file, *offset),
            why: *why,
            is_other: is_other(key),
            count: *count,
        });
        let mut open: Vec<Open> = open.collect();
        open.sort_unstable_by_key(|open| (open.at, open.why, open.count));
        open
    }
}

fn key(name: &str) -> u128 {
    xxh3_128(bare(name).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_may_come_before_what_they_name() {
        let mut links = Links::default();
        links.refers("<a:2>", Why::Concurrent, (0, 1));
        assert!(links.name("<a:1>", true) && links.name("<a:2>", false) && !links.name("<a:2>", false));
        links.refers("<a:1>", Why::Warcinfo, (0, 2));
        links.refers("<a:2>", Why::Warcinfo, (0, 3));
        for at in 4..7 {
            links.refers("<a:9>", Why::Refers, (1, at));
        }
        let open = |at, why, is_other, count| Open { at, why, is_other, count };
        assert_eq!(links.open(), [open((0, 3), Why::Warcinfo, true, 1), open((1, 4), Why::Refers, false, 3)]);
    }
}
