//! Which contents have been stored before, and where: so that each is stored once.
//!
//! 24 bytes for each, and no more than a million of them. The digest is held against the record that was
//! stored, so that a short key is enough. Must not know what is written instead.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Seek as _, SeekFrom},
};

use flate2::bufread::GzDecoder;

use super::{Place, files::Names};

/// Contents that are known at most.
const MOST: usize = 1_000_000;
/// Bits of a place that say where in its file it is: 16 TiB. The others number the file.
const OFFSET_BITS: u32 = 44;
/// Longest head of a record that is read again, in bytes; URLs are 16 KiB at most.
const HEAD_MOST: u64 = 64 << 10;

/// Places by the beginning of a digest.
#[derive(Debug, Default)]
pub(super) struct Seen {
    places: HashMap<[u8; 16], u64>,
}

/// A record that was stored before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stored {
    pub id: String,
    pub url: String,
    pub date: String,
    digest: String,
}

impl Seen {
    /// A content was stored.
    pub fn add(&mut self, digest: &[u8], place: Place) {
        let fits = place.file < 1 << (64 - OFFSET_BITS) && place.offset < 1 << OFFSET_BITS;
        if let (true, true, Some(key)) = (fits, self.places.len() < MOST, key(digest)) {
            self.places.entry(key).or_insert(place.file << OFFSET_BITS | place.offset);
        }
    }

    /// The record that has the content with this digest (as text in `shown`), if that is there.
    pub fn find(&self, digest: &[u8], shown: &str, names: &Names) -> Option<Stored> {
        let packed = *self.places.get(&key(digest)?)?;
        let place = Place { file: packed >> OFFSET_BITS, offset: packed & ((1 << OFFSET_BITS) - 1) };
        read(names, place).filter(|stored| stored.digest == shown)
    }
}

fn key(digest: &[u8]) -> Option<[u8; 16]> {
    digest.first_chunk().copied()
}

/// Reads the head of a record again.
fn read(names: &Names, place: Place) -> Option<Stored> {
    let mut file = File::open(names.existing(place.file)?).ok()?;
    file.seek(SeekFrom::Start(place.offset)).ok()?;
    let input = BufReader::with_capacity(4 << 10, file);
    match names.is_packed() {
        true => head(BufReader::with_capacity(1 << 10, GzDecoder::new(input))),
        false => head(input),
    }
}

fn head(input: impl BufRead) -> Option<Stored> {
    let mut stored = Stored::default();
    for line in input.take(HEAD_MOST).lines() {
        let line = line.ok()?;
        if line.is_empty() {
            return Some(stored);
        }
        let Some((name, value)) = line.split_once(": ") else { continue };
        match name {
            "WARC-Record-ID" => stored.id = value.to_owned(),
            "WARC-Target-URI" => stored.url = value.to_owned(),
            "WARC-Date" => stored.date = value.to_owned(),
            "WARC-Payload-Digest" => stored.digest = value.to_owned(),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_content_is_found_where_it_was_stored_and_only_that() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::of(&dir.path().join("x.warc"), true).unwrap();
        let head = "WARC/1.1\r\nWARC-Record-ID: <urn:a>\r\nWARC-Target-URI: http://h/\r\nWARC-Date: D\r\n\
            WARC-Payload-Digest: sha1:A\r\n\r\n";
        fs::write(names.complete(2), format!("0123456789{head}")).unwrap();
        let mut seen = Seen::default();
        seen.add(&[7; 20], Place { file: 2, offset: 10 });
        let found = seen.find(&[7; 20], "sha1:A", &names).unwrap();
        assert_eq!((&*found.id, &*found.url, &*found.date), ("<urn:a>", "http://h/", "D"));
        assert_eq!(seen.find(&[7; 20], "sha1:B", &names), None, "a key that two contents share");
        assert_eq!(seen.find(&[8; 20], "sha1:A", &names), None);
        fs::remove_file(names.complete(2)).unwrap();
        assert_eq!(seen.find(&[7; 20], "sha1:A", &names), None);
    }

    #[test]
    fn an_entry_takes_24_bytes() {
        assert_eq!(size_of::<([u8; 16], u64)>(), 24);
    }
}
