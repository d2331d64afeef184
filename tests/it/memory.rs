//! Memory that does not grow with what is asked for.

use crate::support::*;

/// The most memory that a process has had so far, in KiB.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The most memory that a run had over so many different URLs, in KiB. They pass the door, the list of what
/// was seen, the queue of their host and the writer; that the host is dead saves the time of asking.
async fn peak_over(count: usize, more: &[&str]) -> u64 {
    let list: String =
        (0..count).map(|n| format!("http://127.0.0.1:1/{n}/a-path-of-a-length-that-is-usual\n")).collect();
    let args = ["-", "-fnone", "-q", "-r0", "--host-errors=1"];
    let mut child = fetchall(args.iter().chain(more)).stdin(list).start();
    let (pid, mut most) = (child.pid(), 0);
    while !child.ended() {
        most = most.max(peak(pid).unwrap_or_default());
        tokio::time::sleep(ms(5)).await;
    }
    let run = child.wait().await;
    assert_eq!(run.exit, 1, "{run}");
    most
}

#[tokio::test]
async fn it_grows_by_sixteen_bytes_a_url_that_is_remembered_and_by_none_otherwise() {
    let (few, many) = (55_000, 120_000);
    let [small, large] = [peak_over(few, &["--dedupe=none"]).await, peak_over(many, &["--dedupe=none"]).await];
    let remembered = peak_over(many, &[]).await;
    assert!((1..64 << 10).contains(&large), "{large} KiB");
    assert!(large < small + (4 << 10), "{small} KiB, then {large} KiB for twice as many");
    // A table that is growing is there twice, the old one half as large.
    let table = (16 * many as u64 * 3) >> 10;
    assert!(remembered < large + table, "{large} KiB without, {remembered} KiB with what was seen");
}
