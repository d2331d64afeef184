//! Flags from files: `fetchall.toml`, found upward to the root of the repository, over the user's
//! own file; the environment and the command line go before both.
//!
//! A key is the long name of a flag. Must not know what any flag means: clap judges the values as
//! if they had been typed. Two rooms know more: `words`, which values hold a path, and `strangers`,
//! what a file of the project may not say.

mod apply;
mod blame;
mod file;
mod find;
mod init;
mod keys;
mod schema;
mod show;
mod strangers;
mod words;

use std::{fmt, path::Path, sync::Arc};

use clap::{Arg, Command as Clap};

#[cfg(test)]
pub use self::strangers::bound;
pub use self::{
    apply::{Matched, Refused, parse},
    blame::{blame, mentioned},
    init::{NAME, text as init},
    schema::schema,
    show::{default_of, show},
};
use self::{
    file::Layer,
    find::{Found, Whose},
};

/// Commands that read files, each by a table of its own name beside what stands at the top.
pub const COMMANDS: [&str; 4] = ["fetch", "crawl", "check", "extract"];

/// What a file of a project may do with a key.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Whatever it likes.
    Free,
    /// Name what lies in its folder.
    Inside,
    /// Some values.
    Partly,
    /// Nothing.
    Never,
}

/// A file that cannot be used: exit 2, nothing was sent. Its text names file and line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(String);

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    file: Arc<str>,
    /// From 1.
    line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What files say of one flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its long name, without dashes.
    pub long: String,
    /// What clap calls it.
    id: String,
    /// As it would be typed: none for a switch that is off, one word, or more where it may be repeated.
    pub words: Vec<String>,
    /// Words that stand beside whatever is typed: limits and fields of named hosts, rules.
    pub more: Vec<(String, Origin)>,
    /// Where the value stands, or the first of `more`.
    pub origin: Origin,
    /// It stands at the top of a file and not in the table of the command.
    is_for_all: bool,
}

impl Setting {
    fn new(arg: &Arg, words: Vec<String>, origin: &Origin) -> Setting {
        Setting {
            long: arg.get_long().unwrap_or_default().to_owned(),
            id: arg.get_id().to_string(),
            words,
            more: Vec::new(),
            origin: origin.clone(),
            is_for_all: false,
        }
    }

    /// Whether it is about this flag.
    pub fn is_of(&self, arg: &Arg) -> bool {
        arg.get_id().as_str() == self.id
    }

    /// Every word with its place.
    pub fn each(&self) -> impl Iterator<Item = (&str, &Origin)> {
        let own = self.words.iter().map(|word| (word.as_str(), &self.origin));
        own.chain(self.more.iter().map(|(word, origin)| (word.as_str(), origin)))
    }
}

/// All files of a run, the weakest first.
#[derive(Debug, Default)]
pub struct Config {
    layers: Vec<Layer>,
}

impl Config {
    /// Reads the file of `--config`, or those that are found: the user's, and the project's from the
    /// working directory upward. `None` where there is none.
    pub fn load(definition: &Clap, named: Option<&Path>) -> Result<Option<Config>, BadConfig> {
        let files = match named {
            Some(file) => vec![Found { path: file.to_owned(), whose: Whose::Named }],
            None => find::files()?,
        };
        let mut layers = Vec::new();
        for found in files {
            file::read(definition, &found, &mut layers)?;
        }
        Ok((!layers.is_empty()).then_some(Config { layers }))
    }

    /// What they say to a command, flag by flag in the order of their names.
    pub fn of(&self, command: &Clap) -> Vec<Setting> {
        apply::merge(&self.layers, command)
    }

    /// The files that were read, the weakest first.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| &*layer.file)
    }
}
