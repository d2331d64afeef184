//! Bodies as files: where they grow, and how they get their names.
//!
//! Whatever a server or a link may say, nothing is opened but regular files of our own making below one
//! folder, and no link below it is followed. A body grows under a name that begins with a dot, in that
//! folder; it gets its name when it is complete and on the disk. All of it blocks. Must not know HTTP.

#[cfg(unix)]
mod dir;
#[cfg(not(unix))]
#[path = "dir_elsewhere.rs"]
mod dir;
mod note;
mod part;

use std::{
    collections::HashMap,
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::SystemTime,
};

use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use self::{dir::Dir, dir::Entry};
pub use self::{note::Note, part::Part};
use crate::{
    model::{Existing, SaveAs},
    policy::name::{self, Case, Subject, Template},
    settings::{Save, SaveBy},
};

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct Fault {
    /// Which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl Fault {
    fn new(path: PathBuf, source: impl Into<io::Error>) -> Fault {
        Fault { path, source: source.into() }
    }
}

/// A folder that bodies are saved in.
pub struct Files {
    path: PathBuf,
    template: Template,
    by: SaveBy,
    /// The day that the run began on, UTC.
    date: String,
    /// Whose each path is, where names do not tell all requests apart: digest of the path, of the request.
    claims: Option<Mutex<HashMap<u128, u128>>>,
    root: Mutex<Option<Arc<Root>>>,
}

/// The folder, opened.
struct Root {
    dir: Dir,
    /// Whether its names are told apart by case; found out with the first file.
    case: OnceLock<Case>,
}

/// What a body turned out to be.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The media type, in lower case, if the server said one.
    pub media_type: Option<&'a str>,
    /// Its digest.
    pub sha256: Option<&'a [u8; 32]>,
}

impl Files {
    /// Nothing is touched before the first body comes. The error is a sentence: the template cannot be read.
    pub fn new(save: &Save) -> Result<Files, String> {
        let template = save.name.as_deref().map_or(Ok(Template::default()), Template::parse)?;
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Ok(Files {
            path: save.dir.clone(),
            by: save.by,
            date: now.chars().take(10).collect(),
            claims: (!template.is_injective()).then(Mutex::default),
            template,
            root: Mutex::default(),
        })
    }

    /// The part of this body that an earlier try has left, if it can be gone on with. `url` is the one that is
    /// about to be asked: what a redirect leads to may be another by now.
    pub fn earlier(&self, wish: &SaveAs, url: &Url) -> Option<Part> {
        let root = match self.root(Missing::Leave) {
            Ok(Some(root)) => root,
            Ok(None) | Err(_) => return None,
        };
        Part::earlier(&root, &key(wish), &name::bare(url))
    }

    /// A file for this body, of which nothing is there yet. With a note, what will be there can be gone on
    /// with.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub fn begin(&self, wish: &SaveAs, note: Option<Note>) -> Result<Part, Fault> {
        let root = self.root(Missing::Make)?.ok_or_else(|| self.fault(io::ErrorKind::NotFound))?;
        Part::begin(&root, &key(wish), note)
    }

    /// Gives a complete body its name; returns its path.
    ///
    /// # Errors
    /// The file cannot be written down, or its name is taken by what is no file. Nothing has the name then
    /// that did not have it before.
    pub fn keep(&self, part: Part, wish: &SaveAs, content: Content<'_>) -> Result<PathBuf, Fault> {
        let root = self.root(Missing::Make)?.ok_or_else(|| self.fault(io::ErrorKind::NotFound))?;
        let case = part.case();
        let subject = Subject { url: &wish.url, seq: wish.seq, by: wish.told_by, media_type: content.media_type, case };
        let (names, known) = match (self.by, content.sha256) {
            (SaveBy::Hash, Some(sha256)) => (name::by_digest(sha256), Known::Same),
            (SaveBy::Hash, None) => return Err(self.fault(io::Error::other("the body has no digest"))),
            (SaveBy::Url, _) => (self.claim(&root, &subject, wish), Known::Other),
        };
        let path = self.path.join(names.iter().collect::<PathBuf>());
        let Some((file, folders)) = names.split_last() else { return Err(self.fault(io::ErrorKind::InvalidInput)) };
        let folder = root.dir.folder(folders)?;
        let at = |source| Fault::new(path.clone(), source);
        if known == Known::Same && folder.entry(file).map_err(at)? == Some(Entry::File) {
            part.forget();
            return Ok(path);
        }
        part.put(&folder, file).map_err(at)?;
        Ok(path)
    }

    /// The path of this request, which no other has.
    fn claim(&self, root: &Root, subject: &Subject<'_>, wish: &SaveAs) -> Vec<String> {
        let names = self.template.path(subject, &self.date);
        let Some(claims) = &self.claims else { return names };
        let own = xxh3_128(name::key(subject).as_bytes());
        let place = |names: &[String]| match subject.case {
            Case::Kept => xxh3_128(names.join("/").as_bytes()),
            Case::Folded => xxh3_128(names.join("/").to_ascii_lowercase().as_bytes()),
        };
        let mut claims = claims.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = claims.get(&place(&names)).copied();
        let is_free = match owner {
            Some(owner) => owner == own,
            None => wish.existing == Existing::Replace || !root.has(&names),
        };
        let names = if is_free { names } else { name::told_apart(names, subject) };
        claims.insert(place(&names), own);
        names
    }

    fn root(&self, missing: Missing) -> Result<Option<Arc<Root>>, Fault> {
        let mut root: MutexGuard<'_, Option<Arc<Root>>> = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = &*root {
            return Ok(Some(Arc::clone(root)));
        }
        if missing == Missing::Leave && !self.path.is_dir() {
            return Ok(None);
        }
        let dir = Dir::open(&self.path).map_err(|source| Fault::new(self.path.clone(), source))?;
        Ok(Some(Arc::clone(root.insert(Arc::new(Root { dir, case: OnceLock::new() })))))
    }

    fn fault(&self, source: impl Into<io::Error>) -> Fault {
        Fault::new(self.path.clone(), source)
    }
}

impl Root {
    /// Whether something has this path.
    fn has(&self, names: &[String]) -> bool {
        let Some((file, folders)) = names.split_last() else { return false };
        match self.dir.existing(folders) {
            Ok(Some(folder)) => !matches!(folder.entry(file), Ok(None)),
            Ok(None) => false,
            Err(_) => true,
        }
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("path", &self.path).field("by", &self.by).finish_non_exhaustive()
    }
}

/// What becomes of a folder that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Leave,
    Make,
}

/// What a file is that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The same content.
    Same,
    /// Another version, which is replaced.
    Other,
}

fn key(wish: &SaveAs) -> String {
    let SaveAs { url, seq, told_by: by, .. } = wish;
    name::key(&Subject { url, seq: *seq, by: *by, media_type: None, case: Case::Kept })
}

#[cfg(test)]
mod tests;
