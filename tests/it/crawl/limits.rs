//! Budgets and traps: what they leave out, and what they must not.

use super::*;

/// `/` leads to twenty pages that robots.txt disallows, then to twenty others.
async fn half_private() -> Site {
    let all: String = ["private", "ok"]
        .map(|part| (0..20).map(|n| format!("<a href=/{part}/{n}>x</a>")).collect::<String>())
        .concat();
    Site::start(move |ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /private/"),
        "/" => Reply::html(all.as_str()),
        _ => Reply::html(""),
    })
    .await
}

#[tokio::test]
async fn pages_that_are_not_asked_for_cost_nothing_of_the_budget_whoever_looks() {
    let site = half_private().await;
    for (pages, fetched, is_over) in [("21", 21, false), ("11", 11, true), ("1", 1, true)] {
        for with in [&[][..], &["--with=skipped"]] {
            let before = asked(&site);
            let run = crawl(&site, &[&["--max-pages", pages][..], with].concat()).await;
            assert_eq!((run.exit, asked(&site) - before), (0, fetched), "{with:?} {run}");
            assert_eq!(run.stderr.contains("more pages than --max-pages"), is_over, "{run}");
            let skips = |code: &str| run.records().iter().filter(|record| record["skip"]["code"] == code).count();
            let told = skips("budget.pages") + skips("robots.disallowed");
            assert_eq!(told, if with.is_empty() { 0 } else { 41 - fetched }, "{run}");
        }
    }
}

#[tokio::test]
async fn seeds_that_their_list_leaves_out_cost_nothing() {
    let site = site(&[("/old", ""), ("/new", "")]).await;
    let list = tempfile::tempdir().unwrap();
    let path = list.path().join("list.xml");
    let entries = [("old", "2020-01-01"), ("new", "2030-01-01")];
    let entries: String = entries
        .map(|(page, day)| format!("<url><loc>{}</loc><lastmod>{day}</lastmod></url>", site.url(&format!("/{page}"))))
        .concat();
    std::fs::write(&path, format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{entries}</urlset>"))
        .unwrap();
    let run = fetchall(["crawl", path.to_str().unwrap(), "--since=2025-01-01", "--max-pages=1"]).run().await;
    assert_eq!((run.exit, site.hits("/old"), site.hits("/new")), (0, 0, 1), "{run}");
    assert_eq!(run.record(0)["skip"]["code"], "excluded", "{run}");
}

#[tokio::test]
async fn ordinary_sites_are_no_traps() {
    let few = [
        "/t/some-topic/5000/3",
        "/forum/1234/2",
        "/part/5820-10",
        "/archive/2001/01/01/01/",
        "/bible/1/1/1",
        "/item?ref=1050-10",
    ];
    let items: String = (0..1_500).map(|id| format!("<a href='/item?id={id}'>x</a>")).collect();
    let all = links(&few) + &items;
    let site = Site::start(move |ask| Reply::html(if ask.path == "/" { all.as_str() } else { "leaf" })).await;
    let run = crawl(&site, &["--max-pages=0", "--per-host=16"]).await;
    assert_eq!((run.exit, run.records().len()), (0, 1 + few.len() + 1_500), "{}", run.stderr);
    assert!(!run.stderr.contains("trap") && !run.stderr.contains("pages"), "nothing to be told: {run}");
}

#[tokio::test]
async fn what_looks_like_a_trap_is_counted_and_can_be_followed() {
    let site = site(&[("/", &links(&["/a/a/a", "/b/b/b", "/b/b/b?", "/cal/2999/01", "/cal/2090/01"]))]).await;
    let run = crawl(&site, &["--traps=on"]).await;
    assert_eq!(paths(&site, &run), ["/", "/cal/2999/01"]);
    let note = "3 URLs looked like traps (--with skipped lists them, --traps off follows them)";
    assert!(run.stderr.contains(note), "{run}");
    assert!(crawl(&site, &["--with=skipped"]).await.stderr.contains(note));
    let run = crawl(&site, &["--traps=off"]).await;
    assert_eq!((paths(&site, &run).len(), run.stderr.contains("traps")), (5, false), "{run}");
}

/// Links, sitemaps and redirects: no way leads past the guard, and what is behind it ends.
#[tokio::test]
async fn no_way_leads_around_the_traps() {
    let long = format!("/long?{}", "q".repeat(2_100));
    let deep = format!("/{}", (0..21).map(|n| format!("{n}/")).collect::<String>());
    let traps = ["/b/b/b", "/cal/2090/01", &deep, &long].map(str::to_owned);
    let at = traps.clone();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/sitemap.xml" => {
            let host = ask.header("host").unwrap_or_default();
            let entries =
                at.iter().map(|path| format!("<url><loc>http://{host}{path}</loc></url>")).collect::<String>();
            let ns = "http://www.sitemaps.org/schemas/sitemap/0.9";
            Reply::of("application/xml", format!("<urlset xmlns=\"{ns}\">{entries}</urlset>"))
        }
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(
            at.iter().map(|path| format!("<a href='{path}'>x</a>")).collect::<String>() + "<a href=/grow>x</a>",
        ),
        // Each page leads to a longer one, by a link and by a redirect.
        path if path.starts_with("/grow") && path.len() % 2 == 0 => Reply::redirect(302, &format!("{path}/x")),
        path if path.starts_with("/grow") => Reply::html(format!("<a href='{path}/x'>x</a>")),
        _ => Reply::html(""),
    })
    .await;
    let run = crawl(&site, &["--sitemaps=on", "--depth=9999", "--max-pages=0"]).await;
    for path in &traps {
        assert_eq!(site.hits(path), 0, "{path}: {run}");
    }
    assert_eq!(run.exit, 0, "{run}");
    assert!(asked(&site) < 20 && run.stderr.contains("like traps"), "{} asked: {run}", asked(&site));
}

