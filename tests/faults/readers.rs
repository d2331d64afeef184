//! Readers of stdout and stderr that are slow, leave, or never come.

use std::{
    fs::{File, OpenOptions},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{kit::*, support::*};

fn list(site: &Site, count: usize) -> String {
    (0..count).map(|n| site.url(&format!("/{n}")) + "\n").collect()
}

/// Requests so far, once no more of them come.
async fn settled(site: &Site) -> usize {
    let mut before = usize::MAX;
    let end = Instant::now() + secs(20);
    while before != site.asks().len() && Instant::now() < end {
        before = site.asks().len();
        tokio::time::sleep(ms(700)).await;
    }
    before
}

#[tokio::test]
async fn a_reader_that_is_slow_holds_new_requests_back_and_loses_nothing() {
    let count = 6_000;
    // Long titles: what a pipe takes is full soon.
    let site = Site::start(|_| Reply::html(format!("<title>{}</title>", "x".repeat(512)))).await;
    let mut child = fetchall(["-", "-c32", "--per-host=32", "-q"]).stdin(list(&site, count)).start();
    for _ in 0..3 {
        child.line().await.unwrap();
        tokio::time::sleep(ms(400)).await;
    }
    let asked = settled(&site).await;
    assert!(asked < count * 2 / 3, "{asked} of {count} requests while nobody reads");
    tokio::time::sleep(secs(1)).await;
    assert_eq!(site.asks().len(), asked, "nothing new is sent while nobody reads");
    let run = child.wait().await;
    assert_eq!((run.exit, run.records().len(), site.asks().len()), (0, count, count), "{}", run.stderr);
    let mut seqs: Vec<u64> = run.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (0..count as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_crawl_and_a_check_wait_for_a_slow_reader_too() {
    let count = 3_000;
    let long = "x".repeat(300);
    let links: String = (0..count).map(|n| format!("<a href=/{n}?{long}>x</a>")).collect();
    for args in [&["crawl", "--depth=1", "--max-pages=9999"][..], &["check", "--recurse", "-f", "jsonl"]] {
        let links = links.clone();
        let site = Site::start(move |ask| match ask.path.as_str() {
            "/" => Reply::html(links.clone()),
            _ => Reply::html("x"),
        })
        .await;
        let mut child = fetchall(args.iter().chain([&&*site.url("/"), &"--per-host=16", &"-q"])).start();
        child.line().await.unwrap();
        let asked = settled(&site).await;
        assert!(asked < count * 9 / 10, "{args:?}: {asked} of {count} requests while nobody reads");
        let run = child.wait().await;
        let lines = run.text().lines().count();
        // A check has a line for each link, a crawl for each page.
        assert!(run.exit == 0 && lines == count + usize::from(args[0] == "crawl"), "{args:?}: {lines} {}", run.stderr);
        assert_eq!(site.asks().iter().filter(|ask| ask.path.contains('?')).count(), count);
    }
}

#[tokio::test]
async fn a_reader_that_leaves_a_crawl_or_a_check_is_noticed_too() {
    let links: String = (0..500).map(|n| format!("<a href=/{n}>x</a>")).collect();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/" => Reply::html(links.clone()),
        _ => Reply::html("x").after(ms(50)),
    })
    .await;
    for args in [
        &["crawl", "--depth=1"][..],
        &["check", "--recurse", "-f", "jsonl"],
        &["check", "--recurse", "-f", "sarif"],
        &["crawl", "--depth=1", "-f", "json"],
    ] {
        let mut child = fetchall(args.iter().chain([&&*site.url("/")])).start();
        tokio::time::sleep(ms(700)).await;
        child.close_stdout();
        let began = Instant::now();
        let run = child.wait().await;
        assert!(run.exit == 0 && began.elapsed() < secs(1), "{args:?} {:?}: {run}", began.elapsed());
        assert!(!run.stderr.contains("error") && !run.stderr.contains("panic"), "{args:?}: {run}");
    }
}

#[tokio::test]
async fn a_reader_that_leaves_is_noticed_within_a_second_whatever_goes_on() {
    // Records that come, servers that keep silent, waits for a turn, a page that is being read.
    let page = format!("<ul>{}", "<li><a href=/x>y</a>".repeat(20_000));
    let site = Site::start(move |ask| match ask.path.as_str() {
        path if path.starts_with("/stall") => Reply::text("x").after(secs(30)),
        path if path.starts_with("/page") => Reply::html(page.clone()),
        _ => Reply::text("x").after(ms(5)),
    })
    .await;
    let first = site.url("/0") + "\n";
    for (rest, flags) in [
        ("/", &["-c4"][..]),
        ("/stall", &["-c4"]),
        ("/", &["--rate=1/m"]),
        ("/page", &["--view=links", "-c4", "--per-host=4"]),
    ] {
        let list: String = (0..500).map(|n| site.url(&format!("{rest}{n}")) + "\n").collect();
        let mut child = fetchall(["-"].iter().chain(flags)).stdin(first.clone() + &list).start();
        child.line().await.unwrap();
        tokio::time::sleep(ms(300)).await;
        child.close_stdout();
        let began = Instant::now();
        let run = child.wait().await;
        assert!(run.exit == 0 && run.signal.is_none(), "{rest} {flags:?}: {run}");
        assert!(began.elapsed() < secs(1), "{rest} {flags:?}: {:?}", began.elapsed());
        assert!(!run.stderr.contains("error") && !run.stderr.contains("panic"), "{rest} {flags:?}: {run}");
    }
}

/// Runs it with these streams; `None` if it did not end in time.
async fn with_streams(site: &Site, args: &[&str], stdout: Stdio, stderr: Stdio) -> Option<(i32, Vec<u8>)> {
    let mut list = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::io::Write::write_all(&mut list, self::list(site, 40).as_bytes()).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_fetchall"));
    command.args(["--input-format=lines"]).arg(list.path()).args(args).stdin(Stdio::null()).kill_on_drop(true);
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).stdout(stdout).stderr(stderr);
    let output = tokio::time::timeout(secs(10), command.spawn().unwrap().wait_with_output()).await.ok()?.unwrap();
    Some((output.status.code().unwrap_or(-1), output.stdout))
}

