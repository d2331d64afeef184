//! map to come
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod demo;
pub mod engine;
pub mod fetch;
mod fetcher;
pub mod frontier;
pub mod model;
pub mod page;
pub mod policy;
pub mod report;
pub mod settings;
pub mod sink;
pub mod source;

pub use fetcher::{BuildError, Builder, Fetcher, Records};
pub use model::{Record, Request};
