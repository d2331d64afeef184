//! Pages that were kept: bodies in files, and in the records that `fetch --with body` wrote.
//!
//! Unpacks gzip, tells lists of records from documents, cuts lists into lines. Blocks while it
//! reads. Must not know what is read out of a page.

use std::{
    io::{self, Cursor, ErrorKind, Read, Seek as _, SeekFrom},
    path::Path,
};

use serde_json::value::RawValue;

use super::{
    lines::{Line, Splitter},
    object::{self, Place},
    packed::{self, unpacked},
    warc,
};
use crate::model::{Failure, record::Skip};

/// Largest document, in bytes: what `--max-body` lets through unless it is told otherwise.
pub const MOST_BYTES: u64 = 64 << 20;

/// The longest line of a list, in bytes: a body of that size, with what JSON adds to it.
const LONGEST: usize = 2 * MOST_BYTES as usize;

/// How far into a file a record shows itself by the order of its keys, in bytes.
const HEAD: usize = 64;

/// Bytes asked for at once.
const CHUNK: usize = 64 << 10;

/// What stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One page, or whatever else it is.
    Document,
    /// A record a line.
    Records,
    /// A WARC file.
    Archive,
}

/// What a record says of the page that it carries.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The source text of its request.
    pub input: Box<str>,
    /// The address asked for.
    pub url: Option<String>,
    /// The address that answered.
    pub final_url: Option<String>,
    /// The request method.
    pub method: Option<String>,
    /// What the server said of it.
    pub facts: Facts,
    /// Why the record was not `ok`, unless that was for the data that was required of it then.
    pub former: Option<Failure>,
    /// Why its request was skipped.
    pub skip: Option<Skip>,
    /// The caller's own identifier.
    pub id: Option<Box<RawValue>>,
    /// Any JSON object of the caller's.
    pub tags: Option<Box<RawValue>>,
    /// The page.
    pub body: Body,
}

/// What a server said of a page, as the record has it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Status.
    pub status: Option<u16>,
    /// Media type.
    pub content_type: Option<String>,
    /// How the page was written.
    pub charset: Option<String>,
    /// Its length before it was decoded to text, in bytes.
    pub bytes: Option<u64>,
    /// Digest of the same.
    pub sha256: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// When it was asked for.
    pub started_at: Option<String>,
}

/// The page in a record.
#[derive(Clone, Debug)]
pub enum Body {
    /// Decoded text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// None, for this reason: a sentence.
    None(String),
}

impl Default for Body {
    fn default() -> Self {
        Body::None("there is no body".to_owned())
    }
}

/// An input that is open, unpacked, and known for what it is. `path` gives it a name, which `-` has
/// not: a list is told by its name, by the keys that our records begin with, and without a name by a
/// first line that is an object with a body.
///
/// # Errors
/// What the system says.
pub fn open(input: Box<dyn Read>, path: Option<&Path>) -> io::Result<(Kind, Box<dyn Read>)> {
    let mut input = unpacked(input)?;
    if path.is_some_and(is_list) {
        return Ok((Kind::Records, input));
    }
    let mut head = Vec::with_capacity(HEAD);
    input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let kind = if path.is_some_and(warc::is_archive) || warc::starts_like_archive(&head) {
        Kind::Archive
    } else if starts_like_record(&head) || (path.is_none() && first_line_is_record(&mut head, &mut input)?) {
        Kind::Records
    } else {
        Kind::Document
    };
    Ok((kind, Box::new(Cursor::new(head).chain(input))))
}

/// Whether the first line that is not blank is an object with a body. What is read of it goes to `head`.
fn first_line_is_record(head: &mut Vec<u8>, input: &mut dyn Read) -> io::Result<bool> {
    let begin = |head: &[u8]| {
        let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        mark + head.get(mark..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
    };
    let start = begin(head);
    if head.get(start) != Some(&b'{') {
        return Ok(false);
    }
    let mut searched = start;
    loop {
        if let Some(end) = memchr::memchr(b'\n', head.get(searched..).unwrap_or_default()) {
            return Ok(object::has_body(head.get(start..searched + end).unwrap_or_default()));
        }
        searched = head.len();
        if searched > LONGEST {
            return Ok(false);
        }
        if input.take(CHUNK as u64).read_to_end(head)? == 0 {
            return Ok(object::has_body(head.get(start..).unwrap_or_default()));
        }
    }
}

/// How many bytes a file holds once it is unpacked, as far as it says so itself: `packed` is its length
/// on the disk. Of several members of gzip only the last says how long it is (RFC 1952, 2.3.1).
pub fn unpacked_len(path: &Path, packed: u64) -> u64 {
    let told = || {
        let mut file = std::fs::File::open(path).ok()?;
        let mut mark = [0; 2];
        file.read_exact(&mut mark).ok()?;
        if mark != packed::MARK {
            return None;
        }
        let mut length = [0; 4];
        file.seek(SeekFrom::End(-4)).ok()?;
        file.read_exact(&mut length).ok()?;
        let length = u64::from(u32::from_le_bytes(length));
        // A file that is longer packed than unpacked has more members, or is none: 1032 times is what
        // gzip reaches at best.
        Some(if length >= packed { length } else { packed.saturating_mul(1032) })
    };
    told().map_or(packed, |length| length.min(MOST_BYTES).max(packed))
}

/// Whether a name says that it is a list of records.
fn is_list(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.ends_with(".jsonl") || name.ends_with(".ndjson")
}

/// Records begin like this, however their other keys were chosen.
fn starts_like_record(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    head.starts_with(b"{\"v\":") && memchr::memmem::find(head, b"\"type\":\"").is_some()
}

/// All of a document. The error is a sentence.
pub fn whole(input: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    input.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("more than {} MiB are not read of a document", MOST_BYTES >> 20));
    }
    Ok(bytes)
}

