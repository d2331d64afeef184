//! `fetchall doctor`: what of this machine helps or hinders a run, and what to do about it.
//!
//! Looks and sends nothing, unless it is given URLs to try. Must not change anything.

mod here;
mod network;
mod trial;

use serde_json::json;

use super::fetch::runtime;
use crate::cli::{
    definition::{DoctorFlags, LookFormat},
    exit::Exit,
    terminal::{self, print},
};
use fetchall::model::escape::visible;

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        }
    }

    /// ANSI colour.
    fn colour(self) -> u8 {
        match self {
            Level::Ok => 32,
            Level::Warn => 33,
            Level::Fail => 31,
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
struct Look {
    /// What, a word.
    what: &'static str,
    level: Level,
    /// How it is, a sentence.
    found: String,
    /// What to do about it; pasted into a terminal where that is possible.
    advice: Option<String>,
}

impl Look {
    fn ok(what: &'static str, found: impl Into<String>) -> Look {
        Look { what, level: Level::Ok, found: found.into(), advice: None }
    }

    fn warn(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Look {
        Look { what, level: Level::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    fn fail(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Look {
        Look { what, level: Level::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

/// Looks at everything; exit 1 if something stands in the way.
///
/// # Errors
/// A URL or flag that cannot be used.
pub fn run(flags: &DoctorFlags) -> anyhow::Result<Exit> {
    let runtime = runtime()?;
    let mut looks = here::looks(&flags.files);
    looks.extend(runtime.block_on(network::looks()));
    if !flags.urls.is_empty() {
        match trial::settings(&flags.files) {
            Ok(settings) => looks.extend(runtime.block_on(network::tried(&flags.urls, settings))?),
            Err(why) => looks.push(Look::fail("try", format!("nothing was sent: {why}"), "fetchall config show")),
        }
    }
    runtime.shutdown_background();
    let worst = looks.iter().map(|look| look.level).max().unwrap_or(Level::Ok);
    let told = match flags.format {
        Some(LookFormat::Json) => format!("{:#}\n", looks.iter().map(as_json).collect::<serde_json::Value>()),
        Some(LookFormat::Jsonl) => looks.iter().map(|look| format!("{}\n", as_json(look))).collect(),
        _ => text(&looks, terminal::stdout_has_colours(flags.color.unwrap_or_default())),
    };
    let printed = print(&told);
    Ok(if printed == Exit::OK && worst == Level::Fail { Exit::FAILED } else { printed })
}

fn as_json(look: &Look) -> serde_json::Value {
    json!({ "what": look.what, "level": look.level.name(), "found": look.found, "advice": look.advice })
}

fn text(looks: &[Look], coloured: bool) -> String {
    let width = looks.iter().map(|look| look.what.len()).max().unwrap_or(0);
    let line = |look: &Look| {
        let level = format!("{:4}", look.level.name());
        let level = if coloured { format!("\x1b[{}m{level}\x1b[0m", look.level.colour()) } else { level };
        let advice = look.advice.iter().map(|advice| format!("      {:width$}  tip: {}\n", "", visible(advice)));
        format!("{level}  {:width$}  {}\n", look.what, visible(&look.found)) + &advice.collect::<String>()
    };
    looks.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_a_line_and_its_advice_another() {
        let looks = [Look::ok("clock", "fine"), Look::fail("descriptors", "16\x1b", "ulimit -n 1024")];
        let told = text(&looks, false);
        assert_eq!(
            told,
            "ok    clock        fine\nfail  descriptors  16\\u{1b}\n                   tip: ulimit -n 1024\n"
        );
        assert_eq!(as_json(&looks[0])["advice"], serde_json::Value::Null);
    }
}
