//! The course of a run that has not come to its end: its answers, in a file beside `--state`.
//!
//! Documents are read again and findings written anew; what was answered is not asked again. Must not
//! know what answers mean.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};
use fetchall::{
    check::{
        answers::Answers,
        cache::{Cache, Cached},
    },
    journal::Identity,
};
use serde::{Deserialize, Serialize};

use crate::cli::{continued, flags::CheckFlags, terminal::Voice};

/// What stands behind the name of `--state`.
const SUFFIX: &str = ".run";

/// What the first line of the file begins with.
const BEGINNING: &[u8] = br#"{"fetchall":"check","identity":"#;

/// The first line of the file.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The command.
    fetchall: String,
    /// [`Identity::to_text`] of the run.
    identity: String,
}

/// Where the answers of a run are, while it is under way.
#[derive(Debug)]
pub struct Course {
    path: PathBuf,
    /// How to go on after a stop, in a sentence.
    pub again: String,
}

impl Course {
    /// Opens the file beside `--state`, if that is given, and keeps everybody else out of it.
    pub fn open(flags: &CheckFlags, voice: &Voice) -> anyhow::Result<Option<(Course, Answers)>> {
        let Some(state) = &flags.memory.state else { return Ok(None) };
        let mut path = state.clone().into_os_string();
        path.push(SUFFIX);
        let path = PathBuf::from(path);
        if flags.memory.files().any(|other| *other == path) {
            bail!("{} is where --state keeps answers; it cannot be another file too", path.display());
        }
        let identity = continued::identity_of_check(&flags.given)?;
        let (rows, file) = read(&path, &identity, flags.memory.restart)?;
        if let Some(oldest) = rows.oldest() {
            let count = match rows.len() {
                1 => "1 address was".to_owned(),
                count => format!("{count} addresses were"),
            };
            voice.line(&format!("{}: {count} answered before, since {oldest}; going on", path.display()));
        }
        let reads_stdin = flags.sources.iter().any(|source| source == "-");
        let again = continued::command_again(&flags.given, None, reads_stdin);
        Ok(Some((Course { path, again }, Answers::new(rows, Box::new(file)))))
    }

    /// The run is over and everything was said: the next one asks anew.
    pub fn over(&self) -> Result<(), String> {
        fs::remove_file(&self.path).map_err(|error| format!("cannot remove {}: {error}", self.path.display()))
    }

    /// What is said of a log that took no more.
    pub fn told(&self, fault: &io::Error) -> String {
        format!("cannot write {}: {fault}", self.path.display())
    }
}

fn read(path: &Path, identity: &Identity, restart: bool) -> anyhow::Result<(Cache, File)> {
    let name = path.display();
    if path.exists() && !path.is_file() {
        bail!("--state: {name} is no file");
    }
    let open = File::options().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = open.with_context(|| format!("--state: cannot use {name}"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!("{name} is in use by another run"),
        // A file system without locks: nobody else can be kept out.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => bail!("--state: cannot use {name}: {error}"),
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(|| format!("--state: cannot read {name}"))?;
    let foreign = || anyhow!("{name} is no state of fetchall's; it is left as it is");
    let text = std::str::from_utf8(whole_lines(&bytes)).map_err(|_| foreign())?;
    let (rows, length) = match text.split_once('\n') {
        // Killed before the first line was whole.
        None if BEGINNING.starts_with(&bytes[..bytes.len().min(BEGINNING.len())]) => (Cache::default(), 0),
        None => return Err(foreign()),
        Some((head, rest)) => {
            let was = serde_json::from_str::<Head>(head).ok().filter(|head| head.fetchall == "check");
            let was = Identity::from_text(&was.ok_or_else(foreign)?.identity);
            let (rows, length) = rows(rest);
            let differences = identity.differences(&was);
            match () {
                () if restart => (Cache::default(), 0),
                () if differences.is_empty() => (rows, head.len() + 1 + length),
                // A run that was answered nothing yet may become another.
                () if rows.is_empty() => (rows, 0),
                () => {
                    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
                    bail!("{name} belongs to another run: {}; --restart begins anew", told.join("; "));
                }
            }
        }
    };
    let begin = |file: &mut File| {
        file.set_len(length as u64)?;
        file.seek(SeekFrom::End(0))?;
        if length == 0 {
            let head = Head { fetchall: "check".to_owned(), identity: identity.to_text() };
            file.write_all((serde_json::to_string(&head)? + "\n").as_bytes())?;
        }
        Ok::<_, io::Error>(())
    };
    begin(&mut file).with_context(|| format!("--state: cannot write {name}"))?;
    Ok((rows, file))
}

/// What of a text ends with a line's end: what a kill tore is left out.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    &bytes[..end]
}

/// The answers, and the length of their lines. What the end of the machine took is asked for again, and so
/// is what is behind it.
fn rows(lines: &str) -> (Cache, usize) {
    let (mut rows, mut length) = (Cache::default(), 0);
    for line in lines.split_inclusive('\n') {
        let Ok(row) = serde_json::from_str::<Cached>(line) else { break };
        rows.put(row);
        length += line.len();
    }
    (rows, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"url":"https://a/","status":200,"checked_at":"2026-01-01T00:00:00Z"}"#;

    fn opened(path: &Path, identity: &Identity, restart: bool) -> Result<usize, String> {
        read(path, identity, restart).map(|(rows, _)| rows.len()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn whole_lines_count_and_what_is_behind_them_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let (path, run) = (dir.path().join("s.run"), Identity::default().with("command", "check"));
        assert_eq!(opened(&path, &run, false), Ok(0));
        let head = fs::read_to_string(&path).unwrap();
        for (more, count) in
            [(format!("{ROW}\n"), 1), (format!("{ROW}\n{{\"url\":\"https"), 1), (format!("{ROW}\n\0\0\n{ROW}\n"), 1)]
        {
            fs::write(&path, format!("{head}{more}")).unwrap();
            assert_eq!(opened(&path, &run, false), Ok(count), "{more}");
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{head}{ROW}\n"));
        }
        for torn in [&head[..25], head.trim_end()] {
            fs::write(&path, torn).unwrap();
            assert_eq!(opened(&path, &run, false), Ok(0), "a torn head");
            assert_eq!(fs::read_to_string(&path).unwrap(), head);
        }
    }

    #[test]
    fn another_run_another_file_and_another_process_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let (path, run) = (dir.path().join("s.run"), Identity::default().with("--accept", "2xx"));
        let (_, open) = read(&path, &run, false).unwrap();
        assert!(opened(&path, &run, false).unwrap_err().contains("in use by another run"));
        drop(open);
        fs::write(&path, fs::read_to_string(&path).unwrap() + ROW + "\n").unwrap();
        let other = Identity::default().with("--accept", "404");
        let told = opened(&path, &other, false).unwrap_err();
        assert!(told.contains("--accept was 2xx, and is 404; --restart begins anew"), "{told}");
        assert_eq!(opened(&path, &other, true), Ok(0));
        for text in ["notes", "{\"a\":1}\n", "x\ny\n", "123456789012345678\u{e9} notes"] {
            fs::write(&path, text).unwrap();
            assert!(opened(&path, &run, false).unwrap_err().contains("no state of fetchall's"), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
