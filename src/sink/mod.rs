//! Where records go: one trait, a file per format.
//!
//! Must not know the engine, the network or the terminal.

pub mod text;

use futures::future::BoxFuture;

use crate::model::Record;

/// Why a sink cannot take records.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The reader went away (`| head`): no fault.
    #[error("nobody reads {0} any more")]
    Gone(String),
    /// Writing failed.
    #[error("cannot write {name}: {source}")]
    Io {
        /// The file or stream, in words.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Takes records in batches and makes them durable.
pub trait Sink: Send {
    /// Writes whole records, in this order.
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>>;
    /// Hands over to the system what was written so far.
    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>>;
    /// Ends the output (a closing bracket, a footer) and flushes. Called once, on every way out.
    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>>;
}
