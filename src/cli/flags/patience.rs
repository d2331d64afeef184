//! How long to wait for what, and what is tried again.

use std::time::Duration;

use fetchall::{
    model::units,
    settings::{RetryMethods, Settings},
};

use super::{BadFlag, values};

/// Flags of the group "Patience".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Patience")]
pub struct PatienceFlags {
    /// Longest time for one attempt [default: 30s]
    ///
    /// Durations read 500ms, 10s, 2m, 1h30m; a bare number is seconds. Connecting, redirects and
    /// the body are all inside; waiting in our own queue is not.
    #[arg(short, long, value_name = "D", value_parser = values::patience)]
    pub timeout: Option<Duration>,
    /// Longest time for name look-up, TCP and TLS together [default: 10s]
    #[arg(long, value_name = "D", value_parser = values::patience)]
    pub connect_timeout: Option<Duration>,
    /// Longest time until the response head [default: none but --timeout]
    #[arg(long, value_name = "D", value_parser = values::patience)]
    pub headers_timeout: Option<Duration>,
    /// Longest silence while a body arrives [default: 15s]
    #[arg(long, value_name = "D", value_parser = values::patience)]
    pub read_timeout: Option<Duration>,
    /// Longest time for one URL, all attempts and backoff included
    #[arg(long, value_name = "D", value_parser = values::patience)]
    pub url_timeout: Option<Duration>,
    /// Longest time for the whole run; then it stops with exit 5
    ///
    /// What was not started is skipped with `budget.deadline`.
    #[arg(long, value_name = "D", value_parser = values::patience)]
    pub deadline: Option<Duration>,
    /// Tries after the first, where trying again may help [default: 2]
    #[arg(short, long, value_name = "N", value_parser = values::number)]
    pub retries: Option<u32>,
    /// Shortest and longest backoff between tries [default: 500ms..30s]
    ///
    /// Doubles with each try and is drawn at random from zero to it.
    #[arg(long, value_name = "D..D", value_parser = values::span)]
    pub backoff: Option<(Duration, Duration)>,
    /// Longest pause that a server may ask for with Retry-After [default: 60s]
    ///
    /// A server that asks for more is not asked again.
    #[arg(long, value_name = "D", value_parser = units::duration)]
    pub retry_after_max: Option<Duration>,
    /// Try POST and PATCH again too
    ///
    /// A server may then carry one request out twice.
    #[arg(long)]
    pub retry_unsafe: bool,
    /// Further tries of the whole run, as a share of its requests [default: 50%]
    ///
    /// A reserve of 200 comes on top, so that a short list is never short of them.
    #[arg(long, value_name = "P%", value_parser = values::percent)]
    pub retry_budget: Option<u32>,
}

impl PatienceFlags {
    /// Fills `times` and `retry`.
    pub fn resolve(&self, settings: &mut Settings) -> Result<(), BadFlag> {
        let times = &mut settings.times;
        times.attempt = self.timeout.unwrap_or(times.attempt);
        times.connect = self.connect_timeout.unwrap_or(times.connect);
        times.headers = self.headers_timeout.or(times.headers);
        times.read = self.read_timeout.unwrap_or(times.read);
        times.url = self.url_timeout.or(times.url);
        times.run = self.deadline.or(times.run);
        let retry = &mut settings.retry;
        retry.retries = self.retries.unwrap_or(retry.retries);
        (retry.base, retry.cap) = self.backoff.unwrap_or((retry.base, retry.cap));
        retry.retry_after_max = self.retry_after_max.unwrap_or(retry.retry_after_max);
        retry.budget_percent = self.retry_budget.unwrap_or(retry.budget_percent);
        if self.retry_unsafe {
            retry.methods = RetryMethods::All;
        }
        Ok(())
    }
}
