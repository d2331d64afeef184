//! Any format joined with a stream or file. Must not know formats.

use futures::future::BoxFuture;

use super::{Encode, Sink, SinkError, pipe::Pipe};
use crate::model::Record;

/// A sink that encodes a batch into one buffer and writes it whole.
pub(super) struct Rows<E> {
    encode: E,
    pipe: Pipe,
    buffer: Vec<u8>,
    begun: bool,
    ended: bool,
}

impl<E: Encode> Rows<E> {
    /// `goes_on`: there are records in it already.
    pub(super) fn new(mut encode: E, pipe: Pipe, goes_on: bool) -> Self {
        if goes_on {
            encode.go_on();
        }
        Rows { encode, pipe, buffer: Vec::new(), begun: goes_on, ended: false }
    }

    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            self.encode.head(&mut self.buffer);
        }
    }

    /// Every batch is handed over when it is written; only a foot may be left, or what is packed.
    fn hand_over(&mut self, ends: bool) -> Result<(), SinkError> {
        if self.pipe.is_broken() {
            return Ok(());
        }
        self.pipe.send(&mut self.buffer)?;
        self.pipe.hand_over(ends)
    }

    fn encode(&mut self, batch: &[Record]) -> std::io::Result<()> {
        self.begin();
        for record in batch {
            let whole = self.buffer.len();
            if let Err(error) = self.encode.record(record, &mut self.buffer) {
                self.buffer.truncate(whole);
                return Err(error);
            }
        }
        Ok(())
    }
}

impl<E: Encode> Sink for Rows<E> {
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(async move {
            let encoded = self.encode(batch);
            self.pipe.send(&mut self.buffer)?;
            encoded.map_err(|source| SinkError::Io { name: "a record".to_owned(), source })
        })
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move { self.hand_over(false) })
    }

    fn position(&self) -> Option<u64> {
        self.pipe.position()
    }

    fn sync(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move { self.pipe.sync() })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move {
            if !self.ended {
                self.ended = true;
                self.begin();
                self.encode.foot(&mut self.buffer);
            }
            self.hand_over(true)
        })
    }
}

/// A sink that takes everything and writes nothing.
pub(super) struct Nothing;

impl Sink for Nothing {
    fn write<'a>(&'a mut self, _: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
