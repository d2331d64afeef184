//! Where records go: one trait, a file per format.
//!
//! A format is an [`Encode`]: it turns records into bytes and knows nothing else. [`open`] joins
//! it with a target. [`open_place`] opens databases, which all have the same table (`table`). Writing
//! blocks, so a sink belongs on the writer's thread, where a slow reader holds up nobody else. Must not
//! know the engine or the terminal.

mod csv;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod ddl;
pub mod fields;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod json;
mod jsonl;
#[cfg(feature = "mysql")]
mod mysql;
pub mod outlet;
mod pack;
#[cfg(feature = "parquet")]
mod parquet;
mod pipe;
mod place;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite", feature = "parquet"))]
mod plain;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod remote;
mod rows;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite", feature = "parquet"))]
mod table;
pub mod text;
pub mod warc;

use std::path::PathBuf;

use futures::future::BoxFuture;

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub use self::remote::SINK_PATIENCE;
#[cfg(feature = "sqlite")]
pub use self::sqlite::records_of;
pub use self::{fields::Fields, pack::Packing, place::Place};
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
    /// What was asked for cannot be done; only [`open`] and [`open_place`] say so.
    #[error("{0}")]
    Unusable(String),
}

/// Takes records in batches and makes them durable.
pub trait Sink: Send {
    /// Writes whole records, in this order.
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>>;
    /// Hands over to the system what was written so far.
    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>>;
    /// Length of the output in bytes behind the last record, where it can be cut back to a length.
    fn position(&self) -> Option<u64> {
        None
    }
    /// Has what was written so far on the disk when this returns, should the machine end.
    fn sync(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(std::future::ready(Ok(())))
    }
    /// Ends the output (a closing bracket, a footer) and flushes. Called once, on every way out.
    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>>;
}

/// Keeps what crossed the network, and says in the records where it is: so it comes before the sinks.
pub trait Archive: Send {
    /// Takes the exchanges out of the records and hands them over to the system.
    ///
    /// # Errors
    /// They cannot be written; what is there are whole records.
    fn store(&mut self, batch: &mut [Record]) -> Result<(), SinkError>;
    /// Number of the file that is written, and its length in bytes behind the last batch.
    fn position(&self) -> [u64; 2];
    /// Has what was stored so far on the disk when this returns.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> Result<(), SinkError>;
    /// Completes the file. Called once, on every way out.
    ///
    /// # Errors
    /// What the system says.
    fn finish(&mut self) -> Result<(), SinkError>;
}

/// A format: turns records into bytes.
pub trait Encode: Send {
    /// What stands before the first record, written even if there is none.
    fn head(&mut self, _out: &mut Vec<u8>) {}
    /// There are records already: instead of [`head`](Self::head).
    fn go_on(&mut self) {}
    /// One record. What is in `out` already is left alone.
    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> std::io::Result<()>;
    /// What stands after the last record.
    fn foot(&mut self, _out: &mut Vec<u8>) {}
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// One JSON array.
    Json,
    /// Comma-separated values, with a header.
    Csv,
    /// The same, separated by tabs.
    Tsv,
    /// Nothing.
    None,
}

/// Where the bytes go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// Standard output, which somebody looks at: cells with control characters have them written
    /// out.
    Terminal,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// What becomes of what is in it.
        content: Content,
    },
}

/// What becomes of the content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It goes.
    Replace,
    /// It stays.
    Append,
    /// So many bytes of it stay, which are whole records.
    Keep(u64),
}

/// A sink for `format` at `target`; a file whose name ends in `.gz` or `.zst` is packed.
///
/// `fields` narrows the records down (`None`: whole records, or the usual columns);
/// `columns` are those that a table has behind the usual ones: `data.title`, `view.meta`.
pub fn open(
    format: Format,
    target: Target,
    fields: Option<Fields>,
    columns: &[String],
) -> Result<Box<dyn Sink>, SinkError> {
    match (format, fields) {
        (Format::None, _) => Ok(Box::new(rows::Nothing)),
        (Format::Jsonl, fields) => open_with(target, jsonl::Jsonl::new(fields)),
        (Format::Json, fields) => {
            if let Target::File { path, content: Content::Append } = &target {
                let path = path.display();
                let message = format!("a JSON array cannot be appended to ({path}); --format jsonl can");
                return Err(SinkError::Unusable(message));
            }
            open_with(target, json::Json::new(fields))
        }
        (Format::Csv | Format::Tsv, fields) => {
            let delimiter = if format == Format::Csv { b',' } else { b'\t' };
            let header = if has_content(&target) { csv::Header::Leave } else { csv::Header::Write };
            let fields = fields.unwrap_or_else(|| Fields::columns(columns));
            if let Target::File { path, content: Content::Append } = &target {
                csv::look_at_header(path, delimiter, &fields)?;
            }
            let cells = if target == Target::Terminal { csv::Cells::Visible } else { csv::Cells::AsTheyAre };
            open_with(target, csv::Csv::new(delimiter, fields, header, cells))
        }
    }
}

/// A sink for a format of the caller's own.
pub fn open_with(target: Target, encode: impl Encode + 'static) -> Result<Box<dyn Sink>, SinkError> {
    let goes_on = matches!(target, Target::File { content: Content::Keep(length), .. } if length > 0);
    if let Target::File { path, content } = &target {
        tracing::debug!(target: "fetchall::sink", path = %path.display(), content = ?content, "opens an output");
    }
    Ok(Box::new(rows::Rows::new(encode, pipe::Pipe::open(target)?, goes_on)))
}

/// A sink for a database, whose rows are named by `run` and the record's `seq`. It is connected to and
/// looked at: what cannot be written is told here.
///
/// # Errors
/// Why it cannot be written. A [`Place::File`] is opened by [`open`].
pub async fn open_place(place: &Place, run: &str) -> Result<Box<dyn Sink>, SinkError> {
    match place {
        #[cfg(feature = "sqlite")]
        Place::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, run)?)),
        #[cfg(feature = "postgres")]
        Place::Postgres(url) => {
            let database = postgres::Postgres::at(url).map_err(|problem| unusable(place, &problem))?;
            Ok(Box::new(remote::Remote::open(place.name(), run, database).await?))
        }
        #[cfg(feature = "mysql")]
        Place::Mysql(url) => {
            let database = mysql::Mysql::at(url).map_err(|problem| unusable(place, &problem))?;
            Ok(Box::new(remote::Remote::open(place.name(), run, database).await?))
        }
        #[cfg(feature = "parquet")]
        Place::Parquet(path) => Ok(Box::new(self::parquet::Parquet::open(path, run)?)),
        Place::File(_) => Err(unusable(place, "it is a file, and its format is not known")),
        #[expect(clippy::allow_attributes, reason = "the arm is used where a feature is off")]
        #[allow(unreachable_patterns)]
        _ => Err(unusable(place, "this fetchall was built without support for it")),
    }
}

fn unusable(place: &Place, problem: &str) -> SinkError {
    SinkError::Unusable(format!("cannot write to {}: {problem}", place.name()))
}

/// Whether something is appended to.
fn has_content(target: &Target) -> bool {
    match target {
        Target::File { path, content: Content::Append } => std::fs::metadata(path).is_ok_and(|facts| facts.len() > 0),
        Target::File { content: Content::Keep(length), .. } => *length > 0,
        Target::File { content: Content::Replace, .. } | Target::Stdout | Target::Terminal => false,
    }
}

#[cfg(test)]
mod tests;
