//! File descriptors: as many requests at once as the system lets this process have connections.
//!
//! Must not know what the descriptors are used for beyond connections.

use std::{num::NonZeroUsize, time::Duration};

use fetchall::settings::{Adaptive, Limits, Settings};

use super::terminal::Voice;

/// Kept for stdio, lists, outputs, the resolver and the runtime.
const OURS: u64 = 24;

/// What fits under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fit {
    in_flight: NonZeroUsize,
    /// Idle connections for one host; `None` leaves it to the transport.
    idle_per_host: Option<usize>,
    idle_timeout: Option<Duration>,
    /// Idle connections over all hosts, by the run's own count.
    idle: usize,
}

/// Fits `wanted` requests at once under a limit of descriptors.
///
/// The pool knows no limit over all hosts, so where descriptors are scarce, idle connections to
/// many hosts would eat them up: then few are kept for a short time, or none at all.
fn fit(limit: u64, wanted: NonZeroUsize) -> Fit {
    let most = usize::try_from(limit.saturating_sub(OURS)).unwrap_or(usize::MAX);
    let in_flight = wanted.min(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN));
    let used = u64::try_from(in_flight.get()).unwrap_or(u64::MAX);
    let (idle_per_host, idle_timeout) = match limit {
        limit if limit < used.saturating_mul(2).saturating_add(64) => (Some(0), None),
        limit if limit < used.saturating_mul(4).saturating_add(64) => (Some(1), Some(Duration::from_secs(1))),
        _ => (None, None),
    };
    let idle = (most - in_flight.get().min(most)) / 2;
    Fit { in_flight, idle_per_host, idle_timeout, idle }
}

/// As many of `wanted` as this process may have connections, where the system says how many that is.
pub fn at_most(wanted: NonZeroUsize) -> NonZeroUsize {
    rlimit::increase_nofile_limit(u64::MAX).map_or(wanted, |limit| fit(limit, wanted).in_flight)
}

/// As many of `cap` as leave idle connections alone, where nobody asked for a number; but not fewer
/// than a run has by default, if they fit.
fn comfortable(limit: u64, cap: NonZeroUsize) -> NonZeroUsize {
    let most = usize::try_from(limit.saturating_sub(64) / 4).unwrap_or(usize::MAX);
    let most = NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN);
    cap.min(most.max(Limits::default().in_flight))
}

/// Raises the soft limit to the hard one and fits the settings under it; says so where that makes
/// the run slower than it was asked to be.
pub fn apply(settings: &mut Settings, voice: &Voice) {
    // Where there is no such limit, or it cannot be read, nothing is clamped.
    let Ok(limit) = rlimit::increase_nofile_limit(u64::MAX) else { return };
    let wanted = match settings.limits.adaptive {
        Adaptive::Off | Adaptive::Hosts => settings.limits.in_flight,
        Adaptive::All => comfortable(limit, settings.limits.in_flight),
    };
    let fit = fit(limit, wanted);
    settings.limits.in_flight = fit.in_flight;
    settings.limits.idle = settings.limits.idle.min(fit.idle);
    let transport = &mut settings.transport;
    transport.idle_per_host = fit.idle_per_host.or(transport.idle_per_host);
    transport.idle_timeout = fit.idle_timeout.or(transport.idle_timeout);
    if fit.in_flight < wanted {
        voice.line(&format!(
            "{} requests at once instead of {wanted}: this process may open {limit} files (see `ulimit -n`)",
            fit.in_flight
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_and_what_is_idle_fits_under_the_limit() {
        let second = Some(Duration::from_secs(1));
        for (limit, wanted, in_flight, idle, timeout) in [
            (1024, 32, 32, None, None),
            (64, 256, 40, Some(0), None),
            (1024, 256, 256, Some(1), second),
            (400, 256, 256, Some(0), None),
            (10, 8, 1, Some(0), None),
            (u64::MAX, 100_000, 100_000, None, None),
        ] {
            let found = fit(limit, NonZeroUsize::new(wanted).unwrap());
            assert_eq!(
                (found.in_flight.get(), found.idle_per_host, found.idle_timeout),
                (in_flight, idle, timeout),
                "{limit} {wanted}"
            );
            assert!(found.in_flight.get() + 2 * found.idle <= usize::try_from(limit).unwrap());
        }
    }

    #[test]
    fn what_is_found_out_stays_where_connections_are_kept() {
        let cap = NonZeroUsize::new(1024).unwrap();
        for (limit, most) in [(1024, 240), (20_000, 1024), (100, 32)] {
            let found = comfortable(limit, cap);
            assert_eq!(found.get(), most);
            assert!(limit < 128 || fit(limit, found).idle_per_host.is_none());
        }
    }
}
