//! Heads of records against ISO 28500:2017: which fields a type has to have, and what they look like. Pure.

use std::net::IpAddr;

use super::{date::is_date, flaw::Flaw};
use crate::source::warc::Head;

/// Types that the standard knows.
const TYPES: [&str; 8] =
    ["warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"];
/// Fields that may be there once only. `WARC-Concurrent-To` may be repeated.
const ONCE: [&str; 17] = [
    "WARC-Type",
    "WARC-Record-ID",
    "WARC-Date",
    "Content-Length",
    "Content-Type",
    "WARC-Block-Digest",
    "WARC-Payload-Digest",
    "WARC-IP-Address",
    "WARC-Refers-To",
    "WARC-Refers-To-Target-URI",
    "WARC-Refers-To-Date",
    "WARC-Target-URI",
    "WARC-Truncated",
    "WARC-Warcinfo-ID",
    "WARC-Filename",
    "WARC-Profile",
    "WARC-Segment-Number",
];
/// Fields whose value is a name of a record.
const NAMES: [&str; 5] =
    ["WARC-Record-ID", "WARC-Concurrent-To", "WARC-Refers-To", "WARC-Warcinfo-ID", "WARC-Segment-Origin-ID"];
/// Longest piece of a value that is shown, in characters.
const SHOWN: usize = 80;

/// Tells `say` of every flaw.
pub fn check(head: &Head, mut say: impl FnMut(Flaw, String)) {
    if !["WARC/1.0", "WARC/1.1"].contains(&head.version.as_str()) {
        say(Flaw::RecordVersion, format!("the record begins with `{}`", shown(&head.version)));
    }
    let kind = head.kind();
    for name in needed(kind) {
        if head.get(name).is_none_or(str::is_empty) {
            say(Flaw::FieldMissing, format!("a record of type `{}` needs {name}", shown(kind)));
        }
    }
    if !kind.is_empty() && !TYPES.contains(&kind) {
        say(Flaw::TypeUnknown, format!("`{}` is no type of the standard", shown(kind)));
    }
    for name in ONCE {
        if head.all(name).nth(1).is_some() {
            say(Flaw::FieldRepeated, format!("{name} is there more than once"));
        }
    }
    for name in strange(kind) {
        if head.get(name).is_some() {
            say(Flaw::FieldMisplaced, format!("a record of type `{kind}` has no {name}"));
        }
    }
    values(head, say);
}

/// Fields that a record of this type has to have. Without a length it could not be read at all.
fn needed(kind: &str) -> impl Iterator<Item = &'static str> {
    let of_type: &[&str] = match kind {
        "response" | "resource" | "request" | "conversion" => &["WARC-Target-URI"],
        "revisit" => &["WARC-Target-URI", "WARC-Profile"],
        "continuation" => &["WARC-Target-URI", "WARC-Segment-Number", "WARC-Segment-Origin-ID"],
        _ => &[],
    };
    ["WARC-Type", "WARC-Record-ID", "WARC-Date"].iter().chain(of_type).copied()
}

/// Fields that a record of this type does not have.
fn strange(kind: &str) -> &'static [&'static str] {
    match kind {
        "warcinfo" => {
            &["WARC-Target-URI", "WARC-Concurrent-To", "WARC-Refers-To", "WARC-IP-Address", "WARC-Warcinfo-ID"]
        }
        "response" | "resource" | "request" => &["WARC-Refers-To", "WARC-Filename"],
        "conversion" | "continuation" => &["WARC-Concurrent-To", "WARC-IP-Address", "WARC-Filename"],
        "metadata" | "revisit" => &["WARC-Filename"],
        _ => &[],
    }
}

fn values(head: &Head, mut say: impl FnMut(Flaw, String)) {
    let mut is_wrong = |name: &str, value: &str, what: &str| {
        say(Flaw::FieldInvalid, format!("{name} is `{}`, which is no {what}", shown(value)));
    };
    for (name, value) in head.fields().filter(|(_, value)| !value.is_empty()) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if NAMES.iter().any(|other| is(other)) && !is_name(value) {
            is_wrong(name, value, "URI in angle brackets");
        } else if (is("WARC-Date") || is("WARC-Refers-To-Date")) && !is_date(value) {
            is_wrong(name, value, "date in UTC as the standard has it");
        } else if is("WARC-IP-Address") && value.parse::<IpAddr>().is_err() {
            is_wrong(name, value, "IP address");
        } else if is("WARC-Segment-Number") && value.parse::<u64>().is_ok_and(|number| number > 0).eq(&false) {
            is_wrong(name, value, "number from 1");
        } else if (is("WARC-Target-URI") || is("WARC-Refers-To-Target-URI")) && !is_uri(bare(value)) {
            is_wrong(name, value, "URI");
        }
    }
}

/// A name of a record without its brackets.
pub fn bare(name: &str) -> &str {
    name.strip_prefix('<').and_then(|name| name.strip_suffix('>')).unwrap_or(name)
}

fn is_name(value: &str) -> bool {
    value.len() > 2 && bare(value).len() < value.len() && is_uri(bare(value))
}

/// A scheme, and something behind it without blanks. Letters of all scripts pass: most tools write them.
fn is_uri(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// As much of a value as belongs into a sentence.
pub fn shown(value: &str) -> String {
    let short: String = value.chars().take(SHOWN).collect();
    if short.len() < value.len() { format!("{short}…") } else { short }
}
