//! Where records are saved.

use std::path::{Path, PathBuf};

/// Flags of the group "Save".
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Save")]
pub struct SaveFlags {
    /// Write records to FILE, not to stdout
    ///
    /// `-` is stdout. The extension names the format (.jsonl, .json, .csv, .tsv, .txt) unless --format
    /// does; .gz or .zst behind it packs the file.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Add to FILE instead of replacing it
    #[arg(long)]
    pub append: bool,
    /// Write records there too: a database, or a file by its extension; may be given again
    ///
    /// sqlite:PATH, postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, parquet:PATH, or PATH with
    /// an extension as in --output. A database gets a table, fetchall_records. Passwords are better kept
    /// out of the command line: in PGPASSWORD, ~/.pgpass, or FETCHALL_SINK.
    #[arg(long = "sink", value_name = "URL")]
    pub sinks: Vec<String>,
}

impl SaveFlags {
    /// The same, into `file` where no other is named.
    pub fn or_into(&self, file: Option<&PathBuf>) -> SaveFlags {
        SaveFlags { output: self.output.clone().or_else(|| file.cloned()), ..self.clone() }
    }

    /// The file, if records do not go to stdout.
    pub fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}
