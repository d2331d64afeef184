//! What the network is like: names, authorities, and the URLs that are to be tried.

use std::time::{Duration, Instant, SystemTime};

use fetchall::{
    Fetcher, Record, Request,
    fetch::authorities,
    model::{escape::visible, record::Ms},
    settings::{Settings, With},
};
use futures::{StreamExt as _, stream};
use tokio::{net::lookup_host, time::timeout};

use super::Look;

/// A resolver that takes longer holds every new host up.
const SLOW: Duration = Duration::from_secs(1);
/// The longest that is waited for one.
const LONGEST: Duration = Duration::from_secs(5);
/// A difference of clocks that matters.
const SKEW: Duration = Duration::from_secs(60);

/// What can be told without sending anything beyond this machine.
pub async fn looks() -> Vec<Look> {
    vec![names().await, trust()]
}

async fn names() -> Look {
    let what = "names";
    let began = Instant::now();
    let asked = timeout(LONGEST, lookup_host(("localhost", 80))).await;
    let servers = name_servers();
    match asked {
        Ok(Ok(addresses)) if began.elapsed() < SLOW => {
            let found: Vec<String> = addresses.map(|address| address.ip().to_string()).collect();
            Look::ok(what, format!("localhost is {}{servers}", found.join(" and ")))
        }
        Ok(Ok(_)) => Look::warn(
            what,
            format!("the resolver took {:.1?}{servers}", began.elapsed()),
            "see --resolve HOST:PORT:IP",
        ),
        Ok(Err(error)) => {
            Look::fail(what, format!("the resolver does not know localhost: {error}{servers}"), "look at /etc/hosts")
        }
        Err(_) => {
            Look::fail(what, format!("the resolver gave no answer within 5 s{servers}"), "look at /etc/resolv.conf")
        }
    }
}

/// As resolv.conf(5) has them; elsewhere nothing is told.
fn name_servers() -> String {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let servers: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver"))
        .map(str::trim)
        .filter(|ip| !ip.is_empty())
        .collect();
    if servers.is_empty() { String::new() } else { format!("; others are asked of {}", servers.join(", ")) }
}

fn trust() -> Look {
    let found = authorities();
    let faults = if found.faults.is_empty() { String::new() } else { format!("; {}", found.faults.join("; ")) };
    match found.system {
        0 => Look::warn(
            "authorities",
            format!("the system has none, so the {} compiled in count{faults}", found.compiled_in),
            "install the package ca-certificates, or name a file in SSL_CERT_FILE or --ca",
        ),
        count => Look::ok("authorities", format!("{count} of the system{faults}")),
    }
}

/// Fetches each once with these settings, and tells how it went.
///
/// # Errors
/// The client cannot be made.
pub async fn tried(urls: &[String], settings: Settings) -> anyhow::Result<Vec<Look>> {
    let with = With { headers: true, ..With::default() };
    let fetcher = Fetcher::builder().settings(settings).retries(0).with(with).build()?;
    let requests: Vec<Request> = urls.iter().map(|url| Request::get(url.as_str())).collect();
    let mut records: Vec<Record> = fetcher.run(stream::iter(requests)).collect().await;
    records.sort_by_key(|record| record.seq);
    Ok(records.iter().flat_map(|record| [Some(told(record)), clock(record)]).flatten().collect())
}

fn told(record: &Record) -> Look {
    let url = visible(record.url.as_deref().unwrap_or(&record.input)).into_owned();
    if let Some(error) = &record.error
        && record.status.is_none()
    {
        let advice = format!("fetchall explain {}", error.code.name());
        return Look::fail("try", format!("{url}: {} ({})", error.message, error.code.name()), advice);
    }
    let ms = |name: &str, value: Option<Ms>| {
        value.map(|Ms(us)| format!(", {name} {:.1} ms", us as f64 / 1000.0)).unwrap_or_default()
    };
    let timings = &record.timings;
    let phases: String = [
        ms("names", timings.dns_ms),
        ms("connection", timings.connect_ms),
        ms("TLS", timings.tls_ms),
        ms("first byte", timings.wait_ms),
    ]
    .concat();
    let version = record.http_version.map(|version| format!(" by HTTP/{version}")).unwrap_or_default();
    let status = record.status.map(|status| status.to_string()).unwrap_or_default();
    let found = format!("{url}: {status}{version}{phases}");
    match record.status {
        Some(status) if status >= 400 => Look::warn("try", found, "the server was reached, and refused"),
        _ => Look::ok("try", found),
    }
}

/// A server's clock against ours (RFC 9110, section 6.6.1); `None` where they agree, or it tells none.
fn clock(record: &Record) -> Option<Look> {
    let (_, dates) = record.headers.as_ref()?.iter().find(|(name, _)| name == "date")?;
    let theirs = httpdate::parse_http_date(dates.first()?).ok()?;
    let ours = SystemTime::now();
    let skew =
        ours.duration_since(theirs).or_else(|error| Ok::<_, std::time::SystemTimeError>(error.duration())).ok()?;
    (skew > SKEW).then(|| {
        let found = format!(
            "this machine's clock and that of {} are {} s apart",
            record.host.as_deref().unwrap_or("the host"),
            skew.as_secs()
        );
        Look::warn("clock", found, "one of them is wrong: certificates, cookies and caches go by it")
    })
}
