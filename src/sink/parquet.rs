//! Records in a Parquet file: typed columns, packed by zstd, in groups of rows.
//!
//! A group is gathered in memory, and the file has its name only when it is whole: a reader never meets
//! half of one. Must not know what is in the columns; `table` does.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use futures::future::BoxFuture;
use parquet::{
    basic::{Compression, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::{parser::parse_message_type, types::Type},
};

use super::{
    Sink, SinkError,
    table::{self, COLUMNS, Cell, Kind, Takes, is_key},
};
use crate::model::Record;

/// Rows of a group at most: what readers like, and what memory bears.
const ROWS: usize = 50_000;
/// Bytes that are gathered for a group at most.
const BYTES: usize = 64 << 20;

/// A file that is being written.
pub(super) struct Parquet {
    name: PathBuf,
    /// Where it is until it is whole.
    part: PathBuf,
    run: String,
    /// `None` once it is ended, or cannot be written any more.
    file: Option<SerializedFileWriter<File>>,
    group: Group,
}

impl Parquet {
    /// Begins the file, as the run `run`.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn open(path: &Path, run: &str) -> Result<Parquet, SinkError> {
        let refuse = |problem: String| SinkError::Unusable(format!("cannot write to {}: {problem}", path.display()));
        if path.is_dir() {
            return Err(refuse("it is a folder".to_owned()));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|error| refuse(error.to_string()))?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer = schema().and_then(|schema| SerializedFileWriter::new(file, schema, Arc::new(properties)));
        let file = Some(writer.map_err(|error| refuse(error.to_string()))?);
        Ok(Parquet { name: path.to_owned(), part, run: run.to_owned(), file, group: Group::new() })
    }

    fn put(&mut self, batch: &[Record]) -> Result<(), SinkError> {
        for record in batch {
            let row = table::row(&self.run, record, Takes::All);
            let row = row.map_err(|source| SinkError::Io { name: "a record".to_owned(), source })?;
            self.group.add(row);
            if self.group.rows >= ROWS || self.group.bytes >= BYTES {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), SinkError> {
        let group = std::mem::replace(&mut self.group, Group::new());
        let (Some(mut file), true) = (self.file.take(), group.rows > 0) else { return Ok(()) };
        group.write(&mut file).map_err(|error| self.fault(error))?;
        self.file = Some(file);
        Ok(())
    }

    fn end(&mut self) -> Result<(), SinkError> {
        if self.group.rows > 0 {
            self.end_group()?;
        }
        let Some(file) = self.file.take() else { return Ok(()) };
        let ended = file.into_inner().map_err(|error| self.fault(error))?;
        let named = ended.sync_all().and_then(|()| fs::rename(&self.part, &self.name));
        named.map_err(|source| SinkError::Io { name: self.name.display().to_string(), source })
    }

    fn fault(&self, error: ParquetError) -> SinkError {
        SinkError::Io { name: self.name.display().to_string(), source: io::Error::other(error) }
    }
}

impl Sink for Parquet {
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(async move { self.put(batch) })
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        // A group of few rows would be no group: it is written when it is full.
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move { self.end() })
    }
}

/// The columns, as Parquet describes them.
fn schema() -> Result<Arc<Type>, ParquetError> {
    let column = |(name, kind): (&str, Kind)| {
        let repetition = if is_key(name) { "REQUIRED" } else { "OPTIONAL" };
        let (physical, logical) = match kind {
            Kind::Run | Kind::Text => ("BYTE_ARRAY", " (STRING)"),
            Kind::Int => ("INT64", ""),
            Kind::Float => ("DOUBLE", ""),
            Kind::Bool => ("BOOLEAN", ""),
            Kind::Time => ("INT64", " (TIMESTAMP(MILLIS,true))"),
            Kind::Json => ("BYTE_ARRAY", " (JSON)"),
        };
        format!("{repetition} {physical} {name}{logical};")
    };
    let columns: String = COLUMNS.into_iter().map(column).collect();
    parse_message_type(&format!("message {} {{ {columns} }}", table::RECORDS)).map(Arc::new)
}

/// Values of a column that are there.
enum Values {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Bytes(Vec<ByteArray>),
}

/// A column of a group: its values, and for each row whether it has one.
struct Column {
    values: Values,
    has: Vec<i16>,
}

/// Rows that are gathered.
struct Group {
    rows: usize,
    bytes: usize,
    columns: Vec<Column>,
}

