//! What surrounds a run that has a session: a login before it, the file of its cookies after it.
//!
//! The file was read when the flags were worked out. Must not know forms or formats.

use std::path::PathBuf;

use anyhow::bail;
use fetchall::{
    Fetcher,
    cookies::{CookieJar, file},
    session::Login,
    settings::{Cookies, Settings},
};
use tokio::runtime::Runtime;

use crate::cli::{flags::TrustFlags, terminal::Voice};

/// Logs in, if that is wanted, and says so. Signals still end the process at once.
///
/// # Errors
/// It did not work; the run is not to begin.
pub fn log_in(runtime: &Runtime, fetcher: &Fetcher, login: Option<&Login>, voice: &Voice) -> anyhow::Result<()> {
    let Some(login) = login else { return Ok(()) };
    match runtime.block_on(fetcher.login(login)) {
        Ok(logged_in) => {
            voice.line(&logged_in.to_string());
            if let Some(doubt) = &logged_in.doubt {
                voice.line(doubt);
            }
            Ok(())
        }
        Err(error) => bail!("cannot log in: {error}"),
    }
}

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
