//! Everything that is tested through the front door: the binary and the library against servers of
//! our own on loopback.

mod cache;
mod check;
mod check_cli;
mod config;
mod crawl;
mod dashboard;
mod delta;
mod demo;
mod diff;
mod doctor;
mod extract;
mod fetch;
mod inputs;
mod limits;
mod memory;
mod once;
mod polite;
mod process;
mod promises;
mod proxies;
mod report;
mod robots;
mod rooms;
mod save;
mod schema;
mod security;
mod sessions;
mod sinks;
mod state;
mod support;
mod trust;
mod warc;
mod watch;
