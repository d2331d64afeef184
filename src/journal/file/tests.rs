//! Journals that are begun, killed, gone on with, and met in a bad state.

use std::fs;

use super::*;
use crate::{
    journal::identity::digest,
    model::{Ending, Failure, Request, Step, Visit, record::Heavy},
};

fn record(seq: u64, code: Option<Code>) -> Record {
    let ending = match code {
        None => Ending::Ok,
        Some(code) => Ending::Error(Failure::new(code, "")),
    };
    Record::of(Visit::refused(seq, Request::get("https://h/"), None, ending), Heavy::default())
}

fn run() -> Identity {
    Identity::default().with("command", "fetch").with_content("urls.txt", &digest(b"list"))
}

struct Place(tempfile::TempDir, std::path::PathBuf);

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.db");
    Place(dir, path)
}

fn open(place: &Place, begin: Begin) -> (Journal, Before, Past) {
    Journal::open(&place.1, &run(), begin).unwrap()
}

#[test]
fn what_was_settled_is_known_again_after_a_kill() {
    let place = place();
    let (mut journal, before, past) = open(&place, Begin::GoOn);
    assert!(before.done.is_empty() && past.positions.is_empty());
    journal.settle(&[record(7, None), record(2, Some(Code::DnsNotFound))], &[Some(100), None]).unwrap();
    journal.settle(&[record(3, None)], &[Some(160), None]).unwrap();
    // Not closed, as after `kill -9`.
    drop(journal);
    let (_journal, before, past) = open(&place, Begin::GoOn);
    assert_eq!(before.done.iter().collect::<Vec<_>>(), [2, 3, 7]);
    assert_eq!((past.done, past.failed, past.positions, past.is_complete), (3, 1, vec![Some(160), None], false));
}

#[test]
fn what_has_failed_is_asked_for_again_only_on_request_and_may_be_well_then() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal
        .settle(&[record(0, None), record(1, Some(Code::DnsNotFound)), record(2, Some(Code::DnsNotFound))], &[])
        .unwrap();
    journal.close(true).unwrap();
    drop(journal);
    let (mut journal, before, past) = open(&place, Begin::RetryFailed);
    assert_eq!((before.done.iter().collect::<Vec<_>>(), past.failed), (vec![0], 0));
    journal.settle(&[record(2, None)], &[]).unwrap();
    drop(journal);
    let (_journal, before, past) = open(&place, Begin::GoOn);
    assert_eq!((before.done.len(), past.failed), (3, 1));
}

#[test]
fn a_complete_run_that_goes_on_is_complete_no_more_before_its_first_record_is_out() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(0, Some(Code::DnsNotFound))], &[]).unwrap();
    journal.close(true).unwrap();
    drop(journal);
    drop(open(&place, Begin::RetryFailed));
    assert!(open(&place, Begin::GoOn).2.is_complete, "nothing came of it");
    let (mut journal, ..) = open(&place, Begin::RetryFailed);
    journal.announce(&[record(0, None)]).unwrap();
    drop(journal);
    assert!(!open(&place, Begin::GoOn).2.is_complete, "killed, and more may follow from the record");
    let (mut journal, ..) = open(&place, Begin::RetryFailed);
    journal.settle(&[record(0, None)], &[]).unwrap();
    journal.close(true).unwrap();
    drop(journal);
    assert!(open(&place, Begin::GoOn).2.is_complete);
}

#[test]
fn behind_a_new_start_of_the_machine_only_what_was_synced_counts() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(0, None)], &[Some(10)]).unwrap();
    journal.synced().unwrap();
    journal.settle(&[record(1, None)], &[Some(20)]).unwrap();
    journal.store().set("boot", "another").unwrap();
    drop(journal);
    let (_journal, before, past) = open(&place, Begin::GoOn);
    assert_eq!((before.done.iter().collect::<Vec<_>>(), past.positions), (vec![0], vec![Some(10)]));
}

