//! Open connections that nobody uses: how many there may be, by our own count.
//!
//! The HTTP library keeps each idle connection for a while, however many hosts there are; a list of
//! ever-new hosts would run out of descriptors. So an exchange is told to close its connection where
//! nobody waits for it (HTTP/1.1; HTTP/2 has no such field). Counts are estimates: a server may
//! close what is counted here. Must not know connections.

use std::time::{Duration, Instant};

/// How long an idle connection counts: as long as the client keeps it where descriptors are not
/// scarce. Where they are, it keeps fewer and shorter, and more is closed than need be.
pub(super) const KEPT: Duration = Duration::from_secs(20);
/// Time between two looks at all hosts.
const LOOK: Duration = Duration::from_secs(1);

/// Idle connections of one host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Idle {
    open: usize,
    /// Exchanges under way that close theirs.
    closing: usize,
    since: Option<Instant>,
}

impl Idle {
    /// How many there are at `now`.
    pub fn count(&self, now: Instant) -> usize {
        if self.since.is_some_and(|since| since + KEPT > now) { self.open } else { 0 }
    }

    /// Forgets what timed out.
    pub fn expire(&mut self, now: Instant) -> usize {
        self.open = self.count(now);
        self.open
    }

    /// An exchange starts: it takes an idle connection, if there is one.
    fn take(&mut self, now: Instant) {
        self.open = self.count(now).saturating_sub(1);
    }

    fn give(&mut self, now: Instant) {
        self.open = self.count(now) + 1;
        self.since = Some(now);
    }
}

/// Idle connections of all hosts.
#[derive(Debug)]
pub(super) struct IdleLimit {
    open: usize,
    slots: usize,
    most: usize,
    looked: Instant,
}

impl IdleLimit {
    /// At most `most` of them where `slots` exchanges go on at once.
    pub fn new(slots: usize, most: usize, now: Instant) -> Self {
        IdleLimit { open: 0, slots, most, looked: now }
    }

    /// From now on so many exchanges go on at once.
    pub fn set_slots(&mut self, slots: usize) {
        self.slots = slots;
    }

    /// An exchange starts for a host. `backlog` is how many requests wait for any, `lonely` whether
    /// none of them is for this host. Says whether its connection is to be closed afterwards.
    pub fn start(&mut self, host: &mut Idle, backlog: usize, lonely: bool, now: Instant) -> bool {
        let before = host.open;
        host.take(now);
        self.open = self.open.saturating_sub(before - host.open.min(before));
        let close = (lonely && backlog >= self.slots) || self.open >= self.most;
        host.closing += usize::from(close);
        close
    }

    /// An exchange is over; `answered` says that its connection could still be open.
    pub fn end(&mut self, host: &mut Idle, answered: bool, now: Instant) {
        if host.closing > 0 {
            host.closing -= 1;
        } else if answered {
            let before = host.open;
            host.give(now);
            self.open = (self.open + host.open).saturating_sub(before);
        }
    }

    /// Whether it is time to count anew, since what timed out is found out by looking only.
    pub fn wants_look(&self, now: Instant) -> bool {
        self.open >= self.most && now.saturating_duration_since(self.looked) >= LOOK
    }

    /// What the look has shown.
    pub fn looked(&mut self, open: usize, now: Instant) {
        self.open = open;
        self.looked = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_request_of_a_host_closes_where_others_wait() {
        let now = Instant::now();
        let mut limit = IdleLimit::new(4, 4, now);
        let mut host = Idle::default();
        assert!(limit.start(&mut host, 4, true, now));
        limit.end(&mut host, true, now);
        assert_eq!(host.count(now), 0);
        // fewer than slots wait, or one for this host
        assert!(!limit.start(&mut host, 3, true, now));
        limit.end(&mut host, true, now);
        assert!(!limit.start(&mut host, 99, false, now));
        limit.end(&mut host, true, now);
        assert_eq!((host.count(now), limit.open), (1, 1));
    }

    #[test]
    fn idle_connections_over_all_hosts_stay_below_their_limit() {
        let mut now = Instant::now();
        let mut limit = IdleLimit::new(4, 4, now);
        let mut hosts = [Idle::default(); 100];
        for host in &mut hosts {
            limit.start(host, 1000, false, now);
            limit.end(host, true, now);
        }
        let open: usize = hosts.iter().map(|host| host.count(now)).sum();
        assert_eq!((open, limit.open), (4, 4));
        // reuse goes on without a change of the count
        assert!(!limit.start(&mut hosts[0], 1000, false, now));
        limit.end(&mut hosts[0], true, now);
        assert_eq!(limit.open, 4);
        // what timed out is no more
        now += KEPT + LOOK;
        assert!(limit.wants_look(now));
        limit.looked(hosts.iter_mut().map(|host| host.expire(now)).sum(), now);
        assert!(!limit.start(&mut hosts[0], 1000, false, now));
        limit.end(&mut hosts[0], true, now);
        assert_eq!(limit.open, 1);
    }

    #[test]
    fn what_failed_leaves_no_connection() {
        let now = Instant::now();
        let mut limit = IdleLimit::new(4, 4, now);
        let mut host = Idle::default();
        limit.start(&mut host, 9, false, now);
        limit.end(&mut host, false, now);
        assert_eq!((host.count(now), limit.open), (0, 0));
    }
}
