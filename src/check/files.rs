//! Whether a place exists among the files, as the deployment would serve it.
//!
//! Goes through what a [`Preset`] answers with, most exact first, then looks for the same name in
//! another case, then for a near one. The disk is seen through [`Tree`] alone, so that every rule
//! is a table; names are compared with listings, because some systems find `A` when asked for `a`.

use super::{
    paths::{self, Form},
    preset::{Bare, Numbered, Preset, Redirects, Serves},
    redirects::{Order, Redirections},
    suggest,
};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A folder.
    Dir,
}

/// The files, as the caller sees them. Answers are asked for often: keep them.
pub trait Tree {
    /// What stands at a path, links followed; `None` if nothing does.
    fn kind(&self, path: &str) -> Option<FileKind>;
    /// The names in a folder, in any order; none if it cannot be read.
    fn names(&self, folder: &str) -> Vec<String>;
    /// How a folder writes a name: as asked, else in another case, the first of several.
    fn spelled(&self, folder: &str, name: &str) -> Option<String> {
        let names = self.names(folder);
        match names.iter().any(|one| one == name) {
            true => Some(name.to_owned()),
            false => names.into_iter().filter(|one| same_but_case(one, name)).min(),
        }
    }
}

/// How the files are deployed.
#[derive(Clone, Debug, Default)]
pub struct Deployed {
    /// What serves them.
    pub preset: Preset,
    /// The folder that `/` stands for.
    pub root: String,
    /// The rules of its `_redirects` file.
    pub redirections: Redirections,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// This file answers.
    Found(String),
    /// A folder that is shown as such.
    Folder(String),
    /// A rule of the deployment sends elsewhere, or answers itself.
    Elsewhere {
        /// An address, or a path from the root.
        to: String,
        /// The status of the rule.
        status: u16,
    },
    /// It would be found if it were written so.
    Case {
        /// The file.
        path: String,
        /// What the link would lead to: the file without what may be left out.
        link: String,
    },
    /// The folder is there and has no index file.
    NoIndex(String),
    /// Nothing is there.
    Missing {
        /// A path of nearly that name, to be linked to.
        nearest: Option<String>,
    },
}

/// Rewritings followed before a rule counts as a loop.
const HOPS: usize = 10;

/// What stands at `path` (clean) when the deployment is asked for it in this form.
pub fn locate(path: &str, form: Form, deployed: &Deployed, tree: &dyn Tree) -> Located {
    let serves = deployed.preset.serves();
    if serves.redirects == Redirects::Ignored {
        return look(path, form, deployed, tree);
    }
    let (mut path, mut form) = (path.to_owned(), form);
    for _ in 0..HOPS {
        let Some(below) = paths::below(&path, &deployed.root) else { break };
        let asked = format!("/{below}");
        let forced = deployed.redirections.answer(&asked, Order::BeforeFiles);
        let here = look(&path, form, deployed, tree);
        let is_there = matches!(here, Located::Found(_) | Located::Folder(_));
        let rule = forced.or_else(|| match is_there {
            true => None,
            false => deployed.redirections.answer(&asked, Order::AfterFiles),
        });
        let Some(rule) = rule else { return here };
        if rule.status >= 400 {
            return Located::Missing { nearest: None };
        }
        // Functions and proxies answer themselves; other paths are looked up in turn.
        if !rule.to.starts_with('/') || rule.to.starts_with("//") || rule.to.starts_with("/.netlify/") {
            return Located::Elsewhere { to: rule.to, status: rule.status };
        }
        let to = rule.to.split(['?', '#']).next().unwrap_or_default();
        form = if to.ends_with('/') { Form::Folder } else { Form::Leaf };
        let next = paths::follow(&deployed.root, to, paths::Floor::Start);
        if next == path {
            return look(&path, form, deployed, tree);
        }
        path = next;
    }
    look(&path, form, deployed, tree)
}

/// A file that would answer, and how much of its name the link leaves out.
struct Candidate {
    path: String,
    link: Link,
}

/// How a link is made from the path of the file that answers.
enum Link {
    /// Without its last bytes.
    Without(usize),
    /// With another end: bytes cut, text put.
    Swapped(usize, &'static str),
}

impl Candidate {
    fn with(path: String, extra: usize) -> Self {
        Candidate { path, link: Link::Without(extra) }
    }

