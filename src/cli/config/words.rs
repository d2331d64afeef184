//! Values of a file as they would be typed.

use std::path::Path;

use clap::{Arg, builder::ValueParser};
use fetchall::sink::Place;
use toml::de::DeValue;

use super::keys::Takes;

/// The words of a value; an error says what is accepted.
///
/// A switch that is on is the word `true`. A table is a list of `KEY=VALUE`, or of `Name: value` for
/// fields. A path is taken from the folder of the file.
pub fn words(arg: &Arg, takes: Takes, value: &DeValue<'_>, folder: &Path) -> Result<Vec<String>, String> {
    let one = |value: &DeValue<'_>| scalar(value).map(|word| placed(arg, word, folder));
    match (takes, value) {
        (Takes::Switch, DeValue::Boolean(on)) => Ok(vec![on.to_string()]),
        (Takes::Switch, _) => Err("is true or false".to_owned()),
        (Takes::Many, DeValue::Array(list)) => list.iter().map(|value| one(value.get_ref())).collect(),
        (Takes::Many, DeValue::Table(table)) => {
            let between = if arg.get_long() == Some("header") { ": " } else { "=" };
            let pair = |(key, value): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>)| {
                let word = format!("{}{between}{}", key.get_ref(), scalar(value.get_ref())?);
                Ok(placed(arg, word, folder))
            };
            table.iter().map(pair).collect()
        }
        (Takes::Many, _) => Ok(vec![one(value)?]),
        (Takes::One, DeValue::Boolean(on)) if is_on_off(arg) => Ok(vec![if *on { "on" } else { "off" }.to_owned()]),
        (Takes::One, DeValue::Array(_) | DeValue::Table(_)) => Err("takes one value".to_owned()),
        (Takes::One, _) => Ok(vec![one(value)?]),
    }
}

/// A value that is no list.
fn scalar(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Boolean(on) => Ok(on.to_string()),
        DeValue::Datetime(time) => Ok(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => Err("holds a list within a list".to_owned()),
    }
}

/// Whether its words are `on` and `off`.
fn is_on_off(arg: &Arg) -> bool {
    let has = |word: &str| arg.get_possible_values().iter().any(|value| value.matches(word, false));
    has("on") && has("off")
}

/// A path from the folder of the file; what is no path, or `-`, as it is.
fn placed(arg: &Arg, word: String, folder: &Path) -> String {
    let is_path = arg.get_value_parser().type_id() == ValueParser::path_buf().type_id();
    match path_in(arg.get_long().unwrap_or_default(), is_path, &word) {
        Some((before, path)) if !Path::new(path).is_absolute() && folder != Path::new("") => {
            format!("{before}{}", folder.join(path).to_string_lossy())
        }
        _ => word,
    }
}

/// The path that a word holds, if it holds one, and what stands before it: `KIND=` of a report, the
/// scheme of a sink. `is_path` tells of flags whose words are nothing else.
pub fn path_in<'a>(long: &str, is_path: bool, word: &'a str) -> Option<(&'a str, &'a str)> {
    let at = match long {
        "report" => word.find('=')? + 1,
        "sink" => match Place::parse(word).ok()?.file()?.to_str() {
            Some(path) => word.len().checked_sub(path.len())?,
            None => return None,
        },
        "cookies" if matches!(word.to_ascii_lowercase().as_str(), "on" | "off") => return None,
        "cookies" => 0,
        _ if is_path => 0,
        _ => return None,
    };
    Some((word.get(..at)?, word.get(at..)?)).filter(|(_, path)| !path.is_empty() && *path != "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_in_a_word_is_told_from_what_stands_before_it() {
        for (long, word, parts) in [
            ("report", "sarif=a/b.sarif", Some(("sarif=", "a/b.sarif"))),
            ("report", "sarif=-", None),
            ("sink", "a.jsonl", Some(("", "a.jsonl"))),
            ("sink", "sqlite:a.db", Some(("sqlite:", "a.db"))),
            ("sink", "sqlite:///a.db", Some(("sqlite://", "/a.db"))),
            ("sink", "postgres://h/d", None),
            ("cookies", "On", None),
            ("cookies", "jar.txt", Some(("", "jar.txt"))),
            ("select", "a=b", None),
        ] {
            assert_eq!(path_in(long, false, word), parts, "{long} {word}");
        }
    }
}
