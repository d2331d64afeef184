//! Bytes packed by gzip or zstd, in pieces that each can be read by themselves.
//!
//! What stands one behind the other is one file to every reader (RFC 1952, section 2.2; RFC 8878, section
//! 3), so a file whose writer was killed can be read up to its last piece. Must not know files.

use std::{
    cell::Cell,
    ffi::OsStr,
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
    time::{Duration, Instant},
};

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    /// What the last extension of a name says, whatever its case.
    pub fn by_name(path: &Path) -> Option<Packing> {
        let extension = path.extension()?.to_ascii_lowercase();
        match extension.to_str()? {
            "gz" => Some(Packing::Gzip),
            "zst" => Some(Packing::Zstd),
            _ => None,
        }
    }

    /// The name without that extension: `out.jsonl` of `out.jsonl.gz`.
    pub fn name_within(path: &Path) -> &Path {
        match Packing::by_name(path) {
            Some(_) => Path::new(path.file_stem().unwrap_or(OsStr::new(""))),
            None => path,
        }
    }

    /// The bytes as one piece.
    fn pack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Packing::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                out.write_all(bytes)?;
                out.finish()
            }
            Packing::Zstd => zstd::bulk::compress(bytes, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }
}

/// The content of a file, unpacked as its name says.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = File::open(path)?;
    Ok(match Packing::by_name(path) {
        Some(Packing::Gzip) => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some(Packing::Zstd) => Box::new(zstd::Decoder::new(file)?),
        None => Box::new(file),
    })
}

/// Bytes that are gathered before they become a piece, where nobody asks for a length: small pieces pack
/// badly.
const PIECE: usize = 1 << 20;
/// Longest time that they are gathered while more of them come.
const GATHERED: Duration = Duration::from_secs(1);

/// Gathers bytes and makes pieces of them.
pub(super) struct Packer {
    how: Packing,
    gathered: Vec<u8>,
    since: Instant,
    /// Somebody keeps the length of the file, so each batch has to be a piece. The first always is.
    each: Cell<bool>,
}

impl Packer {
    pub(super) fn new(how: Packing) -> Packer {
        Packer { how, gathered: Vec::new(), since: Instant::now(), each: Cell::new(true) }
    }

    /// Takes what is in `bytes`.
    pub(super) fn gather(&mut self, bytes: &mut Vec<u8>) {
        self.gathered.append(bytes);
    }

    /// The length behind the last batch is kept by somebody.
    pub(super) fn length_is_asked_for(&self) {
        self.each.set(true);
    }

    /// A piece of what was gathered, if it is time for one.
    pub(super) fn piece(&mut self) -> io::Result<Vec<u8>> {
        match self.each.replace(false) || self.gathered.len() >= PIECE || self.since.elapsed() >= GATHERED {
            true => self.last(),
            false => Ok(Vec::new()),
        }
    }

    /// A piece of all that is left.
    pub(super) fn last(&mut self) -> io::Result<Vec<u8>> {
        self.since = Instant::now();
        if self.gathered.is_empty() {
            return Ok(Vec::new());
        }
        let piece = self.how.pack(&self.gathered);
        self.gathered.clear();
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_says_how_and_the_rest_is_the_name() {
        for (name, how, within) in [
            ("a/out.jsonl.gz", Some(Packing::Gzip), "out.jsonl"),
            ("out.csv.ZST", Some(Packing::Zstd), "out.csv"),
            ("out.gz", Some(Packing::Gzip), "out"),
            ("a.gz/out.json", None, "a.gz/out.json"),
            (".gz", None, ".gz"),
        ] {
            assert_eq!(
                (Packing::by_name(Path::new(name)), Packing::name_within(Path::new(name))),
                (how, Path::new(within))
            );
        }
    }

    #[test]
    fn pieces_are_whole_files_and_one_file_together() {
        for (how, name) in [(Packing::Gzip, "a.gz"), (Packing::Zstd, "a.zst")] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join(name);
            let mut packer = Packer::new(how);
            let mut file = Vec::new();
            packer.gather(&mut b"one\n".to_vec());
            file.extend(packer.piece().unwrap());
            assert!(!file.is_empty(), "the first batch is a piece");
            packer.gather(&mut b"two\n".to_vec());
            assert!(packer.piece().unwrap().is_empty(), "it is gathered");
            packer.length_is_asked_for();
            file.extend(packer.piece().unwrap());
            packer.gather(&mut vec![b'x'; PIECE]);
            file.extend(packer.piece().unwrap());
            assert!(packer.last().unwrap().is_empty());
            std::fs::write(&path, &file).unwrap();
            let mut text = String::new();
            open(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, format!("one\ntwo\n{}", "x".repeat(PIECE)));
        }
    }
}
