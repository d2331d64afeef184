//! What comes in and what goes out, where somebody means harm: lists in any state, answers in any bytes.

use std::fs;

use serde_json::{Value, json};

use crate::support::*;

/// What stands in a hostile list, and whether it is asked for; the two URLs of the site stand around it.
const LINES: &[&str] =
    &["--help", "-o/tmp/fetchall-was-here", "-", "not a url", "file:///etc/passwd", "nul\0.example", "$(id)", "; rm x"];

/// The list in each format, with all that editors and other systems leave behind; and how many lines of it
/// are more than the ones told.
fn hostile(format: &str, first: &str, last: &str) -> Vec<u8> {
    let all = [first].into_iter().chain(LINES.iter().copied()).chain([last]);
    let json = |line: &str| Value::from(line).to_string();
    let object = |line: &str| json!({ "url": line }).to_string();
    let mut text = match format {
        "lines" => all.map(|line| format!("{line}\r\n\r\n \t\r\n")).collect::<String>(),
        "jsonl" => all.map(|line| format!("{}\r\n\r\n", object(line))).collect(),
        "json" => format!("[\r\n{}\r\n]", all.map(json).collect::<Vec<_>>().join(" ,\r\n")),
        "csv" => "url,x\r\n".to_owned() + &all.map(|line| format!("\"{line}\",1\r\n\r\n")).collect::<String>(),
        _ => "url\tx\r\n".to_owned() + &all.map(|line| format!("{line}\t1\r\n")).collect::<String>(),
    }
    .into_bytes();
    text.splice(0..0, *b"\xef\xbb\xbf");
    let bad: &[u8] = match format {
        "lines" => b"http://bad.\xff.example/",
        "jsonl" => b"{\"url\":\"\xff\"}\r\n{\"url\":\"\\ud800\"}",
        "json" => b" \"\xff\" \"\\ud800\"",
        "csv" => b"\"\xff\",1\r\n",
        _ => b"\xff\t1",
    };
    text.extend(bad);
    text
}

#[tokio::test]
async fn a_hostile_list_gives_a_record_for_each_line_that_is_not_blank_and_nothing_is_an_option() {
    let site = Site::start(|_| Reply::text("x")).await;
    let (first, last) = (site.url("/first"), site.url("/last"));
    let (shelf, mut asked) = (Shelf::new(), 0);
    for (format, bad) in [("lines", 1), ("jsonl", 2), ("json", 2), ("csv", 1), ("tsv", 1)] {
        let list = hostile(format, &first, &last);
        fs::write(shelf.path("list.txt"), &list).unwrap();
        let flag = format!("--input-format={format}");
        for run in [
            fetchall([&flag, "-"]).stdin(list.clone()).run().await,
            shelf.fetchall(&["fetch", "list.txt", &flag]).run().await,
        ] {
            let records = run.records();
            assert_eq!((run.exit, records.len()), (1, LINES.len() + 2 + bad), "{format}: {run}");
            for (seq, line) in (1..).zip(LINES) {
                let record = run.record(seq);
                assert_eq!((record["input"].as_str(), &record["ok"]), (Some(*line), &json!(false)), "{format}");
                let code = record["error"]["code"].as_str().unwrap_or_default();
                assert!(code.starts_with("url.") && record["attempts"] == 0, "{format}: {record}");
            }
            for seq in 0..bad as u64 {
                assert_eq!(run.record(LINES.len() as u64 + 2 + seq)["error"]["code"], "url.invalid", "{format}");
            }
            assert!(!run.stderr.contains("Usage") && !std::path::Path::new("/tmp/fetchall-was-here").exists());
        }
        asked += 2;
        assert_eq!((site.hits("/first"), site.hits("/last")), (asked, asked), "{format}");
    }
}

#[tokio::test]
async fn what_looks_like_an_option_is_none_behind_two_dashes_and_in_names_of_files() {
    let shelf = Shelf::new();
    let run = shelf.fetchall(&["fetch", "--", "--help"]).run().await;
    assert_eq!((run.exit, run.text()), (2, ""), "{run}");
    assert!(run.stderr.contains("`--help` is neither a URL"), "{run}");
    fs::write(shelf.path("--help"), "-x\n").unwrap();
    let run = shelf.fetchall(&["fetch", "--", "--help"]).run().await;
    assert_eq!((run.exit, run.record(0)["input"].as_str()), (1, Some("-x")), "{run}");
    fs::create_dir(shelf.path("docs")).unwrap();
    fs::write(shelf.path("docs/--help.md"), "[a](--version.md)\n").unwrap();
    let run = shelf.fetchall(&["check", "docs", "--format=jsonl"]).run().await;
    assert_eq!(run.exit, 1, "{run}");
    assert!(run.text().contains("docs/--help.md") && run.text().contains("--version.md"), "{run}");
}

