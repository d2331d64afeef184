//! Sessions: cookies that outlive a run, and logging in.

mod jars;
mod logins;

use std::{fs, path::PathBuf};

use crate::support::*;

/// A folder of its own.
fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("fetchall-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep()
}

/// A file with this text, in a folder of its own.
fn file(name: &str, text: &str) -> String {
    let path = folder().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
