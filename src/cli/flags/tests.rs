//! Flags as typed, and the settings that come of them.

use std::{num::NonZeroUsize, time::Duration};

use clap::Parser as _;
use fetchall::{
    model::{Digest, View, wanted::Rule},
    settings::{
        AUTO_MOST, AUTO_MOST_PER_HOST, Adaptive, AssumeScheme, Cookies, Dedupe, Family, HttpVersions, MaxFailures,
        MinTls, Order, PrivateIps, RetryMethods, RobotsMode, Settings, Verify,
    },
};
use http::Method;

use super::FetchFlags;

#[derive(clap::Parser)]
struct Typed {
    #[command(flatten)]
    flags: FetchFlags,
}

fn resolved(args: &[&str]) -> Settings {
    let typed = Typed::try_parse_from(["fetchall"].iter().chain(args)).unwrap_or_else(|error| panic!("{error}"));
    typed.flags.resolve().unwrap_or_else(|error| panic!("{error}")).0
}

/// The error of clap, or of what the flags are worked into.
fn refused(args: &[&str]) -> String {
    match Typed::try_parse_from(["fetchall"].iter().chain(args)) {
        Err(error) => error.to_string(),
        Ok(typed) => typed.flags.resolve().expect_err("a bad value").to_string(),
    }
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn every_flag_ends_in_the_settings() {
    type Check = fn(&Settings) -> bool;
    let table: &[(&[&str], Check)] = &[
        (&["-c", "7"], |s| s.limits.in_flight.get() == 7),
        (&["-c", "auto"], |s| {
            let limits = &s.limits;
            limits.adaptive == Adaptive::All
                && (limits.in_flight, limits.host.in_flight) == (AUTO_MOST, AUTO_MOST_PER_HOST)
        }),
        (&["-c", "auto", "--per-host", "3", "--adaptive", "on"], |s| {
            s.limits.adaptive == Adaptive::All && s.limits.host.in_flight.get() == 3
        }),
        (&["--adaptive", "on", "-c", "7"], |s| s.limits.adaptive == Adaptive::Hosts && s.limits.in_flight.get() == 7),
        (&["--per-host", "3"], |s| s.limits.host.in_flight.get() == 3),
        (&["--rate", "5/s"], |s| s.limits.rate.is_some_and(|rate| rate.count.get() == 5)),
        (&["--rate-per-host", "2/m"], |s| s.limits.host.rate.is_some_and(|rate| rate.per == secs(60))),
        (&["--delay", "2s"], |s| s.limits.host.delay == secs(2)),
        (&["--delay", "1s,2x"], |s| s.limits.host.delay == secs(1) && s.limits.host.factor.is_some()),
        (&["--max-failures", "5%"], |s| s.choose.max_failures == Some(MaxFailures::Percent(5.0))),
        (&["--fail-fast"], |s| matches!(s.choose.max_failures, Some(MaxFailures::Count(n)) if n.get() == 1)),
        (&["--host-errors", "0"], |s| s.limits.host_errors == 0),
        (&["--robots", "obey"], |s| s.robots == RobotsMode::Obey),
        (&["-t", "3s"], |s| s.times.attempt == secs(3)),
        (&["--connect-timeout", "3"], |s| s.times.connect == secs(3)),
        (&["--headers-timeout", "3"], |s| s.times.headers == Some(secs(3))),
        (&["--read-timeout", "3"], |s| s.times.read == secs(3)),
        (&["--url-timeout", "3"], |s| s.times.url == Some(secs(3))),
        (&["--deadline", "1h30m"], |s| s.times.run == Some(secs(5400))),
        (&["-r", "0"], |s| s.retry.retries == 0),
        (&["--backoff", "1s..2s"], |s| (s.retry.base, s.retry.cap) == (secs(1), secs(2))),
        (&["--retry-after-max", "0"], |s| s.retry.retry_after_max == Duration::ZERO),
        (&["--retry-unsafe"], |s| s.retry.methods == RetryMethods::All),
        (&["--retry-budget", "10%"], |s| s.retry.budget_percent == 10),
        (&["-X", "head"], |s| s.ask.method == Method::HEAD),
        (&["-X", "PURGE"], |s| s.ask.method.as_str() == "PURGE"),
        (&["-H", "X-A: b"], |s| s.ask.headers[0].1 == "b"),
        (&["-H", "h.example=X-A: b"], |s| s.ask.headers.is_empty() && s.ask.host_headers["h.example"][0].1 == "b"),
        (&["-H", "User-Agent: x"], |s| s.ask.user_agent == "x" && s.ask.headers.is_empty()),
        (&["-H", "User-Agent: x", "-A", "y"], |s| s.ask.user_agent == "y"),
        (&["--contact", "https://who.example/"], |s| s.ask.contact.is_some()),
        (&["-d", "a=1", "-d", "b=2"], |s| s.ask.body.as_deref() == Some(b"a=1&b=2") && s.ask.method == Method::POST),
        (&["-d", "x"], |s| s.ask.headers[0].1 == "application/x-www-form-urlencoded"),
        (&["-d", "x", "-H", "Content-Type: text/plain"], |s| s.ask.headers.len() == 1),
        (&["-d", "x", "-X", "PUT"], |s| s.ask.method == Method::PUT),
        (&["--redirects", "0"], |s| s.ask.redirects == 0),
        (&["--max-body", "1KiB"], |s| s.ask.max_body == 1024),
        (&["--assume-scheme", "http"], |s| s.ask.assume_scheme == AssumeScheme::Http),
        (&["--http", "1.1"], |s| s.transport.http == HttpVersions::Http1),
        (&["--http", "2"], |s| s.transport.http == HttpVersions::Http2),
        (&["--ipv4"], |s| s.transport.family == Family::V4),
        (&["--ipv6"], |s| s.transport.family == Family::V6),
        (&["--resolve", "h:80:127.0.0.1"], |s| s.transport.resolve[&("h".to_owned(), 80)].len() == 1),
        (&["-x", "localhost:1", "-x", "h:2"], |s| s.transport.proxies.len() == 2),
        (&["--no-proxy", "*"], |s| s.transport.no_proxy.as_deref() == Some("*")),
        (&["-k"], |s| s.transport.verify == Verify::Nothing),
        (&["--min-tls", "1.3"], |s| s.transport.min_tls == MinTls::V13),
        (&["--cookies", "on"], |s| s.transport.cookies == Cookies::On),
        (&["--cookies", "not-there.txt"], |s| matches!(&s.transport.cookies, Cookies::Jar(jar) if jar.is_empty())),
        (&["--private-ips", "deny"], |s| s.transport.private_ips == PrivateIps::Deny),
        (&["--include", "a", "--include", "b"], |s| s.choose.include.len() == 2),
        (&["--exclude", "a"], |s| s.choose.exclude.len() == 1),
        (&["--accept", "2xx,404"], |s| s.ask.accept.contains(404) && !s.ask.accept.contains(403)),
        (&["--dedupe", "none"], |s| s.choose.dedupe == Dedupe::Off),
        (&["--limit", "9"], |s| s.choose.limit == Some(9)),
        (&["--first", "9"], |s| s.choose.first.is_some_and(|n| n.get() == 9)),
        (&["--select", "next= a[rel=next] "], |s| s.pages.rules == [Rule::css("next", "a[rel=next]")]),
        (&["--select", "all[]=a"], |s| s.pages.rules[0].name == "all[]"),
        (&["--json", "sku=$.a[?@.b == 1]"], |s| s.pages.rules == [Rule::json("sku", "$.a[?@.b == 1]")]),
        (&["--regex", "id=a b = (.)"], |s| s.pages.rules == [Rule::regex("id", "a b = (.)")]),
        (&["--required", "a,items.b", "--required", "a"], |s| s.pages.required == ["a", "items.b"]),
        (&["--view", "meta,text", "--view", "meta"], |s| s.pages.views == [View::Meta, View::Text]),
        (&["--with", "headers,tls", "--with", "links"], |s| {
            let with = s.pages.with;
            with.headers && with.tls && with.links && !with.body && !with.attempts
        }),
        (&["--digest", "off"], |s| s.pages.digest == Digest::Off),
        (&["--ordered"], |s| s.choose.order == Order::Input),
    ];
    let defaults = Settings::default();
    for (args, check) in table {
        assert!(check(&resolved(args)), "{args:?}");
        assert!(!check_or_missing(*check, &defaults), "{args:?} tells nothing from the default");
    }
}

/// Checks index into what a flag adds, which is not there by default.
fn check_or_missing(check: fn(&Settings) -> bool, settings: &Settings) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(settings))).unwrap_or(false)
}

