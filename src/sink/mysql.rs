//! Records in MySQL or MariaDB: a few statements of many rows for each batch, in one transaction.
//!
//! Must not know what is in the columns; `table` does.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use futures::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, MySqlConnection, Row as _,
    mysql::{MySqlConnectOptions, MySqlDatabaseError},
};
use url::Url;

use super::{
    remote::{Database, Fault, Row, parts},
    sql,
    table::{COLUMNS, Cell, Found, Kind, META, RECORDS, Takes, VERSION, VERSION_KEY, is_key},
};

/// Rows of the largest statement: 65,535 parameters are what the protocol takes, and each number of rows
/// is a statement of its own, prepared once.
const ROWS: usize = 256;
/// Bytes of one statement, about, where the server takes so much.
const STATEMENT: usize = 4 << 20;
/// Name of the lock under which tables are made, and seconds that it is waited for.
const LOCK: (&str, i32) = ("fetchall_meta", 8);

/// Faults that pass, by the server's number: too many connections, shutdown, lock waits and deadlocks, no
/// room for a lock, a server that is read-only for now or being changed over, a connection that was
/// ended. (MySQL and MariaDB, server error reference.)
const PASSING: [u16; 12] = [1040, 1053, 1077, 1203, 1205, 1206, 1213, 1290, 1317, 1792, 1836, 1927];

/// A connection, as long as there is one.
pub(super) struct Mysql {
    options: MySqlConnectOptions,
    db: Option<MySqlConnection>,
    /// Bytes of a statement that the server takes.
    most: usize,
    /// Statements by their number of rows.
    inserts: HashMap<usize, Arc<str>>,
}

impl Mysql {
    /// The database at `url`, whose parts have been checked.
    ///
    /// # Errors
    /// What is wrong with it, without its password.
    pub(super) fn at(url: &Url) -> Result<Mysql, String> {
        let options = MySqlConnectOptions::from_url(url).map_err(|error| sql::told(&error))?;
        // Moments are written as UTC, and read so.
        let options = options.charset("utf8mb4").timezone(Some("+00:00".to_owned()));
        Ok(Mysql { options: options.disable_statement_logging(), db: None, most: STATEMENT, inserts: HashMap::new() })
    }

    async fn connect(&mut self) -> sqlx::Result<&mut MySqlConnection> {
        let db = match self.db.take() {
            Some(db) => db,
            None => {
                let mut db = MySqlConnection::connect_with(&self.options).await?;
                let packet: u64 = sqlx::query("SELECT @@max_allowed_packet").fetch_one(&mut db).await?.try_get(0)?;
                // Half of it, since weights are not exact.
                self.most = usize::try_from(packet / 2).unwrap_or(STATEMENT).min(STATEMENT);
                db
            }
        };
        Ok(self.db.insert(db))
    }

    fn insert(&mut self, rows: usize) -> Arc<str> {
        Arc::clone(self.inserts.entry(rows).or_insert_with(|| insert(rows).into()))
    }

    async fn make_ready(&mut self) -> Result<(), Fault> {
        let probe = self.insert(1);
        let db = self.connect().await.map_err(fault)?;
        // One at a time; the lock ends with the connection.
        sqlx::query("SELECT GET_LOCK(?, ?)").bind(LOCK.0).bind(LOCK.1).execute(&mut *db).await.map_err(fault)?;
        let found = found(db).await.map_err(fault)?;
        let is_there = found.is_ours(takes).map_err(Fault::Final)?;
        for sql in make(&found, is_there) {
            db.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(fault)?;
        }
        sqlx::query("SELECT RELEASE_LOCK(?)").bind(LOCK.0).execute(&mut *db).await.map_err(fault)?;
        // A row that is taken back asks for every right.
        let mut row = [const { Cell::Null }; COLUMNS.len()];
        (row[0], row[1]) = (Cell::Text("".into()), Cell::Int(-1));
        let mut probing = db.begin().await.map_err(fault)?;
        execute(&mut probing, probe, &[row]).await.map_err(fault)?;
        probing.rollback().await.map_err(fault)
    }

    async fn write(&mut self, rows: &[Row<'_>]) -> sqlx::Result<()> {
        self.connect().await?;
        let steps: Vec<_> =
            parts(rows, self.most).flat_map(powers_of_two).map(|rows| (self.insert(rows.len()), rows)).collect();
        let db = self.connect().await?;
        let mut all = db.begin().await?;
        for (sql, rows) in steps {
            execute(&mut all, sql, rows).await?;
        }
        all.commit().await
    }
}

impl Database for Mysql {
    // MariaDB ends at 32 levels; the record itself is one of them.
    const TAKES: Takes = Takes::Checked { depth: 30 };

    fn prepare(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(self.make_ready())
    }

    fn put<'a>(&'a mut self, rows: &'a [Row<'a>]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move { self.write(rows).await.map_err(fault) })
    }

    fn hang_up(&mut self) {
        self.db = None;
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(db) = self.db.take() {
                // Nothing is left to be written: how the connection ends makes no difference.
                let _ = db.close().await;
            }
        })
    }
}

/// Rows in parts whose lengths are powers of two, so that a handful of statements is enough for all.
fn powers_of_two<'a>(rows: &'a [Row<'a>]) -> impl Iterator<Item = &'a [Row<'a>]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let count = rest.len().min(ROWS).checked_ilog2().map(|log| 1_usize << log)?;
        let (part, after) = rest.split_at(count);
        rest = after;
        Some(part)
    })
}

