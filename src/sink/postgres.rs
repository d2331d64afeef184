//! Records in PostgreSQL: one statement a batch, whose parameters are arrays, a column each.
//!
//! A batch of many rows goes in two halves over two connections at once: a connection is one process there,
//! and it is the server that sets the pace. Rows have a key, so that of a batch which is half written nothing
//! comes twice.
//!
//! Must not know what is in the columns; `table` does.

use std::sync::Arc;

use futures::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
    postgres::PgConnectOptions, query::Query,
};
use url::Url;

use super::{
    ddl,
    remote::{Database, Fault, Row, parts},
    sql,
    table::{COLUMNS, Cell, Found, Kind, META, RECORDS, Takes, VERSION_KEY, is_key},
};

/// Bytes of one statement, about; the protocol ends at 1 GiB.
const STATEMENT: usize = 32 << 20;

/// What is long is packed by LZ4 where the server has it (PostgreSQL 14, TOAST compression): its own way
/// takes a sixth of all that it does for a record.
const PACK_QUICKLY: &str = "SELECT set_config(name, 'lz4', false) FROM pg_settings
    WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)";

/// Rows from which on a batch is worth two connections.
const HALVED_FROM: usize = 128;

/// A connection, as long as there is one, and one more for large batches.
pub(super) struct Postgres {
    options: PgConnectOptions,
    db: Option<PgConnection>,
    second: Option<PgConnection>,
    /// The server did not want a second one.
    is_alone: bool,
    insert: Arc<str>,
}

impl Postgres {
    /// The database at `url`, whose parts have been checked.
    ///
    /// # Errors
    /// What is wrong with it, without its password.
    pub(super) fn at(url: &Url) -> Result<Postgres, String> {
        let options = PgConnectOptions::from_url(url).map_err(|error| sql::told(&error))?;
        let options = match options.get_application_name() {
            None => options.application_name("fetchall"),
            Some(_) => options,
        };
        Ok(Postgres {
            options: options.disable_statement_logging(),
            db: None,
            second: None,
            is_alone: false,
            insert: insert().into(),
        })
    }

    /// The second connection too, if there is to be one for so many rows.
    async fn connect_second(&mut self, rows: usize) {
        if rows >= HALVED_FROM && self.second.is_none() && !self.is_alone {
            self.second = connection(&self.options).await.ok();
            self.is_alone = self.second.is_none();
        }
    }

    async fn make_ready(&mut self) -> Result<(), Fault> {
        let insert = Arc::clone(&self.insert);
        let db = connected(&mut self.db, &self.options).await.map_err(fault)?;
        let mut all = db.begin().await.map_err(fault)?;
        // One at a time: two runs that begin together would both make the table.
        all.execute("SELECT pg_advisory_xact_lock(4270128964)").await.map_err(fault)?;
        let found = found(&mut all).await.map_err(fault)?;
        let is_there = found.is_ours(|kind, name| type_of(kind).eq_ignore_ascii_case(name)).map_err(Fault::Final)?;
        if !is_there || found.version.is_none() {
            let statements = ddl::make(&found, is_there, type_of);
            all.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await.map_err(fault)?;
        }
        // No row at all, but every right is asked for.
        statement(insert, &[]).execute(&mut *all).await.map_err(fault)?;
        all.commit().await.map_err(fault)
    }

    async fn write(&mut self, rows: &[Row<'_>]) -> sqlx::Result<()> {
        self.connect_second(rows.len()).await;
        let insert = Arc::clone(&self.insert);
        let db = connected(&mut self.db, &self.options).await?;
        match &mut self.second {
            Some(second) if rows.len() >= HALVED_FROM => {
                let (first, rest) = rows.split_at(rows.len() / 2);
                tokio::try_join!(put(db, &insert, first), put(second, &insert, rest)).map(drop)
            }
            _ => put(db, &insert, rows).await,
        }
    }
}

/// The connection that is there, or a new one.
async fn connected<'a>(
    db: &'a mut Option<PgConnection>,
    options: &PgConnectOptions,
) -> sqlx::Result<&'a mut PgConnection> {
    let there = match db.take() {
        Some(there) => there,
        None => connection(options).await?,
    };
    Ok(db.insert(there))
}

/// A connection for writing.
async fn connection(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut db = PgConnection::connect_with(options).await?;
    db.execute(PACK_QUICKLY).await?;
    Ok(db)
}

/// Writes rows in one transaction.
async fn put(db: &mut PgConnection, insert: &Arc<str>, rows: &[Row<'_>]) -> sqlx::Result<()> {
    let mut parts = parts(rows, STATEMENT);
    match (parts.next(), parts.next()) {
        (None, _) => Ok(()),
        // A statement by itself is a transaction.
        (Some(only), None) => statement(Arc::clone(insert), only).execute(db).await.map(drop),
        (Some(first), Some(second)) => {
            let mut all = db.begin().await?;
            for part in [first, second].into_iter().chain(parts) {
                statement(Arc::clone(insert), part).execute(&mut *all).await?;
            }
            all.commit().await
        }
    }
}

impl Database for Postgres {
    // Far above what is read from anywhere, and below what the stack of its server takes.
    const TAKES: Takes = Takes::Checked { depth: 500 };

    fn prepare(&mut self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(self.make_ready())
    }

    fn put<'a>(&'a mut self, rows: &'a [Row<'a>]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move { self.write(rows).await.map_err(fault) })
    }

    fn hang_up(&mut self) {
        (self.db, self.second) = (None, None);
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for db in [self.db.take(), self.second.take()].into_iter().flatten() {
                // Nothing is left to be written: how the connection ends makes no difference.
                let _ = db.close().await;
            }
        })
    }
}

