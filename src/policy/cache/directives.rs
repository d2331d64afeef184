//! `Cache-Control`: a list of directives (RFC 9111, section 5.2). Must not know what follows from one.

use std::time::Duration;

use http::{HeaderMap, header};

/// What stands for a number of seconds that is too large to be one (section 1.2.2).
const MOST_SECONDS: u64 = 1 << 31;

/// The directives of a message, names in lower case.
#[derive(Debug, Default)]
pub(super) struct Directives(Vec<(String, Option<String>)>);

impl Directives {
    /// Those of `Cache-Control`; of `Pragma` where there is none (section 5.4).
    pub fn of(fields: &HeaderMap) -> Directives {
        let name = if fields.contains_key(header::CACHE_CONTROL) { header::CACHE_CONTROL } else { header::PRAGMA };
        let mut list = Vec::new();
        for value in fields.get_all(name) {
            let text = String::from_utf8_lossy(value.as_bytes());
            list.extend(split(&text).into_iter().filter_map(directive));
        }
        Directives(list)
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// Its seconds; none at all where they cannot be read, or where it says two things (section 4.2.1).
    /// `None` if it is not there.
    pub fn seconds(&self, name: &str) -> Option<Duration> {
        let mut all = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| seconds(value.as_deref()));
        let first = all.next()?;
        let agreed = first.filter(|_| all.all(|other| other == first));
        Some(Duration::from_secs(agreed.unwrap_or_default()))
    }

    /// Whether it is there without a value.
    pub fn is_bare(&self, name: &str) -> bool {
        self.0.iter().any(|(own, value)| own == name && value.is_none())
    }
}

/// A number of seconds (section 1.2.2).
pub(super) fn seconds(value: Option<&str>) -> Option<u64> {
    let digits = value?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(MOST_SECONDS).min(MOST_SECONDS))
}

/// The parts between commas; a comma in quotes is none.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn directive(part: &str) -> Option<(String, Option<String>)> {
    let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
    let name = name.trim().to_ascii_lowercase();
    let value = value.map(|value| value.trim().trim_matches('"').to_owned());
    (!name.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Directives {
        let pairs = values.iter().map(|value| (header::CACHE_CONTROL, http::HeaderValue::from_static(value)));
        let mut fields = HeaderMap::new();
        pairs.for_each(|(name, value)| _ = fields.append(name, value));
        Directives::of(&fields)
    }

    #[test]
    fn names_have_no_case_and_commas_in_quotes_part_nothing() {
        let all = of(&["No-Store , Max-Age = 60", "private=\"a, no-cache\"", ",,"]);
        assert!(all.has("no-store") && all.has("private") && !all.has("no-cache"));
        assert_eq!(all.seconds("max-age"), Some(Duration::from_secs(60)));
        assert!(all.is_bare("no-store") && !all.is_bare("private"));
    }

    #[test]
    fn a_number_that_is_none_or_that_is_said_twice_is_no_time_and_a_huge_one_is_68_years() {
        for (value, seconds) in [
            ("max-age=\"5\"", 5),
            ("max-age", 0),
            ("max-age=", 0),
            ("max-age=-1", 0),
            ("max-age=1.5", 0),
            ("max-age=+5", 0),
            ("max-age=5, max-age=6", 0),
            ("max-age=5, max-age=5", 5),
            ("max-age=99999999999999999999999", MOST_SECONDS),
        ] {
            assert_eq!(of(&[value]).seconds("max-age"), Some(Duration::from_secs(seconds)), "{value}");
        }
        assert_eq!(of(&[]).seconds("max-age"), None);
    }

    #[test]
    fn pragma_counts_where_there_is_nothing_newer() {
        let pragma = (header::PRAGMA, http::HeaderValue::from_static("no-cache"));
        let mut fields: HeaderMap = [pragma].into_iter().collect();
        assert!(Directives::of(&fields).has("no-cache"));
        fields.insert(header::CACHE_CONTROL, http::HeaderValue::from_static("max-age=5"));
        assert!(!Directives::of(&fields).has("no-cache"));
    }
}
