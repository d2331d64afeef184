//! What is kept from one run to the next, as somebody else may have left it.

use super::tools::{QUICK, choice, lengthened, within};
use crate::{
    check::{baseline::Baseline, cache::Cache, grace::Histories, ignore::Ignores, redirects::Redirections},
    journal::{Done, identity::Identity},
    model::Request,
    report::diff::Row,
    source::{earlier::EarlierRun, saved},
};

/// A file that can be read, and is written, reads the same again; what cannot be read says where.
pub fn state_files(data: &[u8]) {
    let (kind, data) = choice(data);
    let data = lengthened(data);
    if let Some(done) = Done::from_bytes(&data) {
        let bytes = done.to_bytes();
        let again = Done::from_bytes(&bytes).expect("ours");
        assert_eq!((again.len(), again.last(), again.to_bytes()), (done.len(), done.last(), bytes));
    }
    if let Ok(row) = Row::parse(&data) {
        let _ = (row.about(), row.counts(), row.facts());
    }
    let Ok(text) = str::from_utf8(&data) else { return };
    let identity = Identity::from_text(text);
    let written = Identity::from_text(&identity.to_text());
    assert_eq!(written.to_text(), identity.to_text());
    assert!(identity.differences(&written).is_empty() && written.differences(&written).is_empty());
    match kind % 4 {
        0 => rows(text),
        1 => earlier(text),
        2 => kept(text),
        _ => rules(text),
    }
}

/// Rows of a link checker: merged with themselves they stay as they are.
fn rows(text: &str) {
    if let Ok(rows) = within(4 * QUICK, "a baseline", || Baseline::parse(text)) {
        let written = rows.write().expect("rows are JSON");
        assert_eq!(Baseline::parse(&written).as_ref(), Ok(&rows));
        assert_eq!(rows.clone().merged(rows.clone()), rows);
    }
    if let Ok(rows) = within(4 * QUICK, "a cache", || Cache::parse(text)) {
        let written = rows.write().expect("rows are JSON");
        assert_eq!(Cache::parse(&written).as_ref(), Ok(&rows));
        assert_eq!(rows.clone().merged(rows.clone()), rows);
    }
    if let Ok(rows) = within(4 * QUICK, "histories", || Histories::parse(text)) {
        let written = rows.write().expect("rows are JSON");
        assert_eq!(Histories::parse(&written).as_ref(), Ok(&rows));
        assert_eq!(rows.clone().merged(rows.clone()), rows);
    }
}

/// Records of an earlier run.
fn earlier(text: &str) {
    let Ok(run) = within(4 * QUICK, "an earlier run", || EarlierRun::read("run", text.as_bytes())) else { return };
    assert!(run.len() <= 2 * text.lines().count());
    let mut request = Request::get("https://site.example/");
    run.prepare(&mut request);
    assert!(request.fault.is_none());
}

/// Records with the page that was fetched.
fn kept(text: &str) {
    let mut lines = 0;
    let read = saved::lines(text.as_bytes(), |number, line| {
        lines += 1;
        let line = line.expect("UTF-8, and not long");
        let kept = saved::kept(&line, number);
        assert!(kept.input.chars().count() <= line.chars().count());
        true
    });
    assert!(read.is_ok());
    assert_eq!(lines, text.lines().filter(|line| !line.trim_start_matches('\u{feff}').trim().is_empty()).count());
}

/// What to pass over, and what is redirected.
fn rules(text: &str) {
    match within(4 * QUICK, "what is to be passed over", || Ignores::parse(text)) {
        Ok(ignores) => {
            let today = "2026-01-31".parse().expect("a date");
            ignores.met(Some("a/b.md"), &["https://site.example/a"], today);
        }
        Err(lines) => assert!(lines.iter().all(|line| (1..=text.lines().count()).contains(&line.line))),
    }
    let (redirections, bad) = within(QUICK, "redirections", || Redirections::parse(text));
    assert!(bad.iter().all(|line| (1..=text.lines().count()).contains(&line.line)));
    for order in [crate::check::redirects::Order::BeforeFiles, crate::check::redirects::Order::AfterFiles] {
        if let Some(answer) = within(QUICK, "a redirection", || redirections.answer("/a/b/c", order)) {
            assert!(answer.status >= 200, "{answer:?}");
        }
    }
}
