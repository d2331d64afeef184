//! Files that are written whole or not at all: beside the old one, then put in its place.
//!
//! Whoever reads one while the program is killed sees the old content or the new. Must not know
//! what is written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
};

/// Names tried for the new file before it is given up.
const TRIES: u32 = 100;

/// Who may read the new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rights {
    /// Whoever could read the old one; of a new one the system decides.
    Usual,
    /// Its owner alone (mode 0600).
    Owner,
}

/// Writes a file through `fill`. Permissions of a file that was there are kept, links are followed;
/// what is no regular file (a pipe, a device) is written to as it is.
///
/// # Errors
/// What `fill` says, or the system; the old file is as it was.
pub fn with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    put(path, Rights::Usual, fill)
}

/// The same for a secret: only its owner may read it, whoever could read the old one.
///
/// # Errors
/// As [`with`].
pub fn secret(path: &Path, text: &str) -> io::Result<()> {
    put(path, Rights::Owner, |out| out.write_all(text.as_bytes()))
}

fn put(path: &Path, rights: Rights, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(facts) => Some(facts),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.as_ref().is_some_and(|facts| !facts.is_file()) {
        return through(OpenOptions::new().write(true).open(path)?, fill).map(drop);
    }
    let target = if old.is_some() { path.canonicalize()? } else { path.to_owned() };
    let (beside, file) = beside(&target, rights)?;
    let written = through(file, fill).and_then(|file| {
        if let Some(facts) = old.as_ref().filter(|_| rights == Rights::Usual) {
            file.set_permissions(facts.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&beside, &target)
    });
    if written.is_err() {
        // What failed is told; a file left over is the lesser evil.
        drop(fs::remove_file(&beside));
    }
    written
}

/// [`with`] for a text that is there already.
///
/// # Errors
/// As [`with`].
pub fn text(path: &Path, text: &str) -> io::Result<()> {
    with(path, |out| out.write_all(text.as_bytes()))
}

fn through(file: File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::new(file);
    fill(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// A new file in the same folder, so that it can be put in place by its name alone.
fn beside(target: &Path, rights: Rights) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if rights == Rights::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = rights;
    for number in 0..TRIES {
        let mut other = std::ffi::OsString::from(".");
        other.push(name);
        other.push(format!(".{}-{number}.tmp", process::id()));
        let other = target.with_file_name(other);
        match options.open(&other) {
            Ok(file) => return Ok((other, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        text(&path, "one").unwrap();
        text(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        let failed = with(&path, |out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left over");
        assert!(text(&dir.path().join("no/such"), "x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("file"), dir.path().join("link"));
        text(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        text(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
