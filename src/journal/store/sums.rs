//! Sums over the rows of the journal's file: SQLite sees that a page is no page, not that a bit in it is another.
//!
//! Each row has one in its last column. Those that an earlier version wrote have none, and are believed.

use rusqlite::{Connection, Row};
use xxhash_rust::xxh3::Xxh3;

const TABLES: [&str; 4] = ["run", "batch", "mark", "trail"];

/// The sum of a row.
pub(super) fn of(cells: &[&[u8]]) -> i64 {
    let mut sum = Xxh3::new();
    for cell in cells {
        sum.update(&(cell.len() as u64).to_le_bytes());
        sum.update(cell);
    }
    sum.digest().cast_signed()
}

/// Whether a row whose sum is in that column is as it was written.
pub(super) fn holds(row: &Row<'_>, column: usize, cells: &[&[u8]]) -> rusqlite::Result<bool> {
    Ok(row.get::<_, Option<i64>>(column)?.is_none_or(|sum| sum == of(cells)))
}

/// Gives tables of an earlier version the column.
pub(super) fn add_columns(db: &Connection) -> rusqlite::Result<()> {
    for table in TABLES {
        let of_table = "SELECT count(*), count(*) FILTER (WHERE name = 'sum') FROM pragma_table_info(?1)";
        let (columns, sums): (i64, i64) = db.query_row(of_table, [table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if columns > 0 && sums == 0 {
            db.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN sum INTEGER"))?;
        }
    }
    Ok(())
}
