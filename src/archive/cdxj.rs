//! An index of what archives have: CDXJ, as `cdxj-indexer --sort` writes it.
//!
//! A line for each response, revisit and resource: key, moment, and a JSON object with where the record is.
//! All lines are held until they are sorted, about 400 bytes each; bodies are not. Must not know who reads it.

use std::{
    fmt::Write as _,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use data_encoding::BASE32;
use http::header;
use sha1::Digest as _;

use super::{shown_url, surt::surt};
use crate::source::warc::{
    Head, Reader, WarcError,
    message::{self, Response},
};

/// Longest head of a message that is read, in bytes.
const HEAD_MOST: u64 = 1 << 20;
/// Line ends behind a record, which in a file that is not packed are no part of its length here, in bytes.
const END: u64 = 4;
/// Where the digits of a date are missing.
const BEGINNING: &str = "00000101000000";

/// An archive that could not be read to its end.
#[derive(Debug)]
pub struct Unread {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: WarcError,
}

/// The lines of an index, sorted bytewise, each with its end; and which files could not be read to their end.
/// What was whole of those is in it.
pub fn index(files: &[PathBuf]) -> (Vec<String>, Vec<Unread>) {
    let (mut lines, mut unread) = (Vec::new(), Vec::new());
    for path in files {
        if let Err(error) = file(path, &mut lines) {
            unread.push(Unread { path: path.clone(), error });
        }
    }
    lines.sort_unstable();
    (lines, unread)
}

/// A line without the length of its record, which is known when the next one begins.
struct Begun {
    offset: u64,
    line: String,
}

fn file(path: &Path, lines: &mut Vec<String>) -> Result<(), WarcError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut reader = Reader::at(path, 0)?;
    let end_length = if is_packed(path)? { 0 } else { END };
    let mut begun: Option<Begun> = None;
    loop {
        let head = reader.next_head()?;
        if head.as_ref().is_some_and(|head| !head.is_first) {
            let why = "more than one record is in a gzip member, so that none can be found";
            return Err(WarcError::Damaged(why.to_owned()));
        }
        if let Some(Begun { offset, mut line }) = begun.take() {
            let end = head.as_ref().map_or(reader.whole(), |head| head.offset);
            line.push_str(&format!(
                ", \"length\": \"{}\", \"offset\": \"{offset}\", \"filename\": ",
                end - offset - end_length
            ));
            string(&mut line, &name);
            line.push_str("}\n");
            lines.push(line);
        }
        let Some(head) = head else { return Ok(()) };
        if is_indexed(&head) {
            begun = begin(&head, &mut reader)?;
        }
    }
}

fn is_packed(path: &Path) -> Result<bool, WarcError> {
    let mut beginning = Vec::new();
    File::open(path)?.take(1).read_to_end(&mut beginning)?;
    Ok(beginning == [0x1f])
}

/// Responses, revisits and what was put there; not what only tells of them.
fn is_indexed(head: &Head) -> bool {
    match head.kind() {
        "response" | "revisit" => true,
        "resource" | "metadata" => head.get("Content-Type") != Some("application/warc-fields"),
        _ => false,
    }
}

fn begin<R: Read>(head: &Head, reader: &mut Reader<R>) -> Result<Option<Begun>, WarcError> {
    let Some(url) = head.url() else { return Ok(None) };
    let block = reader.block(HEAD_MOST)?;
    let is_message = matches!(head.kind(), "response" | "revisit") && url.starts_with("http");
    let response = if is_message { message::response(&block) } else { None };
    let payload = response.as_ref().and_then(|response| block.get(response.content_at..)).unwrap_or(&block);
    let digest = match head.get("WARC-Payload-Digest").filter(|digest| !digest.is_empty()) {
        Some(digest) => Some(digest.to_owned()),
        // What it would be of is in another record.
        None if head.kind() == "revisit" => None,
        None => Some(made(payload, reader)?),
    };
    let url = shown_url(url);
    let mut line = format!("{} {} {{", surt(&url), moment(head.get("WARC-Date").unwrap_or_default()));
    let status = response.as_ref().map(|response| response.status.to_string());
    let fields = [("url", Some(url)), ("mime", mime(head, response.as_ref())), ("status", status), ("digest", digest)];
    for (at, (name, value)) in fields.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).enumerate() {
        line.push_str(if at > 0 { ", " } else { "" });
        line.push_str(&format!("\"{name}\": "));
        string(&mut line, value);
    }
    Ok(Some(Begun { offset: head.offset, line }))
}

/// The digest of a payload whose record has none, as it was received.
fn made<R: Read>(beginning: &[u8], reader: &mut Reader<R>) -> Result<String, WarcError> {
    let mut digest = sha1::Sha1::new();
    digest.update(beginning);
    reader.each(|bytes| digest.update(bytes))?;
    Ok(format!("sha1:{}", BASE32.encode(&digest.finalize())))
}

