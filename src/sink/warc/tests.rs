//! Archives as they are on the disk.

use std::{fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};

use super::*;
use crate::model::{Captures, Ending, Head, Request, Visit, capture::Cut, record::Heavy};

/// A response to a GET.
pub(super) fn capture(url: &str, status: u16, fields: &[(&str, &str)], body: &str) -> Capture {
    let fields = fields.iter().map(|(name, value)| (HeaderName::try_from(*name).unwrap(), value.parse().unwrap()));
    Capture {
        url: Arc::new(url.parse().unwrap()),
        method: Method::GET,
        fields: HeaderMap::new(),
        content: None,
        head: Head { status, version: http::Version::HTTP_11, headers: fields.collect() },
        reason: None,
        body: Bytes::copy_from_slice(body.as_bytes()),
        cut: None,
        peer: None,
        tls: None,
        started: SystemTime::UNIX_EPOCH,
        took: Duration::from_millis(7),
    }
}

fn record(own: Vec<Capture>) -> Record {
    let mut record = Record::of(Visit::refused(0, Request::get("http://h/"), None, Ending::Ok), Heavy::default());
    record.captures = Some(Box::new(Captures { own, ..Captures::default() }));
    record
}

fn options(dir: &Path, size: u64) -> Options {
    let names = Names::of(&dir.join("out.warc"), false).unwrap();
    let (digest, secrets) = (DigestKind::Sha1, Secrets::Mask);
    Options { names, size, digest, secrets, info: vec![("robots".into(), "obey".into())] }
}

/// The kinds of the records in a file that is not packed.
fn kinds(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("WARC-Type: ")).collect()
}

#[test]
fn an_exchange_is_a_request_a_response_and_what_is_told_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut warc = Warc::open(options(dir.path(), SIZE), Begin::Anew).unwrap();
    let mut hop = capture("http://h/a", 301, &[("location", "/b")], "");
    hop.took = Duration::from_millis(3);
    let mut batch = [record(vec![hop, capture("http://h/b", 200, &[("content-length", "4")], "body")])];
    warc.store(&mut batch).unwrap();
    assert!(batch[0].captures.is_none());
    warc.finish().unwrap();
    let text = fs::read_to_string(dir.path().join("out.warc")).unwrap();
    let three = ["request", "response", "metadata"];
    assert_eq!(kinds(&text), [&["warcinfo"][..], &three, &three].concat());
    let place = batch[0].saved.clone().unwrap().warc.unwrap();
    let (from, length) = (place.offset as usize, place.length as usize);
    let response = &text[from..from + length];
    assert!(response.starts_with("WARC/1.1\r\nWARC-Type: response\r\n"), "{response}");
    assert!(response.contains(&place.record_id) && response.contains("WARC-Target-URI: http://h/b\r\n"));
    assert!(response.ends_with("\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody\r\n\r\n"), "{response}");
    assert!(text.ends_with("\r\n\r\nvia: http://h/a\r\nhopsFromSeed: R\r\nfetchTimeMs: 7\r\n\r\n\r\n"), "{text}");
    assert!(text.contains("robots: obey\r\n") && text.contains("WARC-Filename: out.warc\r\n"));
}

#[test]
fn the_same_content_is_stored_once_and_referred_to() {
    let dir = tempfile::tempdir().unwrap();
    let mut warc = Warc::open(options(dir.path(), SIZE), Begin::Anew).unwrap();
    let again = |url| record(vec![capture(url, 200, &[], "the same")]);
    let mut cut = capture("http://h/4", 200, &[], "the same");
    cut.cut = Some(Cut::Length);
    let same = [
        again("http://h/1"),
        again("http://h/2"),
        record(vec![capture("http://h/3", 304, &[], "")]),
        record(vec![cut]),
    ];
    for one in same {
        warc.store(&mut [one]).unwrap();
    }
    warc.finish().unwrap();
    let text = fs::read_to_string(dir.path().join("out.warc")).unwrap();
    let answers: Vec<_> = kinds(&text).into_iter().filter(|kind| ["response", "revisit"].contains(kind)).collect();
    assert_eq!(answers, ["response", "revisit", "revisit", "response"]);
    assert_eq!(text.matches("the same").count(), 2, "what is not whole is nothing to refer to");
    assert!(
        text.contains("WARC-Refers-To-Target-URI: http://h/1\r\nWARC-Refers-To-Date: 1970-01-01T00:00:00.000Z\r\n")
    );
    assert!(text.contains(NOT_MODIFIED) && text.contains(SAME_CONTENT));
}

#[test]
fn a_file_that_is_long_enough_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut warc = Warc::open(options(dir.path(), 1), Begin::Anew).unwrap();
    let mut places = Vec::new();
    for number in 0..3 {
        let mut batch = [record(vec![capture("http://h/", 200, &[], &number.to_string())])];
        warc.store(&mut batch).unwrap();
        places.push(batch[0].saved.take().unwrap().warc.unwrap());
    }
    assert_eq!(warc.position()[0], 2);
    warc.finish().unwrap();
    for (number, place) in places.iter().enumerate() {
        let name = if number == 0 { "out.warc".to_owned() } else { format!("out-{number:05}.warc") };
        let path = dir.path().join(name);
        assert_eq!(place.file, path.to_str().unwrap());
        let text = fs::read_to_string(path).unwrap();
        assert!(kinds(&text) == ["warcinfo", "request", "response", "metadata"]);
        assert!(text[place.offset as usize..].starts_with("WARC/1.1\r\nWARC-Type: response"));
    }
}

#[test]
fn who_goes_on_writes_behind_the_place_that_was_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut warc = Warc::open(options(dir.path(), SIZE), Begin::Anew).unwrap();
    warc.store(&mut [record(vec![capture("http://h/1", 200, &[], "one")])]).unwrap();
    let [file, offset] = warc.position();
    warc.store(&mut [record(vec![capture("http://h/2", 200, &[], "two")])]).unwrap();
    drop(warc);
    let mut warc = Warc::open(options(dir.path(), SIZE), Begin::GoOn(Place { file, offset })).unwrap();
    warc.store(&mut [record(vec![capture("http://h/3", 200, &[], "three")])]).unwrap();
    warc.finish().unwrap();
    let text = fs::read_to_string(dir.path().join("out.warc")).unwrap();
    assert!(text.contains("one") && !text.contains("two") && text.contains("three"));
    assert_eq!(kinds(&text).iter().filter(|kind| **kind == "warcinfo").count(), 2);
}
