//! Several proxies: who takes which, and what happens when one fails.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::support::*;

/// A port where nobody listens.
const GONE: &str = "http://127.0.0.1:1";

fn scratch(text: &str) -> String {
    let dir = tempfile::Builder::new().prefix("fetchall-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    let path = dir.join("proxies");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Hosts of their own, each by an address of the loopback network.
async fn sites(count: u8) -> Vec<Site> {
    let mut all = Vec::new();
    for n in 0..count {
        all.push(Site::start_at([127, 0, 1, n + 1], |_| Reply::text("x")).await);
    }
    all
}

fn urls(sites: &[Site], each: usize) -> String {
    let of = |n: usize| sites.iter().map(move |site| site.url(&format!("/{n}")) + "\n");
    (0..each).flat_map(of).collect()
}

fn codes(run: &Run) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for record in run.records() {
        *codes.entry(record["error"]["code"].as_str().unwrap_or("ok").to_owned()).or_default() += 1;
    }
    codes
}

#[tokio::test]
async fn each_host_has_one_proxy_and_the_record_names_it() {
    let sites = sites(40).await;
    let proxies = [Proxy::http(None).await, Proxy::http(Some("user:CANARY")).await, Proxy::socks5().await];
    let urls_of = [proxies[0].url(), proxies[1].url_with("user:CANARY"), proxies[2].url()];
    let flags = urls_of.iter().flat_map(|url| ["-x", url]).chain(["-", "--with=attempts"]);
    let run = fetchall(flags).stdin(urls(&sites, 4)).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 160), "{run}");
    let mut by_host: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in run.records() {
        let proxy = record["proxy"].as_str().unwrap().to_owned();
        assert_eq!(record["attempt_log"][0]["proxy"], proxy);
        by_host.entry(record["host"].as_str().unwrap().to_owned()).or_default().push(proxy);
    }
    assert!(by_host.values().all(|proxies| proxies.iter().all(|proxy| *proxy == proxies[0])), "{by_host:#?}");
    for proxy in &proxies {
        let hosts = by_host.values().filter(|used| used[0] == proxy.url()).count();
        assert!((1..=39).contains(&hosts), "{hosts} of 40 hosts at one of three");
        assert!(!proxy.passed().is_empty());
    }
    let run = fetchall([&sites[0].url("/")[..], "-x", &urls_of[0]]).run().await;
    assert_eq!(run.record(0).get("proxy"), None, "one proxy needs no name");
}

#[tokio::test]
async fn a_proxy_that_is_gone_costs_no_request_and_soon_nothing() {
    let sites = sites(20).await;
    let tls = Site::start_tls(Cert::Good, |_| Reply::text("x")).await;
    let ca = scratch(&ca_pem());
    let alive = Proxy::http(None).await;
    let gone: Vec<String> = (1..=2).map(|port| format!("http://127.0.0.1:{port}")).collect();
    let list = format!("{}{}\n", urls(&sites, 2), tls.url("/"));
    let flags = ["-", "--ca", &ca, "-x", &gone[0], "-x", &alive.url(), "-x", &gone[1], "-r0", "-c1"];
    let run = fetchall(flags).stdin(list).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 41), "{run}");
    for record in run.records() {
        assert_eq!((&record["proxy"], &record["attempts"]), (&json!(alive.url()), &json!(1)));
        let timings = &record["timings"];
        let parts = ["dns_ms", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms"];
        let sum: f64 = parts.iter().filter_map(|part| timings[part].as_f64()).sum();
        assert!((sum - timings["total_ms"].as_f64().unwrap()).abs() < 0.01, "{timings}");
    }
}

