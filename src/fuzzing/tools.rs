//! What several targets need: inputs taken apart, inputs made long, time measured, JSON judged.

use std::{borrow::Cow, ops::Range, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// Length to which an input is repeated.
const LONG: usize = 64 << 10;

/// The first byte as a number, and the rest.
pub(super) fn choice(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}

/// Two parts, at the first line feed.
pub(super) fn halves(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// The input, and where it begins with 0xFF what follows, again and again: what takes time that grows with
/// the square of the length is seen only where something is long.
pub(super) fn lengthened(data: &[u8]) -> Cow<'_, [u8]> {
    match data.strip_prefix(b"\xff") {
        Some(part) if !part.is_empty() => part.repeat(LONG / part.len() + 1).into(),
        _ => data.into(),
    }
}

/// Runs something that may take this much time of the processor, and forty times as much where it is not
/// compiled to be quick: what grows with the square is found out all the same.
pub(super) fn within<T>(most: Duration, what: &str, work: impl FnOnce() -> T) -> T {
    let spent = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
    };
    let before = spent();
    let out = work();
    let took = spent().saturating_sub(before);
    let most = if cfg!(fuzzing) { most } else { most * 40 };
    assert!(took <= most, "{what} took {took:?}");
    out
}

/// A quarter of a second: four times what 64 KiB may take where 1 MiB may take a second, since what
/// counts the ways through the code costs time too.
pub(super) const QUICK: Duration = Duration::from_millis(250);

/// Asserts that a span is part of a text.
pub(super) fn lies_within(span: &Range<usize>, text: &str, what: &str) {
    assert!(text.get(span.clone()).is_some(), "{what}: {span:?} is no part of {} bytes", text.len());
}

/// Asserts that a line is one JSON value as RFC 8259 has it, with nothing in it that some reader stumbles
/// over: UTF-8, no control character, no half of a surrogate pair.
pub(crate) fn is_strict_json(line: &[u8]) {
    let text = str::from_utf8(line).expect("JSON is UTF-8");
    // A tab between two tokens is white space; in a string it would be no JSON.
    assert!(!text.contains(|c: char| c.is_control() && c != '\t'), "a control character in {text}");
    serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (skipped, escape) = rest.split_at(at);
        let unit = escape.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok());
        if !skipped.is_empty() {
            units.push(u16::from(b' '));
        }
        units.push(unit.unwrap_or(u16::from(b' ')));
        rest = &escape[if unit.is_some() { 6 } else { 2 }..];
    }
    assert!(String::from_utf16(&units).is_ok(), "half a surrogate pair in {text}");
}
