//! What somebody meets who tries things out: mistakes that were passed over in silence, and messages that said
//! too much or the wrong thing.

use std::fs;

use serde_json::Value;

use super::support::{Place, Reply, Shelf, Site, fetchall};

#[tokio::test]
async fn a_proxy_variable_that_names_no_proxy_ends_the_run_before_anything_is_sent() {
    let site = Site::start(|_| Reply::html("x")).await;
    let shelf = Shelf::new();
    let (url, page) = (site.url("/"), shelf.path("page.md"));
    fs::write(&page, format!("[x]({url})\n")).unwrap();
    for (name, value) in [
        ("HTTP_PROXY", "socks9://me:CANARY@127.0.0.1:1"),
        ("http_proxy", "http//CANARY:1"),
        ("HTTPS_PROXY", " http://me:CANARY@127.0.0.1:1"),
        ("https_proxy", "   "),
        ("ALL_PROXY", "http://CANARY:99999"),
        ("all_proxy", "http://me:CAN/ARY@127.0.0.1:1"),
    ] {
        let state = ["--state", "s.db"];
        for args in [&["fetch", &url][..], &["crawl", &url, state[0], state[1]], &["check", "page.md"]] {
            let run = shelf.fetchall(args).env(name, value).run().await;
            assert!(run.exit == 2 && run.stderr.contains(&format!("error: {name}: ")), "{args:?} {run}");
            assert!(!run.to_string().contains("ARY"), "{run}");
            assert!(!shelf.path("s.db").exists(), "{run}");
        }
        let run = shelf.fetchall(&["doctor"]).env(name, value).run().await;
        let said = run.text().lines().find(|line| line.starts_with("fail  proxy")).unwrap_or_default();
        assert!(run.exit == 1 && said.contains(name) && !run.text().contains("ARY"), "{}", run.text());
    }
    assert_eq!(site.connections(), 0);
    // What goes around every proxy does not ask which there are, and an empty variable is none.
    let run = fetchall([&url, "--no-proxy", "*"]).env("http_proxy", "socks9://h").run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(fetchall([&url]).env("HTTP_PROXY", "").run().await.exit, 0);
}

