//! When a connection to a host last came free, as far as it can be told from its responses.
//!
//! A new connection that is as good as ready can be overtaken by a pooled one that comes free at that very
//! moment, and nothing says which of them a request has taken. Must not know what follows from that.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use url::Url;

/// Hosts told apart: two that share a place are taken for one, which costs a request in doubt, and no more.
const PLACES: usize = 1024;

/// Moments for hosts, in nanoseconds since `start`; 0 is never.
#[derive(Debug)]
pub(super) struct Freed {
    start: Instant,
    at: Box<[AtomicU64]>,
}

impl Freed {
    pub fn new() -> Self {
        Freed { start: Instant::now(), at: (0..PLACES).map(|_| AtomicU64::new(0)).collect() }
    }

    /// A response of this host came, or came to its end.
    pub fn note(&self, url: &Url) {
        self.place(url).store(self.nanos(Instant::now()), Relaxed);
    }

    /// Whether one did since then.
    pub fn since(&self, url: &Url, moment: Instant) -> bool {
        self.place(url).load(Relaxed) >= self.nanos(moment)
    }

    fn place(&self, url: &Url) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        (url.host_str(), url.port_or_known_default()).hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default();
        &self.at[at]
    }

    fn nanos(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_counts_and_only_what_came_since() {
        let [host, page, other] =
            ["http://a.test/", "http://a.test/page", "http://a.test:81/"].map(|url| url.parse().unwrap());
        let freed = Freed::new();
        let before = Instant::now();
        assert!(!freed.since(&host, before));
        freed.note(&page);
        assert!(freed.since(&host, before) && !freed.since(&other, before));
        assert!(!freed.since(&host, Instant::now() + std::time::Duration::from_millis(1)));
    }
}
