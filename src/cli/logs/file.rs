//! The file of `--log`: added to, for its owner alone, and found again where another program has moved it away.
//!
//! Pieces are whole lines, there as a whole or not at all. What goes wrong is told once and ends nothing. Must
//! not know what is in it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fetchall::sink::outlet::{self, Outlet};

/// How often it is looked whether the file is still there by its name.
const LOOK: Duration = Duration::from_secs(1);

/// A file that lines are added to.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    out: Outlet,
    /// What tells the file from another of its name.
    id: Option<(u64, u64)>,
    looked: Instant,
    /// The last piece could not be written.
    is_broken: bool,
}

impl LogFile {
    /// Opens it, or makes it.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<LogFile> {
        if !may_be_added_to(path) {
            return Err(io::Error::other("it is there and is no log; give the log a file of its own"));
        }
        let file = open(path)?;
        let id = file.metadata().ok().and_then(|facts| id(&facts));
        Ok(LogFile { path: path.to_owned(), out: outlet::file(file), id, looked: Instant::now(), is_broken: false })
    }

    /// Adds lines; a fault is told when it begins.
    pub fn write(&mut self, piece: &str) -> Option<String> {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.find_again();
        }
        let written = self.out.write_all(piece.as_bytes());
        let was_broken = std::mem::replace(&mut self.is_broken, written.is_err());
        let fault = written.err().filter(|_| !was_broken)?;
        let name = self.path.display();
        Some(format!("cannot write {name}: {fault}; the run goes on, and lines of the log are lost"))
    }

    /// Opens the file of its name anew where that is another one now, or none.
    fn find_again(&mut self) {
        let now = std::fs::metadata(&self.path).ok().and_then(|facts| id(&facts));
        if self.id.is_some()
            && now != self.id
            && let Ok(file) = open(&self.path)
        {
            self.id = file.metadata().ok().and_then(|facts| id(&facts));
            self.out = outlet::file(file);
        }
    }
}

/// A list or an output is not to get lines of a log by a slip: what is there begins as a log does, in either form.
fn may_be_added_to(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() > 0) {
        return true;
    }
    let mut head = [0; 11];
    let is_read = File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok();
    let is_date = |text: &[u8]| {
        let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(is_digit) && text.get(4) == Some(&b'-') && text.get(7) == Some(&b'-')
    };
    is_read && ((is_date(&head) && head[10] == b'T') || head.starts_with(b"{\"ts\":\"") || head[0] == b'(')
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// `None` where the system does not tell, and for what is no file.
fn id(facts: &std::fs::Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        facts.is_file().then(|| (facts.dev(), facts.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = facts;
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_log_is_added_to_and_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.log");
        let [text, json] = ["2026-11-22T07:34:26.066Z INFO  one\n", "{\"ts\":\"2026-11-22T07:34:26.066Z\"}\n"];
        for line in [text, json, text] {
            assert_eq!(LogFile::open(&path).unwrap().write(line), None);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), [text, json, text].concat());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for head in [text, json] {
            fs::write(&path, head).unwrap();
            assert!(LogFile::open(&path).is_ok(), "{head}");
        }
        for other in ["http://h.example/\n", "a\n", "{\"v\":1,\"type\":\"fetch\"}\n", "2026-11-22 a diary\n"] {
            fs::write(&path, other).unwrap();
            assert!(LogFile::open(&path).is_err(), "{other}");
        }
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("run.log"), dir.path().join("run.log.1"));
        let mut file = LogFile::open(&path).unwrap();
        assert_eq!(file.write("one\n"), None);
        fs::rename(&path, &old).unwrap();
        file.find_again();
        assert_eq!(file.write("two\n"), None);
        assert_eq!(
            (fs::read_to_string(&path).unwrap(), fs::read_to_string(&old).unwrap()),
            ("two\n".into(), "one\n".into())
        );
        fs::remove_file(&path).unwrap();
        file.find_again();
        assert_eq!(file.write("three\n"), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
    }

    #[test]
    fn a_full_disk_is_told_once_and_lines_come_again_when_there_is_room() {
        if !Path::new("/dev/full").exists() {
            return;
        }
        let mut file = LogFile::open(Path::new("/dev/full")).unwrap();
        assert!(file.write("one\n").is_some_and(|told| told.contains("/dev/full") && told.contains("goes on")));
        assert_eq!(file.write("two\n"), None);
        let dir = tempfile::tempdir().unwrap();
        file.out = outlet::file(open(&dir.path().join("x")).unwrap());
        assert_eq!(file.write("three\n"), None);
        assert!(!file.is_broken);
    }
}
