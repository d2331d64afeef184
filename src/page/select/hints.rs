//! Why a selector found nothing on any page: what its pages have instead that is near to it.
//!
//! Counted only for selectors that never matched, on their first pages, in bounded memory. Must not
//! know who tells it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use scraper::Html;

use super::{
    Body, Plan,
    field::{Css, Field, Source},
    troubles::Troubles,
};
use crate::page::{
    budget::{Clock, Cut},
    pick, tree,
};

/// Selectors that are followed at most; each request may bring its own.
const TALLIES: usize = 256;

/// Pages that are looked at for a selector.
const PAGES: u64 = 64;

/// Different names that are counted of a page, and near ones that are kept for a selector.
const NAMES: usize = 4096;
const KEPT: usize = 32;

/// Names of a selector that are compared.
const NEEDLES: usize = 8;

/// Longest name that is shown, in bytes.
const SHOWN: usize = 64;

/// What became of selectors over many pages.
#[derive(Debug, Default)]
pub struct Hints {
    tallies: Vec<Tally>,
    troubles: Troubles,
}

/// What was seen of selectors on one page.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Those that matched, by address.
    pub(super) matched: HashSet<*const Css>,
    /// Those that were not asked to their end.
    cut: HashSet<*const Css>,
    pub(super) troubles: Troubles,
}

impl Seen {
    /// A field of this name was not asked to its end.
    pub(super) fn cut(&mut self, field: &Field, name: &str, cut: Cut) {
        if let Source::Css(css, _) | Source::Group(css, _) = &field.source {
            self.cut.insert(std::ptr::from_ref(css));
        }
        self.troubles.cut(name, cut);
    }
}

#[derive(Debug)]
struct Tally {
    path: String,
    css: String,
    matched: bool,
    /// Pages that it was asked of.
    pages: u64,
    /// Those of them that were looked at.
    looked: u64,
    /// Pages that have all its names.
    complete: u64,
    /// What is near, by how it is written: edits, and how often it occurs.
    near: BTreeMap<String, (usize, u64)>,
}

/// What a name is a name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sort {
    Tag,
    Class,
    Id,
}

type Names<'a> = HashMap<(Sort, &'a str), u64>;

impl Hints {
    /// Takes note of what the plan's selectors do on a page; `html` is its decoded text.
    ///
    /// For pages that nobody reads otherwise: a plan that was made with [`Plan::noting`] does this
    /// while it reads.
    pub fn note(&mut self, plan: &Plan, html: &str) {
        let clock = Clock::of(Duration::from_secs(1));
        let Some(tree) = tree::build(html, &clock).tree else { return };
        let mut seen = Seen::default();
        let mut left: Vec<(&Field, Vec<pick::Within<'_>>)> =
            plan.fields.iter().map(|field| (&**field, vec![pick::Within::Page(&tree)])).collect();
        while let Some((field, places)) = left.pop() {
            let (Source::Css(css, _) | Source::Group(css, _)) = &field.source else { continue };
            let Some(selector) = &css.selector else { continue };
            let found = places.iter().flat_map(|within| pick::matches(*within, selector, css.way, &clock));
            let found: Vec<_> = found.take(KEPT).map(pick::Within::Element).collect();
            if !found.is_empty() {
                seen.matched.insert(std::ptr::from_ref(css));
                left.extend(field.inner().iter().map(|inner| (inner, found.clone())));
            }
        }
        self.note_tree(plan, &tree, &seen);
    }

    /// The same for a body that was read.
    pub(super) fn take(&mut self, plan: &Plan, body: Body, tree: Option<&Html>, seen: Seen) {
        if let Some(tree) = tree {
            self.note_tree(plan, tree, &seen);
        }
        self.troubles.asked(plan, body);
        self.troubles.add(seen.troubles);
    }

    fn note_tree(&mut self, plan: &Plan, tree: &Html, seen: &Seen) {
        let mut wanted = Vec::new();
        let mut left: Vec<(String, &Field)> =
            plan.fields.iter().rev().map(|field| (field.name.clone(), &**field)).collect();
        while let Some((path, field)) = left.pop() {
            let (Source::Css(css, _) | Source::Group(css, _)) = &field.source else { continue };
            let is_matched = css.selector.is_none() || seen.matched.contains(&std::ptr::from_ref(css));
            if !is_matched && seen.cut.contains(&std::ptr::from_ref(css)) {
                continue;
            }
            if is_matched {
                // Only then its fields were asked.
                let inner = |inner: &Field| format!("{path}.{}", inner.name);
                left.extend(field.inner().iter().rev().map(|field| (inner(field), field)));
            }
            let Some(at) = self.position(path, css) else { continue };
            let Some(tally) = self.tallies.get_mut(at) else { continue };
            tally.pages += 1;
            tally.matched |= is_matched;
            if tally.matched {
                tally.near.clear();
            } else if tally.looked < PAGES {
                tally.looked += 1;
                wanted.push(at);
            }
        }
        if wanted.is_empty() {
            return;
        }
        let names = names(tree);
        for (at, tally) in self.tallies.iter_mut().enumerate() {
            if wanted.contains(&at) {
                tally.compare(&names);
            }
        }
    }

    /// One sentence for each selector that matched nothing on any page it was asked of, for each field
    /// that was cut short or could not be read, and for what was asked of nothing that it can be asked of.
    pub fn sentences(&self) -> Vec<String> {
        // First what data lack without anybody seeing it.
        let mut sentences = self.troubles.sentences();
        let unmatched = self.tallies.iter().filter(|tally| !tally.matched && tally.pages > 0);
        sentences.extend(unmatched.map(Tally::sentence));
        let mut told = HashSet::new();
        sentences.retain(|sentence| told.insert(sentence.clone()));
        sentences
    }

    fn position(&mut self, path: String, css: &Css) -> Option<usize> {
        let known = self.tallies.iter().position(|tally| tally.path == path && tally.css == css.text);
        if known.is_some() || self.tallies.len() >= TALLIES {
            return known;
        }
        let (css, near) = (css.text.clone(), BTreeMap::new());
        self.tallies.push(Tally { path, css, matched: false, pages: 0, looked: 0, complete: 0, near });
        Some(self.tallies.len() - 1)
    }
}

impl Tally {
    fn compare(&mut self, names: &Names<'_>) {
        let needles = needles(&self.css);
        let absent: Vec<_> =
            needles.iter().filter(|(sort, name)| !names.contains_key(&(*sort, name.as_str()))).collect();
        self.complete += u64::from(absent.is_empty());
        for (sort, needle) in absent.into_iter().take(NEEDLES) {
            for (&(other, name), count) in names {
                let edits = if other == *sort { edits(needle, name) } else { (needle == name).then_some(0) };
                let Some(edits) = edits else { continue };
                let shown = other.shown(name);
                if self.near.len() < KEPT || self.near.contains_key(&shown) {
                    self.near.entry(shown).or_insert((edits, 0)).1 += count;
                }
            }
        }
    }

