//! Redirects: where they lead, what follows from there, and what the scope becomes.

use std::sync::{Arc, OnceLock};

use super::*;

/// A site that sends each page on to the same page of `to`, after a while.
async fn sends_to(to: String, ip: u8) -> Site {
    Site::start_at([127, 0, 0, ip], move |ask| Reply::redirect(301, &format!("{to}{}", ask.path)).after(ms(300))).await
}

#[tokio::test]
async fn a_page_that_a_redirect_reaches_first_leads_on_from_there() {
    for slow in [0, 300] {
        let site = Site::start(move |ask| match ask.path.as_str() {
            "/" => Reply::html(links(&["/p", "/q"])),
            "/p" => Reply::html(links(&["/b"])),
            "/q" => Reply::redirect(302, "/b").after(ms(slow)),
            "/b" => Reply::html(links(&["/x"])),
            _ => Reply::html(""),
        })
        .await;
        let run = crawl(&site, &["--depth=2"]).await;
        let records = by_path(&site, &run);
        assert_eq!(records.keys().collect::<Vec<_>>(), ["/", "/b", "/p", "/q", "/x"], "{run}");
        assert_eq!((&records["/x"]["depth"], &records["/x"]["parent"]), (&2.into(), &site.url("/q").into()));
    }
}

#[tokio::test]
async fn a_page_that_answers_by_one_name_and_fails_by_another_leads_on() {
    let site = Site::start(|ask| match (ask.path.as_str(), ask.hit) {
        ("/", _) => Reply::html(links(&["/q", "/b"])),
        ("/q", _) => Reply::redirect(302, "/b"),
        ("/b", 1) => Reply::html(links(&["/x"])),
        ("/b", _) => Reply::status(404),
        _ => Reply::html(""),
    })
    .await;
    let run = crawl(&site, &["--per-host=1"]).await;
    assert!(paths(&site, &run).contains(&"/x".to_owned()), "{run}");
}

#[tokio::test]
async fn what_a_seed_leads_to_is_judged_when_all_seeds_have_landed() {
    let target = Site::start_at([127, 0, 0, 9], |_| Reply::html("")).await;
    let late = sends_to(target.url(""), 10).await;
    let page = links(&[&target.url("/x"), "http://other.invalid/"]);
    let site = Site::start(move |_| Reply::html(page.as_str())).await;
    for args in [&[][..], &["--check-links"]] {
        let run = fetchall(["crawl", &site.url("/"), &late.url("/")].iter().chain(args)).run().await;
        let found = run.records().iter().find(|record| record["url"] == target.url("/x").as_str()).cloned();
        let found = found.unwrap_or_else(|| panic!("{run}"));
        assert_eq!((&found["depth"], &found["method"]), (&1.into(), &"GET".into()), "{run}");
        assert!(run.stderr.contains(&format!("the scope took in {}", target.url("/"))), "{run}");
        assert_eq!(run.records().len(), 3 + args.len(), "{run}");
    }
}

#[tokio::test]
async fn a_seed_that_is_sent_to_the_front_page_does_not_open_the_site() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/docs/x" => Reply::redirect(302, "/"),
        "/" => Reply::html(links(&["/shop/1", "/docs/y"])),
        _ => Reply::html(""),
    })
    .await;
    let run = fetchall(["crawl", &site.url("/docs/x"), "--scope=prefix"]).run().await;
    assert_eq!(paths(&site, &run), ["/docs/x", "/docs/y"], "{run}");
    assert!(!run.stderr.contains("scope"), "{run}");
}

#[tokio::test]
async fn a_dot_behind_the_host_makes_no_second_site() {
    let own: Arc<OnceLock<String>> = Arc::default();
    let dotted = own.clone();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/" => Reply::html(links(&["/a", "/b", dotted.get().map(String::as_str).unwrap_or_default()])),
        "/a" => Reply::html(links(&["/b", "/c"])),
        _ => Reply::html(""),
    })
    .await;
    own.set(site.url_by_name("/a").replace("localhost", "localhost.")).unwrap();
    let run = fetchall(["crawl", &site.url_by_name("/")]).run().await;
    assert_eq!((run.records().len(), site.hits("/a"), site.hits("/b")), (4, 1, 1), "{run}");
}

#[tokio::test]
async fn sitemaps_of_the_place_where_a_seed_ends_count() {
    let target = Site::start_at([127, 0, 0, 11], |ask| {
        let base = format!("http://{}", ask.header("host").unwrap_or_default());
        let list = |name: &str| {
            let urls: String = (0..5).map(|n| format!("<url><loc>{base}/{name}{n}</loc></url>")).collect();
            Reply::of("application/xml", format!("<urlset>{urls}</urlset>"))
        };
        match ask.path.as_str() {
            "/robots.txt" => Reply::text(format!("Sitemap: {base}/named.xml")),
            "/sitemap.xml" => list("usual"),
            "/named.xml" => list("named"),
            _ => Reply::html(""),
        }
    })
    .await;
    let seed = sends_to(target.url(""), 12).await;
    for robots in ["obey", "ignore"] {
        let run = fetchall(["crawl", &seed.url("/"), "--sitemaps=on", "--robots", robots]).run().await;
        let count =
            |name: &str| run.records().iter().filter(|record| record["url"].as_str().unwrap().contains(name)).count();
        assert_eq!((run.exit, count("usual"), count("named"), run.records().len()), (0, 5, 5, 11), "{robots} {run}");
    }
}
