//! `--check-links`: links out of the scope are asked for once.

use super::*;

#[tokio::test]
async fn links_out_of_the_scope_are_looked_at_once_and_not_followed() {
    let out = Site::start_at([127, 0, 0, 6], |ask| match (ask.method.as_str(), ask.path.as_str()) {
        ("HEAD", "/no-head") => Reply::status(405),
        (_, "/dead") => Reply::status(404),
        _ => Reply::html("<a href=/more>x</a>"),
    })
    .await;
    let pages = [links(&[&out.url("/ok"), &out.url("/no-head"), "/a"]), links(&[&out.url("/ok"), &out.url("/dead")])];
    let site = Site::start(move |ask| Reply::html(pages[usize::from(ask.path != "/")].as_str())).await;
    let run = crawl(&site, &["--check-links"]).await;
    assert_eq!(run.exit, 1, "{run}");
    let records = by_path(&site, &run);
    assert_eq!(records.len(), 5, "{run}");
    let told = |path: &str| records[&out.url(path)].clone();
    assert_eq!((&told("/ok")["method"], &told("/ok")["status"]), (&"HEAD".into(), &200.into()));
    assert_eq!((&told("/no-head")["method"], &told("/no-head")["status"]), (&"GET".into(), &200.into()));
    assert_eq!((&told("/dead")["method"], &told("/dead")["ok"]), (&"GET".into(), &false.into()));
    for path in ["/ok", "/no-head", "/dead"] {
        assert_eq!((&told(path)["depth"], &told(path)["links"]), (&Value::Null, &Value::Null), "{path}");
        assert_eq!((&told(path)["type"], &told(path)["found_in"]), (&"page".into(), &"a".into()));
    }
    assert_eq!((out.hits("/ok"), out.hits("/no-head"), out.hits("/dead"), out.hits("/more")), (1, 2, 2, 0));
    assert_eq!((&told("/dead")["parent"], &records["/"]["links"]["external"]), (&site.url("/a").into(), &2.into()));
}

#[tokio::test]
async fn what_is_excluded_is_not_looked_at_and_they_are_no_pages_of_the_budget() {
    let out = Site::start_at([127, 0, 0, 7], |_| Reply::html("")).await;
    let page = links(&[&out.url("/1"), &out.url("/2"), &out.url("/no"), "/a"]);
    let site = Site::start(move |ask| Reply::html(if ask.path == "/" { page.as_str() } else { "" })).await;
    let run = crawl(&site, &["--check-links", "--exclude=/no$", "--max-pages=2", "--ordered"]).await;
    let told: Vec<_> = run.records().iter().map(|record| record["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, [site.url("/"), out.url("/1"), out.url("/2"), site.url("/a")], "{run}");
}

#[tokio::test]
async fn of_what_is_no_text_only_the_head_is_received() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: 83886080\r\n\r\n";
    let out = Site::start_at([127, 0, 0, 15], move |ask| match (ask.method.as_str(), ask.path.as_str()) {
        ("HEAD", _) => Reply::status(405),
        (_, "/robots.txt") => Reply::status(404),
        _ => Reply::stall(head),
    })
    .await;
    let page = links(&["/big.iso", &out.url("/out.iso")]);
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/" => Reply::html(page.as_str()),
        "/robots.txt" => Reply::status(404),
        _ => Reply::stall(head),
    })
    .await;
    let run = crawl(&site, &["--check-links", "--timeout=5s", "--retries=0"]).await;
    let records = by_path(&site, &run);
    assert_eq!((run.exit, records.len()), (0, 3), "{run}");
    for path in ["/big.iso", &out.url("/out.iso")] {
        let record = &records[path];
        assert_eq!((&record["status"], &record["method"]), (&200.into(), &"GET".into()), "{path}");
        assert!(["bytes", "wire_bytes", "sha256"].iter().all(|key| record[key].is_null()), "{record}");
    }
    assert!(run.wall < secs(5), "{run}");
    let run = crawl(&site, &["--with=body", "--timeout=1s", "--retries=0"]).await;
    assert_eq!(by_path(&site, &run)["/big.iso"]["ok"], false, "who wants the body waits for it: {run}");
}

#[tokio::test]
async fn a_head_that_get_heals_is_no_failure() {
    let out = Site::start_at([127, 0, 0, 16], |ask| match ask.method.as_str() {
        "HEAD" => Reply::close(),
        _ => Reply::html(""),
    })
    .await;
    let page = links(&[&out.url("/o"), "/1", "/2", "/3"]);
    let site =
        Site::start(move |ask| Reply::html(if ask.path == "/" { page.as_str() } else { "" }).after(ms(50))).await;
    let run = crawl(&site, &["--check-links", "--fail-fast"]).await;
    assert_eq!((run.exit, run.records().len()), (0, 5), "{run}");
}
