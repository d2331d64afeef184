//! What can be seen of a run while it goes on: its log, its drawing over time, its figures.

mod logs;
mod metrics;
#[cfg(feature = "otel")]
mod spans;
mod trace;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::*;

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A file as text; empty while it is not there.
fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "it never came to be that {what}");
        tokio::time::sleep(ms(10)).await;
    }
}

/// Trouble of every kind that a log tells of.
async fn site() -> Site {
    Site::start(|ask| match (ask.path.as_str(), ask.hit) {
        ("/robots.txt", _) => Reply::text("User-agent: *\nDisallow: /private\n"),
        ("/flaky", 0) => Reply::status(500),
        ("/limited", 0) => Reply::status(429).header("Retry-After", "1"),
        ("/from", _) => Reply::redirect(302, "/to"),
        ("/missing", _) => Reply::status(404),
        ("/slow", _) => Reply::text("x").after(secs(20)),
        _ => Reply::html("<title>x</title><a href=/a>x</a>").after(ms(2)),
    })
    .await
}
