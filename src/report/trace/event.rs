//! One event of the Trace Event Format, as JSON.
//!
//! <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>. Must not know what is drawn.

use std::{borrow::Cow, fmt, time::Duration};

use serde_json::{Map, Value};

use super::lanes::Place;
use crate::model::escape;

/// A moment or a time in microseconds, as the format has them; written with nanoseconds, so that what is nested
/// stays so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Micros(pub Duration);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.as_micros(), self.0.subsec_nanos() % 1000)
    }
}

/// An event that is to be written.
#[derive(Debug)]
pub struct Event {
    name: Cow<'static, str>,
    /// `ph`: X is a span, b and e an async one, i an instant, s and f the ends of an arrow, M a name.
    phase: &'static str,
    at: Micros,
    /// `dur`
    pub lasts: Option<Duration>,
    /// `cat`
    pub category: Option<&'static str>,
    /// `id`
    pub id: Option<u64>,
    /// `s`: g is everything, p the process, t the thread.
    pub scope: Option<&'static str>,
    /// `bp`: e binds an arrow to the span that it ends in.
    pub binds: Option<&'static str>,
    /// `args`
    pub args: Map<String, Value>,
}

impl Event {
    /// An event with nothing but its name, kind and moment.
    pub fn new(name: impl Into<Cow<'static, str>>, phase: &'static str, at: Micros) -> Event {
        let name = name.into();
        let (lasts, category, id, scope, binds, args) = (None, None, None, None, None, Map::new());
        Event { name, phase, at, lasts, category, id, scope, binds, args }
    }

    /// The object, on one line.
    pub fn text(&self, place: Place) -> String {
        let name = Value::from(&*self.name);
        let Place { host, lane } = place;
        let mut text = format!(r#"{{"name":{name},"ph":"{}","ts":{},"pid":{host},"tid":{lane}"#, self.phase, self.at);
        let mut add = |key: &str, value: &dyn fmt::Display| {
            text.push_str(&format!(r#","{key}":{value}"#));
        };
        if let Some(lasts) = self.lasts {
            add("dur", &Micros(lasts));
        }
        if let Some(id) = self.id {
            add("id", &id);
        }
        for (key, word) in [("cat", self.category), ("s", self.scope), ("bp", self.binds)] {
            if let Some(word) = word {
                add(key, &format_args!("\"{word}\""));
            }
        }
        if !self.args.is_empty() {
            add("args", &Value::Object(self.args.clone()));
        }
        text.push('}');
        let mut bytes = text.into_bytes();
        escape::json(&mut bytes, 0);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
