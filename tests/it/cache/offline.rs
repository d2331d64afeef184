//! Runs that ask nobody.

use super::*;

#[tokio::test]
async fn offline_every_answer_that_is_there_is_used_and_nobody_is_asked() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/moved" => Reply::redirect(302, "/page"),
        "/old" => Reply::html("<title>old</title>").header("expires", "0"),
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /closed"),
        _ => Reply::html("<title>page</title><a href=/old>old</a><a href=/closed>closed</a><a href=/lost>lost</a>"),
    })
    .await;
    let shelf = Shelf::new();
    let list = ["/moved", "/old"].map(|path| site.url(path)).join("\n");
    std::fs::write(shelf.path("list.txt"), list).unwrap();
    assert_eq!(shelf.cached(&["list.txt"]).await.exit, 0);
    let asked = site.asks().len();
    let offline = shelf
        .cached(&["list.txt", &site.url("/lost"), "--offline", "--ordered", "-H", "Cache-Control: no-cache"])
        .await;
    assert_eq!((offline.exit, site.asks().len()), (1, asked), "{offline}");
    assert_eq!(offline.record(0)["title"], "page");
    assert_eq!(offline.record(1)["cache"], "hit");
    let lost = &offline.record(2)["error"];
    assert_eq!((&lost["code"], &lost["retryable"]), (&json!("io.missing"), &json!(false)));
    assert!(lost["hint"].is_string() && lost["message"].as_str().unwrap().contains("--offline"), "{lost}");
    for args in [&["-X", "POST"][..], &["-H", "If-None-Match: \"x\""]] {
        let past = shelf.cached(&[&[site.url("/old").as_str(), "--offline"], args].concat()).await;
        assert_eq!(past.record(0)["error"]["code"], "io.missing", "{past}");
    }
    assert_eq!(site.asks().len(), asked);
}

#[tokio::test]
async fn an_offline_crawl_obeys_the_robots_txt_that_is_there_and_else_goes_where_answers_are() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /closed"),
        "/" => Reply::html("<a href=/a>a</a><a href=/closed>c</a>"),
        _ => Reply::html("<title>a</title>"),
    })
    .await;
    let shelf = Shelf::new();
    let (home, closed) = (site.url("/"), site.url("/closed"));
    // Fetched without a word to robots.txt, so that is not there.
    shelf.cached(&[&home, &site.url("/a"), &closed]).await;
    let asked = site.asks().len();
    let crawl = shelf.cached(&["crawl", &home, "--offline"]).await;
    assert_eq!((crawl.exit, crawl.records().len(), site.asks().len()), (0, 3, asked), "{crawl}");
    shelf.cached(&["crawl", &home]).await;
    let asked = site.asks().len();
    let crawl = shelf.cached(&["crawl", &home, "--offline", "--with", "skipped"]).await;
    let skipped: Vec<_> = crawl.records().into_iter().filter(|record| record["outcome"] == "skipped").collect();
    assert_eq!((skipped.len(), site.asks().len()), (1, asked), "{crawl}");
    assert_eq!(skipped[0]["skip"]["code"], "robots.disallowed");
}

#[tokio::test]
async fn flags_that_cannot_go_together_send_nothing() {
    let (site, shelf) = (Site::start(|_| Reply::text("x")).await, Shelf::new());
    let url = site.url("/");
    for (args, word) in [
        (&["--offline"][..], "--cache DIR"),
        (&["--max-age", "1h"], "--cache"),
        (&["--cache-size", "1MB"], "--cache"),
        (&["--cache", "c", "--offline", "--max-age", "1h"], "--max-age"),
        (&["--cache", "c", "--replay", "x.warc"], "--replay"),
    ] {
        let run = shelf.fetchall(&[&[url.as_str()], args].concat()).run().await;
        assert_eq!(run.exit, 2, "{run}");
        assert!(run.stderr.contains(word), "{run}");
    }
    assert!(site.asks().is_empty());
}
