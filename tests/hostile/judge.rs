//! Whether a record says what an honest one says.

use std::{sync::OnceLock, time::Duration};

use serde_json::Value;

use crate::{
    runner::{Line, Place, Ran},
    server::Expect,
};

/// What is given on top of a bound of time: the machine has other work, and a build for tests is slow and
/// has more patience for it.
const SLACK: Duration = Duration::from_millis(if cfg!(debug_assertions) { 8000 } else { 1500 });

/// What is wrong with one behaviour.
pub struct Fault {
    pub name: String,
    pub what: String,
}

/// All that was found, printed as one table by [`Faults::end`].
#[derive(Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub fn add(&mut self, name: &str, what: impl Into<String>) {
        self.0.push(Fault { name: name.to_owned(), what: what.into() });
    }

    /// A line for each.
    pub fn text(&self) -> String {
        self.0.iter().map(|Fault { name, what }| format!("{name:<36} {what}\n")).collect()
    }

    /// Fails if there is any.
    #[track_caller]
    pub fn end(self, of: usize) {
        assert!(self.0.is_empty(), "{} faults in {of} behaviours:\n{}", self.0.len(), self.text());
    }
}

/// The record in a line, if it is strict JSON and as the schema of its type says.
pub fn valid(line: &str) -> Result<Value, String> {
    use fetchall::model::{finding, record};
    static SCHEMAS: OnceLock<[jsonschema::Validator; 3]> = OnceLock::new();
    let schemas = SCHEMAS.get_or_init(|| {
        [record::schema(), record::page_schema(), finding::schema()]
            .map(|schema| jsonschema::validator_for(&schema).expect("the schema of records is a schema"))
    });
    let record: Value = serde_json::from_str(line).map_err(|error| format!("not JSON ({error}): {line}"))?;
    let schema = match record["type"].as_str() {
        Some("fetch") => &schemas[0],
        Some("page") => &schemas[1],
        _ => &schemas[2],
    };
    let faults: Vec<_> = schema.iter_errors(&record).map(|e| format!("{e} at {}", e.instance_path())).collect();
    if faults.is_empty() { Ok(record) } else { Err(format!("against the schema: {} in {line}", faults.join("; "))) }
}

/// What holds of a process whatever it was given.
pub fn process(name: &str, ran: &Ran, most: u64, faults: &mut Faults) {
    for word in ["panicked", "internal.panic", "a bug", "overflow", "RUST_BACKTRACE"] {
        if ran.stderr.contains(word) {
            faults.add(name, format!("stderr says {word:?}: {}", ran.stderr.trim()));
        }
    }
    if ran.peak == 0 || ran.peak > most {
        faults.add(name, format!("took {} KiB of memory, {} at most", ran.peak / 1024, most / 1024));
    }
}

/// The one record of a place.
pub fn only<'a>(place: &Place, records: &'a [(Value, &Line)], faults: &mut Faults) -> Option<(&'a Value, Duration)> {
    let found: Vec<_> = records.iter().filter(|(record, _)| place.owns(record)).collect();
    if found.len() != 1 {
        faults.add(place.behaviour.name, format!("{} records instead of one", found.len()));
    }
    found.first().map(|(record, line)| (record, line.at))
}

/// The record against what is expected; `at` is when it came, if that matters.
pub fn record(place: &Place, record: &Value, at: Option<Duration>, faults: &mut Faults) {
    let name = place.behaviour.name;
    let Expect { outcome, status, codes, within, also, check } = &place.behaviour.expect;
    let told = || {
        let error = if record["error"].is_null() { &record["skip"] } else { &record["error"] };
        format!("{} {} {error}", record["outcome"], record["status"])
    };
    // All of them at once are more than a build for tests can do in time, and then it says so.
    let is_late = record["error"]["code"].as_str().is_some_and(|code| code.contains("timeout"));
    if cfg!(debug_assertions) && at.is_none() && (is_late || place.behaviour.is_about_time()) {
        return;
    }
    if record["outcome"] != *outcome {
        faults.add(name, format!("is not {outcome} {codes:?} but {}", told()));
        return;
    }
    // What is left out because nobody can say whether it may be asked for counts against the run.
    let is_ok = matches!(*outcome, "ok" | "skipped") && *codes != ["robots.unavailable"];
    if record["type"] != "link" && record["ok"] != is_ok {
        faults.add(name, format!("ok is {} for {outcome}", record["ok"]));
    }
    if status.is_some_and(|status| record["status"] != status) {
        faults.add(name, format!("is not {} but {}", status.unwrap_or_default(), told()));
    }
    let code = record["error"]["code"].as_str().or(record["skip"]["code"].as_str());
    if code.map_or(!codes.is_empty(), |code| !codes.contains(&code)) {
        faults.add(name, format!("has none of {codes:?}: {}", told()));
    }
    // On a connection that a neighbour has used, a request may be repeated unseen.
    let is_alone = at.is_some();
    for (pointer, value) in also.iter().filter(|(pointer, _)| is_alone || *pointer != "/attempts") {
        if record.pointer(pointer) != Some(value) {
            let is = record.pointer(pointer).map_or("nothing".to_owned(), ToString::to_string);
            faults.add(name, format!("{pointer} is not {value} but {:.200}", is));
        }
    }
    let mut seen = place.port.seen();
    seen.asks.retain(|ask| ask.path != "/neighbour");
    if let Some(Err(what)) = check.map(|check| check(record, &seen)) {
        faults.add(name, what);
    }
    if let Some(at) = at.filter(|at| *at > *within + SLACK) {
        faults.add(name, format!("came after {at:?}, {within:?} at most: {}", told()));
    }
}
