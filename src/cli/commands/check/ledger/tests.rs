//! What is shown, counted and kept of the findings that come in.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use fetchall::model::SuggestionKind;

use super::{super::sample::*, *};

/// What was written.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A reader that is not there.
struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ledger(looks: &[Look], page: &Page) -> Ledger {
    let stream = |look: &Look| Stream::new("page".to_owned(), *look, Box::new(page.clone()));
    Ledger {
        shown: None,
        streams: looks.iter().map(stream).collect(),
        keep: Keep::Worth,
        fail_on: FailOn::Error,
        most: None,
        updating: None,
        mending: None,
        counts: Counts::default(),
    }
}

const TEXT: &str = "x\n  [a](http://h.example/\u{1b}[2J)";

fn error() -> Finding {
    dead("./docs/a.md", TEXT, "http://h.example/\u{1b}[2J")
}

fn warning() -> Finding {
    weighing(error(), Rule::Parked, Severity::Warning)
}

fn fine() -> Finding {
    Finding { rule: None, severity: Severity::Off, ok: true, error: None, ..error() }
}

/// Sends findings through a ledger; the reasons for which it asked the run to end.
fn sent(ledger: Ledger, findings: Vec<Finding>) -> (Ledger, Result<(), Fault>, Vec<Stop>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(findings.len().max(1));
    findings.into_iter().for_each(|finding| sender.try_send(finding).unwrap());
    drop(sender);
    let stops = Arc::new(Mutex::new(Vec::new()));
    let noting = Arc::clone(&stops);
    let stop: Stopper = Arc::new(move |why| noting.lock().unwrap().push(why));
    let (ledger, outcome) = ledger.record(receiver, &stop);
    let stops = stops.lock().unwrap().clone();
    (ledger, outcome, stops)
}

#[test]
fn text_shows_what_is_worth_a_word_and_nothing_acts_on_a_terminal() {
    for (paint, expected) in [
        (Paint::Plain, r"docs/a.md:2:7: link.dead http://h.example/\u{1b}[2J: 404 Not Found"),
        (Paint::Coloured, "docs/a.md:2:7: \x1b[31mlink.dead\x1b[0m http://h.example/\\u{1b}[2J: 404 Not Found"),
    ] {
        let page = Page::default();
        sent(ledger(&[Look::Text(paint)], &page), vec![fine(), error()]).1.unwrap();
        assert_eq!(page.text(), format!("{expected}\n"));
    }
    let page = Page::default();
    sent(ledger(&[Look::Text(Paint::Coloured)], &page), vec![warning()]).1.unwrap();
    assert!(page.text().contains("\x1b[33mlink.parked\x1b[0m"));
}

#[test]
fn json_lines_show_every_link_and_say_which_count() {
    let page = Page::default();
    let warnings = Ledger { fail_on: FailOn::Warning, ..ledger(&[Look::Jsonl], &page) };
    let skipped = Finding { ok: false, ..fine() };
    let (ledger, ..) = sent(warnings, vec![fine(), warning(), error(), skipped]);
    let oks: Vec<bool> = page
        .text()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["ok"].as_bool().unwrap())
        .collect();
    assert_eq!(oks, [true, false, false, false]);
    assert_eq!((ledger.counts.failing, ledger.counts.kept.len()), (3, 2));
}

#[test]
fn nothing_fails_a_run_that_is_not_to_fail() {
    let page = Page::default();
    let never = Ledger { fail_on: FailOn::Never, ..ledger(&[], &page) };
    let (ledger, ..) = sent(never, vec![error(), warning(), Finding { ok: false, ..fine() }]);
    assert_eq!((ledger.counts.failing, ledger.counts.summary.errors), (0, 1));
}

#[test]
fn links_that_were_not_sent_are_fine_or_were_left_out() {
    let (mut ledger, ..) = sent(ledger(&[], &Page::default()), vec![error(), warning()]);
    let stray = weighing(error(), Rule::UnusedIgnore, Severity::Warning);
    ledger.settle(stray).unwrap();
    ledger.counts.complete(10, 3);
    let summary = &ledger.counts.summary;
    assert_eq!((summary.links, summary.ok, summary.skipped), (11, 5, 3));
    assert_eq!((summary.errors, summary.warnings), (1, 2));
}

#[test]
fn what_can_be_mended_is_held_back_and_not_yet_counted() {
    let page = Page::default();
    let mending = Ledger { mending: Some(Mending::default()), ..ledger(&[Look::Text(Paint::Plain)], &page) };
    let moved = mendable("a.md", "[x](http://h/)", "http://h/", SuggestionKind::Https, "https://h/");
    let (ledger, ..) = sent(mending, vec![moved, error()]);
    assert_eq!((ledger.counts.mendable.len(), ledger.counts.failing), (1, 1));
    assert_eq!(page.text().lines().count(), 1);
}

#[test]
fn a_run_is_ended_after_so_many_failures_and_when_nobody_reads() {
    let page = Page::default();
    let most = Ledger { most: Some(2), ..ledger(&[], &page) };
    let (ledger_, _, stops) = sent(most, vec![error(), warning(), error(), fine()]);
    assert_eq!((ledger_.counts.failing, stops.first()), (2, Some(&Stop::Failures)));
    for (kind, is_fault) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
        let mut closed = ledger(&[], &page);
        closed.streams.push(Stream::new("out".to_owned(), Look::Jsonl, Box::new(Closed(kind))));
        let (_, outcome, stops) = sent(closed, vec![error(), error()]);
        assert_eq!(stops, [Stop::Gone]);
        assert_eq!(matches!(outcome, Err(Fault::Broken(told)) if told.contains("cannot write out")), is_fault);
    }
}

#[test]
fn a_finding_is_written_while_others_are_waited_for() {
    let page = Page::default();
    let waiting = ledger(&[Look::Text(Paint::Plain)], &page);
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let stops = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&stops);
    let stop: Stopper = Arc::new(move |_| {
        counting.fetch_add(1, SeqCst);
    });
    let thread = std::thread::spawn(move || waiting.record(receiver, &stop));
    sender.blocking_send(error()).unwrap();
    let began = std::time::Instant::now();
    while page.text().is_empty() {
        assert!(began.elapsed().as_secs() < 10, "the line waits for the next one");
        std::thread::yield_now();
    }
    drop(sender);
    thread.join().unwrap().1.unwrap();
    assert_eq!(stops.load(SeqCst), 0);
}

#[test]
fn a_baseline_that_is_written_anew_takes_everything_and_shows_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("baseline");
    let open = || {
        let flags = crate::cli::flags::check::MemoryFlags {
            baseline: Some(path.clone()),
            update_baseline: true,
            ..Default::default()
        };
        super::super::books::open(&flags).unwrap().updating
    };
    let moved = weighing(error(), Rule::Redirected, Severity::Off);
    let message = "the time is up".to_owned();
    let unknown = Finding {
        rule: None,
        error: None,
        skip: Some(fetchall::model::record::Skip { code: fetchall::model::Code::BudgetDeadline, message, of: None }),
        ..error()
    };
    for (shown, rows) in [(1, 1), (0, 1)] {
        let page = Page::default();
        let writing = Ledger { updating: open(), ..ledger(&[Look::Text(Paint::Plain)], &page) };
        let (mut ledger, ..) = sent(writing, vec![error(), moved.clone(), fine(), unknown.clone()]);
        assert_eq!((page.text().lines().count(), ledger.counts.failing), (shown + 1, 1));
        ledger.updating.take().unwrap().write(true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), rows);
    }
}
