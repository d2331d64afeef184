//! The writer: one thread that owns the output.
//!
//! Takes records in batches, as many as have come since the last one, writes them whole to every
//! sink, flushes. A slow reader blocks this thread only; the channel behind it fills, and the
//! engine starts nothing more. Must not know formats.

use std::{io, thread, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    journal::{JournalError, Settle},
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

/// How often outputs are synced where a journal says what is done.
const SYNC: Duration = Duration::from_secs(1);

/// Why the writer wrote no more.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// An output takes no more.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The journal takes no more.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Starts the writer. It ends when the engine does, or with the first error of a sink; then the
/// channel closes and the engine stops. Every sink is finished on every way out.
///
/// With a journal, records that do not say how their request ended are not written, and every batch is
/// settled behind the outputs.
///
/// # Errors
/// If the system has no thread left.
pub fn spawn(
    records: mpsc::Receiver<Record>,
    sinks: Vec<Box<dyn Sink>>,
    on_record: OnRecord,
    journal: Option<Box<dyn Settle>>,
) -> io::Result<thread::JoinHandle<Written>> {
    thread::Builder::new().name("fetchall-writer".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime.map_err(|source| SinkError::Io { name: "the output".into(), source }) {
            Ok(runtime) => runtime,
            Err(error) => return Written { outcome: Err(error.into()), journal },
        };
        runtime.block_on(write_all(records, Outputs { sinks, journal, positions: Vec::new(), synced: Instant::now() }, on_record))
    })
}

/// How the writing ended.
pub struct Written {
    /// The first error of an output or of the journal.
    pub outcome: Result<(), WriteError>,
    /// To be closed.
    pub journal: Option<Box<dyn Settle>>,
}

/// Everything that records are handed to.
struct Outputs {
    sinks: Vec<Box<dyn Sink>>,
    journal: Option<Box<dyn Settle>>,
    /// Lengths of the outputs, for the journal.
    positions: Vec<Option<u64>>,
    synced: Instant,
}

impl Outputs {
    async fn write(&mut self, batch: &[Record]) -> Result<(), WriteError> {
        for sink in &mut self.sinks {
            sink.write(batch).await?;
        }
        for sink in &mut self.sinks {
            sink.flush().await?;
        }
        let Some(journal) = &mut self.journal else { return Ok(()) };
        self.positions.clear();
        self.positions.extend(self.sinks.iter().map(|sink| sink.position()));
        journal.settle(batch, &self.positions)?;
        if self.synced.elapsed() >= SYNC { self.sync().await } else { Ok(()) }
    }

    /// Outputs first: what the journal calls done must be there.
    async fn sync(&mut self) -> Result<(), WriteError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        for sink in &mut self.sinks {
            sink.sync().await?;
        }
        journal.synced()?;
        self.synced = Instant::now();
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), WriteError> {
        let mut outcome = Ok(());
        for sink in &mut self.sinks {
            let finished = sink.finish().await;
            outcome = outcome.and(finished.map_err(WriteError::from));
        }
        outcome
    }
}

async fn write_all(
    mut records: mpsc::Receiver<Record>,
    mut outputs: Outputs,
    mut on_record: OnRecord,
) -> Written {
    let mut batch = Vec::new();
    let written = loop {
        if records.recv_many(&mut batch, BATCH).await == 0 {
            break outputs.sync().await;
        }
        if let Some(journal) = &outputs.journal {
            batch.retain(|record| journal.is_final(record));
        }
        batch.iter().for_each(&mut on_record);
        if !batch.is_empty()
            && let Err(error) = outputs.write(&batch).await
        {
            break Err(error);
        }
        batch.clear();
        if records.len() < BATCH / 2 && !records.is_closed() {
            tokio::time::sleep(LINGER).await;
        }
    };
    // Closes the channel, which stops the engine, before anything else takes time.
    drop(records);
    let finished = outputs.finish().await;
    Written { outcome: written.and(finished), journal: outputs.journal }
}
