//! Archives of what crossed the network: what is in them, read again, answered from, gone on with.
//!
//! What is written here is kept in `target/tmp/warcs` too, where `tests/warc.sh` lets other tools judge it.

mod again;
mod kept;
mod killed;
mod verify;

use std::{fs, path::Path};

use fetchall::source::warc::{Head, Reader};

use crate::support::*;

impl Shelf {
    /// The records of an archive, which other tools get to see as well.
    fn read(&self, name: &str) -> Vec<Entry> {
        let path = self.path(name);
        judge(&path);
        entries(&path)
    }
}

/// Keeps an archive for the judges.
fn judge(path: &Path) {
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("warcs");
    fs::create_dir_all(&shelf).unwrap();
    let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let name = format!("{}-{}", folder.trim_start_matches('.'), path.file_name().unwrap().to_str().unwrap());
    fs::copy(path, shelf.join(name)).unwrap();
}

/// A record as a test looks at it.
struct Entry {
    head: Head,
    block: Vec<u8>,
}

impl Entry {
    fn field(&self, name: &str) -> &str {
        self.head.get(name).unwrap_or_default()
    }

    fn url(&self) -> &str {
        self.head.url().unwrap_or_default()
    }

    /// Head of the HTTP message, as text.
    fn message(&self) -> String {
        let end = self.block.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        String::from_utf8_lossy(&self.block[..end]).into_owned()
    }

    fn content(&self) -> &[u8] {
        let end = self.block.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        &self.block[end + 4..]
    }
}

fn entries(path: &Path) -> Vec<Entry> {
    let mut reader = Reader::at(path, 0).unwrap();
    let mut all = Vec::new();
    while let Some(head) = reader.next_head().unwrap() {
        assert!(head.is_first, "a member for each record");
        all.push(Entry { block: reader.block(1 << 30).unwrap(), head });
    }
    assert_eq!(reader.whole(), fs::metadata(path).unwrap().len());
    all
}

/// Those of one kind.
fn of_kind<'a>(all: &'a [Entry], kind: &'a str) -> Vec<&'a Entry> {
    all.iter().filter(|entry| entry.head.kind() == kind).collect()
}

/// The answer to a path.
fn answer<'a>(all: &'a [Entry], path: &str) -> &'a Entry {
    let is_answer =
        |entry: &&Entry| ["response", "revisit"].contains(&entry.head.kind()) && entry.url().ends_with(path);
    all.iter().find(is_answer).unwrap_or_else(|| panic!("no answer of {path}"))
}
