//! What is left alone: other sites, what is excluded, what asks not to be followed, traps.

use serde_json::Value;

use super::*;

/// `code path` of each record that was skipped, sorted.
fn skips(site: &Site, run: &Run) -> Vec<String> {
    let records = by_path(site, run);
    let skipped =
        records.iter().filter_map(|(path, record)| Some(format!("{} {path}", record["skip"]["code"].as_str()?)));
    let mut skipped: Vec<_> = skipped.collect();
    skipped.sort();
    skipped
}

#[tokio::test]
async fn scopes_cover_a_host_a_domain_a_folder_or_everything() {
    let other = Site::start_at([127, 0, 0, 2], |_| Reply::html("<a href=/deeper>x</a>")).await;
    let links = links(&["/docs/a", "/docs/sub/b", "/top", &other.url("/x")]);
    let page = links.clone();
    let site = Site::start(move |ask| Reply::html(if ask.path == "/docs/" { page.as_str() } else { "" })).await;
    for (scope, own, others) in [
        ("host", &["/docs/", "/docs/a", "/docs/sub/b", "/top"][..], 0),
        ("prefix", &["/docs/", "/docs/a", "/docs/sub/b"], 0),
        ("any", &["/docs/", "/docs/a", "/docs/sub/b", "/top"], 2),
    ] {
        let before = asked(&other);
        let run = fetchall(["crawl", &site.url("/docs/"), "--scope", scope]).run().await;
        let found = paths(&site, &run);
        assert_eq!(found.iter().filter(|path| path.starts_with('/')).collect::<Vec<_>>(), own, "{scope}");
        assert_eq!(asked(&other) - before, others, "{scope} {run}");
    }
    // By name it is another host, and 127.0.0.1 is no part of its domain.
    let run = fetchall(["crawl", &site.url_by_name("/docs/"), "--scope=domain"]).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 4), "{run}");
}

#[tokio::test]
async fn a_seed_that_moved_to_another_host_is_crawled_there() {
    let moved =
        Site::start_at([127, 0, 0, 3], |ask| Reply::html(if ask.path == "/" { "<a href=/a>x</a>" } else { "" })).await;
    let target = moved.url("/");
    let site = Site::start(move |_| Reply::status(301).header("Location", &target)).await;
    let run = crawl(&site, &[]).await;
    assert_eq!((run.exit, run.records().len(), moved.hits("/a")), (0, 2, 1), "{run}");
}

#[tokio::test]
async fn a_redirect_out_of_the_scope_leads_no_further() {
    let back: std::sync::Arc<std::sync::OnceLock<String>> = std::sync::Arc::default();
    let way_back = back.clone();
    let out = Site::start_at([127, 0, 0, 4], move |_| {
        Reply::html(links(&["/more", way_back.get().map(String::as_str).unwrap_or_default()]))
    })
    .await;
    let target = out.url("/out");
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/leave>x</a>"),
        _ => Reply::status(302).header("Location", &target),
    })
    .await;
    back.set(site.url("/back")).unwrap();
    let run = crawl(&site, &[]).await;
    let records = by_path(&site, &run);
    assert_eq!((records.len(), out.hits("/more"), site.hits("/back")), (2, 0, 0), "{run}");
    assert_eq!(records["/leave"]["links"]["new"], 0);
}

#[tokio::test]
async fn patterns_choose_among_links_and_not_among_seeds() {
    let site =
        site(&[("/", &links(&["/a/1", "/b/1", "/a/no"])), ("/a/1", &links(&["/a/2"])), ("/a/2", ""), ("/b/1", "")])
            .await;
    let run = crawl(&site, &["--include", "/a/", "--exclude", "no$"]).await;
    assert_eq!(paths(&site, &run), ["/", "/a/1", "/a/2"]);
}

