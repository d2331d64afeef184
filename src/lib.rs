//! Fetch many URLs at once: exactly one honest record for each, as each completes.
//!
//! ```no_run
//! use fetchall::{Fetcher, Request};
//! use futures::{StreamExt as _, stream};
//!
//! # async fn run() -> Result<(), fetchall::BuildError> {
//! let fetcher = Fetcher::builder().concurrency(8).select("title", "h1").build()?;
//! let urls = ["https://example.com/", "https://example.org/"];
//! let mut records = fetcher.run(stream::iter(urls).map(Request::get));
//! while let Some(record) = records.next().await {
//!     println!("{} {:?} {:?}", record.input, record.status, record.data);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! The modules are the rooms that the data flows through, one way:
//!
//! ```text
//! source ─► engine: door ─► frontier ─► fetch ─► page ─► engine: outbox ─► writer ─► sink
//!           Request         Flight      Exchange  Page    Visit → Record
//! ```
//!
//! - [`model`]: what flows; [`settings`]: what a run is told.
//! - [`source`]: lists and pipes as a stream of requests.
//! - [`policy`]: decisions as pure functions; [`frontier`]: who may go next, and when.
//! - [`cookies`]: a jar, and its files; [`replace`]: files that are written whole or not at all.
//! - [`fetch`]: one exchange on the wire; [`page`]: what a body says.
//! - [`files`]: bodies as files, below one folder.
//! - [`replay`]: answers from an archive, in place of the network.
//! - `cache`: answers kept from one run to the next (feature `sqlite`).
//! - [`archive`]: archives judged, indexed and packed for others.
//! - [`engine`]: the loop that joins them; [`sink`]: records as text, JSON, CSV; [`report`]: the
//!   summary of a run.
//! - [`journal`]: what is done, so that a run that was killed goes on where it stopped.
//! - [`check`]: links as pure decisions: where they lead, whether that is there, what it means.
//! - [`crawl`]: which requests follow from a page, and which are traps.
//! - [`checker`]: the front door of link checking: documents and sites in, findings out.
//! - [`extractor`]: the front door of extraction without a network: kept pages in, records out.
//! - [`session`]: logging in by a form, before a run.
//! - [`crawler`]: the front door of crawling: seeds in, a record for each page out.
//! - [`watch`]: a list again and again: what is new about it.
//! - `fuzzing`: what must hold whatever comes in; compiled for tests only.
//! - [`demo`]: a website of good and bad pages on loopback.
//!
//! [`Fetcher`] is the front door. The command line is a thin layer over it, in the binary. What a program
//! may do in the middle of a run is said by [`Builder::before`] and [`Builder::judge`].
#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// Pages whose snippets are compiled: what they print is what works.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/crawl.md")]
    struct Crawl;
    #[doc = include_str!("../docs/extract.md")]
    struct Extract;
    #[doc = include_str!("../docs/library.md")]
    struct Library;
    #[doc = include_str!("../docs/sessions.md")]
    struct Sessions;
}

pub mod archive;
#[cfg(feature = "sqlite")]
pub mod cache;
pub mod check;
pub mod checker;
pub mod cookies;
pub mod crawl;
pub mod crawler;
pub mod demo;
pub mod engine;
pub mod extractor;
pub mod fetch;
mod fetcher;
pub mod files;
pub mod frontier;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod journal;
pub mod model;
pub mod page;
pub mod policy;
pub mod replace;
pub mod replay;
pub mod report;
pub mod session;
pub mod settings;
pub mod sink;
pub mod source;
pub mod watch;

pub use engine::{Answer, Outgoing, Verdict};
pub use fetcher::{BuildError, Builder, Fetcher, Records};
pub use model::{Record, Request};
pub use policy::judgement::Judgement;
