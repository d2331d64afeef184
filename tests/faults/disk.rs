//! Disks that are full, broken or slow of hand: every n-th write, sync, rename, opening or cutting fails.

use crate::{kit::*, support::*};

const LINES: usize = 60;

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

/// All ways out under these faults; as many as can be expected to be noticed must be.
async fn every_way(rules: &[&str], errors: &[i32], least: usize) {
    let mut failed = 0;
    for way in WAYS {
        for rule in rules {
            for error in errors {
                failed += usize::from(fails_and_goes_on(way, rule, *error).await == 3);
            }
        }
    }
    assert!(failed >= least, "only {failed} runs failed");
}

#[tokio::test]
async fn a_write_that_fails_is_exit_3_with_whole_records_and_the_run_goes_on_when_the_fault_is_gone() {
    every_way(&["write,=1", "write,=3", "write,4+"], &[NO_SPACE, IO], 20).await;
}

#[tokio::test]
async fn a_sync_that_fails_is_exit_3_and_the_run_goes_on_when_the_fault_is_gone() {
    every_way(&["sync,=1", "sync,2+"], &[IO, NO_SPACE], 8).await;
}

#[tokio::test]
async fn a_rename_that_fails_is_exit_3_and_the_run_goes_on_when_the_fault_is_gone() {
    every_way(&["rename,=1", "rename,2"], &[IO, NO_SPACE], 2).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_told_and_the_run_goes_on_when_it_can() {
    every_way(&["open,=1", "open,=2", "open,3+"], &[TOO_MANY_FILES, IO], 1).await;
}

#[tokio::test]
async fn calls_that_are_interrupted_or_do_half_of_their_work_lose_nothing() {
    for way in WAYS {
        for rule in ["write,2", "write,3"] {
            for error in [INTERRUPTED, HALF] {
                let exit = fails_and_goes_on(way, rule, error).await;
                assert_eq!(exit, 1, "{:?} {rule},{error}", way.args);
            }
        }
        // No disk of this machine interrupts a sync, and SQLite takes it for a failure.
        if !["r.db", "run.db"].contains(&way.files) {
            assert_eq!(fails_and_goes_on(way, "sync,2", INTERRUPTED).await, 1, "{:?}", way.args);
        }
    }
}
