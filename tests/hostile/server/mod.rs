//! A server that misbehaves: each behaviour has a name, a port of its own (so a host of its own),
//! what it does, and what an honest record says of it within which time.
//!
//! The catalogue stands in the files beside this one, a group in each. Tests run it
//! (`tests/hostile/main.rs`), scripts too (`examples/hostile_server.rs`); docs/hostile.md is written
//! from it.

#![allow(dead_code, unused_imports, reason = "the tests and the example each use a part of it")]

mod behaviour;
#[path = "../../it/support/message.rs"]
mod message;
mod port;
mod steps;
#[path = "../../it/support/tls.rs"]
mod tls;

mod bombs;
mod chunks;
mod coding;
mod framing;
mod heads;
mod pack;
mod statuses;
mod timing;

use std::time::Duration;

pub use behaviour::{Behaviour, Check, Door, Expect, Set};
pub use port::{Ask, Places, Port, Seen, Stream};
pub use steps::Step;
pub use tls::{Cert, Tls, ca_pem};

/// Milliseconds.
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Seconds.
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Every behaviour, group by group; names are unique.
pub fn catalogue() -> Vec<Behaviour> {
    [framing::all(), chunks::all(), heads::all(), statuses::all(), timing::all(), coding::all(), bombs::all()]
        .into_iter()
        .flatten()
        .collect()
}
