//! What can be seen of a run from outside while it goes on.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::BadFlag;
use crate::cli::{errors::Dsn, logs::Form, side_server};

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
    /// Draw the run over time, for Perfetto: --trace run.json
    ///
    /// Open it at ui.perfetto.dev, which reads it in the browser, or in any program that takes Chrome's trace
    /// events. A host is a process, each request under way there a thread of it; phases are nested, retries and
    /// pauses are marked. It can be read while the run goes on, and after a run that was killed.
    #[arg(long, value_name = "FILE", value_parser = file)]
    pub trace: Option<PathBuf>,
    /// Figures for Prometheus while the run goes on: --metrics :9464
    ///
    /// Under http://127.0.0.1:9464/metrics; /healthz says that there is a run. Port 0 is any that is free.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub metrics: Option<SocketAddr>,
    /// Report bugs of fetchall to an address of Sentry: https://KEY@HOST/PROJECT
    ///
    /// Only where the program itself broke: the place in its source, command, version and system. No URL, no
    /// field, no argument.
    #[arg(long, value_name = "DSN", value_parser = dsn)]
    pub report_errors: Option<Dsn>,
}

impl InsightFlags {
    /// The files that are written.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.log.as_deref().into_iter().chain(self.trace.as_deref())
    }

    /// Nothing happens in a dry run, so there is nothing to see.
    ///
    /// # Errors
    /// What makes no sense there.
    pub fn check_dry_run(&self) -> Result<(), BadFlag> {
        let wrong = self.trace.as_ref().map(|_| "--trace").or(self.metrics.map(|_| "--metrics"));
        wrong.map_or(Ok(()), |flag| Err(BadFlag::new(flag, "--dry-run sends nothing, so there is nothing to see")))
    }
}

/// A path that is a file's: stderr needs no name, and stdout is for records.
fn file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("a log goes to stderr with -v alone, and never to stdout".to_owned()),
        path => Ok(path.into()),
    }
}

fn dsn(text: &str) -> Result<Dsn, String> {
    text.parse()
}

/// As for any server beside a run; a port may stand alone, too.
fn address(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<u16>() {
        Ok(port) => side_server::address(&format!(":{port}")),
        Err(_) => side_server::address(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        for (text, told) in [
            (":9464", Some("127.0.0.1:9464")),
            ("9464", Some("127.0.0.1:9464")),
            ("localhost:0", Some("127.0.0.1:0")),
            ("0.0.0.0:1", Some("0.0.0.0:1")),
            ("[::1]:9464", Some("[::1]:9464")),
            ("example.com:80", None),
            ("127.0.0.1", None),
            (":", None),
            ("99999", None),
        ] {
            assert_eq!(address(text).ok().map(|address| address.to_string()).as_deref(), told, "{text}");
        }
        assert!(file("-").is_err());
    }
}
