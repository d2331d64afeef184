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
mod tale;
#[path = "../../it/support/tls.rs"]
mod tls;

mod bombs;
mod chunks;
mod coding;
mod cookies;
pub mod frames;
mod framing;
mod handshakes;
mod heads;
mod html;
mod html_links;
mod http2;
mod locations;
mod names;
mod pack;
mod records;
mod redirects;
mod retries;
mod robots;
mod sealed;
mod sitemaps;
mod statuses;
mod streams;
mod terminal;
mod text;
mod timing;
mod traps;

use std::time::Duration;

pub use behaviour::{Behaviour, Check, Door, Expect, Set};
pub use html::costs_little;
pub use port::{Ask, Places, Port, Seen, Shared, Stream};
pub use steps::Step;
pub use tale::{Before, Tale, Told, holds};
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
    let messages = [framing::all(), chunks::all(), heads::all(), statuses::all(), timing::all()];
    let contents = [coding::all(), bombs::all()];
    let chains = [redirects::all(), locations::all(), retries::all()];
    let below = [handshakes::all(), records::all(), streams::all(), http2::all()];
    let pages = [
        html::all(),
        html_links::all(),
        text::all(),
        robots::all(),
        cookies::all(),
        names::all(),
        sitemaps::all(),
        traps::all(),
        terminal::all(),
    ];
    messages.into_iter().chain(contents).chain(chains).chain(below).chain(pages).flatten().collect()
}
