//! Does a pattern of robots.txt match a path? `*` is any run of bytes, `$` at the end is the end.
//! Must not know rules.

use std::borrow::Cow;

use memchr::memmem;

/// What one judgement may cost over all its rules, in bytes of the path that are looked at. Beyond it
/// the file is an attack: 20,000 rules with three `*` each are within it for a path of 100 bytes, and
/// 1,000 of them for one of 16 KiB. Measured, the worst file takes 3 ms to get there, which is what it
/// can keep the loop from its work for each URL.
pub(super) const STEPS: usize = 16 << 20;

/// What a search costs before it has looked at a byte, in steps: 30 ns, as measured.
const SETUP: usize = 256;

/// A judgement took more than its steps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooCostly;

/// Whether the pattern matches the start of the path, or all of it if the pattern ends with `$`.
///
/// The first place that fits a part between two `*` is as good as any other, so each part is searched
/// for once and only behind the last: no backtracking.
pub(super) fn matches(pattern: &[u8], path: &[u8], steps: &mut usize) -> Result<bool, TooCostly> {
    let (body, to_the_end) = match pattern.strip_suffix(b"$") {
        Some(body) => (body, true),
        None => (pattern, false),
    };
    let mut parts = body.split(|&byte| byte == b'*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return Ok(false) };
    let Some(mut part) = parts.next() else { return Ok(!to_the_end || rest.is_empty()) };
    for next in parts {
        match behind(part, rest, steps)? {
            Some(left) => rest = left,
            None => return Ok(false),
        }
        part = next;
    }
    if to_the_end {
        return Ok(rest.ends_with(part));
    }
    Ok(behind(part, rest, steps)?.is_some())
}

/// What follows the first occurrence of `part`.
fn behind<'a>(part: &[u8], text: &'a [u8], steps: &mut usize) -> Result<Option<&'a [u8]>, TooCostly> {
    if part.is_empty() {
        return Ok(Some(text));
    }
    let found = memmem::find(text, part).map(|at| at + part.len());
    let cost = SETUP + part.len() + found.unwrap_or(text.len());
    *steps = steps.checked_sub(cost).ok_or(TooCostly)?;
    Ok(found.and_then(|end| text.get(end..)))
}

/// The pattern as it is compared: hex digits of escapes in upper case, bytes beyond ASCII escaped.
pub(super) fn escape(value: &[u8], out: &mut Vec<u8>) {
    for &byte in upper_hex(value).iter() {
        match byte {
            0x80.. => out.extend([b'%', hex(byte >> 4), hex(byte & 15)]),
            _ => out.push(byte),
        }
    }
}

const fn hex(digit: u8) -> u8 {
    match digit {
        0..10 => b'0' + digit,
        _ => b'A' + digit - 10,
    }
}

/// The text with the hex digits of its escapes in upper case.
pub(super) fn upper_hex(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(text);
    let mut at = 0;
    while let Some(percent) = text.get(at..).and_then(|rest| memchr::memchr(b'%', rest)) {
        at += percent + 1;
        let Some(digits) = text.get(at..at + 2).filter(|pair| pair.iter().all(u8::is_ascii_hexdigit)) else { continue };
        if digits.iter().any(u8::is_ascii_lowercase) {
            out.to_mut()[at..at + 2].make_ascii_uppercase();
        }
        at += 2;
    }
    out
}

/// A pattern, as [`escape`] leaves it, in its one spelling (RFC 9309, sections 2.2.2 and 2.2.3): what
/// need not be escaped is not, what must be is, and `%2A` and `%24` stay what they are, the characters
/// themselves and no operators. `None` if it has that spelling already.
pub(super) fn normal_pattern(pattern: &[u8]) -> Option<Vec<u8>> {
    let (body, end) = match pattern.strip_suffix(b"$") {
        Some(body) => (body, &b"$"[..]),
        None => (pattern, &[][..]),
    };
    // Within a pattern a dollar is no operator.
    let mut normal = normal(body, b"$").into_owned();
    normal.extend_from_slice(end);
    (normal != pattern).then_some(normal)
}

/// A path in its one spelling, in which no byte of it could be an operator.
pub(super) fn normal_path(path: &[u8]) -> Cow<'_, [u8]> {
    normal(path, b"*$")
}

/// Unreserved characters unescaped; what no URI may hold, and what is in `also`, escaped (RFC 3986,
/// sections 2.2 and 2.3); hex digits of escapes in upper case.
fn normal<'a>(text: &'a [u8], also: &[u8]) -> Cow<'a, [u8]> {
    let stays = |byte: u8| is_unreserved(byte) || (b":/?#[]@!$&'()*+,;=".contains(&byte) && !also.contains(&byte));
    if text.iter().all(|&byte| stays(byte)) {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|pair| byte == b'%' && pair.iter().all(u8::is_ascii_hexdigit));
        match digits {
            Some(&[high, low]) => {
                match digit(high) << 4 | digit(low) {
                    coded if is_unreserved(coded) => out.push(coded),
                    _ => out.extend([b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]),
                }
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            // A percent sign that begins no escape stands for itself, on both sides.
            None if stays(byte) || byte == b'%' => out.push(byte),
            None => out.extend([b'%', hex(byte >> 4), hex(byte & 15)]),
        }
        rest = after;
    }
    out.into()
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

const fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        _ => (hex | 32) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, path: &str) -> bool {
        matches(pattern.as_bytes(), path.as_bytes(), &mut STEPS.clone()).unwrap()
    }

    #[test]
    fn a_star_is_any_run_and_a_dollar_the_end() {
        for (pattern, path, want) in [
            ("/", "/a", true),
            ("/a", "/", false),
            ("/*", "/", true),
            ("*", "/a", true),
            ("/a*b", "/axxb", true),
            ("/a*b", "/ab/c", true),
            ("/a*b", "/ba", false),
            ("/a**b", "/ab", true),
            ("/a*b*b", "/ab", false),
            ("/$", "/", true),
            ("/$", "/a", false),
            ("/*$", "/a", true),
            ("/*a$", "/aba", true),
            ("/*a$", "/ab", false),
            ("/ab*ba$", "/aba", false),
            ("/*aa*aa$", "/aaa", false),
            ("/a$b", "/a$bc", true),
            ("/a$*", "/a", false),
            ("$", "/", false),
            ("", "/", true),
        ] {
            assert_eq!(fits(pattern, path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn escapes_are_compared_in_upper_case_and_other_bytes_escaped() {
        for (value, want) in [
            ("http://www.example.org", "http://www.example.org"),
            ("/one/two/3", "/one/two/3"),
            ("ñ", "%C3%B1"),
            ("/%e3%9a/%2f", "/%E3%9A/%2F"),
            ("%ab", "%AB"),
            ("%zz%a%%aa%4", "%zz%a%%AA%4"),
        ] {
            let mut out = Vec::new();
            escape(value.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
    }

    #[test]
    fn a_pattern_and_a_path_have_one_spelling_each() {
        for (pattern, want) in [
            ("/%7Ejoe/", Some("/~joe/")),
            ("/%61bc/%2f", Some("/abc/%2F")),
            ("/a-%2A.html", None),
            ("/a%24b$", None),
            ("/a$b$", Some("/a%24b$")),
            ("/a*b$", None),
            ("/{a|b}", Some("/%7Ba%7Cb%7D")),
            ("/%zz%4%", None),
        ] {
            let got = normal_pattern(pattern.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(got.as_deref(), want, "{pattern}");
        }
        for (path, want) in [("/~joe/", "/~joe/"), ("/a*$", "/a%2A%24"), ("/%7ejoe/%c3%A9?a=%20", "/~joe/%C3%A9?a=%20")]
        {
            assert_eq!(normal_path(path.as_bytes()), want.as_bytes(), "{path}");
        }
    }

    /// By the book: the set of places in the path that the pattern may have reached.
    fn slowly(pattern: &[u8], path: &[u8]) -> bool {
        let mut places = vec![false; path.len() + 1];
        places[0] = true;
        for (index, &byte) in pattern.iter().enumerate() {
            if byte == b'$' && index + 1 == pattern.len() {
                return places[path.len()];
            }
            let mut next = vec![false; path.len() + 1];
            for at in 0..=path.len() {
                let stays = byte == b'*' && (places[at] || (at > 0 && next[at - 1]));
                let moves = byte != b'*' && at > 0 && places[at - 1] && path[at - 1] == byte;
                next[at] = stays || moves;
            }
            places = next;
        }
        places.contains(&true)
    }

    proptest! {
        #[test]
        fn one_spelling_is_one_spelling(text in "[/a%0-9A-f~*${ é]{0,12}") {
            let path = normal_path(text.as_bytes()).into_owned();
            prop_assert_eq!(&normal_path(&path), &path);
            let pattern = normal_pattern(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
            prop_assert_eq!(normal_pattern(&pattern), None);
        }

        #[test]
        fn the_quick_way_agrees_with_the_book(pattern in "[ab*]{0,8}[$]?", path in "[ab$]{0,12}") {
            prop_assert_eq!(fits(&pattern, &path), slowly(pattern.as_bytes(), path.as_bytes()));
        }

        #[test]
        fn a_match_costs_no_more_than_pattern_and_path(pattern in "[ab*]{0,60}", path in "[ab]{0,200}") {
            let mut steps = STEPS;
            matches(pattern.as_bytes(), path.as_bytes(), &mut steps).unwrap();
            prop_assert!(STEPS - steps <= path.len() + (SETUP + 1) * (pattern.len() + 1));
        }
    }
}
