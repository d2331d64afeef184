//! The binary while the system fails it: calls of libc that fail when told to (`fail.c`, preloaded), clocks
//! that jump, signals at any moment, readers that are slow or gone.
//!
//! More of the same, for whoever has the time: `tests/signals.sh`.

#![cfg(target_os = "linux")]

mod clocks;
mod disk;
mod files;
mod kit;
mod network;
mod readers;
mod signals;
mod state;
#[path = "../it/support/mod.rs"]
mod support;
