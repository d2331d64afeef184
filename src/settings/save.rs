//! Where bodies are saved, and under which names.

use std::path::PathBuf;

use crate::model::Existing;

/// What files are named by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveBy {
    /// Their URL.
    #[default]
    Url,
    /// Their content: the same content is there once.
    Hash,
}

/// Where bodies are saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Save {
    /// The folder; made when the first body comes.
    pub dir: PathBuf,
    /// How names are made (`policy::name::Template`); `{host}/{path}` unless said.
    pub name: Option<String>,
    /// What files are named by.
    pub by: SaveBy,
    /// Largest body, in bytes; unless said, a file may be of any length.
    pub most: Option<u64>,
    /// What becomes of files that are there, where names do not tell all URLs apart.
    pub existing: Existing,
}

impl Save {
    /// Into this folder, the rest by default.
    pub fn to(dir: impl Into<PathBuf>) -> Save {
        Save { dir: dir.into(), ..Save::default() }
    }
}