impl Group {
    fn new() -> Group {
        let values = |kind| match kind {
            Kind::Int | Kind::Time => Values::Int(Vec::new()),
            Kind::Float => Values::Float(Vec::new()),
            Kind::Bool => Values::Bool(Vec::new()),
            Kind::Run | Kind::Text | Kind::Json => Values::Bytes(Vec::new()),
        };
        let columns = COLUMNS.iter().map(|(_, kind)| Column { values: values(*kind), has: Vec::new() });
        Group { rows: 0, bytes: 0, columns: columns.collect() }
    }

    fn add(&mut self, row: [Cell<'_>; COLUMNS.len()]) {
        self.rows += 1;
        self.bytes += row.iter().map(Cell::weight).sum::<usize>();
        for (column, cell) in self.columns.iter_mut().zip(row) {
            let has = match (&mut column.values, cell) {
                (Values::Int(values), Cell::Int(number)) => add(values, Some(number)),
                (Values::Int(values), Cell::Text(time)) => add(values, millis(&time)),
                (Values::Float(values), Cell::Float(number)) => add(values, Some(number)),
                (Values::Bool(values), Cell::Bool(yes)) => add(values, Some(yes)),
                (Values::Bytes(values), Cell::Text(text)) => add(values, Some(text.into_owned().into_bytes().into())),
                _ => 0,
            };
            column.has.push(has);
        }
    }

    fn write(&self, file: &mut SerializedFileWriter<File>) -> Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        for (column, (name, _)) in self.columns.iter().zip(COLUMNS) {
            let Some(mut writer) = group.next_column()? else { break };
            let has = (!is_key(name)).then_some(&*column.has);
            match (writer.untyped(), &column.values) {
                (ColumnWriter::Int64ColumnWriter(to), Values::Int(values)) => to.write_batch(values, has, None)?,
                (ColumnWriter::DoubleColumnWriter(to), Values::Float(values)) => to.write_batch(values, has, None)?,
                (ColumnWriter::BoolColumnWriter(to), Values::Bool(values)) => to.write_batch(values, has, None)?,
                (ColumnWriter::ByteArrayColumnWriter(to), Values::Bytes(values)) => {
                    to.write_batch(values, has, None)?
                }
                _ => return Err(ParquetError::General(format!("column {name} is of another type"))),
            };
            writer.close()?;
        }
        group.close().map(drop)
    }
}

/// Adds a value that is there; says whether it is.
fn add<T>(values: &mut Vec<T>, value: Option<T>) -> i16 {
    let has = i16::from(value.is_some());
    values.extend(value);
    has
}

/// Milliseconds since 1970, UTC.
fn millis(time: &str) -> Option<i64> {
    let time = humantime::parse_rfc3339(time).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(time.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use parquet::{
        file::reader::{FileReader as _, SerializedFileReader},
        record::RowAccessor as _,
    };

    use super::*;
    use crate::model::{Ending, Request, Visit, record::Heavy};

    fn record(seq: u64) -> Record {
        let visit = Visit::refused(seq, Request::get("https://h/"), None, Ending::Ok);
        let title = (seq % 2 == 1).then(|| format!("t{seq}"));
        let started_at = Some("1970-01-01T00:00:01.500Z".to_owned());
        Record { title, started_at, ..Record::of(visit, Heavy::default()) }
    }

    fn at(name: &str) -> usize {
        COLUMNS.iter().position(|(column, _)| *column == name).unwrap()
    }

    #[tokio::test]
    async fn every_row_is_read_back_and_the_file_has_its_name_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.parquet");
        let mut sink = Parquet::open(&path, "run").unwrap();
        let records: Vec<Record> = (0..ROWS as u64 + 10).map(record).collect();
        sink.write(&records).await.unwrap();
        assert!(!path.exists());
        sink.finish().await.unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        for (seq, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let row = row.unwrap();
            assert_eq!((row.get_string(0).unwrap().as_str(), row.get_long(1).unwrap()), ("run", seq as i64));
            let title = row.get_string(at("title")).ok().cloned();
            assert_eq!(title, (seq % 2 == 1).then(|| format!("t{seq}")));
            assert_eq!(row.get_timestamp_millis(at("started_at")).unwrap(), 1_500);
            assert!(row.get_string(at("record")).is_ok() || row.get_bytes(at("record")).is_ok());
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn a_run_without_records_is_a_file_without_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.parquet");
        Parquet::open(&path, "run").unwrap().finish().await.unwrap();
        assert_eq!(
            SerializedFileReader::new(File::open(&path).unwrap()).unwrap().get_row_iter(None).unwrap().count(),
            0
        );
        assert!(Parquet::open(dir.path(), "run").is_err());
    }
}
