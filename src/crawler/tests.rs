//! Crawls over a wire that is none: any graph, whatever answers first.

mod going_on;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    num::NonZeroU64,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;

use super::*;
use crate::model::{Ask, Body, Code, Exchange, Failure, Head};

/// What a page does.
#[derive(Clone, Debug)]
enum Does {
    Links(Vec<usize>),
    Sends(usize),
    Fails,
}

/// Pages by number, each with the time it takes in milliseconds.
#[derive(Clone, Debug)]
struct Graph(Vec<(Does, u64)>);

impl Wire for Graph {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let number: Option<usize> = ask.url.path().trim_matches('/').parse().ok();
        let page = number.and_then(|number| self.0.get(number));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        let (status, body) = match page {
            Some((Does::Links(links), _)) => {
                (200, links.iter().map(|link| format!("<a href=/{link}>x</a>")).collect::<String>())
            }
            Some((Does::Sends(to), _)) => {
                headers.insert(header::LOCATION, HeaderValue::from_str(&format!("/{to}")).unwrap());
                (302, String::new())
            }
            Some((Does::Fails, _)) | None => (404, String::new()),
        };
        tokio::time::sleep(Duration::from_millis(page.map_or(0, |page| page.1))).await;
        let len = body.len() as u64;
        Exchange {
            head: Some(Head { status, version: http::Version::HTTP_11, headers }),
            body: Some(Body { kept: body.into(), len, wire_len: len, ..Body::default() }),
            failure: None,
            ..Exchange::failed(SystemTime::UNIX_EPOCH, Failure::new(Code::Cancelled, ""))
        }
    }
}

impl Graph {
    /// How far each page is from the first, as far as `most`.
    fn distances(&self, most: u32) -> BTreeMap<usize, u32> {
        let (mut found, mut waiting) = (BTreeMap::from([(0, 0)]), VecDeque::from([0]));
        while let Some(page) = waiting.pop_front() {
            let depth = found[&page];
            let Some((Does::Links(links), _)) = self.0.get(page) else { continue };
            for &link in links {
                if depth < most && !found.contains_key(&link) {
                    found.insert(link, depth + 1);
                    waiting.push_back(link);
                }
            }
        }
        found
    }

    /// Where a page sends in the end; `None` where that has no end.
    fn lands(&self, page: usize) -> Option<usize> {
        let mut at = page;
        for _ in 0..=self.0.len() {
            match self.0.get(at) {
                Some((Does::Sends(to), _)) => at = *to,
                _ => return Some(at),
            }
        }
        None
    }

    /// What is reached from the first page, and answers.
    fn reached(&self) -> BTreeSet<usize> {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![0]);
        while let Some(page) = waiting.pop().map(|page| self.lands(page)) {
            let Some(page) = page.filter(|page| found.insert(*page)) else { continue };
            if let Some((Does::Links(links), _)) = self.0.get(page) {
                waiting.extend(links);
            }
        }
        found
    }
}

/// The records of a crawl: number, depth, and the number that answered, if one did.
fn crawled(graph: &Graph, depth: u32, pages: u64, at_once: usize) -> Vec<(usize, u32, Option<usize>)> {
    let mut plan = CrawlPlan { seeds: vec![Request::get("http://h/0")], settings: settings(), ..CrawlPlan::default() };
    plan.settings.robots = crate::settings::RobotsMode::Ignore;
    plan.settings.limits.host.in_flight = NonZeroUsize::new(at_once).unwrap();
    plan.rules.depth = depth;
    plan.limits.pages = NonZeroU64::new(pages);
    let crawler = Crawler::over(plan, Arc::new(graph.clone())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let mut run = crawler.start();
        let mut out = Vec::new();
        let number = |url: &str| url.rsplit('/').next().unwrap().parse().unwrap();
        while let Some(record) = run.records.recv().await {
            let depth = record.page.as_ref().unwrap().depth.unwrap();
            let answered = record.final_url.filter(|_| record.status != Some(302));
            out.push((number(&record.url.unwrap()), depth, answered.as_deref().map(number)));
        }
        let end = run.end.await.unwrap();
        assert_eq!((end.pages, end.waiting), (out.len() as u64, 0));
        out
    })
}

