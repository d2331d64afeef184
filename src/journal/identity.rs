//! What makes a run the same run: what it reads, and what shapes its records.
//!
//! Must not know flags: whoever starts a run says what belongs to it.

use std::{fmt, fs::File, io, path::Path};

use sha2::{Digest as _, Sha256};

use crate::model::{escape::visible, record::hex};

/// Names of things and what they are, in the order in which they are to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity(Vec<(String, String)>);

/// What is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about (`--select`, `urls.txt`).
    pub name: String,
    /// As it was when the run began, and as it is now; `None` where it is not there.
    pub then: Option<String>,
    /// As it is now.
    pub now: Option<String>,
}

/// Longest value that is shown; digests are never shown.
const SHOWN: usize = 80;
/// Stands before what is compared and never shown.
const DIGEST: &str = "sha256:";

impl Identity {
    /// Adds a thing.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Adds the content of a file, by its SHA-256 in hex.
    pub fn with_content(self, name: impl Into<String>, sha256: &str) -> Self {
        self.with(name, format!("{DIGEST}{sha256}"))
    }

    /// All of it as text: a line each, name and value apart by a tab.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{}\t{}\n", visible(name), visible(value))).collect()
    }

    /// What [`to_text`](Self::to_text) wrote.
    pub fn from_text(text: &str) -> Identity {
        let pairs = text.lines().filter_map(|line| line.split_once('\t'));
        Identity(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// What differs between the run as it `was` and this one.
    pub fn differences(&self, was: &Identity) -> Vec<Difference> {
        let now = Identity::from_text(&self.to_text());
        let of = |identity: &Identity, name: &str| {
            let values = identity.0.iter().filter(|pair| pair.0 == name).map(|pair| pair.1.as_str());
            Some(values.collect::<Vec<_>>()).filter(|values| !values.is_empty()).map(|values| values.join(", "))
        };
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in was.0.iter().chain(&now.0) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let differs = |name: &&str| of(was, name) != of(&now, name);
        let told = |name: &str| Difference { name: name.to_owned(), then: of(was, name), now: of(&now, name) };
        names.into_iter().filter(differs).map(told).collect()
    }
}

/// SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// SHA-256 of a file's content, in hex.
///
/// # Errors
/// The file cannot be read.
pub fn digest_of_file(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hex(digest.finalize().as_slice())),
            read => digest.update(&buffer[..read]),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { name, then, now } = self;
        let is_digest = |value: &Option<String>| value.as_ref().is_some_and(|value| value.starts_with(DIGEST));
        if is_digest(then) && is_digest(now) {
            return write!(f, "{name} has changed");
        }
        let shown = |value: &Option<String>| match value {
            None => "not given".to_owned(),
            Some(value) if value.starts_with(DIGEST) => "given".to_owned(),
            Some(value) if value.chars().count() > SHOWN => {
                format!("{}…", value.chars().take(SHOWN).collect::<String>())
            }
            Some(value) => value.clone(),
        };
        write!(f, "{name} was {}, and is {}", shown(then), shown(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Identity {
        Identity::default().with("command", "fetch").with("source", "a.txt").with("source", "b\tc\n.txt")
    }

    #[test]
    fn the_same_run_has_no_differences_also_through_its_text() {
        let was = Identity::from_text(&run().with_content("a.txt", "00").to_text());
        assert_eq!(run().with_content("a.txt", "00").differences(&was), []);
    }

    #[test]
    fn what_differs_is_told_by_name_then_and_now() {
        let was = Identity::from_text(&run().with_content("a.txt", "00").with("--data", "sha256:11").to_text());
        let now = run().with("source", "c.txt").with_content("a.txt", "01").with("--select", "x".repeat(100));
        let told: Vec<_> = now.differences(&was).iter().map(Difference::to_string).collect();
        assert_eq!(told[0], "source was a.txt, b\\u{9}c\\u{a}.txt, and is a.txt, b\\u{9}c\\u{a}.txt, c.txt");
        assert_eq!(told[1..3], ["a.txt has changed", "--data was given, and is not given"]);
        assert_eq!(told[3], format!("--select was not given, and is {}…", "x".repeat(80)));
    }
}