#[tokio::test]
async fn a_link_that_was_not_asked_is_not_good() {
    let site = Site::start(|_| Reply::html("x")).await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    fs::write(shelf.path("page.md"), format!("[x]({url})\n")).unwrap();
    let run = shelf.fetchall(&["check", "page.md", "--private-ips", "deny", "-f", "jsonl"]).run().await;
    let record: Value = serde_json::from_str(run.text()).unwrap();
    assert_eq!((run.exit, &record["ok"], &record["rule"]), (1, &Value::Bool(false), &Value::Null), "{run}");
    assert_eq!((&record["error"]["code"], &record["outcome"]), (&"blocked.private_address".into(), &"error".into()));
    let start = fetchall(["check", &url, "--private-ips", "deny"]).run().await;
    assert!(start.exit == 1 && start.text().contains("blocked.private_address"), "{start}");
    assert!(!start.stderr.contains("no links"), "{start}");
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_finished_run_whose_output_is_gone_or_was_cut_says_so() {
    for (args, output) in [
        (&["-o", "out.jsonl"][..], "out.jsonl"),
        (&["-f", "none", "--sink", "out.csv"], "out.csv"),
        (&["-f", "none", "--sink", "sqlite:out.db"], "out.db"),
        (&["-f", "none", "--warc", "out.warc.gz"], "out.warc.gz"),
    ] {
        let place = Place::with(30).await;
        let args = [&["--state", "run.db"], args].concat();
        assert_eq!(place.fetchall(&args).run().await.exit, 1);
        let (asked, file) = (place.site.asks().len(), place.path(output));
        let all = fs::read(&file).unwrap();
        if output != "out.db" {
            fs::write(&file, &all[..all.len() / 2]).unwrap();
            let run = place.fetchall(&args).run().await;
            assert!(run.exit == 2 && run.stderr.contains(&format!("{output} has ")), "{run}");
        }
        fs::remove_file(&file).unwrap();
        let run = place.fetchall(&args).run().await;
        assert!(run.exit == 2 && run.stderr.contains(&format!("error: {output} is gone")), "{run}");
        assert!(run.stderr.contains("begin anew with --restart") && !std::path::Path::new(&file).exists(), "{run}");
        assert_eq!(place.site.asks().len(), asked);
        fs::write(&file, &all).unwrap();
        assert_eq!(place.fetchall(&args).run().await.exit, 1, "it is there again");
        assert_eq!(place.site.asks().len(), asked);
    }
}

#[tokio::test]
async fn an_empty_state_file_does_not_let_records_be_written_over() {
    let place = Place::with(30).await;
    let args = ["--state", "run.db", "-o", "out.jsonl"];
    fs::write(place.path("run.db"), "").unwrap();
    assert_eq!(place.fetchall(&args).run().await.exit, 1, "nothing can be lost where no output is");
    let (before, asked) = (fs::read(place.path("out.jsonl")).unwrap(), place.site.asks().len());
    fs::write(place.path("run.db"), "").unwrap();
    for _ in 0..2 {
        let run = place.fetchall(&args).run().await;
        let told = "run.db is empty, so nothing tells which records out.jsonl has";
        assert!(run.exit == 2 && run.stderr.contains(told), "{run}");
        assert_eq!(fs::read(place.path("out.jsonl")).unwrap(), before);
        assert_eq!(fs::read(place.path("run.db")).unwrap(), b"");
    }
    assert_eq!(place.site.asks().len(), asked);
    let run = place.fetchall(&[&args[..], &["--restart"]].concat()).run().await;
    assert!(run.exit == 1 && place.site.asks().len() > asked, "{run}");
}

#[tokio::test]
async fn what_is_no_file_of_settings_and_what_no_rule_is_called_is_told_by_every_command() {
    let (shelf, site) = (Shelf::new(), Site::start(|_| Reply::text("x")).await);
    let refused = async |told: &str| {
        for args in [
            &["fetch", &*site.url("/")][..],
            &["crawl", &site.url("/")],
            &["check", "."],
            &["extract", "."],
            &["config", "show"],
            &["config", "show", "check"],
        ] {
            let run = shelf.fetchall(args).run().await;
            assert!(run.exit == 2 && run.stderr.contains(told), "{args:?} {run}");
        }
        let run = shelf.fetchall(&["doctor"]).run().await;
        assert!(run.exit == 1 && run.text().contains("fail  settings"), "{}", run.text());
    };
    let name = shelf.path("fetchall.toml");
    fs::create_dir(&name).unwrap();
    refused("fetchall.toml: it is no file").await;
    fs::remove_dir(&name).unwrap();
    std::os::unix::fs::symlink("nowhere", &name).unwrap();
    refused("cannot read").await;
    fs::remove_file(&name).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&name).status().unwrap().success());
    refused("fetchall.toml: it is no file").await;
    fs::remove_file(&name).unwrap();
    fs::write(&name, "[rules]\n\"link.redirectd\" = \"warn\"\n").unwrap();
    refused("did you mean `redirected`?").await;
    fs::write(&name, "[rules]\ndead = \"fatal\"\n").unwrap();
    refused("off, warn or error").await;
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn doctor_tells_values_that_no_command_takes() {
    let shelf = Shelf::new();
    for (text, told) in [
        ("timeout = \"soon\"\n", "fetch, crawl, check would not begin"),
        ("[crawl]\ndepth = -1\n", "crawl would not begin"),
        ("[fetch]\nrate = \"5\"\n", "fetch would not begin"),
    ] {
        fs::write(shelf.path("fetchall.toml"), text).unwrap();
        let run = shelf.fetchall(&["doctor"]).run().await;
        let said = run.text().lines().find(|line| line.starts_with("fail  settings")).unwrap_or_default();
        assert!(run.exit == 1 && said.contains(told) && !said.contains("CANARY"), "{text}{}", run.text());
    }
    fs::write(shelf.path("fetchall.toml"), "timeout = \"5s\"\n[rules]\ndead = \"warn\"\n").unwrap();
    let run = shelf.fetchall(&["doctor"]).run().await;
    assert!(run.text().lines().any(|line| line.starts_with("ok    settings")), "{}", run.text());
}

#[tokio::test]
async fn no_message_repeats_a_password_whatever_stands_in_it() {
    let shelf = Shelf::new();
    fs::write(shelf.path("list.txt"), "mailto:me:CANARY@h\nsip:me:CAN/ARY@h\n").unwrap();
    for url in ["http://me:p/CANARY@h", "http://me:1/CANARY@h", "http://me:p?CANARY@h", "mailto:me:CANARY@h"] {
        for args in [
            &["explain", url][..],
            &["extract", url],
            &["warc", "verify", url],
            &["warc", "index", url],
            &["report", url],
            &["diff", url, url],
            &["config", "show", url],
            &["schema", url],
            &["fetch", "list.txt"],
            &["fetch", "list.txt", "--resume", url],
        ] {
            let run = shelf.fetchall(args).run().await;
            assert!(run.exit != 0 && !run.to_string().contains("ARY"), "{args:?} {run}");
        }
    }
    for url in ["http://me:p/CANARY@h", "http://me:p?CANARY@h"] {
        for command in ["check", "crawl", "fetch"] {
            let run = shelf.fetchall(&[command, url]).run().await;
            assert!(run.exit != 0 && !run.to_string().contains("ARY"), "{command} {run}");
        }
    }
    let run = shelf.fetchall(&["explain", "no-code@2.0"]).run().await;
    assert!(run.stderr.contains("`no-code@2.0`"), "what is no address stays as it is: {run}");
}

#[tokio::test]
async fn a_message_shows_no_credentials_of_an_address_within_another() {
    let site = Site::start(|_| Reply::status(301).header("location", "/there?u=http://me:CANARY@b/")).await;
    let run = fetchall([site.url("/")]).run().await;
    let record = run.record(0);
    let message = record["error"]["message"].as_str().unwrap();
    assert!(message.ends_with(&format!("lead back to {}", site.url("/there?u=http://b/"))), "{run}");
    assert!(!run.stderr.contains("CANARY"), "{run}");
    // It is part of the URL, which a record has whole.
    assert!(record["final_url"].to_string().contains("CANARY"), "{run}");
}

