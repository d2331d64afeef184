//! The file of `--cookies FILE`, written when a run has ended, however it did.
//!
//! It was read when the flags were worked out. Must not know what a cookie is.

use std::path::PathBuf;

use fetchall::{
    cookies::{CookieJar, file},
    settings::{Cookies, Settings},
};

use crate::cli::flags::TrustFlags;

/// A jar and where it is kept.
pub struct JarFile {
    path: PathBuf,
    jar: CookieJar,
}

impl JarFile {
    /// What is to be written after the run; `None` if no file was named.
    pub fn of(flags: &TrustFlags, settings: &Settings) -> Option<JarFile> {
        match (flags.cookie_file(), &settings.transport.cookies) {
            (Some(path), Cookies::Jar(jar)) => Some(JarFile { path: path.to_owned(), jar: jar.clone() }),
            _ => None,
        }
    }

    /// Writes it; the sentence says why that cannot be done.
    pub fn save(&self) -> Result<(), String> {
        file::save(&self.path, &self.jar).map_err(|error| error.to_string())
    }
}
