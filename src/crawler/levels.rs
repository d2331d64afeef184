//! How far from the seeds the pages are that are under way, and who has to wait for them.
//!
//! A page is as far from a seed as the shortest way to it is long, whatever answers first: so it is
//! asked for only when all those have answered that could still show a shorter way, which lie two steps
//! nearer or more. Whoever takes too long is written off, for all who wait. Time is an argument. Must
//! not know what a page is.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long others wait for a page once its turn on its host has come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages under way whose levels are one.
#[derive(Debug)]
pub(super) struct Levels {
    /// Pages that are waited for, by their distance.
    open: BTreeMap<u32, u64>,
    hosts: HashMap<Arc<str>, Host>,
    /// Pages whose turn has come and that are waited for, the longest ago first: when, and which.
    turns: BTreeMap<(Instant, u64), Arc<str>>,
    share: Share,
    /// Requests that a host answers at once.
    at_once: usize,
    len: usize,
}

/// What of the web shares its levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// Each host has its own.
    Host,
    /// All hosts have the same.
    All,
}

/// Pages of one host, in the order in which they were asked for, which is that of their turns.
#[derive(Debug, Default)]
struct Host {
    under_way: BTreeMap<u64, Going>,
    /// When one of them came to its end last.
    last: Option<Instant>,
    /// It answered nothing for so long that nobody waits for it, until it does.
    is_dead: bool,
}

#[derive(Debug)]
struct Going {
    depth: u32,
    /// When its turn came.
    turn: Option<Instant>,
    is_late: bool,
}

impl Levels {
    /// Of one host or of all, which answer so many requests at once.
    pub fn new(share: Share, at_once: usize) -> Self {
        let (open, hosts, turns) = (BTreeMap::new(), HashMap::new(), BTreeMap::new());
        Levels { open, hosts, turns, share, at_once, len: 0 }
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.len
    }

    /// One more goes out.
    pub fn begin(&mut self, host: &Arc<str>, ticket: u64, depth: u32, now: Instant) {
        let of_host = self.hosts.entry(Arc::clone(host)).or_default();
        let turn = (of_host.under_way.len() < self.at_once).then_some(now);
        let is_late = of_host.is_dead;
        of_host.under_way.insert(ticket, Going { depth, turn, is_late });
        self.len += 1;
        if is_late {
            return;
        }
        *self.open.entry(depth).or_default() += 1;
        if let Some(turn) = turn {
            self.turns.insert((turn, ticket), Arc::clone(host));
        }
    }

    /// One came to its end.
    pub fn end(&mut self, host: &Arc<str>, ticket: u64, now: Instant) {
        let Some(of_host) = self.hosts.get_mut(host) else { return };
        let Some(going) = of_host.under_way.remove(&ticket) else { return };
        self.len -= 1;
        (of_host.last, of_host.is_dead) = (Some(now), false);
        if let Some((ticket, next)) = of_host.under_way.iter_mut().nth(self.at_once - 1)
            && next.turn.is_none()
        {
            next.turn = Some(now);
            if !next.is_late {
                self.turns.insert((now, *ticket), Arc::clone(host));
            }
        }
        if of_host.under_way.is_empty() {
            self.hosts.remove(host);
        }
        if let Some(turn) = going.turn {
            self.turns.remove(&(turn, ticket));
        }
        if !going.is_late {
            self.close(going.depth);
        }
    }

    /// Whether one at this distance may be asked for; else, when to ask again at the latest.
    pub fn may_go(&mut self, depth: u32, now: Instant) -> Result<(), Instant> {
        // From a seed to its neighbours there is no shorter way.
        while depth > 1 && self.open.first_key_value().is_some_and(|(nearest, _)| depth > nearest.saturating_add(1)) {
            let Some((&(turn, ticket), host)) = self.turns.first_key_value() else { return Err(now + PATIENCE) };
            let until = turn + PATIENCE;
            if now < until {
                return Err(until);
            }
            let host = Arc::clone(host);
            self.turns.remove(&(turn, ticket));
            self.write_off(turn, &host, ticket);
        }
        Ok(())
    }

    /// Nobody waits for this one any more. Where there are other hosts, and this one has answered nothing
    /// since its turn came, neither for the others of its host.
    fn write_off(&mut self, turn: Instant, host: &Arc<str>, ticket: u64) {
        let Some(of_host) = self.hosts.get_mut(host) else { return };
        of_host.is_dead = self.share == Share::All && of_host.last.is_none_or(|last| last <= turn);
        let mut given_up = Vec::new();
        for (number, going) in &mut of_host.under_way {
            if !going.is_late && (*number == ticket || of_host.is_dead) {
                going.is_late = true;
                given_up.push(going.depth);
                if let Some(turn) = going.turn {
                    self.turns.remove(&(turn, *number));
                }
            }
        }
        given_up.into_iter().for_each(|depth| self.close(depth));
    }

