//! Disks that are full, broken or slow of hand: every n-th write, sync, rename, opening or cutting fails.

use crate::{kit::*, support::*};

const LINES: usize = 60;
/// Writes after which an SQLite file has its tables.
const TABLES: usize = 24;

/// The run with that fault, which tells the truth; then the same run without it, which does the rest.
async fn fails_and_goes_on(way: &Way, rule: &str, error: i32) -> i32 {
    let place = Place::with(LINES).await;
    let args = [&["--state", "run.db", "-q"], way.args].concat();
    let rules = format!("{rule},{error},{}", place.path(way.files));
    let run = failing(place.fetchall(&args), &rules).run().await;
    eprintln!("{:?} {rule},{error}: {} {}", way.args, run.exit, run.stderr.trim());
    assert_honest(&place, way, &run, LINES);
    let rest = place.fetchall(&args).run().await;
    assert_eq!(rest.exit, 1, "{:?} after {rules}, which ended so: {run}\nthen: {rest}", way.args);
    assert_complete(&place, way, LINES);
    run.exit
}

/// All ways out under faults of one call; so many runs at least must notice. `FETCHALL_TEST_FAULTS` tries so
/// many more calls of each.
async fn every_way(call: &str, nths: &[&str], errors: &[i32], least: usize) {
    let mut failed = 0;
    for way in WAYS {
        // SQLite makes its tables first.
        let first = if way.files.ends_with(".db") && call == "write" { TABLES } else { 0 };
        let shifted = |nth: &str| {
            let digits: usize = nth.trim_matches(['=', '+']).parse().unwrap();
            nth.replace(&digits.to_string(), &(digits + first).to_string())
        };
        let more = (0..wished("FETCHALL_TEST_FAULTS").unwrap_or(0)).map(|_| {
            let nth = fastrand::usize(1..80);
            [format!("={nth}"), format!("{nth}+"), nth.to_string()][fastrand::usize(..3)].clone()
        });
        for (at, nth) in nths.iter().map(|nth| shifted(nth)).chain(more).enumerate() {
            let error = errors[at % errors.len()];
            failed += usize::from(fails_and_goes_on(way, &format!("{call},{nth}"), error).await == 3);
        }
    }
    assert!(failed >= least, "only {failed} runs failed");
}

#[tokio::test]
async fn a_write_that_fails_is_exit_3_with_whole_records_and_the_run_goes_on_when_the_fault_is_gone() {
    every_way("write", &["=1", "=3", "4+", "=2"], &[NO_SPACE, IO], 16).await;
}

#[tokio::test]
async fn half_a_record_on_a_full_disk_is_taken_back() {
    for way in WAYS.iter().filter(|way| !way.files.ends_with(".db") && way.files != "pages") {
        let place = Place::with(LINES).await;
        let file = place.path(way.files);
        let rules = format!("write,=2,{HALF},{file} write,3+,{NO_SPACE},{file}");
        let run = failing(place.fetchall(&[&["-q"], way.args].concat()), &rules).run().await;
        assert_eq!(run.exit, 3, "{run}");
        assert_honest(&place, way, &run, LINES);
    }
}

#[tokio::test]
async fn where_not_even_half_a_line_can_be_taken_back_the_run_goes_on_all_the_same() {
    for way in WAYS.iter().filter(|way| !way.files.ends_with(".db") && way.files != "pages") {
        let place = Place::with(LINES).await;
        let args = [&["--state", "run.db", "-q"], way.args].concat();
        let file = place.path(way.files);
        let rules = format!("write,=2,{HALF},{file} write,3+,{NO_SPACE},{file} truncate,1,{IO},{file}");
        let run = failing(place.fetchall(&args), &rules).run().await;
        assert!(run.exit == 3 && run.stderr.contains(way.files), "{run}");
        let rest = place.fetchall(&args).run().await;
        assert_eq!(rest.exit, 1, "{rest}");
        assert_complete(&place, way, LINES);
    }
}

#[tokio::test]
async fn records_that_a_full_disk_cut_off_are_gone_on_with_by_themselves() {
    for rules in ["write,=2,28", "write,=2,0 write,3+,28", "write,=1,0 write,=2,5 truncate,1,5"] {
        let place = Place::with(LINES).await;
        let file = place.path("out.jsonl");
        let rules: String = rules.split(' ').map(|rule| format!("{rule},{file} ")).collect();
        let run = failing(place.fetchall(&["-o", "out.jsonl", "-q"]), &rules).run().await;
        assert!(run.exit == 3 && run.stderr.contains("out.jsonl"), "{rules}: {run}");
        let rest = place.fetchall(&["--resume", "out.jsonl", "-q"]).run().await;
        assert_eq!(rest.exit, 1, "{rules}: {rest}");
        assert_whole(&place.records("out.jsonl"), LINES);
    }
}

#[tokio::test]
async fn a_sync_that_fails_is_exit_3_and_the_run_goes_on_when_the_fault_is_gone() {
    every_way("sync", &["=1", "2+"], &[IO, NO_SPACE], 6).await;
}

#[tokio::test]
async fn a_rename_that_fails_is_exit_3_and_the_run_goes_on_when_the_fault_is_gone() {
    every_way("rename", &["=1", "2"], &[IO, NO_SPACE], 2).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_told_and_the_run_goes_on_when_it_can() {
    every_way("open", &["=1", "=2", "3+", "1"], &[TOO_MANY_FILES, IO, NO_FILES, READ_ONLY], 1).await;
}

#[tokio::test]
async fn calls_that_are_interrupted_or_do_half_of_their_work_lose_nothing() {
    for way in WAYS {
        for (rule, error) in [("write,2", INTERRUPTED), ("write,3", HALF)] {
            let exit = fails_and_goes_on(way, rule, error).await;
            assert_eq!(exit, 1, "{:?} {rule},{error}", way.args);
        }
        // No disk of this machine interrupts a sync, and SQLite takes it for a failure.
        if !["r.db", "run.db"].contains(&way.files) {
            assert_eq!(fails_and_goes_on(way, "sync,2", INTERRUPTED).await, 1, "{:?}", way.args);
        }
    }
}
