//! State files of which a bit, a block or the end is not what was written, and those of others.

use std::{collections::BTreeMap, fs};

use crate::{kit::*, support::*};

const LINES: usize = 400;

/// Everything in the folder but what SQLite keeps while it is open.
fn content(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(&place.dir).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

/// A run that was stopped in the middle; its journal is closed, or as a kill leaves it.
async fn stopped(place: &Place, args: &[&str], signal: Signal) {
    let mut child = place.fetchall(&[args, &["--rate=2000/s"]].concat()).start();
    let until = place.site.asks().len() + LINES / 3;
    assert!(place.asked(until, &mut child).await);
    child.signal(signal);
    child.wait().await;
}

/// Damage of any kind at any place.
fn damage(bytes: &mut Vec<u8>) -> String {
    let at = fastrand::usize(..bytes.len());
    match fastrand::u8(..4) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << fastrand::u8(..8),
        2 => {
            let end = (at + 512).min(bytes.len());
            bytes[at..end].fill(0);
        }
        _ => {
            // Near the end of a page, where the rows are.
            let at = (at / 4096 * 4096 + 4096 - fastrand::usize(1..600)).min(bytes.len() - 1);
            bytes[at] = bytes[at].wrapping_add(fastrand::u8(1..));
        }
    }
    format!("at {at} of {}", bytes.len())
}

#[tokio::test]
async fn a_damaged_state_is_told_or_does_not_matter_and_is_never_begun_anew_in_silence() {
    let place = Place::with(LINES).await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "-q"];
    let (mut told, mut whole) = (0, 0);
    for nth in 0..wished("FETCHALL_TEST_FAULTS").map_or(12, |times| 20 * times) {
        for name in ["run.db", "run.db-wal", "run.db-shm", "out.jsonl"] {
            fs::remove_file(place.path(name)).ok();
        }
        stopped(&place, &args, if nth % 2 == 0 { Signal::INT } else { Signal::KILL }).await;
        let done = place.records("out.jsonl").len();
        let name = if nth % 4 == 3 { "run.db-wal" } else { "run.db" };
        let mut bytes = fs::read(place.path(name)).unwrap();
        if bytes.is_empty() {
            continue;
        }
        let what = format!("{name} {}", damage(&mut bytes));
        fs::write(place.path(name), bytes).unwrap();
        let (before, asked) = (content(&place), place.site.asks().len());
        let run = place.fetchall(&args).run().await;
        match run.exit {
            2 => {
                told += 1;
                assert!(run.stderr.contains("run.db"), "{what}: {run}");
                assert_eq!(place.site.asks().len(), asked, "{what}: {run}");
                assert_eq!(content(&place).get("out.jsonl"), before.get("out.jsonl"), "{what}: {run}");
            }
            // Found only when it was to be written.
            3 => assert!(run.stderr.contains("run.db"), "{what}: {run}"),
            1 => {
                whole += 1;
                assert_whole(&place.records("out.jsonl"), LINES);
                let more = place.site.asks().len() - asked;
                // What a write-ahead log has lost was asked for again; of the file itself nothing is lost.
                assert!(
                    name == "run.db-wal" || more <= LINES - done + 2 * SLOTS + 64,
                    "{what}: {more} asked again after {done}"
                );
            }
            _ => panic!("{what}: {run}"),
        }
    }
    assert!(told + whole > 0);
    println!("{told} told, {whole} did not matter");
}

#[tokio::test]
async fn files_of_others_are_refused_by_every_command_and_left_as_they_are() {
    let place = Place::with(5).await;
    let notes = "these are my notes, and they are longer than the head of a database has to be to be read as one\n";
    let seed = place.site.url("/");
    for (args, more) in [
        (&["fetch", "urls.txt", "--state=mine"][..], ""),
        (&["fetch", "urls.txt", "--resume=mine"], ""),
        (&["crawl", &seed, "--state=mine"], ""),
        (&["check", &seed, "--state=mine"], ".run"),
        (&["check", &seed, "--state=mine", "--grace=1d"], ""),
        (&["check", &seed, "--baseline=mine"], ""),
        (&["check", &seed, "--cache=mine"], ""),
        (&["fetch", "urls.txt", "-f", "none", "--sink=sqlite:mine"], ""),
        (&["fetch", "urls.txt", "--cookies=mine"], ""),
    ] {
        for text in [notes.as_bytes(), &[0xff; 200], &[0; 5_000]] {
            let file = place.path(&format!("mine{more}"));
            fs::write(&file, text).unwrap();
            let run = fetchall(args).dir(&place.dir).run().await;
            assert!(run.exit == 2 && run.stderr.contains("mine"), "{args:?} {:?}: {run}", &text[..4]);
            assert_eq!(fs::read(&file).unwrap(), text, "{args:?}");
            fs::remove_file(&file).unwrap();
            fs::remove_file(place.path("mine.run")).ok();
        }
    }
    assert_eq!(place.site.connections(), 0);
}

#[tokio::test]
async fn two_at_once_are_kept_apart_by_every_command_with_a_state() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html((0..30).map(|n| format!("<a href=/{n}>x</a>")).collect::<String>()),
        _ => Reply::html("x").after(ms(100)),
    })
    .await;
    let url = site.url("/");
    for args in [
        &["crawl", &url, "--depth=1", "--state=s", "-o", "out.jsonl", "-q"][..],
        &["check", &url, "--recurse", "--state=s", "-q"],
    ] {
        let shelf = Shelf::new();
        let first = shelf.fetchall(args).start();
        tokio::time::sleep(ms(500)).await;
        let second = shelf.fetchall(args).run().await;
        assert!(second.exit == 2 && second.stderr.contains("in use by another run"), "{args:?}: {second}");
        assert_eq!(first.wait().await.exit, 0, "{args:?}");
    }
}

/// An empty one would say that its records are lost: it is made under another name, and gets its own when it is whole.
#[tokio::test]
async fn a_state_that_could_not_be_begun_is_never_left_empty_and_the_run_can_be_begun_again() {
    let place = Place::with(20).await;
    let args = ["--state", "run.db", "-o", "out.jsonl", "-q"];
    for rule in ["write,1,5", "write,=2,28", "write,1,0", "sync,1,5"] {
        fs::write(place.path("out.jsonl"), "of an earlier run\n").unwrap();
        for end in ["$", ""] {
            let run = failing(place.fetchall(&args), &format!("{rule},{}{end}", place.path("run.db"))).run().await;
            eprintln!("{rule}{end}: {} {}", run.exit, run.stderr.trim());
            assert_ne!(fs::metadata(place.path("run.db")).map_or(1, |facts| facts.len()), 0, "{rule}{end}: {run}");
            assert!(!content(&place).keys().any(|name| name.ends_with(".tmp")), "{rule}{end}: {run}");
        }
        let run = place.fetchall(&args).run().await;
        assert_eq!(run.exit, 1, "{rule}: {run}");
        assert_whole(&place.records("out.jsonl"), 20);
        for name in ["run.db", "run.db-wal", "run.db-shm"] {
            fs::remove_file(place.path(name)).ok();
        }
    }
}
