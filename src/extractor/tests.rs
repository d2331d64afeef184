//! Whole extractions over files of our own.

use std::{fs, path::Path, time::Duration};

use super::*;
use crate::{
    model::{Code, Digest, Record, View, wanted::Rule},
    settings::With,
};

fn pages(rules: &[Rule]) -> Pages {
    Pages { rules: rules.to_vec(), ..Pages::default() }
}

async fn extracted(extractor: &Extractor, starts: &[&Path]) -> Vec<Record> {
    let starts: Vec<_> = starts.iter().map(|start| Start::Path(start.to_path_buf())).collect();
    let mut launched = extractor.start(Extractor::find(&starts, Walk::default()).unwrap());
    let mut records = Vec::new();
    while let Some(record) = launched.records.recv().await {
        records.push(record);
    }
    assert_eq!(launched.end.await.unwrap().source_error, None);
    records
}

#[tokio::test]
async fn records_come_in_the_order_of_the_pages_however_long_each_takes() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..200 {
        let filler = if number % 9 == 0 { "<p>x</p>".repeat(20_000) } else { String::new() };
        fs::write(dir.path().join(format!("{number:03}.html")), format!("<h1>{number}</h1>{filler}")).unwrap();
    }
    let extractor = Extractor::new(&pages(&[Rule::css("n", "h1|int")])).unwrap();
    let records = extracted(&extractor, &[dir.path()]).await;
    let seen: Vec<_> = records.iter().map(|record| record.data.as_ref().unwrap()[0].1.as_u64().unwrap()).collect();
    assert_eq!(seen, (0..200).collect::<Vec<_>>());
    assert!(records.iter().zip(0..).all(|(record, seq)| record.seq == seq && record.ok));
}

#[tokio::test]
async fn a_page_has_its_address_by_the_folder_that_it_stands_in() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("a b")).unwrap();
    let path = dir.path().join("a b/ü?.html");
    fs::write(&path, "<a href='x?y'>1</a><title> T </title>").unwrap();
    let mut pages = pages(&[Rule::css("to", "a::attr(href)|url")]);
    pages.with = With { links: true, body: true, ..With::default() };
    pages.views = vec![View::Meta];
    let extractor = Extractor::new(&pages).unwrap();
    let alone = &extracted(&extractor, &[&path]).await[0];
    let own = Url::from_file_path(&path).unwrap();
    assert_eq!((alone.url.as_deref(), alone.host.as_deref()), (Some(own.as_str()), None));
    assert_eq!(alone.data.as_ref().unwrap()[0].1, own.join("x?y").unwrap().as_str());
    assert_eq!((alone.method.as_deref(), alone.status, alone.attempts), (None, None, 0));
    assert_eq!((alone.bytes, alone.title.as_deref()), (Some(37), Some("T")));
    let based = extractor.base("https://example.com/docs?q#f".parse().unwrap());
    let below = &extracted(&based, &[dir.path()]).await[0];
    assert_eq!(below.url.as_deref(), Some("https://example.com/docs/a%20b/%C3%BC%3F.html"));
    assert_eq!(below.links.as_deref(), Some(&["https://example.com/docs/a%20b/x?y".to_owned()][..]));
    assert_eq!(below.view.as_ref().unwrap()[0].1["title"], "T");
    assert!(below.body.as_ref().unwrap().starts_with("<a"));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_record_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.jsonl");
    let lines = [
        r#"{"v":1,"type":"fetch","input":"a","url":"http://h/a","body":"<h1>one</h1>","content_type":"text/html"}"#,
        r#"{"v":1,"type":"fetch","input":"b","error":{"code":"dns.not_found","message":"x"}}"#,
        "nonsense",
        r#"{"url":"http://h/d","status":404,"error":{"code":"http.client_error","message":"404"},"body":"<h1>no</h1>"}"#,
        r#"{"url":"http://h/e","body_base64":"iVBORw=="}"#,
    ];
    fs::write(&list, lines.join("\n")).unwrap();
    let mut pages = pages(&[Rule::css("h", "h1")]);
    pages.with.body = true;
    let records = extracted(&Extractor::new(&pages).unwrap(), &[&list]).await;
    let codes: Vec<_> = records.iter().map(|record| record.error.as_ref().map(|error| error.code)).collect();
    assert_eq!(codes, [None, Some(Code::DnsNotFound), Some(Code::IoRead), Some(Code::HttpClientError), None]);
    let inputs: Vec<_> = records.iter().map(|record| &*record.input).collect();
    assert_eq!(inputs, ["a", "b", "nonsense", "http://h/d", "http://h/e"]);
    assert_eq!(records[3].data.as_ref().unwrap()[0].1, "no");
    assert_eq!(records[4].body_base64.as_deref(), Some("iVBORw=="));
    assert!(
        records[2]
            .error
            .as_ref()
            .unwrap()
            .message
            .ends_with("list.jsonl: line 3, column 1: expected a JSON object, as `fetch --with body` writes them")
    );
}