#[tokio::test]
async fn a_path_that_begets_queries_without_end_ends() {
    let endless = |ask: &Ask| {
        let number: u32 = ask.path.rsplit('=').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Reply::html(format!("<title>Search</title><a href='/q?n={}'>x</a><a href='/q?m={number}'>x</a>", number + 1))
    };
    let site = Site::start(endless).await;
    let run = crawl(&site, &["--max-pages=0", "--depth=9999", "--per-host=4"]).await;
    assert!((1_000..2_100).contains(&run.records().len()), "{} {}", run.records().len(), run.stderr);
    assert!(run.stderr.contains("like a trap") || run.stderr.contains("like traps"), "{}", run.stderr);
}

#[tokio::test]
async fn a_host_has_its_budget() {
    let all: String = (0..9).map(|n| format!("<a href=/{n}>x</a>")).collect();
    let page = all.clone();
    let other = Site::start_at([127, 0, 0, 8], move |_| Reply::html(page.as_str())).await;
    let page = all + &links(&[&other.url("/")]);
    let site = Site::start(move |_| Reply::html(page.as_str())).await;
    let run = crawl(&site, &["--scope=any", "--max-pages-per-host=4", "--with=skipped"]).await;
    // The seed itself is not found by a link.
    assert_eq!((asked(&site), asked(&other)), (1 + 4, 4), "{run}");
    assert!(run.records().iter().any(|record| record["skip"]["code"] == "budget.pages"), "{run}");
    assert!(run.stderr.contains("a host has more pages than --max-pages-per-host allows"), "{run}");
    crawl(&site, &["--scope=any", "--max-pages-per-host=0"]).await;
    assert_eq!((asked(&site), asked(&other)), (5 + 10, 4 + 10));
}

#[tokio::test]
async fn talks_and_forms_are_pages_and_a_session_left_out_is_told() {
    let talks: String = (10..30)
        .map(|n| {
            format!(
                "<a href='/talk?sessionid=550e8400-e29b-41d4-a716-4466554400{n}'>x</a><a href='/form?cfid={n}'>x</a>"
            )
        })
        .collect();
    let shop = |n: char| format!("/shop?PHPSESSID={}", n.to_string().repeat(26));
    let page = talks + &links(&[&shop('a'), &shop('b'), &shop('b'), &shop('a')]);
    let site = Site::start(move |ask| Reply::html(if ask.path == "/" { page.as_str() } else { "" })).await;
    let run = crawl(&site, &["--with=skipped"]).await;
    let records = by_path(&site, &run);
    assert_eq!((asked(&site), records.len()), (1 + 40 + 1, 1 + 40 + 2), "{run}");
    let repeat = &records[&shop('b')]["skip"];
    assert_eq!(repeat["code"], "duplicate");
    assert!(repeat["message"].as_str().unwrap().ends_with("/shop"), "{repeat}");
}

#[tokio::test]
async fn links_of_a_page_are_followed_whatever_is_extracted_from_it() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/" => Reply::html("<a href=/thing>a thing</a>"),
        "/thing" => Reply::html("<b class=price>7</b>"),
        _ => Reply::status(404),
    })
    .await;
    let run = crawl(&site, &["--select", "price=.price|int|required"]).await;
    let records = run.records();
    assert_eq!((run.exit, records.len()), (1, 2), "{run}");
    assert_eq!((&records[0]["error"]["code"], &records[1]["data"]["price"]), (&"extract.missing".into(), &7.into()));
}