#[tokio::test]
async fn wishes_not_to_be_followed_are_granted_unless_told_otherwise() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => {
            Reply::html("<a href=/1 rel='x nofollow'>x</a><a href=/meta>x</a><a href=/field>x</a><a href=/index>x</a>")
        }
        "/meta" => Reply::html("<meta name=robots content='index, NOFOLLOW'><a href=/2>x</a>"),
        "/field" => Reply::html("<a href=/3>x</a>").header("X-Robots-Tag", "otherbot: noindex, fetchall: nofollow"),
        "/index" => Reply::html("<meta name=fetchall content=noindex><a href=/4>x</a>"),
        _ => Reply::html(""),
    })
    .await;
    let run = crawl(&site, &[]).await;
    let records = by_path(&site, &run);
    assert_eq!(records.keys().collect::<Vec<_>>(), ["/", "/4", "/field", "/index", "/meta"]);
    let told = |path: &str| (records[path]["noindex"].as_bool(), records[path]["nofollow"].as_bool());
    assert_eq!((told("/meta"), told("/field")), ((Some(false), Some(true)), (Some(false), Some(true))));
    assert_eq!(told("/index"), (Some(true), Some(false)));
    let run = crawl(&site, &["--nofollow=ignore"]).await;
    assert_eq!(paths(&site, &run).len(), 8, "{run}");
}

#[tokio::test]
async fn what_is_left_out_has_a_record_when_that_is_wanted() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html(
            "<a href='http://other.invalid/'>x</a><a href=/a>x</a><a href=/a/a/a/a>x</a><a href=/no>x</a>\
             <a href=/mark rel=nofollow>x</a><a href=/saved rel=nofollow>x</a>",
        ),
        "/a" => Reply::html("<a href=/deep>x</a><a href=/saved>x</a><a href=/no>x</a><a href=/mark rel=nofollow>x</a>"),
        _ => Reply::html("<a href=/deep>x</a>"),
    })
    .await;
    let run = crawl(&site, &["--with=skipped", "--exclude=/no$", "--depth=2"]).await;
    let want = ["budget.trap /a/a/a/a", "excluded /no", "robots.nofollow /mark", "scope http://other.invalid/"];
    assert_eq!(skips(&site, &run), want, "{run}");
    assert_eq!(run.exit, 0);
    let records = by_path(&site, &run);
    assert_eq!((&records["/mark"]["parent"], &records["/mark"]["depth"]), (&site.url("/").into(), &1.into()));
    assert_eq!((&records["/mark"]["links"], &records["/mark"]["status"]), (&Value::Null, &Value::Null));
    let run = crawl(&site, &["--with=skipped", "--exclude=/no$", "--depth=1", "--max-pages=1"]).await;
    assert_eq!(skips(&site, &run)[..2], ["budget.pages /a", "budget.trap /a/a/a/a"], "{run}");
    let run = crawl(&site, &["--with=skipped", "--depth=1"]).await;
    assert!(skips(&site, &run).contains(&"depth /deep".to_owned()), "{run}");
}

#[tokio::test]
async fn what_a_host_wants_left_alone_is_left_alone_and_costs_no_page() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /private"),
        "/" => Reply::html(links(&["/private/1", "/private/2", "/a"])),
        "/a" => Reply::html(links(&["/b", "/c"])),
        _ => Reply::html(""),
    })
    .await;
    let run = crawl(&site, &["--max-pages=4"]).await;
    assert_eq!((run.exit, paths(&site, &run)), (0, ["/", "/a", "/b", "/c"].map(str::to_owned).to_vec()), "{run}");
    assert_eq!((site.hits("/private/1"), site.hits("/robots.txt")), (0, 1));
    let run = crawl(&site, &["--with=skipped"]).await;
    assert_eq!(skips(&site, &run), ["robots.disallowed /private/1", "robots.disallowed /private/2"]);
    let run = fetchall(["crawl", &site.url("/private/1")]).run().await;
    assert_eq!(run.record(0)["skip"]["code"], "robots.disallowed", "a seed has its record: {run}");
    let run = crawl(&site, &["--robots=ignore"]).await;
    assert_eq!((paths(&site, &run).len(), site.hits("/private/1")), (6, 1), "{run}");
}

