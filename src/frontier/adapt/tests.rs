//! The rule under a clock of its own, against small models of servers in place of sockets.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::*;

/// What a model says to a request at a time (seconds): when the answer is there, and how it ends.
type Server = Box<dyn FnMut(f64) -> (f64, Effect)>;

/// Answers after `delay`, as many at once as there are.
fn delay(delay: f64) -> Server {
    Box::new(move |at| (at + delay, Effect::Answered))
}

/// Does `rate` a second, one after another, and takes `delay` besides: a queue forms above that.
fn queue(rate: f64, delay: f64) -> Server {
    let mut free = 0.0;
    Box::new(move |at| {
        free = f64::max(free, at) + 1.0 / rate;
        (free + delay, Effect::Answered)
    })
}

/// Refuses above `rate` a second (a bucket that holds a tenth of that), after `delay`.
fn refusing(rate: f64, delay: f64) -> Server {
    let (mut left, mut last) = (rate / 10.0, 0.0);
    Box::new(move |at| {
        left = f64::min(left + (at - last) * rate, rate / 10.0);
        last = at;
        let granted = left >= 1.0;
        left -= f64::from(u8::from(granted));
        (at + delay, if granted { Effect::Answered } else { Effect::Refused })
    })
}

/// Who says how many at once.
enum Told<'a> {
    Fixed(usize),
    Auto(&'a mut Adapt),
}

/// Seconds until `count` requests were answered; one that is refused is asked again after a while.
fn wall(mut told: Told<'_>, server: &mut Server, count: usize) -> f64 {
    let start = Instant::now();
    let clock = |at: f64| start + Duration::from_secs_f64(at);
    // In nanoseconds: when, and the start and end of an exchange.
    let mut busy: BinaryHeap<Reverse<(u64, u64, bool)>> = BinaryHeap::new();
    let mut waiting: BinaryHeap<Reverse<u64>> = (0..count).map(|_| Reverse(0)).collect();
    let (mut at, mut done, mut roll) = (0.0, 0, fastrand::Rng::with_seed(7));
    let nanos = |seconds: f64| (seconds * 1e9) as u64;
    while done < count {
        let mut wake = f64::INFINITY;
        while let Some(Reverse(due)) = waiting.peek() {
            let (limit, blocked) = match &told {
                Told::Fixed(limit) => (*limit, None),
                Told::Auto(adapt) => (adapt.limit(), adapt.blocked_until(clock(at))),
            };
            if let Some(until) = blocked {
                wake = (until - start).as_secs_f64() + 1e-9;
            }
            if *due > nanos(at) {
                wake = wake.max(*due as f64 / 1e9 + 1e-9).min(*due as f64 / 1e9 + 1e-9);
            }
            if busy.len() >= limit || wake.is_finite() {
                break;
            }
            waiting.pop();
            if let Told::Auto(adapt) = &mut told {
                adapt.launched(clock(at));
            }
            let (end, effect) = server(at);
            busy.push(Reverse((nanos(end), nanos(at), effect == Effect::Refused)));
        }
        match busy.peek() {
            Some(Reverse((end, ..))) if *end as f64 / 1e9 <= wake => {}
            _ => {
                at = wake;
                continue;
            }
        }
        let Some(Reverse((end, began, refused))) = busy.pop() else { break };
        at = at.max(end as f64 / 1e9);
        if let Told::Auto(adapt) = &mut told {
            let effect = if refused { Effect::Refused } else { Effect::Answered };
            adapt.note(effect, Duration::from_nanos(end - began), busy.len() + 1, clock(at));
        }
        if refused {
            waiting.push(Reverse(nanos(at + roll.f64() * 0.5)));
        } else {
            done += 1;
        }
    }
    at
}

fn host(cap: usize) -> Adapt {
    Adapt::new(Scope::Host, NonZeroUsize::new(cap).unwrap())
}

/// The wall time of auto over the best of the fixed values, and the limit it ended with.
fn ratio(server: impl Fn() -> Server, count: usize) -> (f64, usize) {
    let fixed = [1, 2, 4, 8, 16, 32, 64, 128, 256].map(|limit| wall(Told::Fixed(limit), &mut server(), count));
    let best = fixed.into_iter().fold(f64::INFINITY, f64::min);
    let mut adapt = host(256);
    (wall(Told::Auto(&mut adapt), &mut server(), count) / best, adapt.limit())
}

