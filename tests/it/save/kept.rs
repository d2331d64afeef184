//! What is saved, and what is not.

use fetchall::{Fetcher, Judgement, Request};
use futures::StreamExt as _;

use super::*;

#[tokio::test]
async fn accepted_answers_are_saved_decoded_and_others_are_not() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/page" => Reply::gzip("<title>packed</title>"),
        "/empty.txt" => Reply::text(""),
        "/none" => Reply::status(204),
        "/part" => Reply::text("x").with_status(206).header("content-range", "bytes 0-0/9"),
        "/moved" => Reply::redirect(301, "/page"),
        "/cut" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort"),
        _ => Reply::text("sorry").with_status(404),
    })
    .await;
    let shelf = Shelf::new();
    let paths = ["/page", "/empty.txt", "/none", "/part", "/moved", "/cut", "/missing"];
    let urls = paths.map(|path| site.url(path));
    let run = shelf.save(urls.iter().map(String::as_str).chain(["--retries=0", "--ordered"])).run().await;
    let records = run.records();
    assert_eq!((run.exit, records.len()), (1, paths.len()), "{run}");
    for (record, body) in records.iter().zip([
        Some("<title>packed</title>"),
        Some(""),
        None,
        None,
        Some("<title>packed</title>"),
        None,
        None,
    ]) {
        match body {
            Some(body) => assert_eq!(shelf.saved(record), body.as_bytes()),
            None => assert!(record["saved"].is_null(), "{record}"),
        }
    }
    assert_eq!(records[0]["title"], "packed", "it is read as well");
    let all = shelf.all("pages");
    assert!(all.len() == 3 && all.iter().any(|name| name.ends_with("/moved+.html")), "{all:?}");
    let head = shelf.save([site.url("/head").as_str(), "-XHEAD", "--accept=404"]).run().await;
    assert!(head.exit == 0 && head.record(0)["saved"].is_null(), "{head}");
    let wanted = shelf.save([site.url("/missing").as_str(), "--accept=404"]).run().await;
    assert_eq!(shelf.saved(&wanted.record(0)), b"sorry");
}

#[tokio::test]
async fn another_run_replaces_the_file_of_the_same_url() {
    let site = Site::start(|ask| Reply::text(format!("{} {}", ask.path, ask.hit))).await;
    let shelf = Shelf::new();
    let (a, b) = (site.url("/a.txt"), site.url("/b.txt"));
    shelf.save([a.as_str(), &b]).run().await;
    let run = shelf.save([a.as_str()]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), b"/a.txt 1");
    assert_eq!(shelf.all("pages").len(), 2);
    assert_eq!(fs::read(shelf.path(&format!("pages/127.0.0.1+{}/b.txt", site.addr().port()))).unwrap(), b"/b.txt 0");
}

#[tokio::test]
async fn by_hash_each_content_is_there_once() {
    let site = Site::start(|ask| Reply::text(if ask.path == "/c" { "other" } else { "same" })).await;
    let shelf = Shelf::new();
    let urls = ["/a", "/b", "/c"].map(|path| site.url(path));
    let run = shelf.save(urls.iter().map(String::as_str).chain(["--save-by=hash"])).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let mut wanted = ["same", "other"].map(|text| {
        let hex = sha256(text.as_bytes());
        format!("{}/{}", &hex[..2], &hex[2..])
    });
    wanted.sort();
    assert_eq!(shelf.all("pages"), wanted);
    run.records().iter().for_each(|record| drop(shelf.saved(record)));
}

/// The most memory that a process has had so far, in KiB.
fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[tokio::test]
async fn a_body_of_any_length_goes_to_the_disk_and_not_into_memory() {
    let body = bytes(100 << 20);
    let (digest, len) = (sha256(&body), body.len());
    let site = Site::start(move |_| Reply::of("application/octet-stream", body.as_slice())).await;
    let shelf = Shelf::new();
    let mut child = shelf.save([site.url("/big.bin").as_str()]).start();
    let (pid, mut most) = (child.pid(), 0);
    while !child.ended() {
        most = most.max(peak(pid).unwrap_or_default());
        tokio::time::sleep(ms(5)).await;
    }
    let run = child.wait().await;
    let record = run.record(0);
    assert_eq!((run.exit, &record["bytes"], &record["sha256"]), (0, &len.into(), &digest.into()), "{run}");
    assert_eq!(fs::metadata(shelf.path(record["saved"]["path"].as_str().unwrap())).unwrap().len(), len as u64);
    assert!((1..64 << 10).contains(&most), "{most} KiB");
    let held = shelf.save([site.url("/other.bin").as_str(), "--max-body=1MiB"]).run().await;
    assert_eq!((held.exit, &held.record(0)["error"]["code"]), (1, &"body.too_large".into()), "{held}");
    assert_eq!(shelf.all("pages").len(), 1);
}

#[tokio::test]
async fn what_unpacks_to_more_than_any_text_does_is_not_saved() {
    let bomb = gzip(&vec![0; 80 << 20]);
    let site =
        Site::start(move |_| Reply::of("application/octet-stream", bomb.as_slice()).header("content-encoding", "gzip"))
            .await;
    let shelf = Shelf::new();
    let run = shelf.save([site.url("/bomb").as_str()]).run().await;
    assert_eq!((run.exit, &run.record(0)["error"]["code"]), (1, &"body.bomb".into()), "{run}");
    assert_eq!(shelf.all("pages"), Vec::<String>::new());
}