    fn sentence(&self) -> String {
        let pages = if self.pages == 1 { "1 page".to_owned() } else { format!("{} pages", self.pages) };
        let says = format!("`{}` matched nothing on {pages}", self.css);
        let among = if self.looked < self.pages { format!(" on the first {}", self.looked) } else { String::new() };
        let best = self.near.iter().min_by_key(|(_, (edits, count))| (*edits, u64::MAX - count));
        match best {
            Some((name, (_, 1))) => format!("{says}; `{name}` occurs once{among}"),
            Some((name, (_, count))) => format!("{says}; `{name}` occurs {count} times{among}"),
            None if self.complete > 0 => format!("{says}; its names occur, but not together like this"),
            None => says,
        }
    }
}

impl Sort {
    fn shown(self, name: &str) -> String {
        match self {
            Sort::Tag => name.to_owned(),
            Sort::Class => format!(".{name}"),
            Sort::Id => format!("#{name}"),
        }
    }
}

/// How far a name is from the one that was written, if it is near enough to be meant.
fn edits(needle: &str, name: &str) -> Option<usize> {
    if needle.eq_ignore_ascii_case(name) {
        return Some(0);
    }
    let most = match needle.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    if needle.len().abs_diff(name.len()) > 4 * most {
        return None;
    }
    Some(strsim::damerau_levenshtein(needle, name)).filter(|edits| *edits <= most)
}

/// The names on a page and how often they occur; only those that can be shown.
fn names(tree: &Html) -> Names<'_> {
    let mut names = Names::new();
    let mut add = |sort, name| {
        if names.len() < NAMES || names.contains_key(&(sort, name)) {
            *names.entry((sort, name)).or_insert(0) += 1;
        }
    };
    for element in pick::root(tree).into_iter().flat_map(pick::elements) {
        let element = element.value();
        let classes = element.attr("class").unwrap_or_default().split_ascii_whitespace();
        let classes = classes.map(|name| (Sort::Class, name));
        let id = element.attr("id").map(|name| (Sort::Id, name));
        let all = classes.chain(id).chain([(Sort::Tag, element.name())]);
        all.filter(|(_, name)| name.len() <= SHOWN && name.chars().all(is_name))
            .for_each(|(sort, name)| add(sort, name));
    }
    names
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// The names that a selector is made of; what stands in brackets and parentheses does not count.
fn needles(css: &str) -> Vec<(Sort, String)> {
    let (mut needles, mut depth) = (Vec::new(), 0usize);
    let mut chars = css.chars().peekable();
    while let Some(c) = chars.next() {
        let sort = match c {
            '(' | '[' => {
                depth += 1;
                continue;
            }
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                continue;
            }
            '.' => Some(Sort::Class),
            '#' => Some(Sort::Id),
            ':' => None,
            c if is_name(c) => Some(Sort::Tag),
            _ => continue,
        };
        let mut name: String = if sort == Some(Sort::Tag) { c.to_string() } else { String::new() };
        while let Some(c) = chars.next_if(|c| is_name(*c) || *c == '\\') {
            let escaped = if c == '\\' { chars.next() } else { Some(c) };
            name.extend(escaped);
        }
        if let Some(sort) = sort.filter(|_| depth == 0 && !name.is_empty()) {
            needles.push((sort, name));
        }
    }
    needles
}

#[cfg(test)]
mod tests;
