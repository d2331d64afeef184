//! Text and JSON as databases take them, which refuse some of what JSON allows.
//!
//! A page or a list from a stranger must not be able to stop the writing: what one of the databases
//! refuses is replaced, and only that. Pure, no recursion. Must not know which database asks.
//!
//! | found | becomes | refused by |
//! | --- | --- | --- |
//! | NUL, as a character or as `\u0000` | U+FFFD | PostgreSQL (`text`, `jsonb`) |
//! | half a surrogate pair, `\ud800` | U+FFFD | PostgreSQL, MySQL |
//! | a number that no 64-bit float can hold, or of over 400 characters | a string of it | PostgreSQL, MySQL |
//! | what is nested deeper than `depth` | a string of its JSON | MariaDB (32), MySQL (100) |

use std::borrow::Cow;

/// What stands in place of what cannot stand.
const REPLACED: &str = "\u{fffd}";
/// Longest number, and largest exponent either way: databases with exact numbers end at thousands.
const LONGEST_NUMBER: usize = 400;

/// Text without NUL.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => text.replace('\0', REPLACED).into(),
        false => Cow::Borrowed(text),
    }
}

/// JSON that every database takes; borrowed where nothing had to be changed. `json` is valid JSON.
pub(super) fn json(json: &str, depth: usize) -> Cow<'_, str> {
    let mut out = Changed { json, done: 0, out: String::new() };
    let bytes = json.as_bytes();
    let (mut at, mut level) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' => string(&mut out, at),
            b'[' | b'{' if level >= depth => {
                let end = end_of_container(bytes, at);
                // A string of text always becomes JSON.
                let inner = serde_json::to_string(&*self::json(&json[at..end], usize::MAX)).unwrap_or_default();
                out.replace(at, end, &inner);
                end
            }
            b'[' | b'{' => {
                level += 1;
                at + 1
            }
            b']' | b'}' => {
                level = level.saturating_sub(1);
                at + 1
            }
            b'-' | b'0'..=b'9' => number(&mut out, at),
            _ => at + 1,
        };
    }
    out.finish()
}

/// The text with what was replaced in it.
struct Changed<'a> {
    json: &'a str,
    /// Up to here it is in `out`.
    done: usize,
    out: String,
}

impl<'a> Changed<'a> {
    fn replace(&mut self, from: usize, to: usize, by: &str) {
        self.out.push_str(&self.json[self.done..from]);
        self.out.push_str(by);
        self.done = to;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.done == 0 {
            return Cow::Borrowed(self.json);
        }
        self.out.push_str(&self.json[self.done..]);
        Cow::Owned(self.out)
    }
}

/// Mends the string that begins at `at`; says what comes behind it.
fn string(out: &mut Changed<'_>, at: usize) -> usize {
    let bytes = out.json.as_bytes();
    let mut at = at + 1;
    while let Some(step) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += step;
        if bytes[at] == b'"' {
            return at + 1;
        }
        if bytes.get(at + 1) != Some(&b'u') {
            at += 2;
            continue;
        }
        let whole = match unit(bytes, at) {
            Some(0xd800..=0xdbff) if matches!(unit(bytes, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0 | 0xd800..=0xdfff) => {
                out.replace(at, at + 6, "\\ufffd");
                6
            }
            _ => 6,
        };
        at += whole;
    }
    bytes.len()
}

/// The number in the escape `\uXXXX` that begins at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn number(out: &mut Changed<'_>, at: usize) -> usize {
    let rest = &out.json[at..];
    let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
    let text = &rest[..length];
    let exponent = text.split_once(['e', 'E']).map_or("0", |(_, exponent)| exponent.trim_start_matches(['+', '-']));
    let fits = length <= LONGEST_NUMBER
        && exponent.parse::<usize>().is_ok_and(|exponent| exponent <= LONGEST_NUMBER)
        && text.parse::<f64>().is_ok_and(f64::is_finite);
    if !fits {
        out.replace(at, at + length, &format!("\"{text}\""));
    }
    at + length
}

/// What comes behind the array or object that begins at `at`.
fn end_of_container(bytes: &[u8], mut at: usize) -> usize {
    let mut level = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' => level += 1,
            b']' | b'}' => level = level.saturating_sub(1),
            b'"' => {
                at += 1;
                while let Some(&byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if byte == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
        if level == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_databases_take_is_left_as_it_is() {
        for fine in [
            r#"{"a":[1,-2.5e3,true,null,"x\\u0000 \"\u00e9\ud83d\ude00"],"b":{}}"#,
            r#"["\\","\\\\u0000",1e308,-0.0]"#,
            "7",
        ] {
            assert!(matches!(json(fine, 9), Cow::Borrowed(_)), "{fine}");
        }
        assert!(matches!(text("a\u{1}b"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_database_refuses_is_replaced_and_nothing_else() {
        for (given, plain) in [
            (r#"["a\u0000b"]"#, r#"["a\ufffdb"]"#),
            (r#"["\\\u0000"]"#, r#"["\\\ufffd"]"#),
            (r#"{"\ud800":"\udc00x\ud83d\ude00"}"#, r#"{"\ufffd":"\ufffdx\ud83d\ude00"}"#),
            (r#"["\ud800\ud800\udc00"]"#, r#"["\ufffd\ud800\udc00"]"#),
            ("[1e999,-1E-9999,1]", "[\"1e999\",\"-1E-9999\",1]"),
            (r#"[[[1],"]"],[["\u0000"]]]"#, r#"[["[1]","]"],["[\"\\ufffd\"]"]]"#),
        ] {
            assert_eq!(json(given, 2), plain, "{given}");
        }
        let long = "1".repeat(401);
        assert_eq!(json(&long, 2), format!("\"{long}\""));
        assert_eq!(text("a\0b"), "a\u{fffd}b");
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(items) => 1 + items.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            "-?[1-9][0-9]{0,3}(\\.[0-9]{1,3})?(e[+-]?[0-9]{1,4})?",
            "\"([a-z\\]}\\[{é]|\\\\\\\\|\\\\\"|\\\\u0000|\\\\ud8[0-9]{2}|\\\\udc00){0,6}\"",
        ];
        leaf.prop_recursive(8, 40, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(inner, 0..3).prop_map(|items| format!(
                    "{{{}}}",
                    items
                        .iter()
                        .enumerate()
                        .map(|(at, item)| format!("\"k{at}\": {item}"))
                        .collect::<Vec<_>>()
                        .join(",")
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_comes_is_json_without_nul_halves_or_depth(given in any_json(), most in 0_usize..6) {
            let plain = json(&given, most);
            // serde_json refuses half a pair and numbers out of range.
            let value: Value = serde_json::from_str(&plain).unwrap();
            prop_assert!(depth(&value) <= most);
            prop_assert!(!value.to_string().contains("\\u0000"));
            prop_assert!(matches!(json(&plain, most), Cow::Borrowed(_)));
        }

        #[test]
        fn text_of_any_kind_is_no_reason_to_fail(given in "[\\[\\]{}\"\\\\u0d8-9e, ]{0,30}", most in 0_usize..3) {
            let _ = json(&given, most);
        }
    }
}
