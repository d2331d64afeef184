//! Seeing inside a run: `ps`, SIGUSR1, the socket and its end.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::*;

/// A folder for sockets of this test alone. Short, since the path of a socket is.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn run<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Fetchall {
        fetchall(args).env("XDG_RUNTIME_DIR", self.0.path()).env("TMPDIR", self.0.path())
    }

    async fn ps(&self, args: &[&str]) -> Run {
        self.run(["ps"].iter().chain(args)).run().await
    }

    /// What `ps PID` says, by the type of the row.
    async fn rows(&self, pid: u32, kind: &str) -> Vec<Value> {
        let run = self.ps(&[&pid.to_string(), "-f", "jsonl"]).await;
        assert_eq!(run.exit, 0, "{run}");
        let rows = run.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.filter(|row| row["type"] == kind).collect()
    }

    fn socket(&self, pid: u32) -> PathBuf {
        self.0.path().join(format!("fetchall/{pid}.sock"))
    }

    /// Waits until something holds; a minute is for ever.
    async fn until(&self, mut holds: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            assert!(begun.elapsed() < secs(60), "it never comes about");
            tokio::time::sleep(ms(20)).await;
        }
    }

    /// A run of this list that has asked for so much of it.
    async fn started(&self, site: &Site, args: &[&str], list: &str, asked: usize) -> Child {
        let child = self.run(["-"].iter().chain(args)).stdin(list).start();
        let is_seen = || args.contains(&"--control=off") || self.socket(child.pid()).exists();
        self.until(async || site.asks().len() >= asked && is_seen()).await;
        child
    }
}

/// `/slow` never answers by itself, `/later` asks for a pause, all else answers at once.
async fn site() -> Site {
    Site::start(|ask| match ask.path.split('?').next().unwrap_or_default() {
        "/slow" => Reply::text("x").after(secs(50)),
        "/later" => Reply::status(429).header("retry-after", "40"),
        _ => Reply::text("x").after(ms(30)),
    })
    .await
}

fn other_name(site: &Site, path: &str) -> String {
    site.url(path).replace("127.0.0.1", "localhost")
}

#[tokio::test]
async fn a_run_is_listed_with_what_it_does_and_what_waits() {
    let (site, folder) = (site().await, Folder::new());
    let mut list = format!("{}\n{}\n", site.url("/slow"), other_name(&site, "/later"));
    list += &format!("{}\n", site.url("/slow?b").replace("http://", "http://me:secret@"));
    (0..50).for_each(|n| list += &format!("{}\n", other_name(&site, &format!("/{n}"))));
    let child = folder.started(&site, &["--per-host=1", "-o", "/dev/null"], &list, 2).await;
    let pid = child.pid();
    folder.until(async || folder.rows(pid, "live").await.iter().any(|row| row["wait_for"] == "retry_after")).await;
    let run = &folder.rows(pid, "run").await[0];
    assert_eq!(
        (&run["v"], &run["command"], &run["state"], &run["read"]),
        (&1.into(), &"fetch".into(), &"running".into(), &53.into())
    );
    assert_eq!((&run["sources"][0], &run["concurrency"], &run["in_flight"]), (&"-".into(), &32.into(), &1.into()));
    let rows = folder.rows(pid, "live").await;
    assert!(!format!("{rows:?}").contains("secret"), "{rows:?}");
    let one = |seq: u64| rows.iter().find(|row| row["seq"] == seq).unwrap();
    assert_eq!(
        (&one(0)["state"], &one(0)["attempt"], &one(0)["phase"]),
        (&"fetching".into(), &1.into(), &"headers".into())
    );
    assert_eq!((&one(2)["state"], &one(2)["wait_for"]), (&"waiting".into(), &"host".into()));
    let next = one(1)["next_ms"].as_u64().unwrap();
    assert!(next > 30_000 && next <= 40_000 && one(1)["wait_for"] == "retry_after", "{next}");
    let hosts = folder.rows(pid, "host").await;
    assert_eq!(hosts.len(), 2, "{hosts:?}");
    let all = folder.ps(&["-f", "text"]).await;
    assert!(all.exit == 0 && all.text().contains(&pid.to_string()) && all.text().contains("/53"), "{all}");
    let text = folder.ps(&[&pid.to_string(), "-f", "text", "--limit=3"]).await;
    assert!(text.text().contains("Retry-After, ") && text.text().contains("more requests"), "{text}");
    let nobody = folder.ps(&["1"]).await;
    assert_eq!((nobody.exit, nobody.stdout.len()), (2, 0), "{nobody}");
    assert!(nobody.stderr.contains(&pid.to_string()), "{nobody}");
}

