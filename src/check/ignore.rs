//! Ignore files: findings that someone has looked at and taken.
//!
//! ```text
//! # comment
//! https://example.com/private/        everything below it
//! *.example.org until=2027-01-31 reason="moves in January"
//! docs/old.md:https://*               only links of that document
//! !https://example.com/private/ok     but not this
//! ```
//!
//! The last line that fits decides, as in `.gitignore`. Today is an argument. Must not know where
//! the file stands.

use std::collections::BTreeSet;

use super::{
    date::Day,
    pattern::{Expression, Pattern, Patterns},
};

/// What stands behind a pattern, in ignore files and in comments of documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Last day on which it holds.
    pub until: Option<Day>,
    /// Why.
    pub reason: Option<String>,
}

impl Terms {
    /// Whether it still holds.
    pub fn holds(&self, today: Day) -> bool {
        self.until.is_none_or(|until| today <= until)
    }
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

#[derive(Clone, Debug)]
struct Entry {
    line: usize,
    text: String,
    document: Option<Pattern>,
    sense: Sense,
    terms: Terms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    Ignore,
    Keep,
}

/// The entries of one file, in order.
#[derive(Clone, Debug, Default)]
pub struct Ignores {
    entries: Vec<Entry>,
    targets: Patterns,
}

/// An entry that a link met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met<'a> {
    /// Stands for the entry in [`Ignores::unused`].
    pub entry: usize,
    /// Line in the file, from 1.
    pub line: usize,
    /// Why, if the entry says so.
    pub reason: Option<&'a str>,
}

/// An entry that no link met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Line in the file, from 1.
    pub line: usize,
    /// The entry.
    pub text: String,
    /// Its date, if that has passed.
    pub expired: Option<Day>,
}

impl Ignores {
    /// Reads a file. Lines that cannot be read are an error each: an entry that is lost shows
    /// findings that someone has dealt with.
    pub fn parse(text: &str) -> Result<Self, Vec<BadLine>> {
        let (mut entries, mut patterns, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            match entry(line, index + 1) {
                Ok(Some((entry, pattern))) => {
                    entries.push(entry);
                    patterns.push(pattern);
                }
                Ok(None) => {}
                Err(message) => bad.push(BadLine { line: index + 1, message }),
            }
        }
        let targets = Patterns::new(&patterns).map_err(|message| vec![BadLine { line: 1, message }])?;
        if bad.is_empty() { Ok(Ignores { entries, targets }) } else { Err(bad) }
    }

    /// The entry by which a link is ignored today, if one says so. `document` is the path of the
    /// file that holds the link; `targets` are the forms in which the link is known: as written,
    /// absolute, with its fragment.
    pub fn met(&self, document: Option<&str>, targets: &[&str], today: Day) -> Option<Met<'_>> {
        let fits = |entry: &&usize| {
            let Some(found) = self.entries.get(**entry) else { return false };
            let here = found.document.as_ref().is_none_or(|pattern| document.is_some_and(|path| pattern.fits(path)));
            here && found.terms.holds(today)
        };
        let fitting: BTreeSet<usize> = targets.iter().flat_map(|target| self.targets.fitting(target)).collect();
        let entry = *fitting.iter().rev().find(fits)?;
        let found = self.entries.get(entry).filter(|found| found.sense == Sense::Ignore)?;
        Some(Met { entry, line: found.line, reason: found.terms.reason.as_deref() })
    }

    /// Entries that no link met, and those whose day has passed; `used` are the entries of
    /// [`Met`]. Lines with `!` are never unused: what they are for may have healed.
    pub fn unused(&self, used: &BTreeSet<usize>, today: Day) -> Vec<Unused> {
        let entries = self.entries.iter().enumerate();
        let left = entries.filter(|(index, entry)| entry.sense == Sense::Ignore && !used.contains(index));
        left.map(|(_, entry)| Unused {
            line: entry.line,
            text: entry.text.clone(),
            expired: entry.terms.until.filter(|_| !entry.terms.holds(today)),
        })
        .collect()
    }
}

fn entry(line: &str, number: usize) -> Result<Option<(Entry, Expression)>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (pattern, terms) = terms(line)?;
    let (sense, pattern) = match pattern.strip_prefix('!') {
        Some(kept) => (Sense::Keep, kept.trim_start()),
        None => (Sense::Ignore, pattern),
    };
    let (document, target) = match document_of(pattern) {
        Some((document, target)) => (Some(Pattern::new(document)?), target),
        None => (None, pattern),
    };
    let pattern = Expression::new(target)?;
    Ok(Some((Entry { line: number, text: line.to_owned(), document, sense, terms }, pattern)))
}

