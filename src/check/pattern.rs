//! Patterns as `.gitignore` has them, for addresses and paths.
//!
//! `*` and `?` stay within a part, `**` crosses parts. A pattern without `/` fits a host or any
//! part; with `/` it fits from the start (a scheme may be left out). What it fits, it fits with
//! all that lies below. Must not know what is done with a fit.

use regex::{RegexBuilder, RegexSetBuilder, escape};

/// Longest pattern, in characters.
const LONGEST: usize = 2_048;

/// A pattern that was read and is not yet compiled.
#[derive(Clone, Debug)]
pub struct Expression(String);

impl Expression {
    /// Reads a pattern. The error is a sentence.
    pub fn new(pattern: &str) -> Result<Self, String> {
        expression(pattern).map(Expression)
    }
}

/// The regular expression that stands for a pattern.
fn expression(pattern: &str) -> Result<String, String> {
    let bare = pattern.trim_end_matches('/');
    if pattern.is_empty() || pattern.chars().count() > LONGEST {
        return Err(format!("a pattern has 1 to {LONGEST} characters"));
    }
    let inner = bare.trim_start_matches("**/");
    let is_anchored = inner.len() == bare.len() && bare.contains('/');
    let start = match () {
        () if bare.contains("://") => "^",
        () if is_anchored => "^(?:[a-z][a-z0-9+.-]*://)?/?",
        () => "(?:^|/|^[a-z][a-z0-9+.-]*:)",
    };
    let mut out = format!("(?s){start}");
    let body = if bare.contains("://") { inner } else { inner.trim_start_matches('/') };
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => match chars.next_if_eq(&'/').is_some() {
                true => out.push_str("(?:.*/)?"),
                false => out.push_str(".*"),
            },
            '*' => out.push_str("[^/]*"),
            // A query begins with it: there it stands for itself as well.
            '?' => out.push_str("[^/]"),
            '\\' => out.push_str(&escape(&chars.next().unwrap_or('\\').to_string())),
            c => out.push_str(&escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push_str(if pattern.ends_with('/') { "(?:/|$)" } else { "(?:[/?#]|$)" });
    Ok(out)
}

/// One pattern.
#[derive(Clone, Debug)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// Reads it. The error is a sentence.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(&expression(pattern)?).build();
        built.map(Pattern).map_err(|_| format!("the pattern `{pattern}` is too large"))
    }

    /// Whether it fits.
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Many patterns that are asked at once.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<regex::RegexSet>);

/// Patterns compiled together, so that no set passes the crate's bound on size.
const TOGETHER: usize = 200;

impl Patterns {
    /// Of patterns that were read one by one before.
    pub fn new(patterns: &[Expression]) -> Result<Self, String> {
        let sets = patterns.chunks(TOGETHER).map(|some| {
            let some = some.iter().map(|pattern| &pattern.0);
            RegexSetBuilder::new(some).size_limit(64 << 20).build().map_err(|_| "the patterns are too large".to_owned())
        });
        sets.collect::<Result<_, _>>().map(Patterns)
    }

    /// Which of them fit, by position, in order.
    pub fn fitting(&self, text: &str) -> impl Iterator<Item = usize> {
        let found = self.0.iter().enumerate().map(|(chunk, set)| (chunk, set.matches(text)));
        found.flat_map(|(chunk, matches)| matches.into_iter().map(move |index| chunk * TOGETHER + index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_hosts_parts_and_what_lies_below() {
        for (pattern, fits, misses) in [
            (
                "example.com",
                &["https://example.com/", "https://example.com/a/b", "https://h/example.com"][..],
                &["https://www.example.com/", "https://example.com.evil/", "https://myexample.com/"][..],
            ),
            ("*.example.com", &["https://www.example.com/x"], &["https://example.com/"]),
            (
                "https://example.com/a",
                &[
                    "https://example.com/a",
                    "https://example.com/a/b",
                    "https://example.com/a?q",
                    "https://example.com/a#f",
                ],
                &["https://example.com/ab", "http://example.com/a", "https://h/https://example.com/a"],
            ),
            (
                "https://example.com/a/",
                &["https://example.com/a/", "https://example.com/a/b"],
                &["https://example.com/a?q", "https://example.com/ab"],
            ),
            (
                "example.com/a",
                &["https://example.com/a", "http://example.com/a/x", "example.com/a"],
                &["https://h/example.com/a"],
            ),
            ("https://*/private/**", &["https://h/private/x"], &["https://h/x/private/y"]),
            ("https://h/**/x", &["https://h/x", "https://h/a/b/x"], &["https://h/ax"]),
            ("docs/*.md", &["docs/a.md", "/docs/a.md"], &["docs/sub/a.md", "x/docs/a.md"]),
            ("**/drafts", &["drafts/x", "a/b/drafts/c"], &["a/mydrafts"]),
            ("/a.md", &["a.md", "/a.md"], &["b/a.md"]),
            ("*.pdf", &["https://h/x.pdf", "docs/x.pdf"], &["x.pdfx"]),
            ("page?", &["page1"], &["page", "page12"]),
            ("a@b.example", &["mailto:a@b.example"], &["mailto:xa@b.example"]),
            (r"a\*b", &["a*b"], &["axb"]),
            ("a+(b", &["x/a+(b"], &["aab"]),
        ] {
            let read = Pattern::new(pattern).unwrap();
            for text in fits {
                assert!(read.fits(text), "{pattern} {text}");
            }
            for text in misses {
                assert!(!read.fits(text), "{pattern} {text}");
            }
        }
        assert!(Pattern::new("").is_err() && Pattern::new(&"x".repeat(3_000)).is_err());
    }

    #[test]
    fn many_patterns_are_asked_at_once() {
        let patterns: Vec<Expression> =
            (0..1_000).map(|n| Expression::new(&format!("h{n}.example")).unwrap()).collect();
        let all = Patterns::new(&patterns).unwrap();
        assert_eq!(all.fitting("https://h777.example/h3.example").collect::<Vec<_>>(), [3, 777]);
    }

    proptest::proptest! {
        #[test]
        fn any_pattern_is_read_or_refused(pattern in "\\PC{0,20}", text in "\\PC{0,20}") {
            if let Ok(pattern) = Pattern::new(&pattern) {
                pattern.fits(&text);
            }
        }
    }
}