#[tokio::test]
async fn an_exchange_says_what_it_is_at() {
    let drip = |fields: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}content-length: {}\r\n\r\n", body.len());
        Reply::drip([head.as_bytes(), body].concat(), ms(5))
    };
    let folder = Folder::new();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/drip" => drip("", &[b'x'; 5000]),
        "/packed" => {
            drip("content-encoding: gzip\r\n", &gzip(&(0..9999).map(|n| (n * n % 251) as u8).collect::<Vec<_>>()))
        }
        _ => Reply::text("x").after(secs(50)),
    })
    .await;
    let list: String = ["/drip", "/packed", "/slow"].map(|path| site.url(path) + "\n").concat();
    let child = folder.started(&site, &[], &list, 3).await;
    let of = |rows: &[Value], path: &str| {
        let row = rows.iter().find(|row| row["url"].as_str().unwrap().ends_with(path))?;
        Some((row["phase"].as_str()?.to_owned(), row["wire_bytes"].as_u64()?))
    };
    for path in ["/drip", "/packed"] {
        let comes = |rows: &[Value]| of(rows, path).is_some_and(|(phase, bytes)| phase == "body" && bytes > 0);
        folder.until(async || comes(&folder.rows(child.pid(), "live").await)).await;
    }
    assert_eq!(of(&folder.rows(child.pid(), "live").await, "/slow"), Some(("headers".to_owned(), 0)));
}

#[tokio::test]
async fn a_run_does_as_it_is_told_and_has_a_record_for_everything() {
    let (site, folder) = (site().await, Folder::new());
    let mut list: String = (0..200).map(|n| format!("{}\n", site.url(&format!("/{n}")))).collect();
    (0..20).for_each(|n| list += &format!("{}\n", other_name(&site, &format!("/{n}"))));
    let child = folder.started(&site, &["-c1"], &list, 2).await;
    let pid = child.pid().to_string();
    let paused = folder.ps(&[&pid, "--pause"]).await;
    assert!(paused.exit == 0 && paused.stderr.contains("until --resume"), "{paused}");
    folder.until(async || folder.rows(child.pid(), "run").await[0]["in_flight"] == 0).await;
    let asked = site.asks().len();
    assert_eq!(folder.rows(child.pid(), "run").await[0]["state"], "paused");
    let skipped = folder.ps(&[&pid, "--skip-host", "localhost", "-f", "jsonl"]).await;
    let done: Value = serde_json::from_str(skipped.text().trim()).unwrap();
    let count = done["count"].as_u64().unwrap();
    // Hosts take turns, so some were asked for before the pause.
    assert!(done["type"] == "done" && (10..=20).contains(&count), "{done}");
    assert_eq!(site.asks().len(), asked, "nothing is asked while it is paused");
    let faster = folder.ps(&[&pid, "--set", "concurrency=20", "--set", "per-host=20", "--resume"]).await;
    assert!(faster.exit == 0 && faster.stderr.contains("up to 20 at once"), "{faster}");
    for (wrong, told) in [("concurrency=0", "whole number"), ("timeout=5s", "concurrency"), ("fast", "NAME=VALUE")] {
        let run = folder.ps(&[&pid, "--set", wrong]).await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{wrong}: {run}");
    }
    assert_eq!(folder.ps(&["--drain"]).await.exit, 2, "whom?");
    let run = child.wait().await;
    assert_eq!(run.exit, 0, "{run}");
    let records = run.records();
    assert_eq!(records.len(), 220);
    let by_hand = records.iter().filter(|record| record["skip"]["code"] == "budget.host_skipped");
    assert_eq!(by_hand.count() as u64, count);
    assert!(run.wall < secs(8), "200 of 30 ms each, 20 at once: {:?}", run.wall);
}