/// The most memory that a process has had so far, in MiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

/// A line is never held beyond what one may be: 64 KiB of a plain list, 16 MiB of others.
#[tokio::test]
async fn a_line_of_100_mb_costs_its_record_and_memory_that_does_not_depend_on_it() {
    let site = Site::start(|_| Reply::text("x")).await;
    let url = site.url("/next");
    for (format, begin, end, most) in [
        ("lines", "https://a.example/".to_owned(), format!("\n{url}\n"), 48),
        ("jsonl", "{\"url\":\"".to_owned(), format!("\"}}\n{{\"url\":\"{url}\"}}\n"), 96),
        ("json", "[\"".to_owned(), format!("\",\n\"{url}\"]"), 96),
        ("csv", "url,x\n".to_owned(), format!(",1\n{url},1\n"), 128),
        ("csv", "url,x\n\"".to_owned(), format!("\",1\n{url},1\n"), 128),
        ("tsv", "url\n".to_owned(), format!("\n{url}\n"), 128),
    ] {
        let mut child = fetchall(["-", &format!("--input-format={format}")]).open_stdin().start();
        child.write(&begin).await;
        let megabyte = "x".repeat(1_000_000);
        for _ in 0..100 {
            child.write(&megabyte).await;
        }
        let held = peak(child.pid());
        child.write(&end).await;
        let run = child.wait().await;
        assert_eq!((run.exit, run.records().len()), (1, 2), "{format}: {run}");
        let (long, next) = (run.record(0), run.record(1));
        assert!(long["input"].as_str().unwrap().chars().count() <= 256, "{format}");
        assert_eq!((&long["error"]["code"], &next["ok"]), (&json!("url.invalid"), &json!(true)), "{format}: {run}");
        assert!(held <= most, "{format}: {held} MiB");
    }
}

/// One JSON value as RFC 8259 has it, with nothing in it that some reader stumbles over: UTF-8, no control
/// characters, no half of a surrogate pair.
#[track_caller]
fn assert_strict(line: &[u8]) {
    let text = std::str::from_utf8(line).expect("JSON is UTF-8");
    // A tab between two tokens is white space; in a string it would be no JSON.
    assert!(!text.contains(|c: char| c.is_control() && c != '\t'), "{text:?}");
    // Numbers of any size are JSON, and half a surrogate pair is not; a `Value` is stricter than that.
    serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
}

