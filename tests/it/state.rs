//! Runs that are killed, stopped or refused, and go on: by a journal, and by their own records.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::*;

#[tokio::test]
async fn a_run_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing() {
    let lines = 2_000;
    for ordered in [false, true] {
        let place = Place::with(lines).await;
        let mut args = vec!["--state", "run.db", "-o", "out.jsonl", "-q"];
        args.extend(ordered.then_some("--ordered"));
        place.kill_again_and_again(&args, lines).await;
        let run = place.fetchall(&args).run().await;
        assert_eq!(run.exit, 1, "{run}");
        let records = place.records("out.jsonl");
        assert_whole(&records, lines);
        if ordered {
            assert!(records.iter().enumerate().all(|(at, record)| record["seq"] == at));
        }
        let asked = place.site.asks().len();
        // Killed between the end of an answer and its commit, a batch is asked for again.
        assert!(asked <= lines + KILLS * (SLOTS + 64), "{asked} requests");
        // It is done, and says so without asking for anything.
        let run = place.fetchall(&args[..4]).run().await;
        assert!(run.exit == 2 || (run.exit == 1 && run.stderr.contains("everything is done")), "{run}");
        assert_eq!(place.site.asks().len(), asked);
    }
}

#[tokio::test]
async fn a_stopped_run_names_the_command_that_goes_on_and_it_does() {
    let lines = 600;
    for how in [&["--state", "run.db"][..], &[]] {
        let place = Place::with(lines).await;
        let mut args = how.to_vec();
        args.extend(["-o", "out.jsonl", "--rate", "400/s"]);
        let mut child = place.fetchall(&args).start();
        assert!(place.asked(100, &mut child).await);
        child.signal(Signal::INT);
        let run = child.wait().await;
        let told = run.stderr.lines().find_map(|line| line.split_once("to go on: fetchall "));
        let again: Vec<&str> = told.unwrap_or_else(|| panic!("{run}")).1.split(' ').collect();
        assert_eq!(again.contains(&"--resume"), how.is_empty(), "{run}");
        let run = fetchall(&again).dir(&place.dir).run().await;
        assert_eq!(run.exit, 1, "{run}");
        assert_whole(&place.records("out.jsonl"), lines);
        assert!(place.site.asks().len() <= lines + SLOTS, "{}", place.site.asks().len());
    }
}

#[tokio::test]
async fn the_command_that_goes_on_asks_for_the_same_url_whatever_is_in_its_query() {
    let site = Site::start(|_| Reply::text("x").after(secs(30))).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let url = site.url("/?next=//me@h");
    let child = fetchall([&*url, "--state", "run.db", "-o", "out.jsonl"]).dir(&dir).start();
    let end = std::time::Instant::now() + secs(20);
    while site.asks().is_empty() && std::time::Instant::now() < end {
        tokio::time::sleep(ms(50)).await;
    }
    child.signal(Signal::TERM);
    let run = child.wait().await;
    assert!(run.stderr.contains(&format!("to go on: fetchall '{url}' --state run.db")), "{run}");
}

#[tokio::test]
async fn tables_and_arrays_go_on_too() {
    let lines = 300;
    for name in ["out.csv", "out.json"] {
        let place = Place::with(lines).await;
        let args = ["--state", "run.db", "-o", name, "--rate", "400/s"];
        let mut child = place.fetchall(&args).start();
        assert!(place.asked(100, &mut child).await);
        child.signal(Signal::KILL);
        child.wait().await;
        assert_eq!(place.fetchall(&args).run().await.exit, 1);
        let text = fs::read_to_string(place.path(name)).unwrap();
        let whole = match name {
            "out.csv" => text.lines().count() - 1,
            _ => serde_json::from_str::<Vec<Value>>(&text).unwrap().len(),
        };
        assert_eq!(whole, lines + 2, "{name}");
    }
}

#[tokio::test]
async fn a_changed_list_or_another_selector_is_told_before_anything_is_sent() {
    let place = Place::with(40).await;
    let args = ["--state", "run.db", "-o", "out.jsonl"];
    assert_eq!(place.fetchall(&args).run().await.exit, 1);
    let (asked, written) = (place.site.asks().len(), fs::read(place.path("out.jsonl")).unwrap());
    let refused = async |more: &[&str], told: &str| {
        let run = place.fetchall(&[&args, more].concat()).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{more:?}: {run}");
        assert_eq!(fs::read(place.path("out.jsonl")).unwrap(), written);
    };
    refused(&["--select", "t=h1"], "--select was not given, and is t=h1; --restart begins anew").await;
    refused(&["--retry-failed", "--restart"], "--restart").await;
    fs::write(place.path("urls.txt"), place.site.url("/new")).unwrap();
    refused(&[], "urls.txt has changed; --restart begins anew").await;
    assert_eq!(place.site.asks().len(), asked);
    let run = place.fetchall(&[&args[..], &["--restart"]].concat()).run().await;
    assert_eq!((run.exit, place.records("out.jsonl").len()), (0, 1), "{run}");
}

