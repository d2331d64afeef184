//! The files of an archive: their names, one after the other, each whole when it has its name.
//!
//! What is being written is called `NAME.open`; it gets its name when it is complete and on the disk. Must
//! not know what is written.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{Begin, Place};

/// The names of the files of an archive.
#[derive(Clone, Debug)]
pub struct Names {
    path: PathBuf,
    /// Where in the name of the file the number goes.
    stem: usize,
    /// The first file has a number too.
    numbered: bool,
    packed: bool,
    readers: Readers,
}

/// Who may read the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Readers {
    /// Whoever the system lets.
    #[default]
    Usual,
    /// Their owner (mode 0600): there are secrets in them.
    Owner,
}

impl Names {
    /// `path` ends with `.warc` or, packed, with `.warc.gz`; else there are no names. Where `numbered`, all
    /// files have a number (`out-00000.warc.gz`), else all but the first.
    pub fn of(path: &Path, numbered: bool) -> Option<Names> {
        let name = path.file_name()?.to_str()?;
        let (stem, packed) = match (name.strip_suffix(".warc.gz"), name.strip_suffix(".warc")) {
            (Some(stem), _) => (stem, true),
            (None, Some(stem)) => (stem, false),
            (None, None) => return None,
        };
        (!stem.is_empty()).then(|| Names {
            path: path.to_owned(),
            stem: stem.len(),
            numbered,
            packed,
            readers: Readers::Usual,
        })
    }

    /// The same for files that only their owner may read.
    pub fn for_owner(self) -> Names {
        Names { readers: Readers::Owner, ..self }
    }

    /// Whether the files are packed by gzip.
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// The name of a file when it is complete.
    pub fn complete(&self, number: u64) -> PathBuf {
        if number == 0 && !self.numbered {
            return self.path.clone();
        }
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (stem, extension) = name.split_at(self.stem.min(name.len()));
        self.path.with_file_name(format!("{stem}-{number:05}{extension}"))
    }

    /// The name of a file while it is written.
    pub fn open(&self, number: u64) -> PathBuf {
        let mut name = OsString::from(self.complete(number));
        name.push(".open");
        name.into()
    }

    /// Under which name a file is there, if it is.
    pub fn existing(&self, number: u64) -> Option<PathBuf> {
        [self.open(number), self.complete(number)].into_iter().find(|path| path.symlink_metadata().is_ok())
    }

    /// The number of the last file that is there; `None` if there is none.
    pub fn last(&self) -> Option<u64> {
        (0..).take_while(|number| self.existing(*number).is_some()).last()
    }
}

/// The file that is written to.
#[derive(Debug)]
pub(super) struct Series {
    pub names: Names,
    pub number: u64,
    file: File,
    /// Its length: whole records, some of which may still be pending.
    pub length: u64,
    /// Not yet handed over to the system.
    pending: Vec<u8>,
}

/// Bytes that are handed over at once.
const STEP: usize = 256 << 10;

impl Write for Series {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= STEP {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.pending);
        self.pending.clear();
        self.pending.shrink_to(2 * STEP);
        written
    }
}

impl Series {
    /// Opens the file to begin or go on with.
    pub fn open(names: Names, begin: Begin) -> io::Result<Series> {
        match begin {
            Begin::Anew => {
                if let Some(path) = names.existing(0) {
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, taken(&path)));
                }
                Series::create(names, 0)
            }
            Begin::Replace => {
                remove_from(&names, 0)?;
                Series::create(names, 0)
            }
            Begin::GoOn(place) => {
                remove_from(&names, place.file + 1)?;
                Series::go_on(names, place)
            }
        }
    }

    fn create(names: Names, number: u64) -> io::Result<Series> {
        if names.complete(number).symlink_metadata().is_ok() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, taken(&names.complete(number))));
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if names.readers == Readers::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let file = options.open(names.open(number))?;
        Ok(Series { names, number, file, length: 0, pending: Vec::new() })
    }

    fn go_on(names: Names, place: Place) -> io::Result<Series> {
        let open = names.open(place.file);
        if open.symlink_metadata().is_err() {
            fs::rename(names.complete(place.file), &open)?;
        }
        let mut file = OpenOptions::new().write(true).open(&open)?;
        let now = file.metadata()?.len();
        if now < place.offset {
            let had = place.offset;
            return Err(io::Error::other(format!("it has {now} bytes, and had {had} when the run was stopped")));
        }
        file.set_len(place.offset)?;
        file.seek(SeekFrom::Start(place.offset))?;
        Ok(Series { names, number: place.file, file, length: place.offset, pending: Vec::new() })
    }

    /// Completes the file and begins the next.
    pub fn rotate(&mut self) -> io::Result<()> {
        let next = Series::create(self.names.clone(), self.number + 1)?;
        self.complete()?;
        *self = next;
        Ok(())
    }

    /// What is there is on the disk, should the machine end.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// The file is on the disk, and has its name.
    pub fn complete(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        let (open, complete) = (self.names.open(self.number), self.names.complete(self.number));
        if complete.symlink_metadata().is_ok() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, taken(&complete)));
        }
        fs::rename(open, &complete)?;
        // The name is to be on the disk as well; not every system lets a folder be synced.
        if let Some(folder) = complete.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    /// Cuts off what was written behind the last whole record.
    pub fn cut_back(&mut self) {
        self.pending.clear();
        // Fails where nothing else can be done either.
        let _ = self.file.set_len(self.length);
        let _ = self.file.seek(SeekFrom::Start(self.length));
    }
}