#[tokio::test]
async fn credentials_that_are_refused_are_the_proxys_fault() {
    let sites = sites(32).await;
    let tls = Site::start_tls(Cert::Good, |_| Reply::text("x")).await;
    let ca = scratch(&ca_pem());
    let (picky, open) = (Proxy::http(Some("user:pass")).await, Proxy::http(None).await);
    let list = format!("{}{}\n", urls(&sites, 2), tls.url("/"));
    let flags = ["-", "--ca", &ca, "-r0", "-c1", "-x", &picky.url_with("user:CANARY"), "-x", &open.url()];
    let run = fetchall(flags).stdin(list.clone()).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 65), "{run}");
    assert_eq!(picky.passed().len(), 3, "{run}");
    // Where no other is left the code says what was wrong.
    let also = Proxy::http(Some("other:pass")).await;
    let flags = ["-", "--ca", &ca, "-r0", "-c1", "-x", &picky.url_with("user:CANARY"), "-x", &also.url()];
    let run = fetchall(flags).stdin(list).run().await;
    assert_eq!((run.exit, codes(&run)), (1, BTreeMap::from([("proxy.auth".to_owned(), 65)])), "{run}");
    assert_eq!((picky.passed().len(), also.passed().len()), (6, 3), "both rest");
    let message = &run.record(64)["error"]["message"];
    assert!(message.as_str().unwrap().starts_with("all 2 proxies rest after failures, the last: "), "{message}");
    assert!(!run.text().contains("CANARY") && !run.stderr.contains("CANARY"));
}

#[tokio::test]
async fn where_all_proxies_are_gone_the_code_says_so_and_they_are_left_alone() {
    let list: String = (0..20).map(|n| format!("http://h{n}.example/\nhttps://h{n}.example/\n")).collect();
    let run = fetchall(["-", "-c1", "-x", GONE, "-x", "socks5h://127.0.0.1:2"]).stdin(list).run().await;
    assert_eq!((run.exit, codes(&run)), (1, BTreeMap::from([("proxy.connect".to_owned(), 40)])), "{run}");
    let rested = run.records().into_iter().filter(|record| record.get("proxy").is_none()).count();
    assert_eq!(rested, 37, "three tried both, and then both rest: {run}");
    assert!(run.records().iter().all(|record| record["attempts"] == 1));
}

#[tokio::test]
async fn a_server_that_is_gone_puts_no_proxy_to_rest() {
    let tls = Site::start_tls(Cert::Good, |_| Reply::text("x")).await;
    let ca = scratch(&ca_pem());
    let proxies = [Proxy::http(None).await, Proxy::socks5().await];
    let dead: String = (0..12).map(|n| format!("https://127.0.2.{n}:1/\n")).collect();
    let list = format!("{dead}{}\n", tls.url("/"));
    let flags = ["-", "--ca", &ca, "-r0", "-c1", "-x", &proxies[0].url(), "-x", &proxies[1].url()];
    let run = fetchall(flags).stdin(list).run().await;
    assert_eq!((run.exit, run.record(12)["ok"].clone()), (1, Value::from(true)), "{run}");
    assert_eq!(codes(&run)["proxy.connect"], 12, "{run}");
    assert!(proxies.iter().all(|proxy| proxy.passed().len() >= 12), "each was asked for each");
}

#[tokio::test]
async fn what_says_nonsense_or_nothing_is_passed_over() {
    let sites = sites(32).await;
    let nonsense = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bad = format!("socks5://{}", nonsense.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = nonsense.accept().await {
            counted.fetch_add(1, Relaxed);
            stream.write_all(b"SSH-2.0-x\r\n").await.ok();
        }
    });
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = format!("socks5h://{}", silent.local_addr().unwrap());
    let good = Proxy::http(None).await;
    let flags = ["-", "-r0", "-c1", "--connect-timeout=300ms", "-x", &bad, "-x", &good.url(), "-x", &mute];
    let run = fetchall(flags).stdin(urls(&sites, 2)).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 64), "{run}");
    assert!(run.records().iter().all(|record| record["proxy"] == good.url()), "{run}");
    assert_eq!(asked.load(Relaxed), 3, "then it rests");
    assert!(run.wall < secs(3), "the silent one rests as well: {:?}", run.wall);
}

