//! Archives of our own making, whole and broken.

use std::{
    fs,
    io::{Cursor, Write as _},
    path::PathBuf,
};

use flate2::{Compression, write::GzEncoder};
use http::Method;
use proptest::prelude::*;

use super::{index::Index, *};

fn record(kind: &str, more: &str, block: &str) -> Vec<u8> {
    let length = block.len();
    format!("WARC/1.1\r\nWARC-Type: {kind}\r\n{more}Content-Length: {length}\r\n\r\n{block}\r\n\r\n").into_bytes()
}

fn response(id: &str, url: &str, digest: &str, body: &str) -> Vec<u8> {
    let more = format!(
        "WARC-Record-ID: <{id}>\r\nWARC-Target-URI: {url}\r\nWARC-Payload-Digest: {digest}\r\n\
         Content-Type: application/http;msgtype=response\r\n"
    );
    record("response", &more, &format!("HTTP/1.1 200 OK\r\n\r\n{body}"))
}

fn request(of: &str, method: &str) -> Vec<u8> {
    let more = format!(
        "WARC-Concurrent-To: <{of}>\r\nWARC-Target-URI: http://h/\r\n\
         Content-Type: application/http;msgtype=request\r\n"
    );
    record("request", &more, &format!("{method} / HTTP/1.1\r\n\r\n"))
}

fn packed(record: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(record).unwrap();
    packer.finish().unwrap()
}

/// Offset, kind and block.
type Seen = (u64, String, String);

/// The records, and how it ended.
fn read(bytes: Vec<u8>) -> (Vec<Seen>, Result<u64, WarcError>) {
    let mut reader = Reader::new(Cursor::new(bytes), 0).unwrap();
    let mut seen = Vec::new();
    loop {
        let head = match reader.next_head() {
            Ok(Some(head)) => head,
            Ok(None) => return (seen, Ok(reader.whole())),
            Err(error) => return (seen, Err(error)),
        };
        match reader.block(1 << 20) {
            Ok(block) => seen.push((head.offset, head.kind().to_owned(), String::from_utf8(block).unwrap())),
            Err(error) => return (seen, Err(error)),
        }
    }
}

#[test]
fn packed_or_not_records_are_read_with_their_places() {
    let records =
        [record("warcinfo", "", "a: b\r\n"), record("metadata", "", ""), record("resource", "X: y\r\n z\r\n", "text")];
    for pack in [false, true] {
        let members: Vec<_> = records.iter().map(|record| if pack { packed(record) } else { record.clone() }).collect();
        let (seen, end) = read(members.concat());
        let starts = [0, members[0].len() as u64, (members[0].len() + members[1].len()) as u64];
        let expected = [("warcinfo", "a: b\r\n"), ("metadata", ""), ("resource", "text")];
        let expected =
            expected.iter().zip(starts).map(|((kind, block), at)| (at, (*kind).to_owned(), (*block).to_owned()));
        assert_eq!(seen, expected.collect::<Vec<_>>());
        assert_eq!(end.unwrap(), members.concat().len() as u64);
    }
    let one_stream = packed(&records.concat());
    assert_eq!(read(one_stream).0.len(), 3);
}

#[test]
fn what_is_whole_is_read_before_what_is_cut_short() {
    let (one, two) = (record("metadata", "", "first"), record("metadata", "", "second"));
    for pack in [false, true] {
        let (one, two) = if pack { (packed(&one), packed(&two)) } else { (one.clone(), two.clone()) };
        for cut in 1..two.len() {
            let mut bytes = one.clone();
            bytes.extend_from_slice(&two[..cut]);
            let mut reader = Reader::new(Cursor::new(bytes.clone()), 0).unwrap();
            assert!(reader.next_head().unwrap().is_some());
            let end = loop {
                match reader.next_head() {
                    Ok(Some(_)) => {}
                    end => break end,
                }
            };
            assert!(matches!(end, Err(WarcError::Cut)), "{pack} {cut}: {end:?}");
            assert_eq!(reader.whole(), one.len() as u64, "{pack} {cut}");
        }
    }
}

