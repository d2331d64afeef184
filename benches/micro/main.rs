//! What the pure rooms cost by themselves, without a network: `cargo bench --bench micro`.
//!
//! One file for each room. Bytes a second where bytes are read or written, elements a second
//! elsewhere. `-- --quick` takes a minute; `-- page` runs one group.

mod frontier;
mod page;
mod policy;
mod record;

use criterion::{criterion_group, criterion_main};

criterion_group!(rooms, frontier::push_and_pop, policy::decide, page::read, page::select, record::write);
criterion_main!(rooms);
