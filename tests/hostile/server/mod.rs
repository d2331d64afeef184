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

mod cookies;
mod framing;
mod html;
mod html_links;
mod names;
mod robots;
mod sitemaps;
mod terminal;
mod text;
mod traps;

use std::time::Duration;

pub use behaviour::{Behaviour, Check, Door, Expect, Set};
pub use port::{Ask, Places, Port, Seen, Stream};
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
    [
        framing::all(),
        html::all(),
        html_links::all(),
        text::all(),
        robots::all(),
        cookies::all(),
        names::all(),
        sitemaps::all(),
        traps::all(),
        terminal::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
