//! `<meta http-equiv=refresh>`: where it leads.

use std::ops::Range;

/// Where the address stands in the `content` of a refresh (HTML standard, "shared declarative
/// refresh steps"). `None` if the page is to load itself again, or if nothing is to happen.
pub(in crate::page) fn address(content: &str) -> Option<Range<usize>> {
    let rest = content.trim_start_matches(is_space);
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if behind.len() == rest.len() && !behind.starts_with('.') {
        return None;
    }
    let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !behind.starts_with(|c| is_space(c) || c == ';' || c == ',') {
        return None;
    }
    let behind = behind.trim_start_matches(is_space);
    let behind = behind.strip_prefix([';', ',']).unwrap_or(behind).trim_start_matches(is_space);
    let (url, end) = match named(behind) {
        Named::Yes(url) => quoted(url),
        Named::No => quoted(behind),
        Named::Almost => (behind, behind.len()),
    };
    let start = content.len() - url.len();
    (end > 0).then_some(start..start + end)
}

enum Named<'a> {
    /// There is `url=`, and this behind it.
    Yes(&'a str),
    /// It begins like that, and then does not go on so: all of it is the address.
    Almost,
    No,
}

fn named(text: &str) -> Named<'_> {
    let Some(rest) = text.strip_prefix(['u', 'U']) else { return Named::No };
    let name = rest.strip_prefix(['r', 'R']).and_then(|rest| rest.strip_prefix(['l', 'L']));
    match name.and_then(|rest| rest.trim_start_matches(is_space).strip_prefix('=')) {
        Some(url) => Named::Yes(url.trim_start_matches(is_space)),
        None => Named::Almost,
    }
}

/// The text without a quote it may begin with, and how much of that comes ahead of the other one.
fn quoted(text: &str) -> (&str, usize) {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = text.get(1..).unwrap_or_default();
            (inner, inner.find(quote).unwrap_or(inner.len()))
        }
        _ => (text, text.len()),
    }
}

/// ASCII white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_read_as_the_standard_says() {
        for (content, want) in [
            ("5; url=x", Some("x")),
            ("0;URL='x y' z", Some("x y")),
            (" 5 , uRl = \"x\" ", Some("x")),
            ("5 x", Some("x")),
            ("5;x", Some("x")),
            ("5;'x'", Some("x")),
            ("5;\"x", Some("x")),
            ("5.5.5;x", Some("x")),
            (".5;x", Some("x")),
            ("5; url x", Some("url x")),
            ("5; upload/x", Some("upload/x")),
            ("5;; url=x", Some("; url=x")),
            ("5; url=", None),
            ("5; url=''", None),
            ("5", None),
            ("5;", None),
            ("5x", None),
            ("x", None),
            ("; url=x", None),
            ("url=x", None),
            ("-1; url=x", None),
            ("", None),
        ] {
            assert_eq!(address(content).map(|part| &content[part]), want, "{content}");
        }
    }
}
