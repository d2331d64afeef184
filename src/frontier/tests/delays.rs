//! The pause that grows with how long a host takes, in virtual time.

use super::*;

/// Start, end and length of each exchange with one host, in the order of the starts.
fn exchanges(limits: &Limits, took: &[Duration], slots: usize) -> Vec<(Instant, Instant, Duration)> {
    let zero = Instant::now();
    let mut frontier: Frontier<usize> = Frontier::new(limits, zero);
    (0..took.len()).for_each(|n| frontier.push("h", 0, n, zero));
    let mut out = Vec::new();
    let mut busy: BinaryHeap<Reverse<(Instant, LaneId, usize)>> = BinaryHeap::new();
    let mut now = zero;
    loop {
        while busy.len() < slots {
            let Some(turn) = frontier.pop(now) else { break };
            let length = took[turn.item];
            out.push((now, now + length, length));
            busy.push(Reverse((now + length, turn.lane, turn.item)));
        }
        let done = busy.peek().map(|Reverse((at, ..))| *at);
        let wake = frontier.wake_at().filter(|_| busy.len() < slots);
        let Some(next) = done.into_iter().chain(wake).min() else { break };
        now = next.max(now);
        while busy.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, lane, item))) = busy.pop() else { break };
            frontier.took(lane, took[item], now);
            frontier.release(lane, Contact::Answered, now);
        }
    }
    assert!(frontier.is_empty(), "{} left waiting", frontier.len());
    out
}

fn with_delay(per_host: usize, delay: &str) -> Limits {
    let delay: crate::settings::Delay = delay.parse().unwrap();
    let mut limits = limits(per_host);
    (limits.host.delay, limits.host.factor) = (delay.least, delay.factor);
    limits
}

#[test]
fn a_host_is_left_alone_for_a_multiple_of_what_it_took() {
    let starts = |per_host, delay: &str, took: &[f64]| {
        let took: Vec<_> = took.iter().map(|seconds| secs(*seconds)).collect();
        let all = exchanges(&with_delay(per_host, delay), &took, 8);
        all.iter().map(|(start, ..)| (*start - all[0].0).as_millis()).collect::<Vec<_>>()
    };
    // Ends at 1, pause 2; ends at 3.5, pause 1; ends at 4.6, pause 0.2.
    assert_eq!(starts(1, "2x", &[1.0, 0.5, 0.1, 0.1]), [0, 3000, 4500, 4800]);
    assert_eq!(starts(1, "2s,2x", &[1.0, 0.5, 0.1, 0.1]), [0, 3000, 5000, 7000], "the larger of both");
    assert_eq!(starts(1, "9x", &[60.0, 0.1]), [0, 90_000], "30 s at most");
    // Nothing is known before the first response, so one at once; after it starts are spaced.
    assert_eq!(starts(4, "0.5x", &[1.0, 9.0, 9.0, 9.0]), [0, 1500, 2000, 2500]);
    assert_eq!(starts(4, "0", &[1.0, 9.0, 9.0]), [0, 0, 0]);
    // A pause that has become shorter holds: 20 s after the first, 1 s after the second.
    assert_eq!(starts(4, "2x", &[10.0, 0.5, 0.5]), [0, 30_000, 31_500]);
}

#[test]
fn a_crawl_delay_is_the_least_that_a_factor_gives() {
    let zero = Instant::now();
    let mut frontier: Frontier<u32> = Frontier::new(&with_delay(1, "2x"), zero);
    frontier.space_out("h", secs(5.0), zero);
    (0..3).for_each(|n| frontier.push("h", 0, n, zero));
    let mut now = zero;
    for (took, next) in [(1.0, 5.0), (4.0, 17.0)] {
        let turn = frontier.pop(now).unwrap();
        now += secs(took);
        frontier.took(turn.lane, secs(took), now);
        frontier.release(turn.lane, Contact::Answered, now);
        assert!(frontier.pop(now).is_none());
        assert_eq!(frontier.wake_at(), Some(zero + secs(next)));
        now = zero + secs(next);
    }
    assert_eq!(frontier.pop(now).unwrap().wait_for, Wait::HostRate);
}

#[test]
fn a_host_with_a_pause_is_not_forgotten_before_its_end() {
    let zero = Instant::now();
    let mut frontier: Frontier<u32> = Frontier::new(&with_delay(1, "2x"), zero);
    frontier.push("slow", 0, 0, zero);
    let turn = frontier.pop(zero).unwrap();
    let end = zero + secs(40.0);
    frontier.took(turn.lane, secs(15.0), end);
    frontier.release(turn.lane, Contact::Failed, end);
    for n in 0..5000 {
        frontier.push(&format!("h{n}"), 0, n, end + secs(25.0));
        let turn = frontier.pop(end + secs(25.0)).unwrap();
        frontier.release(turn.lane, Contact::Failed, end + secs(25.0));
    }
    frontier.push("slow", 0, 1, end + secs(26.0));
    assert!(frontier.pop(end + secs(29.0)).is_none());
    assert!(frontier.pop(end + secs(30.0)).is_some());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]
    #[test]
    fn no_two_starts_are_closer_than_the_rule_says(
        took in proptest::collection::vec(0..60_000_u64, 1..40),
        per_host in 1..5usize,
        slots in 1..8usize,
        least in 0..3000_u64,
        factor in proptest::option::of(1..4000_u32),
    ) {
        let took: Vec<_> = took.into_iter().map(Duration::from_millis).collect();
        let factor = factor.map(|thousandths| format!("{}x", f64::from(thousandths) / 1000.0));
        let delay = format!("{least}ms{}", factor.map(|factor| format!(",{factor}")).unwrap_or_default());
        let limits = with_delay(per_host, &delay);
        let all = exchanges(&limits, &took, slots);
        proptest::prop_assert_eq!(all.len(), took.len());
        for (at, (start, ..)) in all.iter().enumerate().skip(1) {
            let before = all[at - 1].0;
            // Of those that ended at the same time any may be the last.
            let last = all[..at].iter().filter(|(_, end, _)| end <= start).max_by_key(|(_, end, _)| *end);
            let pause = |took| limits.host.factor.map_or(Duration::ZERO, |factor| factor.pause(took));
            proptest::prop_assert!(*start >= before + limits.host.delay);
            proptest::prop_assert!(limits.host.factor.is_none() || last.is_some());
            if let Some((_, end, took)) = last {
                let ties = all[..at].iter().filter(|(_, other, _)| other == end).count();
                proptest::prop_assert!(ties > 1 || *start >= (*end).max(before) + pause(*took));
                let earliest = (before + limits.host.delay.max(pause(*took))).max(*end + pause(*took)).max(before);
                proptest::prop_assert!(per_host.min(slots) > 1 || ties > 1 || *start == earliest, "nor later than that");
            }
        }
    }
}
