//! Where a site stands: its folder, the address of that folder, addresses that are looked at
//! elsewhere.
//!
//! Maps files to their addresses and back. Must not know documents.

use ::url::Url;

use super::{
    paths::{self, Floor, Form, form_of},
    remap::Remap,
};

/// What lies above the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edge {
    /// Nothing of it is served.
    #[default]
    Closed,
    /// Files like all others: those of a repository of which a folder is checked.
    Open,
}

/// What holds for all documents of a run.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The folder that `/` stands for (`--root-dir`), clean.
    pub root: Option<String>,
    /// What lies above it.
    pub edge: Edge,
    /// What a path from the root, not an address, begins with: `@site/`.
    pub home: Option<&'static str>,
    /// The address of that folder (`--base-url`).
    pub url: Option<Url>,
    /// Addresses that are looked at elsewhere.
    pub remaps: Vec<Remap>,
}

impl Site {
    /// With a root and the address that it will have. An address stands for a folder, whether it
    /// ends with `/` or not.
    pub fn new(root: Option<&str>, url: Option<Url>, remaps: Vec<Remap>) -> Self {
        let url = url.map(|mut url| {
            if !url.path().ends_with('/') {
                url.set_path(&format!("{}/", url.path()));
            }
            url.set_query(None);
            url.set_fragment(None);
            url
        });
        Site { root: root.map(paths::clean), edge: Edge::Closed, home: None, url, remaps }
    }

    /// With what lies above the root.
    pub fn with_edge(self, edge: Edge) -> Self {
        Site { edge, ..self }
    }

    /// With what a path from the root begins with.
    pub fn with_home(self, home: Option<&'static str>) -> Self {
        Site { home, ..self }
    }

    /// The file that an address stands for, if it lies below `--base-url`.
    pub fn file_of(&self, url: &Url) -> Option<(String, Form)> {
        let (base, root) = (self.url.as_ref()?, self.root.as_deref()?);
        if url.scheme() != base.scheme() || url.host() != base.host() {
            return None;
        }
        if url.port_or_known_default() != base.port_or_known_default() {
            return None;
        }
        let below = match url.path().strip_prefix(base.path()) {
            Some(below) => below,
            None if base.path().strip_suffix('/') == Some(url.path()) => "",
            None => return None,
        };
        Some((paths::follow(root, below, Floor::Start), form_of(below)))
    }

    /// The address that a file will have.
    pub fn url_of(&self, path: &str) -> Option<Url> {
        let below = paths::below(path, self.root.as_deref()?)?;
        let base = self.url.as_ref()?;
        base.join(&format!("{}{}", base.path(), paths::encode(below))).ok()
    }
}
