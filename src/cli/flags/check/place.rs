//! Where documents stand once they are deployed.

use std::path::PathBuf;

use fetchall::{
    check::{preset::Preset, remap::Remap},
    checker::Placement,
};
use url::Url;

use super::values;
use crate::cli::flags::BadFlag;

/// Flags of the group "Where it is served".
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Where it is served")]
pub struct PlaceFlags {
    /// The folder that / stands for
    ///
    /// [default: the folder that is checked, if it is the only source; else the repository around it]
    #[arg(long, value_name = "DIR")]
    pub root_dir: Option<PathBuf>,
    /// The address of that folder, once it is served
    ///
    /// Links to it are looked for among the files, and nothing is asked of the network for them.
    #[arg(long, value_name = "URL", value_parser = values::web_address)]
    pub base_url: Option<Url>,
    /// What serves it: github-pages, netlify, nginx, mkdocs, docusaurus, hugo
    ///
    /// Knows which files answer to `/x`, `/x/` and `/x.html`, and takes sources for the pages that are
    /// made of them. [default: plain, files as they are]
    #[arg(long, value_name = "NAME", value_parser = values::preset)]
    pub preset: Option<Preset>,
    /// Look elsewhere for addresses that match; may be repeated
    ///
    /// `--remap '^https://example\.com/(.*) http://localhost:8080/$1'`: an expression, a blank, what takes
    /// the place of what it matches. The first one that matches is taken.
    #[arg(long, value_name = "'RE TO'", value_parser = values::remap)]
    pub remap: Vec<Remap>,
}

impl PlaceFlags {
    /// The placement.
    pub fn resolve(&self) -> Result<Placement, BadFlag> {
        if let Some(root) = self.root_dir.as_deref().filter(|root| !root.is_dir()) {
            return Err(BadFlag::new("--root-dir", format!("{} is not a folder", root.display())));
        }
        Ok(Placement {
            root_dir: self.root_dir.clone(),
            base_url: self.base_url.clone(),
            preset: self.preset.unwrap_or_default(),
            remaps: self.remap.clone(),
        })
    }
}
