//! Instructions in documents: `fetchall:ignore-next` and its kin.
//!
//! | directive | takes |
//! | --- | --- |
//! | `ignore` | the line of the comment; if nothing else is on it, the next one |
//! | `ignore PATTERN` | links of the whole document that fit |
//! | `ignore-line` | the line of the comment |
//! | `ignore-next` | the next line that is not blank |
//! | `ignore-start` … `ignore-end` | all between; without end, to the end of the document |
//! | `ignore-file` | the whole document |
//!
//! Each may have a pattern, `until=YYYY-MM-DD` and `reason="…"`. Must not know the format of the
//! document: who read it has found the comments.

use std::ops::Range;

use super::{
    date::Day,
    ignore::{Terms, terms},
    pattern::Pattern,
};
use crate::model::{Directive, units::nearest};

/// How far `ignore-next` looks for a line that is not blank, in bytes.
const REACH: usize = 1_024;

const WORDS: [&str; 6] = ["ignore", "ignore-line", "ignore-next", "ignore-start", "ignore-end", "ignore-file"];

/// A part of a document whose links are ignored.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Which directive, by position.
    pub directive: usize,
    /// Links that begin here.
    pub span: Range<usize>,
    /// Until when, and why.
    pub terms: Terms,
    pattern: Option<Pattern>,
}

/// A directive that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Which directive, by position.
    pub directive: usize,
    /// A sentence.
    pub message: String,
}

/// All that the directives of a document take.
#[derive(Clone, Debug, Default)]
pub struct Inline {
    /// In the order of the directives.
    pub scopes: Vec<Scope>,
    /// What could not be followed.
    pub complaints: Vec<Complaint>,
}

impl Inline {
    /// Of the directives of the document `text`, in order.
    pub fn of(text: &str, directives: &[Directive]) -> Self {
        let mut out = Inline::default();
        let mut open: Vec<Scope> = Vec::new();
        for (index, directive) in directives.iter().enumerate() {
            let complain = |message: String| Complaint { directive: index, message };
            match scope(text, directive, index) {
                Ok(Act::Whole(scope)) => out.scopes.push(scope),
                Ok(Act::Start(scope)) => open.push(scope),
                Ok(Act::End) => match open.pop() {
                    Some(mut scope) => {
                        scope.span.end = directive.span.start;
                        out.scopes.push(scope);
                    }
                    None => out.complaints.push(complain("ignore-end without ignore-start".to_owned())),
                },
                Err(message) => out.complaints.push(complain(message)),
            }
        }
        for scope in open {
            let message = "ignore-start without ignore-end: it holds to the end of the document".to_owned();
            out.complaints.push(Complaint { directive: scope.directive, message });
            out.scopes.push(scope);
        }
        out
    }

    /// The scope that takes a link today. `at` is the byte where the link begins, `targets` the
    /// forms in which it is known.
    pub fn met(&self, at: usize, targets: &[&str], today: Day) -> Option<&Scope> {
        let fits = |scope: &&Scope| {
            scope.span.contains(&at)
                && scope.terms.holds(today)
                && scope.pattern.as_ref().is_none_or(|pattern| targets.iter().any(|target| pattern.fits(target)))
        };
        self.scopes.iter().find(fits)
    }
}

enum Act {
    Whole(Scope),
    Start(Scope),
    End,
}

fn scope(text: &str, directive: &Directive, index: usize) -> Result<Act, String> {
    let (words, terms) = terms(directive.text.trim())?;
    let (name, pattern) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let pattern = Some(pattern.trim()).filter(|pattern| !pattern.is_empty()).map(Pattern::new).transpose()?;
    let make = |span| Scope { directive: index, span, terms: terms.clone(), pattern: pattern.clone() };
    let all = 0..usize::MAX;
    Ok(match name {
        "ignore" if pattern.is_some() => Act::Whole(make(all)),
        "ignore" => {
            let line = line_of(text, &directive.span);
            let outside = [text.get(line.start..directive.span.start), text.get(directive.span.end..line.end)];
            let is_alone = outside.iter().flatten().all(|rest| rest.trim().is_empty());
            let end = if is_alone { next_line(text, line.end).end } else { line.end };
            Act::Whole(make(line.start..end))
        }
        "ignore-line" => Act::Whole(make(line_of(text, &directive.span))),
        "ignore-next" => Act::Whole(make(next_line(text, line_of(text, &directive.span).end))),
        "ignore-file" => Act::Whole(make(all)),
        "ignore-start" => Act::Start(make(directive.span.end..usize::MAX)),
        "ignore-end" => Act::End,
        other => {
            let tip = nearest(other, WORDS).unwrap_or("ignore-next");
            return Err(format!("unknown directive `{other}`; did you mean `{tip}`?"));
        }
    })
}

