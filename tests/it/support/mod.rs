//! What the tests stand on: a server that sends exact bytes ([`Site`]), proxies ([`Proxy`]), and
//! the binary run as a user would ([`fetchall`]).

#![allow(dead_code, unused_imports, reason = "a kit for tests to come: not every piece has its user at all times")]

mod listen;
mod message;
mod place;
mod proxy;
mod reply;
mod run;
mod selftest;
mod shelf;
mod site;
mod tls;

use std::time::Duration;

pub use listen::Count;
pub use place::{KILLS, Place, SLOTS, assert_whole};
pub use proxy::{Passed, Proxy};
pub use reply::{Reply, Then, gzip};
pub use run::{Child, Fetchall, Run, Signal, checked, fetchall, program};
pub use shelf::Shelf;
pub use site::{Ask, Site};
pub use tls::{Cert, Tls, ca_pem, client_pem};

/// Milliseconds.
pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Seconds.
pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}