async fn execute(db: &mut MySqlConnection, sql: Arc<str>, rows: &[Row<'_>]) -> sqlx::Result<()> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (cell, (_, kind)) in rows.iter().flat_map(|row| row.iter().zip(COLUMNS)) {
        query = match (cell, kind) {
            (Cell::Int(number), _) => query.bind(*number),
            (Cell::Float(number), _) => query.bind(*number),
            (Cell::Bool(yes), _) => query.bind(*yes),
            // As it takes moments: without the zone, which is the connection's.
            (Cell::Text(text), Kind::Time) => query.bind(text.trim_end_matches('Z').replace('T', " ")),
            (Cell::Text(text), _) => query.bind(&**text),
            (Cell::Null, _) => query.bind(None::<&str>),
        };
    }
    query.execute(db).await.map(drop)
}

/// What the database is told to make for a kind.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Run => "varchar(64) CHARACTER SET ascii COLLATE ascii_bin",
        Kind::Int => "bigint",
        Kind::Float => "double",
        Kind::Bool => "boolean",
        Kind::Text => "longtext",
        Kind::Time => "datetime(3)",
        Kind::Json => "json",
    }
}

/// Whether a column of this type (`information_schema.columns.data_type`) takes a kind.
fn takes(kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Run => name == "varchar",
        Kind::Int => name == "bigint",
        Kind::Float => name == "double",
        Kind::Bool => name == "tinyint",
        Kind::Text => name == "longtext",
        Kind::Time => name == "datetime",
        // MariaDB has JSON as text that is checked.
        Kind::Json => matches!(name, "json" | "longtext"),
    }
}

/// What it takes to have both tables, a statement each: making a table is a transaction by itself.
fn make(found: &Found, is_there: bool) -> Vec<String> {
    let mut statements = Vec::new();
    let how = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
    if !is_there {
        let mut columns = String::new();
        for (name, kind) in COLUMNS {
            let null = if is_key(name) { " NOT NULL" } else { "" };
            let _ = write!(columns, "`{name}` {}{null}, ", type_of(kind));
        }
        statements.push(format!("CREATE TABLE {RECORDS} ({columns}PRIMARY KEY (`run`, `seq`)) {how}"));
    }
    if found.version.is_none() {
        statements.push(format!(
            "CREATE TABLE IF NOT EXISTS {META} (name varchar(64) NOT NULL PRIMARY KEY, value longtext NOT NULL) {how}"
        ));
        statements.push(format!("INSERT INTO {META} VALUES ('{VERSION_KEY}', '{VERSION}')"));
    }
    statements
}

/// Writes so many rows, or replaces those with the same key.
fn insert(rows: usize) -> String {
    let names: Vec<String> = COLUMNS.iter().map(|(name, _)| format!("`{name}`")).collect();
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(","));
    let values = vec![row; rows].join(",");
    let set = COLUMNS.iter().filter(|(name, _)| !is_key(name)).map(|(name, _)| format!("`{name}` = VALUES(`{name}`)"));
    let set = set.collect::<Vec<_>>().join(", ");
    format!("INSERT INTO {RECORDS} ({}) VALUES {values} ON DUPLICATE KEY UPDATE {set}", names.join(", "))
}

/// What is there under our names.
async fn found(db: &mut MySqlConnection) -> sqlx::Result<Found> {
    // As bytes: servers differ in whether they call these texts or not.
    let columns = "SELECT CAST(column_name AS BINARY), CAST(data_type AS BINARY) FROM information_schema.columns
                   WHERE table_schema = DATABASE() AND table_name = ?";
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut found = Found::default();
    for table in [META, RECORDS] {
        found.columns.clear();
        for row in sqlx::query(columns).bind(table).fetch_all(&mut *db).await? {
            found.columns.push((text(row.try_get(0)?), text(row.try_get(1)?).to_ascii_lowercase()));
        }
        if table == META && !found.columns.is_empty() {
            let version = AssertSqlSafe(format!("SELECT CAST(value AS BINARY) FROM {META} WHERE name = ?"));
            let version = sqlx::query(version).bind(VERSION_KEY).fetch_optional(&mut *db).await?;
            found.version = version.map(|row| row.try_get(0).map(text)).transpose()?;
        }
    }
    Ok(found)
}

fn fault(error: sqlx::Error) -> Fault {
    sql::fault(error, |error| {
        let by_number = |error: &MySqlDatabaseError| PASSING.contains(&error.number());
        error.code().is_some_and(|code| code.starts_with("08"))
            || error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(by_number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_written_and_all_but_the_key_are_replaced() {
        let sql = insert(2);
        assert_eq!(sql.matches('?').count(), 2 * COLUMNS.len());
        for (name, _) in COLUMNS {
            assert_eq!(sql.contains(&format!("`{name}` = VALUES")), !is_key(name), "{name}");
        }
    }

    #[test]
    fn any_number_of_rows_is_parted_into_few_lengths() {
        let rows = vec![[const { Cell::Null }; COLUMNS.len()]; 700];
        for (count, lengths) in
            [(0, vec![]), (1, vec![1]), (7, vec![4, 2, 1]), (700, vec![256, 256, 128, 32, 16, 8, 4])]
        {
            assert_eq!(powers_of_two(&rows[..count]).map(<[_]>::len).collect::<Vec<_>>(), lengths);
        }
        assert!(ROWS * COLUMNS.len() <= 65_535);
    }
}