#[test]
fn many_batches_are_folded_into_one_and_mean_the_same() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    for seq in 0..1_000_u64 {
        let code = seq.is_multiple_of(3).then_some(Code::DnsNotFound);
        journal.settle(&[record(seq * 2, code)], &[Some(seq)]).unwrap();
    }
    journal.close(false).unwrap();
    drop(journal);
    for _ in 0..2 {
        let (journal, before, past) = open(&place, Begin::GoOn);
        assert_eq!((before.done.len(), past.failed, &past.positions), (1_000, 334, &vec![Some(999)]));
        assert!(journal.store().read(boot::id().as_deref()).unwrap().last >= 1_000 || past.done == 1_000);
        assert!((0..2_000).all(|seq| before.done.contains(seq) == seq.is_multiple_of(2)));
    }
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(1, None)], &[Some(1_000)]).unwrap();
    drop(journal);
    assert_eq!(open(&place, Begin::GoOn).2.done, 1_001);
}

#[test]
fn steps_are_kept_by_number_and_a_restart_forgets_them() {
    let place = place();
    let step = |key, text: &str| Step { key, is_page: key.is_none(), data: text.as_bytes().to_vec() };
    let stepping = |seq, step: &Step| Record { step: Some(Box::new(step.clone())), ..record(seq, None) };
    let (mut journal, before, _) = open(&place, Begin::GoOn);
    let trail = journal.trail(&before).unwrap();
    let (short, long) = (step(Some(u128::MAX - 1), "short"), step(None, &"a link, ".repeat(1_000)));
    journal.announce(&[stepping(7, &short), record(8, None), stepping(3, &short)]).unwrap();
    journal.announce(&[stepping(3, &long)]).unwrap();
    journal.settle(&[record(3, None)], &[]).unwrap();
    assert_eq!(
        trail.rows.keys(None).unwrap(),
        [(3, None, true), (7, short.key, false)],
        "the last one of a number counts"
    );
    drop((journal, trail));
    let (mut journal, before, _) = open(&place, Begin::GoOn);
    let again = journal.trail(&before).unwrap();
    assert_eq!(again.done.iter().collect::<Vec<_>>(), [3], "7 was announced and never settled");
    assert_eq!(again.rows.steps(None).unwrap(), [(3, long.clone()), (7, short.clone())]);
    assert_eq!(again.rows.steps(Some(3)).unwrap(), [(7, short)]);
    assert!(again.rows.steps(Some(7)).unwrap().is_empty());
    let size = |journal: &Journal| fs::metadata(journal.path()).unwrap().len();
    assert!(size(&journal) < 64 << 10, "what repeats itself is packed");
    let seed = again.seed;
    drop((journal, again));
    let (mut journal, before, _) = open(&place, Begin::Anew);
    let anew = journal.trail(&before).unwrap();
    assert!(anew.rows.keys(None).unwrap().is_empty() && anew.done.is_empty() && anew.seed != seed);
}

#[test]
fn a_long_trail_comes_in_parts_that_make_the_whole() {
    let place = place();
    let (mut journal, before, _) = open(&place, Begin::GoOn);
    let trail = journal.trail(&before).unwrap();
    let random = |len: usize| std::iter::repeat_with(|| fastrand::u8(..)).take(len).collect::<Vec<_>>();
    let all: Vec<Record> = (0..9_000_u64)
        .map(|seq| {
            let data = random(if seq % 1_000 == 0 { 700_000 } else { 10 });
            Record { step: Some(Box::new(Step { key: Some(seq.into()), is_page: true, data })), ..record(seq, None) }
        })
        .collect();
    all.chunks(512).for_each(|batch| journal.announce(batch).unwrap());
    let (mut after, mut steps, mut parts) = (None, Vec::new(), 0);
    loop {
        let part = trail.rows.steps(after).unwrap();
        let Some((last, _)) = part.last() else { break };
        (after, parts) = (Some(*last), parts + 1);
        steps.extend(part);
    }
    assert!(parts > 30 && steps.len() == all.len(), "{parts}");
    assert!(
        steps.iter().zip(&all).all(|((seq, step), record)| (*seq, Some(step)) == (record.seq, record.step.as_deref()))
    );
    let keys = trail.rows.keys(Some(8_997)).unwrap();
    assert_eq!(keys, [(8_998, Some(8_998), true), (8_999, Some(8_999), true)]);
}

