//! Whether a place exists among the files, as the deployment would serve it.
//!
//! Goes through what a [`Preset`] answers with, most exact first, then looks for the same name in
//! another case, then for a near one. The disk is seen through [`Tree`] alone, so that every rule
//! is a table; names are compared with listings, because some systems find `A` when asked for `a`.

mod look;
mod near;
mod numbered;
pub mod routes;
pub mod wiki;

use self::look::look;
pub use self::look::same_but_case;
use super::{
    paths::{self, Form, Way},
    preset::{Preset, Redirects},
    redirects::{Order, Redirections},
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

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The path, clean.
    pub path: &'a str,
    /// How it was written.
    pub form: Form,
    /// What names it.
    pub way: Way,
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

/// What stands at a path when the deployment is asked for it.
pub fn locate(asked: &Asked<'_>, deployed: &Deployed, tree: &dyn Tree) -> Located {
    let serves = deployed.preset.serves();
    if serves.redirects == Redirects::Ignored {
        return look(asked, deployed, tree);
    }
    let (mut path, mut form) = (asked.path.to_owned(), asked.form);
    for _ in 0..HOPS {
        let Some(below) = paths::below(&path, &deployed.root) else { break };
        let address = format!("/{below}");
        let forced = deployed.redirections.answer(&address, Order::BeforeFiles);
        let here = look(&Asked { path: &path, form, way: asked.way }, deployed, tree);
        let is_there = matches!(here, Located::Found(_) | Located::Folder(_));
        let rule = forced.or_else(|| match is_there {
            true => None,
            false => deployed.redirections.answer(&address, Order::AfterFiles),
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
            return look(&Asked { path: &path, form, way: asked.way }, deployed, tree);
        }
        path = next;
    }
    look(&Asked { path: &path, form, way: asked.way }, deployed, tree)
}

#[cfg(test)]
#[path = "files/tests.rs"]
mod tests;
