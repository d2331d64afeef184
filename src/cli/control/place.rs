//! Where the sockets of this user's runs lie, and nobody else's.
//!
//! `$XDG_RUNTIME_DIR/fetchall`, else `fetchall-UID` in the folder for temporary files. A folder that somebody
//! else owns, or may look into, is not used: who puts a socket there could read what runs do, or be asked in
//! their place. Must not know what is said over a socket.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::socket;

/// Where there may be sockets, the first where one is made. With the process's own environment.
pub fn folders() -> Vec<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let temporary = std::env::temp_dir().join(format!("fetchall-{uid}"));
    runtime.map(|runtime| runtime.join("fetchall")).into_iter().chain([temporary]).collect()
}

/// Whether a folder is there and is this user's alone; the error says what is wrong with it.
pub fn judge(folder: &Path) -> io::Result<()> {
    let facts = fs::symlink_metadata(folder)?;
    let wrong =
        |what: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} {what}", folder.display())));
    if !facts.is_dir() {
        return wrong("is no folder");
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return wrong("belongs to somebody else");
    }
    if facts.permissions().mode() & 0o077 != 0 {
        return wrong("is open to others");
    }
    Ok(())
}

/// A folder that is this user's alone, made if need be: the first that can be had.
pub fn open() -> io::Result<PathBuf> {
    let mut last = io::Error::other("there is no folder for it");
    for folder in folders() {
        match make(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn make(folder: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    judge(folder)
}

/// The socket of a process.
pub fn socket_of(folder: &Path, pid: u32) -> PathBuf {
    folder.join(format!("{pid}.sock"))
}

/// The sockets in a folder, each with the process it is named after.
pub fn sockets(folder: &Path) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let named = |path: PathBuf| {
        let pid = path.file_name()?.to_str()?.strip_suffix(".sock")?.parse().ok()?;
        Some((pid, path))
    };
    let mut sockets: Vec<_> = entries.filter_map(Result::ok).filter_map(|entry| named(entry.path())).collect();
    sockets.sort_unstable();
    sockets
}

/// Removes the sockets that nobody listens at: their runs were killed. Never one whose run may live: it is
/// there under its name only once somebody listens.
pub fn sweep(folder: &Path) {
    for (_, path) in sockets(folder) {
        if socket::connect(&path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            // Somebody else may have been quicker.
            drop(fs::remove_file(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_folder_that_others_may_look_into_or_that_is_a_link_is_refused() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("fetchall");
        make(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        make(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(make(&folder).unwrap_err().to_string().contains("open to others"));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let link = top.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(make(&link).unwrap_err().to_string().contains("no folder"));
        assert!(judge(&top.path().join("nowhere")).is_err());
    }

    #[test]
    fn only_sockets_that_nobody_listens_at_are_swept() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().join(name);
        let live = UnixListener::bind(at("1.sock")).unwrap();
        drop(UnixListener::bind(at("2.sock")).unwrap());
        drop(UnixListener::bind(at("notes.sock")).unwrap());
        fs::write(at("3.txt"), "").unwrap();
        sweep(top.path());
        let mut left: Vec<_> = fs::read_dir(top.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["1.sock", "3.txt", "notes.sock"]);
        drop(live);
    }
}
