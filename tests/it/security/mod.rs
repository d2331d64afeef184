//! Secrets, trust and what others would have us do: held as a server, a reader or an attacker sees it.

mod canaries;
mod fields;
mod injection;
mod planted;
mod private;
mod redirects;
mod strangers;
mod supply;

use std::{fs, path::PathBuf, process::Command, sync::OnceLock};

use crate::support::*;

/// A folder that stays for the test run.
fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("fetchall-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep()
}

/// A file of its own with this text.
fn file(name: &str, text: &str) -> String {
    let path = folder().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The resolver and the network of `resolver.c`; `None` where there is no C compiler.
fn resolver() -> Option<&'static str> {
    static LIBRARY: OnceLock<Option<String>> = OnceLock::new();
    let build = || {
        let library = folder().join("resolver.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/security/resolver.c");
        let args = ["-shared", "-fPIC", "-O1", "-o", library.to_str()?, source, "-ldl"];
        let built = Command::new("cc").args(args).output().ok()?;
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Some(library.to_str()?.to_owned())
    };
    LIBRARY.get_or_init(build).as_deref()
}

/// A run in a world where names mean what `dns` says (see `resolver.c`), and what it connected to, each address once
/// for every connection.
pub async fn in_world(dns: &str, args: &[&str]) -> Option<(Run, Vec<String>)> {
    let Some(library) = resolver() else {
        eprintln!("skipped: there is no C compiler here");
        return None;
    };
    let log = folder().join("connections");
    let run = fetchall(args).env("LD_PRELOAD", library).env("FAKE_DNS", dns).env("FAKE_LOG", &log).run().await;
    let log = fs::read_to_string(&log).unwrap_or_default();
    Some((run, log.lines().map(str::to_owned).collect()))
}

/// The one address of that world that is public; it leads to 127.0.0.1.
const PUBLIC: &str = "93.184.215.14";
