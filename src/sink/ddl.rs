//! How SQLite and PostgreSQL alike are told to make our tables. Must not know connections.

use std::fmt::Write as _;

use super::table::{COLUMNS, Found, Kind, META, RECORDS, VERSION, VERSION_KEY, is_key};

/// What it takes to have both tables; `type_of` is what the database calls a kind.
pub(super) fn make(found: &Found, is_there: bool, type_of: fn(Kind) -> &'static str) -> String {
    let mut sql = String::new();
    // Writing to a String cannot fail.
    if !is_there {
        let mut columns = String::new();
        for (name, kind) in COLUMNS {
            let null = if is_key(name) { " NOT NULL" } else { "" };
            let _ = write!(columns, "\"{name}\" {}{null}, ", type_of(kind));
        }
        let _ = write!(sql, "CREATE TABLE {RECORDS} ({columns}PRIMARY KEY (\"run\", \"seq\"));");
    }
    if found.version.is_none() {
        let _ = write!(
            sql,
            "CREATE TABLE IF NOT EXISTS {META} (name text PRIMARY KEY, value text NOT NULL);
             INSERT INTO {META} VALUES ('{VERSION_KEY}', '{VERSION}');"
        );
    }
    sql
}
