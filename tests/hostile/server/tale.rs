//! What a run of its own left behind, for behaviours of which one record does not tell enough.

use std::path::PathBuf;

use serde_json::Value;

use super::port::Seen;

/// All of a run with one behaviour as its only host.
#[derive(Clone, Debug, Default)]
pub struct Tale {
    /// Every record, in the order they came.
    pub records: Vec<Value>,
    pub exit: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub seen: Seen,
    /// A folder of the run's own; with [`Set::Save`](super::Set::Save) bodies are in `pages` below.
    pub dir: PathBuf,
    /// The port: `http://127.0.0.1:1`.
    pub origin: String,
}

/// What must hold of it; an error says what does not.
pub type Told = fn(&Tale) -> Result<(), String>;

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

    /// Names of all files in the folder, relative to it, sorted; links are not followed.
    pub fn files(&self) -> Vec<String> {
        let (mut left, mut files) = (vec![self.dir.clone()], Vec::new());
        while let Some(dir) = left.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => left.push(entry.path()),
                    _ => {
                        let path = entry.path();
                        let name = path.strip_prefix(&self.dir).unwrap_or(&path);
                        files.push(name.to_string_lossy().into_owned());
                    }
                }
            }
        }
        files.sort_unstable();
        files
    }
}