#[tokio::test]
async fn a_stderr_that_nobody_reads_any_more_costs_no_record() {
    let site = Site::start(|_| Reply::text("x").after(ms(5))).await;
    for flags in [&[][..], &["--progress=json"], &["--progress=plain", "-f", "text"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (exit, stdout) = with_streams(&site, flags, Stdio::piped(), writer.into()).await.unwrap();
        assert_eq!((exit, stdout.iter().filter(|byte| **byte == b'\n').count()), (0, 40), "{flags:?}");
    }
}

#[tokio::test]
async fn an_output_that_is_a_pipe_without_a_reader_waits_for_one_and_is_left_by_a_signal() {
    let site = Site::start(|_| Reply::text("x")).await;
    let shelf = Shelf::new();
    let fifo = shelf.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (url, out) = (site.url("/"), format!("--output={}", fifo.display()));
    // Nobody comes: a signal ends it, and nothing was sent.
    let child = fetchall([&url[..], &out, "-q"]).start();
    tokio::time::sleep(ms(500)).await;
    child.signal(Signal::TERM);
    let run = child.wait().await;
    assert!(run.exit == 143 && run.wall < secs(2), "{run}");
    // Somebody comes late, and has every record.
    let child = fetchall([&url[..], &out, "-q", "-f", "jsonl"]).start();
    tokio::time::sleep(ms(300)).await;
    let text = tokio::task::spawn_blocking(move || std::io::read_to_string(File::open(fifo).unwrap()).unwrap());
    let run = child.wait().await;
    assert_eq!((run.exit, text.await.unwrap().lines().map(checked).count()), (0, 1), "{run}");
    assert_eq!(site.asks().len(), 1);
}

#[tokio::test]
async fn a_fifo_whose_reader_leaves_ends_the_run_quietly() {
    let site = Site::start(|_| Reply::html("<title>x</title>").after(ms(10))).await;
    let shelf = Shelf::new();
    let fifo = shelf.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let out = format!("--output={}", fifo.display());
    let child = fetchall(["-", &out, "-q", "-f", "jsonl"]).stdin(list(&site, 2_000)).start();
    let reader = tokio::task::spawn_blocking(move || {
        let mut file = OpenOptions::new().read(true).open(fifo).unwrap();
        std::io::Read::read(&mut file, &mut [0; 16]).unwrap();
    });
    reader.await.unwrap();
    let began = Instant::now();
    let run = child.wait().await;
    assert!(run.exit == 0 && began.elapsed() < secs(1), "{run}");
    assert!(run.stderr.is_empty() && site.asks().len() < 1_500, "{run}");
}

#[tokio::test]
async fn a_stderr_that_is_stuck_keeps_no_run_from_its_end() {
    let site = Site::start(|_| Reply::text("x").after(secs(30))).await;
    for (signals, most) in [(1, secs(6)), (2, ms(700))] {
        let (reader, mut writer) = std::io::pipe().unwrap();
        // Full: nobody will ever read it.
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        while std::io::Write::write(&mut writer, &[b'x'; 4096]).is_ok() {}
        rustix::io::ioctl_fionbio(&writer, false).unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_fetchall"));
        command.arg(site.url("/")).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer);
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        tokio::time::sleep(ms(500)).await;
        let began = Instant::now();
        for _ in 0..signals {
            rustix::process::kill_process(pid, Signal::TERM).unwrap();
            tokio::time::sleep(ms(200)).await;
        }
        let status = tokio::time::timeout(secs(8), child.wait()).await.expect("it ends").unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
        assert!(began.elapsed() < most, "{signals}: {:?}", began.elapsed());
        drop(reader);
    }
}

