//! The disk as `check` sees it: what stands at a path, each folder listed once.
//!
//! Names are compared with listings, because some systems find `A` when asked for `a`. Must not
//! know links.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fs, io,
    rc::Rc,
};

use crate::check::{
    FileKind, Tree,
    files::same_but_case,
    paths::{name, parent},
};

/// Names kept at most, over all folders; then the listings are dropped and made again.
const MOST_NAMES: usize = 400_000;

/// Listings of folders, made when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Disk {
    folders: RefCell<HashMap<Box<str>, Rc<Folder>>>,
    names: Cell<usize>,
}

#[derive(Debug)]
struct Folder {
    /// Sorted by name.
    entries: Vec<(Box<str>, Entry)>,
    state: State,
    /// Whether the folder's own name is written as asked, down from the top.
    exact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Is(FileKind),
    /// A symbolic link, or something else: has to be asked for.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Listed,
    /// It is there and may not be listed.
    Closed,
    Absent,
}

impl Folder {
    fn get(&self, name: &str) -> Option<Entry> {
        let at = self.entries.binary_search_by(|(one, _)| (**one).cmp(name)).ok()?;
        self.entries.get(at).map(|(_, entry)| *entry)
    }
}

impl Disk {
    /// Whether a file stands there, every part of its path written as on the disk.
    pub fn is_exact_file(&self, path: &str) -> bool {
        let folder = self.folder(parent(path));
        folder.exact && folder.get(name(path)).is_some() && self.kind(path) == Some(FileKind::File)
    }

    fn folder(&self, path: &str) -> Rc<Folder> {
        if let Some(known) = self.folders.borrow().get(path) {
            return Rc::clone(known);
        }
        // From the top down, so that each knows whether the one above it is exact.
        let starts = path.match_indices('/').map(|(at, _)| at.max(1)).chain([path.len()]);
        let mut above = true;
        let mut last = None;
        let mut before = if path.starts_with('/') { "/" } else { "" };
        for end in starts {
            let here = &path[..end];
            let known = self.folders.borrow().get(here).map(Rc::clone);
            let folder = known.unwrap_or_else(|| {
                let is_top = here.is_empty() || here == "/" || name(here) == "..";
                let exact = above && (is_top || self.lists(before, name(here)));
                self.keep(here, list(here, exact))
            });
            above = folder.exact;
            before = here;
            last = Some(folder);
        }
        last.unwrap_or_else(|| self.keep(path, list(path, true)))
    }

    /// Whether a folder that was listed before has that very name.
    fn lists(&self, folder: &str, name: &str) -> bool {
        let known = self.folders.borrow().get(folder).map(Rc::clone);
        let folder = known.unwrap_or_else(|| self.keep(folder, list(folder, true)));
        folder.state == State::Closed || folder.get(name).is_some()
    }

    fn keep(&self, path: &str, folder: Folder) -> Rc<Folder> {
        let names = self.names.get() + folder.entries.len();
        let mut folders = self.folders.borrow_mut();
        if names > MOST_NAMES {
            folders.clear();
            self.names.set(folder.entries.len());
        } else {
            self.names.set(names);
        }
        let folder = Rc::new(folder);
        folders.insert(path.into(), Rc::clone(&folder));
        folder
    }
}

fn list(path: &str, exact: bool) -> Folder {
    let listing = match fs::read_dir(if path.is_empty() { "." } else { path }) {
        Ok(listing) => listing,
        Err(error) => {
            let state = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => State::Absent,
                _ => State::Closed,
            };
            return Folder { entries: Vec::new(), state, exact };
        }
    };
    let entry = |entry: fs::DirEntry| {
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_file() => Entry::Is(FileKind::File),
            Ok(kind) if kind.is_dir() => Entry::Is(FileKind::Dir),
            _ => Entry::Unknown,
        };
        // What is not Unicode cannot be the target of a link.
        Some((entry.file_name().into_string().ok()?.into_boxed_str(), kind))
    };
    let mut entries: Vec<_> = listing.filter_map(|one| entry(one.ok()?)).collect();
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Folder { entries, state: State::Listed, exact }
}

/// What the system says stands there, links followed.
fn ask(path: &str) -> Option<FileKind> {
    let kind = fs::metadata(path).ok()?;
    Some(if kind.is_dir() { FileKind::Dir } else { FileKind::File })
}

impl Tree for Disk {
    fn kind(&self, path: &str) -> Option<FileKind> {
        match name(path) {
            "" => return Some(FileKind::Dir),
            ".." => return ask(path),
            _ => {}
        }
        let folder = self.folder(parent(path));
        match (folder.get(name(path)), folder.state) {
            (Some(Entry::Is(kind)), _) => Some(kind),
            (Some(Entry::Unknown), _) | (None, State::Closed) => ask(path),
            (None, State::Listed | State::Absent) => None,
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        self.folder(folder).entries.iter().map(|(name, _)| name.to_string()).collect()
    }

    fn spelled(&self, folder: &str, name: &str) -> Option<String> {
        let folder = self.folder(folder);
        if folder.get(name).is_some() {
            return Some(name.to_owned());
        }
        let alike = folder.entries.iter().find(|(one, _)| same_but_case(one, name));
        alike.map(|(one, _)| one.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::paths::join;

    #[test]
    fn files_and_folders_are_told_apart_and_case_counts() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("A/b")).unwrap();
        fs::write(dir.path().join("A/b/c.md"), "").unwrap();
        let root = dir.path().to_str().unwrap();
        let disk = Disk::default();
        for (path, kind) in [
            ("A", Some(FileKind::Dir)),
            ("A/b/c.md", Some(FileKind::File)),
            ("a/b/c.md", None),
            ("A/b/C.md", None),
            ("A/b/c.md/d", None),
            ("A/..", Some(FileKind::Dir)),
            ("none/x", None),
        ] {
            assert_eq!(disk.kind(&join(root, path)), kind, "{path}");
        }
        assert!(disk.is_exact_file(&join(root, "A/b/c.md")));
        assert!(!disk.is_exact_file(&join(root, "A/b")));
        assert_eq!(disk.spelled(root, "a"), Some("A".to_owned()));
        assert_eq!((disk.kind("Cargo.toml"), disk.kind("")), (Some(FileKind::File), Some(FileKind::Dir)));
        assert!(disk.is_exact_file("src/lib.rs"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_broken_ones_are_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("gone")).unwrap();
        std::os::unix::fs::symlink(".", dir.path().join("here")).unwrap();
        let disk = Disk::default();
        let root = dir.path().to_str().unwrap();
        assert_eq!(disk.kind(&join(root, "gone")), None);
        assert_eq!(disk.kind(&join(root, "here")), Some(FileKind::Dir));
    }
}
