//! `-v`, `--log`, `--log-format`.

use std::{io::Read as _, os::unix::fs::PermissionsExt as _, process::Stdio};

use super::*;

/// What every line of a log in JSON says, first.
fn messages(log: &str) -> Vec<(String, Value)> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    lines.map(|line| (line["message"].as_str().unwrap().to_owned(), line)).collect()
}

fn urls(site: &Site) -> Vec<String> {
    ["/flaky", "/limited", "/from", "/missing", "/private/x", "/a"].map(|path| site.url(path)).to_vec()
}

const QUICK: [&str; 4] = ["--robots=obey", "--backoff=1ms..2ms", "-c1", "-fnone"];

#[tokio::test]
async fn one_v_tells_what_held_a_run_up_and_two_tell_each_exchange() {
    let site = site().await;
    let dir = folder();
    let urls = urls(&site);
    let args = QUICK.iter().copied().chain(urls.iter().map(String::as_str));
    let run = fetchall(args.clone().chain(["--log=run.log", "--log-format=json", "-vv"])).dir(&dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert!(!run.stderr.contains("host pauses"), "{run}");
    let log = messages(&text(dir.path().join("run.log")));
    let told = |message: &str| -> Vec<&Value> {
        log.iter().filter(|(other, _)| other == message).map(|(_, line)| line).collect()
    };
    let one = |message: &str| {
        assert_eq!(told(message).len(), 1, "{message}");
        told(message)[0].clone()
    };
    let retry = one("retry");
    assert_eq!((&retry["url"], &retry["seq"], &retry["attempt"]), (&site.url("/flaky").into(), &0.into(), &1.into()));
    assert_eq!((&retry["code"], &retry["level"]), (&"http.server_error".into(), &"info".into()));
    let pause = one("host pauses");
    assert_eq!((&pause["wait_ms"], &pause["host"]), (&1000.0.into(), &site.addr().to_string().into()));
    assert_eq!(one("redirect")["to"], site.url("/to"));
    assert_eq!(one("robots.txt")["says"], "it has rules");
    assert_eq!(one("refused")["code"], "robots.disallowed");
    assert_eq!((&one("run begins")["in_flight"], &one("run ends")["finished"]), (&1.into(), &6.into()));
    // robots.txt, and what is asked twice or redirected
    let exchanges = told("exchange");
    assert_eq!(exchanges.len(), 9);
    assert!(exchanges.iter().filter(|one| one["reused"] == true).count() >= 5, "{exchanges:#?}");
    for one in &exchanges {
        let sum: f64 = ["connect_ms", "wait_ms", "receive_ms"].iter().filter_map(|phase| one[phase].as_f64()).sum();
        assert!((sum - one["total_ms"].as_f64().unwrap()).abs() < 0.01, "{one}");
    }
    assert_eq!(told("done").len(), 6);

    // Another site, which has not been asked for anything yet.
    let other = self::site().await;
    let urls = self::urls(&other);
    let args = QUICK.iter().copied().chain(urls.iter().map(String::as_str));
    let once = fetchall(args.chain(["-v"])).dir(&dir).run().await;
    for word in [" INFO  retry seq=0 ", "host pauses", "redirect", "robots.txt", "refused"] {
        assert!(once.stderr.contains(word), "{word}: {once}");
    }
    assert!(!once.stderr.contains(" DEBUG ") && !once.stderr.contains("exchange"), "{once}");
    let (log, summary) = (once.stderr.find("run ends"), once.stderr.find("6 URLs"));
    assert!(log.is_some() && log < summary, "the last word is the summary's: {once}");
}

#[tokio::test]
async fn three_tell_what_the_libraries_do_and_none_tells_nothing() {
    let site = site().await;
    let (url, dir) = (site.url("/a"), folder());
    let run = fetchall(["-vvv", &url]).dir(&dir).run().await;
    assert!(run.stderr.contains("hyper_util::client::legacy") && run.stderr.contains("launch seq=0"), "{run}");
    let run = fetchall([&url]).dir(&dir).run().await;
    assert_eq!(run.stderr.lines().next().unwrap().split(' ').next(), Some("1"), "{run}");
    let run = fetchall(["-q", &url]).env("FETCHALL_VERBOSE", "").dir(&dir).run().await;
    assert_eq!(run.stderr, "");
    let run = fetchall([&*url]).env("FETCHALL_VERBOSE", "2").dir(&dir).run().await;
    assert!(run.stderr.contains(" DEBUG exchange "), "{run}");
    fs::write(dir.path().join("fetchall.toml"), "verbose = 1\nlog = 'from-file.log'\n").unwrap();
    let run = fetchall([&*url]).dir(&dir).run().await;
    assert!(run.exit == 0 && text(dir.path().join("from-file.log")).contains("run ends"), "{run}");
}

#[tokio::test]
async fn a_crawl_and_a_check_tell_as_well() {
    let site = site().await;
    for command in ["crawl", "check"] {
        let run = fetchall([command, &site.url("/a"), "-vv"]).run().await;
        assert!(run.exit == 0 && run.stderr.contains(" DEBUG exchange seq=0 "), "{run}");
    }
}

#[tokio::test]
async fn a_log_is_added_to_is_its_owners_alone_and_holds_no_run_up() {
    let site = site().await;
    let (url, dir) = (site.url("/a"), folder());
    for _ in 0..2 {
        let run = fetchall([&*url, "--log", "run.log"]).dir(&dir).run().await;
        assert_eq!(run.exit, 0, "{run}");
    }
    let path = dir.path().join("run.log");
    assert_eq!(text(&path).matches("run begins").count(), 2);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let run = fetchall([&*url, "--log", "/dev/full", "-vvv"]).dir(&dir).run().await;
    assert_eq!((run.exit, run.stderr.matches("cannot write /dev/full").count()), (0, 1), "{run}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_sent() {
    let site = site().await;
    let (url, dir) = (site.url("/a"), folder());
    for (args, word) in [
        (&["-q", "-v"][..], "contradict"),
        (&["--log", "-"], "never to stdout"),
        (&["--log", "no/such/run.log"], "cannot write no/such/run.log"),
        (&["--log", "x", "-o", "x"], "written to already"),
        (&["--log", "x", "--trace", "x"], "written to already"),
        (&["--log-format", "xml", "-v"], "xml"),
    ] {
        let run = fetchall([&[&*url], args].concat()).dir(&dir).run().await;
        assert!(run.exit == 2 && run.stderr.contains(word), "{args:?} {run}");
    }
    assert!(site.asks().is_empty());
}

#[tokio::test]
async fn names_from_outside_do_not_repaint_a_terminal() {
    let site = site().await;
    let dir = folder();
    let list = dir.path().join("li\u{1b}[2Jst.txt");
    fs::write(&list, site.url("/a")).unwrap();
    for format in ["text", "json"] {
        let run = fetchall([list.to_str().unwrap(), "-o", "\u{9b}31m.jsonl", "-vvv", "--log-format", format]);
        let run = run.dir(&dir).run().await;
        assert!(run.stderr.contains("31m.jsonl"), "{run}");
        assert!(!run.stderr.contains(['\u{1b}', '\u{9b}']), "{run}");
    }
}

#[tokio::test]
async fn a_stderr_that_nobody_reads_holds_no_record_up_and_says_what_it_lost() {
    let site = Site::start(|_| Reply::text("x")).await;
    let dir = folder();
    let count = 1_000;
    let list: String = (0..count).map(|number| format!("{}\n", site.url(&format!("/{number}")))).collect();
    fs::write(dir.path().join("list.txt"), list).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_fetchall"))
        .args(["list.txt", "-vvv", "-o", "out.jsonl"])
        .current_dir(&dir)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = dir.path().join("out.jsonl");
    until("every record is there", || text(&out).lines().count() == count).await;
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(told.contains("lines of the log were lost here"), "{}", &told[told.len() - 500..]);
    assert!(told.lines().all(|line| !line.is_empty()));
}