/// The lines that a span stands on, without the last line end. Looks as far as a directive may
/// reach, so that many of them on one endless line cost no more.
fn line_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let from = span.start.min(bytes.len());
    let low = from.saturating_sub(REACH * 16);
    let start = memchr::memrchr(b'\n', &bytes[low..from]).map_or(low, |at| low + at + 1);
    let to = span.end.clamp(from, bytes.len());
    let high = bytes.len().min(to + REACH * 16);
    let end = memchr::memchr(b'\n', &bytes[to..high]).map_or(high, |at| to + at);
    start..end
}

/// The next line behind the line end at `end` that is not blank.
fn next_line(text: &str, end: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let mut at = end;
    while at < bytes.len().min(end + REACH) && bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    line_of(text, &(at..at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds `<!-- fetchall:… -->` by hand, and each `[n]` as a link.
    fn ignored(text: &str, today: &str) -> (Vec<char>, Vec<String>) {
        let directives: Vec<Directive> = text
            .match_indices("<!--")
            .map(|(start, _)| {
                let end = start + text[start..].find("-->").unwrap() + 3;
                Directive { text: text[start + 4..end - 3].trim().into(), span: start..end }
            })
            .collect();
        let inline = Inline::of(text, &directives);
        let links = text.match_indices('[').map(|(at, _)| (at, text[at + 1..].chars().next().unwrap()));
        let met = links.filter(|(at, name)| inline.met(*at, &[&name.to_string()], today.parse().unwrap()).is_some());
        (met.map(|(_, name)| name).collect(), inline.complaints.into_iter().map(|one| one.message).collect())
    }

    #[test]
    fn directives_take_what_they_say() {
        for (text, taken) in [
            ("[a] <!-- ignore --> [b]\n[c]", "ab"),
            ("[a]\n<!-- ignore -->\n[b]\n[c]", "b"),
            ("[a]\n  <!-- ignore -->  \n\n[b]", "b"),
            ("[a] <!-- ignore-line -->\n[b]", "a"),
            ("[a] <!-- ignore-next -->\n\n[b] [c]\n[d]", "bc"),
            ("<!-- ignore-next -->", ""),
            ("[a]<!-- ignore-start -->[b]\n[c]<!-- ignore-end -->[d]", "bc"),
            ("<!-- ignore-start --><!-- ignore-start b -->[a]<!-- ignore-end -->[b]<!-- ignore-end -->[c]", "ab"),
            ("[a]\n<!-- ignore-file -->\n[b]", "ab"),
            ("[a] [b]\n<!-- ignore b -->\n[b] [c]", "bb"),
            ("<!-- ignore-next b -->\n[a] [b]", "b"),
            ("<!-- ignore-next until=2026-11-21 -->\n[a]", "a"),
            ("<!-- ignore-next until=2026-11-20 -->\n[a]", ""),
            ("<!-- ignore-file reason=\"see b\" -->[a]", "a"),
            ("<!-- ignore-next -->\r\n\r\n[ü]", "ü"),
        ] {
            let (met, complaints) = ignored(text, "2026-11-21");
            assert_eq!((met.into_iter().collect::<String>().as_str(), complaints.len()), (taken, 0), "{text}");
        }
    }

    #[test]
    fn directives_that_cannot_be_followed_are_told() {
        for (text, says, taken) in [
            ("<!-- ignore-nxt -->\n[a]", "`ignore-next`", 0),
            ("<!-- ignore-end -->[a]", "without ignore-start", 0),
            ("<!-- ignore-start -->[a]", "without ignore-end", 1),
            ("<!-- ignore until=soon -->[a]", "not a day", 0),
        ] {
            let (met, complaints) = ignored(text, "2026-11-21");
            assert!(complaints.len() == 1 && complaints[0].contains(says), "{text}: {complaints:?}");
            assert_eq!(met.len(), taken, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_directive_is_followed_or_refused(text in "\\PC{0,30}", words in "[ignore\\-starldxp =\"]{0,20}", from in 0..40usize, len in 0..9usize) {
            let directives = [Directive { text: words.into(), span: from..from + len }];
            Inline::of(&text, &directives).met(3, &["a"], "2026-01-01".parse().unwrap());
        }
    }
}
