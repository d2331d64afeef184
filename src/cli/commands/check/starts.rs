//! What the words on the command line of `check` mean.

use std::{
    io::{self, IsTerminal as _, Read as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use fetchall::{checker::Start, source};
use url::Url;

/// Largest text that is read from stdin, in bytes.
const STDIN_BYTES: u64 = 64 << 20;

/// The name of stdin in findings.
const STDIN: &str = "(stdin)";

/// Where links are looked for; `None` if nothing is named and nobody pipes a document in.
pub fn of(words: &[String]) -> anyhow::Result<Option<Vec<Start>>> {
    if words.is_empty() {
        return Ok(if io::stdin().is_terminal() { None } else { Some(vec![stdin()?]) });
    }
    if words.iter().filter(|word| *word == "-").count() > 1 {
        bail!("stdin (-) can be read once");
    }
    words.iter().map(|word| start(word)).collect::<anyhow::Result<_>>().map(Some)
}

fn start(word: &str) -> anyhow::Result<Start> {
    if word == "-" {
        return stdin();
    }
    if word.contains("://") {
        let url = Url::parse(word).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        return match url {
            Some(url) => Ok(Start::Page(url)),
            None => bail!(
                "`{}` is not an address that can be fetched; write https://example.com/",
                fetchall::model::redact::line(word, false)
            ),
        };
    }
    let path = Path::new(word);
    if path.exists() || is_pattern(word) {
        return Ok(Start::Path(path.to_owned()));
    }
    match source::spec(word) {
        Err(error) => Err(error.into()),
        // It has come into being since.
        Ok(_) => Ok(Start::Path(path.to_owned())),
    }
}

/// Whether a word that is no path may stand for some.
fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?', '[', '{'])
}

fn stdin() -> anyhow::Result<Start> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(STDIN_BYTES + 1).read_to_end(&mut bytes).context("cannot read stdin")?;
    if bytes.len() as u64 > STDIN_BYTES {
        bail!("stdin is longer than {} MiB; write it to a file", STDIN_BYTES >> 20);
    }
    Ok(Start::Text(STDIN.to_owned(), String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_an_address_a_path_a_pattern_or_an_error() {
        assert!(matches!(start("https://h.example/x"), Ok(Start::Page(_))));
        assert!(matches!(start("Cargo.toml"), Ok(Start::Path(_))));
        assert!(matches!(start("docs/**/*.{md,html}"), Ok(Start::Path(_))));
        for (word, told) in [
            ("ftp://h.example/", "not an address that can be fetched"),
            ("https://", "not an address"),
            ("docs/architecure.md", "did you mean the file `docs/architecture.md`?"),
            ("example.com", "write https://example.com"),
        ] {
            let error = start(word).unwrap_err().to_string();
            assert!(error.contains(told), "{word}: {error}");
        }
        assert!(of(&["-".to_owned(), "-".to_owned()]).is_err());
    }
}