fn mime(head: &Head, response: Option<&Response>) -> Option<String> {
    let value = match head.kind() {
        "revisit" => return Some("warc/revisit".to_owned()),
        "response" => {
            let value = response?.headers.get(header::CONTENT_TYPE)?;
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        }
        _ => head.get("Content-Type")?.to_owned(),
    };
    let first = value.split(|c: char| c == ';' || c.is_whitespace()).next();
    Some(first.unwrap_or_default().to_owned())
}

/// A date as fourteen digits.
fn moment(date: &str) -> String {
    let whole = date.split('.').next().unwrap_or_default();
    let mut digits: String = whole.chars().filter(char::is_ascii_digit).take(BEGINNING.len()).collect();
    let missing = BEGINNING.get(digits.len()..).unwrap_or_default();
    digits.push_str(missing);
    digits
}

/// A string of JSON in ASCII, as Python writes it.
fn string(line: &mut String, value: &str) {
    line.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\u{8}' => line.push_str("\\b"),
            '\u{c}' => line.push_str("\\f"),
            ' '..='~' => line.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(fields: &str, block: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        write!(packer, "WARC/1.1\r\n{fields}Content-Length: {}\r\n\r\n{block}\r\n\r\n", block.len()).unwrap();
        packer.finish().unwrap()
    }

    fn lines(bytes: &[u8]) -> (Vec<String>, Vec<Unread>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a\"ü.warc.gz");
        fs::write(&path, bytes).unwrap();
        index(&[path])
    }

    #[test]
    fn lines_are_sorted_and_say_where_records_are() {
        let response = |url: &str, more: &str| {
            let fields =
                format!("WARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-02-29T12:00:00.5Z\r\n{more}");
            packed(&fields, "HTTP/1.1 404 Not Found\r\nContent-Type: Text/HTML; charset=x\r\n\r\nbody")
        };
        let one = response("http://h/b", "WARC-Payload-Digest: sha1:X\r\n");
        let two = response("http://me:secret@h/a", "");
        let info = packed("WARC-Type: warcinfo\r\n", "");
        let fields = packed(
            "WARC-Type: metadata\r\nContent-Type: application/warc-fields\r\nWARC-Target-URI: http://h/\r\n",
            "",
        );
        let text = packed(
            "WARC-Type: resource\r\nContent-Type: text/plain\r\nWARC-Target-URI: urn:x:Y\r\nWARC-Date: 2024-02\r\n",
            "x",
        );
        let (lines, unread) = lines(&[info.clone(), one.clone(), two.clone(), fields.clone(), text.clone()].concat());
        assert!(unread.is_empty(), "{unread:?}");
        let at = |before: &[&Vec<u8>]| before.iter().map(|member| member.len()).sum::<usize>();
        let place = |member: &Vec<u8>, before: &[&Vec<u8>]| {
            let name = r#""filename": "a\"\u00fc.warc.gz"}"#;
            format!(r#""length": "{}", "offset": "{}", {name}"#, member.len(), at(before))
        };
        let head = r#""mime": "Text/HTML", "status": "404""#;
        let body = "sha1:AIED6RLZ4CFGCJBFYDA2C7XEPLOXQO4U";
        let expected = [
            format!(
                "h)/a 20240229120000 {{\"url\": \"http://h/a\", {head}, \"digest\": \"{body}\", {}\n",
                place(&two, &[&info, &one])
            ),
            format!(
                "h)/b 20240229120000 {{\"url\": \"http://h/b\", {head}, \"digest\": \"sha1:X\", {}\n",
                place(&one, &[&info])
            ),
            format!(
                "urn:x:y 20240201000000 {{\"url\": \"urn:x:Y\", \"mime\": \"text/plain\", \"digest\": \"sha1:CH3K3DWFFIUYJK5K7V6DWULFAN4FYIDS\", {}\n",
                place(&text, &[&info, &one, &two, &fields])
            ),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_whole_of_a_broken_archive_is_indexed() {
        let record = packed("WARC-Type: resource\r\nWARC-Target-URI: urn:a:b\r\n", "text");
        let (found, unread) = lines(&[&record[..], &record, &record[..record.len() - 1]].concat());
        assert_eq!((found.len(), unread.len()), (2, 1));
        assert!(matches!(unread[0].error, WarcError::Cut), "{unread:?}");
        let two = "WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n".repeat(2);
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(two.as_bytes()).unwrap();
        assert!(lines(&packer.finish().unwrap()).1[0].error.to_string().contains("more than one record"));
    }
}
