//! The program as a process: streams, exit codes, signals, wrong usage.

use std::{fs, process::Command};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::*;

fn list(site: &Site, count: usize) -> String {
    (0..count).map(|n| site.url(&format!("/{n}")) + "\n").collect()
}

#[tokio::test]
async fn wrong_usage_ends_before_anything_is_sent() {
    let site = Site::start(|_| Reply::text("x")).await;
    let url = site.url("/");
    for (flags, told) in [
        (&["--concurency=8"][..], "--concurrency"),
        (&["--timeout=10parsecs"], "10parsecs"),
        (&["--rate=5"], "5/s"),
        (&["--select=t=h1 >"], "h1 >"),
        (&["--select=nocss"], "NAME=CSS"),
        (&["--with=heders"], "headers"),
        (&["--fields=statsu"], "status"),
        (&["--accept=2yy"], "2yy"),
        (&["--include=("], "("),
        (&["notes.md"], "notes.md"),
        (&["no/such/list.txt"], "list.txt"),
        (&["-c0"], "0"),
        (&["--ipv4", "--ipv6"], "--ipv6"),
        (&["-H", "no colon"], "Name: value"),
        (&["--proxy=nonsense://x"], "proxy"),
        (&["--ca=/no/such/file"], "/no/such/file"),
        (&["-o", "/no/such/dir/out.jsonl"], "/no/such/dir"),
        (&["--format=xml"], "xml"),
        (&["--http=3"], "3"),
        (&["--max-body=much"], "much"),
    ] {
        let run = fetchall([&url[..]].into_iter().chain(flags.iter().copied())).run().await;
        assert_eq!(run.exit, 2, "{flags:?}: {run}");
        assert!(run.stderr.contains(told), "{flags:?}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{flags:?}");
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_bare_word_is_kept_for_commands() {
    let run = fetchall(["fecth"]).run().await;
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("fetch") && run.stderr.contains("./fecth"), "{}", run.stderr);
    let run = fetchall(["-c", "8", "demo"]).run().await;
    assert_eq!(run.exit, 2, "a flag before a command must not be lost: {run}");
}

#[tokio::test]
async fn help_fits_a_screen_and_says_everything() {
    let short = fetchall(["-h"]).run().await;
    let lines: Vec<&str> = short.text().lines().collect();
    assert!(short.exit == 0 && lines.len() <= 45 && lines.iter().all(|line| line.chars().count() <= 80), "{short}");
    let long = fetchall(["--help"]).run().await;
    for flag in ["--concurrency", "--retry-after-max", "--private-ips", "--url-column", "--ordered"] {
        assert!(long.text().contains(flag), "{flag}");
    }
    assert!(fetchall(["--version"]).run().await.text().starts_with("fetchall "));
    assert_eq!(fetchall(["explain", "dns.not_found"]).run().await.exit, 0);
    assert_eq!(fetchall(["explain", "dns.notfound"]).run().await.exit, 2);
    let schema: Value = serde_json::from_str(fetchall(["schema", "fetch"]).run().await.text()).unwrap();
    assert_eq!(schema, fetchall::model::record::schema());
}

#[tokio::test]
async fn formats_and_files() {
    let site = Site::start(|_| Reply::html("<title>=cmd|x</title>")).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let url = site.url("/");
    let out = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    for (name, check) in
        [("o.json", "["), ("o.csv", "seq,ok,"), ("o.tsv", "seq\tok\t"), ("o.jsonl", "{\"v\":1"), ("o.txt", "200 ")]
    {
        let path = out(name);
        let run = fetchall([&url[..], "-o", &path]).run().await;
        let text = fs::read_to_string(&path).unwrap();
        assert!(run.exit == 0 && run.stdout.is_empty() && text.starts_with(check), "{name}: {text}");
    }
    let array: Value = serde_json::from_str(&fs::read_to_string(out("o.json")).unwrap()).unwrap();
    assert_eq!(array[0]["status"], 200);
    assert!(fs::read_to_string(out("o.csv")).unwrap().contains("'=cmd|x"));
    let path = out("o.jsonl");
    fetchall([&url[..], "-o", &path, "--append"]).run().await;
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    let run = fetchall([&url[..], "--fields=status,error.code,timings.total_ms"]).run().await;
    let row: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((row.as_object().unwrap().len(), &row["status"], &row["error.code"]), (3, &json!(200), &Value::Null));
    let run = fetchall([&url[..], "-f", "none"]).run().await;
    assert!(run.exit == 0 && run.stdout.is_empty());
    for name in ["o.jsonl", "o.json", "o.csv", "o.tsv"] {
        let again = fetchall([out(name)]).run().await;
        assert_eq!(again.record(0)["status"], 200, "{name} is valid input: {again}");
    }
}

#[tokio::test]
async fn sources_of_every_kind_in_one_run() {
    let site = Site::start(|_| Reply::text("x")).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let write = |name: &str, text: String| {
        fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name).to_str().unwrap().to_owned()
    };
    let txt = write("list.txt", format!("\u{feff}# comment\r\n\r\n  {}\r\nexa mple\n", site.url("/txt")));
    let csv = write("list.csv", format!("name,link\na,{}\n", site.url("/csv")));
    let jsonl = write("list.jsonl", format!("{{\"url\": \"{}\"}}\n{{bad\n", site.url("/jsonl")));
    let args = [&txt[..], &csv, &jsonl, "-", &site.url("/literal"), "--url-column=link"];
    let run = fetchall(args).stdin(format!("link\n{}\n", site.url("/stdin"))).run().await;
    assert_eq!(run.records().len(), 7, "{run}");
    for path in ["/txt", "/csv", "/jsonl", "/stdin", "/literal"] {
        assert_eq!(site.hits(path), 1, "{path}: {run}");
    }
    assert_eq!(run.record(1)["error"]["code"], "url.invalid");
}

