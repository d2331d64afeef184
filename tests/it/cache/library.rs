//! The cache from Rust.

use std::num::NonZeroU32;

use fetchall::{Fetcher, Record, Request, Verdict, model::CacheUse};
use futures::{StreamExt as _, stream};

use super::*;

async fn fetched(fetcher: &Fetcher, urls: &[String]) -> Vec<Record> {
    fetcher.run(stream::iter(urls.to_vec()).map(Request::get)).collect().await
}

#[tokio::test]
async fn a_builder_has_the_cache_and_its_words() {
    let site = Site::start(|ask| Reply::html(format!("<title>{}</title>", ask.path))).await;
    let shelf = Shelf::new();
    let builder = || Fetcher::builder().cache(shelf.path("cache")).ordered();
    let urls: Vec<String> = (0..20).map(|n| site.url(&format!("/{n}"))).collect();
    for (fetcher, want) in [
        (builder(), CacheUse::Stored),
        (builder(), CacheUse::Stored),
        (builder().max_age(std::time::Duration::from_secs(60)), CacheUse::Hit),
        (builder().offline(), CacheUse::Hit),
    ] {
        let fetcher = fetcher.build().unwrap();
        let records = fetched(&fetcher, &urls).await;
        assert!(records.iter().all(|record| record.cache == Some(want)), "{want:?}");
        assert_eq!((records[7].title.as_deref(), fetcher.cache_fault()), (Some("/7"), None));
    }
    assert_eq!(site.asks().len(), 40);
    assert!(Fetcher::builder().offline().build().unwrap_err().to_string().contains("behind cache"));
    let first = builder().offline().first(NonZeroU32::MIN).build().unwrap();
    assert!(fetched(&first, &urls).await.iter().any(|record| record.ok));
}

#[tokio::test]
async fn what_a_hook_sends_is_what_is_looked_for() {
    let site = Site::start(|ask| {
        let who = ask.header("authorization").unwrap_or("nobody").to_owned();
        Reply::html(format!("<title>{who}</title>")).header("cache-control", "max-age=60")
    })
    .await;
    let shelf = Shelf::new();
    let url = [site.url("/")];
    for (who, cache) in [("a", CacheUse::Stored), ("b", CacheUse::Stored), ("a", CacheUse::Hit)] {
        let fetcher = Fetcher::builder().cache(shelf.path("cache")).before(move |outgoing| {
            outgoing.set(http::header::AUTHORIZATION, http::HeaderValue::from_static(who));
            Verdict::Go
        });
        let records = fetched(&fetcher.build().unwrap(), &url).await;
        assert_eq!((records[0].title.as_deref(), records[0].cache), (Some(who), Some(cache)));
        assert_eq!(records[0].attempts, u32::from(cache != CacheUse::Hit));
    }
    assert_eq!(site.asks().len(), 2);
}

#[tokio::test]
async fn what_was_believed_blindly_is_nothing_for_those_who_look() {
    let site = Site::start_tls(Cert::Good, |_| Reply::text("x").header("cache-control", "max-age=60")).await;
    let shelf = Shelf::new();
    let url = site.url_by_name("/");
    for cache in ["stored", "hit"] {
        assert_eq!(shelf.of(&[&url, "-k"]).await, cache);
    }
    let looked = shelf.cached(&[&url]).await;
    assert_eq!(looked.record(0)["error"]["code"], "tls.untrusted", "{looked}");
}
