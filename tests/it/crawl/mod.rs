//! `fetchall crawl`: each page once, and a record for each.

mod command;
mod gentle;
mod library;
mod limits;
mod maps;
mod moves;
mod outside;
mod shop;
mod state;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::*;

/// A site of these pages; a page that begins with `->` sends on to what follows.
async fn site(pages: &[(&str, &str)]) -> Site {
    let pages: BTreeMap<String, String> = pages.iter().map(|(path, html)| ((*path).into(), (*html).into())).collect();
    Site::start(move |ask| match pages.get(&ask.path) {
        Some(page) => match page.strip_prefix("->") {
            Some(location) => Reply::status(302).header("Location", location),
            None => Reply::html(page.as_str()),
        },
        None => Reply::status(404),
    })
    .await
}

/// Links to these pages.
fn links(paths: &[&str]) -> String {
    paths.iter().map(|path| format!("<a href=\"{path}\">x</a>")).collect()
}

/// How many pages were asked for, the robots.txt that goes before them aside.
fn asked(site: &Site) -> usize {
    site.asks().iter().filter(|ask| ask.path != "/robots.txt").count()
}

async fn crawl(site: &Site, args: &[&str]) -> Run {
    fetchall(["crawl".to_owned(), site.url("/")].into_iter().chain(args.iter().map(|arg| (*arg).to_owned())))
        .run()
        .await
}

/// The records by path, which must be distinct.
#[track_caller]
fn by_path(site: &Site, run: &Run) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for record in run.records() {
        let url = record["url"].as_str().unwrap_or_default().to_owned();
        let path = url.strip_prefix(site.url("").as_str()).unwrap_or(&url).to_owned();
        assert!(out.insert(path, record).is_none(), "{url} twice: {run}");
    }
    out
}

/// The paths of the records, sorted.
#[track_caller]
fn paths(site: &Site, run: &Run) -> Vec<String> {
    by_path(site, run).into_keys().collect()
}

/// A small site with a cycle, a base, a redirect, fragments, spellings of one page, and a dead link.
async fn small() -> Site {
    let pages = [
        ("/", "<a href=/a>a</a><a href=/a#x>a</a><a href=dir/>d</a><a href=/moved>m</a><a href=/%61>a</a>".to_owned()),
        ("/a", "<html lang=en-GB><title>A</title>".to_owned() + &links(&["/", "/b?x=1", "?"])),
        ("/b?x=1", links(&["/a", "mailto:a@b", "javascript:x()", "/gone"])),
        ("/dir/", "<base href=/other/><a href=page>p</a>".to_owned()),
        ("/other/page", "<link rel=canonical href=/other/><link rel=stylesheet href=no><img src=no>".to_owned()),
        ("/other/", "end".to_owned()),
        ("/moved", "->/target".to_owned()),
        ("/target", links(&["/deep"])),
        ("/deep", "<iframe src=/framed></iframe><map><area href=/area></map>".to_owned()),
        ("/framed", "<meta http-equiv=refresh content='0; url=/fresh'>".to_owned()),
        ("/fresh", links(&["/target"])),
        ("/area", String::new()),
    ];
    let pages: Vec<_> = pages.iter().map(|(path, html)| (*path, html.as_str())).collect();
    site(&pages).await
}

