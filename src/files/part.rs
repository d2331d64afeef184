//! A body on its way to the disk: `.KEY.part`, and `.KEY.note` beside it where it can be gone on with.
//!
//! What is dropped before it has its name is taken away, or left for another try with a note of how much of
//! it is surely on the disk. Must not know names that last.

use std::{
    fs::File,
    io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write as _},
    process,
    sync::Arc,
};

use bytes::Bytes;

use super::{
    Fault, Root,
    dir::Dir,
    note::{LONGEST, Note},
};
use crate::policy::name::Case;

/// A shorter part is not worth another look: it is fetched again.
const LEAST: u64 = 64 << 10;
/// Bytes after which what was written is put on the disk, so that no more is lost however a run ends.
const SYNC: u64 = 16 << 20;
/// Bytes of an earlier part that are read at once.
const STEP: u64 = 256 << 10;
/// Names tried for a file before it is given up.
const TRIES: u32 = 100;

/// A file that is growing.
#[derive(Debug)]
pub struct Part {
    root: Arc<Root>,
    name: String,
    file: File,
    /// Bytes in it.
    len: u64,
    /// Where it can be gone on with: of what it is a part.
    note: Option<Note>,
    /// Name of the note, which only the part of the usual name has.
    note_name: Option<String>,
    /// It has its name, or is gone: nothing is to be done any more.
    done: bool,
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Root").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Part {
    /// What an earlier try has left of this URL and nobody else is at.
    pub(super) fn earlier(root: &Arc<Root>, key: &str, url: &str) -> Option<Part> {
        let (name, note_name) = names(key);
        let mut text = String::new();
        root.dir.file(&note_name).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
        let note: Note = serde_json::from_str(&text).ok()?;
        let mut file = root.dir.file(&name).ok()?;
        let is_ours = is_locked(&file) && root.dir.has(&name, &file);
        let is_whole = note.v == 1 && note.url == url && note.bytes >= LEAST;
        if !is_ours || !is_whole || file.metadata().ok()?.len() < note.bytes {
            return None;
        }
        file.set_len(note.bytes).ok()?;
        file.seek(SeekFrom::Start(0)).ok()?;
        Some(Part {
            root: Arc::clone(root),
            name,
            file,
            len: note.bytes,
            note: Some(note),
            note_name: Some(note_name),
            done: false,
        })
    }

    /// A new one; what was left is gone.
    pub(super) fn begin(root: &Arc<Root>, key: &str, note: Option<Note>) -> Result<Part, Fault> {
        let (usual, note_name) = names(key);
        for number in 0..TRIES {
            let name = match number {
                0 => usual.clone(),
                // Somebody else is at it: another run, or another hop of this one.
                number => format!(".{key}-{}-{number}.part", process::id()),
            };
            let file = fresh(&root.dir, &name).map_err(|source| Fault::new(root.dir.path_of(&name), source))?;
            let Some(file) = file else { continue };
            // The note is for the usual name, and an old one says nothing of a new part.
            let note_name = Some(note_name).filter(|_| number == 0);
            if let Some(name) = &note_name {
                root.dir.remove(name).map_err(|source| Fault::new(root.dir.path_of(name), source))?;
            }
            let note = note.filter(|_| number == 0);
            return Ok(Part { root: Arc::clone(root), name, file, len: 0, note, note_name, done: false });
        }
        Err(Fault::new(root.dir.path_of(&usual), io::ErrorKind::AlreadyExists))
    }

    /// Bytes in it.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Of what it is a part, where it can be gone on with.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// Whether the file system tells `A` from `a`.
    pub(super) fn case(&self) -> Case {
        *self.root.case.get_or_init(|| match self.root.dir.has(&self.name.to_ascii_uppercase(), &self.file) {
            true => Case::Folded,
            false => Case::Kept,
        })
    }

    /// The next piece of what is in it, from the start; empty behind the last.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&mut self) -> Result<Bytes, Fault> {
        let mut piece = Vec::new();
        let read = (&mut self.file).take(STEP).read_to_end(&mut piece);
        read.map_err(|source| self.fault(source))?;
        Ok(piece.into())
    }

    /// Adds pieces.
    ///
    /// # Errors
    /// The disk takes no more.
    pub fn write(&mut self, pieces: &[Bytes]) -> Result<(), Fault> {
        write_all(&mut self.file, pieces).map_err(|source| self.fault(source))?;
        self.len += pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        if self.note.as_ref().is_some_and(|note| self.len >= note.bytes + SYNC) {
            self.mark().map_err(|source| self.fault(source))?;
        }
        Ok(())
    }

    /// Puts what there is on the disk, and then says so.
    fn mark(&mut self) -> io::Result<()> {
        let (Some(note), Some(name)) = (&mut self.note, &self.note_name) else { return Ok(()) };
        self.file.sync_data()?;
        let new = Note { bytes: self.len, ..note.clone() };
        let text = serde_json::to_vec(&new)?;
        let dir = &self.root.dir;
        let beside = format!("{name}.new");
        dir.remove(&beside)?;
        let mut file = dir.create(&beside)?;
        let written = file.write_all(&text).and_then(|()| file.sync_data());
        if let Err(error) = written.and_then(|()| dir.rename(&beside, dir, name)) {
            // That there is no new note is the fault; what is left of it is not looked at by anybody.
            let _ = dir.remove(&beside);
            return Err(error);
        }
        *note = new;
        Ok(())
    }

    /// Puts it on the disk and then in its place, where it replaces a file.
    pub(super) fn put(mut self, folder: &Dir, name: &str) -> io::Result<()> {
        self.file.sync_all()?;
        self.root.dir.rename(&self.name, folder, name)?;
        self.done = true;
        match &self.note_name {
            Some(note) if self.note.is_some() => self.root.dir.remove(note),
            _ => Ok(()),
        }
    }

    /// Takes it away: it is of no use to anybody.
    pub fn forget(mut self) {
        self.note = None;
    }

    fn fault(&self, source: io::Error) -> Fault {
        Fault::new(self.root.dir.path_of(&self.name), source)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        if self.len >= LEAST {
            // If the disk takes no more, an older note still holds.
            let _ = self.mark();
        }
        if self.note.as_ref().is_none_or(|note| note.bytes < LEAST) {
            // What cannot be taken away either is replaced by the next run.
            let _ = self.root.dir.remove(&self.name);
            let _ = self.note_name.as_ref().map(|note| self.root.dir.remove(note));
        }
    }
}

fn names(key: &str) -> (String, String) {
    (format!(".{key}.part"), format!(".{key}.note"))
}

/// An empty file of that name that nobody else is at; `None` if somebody is.
fn fresh(dir: &Dir, name: &str) -> io::Result<Option<File>> {
    for _ in 0..TRIES {
        match dir.create(name) {
            Ok(file) if is_locked(&file) && dir.has(name, &file) => return Ok(Some(file)),
            // Somebody else has opened it in the meantime.
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        // A file of our own is left by a run that was killed; all else was planted.
        if let Ok(file) = dir.file(name)
            && !is_locked(&file)
        {
            return Ok(None);
        }
        dir.remove(name)?;
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Whether nobody else has the file; where the system cannot tell, nobody has.
fn is_locked(file: &File) -> bool {
    !matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
}

/// All pieces, in as few calls as the system allows.
fn write_all(file: &mut File, pieces: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
