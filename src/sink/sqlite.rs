//! Records in an SQLite file, beside whatever else is in it.
//!
//! With a write-ahead log, so that others can read while records come. Must not know what is in the
//! columns; `table` does.

use std::path::Path;

use futures::future::BoxFuture;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, params_from_iter, types::Value,
};

use super::{
    Sink, SinkError, ddl,
    table::{self, COLUMNS, Cell, Found, Kind, META, RECORDS, Takes, VERSION_KEY, is_key},
};
use crate::model::Record;

/// What the head of a journal's file says (`fall`): records do not belong into one.
const JOURNAL: i64 = 0x6661_6c6c;
/// How long another program may keep the file to itself before anything is fetched.
const FIRST_ANSWER: std::time::Duration = std::time::Duration::from_secs(5);
/// The same while a run is under way, which is held back meanwhile.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// An open file.
pub(super) struct Sqlite {
    name: String,
    run: String,
    db: Connection,
    insert: String,
}

impl Sqlite {
    /// Opens the file, makes it if there is none, and looks whether it can be written, as the run `run`.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn open(path: &Path, run: &str) -> Result<Sqlite, SinkError> {
        let name = path.display().to_string();
        let refuse = |problem: String| SinkError::Unusable(format!("cannot write to {name}: {problem}"));
        let mut db = Connection::open(path).map_err(|error| refuse(unopened(path, &error)))?;
        prepare(&mut db).map_err(refuse)?;
        Ok(Sqlite { run: run.to_owned(), db, insert: insert(), name })
    }

    fn put(&mut self, batch: &[Record]) -> Result<(), SinkError> {
        let rows: std::io::Result<Vec<_>> =
            batch.iter().map(|record| table::row(&self.run, record, Takes::All)).collect();
        let rows = rows.map_err(|source| SinkError::Io { name: "a record".to_owned(), source })?;
        let write = |db: &mut Connection| {
            let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut statement = all.prepare_cached(&self.insert)?;
                for row in rows {
                    statement.execute(params_from_iter(row.into_iter().map(value)))?;
                }
            }
            all.commit()
        };
        write(&mut self.db).map_err(|error| self.fault(&error))
    }

    /// What is committed survives the end of this process, and of the machine once it is synced, which a
    /// commit does that asks for it.
    fn sync_all(&mut self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.db.execute(&format!("UPDATE {META} SET value = value WHERE name = ?1"), [VERSION_KEY])?;
        self.db.pragma_update(None, "synchronous", "NORMAL")
    }

    fn fault(&self, error: &rusqlite::Error) -> SinkError {
        SinkError::Io { name: self.name.clone(), source: std::io::Error::other(told(error)) }
    }
}

impl Sink for Sqlite {
    fn write<'a>(&'a mut self, batch: &'a [Record]) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(async move { self.put(batch) })
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        // Every batch is committed when it is written.
        Box::pin(std::future::ready(Ok(())))
    }

    fn sync(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move { self.sync_all().map_err(|error| self.fault(&error)) })
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        // The log is folded into the file when it is closed; what is in either of them is written.
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Calls `take` with each record of the run that was written last into a file of ours, in the order that
/// they were written, as its JSON; until it says no. The file is not changed.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn records_of(path: &Path, take: &mut dyn FnMut(&str) -> bool) -> Result<(), String> {
    let told = |error: rusqlite::Error| told(&error);
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(told)?;
    db.busy_timeout(FIRST_ANSWER).map_err(told)?;
    if !found(&db).map_err(told)?.is_ours(|kind, name| type_of(kind).eq_ignore_ascii_case(name))? {
        return Err(format!("it has no table {RECORDS}; --sink sqlite:PATH writes one"));
    }
    let last = format!("SELECT run FROM {RECORDS} ORDER BY rowid DESC LIMIT 1");
    let all = format!("SELECT record FROM {RECORDS} WHERE run = ({last}) ORDER BY rowid");
    let mut statement = db.prepare(&all).map_err(told)?;
    let mut rows = statement.query([]).map_err(told)?;
    while let Some(row) = rows.next().map_err(told)? {
        let record: String = row.get(0).map_err(told)?;
        if !take(&record) {
            break;
        }
    }
    Ok(())
}

/// Makes the tables, or looks whether they can be written.
fn prepare(db: &mut Connection) -> Result<(), String> {
    let said = |error: rusqlite::Error| told(&error);
    db.busy_timeout(FIRST_ANSWER).map_err(said)?;
    // The first statement that looks into the file: says whether it is a database.
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(said)?;
    if application == JOURNAL {
        return Err("it is the state of a run (--state); records need a file of their own".to_owned());
    }
    db.pragma_update(None, "journal_mode", "WAL").map_err(said)?;
    db.pragma_update(None, "synchronous", "NORMAL").map_err(said)?;
    let all = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(said)?;
    let found = found(&all).map_err(said)?;
    let is_there = found.is_ours(|kind, name| type_of(kind).eq_ignore_ascii_case(name))?;
    all.execute_batch(&ddl::make(&found, is_there, type_of)).map_err(said)?;
    all.prepare(&insert()).map_err(said)?;
    all.commit().map_err(said)?;
    db.busy_timeout(PATIENCE).map_err(said)
}

