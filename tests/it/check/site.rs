//! Pages, sitemaps and whole sites.

use super::*;
use crate::support::*;

#[tokio::test]
async fn the_links_of_a_page_are_checked_and_the_walk_stops_there() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/a>x</a>\n<a href=/gone>x</a><p id=p><a href='#p'>x</a><a href='#q'>x</a>")
            .header("link", "</nowhere>; rel=next"),
        "/a" => Reply::html("<a href=/deeper>x</a>"),
        _ => Reply::status(404),
    })
    .await;
    let checked = check(page(&site.url("/"))).await;
    assert_eq!(checked.told(), ["dead /gone", "dead /nowhere", "missing_anchor #q"]);
    let gone = checked.found.iter().find(|one| one.source.raw.as_ref() == "/gone").unwrap();
    assert_eq!(gone.source.url.as_deref(), Some(site.url("/").as_str()));
    assert_eq!((gone.source.line, gone.source.column), (Some(2), Some(9)));
    assert_eq!((checked.end.documents, checked.end.links), (1, 5));
    assert_eq!((site.hits("/"), site.hits("/a"), site.hits("/deeper")), (1, 1, 0));
}

#[tokio::test]
async fn a_walk_reads_each_page_below_its_start_once() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/docs/" => Reply::html(
            "<link rel=stylesheet href=s.css><a href=a.html#one>x</a><a href=/out.html>x</a><a href=moved>x</a>",
        ),
        "/docs/a.html" => Reply::html("<h1 id=one>x</h1><a href=./#top>x</a><a href=b/c.html>x</a><img src=pic.png>"),
        "/docs/b/c.html" => Reply::html("<a href=../a.html#two>x</a><a href=../gone>x</a><a href=d/>x</a>"),
        "/docs/moved" => Reply::redirect(302, "/docs/b/d/"),
        "/docs/b/d/" => Reply::html("<a href=e>x</a>"),
        "/docs/b/d/e" | "/docs/pic.png" | "/docs/bg.png" => Reply::text("x"),
        "/docs/s.css" => Reply::of("text/css", "a { background: url(bg.png) } b { background: url(none.png) }"),
        "/out.html" => Reply::html("<a href=/never>x</a>"),
        _ => Reply::status(404),
    })
    .await;
    let mut plan = page(&site.url("/docs/"));
    plan.reach.recurse = true;
    let checked = check(plan).await;
    assert_eq!(checked.told(), ["dead ../gone", "dead none.png", "missing_anchor ../a.html#two"]);
    for path in ["/docs/", "/docs/a.html", "/docs/b/c.html", "/docs/s.css", "/docs/b/d/e", "/out.html", "/docs/bg.png"]
    {
        assert_eq!(site.hits(path), 1, "{path}");
    }
    // asked as `moved` and by its own name, and read once
    assert_eq!((site.hits("/docs/b/d/"), site.hits("/never")), (2, 0));
    assert_eq!(checked.end.documents, 5);
}

#[tokio::test]
async fn entries_of_sitemaps_are_links() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/index.xml" => {
            Reply::of("application/xml", "<sitemapindex><sitemap><loc>/one.xml</loc></sitemap></sitemapindex>")
        }
        "/one.xml" => Reply::of("text/xml", "<urlset><url><loc>/a</loc></url><url><loc>/b</loc></url></urlset>"),
        "/a" => Reply::html("<a href=/not-walked>x</a>"),
        _ => Reply::status(404),
    })
    .await;
    let checked = check(page(&site.url("/index.xml"))).await;
    assert_eq!(checked.told(), ["dead /b"]);
    assert_eq!(site.hits("/not-walked"), 0);
}

#[tokio::test]
async fn a_start_that_is_dead_is_a_finding() {
    let site = Site::start(|_| Reply::status(404)).await;
    let checked = check(page(&site.url("/x"))).await;
    let finding = checked.only();
    assert!(!finding.ok && finding.source.element == "start");
    assert_eq!(finding.source.url.as_deref(), Some(site.url("/x").as_str()));
}

#[tokio::test]
async fn a_page_over_https_that_loads_over_http_is_told() {
    let dir = folder(&[("a.html", "<img src='http://h.example/x.png'><a href='http://h.example/'>x</a>")]);
    let mut plan = plan(dir.path());
    plan.place.base_url = Some("https://site.example/".parse().unwrap());
    plan.fetch.transport.resolve.insert(("h.example".to_owned(), 80), vec!["127.0.0.1".parse().unwrap()]);
    plan.fetch.retry.retries = 0;
    plan.reach.second_round = false;
    plan.severities = fetchall::check::rules::Severities::with(vec!["dead=off".parse().unwrap()]);
    let checked = check(plan).await;
    let expected = ["dead http://h.example/", "mixed http://h.example/x.png = https://h.example/x.png"];
    assert_eq!(checked.told(), expected);
}