fn remove_from(names: &Names, first: u64) -> io::Result<()> {
    for number in first.. {
        match names.existing(number) {
            Some(path) => fs::remove_file(path)?,
            None => break,
        }
    }
    Ok(())
}

fn taken(path: &Path) -> String {
    let path = path.display();
    format!("{path} is there already; --append goes on behind its last whole record")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path, numbered: bool) -> Names {
        Names::of(&dir.join("out.warc.gz"), numbered).unwrap()
    }

    #[test]
    fn files_are_named_by_the_first_and_a_number() {
        let path = Path::new("a/b.c.warc.gz");
        let names = Names::of(path, false).unwrap();
        assert_eq!(names.complete(0), path);
        assert_eq!(names.complete(12), Path::new("a/b.c-00012.warc.gz"));
        assert_eq!(names.open(0), Path::new("a/b.c.warc.gz.open"));
        let numbered = Names::of(Path::new("x.warc"), true).unwrap();
        assert_eq!((numbered.complete(0), numbered.is_packed()), (PathBuf::from("x-00000.warc"), false));
        for wrong in ["x", "x.gz", ".warc", "a/.warc.gz", "x.warc.zst", "/"] {
            assert!(Names::of(Path::new(wrong), false).is_none(), "{wrong}");
        }
    }

    #[test]
    fn nothing_that_is_there_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["out.warc.gz", "out.warc.gz.open"] {
            fs::write(dir.path().join(name), "mine").unwrap();
            let error = Series::open(names(dir.path(), false), Begin::Anew).unwrap_err();
            assert!(error.to_string().contains("--append"), "{error}");
            fs::remove_file(dir.path().join(name)).unwrap();
        }
        let mut series = Series::open(names(dir.path(), false), Begin::Anew).unwrap();
        fs::write(dir.path().join("out-00001.warc.gz"), "mine").unwrap();
        assert_eq!(series.rotate().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::write(dir.path().join("out.warc.gz"), "mine").unwrap();
        assert!(series.complete().is_err());
        assert_eq!(fs::read(dir.path().join("out.warc.gz")).unwrap(), b"mine");
    }

    #[test]
    fn who_goes_on_cuts_back_to_its_place_and_takes_away_what_came_later() {
        let dir = tempfile::tempdir().unwrap();
        let names = names(dir.path(), true);
        let mut series = Series::open(names.clone(), Begin::Anew).unwrap();
        for _ in 0..3 {
            series.file.write_all(b"0123456789").unwrap();
            series.rotate().unwrap();
        }
        drop(series);
        assert_eq!(names.last(), Some(3));
        let place = Place { file: 1, offset: 4 };
        let mut series = Series::open(names.clone(), Begin::GoOn(place)).unwrap();
        series.file.write_all(b"x").unwrap();
        series.complete().unwrap();
        assert_eq!(fs::read(names.complete(1)).unwrap(), b"0123x");
        assert_eq!(names.last(), Some(1));
        let beyond = Series::open(names.clone(), Begin::GoOn(Place { file: 1, offset: 99 })).unwrap_err();
        assert!(beyond.to_string().contains("had 99"));
        Series::open(names.clone(), Begin::Replace).unwrap();
        assert_eq!((names.last(), names.existing(0)), (Some(0), Some(names.open(0))));
    }
}