fn value(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Integer(number),
        Cell::Float(number) => Value::Real(number),
        Cell::Bool(yes) => Value::Integer(yes.into()),
        Cell::Text(text) => Value::Text(text.into_owned()),
    }
}

/// What a column of a kind is made as. The names say more than SQLite cares for; tools read them.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Run | Kind::Text | Kind::Time | Kind::Json => "TEXT",
        Kind::Int => "INTEGER",
        Kind::Float => "REAL",
        Kind::Bool => "BOOLEAN",
    }
}

/// Writes a row, or replaces the one with the same key.
fn insert() -> String {
    let names: Vec<String> = COLUMNS.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let set =
        COLUMNS.iter().filter(|(name, _)| !is_key(name)).map(|(name, _)| format!("\"{name}\" = excluded.\"{name}\""));
    let set = set.collect::<Vec<_>>().join(", ");
    let values = vec!["?"; COLUMNS.len()].join(", ");
    let names = names.join(", ");
    format!("INSERT INTO {RECORDS} ({names}) VALUES ({values}) ON CONFLICT (\"run\", \"seq\") DO UPDATE SET {set}")
}

/// What is there under our names.
fn found(db: &Connection) -> rusqlite::Result<Found> {
    let columns = |table: &str| {
        let mut statement = db.prepare("SELECT name, type FROM pragma_table_info(?1)")?;
        let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<(String, String)>>>()
    };
    let version = match columns(META)?.is_empty() {
        true => None,
        false => {
            let select = format!("SELECT CAST(value AS TEXT) FROM {META} WHERE name = ?1");
            db.query_row(&select, [VERSION_KEY], |row| row.get(0)).optional()?
        }
    };
    Ok(Found { version, columns: columns(RECORDS)? })
}

/// The error in words, of a file that was not there: the folder may be what is missing.
fn unopened(path: &Path, error: &rusqlite::Error) -> String {
    let missing = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
    match (error.sqlite_error_code(), missing) {
        (Some(ErrorCode::CannotOpen), Some(folder)) => format!("there is no folder {}", folder.display()),
        _ => told(error),
    }
}

/// The error in words.
fn told(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program has it".to_owned(),
        Some(ErrorCode::NotADatabase) => "it is no SQLite file".to_owned(),
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "it cannot be written".to_owned(),
        Some(ErrorCode::CannotOpen) => "it cannot be opened".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, Request, Visit, record::Heavy};

    fn record(seq: u64, title: &str) -> Record {
        let visit = Visit::refused(seq, Request::get("https://h/"), None, Ending::Ok);
        Record { title: Some(title.to_owned()), ..Record::of(visit, Heavy::default()) }
    }

    fn titles(path: &Path) -> Vec<(String, i64, String)> {
        let db = Connection::open(path).unwrap();
        let mut statement = db.prepare("SELECT run, seq, title FROM fetchall_records ORDER BY run, seq").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[tokio::test]
    async fn a_row_that_is_written_again_replaces_itself_and_no_other_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.db");
        for (run, title) in [("a", "one"), ("a", "two"), ("b", "three")] {
            let mut sink = Sqlite::open(&path, run).unwrap();
            sink.write(&[record(0, title), record(1, "x\0y")]).await.unwrap();
            sink.sync().await.unwrap();
            sink.finish().await.unwrap();
        }
        let row = |run: &str, seq, title: &str| (run.to_owned(), seq, title.to_owned());
        assert_eq!(titles(&path), [row("a", 0, "two"), row("a", 1, "x\0y"), row("b", 0, "three"), row("b", 1, "x\0y")]);
    }

    #[test]
    fn a_file_that_cannot_take_records_is_named_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.db");
        let with = |sql: &str| {
            let _ = std::fs::remove_file(&path);
            Connection::open(&path).unwrap().execute_batch(sql).unwrap();
            Sqlite::open(&path, "r").map(drop)
        };
        let refused = |sql: &str, told: &str| {
            let problem = with(sql).unwrap_err().to_string();
            assert!(problem.contains(told) && problem.contains("r.db"), "{problem}");
        };
        refused("CREATE TABLE fetchall_records (a)", "another shape: it has no column `run`");
        let newer = "CREATE TABLE fetchall_meta (name, value); INSERT INTO fetchall_meta VALUES ('records', '2')";
        refused(newer, "newer fetchall (version 2)");
        refused("PRAGMA application_id = 1717660780", "the state of a run");
        assert!(with("CREATE TABLE mine (a)").is_ok());
        std::fs::write(&path, "some notes, and more of them").unwrap();
        let problem = Sqlite::open(&path, "r").map(drop).unwrap_err().to_string();
        assert!(problem.contains("no SQLite file"), "{problem}");
        assert_eq!(std::fs::read(&path).unwrap(), b"some notes, and more of them");
        assert!(Sqlite::open(dir.path(), "r").is_err());
        let problem = Sqlite::open(&dir.path().join("nodir/r.db"), "r").map(drop).unwrap_err().to_string();
        assert!(problem.contains("there is no folder ") && problem.ends_with("nodir"), "{problem}");
    }
}
