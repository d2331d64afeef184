//! What can be seen of a run from outside while it goes on.

use std::path::PathBuf;

use crate::cli::logs::Form;

/// Flags of the group "Insight".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Insight")]
pub struct InsightFlags {
    /// Tell more on stderr: -v, -vv, -vvv
    ///
    /// Once: retries, pauses, redirects, what robots.txt says. Twice: also every exchange with its phases,
    /// whether its connection was there already, and what the cache had to do with it. Three times: every step,
    /// and what the libraries for HTTP and TLS tell. A file or a variable says how often: verbose = 2.
    #[arg(short, long, value_name = "N", action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Write that to a file instead, added to what is there
    ///
    /// Without -v what one -v tells. Only its owner may read it. A disk that is full, or a file that was moved
    /// away, does not end a run.
    #[arg(long, value_name = "FILE", value_parser = file)]
    pub log: Option<PathBuf>,
    /// How it is written: text or json [default: text]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: Option<Form>,
}

/// A path that is a file's: stderr needs no name, and stdout is for records.
fn file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("a log goes to stderr with -v alone, and never to stdout".to_owned()),
        path => Ok(path.into()),
    }
}
