//! Where the time of connecting went: marks set by the resolver, the connector and TLS while a
//! request of this task is under way.
//!
//! The HTTP library offers hooks but hands no context to them; a task-local does. A connection
//! that another request opened leaves no marks, which is how reuse is known. Must not know what
//! the marks are used for.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

tokio::task_local! {
    static PROBE: Arc<Probe>;
}

/// The moments of connecting, each set at most once; nanoseconds since `start`, 0 is unset.
#[derive(Debug)]
pub(super) struct Probe {
    start: Instant,
    /// Port of the URL, for `--resolve`.
    pub port: u16,
    /// Whether the connection is one to a proxy.
    pub via_proxy: bool,
    connect_start: AtomicU64,
    dns_start: AtomicU64,
    dns_end: AtomicU64,
    hello: AtomicU64,
    connect_end: AtomicU64,
    /// The connection is being opened for somebody else: this request has taken an open one.
    abandoned: AtomicBool,
}

/// A moment of connecting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    ConnectStart,
    DnsStart,
    DnsEnd,
    /// TLS has made its ClientHello.
    Hello,
    ConnectEnd,
}

/// How far connecting got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// No connection was opened: an open one was used.
    Reused,
    /// The name was being looked up.
    Dns,
    /// A connection was being opened.
    Connecting,
    /// A new connection was ready.
    Connected,
}

impl Probe {
    pub fn new(port: u16, via_proxy: bool) -> Arc<Self> {
        let unset = || AtomicU64::new(0);
        Arc::new(Probe {
            start: Instant::now(),
            port,
            via_proxy,
            connect_start: unset(),
            dns_start: unset(),
            dns_end: unset(),
            hello: unset(),
            connect_end: unset(),
            abandoned: AtomicBool::new(false),
        })
    }

    /// Runs `work` with this probe in reach of the hooks.
    pub async fn around<T>(self: Arc<Self>, work: impl Future<Output = T>) -> T {
        PROBE.scope(self, work).await
    }

    /// The probe of the request that this task is making, if it is making one.
    pub fn current() -> Option<Arc<Self>> {
        PROBE.try_with(Arc::clone).ok()
    }

    pub fn mark(&self, mark: Mark) {
        let place = match mark {
            Mark::ConnectStart => &self.connect_start,
            Mark::DnsStart => &self.dns_start,
            Mark::DnsEnd => &self.dns_end,
            Mark::Hello => &self.hello,
            Mark::ConnectEnd => &self.connect_end,
        };
        let nanos = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1);
        let _ = place.compare_exchange(0, nanos, Relaxed, Relaxed);
    }

    pub fn start(&self) -> Instant {
        self.start
    }

    /// Whoever drives the connecting says so each time: the HTTP library goes on with it in the
    /// background when an idle connection comes free first, and then its marks are not ours.
    pub fn driven_by_current(self: &Arc<Self>) -> bool {
        let ours = Probe::current().is_some_and(|current| Arc::ptr_eq(&current, self));
        if !ours {
            self.abandoned.store(true, Relaxed);
        }
        ours
    }

    pub fn reached(&self) -> Reached {
        if self.abandoned.load(Relaxed) {
            Reached::Reused
        } else if self.at(&self.connect_end).is_some() {
            Reached::Connected
        } else if self.at(&self.connect_start).is_none() {
            Reached::Reused
        } else if self.at(&self.dns_start).is_some() && self.at(&self.dns_end).is_none() {
            Reached::Dns
        } else {
            Reached::Connecting
        }
    }

    /// Durations of look-up, TCP and TLS; `None` where they did not happen. All `None` on a
    /// connection that was open already.
    pub fn phases(&self) -> (Option<Duration>, Option<Duration>, Option<Duration>) {
        match self.at(&self.connect_end).filter(|_| self.reached() == Reached::Connected) {
            Some(end) => self.phases_until(end),
            None => (None, None, None),
        }
    }

    /// The same for connecting that failed at `end`: the phase that failed lasted until then.
    pub fn phases_until(&self, end: Duration) -> (Option<Duration>, Option<Duration>, Option<Duration>) {
        let Some(start) = self.at(&self.connect_start) else { return (None, None, None) };
        let dns_end = self.at(&self.dns_end);
        let dns = self.at(&self.dns_start).map(|start| dns_end.unwrap_or(end).saturating_sub(start));
        if dns.is_some() && dns_end.is_none() {
            return (dns, None, None);
        }
        let hello = self.at(&self.hello);
        let connected = hello.unwrap_or(end);
        let connect = connected.saturating_sub(dns_end.unwrap_or(start));
        (dns, Some(connect), hello.map(|hello| end.saturating_sub(hello)))
    }

    fn at(&self, place: &AtomicU64) -> Option<Duration> {
        match place.load(Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }
}
