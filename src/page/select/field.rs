//! What is asked of every page under one name: where to look, what to take, what to make of it.
//!
//! Made from rules once. Must not know pages.

use regex::Regex;
use scraper::Selector;

use super::{
    cursor::Cursor,
    filter::{self, Chain},
    parse,
};
use crate::{
    model::{
        units,
        wanted::{Rule, What},
    },
    page::{
        blame::{Kind, SelectError, Written},
        jsonpath::JsonPath,
        pick::{Many, Part, Way},
    },
};

/// Longest selector, in bytes: matching nests as deeply as a selector does.
const BYTES: usize = 2048;

/// Groups within groups at most.
pub(super) const NESTING: usize = 8;

/// One name and how its value is found.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) many: Many,
    pub(super) source: Source,
    pub(super) chain: Chain,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Elements, and what of them.
    Css(Css, Part),
    /// Elements, each with fields of its own.
    Group(Css, Vec<Field>),
    /// JSON.
    Json(JsonPath),
    /// The text.
    Regex(Regex),
}

/// Which elements.
#[derive(Clone, Debug)]
pub(super) struct Css {
    /// `None`: the element itself, in a group.
    pub(super) selector: Option<Selector>,
    pub(super) way: Way,
    /// As written, for hints.
    pub(super) text: String,
}

impl Field {
    /// Reads one rule; `depth` counts the groups around it.
    pub(super) fn of(rule: &Rule, depth: usize) -> Result<Field, SelectError> {
        let written = Written::of(rule);
        let (name, many) = name(&rule.name);
        if name.is_empty() {
            return Err(written.fault("the name is empty").hint("write NAME=CSS, for example title=h1"));
        }
        if written.text.len() > BYTES {
            return Err(written.fault(format!("the selector is longer than {BYTES} bytes")));
        }
        let (source, chain) = match &rule.what {
            What::Css(_) => parse::css(written, depth)?,
            What::Group(_, rules) => group(written, rules, depth)?,
            What::Json(_) => json(written)?,
            What::Regex(_) => regex(written)?,
        };
        Ok(Field { name: name.to_owned(), many, source, chain })
    }

    /// Fields with names of their own, in order.
    pub(super) fn all(rules: &[Rule], depth: usize) -> Result<Vec<Field>, SelectError> {
        let mut fields: Vec<Field> = Vec::with_capacity(rules.len());
        for rule in rules {
            let field = Field::of(rule, depth)?;
            if fields.iter().any(|other| other.name == field.name) {
                return Err(Written::of(rule)
                    .fault(format!("the name `{}` is taken already", field.name))
                    .hint(OWN_NAMES));
            }
            fields.push(field);
        }
        Ok(fields)
    }

    /// Whether it is asked of the tree of a page, where the page is HTML.
    pub(super) fn looks_at_tree(&self) -> bool {
        !matches!(self.source, Source::Regex(_))
    }

    /// Fields of the group that this is.
    pub(super) fn inner(&self) -> &[Field] {
        match &self.source {
            Source::Group(_, fields) => fields,
            _ => &[],
        }
    }
}

/// What to do about a name that is there twice.
pub(super) const OWN_NAMES: &str = "give each selector a name of its own";

/// A name without its `[]`, and how many matches it asks for.
pub(super) fn name(text: &str) -> (&str, Many) {
    match text.trim().strip_suffix("[]") {
        Some(bare) => (bare.trim_end(), Many::All),
        None => (text.trim(), Many::First),
    }
}

fn group(written: Written<'_>, rules: &[Rule], depth: usize) -> Result<(Source, Chain), SelectError> {
    if depth >= NESTING {
        return Err(written.fault(format!("groups nest more than {NESTING} deep")));
    }
    let (source, chain) = parse::css(written, depth)?;
    match source {
        Source::Css(css, Part::Text) if chain.is_plain() => {
            if let Some(other) = rules.iter().find(|rule| Written::of(rule).kind != Kind::Css) {
                return Err(Written::of(other).fault("in a group, only CSS finds something"));
            }
            let fields = Field::all(rules, depth + 1)?;
            if fields.is_empty() {
                return Err(written.fault("the group has no fields"));
            }
            Ok((Source::Group(css, fields), chain))
        }
        _ => Err(written.fault("a group is found by a selector alone, without a part or a filter")),
    }
}

