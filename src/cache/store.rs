//! The file of a cache: SQLite, with a write-ahead log, for many processes at a time.
//!
//! ```text
//! answer    id, place, who, method, variant, status, version, fields, asked_at, came_at, size, used, digest
//! content   id, bytes           as received: with content coding, without transfer coding
//! total     bytes               the sum of the sizes
//! ```
//!
//! An answer and its content are written in one transaction, so that whoever reads sees both or neither,
//! whatever becomes of the writer. Between looking and changing others may have been at the file, so that
//! whoever comes back says which answer is meant ([`Ident`]), and no number is given twice. Times are
//! milliseconds since 1970. Must not know what an answer is good for.

mod pack;

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, TransactionBehavior, params};
use xxhash_rust::xxh3::xxh3_128;

use self::pack::{millis, number_of, pack, time, unpack, version_of};
use super::CacheError;
use crate::policy::cache::{Key, Sum};

/// Stands in the file's head, so that a file of another program is known (`fach`).
const APPLICATION: i64 = 0x6661_6368;
/// Version of the tables.
const VERSION: i64 = 2;
/// Versions whose files are thrown away: what is in them can be had again.
const OLD: std::ops::Range<i64> = 1..VERSION;
/// How long another process may have the file to itself when it is opened first.
const BUSY: Duration = Duration::from_secs(10);
/// What an answer takes beside its content and fields, as measured.
const OVERHEAD: usize = 250;
/// Answers looked at when room is made.
const PORTION: usize = 64;
/// Pages given back to the system at once, 4 KiB each.
const VACUUM: i64 = 4096;
/// The write-ahead log is cut to this size when it begins anew.
const LOG_MOST: i64 = 32 << 20;

const TABLES: &str = "
    CREATE TABLE answer (
        id INTEGER PRIMARY KEY AUTOINCREMENT, place BLOB NOT NULL, who BLOB NOT NULL, method TEXT NOT NULL,
        variant BLOB NOT NULL, status INTEGER NOT NULL, version INTEGER NOT NULL, fields BLOB NOT NULL,
        asked_at INTEGER NOT NULL, came_at INTEGER NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL,
        digest BLOB NOT NULL, UNIQUE (place, who, method, variant));
    CREATE INDEX answer_used ON answer (used);
    CREATE TABLE content (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE TABLE total (bytes INTEGER NOT NULL);
    INSERT INTO total VALUES (0);
";

/// Of an older version, whatever of it there is.
const NO_TABLES: &str = "DROP TABLE IF EXISTS answer; DROP TABLE IF EXISTS content; DROP TABLE IF EXISTS total;";

const COLUMNS: &str = "id, method, variant, status, version, fields, asked_at, came_at, used, digest";

/// Which answer is meant. One that came later has another, even if it is about the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ident {
    id: i64,
    key: Key,
    /// Of the content.
    digest: [u8; 16],
}

/// An answer that is there, but for its content.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub ident: Ident,
    pub method: Method,
    pub variant: Sum,
    pub status: u16,
    pub version: http::Version,
    pub headers: HeaderMap,
    pub asked_at: SystemTime,
    pub came_at: SystemTime,
    pub used: SystemTime,
}

/// An answer to be kept.
#[derive(Debug)]
pub(super) struct New {
    pub key: Key,
    pub method: Method,
    pub variant: Sum,
    pub status: u16,
    pub version: http::Version,
    pub headers: HeaderMap,
    pub asked_at: SystemTime,
    pub came_at: SystemTime,
    pub content: Bytes,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Store(Connection);

/// Whether a fault is one of this moment: somebody else has the file.
pub(super) fn is_passing(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What is said of a fault.
pub(super) fn sentence(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => format!("it is damaged ({error})"),
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "it cannot be written".to_owned(),
        Some(ErrorCode::CannotOpen) => "it cannot be opened".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process keeps it locked".to_owned(),
        _ => error.to_string(),
    }
}

impl Store {
    /// Opens the file, and makes it if there is none.
    pub fn create(path: &Path) -> Result<Store, CacheError> {
        let fault = |error: rusqlite::Error| CacheError::Unusable(path.to_owned(), sentence(&error));
        let store = Store::open(path, BUSY).map_err(fault)?;
        match patiently(|| store.prepare()).map_err(fault)? {
            (APPLICATION, VERSION) => Ok(store),
            (APPLICATION, _) => Err(CacheError::Newer(path.to_owned())),
            _ => Err(CacheError::Foreign(path.to_owned())),
        }
    }

    /// Opens what is there; `patience` is how long another process may have it to itself.
    pub fn open(path: &Path, patience: Duration) -> rusqlite::Result<Store> {
        let db = Connection::open(path)?;
        db.busy_timeout(patience)?;
        db.set_prepared_statement_cache_capacity(16);
        db.pragma_update(None, "journal_size_limit", LOG_MOST)?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(Store(db))
    }

