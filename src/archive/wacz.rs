//! Archives packed with their index and a list of their pages, for browsers that replay (WACZ 1.1.1).
//!
//! A ZIP file of which nothing is packed again, so that a record can be read where it stands. The archives
//! are read twice: for the index, and to be copied. Must not know who reads it.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use data_encoding::HEXLOWER;
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_128;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::cdxj::{self, Unread};

/// Version of the format; validators know no later one.
const VERSION: &str = "1.1.1";
/// Lines of the index that are packed together, as other tools have it.
const LINES: usize = 300;
/// Bytes copied at once.
const CHUNK: usize = 256 << 10;
/// Length from which a member needs the fields of ZIP64.
const LARGE: u64 = u32::MAX as u64;

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum WaczError {
    /// An archive is not whole.
    #[error("{}: {}", .0.path.display(), .0.error)]
    Unread(Unread),
    /// An archive cannot be read again.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Write(io::Error),
}

/// What is in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Lines of the index.
    pub lines: u64,
    /// Pages of the list.
    pub pages: u64,
}

/// A file of the package, as `datapackage.json` names it.
#[derive(Serialize)]
struct Resource {
    name: String,
    path: String,
    hash: String,
    bytes: u64,
}

/// What a line of the index says.
#[derive(Deserialize)]
struct Entry {
    url: String,
    mime: Option<String>,
    status: Option<String>,
}

/// Packs archives, whose names must differ, into `out`.
///
/// # Errors
/// An archive is not whole, or something cannot be read or written.
pub fn pack(files: &[PathBuf], out: impl Write + Seek, now: SystemTime) -> Result<Packed, WaczError> {
    let (lines, unread) = cdxj::index(files);
    if let Some(unread) = unread.into_iter().next() {
        return Err(WaczError::Unread(unread));
    }
    let mut package = Package { zip: ZipWriter::new(out), time: time(now), resources: Vec::new() };
    for path in files {
        package.archive(path)?;
    }
    let (index, summary) = packed_index(&lines).map_err(WaczError::Write)?;
    package.add("indexes/index.cdx.gz", &index)?;
    package.add("indexes/index.idx", summary.as_bytes())?;
    let pages: Vec<String> = lines.iter().filter_map(|line| page(line)).collect();
    let header = serde_json::json!({"format": "json-pages-1.0", "id": "pages", "title": "Pages"});
    package.add("pages/pages.jsonl", format!("{header}\n{}", pages.concat()).as_bytes())?;
    package.finish(now)?;
    Ok(Packed { lines: lines.len() as u64, pages: pages.len() as u64 })
}

struct Package<W: Write + Seek> {
    zip: ZipWriter<W>,
    time: DateTime,
    resources: Vec<Resource>,
}