#[test]
fn batches_behind_a_fold_have_numbers_of_their_own() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    (0..300).for_each(|seq| journal.settle(&[record(seq, None)], &[Some(seq)]).unwrap());
    journal.close(false).unwrap();
    drop(journal);
    drop(open(&place, Begin::GoOn));
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(300, None)], &[Some(301)]).unwrap();
    journal.store().set("boot", "another").unwrap();
    drop(journal);
    assert_eq!(open(&place, Begin::GoOn).2.done, 300, "the last one was never synced");
}

#[test]
fn what_a_stopped_run_leaves_over_is_not_done() {
    let place = place();
    let (journal, ..) = open(&place, Begin::GoOn);
    assert!(journal.is_final(&record(0, None)) && journal.is_final(&record(0, Some(Code::DnsNotFound))));
    assert!(!journal.is_final(&record(0, Some(Code::Cancelled))));
}

#[test]
fn another_run_is_told_apart_and_begins_anew_only_on_request() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(0, None)], &[]).unwrap();
    drop(journal);
    let other = run().with("--limit", "3");
    let error = Journal::open(&place.1, &other, Begin::GoOn).unwrap_err();
    assert!(error.to_string().ends_with("run.db belongs to another run: --limit was not given, and is 3"), "{error}");
    assert_eq!(open(&place, Begin::GoOn).2.done, 1, "it was left as it is");
    let (_journal, before, _) = Journal::open(&place.1, &other, Begin::Anew).unwrap();
    assert!(before.done.is_empty());
}

#[test]
fn two_processes_do_not_share_a_journal() {
    let place = place();
    let (_journal, ..) = open(&place, Begin::GoOn);
    assert!(matches!(Journal::open(&place.1, &run(), Begin::GoOn), Err(JournalError::InUse(_))));
}

#[test]
fn foreign_newer_and_damaged_files_are_named_and_left_as_they_are() {
    let place = place();
    let db = |statements: &str| {
        let db = rusqlite::Connection::open(&place.1).unwrap();
        db.execute_batch(statements).unwrap();
        db.close().unwrap();
    };
    let refused = || {
        let before = fs::read(&place.1).unwrap();
        let error = Journal::open(&place.1, &run(), Begin::Anew).unwrap_err();
        assert_eq!(fs::read(&place.1).unwrap(), before, "{error}");
        error
    };
    fs::write(&place.1, "https://example.com/\n".repeat(100)).unwrap();
    assert!(matches!(refused(), JournalError::Foreign(_)));
    fs::remove_file(&place.1).unwrap();
    db("CREATE TABLE cookies (name TEXT)");
    assert!(matches!(refused(), JournalError::Foreign(_)));
    fs::remove_file(&place.1).unwrap();

    let (mut journal, ..) = open(&place, Begin::GoOn);
    for seq in 0..300 {
        journal.settle(&(0..100).map(|at| record(seq * 777 + at * 3, None)).collect::<Vec<_>>(), &[]).unwrap();
    }
    drop(journal);
    db("PRAGMA journal_mode = DELETE; PRAGMA user_version = 9;");
    assert!(matches!(refused(), JournalError::Newer(_)));
    db("PRAGMA user_version = 2;");
    let whole = fs::read(&place.1).unwrap();
    fs::write(&place.1, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(), JournalError::Damaged(..)));
    assert!(matches!(Journal::open(place.0.path(), &run(), Begin::GoOn), Err(JournalError::Foreign(_))));
}

