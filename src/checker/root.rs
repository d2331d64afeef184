//! The folder that `/` stands for where nobody says it: the folder that is checked, the project that
//! it belongs to, the repository around it.
//!
//! Must not know links.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use super::{
    plan::{Placement, Start},
    shared::text_of,
};
use crate::check::{paths, preset::Preset, site::Edge};

/// What marks the folder of a repository.
const REPOSITORY: &[&str] = &[".git"];

/// The folder that `/` stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Root {
    /// Named as documents are: relative where they are.
    pub path: Option<String>,
    pub edge: Edge,
}

impl Root {
    /// The root of what is checked.
    pub fn of(place: &Placement, starts: &[Start]) -> Root {
        let here = std::env::current_dir().unwrap_or_default();
        let sources = starts.iter().filter_map(|start| match start {
            Start::Path(path) => Some(path.clone()),
            Start::Text(..) => Some(PathBuf::new()),
            Start::Page(_) => None,
        });
        let sources: Vec<PathBuf> = sources.collect();
        let is_told = place.root_dir.is_some() || place.base_url.is_some() || place.preset != Preset::Plain;
        let edge = if is_told { Edge::Closed } else { Edge::Open };
        let folder = match &place.root_dir {
            Some(root) => Some(root.clone()),
            None => guess(place, &sources, &here),
        };
        let is_relative = sources.iter().all(|source| source.is_relative());
        let path = folder.map(|folder| paths::clean(&text_of(&named(&folder, &here, is_relative))));
        Root { path, edge }
    }
}

fn guess(place: &Placement, sources: &[PathBuf], here: &Path) -> Option<PathBuf> {
    if let Some(project) = project(place.preset, sources, here) {
        return Some(project);
    }
    if let [only] = sources
        && !only.as_os_str().is_empty()
        && only.is_dir()
    {
        return Some(only.clone());
    }
    // An address is that of a folder which nobody can guess.
    if place.base_url.is_some() || sources.is_empty() {
        return None;
    }
    let folders: Vec<PathBuf> = sources.iter().map(|source| folder_of(&absolute(source, here))).collect();
    let around = |folder: &PathBuf| above(folder, REPOSITORY);
    let first = folders.first().and_then(around);
    match first {
        Some(root) if folders.iter().all(|folder| around(folder).as_ref() == Some(&root)) => Some(root),
        _ => folders.iter().all(|folder| folder.starts_with(here)).then(|| here.to_owned()),
    }
}

/// The folder of the project that the first source belongs to, or that of its documents. A folder
/// with an index file is a site that was built, perhaps within a project.
fn project(preset: Preset, sources: &[PathBuf], here: &Path) -> Option<PathBuf> {
    let first = sources.first()?;
    if first.join("index.html").is_file() {
        return None;
    }
    let project = above(&folder_of(&absolute(first, here)), preset.marks())?;
    match preset {
        Preset::Mkdocs => Some(project.join(documents_of(&project))).filter(|folder| folder.is_dir()),
        _ => Some(project),
    }
}

/// The folder of MkDocs' documents: `docs_dir` of its settings, else `docs`.
fn documents_of(project: &Path) -> String {
    let texts = Preset::Mkdocs.marks().iter().filter_map(|name| fs::read_to_string(project.join(name)).ok());
    let told = texts.take(1).find_map(|text| {
        let value = text.lines().find_map(|line| line.strip_prefix("docs_dir:"))?;
        let value = value.split(" #").next()?.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    });
    told.unwrap_or_else(|| "docs".to_owned())
}

/// The nearest folder, this one first, that holds something of these names.
fn above(folder: &Path, marks: &[&str]) -> Option<PathBuf> {
    folder.ancestors().find(|one| marks.iter().any(|mark| one.join(mark).exists())).map(Path::to_owned)
}

/// The folder that a source is or stands in; of a pattern the folder before what it leaves open.
fn folder_of(source: &Path) -> PathBuf {
    source.ancestors().find(|one| one.is_dir()).unwrap_or(source).to_owned()
}