/// What the database calls a kind.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Run | Kind::Text => "text",
        Kind::Int => "bigint",
        Kind::Float => "double precision",
        Kind::Bool => "boolean",
        Kind::Time => "timestamp with time zone",
        Kind::Json => "jsonb",
    }
}

/// Writes rows, or replaces those with the same key. Parameter 1 is the run, each other an array of a
/// column.
fn insert() -> String {
    let (mut names, mut picked, mut arrays, mut inner, mut set) = Default::default();
    let add = |list: &mut String, item: String| {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&item);
    };
    for (at, (name, kind)) in COLUMNS.into_iter().enumerate() {
        add(&mut names, format!("\"{name}\""));
        if at == 0 {
            add(&mut picked, "$1::text".to_owned());
            continue;
        }
        let (array, cast) = match kind {
            Kind::Time | Kind::Json => ("text", format!("::{}", type_of(kind))),
            other => (type_of(other), String::new()),
        };
        add(&mut picked, format!("c.c{at}{cast}"));
        add(&mut arrays, format!("${}::{array}[]", at + 1));
        add(&mut inner, format!("c{at}"));
        if !is_key(name) {
            add(&mut set, format!("\"{name}\" = EXCLUDED.\"{name}\""));
        }
    }
    format!(
        "INSERT INTO {RECORDS} ({names}) SELECT {picked} FROM UNNEST({arrays}) AS c({inner})
         ON CONFLICT (\"run\", \"seq\") DO UPDATE SET {set}"
    )
}

type Asked<'a> = Query<'a, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// The statement for these rows, which are all of one run.
fn statement<'a>(insert: Arc<str>, rows: &'a [Row<'a>]) -> Asked<'a> {
    let run = rows.first().map_or("", |row| text(&row[0]).unwrap_or_default());
    let mut query = sqlx::query(AssertSqlSafe(insert)).bind(run);
    for (at, (_, kind)) in COLUMNS.iter().enumerate().skip(1) {
        let column = rows.iter().map(|row| &row[at]);
        query = match kind {
            Kind::Int => query.bind(column.map(int).collect::<Vec<_>>()),
            Kind::Float => query.bind(column.map(float).collect::<Vec<_>>()),
            Kind::Bool => query.bind(column.map(boolean).collect::<Vec<_>>()),
            Kind::Run | Kind::Text | Kind::Time | Kind::Json => query.bind(column.map(text).collect::<Vec<_>>()),
        };
    }
    query
}

fn text<'a>(cell: &'a Cell<'_>) -> Option<&'a str> {
    if let Cell::Text(text) = cell { Some(text) } else { None }
}

fn int(cell: &Cell<'_>) -> Option<i64> {
    if let Cell::Int(number) = cell { Some(*number) } else { None }
}

fn float(cell: &Cell<'_>) -> Option<f64> {
    if let Cell::Float(number) = cell { Some(*number) } else { None }
}

fn boolean(cell: &Cell<'_>) -> Option<bool> {
    if let Cell::Bool(yes) = cell { Some(*yes) } else { None }
}

/// What is there under our names, on the search path.
async fn found(db: &mut PgConnection) -> sqlx::Result<Found> {
    let mut found = Found::default();
    let columns = "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
                   WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
    let mut names = Vec::new();
    for table in [META, RECORDS] {
        names = Vec::new();
        for row in sqlx::query(columns).bind(table).fetch_all(&mut *db).await? {
            names.push((row.try_get(0)?, row.try_get(1)?));
        }
        if table == META && !names.is_empty() {
            let version = AssertSqlSafe(format!("SELECT value FROM {META} WHERE name = $1"));
            let version = sqlx::query(version).bind(VERSION_KEY).fetch_optional(&mut *db).await?;
            found.version = version.map(|row| row.try_get(0)).transpose()?;
        }
    }
    found.columns = names;
    Ok(found)
}

/// Whether trying again may help, by SQLSTATE (PostgreSQL, appendix A): connection, resources, shutdown,
/// conflicts, a lock, a server that is read-only for now.
fn fault(error: sqlx::Error) -> Fault {
    let classes = ["08", "53", "57P", "40", "55P03", "25006"];
    sql::fault(error, |error| error.code().is_some_and(|code| classes.iter().any(|class| code.starts_with(class))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_written_and_all_but_the_key_are_replaced() {
        let sql = insert();
        for (at, (name, _)) in COLUMNS.into_iter().enumerate() {
            assert!(sql.contains(&format!("\"{name}\"")) && sql.contains(&format!("${}::", at + 1)), "{name}: {sql}");
            assert_eq!(sql.contains(&format!("\"{name}\" = EXCLUDED")), !is_key(name), "{name}");
        }
    }
}
