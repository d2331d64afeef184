//! Answers kept from one run to the next: whom that spares a request, and that nobody is told another's.

mod answers;
mod library;
mod mends;
mod offline;
mod shared;
mod trouble;

use serde_json::{Value, json};

use crate::support::*;

impl Shelf {
    /// A run with the cache, quiet, in order.
    async fn cached(&self, args: &[&str]) -> Run {
        self.fetchall(&[args, &["--cache", "cache", "-q"]].concat()).run().await
    }

    /// What the cache had to do with the one record of a run.
    async fn of(&self, args: &[&str]) -> Value {
        let run = self.cached(args).await;
        assert_eq!(run.records().len(), 1, "{run}");
        run.record(0)["cache"].clone()
    }
}

/// What of a record does not depend on when and how it was made.
fn lasting(record: &Value) -> Value {
    let mut record = record.clone();
    for key in ["started_at", "timings", "cache", "ip", "attempts", "wire_bytes"] {
        record.as_object_mut().unwrap().remove(key);
    }
    record
}