#[tokio::test]
async fn what_failed_is_asked_for_again_on_request() {
    let place = Place::with(60).await;
    for how in [["--state", "run.db"], ["--resume", "out.jsonl"]] {
        let args = [&how[..], &["-o", "out.jsonl"]].concat();
        place.fetchall(&args).run().await;
        let before = place.site.asks().len();
        let run = place.fetchall(&[&args[..], &["--retry-failed", "--accept", "2xx,404"]].concat()).run().await;
        if how[0] == "--state" {
            assert_eq!(run.exit, 2, "--accept shapes records: {run}");
            let run = place.fetchall(&[&args[..], &["--retry-failed"]].concat()).run().await;
            assert_eq!((run.exit, place.site.asks().len()), (1, before + 2), "{run}");
            fs::remove_file(place.path("out.jsonl")).unwrap();
        } else {
            // 7 and 57; the line that is no URL has failed again.
            assert_eq!((run.exit, place.site.asks().len()), (1, before + 2), "{run}");
            let records = place.records("out.jsonl");
            assert_eq!((records.len(), records.iter().filter(|record| record["ok"] == false).count()), (62, 1));
        }
    }
}

#[tokio::test]
async fn a_list_from_a_pipe_must_be_the_same_again() {
    let place = Place::with(0).await;
    let list = |from: usize| (from..from + 50).map(|n| place.site.url(&format!("/{n}")) + "\n").collect::<String>();
    let run = |list: String| fetchall(["-", "--state", "run.db", "-o", "out.jsonl"]).dir(&place.dir).stdin(list).run();
    let first = run(list(0)).await;
    assert_eq!(first.exit, 1, "{first}");
    let asked = place.site.asks().len();
    let again = run(list(0)).await;
    assert_eq!((again.exit, place.site.asks().len()), (1, asked), "{again}");
    let other = run(list(1)).await;
    assert!(other.exit == 3 && other.stderr.contains("another than the run began with"), "{other}");
    let shorter = run(list(0).lines().take(3).collect::<Vec<_>>().join("\n")).await;
    assert!(shorter.exit == 3 && shorter.stderr.contains("shorter"), "{shorter}");
    assert_eq!((place.site.asks().len(), place.records("out.jsonl").len()), (asked, 50));
}

#[tokio::test]
async fn a_state_that_cannot_be_used_is_named_and_left_as_it_is() {
    let place = Place::with(10).await;
    fs::write(place.path("notes.txt"), "notes\n").unwrap();
    fs::write(place.path("bad.jsonl"), "notes\n").unwrap();
    for (args, told) in [
        (&["--state", "notes.txt"][..], "notes.txt is no state"),
        (&["--state", "/no/such/dir/run.db"], "/no/such/dir/run.db"),
        (&["--state", "/dev/full"], "/dev/full"),
        (&["--state", "."], "is no state"),
        (&["--resume", "bad.jsonl"], "bad.jsonl, line 1"),
        (&["--resume", "a.jsonl", "-o", "b.jsonl"], "--output cannot be another file"),
        (&["--resume", "a.csv"], "JSON Lines"),
        (&["--resume", "a.jsonl", "--state", "run.db"], "--state and --resume"),
        (&["--restart"], "--state"),
        (&["--retry-failed"], "--retry-failed needs"),
        (&["--state", "run.db", "-n"], "--dry-run"),
    ] {
        let run = place.fetchall(args).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{args:?}: {run}");
    }
    assert_eq!(place.site.connections(), 0);
    assert_eq!(fs::read(place.path("notes.txt")).unwrap(), b"notes\n");
    assert!(!Path::new(&place.path("a.jsonl")).exists());
}

#[tokio::test]
async fn a_second_process_is_kept_out() {
    let place = Place::with(500).await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "--rate", "300/s"];
    let mut first = place.fetchall(&args).start();
    assert!(place.asked(10, &mut first).await);
    let second = place.fetchall(&args).run().await;
    assert!(second.exit == 2 && second.stderr.contains("in use by another run"), "{second}");
    first.wait().await;
    assert_whole(&place.records("out.jsonl"), 500);
}

#[tokio::test]
async fn a_full_disk_ends_the_run_which_goes_on_when_there_is_room() {
    let place = Place::with(400).await;
    let args = ["--state", "run.db", "-o", "out.jsonl"];
    // Above 64 KiB nothing can be written.
    let limited = format!(
        "ulimit -f 64; exec {} urls.txt -c {SLOTS} --per-host {SLOTS} {}",
        env!("CARGO_BIN_EXE_fetchall"),
        args.join(" ")
    );
    let run = program("bash", ["-c", &limited]).dir(&place.dir).run().await;
    assert_eq!(run.exit, 3, "{run}");
    let stderr = &run.stderr;
    assert!(stderr.contains("out.jsonl") || stderr.contains("run.db"), "{run}");
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert_whole(&place.records("out.jsonl"), 400);
}
