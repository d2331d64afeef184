//! The frontier: 100,000 requests pushed and popped, by number of hosts.

use std::{hint::black_box, num::NonZeroUsize, time::Instant};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use fetchall::{
    frontier::{Contact, Frontier},
    settings::{HostLimits, Limits},
};

const ITEMS: usize = 100_000;

/// Every item is pushed, popped and released: what the engine does for a request.
pub fn push_and_pop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frontier");
    group.throughput(Throughput::Elements(ITEMS as u64)).sample_size(10);
    let host = HostLimits { in_flight: NonZeroUsize::MAX, ..HostLimits::default() };
    let limits = Limits { host, ..Limits::default() };
    for hosts in [1, 100, 10_000] {
        let names: Vec<String> = (0..hosts).map(|host| format!("host{host}.example")).collect();
        for (order, list) in [
            ("in turn", (0..ITEMS).map(|item| item % hosts).collect::<Vec<_>>()),
            ("sorted", (0..ITEMS).map(|item| item * hosts / ITEMS).collect()),
        ] {
            group.bench_with_input(BenchmarkId::new(order, format!("{hosts} hosts")), &list, |bencher, list| {
                let now = Instant::now();
                bencher.iter_batched_ref(
                    || Frontier::new(&limits, now),
                    |frontier| through(frontier, list, &names, now),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

fn through(frontier: &mut Frontier<usize>, list: &[usize], names: &[String], now: Instant) {
    for (item, host) in list.iter().enumerate() {
        frontier.push(&names[*host], 0, item, now);
    }
    while let Some(turn) = frontier.pop(now) {
        frontier.release(turn.lane, Contact::Answered, now);
        black_box(turn.item);
    }
    assert!(frontier.is_empty());
}
