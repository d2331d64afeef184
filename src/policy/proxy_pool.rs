//! Which proxy of several a request takes.
//!
//! A host keeps its proxy while that is healthy, so that sessions, cookies and connections go on
//! (rendezvous hashing: each host has an order of its own over all proxies, and one that falls out moves
//! only the hosts that it had). A proxy that fails again and again rests, then one request tries it.
//! Must not know how a proxy is talked to, nor what a failure looks like.

use std::time::{Duration, Instant};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Failures in a row that put a proxy to rest.
const FAILURES: u32 = 3;
/// First rest; doubles with every probe that fails.
const REST: Duration = Duration::from_secs(5);
/// Longest rest.
const REST_MOST: Duration = Duration::from_secs(300);
/// After so long a probe that was not heard of any more counts as none.
const PROBE_MOST: Duration = Duration::from_secs(60);
/// Proxies that one attempt tries at most.
pub const TRIES: usize = 3;
/// Proxies in a pool at most: each has connections and TLS sessions of its own.
pub const MOST: usize = 256;

/// How an exchange through a proxy went, as far as the proxy is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It did its work.
    Works,
    /// It failed at its work.
    Broken,
    /// That cannot be told.
    Unknown,
}

/// A proxy that was chosen, by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Position among those that the pool was made of.
    pub proxy: usize,
    /// It rests, and this request finds out whether it works again.
    is_probe: bool,
}

/// Proxies and how they are.
#[derive(Debug)]
pub struct Pool {
    seats: Vec<Seat>,
}

#[derive(Debug)]
struct Seat {
    /// Tells one proxy from another, credentials included: providers tell sessions apart by user name.
    key: u64,
    failures: u32,
    resting: Option<Resting>,
}

#[derive(Debug)]
struct Resting {
    until: Instant,
    rest: Duration,
    /// Since when a probe is under way.
    probe: Option<Instant>,
}

impl Seat {
    fn is_due(&self, now: Instant) -> bool {
        self.resting
            .as_ref()
            .is_none_or(|resting| resting.until <= now && resting.probe.is_none_or(|since| since + PROBE_MOST <= now))
    }
}