/// From the top of the disk, without `.` and `..`.
fn absolute(path: &Path, here: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// A folder as documents are named: from here if they are, else from the top of the disk.
fn named(folder: &Path, here: &Path, is_relative: bool) -> PathBuf {
    match (is_relative, folder.is_absolute()) {
        (true, true) => {
            match here.ancestors().enumerate().find_map(|(up, one)| Some((up, folder.strip_prefix(one).ok()?))) {
                // Names of folders that nothing has in common but the top of the disk.
                Some((up, _)) if here.ancestors().nth(up + 1).is_none() => folder.to_owned(),
                Some((up, rest)) => std::iter::repeat_n("..", up).collect::<PathBuf>().join(rest),
                None => folder.to_owned(),
            }
        }
        (false, false) => here.join(folder),
        _ => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(preset: Preset, base_url: Option<&str>) -> Placement {
        let base_url = base_url.map(|url| url.parse().unwrap());
        Placement { preset, base_url, ..Placement::default() }
    }

    #[test]
    fn the_root_is_the_folder_that_is_checked_else_the_repository_around_it() {
        let dir = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(dir.path()).unwrap();
        for folder in ["repo/.git", "repo/docs/deep", "repo/inner/.git", "loose/a"] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        for file in ["repo/README.md", "repo/docs/a.md", "repo/inner/x.md", "loose/a/x.md"] {
            fs::write(top.join(file), "").unwrap();
        }
        let plain = placed(Preset::Plain, None);
        let addressed = placed(Preset::Plain, Some("https://example.com/"));
        for (place, here, sources, expected) in [
            (&plain, "", &["repo/docs"][..], Some("repo/docs")),
            (&plain, "", &["repo/docs/a.md"], Some("repo")),
            (&plain, "", &["repo/docs", "repo/README.md"], Some("repo")),
            (&plain, "", &["repo/docs/**/*.md"], Some("repo")),
            (&plain, "", &["repo/docs/*.md", "repo/inner/x.md"], Some("")),
            (&plain, "repo/docs", &["a.md"], Some("repo")),
            (&plain, "loose", &["a/x.md"], Some("loose")),
            (&plain, "loose/a", &["../../repo/README.md"], Some("repo")),
            (&plain, "repo/docs", &["../../loose/a/x.md"], None),
            (&plain, "repo/docs", &[""], Some("repo")),
            (&plain, "", &[], None),
            (&addressed, "", &["repo/docs"], Some("repo/docs")),
            (&addressed, "", &["repo/docs", "repo/README.md"], None),
        ] {
            let here = top.join(here);
            let sources: Vec<PathBuf> = sources
                .iter()
                .map(|path| match path.is_empty() {
                    true => PathBuf::new(),
                    false => here.join(path),
                })
                .collect();
            let root = guess(place, &sources, &here);
            assert_eq!(root, expected.map(|path| top.join(path)), "{sources:?} from {here:?}");
        }
    }

    #[test]
    fn a_project_is_found_by_its_settings() {
        let dir = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(dir.path()).unwrap();
        for (file, text) in [
            ("docu/docusaurus.config.ts", ""),
            ("docu/docs/a.md", ""),
            ("docu/build/index.html", ""),
            ("hugo/config.toml", ""),
            ("hugo/content/a/b.md", ""),
            ("mk/mkdocs.yml", "site_name: x\n"),
            ("mk/docs/a/b.md", ""),
            ("own/mkdocs.yml", "docs_dir: 'source' # x\n"),
            ("own/source/a.md", ""),
        ] {
            fs::create_dir_all(top.join(file).parent().unwrap()).unwrap();
            fs::write(top.join(file), text).unwrap();
        }
        for (preset, source, expected) in [
            (Preset::Docusaurus, "docu/docs", "docu"),
            (Preset::Docusaurus, "docu", "docu"),
            (Preset::Docusaurus, "docu/docs/a.md", "docu"),
            (Preset::Docusaurus, "docu/build", "docu/build"),
            (Preset::Docusaurus, "hugo", "hugo"),
            (Preset::Hugo, "hugo/content/a", "hugo"),
            (Preset::Mkdocs, "mk", "mk/docs"),
            (Preset::Mkdocs, "mk/docs", "mk/docs"),
            (Preset::Mkdocs, "mk/docs/a", "mk/docs"),
            (Preset::Mkdocs, "own", "own/source"),
            (Preset::Plain, "mk/docs", "mk/docs"),
        ] {
            let root = guess(&placed(preset, None), &[top.join(source)], &top);
            assert_eq!(root, Some(top.join(expected)), "{source} under {}", preset.name());
        }
    }

    #[test]
    fn a_root_is_named_as_documents_are() {
        for (folder, is_relative, expected) in [
            ("/a/b/c", true, "c"),
            ("/a/b", true, ""),
            ("/a", true, ".."),
            ("/a/x", true, "../x"),
            ("/z", true, "/z"),
            ("docs", true, "docs"),
            ("docs", false, "/a/b/docs"),
            ("/a", false, "/a"),
        ] {
            assert_eq!(named(Path::new(folder), Path::new("/a/b"), is_relative), Path::new(expected), "{folder}");
        }
    }

    #[test]
    fn only_a_site_ends_at_its_root() {
        let starts = [Start::Path("src".into())];
        let edge = |place: Placement| Root::of(&place, &starts);
        let root = Some("src".to_owned());
        assert_eq!(edge(placed(Preset::Plain, None)), Root { path: root.clone(), edge: Edge::Open });
        for place in [
            placed(Preset::Hugo, None),
            placed(Preset::Plain, Some("https://example.com/")),
            Placement { root_dir: Some("src".into()), ..Placement::default() },
        ] {
            assert_eq!(edge(place), Root { path: root.clone(), edge: Edge::Closed });
        }
    }
}
