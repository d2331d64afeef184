//! Names of headings, as Python-Markdown's extension `toc` makes them, which MkDocs uses.
//!
//! Compatibility decomposition, nothing but ASCII letters, digits, `_`, blanks and hyphens; each run of
//! blanks and hyphens a hyphen; repeats are counted with `_1`. Projects may name another function:
//! that is not known here.

use std::collections::{HashMap, HashSet};

use icu_normalizer::DecomposingNormalizerBorrowed;

/// The name of a heading with this text, before repeats are told apart (`toc.slugify`).
pub(super) fn slug(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let kept = decomposed.chars().filter(|c| c.is_ascii_alphanumeric() || is_gap(*c) || *c == '_');
    let kept: String = kept.collect();
    let mut out = String::with_capacity(kept.len());
    for c in kept.trim_matches(is_blank).chars() {
        match is_gap(c) {
            true if out.ends_with('-') => {}
            true => out.push('-'),
            false => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// White space of ASCII, as Python counts it.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{1c}'..='\u{1f}')
}

fn is_gap(c: char) -> bool {
    is_blank(c) || c == '-'
}

/// Names headings one after another (`toc.unique`): past names that are taken, `x_1` goes on as `x_2`.
#[derive(Debug, Default)]
pub(super) struct Ids {
    taken: HashSet<String>,
    /// By a name that is taken the number to try next, so that many repeats cost little.
    next: HashMap<String, u64>,
}

impl Ids {
    /// The name of the next heading, whose text is this.
    pub(super) fn next(&mut self, text: &str) -> String {
        let name = slug(text);
        if !name.is_empty() && self.taken.insert(name.clone()) {
            return name;
        }
        let (stem, mut number) = counted(&name);
        let mut passed = Vec::new();
        loop {
            let candidate = format!("{stem}_{number}");
            if self.taken.insert(candidate.clone()) {
                self.next.extend(passed.into_iter().map(|name| (name, number.saturating_add(1))));
                return candidate;
            }
            number = self.next.get(&candidate).copied().unwrap_or(number.saturating_add(1));
            passed.push(candidate);
        }
    }

    /// A name that somebody chose.
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }
}

/// What stands before the number behind a name, and the number to try next.
fn counted(name: &str) -> (&str, u64) {
    let number = name.rsplit_once('_').and_then(|(stem, number)| {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        // A number that is too large to count on is a part of the name.
        let number = number.parse::<u32>().ok().filter(|_| is_number)?;
        Some((stem, u64::from(number) + 1))
    });
    number.unwrap_or((name, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text and name, as `markdown.extensions.toc.slugify(text, '-')` of Python-Markdown 3.5 has it.
    #[test]
    fn headings_are_named_as_python_markdown_names_them() {
        for (text, name) in [
            ("Hello, world!", "hello-world"),
            ("foo - bar", "foo-bar"),
            ("A & B", "a-b"),
            ("two  spaces", "two-spaces"),
            (" around ", "around"),
            ("Größe und Übermaß", "groe-und-uberma"),
            ("Ça va, élève?", "ca-va-eleve"),
            ("ﬁne x² ½", "fine-x2-12"),
            ("no\u{a0}break", "no-break"),
            ("foo_bar", "foo_bar"),
            ("1.2.3 Release", "123-release"),
            ("-x-", "-x-"),
            ("中文", ""),
            ("C++ and C#", "c-and-c"),
        ] {
            assert_eq!(slug(text), name, "{text:?}");
        }
    }

    #[test]
    fn repeats_are_counted_with_an_underscore() {
        let mut ids = Ids::default();
        ids.take("own");
        let names = ["a", "A", "a", "a_1", "中文", "標題", "own", "x_9", "x 9", "x_9"].map(|text| ids.next(text));
        assert_eq!(names, ["a", "a_1", "a_2", "a_3", "_1", "_2", "own_1", "x_9", "x-9", "x_10"]);
    }
}
