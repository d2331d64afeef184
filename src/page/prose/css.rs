//! Comments of style sheets, for what they say to the checker.

use memchr::{memchr3, memmem};

use super::draft::Draft;

/// Adds what comments say. Strings are not looked into.
pub(super) fn directives(css: &str, draft: &mut Draft) {
    let bytes = css.as_bytes();
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr3(b'/', b'"', b'\'', rest)) {
        at += next;
        match bytes.get(at) {
            Some(b'/') if bytes.get(at + 1) == Some(&b'*') => {
                let inside = css.get(at + 2..).unwrap_or_default();
                let Some(end) = memmem::find(inside.as_bytes(), b"*/") else { return };
                draft.comment(inside.get(..end).unwrap_or_default(), at..at + end + 4);
                at += end + 4;
            }
            Some(&quote @ (b'"' | b'\'')) => at = string_end(bytes, at + 1, quote),
            _ => at += 1,
        }
    }
}

/// Behind a string, or at the newline that ends it too (CSS Syntax 3, 4.3.5).
fn string_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(stop) = memchr3(quote, b'\\', b'\n', rest) else { return bytes.len() };
        at += stop;
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            _ => return at + 1,
        }
    }
}
