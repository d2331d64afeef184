//! Paths as URIs (RFC 3986): relative ones stay relative, absolute ones become `file:`.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything in a path but what is unreserved (RFC 3986, section 2.3) and the slash. The colon is
/// escaped too: in a first segment it would make a scheme of it.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What may stand nowhere in a URI.
const NOWHERE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// A path with `/` between its parts.
pub(super) fn of_path(path: &str) -> String {
    let encoded = utf8_percent_encode(path, IN_PATH);
    let drive = matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic());
    match path {
        // A share: the host comes first.
        _ if path.starts_with("//") => format!("file:{encoded}"),
        _ if path.starts_with('/') => format!("file://{encoded}"),
        _ if drive => format!("file:///{encoded}"),
        _ => encoded.to_string(),
    }
}

/// A URL, with what a URI must not have escaped.
pub(super) fn of_url(url: &str) -> String {
    utf8_percent_encode(url, NOWHERE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris_that_name_the_same_file() {
        for (path, uri) in [
            ("docs/a.md", "docs/a.md"),
            ("docs/ä b%20#?.md", "docs/%C3%A4%20b%2520%23%3F.md"),
            ("a:b.md", "a%3Ab.md"),
            ("../up.md", "../up.md"),
            ("/srv/a b.md", "file:///srv/a%20b.md"),
            ("//host/share/a.md", "file://host/share/a.md"),
            ("C:/x/a.md", "file:///C%3A/x/a.md"),
        ] {
            assert_eq!(of_path(path), uri);
        }
    }

    #[test]
    fn urls_stay_but_for_what_no_uri_may_have() {
        assert_eq!(of_url("https://h/a%20b?c=d#e"), "https://h/a%20b?c=d#e");
        assert_eq!(of_url("https://h/a b|ü\u{1b}"), "https://h/a%20b%7C%C3%BC%1B");
    }
}
