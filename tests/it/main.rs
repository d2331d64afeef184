//! Everything that is tested through the front door: the binary and the library against servers of
//! our own on loopback.

mod cache;
mod check;
mod check_cli;
mod crawl;
mod delta;
mod demo;
mod diff;
mod extract;
mod fetch;
mod limits;
mod polite;
mod process;
mod proxies;
mod report;
mod robots;
mod rooms;
mod save;
mod schema;
mod sessions;
mod sinks;
mod state;
mod support;
mod trust;
mod warc;
mod watch;
