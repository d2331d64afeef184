//! The front door of extraction without a network: pages that were kept in, records out.
//!
//! ```text
//! files, folders, - ─► find ─► feed ─► crew: as many threads as cores ─► records, in order
//!                              paths, or the lines of lists of records   (document: page::read)
//! ```
//!
//! What is under way is bounded in number and in bytes, so memory does not grow with the input. Must
//! not know flags or formats.

mod captured;
mod crew;
mod document;
mod feed;
mod find;

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::mpsc;
use url::Url;

use self::document::Means;
pub use self::find::Found;
use crate::{
    engine::{End, Handle, Launched},
    page::{
        Want,
        select::{Hints, Plan, SelectError},
    },
    settings::Pages,
    source::{saved::Kind, walk::Walk},
};

/// Records that wait for the reader at most; each may hold 32 MiB of data.
const CHANNEL: usize = 64;
/// The same, where they hold as much as bodies do.
const CHANNEL_OF_BODIES: usize = 16;

/// One place that pages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Standard input: a page, or records.
    Stdin,
    /// A file, a list of records, a folder or a pattern.
    Path(PathBuf),
}

/// Runs selectors over pages that were kept, on all cores.
#[derive(Clone, Debug)]
pub struct Extractor {
    means: Arc<Means>,
    hints: Arc<Mutex<Hints>>,
    threads: NonZeroUsize,
    room: usize,
    form: Option<Kind>,
}

impl Extractor {
    /// An extractor for these rules and views. Nothing is read.
    ///
    /// # Errors
    /// A selector that cannot be read, or a name that is required and not selected.
    pub fn new(pages: &Pages) -> Result<Extractor, SelectError> {
        let hints = Arc::default();
        let plan = Plan::of(&pages.rules, &pages.required)?.noting(&hints);
        let want = Want {
            links: pages.with.links,
            text: pages.with.body,
            look: None,
            plan: Some(Arc::new(plan)).filter(|plan| !plan.is_empty()),
            views: pages.views.clone(),
        };
        Ok(Extractor {
            means: Arc::new(Means { asks_html: want.asks_html(), want, digest: pages.digest, base: None }),
            hints,
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            room: if pages.has_bodies() { CHANNEL_OF_BODIES } else { CHANNEL },
            form: None,
        })
    }

    /// With the address that the folders named stand for, and what is read from standard input.
    pub fn base(mut self, base: Url) -> Extractor {
        Arc::make_mut(&mut self.means).base = Some(base);
        self
    }

    /// With the form of what is named itself and of standard input, whatever they look like.
    pub fn form(self, form: Kind) -> Extractor {
        Extractor { form: Some(form), ..self }
    }

    /// What is to be read below `starts`. The error is a sentence: a start that is not there, or
    /// folders without any page.
    pub fn find(starts: &[Start], walk: Walk) -> Result<Found, String> {
        find::find(starts, walk)
    }

    /// Starts reading: one record for each page, in order. Called inside a tokio runtime.
    pub fn start(&self, found: Found) -> Launched {
        let (out, records) = mpsc::channel(self.room);
        let handle = Handle::new();
        let started = crew::start(&self.means, self.threads).and_then(|line| {
            feed::start(found, self.form, line.entrance, handle.clone())?;
            Ok(crew::Collector { results: line.results, handle: handle.clone() })
        });
        let end = tokio::task::spawn_blocking(move || match started {
            Ok(collector) => collector.run(&out),
            Err(error) => {
                let why = format!("cannot start the threads that read pages: {error}");
                End { stopped: None, source_error: Some(why) }
            }
        });
        Launched { records, handle, end }
    }

    /// A sentence for each selector that matched nothing on any page so far, with what is near to it
    /// there.
    pub fn hints(&self) -> Vec<String> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner).sentences()
    }
}

#[cfg(test)]
mod tests;
