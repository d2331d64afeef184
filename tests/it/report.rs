//! `--report html=PATH` and `fetchall report`: a run, its page, and the run again.

use std::fs;

use crate::support::*;

/// A run of four with its records, its page and its database.
async fn a_run() -> (tempfile::TempDir, String) {
    let site = Site::start(|ask: &Ask| match ask.path.as_str() {
        "/gone" => Reply::status(404),
        "/moves" => Reply::redirect(301, "/here"),
        _ => Reply::html("<title></script><b>&amp;\u{202e}</title>"),
    })
    .await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let list: String = ["/here", "/gone", "/moves", "/here"].map(|path| site.url(path) + "\n").concat();
    let outputs = ["-o", "run.jsonl", "--sink", "sqlite:run.db", "--report", "html=run.html"];
    let args = ["-", "-H", "Authorization: hunter2", "--with", "body", "--rate-per-host", "100/s", "-q"];
    let run = fetchall([&args[..], &outputs].concat()).dir(&dir).stdin(list).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let records = fs::read_to_string(dir.path().join("run.jsonl")).unwrap();
    assert_eq!(records.lines().count(), 4);
    (dir, records)
}

#[tokio::test]
async fn a_page_gives_its_run_back_and_so_do_the_files_that_a_page_can_be_made_of() {
    let (dir, records) = a_run().await;
    let page = fs::read_to_string(dir.path().join("run.html")).unwrap();
    assert!(page.contains("class=\"bad\">1 of 4 requests failed</h1>"), "the verdict stands in the markup");
    assert!(page.contains("http.client_error") && page.contains("--rate-per-host"));
    assert!(!page.contains("hunter2") && !page.contains("<b>&amp;"), "no secret, no markup of others");
    let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
    fs::write(dir.path().join("run.jsonl.gz"), gzip(records.as_bytes())).unwrap();
    fs::write(dir.path().join("run.html.gz"), gzip(page.as_bytes())).unwrap();
    for source in ["run.html", "run.html.gz", "run.db", "sqlite:run.db", "run.jsonl", "run.jsonl.gz"] {
        let run = fetchall(["report", source, "--format", "jsonl"]).dir(&dir).run().await;
        assert_eq!((run.exit, run.text()), (0, records.as_str()), "{source}: {run}");
        let again = fetchall(["report", source, "-o", "again.html"]).dir(&dir).run().await;
        assert_eq!(again.exit, 0, "{source}: {again}");
        let back = fetchall(["report", "again.html", "-f", "jsonl"]).dir(&dir).run().await;
        assert_eq!((back.exit, back.text()), (0, records.as_str()), "{source}: {back}");
    }
    let again = fs::read_to_string(dir.path().join("again.html")).unwrap();
    assert!(again.contains("1 of 4 requests failed"));
    let piped = fetchall(["report", "-", "-f", "jsonl"]).dir(&dir).stdin(page).run().await;
    assert_eq!(piped.text(), records);
}

#[tokio::test]
async fn a_run_is_told_in_words_and_numbers() {
    let (dir, _) = a_run().await;
    let report = async |format: &'static str| fetchall(["report", "run.html", "-f", format]).dir(&dir).run().await;
    let text = report("text").await;
    assert!(text.text().contains("4 requests in ") && text.text().contains("404 http.client_error http://"), "{text}");
    let markdown = report("markdown").await;
    assert!(markdown.text().starts_with("## 1 of 4 requests failed\n"), "{markdown}");
    let summary: serde_json::Value = serde_json::from_str(report("json").await.text()).unwrap();
    assert_eq!((&summary["requests"], &summary["not_ok"], &summary["redirects"]), (&4.into(), &1.into(), &1.into()));
    assert!(summary["waits_ms"]["host_rate"].as_f64().is_some(), "the page knows what was waited for: {summary}");
    let page = fetchall(["report", "run.jsonl"]).dir(&dir).run().await;
    assert!(page.text().starts_with("<!doctype html>"), "to a pipe it is a page");
}

