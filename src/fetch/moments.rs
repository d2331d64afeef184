//! When something last happened to hosts: a connection came free, or what one brings came into doubt.
//!
//! A new connection that is as good as ready can be overtaken by a pooled one that comes free at that very
//! moment, and nothing says which of them a request has taken. Must not know what follows from that.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use url::Url;

/// Hosts told apart: two that share a place are taken for one, which costs requests or connections, and no more.
const PLACES: usize = 1024;

/// Moments for hosts, in nanoseconds since `start`; 0 is never.
#[derive(Debug)]
pub(super) struct Moments {
    start: Instant,
    at: Box<[AtomicU64]>,
}

impl Moments {
    pub fn new() -> Self {
        Moments { start: Instant::now(), at: (0..PLACES).map(|_| AtomicU64::new(0)).collect() }
    }

    /// It happened to this host.
    pub fn note(&self, url: &Url) {
        self.place(url).store(self.nanos(Instant::now()), Relaxed);
    }

    /// Whether it did since then.
    pub fn since(&self, url: &Url, moment: Instant) -> bool {
        self.place(url).load(Relaxed) >= self.nanos(moment)
    }

    /// Whether it did so recently.
    pub fn within(&self, url: &Url, time: Duration) -> bool {
        let at = self.place(url).load(Relaxed);
        at > 0 && self.nanos(Instant::now()).saturating_sub(at) <= u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
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
        let freed = Moments::new();
        let before = Instant::now();
        assert!(!freed.since(&host, before));
        freed.note(&page);
        assert!(freed.since(&host, before) && !freed.since(&other, before));
        assert!(!freed.since(&host, Instant::now() + std::time::Duration::from_millis(1)));
    }
}
