//! What is in an archive.

use std::fs;

use super::*;

const PAGE: &str = "<title>Ä page</title><p>Some words, some more words, and some words again.</p>";

async fn site() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/gzip" => Reply::gzip(PAGE),
        "/chunked" => Reply::chunked(["<title>in", " pieces</title>"]),
        "/packed-chunks" => {
            let packed = gzip(PAGE.repeat(2).as_bytes());
            let (one, two) = packed.split_at(20);
            Reply::chunked([one.to_vec(), two.to_vec()]).header("content-encoding", "gzip")
        }
        "/from" => Reply::redirect(302, "/to"),
        "/to" => Reply::html("arrived").header("set-cookie", "session=canary"),
        "/same" | "/same-too" => Reply::text("the very same text"),
        "/etag" => Reply::raw("HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n"),
        "/none" => Reply::status(204),
        "/odd" => Reply::raw("HTTP/1.1 200 Quite fine\r\nX-A: 1\r\nX-a: 2\r\n\r\nuntil the end"),
        "/short" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\nshort"),
        "/stall" => Reply::stall("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\nslow"),
        "/long" => Reply::text("0123456789".repeat(100)),
        "/torn" => Reply::html(&gzip(PAGE.as_bytes())[..30]).header("content-encoding", "gzip"),
        "/wrong" => Reply::html("this is not packed").header("content-encoding", "gzip"),
        "/flaky" if ask.hit == 0 => Reply::status(500).body("broken"),
        "/flaky" => Reply::html("well again"),
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /no\n"),
        _ => Reply::html(PAGE),
    })
    .await
}

#[tokio::test]
async fn bodies_are_kept_as_received_and_fields_say_what_is_true() {
    let (site, shelf) = (site().await, Shelf::new());
    let paths = ["/gzip", "/chunked", "/packed-chunks", "/none", "/odd", "/from"];
    let urls = paths.map(|path| site.url(path));
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend(["--warc", "out.warc.gz"]);
    let run = shelf.fetchall(&args).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let all = shelf.read("out.warc.gz");
    assert_eq!(all[0].head.kind(), "warcinfo");
    let gzipped = answer(&all, "/gzip");
    assert_eq!(gzipped.content(), gzip(PAGE.as_bytes()));
    assert!(gzipped.message().contains("content-encoding: gzip"));
    let chunked = answer(&all, "/chunked");
    assert_eq!(chunked.content(), b"<title>in pieces</title>");
    assert!(chunked.message().contains("x-fetchall-orig-transfer-encoding: chunked"));
    assert!(chunked.message().ends_with("\r\ncontent-length: 24"), "{}", chunked.message());
    assert_eq!(answer(&all, "/packed-chunks").content(), gzip(PAGE.repeat(2).as_bytes()));
    let none = answer(&all, "/none");
    assert!(none.content().is_empty() && !none.message().contains("content-length"));
    let odd = answer(&all, "/odd");
    assert!(odd.message().starts_with("HTTP/1.1 200 Quite fine\r\nx-a: 1\r\nx-a: 2\r\n"), "{}", odd.message());
    assert_eq!(odd.content(), b"until the end");
    // Each hop is kept, and each record says where the last answer is.
    assert!(answer(&all, "/from").message().starts_with("HTTP/1.1 302 Told\r\n"));
    let told = of_kind(&all, "metadata");
    let text = String::from_utf8_lossy(&told.iter().find(|entry| entry.url().ends_with("/to")).unwrap().block);
    assert!(text.starts_with(&format!("via: {}\r\nhopsFromSeed: R\r\nfetchTimeMs: ", site.url("/from"))), "{text}");
    for record in run.records() {
        let place = &record["saved"]["warc"];
        let at = answer(&all, record["final_url"].as_str().unwrap());
        assert_eq!((&place["file"], &place["offset"]), (&"out.warc.gz".into(), &at.head.offset.into()), "{record}");
        assert_eq!(at.field("WARC-Record-ID"), format!("<{}>", place["record_id"].as_str().unwrap()));
    }
    assert_eq!(of_kind(&all, "request").len(), 7);
}

