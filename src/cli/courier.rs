//! Sends what others collect: error reports and spans. A request at a time, none of them for long.
//!
//! By the same client as everything else, with a runtime of its own, and without a word in the log: what is
//! sent about a run is no part of it. Must not know what it carries.

use std::time::Duration;

use anyhow::Context as _;
use fetchall::{Fetcher, Request};
use futures::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue, Method};
use tokio::runtime::Runtime;
use tracing::subscriber::{NoSubscriber, with_default};

/// How long a delivery may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Carries one letter at a time.
pub struct Courier {
    /// `None` when it is over.
    runtime: Option<Runtime>,
    fetcher: Fetcher,
}

impl Drop for Courier {
    fn drop(&mut self) {
        // A look-up of a name cannot be cut off, and is not waited for.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Courier {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// The system has no runtime to spare.
    pub fn new() -> anyhow::Result<Courier> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start a runtime")?;
        let fetcher = Fetcher::builder().timeout(PATIENCE).retries(0).redirects(0).build()?;
        Ok(Courier { runtime: Some(runtime), fetcher })
    }

    /// Delivers `body` there.
    ///
    /// # Errors
    /// Why it was not taken, in a sentence without any secret.
    pub fn deliver(&self, url: &str, headers: &[(HeaderName, HeaderValue)], body: Vec<u8>) -> Result<(), String> {
        let letter = Request::get(url).method(Method::POST).body(body);
        let letter = headers.iter().cloned().fold(letter, |letter, (name, value)| letter.header(name, value));
        let record = with_default(NoSubscriber::default(), || {
            let mut records = self.fetcher.run(stream::iter([letter]));
            self.runtime.as_ref().and_then(|runtime| runtime.block_on(records.next()))
        });
        match record {
            Some(record) if record.ok => Ok(()),
            Some(record) => Err(record.error.map_or_else(|| "it was left out".to_owned(), |error| error.message)),
            None => Err("nothing came back".to_owned()),
        }
    }
}