/// Hosts of three kinds: `fast` is a chain, `slow` takes its time for each page, `dead` answers nothing.
struct Hosts;

impl Wire for Hosts {
    async fn exchange(&self, ask: Ask) -> Exchange {
        let number: u32 = ask.url.path().trim_matches('/').parse().unwrap_or(0);
        let body = match (ask.url.host_str().unwrap_or_default(), number) {
            ("fast", 0..8) => format!("<a href=/{}>x</a>", number + 1),
            ("fast", _) => String::new(),
            ("start", _) => {
                "<a href=http://fast/0>x</a><a href=http://dead/1>x</a><a href=http://dead/2>x</a>".to_owned()
            }
            ("slow", number) => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                if number == 0 { (1..=16).map(|n| format!("<a href=/{n}>x</a>")).collect() } else { String::new() }
            }
            _ => {
                tokio::time::sleep(ask.patience.total).await;
                let failure = Failure::new(Code::TimeoutTotal, "");
                return Exchange::failed(SystemTime::UNIX_EPOCH, failure);
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        let len = body.len() as u64;
        Exchange {
            head: Some(Head { status: 200, version: http::Version::HTTP_11, headers }),
            body: Some(Body { kept: body.into(), len, wire_len: len, ..Body::default() }),
            failure: None,
            ..Exchange::failed(SystemTime::UNIX_EPOCH, Failure::new(Code::Cancelled, ""))
        }
    }
}

/// Runs a plan over hosts; each record with the seconds that had passed when it came.
fn timed(seeds: &[&str], change: impl FnOnce(&mut CrawlPlan)) -> Vec<(u64, Record)> {
    let seeds = seeds.iter().map(|seed| Request::get(*seed)).collect();
    let mut plan = CrawlPlan { seeds, settings: settings(), ..CrawlPlan::default() };
    plan.settings.robots = crate::settings::RobotsMode::Ignore;
    plan.rules.depth = 99;
    change(&mut plan);
    let crawler = Crawler::over(plan, Arc::new(Hosts)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let start = tokio::time::Instant::now();
        let mut run = crawler.start();
        let mut out = Vec::new();
        while let Some(record) = run.records.recv().await {
            out.push((start.elapsed().as_secs(), record));
        }
        out
    })
}

/// When the last page of the chain came, and how deep it was told to be.
fn end_of_chain(records: &[(u64, Record)]) -> Option<(u64, Option<u32>)> {
    let last = records.iter().find(|(_, record)| record.url.as_deref() == Some("http://fast/8"));
    last.map(|(at, record)| (*at, record.page.as_ref().and_then(|page| page.depth)))
}

#[test]
fn a_slow_host_keeps_no_other() {
    let records = timed(&["http://slow/0", "http://fast/0"], |_| {});
    assert_eq!((records.len(), end_of_chain(&records)), (17 + 9, Some((0, Some(8)))));
    assert_eq!(records.last().map(|(at, _)| *at), Some(2 + 16), "two at once");
}

#[test]
fn a_dead_host_costs_the_patience_of_others_once() {
    let any = |plan: &mut CrawlPlan| plan.rules.scope = crate::policy::scope::Scope::Any;
    let records = timed(&["http://start/"], any);
    assert_eq!(end_of_chain(&records), Some((10, Some(9))));
    let own = timed(&["http://start/", "http://dead/", "http://fast/0"], |_| {});
    assert_eq!(end_of_chain(&own), Some((0, Some(8))), "where hosts keep to themselves it costs nothing");
}

