//! Records on their way out, in the order that was asked for.
//!
//! Must not know who takes them.

use std::collections::{BTreeMap, VecDeque};

use crate::{journal::Done, model::Record, settings::Order};

/// Records that are finished but not yet taken.
#[derive(Debug)]
pub(super) struct Outlet {
    order: Order,
    ready: VecDeque<Record>,
    /// With [`Order::Input`]: those that wait for an earlier number; `None` has no record.
    held: BTreeMap<u64, Option<Record>>,
    next: u64,
    /// Numbers below this one had their record before or will have none, but those that are expected.
    new: u64,
    expected: Done,
}

impl Outlet {
    pub fn new(order: Order) -> Self {
        Outlet { order, ready: VecDeque::new(), held: BTreeMap::new(), next: 0, new: 0, expected: Done::default() }
    }

    /// Goes on behind an earlier part: of the numbers below `new` only those that are `expected` come.
    pub fn go_on(&mut self, new: u64, expected: Done) {
        (self.new, self.expected) = (new, expected);
        self.drain();
    }

    /// A record; each number comes once, here or in [`void`](Self::void).
    pub fn put(&mut self, record: Record) {
        match self.order {
            Order::Completion => self.ready.push_back(record),
            Order::Input => self.settle(record.seq, Some(record)),
        }
    }

    /// There will be no record of this number.
    pub fn void(&mut self, seq: u64) {
        if self.order == Order::Input {
            self.settle(seq, None);
        }
    }

    fn settle(&mut self, seq: u64, record: Option<Record>) {
        self.held.insert(seq, record);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.held.remove(&self.next) {
                Some(settled) => self.ready.extend(settled),
                None if self.next < self.new && !self.expected.contains(self.next) => {}
                None => return,
            }
            self.next += 1;
        }
    }

    /// The next one, if there is one.
    pub fn take(&mut self) -> Option<Record> {
        self.ready.pop_front()
    }

    /// How many may be taken now.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether all that wait for an earlier one wait for this.
    pub fn is_next(&self, seq: u64) -> bool {
        self.order == Order::Input && self.next == seq
    }

    /// How many wait for an earlier one.
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, Request, Visit, record::Heavy};

    fn taken(outlet: &mut Outlet) -> Vec<u64> {
        std::iter::from_fn(|| outlet.take()).map(|record| record.seq).collect()
    }

    #[test]
    fn numbers_of_an_earlier_part_hold_up_nobody_but_those_that_are_expected() {
        let mut outlet = Outlet::new(Order::Input);
        let put = |outlet: &mut Outlet, seq| {
            let visit = Visit::refused(seq, Request::get("http://h/"), None, Ending::Ok);
            outlet.put(Record::of(visit, Heavy::default()));
        };
        put(&mut outlet, 1);
        put(&mut outlet, 9);
        let mut expected = Done::default();
        [1, 4].into_iter().for_each(|seq| _ = expected.insert(seq));
        outlet.go_on(8, expected);
        assert_eq!(taken(&mut outlet), [1]);
        assert!(outlet.is_next(4));
        put(&mut outlet, 4);
        assert_eq!(taken(&mut outlet), [4]);
        put(&mut outlet, 8);
        assert_eq!(taken(&mut outlet), [8, 9]);
    }

    #[test]
    fn numbers_without_a_record_hold_up_nobody() {
        for (order, want) in [(Order::Input, [0, 2, 3]), (Order::Completion, [3, 2, 0])] {
            let mut outlet = Outlet::new(order);
            for seq in [3, 2, 0] {
                let visit = Visit::refused(seq, Request::get("http://h/"), None, Ending::Ok);
                outlet.put(Record::of(visit, Heavy::default()));
                outlet.void(if seq == 0 { 1 } else { 9 + seq });
            }
            assert_eq!(taken(&mut outlet), want);
        }
    }
}
