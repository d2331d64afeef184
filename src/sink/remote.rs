//! A database across a network: a transaction for each batch, and patience while it is away.
//!
//! What it does not confirm is written again: rows have a key, so that writing one twice is writing it
//! once. Must not know any database's language.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    Sink, SinkError,
    table::{self, Cell, Takes},
};
use crate::model::Record;

/// How long a database that went away, or does not answer, is waited for. A restart takes a few seconds,
/// a failover up to half a minute; meanwhile the run is held back.
pub const SINK_PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to answer before anything is fetched.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
/// First pause before it is tried again; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A row of the table.
pub(super) type Row<'a> = [Cell<'a>; table::COLUMNS.len()];

/// Why a database did not take rows, in words without secrets.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may take them later.
    Passing(String),
    /// It never will.
    Final(String),
}

/// What a database has to be able to do.
pub(super) trait Database: Send {
    /// What it takes.
    const TAKES: Takes;
    /// Connects, and makes the table or looks whether it can be written.
    fn prepare(&mut self) -> BoxFuture<'_, Result<(), Fault>>;
    /// Writes rows in one transaction; connects before, if it is not connected.
    fn put<'a>(&'a mut self, rows: &'a [Row<'a>]) -> BoxFuture<'a, Result<(), Fault>>;
    /// Forgets the connection.
    fn hang_up(&mut self);
    /// Ends the connection in good order.
    fn close(&mut self) -> BoxFuture<'_, ()>;
}

/// A sink for a database.
pub(super) struct Remote<D> {
    /// As it is shown.
    name: String,
    run: String,
    database: D,
}

impl<D: Database> Remote<D> {
    /// Looks whether `database` can be written to, as the run `run`. The connection does not stay: who
    /// writes may do so on another thread.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) async fn open(name: String, run: &str, mut database: D) -> Result<Self, SinkError> {
        let problem = match timeout(FIRST_ANSWER, database.prepare()).await {
            Ok(Ok(())) => None,
            Ok(Err(Fault::Passing(problem) | Fault::Final(problem))) => Some(problem),
            Err(_) => Some(format!("no answer within {} s", FIRST_ANSWER.as_secs())),
        };
        if let Some(problem) = problem {
            return Err(SinkError::Unusable(format!("cannot write to {name}: {problem}")));
        }
        let mut remote = Remote { name, run: run.to_owned(), database };
        remote.bid_farewell().await;
        Ok(remote)
    }

    async fn put(&mut self, batch: &[Record]) -> Result<(), SinkError> {
        let rows: std::io::Result<Vec<_>> =
            batch.iter().map(|record| table::row(&self.run, record, D::TAKES)).collect();
        let rows = rows.map_err(|source| SinkError::Io { name: "a record".to_owned(), source })?;
        let until = Instant::now() + SINK_PATIENCE;
        let mut pause = FIRST_PAUSE;
        let mut last = String::from("no answer");
        loop {
            match timeout_at(until, self.database.put(&rows)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Fault::Final(problem))) => return Err(self.gives_up(problem)),
                Ok(Err(Fault::Passing(problem))) => last = problem,
                Err(_) => {}
            }
            // Whatever is half done there is rolled back.
            self.database.hang_up();
            if Instant::now() + pause >= until {
                let seconds = SINK_PATIENCE.as_secs();
                return Err(self.gives_up(format!("{last} (tried again for {seconds} s)")));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn gives_up(&self, problem: String) -> SinkError {
        SinkError::Io { name: self.name.clone(), source: std::io::Error::other(problem) }
    }

    async fn bid_farewell(&mut self) {
        // Who does not answer has ended the connection too.
        let _ = timeout(FAREWELL, self.database.close()).await;
        self.database.hang_up();
    }
}

/// Rows in parts of so many bytes, about; one row at least.
pub(super) fn parts<'a>(rows: &'a [Row<'a>], most: usize) -> impl Iterator<Item = &'a [Row<'a>]> {
    let weight = |row: &Row<'_>| row.iter().map(Cell::weight).sum::<usize>();
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut sum = 0;
        let fits = rest.iter().take_while(|row| {
            sum += weight(row);
            sum <= most
        });
        let count = fits.count().max(1).min(rest.len());
        let (part, after) = rest.split_at(count);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

impl<D: Database> Sink for Remote<D> {
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(self.put(batch))
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        // Every batch is committed when it is written.
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move {
            self.bid_farewell().await;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, Request, Visit, record::Heavy};

    /// Takes rows from this moment on.
    struct Away {
        since: Instant,
        back_after: Duration,
        hangs: bool,
        tries: usize,
        rows: usize,
    }

    impl Database for Away {
        const TAKES: Takes = Takes::All;
        fn prepare(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
            Box::pin(std::future::ready(Ok(())))
        }
        fn put<'a>(&'a mut self, rows: &'a [Row<'a>]) -> BoxFuture<'a, Result<(), Fault>> {
            Box::pin(async move {
                self.tries += 1;
                if self.since.elapsed() >= self.back_after {
                    self.rows += rows.len();
                    return Ok(());
                }
                if self.hangs {
                    std::future::pending::<()>().await;
                }
                Err(Fault::Passing("connection refused".to_owned()))
            })
        }
        fn hang_up(&mut self) {}
        fn close(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    #[test]
    fn rows_are_parted_by_weight_and_none_is_left_out() {
        let row = |bytes: usize| {
            let mut row = [const { Cell::Null }; table::COLUMNS.len()];
            row[0] = Cell::Text("x".repeat(bytes).into());
            row
        };
        let rows = [row(10), row(10), row(2_000), row(10), row(10)];
        let sizes: Vec<usize> = parts(&rows, 1_000).map(<[_]>::len).collect();
        assert_eq!(sizes, [2, 1, 2]);
        assert_eq!(parts(&[], 1_000).count(), 0);
    }

    async fn written(back_after: u64, hangs: bool) -> (Result<(), SinkError>, Duration, usize, usize) {
        let since = Instant::now();
        let away = Away { since, back_after: Duration::from_secs(back_after), hangs, tries: 0, rows: 0 };
        let mut sink = Remote::open("db://h/".to_owned(), "r", away).await.unwrap();
        let record = Record::of(Visit::refused(0, Request::get("https://h/"), None, Ending::Ok), Heavy::default());
        let written = sink.write(&[record]).await;
        (written, since.elapsed(), sink.database.tries, sink.database.rows)
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_comes_back_within_the_patience_gets_the_batch_once() {
        let (written, after, tries, rows) = written(20, false).await;
        assert!(written.is_ok() && rows == 1 && (5..20).contains(&tries), "{tries}");
        assert!((20..24).contains(&after.as_secs()), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_stays_away_or_never_answers_is_given_up_and_named() {
        for hangs in [false, true] {
            let (written, after, _, rows) = written(9_999, hangs).await;
            let problem = written.unwrap_err().to_string();
            assert!(problem.starts_with("cannot write db://h/: ") && problem.contains("30 s"), "{problem}");
            assert!(rows == 0 && after <= SINK_PATIENCE && after > SINK_PATIENCE - LONGEST_PAUSE, "{after:?}");
        }
    }
}
