//! Runs of their own: one behaviour is the only host, and the whole of what the run left is judged.
//!
//! For commands that make many records of one URL (`crawl`, `check`), folders, and what is shown on a
//! terminal. What a single record tells is judged in `main.rs`.

use std::{
    fs, io,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{Behaviour, Places, Port, Set, Tale, catalogue, costs_little, ms, secs};

/// Longest that any run may take before it is killed.
const LONGEST: Duration = secs(60);

/// What is given on top of three times the bound: the machine has other work, and a build for tests is
/// slow. What a page may cost is judged by CPU time.
const SLACK: Duration = secs(2);

/// Flags of every run.
const FLAGS: &[&str] = &[
    "--timeout=4s",
    "--headers-timeout=1s",
    "--read-timeout=1s",
    "--connect-timeout=1s",
    "-r0",
    "--backoff=10ms..50ms",
    "--max-body=1MiB",
];

/// The command, and how it is given the URL.
fn command(behaviour: &Behaviour, port: &Port) -> (Vec<String>, String) {
    let url = port.url(behaviour.path);
    let set: &[&str] = match behaviour.set {
        Set::Crawl => &["crawl", &url, "--max-pages=60", "--delay=0s"],
        Set::Check => &["check", &url, "--second-round=off"],
        Set::Fetch => &["fetch", "-"],
        Set::Robots => &["fetch", "-", "--robots=obey"],
        Set::Cookies => &["fetch", "-", "--cookies=on"],
        Set::Save => &["fetch", "-", "--save=pages"],
    };
    let at = port.addr().port().to_string();
    let is_said = |flag: &&&str| {
        let name = flag.split('=').next().unwrap_or_default();
        !behaviour.flags.iter().any(|other| other.split('=').next() == Some(name))
    };
    let told = |&flag: &&str| flag.replace("{port}", &at).replace("{origin}", port.origin());
    let all = set.iter().chain(FLAGS).filter(is_said).chain(behaviour.flags).map(told);
    let is_shown = behaviour.flags.iter().any(|flag| flag.starts_with("-f"));
    // a list on stdin, whose lines are JSON where there is more to say
    let mut args: Vec<String> = all.collect();
    if !is_shown {
        args.push("-fjsonl".to_owned());
    }
    let mut line = String::new();
    if set.contains(&"-") {
        args.push("--input-format=jsonl".to_owned());
        let mut request = behaviour.request.clone();
        request["url"] = json!(url);
        line = format!("{request}\n");
        if behaviour.set == Set::Fetch {
            line += &format!("{}\n", json!({"url": port.url("/neighbour")}));
        }
    }
    (args, line)
}

/// CPU time of a process that has ended and is not waited for yet, or has not ended: fields 14 and 15
/// of its line in `/proc`, in hundredths of a second.
fn spent(pid: u32) -> Duration {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let behind = line.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks: u64 = behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ms(ticks * 10)
}

/// Runs it in `dir` to its end, which is told with the CPU time it took.
fn run(args: &[String], input: &str, dir: &Path) -> io::Result<(i32, Duration, Duration)> {
    let around = dir.join("..");
    fs::write(around.join("in"), input)?;
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fetchall"))
        .args(args)
        .env_clear()
        .env("HOME", dir)
        .current_dir(dir)
        .stdin(fs::File::open(around.join("in"))?)
        .stdout(fs::File::create(around.join("out"))?)
        .stderr(fs::File::create(around.join("err"))?)
        .spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no id"))?;
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    while waitid(WaitId::Pid(pid), look)?.is_none() {
        if begun.elapsed() > LONGEST {
            child.kill()?;
        }
        std::thread::sleep(ms(3));
    }
    let (wall, cpu) = (begun.elapsed(), spent(child.id()));
    Ok((child.wait()?.code().unwrap_or(-1), wall, cpu))
}

/// One behaviour in a run of its own, and the folder of it.
async fn told(behaviour: &Behaviour, places: &Places) -> io::Result<(Tale, TempDir)> {
    let port = Port::open(behaviour.clone(), places.clone()).await?;
    let around = tempfile::tempdir()?;
    let dir = around.path().join("here");
    fs::create_dir(&dir)?;
    let (args, line) = command(behaviour, &port);
    if let Some(prepare) = behaviour.before {
        prepare(&dir, port.origin())?;
    }
    let place = dir.clone();
    let ended = tokio::task::spawn_blocking(move || run(&args, &line, &place)).await.map_err(io::Error::other)?;
    let (exit, wall, cpu) = ended?;
    let stdout = fs::read(around.path().join("out"))?;
    let lines = String::from_utf8_lossy(&stdout).into_owned();
    let tale = Tale {
        records: lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        exit,
        wall,
        cpu,
        stdout,
        stderr: fs::read(around.path().join("err"))?,
        seen: port.seen(),
        origin: port.origin().to_owned(),
        dir,
    };
    Ok((tale, around))
}

/// The record of the behaviour's URL.
fn record(behaviour: &Behaviour, tale: &Tale) -> Value {
    let url = format!("{}{}", tale.origin, behaviour.path);
    let its = |record: &&Value| record["seq"] == 0 || record["url"] == *url;
    tale.records.iter().find(its).cloned().unwrap_or_default()
}

/// What does not hold.
fn faults(behaviour: &Behaviour, tale: &Tale) -> Vec<String> {
    let expect = &behaviour.expect;
    let mut faults = Vec::new();
    let mut must = |it: bool, words: String| {
        if !it {
            faults.push(words)
        }
    };
    let may_break = expect.codes.contains(&"io.write");
    must(!matches!(tale.exit, -1 | 2 | 101) && (may_break || tale.exit != 3), format!("exit {}", tale.exit));
    must(tale.wall < expect.within * 3 + SLACK, format!("took {:?}", tale.wall));
    let record = record(behaviour, tale);
    if behaviour.set != Set::Check && !behaviour.flags.contains(&"-ftext") {
        must(record["outcome"] == expect.outcome, format!("outcome {}", record["outcome"]));
        let code = [&record["error"]["code"], &record["skip"]["code"]].into_iter().find_map(Value::as_str);
        let is_right = code.map_or(expect.codes.is_empty(), |code| expect.codes.contains(&code));
        must(is_right, format!("code {code:?}"));
        must(expect.status.is_none_or(|status| record["status"] == status), format!("status {}", record["status"]));
        for (pointer, value) in &expect.also {
            must(record.pointer(pointer) == Some(value), format!("{pointer} is {:?}", record.pointer(pointer)));
        }
        if let Some(Err(fault)) = expect.check.map(|check| check(&record, &tale.seen)) {
            must(false, fault);
        }
    }
    if let Some(Err(fault)) = behaviour.tale.map(|told| told(tale)) {
        must(false, fault);
    }
    faults
}

/// Tries these behaviours, each in a run of its own, and tells all that is wrong. `FETCHALL_TEST_HOSTILE`
/// is a part of the names to be tried.
async fn try_all(behaviours: Vec<Behaviour>) {
    let good = Port::good().await.unwrap();
    let places = Places { good: good.origin().to_owned(), ..Places::default() };
    let only = std::env::var("FETCHALL_TEST_HOSTILE").unwrap_or_default();
    let mut wrong = Vec::new();
    for behaviour in behaviours.into_iter().filter(|one| one.name.contains(&only)) {
        let (tale, _kept) = told(&behaviour, &places).await.unwrap();
        println!("{:<40}{:>10.2?}{:>10.2?}", behaviour.name, tale.wall, tale.cpu);
        let faults = faults(&behaviour, &tale);
        if !faults.is_empty() {
            wrong.push(format!("{}: {}\n{}", behaviour.name, faults.join("; "), shown(&tale)));
        }
    }
    assert!(wrong.is_empty(), "{} behaviours are not judged as they should:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The start of what a run said, and of what it asked for.
fn shown(tale: &Tale) -> String {
    let cut = |text: &str| text.chars().take(1500).collect::<String>();
    let [out, err] = [&tale.stdout, &tale.stderr].map(|text| cut(&String::from_utf8_lossy(text)));
    let asked: Vec<_> = tale.paths().into_iter().take(10).map(cut).collect();
    format!("  out: {out}\n  err: {err}\n  asked: {asked:?}")
}

/// Those of a group that need a run of their own.
fn of(group: &str) -> Vec<Behaviour> {
    catalogue().into_iter().filter(|one| one.group == group && one.runs_alone()).collect()
}

/// The pages that are made to cost time, as they are met by another command.
async fn costly_pages_by(set: Set, flags: &'static [&'static str]) {
    // A link checker reads each address several times over: one of 4 KiB takes it 0.45 ms in a build for
    // tests, which is too long for 80,000 of them.
    let is_checked = |one: &Behaviour| set != Set::Check || one.name != "html-base-times-links";
    let is_page = |one: &Behaviour| one.group == "HTML" && one.flags == ["--with=links"] && is_checked(one);
    let pages = catalogue().into_iter().filter(is_page).map(|mut page| {
        page.expect = Behaviour::closed(page.name, page.does).expect;
        page.with(set).flags(flags).tells(costs_little).within(secs(15))
    });
    try_all(pages.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_pages_cost_a_link_checker_no_more() {
    costly_pages_by(Set::Check, &["--timeout=20s"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_pages_cost_a_crawl_no_more() {
    costly_pages_by(Set::Crawl, &["--timeout=20s", "--depth=0"]).await;
}

macro_rules! groups {
    ($($name:ident: $group:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            try_all(of($group)).await;
        })*
    };
}

groups! {
    hostile_pages_are_read_in_bounds: "HTML";
    hostile_text_is_text: "Text";
    hostile_robots_txt_is_obeyed_or_told: "Robots";
    hostile_cookies_stay_where_they_belong: "Cookies";
    hostile_names_stay_in_their_folder: "File names";
    hostile_sitemaps_end: "Sitemaps and feeds";
    traps_for_crawls_end: "Crawl traps";
    what_a_terminal_would_act_on_is_not_shown: "Terminal";
}
