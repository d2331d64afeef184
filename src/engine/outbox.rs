//! Records on their way out, in the order that was asked for.
//!
//! Must not know who takes them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{model::Record, settings::Order};

/// Records that are finished but not yet taken.
#[derive(Debug)]
pub(super) struct Outbox {
    order: Order,
    ready: VecDeque<Record>,
    /// With [`Order::Input`]: those whose turn has not come.
    held: BTreeMap<u64, Record>,
    /// With [`Order::Input`]: those that have no record, and whose turn has not come.
    passed: BTreeSet<u64>,
    next: u64,
    ready_bytes: usize,
}

impl Outbox {
    pub fn new(order: Order) -> Self {
        Outbox {
            order,
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            passed: BTreeSet::new(),
            next: 0,
            ready_bytes: 0,
        }
    }

    pub fn put(&mut self, record: Record) {
        match self.order {
            Order::Completion => self.make_ready(record),
            Order::Input => {
                self.held.insert(record.seq, record);
                self.advance();
            }
        }
    }

    /// This number has had its record before.
    pub fn pass(&mut self, seq: u64) {
        if self.order == Order::Input {
            self.passed.insert(seq);
            self.advance();
        }
    }

    fn advance(&mut self) {
        loop {
            if let Some(record) = self.held.remove(&self.next) {
                self.make_ready(record);
            } else if !self.passed.remove(&self.next) {
                break;
            }
            self.next += 1;
        }
    }

    fn make_ready(&mut self, record: Record) {
        self.ready_bytes += body_bytes(&record);
        self.ready.push_back(record);
    }

    pub fn take(&mut self) -> Option<Record> {
        let record = self.ready.pop_front()?;
        self.ready_bytes = self.ready_bytes.saturating_sub(body_bytes(&record));
        Some(record)
    }

    /// Those that may be taken now, then those that wait for an earlier one.
    pub fn iter(&self) -> impl Iterator<Item = (&Record, bool)> {
        let held = self.held.values().map(|record| (record, false));
        self.ready.iter().map(|record| (record, true)).chain(held)
    }

    /// Bytes of bodies in the records that may be taken now.
    pub fn ready_bytes(&self) -> usize {
        self.ready_bytes
    }

    /// How many may be taken now.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// How many wait for an earlier one.
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

fn body_bytes(record: &Record) -> usize {
    let captured = record.captures.as_ref().map_or(0, |captures| captures.len());
    captured + [&record.body, &record.body_base64].into_iter().flatten().map(String::len).sum::<usize>()
}
