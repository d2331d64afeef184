//! The frontier under a clock of its own: a small simulation in place of a network.

mod delays;
mod rules;

use std::{collections::BinaryHeap, num::NonZeroUsize};

use super::*;

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn limits(per_host: usize) -> Limits {
    let host = HostLimits { in_flight: NonZeroUsize::new(per_host).unwrap(), ..HostLimits::default() };
    Limits { host, ..Limits::default() }
}

/// Runs everything with `slots` slots and `took` a request; gives each item's start and wait.
fn simulate(
    frontier: &mut Frontier<(String, u32)>,
    slots: usize,
    took: Duration,
    start: Instant,
    mut contact: impl FnMut(&str) -> Contact,
) -> Vec<(String, u32, Duration, Wait, Go)> {
    let mut out = Vec::new();
    let mut busy: BinaryHeap<Reverse<(Instant, LaneId, String)>> = BinaryHeap::new();
    let mut now = start;
    loop {
        while busy.len() < slots {
            let Some(turn) = frontier.pop(now) else { break };
            out.push((turn.item.0.clone(), turn.item.1, now - start, turn.wait_for, turn.go));
            if turn.go == Go::Yes {
                busy.push(Reverse((now + took, turn.lane, turn.item.0)));
            }
        }
        let done = busy.peek().map(|Reverse((at, ..))| *at);
        let wake = frontier.wake_at().filter(|_| busy.len() < slots);
        let Some(next) = done.into_iter().chain(wake).min() else { break };
        now = next.max(now + Duration::from_nanos(1));
        while busy.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, lane, host))) = busy.pop() else { break };
            frontier.release(lane, contact(&host), now);
        }
    }
    assert!(frontier.is_empty(), "{} left waiting", frontier.len());
    out
}

fn filled(limits: &Limits, start: Instant, items: impl IntoIterator<Item = (String, u32)>) -> Frontier<(String, u32)> {
    let mut frontier = Frontier::new(limits, start);
    for (host, n) in items {
        frontier.push(&host.clone(), 0, (host, n), start);
    }
    frontier
}

#[test]
fn a_list_sorted_by_host_is_as_fast_as_a_shuffled_one() {
    let start = Instant::now();
    let end = |items: Vec<(String, u32)>| {
        let mut frontier = filled(&limits(2), start, items);
        let out = simulate(&mut frontier, 32, secs(0.05), start, |_| Contact::Answered);
        out.iter().map(|row| row.2).max().unwrap()
    };
    let sorted: Vec<_> = (0..2000).map(|n| (format!("host{}", n / 100), n)).collect();
    let mut shuffled = sorted.clone();
    fastrand::Rng::with_seed(1).shuffle(&mut shuffled);
    let (sorted, shuffled) = (end(sorted), end(shuffled));
    assert!(sorted <= shuffled.mul_f64(1.05), "sorted {sorted:?}, shuffled {shuffled:?}");
    // 2,000 requests of 50 ms on 32 slots cannot be done before 3.125 s.
    assert!(sorted <= secs(3.125 * 1.05), "{sorted:?}");
}

#[test]
fn a_host_never_has_more_under_way_than_its_cap() {
    let start = Instant::now();
    let mut frontier = filled(&limits(3), start, (0..50).map(|n| ("h".to_owned(), n)));
    let out = simulate(&mut frontier, 32, secs(1.0), start, |_| Contact::Answered);
    for (.., at, _, _) in &out {
        let under_way = out.iter().filter(|row| row.2 <= *at && row.2 + secs(1.0) > *at).count();
        assert!(under_way <= 3);
    }
    assert_eq!(out.last().unwrap().3, Wait::Host);
}

#[test]
fn a_slow_host_first_in_the_list_holds_nobody_up() {
    let start = Instant::now();
    let mut limits = limits(2);
    limits.hosts.insert("slow".into(), HostLimits { rate: Some("10/s".parse().unwrap()), ..limits.host });
    let slow = (0..200).map(|n| ("slow".to_owned(), n));
    let free = (0..1800).map(|n| (format!("free{}", n % 90), n));
    let mut frontier = filled(&limits, start, slow.chain(free));
    let out = simulate(&mut frontier, 50, secs(0.02), start, |_| Contact::Answered);
    let last_free = out.iter().filter(|row| row.0 != "slow").map(|row| row.2).max().unwrap();
    assert!(last_free < secs(0.8), "{last_free:?}");
    assert_eq!(out.iter().filter(|row| row.0 == "slow").nth(100).unwrap().3, Wait::HostRate);
}

