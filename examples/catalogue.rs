//! A scraper of a catalogue: lists with pages, a detail page for each thing, one JSON line for each of
//! those. It starts the practice site itself, so it needs no network.
//!
//! `cargo run --example catalogue`, or with the address of a `fetchall demo --serve` behind it.

use std::io::Write as _;

use fetchall::{Fetcher, demo::Site, page::select::Selector};
use futures::StreamExt as _;

/// A thing as its page describes it.
#[derive(serde::Deserialize, serde::Serialize)]
struct Thing {
    name: String,
    price: f64,
    stock: Option<u32>,
    path: Vec<Crumb>,
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Crumb {
    text: String,
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let site = Site::start(0).await?;
    let first = std::env::args().nth(1).map_or_else(|| site.url("/"), |base| base + "/") + "catalogue/page/1";
    let fetcher = Fetcher::builder()
        .select("name", "article h1")
        .select("price", "article .price|number")
        .select("stock", ".stock|regex(\\d+)|int")
        .select("path[]", "nav:has(+ article) a{text=:scope, url=::attr(href)|url}")
        .build()?;
    let follow = Selector::parse("a.item, a.next::attr(href)")?;
    let mut pages = fetcher.crawl([first.as_str()], move |page| {
        page.css_with(&follow).iter().filter_map(|href| page.request(href)).collect()
    });
    let (mut out, mut things, mut sum) = (std::io::stdout(), 0, 0.0);
    while let Some(record) = pages.next().await {
        if let Some(thing) = record.data_as::<Thing>()? {
            writeln!(out, "{}", serde_json::to_string(&thing)?)?;
            (things, sum) = (things + 1, sum + thing.price);
        }
    }
    eprintln!("{things} things, {sum:.2} € in all");
    Ok(())
}
