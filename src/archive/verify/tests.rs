//! Archives built by hand, each with one flaw, and every byte of one turned.

use std::{collections::BTreeSet, fs, io::Write as _, path::PathBuf};

use data_encoding::{BASE32, HEXLOWER};
use flate2::{Compression, write::GzEncoder};
use sha2::Digest as _;

use super::*;

const PAGE: &str = "<!doctype html><title>A page</title><p>with some words in it, so that it can be packed";

/// Fields of a record, and its block; what every record has is added where it is not there.
fn record(kind: &str, number: u32, fields: &[(&str, &str)], block: &[u8]) -> Vec<u8> {
    let mut head = "WARC/1.1\r\n".to_owned();
    let (id, length) = (format!("<urn:test:{number}>"), block.len().to_string());
    let digest = sha1(block);
    let usual = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", &id),
        ("WARC-Date", "2024-02-29T12:00:00.123Z"),
        ("WARC-Block-Digest", &digest),
        ("Content-Length", &length),
    ];
    let is_given = |name: &str| fields.iter().any(|(other, _)| *other == name);
    let usual = usual.iter().filter(|(name, _)| !is_given(name));
    for (name, value) in usual.chain(fields).filter(|(_, value)| *value != "-") {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", block, b"\r\n\r\n"].concat()
}

fn sha1(bytes: &[u8]) -> String {
    let mut digest = sha1::Sha1::new();
    digest.update(bytes);
    format!("sha1:{}", BASE32.encode(&digest.finalize()))
}

fn info() -> Vec<u8> {
    record("warcinfo", 0, &[("Content-Type", "application/warc-fields")], b"software: test\r\n")
}

/// A response with these fields of HTTP over this body, and these fields of the record.
fn response(number: u32, http: &str, body: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let block = [format!("HTTP/1.1 200 OK\r\n{http}\r\n").as_bytes(), body].concat();
    message("response", number, &block, body, fields)
}

fn message(kind: &str, number: u32, block: &[u8], body: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let (content_type, digest) = (format!("application/http;msgtype={kind}"), sha1(body));
    let usual = [
        ("WARC-Target-URI", "http://h/a"),
        ("Content-Type", content_type.as_str()),
        ("WARC-Payload-Digest", digest.as_str()),
    ];
    let usual = usual.into_iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    let all: Vec<_> = usual.chain(fields.iter().copied()).collect();
    record(kind, number, &all, block)
}

fn plain(number: u32) -> Vec<u8> {
    response(number, &format!("Content-Length: {}\r\n", PAGE.len()), PAGE.as_bytes(), &[])
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let (one, two) = body.split_at(10);
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    [chunk(one), chunk(two), b"0\r\n\r\n".to_vec()].concat()
}

/// What is found in files of these bytes.
fn findings(files: &[Vec<u8>]) -> (Vec<Finding>, Counts) {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|number| dir.path().join(format!("{number}.warc.gz"))).collect();
    paths.iter().zip(files).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let mut found = Vec::new();
    let counts = verify(&paths, &mut |finding| {
        found.push(finding.clone());
        Ok(())
    });
    (found, counts.unwrap())
}

fn flaws(bytes: &[u8]) -> Vec<&'static str> {
    findings(&[bytes.to_vec()]).0.iter().map(|finding| finding.flaw.name()).collect()
}

/// Flaws of an archive of these records, packed member by member and not packed: they are the same.
fn of_records(records: &[Vec<u8>]) -> Vec<&'static str> {
    let members: Vec<_> = records.iter().map(|record| packed(record)).collect();
    let found = flaws(&members.concat());
    assert_eq!(found, flaws(&records.concat()));
    found
}

