//! A folder by its handle: what is below it is opened part by part, and no link is followed.
//!
//! So whoever plants links, or puts one in the place of a folder while we look, leads nowhere. Must not
//! know what is written.

use std::{
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, fsync, mkdirat, openat, renameat, statat, unlinkat},
    io::{Errno, retry_on_intr},
};

use super::Fault;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// A pipe that somebody planted is opened without waiting for its other end.
const FILE: OFlags = OFlags::RDWR.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A regular file with one name.
    File,
    /// Anything else, links included.
    Other,
}

/// An open folder.
#[derive(Debug)]
pub(super) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens a folder of the user's, and makes it where it is not there. Links on the way are the user's.
    pub fn open(path: &Path) -> io::Result<Dir> {
        fs::create_dir_all(path)?;
        let fd = retry_on_intr(|| openat(CWD, path, FOLDER, Mode::empty()))?;
        Ok(Dir { fd, path: path.to_owned() })
    }

    /// The folder below it of these names, made where it is not there.
    pub fn folder(&self, names: &[String]) -> Result<Dir, Fault> {
        let mut dir = self.again().map_err(|source| Fault::new(self.path.clone(), source))?;
        for name in names {
            let below = dir.below(name).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => dir.make(name),
                _ => Err(error),
            });
            dir = below.map_err(|source| Fault::new(dir.path.join(name), source))?;
        }
        Ok(dir)
    }

    /// The same, if it is there.
    pub fn existing(&self, names: &[String]) -> io::Result<Option<Dir>> {
        let mut dir = self.again()?;
        for name in names {
            dir = match dir.below(name) {
                Ok(below) => below,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
        }
        Ok(Some(dir))
    }

    fn again(&self) -> io::Result<Dir> {
        Ok(Dir { fd: self.fd.try_clone()?, path: self.path.clone() })
    }

    fn below(&self, name: &str) -> io::Result<Dir> {
        let below = retry_on_intr(|| openat(&self.fd, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()));
        let fd = below.map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => io::Error::other("it is no folder, or a link, which is not followed"),
            error => error.into(),
        })?;
        Ok(Dir { fd, path: self.path.join(name) })
    }

    fn make(&self, name: &str) -> io::Result<Dir> {
        match mkdirat(&self.fd, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => self.sync()?,
            // Another body was faster.
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.below(name)
    }

    /// Its path, for people.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file; whatever has the name is an error.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let mode = Mode::from_raw_mode(0o666);
        Ok(retry_on_intr(|| openat(&self.fd, name, FILE | OFlags::CREATE | OFlags::EXCL, mode))?.into())
    }

    /// A regular file with no other name.
    pub fn file(&self, name: &str) -> io::Result<File> {
        let file = File::from(retry_on_intr(|| openat(&self.fd, name, FILE, Mode::empty()))?);
        let facts = file.metadata()?;
        match facts.is_file() && facts.nlink() == 1 {
            true => Ok(file),
            false => Err(io::Error::other("it is no file of its own")),
        }
    }

    /// Whether a file has this name still.
    pub fn has(&self, name: &str, file: &File) -> bool {
        let Ok(facts) = fstat(file) else { return false };
        statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|entry| entry.st_ino == facts.st_ino && entry.st_dev == facts.st_dev)
    }

    /// What has a name.
    pub fn entry(&self, name: &str) -> io::Result<Option<Entry>> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(facts) if FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile => Ok(Some(Entry::File)),
            Ok(_) => Ok(Some(Entry::Other)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a name away; that there was none is no error.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file of this folder a name in another, in place of a file that has it; then it is on the disk.
    pub fn rename(&self, from: &str, to: &Dir, name: &str) -> io::Result<()> {
        renameat(&self.fd, from, &to.fd, name)?;
        to.sync()
    }

    fn sync(&self) -> io::Result<()> {
        match retry_on_intr(|| fsync(&self.fd)) {
            // Some file systems have no such thing for folders.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