#[tokio::test]
async fn a_pipe_is_read_as_it_comes() {
    let site = Site::start(|_| Reply::text("x")).await;
    let mut child = fetchall(["-"]).open_stdin().start();
    for n in 0..3 {
        child.write(format!("{}\n", site.url(&format!("/{n}")))).await;
        let line = child.line().await.unwrap();
        assert_eq!(checked(&line)["seq"], n, "a record must not wait for the end of the input");
    }
    child.end_input();
    assert_eq!(child.wait().await.exit, 0);
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_run_quietly() {
    let site = Site::start(|_| Reply::text("x").after(ms(20))).await;
    let mut child = fetchall(["-", "-c4"]).stdin(list(&site, 5000)).start();
    child.line().await.unwrap();
    child.close_stdout();
    let run = child.wait().await;
    assert_eq!((run.exit, run.signal), (0, None), "{run}");
    assert!(run.wall < secs(3), "{:?}", run.wall);
    assert!(!run.stderr.to_lowercase().contains("panic") && !run.stderr.contains("Broken pipe"), "{}", run.stderr);
    assert!(site.asks().len() < 1000);
    // Nothing is being written, so only a watch on the pipe can tell.
    let mute = Site::start(|_| Reply::text("x").after(secs(20))).await;
    let mut child = fetchall([mute.url("/")]).start();
    tokio::time::sleep(ms(500)).await;
    child.close_stdout();
    let run = child.wait().await;
    assert!(run.exit == 0 && run.wall < secs(3), "{run}");
}

#[tokio::test]
async fn signals_end_a_run_with_whole_lines() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let site = Site::start(|ask| match ask.path.as_str() {
            "/1" => Reply::text("x").after(secs(30)),
            _ => Reply::text("x").after(ms(100)),
        })
        .await;
        let mut child = fetchall(["-", "-c4"]).stdin(list(&site, 200)).start();
        child.line().await.unwrap();
        child.signal(signal);
        let run = child.wait().await;
        assert_eq!(run.exit, code, "{run}");
        assert!(run.wall < secs(7), "{:?}", run.wall);
        let records = run.records();
        assert!(records.iter().any(|record| record["error"]["code"] == "cancelled"));
        assert!(site.asks().len() < 30);
    }
    let mute = Site::start(|_| Reply::text("x").after(secs(30))).await;
    let child = fetchall([mute.url("/")]).start();
    tokio::time::sleep(ms(400)).await;
    child.signal(Signal::INT);
    tokio::time::sleep(ms(200)).await;
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert!(run.exit == 130 && run.wall < secs(2), "{run}");
}