    /// Makes the tables where there are none; says whose file it is, and of which version. Several
    /// processes may be at it at once.
    fn prepare(&self) -> rusqlite::Result<(i64, i64)> {
        let read = |name| self.0.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let is_new = || match read("application_id")? {
            0 => Ok(self.count("SELECT count(*) FROM sqlite_schema")? == 0),
            of => Ok::<_, rusqlite::Error>(of == APPLICATION && OLD.contains(&read("user_version")?)),
        };
        if is_new()? {
            self.0.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            self.0.pragma_update(None, "journal_mode", "WAL")?;
            self.0.execute_batch("BEGIN IMMEDIATE")?;
            let made = is_new().and_then(|is_new| match is_new {
                true => self.0.execute_batch(&format!(
                    "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; {NO_TABLES} {TABLES}"
                )),
                false => Ok(()),
            });
            self.0.execute_batch(if made.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
            made?;
        }
        Ok((read("application_id")?, read("user_version")?))
    }

    fn count(&self, select: &str) -> rusqlite::Result<i64> {
        self.0.query_row(select, [], |row| row.get(0))
    }

    /// The answers under this key, those that came last first.
    pub fn entries(&self, key: &Key) -> rusqlite::Result<Vec<Entry>> {
        let select = format!("SELECT {COLUMNS} FROM answer WHERE place = ?1 AND who = ?2 ORDER BY came_at DESC");
        let mut statement = self.0.prepare_cached(&select)?;
        let rows = statement.query_map(params![key.place, key.who], |row| entry(key, row))?;
        // One that cannot be read is as good as none.
        rows.filter_map(Result::transpose).collect()
    }

    /// The content of an answer; `None` if it is not there any more, or is not what it was.
    pub fn content(&self, ident: &Ident) -> rusqlite::Result<Option<Bytes>> {
        let select = "SELECT bytes FROM content JOIN answer USING (id)
            WHERE id = ?1 AND place = ?2 AND who = ?3 AND digest = ?4";
        let mut statement = self.0.prepare_cached(select)?;
        let values = params![ident.id, ident.key.place, ident.key.who, ident.digest];
        let found: Option<Vec<u8>> = statement.query_row(values, |row| row.get(0)).optional()?;
        Ok(found.filter(|bytes| digest_of(bytes) == ident.digest).map(Bytes::from))
    }

    /// Makes several changes that are in the file together or not at all, and room for them: `most` is what
    /// all answers may take, in bytes; `patience` as with [`Store::open`].
    pub fn all<T>(
        &mut self,
        most: u64,
        patience: Duration,
        work: impl FnOnce(&Changes<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.0.busy_timeout(patience)?;
        let all = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changes = Changes(&all);
        let done = work(&changes)?;
        let freed = changes.make_room(most)?;
        all.commit()?;
        if freed {
            // What was freed is used again; this gives back what is left over where the bound was lowered.
            let pages = self.count("PRAGMA freelist_count")?;
            if pages > self.count("PRAGMA page_count")? / 4 {
                let mut vacuum = self.0.prepare(&format!("PRAGMA incremental_vacuum({})", pages.min(VACUUM)))?;
                // A page a step.
                let mut steps = vacuum.query([])?;
                while steps.next()?.is_some() {}
            }
        }
        Ok(done)
    }
}

/// A transaction.
pub(super) struct Changes<'a>(&'a Connection);

impl Changes<'_> {
    /// Keeps an answer, in place of the one that was there.
    pub fn put(&self, new: &New) -> rusqlite::Result<()> {
        let Key { place, who } = new.key;
        let select = "SELECT id FROM answer WHERE place = ?1 AND who = ?2 AND method = ?3 AND variant = ?4";
        let old = self
            .0
            .prepare_cached(select)?
            .query_row(params![place, who, new.method.as_str(), new.variant], |row| row.get(0));
        if let Some(old) = old.optional()? {
            self.drop_row(old)?;
        }
        let fields = pack(&new.headers);
        let size = (new.content.len() + fields.len() + OVERHEAD) as i64;
        let insert = "INSERT INTO answer (place, who, method, variant, status, version, fields, asked_at, came_at,
            size, used, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?11)";
        self.0.prepare_cached(insert)?.execute(params![
            place,
            who,
            new.method.as_str(),
            new.variant,
            new.status,
            number_of(new.version),
            fields,
            millis(new.asked_at),
            millis(new.came_at),
            size,
            digest_of(&new.content),
        ])?;
        let id = self.0.last_insert_rowid();
        self.0
            .prepare_cached("INSERT OR REPLACE INTO content VALUES (?1, ?2)")?
            .execute(params![id, &new.content[..]])?;
        self.grow(size)
    }