/// Calls `each` with the number (from 1) and the text of each line that is not blank, until it says
/// false. What is no text comes as a sentence.
///
/// # Errors
/// What the system says half-way.
pub fn lines(mut input: impl Read, mut each: impl FnMut(u64, Result<String, String>) -> bool) -> io::Result<()> {
    let mut splitter = Splitter::new(LONGEST);
    let mut buffer = vec![0; CHUNK];
    let mut wanted = true;
    let mut take = |number: u64, line: Line<'_>, wanted: &mut bool| {
        let text = match line {
            Line::Whole(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.trim_start_matches('\u{feff}').trim()),
                Err(_) => Err(format!("line {number} is not valid UTF-8")),
            },
            Line::TooLong(_) => Err(format!("line {number} is longer than {} MiB", LONGEST >> 20)),
        };
        if *wanted && text != Ok("") {
            *wanted = each(number, text.map(str::to_owned));
        }
    };
    while wanted {
        match input.read(&mut buffer) {
            Ok(0) => {
                splitter.end(|number, line| take(number, line, &mut wanted));
                break;
            }
            Ok(count) => {
                let chunk = buffer.get(..count).unwrap_or_default();
                splitter.push(chunk, |number, line| take(number, line, &mut wanted));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the answer to such a request with such a status has no body by its nature.
pub fn is_bodiless(status: Option<u16>, method: Option<&str>) -> bool {
    object::is_bodiless(status, method)
}

/// The page that a line of a list carries; `number` is for messages.
pub fn kept(line: &str, number: u64) -> Kept {
    object::kept(line, Place { line: number, column: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str, path: Option<&str>) -> Kind {
        let (kind, input) = open(Box::new(Cursor::new(text.as_bytes().to_vec())), path.map(Path::new)).unwrap();
        assert_eq!(whole(input).unwrap(), text.as_bytes(), "nothing is lost");
        kind
    }

    #[test]
    fn a_list_of_records_is_told_by_its_name_or_its_beginning() {
        let record = r#"{"v":1,"type":"fetch","seq":0}"#;
        for name in [None, Some("x.json"), Some("x")] {
            assert_eq!(kind(record, name), Kind::Records);
            assert_eq!(kind(r#"{"v":1,"price":2}"#, name), Kind::Document);
            assert_eq!(kind("", name), Kind::Document);
        }
        for name in ["x.jsonl", "x.NDJSON", "x.jsonl.gz"] {
            assert_eq!(kind("{}", Some(name)), Kind::Records);
        }
    }

    #[test]
    fn without_a_name_a_list_is_told_by_its_first_line() {
        for (text, want) in [
            ("{\"url\": \"http://h/\", \"final_url\": null, \"body\": \"<p>\"}\n{}", Kind::Records),
            ("\n { \"type\" : \"fetch\", \"body_base64\": \"AA==\" }", Kind::Records),
            ("\u{feff}{\"body\": null}\n", Kind::Records),
            ("{\"a\": {\"body\": 1}}\n", Kind::Document),
            ("{\n\"body\": 1}\n", Kind::Document),
            ("{\"body\": ", Kind::Document),
            ("[{\"body\": 1}]", Kind::Document),
        ] {
            assert_eq!(kind(text, None), want, "{text}");
            assert_eq!(kind(text, Some("x.json")), Kind::Document, "{text}");
        }
        let long = format!("{{\"url\":\"x\",\"body\":\"{}\"}}\n", "x".repeat(300_000));
        assert_eq!(kind(&long, None), Kind::Records);
        assert_eq!(kind("WARC/1.1\r\nWARC-Type: response", Some("x")), Kind::Archive);
    }

    #[test]
    fn a_packed_file_says_how_long_it_is() {
        use std::io::Write as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.html.gz");
        let pack = |text: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(text).unwrap();
            packer.finish().unwrap()
        };
        let len = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            unpacked_len(&path, bytes.len() as u64)
        };
        assert_eq!(len(&pack(&[b'x'; 100_000])), 100_000);
        assert_eq!(len(b"plain"), 5);
        let several = [pack(&[b'x'; 100_000]), pack(b"x")].concat();
        assert!(len(&several) >= 100_001);
        assert_eq!(unpacked_len(&dir.path().join("none"), 7), 7);
    }

    #[test]
    fn blank_lines_are_passed_over_and_bad_ones_have_their_number() {
        let mut seen = Vec::new();
        let text = b"\xef\xbb\xbf{}\r\n\n \n\xff\n[]";
        lines(&text[..], |number, line| {
            seen.push((number, line));
            true
        })
        .unwrap();
        let bad = Err("line 4 is not valid UTF-8".to_owned());
        assert_eq!(seen, [(1, Ok("{}".to_owned())), (4, bad), (5, Ok("[]".to_owned()))]);
        let mut count = 0;
        lines(&b"1\n2\n3\n"[..], |_, _| {
            count += 1;
            count < 2
        })
        .unwrap();
        assert_eq!(count, 2);
    }

    #[test]
    fn a_document_has_a_largest_size() {
        assert_eq!(whole(io::repeat(b' ').take(MOST_BYTES)).map(|bytes| bytes.len() as u64), Ok(MOST_BYTES));
        assert!(whole(io::repeat(b' ')).unwrap_err().contains("64 MiB"));
    }
}