#[test]
fn a_folder_that_is_not_there_is_named_and_nothing_is_made() {
    let place = place();
    let folder = place.0.path().join("nodir");
    let error = Journal::open(&folder.join("x.db"), &run(), Begin::GoOn).unwrap_err().to_string();
    assert!(error.ends_with(&format!("there is no folder {}", folder.display())), "{error}");
    assert!(!folder.exists());
}

#[test]
fn a_batch_cut_in_half_by_a_kill_is_as_if_it_had_never_been() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(0, None)], &[Some(10)]).unwrap();
    journal.settle(&[record(1, None)], &[Some(20)]).unwrap();
    // The log as it is while the process lives, its last page torn.
    let log = place.1.with_file_name("run.db-wal");
    let (db, bytes) = (fs::read(&place.1).unwrap(), fs::read(&log).unwrap());
    drop(journal);
    fs::write(&place.1, db).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 100]).unwrap();
    let (_journal, before, past) = open(&place, Begin::GoOn);
    assert_eq!((before.done.iter().collect::<Vec<_>>(), past.positions), (vec![0], vec![Some(10)]));
}

#[test]
fn a_run_keeps_its_name_until_it_begins_anew() {
    let place = place();
    let name = |begin| open(&place, begin).0.id().to_owned();
    let first = name(Begin::GoOn);
    assert_eq!((first.len(), name(Begin::GoOn)), (36, first.clone()));
    assert_ne!(name(Begin::Anew), first);
}

#[test]
fn a_run_of_which_nothing_is_done_may_become_another() {
    let place = place();
    let first = open(&place, Begin::GoOn).0.id().to_owned();
    let other = run().with("--sink", "sqlite:r.db");
    let (mut journal, ..) = Journal::open(&place.1, &other, Begin::GoOn).unwrap();
    assert_ne!(journal.id(), first);
    journal.settle(&[record(0, None)], &[]).unwrap();
    drop(journal);
    assert!(matches!(Journal::open(&place.1, &run(), Begin::GoOn), Err(JournalError::Other { .. })));
}

#[test]
fn a_row_that_is_not_what_was_written_is_found_and_the_file_is_left_as_it_is() {
    for change in [
        "UPDATE batch SET done = x'06' WHERE id = 1",
        "UPDATE batch SET positions = x'08' WHERE id = 1",
        "UPDATE batch SET id = 3 WHERE id = 2",
        "UPDATE run SET value = '1' WHERE key = 'durable'",
        "UPDATE run SET value = 'x' WHERE key = 'id'",
    ] {
        let place = place();
        let (mut journal, ..) = open(&place, Begin::GoOn);
        journal.settle(&[record(0, None)], &[Some(10)]).unwrap();
        journal.settle(&[record(1, None)], &[Some(20)]).unwrap();
        journal.close(false).unwrap();
        drop(journal);
        let db = rusqlite::Connection::open(&place.1).unwrap();
        assert_eq!(db.execute(change, []).unwrap(), 1, "{change}");
        db.close().unwrap();
        let error = Journal::open(&place.1, &run(), Begin::GoOn).unwrap_err();
        assert!(matches!(error, JournalError::Damaged(..)), "{change}: {error}");
    }
}

#[test]
fn a_journal_of_the_version_before_sums_is_gone_on_with() {
    let place = place();
    let (mut journal, ..) = open(&place, Begin::GoOn);
    journal.settle(&[record(0, None)], &[Some(10)]).unwrap();
    drop(journal);
    let db = rusqlite::Connection::open(&place.1).unwrap();
    let before = "ALTER TABLE batch DROP COLUMN sum; ALTER TABLE run DROP COLUMN sum;
        ALTER TABLE mark DROP COLUMN sum; PRAGMA user_version = 1;";
    db.execute_batch(before).unwrap();
    db.close().unwrap();
    for done in 1..3 {
        let (mut journal, known, past) = open(&place, Begin::GoOn);
        assert_eq!((known.done.len(), past.positions), (done, vec![Some(10 * done)]));
        journal.settle(&[record(done, None)], &[Some(10 * done + 10)]).unwrap();
    }
}