#[tokio::test]
async fn what_is_no_file_is_not_gone_on_with() {
    let site = Site::start(|_| Reply::text("x".repeat(2_000))).await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    fs::write(shelf.path("list.txt"), format!("{url}\n{url}?2\n")).unwrap();
    let run = shelf.fetchall(&["fetch", "list.txt", "-o", "/dev/full", "-f", "jsonl"]).run().await;
    assert!(run.exit == 3 && !run.stderr.contains("--resume"), "{run}");
    let asked = site.asks().len();
    for (resume, told) in [
        ("https://h.example/records.html", "`https://h.example/records.html` is an address"),
        ("/dev/null", "`/dev/null` is no file"),
        (".", "`.` is no file"),
    ] {
        let run = shelf.fetchall(&["fetch", "list.txt", "--resume", resume]).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told) && !run.stderr.contains("--output"), "{run}");
    }
    assert_eq!(site.asks().len(), asked);
}

#[tokio::test]
async fn a_damaged_state_file_is_told_in_one_line_with_the_cause_behind_it() {
    let place = Place::with(400).await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "-q"];
    assert_eq!(place.fetchall(&args).run().await.exit, 1);
    let whole = fs::read(place.path("run.db")).unwrap();
    for (at, bytes) in [(4096, 4096), (whole.len() - 4096, 4096)] {
        let mut damaged = whole.clone();
        damaged[at..at + bytes].fill(0xa5);
        fs::write(place.path("run.db"), damaged).unwrap();
        let run = place.fetchall(&args).run().await;
        let told =
            "error: run.db is damaged and left as it is; put a copy of it back, or begin anew with another file (";
        assert!(run.exit == 2 && run.stderr.starts_with(told), "{at}: {run}");
        assert!(run.stderr.lines().count() == 1 && !run.stderr.contains("***"), "{at}: {run}");
    }
}

/// The URL Standard strips C0 controls and blanks at both ends ("basic URL parser", step 1), and so do browsers; in
/// the middle they are refused. The record keeps what was there.
#[tokio::test]
async fn control_characters_around_a_url_are_no_part_of_it_and_stay_in_the_input() {
    let site = Site::start(|_| Reply::text("x")).await;
    let lines = [
        format!("\0{}\u{1}", site.url("/a")),
        format!("\u{1b}{}", site.url("/b")),
        format!("{}\u{1f}", site.url("/c")),
    ];
    let args = ["-", "-f", "jsonl", "--input-format", "lines"];
    let run = fetchall(args).stdin(lines.join("\n")).run().await;
    for (seq, (line, path)) in lines.iter().zip(["/a", "/b", "/c"]).enumerate() {
        let record = run.record(seq as u64);
        assert_eq!(
            (record["input"].as_str(), record["url"].as_str()),
            (Some(&**line), Some(&*site.url(path))),
            "{run}"
        );
    }
    let run = fetchall(args).stdin(format!("{}\0x\n", site.url("/d"))).run().await;
    assert_eq!((run.exit, &run.record(0)["error"]["code"]), (1, &"url.invalid".into()), "{run}");
    assert_eq!(site.asks().len(), 3);
}

#[tokio::test]
async fn a_list_without_urls_is_done_at_once_and_nothing_has_failed() {
    let shelf = Shelf::new();
    fs::write(shelf.path("list.txt"), "# nothing yet\n\n").unwrap();
    let run = shelf.fetchall(&["list.txt", "-f", "jsonl"]).run().await;
    assert_eq!((run.exit, run.text()), (0, ""), "{run}");
}

/// Data for programs stays data; what is for people is written out, on a terminal or not.
#[tokio::test]
async fn tables_for_programs_have_control_characters_and_formats_for_people_have_none() {
    let site = Site::start(|_| Reply::html("<title>a\u{1b}[31mb\u{9b}2J</title>")).await;
    let url = site.url("/");
    for format in ["csv", "tsv"] {
        let run = fetchall([&url, "-f", format]).run().await;
        assert!(run.text().contains("a\u{1b}[31mb"), "{format}: {run}");
    }
    for format in ["text", "jsonl", "json"] {
        let run = fetchall([&url, "-f", format]).run().await;
        assert!(!run.text().contains(['\u{1b}', '\u{9b}']), "{format}: {run}");
    }
    let shelf = Shelf::new();
    fs::write(shelf.path("page.md"), "[a\u{1b}[31mb\u{9b}2J](gone\u{1b}[2J.md)\n[x](#\u{9b}31m)\n").unwrap();
    for format in ["text", "markdown", "json", "jsonl", "github", "gitlab", "rdjsonl"] {
        let run = shelf.fetchall(&["check", "page.md", "-f", format]).run().await;
        assert!(run.exit == 1 && !run.text().contains(['\u{1b}', '\u{9b}']), "{format}: {run}");
    }
}
