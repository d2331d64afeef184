//! What `--sink` names: a database, or a file by its name's end.
//!
//! Read before anything is opened. No message, and no name, has a password in it. Must not open anything.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use url::Url;

use crate::model::{escape, redact};

/// A place for records.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A database of PostgreSQL.
    Postgres(Url),
    /// A database of MySQL or MariaDB.
    Mysql(Url),
    /// A Parquet file.
    Parquet(PathBuf),
    /// A file of records, one after the other, in the format that its name says.
    File(PathBuf),
}

/// What can be said behind `?`: how it is connected to. A password stands before the host, or in the
/// places that the database's own programs read.
const POSTGRES_KEYS: [&str; 7] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "host", "options"];
const MYSQL_KEYS: [&str; 5] = ["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"];

/// All there is, in a sentence.
const THERE_IS: &str = "there is sqlite:PATH, postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, \
    parquet:PATH, and PATH with .jsonl, .ndjson, .json, .csv, .tsv, .txt or .parquet";

impl Place {
    /// Reads what was given.
    ///
    /// # Errors
    /// What is wrong with it, without a password.
    pub fn parse(text: &str) -> Result<Place, String> {
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => (String::new(), text),
        };
        let file = |rest: &str| match rest.strip_prefix("//").unwrap_or(rest) {
            "" => Err(format!("{scheme}: names no file; write {scheme}:PATH")),
            path => Ok(PathBuf::from(path)),
        };
        match scheme.as_str() {
            "sqlite" => file(rest).map(Place::Sqlite),
            "parquet" => file(rest).map(Place::Parquet),
            "postgres" | "postgresql" => database(text, &scheme, &POSTGRES_KEYS).map(Place::Postgres),
            "mysql" | "mariadb" => {
                let url = database(text, &scheme, &MYSQL_KEYS)?;
                match url.path().trim_matches('/').is_empty() {
                    true => Err(format!("{} names no database; write {scheme}://USER@HOST/DATABASE", shown(&url))),
                    false => Ok(Place::Mysql(url)),
                }
            }
            "" if text.is_empty() => Err(format!("it names nothing; {THERE_IS}")),
            // C:\records.csv
            "" => Ok(by_name(text)),
            drive if drive.len() == 1 => Ok(by_name(text)),
            _ if !rest.starts_with("//") && Path::new(text).extension().is_some() => Ok(by_name(text)),
            other => Err(format!("{other}: is no sink; {THERE_IS}")),
        }
    }

    /// As it is shown.
    pub fn name(&self) -> String {
        match self {
            Place::Postgres(url) | Place::Mysql(url) => shown(url),
            Place::Sqlite(path) | Place::Parquet(path) | Place::File(path) => path.display().to_string(),
        }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Place::Postgres(_) | Place::Mysql(_) => None,
            Place::Sqlite(path) | Place::Parquet(path) | Place::File(path) => Some(path),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn by_name(text: &str) -> Place {
    let path = PathBuf::from(text);
    match path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet")) {
        true => Place::Parquet(path),
        false => Place::File(path),
    }
}

/// The address of a database, with nothing in it that would be overlooked.
fn database(text: &str, scheme: &str, keys: &[&str]) -> Result<Url, String> {
    let how = || format!("write {scheme}://USER@HOST/DATABASE; in a password, %40 is @, %2F is / and %3A is :");
    let url =
        Url::parse(text).map_err(|error| format!("what stands behind {scheme}: is no address ({error}); {}", how()))?;
    if url.cannot_be_a_base() || !text.contains("://") {
        return Err(format!("what stands behind {scheme}: is no address; {}", how()));
    }
    if let Some((key, _)) = url.query_pairs().find(|(key, _)| !keys.contains(&&**key)) {
        let key = escape::visible(&key).into_owned();
        return Err(format!("{}: there is no `{key}`, only {}", shown(&url), keys.join(", ")));
    }
    if url.path().trim_matches('/').contains('/') || url.fragment().is_some() {
        return Err(format!("{} names more than a database; {}", shown(&url), how()));
    }
    Ok(url)
}

/// Without user, password and what stands behind `?`.
fn shown(url: &Url) -> String {
    let mut clean = url.clone();
    clean.set_query(None);
    clean.set_fragment(None);
    escape::visible(&redact::url(&clean)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_by_scheme_or_by_name() {
        let place = |text: &str| Place::parse(text).unwrap();
        assert_eq!(place("sqlite:a b.db"), Place::Sqlite("a b.db".into()));
        assert_eq!(place("sqlite:///tmp/a.db"), Place::Sqlite("/tmp/a.db".into()));
        assert_eq!(place("parquet:x"), Place::Parquet("x".into()));
        assert_eq!(place("out.Parquet"), Place::Parquet("out.Parquet".into()));
        assert_eq!(place("out.csv"), Place::File("out.csv".into()));
        assert_eq!(place("a:b.csv"), Place::File("a:b.csv".into()));
        assert_eq!(place(r"C:\a\b.csv"), Place::File(r"C:\a\b.csv".into()));
        for text in ["postgres://u:p@h:5/d?sslmode=require", "POSTGRESQL://h/d", "postgres:///d?host=/run/pg"] {
            assert!(matches!(place(text), Place::Postgres(_)), "{text}");
        }
        assert!(matches!(place("mariadb://u:p@h/d"), Place::Mysql(_)));
    }

    #[test]
    fn no_message_and_no_name_has_the_password() {
        let canary = "S3cr3t";
        for text in [
            "postgres://u:S3cr3t@h/d",
            "postgres://u:S3cr3t@h/d?password=S3cr3t",
            "postgres://u:S3cr3t/x@h/d",
            "postgres://u:S3cr3t@h:x/d",
            "postgres://u:S3cr3t@[/d",
            "postgres:u:S3cr3t@h/d",
            "postgres://u:S3cr3t@h/d/e#S3cr3t",
            "mysql://u:S3cr3t@h",
            "mysql://u:S3cr3t@h/d?sslmode=S3cr3t",
            "redis://u:S3cr3t@h/0",
            "mongodb:S3cr3t",
        ] {
            let told = match Place::parse(text) {
                Ok(place) => format!("{} {place:?}", place.name()),
                Err(problem) => problem,
            };
            assert!(!told.contains(canary) && !told.is_empty(), "{text}: {told}");
        }
        assert_eq!(Place::parse("postgres://u:S3cr3t@h:5/d").unwrap().name(), "postgres://h:5/d");
    }

    #[test]
    fn what_is_no_place_is_told_with_what_there_is() {
        for (text, told) in [
            ("", "sqlite:PATH"),
            ("sqlite:", "sqlite:PATH"),
            ("redis://h/0", "redis: is no sink"),
            ("postgres:d", "postgres://USER@HOST/DATABASE"),
            ("mysql://h/", "names no database"),
            ("postgres://h/d?sslmod=x", "no `sslmod`, only sslmode"),
            ("postgres://h/a/b", "more than a database"),
        ] {
            let problem = Place::parse(text).unwrap_err();
            assert!(problem.contains(told), "{text}: {problem}");
        }
    }
}
