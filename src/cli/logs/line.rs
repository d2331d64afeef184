//! An event as a line: for people, or as a JSON object.
//!
//! Whatever an event holds may come from a server: control characters are written out, what looks like a
//! secret is cut, and a line has an end. Must not know where lines go.

use std::{borrow::Cow, fmt, fmt::Write as _, time::SystemTime};

use fetchall::model::{
    escape::{self, visible},
    redact,
    units::rfc3339,
};
use serde_json::{Value, json};
use tracing::{
    Level,
    field::{Field, Visit},
};

/// Longest value in bytes; a library may show a whole certificate.
const VALUE_MOST: usize = 2048;
/// Fields of an event at most.
const FIELDS_MOST: usize = 64;

/// `--log-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// time, level, message and fields, for people
    #[default]
    Text,
    /// a JSON object a line
    Json,
}

/// Whose event it is, and how weighty.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// When it was told.
    pub at: SystemTime,
    /// How weighty it is.
    pub level: Level,
    /// The room or library that told it.
    pub target: &'a str,
}

/// What an event says: a message and fields, in their order.
#[derive(Debug, Default)]
pub struct Said {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Said {
    /// Words alone, as libraries with another way of telling have them.
    pub fn words(words: &impl fmt::Display) -> Said {
        Said { message: clean(&words.to_string()).into_owned(), fields: Vec::new() }
    }

    /// The line, with its end.
    pub fn line(self, about: About<'_>, form: Form) -> String {
        match form {
            Form::Text => self.text(about),
            Form::Json => self.json(about),
        }
    }

    fn text(self, about: About<'_>) -> String {
        let mut line = format!("{} {:5} ", rfc3339(about.at), about.level);
        if !is_ours(about.target) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{}: ", about.target);
        }
        line.push_str(&visible(&self.message));
        for (name, value) in &self.fields {
            let _ = match value {
                Value::String(text) if is_plain(text) => write!(line, " {name}={text}"),
                Value::String(text) => write!(line, " {name}={}", visible(&Value::from(text.as_str()).to_string())),
                other => write!(line, " {name}={other}"),
            };
        }
        line.push('\n');
        line
    }

    fn json(self, about: About<'_>) -> String {
        let level = about.level.as_str().to_ascii_lowercase();
        let head = [("ts", json!(rfc3339(about.at))), ("level", json!(level)), ("target", json!(about.target))];
        let head: Vec<_> = head.into_iter().chain([("message", Value::String(self.message))]).collect();
        // A library may name a field as one of ours.
        let own = self.fields.into_iter().filter(|(name, _)| head.iter().all(|(ours, _)| ours != name));
        let pair = |(name, value): (&str, Value)| format!("{}:{value}", Value::from(name));
        let own: Vec<String> = own.map(pair).collect();
        let pairs: Vec<String> = head.into_iter().map(pair).chain(own).collect();
        let mut line = format!("{{{}}}\n", pairs.join(",")).into_bytes();
        escape::json(&mut line, 0);
        String::from_utf8_lossy(&line).into_owned()
    }

    fn add(&mut self, field: &Field, value: Value) {
        if self.fields.len() < FIELDS_MOST {
            self.fields.push((field.name(), value));
        }
    }

    fn add_text(&mut self, field: &Field, text: &str) {
        let text = clean(text).into_owned();
        match field.name() {
            "message" => self.message = text,
            _ => self.add(field, Value::String(text)),
        }
    }
}

/// Whether a target is a room of ours, and not a library.
pub fn is_ours(target: &str) -> bool {
    target.split("::").next() == Some("fetchall")
}

impl Visit for Said {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, json!(value));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, json!(value));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, json!(value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, json!(value));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value);
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add_text(field, &format!("{value:?}"));
    }
}

/// Without secrets, and not without end.
fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= VALUE_MOST {
        return redact::text(text);
    }
    // What is cut may begin in the middle of a password, so it is cut behind that.
    let clean = redact::text(text).into_owned();
    let end = clean.floor_char_boundary(VALUE_MOST);
    match clean.get(..end) {
        Some(start) if end < clean.len() => Cow::Owned(format!("{start}…")),
        _ => Cow::Owned(clean),
    }
}

/// Whether a value can stand in a line as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && visible(text) == text && !text.contains([' ', '"', '\\'])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn said(message: &str, fields: &[(&'static str, Value)]) -> Said {
        Said { message: clean(message).into_owned(), fields: fields.to_vec() }
    }

    fn about(target: &str) -> About<'_> {
        About { at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500), level: Level::INFO, target }
    }

    #[test]
    fn a_line_for_people_has_time_level_message_and_fields() {
        let said = said("retry", &[("seq", json!(3)), ("url", json!("http://h/a")), ("says", json!("not now"))]);
        assert_eq!(
            said.line(about("fetchall::run"), Form::Text),
            "1970-01-01T00:00:01.500Z INFO  retry seq=3 url=http://h/a says=\"not now\"\n"
        );
    }

    #[test]
    fn a_line_for_programs_is_one_object() {
        let line = said("retry", &[("seq", json!(3)), ("level", json!("x"))]).line(about("h2::proto"), Form::Json);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({"ts": "1970-01-01T00:00:01.500Z", "level": "info", "target": "h2::proto", "message": "retry", "seq": 3})
        );
        assert_eq!(line.matches('\n').count(), 1);
    }

    #[test]
    fn nothing_that_a_terminal_would_act_on_is_in_a_line() {
        for form in [Form::Text, Form::Json] {
            let evil = "a\x1b[2J\nb\u{9b}1m\u{202e}\"";
            let line = said(evil, &[("host", json!(evil))]).line(about("h2"), form);
            let acts = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!line.trim_end_matches('\n').contains(acts), "{line:?}");
        }
    }

    #[test]
    fn passwords_are_cut_and_values_have_an_end() {
        let secret = "connecting to http://me:canary@h/ Authorization: Basic canary";
        assert!(!clean(secret).contains("canary"));
        let long = format!("{}http://me:canary@h/{}", "x".repeat(VALUE_MOST - 12), "é".repeat(9_000));
        let cut = clean(&long);
        assert!(cut.len() <= VALUE_MOST + 4 && cut.ends_with('…') && !cut.contains("can"), "{}", cut.len());
    }
}
