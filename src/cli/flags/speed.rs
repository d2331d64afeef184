//! How much at once, and how fast.

use std::{collections::HashMap, num::NonZeroU32, num::NonZeroUsize};

use fetchall::{
    model::units::Rate,
    settings::{AUTO_MOST, AUTO_MOST_PER_HOST, Adaptive, Delay, HostLimits, Limits, MaxFailures, RobotsMode, Settings},
};

use super::{
    BadFlag,
    values::{self, AtOnce, PerHost},
};

/// Whether limits of hosts adapt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AdaptiveArg {
    /// Below what is set.
    On,
    /// As set.
    Off,
}

/// Whether robots.txt is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RobotsArg {
    /// Ask each origin for it first.
    Obey,
    /// Do not ask for it.
    Ignore,
}

/// Flags of the group "Speed".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Speed")]
pub struct SpeedFlags {
    /// Requests in flight, all hosts [default: 32]
    ///
    /// `auto` finds this number and that of each host out while it runs: it begins with 8 a host,
    /// triples every round trip while that gets more done, and steps back from refusals (429, 503),
    /// failures and slow answers. Up to 1024 in all and 512 a host, or what --per-host says; `crawl` and
    /// `check` keep to what they give a host unless --per-host says more.
    #[arg(short, long, value_name = "N|auto", value_parser = values::at_once)]
    pub concurrency: Option<AtOnce>,
    /// Requests in flight for one host [default: 8]
    ///
    /// `--per-host 4` is for every host, `--per-host example.com=2` for one; may be repeated.
    #[arg(long, value_name = "[HOST=]N", value_parser = values::host_count)]
    pub per_host: Vec<PerHost<NonZeroUsize>>,
    /// Find the number of each host out while it runs, below --per-host [default: off]
    ///
    /// `--concurrency auto` turns it on; `on` does so below a --concurrency that is a number.
    #[arg(long, value_name = "on|off")]
    pub adaptive: Option<AdaptiveArg>,
    /// Starts per time, all hosts: 5/s, 100/m, 5/15s
    ///
    /// Redirects and further tries count like any request.
    #[arg(long, value_name = "R", value_parser = values::rate)]
    pub rate: Option<Rate>,
    /// Starts per time for one host: 2/s, example.com=1/s
    ///
    /// May be repeated, for every host and for named ones.
    #[arg(long, value_name = "[HOST=]R", value_parser = values::host_rate)]
    pub rate_per_host: Vec<PerHost<Rate>>,
    /// Least time between two starts for one host: 500ms, example.com=2s, 2x
    ///
    /// `2x` leaves a host alone for twice as long as its last response took, from the end of that
    /// response on, 30 s at most; `1s,2x` is the larger of both. May be repeated, for every host and for
    /// named ones. A Crawl-delay of robots.txt that is longer counts.
    #[arg(long, value_name = "[HOST=]D", value_parser = values::host_delay)]
    pub delay: Vec<PerHost<Delay>>,
    /// Stop after so many failures, or above that share of the finished
    ///
    /// `--max-failures 10` or `--max-failures 5%`; a share counts once 20 requests are finished.
    /// What was not started is skipped with `budget.failures`, and the exit status is 5.
    #[arg(long, value_name = "N|P%", value_parser = values::max_failures)]
    pub max_failures: Option<MaxFailures>,
    /// Failed connections in a row that give a host up for a while; 0 is never [default: 20]
    #[arg(long, value_name = "N", value_parser = values::number)]
    pub host_errors: Option<u32>,
    /// Stop at the first failure; the same as --max-failures 1
    #[arg(long, conflicts_with = "max_failures")]
    pub fail_fast: bool,
    /// Ask each host for its robots.txt first and obey it [default: ignore]
    ///
    /// What it disallows is skipped with `robots.disallowed` and the line that says so; where it
    /// cannot be had (5xx, no connection) everything of the host is, with `robots.unavailable`, and
    /// the exit status is 1. Its Crawl-delay, up to 30 s, works like --delay.
    #[arg(long, value_name = "obey|ignore", hide_possible_values = true)]
    pub robots: Option<RobotsArg>,
}

impl SpeedFlags {
    /// Fills `limits` and the failures that end the run.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        let limits = &mut settings.limits;
        self.at_once(limits)?;
        limits.rate = self.rate.or(limits.rate);
        limits.host_errors = self.host_errors.unwrap_or(limits.host_errors);
        (limits.host, limits.hosts) = self.host_limits(limits.host);
        settings.robots = match self.robots {
            Some(RobotsArg::Obey) => RobotsMode::Obey,
            Some(RobotsArg::Ignore) => RobotsMode::Ignore,
            None => settings.robots,
        };
        settings.choose.max_failures = match self.fail_fast {
            true => Some(MaxFailures::Count(NonZeroU32::MIN)),
            false => self.max_failures,
        };
        Ok(())
    }

    /// How many at once over all hosts, and which numbers are found out; where all are, the caps are
    /// those of the run unless they are typed.
    fn at_once(&self, limits: &mut Limits) -> Result<(), BadFlag> {
        limits.adaptive = match (self.concurrency, self.adaptive) {
            (Some(AtOnce::Auto), Some(AdaptiveArg::Off)) => {
                return Err(BadFlag::new("--adaptive", "off and --concurrency auto contradict each other"));
            }
            (Some(AtOnce::Auto), _) => Adaptive::All,
            (_, Some(AdaptiveArg::On)) => Adaptive::Hosts,
            (_, Some(AdaptiveArg::Off)) => Adaptive::Off,
            (_, None) => limits.adaptive,
        };
        match self.concurrency {
            Some(AtOnce::Auto) => {
                limits.in_flight = AUTO_MOST;
                // A command that begins with fewer for a host (crawl, check) was not invited there: it
                // takes more where --per-host says so.
                if limits.host.in_flight >= HostLimits::default().in_flight {
                    limits.host.in_flight = AUTO_MOST_PER_HOST;
                }
            }
            Some(AtOnce::Number(number)) => limits.in_flight = number,
            None => {}
        }
        Ok(())
    }

    /// The limits of every host, and of the named ones, each filled up from the former whatever
    /// the order in which they were typed.
    fn host_limits(&self, base: HostLimits) -> (HostLimits, HashMap<String, HostLimits>) {
        let delay = last_for_all(&self.delay).unwrap_or(Delay { least: base.delay, factor: base.factor });
        let every = HostLimits {
            in_flight: last_for_all(&self.per_host).unwrap_or(base.in_flight),
            rate: last_for_all(&self.rate_per_host).or(base.rate),
            delay: delay.least,
            factor: delay.factor,
        };
        let mut named = HashMap::new();
        let mut entry = |host: &String, set: &dyn Fn(&mut HostLimits)| set(named.entry(host.clone()).or_insert(every));
        for (host, value) in each_named(&self.per_host) {
            entry(host, &|limits| limits.in_flight = value);
        }
        for (host, value) in each_named(&self.rate_per_host) {
            entry(host, &|limits| limits.rate = Some(value));
        }
        for (host, value) in each_named(&self.delay) {
            entry(host, &|limits| (limits.delay, limits.factor) = (value.least, value.factor));
        }
        (every, named)
    }
}

fn last_for_all<T: Copy>(given: &[PerHost<T>]) -> Option<T> {
    given.iter().rev().find(|one| one.host.is_none()).map(|one| one.value)
}

fn each_named<T: Copy>(given: &[PerHost<T>]) -> impl Iterator<Item = (&String, T)> {
    given.iter().filter_map(|one| one.host.as_ref().map(|host| (host, one.value)))
}
