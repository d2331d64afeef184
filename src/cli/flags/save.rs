//! Where records are saved.

use std::path::{Path, PathBuf};

/// Flags of the group "Save".
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Save")]
pub struct SaveFlags {
    /// Write records to FILE, not to stdout
    ///
    /// `-` is stdout. The extension names the format (.jsonl, .json, .csv, .tsv, .txt) unless --format does.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Add to FILE instead of replacing it
    #[arg(long)]
    pub append: bool,
}

impl SaveFlags {
    /// The same, into `file` where no other is named.
    pub fn or_into(&self, file: Option<&PathBuf>) -> SaveFlags {
        SaveFlags { output: self.output.clone().or_else(|| file.cloned()), append: self.append }
    }

    /// The file, if records do not go to stdout.
    pub fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}
