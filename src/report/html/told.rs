//! What is counted of a run, in words: plain text and Markdown, for those who want no page.
//!
//! Text from outside is written so that neither a terminal nor Markdown acts on it. Must not know files.

use std::fmt::Write as _;

use super::{
    About, AddError, facts,
    nojs::{self, grouped},
    row::{Row, waits_of},
    tally::{Failed, Tally},
};
use crate::{model::escape::visible, report::Summary};

/// Failures that are listed.
const LISTED: usize = 100;

/// A run that is told in words. Memory does not grow with it.
#[derive(Debug, Default)]
pub struct Told(Tally);

impl Told {
    /// Takes in a line of JSON Lines; `waits` is what [`super::read()`] gave with it.
    ///
    /// # Errors
    /// It is no record.
    pub fn line(&mut self, line: &[u8], waits: Option<&str>) -> Result<(), AddError> {
        let row = Row::parse(line).map_err(AddError::NoRecord)?;
        let tries = waits.and_then(super::tries_of).unwrap_or_else(|| row.tries());
        self.0.add(&row, &waits_of(&tries));
        Ok(())
    }

    /// The counts, for programs and for [`Summary::lines`].
    pub fn summary(&mut self, about: &About) -> &Summary {
        self.0.settle(about);
        &self.0.summary
    }

    /// Lines for people: the summary, then what failed.
    pub fn text(&mut self, about: &About) -> String {
        let mut text = self.summary(about).lines().join("\n");
        text.push('\n');
        // Writing to a String cannot fail, here and below.
        for note in &about.notes {
            let _ = writeln!(text, "{}", visible(note));
        }
        for Failed { about, place, status, code, message } in self.0.failed.iter().take(LISTED) {
            let status = status.map(|status| format!("{status} ")).unwrap_or_default();
            let place = place.as_ref().map(|place| format!(" in {}", visible(place))).unwrap_or_default();
            let _ = writeln!(text, "{status}{} {}{place}: {}", visible(code), visible(about), visible(message));
        }
        text.push_str(&self.rest());
        text
    }

    fn rest(&self) -> String {
        let all = self.0.summary.not_ok + self.0.warnings;
        let shown = self.0.failed.len().min(LISTED) as u64;
        if all > shown { format!("and {} more\n", grouped(all - shown)) } else { String::new() }
    }

    /// A comment or a page of a wiki: the verdict, the numbers, why and what failed.
    pub fn markdown(&mut self, about: &About) -> String {
        self.0.settle(about);
        let tally = &self.0;
        let mut text = format!("## {}\n\n", plain(&nojs::verdict_of(tally)));
        for line in tally.summary.lines().iter().chain(&about.notes) {
            let _ = writeln!(text, "- {}", plain(line));
        }
        let codes: Vec<_> = tally.codes.iter().filter(|(_, count)| count.failed + count.warned > 0).collect();
        if !codes.is_empty() {
            text.push_str("\n| reason | count | what it means, and what to do |\n| --- | ---: | --- |\n");
        }
        for (code, count) in codes {
            let facts = facts(code);
            let words = |key: &str| plain(facts[key].as_str().unwrap_or_default());
            let count = grouped(count.failed + count.warned);
            let _ = writeln!(text, "| {} | {count} | {} {} |", span(code), words("meaning"), words("advice"));
        }
        if !tally.failed.is_empty() {
            text.push_str("\n| reason | what | message |\n| --- | --- | --- |\n");
        }
        for Failed { about, place, status, code, message } in tally.failed.iter().take(LISTED) {
            let status = status.map(|status| format!("{status} ")).unwrap_or_default();
            let place = place.as_ref().map(|place| format!(" in {}", span(place))).unwrap_or_default();
            let _ = writeln!(text, "| {status}{} | {}{place} | {} |", span(code), span(about), plain(message));
        }
        let rest = self.rest();
        if !rest.is_empty() {
            let _ = write!(text, "\n{rest}");
        }
        text
    }
}

/// Text as code, within a cell.
fn span(text: &str) -> String {
    crate::report::markdown::code(text)
}

/// Text that Markdown does not act on.
fn plain(text: &str) -> String {
    crate::report::markdown::plain(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Told {
        let mut told = Told::default();
        lines.iter().for_each(|line| told.line(line.as_bytes(), None).unwrap());
        told
    }

    const FAILED: &str = r#"{"ok":false,"outcome":"error","url":"http://h/`|\u001b[2J","error":{"code":"dns.not_found","message":"no *such* host"}}"#;

    #[test]
    fn a_run_is_told_in_text_that_acts_on_no_terminal() {
        let text = told(&[FAILED]).text(&About { wall_ms: Some(5.0), ..About::default() });
        assert!(text.starts_with("1 request in 5.0 ms: 0 ok, 1 failed\nfailures: dns.not_found 1\n"), "{text}");
        assert!(text.contains("dns.not_found http://h/`|\\u{1b}[2J: no *such* host\n"), "{text}");
    }

    #[test]
    fn a_run_is_told_in_markdown_that_nothing_gets_out_of() {
        let text = told(&[FAILED]).markdown(&About::default());
        assert!(text.starts_with("## The request failed\n"), "{text}");
        assert!(text.contains("no \\*such\\* host") && text.contains("`` http://h/`\\|\\u{1b}[2J ``"), "{text}");
        assert!(text.contains("The host name does not exist"), "{text}");
    }

    #[test]
    fn of_many_failures_the_first_are_named_and_the_others_counted() {
        let lines: Vec<_> = (0..130).map(|_| FAILED).collect();
        assert!(told(&lines).text(&About::default()).ends_with("and 30 more\n"));
        assert!(told(&lines).markdown(&About::default()).ends_with("\nand 30 more\n"));
        assert_eq!(told(&lines).summary(&About::default()).requests, 130);
    }
}