#[test]
fn order_cannot_wait_for_itself() {
    let mut seeds = vec!["http://fast/0"; 1_000];
    seeds.push("http://slow/1");
    for window in [1, 8, 512] {
        let records = timed(&seeds, |plan| {
            plan.settings.choose.order = crate::settings::Order::Input;
            plan.settings.limits.window = NonZeroUsize::new(window).unwrap();
        });
        let seqs: Vec<_> = records.iter().map(|(_, record)| record.seq).collect();
        assert_eq!(seqs, (0..1_001 + 8).collect::<Vec<_>>());
    }
}

fn graphs(does: impl Strategy<Value = Does> + Clone) -> impl Strategy<Value = Graph> {
    proptest::collection::vec((does, 0_u64..5_000), 1..16).prop_map(Graph)
}

fn links() -> impl Strategy<Value = Does> + Clone {
    proptest::collection::vec(0_usize..17, 0..5).prop_map(Does::Links)
}

// So many, because only one graph in some hundred has a longer way that is quicker.
proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn each_page_within_reach_has_one_record_with_its_distance(
        graph in graphs(prop_oneof![6 => links(), 1 => Just(Does::Fails)]),
        depth in 0_u32..6,
        at_once in 1_usize..6,
    ) {
        let records = crawled(&graph, depth, 0, at_once);
        let found: BTreeMap<_, _> = records.iter().map(|(page, depth, _)| (*page, *depth)).collect();
        prop_assert_eq!(found.len(), records.len(), "each once");
        prop_assert_eq!(found, graph.distances(depth));
    }

    #[test]
    fn redirects_lead_to_what_can_be_reached_and_to_nothing_else(
        graph in graphs(prop_oneof![3 => links(), 2 => (0_usize..17).prop_map(Does::Sends), 1 => Just(Does::Fails)]),
        at_once in 1_usize..6,
    ) {
        let records = crawled(&graph, 99, 0, at_once);
        let asked: BTreeSet<_> = records.iter().map(|(page, ..)| *page).collect();
        prop_assert_eq!(asked.len(), records.len(), "each once");
        let answered: BTreeSet<_> = records.iter().filter_map(|(.., answered)| *answered).collect();
        prop_assert_eq!(answered, graph.reached());
    }

    #[test]
    fn as_many_pages_as_allowed_are_taken_and_not_one_more(
        graph in graphs(links()),
        pages in 1_u64..8,
        at_once in 1_usize..6,
    ) {
        let found = crawled(&graph, 99, pages, at_once).len() as u64;
        prop_assert_eq!(found, pages.min(graph.distances(99).len() as u64));
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_work_over_another_wire_and_what_is_rejected_is_not_followed() {
    let graph = Graph(vec![
        (Does::Links(vec![1, 2, 3]), 5),
        (Does::Links(vec![4]), 5),
        (Does::Fails, 5),
        (Does::Links(vec![]), 5),
    ]);
    let mut plan = CrawlPlan { seeds: vec![Request::get("http://h/0")], settings: settings(), ..CrawlPlan::default() };
    plan.settings.robots = crate::settings::RobotsMode::Ignore;
    let crawler = Crawler::over(plan, Arc::new(graph)).unwrap();
    let crawler = crawler.before(|outgoing| match outgoing.url().path() {
        "/3" => Verdict::skip("not this"),
        _ => Verdict::Go,
    });
    let mut run = crawler
        .judge(|answer| match answer.url().path() {
            "/1" if answer.contains("href=/4") => Judgement::reject("not this either"),
            "/2" => Judgement::Accept,
            _ => Judgement::Usual,
        })
        .start();
    let mut told = BTreeMap::new();
    while let Some(record) = run.records.recv().await {
        told.insert(record.url.unwrap(), record.error.map(|error| error.message));
    }
    let rejected = Some("not this either".to_owned());
    let expected = [("http://h/0", None), ("http://h/1", rejected), ("http://h/2", None)];
    assert_eq!(told, expected.map(|(url, error)| (url.to_owned(), error)).into());
    assert_eq!(run.end.await.unwrap().waiting, 0);
}
