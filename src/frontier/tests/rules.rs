//! What holds of any schedule: everything once, no cap and no rate exceeded in any window, nobody
//! forgotten. Retries, redirects and pauses included, in virtual time.

use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

/// What follows an exchange.
#[derive(Clone, Debug)]
enum Then {
    /// Another try after so many milliseconds.
    Retry(u64),
    /// At another host.
    Redirect(u8),
    /// The host pauses for so many milliseconds, then another try.
    Pause(u64),
    /// No contact; another try at once.
    Fail,
}

#[derive(Clone, Debug)]
struct Job {
    host: u8,
    /// Milliseconds of each exchange.
    took: u64,
    priority: i32,
    then: VecDeque<Then>,
}

/// An exchange: of which job, at which host, from when to when.
#[derive(Clone, Debug)]
struct Start {
    job: usize,
    host: u8,
    at: Duration,
    end: Duration,
}

fn name(host: u8) -> String {
    format!("h{host}")
}

/// Runs the jobs; gives all starts in their order, and how often each job came to an end.
fn run(limits: &Limits, slots: usize, mut jobs: Vec<Job>) -> (Vec<Start>, Vec<u32>) {
    let zero = Instant::now();
    let ms = Duration::from_millis;
    let mut frontier: Frontier<usize> = Frontier::new(limits, zero);
    for (index, job) in jobs.iter().enumerate() {
        frontier.push(&name(job.host), job.priority, index, zero);
    }
    let (mut starts, mut ended) = (Vec::new(), vec![0; jobs.len()]);
    let mut busy: BinaryHeap<Reverse<(Instant, LaneId, usize)>> = BinaryHeap::new();
    let mut now = zero;
    loop {
        while busy.len() < slots {
            let Some(turn) = frontier.pop(now) else { break };
            let job = &jobs[turn.item];
            if turn.go == Go::HostGivenUp {
                ended[turn.item] += 1;
                continue;
            }
            let end = now + ms(job.took);
            starts.push(Start { job: turn.item, host: job.host, at: now - zero, end: end - zero });
            busy.push(Reverse((end, turn.lane, turn.item)));
        }
        let done = busy.peek().map(|Reverse((at, ..))| *at);
        let wake = frontier.wake_at().filter(|_| busy.len() < slots);
        let Some(next) = done.into_iter().chain(wake).min() else { break };
        assert!(next > now || done == Some(next), "it wakes for nothing, over and over");
        now = next.max(now);
        while busy.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, lane, index))) = busy.pop() else { break };
            let job = &mut jobs[index];
            let then = job.then.pop_front();
            let contact = if matches!(then, Some(Then::Fail)) { Contact::Failed } else { Contact::Answered };
            frontier.took(lane, ms(job.took), now);
            frontier.release(lane, contact, now);
            let mut again = |host: u8, wait: Duration, why| {
                frontier.push_later(&name(host), job.priority, index, now + wait, why, now);
            };
            match then {
                None => ended[index] += 1,
                Some(Then::Fail) => again(job.host, Duration::ZERO, Some(Wait::Backoff)),
                Some(Then::Retry(wait)) => again(job.host, ms(wait), Some(Wait::Backoff)),
                Some(Then::Redirect(host)) => {
                    job.host = host;
                    again(host, Duration::ZERO, None);
                }
                Some(Then::Pause(wait)) => {
                    again(job.host, ms(wait), Some(Wait::RetryAfter));
                    frontier.pause(lane, now + ms(wait), Wait::RetryAfter);
                }
            }
        }
    }
    assert!(frontier.is_empty(), "{} left waiting", frontier.len());
    (starts, ended)
}

/// The most that start within any window of this length.
fn most_within(times: &[Duration], length: Duration) -> usize {
    let within = |from: usize| times[from..].iter().take_while(|time| **time - times[from] < length).count();
    (0..times.len()).map(within).max().unwrap_or_default()
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        (0..3000_u64).prop_map(Then::Retry),
        (0..4_u8).prop_map(Then::Redirect),
        (0..3000_u64).prop_map(Then::Pause),
        Just(Then::Fail),
    ]
}

