//! Everything that `extract` takes.

use fetchall::{
    settings::{Pages, Settings},
    source::{saved::Kind, walk::Walk},
};
use url::Url;

use super::{BadFlag, ExtractFlags, OutputFlags, SaveFlags};

/// Flags of `extract`.
#[derive(clap::Args, Debug, Default)]
pub struct SavedFlags {
    /// Saved page, folder of them, records with bodies, WARC file, or - for stdin
    ///
    /// In folders, files that end in html, json, xml, txt and the like are read; what is named itself
    /// is read whatever its name. Records are what `fetch --with body` wrote, a line each. WARC files
    /// (`fetch --warc`) have pages that answered well. All may be packed by gzip. Without any, a pipe on stdin is read.
    #[arg(value_name = "FILE|DIR|-")]
    pub sources: Vec<String>,
    /// The address that the folders stand for
    ///
    /// Addresses in pages are relative to it and to the path below the folder. Without it they are
    /// relative to the file itself. Records know theirs.
    #[arg(long, value_name = "URL", value_parser = base_url, help_heading = "Choose")]
    pub base_url: Option<Url>,
    /// What the sources are: records or page [default: by name and first bytes]
    ///
    /// Of what is named itself and of stdin; files in folders are pages.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, help_heading = "Choose")]
    pub input_format: Option<SavedFormat>,
    /// Read hidden files and folders too
    #[arg(long, help_heading = "Choose")]
    pub hidden: bool,
    /// Read what .gitignore and .ignore leave out too
    #[arg(long, help_heading = "Choose")]
    pub no_ignore: bool,
    #[command(flatten)]
    pub extract: ExtractFlags,
    #[command(flatten)]
    pub save: SaveFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `--input-format` of `extract`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SavedFormat {
    /// a record a line
    Records,
    /// one page
    Page,
}

impl From<SavedFormat> for Kind {
    fn from(format: SavedFormat) -> Self {
        match format {
            SavedFormat::Records => Kind::Records,
            SavedFormat::Page => Kind::Document,
        }
    }
}

fn base_url(text: &str) -> Result<Url, String> {
    let wrong = || format!("`{text}` is not an address; write https://example.com/docs/");
    let url = Url::parse(text).map_err(|_| wrong())?;
    if url.cannot_be_a_base() || !url.has_host() { Err(wrong()) } else { Ok(url) }
}

impl SavedFlags {
    /// What is read out of pages.
    pub fn resolve(&self) -> Result<Pages, BadFlag> {
        let mut settings = Settings::default();
        // A login of the recipe is for the network.
        self.extract.resolve(&mut settings)?;
        let with = settings.pages.with;
        if with.headers || with.tls || with.attempts {
            return Err(BadFlag::new(
                "--with",
                "saved pages have body and links; the other keys are those of a request",
            ));
        }
        Ok(settings.pages)
    }

    /// Which files of a folder.
    pub fn walk(&self) -> Walk {
        Walk { hidden: self.hidden, all: self.no_ignore, ..Walk::default() }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        flags: SavedFlags,
    }

    #[test]
    fn what_only_a_request_has_cannot_be_asked_of_saved_pages() {
        let resolve = |with: &str| Typed::parse_from(["x", "--with", with]).flags.resolve();
        assert!(resolve("body,links").is_ok_and(|pages| pages.with.body && pages.with.links));
        for with in ["headers", "tls", "attempts"] {
            assert!(resolve(with).unwrap_err().to_string().starts_with("--with: saved pages"));
        }
    }

    #[test]
    fn a_base_is_an_address_with_a_host() {
        for text in ["docs", "mailto:a@b", "data:x", "https://"] {
            assert!(base_url(text).is_err(), "{text}");
        }
        assert!(base_url("https://example.com/docs").is_ok());
    }
}
