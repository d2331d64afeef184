//! Flags of `ps`.

use crate::cli::{control::orders, flags::values};

/// How runs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PsFormat {
    /// tables for people
    Text,
    /// a JSON object a line
    Jsonl,
}

/// Flags of `ps`.
#[derive(clap::Args, Debug, Default)]
pub struct PsFlags {
    /// The process of one run: list its hosts and its requests, or tell it something
    #[arg(value_name = "PID")]
    pub pid: Option<u32>,
    /// Set a limit: concurrency=8, rate=5/s, per-host=2, delay=1s, rate-per-host=example.com=2/s
    ///
    /// The name is that of a flag, the value as that flag takes it, for one host as HOST=VALUE; `off` takes a
    /// rate away. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", requires = "pid", value_parser = setting)]
    pub set: Vec<String>,
    /// Skip what waits for this host, and what would go there later; may be repeated
    ///
    /// Each has its record, with `budget.host_skipped`. What is under way comes to its end.
    #[arg(long, value_name = "HOST", requires = "pid", value_parser = values::host)]
    pub skip_host: Vec<String>,
    /// Start nothing until --resume
    #[arg(long, requires = "pid", conflicts_with_all = ["resume", "drain"])]
    pub pause: bool,
    /// End a pause
    #[arg(long, requires = "pid")]
    pub resume: bool,
    /// Finish what was started, however long it takes, begin nothing more, and end
    ///
    /// What was read and not begun is `cancelled`; the exit status of the run is 5, and it can be gone on with.
    #[arg(long, requires = "pid")]
    pub drain: bool,
    /// Requests to list, the longest in their state first [default: 50, as JSON 1000]
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub limit: Option<std::num::NonZeroUsize>,
    /// text or jsonl [default: text on a terminal]
    #[arg(short, long, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<PsFormat>,
    /// Nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

impl PsFlags {
    /// What the run is to be told, in order: the name of each and its value.
    pub fn orders(&self) -> Vec<(&'static str, &str)> {
        let set = self.set.iter().map(|value| ("set", value.as_str()));
        let skip = self.skip_host.iter().map(|host| ("skip-host", host.as_str()));
        let plain = [("pause", self.pause), ("resume", self.resume), ("drain", self.drain)];
        let plain = plain.into_iter().filter(|(_, is_asked)| *is_asked).map(|(name, _)| (name, ""));
        set.chain(skip).chain(plain).collect()
    }
}

/// The text as it is, once it can be read.
fn setting(text: &str) -> Result<String, String> {
    orders::set(text).map(|_| text.to_owned())
}
