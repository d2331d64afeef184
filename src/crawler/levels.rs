//! How far from the seeds the pages are that did not come to their end, and who has to wait for them.
//!
//! A page is as far from a seed as the shortest way to it is long, whatever answers first: so it is
//! asked for only when all those have answered that could still show a shorter way, which lie two steps
//! nearer or more. Time is an argument. Must not know what a page is.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long everybody waits for those that nobody else waits for: whoever takes longer than all the
/// others by so much must not hold the crawl up.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Counts of pages by their distance.
#[derive(Debug)]
pub(super) struct Levels {
    open: BTreeMap<u32, u64>,
    /// Up to here nobody waits any more.
    allowed: u32,
    /// When one came to its end last.
    last: Instant,
}

impl Levels {
    pub fn new(now: Instant) -> Self {
        Levels { open: BTreeMap::new(), allowed: 1, last: now }
    }

    /// One more at this distance.
    pub fn begin(&mut self, depth: u32) {
        *self.open.entry(depth).or_default() += 1;
    }

    /// One less: it came to its end.
    pub fn end(&mut self, depth: u32, now: Instant) {
        self.last = now;
        if let Some(count) = self.open.get_mut(&depth) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&depth);
            }
        }
    }

    /// Whether one at this distance may be asked for; else, when to give up waiting.
    pub fn may_go(&mut self, depth: u32, now: Instant) -> Result<(), Instant> {
        let nearest = self.open.first_key_value().map_or(depth, |(nearest, _)| *nearest);
        if depth <= self.allowed || depth <= nearest.saturating_add(1) {
            return Ok(());
        }
        let until = self.last + PATIENCE;
        if now < until {
            return Err(until);
        }
        self.allowed = depth;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_could_show_a_shorter_way_is_waited_for_but_not_for_ever() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut levels = Levels::new(start);
        for depth in [0, 1, 1, 2] {
            levels.begin(depth);
        }
        assert_eq!((levels.may_go(1, at(0)), levels.may_go(2, at(0))), (Ok(()), Err(at(10))));
        levels.end(1, at(3));
        assert_eq!(levels.may_go(2, at(4)), Err(at(13)), "somebody else goes on");
        levels.end(0, at(5));
        assert_eq!((levels.may_go(2, at(5)), levels.may_go(3, at(5))), (Ok(()), Err(at(15))));
        assert_eq!((levels.may_go(3, at(15)), levels.may_go(2, at(15))), (Ok(()), Ok(())));
        levels.end(2, at(16));
        assert_eq!(levels.may_go(4, at(16)), Err(at(26)), "one step at a time");
    }
}
