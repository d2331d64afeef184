//! What answers at a path: the candidates of a preset, most exact first, then the same names in
//! another case.
//!
//! Must not know rules of redirection.

use super::{Asked, Deployed, FileKind, Located, Tree, near, numbered::numbered};
use crate::check::{
    paths::{self, Form, Way},
    preset::{Bare, Numbered, Serves},
};

/// A path that is looked at.
pub(super) struct Spot {
    pub path: String,
    /// The folder, in this path, whose files appear at the root.
    top: Option<String>,
}

impl Spot {
    /// A path that is served as it is.
    pub fn of(path: String) -> Self {
        Spot { path, top: None }
    }

    /// Under which path what stands at `path`, at this spot or near it, is served.
    pub fn served(&self, path: &str, root: &str) -> String {
        match &self.top {
            None => path.to_owned(),
            Some(top) => paths::join(root, path.get(top.len() + 1..).unwrap_or_default()),
        }
    }
}

/// A file that would answer, and how much of its name the link leaves out.
pub(super) struct Candidate<'s> {
    pub path: String,
    link: Link,
    spot: &'s Spot,
}

/// How a link is made from the path of the file that answers.
enum Link {
    /// Without its last bytes.
    Without(usize),
    /// With another end: bytes cut, text put.
    Swapped(usize, &'static str),
}

impl Candidate<'_> {
    /// What the link leads to if the file is spelled `spelled` (of the same length).
    fn link_of(&self, spelled: &str, root: &str) -> String {
        let (cut, put) = match self.link {
            Link::Without(extra) => (extra, ""),
            Link::Swapped(cut, put) => (cut, put),
        };
        let kept = spelled.get(..spelled.len() - cut.min(spelled.len())).unwrap_or(spelled);
        format!("{}{put}", self.spot.served(kept, root))
    }
}

/// What stands there, rules of redirection aside.
pub(super) fn look(asked: &Asked<'_>, deployed: &Deployed, tree: &dyn Tree) -> Located {
    let (serves, root) = (deployed.preset.serves(), deployed.root.as_str());
    let spots = spots(asked, deployed, &serves, tree);
    let candidates: Vec<Candidate<'_>> = spots.iter().flat_map(|spot| candidates(spot, asked.form, &serves)).collect();
    let is_file = |path: &str| tree.kind(path) == Some(FileKind::File);
    let mut misspelled = None;
    for candidate in candidates.iter().filter(|candidate| is_file(&candidate.path)) {
        match spelling(&candidate.path, tree) {
            Some(spelled) if spelled != candidate.path => {
                let link = candidate.link_of(&spelled, root);
                misspelled = misspelled.or(Some(Located::Case { path: spelled, link }));
            }
            _ => return Located::Found(candidate.path.clone()),
        }
    }
    if serves.numbered == Numbered::Cut
        && let Some(found) = spots.iter().find_map(|spot| numbered(&spot.path, asked.form, &serves, tree))
    {
        return Located::Found(found);
    }
    let is_folder = |spot: &&Spot| tree.kind(&spot.path) == Some(FileKind::Dir);
    if let Some(Spot { path: folder, .. }) = spots.iter().find(is_folder)
        && spelling(folder, tree).is_none_or(|spelled| spelled == *folder)
    {
        return match serves.bare {
            Bare::Shown => Located::Folder(folder.clone()),
            Bare::Refused => Located::NoIndex(folder.clone()),
        };
    }
    misspelled.or_else(|| other_case(&candidates, &spots, deployed, tree)).unwrap_or_else(|| Located::Missing {
        nearest: hidden(asked, root, &serves, tree).or_else(|| near::nearest(&spots, asked.way, deployed, tree)),
    })
}

/// The path itself, and the same below each folder whose files appear at the root.
fn spots(asked: &Asked<'_>, deployed: &Deployed, serves: &Serves, tree: &dyn Tree) -> Vec<Spot> {
    let (path, root) = (asked.path, deployed.root.as_str());
    let below = paths::below(path, root);
    let also = serves.roots.iter().filter_map(|folder| {
        let top = paths::join(root, folder);
        // A source within such a folder stands where its path below that folder says.
        match asked.way == Way::Path && paths::below(path, &top).is_some() {
            true => None,
            false => Some(Spot { path: paths::join(&top, below?), top: Some(top) }),
        }
    });
    let own = match top_of(asked, root, serves, tree) {
        Some(_) => None,
        None => Some(Spot::of(path.to_owned())),
    };
    own.into_iter().chain(also).collect()
}

/// The folder of a project that an address names, though the site has no such folder: its files
/// appear at the root. A built site has an index file at its root, and its folders are all served.
fn top_of(asked: &Asked<'_>, root: &str, serves: &Serves, tree: &dyn Tree) -> Option<String> {
    if asked.way == Way::Path || serves.roots.is_empty() {
        return None;
    }
    let mut tops = serves.roots.iter().map(|folder| paths::join(root, folder));
    let top = tops.find(|top| paths::below(asked.path, top).is_some())?;
    (tree.kind(&paths::join(root, "index.html")) != Some(FileKind::File)).then_some(top)
}

/// Where that which an address names by its folder in the project is served.
fn hidden(asked: &Asked<'_>, root: &str, serves: &Serves, tree: &dyn Tree) -> Option<String> {
    let top = top_of(asked, root, serves, tree)?;
    let spot = Spot { path: asked.path.to_owned(), top: Some(top) };
    let is_there = candidates(&spot, asked.form, serves).iter().any(|one| tree.kind(&one.path) == Some(FileKind::File));
    is_there.then(|| spot.served(asked.path, root))
}

/// The files that would answer, in the order in which they are asked.
pub(super) fn candidates<'s>(spot: &'s Spot, form: Form, serves: &Serves) -> Vec<Candidate<'s>> {
    let place = spot.path.as_str();
    let mut out = Vec::new();
    let with = |path: String| Candidate { link: Link::Without(path.len() - place.len()), path, spot };
    let indexes = |out: &mut Vec<Candidate<'s>>| {
        out.extend(serves.indexes.iter().map(|index| with(paths::join(place, index))));
    };
    let ends = |out: &mut Vec<Candidate<'s>>, ends: &[&str]| {
        let ends = ends.iter().filter(|_| !place.is_empty() && place != "/");
        out.extend(ends.map(|end| with(format!("{place}{end}"))));
    };
    match form {
        Form::Leaf => {
            out.push(with(place.to_owned()));
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
            out.push(Candidate { path: format!("{stem}{kept}"), link: Link::Swapped(kept.len(), shown), spot });
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
fn other_case(candidates: &[Candidate<'_>], spots: &[Spot], deployed: &Deployed, tree: &dyn Tree) -> Option<Located> {
    let root = deployed.root.as_str();
    for candidate in candidates {
        if let Some(spelled) = spelling(&candidate.path, tree)
            && tree.kind(&spelled) == Some(FileKind::File)
        {
            return Some(Located::Case { link: candidate.link_of(&spelled, root), path: spelled });
        }
    }
    let shown = spots.iter().filter(|_| deployed.preset.serves().bare == Bare::Shown);
    let spelled = shown.filter_map(|spot| Some((spot, spelling(&spot.path, tree)?)));
    let (spot, folder) = spelled.into_iter().find(|(_, path)| tree.kind(path) == Some(FileKind::Dir))?;
    Some(Located::Case { link: spot.served(&folder, root), path: folder })
}