#[test]
fn a_delay_spaces_the_starts_of_a_host_and_the_global_rate_all_of_them() {
    let start = Instant::now();
    let mut limits = limits(8);
    limits.host.delay = secs(0.1);
    let mut frontier = filled(&limits, start, (0..10).map(|n| ("h".to_owned(), n)));
    let out = simulate(&mut frontier, 8, secs(0.001), start, |_| Contact::Answered);
    for pair in out.windows(2) {
        assert!(pair[1].2 - pair[0].2 >= secs(0.1));
    }
    let mut limits = self::limits(8);
    limits.rate = Some("20/s".parse().unwrap());
    let mut frontier = filled(&limits, start, (0..40).map(|n| (format!("h{n}"), n)));
    let out = simulate(&mut frontier, 8, secs(0.001), start, |_| Contact::Answered);
    let last = out.last().unwrap();
    assert!(last.2 >= secs(39.0 / 20.0) && last.2 < secs(39.0 / 20.0 * 1.1), "{:?}", last.2);
    assert_eq!(last.3, Wait::Rate);
}

#[test]
fn a_paused_host_waits_and_the_others_do_not() {
    let start = Instant::now();
    let mut frontier = filled(&limits(1), start, [("a".to_owned(), 0), ("a".to_owned(), 1), ("b".to_owned(), 2)]);
    let first = frontier.pop(start).unwrap();
    frontier.pause(first.lane, start + secs(5.0), Wait::RetryAfter);
    frontier.release(first.lane, Contact::Answered, start);
    assert_eq!(frontier.pop(start).unwrap().item.0, "b");
    assert!(frontier.pop(start + secs(4.9)).is_none());
    assert_eq!(frontier.wake_at(), Some(start + secs(5.0)));
    let turn = frontier.pop(start + secs(5.0)).unwrap();
    assert_eq!((turn.item.1, turn.wait_for), (1, Wait::RetryAfter));
}

#[test]
fn higher_priority_goes_first_across_hosts_and_peers_take_turns() {
    let start = Instant::now();
    let mut frontier = Frontier::new(&limits(8), start);
    for (host, priority, n) in [("a", 0, 0), ("a", 0, 1), ("b", 0, 2), ("b", 5, 3), ("c", -1, 4), ("a", 5, 5)] {
        frontier.push(host, priority, n, start);
    }
    let order: Vec<i32> = std::iter::from_fn(|| frontier.pop(start).map(|turn| turn.item)).collect();
    assert_eq!(order[..2], [5, 3], "both of priority 5, longest unserved host first");
    assert_eq!(order[5], 4);
    let peers = &order[2..5];
    assert!(peers == [0, 2, 1] || peers == [2, 0, 1], "{peers:?}");
}

#[test]
fn a_backoff_comes_back_in_time_ahead_of_its_peers() {
    let start = Instant::now();
    let mut frontier = filled(&limits(1), start, [("a".to_owned(), 0), ("a".to_owned(), 1)]);
    frontier.push_later("a", 0, ("a".to_owned(), 9), start + secs(1.0), Some(Wait::Backoff), start);
    let first = frontier.pop(start).unwrap();
    assert_eq!(first.item.1, 0);
    frontier.release(first.lane, Contact::Answered, start + secs(2.0));
    let second = frontier.pop(start + secs(2.0)).unwrap();
    assert_eq!((second.item.1, second.wait_for, second.waited), (9, Wait::Backoff, secs(2.0)));
}

#[test]
fn a_dead_host_is_probed_then_given_up_and_the_others_live() {
    let start = Instant::now();
    let mut limits = limits(4);
    limits.host_errors = 5;
    let dead = (0..100).map(|n| ("dead".to_owned(), n));
    let alive = (0..100).map(|n| ("alive".to_owned(), n));
    let mut frontier = filled(&limits, start, dead.chain(alive));
    let out =
        simulate(
            &mut frontier,
            8,
            secs(0.01),
            start,
            |host| {
                if host == "dead" { Contact::Failed } else { Contact::Answered }
            },
        );
    let asked = out.iter().filter(|row| row.0 == "dead" && row.4 == Go::Yes).count();
    let skipped = out.iter().filter(|row| row.4 == Go::HostGivenUp).count();
    assert_eq!(asked + skipped, 100);
    assert!((6..=12).contains(&asked), "{asked} asked: five, those under way, and a probe");
    assert!(out.iter().filter(|row| row.0 == "alive").all(|row| row.2 < secs(1.0) && row.4 == Go::Yes));
}

#[test]
fn old_hosts_are_forgotten() {
    let start = Instant::now();
    let mut frontier = Frontier::new(&limits(1), start);
    for n in 0..100_000_u32 {
        frontier.push(&format!("host{n}"), 0, n, start);
        let turn = frontier.pop(start).unwrap();
        frontier.release(turn.lane, Contact::Answered, start);
    }
    assert!(frontier.hosts.len() <= 2 * SWEEP_AT, "{} lanes kept", frontier.hosts.len());
}