#[tokio::test]
async fn what_is_no_run_or_cannot_be_written_is_wrong_usage() {
    let (dir, records) = a_run().await;
    fs::write(dir.path().join("notes.txt"), "hello\n").unwrap();
    fs::write(dir.path().join("other.html"), "<!doctype html>\n<p>hello</p>\n").unwrap();
    let page = fs::read_to_string(dir.path().join("run.html")).unwrap();
    fs::write(dir.path().join("cut.html"), &page[..page.len() - 9]).unwrap();
    for (args, said) in [
        (&["report", "notes.txt", "-f", "text"][..], "notes.txt, line 1: it is no record"),
        (&["report", "notes.txt", "-f", "jsonl"], "notes.txt, line 1: it is no record"),
        (&["report", "other.html", "-f", "jsonl"], "it has no run in it"),
        (&["report", "none.jsonl", "-f", "jsonl"], "cannot open none.jsonl"),
        (&["report", "run.jsonl", "-o", "run.jsonl"], "is the run that is to be read"),
        (&["report", "run.jsonl", "-o", "no/such/x.html"], "its folder does not exist"),
        (&["report", "run.jsonl", "-o", "x.pdf"], "its extension names no format"),
        (&["http://127.0.0.1:1/", "--report", "junit=x.xml"], "junit is a report of `check`"),
        (&["http://127.0.0.1:1/", "--report", "html="], "write html=run.html"),
        (&["http://127.0.0.1:1/", "--report", "html=no/such/x.html"], "its folder does not exist"),
        (&["http://127.0.0.1:1/", "--report", "html=notes.txt"], "is there and is no page"),
        (&["http://127.0.0.1:1/", "--report", "html=x.html", "--watch", "1s"], "--watch has many rounds"),
        (&["http://127.0.0.1:1/", "--report", "html=x", "-o", "x", "-f", "jsonl"], "is written to already"),
        (&["http://127.0.0.1:1/", "--report", "html=x", "--sink", "x.jsonl", "--log", "x"], "is written to already"),
        (&["http://127.0.0.1:1/", "--report", "html=x", "--state", "x"], "is written to already"),
        (&["http://127.0.0.1:1/", "--report", "html=x.warc", "--warc", "x.warc"], "is written to already"),
        (&["http://127.0.0.1:1/", "--log", "notes.txt"], "it is there and is no log"),
        (&["check", "notes.txt", "--report", "sarif=notes.txt"], "is read or written by this check already"),
        (&["check", "other.html", "--report", "html=notes.txt"], "is there and is no page"),
        (&["check", "other.html", "--report", "jsonl=x", "--log", "x"], "is read or written by this check already"),
    ] {
        let run = fetchall(args).dir(&dir).run().await;
        assert!(run.exit == 2 && run.stderr.contains(said), "{args:?}: {run}");
    }
    let cut = fetchall(["report", "cut.html", "-f", "jsonl"]).dir(&dir).run().await;
    assert!(cut.exit == 3 && cut.stderr.contains("its end is missing"), "{cut}");
    assert_eq!(cut.text(), records, "what was there was given");
    let torn = format!("{records}{{\"ok\":");
    let run = fetchall(["report", "-", "-f", "jsonl"]).dir(&dir).stdin(torn).run().await;
    assert_eq!((run.exit, run.text()), (0, records.as_str()), "{run}");
    assert!(run.stderr.contains("the last line was torn"), "{run}");
}

#[tokio::test]
async fn a_check_leaves_a_page_with_every_link() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(dir.path().join("a.md"), "[gone](missing.md) [well](b.md)\n").unwrap();
    fs::write(dir.path().join("b.md"), "# B\n").unwrap();
    let run = fetchall(["check", ".", "--report", "html=links.html", "-q"]).dir(&dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let page = fs::read_to_string(dir.path().join("links.html")).unwrap();
    assert!(page.contains("1 of 2 links is broken") && page.contains("link.missing_file"), "{page:.2000}");
    let back = fetchall(["report", "links.html", "-f", "jsonl"]).dir(&dir).run().await;
    assert_eq!((back.exit, back.text().lines().count()), (0, 2), "{back}");
}

#[tokio::test]
async fn a_run_that_goes_on_says_what_its_page_has_not() {
    let site = Site::start(|_: &Ask| Reply::html("<title>x</title>")).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let list = |count: usize| (0..count).map(|page| site.url(&format!("/{page}")) + "\n").collect::<String>();
    fetchall(["-", "-o", "run.jsonl", "-q"]).dir(&dir).stdin(list(2)).run().await;
    let args = ["-", "--resume", "run.jsonl", "--report", "html=run.html", "-q"];
    let run = fetchall(args).dir(&dir).stdin(list(5)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let page = fs::read_to_string(dir.path().join("run.html")).unwrap();
    assert!(page.contains("All 3 requests are fine"), "this part of it");
    assert!(page.contains("2 records were written before this part of the run; this page has the others."));
    let whole = fetchall(["report", "run.jsonl", "-f", "text"]).dir(&dir).run().await;
    assert!(whole.text().starts_with("5 requests"), "{whole}");
}

#[tokio::test]
async fn a_crawl_and_kept_pages_leave_pages_of_their_own() {
    let site = Site::start(|ask: &Ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/gone>x</a>"),
        _ => Reply::status(404),
    })
    .await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let url = site.url("/");
    let crawl = ["crawl", url.as_str(), "--robots", "ignore", "--report", "html=crawl.html", "-q"];
    assert_eq!(fetchall(crawl).dir(&dir).run().await.exit, 1);
    let page = fs::read_to_string(dir.path().join("crawl.html")).unwrap();
    assert!(page.contains("1 of 2 pages failed"), "by its noun");
    fs::write(dir.path().join("kept.html"), "<h1>a</h1>").unwrap();
    let extract = ["extract", "kept.html", "--select", "t=h1", "--report", "html=extract.html", "-q"];
    assert_eq!(fetchall(extract).dir(&dir).run().await.exit, 0);
    let page = fs::read_to_string(dir.path().join("extract.html")).unwrap();
    assert!(page.contains("The page is fine"), "{page:.3000}");
}

