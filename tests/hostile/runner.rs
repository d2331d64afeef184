//! One run of the binary over some behaviours: what it said, when, and what it took.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    run::fetchall,
    server::{Behaviour, Port, Set, ca_pem, ms},
};

/// Longest between two looks at memory.
const LOOK: Duration = ms(15);

/// A behaviour and the port where it is at work.
pub struct Place {
    pub behaviour: Behaviour,
    pub port: Port,
}

impl Place {
    /// Its request, as a line of JSON Lines.
    pub fn line(&self) -> String {
        let mut request = self.behaviour.request.clone();
        request["url"] = self.port.url(self.behaviour.path).into();
        request["tags"] = json!({"behaviour": self.behaviour.name});
        format!("{request}\n")
    }

    /// Whether a record is the answer to it.
    pub fn owns(&self, record: &Value) -> bool {
        match record["tags"]["behaviour"].as_str() {
            Some(name) => name == self.behaviour.name,
            None => record["url"] == self.port.url(self.behaviour.path),
        }
    }
}

/// A line of stdout.
pub struct Line {
    /// Since the start of the process.
    pub at: Duration,
    pub text: String,
}

/// What a process did.
pub struct Ran {
    pub exit: i32,
    pub lines: Vec<Line>,
    pub stderr: String,
    pub wall: Duration,
    /// Most memory at once, in bytes (VmHWM).
    pub peak: u64,
    /// Ports by number on which connections were open for longer than they should, while the process was
    /// still there: each with how many.
    pub left_open: Vec<(usize, usize)>,
}

/// How it is run.
pub struct Way {
    pub set: Set,
    pub in_flight: usize,
    pub per_host: usize,
    /// Where bodies go, if they are saved.
    pub scratch: PathBuf,
    pub patience: Patience,
}

/// How long it waits for what does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As the times of the behaviours are meant.
    Usual,
    /// Where time is not what is tested, on a machine that may have other work, or all of them in a build
    /// for tests, where TLS takes twenty times as long: the outcome must be the same.
    Long,
}

impl Patience {
    fn flags(self) -> [&'static str; 4] {
        match self {
            Patience::Usual if cfg!(debug_assertions) => {
                ["--timeout=7s", "--headers-timeout=3s", "--read-timeout=2s", "--connect-timeout=4s"]
            }
            Patience::Usual => ["--timeout=4s", "--headers-timeout=1s", "--read-timeout=1s", "--connect-timeout=1s"],
            Patience::Long => ["--timeout=12s", "--headers-timeout=9s", "--read-timeout=6s", "--connect-timeout=9s"],
        }
    }
}

impl Way {
    fn args(&self) -> Vec<String> {
        let ca = self.scratch.join("ca.pem");
        std::fs::write(&ca, ca_pem()).unwrap();
        let mut args: Vec<String> = match self.set {
            Set::Crawl => vec!["crawl", "--depth=2", "--max-pages=200", "--with=headers,attempts"],
            Set::Check => vec!["check", "--format=jsonl"],
            Set::Robots => vec!["fetch", "-", "--robots=obey"],
            Set::Cookies => vec!["fetch", "-", "--cookies=on"],
            Set::Save => vec!["fetch", "-"],
            Set::Fetch => vec!["fetch", "-"],
        }
        .into_iter()
        .map(str::to_owned)
        .collect();
        if self.set == Set::Save {
            args.push(format!("--save={}", self.scratch.join("saved").display()));
        }
        if !matches!(self.set, Set::Crawl | Set::Check) {
            args.extend(["--dedupe=none", "--with=headers,attempts"].map(str::to_owned));
        }
        args.extend(
            [
                "--retries=0",
                "--backoff=10ms..50ms",
                "--retry-after-max=2s",
                "--max-body=1MiB",
                "--host-errors=0",
                "--progress=none",
            ]
            .map(str::to_owned),
        );
        args.extend(self.patience.flags().map(str::to_owned));
        args.push(format!("--ca={}", ca.display()));
        args.push(format!("--concurrency={}", self.in_flight));
        args.push(format!("--per-host={}", self.per_host));
        args
    }

    /// Runs it over the lines of a list, of which each has a record; or over URLs, where the command takes
    /// no list.
    pub async fn run(&self, places: &[&Place], list: &[String]) -> Ran {
        let mut args = self.args();
        let by_list = !matches!(self.set, Set::Crawl | Set::Check);
        if !by_list {
            args.extend(places.iter().map(|place| place.port.url(place.behaviour.path)));
        }
        let begun = Instant::now();
        let prepared = fetchall(args);
        let mut child = if by_list { prepared.open_stdin().start() } else { prepared.start() };
        let peak = Arc::new(AtomicU64::new(0));
        let (pid, looked) = (child.pid(), Arc::clone(&peak));
        let look = tokio::spawn(async move {
            while let Some(now) = memory(pid) {
                looked.fetch_max(now, Relaxed);
                tokio::time::sleep(LOOK).await;
            }
        });
        let mut lines = Vec::new();
        let mut left_open = Vec::new();
        if by_list {
            child.write(list.concat()).await;
            while lines.len() < list.len() {
                let Ok(Some(text)) = timeout(ms(70_000), child.line()).await else { break };
                lines.push(Line { at: begun.elapsed(), text });
            }
            // The process waits for more of the list, so what is still open now is a connection kept.
            left_open = still_open(places, list.len() > places.len()).await;
            child.end_input();
        }
        while let Some(text) = child.line().await {
            lines.push(Line { at: begun.elapsed(), text });
        }
        let run = child.wait().await;
        look.abort();
        Ran { exit: run.exit, lines, stderr: run.stderr, wall: run.wall, peak: peak.load(Relaxed), left_open }
    }
}

/// Connections to behaviours whose request failed, half a second later: such a connection is of no use. But for
/// those that were opened for a neighbour, which took one that had come free instead: no request was sent there.
async fn still_open(places: &[&Place], with_neighbours: bool) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    for _ in 0..25 {
        let failed = places.iter().enumerate().filter(|(_, place)| place.behaviour.ends_its_connection());
        let busy = failed.map(|(at, place)| {
            let seen = place.port.seen();
            let spare = if with_neighbours && place.behaviour.has_neighbour() { seen.unused } else { 0 };
            (at, seen.open.saturating_sub(seen.idle + spare))
        });
        open = busy.filter(|(_, open)| *open > 0).collect();
        if open.is_empty() {
            break;
        }
        tokio::time::sleep(ms(20)).await;
    }
    open
}

/// The most memory that a process had at once, in bytes; `None` when it has ended.
fn memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
