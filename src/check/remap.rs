//! `--remap 'REGEX REPLACEMENT'`: addresses that are looked at elsewhere.
//!
//! For a site that is not yet public, a mirror, a local server. Applied to absolute addresses
//! before anything else looks at them; the first expression that matches is taken, once. Must not
//! know what the address is for.

use std::{borrow::Cow, str::FromStr};

use regex::Regex;
use url::Url;

/// One rewriting.
#[derive(Clone, Debug)]
pub struct Remap {
    from: Regex,
    to: String,
}

impl Remap {
    /// The server that is written out in the replacement; `None` where a group has a say in it, or where
    /// what is replaced is less than that.
    pub fn server(&self) -> Option<Url> {
        let literal = self.to.split('$').next()?;
        let (_, authority) = literal.split_once("://")?;
        let is_whole = literal.len() == self.to.len() || authority.contains(['/', '?', '#', '\\']);
        let url = is_whole.then(|| Url::parse(literal).ok())??;
        matches!(url.scheme(), "http" | "https").then_some(url)
    }
}

impl FromStr for Remap {
    type Err = String;

    /// Expression and replacement with blanks between them; the last blank parts them, so that the
    /// expression may hold some. The replacement knows `$1`, `${name}` and `$$`.
    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let Some((from, to)) = trimmed.rsplit_once(char::is_whitespace) else {
            return Err(format!("`{text}` is not a remap; write 'REGEX REPLACEMENT'"));
        };
        let from = from.trim_end();
        // The message of the crate shows the expression with a mark below the place.
        let from = Regex::new(from).map_err(|error| format!("the expression of the remap: {error}"))?;
        check_groups(&from, to)?;
        Ok(Remap { from, to: to.to_owned() })
    }
}

/// Refuses references to groups that the expression does not have: the crate would put nothing in
/// their place. A name goes on as long as it can, so `$1a` is the group `1a`.
fn check_groups(from: &Regex, to: &str) -> Result<(), String> {
    let mut rest = to;
    while let Some(at) = rest.find('$') {
        let place = to[..to.len() - rest.len() + at].chars().count() + 1;
        let behind = &rest[at + 1..];
        if let Some(next) = behind.strip_prefix('$') {
            rest = next;
            continue;
        }
        let (name, next) = match behind.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or_else(|| {
                format!("the replacement `{to}` of the remap: character {place} opens a brace that is never closed")
            })?,
            None => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                behind.split_at(behind.find(|c| !is_name(c)).unwrap_or(behind.len()))
            }
        };
        let is_known = match name.parse::<usize>() {
            Ok(index) => index < from.captures_len(),
            Err(_) => from.capture_names().flatten().any(|known| known == name),
        };
        if !is_known {
            let tip =
                if name.is_empty() { "write $$ for a dollar" } else { "write ${1}a for the first group and an a" };
            return Err(format!(
                "the replacement `{to}` of the remap: `${name}` at character {place} is no group of the expression; {tip}"
            ));
        }
        rest = next;
    }
    Ok(())
}

/// The address that is looked at instead, by the first remap that matches.
pub fn remap<'a>(url: &'a str, remaps: &[Remap]) -> Cow<'a, str> {
    remaps
        .iter()
        .find(|one| one.from.is_match(url))
        .map_or(Cow::Borrowed(url), |one| one.from.replace(url, one.to.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_rewritten_by_the_first_that_matches() {
        let remaps: Vec<Remap> = [
            r"^https://(?P<host>[a-z]+)\.example\.com/ http://localhost/${host}/",
            r"^https://example\.org/(\d+) http://localhost/$1$$",
            r"localhost https://never.example/",
        ]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
        for (url, to) in [
            ("https://docs.example.com/a", "http://localhost/docs/a"),
            ("https://example.org/12", "http://localhost/12$"),
            ("https://example.net/", "https://example.net/"),
        ] {
            assert_eq!(remap(url, &remaps), to);
        }
    }

    #[test]
    fn a_server_is_known_where_no_group_has_a_say_in_it() {
        for (text, server) in [
            (r"^https://a\.example/(.*) http://localhost:8080/$1", Some("http://localhost:8080")),
            (r"^https://a\.example https://staging.example", Some("https://staging.example")),
            (r"^https://a\.(\w+) https://staging.$1", None),
            (r"^https://(\w+)\.example/ https://$1:80@evil.example/", None),
            (r"a\.example staging.example", None),
            (r"^https://a\.example/ file:///srv/", None),
        ] {
            let remap: Remap = text.parse().unwrap();
            let origin = remap.server().map(|url| url.origin().ascii_serialization());
            assert_eq!(origin.as_deref(), server, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, says) in [
            ("onlyone", "REGEX REPLACEMENT"),
            ("(a b", "unclosed group"),
            ("(a) $2", "`$2` at character 1"),
            ("(a) x$1a", "${1}a"),
            ("(a) x${1", "character 2 opens a brace"),
            ("(a) ${b}", "`$b` at character 1"),
            ("a x$", "write $$"),
        ] {
            let error = text.parse::<Remap>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
