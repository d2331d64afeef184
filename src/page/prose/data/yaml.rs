//! YAML, line by line: where the value begins, and which lines are the text of a block.

use std::ops::Range;

use super::{Escapes, string, string_end};
use crate::page::prose::draft::Draft;

/// Adds the URLs in values.
pub(in crate::page::prose) fn read(text: &str, draft: &mut Draft) {
    // How far the line is indented that began a block of text, `key: |`.
    let mut block: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if content.is_empty() {
            continue;
        }
        if block.is_some_and(|outer| indent > outer) {
            string(text, start..start + line.len(), Escapes::None, draft);
            continue;
        }
        let value = value(line, indent);
        let rest = line.get(value..).unwrap_or_default().trim_start();
        block = (rest.starts_with(['|', '>']) && rest.len() <= 3).then_some(indent);
        flow(text, start + value..start + line.len(), draft);
    }
}

/// Where the value of a line begins: behind the dashes of a list, and behind a key.
fn value(line: &str, indent: usize) -> usize {
    let bytes = line.as_bytes();
    let mut start = indent;
    while bytes.get(start) == Some(&b'-') && bytes.get(start + 1) == Some(&b' ') {
        start += 1;
        while bytes.get(start) == Some(&b' ') {
            start += 1;
        }
    }
    let mut at = match bytes.get(start) {
        Some(b'"') => string_end(bytes, start + 1, b'"'),
        Some(b'\'') => {
            memchr::memchr(b'\'', bytes.get(start + 1..).unwrap_or_default()).map_or(start, |end| start + 1 + end)
        }
        Some(b'{' | b'[' | b'#') => return start,
        _ => start,
    };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b':' if bytes.get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\t')) => return at + 1,
            b'#' if at > start && bytes.get(at - 1) == Some(&b' ') => return start,
            _ => at += 1,
        }
    }
    start
}

/// Reads a value: strings with and without quotes, lists and maps in brackets, a comment at the end.
fn flow(text: &str, span: Range<usize>, draft: &mut Draft) {
    let bytes = text.as_bytes().get(..span.end).unwrap_or_default();
    let (mut at, mut plain) = (span.start, span.start);
    while let Some(&byte) = bytes.get(at) {
        let apart =
            at == span.start || bytes.get(at - 1).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'[' | b'{' | b','));
        match byte {
            b'#' if apart => {
                draft.comment(text.get(at + 1..span.end).unwrap_or_default(), at..span.end);
                break;
            }
            b'"' | b'\'' if apart => {
                string(text, plain..at, Escapes::None, draft);
                let (end, escapes) = match byte {
                    b'"' => (string_end(bytes, at + 1, byte), Escapes::Backslash),
                    _ => (memchr::memchr(byte, &bytes[at + 1..]).map_or(span.end, |end| at + 1 + end), Escapes::None),
                };
                // A key of a map in brackets is followed by a colon.
                if bytes.get(end + 1) != Some(&b':') {
                    string(text, at + 1..end.min(span.end), escapes, draft);
                }
                at = (end + 1).min(span.end);
                plain = at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    string(text, plain..at.min(span.end), Escapes::None, draft);
}