#[tokio::test]
async fn a_drained_run_finishes_what_it_began_and_can_be_gone_on_with() {
    let (site, folder) = (site().await, Folder::new());
    let list: String = (0..400).map(|n| format!("{}\n", site.url(&format!("/{n}")))).collect();
    let file = folder.0.path().join("list.txt");
    fs::write(&file, &list).unwrap();
    let (file, out) =
        (file.to_str().unwrap().to_owned(), folder.0.path().join("out.jsonl").to_str().unwrap().to_owned());
    let state = folder.0.path().join("run.state").to_str().unwrap().to_owned();
    let args = [&file[..], "-o", &out, "--state", &state, "-c2"];
    let child = folder.run(args).start();
    folder.until(async || site.asks().len() > 10 && folder.socket(child.pid()).exists()).await;
    assert_eq!(folder.ps(&[&child.pid().to_string(), "--drain"]).await.exit, 0);
    let run = child.wait().await;
    assert!(run.exit == 5 && run.stderr.contains("drained: ") && run.stderr.contains("to go on: "), "{run}");
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.lines().count() < 400 && written.lines().all(|line| line.contains("\"outcome\":\"ok\"")));
    let again = folder.run(args).run().await;
    assert_eq!(again.exit, 0, "{again}");
    assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 400);
    assert_eq!(site.asks().len(), 400, "each is asked for once");
}

#[tokio::test]
async fn a_signal_shows_what_is_under_way_on_stderr_and_nothing_on_stdout() {
    let (site, folder) = (site().await, Folder::new());
    let list = format!("{}\n{}\n", site.url("/slow"), site.url("/a%1b[2J"));
    let child = folder.started(&site, &["--control=off", "-q"], &list, 2).await;
    child.signal(Signal::USR1);
    tokio::time::sleep(ms(500)).await;
    child.signal(Signal::USR1);
    tokio::time::sleep(ms(500)).await;
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!((run.signal, run.records().len()), (Some(2), 2), "{run}");
    assert!(
        run.stderr.matches("URL").count() == 2 && run.stderr.contains("fetching") && run.stderr.contains("/slow"),
        "{run}"
    );
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
}

#[tokio::test]
async fn no_socket_is_left_that_misleads() {
    let (site, folder) = (site().await, Folder::new());
    let slow = format!("{}\n", site.url("/slow"));
    let done = folder.run([site.url("/")]).run().await;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(fs::read_dir(folder.0.path().join("fetchall")).unwrap().count(), 0, "the end takes it away");

    let child = folder.started(&site, &[], &slow, 2).await;
    let socket = folder.socket(child.pid());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    child.signal(Signal::INT);
    assert_eq!(child.wait().await.signal, Some(2));
    assert!(!socket.exists(), "Ctrl-C too");

    let child = folder.started(&site, &[], &slow, 3).await;
    let pid = child.pid();
    child.signal(Signal::KILL);
    child.wait().await;
    assert!(folder.socket(pid).exists());
    let run = folder.ps(&["-f", "text"]).await;
    assert!(run.exit == 0 && run.stdout.is_empty() && run.stderr.contains("no run of yours"), "{run}");
    assert!(!folder.socket(pid).exists(), "whoever looks removes it");
}

#[tokio::test]
async fn a_run_that_can_have_no_socket_goes_on_without() {
    let site = site().await;
    let folder = Folder::new();
    fs::write(folder.0.path().join("fetchall"), "in the way").unwrap();
    let elsewhere = folder.0.path().join("nowhere");
    let run = |control: &'static [&'static str]| {
        let url = site.url("/");
        let args = [&url[..]].into_iter().chain(control.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
        folder.run(args).env("TMPDIR", &elsewhere).run()
    };
    let silent = run(&[]).await;
    assert!(silent.exit == 0 && !silent.stderr.contains("ps"), "{silent}");
    let told = run(&["--control=on"]).await;
    assert!(told.exit == 0 && told.stderr.contains("`fetchall ps` will not see this run"), "{told}");
    // A folder that others may look into is not used, and whoever asks is told so.
    let open = Folder::new();
    fs::create_dir(open.0.path().join("fetchall")).unwrap();
    fs::set_permissions(open.0.path().join("fetchall"), fs::Permissions::from_mode(0o755)).unwrap();
    let ps = open.ps(&[]).await;
    assert!(ps.exit == 2 && ps.stderr.contains("open to others"), "{ps}");
    let none = Folder::new();
    assert_eq!(none.run([site.url("/"), "--control=off".to_owned()]).run().await.exit, 0);
    assert_eq!(fs::read_dir(none.0.path()).unwrap().count(), 0, "no socket, no folder");
}

