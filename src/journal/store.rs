//! The journal's file: SQLite, with a write-ahead log, for one process at a time.
//!
//! ```text
//! run      key, value, sum     who the run is, and whether it came to its end
//! batch    id, done, failed, positions, sum     what one commit adds; 0 is all that was folded together
//! mark     read, digest, sum   the list, as far as it was read
//! ```
//!
//! A commit is in the file once the call returns, whatever becomes of this process. What becomes of
//! the machine is another matter: `durable` says up to which batch the outputs had been synced before
//! the batch was, and where the machine has been started anew since, nothing behind that counts.

mod begin;
mod steps;
mod sums;

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use super::{
    JournalError,
    done::{Done, pack, unpack},
    marks::Mark,
};

/// Stands in the file's head, so that a file of another program is known (`fall`).
const APPLICATION: i64 = 0x6661_6c6c;
/// Version of the tables.
const VERSION: i64 = 2;
/// Batches above which they are folded into one when the file is opened.
const FOLD_ABOVE: usize = 256;

const TABLES: &str = "
    CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER) WITHOUT ROWID;
    CREATE TABLE batch (id INTEGER PRIMARY KEY, done BLOB NOT NULL, failed BLOB NOT NULL, positions BLOB NOT NULL,
        sum INTEGER);
    CREATE TABLE mark (read INTEGER PRIMARY KEY, digest INTEGER NOT NULL, sum INTEGER);
";

/// What the file says of the run so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub done: Done,
    pub failed: Done,
    /// Lengths of the outputs after the last batch; empty before the first.
    pub positions: Vec<Option<u64>>,
    /// The last batch; 0 if there is none.
    pub last: i64,
    pub marks: Vec<Mark>,
    pub values: BTreeMap<String, String>,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    db: Connection,
}

/// What is said of a fault of SQLite's.
fn fault(path: &Path, error: rusqlite::Error) -> JournalError {
    let told = |what: &str| JournalError::Io(path.to_owned(), what.to_owned());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::InUse(path.to_owned()),
        Some(ErrorCode::NotADatabase) => JournalError::Foreign(path.to_owned()),
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Damaged(path.to_owned(), cause(&error.to_string())),
        Some(ErrorCode::DiskFull) => told("the disk is full"),
        Some(ErrorCode::ReadOnly) => told("it cannot be written"),
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) if is_read_only(path) => told("it cannot be written"),
        Some(ErrorCode::CannotOpen) => match missing_folder(path) {
            Some(folder) => told(&format!("there is no folder {}", folder.display())),
            None => told("it cannot be opened"),
        },
        _ => told(&error.to_string()),
    }
}

/// What SQLite says, which may be several lines of its own, as the cause of something.
fn cause(said: &str) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("***"));
    let said: Vec<&str> = lines.collect();
    format!("SQLite says: {}", said.join("; "))
}

fn make_tables(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; {TABLES} COMMIT;"
    ))
}

/// Whether a file is there that may be read and not written: of a file system that takes nothing SQLite
/// says only that something failed.
fn is_read_only(path: &Path) -> bool {
    path.is_file() && OpenOptions::new().append(true).open(path).is_err()
}

/// The folder that the file would be in, if that is not there.
fn missing_folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
}

/// What a value that no run can have written comes to.
fn damaged(path: &Path, what: &str) -> JournalError {
    JournalError::Damaged(path.to_owned(), what.to_owned())
}

impl Store {
    /// Opens the file, makes it if there is none, and keeps everybody else out of it. A file that is
    /// no journal is left as it is.
    pub fn open(path: &Path) -> Result<Store, JournalError> {
        if path.is_dir() {
            return Err(JournalError::Foreign(path.to_owned()));
        }
        begin::begin(path)?;
        let open = || {
            let db = Connection::open(path)?;
            db.busy_timeout(std::time::Duration::from_millis(300))?;
            db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            // The first statement that looks into the file: says whether it is one.
            let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
            rusqlite::Result::Ok((db, application, tables, version))
        };
        let (db, application, tables, version) = open().map_err(|error| fault(path, error))?;
        let is_new = (application, tables) == (0, 0);
        if !is_new && application != APPLICATION {
            return Err(JournalError::Foreign(path.to_owned()));
        }
        if !is_new && version > VERSION {
            return Err(JournalError::Newer(path.to_owned()));
        }
        let store = Store { path: path.to_owned(), db };
        if !is_new {
            store.check()?;
        }
        store.prepare(is_new).map_err(|error| fault(path, error))?;
        Ok(store)
    }

    fn check(&self) -> Result<(), JournalError> {
        let said = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match said.map_err(|error| fault(&self.path, error))?.as_str() {
            "ok" => Ok(()),
            said => Err(damaged(&self.path, &cause(said))),
        }
    }