#[tokio::test]
async fn a_record_keeps_how_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.jsonl");
    let lines = [
        r#"{"url":"http://h/a","skip":{"code":"duplicate","message":"as before","of":3}}"#,
        r#"{"url":"http://h/b","status":304,"body":null}"#,
        r#"{"url":"http://h/c","status":200,"method":"HEAD","body":""}"#,
        r#"{"url":"http://h/d","status":200,"body":"<p>"}"#,
        r#"{"url":"http://h/e","status":503,"error":{"code":"http.server_error","message":"503"},"body":"<p>"}"#,
        r#"{"url":"http://h/f","status":200,"error":{"code":"body.truncated","message":"cut"},"body":"<h1>x</h1>"}"#,
        r#"{"url":"http://h/g","error":{"code":"extract.missing","message":"then"},"body":"<h1>x</h1>"}"#,
    ];
    fs::write(&list, lines.join("\n")).unwrap();
    let records = extracted(&Extractor::new(&pages(&[Rule::css("h", "h1|required")])).unwrap(), &[&list]).await;
    let seen: Vec<_> =
        records.iter().map(|record| (record.ok, record.error.as_ref().map(|error| error.code))).collect();
    assert_eq!(
        seen,
        [
            (true, None),
            (true, None),
            (true, None),
            (false, Some(Code::ExtractMissing)),
            (false, Some(Code::HttpServerError)),
            (false, Some(Code::BodyTruncated)),
            (true, None),
        ]
    );
    let skip = records[0].skip.as_ref().unwrap();
    assert_eq!((skip.code, skip.of, &*skip.message), (Code::Duplicate, Some(3), "as before"));
}

#[tokio::test]
async fn what_begins_with_a_tag_is_html_for_whoever_asks_for_html() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.jsonl");
    fs::write(
        &list,
        "{\"body\":\"<main><h1>x</h1>\"}\n{\"body\":\"<main><h1>x</h1>\",\"content_type\":\"text/plain\"}",
    )
    .unwrap();
    let file = dir.path().join("noname");
    fs::write(&file, "<main><h1>x</h1>").unwrap();
    let asked = extracted(&Extractor::new(&pages(&[Rule::css("h", "h1")])).unwrap(), &[&list, &file]).await;
    let found: Vec<_> = asked.iter().map(|record| record.data.as_ref().unwrap()[0].1.is_string()).collect();
    assert_eq!(found, [true, false, true]);
    assert_eq!(asked[2].content_type, None);
    let not_asked = extracted(&Extractor::new(&pages(&[Rule::regex("h", "h1")])).unwrap(), &[&file]).await;
    assert_eq!(not_asked[0].charset, None);
}

#[tokio::test]
async fn text_of_a_record_is_read_as_what_it_is_whatever_its_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.jsonl");
    let body = "<meta charset=windows-1252><h1>\u{fc}ber</h1>";
    let record =
        serde_json::json!({"url": "http://h/", "charset": "windows-1252", "body": body, "bytes": 3, "sha256": "ab"});
    fs::write(&list, record.to_string()).unwrap();
    let records = extracted(&Extractor::new(&pages(&[Rule::css("h", "h1")])).unwrap(), &[&list]).await;
    assert_eq!(records[0].data.as_ref().unwrap()[0].1, "\u{fc}ber");
    assert_eq!((records[0].charset.as_deref(), records[0].bytes), (Some("windows-1252"), Some(3)), "as it was fetched");
    assert_eq!(records[0].sha256.as_deref(), Some("ab"));
}

#[tokio::test]
async fn pages_that_have_no_room_together_come_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..5 {
        let file = fs::File::create(dir.path().join(format!("{number}.txt"))).unwrap();
        file.set_len(if number == 2 { (64 << 20) + 1 } else { 30 << 20 }).unwrap();
    }
    let extractor = Extractor::new(&Pages { digest: Digest::Off, ..Pages::default() }).unwrap();
    let records = extracted(&extractor, &[dir.path()]).await;
    let read: Vec<_> = records.iter().map(|record| (record.ok, record.bytes)).collect();
    let whole = (true, Some(30 << 20));
    assert_eq!(read, [whole, whole, (false, None), whole, whole]);
    assert!(records[2].error.as_ref().unwrap().message.contains("64 MiB"));
    assert_eq!(records[0].sha256, None);
}

#[tokio::test]
async fn whoever_leaves_ends_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.jsonl");
    fs::write(&list, "{\"body\":\"<p>x\"}\n".repeat(5_000)).unwrap();
    let extractor = Extractor::new(&pages(&[Rule::css("p", "p")])).unwrap();
    let mut launched = extractor.start(Extractor::find(&[Start::Path(list)], Walk::default()).unwrap());
    assert!(launched.records.recv().await.is_some());
    drop(launched.records);
    let end = tokio::time::timeout(Duration::from_secs(20), launched.end).await.unwrap().unwrap();
    assert_eq!(end.stopped, Some(crate::engine::Stop::Gone));
    for _ in 0..2_000 {
        // The threads hold what pages are asked for as long as they live.
        if Arc::strong_count(&extractor.means) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a thread is still there");
}