#[test]
fn an_archive_without_a_flaw_has_none() {
    let request =
        message("request", 1, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", b"", &[("WARC-Concurrent-To", "<urn:test:2>")]);
    let metadata = record("metadata", 3, &[("WARC-Concurrent-To", "<urn:test:2>")], b"a: b\r\n");
    let records = [info(), request, plain(2), metadata];
    assert_eq!(of_records(&records), [""; 0]);
    let (found, counts) = findings(&[records.concat(), records.concat()]);
    assert_eq!((counts.files, counts.records, counts.errors), (2, 8, 4));
    assert!(found.iter().all(|finding| finding.flaw == Flaw::IdRepeated && finding.file.ends_with("1.warc.gz")));
}

/// The cases A to G of what tools write, which were tried with other judges.
#[test]
fn http_heads_have_to_be_true_of_their_bodies() {
    let gzip = packed(PAGE.as_bytes());
    let of = |http: &str, body: &[u8], fields: &[(&str, &str)]| of_records(&[info(), response(1, http, body, fields)]);
    let wire = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n";
    let a = of(wire, PAGE.as_bytes(), &[]);
    assert_eq!(a, ["http.chunked", "http.encoding"]);
    let length =
        format!("Content-Encoding: gzip\r\nx-orig-transfer-encoding: chunked\r\nContent-Length: {}\r\n", gzip.len());
    assert_eq!(of(&length, &gzip, &[]), [""; 0], "B");
    let length = format!("X-Crawler-Content-Encoding: gzip\r\nContent-Length: {}\r\n", PAGE.len());
    assert_eq!(of(&length, PAGE.as_bytes(), &[]), [""; 0], "C");
    let chunks = chunked(&gzip);
    assert_eq!(of(wire, &chunks, &[]), [""; 0], "D");
    assert_eq!(of(wire, &chunks, &[("WARC-Payload-Digest", &sha1(&gzip))]), [""; 0], "E");
    assert_eq!(of(wire, &gzip, &[]), ["http.chunked"], "F");
    let block = [b"HTTP/2 200\r\n\r\n", PAGE.as_bytes()].concat();
    assert_eq!(of_records(&[info(), message("response", 1, &block, PAGE.as_bytes(), &[])]), ["http.version"], "G");

    assert_eq!(of(wire, &chunked(PAGE.as_bytes()), &[]), ["http.encoding"]);
    assert_eq!(of("Content-Encoding: br\r\n", PAGE.as_bytes(), &[]), ["http.encoding"]);
    assert_eq!(of("Content-Length: 5\r\n", PAGE.as_bytes(), &[]), ["http.length"]);
    assert_eq!(of("Content-Length: 5\r\n", b"", &[]), ["http.bodyless"]);
    assert_eq!(of("Content-Length: 500\r\n", PAGE.as_bytes(), &[("WARC-Truncated", "length")]), [""; 0]);
    assert_eq!(of("Transfer-Encoding: chunked\r\n", b"5\r\nabcde\r\nzz\r\n", &[]), ["http.chunked"]);
    assert_eq!(of("Transfer-Encoding: chunked\r\n", b"5\r\nabc", &[]), [""; 0], "the server stopped");
    assert_eq!(of("Transfer-Encoding: chunked\r\n", b"", &[]), [""; 0], "an answer to HEAD");
    for block in [&b"no HTTP at all\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nA: b\r\n", b""] {
        let of = |kind| of_records(&[info(), message(kind, 1, block, b"", &[("WARC-Payload-Digest", "-")])]);
        let found = match block.first() {
            Some(b'H') => ["http.unended"; 2],
            _ => ["http.head"; 2],
        };
        assert_eq!(of("response"), found[..1]);
        if block.is_empty() {
            assert_eq!(of("request"), found[1..]);
        }
    }
    let request = b"GET / HTTP/1.1\r\nHost: h\r\n";
    let found = of_records(&[info(), message("request", 1, request, b"", &[])]);
    assert_eq!(found, ["http.unended"], "some recorders write it like this");
}

#[test]
fn digests_are_checked_in_any_form() {
    let body = PAGE.as_bytes();
    let of = |name: &str, value: &str| of_records(&[info(), response(1, "", body, &[(name, value)])]);
    let sha256 = format!("sha256:{}", HEXLOWER.encode(&sha2::Sha256::digest(body)));
    assert_eq!(of("WARC-Payload-Digest", &sha256), [""; 0]);
    assert_eq!(of("WARC-Payload-Digest", &sha256.replace("sha256:", "sha-256:")), [""; 0]);
    assert_eq!(of("WARC-Payload-Digest", &sha1(b"else")), ["digest.payload"]);
    assert_eq!(of("WARC-Block-Digest", &sha1(b"else")), ["digest.block"]);
    assert_eq!(of("WARC-Block-Digest", "sha1:abc"), ["digest.invalid"]);
    assert_eq!(of("WARC-Block-Digest", "md5:900150983cd24fb0d6963f7d28e17f72"), ["digest.unknown"]);
    let resource = |digest: &str| {
        let fields = [("WARC-Target-URI", "urn:a:b"), ("Content-Type", "text/plain"), ("WARC-Payload-Digest", digest)];
        of_records(&[info(), record("resource", 1, &fields, b"text")])
    };
    assert_eq!((resource(&sha1(b"text")), resource(&sha1(b"else"))), (vec![], vec!["digest.payload"]));
}

#[test]
fn heads_have_what_their_type_needs_and_in_its_form() {
    let of = |kind: &str, fields: &[(&str, &str)]| of_records(&[info(), record(kind, 1, fields, b"")]);
    let uri = ("WARC-Target-URI", "http://h/");
    for name in ["WARC-Record-ID", "WARC-Date"] {
        assert_eq!(of("metadata", &[(name, "-")]), ["field.missing"], "{name}");
    }
    assert_eq!(of_records(&[info(), record("metadata", 1, &[("WARC-Type", "-")], b"")]), ["field.missing"]);
    for kind in ["response", "resource", "request", "conversion"] {
        assert_eq!(of(kind, &[]), ["field.missing"], "{kind}");
    }
    assert_eq!(of("revisit", &[uri]), ["field.missing"]);
    let profile = ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest");
    assert_eq!(of("revisit", &[uri, profile, ("WARC-Payload-Digest", &sha1(b"x"))]), [""; 0]);
    assert_eq!(of("continuation", &[uri]).len(), 2);
    assert_eq!(of("screenshot", &[]), ["type.unknown"]);
    for (name, value) in [
        ("WARC-Date", "20240229120000"),
        ("WARC-Record-ID", "urn:test:1"),
        ("WARC-Record-ID", "<1>"),
        ("WARC-Target-URI", "h/a"),
        ("WARC-Target-URI", "http://h/a b"),
        ("WARC-IP-Address", "localhost"),
        ("WARC-Segment-Number", "0"),
        ("WARC-Refers-To-Date", "yesterday"),
    ] {
        assert_eq!(of("metadata", &[(name, value)]), ["field.invalid"], "{name}: {value}");
    }
    assert_eq!(of("metadata", &[uri, uri]), ["field.repeated"]);
    assert_eq!(of("metadata", &[("WARC-Target-URI", "<http://h/>")]), [""; 0], "wget writes it like this");
    assert_eq!(of("metadata", &[("WARC-Filename", "x")]), ["field.misplaced"]);
    let old = String::from_utf8(record("metadata", 1, &[], b"")).unwrap();
    assert_eq!(of_records(&[info(), old.replace("WARC/1.1", "WARC/0.17").into_bytes()])[..1], ["record.version"]);
    assert_eq!(of_records(&[info(), old.replace("WARC/1.1", "WARC/1.0").into_bytes()]), [""; 0]);
}

#[test]
fn references_lead_to_records_of_the_files() {
    let of = |fields: &[(&str, &str)]| of_records(&[info(), record("metadata", 1, fields, b"")]);
    assert_eq!(of(&[("WARC-Concurrent-To", "<urn:test:9>")]), ["reference.missing"]);
    assert_eq!(of(&[("WARC-Refers-To", "<urn:test:9>")]), ["reference.elsewhere"]);
    assert_eq!(of(&[("WARC-Warcinfo-ID", "<urn:test:9>")]), ["reference.elsewhere"]);
    assert_eq!(of(&[("WARC-Warcinfo-ID", "<urn:test:1>")]), ["warcinfo.reference"]);
    assert_eq!(of(&[("WARC-Warcinfo-ID", "<urn:test:0>"), ("WARC-Refers-To", "<urn:test:1>")]), [""; 0]);
    assert_eq!(of_records(&[record("metadata", 1, &[], b"")]), ["warcinfo.first"]);
    assert_eq!(of_records(&[info(), plain(1), plain(1)]), ["id.repeated"]);
    let wgets = |name: &str| {
        let url = format!("metadata://gnu.org/software/wget/warc/{name}");
        record("resource", 1, &[("WARC-Target-URI", &url)], b"")
    };
    assert_eq!(of_records(&[info(), wgets("MANIFEST.txt"), wgets("wget_arguments.txt")]), [""; 0]);
    let one = record("metadata", 1, &[("WARC-Concurrent-To", "<urn:test:2>")], b"");
    let (found, counts) = findings(&[[info(), one.clone()].concat(), [info(), plain(2)].concat()]);
    assert_eq!(found.len(), 1, "only the warcinfo of both has one name: {found:?}");
    assert_eq!((counts.errors, counts.warnings), (1, 0));
    let (found, _) = findings(&[[info(), one].concat()]);
    let finding = &found[0];
    assert_eq!((finding.offset, finding.record_id.as_deref()), (info().len() as u64, Some("urn:test:1")));
    assert!(finding.message.contains("urn:test:2"), "{}", finding.message);
}

#[test]
fn behind_damage_it_goes_on() {
    let last = record("metadata", 9, &[("WARC-Date", "never")], b"");
    let with = |members: &[Vec<u8>]| flaws(&members.concat());
    let (info, page, last) = (packed(&info()), packed(&plain(1)), packed(&last));
    let mut damaged = page.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let found = with(&[info.clone(), damaged, last.clone()]);
    assert!(found.contains(&"member.damaged") && found.ends_with(&["field.invalid"]), "{found:?}");
    let garbage = b"garbage \x1f\x8b\x08 between".to_vec();
    assert_eq!(with(&[info.clone(), garbage.clone(), last.clone()]), ["member.garbage", "field.invalid"]);
    assert_eq!(with(&[info.clone(), garbage]), ["member.garbage"]);
    assert_eq!(with(&[info.clone(), vec![0; 700_000], last.clone()]), ["member.garbage", "field.invalid"]);
    let cut = page[..page.len() - 9].to_vec();
    assert_eq!(with(&[info.clone(), cut]), ["member.torn"]);
    for (length, flaw) in [("2000000", "record.length"), ("10", "record.length"), ("x", "record.head")] {
        let wrong =
            record("resource", 1, &[("Content-Length", length), ("WARC-Target-URI", "urn:a:b")], PAGE.as_bytes());
        let found = with(&[info.clone(), packed(&wrong), last.clone()]);
        assert!(found.ends_with(&[flaw, "field.invalid"]), "{length}: {found:?}");
    }
    let two = packed(&[plain(1), plain(2)].concat());
    assert_eq!(with(&[info.clone(), two, last]), ["member.several", "field.invalid"]);
    assert_eq!(with(&[packed(&[self::info(), plain(1)].concat())]), ["member.stream"]);
    assert_eq!(with(&[packed(&[self::info(), b"more".to_vec()].concat())]), ["record.head"]);
    assert_eq!(with(&[]), ["file.empty"]);
}

#[test]
fn behind_damage_of_what_is_not_packed_it_goes_on() {
    let last = record("metadata", 9, &[("WARC-Date", "never")], b"");
    let with = |records: &[Vec<u8>]| flaws(&records.concat());
    let garbage = b"garbage\r\n\r\n".to_vec();
    assert_eq!(with(&[info(), garbage.clone(), last.clone()]), ["record.garbage", "field.invalid"]);
    assert_eq!(with(&[info(), garbage]), ["record.garbage"]);
    assert_eq!(with(&[info(), b"\r\n\r\n".to_vec()]), [""; 0], "blank lines at the end");
    assert_eq!(with(&[info(), plain(1)[..99].to_vec()]), ["record.cut"]);
    for (length, flaw) in [("2000000", "record.length"), ("10", "record.length"), ("x", "record.head")] {
        let wrong =
            record("resource", 1, &[("Content-Length", length), ("WARC-Target-URI", "urn:a:b")], PAGE.as_bytes());
        let found = with(&[info(), wrong, last.clone()]);
        assert!(found.ends_with(&[flaw, "field.invalid"]), "{length}: {found:?}");
    }
}

#[test]
fn a_file_that_is_all_damage_is_given_up() {
    let broken = record("metadata", 1, &[("Content-Length", "x")], b"");
    let found = flaws(&broken.repeat(1_500));
    assert_eq!((found.len(), found.last()), (1_002, Some(&"file.unread")));
    let flaws: BTreeSet<_> = found.into_iter().collect();
    assert_eq!(flaws.len(), 2, "{flaws:?}");
}

#[test]
fn a_turned_byte_is_found_wherever_a_digest_or_checksum_is_over_it() {
    let records = [info(), plain(1), record("metadata", 2, &[("WARC-Concurrent-To", "<urn:test:1>")], b"a: b\r\n")];
    let members: Vec<_> = records.iter().map(|record| packed(record)).collect();
    // Of the head of a member, time, compression and system mean nothing, nor does a flag for text; nor do
    // the bits that fill up the last byte before the checksum.
    let starts: Vec<usize> =
        members.iter().scan(0, |at, member| Some(std::mem::replace(at, *at + member.len()))).collect();
    let means_nothing = |at: usize, bit: u8| {
        let is_fill = |member: &Vec<u8>, start: &usize| at + 9 == start + member.len() && bit > 1;
        starts.iter().any(|start| (start + 4..start + 10).contains(&at) || at == start + 3 && bit == 1)
            || members.iter().zip(&starts).any(|(member, start)| is_fill(member, start))
    };
    let whole = members.concat();
    for at in 0..whole.len() {
        for bit in [1, 0x40] {
            let mut bytes = whole.clone();
            bytes[at] ^= bit;
            let counts = findings(&[bytes]).1;
            assert!(counts.errors > 0 || means_nothing(at, bit), "byte {at}, bit {bit}");
        }
    }
    // What is not packed has digests over its blocks, and a frame.
    let whole = records.concat();
    let block = memchr::memmem::find(&whole, PAGE.as_bytes()).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let counts = findings(&[bytes]).1;
        let is_covered = (block..block + PAGE.len() + 4).contains(&at);
        assert!(counts.errors > 0 || !is_covered, "byte {at}");
    }
}
