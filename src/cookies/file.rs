//! A jar in a file: read before a run, written after it.
//!
//! The one place of this room that touches files. A file is replaced whole, and only its owner may
//! read it: it is as good as a password. Must not know what stands in it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{CookieFormat, CookieJar, CookieTextError, Loaded};
use crate::replace;

/// Longest file, in bytes: more than a full jar.
const LONGEST_FILE: u64 = 32 << 20;

/// Why a file of cookies cannot be used. It never holds a value.
#[derive(Debug, thiserror::Error)]
pub enum CookieFileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no list of cookies.
    #[error("{}, {source}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong where.
        source: CookieTextError,
    },
    /// It cannot be written.
    #[error("cannot write the cookies to {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The format of a file by its name: `.json` is JSON, everything else is Netscape's.
pub fn format(path: &Path) -> CookieFormat {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json { CookieFormat::Json } else { CookieFormat::Netscape }
}

/// Puts what is in the file into the jar; `None` if there is no such file.
///
/// # Errors
/// A file that cannot be read, or with a line that is no cookie.
pub fn load(path: &Path, jar: &CookieJar) -> Result<Option<Loaded>, CookieFileError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_FILE + 1).read_to_end(&mut bytes));
    let path = || path.to_owned();
    match read {
        Ok(_) if bytes.len() as u64 > LONGEST_FILE => {
            let source = io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 32 MiB");
            return Err(CookieFileError::Read { path: path(), source });
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(CookieFileError::Read { path: path(), source }),
    }
    let text = str::from_utf8(&bytes).map_err(|error| {
        let line = 1 + memchr::memchr_iter(b'\n', bytes.get(..error.valid_up_to()).unwrap_or_default()).count();
        CookieTextError { line, message: "this is no UTF-8".to_owned() }
    });
    let loaded = text.and_then(|text| jar.load(text));
    loaded.map(Some).map_err(|source| CookieFileError::Text { path: path(), source })
}

/// Writes the jar, in the format that the name says: into a new file (mode 0600) that then takes the
/// place of the old one. Links are followed; what is no regular file is written to as it is.
///
/// # Errors
/// A file that cannot be written; the old one is as it was.
pub fn save(path: &Path, jar: &CookieJar) -> Result<(), CookieFileError> {
    let text = jar.text(format(path));
    replace::secret(path, &text).map_err(|source| CookieFileError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LINE: &str = "h.example\tFALSE\t/\tFALSE\t0\ta\t1\n";

    #[test]
    fn a_jar_survives_in_either_format_and_only_its_owner_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        for (name, begins) in [("jar.txt", "# Netscape HTTP Cookie File\n"), ("jar.JSON", "[\n"), ("jar", "# Net")] {
            let path = dir.path().join(name);
            let jar = CookieJar::new();
            assert_eq!(load(&path, &jar).unwrap(), None, "there is no file yet");
            jar.load(LINE).unwrap();
            fs::write(&path, "").unwrap();
            save(&path, &jar).unwrap();
            assert!(fs::read_to_string(&path).unwrap().starts_with(begins), "{name}");
            let again = CookieJar::new();
            assert_eq!(load(&path, &again).unwrap(), Some(Loaded { kept: 1, ..Loaded::default() }));
            assert_eq!(again.text(CookieFormat::Netscape), jar.text(CookieFormat::Netscape));
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left over");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jar.txt");
        fs::write(&path, format!("{LINE}b\tCANARY\n")).unwrap();
        let told = load(&path, &CookieJar::new()).unwrap_err().to_string();
        assert!(told.ends_with("jar.txt, line 2: a cookie has 7 fields parted by tabs, not 2"), "{told}");
        fs::write(&path, b"# x\n\xff\n").unwrap();
        assert!(load(&path, &CookieJar::new()).unwrap_err().to_string().ends_with("line 2: this is no UTF-8"));
        assert!(matches!(load(dir.path(), &CookieJar::new()), Err(CookieFileError::Read { .. })));
        assert!(matches!(save(&dir.path().join("no/jar"), &CookieJar::new()), Err(CookieFileError::Write { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("jar"), dir.path().join("link"));
        fs::write(&path, LINE).unwrap();
        std::os::unix::fs::symlink("jar", &link).unwrap();
        save(&link, &CookieJar::new()).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(!fs::read_to_string(&path).unwrap().contains("h.example"));
    }
}
