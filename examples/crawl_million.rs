//! Crawls a site of a million pages that exists in memory only, and prints what that took: the crawl
//! itself, without a network.
//!
//! `cargo run --release --example crawl_million -- [PAGES]`

use std::{
    num::NonZeroU64,
    sync::Arc,
    time::{Instant, SystemTime},
};

use fetchall::{
    Request,
    crawler::{CrawlLimits, CrawlPlan, CrawlRules, Crawler},
    fetch::Wire,
    model::{Ask, Body, Exchange, Failure, Head, code::Code},
};
use http::{HeaderMap, HeaderValue, header};

/// Links of a page to others that nobody else links to; with three levels back up.
const BRANCHES: u64 = 10;

/// A site of so many pages, each with a name of its own and its number at the end.
struct Site(u64);

fn name(number: u64) -> String {
    let shelf = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    format!("/catalogue/shelf-{shelf:06x}/a-thing-of-some-kind-{number}.html")
}

impl Site {
    fn page(&self, number: u64) -> String {
        let children = (number * BRANCHES + 1..=number * BRANCHES + BRANCHES).filter(|child| *child < self.0);
        let back = [0, number / BRANCHES, number.saturating_sub(1)];
        let links = children.chain(back).map(|page| format!("<li><a href=\"{}\">{page}</a>", name(page)));
        format!("<!doctype html><title>Page {number}</title><ul>{}</ul>", links.collect::<String>())
    }
}

impl Wire for Site {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let number = ask.url.path().rsplit('-').next().and_then(|end| end.strip_suffix(".html")?.parse().ok());
        let page = self.page(number.unwrap_or(0));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        let len = page.len() as u64;
        Exchange {
            head: Some(Head { status: 200, version: http::Version::HTTP_11, headers }),
            body: Some(Body { kept: page.into(), len, wire_len: len, ..Body::default() }),
            failure: None,
            ..Exchange::failed(SystemTime::now(), Failure::new(Code::Cancelled, ""))
        }
    }
}

/// Most memory that this process had, in MiB; 0 where the system does not say.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), fetchall::BuildError> {
    let pages = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let plan = CrawlPlan {
        seeds: vec![Request::get(format!("http://site.example{}", name(0)))],
        rules: CrawlRules { depth: u32::MAX, ..CrawlRules::default() },
        limits: CrawlLimits { pages: NonZeroU64::new(0), ..CrawlLimits::default() },
        ..CrawlPlan::default()
    };
    let before = peak();
    let begun = Instant::now();
    let mut run = Crawler::over(plan, Arc::new(Site(pages)))?.start();
    let mut most_waiting = 0;
    while run.records.recv().await.is_some() {
        most_waiting = most_waiting.max(run.handle.progress().waiting);
    }
    let took = begun.elapsed().as_secs_f64();
    let found = run.end.await.map(|end| end.pages).unwrap_or_default();
    println!(
        "pages {found} of {pages}  seconds {took:.1}  µs/page {:.1}  most waiting {most_waiting}  peak {:.1} MiB (before {before:.1})",
        took * 1e6 / found.max(1) as f64,
        peak(),
    );
    Ok(())
}
