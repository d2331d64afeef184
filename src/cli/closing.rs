//! What to do next, at the end of a run: at most three commands, each behind its purpose on a line of its own, so
//! that it can be pasted.
//!
//! Only people are told, on a terminal: logs have the summary. Must not know how anything of it is done.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use fetchall::report::Summary;

use super::{continued::quoted, run::Ran, terminal::Voice};

/// Commands that are told at most.
const MOST: usize = 3;
/// From so many records on they are better looked at as a page.
const MANY: u64 = 20;

/// Says what to do next, if the run came to its end by itself: another end says how to go on.
///
/// `records` are JSON Lines that the run wrote, if `fetchall report` can read them; `once_more` is the command that
/// asks again for what failed.
pub fn tell(ran: &Ran, records: Option<&Path>, once_more: Option<&str>, voice: &Voice) {
    if ran.is_whole() && io::stderr().is_terminal() {
        hints(&ran.summary, records, once_more).iter().for_each(|hint| voice.command(hint));
    }
}

/// The most useful first.
fn hints(summary: &Summary, records: Option<&Path>, once_more: Option<&str>) -> Vec<String> {
    // Of several that are as frequent, the first by name, so that the same run says the same.
    let most = summary.errors.iter().rev().max_by_key(|(_, times)| **times);
    let explain = most.map(|(code, _)| format!("to learn why: fetchall explain {code}"));
    let may_help = summary.errors.keys().any(|code| code.retryable());
    let again = once_more.filter(|_| may_help).map(|command| format!("to try what failed once more: {command}"));
    let report = records.filter(|_| summary.requests >= MANY).map(|records| {
        let page = quoted(&records.with_extension("html").to_string_lossy());
        format!("to look at it: fetchall report {} -o {page}", quoted(&records.to_string_lossy()))
    });
    [explain, again, report].into_iter().flatten().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use fetchall::model::Code;

    use super::*;

    fn summary(requests: u64, errors: &[(Code, u64)]) -> Summary {
        let mut summary = Summary::new();
        summary.requests = requests;
        summary.errors = errors.iter().copied().collect();
        summary
    }

    #[test]
    fn a_run_that_went_well_and_is_small_says_nothing() {
        assert!(hints(&summary(3, &[]), Some(Path::new("out.jsonl")), Some("fetchall x")).is_empty());
    }

    #[test]
    fn the_most_frequent_failure_is_explained_and_what_may_work_later_is_tried_again() {
        let failed = summary(100, &[(Code::ConnectRefused, 2), (Code::HttpClientError, 5)]);
        assert_eq!(
            hints(&failed, Some(Path::new("my out.jsonl")), Some("fetchall x --retry-failed")),
            [
                "to learn why: fetchall explain http.client_error",
                "to try what failed once more: fetchall x --retry-failed",
                "to look at it: fetchall report 'my out.jsonl' -o 'my out.html'",
            ]
        );
        let for_good = summary(5, &[(Code::HttpClientError, 1), (Code::BodyBomb, 1)]);
        assert_eq!(hints(&for_good, None, Some("fetchall x")), ["to learn why: fetchall explain http.client_error"]);
    }
}
