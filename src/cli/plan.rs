//! The dry run: what a run would request, and how long the limits make it take at least.
//!
//! Judges each request as the engine's door does, and sends nothing. Must not know flags.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    time::Duration,
};

use fetchall::{
    Request,
    model::{escape::visible, record::host_key, units::Rate, units::human_duration},
    policy::{
        choose::{Judgement, judge},
        url::seen_key,
    },
    settings::{Dedupe, HostLimits, Limits, Settings},
    source::SourceError,
};
use futures::{StreamExt as _, stream::BoxStream};

/// Hosts that are named; the rest is counted.
const HOSTS_NAMED: usize = 20;

/// What would be done.
#[derive(Debug, Default)]
pub struct Plan {
    hosts: HashMap<String, u64>,
    duplicates: u64,
    excluded: u64,
    unreadable: u64,
    least: Duration,
    /// The flag that makes it take so long.
    because: Option<String>,
}

/// Reads the sources to their end and counts.
///
/// # Errors
/// If a source cannot be read to its end.
pub async fn draw(
    source: BoxStream<'static, Result<Request, SourceError>>,
    settings: &Settings,
) -> Result<Plan, SourceError> {
    let most = settings.choose.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut source = source.take(most);
    let mut plan = Plan::default();
    let mut seen = HashSet::new();
    while let Some(request) = source.next().await {
        plan.count(&request?, settings, &mut seen);
    }
    (plan.least, plan.because) = least_time(&plan.hosts, &settings.limits);
    Ok(plan)
}

impl Plan {
    fn count(&mut self, request: &Request, settings: &Settings, seen: &mut HashSet<u128>) {
        let choose = &settings.choose;
        match judge(request, settings.ask.assume_scheme, choose) {
            Judgement::Faulty(_) => self.unreadable += 1,
            Judgement::Unwanted(..) => self.excluded += 1,
            Judgement::Wanted(url) => {
                let mut is_new = || seen.insert(seen_key(request, &url, &settings.ask.method, 0));
                if choose.dedupe == Dedupe::Url && !is_new() {
                    self.duplicates += 1;
                } else {
                    *self.hosts.entry(host_key(&url)).or_default() += 1;
                }
            }
        }
    }

    fn requests(&self) -> u64 {
        self.hosts.values().sum()
    }

    /// The hosts with the most requests, and how many more there are.
    fn top(&self) -> (Vec<(&str, u64)>, usize) {
        let mut hosts: Vec<_> = self.hosts.iter().map(|(host, count)| (host.as_str(), *count)).collect();
        hosts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let more = hosts.len().saturating_sub(HOSTS_NAMED);
        hosts.truncate(HOSTS_NAMED);
        (hosts, more)
    }

    /// For people.
    pub fn text(&self) -> String {
        let (hosts, more) = self.top();
        let mut text = String::new();
        // Writing to a String cannot fail.
        let (requests, many) = (self.requests(), self.hosts.len());
        let (s, hosts_s) = (if requests == 1 { "" } else { "s" }, if many == 1 { "" } else { "s" });
        let _ = writeln!(text, "{requests} request{s} to {many} host{hosts_s}; nothing was sent");
        for (host, count) in hosts {
            let _ = writeln!(text, "{count:>10}  {}", visible(host));
        }
        if more > 0 {
            let _ = writeln!(text, "            and {more} more hosts");
        }
        for (count, what) in [
            (self.duplicates, "duplicates are skipped (--dedupe none fetches them)"),
            (self.excluded, "are left out by --include, --exclude and --since"),
            (self.unreadable, "are no URL that can be fetched; each gets its record"),
        ] {
            if count > 0 {
                let _ = writeln!(text, "{count:>10}  {what}");
            }
        }
        if let Some(because) = &self.because {
            let _ = writeln!(text, "takes at least {}, because of {}", human_duration(self.least), visible(because));
        }
        text
    }