#[tokio::test]
async fn hosts_that_go_around_proxies_go_around_all_of_them() {
    let sites = sites(2).await;
    let (one, two) = (Proxy::http(None).await, Proxy::http(None).await);
    let flags = ["-", "-x", &one.url(), "-x", &two.url(), "--no-proxy"];
    let run = fetchall(flags.into_iter().chain(["127.0.1.1"])).stdin(urls(&sites, 1)).run().await;
    assert_eq!((run.exit, one.passed().len() + two.passed().len()), (0, 1), "{run}");
    assert!(run.record(0).get("proxy").is_none() && run.record(1)["proxy"].is_string());
    let run = fetchall(flags.into_iter().chain(["*"])).stdin(urls(&sites, 1)).env("http_proxy", GONE).run().await;
    assert_eq!((run.exit, one.passed().len() + two.passed().len()), (0, 1), "{run}");
}

#[tokio::test]
async fn proxies_come_from_files_and_a_bad_line_is_named_without_its_secret() {
    let site = Site::start(|_| Reply::text("x")).await;
    let (one, two) = (Proxy::http(Some("u:CANARY")).await, Proxy::http(Some("u:CANARY")).await);
    let file = scratch(&format!("# ours\n\n{}\n{}\n", one.url_with("u:CANARY"), two.url_with("u:CANARY")));
    let at = format!("@{file}");
    for extra in [&["-v"][..], &["-q"], &["--progress=json"], &["-f", "text"], &["--with=headers,attempts"], &["-n"]] {
        let run = fetchall([&site.url("/")[..], "-x", &at].into_iter().chain(extra.iter().copied())).run().await;
        let usage = extra == ["-v"] && run.exit == 2;
        assert!(run.exit == 0 || usage, "{run}");
        assert!(!run.text().contains("CANARY") && !run.stderr.contains("CANARY"), "{run}");
    }
    let run = fetchall([site.url("/")]).env("FETCHALL_PROXY", &at).run().await;
    assert!(run.exit == 0 && run.record(0)["proxy"].is_string(), "{run}");
    let before = one.passed().len() + two.passed().len();
    for (text, told) in [
        ("http://h:1\nhttp://u:CANARY@h:x\n", "line 2: not a proxy"),
        ("http://u:1/CANARY@h:1\n", "line 1: a proxy has no path"),
        ("# nothing\n", "names no proxy"),
    ] {
        let file = scratch(text);
        let run = fetchall([&site.url("/")[..], "-x", &format!("@{file}")]).run().await;
        assert_eq!((run.exit, one.passed().len() + two.passed().len()), (2, before), "{run}");
        assert!(run.stderr.contains(&format!("--proxy: {file}")) && run.stderr.contains(told), "{run}");
        assert!(!run.stderr.contains("CANARY"), "{run}");
    }
    let many: String = (0..257).map(|n| format!("http://h{n}:1\n")).collect();
    let run = fetchall([&site.url("/")[..], "-x", &format!("@{}", scratch(&many))]).run().await;
    assert_eq!(run.exit, 2, "{run}");
    assert!(run.stderr.contains("257 proxies, and at most 256"), "{run}");
}

#[test]
fn nothing_that_can_be_shown_of_a_fetcher_holds_the_credentials_of_its_proxies() {
    let mut settings = fetchall::settings::Settings::default();
    settings.transport.proxies =
        ["http://u:CANARY@h:1", "socks5://u:CANARY@h:2"].map(|url| url.parse().unwrap()).into();
    let fetcher = fetchall::Fetcher::new(settings.clone()).unwrap();
    let shown = format!("{settings:?} {fetcher:#?}");
    assert!(!shown.contains("CANARY") && shown.contains("http://h:1"), "{shown}");
    settings.transport.proxies.truncate(1);
    let shown = format!("{:?}", fetchall::Fetcher::new(settings).unwrap());
    assert!(!shown.contains("CANARY"), "{shown}");
}
