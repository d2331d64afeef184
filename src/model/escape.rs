//! Text from outside, made safe to show: control characters are written out.
//!
//! A title, a URL or a reason phrase may hold escape sequences that repaint a terminal, and bidi
//! controls that make a line read backwards. Must not know terminals or colours.

use std::{borrow::Cow, fmt::Write as _};

/// Whether a terminal would act on this character instead of showing it: C0, DEL and C1 controls,
/// the bidi controls of UAX #9, and the two separators that some programs take for line ends.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line of text with every such character written out as `\u{1b}`; line ends and tabs too.
/// Borrowed where there is nothing to write out.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The same for text of several lines: line ends stay.
pub fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// Writes the same characters in the JSON text `json[from..]` as `\\u001b` and the like, which means
/// the same to every reader of JSON and nothing to a terminal. JSON itself escapes only C0, so
/// this is about DEL, C1 and bidi controls; they stand in strings only, whatever the JSON.
pub fn json(json: &mut Vec<u8>, from: usize) {
    let text = &json[from..];
    if text.is_ascii() && memchr::memchr(0x7f, text).is_none() {
        return;
    }
    let Ok(text) = std::str::from_utf8(text) else { return };
    let harmful = |c: char| acts(c) && c > ' ';
    if !text.contains(harmful) {
        return;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) {
            // Writing to a String cannot fail; all of these are below U+10000.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    json.truncate(from);
    json.extend_from_slice(shown.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        for (raw, shown) in [
            ("\x1b[2J", r"\u{1b}[2J"),
            ("a\r\nb\tc", r"a\u{d}\u{a}b\u{9}c"),
            ("\u{9b}31m\u{7f}\0", r"\u{9b}31m\u{7f}\u{0}"),
            ("exe.\u{202e}gpj\u{2066}\u{200f}\u{2028}", r"exe.\u{202e}gpj\u{2066}\u{200f}\u{2028}"),
        ] {
            assert_eq!(visible(raw), shown);
        }
    }

    #[test]
    fn json_means_the_same_without_them() {
        let raw = "a\u{9b}31m\u{7f}\u{202e}é日\u{1b}";
        let mut line = b"before ".to_vec();
        line.extend(serde_json::to_vec(raw).unwrap());
        json(&mut line, 7);
        assert_eq!(String::from_utf8(line[7..].to_vec()).unwrap(), r#""a\u009b31m\u007f\u202eé日\u001b""#);
        assert_eq!(serde_json::from_slice::<String>(&line[7..]).unwrap(), raw);
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone_and_not_copied() {
        for text in ["", "plain", "Ünïcode 日本語 עברית 🦀", "a\u{200d}b"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(visible_lines("a\u{7}\nb\r\nc"), "a\\u{7}\nb\nc");
    }
}