#[tokio::test]
async fn every_page_of_a_graph_is_fetched_once_and_has_a_record() {
    let site = small().await;
    let run = crawl(&site, &["--depth", "9"]).await;
    let mut records = by_path(&site, &run);
    let want = [
        "/",
        "/a",
        "/area",
        "/b?x=1",
        "/deep",
        "/dir/",
        "/framed",
        "/fresh",
        "/gone",
        "/moved",
        "/other/",
        "/other/page",
    ];
    assert_eq!(records.keys().collect::<Vec<_>>(), want);
    // Only where a redirect leads is met by another name as well.
    assert_eq!(asked(&site), want.len() + 1, "{run}");
    assert_eq!((run.exit, records["/gone"]["ok"].as_bool()), (1, Some(false)));
    assert_eq!(records["/moved"]["final_url"], site.url("/target"));
    let told = |path: &str, key: &str| records[path][key].clone();
    assert_eq!(
        (told("/", "depth"), told("/", "parent"), told("/", "found_in")),
        (0.into(), Value::Null, "seed".into())
    );
    assert_eq!((told("/deep", "depth"), told("/deep", "parent")), (2.into(), site.url("/moved").into()));
    assert_eq!((told("/framed", "found_in"), told("/fresh", "found_in")), ("iframe".into(), "refresh".into()));
    assert_eq!((told("/a", "lang"), told("/a", "title")), ("en-GB".into(), "A".into()));
    assert_eq!(told("/other/page", "canonical"), site.url("/other/"));
    assert_eq!(told("/b?x=1", "links"), serde_json::json!({ "internal": 2, "external": 0, "new": 1 }));
    assert_eq!((told("/gone", "links"), told("/gone", "noindex")), (Value::Null, false.into()));
    let seqs =
        records.values_mut().map(|record| record["seq"].as_u64().unwrap()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(seqs, (0..12).collect());
}

#[tokio::test]
async fn a_site_without_dead_links_ends_well() {
    let site = site(&[("/", &links(&["/a"])), ("/a", "")]).await;
    let run = crawl(&site, &[]).await;
    assert_eq!((run.exit, paths(&site, &run).len()), (0, 2), "{run}");
}

#[tokio::test]
async fn alone_pages_come_in_the_order_in_which_they_were_found() {
    let site = small().await;
    let order = |run: &Run| {
        let told = run.records().iter().map(|record| record["url"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let seqs: Vec<_> = run.records().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
        assert!(seqs.is_sorted(), "{seqs:?}");
        told
    };
    let first = order(&crawl(&site, &["-c1", "--depth=9"]).await);
    assert_eq!(first, order(&crawl(&site, &["-c1", "--depth=9"]).await));
    assert_eq!(first[1..4], ["/a", "/dir/", "/moved"].map(|path| site.url(path)));
    let ordered = order(&crawl(&site, &["--per-host=9", "--depth=9", "--ordered"]).await);
    assert_eq!(ordered.len(), first.len());
}

#[tokio::test]
async fn a_page_is_as_deep_as_its_shortest_way_whatever_answers_first() {
    // The short way to /far leads over a page that takes its time.
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html(links(&["/slow", "/1"])),
        "/slow" => Reply::html(links(&["/far"])).after(ms(400)),
        "/1" => Reply::html(links(&["/2"])),
        "/2" => Reply::html(links(&["/far"])),
        "/far" => Reply::html(links(&["/end"])),
        _ => Reply::html(""),
    })
    .await;
    let run = crawl(&site, &["--depth=3"]).await;
    let records = by_path(&site, &run);
    assert_eq!((&records["/far"]["depth"], &records["/end"]["depth"]), (&2.into(), &3.into()), "{run}");
}

#[tokio::test]
async fn depth_and_number_of_pages_are_kept() {
    let chain = Site::start(|ask| {
        let number: u32 = ask.path.trim_matches('/').parse().unwrap_or(0);
        Reply::html(links(&[&format!("/{}", number + 1)]))
    })
    .await;
    for (depth, pages) in [("0", 1), ("1", 2), ("7", 8)] {
        assert_eq!(paths(&chain, &crawl(&chain, &["--depth", depth]).await).len(), pages);
    }
    assert_eq!(paths(&chain, &crawl(&chain, &[]).await).len(), 4, "three links deep");
    let wide = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html((0..50).map(|n| format!("<a href=/{n}>x</a>")).collect::<String>()),
        _ => Reply::html(links(&["/x", "/y", "/z"])),
    })
    .await;
    for most in ["1", "2", "17", "54"] {
        let run = crawl(&wide, &["--max-pages", most, "--per-host=8"]).await;
        assert_eq!(paths(&wide, &run).len().to_string(), most, "{run}");
    }
    let run = crawl(&wide, &["--max-pages", "0"]).await;
    assert_eq!(paths(&wide, &run).len(), 54, "{run}");
    let run = crawl(&wide, &["--max-pages", "17"]).await;
    assert!(run.stderr.contains("more pages than --max-pages allows"), "{run}");
}

#[tokio::test]
async fn a_redirect_to_a_known_page_is_recorded_and_its_links_are_followed_once() {
    let site = site(&[
        ("/", &links(&["/one", "/two", "/target"])),
        ("/one", "->/target"),
        ("/two", "->/target"),
        ("/target", &links(&["/end"])),
        ("/end", ""),
    ])
    .await;
    let run = crawl(&site, &[]).await;
    let records = by_path(&site, &run);
    assert_eq!(records.keys().collect::<Vec<_>>(), ["/", "/end", "/one", "/target", "/two"]);
    let new: u64 = ["/one", "/two", "/target"].map(|path| records[path]["links"]["new"].as_u64().unwrap()).iter().sum();
    assert_eq!((new, site.hits("/end")), (1, 1));
}

#[tokio::test]
async fn records_carry_what_was_asked_for() {
    let site = site(&[("/", "<h1>One</h1><a href=/a>x</a>"), ("/a", "<h1>Two</h1>")]).await;
    let run = crawl(&site, &["--select=heading=h1", "--with=links,headers,body"]).await;
    let records = by_path(&site, &run);
    assert_eq!((&records["/"]["data"]["heading"], &records["/a"]["data"]["heading"]), (&"One".into(), &"Two".into()));
    assert_eq!(records["/"]["links"]["urls"], serde_json::json!([site.url("/a")]));
    assert_eq!(records["/a"]["body"], "<h1>Two</h1>");
    assert!(records["/a"]["headers"]["content-type"].is_array());
    let again = fetchall(["-", "-f", "jsonl"]).stdin(run.stdout.clone()).run().await;
    assert_eq!((again.exit, again.records().len()), (0, 2), "records of pages are a list again: {again}");
}
