//! The decision after an exchange: done, again, onward.

use std::{
    hint::black_box,
    time::{Duration, Instant, SystemTime},
};

use criterion::{Criterion, Throughput};
use fetchall::{
    model::{Code, Exchange, Failure, Head, Trip, Wait, units::StatusSet},
    policy::{
        judgement::Judgement,
        retry,
        step::{Moment, Rules, step},
    },
    settings::{Cookies, Retry},
};
use http::{HeaderMap, Method, Version, header};

/// A good answer, a redirect, a host that says "later", a connection that broke; and a backoff.
pub fn decide(criterion: &mut Criterion) {
    let (accept, retry) = (StatusSet::default(), Retry::default());
    let rules = Rules {
        accept: &accept,
        retries: retry.retries,
        redirects: 10,
        retry: &retry,
        cookies: &Cookies::Off,
        conditional: false,
    };
    let moment = Moment { now: SystemTime::now(), left: None, budget: true, breaker_open: false, roll: 0.5 };
    let trip = trip();
    let broken = Exchange::failed(SystemTime::now(), Failure::new(Code::ConnectReset, "reset"));
    let mut group = criterion.benchmark_group("policy");
    group.throughput(Throughput::Elements(1));
    for (name, exchange) in [
        ("step, 200", answer(200, &[])),
        ("step, 301", answer(301, &[(header::LOCATION, "/elsewhere?q=1")])),
        ("step, 429", answer(429, &[(header::RETRY_AFTER, "3")])),
        ("step, reset", broken),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| step(black_box(&exchange), &Judgement::Usual, &trip, &rules, &moment))
        });
    }
    group.bench_function("backoff", |bencher| {
        bencher.iter(|| retry::backoff(retry.base, retry.cap, black_box(3), black_box(0.7)));
    });
    group.finish();
}

fn answer(status: u16, fields: &[(header::HeaderName, &'static str)]) -> Exchange {
    let fields = fields.iter().map(|(name, value)| (name.clone(), header::HeaderValue::from_static(value)));
    let head = Head { status, version: Version::HTTP_11, headers: fields.collect::<HeaderMap>() };
    // An exchange without failure is one with a head.
    let mut exchange = Exchange::failed(SystemTime::now(), Failure::new(Code::ProtocolEmpty, ""));
    exchange.failure = None;
    exchange.head = Some(head);
    exchange
}

/// A first attempt under way.
pub fn trip() -> Trip {
    Trip {
        started: SystemTime::now(),
        begun: Instant::now(),
        launch: Duration::ZERO,
        deadline: None,
        url: "https://host.example/dir/page.html?q=1".parse::<url::Url>().expect("a URL").into(),
        method: Method::GET,
        with_body: false,
        off_origin: false,
        attempts: 1,
        new_attempt: false,
        limited: 0,
        spent: Duration::ZERO,
        queued: Duration::from_millis(3),
        last_wait: (Duration::from_millis(3), Wait::Slot),
        hops: Vec::new(),
        log: Vec::new(),
        last: None,
        captures: Vec::new(),
    }
}