#[tokio::test]
async fn a_request_is_kept_as_the_server_has_seen_it() {
    let (site, shelf) = (site().await, Shelf::new());
    let list = [
        format!(r#"{{"url": "{}", "headers": {{"X-B": "2", "Accept": "text/html"}}}}"#, site.url("/a?q=1")),
        format!(r#"{{"url": "{}", "method": "POST", "body": "a=1"}}"#, site.url("/b")),
        format!(r#"{{"url": "{}", "method": "POST"}}"#, site.url("/c")),
        format!(r#"{{"url": "{}", "method": "HEAD"}}"#, site.url("/d")),
        format!(r#"{{"url": "{}", "headers": {{"Host": "other.example"}}}}"#, site.url("/e")),
        format!(r#"{{"url": "{}", "method": "DELETE"}}"#, site.url_by_name("/f")),
    ];
    fs::write(shelf.path("list.jsonl"), list.join("\n")).unwrap();
    let run = shelf.fetchall(&["list.jsonl", "-H", "X-All: yes", "--warc", "out.warc.gz", "-q"]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let all = shelf.read("out.warc.gz");
    let sent = of_kind(&all, "request");
    assert_eq!(sent.len(), list.len());
    for ask in site.asks() {
        let is_it = |entry: &&&Entry| entry.message().starts_with(&format!("{} {} HTTP/1.1\r\n", ask.method, ask.path));
        let kept = sent.iter().find(is_it).unwrap_or_else(|| panic!("{} {}", ask.method, ask.path));
        let fields: Vec<String> = ask.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let message = kept.message();
        let (mut seen, mut noted) = (fields, message.lines().skip(1).map(str::to_owned).collect::<Vec<_>>());
        seen.sort();
        noted.sort();
        assert_eq!(noted, seen, "{}", ask.path);
        assert_eq!(kept.content(), ask.body);
    }
    let head = answer(&all, "/d");
    assert!(head.content().is_empty() && head.message().contains("x-fetchall-orig-content-length: "));
}

#[tokio::test]
async fn what_is_cut_says_why() {
    let (site, shelf) = (site().await, Shelf::new());
    let paths = ["/short", "/stall", "/long", "/torn", "/wrong"];
    let urls = paths.map(|path| site.url(path));
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend(["--warc", "out.warc", "--read-timeout", "300ms", "--max-body", "500", "-r", "0", "-q"]);
    let run = shelf.fetchall(&args).run().await;
    assert_eq!(run.exit, 1, "{run}");
    let all = shelf.read("out.warc");
    let cut = |path| (answer(&all, path).field("WARC-Truncated"), answer(&all, path).content().to_vec());
    assert_eq!(cut("/short"), ("disconnect", b"short".to_vec()));
    assert_eq!(cut("/stall"), ("time", b"slow".to_vec()));
    assert_eq!(cut("/long").0, "length");
    assert_eq!(cut("/torn"), ("", gzip(PAGE.as_bytes())[..30].to_vec()), "the message itself was whole");
    assert_eq!(cut("/wrong"), ("", b"this is not packed".to_vec()), "what cannot be unpacked is kept as it is");
}

#[tokio::test]
async fn the_same_content_is_a_revisit_and_so_is_what_has_not_changed() {
    let (site, shelf) = (site().await, Shelf::new());
    let urls = ["/same", "/same-too", "/etag"].map(|path| site.url(path));
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend(["--warc", "out.warc.gz", "-c", "1", "--accept", "2xx,304", "-q", "--warc-digest", "sha256"]);
    let run = shelf.fetchall(&args).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let all = shelf.read("out.warc.gz");
    let again = answer(&all, "/same-too");
    assert_eq!((again.head.kind(), again.content()), ("revisit", &b""[..]));
    assert_eq!(again.field("WARC-Refers-To-Target-URI"), site.url("/same"));
    assert_eq!(again.field("WARC-Refers-To"), answer(&all, "/same").field("WARC-Record-ID"));
    assert!(again.field("WARC-Payload-Digest").starts_with("sha256:"));
    let etag = answer(&all, "/etag");
    assert!(
        etag.field("WARC-Profile").ends_with("server-not-modified") && etag.field("WARC-Payload-Digest").is_empty()
    );
}

#[tokio::test]
async fn credentials_are_masked_unless_they_are_to_stay() {
    let (site, shelf) = (site().await, Shelf::new());
    let url = site.url("/from").replace("http://", "http://me:canary@");
    let usual = [url.as_str(), "--cookies", "on", "-q", "-H", "Cookie: a=canary"];
    let args = [&usual[..], &["--warc", "out.warc"]].concat();
    assert_eq!(shelf.fetchall(&args).run().await.exit, 0);
    let text = fs::read_to_string(shelf.path("out.warc")).unwrap();
    assert!(!text.contains("canary") && !text.contains("bWU6Y2FuYXJ5"), "{text}");
    assert!(text.contains("authorization: ***") && text.contains("set-cookie: ***") && text.contains("\ncookie: ***"));
    let args = [&usual[..], &["--warc", "all.warc", "--warc-redact", "off"]].concat();
    assert_eq!(shelf.fetchall(&args).run().await.exit, 0);
    let text = fs::read_to_string(shelf.path("all.warc")).unwrap();
    assert!(text.contains("session=canary") && text.contains("bWU6Y2FuYXJ5") && !text.contains("me:canary"));
}

#[tokio::test]
async fn every_attempt_and_the_files_that_lead_the_way_are_kept() {
    let (site, shelf) = (site().await, Shelf::new());
    let args = [
        &site.url("/flaky"),
        &site.url("/no"),
        "--robots",
        "obey",
        "--warc",
        "out.warc.gz",
        "-q",
        "--backoff",
        "1ms..2ms",
    ];
    let run = shelf.fetchall(&args.map(|arg| arg as &str)).run().await;
    assert_eq!(run.record(1)["skip"]["code"], "robots.disallowed", "{run}");
    assert_eq!(run.record(1)["saved"], serde_json::Value::Null);
    let all = shelf.read("out.warc.gz");
    let answers = of_kind(&all, "response");
    let mut seen: Vec<_> = answers.iter().map(|entry| (entry.url().to_owned(), entry.content().len())).collect();
    seen.sort();
    let expected = [(site.url("/flaky"), 6), (site.url("/flaky"), 10), (site.url("/robots.txt"), 28)];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_crawl_keeps_pages_with_their_way_and_links() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/a>a</a>"),
        "/a" => Reply::html("<a href=/b>b</a><a href=http://else.invalid/>c</a>"),
        "/b" => Reply::html("the end"),
        _ => Reply::status(404),
    })
    .await;
    let shelf = Shelf::new();
    let args = ["crawl", &site.url("/"), "--warc", "out.warc.gz", "--warc-size", "1", "-q"];
    let run = shelf.fetchall(&args.map(|arg| arg as &str)).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 3), "{run}");
    let mut all = Vec::new();
    for number in 0..4 {
        let entries = shelf.read(&format!("out-{number:05}.warc.gz"));
        assert_eq!((entries[0].head.kind(), entries.len() > 1), ("warcinfo", true));
        all.extend(entries);
    }
    let mut files: Vec<_> = fs::read_dir(shelf.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files.len(), 4, "{files:?}");
    let told = of_kind(&all, "metadata").into_iter().find(|entry| entry.url().ends_with("/a")).unwrap();
    let text = String::from_utf8_lossy(&told.block);
    assert!(text.starts_with(&format!("via: {}\r\nhopsFromSeed: L\r\n", site.url("/"))), "{text}");
    assert!(text.ends_with(&format!("outlink: {}\r\noutlink: http://else.invalid/\r\n", site.url("/b"))), "{text}");
    answer(&all, "/robots.txt");
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_kept_whole_and_records_are_as_ever() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/a.png>a</a>"),
        "/a.png" => Reply::of("image/png", "x".repeat(300_000)),
        _ => Reply::status(404),
    })
    .await;
    let (shelf, url) = (Shelf::new(), site.url("/"));
    let keys = |run: &Run| -> Vec<_> {
        let values = |record: &serde_json::Value| ["url", "ok", "bytes", "sha256"].map(|key| record[key].clone());
        run.records().iter().map(values).collect()
    };
    let plain = shelf.fetchall(&["crawl", &url, "-q"]).run().await;
    let run = shelf.fetchall(&["crawl", &url, "--warc", "out.warc.gz", "-q"]).run().await;
    assert_eq!((run.exit, keys(&run).len(), keys(&run)), (0, 2, keys(&plain)), "{run}");
    let all = shelf.read("out.warc.gz");
    let picture = answer(&all, "/a.png");
    assert_eq!((picture.content().len(), picture.head.get("WARC-Truncated")), (300_000, None));
    let again = shelf.fetchall(&["crawl", &url, "--replay", "out.warc.gz", "-q"]).run().await;
    assert_eq!(keys(&again), keys(&plain), "{again}");
}

#[tokio::test]
async fn what_is_there_is_not_written_over() {
    let (site, shelf) = (site().await, Shelf::new());
    let url = site.url("/same");
    let run = async |more: &[&str]| shelf.fetchall(&[&[url.as_str(), "-q"], more].concat()).run().await;
    for (args, told) in [
        (&["--warc", "out.zip"][..], ".warc.gz"),
        (&["--warc", "no/out.warc"], "no folder no"),
        (&["--warc", "out.warc", "-n"], "--dry-run"),
        (&["--warc", "out.warc", "--replay", "x.warc"], "--replay"),
        (&["--warc-size", "1GB"], "--warc"),
        (&["--replay", "none.warc"], "none.warc"),
        (&["--append"], "--append"),
    ] {
        let run = run(args).await;
        assert!(run.exit == 2 && run.stderr.contains(told), "{args:?}: {run}");
    }
    assert_eq!(site.connections(), 0);
    assert_eq!(run(&["--warc", "out.warc.gz"]).await.exit, 0);
    let refused = run(&["--warc", "out.warc.gz"]).await;
    assert!(refused.exit == 2 && refused.stderr.contains("--append"), "{refused}");
    assert_eq!(run(&["--warc", "out.warc.gz", "--append"]).await.exit, 0);
    assert_eq!(of_kind(&shelf.read("out.warc.gz"), "response").len(), 2);
    // A killed run leaves half a record; who goes on cuts it off.
    let mut torn = fs::read(shelf.path("out.warc.gz")).unwrap();
    torn.truncate(torn.len() - 20);
    fs::remove_file(shelf.path("out.warc.gz")).unwrap();
    fs::write(shelf.path("out.warc.gz.open"), torn).unwrap();
    let refused = run(&["--warc", "out.warc.gz"]).await;
    assert!(refused.exit == 2 && refused.stderr.contains("killed"), "{refused}");
    assert_eq!(run(&["--warc", "out.warc.gz", "--append"]).await.exit, 0);
    let all = shelf.read("out.warc.gz");
    assert_eq!((of_kind(&all, "response").len(), of_kind(&all, "metadata").len()), (3, 2));
}

#[tokio::test]
async fn http2_and_tls_are_told_and_written_as_tools_expect() {
    let tls = Tls::new(Cert::Good).alpn(&["h2", "http/1.1"]);
    let site = Site::start_tls(tls, |_| Reply::gzip(PAGE)).await;
    let shelf = Shelf::new();
    fs::write(shelf.path("ca.pem"), ca_pem()).unwrap();
    let url = site.url_by_name("/x");
    let run = shelf.fetchall(&[&url, "--ca", "ca.pem", "--warc", "out.warc.gz", "-q"]).run().await;
    assert_eq!((run.exit, &run.record(0)["http_version"]), (0, &"2".into()), "{run}");
    let all = shelf.read("out.warc.gz");
    let answer = answer(&all, "/x");
    let protocols: Vec<_> = answer.head.all("WARC-Protocol").collect();
    assert_eq!(protocols, ["h2", "tls/1.3"]);
    assert!(answer.message().starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(answer.content(), gzip(PAGE.as_bytes()));
}
