//! Documents of the disk: read, decoded, outlined.
//!
//! A document that cannot be read is a fault with a sentence; a binary file below a folder is none.
//! Must not know what its links lead to.

use std::{fs::File, io::Read as _};

use crate::{
    model::{Look, Outline},
    page::{self, Language, charset, prose},
    source::walk::Listed,
};

/// Largest document that is read, in bytes: its text and its links stand in memory at once.
pub(super) const MOST_BYTES: u64 = 64 << 20;

/// Where a NUL says that a file is no text, in bytes from its start.
const LOOKED_AT: usize = 8_192;

/// A document and what it says.
#[derive(Debug)]
pub(super) struct Document {
    pub text: String,
    pub language: Language,
    pub outline: Outline,
}

/// What came of reading one.
#[derive(Debug)]
pub(super) enum Read {
    Document(Document),
    /// No document after all.
    Nothing,
    /// A sentence.
    Fault(String),
}

/// Reads a document. `keeping` is told its length before it is read.
pub(super) fn read(listed: &Listed, look: Look, keeping: impl FnOnce(u64)) -> Read {
    let bytes = match bytes_of(&listed.path, keeping) {
        Ok(bytes) => bytes,
        Err(fault) => return Read::Fault(fault),
    };
    match decode(bytes) {
        Some(text) => {
            let language = listed.language.unwrap_or_else(|| told(&text));
            let outline = prose::outline(&text, language, look);
            Read::Document(Document { text, language, outline })
        }
        None if listed.named => Read::Fault("it is no text".to_owned()),
        None => Read::Nothing,
    }
}

/// The bytes of a file that is not too large. The error is a sentence.
pub(super) fn bytes_of(path: &str, keeping: impl FnOnce(u64)) -> Result<Vec<u8>, String> {
    let fault = |error: std::io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(fault)?;
    let len = file.metadata().map_err(fault)?.len();
    if len > MOST_BYTES {
        return Err(format!("{} MiB are more than is read of a document ({} MiB)", len >> 20, MOST_BYTES >> 20));
    }
    keeping(len);
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
    // A pipe or a file that grows says nothing of its length.
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(fault)?;
    Ok(bytes)
}

/// How a file begins, this many bytes of it; nothing of what cannot be read.
pub(super) fn start_of(path: &str, bytes: usize) -> String {
    let mut start = Vec::new();
    if let Ok(file) = File::open(path) {
        // What was read before a fault is as good as what is there.
        let _ = file.take(bytes as u64).read_to_end(&mut start);
    }
    String::from_utf8_lossy(&start).into_owned()
}

/// The text of a file; `None` for what is no text. UTF-8 where it is that, else as browsers guess.
fn decode(bytes: Vec<u8>) -> Option<String> {
    let start = bytes.get(..LOOKED_AT).unwrap_or(&bytes);
    let is_wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    if !is_wide && memchr::memchr(0, start).is_some() {
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.starts_with('\u{feff}') => Some(text['\u{feff}'.len_utf8()..].to_owned()),
        Ok(text) => Some(text),
        Err(error) => Some(charset::decode(error.as_bytes(), charset::Hints::default()).1.into_owned()),
    }
}

/// What a text is whose name does not tell.
fn told(text: &str) -> Language {
    match page::is_html(None, text.as_bytes()) {
        true => Language::Html,
        false => Language::Text,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_bytes(bytes: &[u8], named: bool) -> Read {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, bytes).unwrap();
        read(&Listed { path: path.to_str().unwrap().into(), language: None, named }, Look::ALL, |_| {})
    }

    fn text_of(bytes: &[u8]) -> (String, Language) {
        match read_bytes(bytes, true) {
            Read::Document(document) => (document.text, document.language),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn texts_are_decoded_and_told_by_their_first_bytes() {
        assert_eq!(text_of(b"\xef\xbb\xbfsee https://a.org"), ("see https://a.org".into(), Language::Text));
        assert_eq!(text_of(b"<!doctype html><a href=x>"), ("<!doctype html><a href=x>".into(), Language::Html));
        assert_eq!(text_of(b"gr\xfc\xdfe aus K\xf6ln").0, "grüße aus Köln");
        assert_eq!(text_of(b"\xff\xfea\0b\0").0, "ab");
    }

    #[test]
    fn a_binary_file_is_a_fault_only_where_it_was_named() {
        assert!(matches!(read_bytes(b"\x7fELF\0\0", true), Read::Fault(_)));
        assert!(matches!(read_bytes(b"\x7fELF\0\0", false), Read::Nothing));
    }

    #[test]
    fn what_is_not_there_or_too_large_is_a_fault_with_a_sentence() {
        let listed = Listed { path: "not/there.md".into(), language: None, named: true };
        assert!(matches!(read(&listed, Look::ALL, |_| {}), Read::Fault(why) if why.contains("cannot be read")));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.md");
        fs::File::create(&path).unwrap().set_len(MOST_BYTES + (1 << 20)).unwrap();
        assert!(bytes_of(path.to_str().unwrap(), |_| {}).unwrap_err().contains("65 MiB"));
    }
}
