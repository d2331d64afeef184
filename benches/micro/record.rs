//! A visit becomes a record, a record becomes a line.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};
use fetchall::{
    Record, Request,
    model::{Body, Ending, Exchange, Head, Page, Phases, Visit, record::Heavy},
    sink::{Content, Format, Target, open},
};
use futures::executor::block_on;
use http::{HeaderMap, HeaderValue, Method, Version, header};

use crate::policy::trip;

/// Records in a batch, as the writer gets them under load.
const BATCH: u64 = 100;

/// Records out of visits; batches as JSON Lines to a file that keeps nothing.
pub fn write(criterion: &mut Criterion) {
    let batch: Vec<Record> = (0..BATCH).map(|seq| Record::of(visit(seq), Heavy::default())).collect();
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(1));
    group.bench_function("from a visit", |bencher| {
        bencher.iter_batched(|| visit(7), |visit| Record::of(visit, Heavy::default()), BatchSize::SmallInput);
    });
    let bytes: usize = batch.iter().map(|record| serde_json::to_vec(record).map_or(0, |line| line.len() + 1)).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    for (name, format) in [("JSON Lines", Format::Jsonl), ("CSV", Format::Csv)] {
        let target = Target::File { path: "/dev/null".into(), content: Content::Replace };
        let Ok(mut sink) = open(format, target, None, &[]) else { continue };
        group.bench_function(format!("{BATCH} as {name}"), |bencher| {
            bencher.iter(|| block_on(sink.write(black_box(&batch))).expect("nothing to fail"));
        });
    }
    group.finish();
}

/// A page that was fetched at the first try.
fn visit(seq: u64) -> Visit {
    let fields = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::ETAG, "\"5f3-61a0\"")];
    let headers: HeaderMap = fields.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
    let (wait, receive) = (Duration::from_micros(41_300), Duration::from_micros(1_250));
    let exchange = Exchange {
        started: SystemTime::now(),
        phases: Phases { wait: Some(wait), receive: Some(receive), total: wait + receive, ..Phases::default() },
        peer: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        proxy: None,
        tls: None,
        head: Some(Head { status: 200, version: Version::HTTP_11, headers }),
        body: Some(Body { kept: Bytes::new(), len: 18_213, wire_len: 4_212, sha256: Some([0xa5; 32]), saved: None }),
        failure: None,
        capture: None,
        cache: None,
    };
    let mut trip = trip();
    trip.last = Some(Box::new(exchange));
    let url = trip.url.clone();
    Visit {
        seq,
        request: Request::get(url.as_str()),
        url: Some(url),
        method: Method::GET,
        content: None,
        ending: Ending::Ok,
        trip: Some(Box::new(trip)),
        queued: Duration::ZERO,
        page: Some(Page { title: Some("A page of usual size".to_owned()), ..Page::default() }),
    }
}
