use std::{
    io::Write as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use super::*;
use crate::source::{Format, open};

type Outcome = Result<Vec<String>, String>;

async fn read(specs: Vec<Spec>, options: Options) -> Outcome {
    let stream = open(specs, options).await.map_err(|error| error.to_string())?;
    let items: Vec<_> = stream.collect().await;
    items.into_iter().map(|item| item.map(|it| it.input.into()).map_err(|error| format!("late: {error}"))).collect()
}

fn file(dir: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> Spec {
    let path = dir.path().join(name);
    std::fs::write(&path, content).unwrap();
    Spec::File(path)
}

#[tokio::test]
async fn sources_are_read_in_their_order_each_in_its_format() {
    let dir = tempfile::tempdir().unwrap();
    let specs = vec![
        Spec::Literal("https://first".to_owned()),
        file(&dir, "a.txt", "\u{feff}a\r\n\n# no\nb"),
        file(&dir, "b.jsonl", "{\"url\":\"c\"}\n"),
        file(&dir, "c.json", "[\"d\",{\"url\":\"e\"}]"),
        file(&dir, "d.csv", "id,url\n1,f\n"),
        file(&dir, "e.tsv", "id\turl\n1\tg\n"),
        file(&dir, "sniffed", "\u{feff} \n{\"url\":\"h\"}"),
        file(&dir, "sniffed2.dat", "[\"i\"]"),
        file(&dir, "sniffed3", "id,url\n1,j\n"),
        file(&dir, "no-line-end", "k"),
        file(&dir, "named.txt", "url\n"),
        file(&dir, "empty.csv", ""),
        Spec::Literal("https://last".to_owned()),
    ];
    let urls = read(specs, Options::default()).await.unwrap();
    assert_eq!(urls.join(" "), "https://first a b c d e f g h i j k url https://last");
}

#[tokio::test]
async fn no_sources_are_no_requests() {
    assert_eq!(read(Vec::new(), Options::default()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn wrong_usage_ends_before_the_first_request() {
    let dir = tempfile::tempdir().unwrap();
    let good = Spec::Literal("https://a".to_owned());
    for (bad, part) in [
        (Spec::File(dir.path().to_owned()), "is a folder; name the lists in it"),
        (Spec::File(dir.path().join("none.txt")), "nor an existing file"),
        (file(&dir, "page.html", "<p>"), "is an HTML document; links are not read out of documents"),
        (file(&dir, "notes.md", "# x"), "is a Markdown document"),
        (file(&dir, "page", " <html>"), "is an HTML document"),
        (file(&dir, "x.txt", b"\x28\xb5\x2f\xfd"), "unpack it first"),
        (file(&dir, "x.gz", b"\x1f\x8b\x08"), "cannot open"),
        (file(&dir, "pom.xml", "<?xml version='1.0'?>\n<project>"), "is an XML document and neither sitemap nor feed"),
        (file(&dir, "x.bin", b"\x7fELF\0\0"), "is binary"),
        (file(&dir, "u.txt", b"\xff\xfeh\0"), "is UTF-16 text"),
        (file(&dir, "t.csv", "id,link\n"), "t.csv has no column `url`; name one with --url-column"),
    ] {
        let error = read(vec![good.clone(), bad.clone()], Options::default()).await.unwrap_err();
        assert!(error.contains(part) && !error.starts_with("late"), "{bad:?}: {error}");
    }
}

#[tokio::test]
async fn a_format_that_is_named_is_not_questioned() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { format: Some(Format::Lines), ..Options::default() };
    let specs = vec![file(&dir, "page.html", "a\n"), file(&dir, "x.csv", "<b>\n\0\n")];
    assert_eq!(read(specs, options).await.unwrap(), ["a", "<b>", "\0"]);
}

#[tokio::test]
async fn naming_a_column_makes_lines_a_table_and_is_refused_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options { url_column: Some("link".to_owned()), ..Options::default() };
    let specs =
        vec![file(&dir, "a", "id,link\n1,a\n"), file(&dir, "b", "id\tlink\n1\tb\n"), file(&dir, "c.txt", "c\n")];
    assert_eq!(read(specs, options()).await.unwrap(), ["a", "b", "c"]);
    let error = read(vec![file(&dir, "c.jsonl", "{}")], options()).await.unwrap_err();
    assert!(error.contains("--url-column is for CSV and TSV"), "{error}");
}

#[tokio::test]
async fn a_file_that_vanishes_after_the_check_makes_the_run_incomplete() {
    let dir = tempfile::tempdir().unwrap();
    let long: String = (0..200_000).map(|n| format!("https://a/{n}\n")).collect();
    let (first, second) = (file(&dir, "a.txt", long), file(&dir, "b.txt", "b"));
    let stream = open(vec![first, second], Options::default()).await.unwrap();
    std::fs::remove_file(dir.path().join("b.txt")).unwrap();
    let items: Vec<_> = stream.collect().await;
    assert_eq!(items.len(), 200_001);
    assert!(items[..200_000].iter().all(Result::is_ok));
    assert!(matches!(items.last(), Some(Err(SourceError::Open { name, .. })) if name.ends_with("b.txt")));
}

#[cfg(unix)]
fn fifo(dir: &tempfile::TempDir) -> (Spec, PathBuf) {
    let path = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    (Spec::File(path.clone()), path)
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_never_waited_for_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, path) = fifo(&dir);
    let (go, goes) = std::sync::mpsc::channel();
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(path).unwrap();
        pipe.write_all(b"one\ntw").unwrap();
        goes.recv().unwrap();
        pipe.write_all(b"o\nthree").unwrap();
    });
    let mut stream = open(vec![spec], Options::default()).await.unwrap();
    assert_eq!(&*stream.next().await.unwrap().unwrap().input, "one");
    assert!(tokio::time::timeout(Duration::from_millis(50), stream.next()).await.is_err(), "half a line came");
    go.send(()).unwrap();
    let rest: Vec<_> = stream.map(|item| item.unwrap().input.to_string()).collect().await;
    assert_eq!(rest, ["two", "three"]);
    writer.join().unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_that_stands_first_is_checked_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, path) = fifo(&dir);
    let writer = std::thread::spawn(move || std::fs::write(path, "<!doctype html>\n").unwrap());
    let error = read(vec![spec], Options::default()).await.unwrap_err();
    assert!(error.contains("is an HTML document") && !error.starts_with("late"), "{error}");
    writer.join().unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_stream_that_is_dropped_ends_its_thread() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, path) = fifo(&dir);
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(path).unwrap();
        std::iter::repeat_with(|| pipe.write_all(&b"https://a\n".repeat(1_000))).find_map(Result::err)
    });
    let mut stream = open(vec![spec], Options::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(writer.join().unwrap().unwrap().kind(), std::io::ErrorKind::BrokenPipe);
}