#[test]
fn draining_gives_everything_back_once() {
    let start = Instant::now();
    let mut frontier = filled(&limits(1), start, (0..10).map(|n| (format!("h{}", n % 3), n)));
    frontier.push_later("h1", 0, ("h1".to_owned(), 10), start + secs(9.0), Some(Wait::Backoff), start);
    let turn = frontier.pop(start).unwrap();
    let mut rest: Vec<u32> = frontier.drain(start).into_iter().map(|(item, _)| item.1).collect();
    rest.push(turn.item.1);
    rest.sort_unstable();
    assert_eq!(rest, (0..=10).collect::<Vec<_>>());
    assert!(frontier.is_empty() && frontier.pop(start + secs(10.0)).is_none());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_the_mix_all_go_once_and_no_cap_is_passed(
        hosts in proptest::collection::vec(0..6u8, 1..120),
        per_host in 1..4usize,
        slots in 1..10usize,
        failing in proptest::collection::vec(proptest::bool::ANY, 6),
    ) {
        let start = Instant::now();
        let mut limits = limits(per_host);
        limits.host_errors = 3;
        let items = hosts.iter().enumerate().map(|(n, host)| (host.to_string(), n as u32));
        let mut frontier = filled(&limits, start, items);
        let out = simulate(&mut frontier, slots, secs(0.1), start, |host| {
            let index: usize = host.parse().unwrap_or(0);
            if failing[index] { Contact::Failed } else { Contact::Answered }
        });
        let mut seen: Vec<u32> = out.iter().map(|row| row.1).collect();
        seen.sort_unstable();
        proptest::prop_assert_eq!(seen, (0..hosts.len() as u32).collect::<Vec<_>>());
        for row in out.iter().filter(|row| row.4 == Go::Yes) {
            let under_way = out.iter()
                .filter(|other| other.4 == Go::Yes && other.0 == row.0 && other.2 <= row.2 && other.2 + secs(0.1) > row.2)
                .count();
            proptest::prop_assert!(under_way <= per_host);
        }
    }
}

#[test]
fn what_is_held_counts_as_waiting_and_queues_in_order_when_it_is_let_go() {
    let start = Instant::now();
    let later = start + secs(1.0);
    let mut frontier: Frontier<u32> = Frontier::new(&limits(8), start);
    frontier.push("other", 0, 99, start);
    (0..5).for_each(|n| frontier.hold("key", "h", n, start, start));
    assert_eq!((frontier.len(), frontier.is_holding("key"), frontier.is_holding("h")), (6, true, false));
    let first = frontier.let_go("key", 3);
    assert_eq!((first.iter().map(|(n, _)| *n).collect::<Vec<_>>(), frontier.len()), (vec![0, 1, 2], 3));
    for (n, since) in first {
        frontier.push_held("h", 0, n, Wait::Robots, since, later);
    }
    let turn = frontier.pop(later).unwrap();
    assert_eq!((turn.item, turn.waited, turn.wait_for), (0, secs(1.0), Wait::Robots), "ahead of other hosts, once");
    assert_eq!(frontier.pop(later).unwrap().item, 99);
    assert_eq!(frontier.pop(later).unwrap().item, 1);
    assert_eq!(frontier.extract(|n| *n == 3, later), [(3, secs(1.0))]);
    assert_eq!(frontier.drain(later).len(), 2);
    assert!(frontier.is_empty() && !frontier.is_holding("key") && frontier.let_go("key", 9).is_empty());
}

#[test]
fn a_host_for_which_something_is_held_is_not_forgotten_and_keeps_its_spacing() {
    let start = Instant::now();
    let mut frontier: Frontier<u32> = Frontier::new(&limits(8), start);
    frontier.hold("key", "h", 1, start, start);
    frontier.space_out("h", secs(5.0), start);
    frontier.space_out("h", secs(2.0), start);
    for n in 0..5000 {
        frontier.push(&format!("h{n}"), 0, n, start);
        let turn = frontier.pop(start).unwrap();
        frontier.release(turn.lane, Contact::Unknown, start);
    }
    let later = start + secs(60.0);
    for _ in 0..2 {
        frontier.push_held("h", 0, 1, Wait::Robots, start, later);
    }
    assert!(frontier.pop(later).is_some() && frontier.pop(later).is_none());
    assert_eq!(frontier.wake_at(), Some(later + secs(5.0)), "the longest of what was asked for");
}

#[test]
fn the_longest_part_of_a_wait_is_named() {
    let start = Instant::now();
    let mut spaced = limits(8);
    spaced.host.delay = secs(3.0);
    let mut frontier: Frontier<u32> = Frontier::new(&spaced, start);
    for n in 0..3 {
        frontier.push_held("h", 0, n, Wait::Robots, start, start + secs(2.0));
    }
    let mut cause_at = |at: f64| frontier.pop(start + secs(at)).map(|turn| turn.wait_for);
    assert_eq!((cause_at(2.0), cause_at(2.0)), (Some(Wait::Robots), None));
    assert_eq!((cause_at(5.0), cause_at(5.1)), (Some(Wait::HostRate), None), "2 s of 5 s");
}
