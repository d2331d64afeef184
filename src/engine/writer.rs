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
    sink::{Archive, Sink, SinkError},
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
/// announced before the outputs have it and settled behind them. An archive takes what it keeps before anything else does.
///
/// # Errors
/// If the system has no thread left.
pub fn spawn(
    records: mpsc::Receiver<Record>,
    sinks: Vec<Box<dyn Sink>>,
    archive: Option<Box<dyn Archive>>,
    on_record: OnRecord,
    journal: Option<Box<dyn Settle>>,
) -> io::Result<thread::JoinHandle<Written>> {
    thread::Builder::new().name("fetchall-writer".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime.map_err(|source| SinkError::Io { name: "the output".into(), source }) {
            Ok(runtime) => runtime,
            Err(error) => return Written { outcome: Err(error.into()), journal },
        };
        runtime.block_on(write_all(
            records,
            Outputs { sinks, archive, journal, positions: Vec::new(), synced: Instant::now() },
            on_record,
        ))
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
    /// Comes before the sinks, which say where things are in it.
    archive: Option<Box<dyn Archive>>,
    journal: Option<Box<dyn Settle>>,
    /// Lengths of the outputs, for the journal; behind those of the sinks, the archive's file and its length.
    positions: Vec<Option<u64>>,
    synced: Instant,
}

impl Outputs {
    async fn write(&mut self, batch: &mut [Record]) -> Result<(), WriteError> {
        if let Some(journal) = &mut self.journal {
            journal.announce(batch)?;
        }
        if let Some(archive) = &mut self.archive {
            archive.store(batch)?;
        }
        for sink in &mut self.sinks {
            sink.write(batch).await?;
        }
        for sink in &mut self.sinks {
            sink.flush().await?;
        }
        let Some(journal) = &mut self.journal else { return Ok(()) };
        self.positions.clear();
        self.positions.extend(self.sinks.iter().map(|sink| sink.position()));
        self.positions.extend(self.archive.iter().flat_map(|archive| archive.position()).map(Some));
        journal.settle(batch, &self.positions)?;
        if self.synced.elapsed() >= SYNC { self.sync().await } else { Ok(()) }
    }

    /// Outputs first: what the journal calls done must be there.
    async fn sync(&mut self) -> Result<(), WriteError> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        if let Some(archive) = &mut self.archive {
            archive.sync()?;
        }
        for sink in &mut self.sinks {
            sink.sync().await?;
        }
        journal.synced()?;
        self.synced = Instant::now();
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), WriteError> {
        let mut outcome = self.archive.as_mut().map_or(Ok(()), |archive| archive.finish()).map_err(WriteError::from);
        for sink in &mut self.sinks {
            let finished = sink.finish().await;
            outcome = outcome.and(finished.map_err(WriteError::from));
        }
        outcome
    }
}

async fn write_all(mut records: mpsc::Receiver<Record>, mut outputs: Outputs, mut on_record: OnRecord) -> Written {
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
            && let Err(error) = outputs.write(&mut batch).await
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::future::BoxFuture;

    use super::*;
    use crate::model::{Code, Ending, Failure, Request, Visit, record::Heavy};

    type Calls = Arc<Mutex<Vec<String>>>;

    fn note(calls: &Calls, call: String) {
        calls.lock().unwrap().push(call);
    }

    struct Output(Calls, u64);

    impl Sink for Output {
        fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
            self.1 += batch.len() as u64;
            note(&self.0, format!("write {:?}", batch.iter().map(|record| record.seq).collect::<Vec<_>>()));
            Box::pin(std::future::ready(Ok(())))
        }
        fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
            note(&self.0, "flush".to_owned());
            Box::pin(std::future::ready(Ok(())))
        }
        fn position(&self) -> Option<u64> {
            Some(self.1)
        }
        fn sync(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
            note(&self.0, "sync".to_owned());
            Box::pin(std::future::ready(Ok(())))
        }
        fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
            note(&self.0, "finish".to_owned());
            Box::pin(std::future::ready(Ok(())))
        }
    }

    struct Shelf(Calls);

    impl Archive for Shelf {
        fn store(&mut self, batch: &mut [Record]) -> Result<(), SinkError> {
            note(&self.0, format!("store {}", batch.len()));
            Ok(())
        }
        fn position(&self) -> [u64; 2] {
            [3, 14]
        }
        fn sync(&mut self) -> Result<(), SinkError> {
            note(&self.0, "sync archive".to_owned());
            Ok(())
        }
        fn finish(&mut self) -> Result<(), SinkError> {
            note(&self.0, "finish archive".to_owned());
            Ok(())
        }
    }

    struct Book(Calls, bool);

    impl Settle for Book {
        fn is_final(&self, record: &Record) -> bool {
            record.ok
        }
        fn announce(&mut self, batch: &[Record]) -> Result<(), JournalError> {
            note(&self.0, format!("announce {}", batch.len()));
            Ok(())
        }
        fn settle(&mut self, batch: &[Record], positions: &[Option<u64>]) -> Result<(), JournalError> {
            note(&self.0, format!("settle {} at {positions:?}", batch.len()));
            if self.1 { Err(JournalError::Io("run.db".into(), "full".into())) } else { Ok(()) }
        }
        fn synced(&mut self) -> Result<(), JournalError> {
            note(&self.0, "synced".to_owned());
            Ok(())
        }
        fn close(&mut self, _: bool) -> Result<(), JournalError> {
            Ok(())
        }
    }

    fn record(seq: u64, ending: Ending) -> Record {
        Record::of(Visit::refused(seq, Request::get("https://h/"), None, ending), Heavy::default())
    }

    async fn run(fails: bool) -> (Written, Vec<String>) {
        let calls = Calls::default();
        let (sender, records) = mpsc::channel(8);
        for seq in 0..2 {
            sender.send(record(seq, Ending::Ok)).await.unwrap();
        }
        sender.send(record(2, Ending::Error(Failure::new(Code::Cancelled, "")))).await.unwrap();
        drop(sender);
        let sinks: Vec<Box<dyn Sink>> =
            vec![Box::new(Output(Arc::clone(&calls), 0)), Box::new(Output(Arc::clone(&calls), 0))];
        let journal = Some(Box::new(Book(Arc::clone(&calls), fails)) as Box<dyn Settle>);
        let archive = Some(Box::new(Shelf(Arc::clone(&calls))) as Box<dyn Archive>);
        let outputs = Outputs { sinks, archive, journal, positions: Vec::new(), synced: Instant::now() };
        let written = write_all(records, outputs, Box::new(|_| {})).await;
        let calls = calls.lock().unwrap().clone();
        (written, calls)
    }

    #[tokio::test]
    async fn nothing_is_done_before_every_output_has_it_and_nothing_is_durable_before_they_are() {
        let (written, calls) = run(false).await;
        assert!(written.outcome.is_ok());
        let written = ["announce 2", "store 2", "write [0, 1]", "write [0, 1]", "flush", "flush"];
        assert_eq!(calls[..6], written);
        assert_eq!(calls[6], "settle 2 at [Some(2), Some(2), Some(3), Some(14)]");
        assert_eq!(calls[7..], ["sync archive", "sync", "sync", "synced", "finish archive", "finish", "finish"]);
    }

    #[tokio::test]
    async fn a_journal_that_takes_no_more_ends_the_writing_and_outputs_are_finished() {
        let (written, calls) = run(true).await;
        assert!(matches!(written.outcome, Err(WriteError::Journal(_))));
        assert_eq!(calls[7..], ["finish archive", "finish", "finish"]);
    }
}
