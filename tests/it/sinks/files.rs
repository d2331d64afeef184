//! Files that are packed, and files that are added to.

use std::{fs, io::Read as _, path::Path};

use serde_json::Value;

use crate::support::*;

/// What is in a file, as other programs unpack it.
fn unpacked(path: &Path) -> String {
    let file = fs::File::open(path).unwrap();
    let mut text = String::new();
    match path.extension().unwrap().to_str().unwrap() {
        "gz" => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap(),
        _ => zstd::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap(),
    };
    text
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(checked).collect()
}

#[tokio::test]
async fn packed_files_hold_what_others_hold_and_are_read_back() {
    let lines = 500;
    let place = Place::with(lines).await;
    let sinks = ["--sink", "b.jsonl.zst", "--sink", "c.csv.gz", "--sink", "d.json.ZST"];
    let run = place.fetchall(&[&["-o", "a.jsonl.gz"], &sinks[..]].concat()).run().await;
    assert_eq!(run.exit, 1, "{run}");
    for name in ["a.jsonl.gz", "b.jsonl.zst"] {
        assert_whole(&rows(&unpacked(&place.dir.path().join(name))), lines);
    }
    assert_eq!(unpacked(&place.dir.path().join("c.csv.gz")).lines().count(), lines + 3);
    fs::rename(place.path("d.json.ZST"), place.path("d.json.zst")).unwrap();
    let array: Vec<Value> = serde_json::from_str(&unpacked(&place.dir.path().join("d.json.zst"))).unwrap();
    assert_whole(&array, lines);
    for (program, file) in [("gzip", "a.jsonl.gz"), ("gzip", "c.csv.gz")] {
        let run = self::program(program, ["-t", file]).dir(&place.dir).run().await;
        assert_eq!(run.exit, 0, "{run}");
    }
    let again = fetchall(["a.jsonl.gz", "--exclude", ".", "-f", "jsonl"]).dir(&place.dir).run().await;
    assert_eq!(again.records().len(), lines + 2, "{again}");
}

#[tokio::test]
async fn a_packed_file_has_every_record_once_however_often_its_run_was_killed() {
    let lines = 2_000;
    let place = Place::with(lines).await;
    let args = ["--state", "run.db", "-o", "a.jsonl.gz", "--sink", "b.jsonl.zst", "-q"];
    place.kill_again_and_again(&args, lines).await;
    let run = place.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    for name in ["a.jsonl.gz", "b.jsonl.zst"] {
        assert_whole(&rows(&unpacked(&place.dir.path().join(name))), lines);
    }
}

#[tokio::test]
async fn a_killed_run_leaves_a_packed_file_that_can_be_read() {
    let place = Place::with(2_000).await;
    let mut child = place.fetchall(&["-o", "a.jsonl.gz", "--rate", "200/s"]).start();
    assert!(place.asked(500, &mut child).await);
    child.signal(Signal::KILL);
    child.wait().await;
    let mut bytes = Vec::new();
    let file = fs::File::open(place.path("a.jsonl.gz")).unwrap();
    // A piece that was being written may be torn, which is the last one.
    let _ = flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes);
    let whole = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).count();
    assert!(whole > 200, "what is older than a second is there: {whole}");
}

#[tokio::test]
async fn a_packed_file_is_added_to() {
    let place = Place::with(10).await;
    for _ in 0..2 {
        for name in ["a.csv.gz", "b.jsonl.zst"] {
            let run = place.fetchall(&["-o", name, "--append"]).run().await;
            assert_eq!(run.exit, 1, "{run}");
        }
    }
    assert_eq!(unpacked(&place.dir.path().join("a.csv.gz")).lines().count(), 1 + 2 * 12);
    assert_eq!(rows(&unpacked(&place.dir.path().join("b.jsonl.zst"))).len(), 2 * 12);
}

#[tokio::test]
async fn rows_are_not_added_to_a_table_with_other_columns() {
    let place = Place::with(5).await;
    for name in ["a.csv", "a.tsv", "a.csv.gz"] {
        let add = async |fields: &str| place.fetchall(&["-o", name, "--append", "--fields", fields]).run().await;
        assert_eq!(add("url,status").await.exit, 1);
        assert_eq!(add("url,status").await.exit, 1);
        let asked = place.site.asks().len();
        let written = fs::read(place.path(name)).unwrap();
        for other in ["url", "url,status,ok", "status,url"] {
            let run = add(other).await;
            assert!(run.exit == 2 && run.stderr.contains("has other columns"), "{other}: {run}");
        }
        assert_eq!((place.site.asks().len(), fs::read(place.path(name)).unwrap()), (asked, written));
    }
    // As spreadsheets write it.
    fs::write(place.path("b.csv"), "\u{feff}url,status\r\n").unwrap();
    let run = place.fetchall(&["--sink", "b.csv", "--append", "--fields", "url,status"]).run().await;
    assert_eq!(run.exit, 1, "{run}");
}

#[tokio::test]
async fn an_extension_that_names_no_format_is_told_with_those_that_do() {
    let place = Place::with(5).await;
    for name in ["out.xlsx", "out.gz", "out.db"] {
        let run = place.fetchall(&["-o", name]).run().await;
        assert!(run.exit == 2 && run.stderr.contains("there is .jsonl"), "{run}");
        assert!(!fs::exists(place.path(name)).unwrap());
    }
    assert_eq!(place.site.connections(), 0);
    let run = place.fetchall(&["--append"]).run().await;
    assert!(run.exit == 2 && run.stderr.contains("--append needs a file"), "{run}");
    let run = place.fetchall(&["-o", "out.log", "-f", "jsonl"]).run().await;
    assert_eq!((run.exit, place.records("out.log").len()), (1, 7), "{run}");
    let run = place.fetchall(&["-o", "out"]).run().await;
    assert_eq!((run.exit, place.records("out").len()), (1, 7), "{run}");
}

#[tokio::test]
async fn a_parquet_file_cannot_be_gone_on_with_nor_added_to() {
    let place = Place::with(5).await;
    for (args, told) in [
        (["--sink", "a.parquet", "--state", "run.db"], "does not go with --state"),
        (["--sink", "parquet:a", "--append", "-q"], "cannot be added to"),
    ] {
        let run = place.fetchall(&args).run().await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{run}");
    }
    assert_eq!(place.site.connections(), 0);
    let run = place.fetchall(&["--sink", "a.parquet", "-f", "none"]).run().await;
    if cfg!(feature = "parquet") {
        assert_eq!(run.exit, 1, "{run}");
        assert!(fs::read(place.path("a.parquet")).unwrap().starts_with(b"PAR1"));
    } else {
        assert!(run.exit == 2 && run.stderr.contains("was built without"), "{run}");
    }
}