/// Answers whose every part is as bad as it can be on the way.
fn bad_answer(path: &str) -> Reply {
    const TEXT: &[u8] = b"\xff\xed\xa0\x80\xf8 \x7f\xc2\x9b31m\xe2\x80\xae\xe2\x80\xa8 \xc0\x80\xe9";
    let raw = |status: &str, fields: &[u8], body: &[u8]| {
        let head = [b"HTTP/1.1 ", status.as_bytes(), b"\r\n", fields, b"connection: close\r\n\r\n"].concat();
        Reply::raw([&head, body].concat())
    };
    let field = |name: &str, value: &[u8]| [name.as_bytes(), b": ", value, b"\r\n"].concat();
    // What a field may not hold on the way is another matter: DEL.
    let value: Vec<u8> = TEXT.iter().copied().filter(|byte| *byte != 0x7f).collect();
    match path {
        "/page" => {
            let page = [b"<title>\0", TEXT, b"</title><h1>", TEXT, b"\0</h1><a href='/x?", TEXT, b"'>", TEXT, b"</a>"];
            raw("200 OK", b"content-type: text/html; charset=utf-8\r\n", &page.concat())
        }
        "/half" => {
            raw("200 OK", b"content-type: text/html; charset=utf-16le\r\n", b"<\0h\x001\0>\0\x00\xd8a\0\x00\xdc")
        }
        "/json" => raw("200 OK", b"content-type: application/json\r\n", br#"{"a":"\ud800","b":"\u0000\u2028\u007f"}"#),
        "/fields" => raw("200 OK", &[field("x-a", &value), field("etag", &value)].concat(), b""),
        "/type" => raw("200 OK", &field("content-type", &[b"text/html; charset=", &*value].concat()), b"<title>x"),
        "/moved" => raw("302 Found", &field("location", &[b"/page?", &*value].concat()), b""),
        "/lost" => raw("302 Found", &field("location", &[b"http://[", &*value].concat()), b""),
        "/reason" => raw(&format!("404 {}", "é\t\u{80}"), b"", b""),
        "/cookies" => raw("200 OK", &field("set-cookie", &value), TEXT),
        _ => Reply::raw(TEXT.to_vec()),
    }
}

const BAD: [&str; 10] =
    ["/page", "/half", "/json", "/fields", "/type", "/moved", "/lost", "/reason", "/cookies", "/no-http"];

#[tokio::test]
async fn whatever_a_server_says_every_line_is_strict_json() {
    let site = Site::start(|ask| bad_answer(&ask.path)).await;
    let urls: Vec<String> = BAD.iter().map(|path| site.url(path)).collect();
    let flags = "--with=headers,body,tls,attempts,links --view=meta --view=links --view=text --retries=0 --cookies=on";
    let own = ["--select=h=h1", "--select=all[]=a", "--json=a=$.a", "--json=b=$.b", "--regex=r=(.*)"];
    let run = fetchall(urls.iter().map(String::as_str).chain(flags.split(' ')).chain(own)).run().await;
    assert_eq!(run.records().len(), BAD.len(), "{run}");
    run.stdout.split_inclusive(|byte| *byte == b'\n').for_each(|line| assert_strict(line.trim_ascii_end()));
    let body = |path: &str| run.record(BAD.iter().position(|bad| *bad == path).unwrap() as u64);
    assert!(body("/cookies")["body_base64"].is_string(), "what is no text can be had: {}", body("/cookies"));
    assert!(body("/page")["title"].as_str().unwrap().contains('\u{fffd}'));
    let fields = &body("/fields")["headers"]["etag"][0];
    assert!(fields.as_str().unwrap().contains('\u{fffd}'), "{fields}");
    // The other commands write with the same pen, but rows of their own.
    let html = BAD.map(|path| format!("<a href='{path}'>x</a>")).concat();
    let site = Site::start(move |ask| if ask.path == "/" { Reply::html(&*html) } else { bad_answer(&ask.path) }).await;
    for args in [
        &["crawl", &site.url("/"), "--private-ips=allow", "--robots=ignore", "--retries=0", "--with=links"][..],
        &["check", &site.url("/"), "--format=jsonl", "--retries=0"],
    ] {
        let run = fetchall(args.iter().copied()).run().await;
        assert!(run.stdout.iter().filter(|byte| **byte == b'\n').count() > 1, "{args:?} {run}");
        run.stdout.split_inclusive(|byte| *byte == b'\n').for_each(|line| assert_strict(line.trim_ascii_end()));
    }
}

#[tokio::test]
async fn whatever_stands_in_a_list_every_line_is_strict_json() {
    let lines: &[&[u8]] = &[
        b"{\"url\":\"\\ud800\",\"id\":\"\\udfff\"}",
        b"{\"url\":\"http://127.0.0.1:1/\",\"id\":\"\\ud83d\\ude00\x7f\xc2\x85\",\"tags\":{\"a\":\"\xe2\x80\xa8\\u0000\"}}",
        b"{\"url\":\"\\u0000\",\"tags\":{\"\\ud800\":1}}",
        b"{\"url\":\"http://h.invalid:99999/\",\"tags\":{\"\xe2\x80\xae\":[\r1,\t2]}}",
        b"\"\xff\xfe\"",
        b"\x1b[31m\0\xc2\x9b",
        b"{\"url\":\"\xed\xa0\x80\"}",
    ];
    for flags in [&["--input-format=jsonl"][..], &["--input-format=lines"], &["--input-format=jsonl", "-f", "json"]] {
        let list = lines.join(&b'\n');
        let run = fetchall(["-", "--retries=0"].iter().chain(flags)).stdin(list).run().await;
        let rows = run.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{"));
        let rows: Vec<&[u8]> = rows.map(|line| line.strip_suffix(b",").unwrap_or(line)).collect();
        assert_eq!(rows.len(), lines.len(), "{run}");
        rows.into_iter().for_each(assert_strict);
    }
}
