//! A folder by its path, where the system has no handles for folders: what is a link is refused before it
//! is opened. Must not know what is written.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use super::Fault;

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A regular file.
    File,
    /// Anything else, links included.
    Other,
}

/// A folder.
#[derive(Debug)]
pub(super) struct Dir {
    path: PathBuf,
}

impl Dir {
    /// A folder of the user's, made where it is not there.
    pub fn open(path: &Path) -> io::Result<Dir> {
        fs::create_dir_all(path)?;
        Ok(Dir { path: path.to_owned() })
    }

    /// The folder below it of these names, made where it is not there.
    pub fn folder(&self, names: &[String]) -> Result<Dir, Fault> {
        let mut path = self.path.clone();
        for name in names {
            path.push(name);
            let made = match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                made => made,
            };
            made.and_then(|()| checked(&path)).map_err(|source| Fault::new(path.clone(), source))?;
        }
        Ok(Dir { path })
    }

    /// The same, if it is there.
    pub fn existing(&self, names: &[String]) -> io::Result<Option<Dir>> {
        let mut path = self.path.clone();
        for name in names {
            path.push(name);
            match checked(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Dir { path }))
    }

    /// Its path, for people.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file; whatever has the name is an error.
    pub fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// A regular file.
    pub fn file(&self, name: &str) -> io::Result<File> {
        let path = self.path.join(name);
        match fs::symlink_metadata(&path)?.is_file() {
            true => OpenOptions::new().read(true).write(true).open(path),
            false => Err(io::Error::other("it is no file of its own")),
        }
    }

    /// Whether a file has this name still: an open one cannot be renamed here.
    pub fn has(&self, name: &str, _: &File) -> bool {
        matches!(self.entry(name), Ok(Some(Entry::File)))
    }

    /// What has a name.
    pub fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(facts) if facts.is_file() => Ok(Some(Entry::File)),
            Ok(_) => Ok(Some(Entry::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes a name away; that there was none is no error.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives a file of this folder a name in another, in place of a file that has it.
    pub fn rename(&self, from: &str, to: &Dir, name: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), to.path.join(name))
    }
}

fn checked(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.is_dir() {
        true => Ok(()),
        false => Err(io::Error::other("it is no folder, or a link, which is not followed")),
    }
}
