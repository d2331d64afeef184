//! Flags exactly as typed, one file per group; each group is worked into the settings once.
//!
//! A group knows clap and its own part of the settings. It must not know what a run does with
//! them. No message repeats a value that may hold a secret.

mod auth_file;
mod cache;
pub mod check;
mod choose;
mod config;
mod continued;
mod crawl;
mod extract;
mod files;
mod header;
mod insight;
mod login;
mod netrc;
mod output;
mod patience;
mod request;
mod save;
mod saved;
mod speed;
mod trust;
pub mod values;
mod warc;

use std::path::Path;

use fetchall::{session::Login, settings::Settings};

pub use cache::CacheFlags;
pub use check::CheckFlags;
pub use choose::ChooseFlags;
pub use config::ConfigFlags;
pub use continued::{ContinueFlags, Given};
pub use crawl::CrawlFlags;
pub use extract::ExtractFlags;
pub use files::FilesFlags;
pub use insight::InsightFlags;
pub use output::{ColorArg, ControlArg, FormatArg, OutputFlags, ProgressArg};
pub use patience::PatienceFlags;
pub use request::RequestFlags;
pub use save::SaveFlags;
pub use saved::SavedFlags;
pub use speed::SpeedFlags;
pub use trust::TrustFlags;
pub use warc::WarcFlags;

/// A flag whose value cannot be used: exit 2, nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("{flag}: {message}")]
pub struct BadFlag {
    flag: &'static str,
    message: String,
}

impl BadFlag {
    /// `message` says what is wrong and what is accepted; it holds no secret.
    pub fn new(flag: &'static str, message: impl Into<String>) -> Self {
        BadFlag { flag, message: message.into() }
    }
}

/// A file that a flag names, as text; `flag` is for the error.
fn read_text(flag: &'static str, path: &Path) -> Result<String, BadFlag> {
    std::fs::read_to_string(path)
        .map_err(|error| BadFlag::new(flag, format!("cannot read {}: {error}", path.display())))
}

/// Everything that `fetch` takes.
#[derive(clap::Args, Debug, Default)]
pub struct FetchFlags {
    /// URL, file of URLs, or - for stdin
    ///
    /// Something with `://` is a URL; an existing path (text, JSON Lines, JSON, CSV, TSV, a
    /// sitemap, a feed; packed by gzip or not) is read by its extension, then by its first bytes.
    /// Inside a list, a line without a scheme gets `https://`. Without a source, a pipe on stdin is
    /// read.
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub speed: SpeedFlags,
    #[command(flatten)]
    pub patience: PatienceFlags,
    #[command(flatten)]
    pub request: RequestFlags,
    #[command(flatten)]
    pub trust: TrustFlags,
    #[command(flatten)]
    pub choose: ChooseFlags,
    #[command(flatten)]
    pub extract: ExtractFlags,
    #[command(flatten)]
    pub save: SaveFlags,
    #[command(flatten)]
    pub files: FilesFlags,
    #[command(flatten)]
    pub warc: WarcFlags,
    #[command(flatten)]
    pub cache: CacheFlags,
    #[command(flatten)]
    pub continued: ContinueFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub insight: InsightFlags,
}

impl FetchFlags {
    /// The settings of a run, and how to log in before; what concerns only the command line stays in
    /// `self`.
    pub fn resolve(&self) -> Result<(Settings, Option<Login>), BadFlag> {
        let mut settings = Settings::default();
        self.speed.resolve(&mut settings)?;
        self.patience.resolve(&mut settings)?;
        self.request.resolve(&mut settings)?;
        self.trust.resolve(&mut settings)?;
        self.choose.resolve(&mut settings);
        let recipe = self.extract.resolve(&mut settings)?;
        let login = login::resolve(recipe.as_ref(), &self.trust, &mut settings)?;
        self.output.resolve(&mut settings);
        self.warc.resolve(&mut settings)?;
        self.files.resolve(&mut settings, self.request.common.max_body)?;
        self.cache.resolve(&mut settings)?;
        self.cache.check_login(login.is_some())?;
        self.continued.check(self.choose.earlier().is_some())?;
        if settings.pages.with.skipped {
            return Err(BadFlag::new("--with", "skipped goes with `crawl`: a list has a record for each line anyway"));
        }
        Ok((settings, login))
    }
}

#[cfg(test)]
mod tests;