#[tokio::test]
async fn a_crawl_saves_its_pages_and_what_they_link_to_and_nothing_it_asks_for_itself() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/a/>a</a><a href=/logo.png>logo</a><a href=/gone>x</a>"),
        "/a/" => Reply::html("<title>a</title>"),
        "/logo.png" => Reply::of("image/png", "png"),
        "/robots.txt" => Reply::text("User-agent: *\nAllow: /"),
        "/sitemap.xml" => Reply::of("application/xml", "<urlset></urlset>"),
        _ => Reply::html("no such page").with_status(404),
    })
    .await;
    let shelf = Shelf::new();
    let url = site.url("/");
    let run = shelf.save(["crawl", url.as_str(), "--sitemaps=on", "--delay=0"]).run().await;
    assert_eq!(run.records().len(), 4, "{run}");
    let folder = format!("127.0.0.1+{}", site.addr().port());
    let wanted = ["a/index.html", "index.html", "logo.png"].map(|name| format!("{folder}/{name}"));
    assert_eq!(shelf.all("pages"), wanted, "{run}");
    for record in run.records() {
        assert_eq!(record["saved"].is_null(), record["ok"] == false, "{record}");
    }
    let extracted = fetchall(["extract", "pages", "--select", "t=title"]).dir(shelf.0.path()).run().await;
    let titles: Vec<_> = extracted.records().iter().map(|record| record["data"]["t"].clone()).collect();
    assert!(extracted.exit == 0 && titles.len() == 2 && titles.contains(&"a".into()), "{extracted}");
}

#[tokio::test]
async fn an_archive_can_be_unpacked_into_files() {
    let site = Site::start(|ask| Reply::gzip(format!("<title>{}</title>", ask.path))).await;
    let shelf = Shelf::new();
    let url = site.url("/a");
    let run = shelf.save([url.as_str(), "--warc=out.warc.gz"]).run().await;
    let record = run.record(0);
    assert!(record["saved"]["path"].is_string() && record["saved"]["warc"].is_object(), "{record}");
    assert_eq!(shelf.saved(&record), b"<title>/a</title>");
    fs::remove_dir_all(shelf.path("pages")).unwrap();
    let run = shelf.save([url.as_str(), "--replay=out.warc.gz"]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), b"<title>/a</title>");
    assert_eq!(site.asks().len(), 1);
}

#[tokio::test]
async fn the_library_saves_what_it_accepts_in_the_end() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/wait" if ask.hit == 0 => Reply::html("please wait"),
        "/bad" => Reply::html("not found, with 200"),
        "/gone" => Reply::html("gone for good").with_status(410),
        _ => Reply::html("fine"),
    })
    .await;
    let shelf = Shelf::new();
    let fetcher = Fetcher::builder()
        .save(shelf.path("pages"))
        .save_name("{stem}{ext}")
        .judge(|answer| match answer.status() {
            200 if answer.contains("please wait") => Judgement::retry("wait"),
            200 if answer.contains("not found") => Judgement::reject("none"),
            410 => Judgement::Accept,
            _ => Judgement::Usual,
        })
        .build()
        .unwrap();
    let urls = ["/wait", "/bad", "/gone", "/fine"].map(|path| Request::get(site.url(path)));
    let records: Vec<_> = fetcher.run(futures::stream::iter(urls)).collect().await;
    for record in records {
        let saved = record.saved.and_then(|saved| saved.path).map(|path| fs::read_to_string(path).unwrap());
        let wanted = match record.input.rsplit('/').next() {
            Some("bad") => None,
            Some("gone") => Some("gone for good"),
            _ => Some("fine"),
        };
        assert_eq!(saved.as_deref(), wanted, "{}", record.input);
    }
    assert_eq!(shelf.all("pages"), ["fine+.html", "gone+.html", "wait+.html"]);
    assert!(Fetcher::builder().save("x").save_name("{x}").build().is_err());
}

#[tokio::test]
async fn what_comes_from_the_cache_is_saved_as_well() {
    let site = Site::start(|ask| {
        let age = if ask.path == "/fresh" { "max-age=60" } else { "max-age=0" };
        match ask.header("if-none-match") {
            Some(_) => Reply::status(304).header("cache-control", age),
            None => Reply::html("<title>x</title>").header("cache-control", age).header("etag", "\"1\""),
        }
    })
    .await;
    let shelf = Shelf::new();
    for (path, uses) in [("/fresh", ["stored", "hit"]), ("/stale", ["stored", "revalidated"])] {
        for used in uses {
            let run = shelf.save([site.url(path).as_str(), "--cache=cache"]).run().await;
            let record = run.record(0);
            assert_eq!((run.exit, &record["cache"]), (0, &used.into()), "{run}");
            let saved = shelf.path(record["saved"]["path"].as_str().unwrap());
            assert_eq!(fs::read_to_string(&saved).unwrap(), "<title>x</title>");
            fs::remove_file(saved).unwrap();
        }
    }
    assert_eq!(site.hits("/fresh"), 1);
}
