//! The writer: one thread that owns the output.
//!
//! Takes records in batches, as many as have come since the last one, writes them whole to every
//! sink, flushes. A slow reader blocks this thread only; the channel behind it fills, and the
//! engine starts nothing more. Must not know formats.

use std::{io, thread, time::Duration};

use tokio::sync::mpsc;

use crate::{
    model::Record,
    sink::{Sink, SinkError},
};

/// Records written in one go.
const BATCH: usize = 512;
/// How long records are gathered after a batch: waking a thread costs as much as a small request,
/// and nobody sees a delay of this length.
const LINGER: Duration = Duration::from_millis(5);

/// What the writer tells its owner about each record, before it is written.
pub type OnRecord = Box<dyn FnMut(&Record) + Send>;

/// Starts the writer. It ends when the engine does, or with the first error of a sink; then the
/// channel closes and the engine stops. Every sink is finished on every way out.
///
/// # Errors
/// If the system has no thread left.
pub fn spawn(
    records: mpsc::Receiver<Record>,
    sinks: Vec<Box<dyn Sink>>,
    on_record: OnRecord,
) -> io::Result<thread::JoinHandle<Result<(), SinkError>>> {
    thread::Builder::new().name("fetchall-writer".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| SinkError::Io { name: "the output".into(), source })?;
        runtime.block_on(write_all(records, sinks, on_record))
    })
}

async fn write_all(
    mut records: mpsc::Receiver<Record>,
    mut sinks: Vec<Box<dyn Sink>>,
    mut on_record: OnRecord,
) -> Result<(), SinkError> {
    let mut batch = Vec::new();
    let written = loop {
        if records.recv_many(&mut batch, BATCH).await == 0 {
            break Ok(());
        }
        batch.iter().for_each(&mut on_record);
        if let Err(error) = write(&mut sinks, &batch).await {
            break Err(error);
        }
        batch.clear();
        if records.len() < BATCH / 2 && !records.is_closed() {
            tokio::time::sleep(LINGER).await;
        }
    };
    // Closes the channel, which stops the engine, before anything else takes time.
    drop(records);
    let mut outcome = written;
    for sink in &mut sinks {
        let finished = sink.finish().await;
        outcome = outcome.and(finished);
    }
    outcome
}

async fn write(sinks: &mut [Box<dyn Sink>], batch: &[Record]) -> Result<(), SinkError> {
    for sink in sinks.iter_mut() {
        sink.write(batch).await?;
    }
    for sink in sinks.iter_mut() {
        sink.flush().await?;
    }
    Ok(())
}
