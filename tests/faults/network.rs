//! Sockets that cannot be had, connections that cannot be made, calls that are interrupted.

use std::collections::BTreeSet;

use crate::{kit::*, support::*};

const LINES: usize = 80;

fn list(site: &Site) -> String {
    (0..LINES).map(|n| site.url(&format!("/{n}")) + "\n").collect()
}

async fn site() -> Site {
    // A body of some size, so that reading and writing it takes several calls; closed now and then.
    Site::start(|ask| {
        let reply = Reply::text(ask.path.repeat(20_000));
        if ask.path.ends_with('3') { reply.then(Then::Close) } else { reply }
    })
    .await
}

/// A run over the list with faults; each URL has its record.
async fn run(site: &Site, rules: &str, more: &[&str]) -> Run {
    let args = ["-", "-c16", "--per-host=16", "--backoff=10ms..50ms", "--host-errors=0", "-q"];
    let run = failing(fetchall(args.iter().chain(more)).stdin(list(site)), rules).run().await;
    let seqs: BTreeSet<u64> = run.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!((run.records().len(), seqs.len()), (LINES, LINES), "{rules}: {run}");
    run
}

fn is_whole(record: &serde_json::Value) -> bool {
    let length = 20_000 * format!("/{}", record["seq"]).len();
    record["outcome"] == "ok" && record["bytes"] == length
}

#[tokio::test]
async fn a_connection_that_fails_once_in_a_while_is_tried_again() {
    for (call, error) in [
        ("connect", REFUSED),
        ("connect", RESET),
        ("connect", TIMED_OUT),
        ("connect", UNREACHABLE),
        ("socket", TOO_MANY_FILES),
        ("socket", NO_FILES),
        ("socket", NO_BUFFERS),
    ] {
        let site = site().await;
        let place = if call == "connect" { ",socket:" } else { "" };
        let run = run(&site, &format!("{call},3,{error}{place}"), &["--retries=20", "--retry-budget=1000%"]).await;
        assert_eq!(run.exit, 0, "{call} {error}: {run}");
        assert!(run.records().iter().all(is_whole), "{call} {error}: {run}");
        assert!(run.records().iter().any(|record| record["attempts"] != 1), "{call} {error}: nothing has failed");
    }
}

#[tokio::test]
async fn where_nothing_can_be_connected_every_url_has_a_record_that_says_so() {
    for (rules, code) in [
        (format!("socket,1,{TOO_MANY_FILES}"), "connect.descriptors"),
        (format!("connect,1,{TOO_MANY_FILES},socket:"), "connect.descriptors"),
        (format!("connect,1,{REFUSED},socket:"), "connect.refused"),
        (format!("connect,1,{UNREACHABLE},socket:"), "connect.unreachable"),
    ] {
        let site = site().await;
        // Descriptors are waited for, since others may give theirs back.
        let run = run(&site, &rules, &["--retries=1", "--url-timeout=500ms"]).await;
        assert_eq!((run.exit, site.connections()), (1, 0), "{run}");
        let is_so = |record: &serde_json::Value| {
            let found = &record["error"]["code"];
            // Who waits for a descriptor may run out of time.
            found == code || (code == "connect.descriptors" && found == "timeout.total")
        };
        assert!(run.records().iter().all(is_so), "{rules}: {run}");
        assert!(run.records().iter().any(|record| record["error"]["code"] == code), "{rules}: {run}");
        assert!(run.wall < secs(10), "{:?}", run.wall);
    }
}

#[tokio::test]
async fn calls_on_sockets_that_are_interrupted_or_do_half_of_their_work_change_nothing() {
    for rules in [
        // Linux interrupts none of these on a socket that does not block; whatever comes is an error to try again.
        format!("send,9,{INTERRUPTED} recv,60,{INTERRUPTED} connect,5,{INTERRUPTED},socket:"),
        format!("write,2,{INTERRUPTED},pipe: open,3,{INTERRUPTED}"),
        format!("write,2,{HALF},pipe:"),
    ] {
        let site = site().await;
        let run = run(&site, &rules, &["--retries=20", "--retry-budget=1000%"]).await;
        assert_eq!(run.exit, 0, "{rules}: {run}");
        assert!(run.records().iter().all(is_whole), "{rules}: {run}");
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_opened_or_a_certificate_store_is_told_before_anything_is_sent() {
    let place = Place::with(5).await;
    let rules = format!("open,1,{TOO_MANY_FILES},{}", place.path("urls.txt"));
    let run = failing(place.fetchall(&[]), &rules).run().await;
    assert!(run.exit == 2 && run.stderr.contains("urls.txt"), "{run}");
    assert_eq!(place.site.connections(), 0);
}

#[tokio::test]
async fn files_that_cannot_be_opened_while_a_run_goes_on_lose_no_url() {
    // Everything that is opened late: the resolver's files, folders, pages. Early ones are told with exit 2.
    for nth in [8, 12, 16, 24, 40] {
        let site = site().await;
        let rules = format!("open,{nth}+,{TOO_MANY_FILES}");
        let run = failing(fetchall(["-", "-c16", "--retries=1", "-q"]).stdin(list(&site)), &rules).run().await;
        match run.exit {
            0 | 1 => assert_eq!(run.records().len(), LINES, "{rules}: {run}"),
            2 => assert!(site.asks().is_empty() && !run.stderr.is_empty(), "{rules}: {run}"),
            _ => panic!("{rules}: {run}"),
        }
    }
}

#[tokio::test]
async fn few_descriptors_are_enough_for_a_crawl_and_a_check() {
    let links: String = (0..300).map(|n| format!("<a href=/{n}>x</a>")).collect();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/" => Reply::html(links.clone()),
        _ => Reply::html("x").after(ms(5)),
    })
    .await;
    let shelf = Shelf::new();
    let pages: Vec<String> =
        (0..40).map(|n| format!("[a]({}) [b](p{}.md)\n", site.url(&format!("/{n}")), n / 2)).collect();
    pages.iter().enumerate().for_each(|(n, page)| std::fs::write(shelf.path(&format!("p{n}.md")), page).unwrap());
    for (args, lines) in [
        (format!("crawl {} --depth=1 --max-pages=9999", site.url("/")), 301),
        (format!("check {} --recurse -f jsonl", site.url("/")), 300),
        ("check . -f jsonl".to_owned(), 80),
    ] {
        let script =
            format!("ulimit -n 64; exec {} {args} -c256 --per-host=256 --retries=0 -q", env!("CARGO_BIN_EXE_fetchall"));
        let run = program("bash", ["-c", &script]).dir(&shelf.0).run().await;
        assert_eq!((run.exit, run.text().lines().count()), (0, lines), "{args}: {run}");
    }
}
