//! Codes and rules that need more than a server to come about: a resolver that fails, a proxy that does not speak,
//! a program that judges, a run that has enough.

use std::{collections::BTreeSet, fs};

use fetchall::{Fetcher, Judgement, Request, model::Code};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::{security::in_world, support::*};

fn codes(run: &Run) -> Vec<String> {
    let mut codes: Vec<_> = run
        .records()
        .iter()
        .map(|record| {
            let code = |key: &str| record[key]["code"].as_str().map(str::to_owned);
            code("error").or(code("skip")).unwrap_or_default()
        })
        .collect();
    codes.sort();
    codes
}

#[tokio::test]
async fn a_resolver_that_fails_or_hangs_is_told_from_a_name_that_is_not() {
    let dns = "again.test=again;slow.test=slow";
    let urls = ["http://again.test/", "http://slow.test/", "http://none.test/"];
    let flags = ["--connect-timeout=400ms", "--retries=0", "--no-proxy=*"];
    let Some((run, connections)) = in_world(dns, &[&urls[..], &flags[..]].concat()).await else { return };
    assert_eq!((run.exit, codes(&run)), (1, vec!["dns.failed".into(), "dns.not_found".into(), "dns.timeout".into()]));
    assert!(connections.is_empty(), "{connections:?}");
}

#[tokio::test]
async fn a_proxy_that_does_not_speak_socks_is_told_from_one_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let speaking = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"220 mail.test ESMTP\r\n").await.ok();
        }
    });
    // `http` proxies that say something else cannot be told from those that refuse: the client does not say.
    let proxy = format!("socks5://127.0.0.1:{port}");
    let run = fetchall(["https://127.0.0.2:9/", "--proxy", &proxy, "--retries=0", "--timeout=5s"]).run().await;
    assert_eq!((run.exit, codes(&run)), (1, vec!["proxy.handshake".to_owned()]), "{run}");
    speaking.abort();
}

#[tokio::test]
async fn what_a_program_judges_to_be_no_answer_yet_is_asked_again_and_says_so() {
    let site = Site::start(|_| Reply::text("Please wait")).await;
    let judged = Fetcher::builder().retries(1).judge(|_| Judgement::retry("a page that says to wait")).build().unwrap();
    let url = site.url("/");
    let record = judged.run(stream::iter([Request::get(url.as_str())])).next().await.unwrap();
    assert_eq!(record.error.map(|error| error.code), Some(Code::HttpNotReady));
    assert_eq!((record.attempts, site.hits("/")), (2, 2));
}

#[tokio::test]
async fn a_run_that_has_its_successes_leaves_the_rest_and_says_why() {
    let site = Site::start(|_| Reply::text("x")).await;
    let urls = ["/a", "/b", "/c"].map(|path| site.url(path));
    let urls = urls.iter().map(String::as_str);
    let run = fetchall(urls.chain(["--first=1", "-c1"])).run().await;
    assert_eq!(
        (run.exit, codes(&run)),
        (0, vec![String::new(), "budget.first".into(), "budget.first".into()]),
        "{run}"
    );
}

fn links(run: &Run) -> Vec<Value> {
    run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_page_over_http_that_is_also_there_over_https_is_insecure() {
    let secure = Site::start_tls(Cert::Good, |_| Reply::text("x")).await;
    let there = secure.url("/page");
    let site = Site::start(move |_| Reply::redirect(301, &there)).await;
    let shelf = Shelf::new();
    fs::write(shelf.path("ca.pem"), ca_pem()).unwrap();
    fs::write(shelf.path("a.md"), format!("[x]({})\n", site.url("/page"))).unwrap();
    let run =
        shelf.fetchall(&["check", "a.md", "-f", "jsonl", "--ca", "ca.pem", "--rule", "insecure=error"]).run().await;
    let found = links(&run);
    assert_eq!((run.exit, found.len()), (1, 1), "{run}");
    assert_eq!(found[0]["rule"], "link.insecure");
    assert_eq!(found[0]["error"]["code"], Code::LinkInsecure.name());
    assert_eq!(found[0]["suggestion"]["url"], secure.url("/page"));
}

#[tokio::test]
async fn pages_that_say_nothing_and_pages_that_ask_for_a_password_are_warned_of() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/gone" => Reply::html("<title>Page not found</title><p id=a>"),
        "/members" => Reply::redirect(302, "/login"),
        _ => Reply::html("<title>fine</title><p id=a>"),
    })
    .await;
    let shelf = Shelf::new();
    let lines = ["/gone", "/members", "/fine"].map(|path| format!("[x]({}#a)\n\n", site.url(path)));
    fs::write(shelf.path("a.md"), lines.concat() + "<!-- fetchall:ignore-next -->\n").unwrap();
    let run = shelf.fetchall(&["check", "a.md", "-f", "jsonl"]).run().await;
    let found = links(&run);
    let rules: BTreeSet<_> = found.iter().filter_map(|link| link["rule"].as_str()).collect();
    assert_eq!(rules, BTreeSet::from(["link.login", "link.soft_404", "link.unused_ignore"]), "{run}");
    let ignore = found.iter().find(|link| link["rule"] == "link.unused_ignore").unwrap();
    assert_eq!(ignore["error"]["code"], "link.ignore", "{ignore}");
}

#[tokio::test]
async fn a_finding_that_was_there_before_is_skipped_by_the_baseline() {
    let shelf = Shelf::new();
    fs::write(shelf.path("a.md"), "[x](gone.md)\n").unwrap();
    let written = shelf.fetchall(&["check", "a.md", "--baseline=old.jsonl", "--update-baseline"]).run().await;
    assert_eq!(written.exit, 0, "{written}");
    let run = shelf.fetchall(&["check", "a.md", "--baseline=old.jsonl", "-f", "jsonl"]).run().await;
    let found = links(&run);
    assert_eq!((run.exit, found.len()), (0, 1), "{run}");
    assert_eq!((&found[0]["outcome"], &found[0]["skip"]["code"]), (&"skipped".into(), &"baseline".into()), "{run}");
}