#[cfg(unix)]
#[tokio::test]
async fn reading_stops_while_nobody_asks() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, path) = fifo(&dir);
    let lines = Arc::new(AtomicUsize::new(0));
    let written = Arc::clone(&lines);
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(path).unwrap();
        for _ in 0..100_000 {
            pipe.write_all(b"https://example.com/\n").unwrap();
            written.fetch_add(1, Relaxed);
        }
    });
    let mut stream = open(vec![spec], Options::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Three chunks and what the pipe itself holds, 64 KiB each, and some to spare.
    assert!(lines.load(Relaxed) < 15_000, "{lines:?}");
    assert_eq!(stream.count().await, 99_999);
    writer.join().unwrap();
}

fn fixture(name: &str) -> Spec {
    Spec::File(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/lists").join(name))
}

async fn verdicts(spec: Spec, column: Option<&str>) -> String {
    let options = Options { url_column: column.map(str::to_owned), ..Options::default() };
    let requests: Vec<_> = open(vec![spec], options).await.unwrap().collect().await;
    requests.iter().map(|item| if item.as_ref().unwrap().fault.is_some() { 'x' } else { '.' }).collect()
}

#[tokio::test]
async fn the_lists_in_the_repository_read_as_they_say() {
    let example = Spec::File(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("urls.example.txt"));
    assert_eq!(verdicts(example, None).await, "....");
    assert_eq!(verdicts(fixture("requests.jsonl"), None).await, "......");
    assert_eq!(verdicts(fixture("requests.json"), None).await, "...");
    assert_eq!(verdicts(fixture("urls.csv"), None).await, "..");
    assert_eq!(verdicts(fixture("links.tsv"), Some("link")).await, "..");
    assert_eq!(verdicts(fixture("hostile.txt"), None).await, "....x...");
    assert_eq!(verdicts(fixture("faults.jsonl"), None).await, "xxxxxxx.");
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn sitemaps_and_feeds_are_lists_by_name_and_by_their_first_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let sitemap = |url: &str| format!("<?xml version='1.0'?>\n<urlset><url><loc>{url}</loc></url></urlset>");
    let json = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"url\":\"https://f\"}]}";
    let specs = vec![
        file(&dir, "sitemap.xml", sitemap("https://a")),
        file(&dir, "sitemap.xml.gz", gzip(&sitemap("https://b"))),
        file(&dir, "noname", gzip(&sitemap("https://c"))),
        file(&dir, "feed.xml", "<rss><channel><item><link>https://d</link></item></channel></rss>"),
        file(&dir, "news.atom", "<feed><entry><link href='https://e'/></entry></feed>"),
        file(&dir, "feed.json", json),
        file(&dir, "feed", json),
        file(&dir, "my.opml", "<opml><body><outline xmlUrl='https://g'/></body></opml>"),
        file(&dir, "index.xml", "<sitemapindex><sitemap><loc>https://h</loc></sitemap></sitemapindex>"),
        file(&dir, "sitemap.txt.gz", gzip("https://i\n")),
        file(&dir, "list.xml", "https://j\n"),
    ];
    let urls = read(specs, Options::default()).await.unwrap();
    assert_eq!(
        urls.join(" "),
        "https://a https://b https://c https://d https://e https://f https://f https://g https://h https://i https://j"
    );
    let options = Options { format: Some(Format::Sitemap), ..Options::default() };
    let specs = vec![file(&dir, "odd.csv", sitemap("https://k")), file(&dir, "odd.md", "https://l\n")];
    assert_eq!(read(specs, options).await.unwrap(), ["https://k", "https://l"]);
}

#[tokio::test]
async fn a_date_is_for_what_has_dates() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options { since: Some("2026".parse().unwrap()), ..Options::default() };
    let error =
        read(vec![Spec::Literal("https://a".to_owned()), file(&dir, "a.txt", "b")], options()).await.unwrap_err();
    assert!(error.starts_with("--since is for sitemaps and feeds"), "{error}");
    let sitemap = "<urlset><url><loc>https://a</loc><lastmod>2025</lastmod></url></urlset>";
    let mut stream = open(vec![file(&dir, "s.xml", sitemap)], options()).await.unwrap();
    let request = stream.next().await.unwrap().unwrap();
    assert_eq!(request.excluded(), Some("lastmod 2025 is before --since 2026 (UTC)"));
}

#[cfg(unix)]
#[tokio::test]
async fn entries_come_while_the_rest_of_a_sitemap_is_not_written_yet() {
    let dir = tempfile::tempdir().unwrap();
    let (spec, path) = fifo(&dir);
    let (go, goes) = std::sync::mpsc::channel();
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(path).unwrap();
        pipe.write_all(b"<urlset><url><loc>https://a</loc></url><url><loc>htt").unwrap();
        goes.recv().unwrap();
        pipe.write_all(b"ps://b</loc></url></urlset>").unwrap();
    });
    let mut stream = open(vec![spec], Options::default()).await.unwrap();
    assert_eq!(&*stream.next().await.unwrap().unwrap().input, "https://a");
    go.send(()).unwrap();
    let rest: Vec<_> = stream.map(|item| item.unwrap().input.to_string()).collect().await;
    assert_eq!(rest, ["https://b"]);
    writer.join().unwrap();
}