#[tokio::test]
async fn what_is_disallowed_in_any_spelling_is_left_alone() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /%7Ejoe/\nDisallow: /star-%2A.html\nDisallow: /%61bc/"),
        "/" => Reply::html(links(&["/%7Ejoe/secret.html", "/~joe/other", "/star-*.html", "/abc/x", "/star-a.html"])),
        _ => Reply::html(""),
    })
    .await;
    let run = crawl(&site, &[]).await;
    assert_eq!(paths(&site, &run), ["/", "/star-a.html"], "{run}");
}

#[tokio::test]
async fn a_host_whose_robots_txt_cannot_be_had_fails_the_crawl() {
    let site = Site::start(|ask| Reply::status(if ask.path == "/robots.txt" { 503 } else { 200 })).await;
    let run = crawl(&site, &["--retries=0"]).await;
    assert_eq!((run.exit, &run.record(0)["skip"]["code"]), (1, &"robots.unavailable".into()), "{run}");
}

#[tokio::test]
async fn traps_end_the_crawl() {
    let site = Site::start(|ask| {
        let path = ask.path.as_str();
        let number = ask.hit + path.len();
        match path.split(['/', '?', ';']).nth(1).unwrap_or_default() {
            "" => Reply::html(links(&["/loop/", "/calendar/2026/01", "/session/a;jsessionid=0", "/query?q=0"])),
            "loop" => Reply::html("<a href=loop/>x</a>"),
            "calendar" => {
                let year: u32 = path.split('/').nth(2).and_then(|year| year.parse().ok()).unwrap_or(0);
                Reply::html(format!("<a href=/calendar/{}/01>x</a>", year + 1))
            }
            "session" => Reply::html(format!("<a href='/session/a;jsessionid={number}'>x</a>")),
            "query" => Reply::html(format!("<a href='{path}&q={number}'>x</a>")),
            _ => Reply::status(404),
        }
    })
    .await;
    let run = crawl(&site, &["--depth=999", "--max-pages=0"]).await;
    let found = paths(&site, &run);
    let count = |start: &str| found.iter().filter(|path| path.starts_with(start)).count();
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!((count("/loop/"), count("/session/")), (2, 1), "{found:?}");
    assert!((1..9).contains(&count("/calendar/")) && (1..=10).contains(&count("/query")), "{found:?}");
}

#[tokio::test]
async fn fields_and_credentials_go_to_the_origins_of_seeds_only() {
    let other = Site::start_at([127, 0, 0, 5], |_| Reply::html("")).await;
    let page = links(&["/a", &other.url("/x")]);
    let site = Site::start(move |ask| Reply::html(if ask.path == "/" { page.as_str() } else { "" })).await;
    let seed = site.url("/").replace("http://", "http://user:secret@");
    let run = fetchall(["crawl", &seed, "--scope=any", "-H", "X-Key: secret"]).run().await;
    assert_eq!(run.records().len(), 3, "{run}");
    for ask in site.asks() {
        assert_eq!(
            (ask.header("x-key"), ask.header("authorization").is_some()),
            (Some("secret"), true),
            "{}",
            ask.path
        );
    }
    for ask in other.asks() {
        assert_eq!((ask.header("x-key"), ask.header("authorization")), (None, None), "{}", ask.path);
    }
    assert!(!run.text().contains("secret") && !run.stderr.contains("secret"), "{run}");
}

#[tokio::test]
async fn no_host_is_asked_for_more_than_two_pages_at_once() {
    let all: String = (0..40).map(|n| format!("<a href=/{n}>x</a>")).collect();
    let site = Site::start(move |ask| Reply::html(if ask.path == "/" { all.as_str() } else { "" }).after(ms(5))).await;
    assert_eq!(paths(&site, &crawl(&site, &[]).await).len(), 41);
    assert!(site.most_at_once() <= 2 && site.most_open() <= 2, "{} {}", site.most_at_once(), site.most_open());
}
