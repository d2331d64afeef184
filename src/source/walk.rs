//! Documents on the disk: what is found below the files, folders and patterns that were named.
//!
//! In folders everything that has links by its name; what was named itself, whatever its name.
//! `.gitignore` and its kin are heeded, links to folders are not followed. Must not know what is in
//! a document.

use std::{
    collections::{BTreeMap, HashSet},
    fs::File,
    io::Read as _,
    path::{Component, Path, PathBuf},
};

use ignore::{DirEntry, WalkBuilder, overrides::OverrideBuilder};

use super::packed;
use crate::{
    model::redact,
    page::{Language, begins_with_tag, is_html},
};

/// How much of a file its first bytes are.
const HEAD: usize = 512;

/// Which documents are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Files and folders whose names begin with a dot are read too.
    pub hidden: bool,
    /// `.gitignore` and its kin are not heeded.
    pub all: bool,
    /// They are pages that were kept: those packed by gzip are read too, and a link that leads nowhere is
    /// a page that is missing.
    pub kept: bool,
}

/// A document that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path: as named, or what was named and what is below it; `/` between its parts.
    pub path: Box<str>,
    /// What it is by its name; `None`: its first bytes have to tell.
    pub language: Option<Language>,
    /// Whether it was named itself.
    pub named: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// In the order of what was named; below a folder by name.
    pub listed: Vec<Listed>,
    /// What could not be looked into: path and a sentence.
    pub faults: Vec<(String, String)>,
    /// Files of kept pages that are no document by name or by their first bytes: how their names end,
    /// and how many end so.
    pub unread: BTreeMap<String, usize>,
}

/// Finds the documents below `starts`. The error is a sentence: a start that is not there.
pub fn documents(starts: &[PathBuf], walk: Walk) -> Result<Documents, String> {
    let mut out = Documents::default();
    let mut seen = HashSet::new();
    for start in starts {
        if start.is_dir() {
            folder(start, None, walk, &mut out, &mut seen)?;
        } else if start.exists() {
            let listed = Listed { path: name_of(start)?, language: Language::of_path(start), named: true };
            take(listed, &mut out, &mut seen);
        } else if let Some((folder_of, rest)) = pattern(start) {
            let before = out.listed.len();
            folder(&folder_of, Some(&rest), walk, &mut out, &mut seen)?;
            if out.listed.len() == before && out.faults.is_empty() {
                return Err(format!("no document fits the pattern `{}`", start.display()));
            }
        } else {
            return Err(format!("there is no file or folder `{}`", redact::word(&start.to_string_lossy())));
        }
    }
    Ok(out)
}

fn take(listed: Listed, out: &mut Documents, seen: &mut HashSet<Box<str>>) {
    if seen.insert(listed.path.clone()) {
        out.listed.push(listed);
    }
}

/// The folder in front of the first part with `*`, `?`, `[` or `{`, and the rest.
fn pattern(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_str()?;
    let wild = text.find(['*', '?', '[', '{'])?;
    let (folder, rest) = match text[..wild].rfind('/') {
        Some(0) => ("/", &text[1..]),
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (".", text),
    };
    Path::new(folder).is_dir().then(|| (PathBuf::from(folder), rest.to_owned()))
}

