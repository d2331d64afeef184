//! Records of a WARC file (WARC 1.1, ISO 28500:2017): their heads, names and digests.
//!
//! Must not know files, nor what a record is about.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::SystemTime,
};

use data_encoding::{BASE32, HEXLOWER};
use sha2::{Digest as _, Sha256};

/// Which digests stand in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestKind {
    /// SHA-1 in base32, as most tools have it.
    #[default]
    Sha1,
    /// SHA-256 in hex.
    Sha256,
}

impl DigestKind {
    /// The digest of the parts, one behind the other.
    pub(super) fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            DigestKind::Sha1 => {
                let mut digest = sha1::Sha1::new();
                parts.iter().for_each(|part| digest.update(part));
                digest.finalize().to_vec()
            }
            DigestKind::Sha256 => {
                let mut digest = Sha256::new();
                parts.iter().for_each(|part| digest.update(part));
                digest.finalize().to_vec()
            }
        }
    }

    /// The digest as it stands in a record.
    pub(super) fn shown(self, digest: &[u8]) -> String {
        match self {
            DigestKind::Sha1 => format!("sha1:{}", BASE32.encode(digest)),
            DigestKind::Sha256 => format!("sha256:{}", HEXLOWER.encode(digest)),
        }
    }
}

/// Names records: random for each run, so that those of two runs never meet.
#[derive(Debug)]
pub(super) struct Ids {
    key: [u64; 2],
    next: u64,
}

impl Ids {
    pub fn new() -> Self {
        // The only source of the system's randomness in the standard library.
        let random = || RandomState::new().build_hasher().finish();
        Ids { key: [random(), random()], next: 0 }
    }

    /// A `WARC-Record-ID`: a UUID of version 4 (RFC 9562, 5.4).
    pub fn next(&mut self) -> String {
        self.next += 1;
        let words = [self.key[1], self.next].map(u64::to_le_bytes);
        let bits = xxhash_rust::xxh3::xxh3_128_with_seed(words.as_flattened(), self.key[0]);
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let hex = format!("{bits:032x}");
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        format!("<urn:uuid:{}>", parts.join("-"))
    }
}

/// A moment as `WARC-Date` has it.
pub(super) fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// The head of a record, field by field.
#[derive(Debug)]
pub(super) struct Entry {
    head: String,
}

impl Entry {
    /// What every record has.
    pub fn new(kind: &str, id: &str, date: &str) -> Self {
        let mut entry = Entry { head: String::with_capacity(1 << 10) };
        entry.head.push_str("WARC/1.1\r\n");
        entry.field("WARC-Type", kind).field("WARC-Record-ID", id).field("WARC-Date", date);
        entry
    }

    /// A field; a value with a line break would begin another, and is left out.
    pub fn field(&mut self, name: &str, value: &str) -> &mut Self {
        if !value.contains(['\r', '\n']) {
            for part in [name, ": ", value, "\r\n"] {
                self.head.push_str(part);
            }
        }
        self
    }

    /// A field that may have no value.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.field(name, value);
        }
        self
    }

    /// All of the head, before a block of so many bytes.
    pub fn end(&mut self, content_type: &str, length: usize) -> &[u8] {
        self.field("Content-Type", content_type).field("Content-Length", &length.to_string());
        self.head.push_str("\r\n");
        self.head.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn digests_are_written_as_other_tools_write_them() {
        let shown = |kind: DigestKind| kind.shown(&kind.of(&[b"ab", b"c"]));
        assert_eq!(shown(DigestKind::Sha1), "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
        let sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(shown(DigestKind::Sha256), sha256);
    }

    #[test]
    fn every_record_has_a_name_of_its_own() {
        let (mut one, mut other) = (Ids::new(), Ids::new());
        let names: HashSet<String> = (0..1_000).flat_map(|_| [one.next(), other.next()]).collect();
        assert_eq!(names.len(), 2_000);
        for name in names {
            let bytes = name.as_bytes();
            assert!(name.len() == 47 && bytes[24] == b'4' && b"89ab".contains(&bytes[29]), "{name}");
        }
    }

    #[test]
    fn a_value_cannot_begin_another_field() {
        let mut entry = Entry::new("response", "<urn:a>", "D");
        entry.field("A", "b\r\nC: d").maybe("E", None).maybe("F", Some("g"));
        let head = std::str::from_utf8(entry.end("text/plain", 3)).unwrap();
        let expected = "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:a>\r\nWARC-Date: D\r\nF: g\r\n\
            Content-Type: text/plain\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(head, expected);
    }
}