#[test]
fn three_servers_are_done_with_within_a_tenth_of_the_best_fixed_limit() {
    for (name, server, count) in [
        ("fast", &(|| queue(10_000.0, 0.000_2)) as &dyn Fn() -> Server, 20_000),
        ("50 ms", &|| delay(0.05), 20_000),
        ("503 above 500 a second, 20 ms", &|| refusing(500.0, 0.02), 5_000),
        ("503 above 500 a second, 100 ms", &|| refusing(500.0, 0.1), 5_000),
        ("503 above 500 a second, at once", &|| refusing(500.0, 0.000_2), 5_000),
        ("a queue of 400 a second, 50 ms", &|| queue(400.0, 0.05), 5_000),
    ] {
        let (ratio, limit) = ratio(server, count);
        assert!(ratio <= 1.1, "{name}: {ratio:.3} of the best fixed limit, ended with {limit}");
    }
}

#[test]
fn growing_stops_where_it_brings_nothing_more() {
    let mut adapt = host(1024);
    wall(Told::Auto(&mut adapt), &mut queue(400.0, 0.05), 20_000);
    // 20 at once keep this server busy.
    assert!((16..=64).contains(&adapt.limit()), "{}", adapt.limit());
}

/// One round of `count` answers of `latency` each, all slots in use.
fn feed(adapt: &mut Adapt, effect: Effect, count: usize, latency: Duration, now: &mut Instant) {
    for _ in 0..count {
        let limit = adapt.limit();
        adapt.launched(*now);
        *now += latency / u32::try_from(limit).unwrap();
        adapt.note(effect, latency, limit, *now);
    }
}

#[test]
fn it_begins_with_eight_and_doubles_a_round_trip_up_to_the_cap() {
    let (mut adapt, mut now) = (host(100), Instant::now());
    let mut limits = vec![adapt.limit()];
    for _ in 0..5 {
        feed(&mut adapt, Effect::Answered, limits[limits.len() - 1], Duration::from_millis(50), &mut now);
        limits.push(adapt.limit());
    }
    assert_eq!(limits[0], 8);
    assert!(limits.windows(2).all(|pair| pair[1] <= pair[0] * 2), "{limits:?}");
    assert_eq!(limits[5], 100, "{limits:?}");
    assert_eq!(host(3).limit(), 3);
}

#[test]
fn what_is_not_used_does_not_grow() {
    let (mut adapt, mut now) = (host(100), Instant::now());
    for _ in 0..1000 {
        adapt.launched(now);
        now += Duration::from_millis(10);
        adapt.note(Effect::Answered, Duration::from_millis(20), 2, now);
    }
    assert_eq!(adapt.limit(), 8);
}

#[test]
fn failures_lower_the_limit_once_a_round_trip_and_never_below_one() {
    let (mut adapt, mut now) = (host(64), Instant::now());
    feed(&mut adapt, Effect::Answered, 500, Duration::from_millis(50), &mut now);
    assert_eq!(adapt.limit(), 64);
    feed(&mut adapt, Effect::Failed, 128, Duration::from_millis(50), &mut now);
    assert!((21..=45).contains(&adapt.limit()), "{}", adapt.limit());
    feed(&mut adapt, Effect::Failed, 2000, Duration::from_millis(50), &mut now);
    assert_eq!(adapt.limit(), 1);
    feed(&mut adapt, Effect::Answered, 5000, Duration::from_millis(50), &mut now);
    assert!(adapt.limit() > 8, "{} after all went well again", adapt.limit());
}

#[test]
fn a_page_that_fails_now_and_then_is_not_the_fault_of_the_load() {
    let (mut adapt, mut now) = (host(64), Instant::now());
    for _ in 0..50 {
        feed(&mut adapt, Effect::Answered, 99, Duration::from_millis(50), &mut now);
        feed(&mut adapt, Effect::Failed, 1, Duration::from_millis(50), &mut now);
    }
    assert!(adapt.limit() >= 60, "{}", adapt.limit());
}

#[test]
fn a_host_that_becomes_slow_under_the_same_load_gets_less_of_it() {
    let (mut adapt, mut now) = (host(64), Instant::now());
    feed(&mut adapt, Effect::Answered, 1000, Duration::from_millis(50), &mut now);
    assert_eq!(adapt.limit(), 64);
    feed(&mut adapt, Effect::Answered, 100, Duration::from_millis(200), &mut now);
    assert!(adapt.limit() <= 45, "{}", adapt.limit());
}

#[test]
fn a_run_never_gets_less_than_it_had_without_adaption() {
    let (mut adapt, mut now) = (Adapt::new(Scope::Run, NonZeroUsize::new(1024).unwrap()), Instant::now());
    assert_eq!(adapt.limit(), 32);
    feed(&mut adapt, Effect::Answered, 4000, Duration::from_millis(50), &mut now);
    assert_eq!(adapt.limit(), 1024);
    feed(&mut adapt, Effect::Failed, 4000, Duration::from_millis(50), &mut now);
    feed(&mut adapt, Effect::Answered, 1000, Duration::from_secs(10), &mut now);
    assert!(adapt.limit() >= 32);
}
