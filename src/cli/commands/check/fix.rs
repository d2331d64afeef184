//! Mending links: which suggestions are taken, where they go, and files that are written anew.
//!
//! A suggestion is taken where no person needs to look at it and the text at its place is still
//! what the run read. Must not know how findings are shown.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use fetchall::{
    check::{
        diff,
        fix::{self, Context, Edit, Syntax, context_of},
        suggest::{Nearness, nearest_with},
    },
    model::{Finding, LinkKind, Rule, Severity, SuggestionKind},
    replace,
};
use percent_encoding::percent_decode_str;

/// Attributes whose value holds more than a reference: a place there may be larger than the
/// reference.
const COMPOUND: [&str; 7] = ["srcset", "imagesrcset", "style", "srcdoc", "content", "ping", "archive"];

/// Which rules were turned off by hand, so that they are left alone. Others are mended though they
/// weigh nothing: that a redirect is worth no word does not mean that it is to stay.
#[derive(Clone, Debug, Default)]
pub struct Mending {
    /// Rules that are left as they are.
    pub off: HashSet<Rule>,
}

impl Mending {
    /// Whether a finding can be mended without a person looking at it.
    pub fn takes(&self, finding: &Finding) -> bool {
        let Some(suggestion) = finding.suggestion.as_ref().filter(|_| finding.skip.is_none()) else { return false };
        let wanted = finding.severity > Severity::Off || finding.rule.is_some_and(|rule| !self.off.contains(&rule));
        let path = finding.source.path.as_deref();
        wanted
            && path.is_some_and(|path| syntax_of(path).is_some())
            && is_safe(suggestion.kind, &finding.source.raw, &suggestion.url)
    }
}

/// Whether a suggestion may be written without a person looking at it.
fn is_safe(kind: SuggestionKind, old: &str, new: &str) -> bool {
    let (old_path, old_fragment) = split(old);
    let (new_path, new_fragment) = split(new);
    match kind {
        SuggestionKind::Redirect | SuggestionKind::Https | SuggestionKind::Case => true,
        SuggestionKind::Anchor => is_same_but_for_form(&old_fragment, &new_fragment),
        // Part by part: `a/b` and `ab` have the same letters and are not the same.
        SuggestionKind::File => {
            let (old, new): (Vec<_>, Vec<_>) = (old_path.split('/').collect(), new_path.split('/').collect());
            old.len() == new.len()
                && old.iter().zip(&new).all(|(old, new)| old == new || is_same_but_for_form(old, new))
        }
        SuggestionKind::Archive => false,
    }
}

/// Path and fragment of a reference, decoded.
fn split(reference: &str) -> (String, String) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (before, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    (decode(before.split('?').next().unwrap_or_default()), decode(fragment))
}

/// Whether two names differ in case and separators only.
fn is_same_but_for_form(old: &str, new: &str) -> bool {
    matches!(nearest_with(old, [new]), Some((_, Nearness::SameLetters)))
}

/// How references are written in a document of this name; `None` where nothing is mended.
fn syntax_of(path: &str) -> Option<Syntax> {
    let extension = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "html" | "htm" | "xhtml" | "svg" => Syntax::Html,
        "md" | "markdown" | "mdown" | "mkd" | "mkdn" | "mdwn" | "mdx" => Syntax::Markdown,
        "css" => Syntax::Css,
        "json" => Syntax::Json,
        _ => return None,
    })
}

/// A document with what is to be done to it.
pub struct Job {
    path: PathBuf,
    text: String,
    edits: Vec<Edit>,
}

/// What can be mended, and what cannot.
#[derive(Default)]
pub struct Jobs {
    /// By document, in order.
    pub jobs: Vec<Job>,
    /// What the jobs mend, by the position of its job.
    pub mended: Vec<(usize, Finding)>,
    /// What is left as it is: the text has changed, or stands where nobody knows how to write it.
    pub left: Vec<Finding>,
}

/// Reads the documents and finds the places.
pub fn plan(findings: Vec<Finding>) -> Jobs {
    let mut by_path: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_path.entry(finding.source.path.as_deref().unwrap_or_default().to_owned()).or_default().push(finding);
    }
    let mut out = Jobs::default();
    for (path, findings) in by_path {
        let (Ok(text), Some(syntax)) = (fs::read_to_string(&path), syntax_of(&path)) else {
            out.left.extend(findings);
            continue;
        };
        let (edits, mended, left) = edits(&text, syntax, findings);
        out.left.extend(left);
        if !edits.is_empty() {
            out.mended.extend(mended.into_iter().map(|finding| (out.jobs.len(), finding)));
            out.jobs.push(Job { path: path.into(), text, edits });
        }
    }
    out
}