impl Pool {
    /// Proxies in good health, by what tells them apart.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let seat = |name: &str| Seat { key: xxh3_64(name.as_bytes()), failures: 0, resting: None };
        Pool { seats: names.into_iter().map(seat).collect() }
    }

    /// The first proxy in the order of this host that is healthy, or may be probed, and was not `tried`
    /// yet; `None` if there is none.
    pub fn choose(&mut self, host: &str, tried: &[Pick], now: Instant) -> Option<Pick> {
        let is_new = |at: &usize| tried.iter().all(|pick| pick.proxy != *at);
        let usable = (0..self.seats.len()).filter(|at| self.seats[*at].is_due(now)).filter(is_new);
        let proxy = usable.max_by_key(|at| xxh3_64_with_seed(host.as_bytes(), self.seats[*at].key))?;
        let resting = self.seats[proxy].resting.as_mut();
        let is_probe = resting.is_some();
        if let Some(resting) = resting {
            resting.probe = Some(now);
        }
        Some(Pick { proxy, is_probe })
    }

    /// Takes note of how it went.
    pub fn report(&mut self, pick: Pick, health: Health, now: Instant) {
        let Some(seat) = self.seats.get_mut(pick.proxy) else { return };
        match health {
            Health::Works => (seat.failures, seat.resting) = (0, None),
            Health::Unknown => {
                // Another probe has to find out.
                if let Some(resting) = seat.resting.as_mut().filter(|_| pick.is_probe) {
                    resting.probe = None;
                }
            }
            Health::Broken => {
                seat.failures = seat.failures.saturating_add(1);
                match &seat.resting {
                    None if seat.failures >= FAILURES => {
                        seat.resting = Some(Resting { until: now + REST, rest: REST, probe: None });
                    }
                    Some(resting) if pick.is_probe => {
                        let rest = (resting.rest * 2).min(REST_MOST);
                        seat.resting = Some(Resting { until: now + rest, rest, probe: None });
                    }
                    // What was under way when it was put to rest says nothing new.
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["http://a:1", "http://b:1", "http://c:1", "http://u:1@d:1", "http://u:2@d:1"];

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn fail(pool: &mut Pool, proxy: usize, now: Instant) {
        for _ in 0..FAILURES {
            pool.report(Pick { proxy, is_probe: false }, Health::Broken, now);
        }
    }

    /// The proxy of each of these hosts.
    fn homes(pool: &mut Pool, now: Instant) -> Vec<usize> {
        (0..1000).map(|n| pool.choose(&format!("h{n}.example"), &[], now).unwrap().proxy).collect()
    }

    #[test]
    fn a_host_keeps_its_proxy_and_all_proxies_have_hosts() {
        let now = Instant::now();
        let mut pool = Pool::new(NAMES);
        let first = homes(&mut pool, now);
        assert_eq!(first, homes(&mut pool, now + secs(99)));
        for proxy in 0..NAMES.len() {
            let share = first.iter().filter(|home| **home == proxy).count();
            assert!((130..270).contains(&share), "{share} of 1000 at one of five");
        }
        // The order in which they are named does not matter.
        let backwards: Vec<_> = homes(&mut Pool::new(NAMES.into_iter().rev()), now).iter().map(|at| 4 - at).collect();
        assert_eq!(first, backwards);
    }

    #[test]
    fn only_the_hosts_of_a_proxy_that_rests_move_and_they_come_back() {
        let now = Instant::now();
        let mut pool = Pool::new(NAMES);
        let before = homes(&mut pool, now);
        fail(&mut pool, 2, now);
        let during = homes(&mut pool, now);
        for (before, during) in before.iter().zip(&during) {
            assert!(*during != 2 && (before == during || *before == 2));
        }
        let spread: std::collections::HashSet<_> =
            during.iter().zip(&before).filter(|(_, before)| **before == 2).map(|(during, _)| during).collect();
        assert_eq!(spread.len(), 4, "its hosts go to all others");
        pool.report(Pick { proxy: 2, is_probe: true }, Health::Works, now + secs(5));
        assert_eq!(homes(&mut pool, now), before);
    }

    #[test]
    fn three_failures_in_a_row_put_a_proxy_to_rest_and_one_probe_at_a_time_tries_it() {
        let start = Instant::now();
        let at = |seconds: u64| start + secs(seconds);
        let mut pool = Pool::new(["x"]);
        let pick = pool.choose("h", &[], start).unwrap();
        pool.report(pick, Health::Broken, start);
        pool.report(pick, Health::Broken, start);
        pool.report(pick, Health::Unknown, start);
        pool.report(pick, Health::Works, start);
        pool.report(pick, Health::Broken, start);
        pool.report(pick, Health::Broken, start);
        assert!(pool.choose("h", &[], start).is_some(), "success in between starts the count again");
        pool.report(pick, Health::Broken, start);
        assert_eq!((pool.choose("h", &[], start), pool.choose("h", &[], at(4))), (None, None));
        let probe = pool.choose("h", &[], at(5)).unwrap();
        assert_eq!(pool.choose("g", &[], at(6)), None, "one probe at a time");
        pool.report(pick, Health::Broken, at(6));
        pool.report(probe, Health::Unknown, at(7));
        let probe = pool.choose("h", &[], at(7)).unwrap();
        pool.report(probe, Health::Broken, at(8));
        assert_eq!(pool.choose("h", &[], at(17)), None, "ten seconds from the end of the probe");
        let probe = pool.choose("h", &[], at(18)).unwrap();
        pool.report(probe, Health::Works, at(18));
        assert!(pool.choose("h", &[], at(18)).is_some_and(|pick| !pick.is_probe));
        fail(&mut pool, 0, at(20));
        assert_eq!(pool.choose("h", &[], at(24)), None);
        assert!(pool.choose("h", &[], at(25)).is_some(), "and the rest begins anew");
    }

    #[test]
    fn a_rest_doubles_up_to_five_minutes_and_a_lost_probe_is_given_up() {
        let start = Instant::now();
        let mut pool = Pool::new(["x"]);
        fail(&mut pool, 0, start);
        let (mut now, mut rests) = (start, Vec::new());
        for _ in 0..8 {
            let until = pool.seats[0].resting.as_ref().unwrap().until;
            rests.push((until - now).as_secs());
            now = until;
            let probe = pool.choose("h", &[], now).unwrap();
            pool.report(probe, Health::Broken, now);
        }
        assert_eq!(rests, [5, 10, 20, 40, 80, 160, 300, 300]);
        now += REST_MOST;
        assert!(pool.choose("h", &[], now).is_some() && pool.choose("h", &[], now + secs(59)).is_none());
        assert!(pool.choose("h", &[], now + secs(60)).is_some());
    }

    #[test]
    fn another_try_goes_to_the_next_in_order_until_there_is_none() {
        let now = Instant::now();
        let mut pool = Pool::new(NAMES);
        let mut tried = Vec::new();
        while let Some(pick) = pool.choose("h", &tried, now) {
            tried.push(pick);
        }
        let mut all: Vec<_> = tried.iter().map(|pick| pick.proxy).collect();
        assert_eq!(tried[..1], [pool.choose("h", &[], now).unwrap()]);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4]);
        // That is where the host goes while the first rests.
        fail(&mut pool, tried[0].proxy, now);
        assert_eq!(pool.choose("h", &[], now).unwrap().proxy, tried[1].proxy);
    }
}
