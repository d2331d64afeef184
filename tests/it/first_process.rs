//! The program as the first process of a container (PID 1), which the kernel spares from signals: it ends all the
//! same. Containers are not needed for that, but a namespace of processes is (`unshare`).

#![cfg(target_os = "linux")]

use std::{fs, process::Command, time::Instant};

use rustix::process::{Pid, Signal as Sent, kill_process};

use crate::support::*;

/// The arguments that make the first process of a namespace of its own, where that is allowed.
const FIRST: [&str; 4] = ["--user", "--map-root-user", "--pid", "--fork"];

fn is_allowed() -> bool {
    let is_allowed = Command::new("unshare").args(FIRST).arg("true").status().is_ok_and(|status| status.success());
    if !is_allowed {
        eprintln!("skipped: no namespace of processes can be made here");
    }
    is_allowed
}

/// A run as PID 1.
fn first(args: &[&str]) -> Fetchall {
    program("unshare", FIRST.iter().chain(&["--", env!("CARGO_BIN_EXE_fetchall")]).chain(args))
}

/// Waits until that is so; a test fails that waits for longer than any machine needs.
async fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(ms(10)).await;
    }
    panic!("ten seconds have passed");
}

/// The process below `unshare`, as it is seen from out here, once it is there and is ours.
async fn inner(child: &Child) -> Pid {
    let path = format!("/proc/{0}/task/{0}/children", child.pid());
    let below = || {
        let found = fs::read_to_string(&path).unwrap_or_default();
        let pid = found.split_whitespace().next()?.parse::<i32>().ok()?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Pid::from_raw(pid).filter(|_| name.trim() == "fetchall")
    };
    until(|| below().is_some()).await;
    below().unwrap()
}

#[tokio::test]
async fn the_first_process_of_a_container_ends_at_a_signal_as_any_other_does() {
    if !is_allowed() {
        return;
    }
    for (signal, exit) in [(Sent::TERM, 143), (Sent::INT, 130)] {
        // A run: what is in flight ends, its record is written, and then so does the process.
        let site = Site::start(|_| Reply::text("x").after(ms(700))).await;
        let url = site.url("/");
        let child = first(&[url.as_str(), "-f", "jsonl"]).start();
        let pid = inner(&child).await;
        until(|| site.connections() > 0).await;
        kill_process(pid, signal).unwrap();
        let run = child.wait().await;
        assert_eq!((run.exit, run.signal, run.records().len()), (exit, None, 1), "{run}");

        // A site that is up until a signal.
        let mut child = first(&["demo", "--serve", "-q"]).start();
        assert!(child.line().await.is_some_and(|line| line.starts_with("http://")));
        kill_process(inner(&child).await, signal).unwrap();
        let run = child.wait().await;
        assert_eq!((run.exit, run.signal), (exit, None), "{run}");
    }
}

#[tokio::test]
async fn the_first_process_of_a_container_ends_at_a_second_signal_and_where_nothing_waits_for_one() {
    if !is_allowed() {
        return;
    }
    let site = Site::start(|_| Reply::stall("")).await;
    let url = site.url("/");
    let child = first(&[url.as_str(), "-f", "jsonl"]).start();
    let pid = inner(&child).await;
    until(|| site.connections() > 0).await;
    kill_process(pid, Sent::TERM).unwrap();
    // Two that come together are one: the first has to be heard before.
    tokio::time::sleep(ms(200)).await;
    let second = Instant::now();
    kill_process(pid, Sent::TERM).unwrap();
    let run = child.wait().await;
    assert_eq!((run.exit, run.signal), (143, None), "{run}");
    assert!(second.elapsed() < secs(4), "what is in flight would have had five seconds: {run}");

    // A command that reads its stdin and waits for no signal.
    let shelf = Shelf::new();
    fs::write(shelf.path("old.jsonl"), "").unwrap();
    let mut child = first(&["diff", "old.jsonl", "-"]).dir(shelf.0.path()).open_stdin().start();
    let pid = inner(&child).await;
    // It heeds signals from its first steps on; before them it is spared.
    let is_heeded = || {
        fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).is_ok_and(|text| {
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 << 14 != 0)
        })
    };
    until(is_heeded).await;
    kill_process(pid, Sent::TERM).unwrap();
    // Its stdin is still open.
    until(|| child.ended()).await;
    assert_eq!(child.wait().await.exit, 143);
}