#[tokio::test]
async fn what_machines_take_of_a_check_is_made_of_its_records_too() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(dir.path().join("a.md"), "[gone](missing.md) [well](b.md) [here](B.md)\n").unwrap();
    fs::write(dir.path().join("b.md"), "# B\n[nowhere](#x)\n").unwrap();
    let kinds = ["sarif", "junit", "github", "gitlab", "checkstyle", "jsonl", "json", "html"];
    let reports = kinds.map(|kind| format!("{kind}=links.{kind}"));
    let flags: Vec<_> = reports.iter().flat_map(|report| ["--report", report.as_str()]).collect();
    let run = fetchall([&["check", ".", "-q", "-f", "none"][..], &flags].concat()).dir(&dir).run().await;
    assert_eq!(run.exit, 1, "{run}");
    for source in ["links.jsonl", "links.json", "links.html"] {
        for kind in &kinds[..5] {
            let again = fetchall(["report", source, "-f", kind]).dir(&dir).run().await;
            assert_eq!(again.exit, 0, "{again}");
            let first = fs::read_to_string(dir.path().join(format!("links.{kind}"))).unwrap();
            // How long it took is not in records, and junit says so.
            let timeless = |text: &str| -> String {
                let is_told = |line: &&str| !line.contains("<testsuites ") && !line.contains("<system-out>");
                text.lines().filter(is_told).map(|line| format!("{line}\n")).collect()
            };
            assert_eq!(timeless(again.text()), timeless(&first), "{source} {kind}");
        }
    }
    let by_name = fetchall(["report", "links.jsonl", "-o", "again.sarif"]).dir(&dir).run().await;
    assert_eq!(by_name.exit, 0, "{by_name}");
    assert!(fs::read_to_string(dir.path().join("again.sarif")).unwrap().contains("2.1.0"));
    let (other, _) = a_run().await;
    let refused = fetchall(["report", "run.jsonl", "-f", "junit"]).dir(&other).run().await;
    assert!(refused.exit == 2 && refused.stderr.contains("line 1: it is a record of the type `fetch`"), "{refused}");
}

#[tokio::test]
async fn lists_of_json_and_tables_are_runs_too_and_what_a_table_lacks_is_said() {
    let (dir, records) = a_run().await;
    let list = format!("[\n{}\n]\n", records.trim_end().replace('\n', ",\n"));
    fs::write(dir.path().join("run.json"), &list).unwrap();
    let run = fetchall(["report", "run.json", "-f", "jsonl"]).dir(&dir).run().await;
    assert_eq!((run.exit, run.text()), (0, records.as_str()), "{run}");
    let cut = fetchall(["report", "-", "-f", "jsonl"]).dir(&dir).stdin(&list.as_bytes()[..list.len() - 20]).run().await;
    assert!(cut.exit == 0 && cut.stderr.contains("the end of its list is missing"), "{cut}");
    assert_eq!(cut.text().lines().count(), 3);
    let site = Site::start(|ask: &Ask| Reply::status(if ask.path == "/gone" { 404 } else { 200 })).await;
    for format in ["csv", "tsv"] {
        let file = format!("table.{format}");
        let list = format!("{}\n{}\n", site.url("/a,b\"c"), site.url("/gone"));
        let run = fetchall(["-", "-f", format, "-o", &file, "-q"]).dir(&dir).stdin(list).run().await;
        assert_eq!(run.exit, 1, "{run}");
        let told = fetchall(["report", &file, "-f", "text"]).dir(&dir).run().await;
        assert!(told.text().contains("404 http.client_error http://"), "{told}");
        assert!(
            told.stderr.contains("says nothing of when anything happened, hosts, waiting, reasons in words"),
            "{told}"
        );
        let page = fetchall(["report", &file]).dir(&dir).run().await;
        assert!(
            page.text().contains("1 of 2 requests failed") && page.text().contains("made of a table"),
            "{page:.500}"
        );
    }
    let fields = ["-", "--fields", "url,status", "-f", "csv", "-o", "few.csv", "-q"];
    fetchall(fields).dir(&dir).stdin(site.url("/")).run().await;
    let run = fetchall(["report", "few.csv", "-f", "text"]).dir(&dir).run().await;
    assert!(run.exit == 2 && run.stderr.contains("only with the columns `ok` and `url`"), "{run}");
}
