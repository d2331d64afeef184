//! The journal's file where there is none yet. Must not know what will be in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{fault, make_tables};
use crate::journal::{JournalError, new_id};

/// Whether nothing of this name is there, not even a link that leads nowhere.
fn is_absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// A name for the file while it is made.
fn beside(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(format!(".{}.tmp", new_id()));
    Some(path.with_file_name(name))
}

/// Makes the file, if there is none, beside its place and puts it there whole, and on the disk: no kill leaves an
/// empty one, which therefore says that something else has happened.
pub(super) fn begin(path: &Path) -> Result<(), JournalError> {
    let Some(beside) = beside(path).filter(|_| is_absent(path)) else { return Ok(()) };
    let make = || {
        let db = Connection::open(&beside)?;
        // Nothing is lost with a file that has no name yet.
        db.pragma_update(None, "journal_mode", "OFF")?;
        make_tables(&db)?;
        db.close().map_err(|(_, error)| error)
    };
    let made = make().map_err(|error| fault(path, error));
    let placed =
        made.and_then(|()| place(&beside, path).map_err(|error| JournalError::Io(path.to_owned(), error.to_string())));
    drop(fs::remove_file(&beside));
    placed
}

/// Gives the file its name, unless another process was faster: then that one's counts.
fn place(beside: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without second names.
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            if is_absent(path) {
                fs::rename(beside, path)
            } else {
                Ok(())
            }
        }
        other => other,
    }
}
