//! What a page has in it, and that it gives it back.

use std::io::Cursor;

use super::{nojs::grouped, *};
use crate::model::{Ending, Failure, Request, Visit, record::Heavy};

fn record(seq: u64, url: &str, ending: Ending) -> Record {
    Record::of(Visit::refused(seq, Request::get(url), None, ending), Heavy::default())
}

fn page_of(records: &[Record], about: &About) -> String {
    let mut report = HtmlReport::new(Cursor::new(Vec::new()));
    records.iter().for_each(|record| report.record(record).unwrap());
    let mut page = Vec::new();
    report.finish(about, &mut page).unwrap();
    String::from_utf8(page).unwrap()
}

fn lines_of(page: &str) -> (Vec<String>, About) {
    let mut lines = Vec::new();
    let (about, _) = read::<ReadError>(page.as_bytes(), |line, _| {
        lines.push(String::from_utf8(line.to_vec()).unwrap());
        Ok(())
    })
    .unwrap();
    (lines, about)
}

fn json_of(record: &Record) -> String {
    let mut line = serde_json::to_vec(record).unwrap();
    escape::json(&mut line, 0);
    String::from_utf8(line).unwrap()
}

#[test]
fn a_page_gives_its_run_back_byte_for_byte() {
    let mut records: Vec<Record> = (0..5000)
        .map(|seq| match seq % 3 {
            0 => record(seq, &format!("http://h/{seq}"), Ending::Ok),
            1 => record(seq, "http://gone.example/", Ending::Error(Failure::new(Code::DnsNotFound, "no such host"))),
            _ => record(
                seq,
                "http://h/0",
                Ending::Skipped { code: Code::Duplicate, message: "again".into(), of: Some(0) },
            ),
        })
        .collect();
    records[7].title = Some("</script><!--\u{202e}\u{7f}".to_owned());
    records[4999].body = Some("text".to_owned());
    records[3].waits = vec![(Wait::Slot, Duration::from_micros(1500)), (Wait::Backoff, Duration::ZERO)];
    let about = About {
        command: "fetch".into(),
        wall_ms: Some(12.5),
        notes: vec!["stopped by --deadline".into()],
        settings: vec![Setting { name: "--rate".into(), value: "5/s".into(), origin: "command line".into() }],
    };
    let page = page_of(&records, &about);
    let (lines, told) = lines_of(&page);
    assert_eq!(told, about);
    assert_eq!(lines, records.iter().map(json_of).collect::<Vec<_>>());
    // And a page of a page is the same page, waiting and all.
    let mut again = HtmlReport::new(Cursor::new(Vec::new()));
    let (about, _) = read::<AddError>(page.as_bytes(), |line, waits| again.line(line, waits)).unwrap();
    let mut copy = Vec::new();
    again.finish(&about, &mut copy).unwrap();
    assert_eq!(String::from_utf8(copy).unwrap(), page);
}

impl From<ReadError> for AddError {
    fn from(error: ReadError) -> Self {
        AddError::NoRecord(error.to_string())
    }
}

#[test]
fn nothing_of_a_server_becomes_markup() {
    let hostile = "http://h/\"><script>alert(1)</script><img src=x onerror=alert(1)>'\u{202e}\u{1b}[2J";
    let mut bad = record(
        0,
        hostile,
        Ending::Error(Failure::new(Code::UrlInvalid, "</td></table><script>alert(2)</script>\u{2028}")),
    );
    bad.title = Some("</script><script>alert(3)</script>".to_owned());
    let about = About { notes: vec!["<b>note</b>".into()], ..About::default() };
    let page = page_of(&[bad], &about);
    assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("<b>note"));
    assert!(page.contains("&lt;script&gt;alert(2)") && page.contains("\\u{202e}"), "it is shown as text");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}') && !page.contains('\u{2028}'));
    assert_eq!(page.matches("</script>").count(), page.matches("<script").count());
}

