//! What a change touched, as git tells it (`--since-ref`).
//!
//! Asks git as a child process; what it answers is read by [`parse`], which knows no processes.
//! Must not know what is done with the lines.

mod parse;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, anyhow, bail};
use fetchall::{
    check::paths,
    checker::{Changed, Start},
};

/// What `reference` and the working tree differ in, files that git does not know yet included.
/// Paths are as the check names them.
pub fn since(reference: &str, starts: &[Start]) -> anyhow::Result<Changed> {
    if reference.starts_with('-') || reference.is_empty() {
        bail!("--since-ref: `{reference}` is no reference; write a branch, a tag or a commit");
    }
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let names = Names::of(Path::new(top.trim_end_matches(['\n', '\r'])), starts)?;
    let common = ["-M", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative"];
    let diff = |flags: &[&str]| git(&[&["diff"], &common[..], flags, &[reference, "--"]].concat());
    let states = diff(&["--name-status", "-z"])?;
    let patch = diff(&["--unified=1", "--src-prefix=a/", "--dst-prefix=b/"])?;
    let unknown = git(&["ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", ":/"])?;
    let told = parse::changed(&states, &patch, &unknown);
    let each = |paths: Vec<String>| paths.iter().flat_map(|path| names.all(path)).collect();
    Ok(Changed {
        lines: told
            .lines
            .iter()
            .flat_map(|(path, first, last)| names.all(path).into_iter().map(|name| (name, *first, *last)))
            .collect(),
        gone: each(told.gone),
        touched: each(told.touched),
    })
}

/// What git says to these arguments; the error is its own first line.
fn git(args: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    command.args(["-c", "core.quotePath=false"]).args(args).stdin(Stdio::null()).env("LC_ALL", "C");
    let output = command.output().context("--since-ref: cannot run git")?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        let first = told.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed without a word");
        bail!("--since-ref: git: {first}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// From paths below the top of the repository to the names that the check has for them.
struct Names {
    top: PathBuf,
    /// Folders on the disk, and how what is below them is called: the sources, then where we stand.
    roots: Vec<(PathBuf, String)>,
}

impl Names {
    fn of(top: &Path, starts: &[Start]) -> anyhow::Result<Names> {
        let mut roots = Vec::new();
        for start in starts {
            if let Start::Path(path) = start
                && let Ok(real) = path.canonicalize()
            {
                let name = path.to_str().ok_or_else(|| anyhow!("{} is not valid UTF-8", path.display()))?;
                roots.push((real, name.to_owned()));
            }
        }
        let here = Path::new(".").canonicalize().context("--since-ref: cannot tell the current folder")?;
        roots.push((here, String::new()));
        Ok(Names { top: top.to_owned(), roots })
    }

    /// Every name of a file, in the form that the check has for paths.
    fn all(&self, path: &str) -> BTreeSet<String> {
        let whole = self.top.join(path);
        let of_root = |(real, name): &(PathBuf, String)| {
            let below = whole.strip_prefix(real).ok()?.to_str()?.replace('\\', "/");
            let joined = match (name.as_str(), below.as_str()) {
                (name, "") => name.to_owned(),
                ("", below) => below.to_owned(),
                (name, below) => format!("{name}/{below}"),
            };
            Some(paths::clean(&joined))
        };
        self.roots.iter().filter_map(of_root).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_name_that_the_source_above_it_gives_it() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        std::fs::create_dir(top.join("docs")).unwrap();
        let start = Start::Path(top.join("docs/../docs"));
        let names = Names::of(&top, &[start]).unwrap();
        let expected = format!("{}/docs/a.md", top.display());
        assert_eq!(names.all("docs/a.md").into_iter().collect::<Vec<_>>(), [expected]);
        assert!(names.all("src/x.rs").is_empty(), "neither below a source nor below where we stand");
        let here = Names { top: PathBuf::from("/r"), roots: vec![("/r/x".into(), String::new())] };
        assert_eq!(here.all("x/a b.md").into_iter().collect::<Vec<_>>(), ["a b.md"]);
    }

    #[test]
    fn a_reference_is_never_a_flag() {
        for reference in ["--output=x", "-O", ""] {
            assert!(since(reference, &[]).unwrap_err().to_string().contains("is no reference"));
        }
    }
}