    /// For programs: one JSON object.
    pub fn json(&self) -> String {
        let (hosts, more) = self.top();
        let hosts: Vec<_> = hosts
            .into_iter()
            .map(|(host, requests)| serde_json::json!({ "host": host, "requests": requests }))
            .collect();
        let plan = serde_json::json!({
            "requests": self.requests(),
            "hosts": hosts,
            "more_hosts": more,
            "duplicates": self.duplicates,
            "excluded": self.excluded,
            "unreadable": self.unreadable,
            "least_ms": u64::try_from(self.least.as_millis()).unwrap_or(u64::MAX),
            "because": self.because,
        });
        format!("{plan}\n")
    }
}

/// The least time that the limits allow, and the flag and host that make it so. Only gaps between
/// starts count: how long an answer takes is not known here.
fn least_time(hosts: &HashMap<String, u64>, limits: &Limits) -> (Duration, Option<String>) {
    let total = hosts.values().sum();
    let mut reasons: Vec<(Duration, String)> =
        limits.rate.iter().map(|rate| (at_rate(total, *rate), format!("--rate {rate}"))).collect();
    for (host, count) in hosts {
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        let of_host: &HostLimits = limits.hosts.get(host).or(limits.hosts.get(name)).unwrap_or(&limits.host);
        let gaps = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
        let delay = humantime::format_duration(of_host.delay);
        reasons.push((of_host.delay.saturating_mul(gaps), format!("--delay {delay} for {host}")));
        if let Some(rate) = of_host.rate {
            reasons.push((at_rate(*count, rate), format!("--rate-per-host {rate} for {host}")));
        }
    }
    match reasons.into_iter().max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1))) {
        Some((time, why)) if !time.is_zero() => (time, Some(why)),
        _ => (Duration::ZERO, None),
    }
}

fn at_rate(requests: u64, rate: Rate) -> Duration {
    let periods = requests.saturating_sub(1) as f64 / f64::from(rate.count.get());
    Duration::try_from_secs_f64(rate.per.as_secs_f64() * periods).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn drawn(lines: &[&str], settings: &Settings) -> Plan {
        let requests: Vec<_> = lines.iter().map(|line| Ok(Request::get(*line))).collect();
        futures::executor::block_on(draw(futures::stream::iter(requests).boxed(), settings)).unwrap()
    }

    #[test]
    fn every_request_is_counted_once_and_by_host() {
        let mut settings = Settings::default();
        settings.choose.exclude = vec![regex::Regex::new("secret").unwrap()];
        let lines = ["a.example/1", "a.example/2", "https://a.example/1", "b.example", "ftp://c/", "b.example/secret"];
        let plan = drawn(&lines, &settings);
        assert_eq!((plan.requests(), plan.duplicates, plan.excluded, plan.unreadable), (3, 1, 1, 1));
        assert_eq!(plan.top(), (vec![("a.example", 2), ("b.example", 1)], 0));
        let text = plan.text();
        assert!(text.starts_with("3 requests to 2 hosts; nothing was sent\n         2  a.example\n"), "{text}");
        settings.choose.limit = Some(2);
        assert_eq!(drawn(&lines, &settings).requests(), 2);
    }

    #[test]
    fn the_slowest_limit_says_how_long_it_takes_at_least() {
        let mut settings = Settings::default();
        let lines = ["a/1", "a/2", "a/3", "b/1"];
        assert_eq!(drawn(&lines, &settings).because, None);
        settings.limits.rate = Some("1/s".parse().unwrap());
        assert_eq!(drawn(&lines, &settings).least, Duration::from_secs(3));
        let slow = HostLimits { delay: Duration::from_secs(5), ..settings.limits.host };
        settings.limits.hosts.insert("a".to_owned(), slow);
        let plan = drawn(&lines, &settings);
        assert_eq!((plan.least, plan.because.as_deref()), (Duration::from_secs(10), Some("--delay 5s for a")));
    }

    #[test]
    fn many_hosts_are_counted_instead_of_named() {
        let lines: Vec<String> = (0..25).map(|number| format!("h{number}.example")).collect();
        let plan = drawn(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &Settings::default());
        assert!(plan.text().contains("and 5 more hosts"));
        let json: serde_json::Value = serde_json::from_str(&plan.json()).unwrap();
        assert_eq!((&json["requests"], &json["more_hosts"]), (&25.into(), &5.into()));
    }
}
