//! Which pages there are below what was named. Must not know what is in them.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use super::Start;
use crate::{
    page::Language,
    source::walk::{self, Walk},
};

/// What is to be read, in order.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) items: Vec<Item>,
    unread: BTreeMap<String, usize>,
}

/// Kinds of files that are named in a sentence on what was not read.
const ENDINGS: usize = 5;

/// One thing to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Stdin,
    File(File),
    /// What could not be looked into: path and a sentence.
    Fault(Box<str>, String),
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub path: Box<str>,
    /// Where in the path begins what is below the folder that was named.
    pub below: usize,
    /// Whether it was named itself, and may be anything.
    pub named: bool,
}

impl Found {
    /// The paths, `-` for standard input.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| match item {
            Item::Stdin => "-",
            Item::File(file) => &file.path,
            Item::Fault(path, _) => path,
        })
    }

    /// A sentence on the files below folders that are no pages: `3 files were not read (2 .png, 1 .css)`.
    pub fn unread(&self) -> Option<String> {
        let mut endings: Vec<(&String, &usize)> = self.unread.iter().collect();
        endings.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let count: usize = self.unread.values().sum();
        let shown: Vec<String> =
            endings.iter().take(ENDINGS).map(|(ending, count)| format!("{count} {ending}")).collect();
        let more = if endings.len() > ENDINGS { ", …" } else { "" };
        let files = if count == 1 { "1 file was" } else { &format!("{count} files were") };
        (count > 0)
            .then(|| format!("{files} not read ({}{more}); a file that is named itself is read", shown.join(", ")))
    }
}

/// Finds the pages below `starts`. The error is a sentence.
pub(super) fn find(starts: &[Start], walk: Walk) -> Result<Found, String> {
    let mut found = Found::default();
    let mut seen = HashSet::new();
    for start in starts {
        match start {
            Start::Stdin if found.items.contains(&Item::Stdin) => {
                return Err("`-` is named twice, but standard input can be read only once".to_owned());
            }
            Start::Stdin => found.items.push(Item::Stdin),
            Start::Path(path) => below(path, walk, &mut found, &mut seen)?,
        }
    }
    Ok(found)
}

fn below(start: &Path, walk: Walk, found: &mut Found, seen: &mut HashSet<Box<str>>) -> Result<(), String> {
    let listing = walk::documents(&[start.to_owned()], Walk { kept: true, ..walk })?;
    let root = walk::name_of(&walk::root(start))?;
    let mut any = !listing.faults.is_empty();
    for (ending, count) in listing.unread {
        *found.unread.entry(ending).or_default() += count;
    }
    for one in listing.listed {
        if !one.named && !one.language.is_some_and(is_page) {
            *found.unread.entry(walk::ending(Path::new(&*one.path))).or_default() += 1;
            continue;
        }
        any = true;
        if seen.insert(one.path.clone()) {
            let below = begin(&one.path, &root, one.named);
            found.items.push(Item::File(File { path: one.path, below, named: one.named }));
        }
    }
    found.items.extend(listing.faults.into_iter().map(|(path, why)| Item::Fault(path.into(), why)));
    if any {
        return Ok(());
    }
    let start = start.display();
    Err(format!(
        "there is no page below `{start}` (html, json, xml or txt; a list of records or an archive is named itself)"
    ))
}

/// Where in `path` begins what is below `root`. Of a file that was named itself it is the path as it was
/// written, so that two are told apart; its name, where that leads up or begins at the root of the disk.
fn begin(path: &str, root: &str, named: bool) -> usize {
    if named {
        let is_below = !path.starts_with(['/', '\\']) && !path.starts_with("../") && !path.contains(':');
        return path.rfind('/').filter(|_| !is_below).map_or(0, |at| at + 1);
    }
    match path.strip_prefix(root) {
        Some(rest) => path.len() - rest.trim_start_matches('/').len(),
        None => 0,
    }
}

/// What in a folder is read: what a server sends as a page or as data.
fn is_page(language: Language) -> bool {
    matches!(language, Language::Html | Language::Json | Language::Sitemap | Language::Text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_page_has_one_address_however_it_was_named() {
        for (path, root, named, below) in [
            ("site/a/b.html", "site", false, "a/b.html"),
            ("site/b.html", "site/b.html", true, "site/b.html"),
            ("/tmp/site/b.html", "/tmp/site/b.html", true, "b.html"),
            ("../b.html", "../b.html", true, "b.html"),
        ] {
            assert_eq!(&path[begin(path, root, named)..], below);
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("site/a")).unwrap();
        let one = Start::Path(dir.path().join("site/*/*.html"));
        let found = |count: usize| {
            (0..count).for_each(|number| fs::write(dir.path().join(format!("site/a/{number}.html")), "x").unwrap());
            match &find(std::slice::from_ref(&one), Walk::default()).unwrap().items[0] {
                Item::File(file) => file.path[file.below..].to_owned(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([found(1), found(2)], ["a/0.html", "a/0.html"]);
    }

    #[test]
    fn what_is_a_page_by_its_first_bytes_is_read_and_the_rest_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("index.html?page=2", &b"<!doctype html><p>x"[..]),
            ("item", b"\n<html><p>x"),
            ("p.php", b"<div>x</div>"),
            ("api", b"{\"a\": 1}"),
            ("records", b"{\"v\":1,\"type\":\"fetch\"}"),
            ("a.png", b"\x89PNG"),
            ("b.png", b"\x89PNG"),
            ("s.css", b"p {}"),
            ("empty", b""),
        ] {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let found = find(&[Start::Path(dir.path().to_owned())], Walk::default()).unwrap();
        let names: Vec<_> = found.paths().map(|path| path.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["api", "index.html?page=2", "item", "p.php"]);
        let told = found.unread().unwrap();
        assert!(
            told.starts_with("5 files were not read (2 .png, 1 .css, 2 no extension)")
                || told.contains("2 no extension"),
            "{told}"
        );
        assert_eq!(Found::default().unread(), None);
    }

    #[test]
    fn folders_give_pages_and_what_is_named_itself_is_read_whatever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("site/deep")).unwrap();
        fs::create_dir_all(dir.path().join("empty")).unwrap();
        for name in ["site/b.html", "site/a.json", "site/deep/c.xml", "site/s.css", "site/x.png", "all.jsonl"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let at = |name: &str| Start::Path(dir.path().join(name));
        let found = find(&[at("site"), Start::Stdin, at("all.jsonl"), at("site/b.html")], Walk::default()).unwrap();
        let shown: Vec<_> = found
            .items
            .iter()
            .map(|item| match item {
                Item::File(file) => (&file.path[file.below..], file.named),
                _ => ("-", false),
            })
            .collect();
        let expected = [("a.json", false), ("b.html", false), ("deep/c.xml", false), ("-", false), ("all.jsonl", true)];
        assert_eq!(shown, expected);
        for (starts, told) in [
            (vec![at("empty")], "there is no page below"),
            (vec![at("none")], "no file or folder"),
            (vec![Start::Stdin, Start::Stdin], "named twice"),
        ] {
            assert!(find(&starts, Walk::default()).unwrap_err().contains(told), "{told}");
        }
    }
}
