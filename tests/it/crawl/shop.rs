//! The demo site, crawled: its catalogue to the last thing, its traps to their ends.

use std::collections::BTreeSet;

use fetchall::demo;

use super::*;

fn found(run: &Run, site: &demo::Site) -> BTreeSet<String> {
    let records = run.records();
    let paths: BTreeSet<_> =
        records.iter().map(|record| record["url"].as_str().unwrap().replace(&site.url(""), "")).collect();
    assert_eq!(paths.len(), records.len(), "each once");
    paths
}

#[tokio::test]
async fn the_catalogue_is_found_to_its_last_thing() {
    let site = demo::Site::start(0).await.unwrap();
    let args = ["--scope=prefix", "--depth=9", "--select=price=.price", "--select=path[]=.breadcrumbs a"];
    let run = fetchall(["crawl", &site.url("/catalogue/")].iter().chain(&args)).run().await;
    let want = (1..=50).map(|n| format!("/catalogue/item/{n}")).chain((1..=5).map(|n| format!("/catalogue/page/{n}")));
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(found(&run, &site), want.chain(["/catalogue/".to_owned()]).collect());
    for record in run.records().iter().filter(|record| record["url"].as_str().unwrap().contains("/item/")) {
        assert!(record["data"]["price"].as_str().unwrap().ends_with('€'), "{record}");
        assert_eq!(record["data"]["path"].as_array().map(Vec::len), Some(3), "{record}");
        assert_eq!(record["canonical"], record["url"]);
    }
}

#[tokio::test]
async fn the_traps_of_the_demo_end() {
    let site = demo::Site::start(0).await.unwrap();
    for (seed, pages) in [("/maze/", 2..=2), ("/session/1", 3..=3), ("/calendar/2027/11", 600..=800)] {
        let args =
            ["--depth=5000", "--max-pages=0", "--include=^[^/]*//[^/]*/(maze|session|calendar)/", "--per-host=8"];
        let run = fetchall(["crawl", &site.url(seed)].iter().chain(&args)).run().await;
        assert_eq!(run.exit, 0, "{run}");
        assert!(pages.contains(&found(&run, &site).len()), "{seed}: {}", run.records().len());
    }
}