    fn prepare(&self, is_new: bool) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        if is_new {
            make_tables(&self.db)?;
        } else {
            // Takes the lock, which is then kept.
            self.db.execute_batch("BEGIN IMMEDIATE")?;
            sums::add_columns(&self.db)?;
            self.db.execute_batch(&format!("PRAGMA user_version = {VERSION}; COMMIT;"))?;
        }
        Ok(())
    }

    /// Everything in it. What the end of the machine may have taken from the outputs is taken out first:
    /// `boot` names the machine's last start, where that is known.
    pub fn read(&mut self, boot: Option<&str>) -> Result<Kept, JournalError> {
        let mut kept = Kept { values: self.values()?, marks: self.marks()?, ..Kept::default() };
        let durable = kept.values.get("durable").and_then(|id| id.parse::<i64>().ok()).unwrap_or(0);
        let of_this_boot = boot.is_some() && kept.values.get("boot").map(String::as_str) == boot;
        if !of_this_boot {
            self.run("DELETE FROM batch WHERE id > ?1", params![durable])?;
        }
        let old = self.replay(0, durable, &mut kept)?;
        if old > FOLD_ABOVE {
            self.fold(durable, &kept)?;
        }
        self.replay(durable, i64::MAX, &mut kept)?;
        // Folding takes numbers away; they must not be given again as long as `durable` stands.
        kept.last = kept.last.max(durable);
        Ok(kept)
    }

    /// Adds the batches behind `after` up to `last`; says how many there were. Batch 0, what was folded,
    /// goes with the first.
    fn replay(&self, after: i64, last: i64, kept: &mut Kept) -> Result<usize, JournalError> {
        let unreadable = || damaged(&self.path, "a batch cannot be read");
        let select = "SELECT id, done, failed, positions, sum FROM batch WHERE (id > ?1 OR (id = 0 AND ?1 = 0)) AND id <= ?2 ORDER BY id";
        let mut statement = self.db.prepare(select).map_err(|error| fault(&self.path, error))?;
        let mut rows = statement.query(params![after, last]).map_err(|error| fault(&self.path, error))?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(|error| fault(&self.path, error))? {
            let get = || rusqlite::Result::Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            let (id, done, failed, positions): (i64, Vec<u8>, Vec<u8>, Vec<u8>) =
                get().map_err(|error| fault(&self.path, error))?;
            let holds = sums::holds(row, 4, &[&id.to_le_bytes(), &done, &failed, &positions]);
            if !holds.map_err(|error| fault(&self.path, error))? {
                return Err(damaged(&self.path, "a batch is not what was written"));
            }
            if id == 0 {
                kept.done = Done::from_bytes(&done).ok_or_else(unreadable)?;
            } else {
                for seq in unpack(&done).ok_or_else(unreadable)? {
                    kept.done.insert(seq);
                    // Tried again, and well this time unless it says otherwise.
                    kept.failed.remove(seq);
                }
            }
            unpack(&failed).ok_or_else(unreadable)?.into_iter().for_each(|seq| _ = kept.failed.insert(seq));
            kept.positions =
                unpack(&positions).ok_or_else(unreadable)?.into_iter().map(|one| one.checked_sub(1)).collect();
            kept.last = id;
            count += 1;
        }
        Ok(count)
    }

    /// Makes one batch of those up to `last`, whose sum is `kept`.
    fn fold(&mut self, last: i64, kept: &Kept) -> Result<(), JournalError> {
        let (failed, positions) = (pack(kept.failed.iter()), pack_positions(&kept.positions));
        let fold = |db: &mut Connection| {
            let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            all.execute("DELETE FROM batch WHERE id <= ?1", params![last])?;
            let done = kept.done.to_bytes();
            let sum = sums::of(&[&0_i64.to_le_bytes(), &done, &failed, &positions]);
            all.execute("INSERT INTO batch VALUES (0, ?1, ?2, ?3, ?4)", params![done, failed, positions, sum])?;
            all.commit()
        };
        fold(&mut self.db).map_err(|error| fault(&self.path, error))
    }

    fn values(&self) -> Result<BTreeMap<String, String>, JournalError> {
        let read = |row: &rusqlite::Row<'_>| {
            let (key, value): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((sums::holds(row, 2, &[key.as_bytes(), value.as_bytes()])?, (key, value)))
        };
        let rows = self.rows("SELECT key, value, sum FROM run", read)?;
        let whole: Option<_> = rows.into_iter().map(|(holds, pair)| holds.then_some(pair)).collect();
        whole.ok_or_else(|| damaged(&self.path, "what it says of its run is not what was written"))
    }

    fn marks(&self) -> Result<Vec<Mark>, JournalError> {
        let read = |row: &rusqlite::Row<'_>| {
            let mark: (i64, i64) = (row.get(0)?, row.get(1)?);
            let holds = sums::holds(row, 2, &[&mark.0.to_le_bytes(), &mark.1.to_le_bytes()])?;
            Ok(holds.then_some((mark.0.cast_unsigned(), mark.1.cast_unsigned())))
        };
        let rows = self.rows("SELECT read, digest, sum FROM mark ORDER BY read", read)?;
        let whole: Option<_> = rows.into_iter().collect();
        whole.ok_or_else(|| damaged(&self.path, "what it says of its list is not what was written"))
    }

    fn rows<T>(
        &self,
        select: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let all = || self.db.prepare(select)?.query_map([], read)?.collect::<rusqlite::Result<_>>();
        all().map_err(|error| fault(&self.path, error))
    }

    /// Begins anew: everything goes but these values.
    pub fn clear(&mut self, values: &[(&str, &str)]) -> Result<(), JournalError> {
        let clear = |db: &mut Connection| {
            let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            all.execute_batch("DELETE FROM run; DELETE FROM batch; DELETE FROM mark; DROP TABLE IF EXISTS trail;")?;
            for (key, value) in values {
                put_value(&all, key, value)?;
            }
            all.commit()
        };
        clear(&mut self.db).map_err(|error| fault(&self.path, error))
    }

    /// Sets a value.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), JournalError> {
        put_value(&self.db, key, value).map_err(|error| fault(&self.path, error))
    }

    /// Adds a batch: numbers that are done, those of them that failed, lengths of the outputs; and how
    /// far the list was read.
    pub fn add(
        &mut self,
        id: i64,
        done: impl Iterator<Item = u64>,
        failed: impl Iterator<Item = u64>,
        positions: &[Option<u64>],
        marks: &[Mark],
    ) -> Result<(), JournalError> {
        let (done, failed, positions) = (pack(done), pack(failed), pack_positions(positions));
        let sum = sums::of(&[&id.to_le_bytes(), &done, &failed, &positions]);
        let add = |db: &mut Connection| {
            let insert = |db: &Connection| {
                let mut statement = db.prepare_cached("INSERT INTO batch VALUES (?1, ?2, ?3, ?4, ?5)")?;
                statement.execute(params![id, done, failed, positions, sum])
            };
            if marks.is_empty() {
                return insert(db).map(drop);
            }
            let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            insert(&all)?;
            for (read, digest) in marks {
                let mut statement = all.prepare_cached("INSERT OR REPLACE INTO mark VALUES (?1, ?2, ?3)")?;
                let sum = sums::of(&[&read.to_le_bytes(), &digest.to_le_bytes()]);
                statement.execute(params![read.cast_signed(), digest.cast_signed(), sum])?;
            }
            all.commit()
        };
        add(&mut self.db).map_err(|error| fault(&self.path, error))
    }

    /// The outputs have been synced as far as this batch says; syncs the journal too.
    pub fn durable(&mut self, id: i64, ended: Option<&str>) -> Result<(), JournalError> {
        let settle = |db: &mut Connection| {
            db.pragma_update(None, "synchronous", "FULL")?;
            let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            put_value(&all, "durable", &id.to_string())?;
            if let Some(ended) = ended {
                put_value(&all, "ended", ended)?;
            }
            all.commit()?;
            db.pragma_update(None, "synchronous", "NORMAL")
        };
        settle(&mut self.db).map_err(|error| fault(&self.path, error))
    }

    /// The path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn run(&self, statement: &str, values: impl rusqlite::Params) -> Result<(), JournalError> {
        self.db.execute(statement, values).map(drop).map_err(|error| fault(&self.path, error))
    }
}

fn put_value(db: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let sum = sums::of(&[key.as_bytes(), value.as_bytes()]);
    db.execute("INSERT OR REPLACE INTO run VALUES (?1, ?2, ?3)", params![key, value, sum]).map(drop)
}

/// Lengths as numbers; what has no length is 0.
fn pack_positions(positions: &[Option<u64>]) -> Vec<u8> {
    pack(positions.iter().map(|position| position.map_or(0, |length| length.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn of_a_file_that_takes_nothing_it_is_said_that_it_cannot_be_written() {
        let told = |path: &Path| {
            let code = rusqlite::ffi::Error { code: ErrorCode::SystemIoFailure, extended_code: 10 };
            fault(path, rusqlite::Error::SqliteFailure(code, None)).to_string()
        };
        // A program that runs is kept from being written, whoever asks.
        assert!(told(&std::env::current_exe().unwrap()).ends_with("it cannot be written"));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(told(file.path()).ends_with("disk I/O error"), "{}", told(file.path()));
    }
}
