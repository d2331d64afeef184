//! The archive of a run: whether it may be begun, and where it goes on.
//!
//! Looked at before anything is sent; opened behind the output. Must not know what is in it.

use std::path::Path;

use anyhow::{Context as _, bail};
use fetchall::{
    settings::Settings,
    sink::{
        Archive,
        warc::{Begin, Names, Place, Warc},
    },
    source::warc,
};

use crate::cli::flags::{ContinueFlags, SaveFlags, WarcFlags};

/// How an archive relates to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It must not be there.
    Nothing,
    /// It is gone on with behind its last whole record, if it is there.
    Whole,
    /// What is there belongs to this run, and goes.
    Own,
    /// It is gone on with here.
    At(Place),
}

/// An archive that may be begun.
pub struct Planned {
    found: Found,
    flags: WarcFlags,
    names: Names,
}

/// How the archive of this run relates to what is there. A journal that is there was begun when it was not.
pub fn found(continued: &ContinueFlags, save: &SaveFlags) -> Found {
    match continued.state() {
        Some(state) if state.exists() => Found::Own,
        _ if save.append || continued.resume.is_some() => Found::Whole,
        _ => Found::Nothing,
    }
}

/// The archive that the flags want, if they want one.
///
/// # Errors
/// Something of its name is there that is not to be gone on with.
pub fn plan(flags: &WarcFlags, found: Found) -> anyhow::Result<Option<Planned>> {
    let Some(names) = flags.names()? else { return Ok(None) };
    if let (Found::Nothing, Some(path)) = (found, names.existing(0)) {
        let open = if path == names.open(0) { ": a run that was killed has left it" } else { "" };
        bail!("{} is there already{open}; --append goes on behind its last whole record", path.display());
    }
    let folder = names.open(0).parent().map(Path::to_owned).filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        bail!("--warc: there is no folder {}", folder.display());
    }
    Ok(Some(Planned { found, flags: flags.clone(), names }))
}

/// The flags for the output, where `--append` is meant for the archive alone.
pub fn without_append(save: SaveFlags, flags: &WarcFlags) -> SaveFlags {
    let append = save.append && (save.file().is_some() || flags.warc.is_none());
    SaveFlags { append, ..save }
}

impl Planned {
    /// The same, going on at a place that a journal knows.
    pub fn going_on(mut self, place: Option<Place>) -> Planned {
        self.found = place.map_or(self.found, Found::At);
        self
    }

    /// Whether what a journal knows of it is still there.
    ///
    /// # Errors
    /// A file is gone, or was cut.
    pub fn look_for_kept(&self) -> anyhow::Result<()> {
        let Found::At(Place { file, offset }) = self.found else { return Ok(()) };
        let what_to_do = "put it back, or begin anew with --restart";
        let path = self.names.existing(file);
        match path.as_ref().and_then(|path| path.metadata().ok()).map(|facts| facts.len()) {
            None if offset > 0 => {
                let name = self.names.complete(file);
                bail!("{} is gone, and by the file of --state records are in it; {what_to_do}", name.display())
            }
            Some(now) if now < offset => {
                let name = path.unwrap_or_default();
                bail!("{} has {now} bytes, and by the file of --state it has {offset}; {what_to_do}", name.display())
            }
            _ => Ok(()),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// What is there cannot be read or gone on with.
    pub fn open(&self, settings: &Settings) -> anyhow::Result<Box<dyn Archive>> {
        let begin = match self.found {
            Found::Nothing => Begin::Anew,
            Found::Own => Begin::Replace,
            Found::At(place) => Begin::GoOn(place),
            Found::Whole => self.end()?.map_or(Begin::Anew, Begin::GoOn),
        };
        Ok(Box::new(Warc::open(self.flags.options(self.names.clone(), settings), begin)?))
    }

    /// Where what is there ends.
    fn end(&self) -> anyhow::Result<Option<Place>> {
        let Some(file) = self.names.last() else { return Ok(None) };
        let Some(path) = self.names.existing(file) else { return Ok(None) };
        let offset = warc::whole(&path).with_context(|| format!("cannot go on with {}", path.display()))?;
        Ok(Some(Place { file, offset }))
    }
}
