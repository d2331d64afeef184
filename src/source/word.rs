//! What a word of the command line means.
//!
//! A mistyped file name must never become a DNS query, so a word without a scheme is a file or an
//! error. Looks at the file system, never into files.

use std::path::{Path, PathBuf};

use super::{SourceError, Spec, sniff};
use crate::model::units;

/// Files of a folder that are compared with a mistyped name at most.
const NAMES_COMPARED: usize = 10_000;

/// What `word` means: `-` is standard input, a word with `://` is a URL, an existing path is a
/// list; anything else is an error with a tip.
pub fn spec(word: &str) -> Result<Spec, SourceError> {
    if word == "-" {
        Ok(Spec::Stdin)
    } else if word.contains("://") {
        Ok(Spec::Literal(word.to_owned()))
    } else if Path::new(word).exists() {
        Ok(Spec::File(PathBuf::from(word)))
    } else {
        Err(SourceError::Unusable(missing(word)))
    }
}

/// The sentence for a word that is neither a URL nor a path.
pub(super) fn missing(word: &str) -> String {
    let tip = match nearest_file(Path::new(word)) {
        Some(near) => format!("; did you mean the file `{near}`?"),
        None if looks_like_host(word) => format!("; write https://{word} if the website is meant"),
        None => String::new(),
    };
    format!("`{word}` is neither a URL (it has no `://`) nor an existing file{tip}")
}

fn nearest_file(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let names: Vec<String> = std::fs::read_dir(folder.unwrap_or(Path::new(".")))
        .ok()?
        .take(NAMES_COMPARED)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let near = units::nearest(wanted, names.iter().map(String::as_str))?;
    // A tip that is only vaguely alike (urls.txt for hosts.txt) is noise.
    let edits = strsim::damerau_levenshtein(&wanted.to_lowercase(), &near.to_lowercase());
    (edits <= 1 + wanted.len() / 6).then(|| path.with_file_name(near).display().to_string())
}

fn looks_like_host(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let plain = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    labels.len() > 1
        && labels.iter().all(plain)
        && labels.last().is_some_and(|last| last.chars().all(char::is_alphabetic))
        && sniff::by_name(Path::new(host)) == sniff::ByName::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_stdin_a_url_a_path_or_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list");
        std::fs::write(&list, "").unwrap();
        assert_eq!(spec("-").unwrap(), Spec::Stdin);
        assert_eq!(spec("gopher://x").unwrap(), Spec::Literal("gopher://x".to_owned()));
        assert_eq!(spec(list.to_str().unwrap()).unwrap(), Spec::File(list));
        assert!(spec("").is_err());
        assert!(spec("no such thing").is_err());
    }

    #[test]
    fn a_word_that_looks_like_a_host_gets_the_scheme_as_a_tip() {
        for (word, meant) in [
            ("example.com", true),
            ("example.com/list.txt", true),
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("notes.md", false),
            ("urls.txt", false),
            ("a b.com", false),
            ("plain", false),
            ("v1.2", false),
        ] {
            let message = missing(word);
            assert_eq!(message.contains(&format!("write https://{word} ")), meant, "{message}");
        }
    }

    #[test]
    fn a_mistyped_file_names_its_neighbour() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("urls.txt"), "").unwrap();
        let message = spec(dir.path().join("ulrs.txt").to_str().unwrap()).unwrap_err().to_string();
        assert!(message.contains("did you mean the file") && message.contains("urls.txt`?"), "{message}");
        let message = spec(dir.path().join("completely.other").to_str().unwrap()).unwrap_err().to_string();
        assert!(!message.contains("did you mean"), "{message}");
    }
}
