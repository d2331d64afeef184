//! Which files of settings are read.

use std::path::PathBuf;

/// Flags about files of settings; who reads them does so before all other flags count.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct ConfigFlags {
    /// Read the settings of FILE, and of no other file
    ///
    /// Without it the nearest fetchall.toml counts, from the working directory upward to the root of the
    /// repository, and below it the user's fetchall/config.toml in ~/.config. `fetchall config show` tells
    /// what comes from where.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no file of settings
    #[arg(long)]
    pub no_config: bool,
}
