//! Flags of `check`: those of `fetch` that make sense for links, and its own.
//!
//! One file per group. Must not know what a check does with them.

mod links;
mod memory;
mod place;
mod show;
mod values;

use std::num::NonZeroUsize;

use fetchall::settings::{MaxFailures, Settings};

pub use links::LinkFlags;
pub use memory::MemoryFlags;
pub use place::PlaceFlags;
pub use show::{ShowFlags, Shown};
pub use values::Report;

use super::{BadFlag, Given, InsightFlags, PatienceFlags, SpeedFlags, TrustFlags, request::CommonFlags};

/// Requests at once for one host, unless told otherwise: links of a site often lead to one host,
/// which did not ask to be checked.
const PER_HOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// Everything that `check` takes.
#[derive(clap::Args, Debug, Default)]
pub struct CheckFlags {
    /// File, folder, pattern, URL, or - for stdin
    ///
    /// Something with `://` is a page whose links are checked. A folder is walked for documents it
    /// holds (Markdown, HTML, reStructuredText, AsciiDoc, CSS, text, JSON, TOML, YAML, sitemaps,
    /// feeds); `.gitignore` is heeded. A pattern has `*`, `?`, `[` or `{`. Without a source, a pipe
    /// on stdin is read.
    #[arg(value_name = "PATH|URL")]
    pub sources: Vec<String>,
    #[command(flatten)]
    pub links: LinkFlags,
    #[command(flatten)]
    pub place: PlaceFlags,
    #[command(flatten)]
    pub memory: MemoryFlags,
    #[command(flatten)]
    pub show: ShowFlags,
    #[command(flatten)]
    pub insight: InsightFlags,
    #[command(flatten)]
    pub speed: SpeedFlags,
    #[command(flatten)]
    pub patience: PatienceFlags,
    #[command(flatten)]
    pub request: CommonFlags,
    #[command(flatten)]
    pub trust: TrustFlags,
    /// Every flag and source that was given, as it was typed.
    #[arg(skip)]
    pub given: Vec<Given>,
}

impl CheckFlags {
    /// How targets on the network are fetched, and after how many findings that fail the run is
    /// ended. The latter are counted by link: a request that fails may be the first of two.
    pub fn resolve(&self) -> Result<(Settings, Option<u64>), BadFlag> {
        let mut settings = Settings::default();
        settings.limits.host.in_flight = PER_HOST;
        self.speed.resolve(&mut settings)?;
        self.patience.resolve(&mut settings)?;
        self.request.resolve(&mut settings)?;
        self.trust.resolve(&mut settings)?;
        self.links.resolve(&mut settings);
        let most = match settings.choose.max_failures.take() {
            None => None,
            Some(MaxFailures::Count(count)) => Some(count.get().into()),
            Some(MaxFailures::Percent(_)) => {
                return Err(BadFlag::new("--max-failures", "check counts findings: write a number from 1"));
            }
        };
        Ok((settings, most))
    }
}

#[cfg(test)]
mod tests;
