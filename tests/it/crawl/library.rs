//! Crawling as a library: a plan, or `run` plus a closure.

use fetchall::{
    Answer, Fetcher, Judgement, Outgoing, Record, Request, Verdict,
    crawler::{CrawlLimits, CrawlPlan, CrawlRules, Crawler},
    page::select::Selector,
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

/// A list whose second page says at first that it is not ready, and has one thing that is none.
async fn lazy_shop() -> Site {
    Site::start(|ask| match (ask.path.as_str(), ask.hit) {
        ("/list", _) => Reply::html("<a href=/item/1>1</a><a href=/item/2>2</a><a href=/private>p</a>"),
        ("/item/1", 0) => Reply::html("<p>Please wait</p>"),
        ("/item/1", _) => Reply::html("<h1>One</h1><b>7.50 €</b>"),
        _ => Reply::html(format!("<p>No such thing</p>{}", "x".repeat(2 << 20))),
    })
    .await
}

fn judged(answer: &Answer<'_>) -> Judgement {
    match answer.body() {
        Some(_) if answer.contains("Please wait") => Judgement::retry("wait"),
        // At the end of a page that is longer than what is kept for a title.
        Some(body) if answer.contains("No such thing") && body.ends_with(b"xx") => Judgement::reject("a soft 404"),
        Some(_) => Judgement::Usual,
        None => Judgement::reject("the body is not there"),
    }
}

fn held(outgoing: &mut Outgoing<'_>) -> Verdict {
    outgoing.set(http::header::AUTHORIZATION, http::HeaderValue::from_static("Signed"));
    if outgoing.url().path() == "/private" { Verdict::skip("private") } else { Verdict::Go }
}

fn told(records: &[Record]) -> Vec<(String, String, u32)> {
    let code = |record: &Record| match (&record.error, &record.skip) {
        (Some(error), _) => format!("{}: {}", error.code, error.message),
        (None, Some(skip)) => format!("{}: {}", skip.code, skip.message),
        (None, None) => "ok".to_owned(),
    };
    let path =
        |record: &Record| record.url.as_deref().and_then(|url| url.rsplit_once('/')).unwrap_or_default().1.into();
    let mut told: Vec<_> = records.iter().map(|record| (path(record), code(record), record.attempts)).collect();
    told.sort();
    told
}

#[tokio::test]
async fn hooks_work_in_runs_and_in_crawls_of_either_kind() {
    let wanted = |private: bool| {
        let mut rows = vec![("1", "ok", 2), ("2", "http.unexpected: a soft 404", 1), ("list", "ok", 1)];
        rows.extend(private.then_some(("private", "excluded: private", 0)));
        rows.into_iter().map(|(path, code, tries)| (path.to_owned(), code.to_owned(), tries)).collect::<Vec<_>>()
    };
    let fetcher = || Fetcher::builder().before(held).judge(judged).build().unwrap();

    let site = lazy_shop().await;
    let urls = ["/list", "/item/1", "/item/2", "/private"].map(|path| Request::get(site.url(path)));
    let records: Vec<_> = fetcher().run(futures::stream::iter(urls)).collect().await;
    assert_eq!(told(&records), wanted(true));
    assert_eq!(site.hits("/private"), 0);

    let site = lazy_shop().await;
    let pages =
        fetcher().crawl([site.url("/list")], |page| page.links().map(|url| Request::get(url.as_str())).collect());
    assert_eq!(
        told(&pages.collect::<Vec<_>>().await),
        wanted(false),
        "a page that nobody named has no record if it was not asked for"
    );
    assert_eq!(site.hits("/private"), 0);

    let site = lazy_shop().await;
    let plan = CrawlPlan { seeds: vec![Request::get(site.url("/list"))], ..CrawlPlan::default() };
    let mut run = Crawler::new(plan).unwrap().before(held).judge(judged).start();
    let mut records = Vec::new();
    while let Some(record) = run.records.recv().await {
        records.push(record);
    }
    assert_eq!(told(&records), wanted(false));
    assert_eq!(run.end.await.unwrap().waiting, 0, "what is held back is not waiting");
    assert_eq!(site.hits("/private"), 0);
}

#[tokio::test]
async fn a_struct_is_filled_from_what_was_selected_on_pages_of_its_kind() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Item {
        name: String,
        price: Option<f64>,
    }
    let site = shop().await;
    let fetcher = Fetcher::builder().select("name", "h1").select("price", "b|number").build().unwrap();
    let (found, names) = std::sync::mpsc::channel();
    let next = Selector::parse("a.item, a.next::attr(href)").unwrap();
    let pages = fetcher.crawl([site.url("/list?page=1")], move |page| {
        found.send(page.data::<Item>().unwrap()).unwrap();
        assert_eq!(
            page.css("a.item").unwrap().len(),
            page.css_with(&Selector::parse("a.item::attr(href)|url").unwrap()).len()
        );
        page.css_with(&next).iter().filter_map(|href| page.request(href)).collect()
    });
    let records: Vec<_> = pages.collect().await;
    let mut by_record: Vec<_> = records.iter().filter_map(|record| record.data_as::<Item>().unwrap()).collect();
    by_record.sort_by(|a, b| a.name.cmp(&b.name));
    let mut by_page: Vec<_> = names.try_iter().flatten().collect();
    by_page.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(by_page.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["One", "Three", "Two"]);
    assert_eq!(by_page, by_record);
    let fault =
        records.iter().find_map(|record| record.data_as::<std::collections::HashMap<String, u8>>().err()).unwrap();
    assert!(fault.to_string().starts_with("data.name: invalid type: string"), "{fault}");
}
