use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::{pipe::Pipe, rows::Rows, *};
use crate::model::{
    Code, Ending, Failure, Page, Request, Visit,
    record::{Heavy, Record},
};

fn record(seq: u64) -> Record {
    let failure = Failure::new(Code::DnsNotFound, "no such host");
    let mut request = Request::get(format!("https://h{seq}/"));
    request.wish_mut().tags = serde_json::from_str(r#"{"k":"=1","deep":1e999}"#).ok();
    let mut visit = Visit::refused(seq, request, "https://h/".parse().ok(), Ending::Error(failure));
    let data = vec![("h1".to_owned(), Value::from("=cmd()")), ("n".to_owned(), Value::from(vec![1, 2]))];
    let views = Some(vec![("meta", serde_json::json!({"lang": "de"}))]);
    visit.page = Some(Page { title: Some("a,\"b\"".to_owned()), data: Some(data), views, ..Page::default() });
    Record::of(visit, Heavy::default())
}

fn records(count: u64) -> Vec<Record> {
    (0..count).map(record).collect()
}

fn file(path: &Path, append: bool) -> Target {
    Target::File { path: path.to_owned(), content: if append { Content::Append } else { Content::Replace } }
}

#[tokio::test]
async fn every_format_goes_on_behind_the_last_whole_batch_as_if_nothing_had_happened() {
    let dir = tempfile::tempdir().unwrap();
    for format in [Format::Jsonl, Format::Json, Format::Csv, Format::Tsv] {
        let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
        let all = records(6);
        let mut sink = open(format, file(&whole, false), None, &[]).unwrap();
        sink.write(&all[..4]).await.unwrap();
        sink.write(&all[4..]).await.unwrap();
        sink.finish().await.unwrap();

        let mut sink = open(format, file(&killed, false), None, &[]).unwrap();
        sink.write(&all[..4]).await.unwrap();
        let length = sink.position().unwrap();
        assert_eq!(length, std::fs::metadata(&killed).unwrap().len());
        // Written, and then killed before the journal knew of it.
        sink.write(&all[4..5]).await.unwrap();
        sink.sync().await.unwrap();
        drop(sink);
        let goes_on = Target::File { path: killed.clone(), content: Content::Keep(length) };
        let mut sink = open(format, goes_on, None, &[]).unwrap();
        sink.write(&all[4..]).await.unwrap();
        sink.finish().await.unwrap();
        assert_eq!(std::fs::read_to_string(&killed).unwrap(), std::fs::read_to_string(&whole).unwrap(), "{format:?}");
    }
}

#[test]
fn a_file_that_has_lost_something_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("short");
    std::fs::write(&path, "abc").unwrap();
    let keep = |path: &Path, length| Target::File { path: path.to_owned(), content: Content::Keep(length) };
    assert!(open(Format::Jsonl, keep(&path, 4), None, &[]).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    assert!(open(Format::Jsonl, keep(&dir.path().join("gone"), 4), None, &[]).is_err());
    assert!(open(Format::Jsonl, keep(&dir.path().join("new"), 0), None, &[]).is_ok());
}

/// Writes two batches (or none) and gives back what is in the file.
async fn written(format: Format, fields: Option<&str>, names: &[&str], batches: &[&[Record]]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let fields = fields.map(|list| Fields::parse(list, &crate::model::record::schema()).unwrap());
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut sink = open(format, file(&path, false), fields, &names).unwrap();
    for batch in batches {
        sink.write(batch).await.unwrap();
        sink.flush().await.unwrap();
    }
    sink.finish().await.unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn json_lines_are_whole_records() {
    let all = records(3);
    let text = written(Format::Jsonl, None, &[], &[&all[..2], &[], &all[2..]]).await;
    let expected: String = all.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect();
    assert_eq!(text, expected);
    assert_eq!(written(Format::Jsonl, None, &[], &[]).await, "");
}

#[tokio::test]
async fn json_is_an_array_whether_empty_or_not() {
    let all = records(3);
    for count in 0..=3 {
        let text = written(Format::Json, None, &[], &[&all[..count.min(1)], &all[count.min(1)..count]]).await;
        // Tags hold a number that no f64 takes, so only the raw text of each can be compared.
        let parsed: Vec<&serde_json::value::RawValue> = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed.len(), count);
        assert_eq!(text.lines().count(), count + 2);
    }
}

#[tokio::test]
async fn fields_come_in_the_order_asked_for_and_null_where_absent() {
    let list = Some("status,seq,error.code,data.h1,tags.deep,data.none");
    let text = written(Format::Jsonl, list, &[], &[&records(1)]).await;
    let expected = "{\"status\":null,\"seq\":0,\"error.code\":\"dns.not_found\",\"data.h1\":\"=cmd()\",\"tags.deep\":1e999,\"data.none\":null}\n";
    assert_eq!(text, expected);
    let text = written(Format::Json, Some("seq"), &[], &[&records(2)]).await;
    assert_eq!(text, "[\n{\"seq\":0},\n{\"seq\":1}\n]\n");
}

#[tokio::test]
async fn csv_has_one_header_and_a_column_for_each_selector() {
    let all = records(2);
    let text = written(Format::Csv, None, &["data.h1", "data.n", "view.meta"], &[&all[..1], &all[1..]]).await;
    let mut lines = text.lines();
    let header = "seq,ok,outcome,status,url,final_url,error.code,skip.code,content_type,bytes,timings.total_ms,attempts,title,data.h1,data.n,view.meta";
    assert_eq!(lines.next(), Some(header));
    let row = "0,false,error,,https://h/,,dns.not_found,,,,,0,\"a,\"\"b\"\"\",'=cmd(),\"[1,2]\",\"{\"\"lang\"\":\"\"de\"\"}\"";
    assert_eq!(lines.next(), Some(row));
    assert_eq!(lines.count(), 1);
    assert_eq!(written(Format::Tsv, Some("seq,url"), &["data.h1"], &[]).await, "seq\turl\n");
}

#[tokio::test]
async fn appending_keeps_lines_and_headers_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    std::fs::write(&path, "{\"torn\":").unwrap();
    for seq in 0..2 {
        let mut sink =
            open(Format::Jsonl, file(&path, true), Fields::parse("seq", &crate::model::record::schema()).ok(), &[])
                .unwrap();
        sink.write(&[record(seq)]).await.unwrap();
        sink.finish().await.unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"torn\":\n{\"seq\":0}\n{\"seq\":1}\n");
    let path = dir.path().join("csv");
    for seq in 0..2 {
        let mut sink =
            open(Format::Csv, file(&path, true), Fields::parse("seq", &crate::model::record::schema()).ok(), &[])
                .unwrap();
        sink.write(&[record(seq)]).await.unwrap();
        sink.finish().await.unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "seq\n0\n1\n");
    let refused = open(Format::Json, file(&path, true), None, &[]).err().unwrap().to_string();
    assert!(refused.contains("cannot be appended to") && refused.contains("--format jsonl"), "{refused}");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let error = open(Format::Jsonl, file(Path::new("/no/such/dir/out"), false), None, &[]).err().unwrap();
    assert!(matches!(&error, SinkError::Io { name, .. } if name == "/no/such/dir/out"), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_named_once_and_never_forgotten() {
    let mut sink = open(Format::Json, file(Path::new("/dev/full"), false), None, &[]).unwrap();
    for _ in 0..2 {
        let error = sink.write(&records(1)).await.unwrap_err();
        assert!(matches!(&error, SinkError::Io { name, .. } if name == "/dev/full"), "{error}");
    }
    sink.flush().await.unwrap();
    sink.finish().await.unwrap();
}

/// Takes so many bytes, then fails.
#[derive(Clone)]
struct Failing {
    taken: Arc<Mutex<Vec<u8>>>,
    room: usize,
    kind: io::ErrorKind,
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.taken.lock().unwrap();
        // In small pieces, as a pipe does.
        let piece = bytes.len().min(self.room - taken.len()).min(7);
        taken.extend_from_slice(&bytes[..piece]);
        if piece == 0 { Err(self.kind.into()) } else { Ok(piece) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failing(room: usize, kind: io::ErrorKind) -> Failing {
    Failing { taken: Arc::default(), room, kind }
}

#[tokio::test]
async fn a_writer_that_fails_half_way_is_an_error_and_a_reader_that_left_is_none() {
    let line = serde_json::to_string(&record(0)).unwrap().len() + 1;
    for (kind, gone) in [(io::ErrorKind::StorageFull, false), (io::ErrorKind::BrokenPipe, true)] {
        for room in [0, 1, line + 3] {
            let writer = failing(room, kind);
            let mut sink = Rows::new(jsonl::Jsonl::new(None), Pipe::to(writer.clone()), false);
            let mut result = Ok(());
            for record in records(3) {
                result = result.and(sink.write(&[record]).await);
            }
            match result.unwrap_err() {
                SinkError::Gone(name) => assert!(gone && name == "test"),
                SinkError::Io { name, source } => assert!(!gone && name == "test" && source.kind() == kind),
                SinkError::Unusable(message) => panic!("{message}"),
            }
            sink.finish().await.unwrap();
            assert_eq!(writer.taken.lock().unwrap().len(), room);
        }
    }
}
