//! Which statuses are good, for all hosts or for one.
//!
//! Must not know what is thought of the others.

use std::str::FromStr;

use crate::model::units::StatusSet;

/// The statuses that are good (`--accept`).
#[derive(Clone, Debug, Default)]
pub struct Accept {
    everywhere: StatusSet,
    hosts: Vec<(String, StatusSet)>,
}

impl Accept {
    /// These everywhere but at the hosts that have their own; the first host that fits counts.
    pub fn new(everywhere: StatusSet, hosts: Vec<HostAccept>) -> Self {
        Accept { everywhere, hosts: hosts.into_iter().map(|HostAccept(host, set)| (host, set)).collect() }
    }

    /// Whether a status is good at a host (`host` or `host:port`).
    pub fn takes(&self, host: &str, status: u16) -> bool {
        let own = self.hosts.iter().find(|(pattern, _)| fits(pattern, host));
        own.map_or(&self.everywhere, |(_, set)| set).contains(status)
    }
}

/// `HOST=SET`, for example `*.example.com=2xx,403`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAccept(String, StatusSet);

impl FromStr for HostAccept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Ranges have `=` too (`200..=299`): what stands before it is then no host.
        match text.split_once('=') {
            Some((host, set)) if !host.is_empty() && !host.ends_with("..") => {
                Ok(HostAccept(host.trim().to_ascii_lowercase(), set.parse()?))
            }
            _ => Err(format!("`{text}` is not a host with statuses; write example.com=2xx,403")),
        }
    }
}

/// `*.example.com` is every host below it; a pattern without port takes every port.
fn fits(pattern: &str, host: &str) -> bool {
    let bare = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let names = [Some(host), bare.map(|(name, _)| name)];
    names.into_iter().flatten().any(|name| match pattern.strip_prefix("*.") {
        Some(parent) => name.strip_suffix(parent).is_some_and(|sub| sub.ends_with('.')),
        None => name.eq_ignore_ascii_case(pattern),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_have_statuses_of_its_own() {
        let hosts = ["a.example=2xx,403", "*.b.example=200..=299,999", "[::1]=404"];
        let accept = Accept::new("2xx".parse().unwrap(), hosts.iter().map(|text| text.parse().unwrap()).collect());
        for (host, status, is_good) in [
            ("a.example", 403, true),
            ("a.example:8080", 403, true),
            ("x.a.example", 403, false),
            ("x.b.example", 999, true),
            ("b.example", 999, false),
            ("[::1]:80", 404, true),
            ("c.example", 200, true),
            ("c.example", 403, false),
        ] {
            assert_eq!(accept.takes(host, status), is_good, "{host} {status}");
        }
        for bad in ["2xx", "=2xx", "200..=299", "h=", "h=abc"] {
            assert!(bad.parse::<HostAccept>().is_err(), "{bad}");
        }
    }
}
