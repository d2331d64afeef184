//! Pages in an archive: which of its records have one, and where its content is.
//!
//! Must not know what is read out of them.

use std::{
    collections::HashMap,
    io::Read,
    path::{Path, PathBuf},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use xxhash_rust::xxh3::xxh3_64;

use super::{Head, Reader, WarcError, decoded, index::read_answer, message};
use crate::{
    model::record::{content_type, is_text_type},
    source::saved::MOST_BYTES,
};

/// Contents that are known at most, for revisits that refer to them: 16 bytes each.
const CONTENTS: usize = 1_000_000;

/// A page as an archive has it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its address.
    pub url: String,
    /// When it was received, as the archive says.
    pub date: Option<String>,
    /// Status; `None` for a resource that was put there without one.
    pub status: Option<u16>,
    /// Fields of its response.
    pub headers: HeaderMap,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Here(Vec<u8>),
    /// In another record.
    At(PathBuf, u64),
    /// For this reason it cannot be had.
    Nowhere(String),
}

impl Stored {
    /// A field of its response as text.
    pub fn field(&self, name: HeaderName) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// Bytes of it that are in memory.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Here(content) => content.len(),
            Content::At(..) | Content::Nowhere(_) => 0,
        }
    }

    /// Whether nothing of it is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its decoded content. The error is a sentence.
    ///
    /// # Errors
    /// It cannot be had, or is not as its fields say, or is too long.
    pub fn content(&mut self) -> Result<Vec<u8>, String> {
        let content = match std::mem::replace(&mut self.content, Content::Here(Vec::new())) {
            Content::Here(content) => content,
            Content::Nowhere(why) => return Err(why),
            Content::At(path, offset) => match read_answer(&path, offset, MOST_BYTES) {
                Ok(answer) => answer.content,
                Err(error) => return Err(format!("what it refers to in {} cannot be read: {error}", path.display())),
            },
        };
        decoded(&self.headers, content, MOST_BYTES)
    }
}

/// Finds pages, and remembers where contents are that others may refer to.
#[derive(Debug, Default)]
pub struct Pages {
    files: Vec<PathBuf>,
    contents: HashMap<u64, (u32, u64)>,
}

impl Pages {
    /// The next records are from this file; `None` is what can be read only once.
    pub fn begin(&mut self, file: Option<&Path>) {
        self.files.push(file.map(Path::to_owned).unwrap_or_default());
    }

    /// The page in a record, if it has one: a response that was a success, or a resource, of text.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn page<R: Read>(&mut self, reader: &mut Reader<R>, head: &Head) -> Result<Option<Stored>, WarcError> {
        match head.kind() {
            "response" | "revisit" if head.is_http("response") => self.response(reader, head),
            "resource" => resource(reader, head),
            _ => Ok(None),
        }
    }

    fn response<R: Read>(&mut self, reader: &mut Reader<R>, head: &Head) -> Result<Option<Stored>, WarcError> {
        let block = reader.block(MOST_BYTES + super::HEAD_MOST as u64)?;
        let Some(response) = message::response(&block) else { return Ok(None) };
        let is_page = (200..300).contains(&response.status) && is_text(&response.headers);
        let digest = head.get("WARC-Payload-Digest").map(|digest| xxh3_64(digest.as_bytes()));
        let is_revisit = head.kind() == "revisit";
        if let Some(digest) = digest.filter(|_| !is_revisit) {
            self.learn(digest, head);
        }
        if !is_page {
            return Ok(None);
        }
        let content = if is_revisit {
            self.original(digest)
        } else if let Some(why) = head.get("WARC-Truncated") {
            Content::Nowhere(format!("the archive has only a part of it ({why})"))
        } else if block.len() as u64 != head.length {
            Content::Nowhere(too_long())
        } else {
            let content = block.get(response.content_at..).unwrap_or_default().to_vec();
            Content::Here(message::unchunked(&response.headers, content))
        };
        Ok(Some(Stored { status: Some(response.status), headers: response.headers, content, ..described(head) }))
    }

    fn learn(&mut self, digest: u64, head: &Head) {
        let file = self.files.len().checked_sub(1).and_then(|file| u32::try_from(file).ok());
        if let Some(file) = file.filter(|_| head.is_first && self.contents.len() < CONTENTS) {
            self.contents.insert(digest, (file, head.offset));
        }
    }

    fn original(&self, digest: Option<u64>) -> Content {
        let found = digest.and_then(|digest| self.contents.get(&digest));
        let file = found.and_then(|(file, _)| self.files.get(usize::try_from(*file).ok()?));
        match (file.filter(|file| !file.as_os_str().is_empty()), found) {
            (Some(file), Some((_, offset))) => Content::At(file.clone(), *offset),
            _ => Content::Nowhere("its content is in another archive, or further back than can be looked".to_owned()),
        }
    }
}

fn resource<R: Read>(reader: &mut Reader<R>, head: &Head) -> Result<Option<Stored>, WarcError> {
    let value = head.get("Content-Type").and_then(|value| HeaderValue::from_str(value).ok());
    let headers: HeaderMap = value.map(|value| (header::CONTENT_TYPE, value)).into_iter().collect();
    if !is_text(&headers) {
        return Ok(None);
    }
    let content = match head.length > MOST_BYTES {
        true => Content::Nowhere(too_long()),
        false => Content::Here(reader.block(MOST_BYTES)?),
    };
    Ok(Some(Stored { headers, content, ..described(head) }))
}

fn described(head: &Head) -> Stored {
    let url = head.url().unwrap_or_default().to_owned();
    let date = head.get("WARC-Date").map(str::to_owned);
    Stored { url, date, status: None, headers: HeaderMap::new(), content: Content::Here(Vec::new()) }
}

fn too_long() -> String {
    format!("more than {} MiB are not read of a page", MOST_BYTES >> 20)
}

/// Whether this is text of any kind; what has no type may be.
fn is_text(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.and_then(|value| content_type(value).0).is_none_or(|media_type| is_text_type(&media_type))
}
