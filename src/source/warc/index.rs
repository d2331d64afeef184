//! Where in a set of archives the answer to a request is: the last one for each method and URL.
//!
//! One pass over the files. 24 bytes for each answer, and while it is made 16 more for each content, since
//! a revisit refers to one by its digest. Bodies stay on the disk. Must not know who asks.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use http::Method;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::{
    Head, Reader, WarcError,
    message::{self, Response},
};

/// Bits of a place that say where in its file it is: 16 TiB. The others number the file.
const OFFSET_BITS: u32 = 44;
/// Most bytes of a request that are looked at: its first line.
const REQUEST_MOST: u64 = 32 << 10;

/// Answers by what was asked.
#[derive(Debug, Default)]
pub struct Index {
    files: Vec<PathBuf>,
    /// Key and place, sorted by key.
    answers: Vec<(u64, u64, u64)>,
    /// Contents that revisits refer to.
    contents: HashMap<u64, u64>,
}

/// What an archive has for a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Head of the record of the response.
    pub head: Head,
    /// Status and fields.
    pub response: Response,
    /// The content as it was received.
    pub content: Vec<u8>,
}

/// What is known while a file is read.
#[derive(Default)]
struct Pass {
    answers: Vec<(u64, u64, u64)>,
    contents: Vec<(u64, u64)>,
    wanted: Vec<u64>,
    /// The method that a request had, and the record of the response that it led to.
    request: Option<(String, Method)>,
    /// The last response: its name, its URL, its place in `answers`.
    response: Option<(String, String, usize)>,
}

impl Index {
    /// Reads the files through. The error is a sentence that names the file.
    ///
    /// # Errors
    /// A file cannot be read to its end, or is packed as one stream, so that no record can be found again.
    pub fn of(files: &[PathBuf]) -> Result<Index, String> {
        let mut pass = Pass::default();
        for (number, path) in files.iter().enumerate() {
            pass.file(path, number as u64).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let Pass { mut answers, mut contents, wanted, .. } = pass;
        // The last of several comes first, and stays.
        answers.reverse();
        answers.sort_by_key(|answer| (answer.0, answer.1));
        answers.dedup_by_key(|answer| (answer.0, answer.1));
        answers.shrink_to_fit();
        contents.sort_unstable();
        let find = |digest: &u64| {
            let at = contents.partition_point(|content| content.0 < *digest);
            contents.get(at).filter(|content| content.0 == *digest).map(|content| (*digest, content.1))
        };
        let contents = wanted.iter().filter_map(find).collect();
        Ok(Index { files: files.to_vec(), answers, contents })
    }

    /// How many requests have an answer.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there is no answer at all.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answer to a request, of which `most` bytes of content are read; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub fn find(&self, method: &Method, url: &str, most: u64) -> Result<Option<Answer>, WarcError> {
        let key = key(method, url);
        let at = self.answers.partition_point(|answer| (answer.0, answer.1) < key);
        let Some(found) = self.answers.get(at).filter(|answer| (answer.0, answer.1) == key) else { return Ok(None) };
        let answer = self.read(found.2, most)?;
        if answer.head.kind() != "revisit" {
            return Ok(Some(answer));
        }
        let original = answer.head.get("WARC-Payload-Digest").and_then(|digest| self.contents.get(&of_digest(digest)));
        match original {
            Some(place) => Ok(Some(Answer { content: self.read(*place, most)?.content, ..answer })),
            None => Ok(Some(answer)),
        }
    }

    fn read(&self, place: u64, most: u64) -> Result<Answer, WarcError> {
        let damaged = || WarcError::Damaged("the archive has changed".to_owned());
        let path = usize::try_from(place >> OFFSET_BITS).ok().and_then(|file| self.files.get(file));
        let offset = place & ((1 << OFFSET_BITS) - 1);
        read_answer(path.ok_or_else(damaged)?, offset, most)
    }
}

/// Reads a response again, and `most` bytes of its content.
///
/// # Errors
/// It is not there, or is no response.
pub fn read_answer(path: &Path, offset: u64, most: u64) -> Result<Answer, WarcError> {
    let damaged = || WarcError::Damaged("the archive has changed".to_owned());
    let mut reader = Reader::at(path, offset)?;
    let head = reader.next_head()?.ok_or_else(damaged)?;
    let block = reader.block(most.saturating_add(super::HEAD_MOST as u64))?;
    let response = message::response(&block).ok_or_else(damaged)?;
    let content = block.get(response.content_at..).unwrap_or_default().to_vec();
    let content = message::unchunked(&response.headers, content);
    Ok(Answer { head, response, content })
}

impl Pass {
    fn file(&mut self, path: &Path, number: u64) -> Result<(), WarcError> {
        let mut reader = Reader::at(path, 0)?;
        (self.request, self.response) = (None, None);
        while let Some(head) = reader.next_head()? {
            if head.is_http("request") && head.kind() == "request" {
                let method = message::method(&reader.block(REQUEST_MOST)?).unwrap_or(Method::GET);
                self.take_request(&head, method);
            } else if matches!(head.kind(), "response" | "revisit") && head.is_http("response") {
                if !head.is_first {
                    return Err(WarcError::Damaged(
                        "it is packed as one stream, so that no record can be found".into(),
                    ));
                }
                self.take_response(&head, number << OFFSET_BITS | head.offset);
            }
        }
        Ok(())
    }

    fn take_request(&mut self, head: &Head, method: Method) {
        let Some(response) = head.get("WARC-Concurrent-To") else { return };
        match &self.response {
            // It stands behind its response.
            Some((id, url, at)) if id == response => {
                let (first, second) = key(&method, url);
                if let Some(answer) = self.answers.get_mut(*at) {
                    (answer.0, answer.1) = (first, second);
                }
            }
            _ => self.request = Some((response.to_owned(), method)),
        }
    }

    fn take_response(&mut self, head: &Head, place: u64) {
        let url = head.url().unwrap_or_default();
        let id = head.get("WARC-Record-ID").unwrap_or_default();
        // It may say itself which request it belongs to, or the request says so.
        let method = self.request.take().filter(|(response, _)| response == id).map(|(_, method)| method);
        let (first, second) = key(&method.unwrap_or(Method::GET), url);
        self.response = Some((id.to_owned(), url.to_owned(), self.answers.len()));
        self.answers.push((first, second, place));
        if let Some(digest) = head.get("WARC-Payload-Digest").map(of_digest) {
            match head.kind() {
                "revisit" => self.wanted.push(digest),
                _ => self.contents.push((digest, place)),
            }
        }
    }
}

/// What a request is known by.
fn key(method: &Method, url: &str) -> (u64, u64) {
    let url = url.split('#').next().unwrap_or_default();
    let bits = xxh3_128(format!("{method} {url}").as_bytes());
    ((bits >> 64) as u64, bits as u64)
}

fn of_digest(digest: &str) -> u64 {
    xxh3_64(digest.as_bytes())
}