#[tokio::test]
async fn clients_that_stall_or_talk_nonsense_harm_nothing() {
    let (site, folder) = (site().await, Folder::new());
    let list: String = (0..300).map(|n| format!("{}\n", site.url(&format!("/{n}")))).collect();
    let child = folder.started(&site, &["-c1"], &list, 1).await;
    let connect = || UnixStream::connect(folder.socket(child.pid())).unwrap();
    let say = |text: &[u8]| {
        let mut stream = connect();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(text).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap_or_default();
        serde_json::from_str::<Value>(&line).unwrap_or_default()
    };
    let told = |reply: Value| reply["message"].as_str().unwrap_or_default().to_owned();
    assert!(told(say(b"nonsense\n")).contains("no question"));
    assert!(told(say(b"{\"v\":2,\"ask\":\"run\"}\n")).contains("version 1"));
    assert!(told(say(b"{\"v\":1,\"ask\":\"kill\"}\n")).contains("kill"));
    assert!(told(say(b"{\"v\":1,\"ask\":\"set\",\"value\":\"rate=fast\"}\n")).contains("fast"));
    assert_eq!(say(&[b'x'; 10_000]), Value::Null, "a line without end is not waited for");
    assert_eq!(say(b"{\"v\":1,\"ask\":\"run\"}\n")["type"], "run");
    // Some say nothing and some go away in the middle; who comes next is served when they are given up.
    connect().write_all(b"{\"v\":1,\"ask\":\"list\",\"most\":100}\n{\"v\":1").unwrap();
    let silent: Vec<_> = (0..8).map(|_| connect()).collect();
    let pid = child.pid().to_string();
    folder.until(async || folder.ps(&[&pid]).await.exit == 0).await;
    drop(silent);
    assert_eq!(folder.ps(&[&pid, "--set=concurrency=50", "--set=per-host=50"]).await.exit, 0);
    let stalled = connect();
    let run = child.wait().await;
    assert!(run.exit == 0 && run.records().len() == 300, "{run}");
    drop(stalled);
}

#[tokio::test]
async fn a_check_and_a_crawl_can_be_seen_and_drained_too() {
    let folder = Folder::new();
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html((0..60).map(|n| format!("<a href='/p{n}'>x</a>")).collect::<String>()),
        _ => Reply::html("x").after(ms(200)),
    })
    .await;
    for args in [["crawl", "--per-host=1"], ["check", "--per-host=1"]] {
        let child = folder.run(args.iter().map(|arg| (*arg).to_owned()).chain([site.url("/")])).start();
        let pid = child.pid();
        folder.until(async || folder.socket(pid).exists() && !folder.rows(pid, "live").await.is_empty()).await;
        assert_eq!(folder.rows(pid, "run").await[0]["command"], args[0]);
        assert_eq!(folder.ps(&[&pid.to_string(), "--drain"]).await.exit, 0);
        let run = child.wait().await;
        assert!(run.exit == 5 && run.wall < secs(10), "{run}");
        assert!(run.stderr.contains("drain"), "{run}");
    }
}

#[tokio::test]
async fn the_whole_screen_needs_a_terminal_of_its_own() {
    let site = site().await;
    for args in [&["--progress=tui"][..], &["--progress=tui", "-q"]] {
        for command in ["fetch", "crawl", "check"] {
            let run =
                fetchall([command].iter().copied().chain(args.iter().copied()).chain([&site.url("/")[..]])).run().await;
            assert!(run.exit == 2 && run.stderr.contains("--progress tui"), "{run}");
        }
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_stderr_that_nobody_reads_keeps_no_record_back() {
    let (site, folder) = (site().await, Folder::new());
    let list: String = (0..2000).map(|n| format!("{}\n", site.url(&format!("/{n}?{}", "x".repeat(300))))).collect();
    let file = folder.0.path().join("list.txt");
    fs::write(&file, list).unwrap();
    let out = folder.0.path().join("out.jsonl");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_fetchall"))
        .args([&file, &PathBuf::from("-o"), &out, &PathBuf::from("--per-host=32")])
        .env("XDG_RUNTIME_DIR", folder.0.path())
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    folder.until(async || folder.socket(pid).exists()).await;
    // Two lists fill the pipe, and then whoever writes there waits for ever.
    let signal = || rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::USR1).unwrap();
    for _ in 0..5 {
        signal();
        tokio::time::sleep(ms(100)).await;
    }
    let lines = || fs::read_to_string(&out).unwrap_or_default().lines().count();
    folder.until(async || lines() == 2000).await;
    child.kill().unwrap();
    child.wait().unwrap();
}
