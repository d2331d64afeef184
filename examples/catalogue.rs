//! A scraper of a catalogue: lists with pages, a detail page for each thing, one JSON line for each of
//! those. It starts the practice site itself, so it needs no network.
//!
//! `cargo run --example catalogue`

use fetchall::{Fetcher, Request, crawler::CrawledPage, demo::Site};
use futures::StreamExt as _;

/// What follows from a page: from a list its things and the next list, from a thing nothing.
fn follow(page: &CrawledPage<'_>) -> Vec<Request> {
    let found = page.css("a.item, a.next::attr(href)").unwrap_or_default();
    found.iter().filter_map(|href| page.request(href)).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let site = Site::start(0).await?;
    let fetcher = Fetcher::builder()
        .per_host(4)
        .select("name", "article h1")
        .select("cents", ".price::attr(data-cents)")
        .select("stock", ".stock")
        .select("path[]", ".breadcrumbs a")
        .build()?;
    let (mut things, mut cents) = (0, 0);
    let mut pages = fetcher.crawl([site.url("/catalogue/page/1")], follow);
    while let Some(record) = pages.next().await {
        let Some(data) = record.data.filter(|_| record.ok) else {
            eprintln!("{}: {:?}", record.input, record.error);
            continue;
        };
        let data: serde_json::Map<_, _> = data.into_iter().collect();
        if data["name"].is_null() {
            continue;
        }
        things += 1;
        cents += data["cents"].as_str().and_then(|cents| cents.parse().ok()).unwrap_or(0_u32);
        println!("{}", serde_json::Value::from(data));
    }
    eprintln!("{things} things, {}.{:02} € in all", cents / 100, cents % 100);
    Ok(())
}
