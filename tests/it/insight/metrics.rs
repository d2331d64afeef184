//! `--metrics`: figures that are asked for while a run goes on.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

/// An address where nobody listens, most likely: it was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

async fn ask(address: SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    tokio::time::timeout(secs(20), stream.read_to_end(&mut answer)).await.ok()?.ok()?;
    Some(String::from_utf8(answer).unwrap())
}

async fn get(address: SocketAddr, path: &str) -> Option<String> {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await
}

/// The text of `/metrics` once it has this line.
async fn scrape(address: SocketAddr, line: &str) -> String {
    let end = Instant::now() + secs(30);
    let mut last = None;
    while Instant::now() < end {
        last = get(address, "/metrics").await;
        if let Some(text) = last.as_ref().filter(|text| text.lines().any(|other| other == line)) {
            return text.clone();
        }
        tokio::time::sleep(ms(10)).await;
    }
    panic!("{line} never came: {last:?}");
}

fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn the_figures_of_a_run_are_those_of_its_records_and_of_what_is_under_way() {
    let site = site().await;
    let address = free();
    let mut urls: Vec<String> = (0..30).map(|number| site.url(&format!("/{number}"))).collect();
    urls.extend(["/flaky", "/missing", "/from", "/slow?1", "/slow?2"].map(|path| site.url(path)));
    let slow = Site::start(|_| Reply::text("x").after(secs(20))).await;
    urls.truncate(33);
    urls.extend([slow.url("/1"), slow.url("/2"), "nonsense://x".to_owned()]);
    let metrics = address.to_string();
    let args = ["-", "--backoff=1ms..2ms", "--metrics", &metrics];
    let mut child = fetchall(args).stdin(urls.join("\n")).start();
    let mut records = Vec::new();
    for _ in 0..34 {
        records.push(checked(&child.line().await.unwrap()));
    }
    let text = scrape(address, "fetchall_in_flight 2").await;
    child.signal(Signal::KILL);
    child.wait().await;
    let count = |is: &dyn Fn(&Value) -> bool| records.iter().filter(|record| is(record)).count() as f64;
    for (outcome, code, expected) in
        [("ok", "", 32.0), ("http_error", "http.client_error", 1.0), ("error", "url.scheme", 1.0)]
    {
        let name = format!("fetchall_requests_total{{outcome=\"{outcome}\",code=\"{code}\"}}");
        assert_eq!(value(&text, &name), expected, "{text}");
        assert_eq!(count(&|record| record["outcome"] == outcome), expected);
    }
    let sum = |of: &dyn Fn(&Value) -> f64| records.iter().map(of).sum::<f64>();
    assert_eq!(value(&text, "fetchall_retries_total"), 1.0);
    assert_eq!(value(&text, "fetchall_redirects_total"), 1.0);
    assert_eq!(value(&text, "fetchall_wire_bytes_total"), sum(&|record| record["wire_bytes"].as_f64().unwrap_or(0.0)));
    assert_eq!(value(&text, "fetchall_responses_total{class=\"4xx\"}"), 1.0);
    for phase in ["queue", "connect", "wait", "receive", "total"] {
        let time = |record: &Value| record["timings"][format!("{phase}_ms")].as_f64();
        let seconds = value(&text, &format!("fetchall_phase_seconds_sum{{phase=\"{phase}\"}}"));
        assert!((seconds - sum(&|record| time(record).unwrap_or(0.0)) / 1000.0).abs() < 1e-6, "{phase}\n{text}");
        let has = count(&|record| time(record).is_some());
        assert_eq!(value(&text, &format!("fetchall_phase_seconds_count{{phase=\"{phase}\"}}")), has, "{phase}");
        assert_eq!(value(&text, &format!("fetchall_phase_seconds_bucket{{phase=\"{phase}\",le=\"+Inf\"}}")), has);
    }
    assert_eq!(value(&text, "fetchall_input_total"), 36.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1e6);
    assert!(text.contains("content-type: text/plain; version=0.0.4"), "{text}");
    assert!(!text.contains("127.0.0.1"), "no label has values without end");
}

#[tokio::test]
async fn only_two_paths_are_answered_and_nobody_holds_the_server_up() {
    let site = site().await;
    let address = free();
    let (url, metrics) = (site.url("/slow"), address.to_string());
    let child = fetchall([&*url, "--metrics", &metrics]).start();
    let text = scrape(address, "fetchall_in_flight 1").await;
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    for (request, status) in [
        ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found"),
        ("GET /metrics/../etc HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found"),
        ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405 Method Not Allowed"),
        ("\0nonsense\r\n\r\n", "400 Bad Request"),
    ] {
        let answer = ask(address, request).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:?} {answer}");
    }
    let open = "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\nHost: x\r\n\r\n";
    let answer = ask(address, open).await.unwrap();
    assert!(answer.contains("content-type: application/openmetrics-text") && answer.ends_with("# EOF\n"), "{answer}");
    // more who say nothing than there is room for
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(get(address, "/healthz").await.is_some_and(|answer| answer.ends_with("ok\n")));
    child.signal(Signal::KILL);
    child.wait().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_before_anything_is_sent() {
    let site = site().await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in [&["fetch"][..], &["crawl"], &["check"]] {
        let run = fetchall([command, &[&site.url("/a"), "--metrics", &address]].concat()).run().await;
        assert!(run.exit == 2 && run.stderr.contains(&format!("cannot listen on {address}")), "{run}");
    }
    assert!(site.asks().is_empty());
    let run = fetchall([&*site.url("/a"), "--metrics", "0.0.0.0:0"]).run().await;
    assert!(run.exit == 0 && run.stderr.contains("whoever reaches this machine"), "{run}");
}
