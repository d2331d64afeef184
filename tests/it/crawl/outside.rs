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