fn json(written: Written<'_>) -> Result<(Source, Chain), SelectError> {
    let end = parse::outside(written.text, |c, _| c == '|');
    let (path, _) = written.text.split_at(end);
    let start = path.len() - path.trim_start().len();
    let path = JsonPath::parse(path.trim()).map_err(|fault| {
        let bytes = fault.bytes.start + start..fault.bytes.end + start;
        let shown = written.fault_at(bytes, fault.message);
        if fault.hint.is_empty() { shown } else { shown.hint(fault.hint) }
    })?;
    let mut cursor = Cursor { written, at: end };
    let chain = Chain::read(&mut cursor)?;
    parse::end(&cursor)?;
    Ok((Source::Json(path), chain))
}

/// A regular expression, and the filters at its end: a `|` parts alternatives unless nothing but
/// filters follow it.
fn regex(written: Written<'_>) -> Result<(Source, Chain), SelectError> {
    let chain_at = |at: usize| Chain::read_all(Cursor { written, at });
    let (end, chain) = parse::alternatives(written.text)
        .find_map(|at| Some((at, chain_at(at)?)))
        .unwrap_or_else(|| (written.text.len(), Chain::default()));
    let pattern = written.text.split_at(end).0.trim_end();
    if pattern.is_empty() {
        return Err(written.fault("there is no expression").hint(r"write one, for example 'id=#(\d+)|int'"));
    }
    let regex = filter::regex(pattern).map_err(|error| written.regex(0, pattern, &error))?;
    Ok((Source::Regex(regex), chain))
}

/// Marks the fields of these names as required; `items.price` is a field of a group, which is required
/// with it: where no item is, no price is.
pub(super) fn require(fields: &mut [Field], required: &[String]) -> Result<(), SelectError> {
    for path in required {
        let names = names(fields);
        if !mark(fields, path, Groups::Too) {
            let hint = match units::nearest(path, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "select something of this name with --select, --json or --regex".to_owned(),
                None => format!("there are {}", names.join(", ")),
            };
            let written = Written { kind: Kind::Name, name: path, text: path };
            return Err(written.fault("a name is required that nothing is selected for").hint(hint));
        }
    }
    Ok(())
}

/// Whether the groups around a field are required with it.
#[derive(Clone, Copy, PartialEq)]
enum Groups {
    Too,
    No,
}

/// Marks the field of this name as required; answers whether there is one.
fn mark(fields: &mut [Field], path: &str, groups: Groups) -> bool {
    let bare = path.replace("[]", "");
    if let Some(whole) = fields.iter_mut().find(|field| field.name == bare.trim()) {
        whole.chain.required = true;
        return true;
    }
    let parts: Vec<&str> = bare.split('.').map(str::trim).collect();
    let Some(way) = way(fields, &parts) else { return false };
    let (mut level, last) = (fields, way.len() - 1);
    for (depth, at) in way.into_iter().enumerate() {
        let Some(field) = level.get_mut(at) else { return false };
        field.chain.required |= depth == last || groups == Groups::Too;
        level = match &mut field.source {
            Source::Group(_, inner) => inner,
            _ => &mut [],
        };
    }
    true
}

/// Where the parts of a name are found, level by level.
fn way(fields: &[Field], parts: &[&str]) -> Option<Vec<usize>> {
    let mut level = fields;
    let step = |part: &&str| {
        let at = level.iter().position(|field| field.name == *part)?;
        level = level.get(at)?.inner();
        Some(at)
    };
    parts.iter().map(step).collect()
}

/// Requires of `new` what was required of the field that it stands for. What it lacks of that goes to
/// `lacking`.
pub(super) fn inherit(new: &mut Field, old: &Field, lacking: &mut Vec<String>) {
    let mut left = vec![(old.name.clone(), old)];
    let mut wanted = Vec::new();
    while let Some((name, field)) = left.pop() {
        left.extend(field.inner().iter().rev().map(|inner| (format!("{name}.{}", inner.name), inner)));
        wanted.extend(Some(name).filter(|_| field.chain.required));
    }
    let fields = std::slice::from_mut(new);
    lacking.extend(wanted.into_iter().filter(|name| !mark(fields, name, Groups::No)));
}

/// All names, those in groups with the names of their groups.
fn names(fields: &[Field]) -> Vec<String> {
    let mut names = Vec::new();
    let mut left: Vec<(String, &Field)> = fields.iter().rev().map(|field| (field.name.clone(), field)).collect();
    while let Some((name, field)) = left.pop() {
        left.extend(field.inner().iter().rev().map(|inner| (format!("{name}.{}", inner.name), inner)));
        names.push(name);
    }
    names
}
