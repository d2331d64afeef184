//! What a file of the project may not say: whoever clones a repository has not read its
//! `fetchall.toml`, and owns it all the same.
//!
//! The user's own file and `--config` are not bound by this; what a file of the project extends is.

use std::path::{Component, Path};

use super::{keys::Takes, words::path_in};

/// Keys that such a file may not set at all, the only list of them:
///
/// - whom secrets and requests go to, and whom they are believed: `report-errors`, `proxy`, `no-proxy`, `resolve`,
///   `insecure`, `ca`, `cert`, `key`
/// - what is read of the user's files and environment, to be sent: `netrc`, `auth-file`, `data`, `recipe`
///   (its login fills forms from the environment)
/// - what changes the user's files, or forgets or repeats what was done: `fix`, `update-baseline`,
///   `restart`, `retry-unsafe`
/// - what lets others ask this machine: `metrics`, `dashboard`
const NEVER: [&str; 18] = [
    "auth-file",
    "ca",
    "cert",
    "dashboard",
    "data",
    "fix",
    "insecure",
    "key",
    "metrics",
    "netrc",
    "no-proxy",
    "proxy",
    "recipe",
    "report-errors",
    "resolve",
    "restart",
    "retry-unsafe",
    "update-baseline",
];

/// Keys whose values name what is written: it has to lie in the folder of the file.
const WRITTEN: [&str; 12] =
    ["baseline", "cache", "cookies", "log", "output", "report", "resume", "save", "sink", "state", "trace", "warc"];

/// Keys whose values begin with `@` where a file is read.
const READ_BY_AT: [&str; 1] = ["header"];

/// What is wrong with a key of a file of the project, if anything is; `words` are as they would be
/// typed, with paths placed.
pub fn fault(long: &str, takes: Takes, words: &[String], folder: &Path) -> Option<String> {
    let only = "this counts only in your own file or with --config";
    let is_off = takes == Takes::Switch && words.iter().all(|word| word == "false");
    if NEVER.contains(&long) && !is_off {
        return Some(format!("`{long}` in a file of a project: {only}"));
    }
    if long == "private-ips" && words.iter().any(|word| !word.eq_ignore_ascii_case("deny")) {
        return Some(format!("`{long}` other than \"deny\" in a file of a project: {only}"));
    }
    if READ_BY_AT.contains(&long) && words.iter().any(|word| word.starts_with('@')) {
        return Some(format!("`{long}` reads a file by @: {only}"));
    }
    if !WRITTEN.contains(&long) {
        return None;
    }
    words.iter().find_map(|word| match path_in(long, true, word) {
        // Records in somebody's database, with a password of this machine.
        None if long == "sink" && word != "-" => Some(format!("`{long}` names what is no file: {only}")),
        None => None,
        Some((_, path)) if !lies_in(Path::new(path), folder) => {
            Some(format!("`{long}` writes outside the folder of this file, or into its .git: {only}"))
        }
        Some((_, path)) if long == "save" && Path::new(path).join(".git").exists() => {
            Some(format!("`{long}` writes beside .git: {only}"))
        }
        Some(_) => None,
    })
}

/// What such a file may do with a key, for the page of keys.
#[cfg(test)]
pub fn bound(long: &str) -> super::Bound {
    match long {
        _ if NEVER.contains(&long) => super::Bound::Never,
        _ if WRITTEN.contains(&long) => super::Bound::Inside,
        _ if READ_BY_AT.contains(&long) || long == "private-ips" => super::Bound::Partly,
        _ => super::Bound::Free,
    }
}

/// Whether a path, there or not, leads into a folder, links followed, and not into its `.git`.
fn lies_in(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let is_plain = |rest: &Path| {
        rest.components().all(|part| match part {
            Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
            Component::CurDir => true,
            _ => false,
        })
    };
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = path.strip_prefix(ancestor).unwrap_or(path);
            return is_plain(rest) && real.strip_prefix(&folder).is_ok_and(is_plain);
        }
        // A link to what is not there yet: writing would make it.
        if ancestor.symlink_metadata().is_ok() {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_has_to_lie_in_the_folder_links_followed() {
        let top = tempfile::tempdir().unwrap();
        let (home, folder) = (top.path().join("home"), top.path().join("home/repo"));
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        for inside in ["out.jsonl", "new/out.jsonl", "sub/../out.jsonl", ".", "./sub/x"] {
            assert!(lies_in(&folder.join(inside), &folder), "{inside}");
        }
        for outside in ["..", "../out", "new/../../out", "/out", ".git/config", "sub/.GIT/config"] {
            assert!(!lies_in(&folder.join(outside), &folder), "{outside}");
        }
        #[cfg(unix)]
        for (link, to) in [("away", home.as_path()), ("nowhere", &home.join("gone"))] {
            std::os::unix::fs::symlink(to, folder.join(link)).unwrap();
            assert!(!lies_in(&folder.join(link), &folder) && !lies_in(&folder.join(link).join("x"), &folder), "{link}");
        }
    }

    #[test]
    fn a_switch_that_is_off_and_a_stricter_gate_are_fine() {
        let fault = |long, takes, word: &str| fault(long, takes, &[word.to_owned()], Path::new("/")).is_some();
        assert!(fault("insecure", Takes::Switch, "true") && !fault("insecure", Takes::Switch, "false"));
        assert!(fault("private-ips", Takes::One, "allow") && !fault("private-ips", Takes::One, "DENY"));
        assert!(fault("header", Takes::Many, "@x") && !fault("header", Takes::Many, "X: @x"));
        assert!(fault("sink", Takes::Many, "postgres://h/d") && !fault("cookies", Takes::One, "on"));
    }
}