    /// What the link leads to if the file is spelled `spelled` (of the same length).
    fn link_of(&self, spelled: &str) -> String {
        match self.link {
            Link::Without(extra) => {
                spelled.get(..spelled.len() - extra.min(spelled.len())).unwrap_or(spelled).to_owned()
            }
            Link::Swapped(cut, put) => {
                format!("{}{put}", spelled.get(..spelled.len() - cut.min(spelled.len())).unwrap_or(spelled))
            }
        }
    }
}

fn look(path: &str, form: Form, deployed: &Deployed, tree: &dyn Tree) -> Located {
    let serves = deployed.preset.serves();
    let places = places(path, deployed, &serves);
    let candidates: Vec<Candidate> = places.iter().flat_map(|place| candidates(place, form, &serves)).collect();
    let is_file = |path: &str| tree.kind(path) == Some(FileKind::File);
    let mut misspelled = None;
    for candidate in candidates.iter().filter(|candidate| is_file(&candidate.path)) {
        match spelling(&candidate.path, tree) {
            Some(spelled) if spelled != candidate.path => {
                let link = candidate.link_of(&spelled);
                misspelled = misspelled.or(Some(Located::Case { path: spelled, link }));
            }
            _ => return Located::Found(candidate.path.clone()),
        }
    }
    if serves.numbered == Numbered::Cut
        && let Some(found) = places.iter().find_map(|place| numbered(place, form, &serves, tree))
    {
        return Located::Found(found);
    }
    let is_folder = |path: &&String| tree.kind(path) == Some(FileKind::Dir);
    if let Some(folder) = places.iter().find(is_folder)
        && spelling(folder, tree).is_none_or(|spelled| spelled == *folder)
    {
        return match serves.bare {
            Bare::Shown => Located::Folder(folder.clone()),
            Bare::Refused => Located::NoIndex(folder.clone()),
        };
    }
    misspelled
        .or_else(|| other_case(&candidates, &places, &serves, tree))
        .unwrap_or_else(|| missing(path, &serves, tree))
}

/// The path itself, and the same below each folder whose files appear at the root.
fn places(path: &str, deployed: &Deployed, serves: &Serves) -> Vec<String> {
    let below = paths::below(path, &deployed.root);
    let also = serves.roots.iter().filter_map(|folder| {
        let top = paths::join(&deployed.root, folder);
        // A source within such a folder stands where its path below that folder says.
        match paths::below(path, &top) {
            Some(_) => None,
            None => Some(paths::join(&top, below?)),
        }
    });
    std::iter::once(path.to_owned()).chain(also).collect()
}

/// The files that would answer, in the order in which they are asked.
fn candidates(place: &str, form: Form, serves: &Serves) -> Vec<Candidate> {
    let mut out = Vec::new();
    let indexes = |out: &mut Vec<Candidate>| {
        for index in serves.indexes {
            let path = paths::join(place, index);
            let extra = path.len() - place.len();
            out.push(Candidate::with(path, extra));
        }
    };
    let ends = |out: &mut Vec<Candidate>, ends: &[&str]| {
        for end in ends.iter().filter(|_| !place.is_empty() && place != "/") {
            out.push(Candidate::with(format!("{place}{end}"), end.len()));
        }
    };
    match form {
        Form::Leaf => {
            out.push(Candidate::with(place.to_owned(), 0));
            ends(&mut out, serves.leaf);
            indexes(&mut out);
        }
        Form::Folder => {
            indexes(&mut out);
            ends(&mut out, serves.folder);
        }
    }
    for (shown, kept) in serves.swaps.iter().filter(|_| form == Form::Leaf) {
        if let Some(stem) = place.strip_suffix(shown) {
            out.push(Candidate { path: format!("{stem}{kept}"), link: Link::Swapped(kept.len(), shown) });
        }
    }
    out
}

/// How the path is written on the disk, part by part; `None` where a listing does not tell.
fn spelling(path: &str, tree: &dyn Tree) -> Option<String> {
    let (mut at, mut rest) = match path.strip_prefix('/') {
        Some(rest) => ("/".to_owned(), rest),
        None => (String::new(), path),
    };
    while !rest.is_empty() {
        let (part, behind) = rest.split_once('/').unwrap_or((rest, ""));
        rest = behind;
        if part == ".." {
            at = paths::join(&at, part);
            continue;
        }
        at = paths::join(&at, &tree.spelled(&at, part)?);
    }
    Some(at)
}

/// Whether two names are the same on a disk that does not tell cases apart.
pub fn same_but_case(a: &str, b: &str) -> bool {
    let is_ascii = a.is_ascii() && b.is_ascii();
    a.eq_ignore_ascii_case(b) || (!is_ascii && a.to_lowercase() == b.to_lowercase())
}

/// The first candidate that exists in another case.
fn other_case(candidates: &[Candidate], places: &[String], serves: &Serves, tree: &dyn Tree) -> Option<Located> {
    for candidate in candidates {
        if let Some(spelled) = spelling(&candidate.path, tree)
            && tree.kind(&spelled) == Some(FileKind::File)
        {
            return Some(Located::Case { link: candidate.link_of(&spelled), path: spelled });
        }
    }
    let shown = places.iter().filter(|_| serves.bare == Bare::Shown);
    let folder = shown.filter_map(|place| spelling(place, tree)).find(|path| tree.kind(path) == Some(FileKind::Dir))?;
    Some(Located::Case { path: folder.clone(), link: folder })
}

/// The source whose number in front is not part of its address: `01-intro.md` for `intro`. Only
/// the last two parts are looked at: deeper ones are named by their own files.
fn numbered(place: &str, form: Form, serves: &Serves, tree: &dyn Tree) -> Option<String> {
    let mut folders = vec![paths::parent(place).to_owned()];
    let up = paths::parent(paths::parent(place)).to_owned();
    let middle = paths::name(paths::parent(place));
    let real = tree.names(&up).into_iter().find(|name| unnumbered(name).is_some_and(|bare| bare == middle));
    folders.extend(real.map(|name| paths::join(&up, &name)));
    let wanted = paths::name(place);
    for folder in folders {
        for name in tree.names(&folder) {
            let Some(bare) = unnumbered(&name) else { continue };
            let path = paths::join(&folder, &name);
            let fits = bare == wanted || serves.leaf.iter().any(|end| bare.strip_suffix(end) == Some(wanted));
            if !fits {
                continue;
            }
            match tree.kind(&path) {
                Some(FileKind::File) => return Some(path),
                Some(FileKind::Dir) => {
                    let index = candidates(&path, form, serves).into_iter();
                    let found = index.map(|one| one.path).find(|path| tree.kind(path) == Some(FileKind::File));
                    if found.is_some() {
                        return found;
                    }
                }
                None => {}
            }
        }
    }
    None
}

/// What is behind a number in front: `intro.md` of `01-intro.md`, `1. intro.md`, `01_intro.md`.
fn unnumbered(name: &str) -> Option<&str> {
    let behind = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = behind.trim_start_matches([' ', '-', '_', '.']);
    (behind.len() < name.len() && bare.len() < behind.len() && !bare.is_empty()).then_some(bare)
}

/// Nothing is there; perhaps something of nearly that name is, in the deepest folder that exists.
fn missing(path: &str, serves: &Serves, tree: &dyn Tree) -> Located {
    let mut folder = path;
    let mut wanted = "";
    while folder != "/" && tree.kind(folder) != Some(FileKind::Dir) && !folder.is_empty() {
        wanted = paths::name(folder);
        folder = paths::parent(folder);
    }
    let names = tree.names(folder);
    let without_end = |name: &str| serves.leaf.iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned);
    let bare: Vec<String> = names.iter().filter_map(|name| without_end(name)).collect();
    let all = names.iter().chain(&bare).map(String::as_str);
    let near = suggest::nearest(wanted, all).map(|name| paths::join(folder, name));
    // A near name of a folder in the middle helps if the rest exists below it.
    let behind = path.get(paths::join(folder, wanted).len()..).unwrap_or_default();
    let nearest = near.map(|near| format!("{near}{behind}"));
    Located::Missing { nearest: nearest.filter(|near| behind.is_empty() || tree.kind(near).is_some()) }
}

#[cfg(test)]
#[path = "files/tests.rs"]
mod tests;