#[test]
fn a_named_host_is_filled_up_from_every_host_in_any_order() {
    let args =
        ["--per-host", "a.example=2", "--rate-per-host", "b.example:443=1/s", "--per-host", "4", "--delay", "1s"];
    let limits = resolved(&args).limits;
    let (a, b) = (limits.hosts["a.example"], limits.hosts["b.example"]);
    assert_eq!((a.in_flight, a.delay, a.rate), (NonZeroUsize::new(2).unwrap(), secs(1), None));
    assert_eq!((b.in_flight.get(), b.delay, b.rate.is_some()), (4, secs(1), true));
}

#[test]
fn the_delay_of_a_named_host_stands_in_place_of_that_of_every_host() {
    let limits = resolved(&["--delay", "a.example=0", "--delay", "b.example=3x", "--delay", "1s,2x"]).limits;
    let said = |host: &str| (limits.hosts[host].delay, limits.hosts[host].factor.map(|factor| factor.to_string()));
    assert_eq!((said("a.example"), said("b.example")), ((secs(0), None), (secs(0), Some("3x".to_owned()))));
    assert_eq!(limits.host.factor.map(|factor| factor.to_string()).as_deref(), Some("2x"));
}

#[test]
fn what_cannot_be_meant_is_refused_in_a_sentence() {
    for (args, sentence) in [
        (&["-c", "0"][..], "neither auto nor a whole number from 1"),
        (&["-c", "auto", "--adaptive", "off"], "contradict each other"),
        (&["-t", "0"], "a time limit of zero would fail every request"),
        (&["--deadline", "0s"], "a time limit of zero"),
        (&["--rate", "5"], "is not a rate; write 5/s"),
        (&["--delay", "2z"], "is not a duration"),
        (&["--delay", "0x"], "is not a factor"),
        (&["--contact", "me"], "--contact: is neither a mail address nor a URL"),
        (&["--backoff", "2s..1s"], "begins above its end"),
        (&["--ipv4", "--ipv6"], "cannot be used with"),
        (&["--fail-fast", "--max-failures", "2"], "cannot be used with"),
        (&["--key", "x"], "--cert"),
        (&["--with", "header"], "did you mean `headers`?"),
        (&["--select", "h1"], "is not NAME=CSS"),
        (&["--select", "a=h1", "--select", "a[]=h2"], "is named twice"),
        (&["--select", "a=h1", "--json", "a=$.b"], "`a` is named twice"),
        (&["--json", "$.b"], "is not NAME=PATH; write sku=$.sku"),
        (&["--regex", "id="], "is not NAME=RE"),
        (&["--view", "markdwn"], "did you mean `markdown`?"),
        (&["--view", "xyz"], "there are meta, jsonld, links, tables, text, markdown"),
        (&["--recipe", "/nonexistent"], "--recipe: cannot read /nonexistent"),
        (&["--include", "("], "unclosed group"),
        (&["-X", "CONNECT"], "tunnels"),
        (&["--max-body", "0"], "would refuse every body"),
        (&["--ca", "/nonexistent"], "--ca: cannot read /nonexistent"),
        (&["--timout", "3s"], "--timeout"),
    ] {
        let told = refused(args);
        assert!(told.contains(sentence), "{args:?}: {told}");
    }
}

