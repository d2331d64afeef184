//! Everything that is tested through the front door: the binary and the library against servers of
//! our own on loopback.

mod check;
mod check_cli;
mod crawl;
mod demo;
mod extract;
mod fetch;
mod limits;
mod polite;
mod process;
mod proxies;
mod robots;
mod rooms;
mod schema;
mod sessions;
mod state;
mod support;
mod trust;
mod warc;