#[tokio::test]
async fn a_stdout_that_does_not_block_is_waited_for_by_every_command() {
    use std::{io::Read as _, os::fd::AsFd as _};
    let links: String = (0..3_000).map(|n| format!("<a href=/{n}>x</a>")).collect();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/" => Reply::html(links.clone()),
        _ => Reply::html("x"),
    })
    .await;
    for args in [
        &["check", "--recurse", "-f", "jsonl"][..],
        &["crawl", "--depth=1", "--max-pages=5000"],
        &["check", "--recurse", "-f", "json"],
    ] {
        let (mut reader, writer) = std::io::pipe().unwrap();
        // As a parent may set it that has the pipe for something of its own.
        rustix::io::ioctl_fionbio(writer.as_fd(), true).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fetchall"));
        command.args(args).args([site.url("/"), "--per-host=16".to_owned()]).env_clear();
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        drop(command);
        tokio::time::sleep(secs(1)).await;
        let text = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text
        });
        let text = text.await.unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
        assert_eq!(
            text.matches("\"input\":").count().max(text.matches("\"raw\":").count()),
            if args[0] == "crawl" { 3_001 } else { 3_000 },
            "{args:?}"
        );
    }
}

#[tokio::test]
async fn a_stdout_that_does_not_block_is_waited_for_by_commands_that_read_files_too() {
    use std::{io::Read as _, os::fd::AsFd as _};
    let shelf = Shelf::new();
    let (old, new) = (shelf.path("old.jsonl"), shelf.path("new.jsonl"));
    let row =
        |n: usize| format!("{{\"input\":\"http://h/{n}\",\"url\":\"http://h/{n}\",\"ok\":true,\"status\":200}}\n");
    std::fs::write(&old, (0..6_000).map(row).collect::<String>()).unwrap();
    std::fs::write(&new, "").unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(writer.as_fd(), true).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fetchall"));
    command.arg("diff").args([&old, &new]).env_clear();
    command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    tokio::time::sleep(ms(500)).await;
    let text = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    let text = text.await.unwrap();
    assert_eq!((child.wait().unwrap().code(), text.lines().count()), (Some(0), 6_000));
}

#[tokio::test]
async fn a_stdout_that_takes_no_more_is_exit_3() {
    let place = Place::with(40).await;
    for (rule, into) in
        [("write,=2,28", ">"), ("write,3+,5", ">>"), ("write,=1,28", ">"), ("write,=3,0 write,4+,28", ">")]
    {
        let rules = rule.split(' ').map(|rule| format!("{rule},{} ", place.path("out.jsonl"))).collect::<String>();
        let line = format!("exec {} urls.txt -q -f jsonl {into} out.jsonl", env!("CARGO_BIN_EXE_fetchall"));
        std::fs::remove_file(place.path("out.jsonl")).ok();
        let run = failing(program("bash", ["-c", &line]).dir(&place.dir), &rules).run().await;
        assert!(run.exit == 3 && run.stderr.contains("stdout"), "{rules}: {run}");
        // Half a line, at most, was taken back.
        let there = json_lines(&place).len();
        assert!(there < 42, "{there}");
        // What is there is gone on with.
        let run = place.fetchall(&["--resume=out.jsonl", "-q"]).run().await;
        assert_eq!(run.exit, 1, "{run}");
        assert_whole(&place.records("out.jsonl"), 40);
    }
}
