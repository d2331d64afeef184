//! `fetchall doctor`: it tells how things are, and sends nothing it was not asked to.

use serde_json::Value;

use super::support::{Reply, Shelf, Site, fetchall};

fn looks(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn everything_is_looked_at_and_said_in_lines_or_as_json() {
    let run = fetchall(["doctor"]).run().await;
    for what in ["version", "descriptors", "cores", "clock", "settings", "proxy", "terminal", "names", "authorities"] {
        assert!(run.text().lines().any(|line| line[4..].trim_start().starts_with(what)), "{what}\n{}", run.text());
    }
    let json = fetchall(["doctor", "-f", "json"]).run().await;
    let looks = looks(json.text());
    assert_eq!(looks.len(), run.text().lines().filter(|line| !line.starts_with(' ')).count());
    assert!(looks.iter().all(|look| look["found"].is_string()), "{looks:?}");
}

#[tokio::test]
async fn a_url_is_tried_once_and_a_failure_is_the_exit_status() {
    let site = Site::start(|_| Reply::text("x").header("date", "Thu, 01 Jan 2015 00:00:00 GMT")).await;
    let good = fetchall(["doctor", &site.url("/"), "-f", "json"]).run().await;
    let found = looks(good.text());
    let tried = found.iter().find(|look| look["what"] == "try").unwrap();
    assert!(tried["level"] == "ok" && tried["found"].as_str().unwrap().contains("200 by HTTP/1.1"), "{tried}");
    let clock = found.iter().rfind(|look| look["what"] == "clock").unwrap();
    assert!(clock["level"] == "warn" && clock["found"].as_str().unwrap().contains("s apart"), "{clock}");
    assert_eq!(site.asks().len(), 1);

    let bad = fetchall(["doctor", "http://127.0.0.1:1/"]).run().await;
    assert!(bad.exit == 1 && bad.text().contains("fetchall explain connect.refused"), "{}", bad.text());
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_with_what_to_do_and_secrets_are_not() {
    let shelf = Shelf::new();
    std::fs::write(shelf.path("fetchall.toml"), "concurency = 1").unwrap();
    let run = shelf
        .fetchall(&["doctor"])
        .env("HTTPS_PROXY", "http://me:sesame@127.0.0.1:1")
        .env("FETCHALL_TIMEOT", "3s")
        .run()
        .await;
    assert_eq!(run.exit, 1, "{}", run.text());
    for part in ["fail  settings", "concurency", "warn  proxy", "did you mean FETCHALL_TIMEOUT?"] {
        assert!(run.text().contains(part), "{part}\n{}", run.text());
    }
    assert!(!run.text().contains("sesame"));
}

#[tokio::test]
async fn a_url_is_tried_with_the_settings_of_fetch_and_a_refusal_is_a_warning() {
    let site = Site::start(|ask| Reply::status(if ask.header("x-key") == Some("told") { 404 } else { 200 })).await;
    let shelf = Shelf::new();
    std::fs::write(shelf.path("fetchall.toml"), "header = \"X-Key: told\"\nmethod = \"POST\"\n").unwrap();
    let run = shelf.fetchall(&["doctor", &site.url("/")]).run().await;
    assert!(run.exit == 0 && run.text().contains("warn  try"), "{}", run.text());
    assert_eq!(site.asks()[0].method, "GET");

    let run = shelf.fetchall(&["doctor", &site.url("/")]).env("FETCHALL_PROXY", "http://127.0.0.1:1").run().await;
    assert!(run.exit == 1 && run.text().contains("proxy.connect"), "{}", run.text());
    let run = shelf.fetchall(&["doctor", "-f", "csv"]).run().await;
    assert_eq!(run.exit, 2, "{}", run.text());
}
