//! Where the destination of a link stands within the link.
//!
//! The parser says where the whole link stands and what its destination means. CommonMark 6.3 says
//! how a destination is written: in angle brackets, or without white space and with balanced
//! parentheses.

use std::ops::Range;

/// What a destination stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// `(…)`: a parenthesis too many ends it.
    Parentheses,
    /// A definition: white space ends it.
    Line,
}

/// The destination of `[text](destination "title")`, which stands at `link`; `text_end` is behind
/// the last thing that the text holds. `meant` is the destination decoded.
pub(super) fn inline(body: &str, link: Range<usize>, text_end: usize, meant: &str) -> Range<usize> {
    let found = body.get(text_end..link.end).and_then(|rest| rest.find("](")).map(|at| text_end + at + 2);
    let span = found.and_then(|at| written(body, at..link.end, Within::Parentheses));
    checked(body, span, link, meant)
}

/// The destination of `[label]: destination "title"`, which stands at `definition`.
pub(super) fn definition(body: &str, definition: Range<usize>, meant: &str) -> Range<usize> {
    let bytes = body.as_bytes().get(..definition.end).unwrap_or_default();
    let mut at = definition.start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b']' if bytes.get(at + 1) == Some(&b':') => break,
            _ => {}
        }
        at += 1;
    }
    let span = written(body, at + 2..definition.end, Within::Line);
    checked(body, span, definition, meant)
}

/// What was found, if it can be what was meant, else the nearest thing that can be shown.
fn checked(body: &str, found: Option<Range<usize>>, whole: Range<usize>, meant: &str) -> Range<usize> {
    let fits = |span: &Range<usize>| {
        body.get(span.clone()).is_some_and(|raw| raw == meant || raw.contains(['\\', '&', '\0', '\r', '\n']))
    };
    if let Some(span) = found.filter(fits) {
        return span;
    }
    let text = body.get(whole.clone()).unwrap_or_default();
    match text.rfind(meant).filter(|_| !meant.is_empty()) {
        Some(at) => whole.start + at..whole.start + at + meant.len(),
        None => whole,
    }
}

/// The destination that begins behind white space at the start of `room`.
fn written(body: &str, room: Range<usize>, within: Within) -> Option<Range<usize>> {
    let bytes = body.as_bytes().get(..room.end)?;
    let start = begin(bytes, room.start);
    let mut at = start;
    if bytes.get(at) == Some(&b'<') {
        loop {
            at += 1;
            match bytes.get(at)? {
                b'\\' => at += 1,
                b'>' => return Some(start + 1..at),
                b'\n' => return None,
                _ => {}
            }
        }
    }
    let mut depth = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 1,
            b'(' => depth += 1,
            b')' if within == Within::Parentheses && depth == 0 => break,
            b')' => depth -= 1,
            0..=b' ' | 0x7f => break,
            _ => {}
        }
        at += 1;
    }
    Some(start..at.min(room.end))
}

/// Behind white space, and behind the `>` of a block quote that a line begins with.
fn begin(bytes: &[u8], mut at: usize) -> usize {
    let mut new_line = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' => {}
            b'\n' | b'\r' => new_line = true,
            b'>' if new_line => {}
            _ => break,
        }
        at += 1;
    }
    at
}