fn job() -> impl Strategy<Value = Job> {
    let then = prop::collection::vec(then(), 0..4);
    (0..4_u8, prop_oneof![Just(0), 0..50_u64, 0..4000_u64], 0..2_i32, then)
        .prop_map(|(host, took, priority, then)| Job { host, took, priority, then: then.into() })
}

fn rate() -> impl Strategy<Value = Option<Rate>> {
    let rates = ["1/s", "5/s", "100/m", "5/15s", "3/100ms", "50/s", "400/s"].map(|text| text.parse().unwrap());
    prop::option::weighted(0.7, prop::sample::select(rates.to_vec()))
}

fn assert_rules(limits: &Limits, slots: usize, starts: &[Start]) {
    let rate_holds = |rate: Option<Rate>, starts: &[&Start], whose: &str| {
        let Some(rate) = rate else { return };
        let times: Vec<_> = starts.iter().map(|start| start.at).collect();
        let most = most_within(&times, rate.per);
        assert!(most <= rate.count.get() as usize, "{most} within {:?} at {whose}: {times:?}", rate.per);
    };
    let all: Vec<_> = starts.iter().collect();
    rate_holds(limits.rate, &all, "all");
    let at_once =
        |starts: &[&Start], at: Duration| starts.iter().filter(|other| other.at <= at && other.end > at).count();
    for start in starts {
        assert!(at_once(&all, start.at) <= slots);
    }
    for host in 0..4 {
        let own = limits.hosts.get(&name(host)).unwrap_or(&limits.host);
        let here: Vec<_> = starts.iter().filter(|start| start.host == host).collect();
        rate_holds(own.rate, &here, &name(host));
        assert!(here.iter().all(|start| at_once(&here, start.at) <= own.in_flight.get()), "h{host} has too many");
        assert!(here.windows(2).all(|pair| pair[1].at - pair[0].at >= own.delay), "h{host} is asked too soon");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 300, ..ProptestConfig::default() })]
    #[test]
    fn no_cap_and_no_rate_is_exceeded_in_any_window_retries_and_redirects_included(
        jobs in prop::collection::vec(job(), 1..60),
        slots in 1..12_usize,
        per_host in 1..4_usize,
        all in rate(),
        each in rate(),
        own in rate(),
        delay in prop_oneof![3 => Just(0), 1 => 0..500_u64],
        host_errors in 0..4_u32,
    ) {
        let mut limits = limits(per_host);
        (limits.rate, limits.host.rate, limits.host_errors) = (all, each, host_errors);
        limits.host.delay = Duration::from_millis(delay);
        limits.hosts.insert(name(1), HostLimits { rate: own, in_flight: NonZeroUsize::MIN, ..limits.host });
        let (starts, ended) = run(&limits, slots, jobs.clone());
        prop_assert_eq!(ended, vec![1; jobs.len()], "each comes to its end, once");
        assert_rules(&limits, slots, &starts);
        if host_errors == 0 {
            // Nobody is given up, so every step of every job is made.
            let mut made = HashMap::<usize, usize>::new();
            starts.iter().for_each(|start| *made.entry(start.job).or_default() += 1);
            for (index, job) in jobs.iter().enumerate() {
                prop_assert_eq!(made.get(&index), Some(&(job.then.len() + 1)));
            }
        }
    }

    #[test]
    fn no_host_waits_while_another_with_the_same_claim_is_served_twice(
        counts in prop::collection::vec(1..40_u32, 2..8),
        took in prop::collection::vec(1..200_u64, 8),
        slots in 1..6_usize,
        per_host in 1..4_usize,
        all in rate(),
    ) {
        let mut limits = limits(per_host);
        limits.rate = all;
        let of = |host: usize| Job { host: host as u8, took: took[host], priority: 0, then: VecDeque::new() };
        let jobs: Vec<Job> =
            counts.iter().enumerate().flat_map(|(host, count)| (0..*count).map(move |_| host)).map(of).collect();
        let (starts, _) = run(&limits, slots, jobs);
        for host in 0..counts.len() as u8 {
            let here: Vec<(usize, &Start)> = starts.iter().enumerate().filter(|(_, start)| start.host == host).collect();
            for pair in here.windows(2) {
                let ((from, first), (to, _)) = (pair[0], pair[1]);
                // From when it had room, and something waiting, it is served after each other once at most.
                let under_way = here.iter().filter(|(at, other)| *at <= from && other.end > first.at);
                let mut ends: Vec<_> = under_way.map(|(_, other)| other.end).collect();
                ends.sort();
                let room_at = if ends.len() < per_host { first.at } else { ends[0] };
                let between = starts[from + 1..to].iter().filter(|other| other.at >= room_at);
                let mut served = HashMap::<u8, u32>::new();
                between.for_each(|other| *served.entry(other.host).or_default() += 1);
                prop_assert!(served.values().all(|times| *times <= 1), "h{host} waited for {served:?}");
            }
        }
    }

    #[test]
    fn slow_hosts_hold_up_nobody_beyond_the_slots_that_they_may_have(
        slow in prop::collection::vec((1_000..60_000_u64, prop::option::of(1..5_u32)), 1..4),
        free in 1..200_u32,
        per_host in 1..4_usize,
        more in 1..6_usize,
    ) {
        // Slow to answer, or asked slowly; listed before the free one, each with more than it gets through.
        let mut limits = limits(per_host);
        for (host, (_, rate)) in slow.iter().enumerate() {
            let rate = rate.map(|count| format!("{count}/m").parse().unwrap());
            limits.hosts.insert(name(host as u8), HostLimits { rate, ..limits.host });
        }
        let slots = slow.len() * per_host + more;
        let of = |host: usize, took: u64| Job { host: host as u8, took, priority: 0, then: VecDeque::new() };
        let mut jobs: Vec<Job> =
            (0..20 * slow.len()).map(|n| of(n % slow.len(), slow[n % slow.len()].0)).collect();
        jobs.extend((0..free).map(|_| of(slow.len(), 20)));
        let (starts, _) = run(&limits, slots, jobs);
        let last = starts.iter().filter(|start| start.host as usize == slow.len()).map(|start| start.end).max().unwrap();
        let alone = Duration::from_millis(20) * free.div_ceil(more.min(per_host) as u32);
        prop_assert!(last <= alone, "{last:?}, and {alone:?} if it were alone");
    }

    #[test]
    fn a_host_that_comes_late_is_served_within_a_turn_of_the_others(
        busy in 1..20_u8,
        served in 0..100_usize,
        late in 1..5_i32,
    ) {
        let now = Instant::now();
        let mut frontier: Frontier<u8> = Frontier::new(&limits(usize::MAX), now);
        for _ in 0..200 {
            (0..busy).for_each(|host| frontier.push(&name(host), 0, host, now));
        }
        for _ in 0..served {
            frontier.pop(now).unwrap();
        }
        (0..late).for_each(|_| frontier.push("late", 0, u8::MAX, now));
        let turns = std::iter::from_fn(|| frontier.pop(now)).take_while(|turn| turn.item != u8::MAX).count();
        prop_assert!(turns <= busy.into(), "after {turns} others");
    }
}

/// Two limits have to agree on a start: what one of them has granted in the meantime is no reserve.
#[test]
fn a_rate_that_waits_for_another_is_kept_by_when_its_starts_are_made() {
    let mut limits = limits(99);
    (limits.rate, limits.host.rate) = (Some("10/s".parse().unwrap()), Some("5/s".parse().unwrap()));
    let jobs: Vec<Job> =
        [1, 0, 0, 0, 0, 0, 0, 0].map(|host| Job { host, took: 0, priority: 0, then: VecDeque::new() }).into();
    let (starts, _) = run(&limits, 99, jobs);
    assert_rules(&limits, 99, &starts);
}
