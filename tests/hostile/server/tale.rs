//! What a run of its own left behind, for behaviours of which one record does not tell enough.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::port::Seen;

/// All of a run with one behaviour as its only host.
#[derive(Clone, Debug, Default)]
pub struct Tale {
    /// Every record, in the order they came.
    pub records: Vec<Value>,
    pub exit: i32,
    /// From start to end.
    pub wall: Duration,
    /// What the process has spent, where the system tells.
    pub cpu: Duration,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub seen: Seen,
    /// The folder it ran in; bodies of [`Set::Save`](super::Set::Save) are in `pages`. `in`, `out` and
    /// `err` beside it are those of the test, all else beside it came out of the folder.
    pub dir: PathBuf,
    /// The port: `http://127.0.0.1:1`.
    pub origin: String,
}

/// What must hold of it; an error says what does not.
pub type Told = fn(&Tale) -> Result<(), String>;

/// What stands in the folder before the run; told the folder and the port.
pub type Before = fn(&Path, &str) -> io::Result<()>;

/// An error with these words unless it holds.
pub fn holds(it: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if it { Ok(()) } else { Err(words()) }
}

impl Tale {
    /// Paths asked for, the first time each, in order; `/robots.txt` and `/neighbour` left out.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = Vec::new();
        for ask in &self.seen.asks {
            if !["/robots.txt", "/neighbour"].contains(&&*ask.path) && !paths.contains(&&*ask.path) {
                paths.push(&ask.path);
            }
        }
        paths
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        self.seen.asks.iter().filter(|ask| ask.path == path).count()
    }

    /// An error unless exactly these paths were asked for, in any order.
    pub fn asked_only(&self, expected: &[&str]) -> Result<(), String> {
        let (mut paths, mut expected) = (self.paths(), expected.to_vec());
        paths.sort_unstable();
        expected.sort_unstable();
        holds(paths == expected, || format!("asked for {paths:?}, and not for {expected:?}"))
    }

    /// Names of all files below the folder it ran in, relative to it, sorted; links are told and not
    /// followed.
    pub fn files(&self) -> Vec<String> {
        below(&self.dir)
    }

    /// Files beside the folder that are not those of the test.
    pub fn outside(&self) -> Vec<String> {
        let mut files = below(&self.dir.join(".."));
        files.retain(|name| !["in", "out", "err"].contains(&&**name) && !name.starts_with("here/"));
        files
    }
}

fn below(top: &Path) -> Vec<String> {
    let (mut left, mut files) = (vec![top.to_owned()], Vec::new());
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push(entry.path()),
                _ => {
                    let path = entry.path();
                    files.push(path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned());
                }
            }
        }
    }
    files.sort_unstable();
    files
}
