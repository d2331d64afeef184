//! Crawling as a library: a plan, or `run` plus a closure.

use fetchall::{
    Fetcher, Request,
    crawler::{CrawlLimits, CrawlPlan, CrawlRules, Crawler},
};
use futures::StreamExt as _;

use super::*;

async fn shop() -> Site {
    site(&[
        (
            "/list?page=1",
            "<a class=item href=/item/1>1</a><a class=item href=/item/2>2</a><a class=next href='?page=2'>n</a>",
        ),
        ("/list?page=2", "<base href=/item/><a class=item href=3>3</a><a class=other href=/never>x</a>"),
        ("/item/1", "<h1>One</h1>"),
        ("/item/2", "<h1>Two</h1>"),
        ("/item/3", "<h1>Three</h1>"),
    ])
    .await
}

#[tokio::test]
async fn a_closure_says_what_comes_next() {
    let site = shop().await;
    let fetcher = Fetcher::builder().concurrency(1).build().unwrap();
    let mut pages = fetcher.crawl([site.url("/list?page=1")], |page| {
        let hrefs = page.css("a.item, a.next::attr(href)").unwrap();
        hrefs.iter().filter_map(|href| page.request(href)).collect()
    });
    let mut found = Vec::new();
    while let Some(record) = pages.next().await {
        assert!(record.body.is_none(), "bodies were for the closure");
        let page = record.page.unwrap();
        found.push((record.url.unwrap().replace(&site.url(""), ""), page.depth.unwrap()));
    }
    let want = [("/list?page=1", 0), ("/item/1", 1), ("/item/2", 1), ("/list?page=2", 1), ("/item/3", 2)];
    assert_eq!(found, want.map(|(path, depth)| (path.to_owned(), depth)));
}

#[tokio::test]
async fn requests_of_a_closure_may_have_a_way_of_their_own() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::json("{\"more\": [1, 2]}"),
        _ => Reply::text(ask.body.clone()),
    })
    .await;
    let api = site.url("/api");
    let fetcher = Fetcher::builder().concurrency(1).build().unwrap();
    let pages = fetcher.crawl([site.url("/")], move |page| {
        #[derive(serde::Deserialize)]
        struct More {
            more: Vec<u32>,
        }
        let Ok(More { more }) = page.json() else { return Vec::new() };
        // The last is the same request as the first.
        let bodies = more.iter().chain(more.first());
        bodies.map(|n| Request::get(api.as_str()).method(http::Method::POST).body(n.to_string())).collect()
    });
    let records: Vec<_> = pages.collect().await;
    assert_eq!((records.len(), site.hits("/api")), (3, 2));
    assert!(records[1..].iter().all(|record| record.method.as_deref() == Some("POST")));
}

#[tokio::test]
async fn a_plan_and_a_closure_go_together() {
    let site = site(&[("/", &links(&["/a"])), ("/a", ""), ("/extra", "")]).await;
    let plan = CrawlPlan {
        seeds: vec![Request::get(site.url("/"))],
        rules: CrawlRules { depth: 1, ..CrawlRules::default() },
        limits: CrawlLimits::default(),
        ..CrawlPlan::default()
    };
    let extra = site.url("/extra");
    let crawler = Crawler::new(plan).unwrap().on_page(move |page| {
        assert_eq!(page.links().count(), usize::from(page.depth() == 0 && page.url().path() == "/"));
        vec![Request::get(extra.as_str())]
    });
    let mut run = crawler.start();
    let mut seen = Vec::new();
    while let Some(record) = run.records.recv().await {
        seen.push(record.url.unwrap().replace(&site.url(""), ""));
    }
    seen.sort();
    assert_eq!(seen, ["/", "/a", "/extra"]);
    let end = run.end.await.unwrap();
    assert_eq!((end.pages, end.known, end.waiting, end.stopped), (3, 3, 0, None));
}

#[tokio::test]
#[should_panic(expected = "of the closure")]
async fn a_panic_of_the_closure_is_its_own() {
    let site = site(&[("/", "")]).await;
    let fetcher = Fetcher::builder().build().unwrap();
    fetcher.crawl([site.url("/")], |_| panic!("of the closure")).collect::<Vec<_>>().await;
}
