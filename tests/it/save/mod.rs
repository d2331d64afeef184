//! Bodies as files: what they are called, what is in them, and what is left when a run ends in the middle.

mod broken;
mod kept;
mod names;
mod ranges;

use std::{fs, path::Path};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::*;

impl Shelf {
    /// A run that saves in `pages`.
    fn save<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Fetchall {
        fetchall(args.into_iter().chain(["--save=pages", "--backoff=1ms..2ms"])).dir(self.0.path())
    }

    /// Paths of all files below a folder, sorted.
    fn all(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let (mut out, mut folders) = (Vec::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => out.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()),
                }
            }
        }
        out.sort();
        out
    }

    /// What is in the file that a record names.
    #[track_caller]
    fn saved(&self, record: &Value) -> Vec<u8> {
        let path = record["saved"]["path"].as_str().unwrap_or_else(|| panic!("nothing saved: {record}"));
        let bytes = fs::read(self.path(path)).unwrap();
        assert_eq!(record["bytes"], bytes.len(), "{record}");
        assert_eq!(record["sha256"], sha256(&bytes), "{record}");
        bytes
    }
}

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Bytes that differ from place to place.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// Waits until something is there.
async fn until(what: impl Fn() -> bool) {
    for _ in 0..5_000 {
        if what() {
            return;
        }
        tokio::time::sleep(ms(2)).await;
    }
    panic!("it never came");
}

fn is_part(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ext| ext == "part")
}
