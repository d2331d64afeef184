//! Records for people: one readable line each.
//!
//! Everything from outside is escaped here. Must not know whether it writes to a terminal: the
//! caller says how the lines are to look.

use std::{fmt::Write as _, time::Duration};

use super::Encode;
use crate::model::{
    Code, Record,
    escape::visible,
    record::Outcome,
    units::{human_duration, human_size},
};

/// Longest title or value shown, in characters.
const SHOWN: usize = 72;

/// Requests that were cancelled before they were started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unstarted {
    /// A line each, like any other.
    #[default]
    Show,
    /// No line: after Ctrl-C, thousands of them would push what was done off the screen.
    Hide,
}

/// How lines look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// With colours.
    pub colour: bool,
    /// Whether requests that never started get a line.
    pub unstarted: Unstarted,
}

/// Turns records into readable lines.
pub struct Text(pub Look);

impl Encode for Text {
    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> std::io::Result<()> {
        if self.0.unstarted == Unstarted::Show || !never_started(record) {
            out.extend_from_slice(line(record, self.0.colour).as_bytes());
            out.push(b'\n');
        }
        Ok(())
    }
}

fn never_started(record: &Record) -> bool {
    record.started_at.is_none() && record.error.as_ref().is_some_and(|error| error.code == Code::Cancelled)
}

/// One record as a line: status, size, time, URL, then the title or what went wrong.
pub fn line(record: &Record, colour: bool) -> String {
    let (label, paint) = match record.outcome {
        Outcome::Ok => (status(record, "ok"), "32"),
        Outcome::HttpError => (status(record, "err"), "31"),
        Outcome::Error => ("err".to_owned(), "31"),
        Outcome::Skipped => ("skip".to_owned(), "33"),
    };
    let size = record.bytes.map_or_else(|| "-".to_owned(), human_size);
    let time =
        record.timings.total_ms.map_or_else(|| "-".to_owned(), |total| human_duration(Duration::from_micros(total.0)));
    let label = painted(&format!("{label:<4}"), paint, colour);
    let mut line = format!("{label} {size:>8} {time:>8}  {}", address(record));
    let told = told(record);
    if !told.is_empty() {
        line.push_str("  ");
        line.push_str(&painted(&told, if record.ok { "2" } else { paint }, colour));
    }
    line
}

fn status(record: &Record, otherwise: &str) -> String {
    record.status.map_or_else(|| otherwise.to_owned(), |status| status.to_string())
}

/// The URL asked for, and the one that answered where it is another.
fn address(record: &Record) -> String {
    // A file is known by the path that somebody wrote.
    let asked = record.url.as_deref().filter(|url| !url.starts_with("file:")).unwrap_or(&record.input);
    let mut text = visible(asked).into_owned();
    if let Some(last) = record.final_url.as_deref().filter(|last| *last != asked) {
        // Writing to a String cannot fail.
        let _ = write!(text, " -> {}", visible(last));
    }
    text
}

fn told(record: &Record) -> String {
    let mut parts = Vec::new();
    if let Some(error) = &record.error {
        parts.push(format!("{}: {}", error.code, visible(&error.message)));
    } else if let Some(skip) = &record.skip {
        parts.push(format!("{}: {}", skip.code, visible(&skip.message)));
    } else if let Some(title) = &record.title {
        parts.push(short(title));
    }
    let data = record.data.iter().flatten().map(|(name, value)| (name.as_str(), value));
    let views = record.view.iter().flatten().map(|(name, value)| (*name, value));
    for (name, value) in data.chain(views) {
        let value = match value {
            serde_json::Value::String(text) => short(text),
            other => short(&other.to_string()),
        };
        parts.push(format!("{}={value}", visible(name)));
    }
    parts.join("  ")
}

fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    visible(&cut).into_owned()
}

fn painted(text: &str, paint: &str, colour: bool) -> String {
    if colour { format!("\x1b[{paint}m{text}\x1b[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, Failure, Request, Visit, record::Heavy, record::Ms};

    fn record(ending: Ending) -> Record {
        let url = url::Url::parse("http://h/a").ok();
        Record::of(Visit::refused(0, Request::get("http://h/a"), url, ending), Heavy::default())
    }

    #[test]
    fn a_line_says_how_it_ended_how_large_and_how_long() {
        let mut ok = record(Ending::Ok);
        ok.status = Some(200);
        ok.bytes = Some(2048);
        ok.timings.total_ms = Some(Ms(34_000));
        ok.title = Some("A page".to_owned());
        ok.final_url = Some("http://h/b".to_owned());
        assert_eq!(line(&ok, false), "200     2 KiB    34 ms  http://h/a -> http://h/b  A page");
        let failed = record(Ending::Error(Failure::new(Code::DnsNotFound, "no such host")));
        assert_eq!(line(&failed, false), "err         -        -  http://h/a  dns.not_found: no such host");
        let skipped = record(Ending::Skipped { code: Code::Duplicate, message: "the same as 3".into(), of: Some(3) });
        assert_eq!(line(&skipped, false), "skip        -        -  http://h/a  duplicate: the same as 3");
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_raw() {
        let mut hostile = record(Ending::Ok);
        hostile.url = Some("http://h/\x1b[2J".to_owned());
        hostile.final_url = Some("http://h/\u{9b}".to_owned());
        hostile.title = Some("\x1b]0;pwned\x07\u{202e}".to_owned());
        hostile.data = Some(vec![("n\n".to_owned(), serde_json::json!("a\x1b\nb"))]);
        assert!(!line(&hostile, false).contains(|c: char| c.is_control() || c == '\u{202e}'));
        let failed = record(Ending::Error(Failure::new(Code::HttpClientError, "404 \x1b[31mGone")));
        assert!(!line(&failed, false).contains('\x1b'));
    }

    #[test]
    fn colour_is_there_when_asked_for_and_only_then() {
        let ok = record(Ending::Ok);
        assert!(line(&ok, true).starts_with("\x1b[32mok  \x1b[0m"));
        assert!(!line(&ok, false).contains('\x1b'));
    }

    #[test]
    fn what_never_started_is_hidden_when_asked_to() {
        let cancelled = [record(Ending::Error(Failure::new(Code::Cancelled, "stopped")))];
        for (unstarted, empty) in [(Unstarted::Hide, true), (Unstarted::Show, false)] {
            let mut out = Vec::new();
            Text(Look { colour: false, unstarted }).record(&cancelled[0], &mut out).unwrap();
            assert_eq!(out.is_empty(), empty);
        }
    }
}