fn folder(
    root: &Path,
    pattern: Option<&str>,
    walk: Walk,
    out: &mut Documents,
    seen: &mut HashSet<Box<str>>,
) -> Result<(), String> {
    let mut builder = WalkBuilder::new(root);
    let heeded = !walk.all;
    builder.hidden(!walk.hidden).parents(heeded).ignore(heeded).git_ignore(heeded);
    builder.git_global(heeded).git_exclude(heeded).require_git(false).follow_links(false);
    builder.sort_by_file_name(std::ffi::OsStr::cmp);
    if let Some(pattern) = pattern {
        let mut overrides = OverrideBuilder::new(root);
        let bad = |error: ignore::Error| format!("the pattern `{pattern}`: {error}");
        // From the folder on: a pattern without `/` would fit at any depth.
        overrides.add(&format!("/{pattern}")).map_err(bad)?;
        builder.overrides(overrides.build().map_err(bad)?);
    }
    for entry in builder.build() {
        match entry {
            Ok(entry) if walk.kept && leads_nowhere(&entry) => {
                if language(entry.path(), walk).is_some() {
                    let why = "is a link to a file that is not there".to_owned();
                    out.faults.push((entry.path().to_string_lossy().into_owned(), why));
                }
            }
            Ok(entry) if is_file(&entry) => {
                let known = language(entry.path(), walk);
                let found = known.or_else(|| sniffed(entry.path()).filter(|_| walk.kept));
                if found.is_none() && walk.kept {
                    *out.unread.entry(ending(entry.path())).or_default() += 1;
                }
                if let Some(language) = found {
                    match name_of(entry.path()) {
                        Ok(path) => take(Listed { path, language: Some(language), named: false }, out, seen),
                        Err(why) => out.faults.push((entry.path().to_string_lossy().into_owned(), why)),
                    }
                }
            }
            Ok(_) => {}
            Err(error) => out.faults.extend(fault(root, &error)),
        }
    }
    Ok(())
}

/// What a document is by its name, packed or not.
fn language(path: &Path, walk: Walk) -> Option<Language> {
    let is_packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let bare = path.file_stem().filter(|_| is_packed && walk.kept).map(Path::new);
    Language::of_path(bare.unwrap_or(path))
}

/// What a kept file is by its first bytes: the names that programs give to pages tell little.
fn sniffed(path: &Path) -> Option<Language> {
    let mut head = Vec::with_capacity(HEAD);
    packed::unpacked(Box::new(File::open(path).ok()?)).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    // A list of records is named itself.
    let is_record = || text.starts_with(b"{\"v\":");
    match text {
        _ if is_html(None, &head) || begins_with_tag(&head) => Some(Language::Html),
        [b'{', ..] => Some(Language::Json).filter(|_| !is_record()),
        [b'[', ..] => Some(Language::Json).filter(|_| !text.contains(&0)),
        [b'<', b'?', ..] => Some(Language::Sitemap),
        _ => None,
    }
}

/// How a name ends, as people count files: `.png`, `no extension`.
pub fn ending(path: &Path) -> String {
    match path.extension().and_then(|extension| extension.to_str()).filter(|text| text.len() <= 8) {
        Some(extension) => format!(".{}", extension.to_ascii_lowercase()),
        None => "no extension".to_owned(),
    }
}

/// A link to what is not there.
fn leads_nowhere(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_symlink()) && !entry.path().exists()
}

/// A file, or a link to one.
fn is_file(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Some(kind) if kind.is_symlink() => entry.path().is_file(),
        Some(kind) => kind.is_file(),
        None => false,
    }
}

/// What could not be looked into. Lines of ignore files that cannot be read are no fault of the
/// documents.
fn fault(root: &Path, error: &ignore::Error) -> Option<(String, String)> {
    let io = error.io_error()?;
    let place = match error {
        ignore::Error::WithDepth { err, .. } => match &**err {
            ignore::Error::WithPath { path, .. } => path.as_path(),
            _ => root,
        },
        ignore::Error::WithPath { path, .. } => path.as_path(),
        _ => root,
    };
    Some((place.to_string_lossy().into_owned(), format!("cannot be read: {io}")))
}

/// The folder that is walked for a start: itself, or of a pattern the part that is fixed.
pub fn root(start: &Path) -> PathBuf {
    match pattern(start).filter(|_| !start.exists()) {
        Some((folder, _)) => folder,
        None => start.to_owned(),
    }
}