impl Job {
    /// The difference that it makes, as `git apply` takes it.
    pub fn diff(&self) -> String {
        let path = self.path.to_string_lossy();
        let path = path.strip_prefix("./").unwrap_or(&path);
        diff::unified(path.trim_start_matches('/'), &self.text, &self.edits).unwrap_or_default()
    }

    /// Writes the document; a sentence if that fails.
    pub fn write(&self) -> Result<(), String> {
        let fault = |why: String| format!("cannot fix {}: {why}", self.path.display());
        let new = fix::apply(&self.text, &self.edits).map_err(|refused| fault(refused.to_string()))?;
        replace::text(&self.path, &new).map_err(|error| fault(error.to_string()))
    }
}

/// What is to be done to a text, what that mends, and what is left.
fn edits(text: &str, syntax: Syntax, findings: Vec<Finding>) -> (Vec<Edit>, Vec<Finding>, Vec<Finding>) {
    let places = Places::of(text, &findings);
    let (mut edits, mut mended, mut left): (Vec<Edit>, _, _) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    for finding in findings {
        let edit = places.span(&finding).and_then(|span| edit(text, span, syntax, &finding));
        // Several links may come from one place (a definition of Markdown): they agree, or the
        // first has its way.
        let fits = |edit: &Edit| match taken.range(..edit.span.end).next_back() {
            Some((start, (end, new))) => *end <= edit.span.start || (edit.span == (*start..*end) && *new == edit.new),
            None => true,
        };
        match edit.filter(fits) {
            Some(edit) => {
                taken.insert(edit.span.start, (edit.span.end, edit.new.clone()));
                edits.push(edit);
                mended.push(finding);
            }
            None => left.push(finding),
        }
    }
    (edits, mended, left)
}

/// What is put at a span, if what stands there is the reference that was read, and nothing else.
fn edit(text: &str, span: Range<usize>, syntax: Syntax, finding: &Finding) -> Option<Edit> {
    let source = &finding.source;
    let written = text.get(span.clone()).filter(|written| *written == &*source.raw && !written.is_empty())?;
    let context = context_of(text, &span, syntax);
    let is_compound = source.attribute.is_some_and(|name| COMPOUND.contains(&name))
        || matches!(source.kind, LinkKind::Style | LinkKind::Refresh | LinkKind::Data | LinkKind::Ping);
    let may_hold_blanks = context == Context::Angled || (source.attribute.is_some() && !is_compound);
    let is_foreign = |c: char| match c {
        '\n' | '\r' | '<' | '>' => true,
        ' ' | '\t' => !may_hold_blanks,
        '(' | ')' | '{' | '}' | ';' | ',' | '"' | '\'' => is_compound,
        _ => false,
    };
    if written.contains(is_foreign) {
        return None;
    }
    let new = finding.suggestion.as_ref()?.url.clone();
    Some(Edit { span, new, context })
}

/// Where lines and columns stand in a text, for those that are asked for: one pass for all.
struct Places(BTreeMap<(u32, u32), Option<usize>>);

impl Places {
    fn of(text: &str, findings: &[Finding]) -> Self {
        let ends = findings.iter().filter_map(ends);
        let mut wanted: BTreeMap<_, _> = ends.flat_map(|(start, end)| [(start, None), (end, None)]).collect();
        let mut rest = wanted.iter_mut().peekable();
        let (mut line, mut column) = (1_u32, 1_u32);
        // A byte order mark is no part of the first line.
        let marks = usize::from(text.starts_with('\u{feff}'));
        for (at, c) in text.char_indices().skip(marks).chain([(text.len(), '\n')]) {
            // Columns beyond the end of a line stand nowhere.
            while rest.peek().is_some_and(|(place, _)| **place < (line, column)) {
                rest.next();
            }
            match rest.peek_mut() {
                Some((place, offset)) if **place == (line, column) => **offset = Some(at),
                Some(_) => {}
                None => break,
            }
            (line, column) = if c == '\n' { (line.saturating_add(1), 1) } else { (line, column.saturating_add(1)) };
        }
        Places(wanted)
    }

    fn span(&self, finding: &Finding) -> Option<Range<usize>> {
        let (start, end) = ends(finding)?;
        let offset = |place| self.0.get(&place).copied().flatten();
        let (start, end) = (offset(start)?, offset(end)?);
        (start <= end).then_some(start..end)
    }
}

type Place = (u32, u32);

fn ends(finding: &Finding) -> Option<(Place, Place)> {
    let source = &finding.source;
    Some(((source.line?, source.column?), (source.end_line?, source.end_column?)))
}

#[cfg(test)]
mod tests;
