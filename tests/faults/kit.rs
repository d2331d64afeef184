//! The library that lets calls fail, and the ways out that are looked at.

use std::{collections::BTreeSet, fs, path::Path, process::Command, sync::OnceLock};

use fetchall::source::warc::Reader;
use rusqlite::Connection;

use crate::support::*;

/// `ENOSPC`, `EIO`, `EINTR`, …: their numbers on Linux.
pub const NO_SPACE: i32 = 28;
pub const IO: i32 = 5;
pub const INTERRUPTED: i32 = 4;
pub const TOO_MANY_FILES: i32 = 24;
/// The whole system has too many, and the file system takes nothing.
pub const NO_FILES: i32 = 23;
pub const READ_ONLY: i32 = 30;
pub const RESET: i32 = 104;
pub const REFUSED: i32 = 111;
pub const TIMED_OUT: i32 = 110;
pub const UNREACHABLE: i32 = 101;
pub const NO_BUFFERS: i32 = 105;
/// No error: the call does half of what it is asked for.
pub const HALF: i32 = 0;

/// The library, built once a process.
pub fn library() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = format!("{}/fail-{}.so", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/fail.c");
        let flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", source, "-o", &path];
        let built = Command::new("cc").args(flags).status().expect("cc is there, since Rust links with it");
        assert!(built.success());
        path
    })
}

/// What somebody with more time has set that variable to.
pub fn wished(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().and_then(|number| number.parse().ok())
}

/// A run with faults as `fail.c` describes them.
pub fn failing(run: Fetchall, rules: &str) -> Fetchall {
    run.env("LD_PRELOAD", library()).env("FAULTS", rules)
}

/// A way out: how it is asked for, and what of it is there.
pub struct Way {
    pub args: &'static [&'static str],
    /// What the names of its files begin with.
    pub files: &'static str,
    /// Numbers of the requests whose records are there, as often as they are; panics about what is torn.
    pub read: fn(&Place) -> Vec<u64>,
    /// How many of the lines and the two behind them it has.
    pub more: usize,
}

/// Every way out that a run with `--state` can go on with.
pub const WAYS: &[Way] = &[
    Way { args: &["-o", "out.jsonl"], files: "out.jsonl", read: json_lines, more: 2 },
    Way { args: &["-o", "out.csv"], files: "out.csv", read: csv, more: 2 },
    Way { args: &["-o", "out.jsonl.zst"], files: "out.jsonl.zst", read: packed, more: 2 },
    Way { args: &["-f", "none", "--sink", "sqlite:r.db"], files: "r.db", read: sqlite, more: 2 },
    Way { args: &["-f", "none", "--warc", "a.warc.gz"], files: "a.warc.gz", read: warc, more: 0 },
    Way { args: &["-o", "out.jsonl", "--save", "pages"], files: "pages", read: saved, more: 2 },
    Way { args: &["-o", "out.jsonl"], files: "run.db", read: json_lines, more: 2 },
];

/// The content of a file, of which nothing is there if it is not.
fn content(place: &Place, name: &str) -> Vec<u8> {
    fs::read(place.path(name)).unwrap_or_default()
}

fn numbers(text: &[u8]) -> Vec<u64> {
    assert!(text.is_empty() || text.ends_with(b"\n"), "the last line is torn: {}", String::from_utf8_lossy(text));
    std::str::from_utf8(text).unwrap().lines().map(|line| checked(line)["seq"].as_u64().unwrap()).collect()
}

pub fn json_lines(place: &Place) -> Vec<u64> {
    numbers(&content(place, "out.jsonl"))
}

fn packed(place: &Place) -> Vec<u64> {
    match &content(place, "out.jsonl.zst")[..] {
        // no frame at all
        b"" => Vec::new(),
        frames => numbers(&zstd::decode_all(frames).expect("whole frames only")),
    }
}

fn csv(place: &Place) -> Vec<u64> {
    let text = content(place, "out.csv");
    assert!(text.is_empty() || text.ends_with(b"\n"), "the last row is torn");
    let mut reader = csv::Reader::from_reader(&text[..]);
    reader.records().map(|row| row.expect("as many cells as columns")[0].parse().unwrap()).collect()
}

fn sqlite(place: &Place) -> Vec<u64> {
    let Ok(db) = Connection::open_with_flags(place.path("r.db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE) else {
        return Vec::new();
    };
    let said: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let Ok(mut statement) = db.prepare("SELECT seq FROM fetchall_records") else { return Vec::new() };
    let rows = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
    rows.map(|row| row.unwrap().cast_unsigned()).collect()
}

/// The numbers of the URLs that the archive has an answer of.
fn warc(place: &Place) -> Vec<u64> {
    let names = ["a.warc.gz.open", "a.warc.gz"].map(|name| place.path(name));
    let Some(path) = names.iter().find(|name| fs::metadata(name).is_ok_and(|facts| facts.len() > 0)) else {
        return Vec::new();
    };
    let mut reader = Reader::at(Path::new(path), 0).unwrap();
    let mut found = Vec::new();
    while let Some(head) = reader.next_head().unwrap() {
        if ["response", "revisit"].contains(&head.kind()) {
            found.push(head.url().unwrap().rsplit('/').next().unwrap().parse().unwrap());
        }
        reader.block(1 << 30).unwrap();
    }
    found
}

/// The records; what they say was saved is there and whole, and nothing else has a name of its own.
fn saved(place: &Place) -> Vec<u64> {
    let text = String::from_utf8(content(place, "out.jsonl")).unwrap();
    for record in text.lines().map(checked).filter(|record| record["ok"] == true && record["status"] == 200) {
        let path = record["saved"]["path"].as_str().unwrap_or_else(|| panic!("nothing saved: {record}"));
        let number = record["seq"].as_u64().unwrap();
        assert_eq!(fs::read_to_string(place.path(path)).unwrap(), format!("<title>{number}</title>"));
    }
    numbers(text.as_bytes())
}

/// What a run with faults left: whole records, none twice; and if it said that all is well, all of them.
#[track_caller]
pub fn assert_honest(place: &Place, way: &Way, run: &Run, lines: usize) {
    let all = (way.read)(place);
    let once: BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!(all.len(), once.len(), "a record is there twice: {run}");
    match run.exit {
        // One in 50 is missing, and one line is no URL.
        1 => assert_eq!(once.len(), lines + way.more, "exit 1 with data missing: {run}"),
        2 => assert!(place.site.asks().is_empty(), "exit 2 after something was sent: {run}"),
        3 => assert!(run.stderr.contains(way.files), "{} is not named: {run}", way.files),
        _ => panic!("{run}"),
    }
    assert!(!run.stderr.contains("panic"), "{run}");
}

/// Every line has its record, once.
#[track_caller]
pub fn assert_complete(place: &Place, way: &Way, lines: usize) {
    let mut all = (way.read)(place);
    all.sort_unstable();
    assert_eq!(all, (0..(lines + way.more) as u64).collect::<Vec<_>>());
}