    fn close(&mut self, depth: u32) {
        if let Some(count) = self.open.get_mut(&depth) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&depth);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels, and hosts by number; a page by its ticket.
    struct Run {
        levels: Levels,
        start: Instant,
        hosts: Vec<Arc<str>>,
    }

    impl Run {
        fn new(share: Share, at_once: usize) -> Run {
            let hosts = ["a", "b", "c"].map(Arc::from).to_vec();
            Run { levels: Levels::new(share, at_once), start: Instant::now(), hosts }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn begin(&mut self, seconds: u64, host: usize, ticket: u64, depth: u32) {
            let now = self.at(seconds);
            self.levels.begin(&self.hosts[host], ticket, depth, now);
        }

        fn end(&mut self, seconds: u64, host: usize, ticket: u64) {
            let now = self.at(seconds);
            self.levels.end(&self.hosts[host], ticket, now);
        }

        /// Seconds until which it has to wait; `None` if it may go.
        fn waits(&mut self, seconds: u64, depth: u32) -> Option<u64> {
            let now = self.at(seconds);
            self.levels.may_go(depth, now).err().map(|until| (until - self.start).as_secs())
        }
    }

    #[test]
    fn whoever_could_show_a_shorter_way_is_waited_for_but_not_for_ever() {
        let mut run = Run::new(Share::Host, 4);
        run.begin(0, 0, 0, 0);
        run.begin(0, 0, 1, 1);
        assert_eq!((run.waits(0, 1), run.waits(0, 2)), (None, Some(10)));
        run.end(5, 0, 0);
        assert_eq!((run.waits(5, 2), run.waits(5, 3)), (None, Some(10)));
        assert_eq!(run.waits(10, 3), None);
        run.begin(10, 0, 2, 3);
        assert_eq!((run.waits(10, 4), run.waits(10, 5)), (None, Some(20)), "written off once, for all levels");
        run.end(11, 0, 2);
        assert_eq!((run.waits(11, 9), run.levels.len()), (None, 1));
        run.end(12, 0, 1);
        assert_eq!((run.waits(12, 9), run.levels.len(), run.levels.hosts.len()), (None, 0, 0));
    }

    #[test]
    fn patience_begins_when_the_turn_of_a_page_comes() {
        let mut run = Run::new(Share::Host, 1);
        (0..3).for_each(|ticket| run.begin(0, 0, ticket, 1));
        assert_eq!(run.waits(9, 3), Some(10));
        run.end(9, 0, 0);
        assert_eq!(run.waits(10, 3), Some(19));
        run.end(18, 0, 1);
        assert_eq!((run.waits(19, 3), run.waits(27, 3), run.waits(28, 3)), (Some(28), Some(28), None));
    }

    #[test]
    fn a_dead_host_among_others_costs_its_patience_once() {
        let mut run = Run::new(Share::All, 1);
        run.begin(0, 0, 0, 1);
        run.begin(0, 0, 1, 1);
        run.begin(0, 1, 2, 1);
        run.end(1, 1, 2);
        run.begin(1, 1, 3, 2);
        assert_eq!((run.waits(9, 3), run.waits(10, 3)), (Some(10), None), "also for the page behind");
        run.begin(10, 0, 4, 3);
        run.end(11, 1, 3);
        assert_eq!(run.waits(11, 5), None, "nobody waits for new pages of a host that was written off");
        (0..2).for_each(|ticket| run.end(12, 0, ticket));
        run.end(12, 0, 4);
        run.begin(13, 0, 5, 3);
        run.begin(13, 2, 6, 5);
        assert_eq!(run.waits(13, 5), Some(23), "it answers again");
    }

    #[test]
    fn what_ended_leaves_nothing_behind() {
        let mut run = Run::new(Share::Host, 2);
        run.begin(0, 0, 0, 0);
        for ticket in 1..1_000 {
            run.begin(0, 0, ticket, 1);
            run.end(0, 0, ticket);
        }
        assert_eq!((run.levels.turns.len(), run.levels.open.len(), run.levels.len()), (1, 1, 1));
    }

    #[test]
    fn a_host_that_answers_is_waited_for_although_one_of_its_pages_hangs() {
        let mut run = Run::new(Share::All, 2);
        (0..3).for_each(|ticket| run.begin(0, 0, ticket, 1));
        run.begin(0, 1, 3, 2);
        run.end(9, 0, 1);
        assert_eq!(run.waits(10, 3), Some(19), "only the page that hangs was written off");
        run.end(18, 0, 2);
        assert_eq!(run.waits(18, 3), None);
    }
}
