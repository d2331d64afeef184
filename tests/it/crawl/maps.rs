//! `--sitemaps on`: entries are pages that no link leads to.

use super::*;

fn xml(root: &str, item: &str, urls: &[String]) -> Reply {
    let items: String = urls.iter().map(|url| format!("<{item}><loc>{url}</loc></{item}>")).collect();
    let text = format!(
        "<?xml version=\"1.0\"?><{root} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{items}</{root}>"
    );
    Reply::of("application/xml", text)
}

async fn mapped() -> Site {
    Site::start(|ask| {
        let base = format!("http://{}", ask.header("host").unwrap_or_default());
        let at = |path: &str| format!("{base}{path}");
        match ask.path.as_str() {
            "/robots.txt" => Reply::text(format!("User-agent: *\nDisallow: /private\nSitemap: {base}/index.xml\nsitemap: /gone.xml")),
            "/sitemap.xml" => Reply::of(
                "text/xml",
                format!(
                "<urlset><url><loc>{base}/island</loc><image:image xmlns:image='x'><image:loc>{base}/pic.png</image:loc></image:image></url></urlset>"
                ),
            ),
            "/index.xml" => xml("sitemapindex", "sitemap", &[at("/part.xml"), at("/packed.xml.gz"), at("/index.xml")]),
            "/part.xml" => xml("urlset", "url", &[at("/one"), at("/island"), "http://other.invalid/".to_owned()]),
            "/packed.xml.gz" => {
                let text = format!("<urlset><url><loc>{base}/two</loc></url></urlset>");
                Reply::of("application/gzip", gzip(text.as_bytes()))
            }
            "/" | "/one" | "/two" | "/island" => Reply::html("<a href=/>x</a>"),
            _ => Reply::status(404),
        }
    })
    .await
}

#[tokio::test]
async fn entries_of_sitemaps_are_pages_and_sitemaps_have_no_record() {
    let site = mapped().await;
    let run = crawl(&site, &["--sitemaps=on"]).await;
    let records = by_path(&site, &run);
    assert_eq!(records.keys().collect::<Vec<_>>(), ["/", "/island", "/one", "/two"], "{run}");
    assert_eq!(run.exit, 0, "a sitemap that is not there is no broken page");
    let island = &records["/island"];
    assert_eq!((&island["found_in"], &island["depth"]), (&"sitemap".into(), &1.into()));
    assert_eq!(records["/one"]["parent"], site.url("/part.xml"));
    assert_eq!((site.hits("/index.xml"), site.hits("/sitemap.xml"), site.hits("/pic.png")), (1, 1, 0));
}

#[tokio::test]
async fn robots_txt_is_asked_for_its_sitemaps_whether_it_is_obeyed_or_not() {
    let site = mapped().await;
    let run = crawl(&site, &["--sitemaps=on", "--robots=ignore"]).await;
    assert_eq!((paths(&site, &run).len(), site.hits("/robots.txt")), (4, 1), "{run}");
    crawl(&site, &["--sitemaps=on"]).await;
    assert_eq!(site.hits("/robots.txt"), 2);
}

#[tokio::test]
async fn without_being_asked_nobody_reads_sitemaps() {
    let site = mapped().await;
    let run = crawl(&site, &["--sitemaps=off"]).await;
    assert_eq!((paths(&site, &run), site.hits("/sitemap.xml")), (vec!["/".to_owned()], 0), "{run}");
}

#[tokio::test]
async fn indexes_of_indexes_end() {
    let site = Site::start(|ask| {
        let base = format!("http://{}", ask.header("host").unwrap_or_default());
        match ask.path.as_str() {
            "/" | "/robots.txt" => Reply::html(""),
            path => xml("sitemapindex", "sitemap", &[format!("{base}{path}x"), format!("{base}{path}y")]),
        }
    })
    .await;
    let run = crawl(&site, &["--sitemaps=on"]).await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(site.asks().iter().filter(|ask| ask.path.contains("sitemap")).count(), 1 + 2 + 4 + 8 + 16);
}

#[tokio::test]
async fn an_index_leads_to_its_own_host_and_not_to_strangers() {
    let other = Site::start_at([127, 0, 0, 13], |_| Reply::html("")).await;
    let strange: Vec<_> = (0..50).map(|n| other.url(&format!("/admin/delete?id={n}"))).collect();
    let site = Site::start(move |ask| {
        let base = format!("http://{}", ask.header("host").unwrap_or_default());
        match ask.path.as_str() {
            "/sitemap.xml" => xml("sitemapindex", "sitemap", &[&strange[..], &[format!("{base}/own.xml")]].concat()),
            "/own.xml" => xml("urlset", "url", &[format!("{base}/page")]),
            "/" | "/page" => Reply::html(""),
            _ => Reply::status(404),
        }
    })
    .await;
    let run = crawl(&site, &["--sitemaps=on"]).await;
    assert_eq!((paths(&site, &run), asked(&other)), (["/", "/page"].map(str::to_owned).to_vec(), 0), "{run}");
    assert!(run.stderr.contains("2 sitemaps were read, 50 left alone"), "{run}");
}

#[tokio::test]
async fn a_map_elsewhere_is_read_where_robots_txt_names_it_and_leads_one_level_further() {
    let own: std::sync::Arc<std::sync::OnceLock<String>> = std::sync::Arc::default();
    let home = own.clone();
    let other = Site::start_at([127, 0, 0, 14], move |ask| {
        let base = format!("http://{}", ask.header("host").unwrap_or_default());
        let home = home.get().cloned().unwrap_or_default();
        match ask.path.as_str() {
            "/1.xml" => xml("sitemapindex", "sitemap", &[format!("{base}/2.xml"), format!("{base}/3.xml")]),
            "/2.xml" => xml("urlset", "url", &[format!("{home}/page"), format!("{base}/strange")]),
            "/3.xml" => xml("sitemapindex", "sitemap", &[format!("{base}/4.xml")]),
            _ => Reply::status(404),
        }
    })
    .await;
    let map = other.url("/1.xml");
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/robots.txt" => Reply::text(format!("Sitemap: {map}")),
        "/" | "/page" => Reply::html(""),
        _ => Reply::status(404),
    })
    .await;
    own.set(site.url("")).unwrap();
    let run = crawl(&site, &["--sitemaps=on"]).await;
    assert_eq!(paths(&site, &run), ["/", "/page"], "{run}");
    assert_eq!((other.hits("/3.xml"), other.hits("/4.xml"), other.hits("/strange")), (1, 0, 0), "{run}");
}