#[test]
fn lengths_are_not_believed() {
    for length in ["99999999999", "18446744073709551616", "-1", "x", ""] {
        let text = format!("WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: {length}\r\n\r\nshort\r\n\r\n");
        assert!(read(text.into_bytes()).1.is_err(), "{length}");
    }
    let endless = format!("WARC/1.0\r\nA: {}", "x".repeat(2 * HEAD_MOST));
    assert!(matches!(read(endless.into_bytes()).1, Err(WarcError::Damaged(_))));
    assert!(matches!(read(b"hello\r\n".to_vec()).1, Err(WarcError::Damaged(_))));
    assert_eq!(read(Vec::new()).1.unwrap(), 0);
}

fn index(files: &[Vec<u8>]) -> (tempfile::TempDir, Result<Index, String>) {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|number| dir.path().join(format!("{number}.warc.gz"))).collect();
    for (path, bytes) in paths.iter().zip(files) {
        fs::write(path, bytes).unwrap();
    }
    let index = Index::of(&paths);
    (dir, index)
}

#[test]
fn the_last_answer_counts_and_methods_are_told_apart() {
    let first =
        [packed(&response("a", "http://h/", "sha1:A", "old")), packed(&response("b", "http://h/x", "sha1:B", "x"))];
    let second = [
        packed(&request("c", "POST")),
        packed(&response("c", "http://h/", "sha1:C", "posted")),
        packed(&response("d", "http://h/", "sha1:D", "new")),
        packed(&response("e", "http://h/y", "sha1:E", "put")),
        packed(&request("e", "PUT")),
    ];
    let (_dir, index) = index(&[first.concat(), second.concat()]);
    let index = index.unwrap();
    let found = |method: &Method, url: &str| {
        let answer = index.find(method, url, 99).unwrap();
        answer.map(|answer| String::from_utf8(answer.content).unwrap())
    };
    assert_eq!(found(&Method::GET, "http://h/").as_deref(), Some("new"));
    assert_eq!(found(&Method::POST, "http://h/").as_deref(), Some("posted"));
    assert_eq!(found(&Method::GET, "http://h/x#y").as_deref(), Some("x"));
    assert_eq!((found(&Method::PUT, "http://h/y").as_deref(), found(&Method::GET, "http://h/y")), (Some("put"), None));
    assert_eq!(index.len(), 4);
}

#[test]
fn a_revisit_has_the_content_that_it_refers_to() {
    let revisit = record(
        "revisit",
        "WARC-Target-URI: <http://h/2>\r\nWARC-Payload-Digest: sha1:A\r\nContent-Type: application/http\r\n",
        "HTTP/1.1 201 Created\r\nx: y\r\n\r\n",
    );
    let (_dir, index) = index(&[packed(&revisit), packed(&response("a", "http://h/1", "sha1:A", "content"))]);
    let answer = index.unwrap().find(&Method::GET, "http://h/2", 99).unwrap().unwrap();
    assert_eq!(
        (answer.response.status, &answer.response.headers["x"], &answer.content[..]),
        (201, &"y".parse().unwrap(), &b"content"[..])
    );
}

#[test]
fn an_archive_in_one_stream_cannot_be_answered_from() {
    let records = [record("warcinfo", "", ""), response("a", "http://h/", "sha1:A", "x")].concat();
    assert!(index(&[packed(&records)]).1.unwrap_err().contains("one stream"));
    assert!(index(&[packed(&records)[..50].to_vec()]).1.unwrap_err().contains("cut short"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail_or_grow(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), start in 0..3_usize) {
        let start = [&b""[..], b"WARC/1.1\r\nContent-Length: 5\r\n\r\n", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]][start];
        bytes.splice(0..0, start.iter().copied());
        let mut reader = Reader::new(Cursor::new(bytes), 0).unwrap();
        for _ in 0..100 {
            if !matches!(reader.next_head(), Ok(Some(_))) {
                break;
            }
        }
    }
}