#[test]
fn the_verdict_and_the_failures_stand_in_the_markup() {
    let failure = || Ending::Error(Failure::new(Code::DnsNotFound, "no such host"));
    let mut records: Vec<_> = (0..1234).map(|seq| record(seq, &format!("http://h/{seq}"), Ending::Ok)).collect();
    records.push(record(1234, "http://gone.example/", failure()));
    records[0].waits = vec![(Wait::HostRate, Duration::from_secs(3))];
    let page = page_of(&records, &About { wall_ms: Some(2000.0), ..About::default() });
    for part in [
        "<h1 id=\"verdict\" class=\"bad\">1 of 1,235 requests failed</h1>",
        "All for one reason: dns.not_found (1). It took 2.00 s, 618 a second.",
        "The host name does not exist.",
        "http://gone.example/",
        "the host&#39;s rate limit",
        "--rate-per-host, --delay",
    ] {
        assert!(page.contains(part) || page.contains(&part.replace("&#39;", "'")), "{part}");
    }
    let fine = page_of(&records[..2], &About::default());
    assert!(fine.contains("class=\"good\">All 2 requests are fine</h1>"));
    let none = page_of(&[], &About::default());
    assert!(none.contains("There were no requests at all"));
    assert_eq!(lines_of(&none).0, Vec::<String>::new());
}

#[test]
fn the_policy_names_what_the_page_has_and_nothing_else() {
    let page = page_of(&[], &About::default());
    let within = |from: &str, to: &str| page.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    let digest = |text: &str| base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
    let policy = within("Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains(&format!("script-src 'sha256-{}'", digest(&within("<script>", "</script>")))), "{policy}");
    assert!(policy.contains(&format!("style-src 'sha256-{}'", digest(&within("<style>", "</style>")))), "{policy}");
    // What would end an element, or be seen as another text by a parser.
    for (name, text) in [("script", SCRIPT), ("style", STYLE)] {
        let small = text.to_ascii_lowercase();
        assert!(!small.contains("</script") && !small.contains("<!--") && !small.contains("</style"), "{name}");
        assert!(!text.contains('\r') && !text.contains('\0'), "{name}");
    }
    assert!(!page.contains(" style=\"") && !page.contains("http-equiv=\"refresh\""));
}

#[test]
fn a_page_that_is_none_or_was_cut_is_an_error() {
    let page = page_of(&[record(0, "http://h/", Ending::Ok)], &About::default());
    let read = |text: &str| read::<ReadError>(text.as_bytes(), |_, _| Ok(())).map_err(|error| error.to_string());
    assert!(is_report(page.as_bytes()) && read(&page).is_ok());
    assert!(read("<!doctype html>\n<p>hello").unwrap_err().contains("no run"));
    assert!(read(&page[..page.len() - 10]).unwrap_err().contains("its end is missing"));
    let newer = page.replace("\"format\":1", "\"format\":2");
    assert!(read(&newer).unwrap_err().contains("a newer fetchall wrote it"));
    let rows = page.find(ROWS_LINE).unwrap() + ROWS_LINE.len();
    let mut damaged = page.clone();
    damaged.replace_range(rows + 20..rows + 24, "AAAA");
    assert!(read(&damaged).is_err());
}

#[test]
fn lines_of_json_make_a_page_and_others_do_not() {
    let mut report = HtmlReport::new(Cursor::new(Vec::new()));
    let line =
        br#"{"ok":false,"url":"http://h/","error":{"code":"x.y"},"attempt_log":[{"wait_ms":2.0,"wait_for":"slot"}]}"#;
    report.line(line, None).unwrap();
    assert_eq!(report.summary().waits.get(&Wait::Slot), Some(&Duration::from_millis(2)));
    for bad in ["", "[]", "{\"ok\":true}", "{\"ok\":1,\"url\":\"x\"}"] {
        assert!(matches!(report.line(bad.as_bytes(), None), Err(AddError::NoRecord(_))), "{bad}");
    }
}

#[test]
fn numbers_are_written_in_groups_of_three() {
    for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(grouped(number), text);
    }
}