    /// An answer was confirmed, with these fields.
    pub fn renew(&self, entry: &Entry) -> rusqlite::Result<()> {
        if !self.is_there(&entry.ident)? {
            return Ok(());
        }
        let Key { place, who } = entry.ident.key;
        // The fields may say now that it is the answer to what another was the answer to.
        let same = "SELECT id FROM answer WHERE place = ?1 AND who = ?2 AND method = ?3 AND variant = ?4 AND id <> ?5";
        let values = params![place, who, entry.method.as_str(), entry.variant, entry.ident.id];
        if let Some(other) = self.0.prepare_cached(same)?.query_row(values, |row| row.get(0)).optional()? {
            self.drop_row(other)?;
        }
        let update = "UPDATE answer SET variant = ?5, fields = ?2, asked_at = ?3, came_at = ?4, used = ?4
            WHERE id = ?1";
        let times = (millis(entry.asked_at), millis(entry.came_at));
        let values = params![entry.ident.id, pack(&entry.headers), times.0, times.1, entry.variant];
        self.0.prepare_cached(update)?.execute(values).map(drop)
    }

    /// An answer was used.
    pub fn touch(&self, ident: &Ident, used: SystemTime) -> rusqlite::Result<()> {
        if !self.is_there(ident)? {
            return Ok(());
        }
        let update = "UPDATE answer SET used = ?2 WHERE id = ?1";
        self.0.prepare_cached(update)?.execute(params![ident.id, millis(used)]).map(drop)
    }

    /// Lets one go.
    pub fn remove(&self, ident: &Ident) -> rusqlite::Result<()> {
        if self.is_there(ident)? { self.drop_row(ident.id) } else { Ok(()) }
    }

    fn is_there(&self, ident: &Ident) -> rusqlite::Result<bool> {
        let select = "SELECT 1 FROM answer WHERE id = ?1 AND place = ?2 AND who = ?3 AND digest = ?4";
        self.0.prepare_cached(select)?.exists(params![ident.id, ident.key.place, ident.key.who, ident.digest])
    }

    /// Nothing that is kept of this place holds any more.
    pub fn forget(&self, place: &Sum) -> rusqlite::Result<()> {
        let mut statement = self.0.prepare_cached("SELECT id FROM answer WHERE place = ?1")?;
        let ids: Vec<i64> = statement.query_map([place], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        ids.into_iter().try_for_each(|id| self.drop_row(id))
    }

    fn drop_row(&self, id: i64) -> rusqlite::Result<()> {
        let delete = "DELETE FROM answer WHERE id = ?1 RETURNING size";
        let size: Option<i64> = self.0.prepare_cached(delete)?.query_row([id], |row| row.get(0)).optional()?;
        self.0.prepare_cached("DELETE FROM content WHERE id = ?1")?.execute([id])?;
        self.grow(-size.unwrap_or_default())
    }

    fn grow(&self, by: i64) -> rusqlite::Result<()> {
        self.0.prepare_cached("UPDATE total SET bytes = bytes + ?1")?.execute([by]).map(drop)
    }

    fn total(&self) -> rusqlite::Result<u64> {
        let total: i64 = self.0.prepare_cached("SELECT bytes FROM total")?.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(total).unwrap_or_default())
    }

    /// Lets go of what was not used for longest, as long as there is too much; says whether there was.
    fn make_room(&self, most: u64) -> rusqlite::Result<bool> {
        let mut freed = false;
        while self.total()? > most {
            let select = format!("SELECT id FROM answer ORDER BY used, id LIMIT {PORTION}");
            let mut statement = self.0.prepare_cached(&select)?;
            let ids: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            if ids.is_empty() {
                break;
            }
            for id in ids {
                self.drop_row(id)?;
                freed = true;
                if self.total()? <= most {
                    break;
                }
            }
        }
        Ok(freed)
    }
}

/// Tries again while another process makes the file, which no waiting of SQLite's own covers.
fn patiently<T>(work: impl Fn() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let end = Instant::now() + BUSY;
    loop {
        match work() {
            Err(error) if is_passing(&error) && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

fn entry(key: &Key, row: &Row<'_>) -> rusqlite::Result<Option<Entry>> {
    let (method, fields): (String, Vec<u8>) = (row.get(1)?, row.get(5)?);
    let (Ok(method), Some(headers)) = (method.parse(), unpack(&fields)) else { return Ok(None) };
    Ok(Some(Entry {
        ident: Ident { id: row.get(0)?, key: *key, digest: row.get(9)? },
        method,
        variant: row.get(2)?,
        status: row.get(3)?,
        version: version_of(row.get(4)?),
        headers,
        asked_at: time(row.get(6)?),
        came_at: time(row.get(7)?),
        used: time(row.get(8)?),
    }))
}

fn digest_of(content: &[u8]) -> [u8; 16] {
    xxh3_128(content).to_le_bytes()
}

#[cfg(test)]
mod tests;