#[tokio::test]
async fn a_full_disk_is_exit_3_and_names_the_place() {
    let site = Site::start(|_| Reply::text("x")).await;
    let run = fetchall([&site.url("/")[..], "-o", "/dev/full"]).run().await;
    assert_eq!(run.exit, 3, "{run}");
    assert!(run.stderr.contains("/dev/full"), "{}", run.stderr);
}

/// Runs the binary through a shell, for limits and closed streams.
fn shell(script: &str) -> (i32, String, String) {
    let output = Command::new("bash")
        .args(["-c", script])
        .env("BIN", env!("CARGO_BIN_EXE_fetchall"))
        .env_remove("http_proxy")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_descriptors_are_enough_for_every_url() {
    let site = Site::start(|_| Reply::text("x").after(ms(10))).await;
    let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(file.path(), list(&site, 500)).unwrap();
    let script =
        format!("ulimit -n 64; \"$BIN\" --input-format lines {} -c 256 --per-host 256 -r0", file.path().display());
    let (exit, stdout, stderr) = tokio::task::spawn_blocking(move || shell(&script)).await.unwrap();
    assert_eq!((exit, stdout.lines().count()), (0, 500), "{stderr}");
    assert!(stdout.lines().all(|line| checked(line)["outcome"] == "ok"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_streams_panic_nobody() {
    let site = Site::start(|_| Reply::text("x")).await;
    let script = format!("\"$BIN\" {} 2>&-", site.url("/"));
    let (exit, stdout, _) = tokio::task::spawn_blocking(move || shell(&script)).await.unwrap();
    assert_eq!((exit, stdout.lines().count()), (0, 1));
    let script = format!("\"$BIN\" {} | head -n 1; echo ${{PIPESTATUS[0]}}", site.url("/"));
    let (_, stdout, _) = tokio::task::spawn_blocking(move || shell(&script)).await.unwrap();
    assert!(stdout.ends_with("0\n"), "{stdout}");
}

#[tokio::test]
async fn the_plan_sends_nothing() {
    let site = Site::start(|_| Reply::text("x")).await;
    let run =
        fetchall(["-", "-n", "--rate-per-host=2/s", "-f", "json"]).stdin(list(&site, 11) + &site.url("/1")).run().await;
    let plan: Value = serde_json::from_str(run.text()).unwrap();
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!((&plan["requests"], &plan["duplicates"]), (&json!(11), &json!(1)), "{plan}");
    assert_eq!(site.connections(), 0);
    let run = fetchall(["-", "-n"]).stdin(list(&site, 3)).run().await;
    assert!(run.text().contains("3") && run.text().contains(&site.addr().to_string()), "{run}");
}

#[tokio::test]
async fn flags_are_read_from_the_environment_too() {
    let site = Site::start(|ask| if ask.hit == 0 { Reply::status(500) } else { Reply::text("x") }).await;
    let run = fetchall([site.url("/")]).env("FETCHALL_RETRIES", "0").env("FETCHALL_USER_AGENT", "me/1").run().await;
    assert_eq!((run.exit, site.hits("/")), (1, 1), "{run}");
    assert_eq!(site.asks()[0].header("user-agent"), Some("me/1"));
    assert_eq!(fetchall([site.url("/")]).env("FETCHALL_RETRIES", "many").run().await.exit, 2);
}

#[tokio::test]
async fn terminals_never_see_control_characters() {
    let site = Site::start(|_| Reply::html("<title>a\u{1b}[31mred\u{202e}x\u{7}</title>")).await;
    let run = fetchall([&site.url("/")[..], "-f", "text"]).run().await;
    assert!(
        !run.text().contains('\u{1b}') && !run.text().contains('\u{202e}') && !run.text().contains('\u{7}'),
        "{run}"
    );
    assert!(run.text().contains("red"));
}
