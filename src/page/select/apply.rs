//! What filters do. Bounded by the bytes of the page's data. Must not know where a text was found.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    date,
    filter::{self, Chain, Filter},
    number, weight,
};
use crate::page::{
    base::Base,
    budget::{Budget, Cut, Room},
    fold::Folded,
};

/// Characters of a value that a message shows.
const SHOWN: usize = 40;

/// A value under way; null is nothing.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) value: Value,
    /// Why it could not be read.
    pub(super) bad: Option<String>,
}

/// What filters need besides the value.
pub(super) struct Means<'a> {
    pub(super) base: Option<&'a Base>,
    pub(super) budget: &'a Budget,
    /// Why what was looked at is not all that there is.
    pub(super) cut: Option<Cut>,
}

impl Made {
    /// What was found.
    pub(super) fn of(value: Value) -> Made {
        Made { value, bad: None }
    }

    /// What cannot be read.
    pub(super) fn bad(why: String) -> Made {
        Made { value: Value::Null, bad: Some(why) }
    }
}

impl Chain {
    /// What the filters make of a value. Each is asked of every member of a list. A default stands for
    /// what is not there, and not for what was not looked for any more.
    pub(super) fn run(&self, mut made: Made, means: &Means<'_>) -> Made {
        for filter in &self.filters {
            made = match (filter, made.value) {
                (Filter::Default(_), value) if means.budget.cut().or(means.cut).is_some() => {
                    Made { value, bad: made.bad }
                }
                (Filter::Default(default), Value::Null) => Made::of(default.clone()),
                (Filter::Default(default), Value::String(text)) if text.is_empty() => Made::of(default.clone()),
                (Filter::Default(default), Value::Array(list)) if made.bad.is_some() => {
                    let fill = |value: Value| if value.is_null() { default.clone() } else { value };
                    Made::of(list.into_iter().map(fill).collect())
                }
                (Filter::Default(_), value) => Made { value, bad: made.bad },
                (_, Value::Null) => Made { value: Value::Null, bad: made.bad },
                (filter, Value::Array(list)) => run_list(filter, list, made.bad, means),
                (filter, value) => match run_one(filter, value, means) {
                    Ok(value) => Made::of(value),
                    Err(why) => Made::bad(why),
                },
            };
        }
        made
    }
}

fn run_list(filter: &Filter, list: Vec<Value>, mut bad: Option<String>, means: &Means<'_>) -> Made {
    let mut out = Vec::with_capacity(list.len());
    for value in list {
        if value.is_null() {
            out.push(value);
            continue;
        }
        match run_one(filter, value, means) {
            Ok(Value::Null) => {}
            Ok(Value::Array(several)) if matches!(filter, Filter::Split(_)) => out.extend(several),
            Ok(value) => out.push(value),
            Err(why) => {
                bad.get_or_insert(why);
                out.push(Value::Null);
            }
        }
    }
    Made { value: Value::Array(out), bad }
}

/// One filter on one value. Null: it makes nothing of it. The error says why it cannot be read.
fn run_one(filter: &Filter, value: Value, means: &Means<'_>) -> Result<Value, String> {
    match (filter, &value) {
        (Filter::Number(_), Value::Number(number)) => return Ok(number.as_f64().into()),
        (Filter::Int(_), Value::Number(number)) => {
            return whole(number).ok_or_else(|| why(&value, "is no whole number"));
        }
        (Filter::Bool, Value::Bool(_)) => return Ok(value),
        (Filter::Json, other) if !other.is_string() => return Ok(value),
        (_, Value::Object(_) | Value::Array(_)) => return Err(format!("{} is no text", kind(&value))),
        _ => {}
    }
    let text = match &value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    let said = |reason: &str| why(&value, reason);
    match filter {
        Filter::Number(decimal) => number::number(&text, *decimal).map(Value::from).map_err(said),
        Filter::Int(decimal) => number::int(&text, *decimal).map(Value::from).map_err(said),
        Filter::Bool => filter::boolean(&text).map(Value::from).ok_or_else(|| said("is neither true nor false")),
        Filter::Date(form) => date::date(&text, form).map(Value::from).map_err(said),
        Filter::Json => json(&text, &means.budget.room).map_err(|reason| said(&reason)),
        Filter::Url => match means.base.map_or_else(|| url::Url::parse(&text), |base| base.join(&text)) {
            Ok(url) => Ok(paid(crate::model::redact::url(&url), means)),
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                Err(said("is relative, and no address of the page is known; see --base-url"))
            }
            Err(_) => Err(said("is no URL")),
        },
        Filter::Trim => Ok(folded(&text).into()),
        Filter::Lines => Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').into()),
        Filter::Lower => Ok(paid(text.to_lowercase(), means)),
        Filter::Upper => Ok(paid(text.to_uppercase(), means)),
        Filter::Regex(regex) => Ok(regex.captures(&text).map(|found| group(&found).to_owned()).into()),
        Filter::Replace(old, new) => {
            let grows = new.len().saturating_sub(old.len());
            let more = if grows == 0 { 0 } else { text.matches(old.as_str()).count().saturating_mul(grows) };
            Ok(if means.budget.room.pays(more) { text.replace(old.as_str(), new).into() } else { Value::Null })
        }
        Filter::Split(by) => Ok(split(&text, by, means)),
        Filter::Default(_) => Ok(value),
    }
}

/// The first group of a match that took part, or all of it.
pub(super) fn group<'t>(found: &regex::Captures<'t>) -> &'t str {
    found.iter().skip(1).flatten().next().or_else(|| found.get(0)).map_or("", |group| group.as_str())
}

/// Reads JSON, if there is room for it.
pub(super) fn json(text: &str, room: &Room) -> Result<Value, String> {
    if !room.pays(weight::of_text(text)) {
        return Err("holds too many values".to_owned());
    }
    serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))
}

/// Its parts without white space around them; empty ones are left out. An empty separator stands
/// for white space.
fn split(text: &str, by: &str, means: &Means<'_>) -> Value {
    let count = if by.is_empty() { text.len() / 2 } else { text.matches(by).count() };
    if !means.budget.room.pays((count + 1).saturating_mul(weight::VALUE)) {
        return Value::Null;
    }
    let kept = |part: &&str| !part.is_empty();
    match by {
        "" => text.split_whitespace().collect(),
        by => text.split(by).map(str::trim).filter(kept).collect(),
    }
}

fn folded(text: &str) -> String {
    let mut folded = Folded::new(usize::MAX);
    folded.push(text);
    folded.finish()
}

/// A text, if there is room for it; else nothing.
fn paid(text: String, means: &Means<'_>) -> Value {
    if means.budget.room.pays(text.len()) { text.into() } else { Value::Null }
}

fn whole(number: &serde_json::Number) -> Option<Value> {
    let exact = number.as_i64().map(Value::from).or_else(|| number.as_u64().map(Value::from));
    exact.or_else(|| {
        let number =
            number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0)?;
        // Below 2^53 every whole number has a float of its own.
        Some(Value::from(number as i64))
    })
}

fn kind(value: &Value) -> &'static str {
    if value.is_array() { "a list" } else { "an object" }
}

/// Shows the start of a value and says what is wrong with it.
fn why(value: &Value, reason: &str) -> String {
    let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{shown}` {reason}")
}
