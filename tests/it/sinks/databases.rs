//! PostgreSQL and MariaDB, on servers of our own.

use std::{fs, time::Duration};

use serde_json::Value;

use super::server::{Kind, PASSWORD, Server};
use crate::support::*;

/// Lines of the lists.
const LINES: usize = 2_000;

impl Server {
    /// The records of the one run that is there.
    pub fn records(&self) -> Vec<Value> {
        let runs = self.ask("SELECT count(DISTINCT run) FROM fetchall_records");
        assert_eq!(runs, ["1"], "one run");
        let rows = self.ask("SELECT record FROM fetchall_records");
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    fn forget(&self) {
        self.ask("DELETE FROM fetchall_records");
    }
}

#[track_caller]
fn assert_silent(run: &Run) {
    let stdout = String::from_utf8_lossy(&run.stdout);
    assert!(!run.stderr.contains(PASSWORD) && !stdout.contains(PASSWORD), "the password is shown: {run}");
}

async fn keeps_every_record(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let url = server.url();
    every_record_arrives_once(&server, &url).await;
    server.forget();
    killed_again_and_again(&server, &url).await;
    what_databases_refuse(&server, &url).await;
    refused_before_anything_is_sent(&server, kind, &url).await;
}

async fn every_record_arrives_once(server: &Server, url: &str) {
    let place = Place::with(LINES).await;
    let run = place.fetchall(&["-o", "out.jsonl", "--sink", url]).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_silent(&run);
    let records = server.records();
    assert_whole(&records, LINES);
    let sorted = |mut records: Vec<Value>| {
        records.sort_by_key(|record| record["seq"].as_u64());
        records
    };
    // Numbers may be written in another way, and are the same.
    assert!(sorted(records) == sorted(place.records("out.jsonl")), "the records are those of the file");
    let counts =
        "SELECT count(status), count(error_code), count(skip_code), count(started_at), count(total_ms), count(title)
                  FROM fetchall_records";
    let counts = server.ask(counts)[0].replace('\t', "|");
    let not_found = LINES / 50;
    assert_eq!(counts, format!("{LINES}|{}|1|{LINES}|{LINES}|{}", not_found + 1, LINES - not_found));
}

async fn killed_again_and_again(server: &Server, url: &str) {
    let place = Place::with(LINES).await;
    let args = ["--state", "run.db", "--sink", url, "-f", "none", "-q"];
    place.kill_again_and_again(&args, LINES).await;
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_silent(&run);
    assert_whole(&server.records(), LINES);
    let state = fs::read(place.path("run.db")).unwrap();
    assert!(!state.windows(PASSWORD.len()).any(|bytes| bytes == PASSWORD.as_bytes()), "the state has the password");
}

async fn what_databases_refuse(server: &Server, url: &str) {
    server.forget();
    let deep = "[".repeat(60) + &"]".repeat(60);
    let tags = [r#"{"nul":"a\u0000b"}"#.to_owned(), r#"{"much":1e9999}"#.to_owned(), format!(r#"{{"deep":{deep}}}"#)];
    let line = |tags: &String| format!(r#"{{"url":"http://127.0.0.1:9/","id":"a\u0000b","tags":{tags}}}{}"#, '\n');
    let list: String = tags.iter().map(line).collect();
    let run = fetchall(["-", "--exclude", ".", "--sink", url, "-f", "none"]).stdin(list).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(server.ask("SELECT DISTINCT id FROM fetchall_records"), ["a\u{fffd}b"]);
    let tags = server.ask("SELECT tags FROM fetchall_records ORDER BY seq");
    let tags: Vec<Value> = tags.iter().map(|tags| serde_json::from_str(tags).unwrap()).collect();
    assert_eq!((&tags[0]["nul"], &tags[1]["much"]), (&"a\u{fffd}b".into(), &"1e9999".into()));
    assert!(tags[2]["deep"].is_array());
}

async fn refused_before_anything_is_sent(server: &Server, kind: Kind, url: &str) {
    let place = Place::with(5).await;
    let refused = async |url: &str, told: &str| {
        for more in [&[][..], &["-n"], &["--state", "run.db"]] {
            let run = place.fetchall(&[&["--sink", url, "-o", "out.jsonl"], more].concat()).run().await;
            assert_eq!(run.exit, 2, "{run}");
            assert!(more == ["-n"] || run.stderr.contains(told), "{told}: {run}");
            assert_silent(&run);
        }
    };
    let nowhere = server.shown().replace("/records", "/nowhere");
    let wrong = url.replace(&format!(":{PASSWORD}"), &format!(":{PASSWORD}x"));
    refused(&wrong, &server.shown()).await;
    refused(&url.replace("/records", "/nowhere"), &nowhere).await;
    refused(&format!("{url}?password={PASSWORD}"), "there is no `password`").await;
    let (scheme, _) = url.split_once(':').unwrap();
    refused(
        &format!("{scheme}://fetcher:{PASSWORD}@127.0.0.1:9/records"),
        &format!("{scheme}://127.0.0.1:9/records: "),
    )
    .await;
    match kind {
        Kind::Postgres => {
            server.ask("REVOKE INSERT ON fetchall_records FROM fetcher");
            refused(url, "permission denied for table fetchall_records").await;
            server.ask("GRANT INSERT ON fetchall_records TO fetcher");
        }
        Kind::Mariadb => {
            server.admin("REVOKE ALL ON records.* FROM fetcher; GRANT SELECT ON records.* TO fetcher");
            refused(url, "command denied").await;
            server.admin("GRANT ALL ON records.* TO fetcher");
        }
    }
    server.ask("UPDATE fetchall_meta SET value = '2'");
    refused(url, "newer fetchall (version 2)").await;
    server.ask("DROP TABLE fetchall_meta");
    server.ask("DROP TABLE fetchall_records");
    server.ask("CREATE TABLE fetchall_records (a int)");
    refused(url, "another shape: it has no column `run`").await;
    assert_eq!(server.ask("SELECT count(*) FROM fetchall_records"), ["0"]);
    assert_eq!(place.site.connections(), 0, "nothing was sent");
    assert!(!fs::exists(place.path("out.jsonl")).unwrap(), "no file was touched");
}

async fn is_waited_for(kind: Kind) {
    let Some(mut server) = Server::start(kind) else { return };
    let place = Place::with(LINES).await;
    let url = server.url();
    let args = ["--state", "run.db", "--sink", &url, "-f", "none", "--rate", "500/s"];

    // Away for less than the patience: the run is held back, and completes.
    let mut child = place.fetchall(&args).start();
    assert!(place.asked(300, &mut child).await);
    server.down();
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.up();
    let run = child.wait().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_whole(&server.records(), LINES);

    // Away for good: the run ends, and says why.
    server.forget();
    fs::remove_file(place.path("run.db")).unwrap();
    let before = place.site.asks().len();
    let mut child = place.fetchall(&args).start();
    assert!(place.asked(before + 300, &mut child).await);
    server.down();
    let run = child.wait().await;
    assert_eq!(run.exit, 3, "{run}");
    assert!(run.stderr.contains(&server.shown()) && run.stderr.contains("tried again for 30 s"), "{run}");
    assert_silent(&run);

    // Somebody who waits for it with Ctrl-C gets their prompt back.
    server.up();
    let before = place.site.asks().len();
    let mut child = place.fetchall(&args).start();
    assert!(place.asked(before + 100, &mut child).await);
    server.down();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let asked_to_stop = std::time::Instant::now();
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert!(run.signal == Some(2) && asked_to_stop.elapsed() < Duration::from_secs(7), "{run}");

    // And the same command completes it.
    server.up();
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_whole(&server.records(), LINES);
    assert!(server.dir().exists());
}

#[tokio::test]
async fn postgresql_keeps_every_record_once() {
    keeps_every_record(Kind::Postgres).await;
}

#[tokio::test]
async fn mariadb_keeps_every_record_once() {
    keeps_every_record(Kind::Mariadb).await;
}

#[tokio::test]
async fn postgresql_is_waited_for_while_it_is_away() {
    is_waited_for(Kind::Postgres).await;
}

#[tokio::test]
async fn mariadb_is_waited_for_while_it_is_away() {
    is_waited_for(Kind::Mariadb).await;
}
