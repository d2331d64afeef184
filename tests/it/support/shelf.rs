//! A folder for one test.

use std::path::PathBuf;

use super::*;

/// A folder for one test; gone with it.
pub struct Shelf(pub tempfile::TempDir);

impl Shelf {
    pub fn new() -> Shelf {
        Shelf(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A run in it.
    pub fn fetchall(&self, args: &[&str]) -> Fetchall {
        fetchall(args.iter().copied()).dir(self.0.path())
    }
}