#[test]
fn flags_add_to_a_recipe_and_replace_what_has_their_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "required = ['b']\n[select]\na = 'h1'\n'b[]' = 'h2'\n").unwrap();
    let path = file.path().to_str().unwrap();
    let pages = resolved(&["--recipe", path, "--select", "b=h3", "--regex", "c=x", "--required", "c"]).pages;
    assert_eq!(pages.rules, [Rule::css("a", "h1"), Rule::css("b", "h3"), Rule::regex("c", "x")]);
    assert_eq!((pages.required.as_slice(), pages.columns().len()), (&["b".to_owned(), "c".to_owned()][..], 3));
    std::fs::write(&file, "[select]\na = 'h1 >'\n").unwrap();
    let told = refused(&["--recipe", path]);
    assert!(told.starts_with(&format!("--recipe: {path}: line 2, column 10: a: unexpected end")), "{told}");
    assert!(told.contains("\n  a = 'h1 >'\n           ^"), "{told}");
}

#[test]
fn no_refusal_repeats_a_secret() {
    for args in [
        &["-H", "Authorization canary"][..],
        &["-H", "X: \u{1}canary"],
        &["-x", "ftp://u:canary@h"],
        &["-A", "canary\n"],
        &["--contact", "https://u:canary@h.example/"],
    ] {
        let told = refused(args);
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn credentials_of_files_go_to_their_hosts_and_what_is_nearer_wins() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a.example bearer filed\nb.example bearer filed\nb.example header X-K: k\n").unwrap();
    let path = file.path().to_str().unwrap();
    let ask =
        resolved(&["--auth-file", path, "-H", "a.example=Authorization: Bearer typed", "-H", "b.example:81=X: y"]).ask;
    let values = |host: &str| -> Vec<String> {
        ask.host_headers[host].iter().map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(values("a.example"), ["Bearer typed"]);
    assert_eq!(values("b.example"), ["Bearer filed", "k"]);
    assert_eq!(values("b.example:81"), ["y", "Bearer filed", "k"]);
}

#[test]
fn certificates_are_looked_into_before_the_run() {
    let pem = tempfile::NamedTempFile::new().unwrap();
    let path = pem.path().to_str().unwrap();
    std::fs::write(&pem, "not pem").unwrap();
    assert!(refused(&["--ca", path]).contains("holds no certificate in PEM form"));
    let cert = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    std::fs::write(&pem, cert).unwrap();
    assert_eq!(resolved(&["--ca", path]).transport.ca_pem, [cert.as_bytes()]);
    assert!(refused(&["--cert", path]).contains("holds no private key in PEM form"));
    std::fs::write(&pem, format!("{cert}-----BEGIN ENCRYPTED PRIVATE KEY-----\n")).unwrap();
    assert!(refused(&["--cert", path]).contains("is encrypted"));
    std::fs::write(&pem, format!("{cert}-----BEGIN PRIVATE KEY-----\n")).unwrap();
    assert!(resolved(&["--cert", path]).transport.identity_pem.is_some());
}