impl<W: Write + Seek> Package<W> {
    fn begin(&mut self, path: &str, length: u64) -> Result<(), WaczError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(self.time)
            .large_file(length >= LARGE);
        self.zip.start_file(path, options).map_err(|error| WaczError::Write(io::Error::other(error)))
    }

    fn end(&mut self, path: &str, hash: &[u8], bytes: u64) {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        // What a data package allows in names; the number keeps them apart.
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let clean: String = name.chars().map(|c| if is_allowed(c) { c } else { '-' }).collect();
        let name = if clean == name { name } else { format!("{clean}-{}", self.resources.len()) };
        let hash = format!("sha256:{}", HEXLOWER.encode(hash));
        self.resources.push(Resource { name, path: path.to_owned(), hash, bytes });
    }

    fn add(&mut self, path: &str, content: &[u8]) -> Result<(), WaczError> {
        self.begin(path, content.len() as u64)?;
        self.zip.write_all(content).map_err(WaczError::Write)?;
        self.end(path, &Sha256::digest(content), content.len() as u64);
        Ok(())
    }

    fn archive(&mut self, path: &Path) -> Result<(), WaczError> {
        let read = |source| WaczError::Read { path: path.to_owned(), source };
        let name = format!("archive/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let file = File::open(path).map_err(read)?;
        self.begin(&name, file.metadata().map_err(read)?.len())?;
        let (mut input, mut digest, mut length) = (BufReader::with_capacity(CHUNK, file), Sha256::new(), 0);
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = input.read(&mut buffer).map_err(read)?;
            let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else { break };
            digest.update(piece);
            length += count as u64;
            self.zip.write_all(piece).map_err(WaczError::Write)?;
        }
        self.end(&name, &digest.finalize(), length);
        Ok(())
    }

    /// Says what is in the package, and what that says.
    fn finish(mut self, now: SystemTime) -> Result<(), WaczError> {
        let package = serde_json::json!({
            "profile": "data-package",
            "wacz_version": VERSION,
            "software": concat!("fetchall ", env!("CARGO_PKG_VERSION")),
            "created": humantime::format_rfc3339_seconds(now).to_string(),
            "resources": std::mem::take(&mut self.resources),
        });
        let package = format!("{package:#}\n");
        let hash = format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(package.as_bytes())));
        self.add("datapackage.json", package.as_bytes())?;
        let digest = serde_json::json!({"path": "datapackage.json", "hash": hash});
        self.add("datapackage-digest.json", format!("{digest:#}\n").as_bytes())?;
        let mut out = self.zip.finish().map_err(|error| WaczError::Write(io::Error::other(error)))?;
        out.flush().map_err(WaczError::Write)
    }
}

/// The index in gzip members of some lines each, and a line for each of them: its first key, and its place.
fn packed_index(lines: &[String]) -> io::Result<(Vec<u8>, String)> {
    let mut packed = Vec::new();
    let mut summary = "!meta 0 {\"format\": \"cdxj-gzip-1.0\", \"filename\": \"index.cdx.gz\"}\n".to_owned();
    for group in lines.chunks(LINES) {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        group.iter().try_for_each(|line| packer.write_all(line.as_bytes()))?;
        let member = packer.finish()?;
        let key = group.first().and_then(|line| line.split(" {").next()).unwrap_or_default();
        let digest = HEXLOWER.encode(&Sha256::digest(&member));
        let (offset, length) = (packed.len(), member.len());
        summary.push_str(&format!(
            "{key} {{\"offset\": {offset}, \"length\": {length}, \"digest\": \"sha256:{digest}\"}}\n"
        ));
        packed.extend_from_slice(&member);
    }
    Ok((packed, summary))
}

/// A line of the list of pages, for what answered well and is HTML.
fn page(line: &str) -> Option<String> {
    let (before, entry) = line.split_at(line.find(" {")?);
    let entry: Entry = serde_json::from_str(entry).ok()?;
    let is_html = ["text/html", "application/xhtml+xml"].contains(&entry.mime?.to_ascii_lowercase().as_str());
    if !is_html || !entry.status?.starts_with('2') {
        return None;
    }
    let moment = before.rsplit(' ').next()?;
    let part = |from: usize, to: usize| moment.get(from..to).unwrap_or_default();
    let ts = format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14));
    let id = format!("{:032x}", xxh3_128(format!("{moment} {}", entry.url).as_bytes()));
    Some(format!("{}\n", serde_json::json!({"id": id, "url": entry.url, "ts": ts})))
}

/// A moment as ZIP has it: in UTC, from 1980.
fn time(now: SystemTime) -> DateTime {
    let text = humantime::format_rfc3339_seconds(now).to_string();
    let numbers: Vec<u16> = text.split(['-', 'T', ':', 'Z']).filter_map(|number| number.parse().ok()).collect();
    let small = |at: usize| numbers.get(at).and_then(|number| u8::try_from(*number).ok()).unwrap_or_default();
    let year = numbers.first().copied().unwrap_or_default();
    DateTime::from_date_and_time(year, small(1), small(2), small(3), small(4), small(5)).unwrap_or_default()
}