/// The path as text: `/` between its parts, without `.`, doubled `/`, and `..` behind a name.
pub fn name_of(path: &Path) -> Result<Box<str>, String> {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let bare: PathBuf = parts.into_iter().collect();
    let text = bare.to_str().ok_or_else(|| format!("the path `{}` is not valid UTF-8", path.display()))?;
    Ok(if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn below(root: &Path, starts: &[&str], walk: Walk) -> Vec<String> {
        let starts: Vec<PathBuf> = starts.iter().map(|start| root.join(start)).collect();
        let root = root.to_str().unwrap();
        let found = documents(&starts, walk).unwrap();
        found.listed.iter().map(|one| one.path.strip_prefix(root).unwrap().trim_start_matches('/').to_owned()).collect()
    }

    fn site() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["docs/deep", "docs/.hid", "docs/out"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        for file in ["b.md", "a.html", "deep/c.md", ".hid/d.md", "out/e.md", "x.png", "noname"] {
            fs::write(dir.path().join("docs").join(file), "x").unwrap();
        }
        fs::write(dir.path().join("docs/.gitignore"), "out/\n").unwrap();
        dir
    }

    #[test]
    fn a_folder_gives_the_documents_that_its_ignore_files_leave_by_name() {
        let dir = site();
        assert_eq!(below(dir.path(), &["docs"], Walk::default()), ["docs/a.html", "docs/b.md", "docs/deep/c.md"]);
        let hidden = below(dir.path(), &["docs"], Walk { hidden: true, all: true, ..Walk::default() });
        assert_eq!(hidden, ["docs/.hid/d.md", "docs/a.html", "docs/b.md", "docs/deep/c.md", "docs/out/e.md"]);
    }

    #[test]
    fn what_is_named_itself_is_taken_once_whatever_its_name() {
        let dir = site();
        let found = below(dir.path(), &["docs/noname", "docs/deep/../b.md", "docs/./b.md"], Walk::default());
        assert_eq!(found, ["docs/noname", "docs/b.md"]);
    }

    #[test]
    fn patterns_are_expanded_here() {
        let dir = site();
        assert_eq!(below(dir.path(), &["docs/*.{md,html}"], Walk::default()), ["docs/a.html", "docs/b.md"]);
        assert_eq!(below(dir.path(), &["docs/**/*.md"], Walk::default()), ["docs/b.md", "docs/deep/c.md"]);
        for (start, told) in
            [("docs/*.rst", "no document fits"), ("nodocs", "no file or folder"), ("docs/{a", "pattern")]
        {
            let error = documents(&[dir.path().join(start)], Walk::default()).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_read_and_loops_of_folders_are_not_walked() {
        let dir = site();
        std::os::unix::fs::symlink(dir.path().join("docs"), dir.path().join("docs/deep/loop")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("docs/b.md"), dir.path().join("docs/deep/b.md")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("docs/deep/gone.md")).unwrap();
        let found = below(dir.path(), &["docs/deep"], Walk::default());
        assert_eq!(found, ["docs/deep/b.md", "docs/deep/c.md"]);
        let kept = Walk { kept: true, ..Walk::default() };
        let told = documents(&[dir.path().join("docs/deep")], kept).unwrap().faults;
        assert!(told.len() == 1 && told[0].0.ends_with("gone.md") && told[0].1.contains("not there"), "{told:?}");
    }

    #[test]
    fn packed_pages_are_found_where_pages_are_kept() {
        let dir = site();
        fs::write(dir.path().join("docs/deep/p.html.gz"), "x").unwrap();
        fs::write(dir.path().join("docs/deep/p.png.gz"), "x").unwrap();
        assert_eq!(below(dir.path(), &["docs/deep"], Walk::default()), ["docs/deep/c.md"]);
        let kept = Walk { kept: true, ..Walk::default() };
        assert_eq!(below(dir.path(), &["docs/deep"], kept), ["docs/deep/c.md", "docs/deep/p.html.gz"]);
        assert_eq!(root(&dir.path().join("docs/*/x*.html")), dir.path().join("docs"));
        assert_eq!(root(&dir.path().join("docs")), dir.path().join("docs"));
    }
}