/// Parts `path:pattern`. A colon that belongs to an address (`https://`, `mailto:`, a port) does
/// not part.
fn document_of(pattern: &str) -> Option<(&str, &str)> {
    let (document, target) = pattern.split_once(':')?;
    let is_port = target
        .split('/')
        .next()
        .is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*'))
        && !target.starts_with('*');
    let is_scheme = target.starts_with("//") || matches!(document, "mailto" | "tel" | "data" | "javascript" | "file");
    let is_path = document.contains(['/', '.', '*']) && !document.is_empty();
    (is_path && !is_scheme && !is_port && !target.is_empty()).then_some((document, target))
}

/// Cuts `until=…` and `reason=…` from the end of a line.
pub fn terms(line: &str) -> Result<(&str, Terms), String> {
    let mut terms = Terms::default();
    let starts = ["until=", "reason="].iter().flat_map(|key| {
        line.match_indices(key).filter(|(at, _)| *at == 0 || line[..*at].ends_with(char::is_whitespace))
    });
    let start = starts.map(|(at, _)| at).min().unwrap_or(line.len());
    let (pattern, mut rest) = line.split_at(start);
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=').ok_or_else(|| format!("`{rest}` is neither until=… nor reason=…"))?;
        let (value, behind) = word(value)?;
        match key {
            "until" => terms.until = Some(value.parse()?),
            "reason" => terms.reason = Some(value.to_owned()),
            _ => return Err(format!("`{key}=` is unknown; there are until= and reason=")),
        }
        rest = behind.trim_start();
    }
    Ok((pattern.trim_end(), terms))
}

/// A word or what stands in quotes, and what is behind it.
fn word(text: &str) -> Result<(&str, &str), String> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or_else(|| "a quote is not closed".to_owned()),
        None => Ok(text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    const TEXT: &str = r#"
# comment
https://a.example/
!https://a.example/kept
*.b.example until=2027-01-31 reason="moves in January"
docs/old.md:https://c.example/
localhost:8080
docs/*.md:missing.md
mailto:x@y.example
never.example until=2020-01-01
"#;

    #[test]
    fn the_last_entry_that_fits_decides() {
        let ignores = Ignores::parse(TEXT).unwrap();
        for (document, target, today, line) in [
            (None, "https://a.example/x", "2026-11-21", Some(3)),
            (None, "https://a.example/kept/x", "2026-11-21", None),
            (None, "https://www.b.example/", "2027-01-31", Some(5)),
            (None, "https://www.b.example/", "2027-02-01", None),
            (Some("docs/old.md"), "https://c.example/", "2026-11-21", Some(6)),
            (Some("docs/new.md"), "https://c.example/", "2026-11-21", None),
            (None, "https://c.example/", "2026-11-21", None),
            (None, "http://localhost:8080/x", "2026-11-21", Some(7)),
            (Some("docs/a.md"), "docs/missing.md", "2026-11-21", Some(8)),
            (None, "mailto:x@y.example", "2026-11-21", Some(9)),
            (None, "https://other.example/", "2026-11-21", None),
        ] {
            let met = ignores.met(document, &[target], day(today));
            assert_eq!(met.map(|met| met.line), line, "{document:?} {target} {today}");
        }
        let reason = ignores.met(None, &["https://x.b.example/"], day("2026-11-21")).unwrap().reason;
        assert_eq!(reason, Some("moves in January"));
    }

    #[test]
    fn entries_that_met_nothing_are_told() {
        let ignores = Ignores::parse("a.example\nb.example until=2020-01-01\n!c.example\nd.example").unwrap();
        let today = day("2026-11-21");
        let used = ignores.met(None, &["https://a.example/"], today).map(|met| met.entry).into_iter().collect();
        let unused = ignores.unused(&used, today);
        let shown: Vec<_> = unused.iter().map(|one| (one.line, one.expired.is_some())).collect();
        assert_eq!(shown, [(2, true), (4, false)]);
    }

    #[test]
    fn lines_that_cannot_be_read_are_errors() {
        let text = "a until=tomorrow\nb reason=\"open\nc reason=x y\nd until=2027-01-01 reason=\"ok\"\n";
        let bad = Ignores::parse(text).unwrap_err();
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [1, 2, 3]);
    }

    proptest::proptest! {
        #[test]
        fn any_file_is_read_or_refused(text in "[a:/*.!# =\"\nunti-]{0,40}") {
            if let Ok(ignores) = Ignores::parse(&text) {
                ignores.met(Some("a"), &["a", "https://a/"], Day::clone(&"2026-01-01".parse().unwrap()));
            }
        }
    }
}
