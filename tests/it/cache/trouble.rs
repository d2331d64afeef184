//! A cache that cannot be used, or only in part: never an answer less.

use super::*;

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_before_anything_is_sent() {
    let (site, shelf) = (Site::start(|_| Reply::text("x")).await, Shelf::new());
    std::fs::write(shelf.path("file"), "x").unwrap();
    std::fs::create_dir(shelf.path("notes")).unwrap();
    let notes = "these are my notes, and they are longer than the head of a database has to be to be read as one";
    std::fs::write(shelf.path("notes/cache.sqlite"), notes).unwrap();
    for dir in ["file", "file/below", "notes"] {
        let run = shelf.fetchall(&[&site.url("/"), "--cache", dir]).run().await;
        assert_eq!((run.exit, run.text()), (2, ""), "{run}");
        assert!(run.stderr.contains("cannot be used"), "{run}");
    }
    assert_eq!(std::fs::read_to_string(shelf.path("notes/cache.sqlite")).unwrap(), notes);
    assert!(site.asks().is_empty());
}

#[tokio::test]
async fn what_is_damaged_is_told_once_and_answered_by_the_network() {
    let body = "x".repeat(5000);
    let site = Site::start(move |_| Reply::text(body.clone()).header("cache-control", "max-age=600")).await;
    let shelf = Shelf::new();
    let list: String = (0..200).map(|n| site.url(&format!("/{n}")) + "\n").collect();
    std::fs::write(shelf.path("list.txt"), list).unwrap();
    assert_eq!(shelf.cached(&["list.txt"]).await.exit, 0);
    // The head stays, the rest is rubbish.
    let path = shelf.path("cache/cache.sqlite");
    let mut file = std::fs::read(&path).unwrap();
    file[8192..].iter_mut().enumerate().for_each(|(at, byte)| *byte ^= (at % 251) as u8);
    std::fs::write(&path, file).unwrap();
    let run = shelf.fetchall(&["list.txt", "--cache", "cache"]).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 200), "{}", run.stderr);
    assert!(run.records().iter().all(|record| record["bytes"] == 5000));
    assert_eq!(run.stderr.matches("was not of use throughout").count(), 1, "{}", run.stderr);
    assert!(site.asks().len() > 300, "{}", site.asks().len());
}

#[tokio::test]
async fn a_cache_stays_within_its_size() {
    let site = Site::start(|ask| Reply::text(ask.path.repeat(2000)).header("cache-control", "max-age=600")).await;
    let shelf = Shelf::new();
    let list: String = (0..300).map(|n| site.url(&format!("/{n:04}")) + "\n").collect();
    std::fs::write(shelf.path("list.txt"), list).unwrap();
    let run = shelf.cached(&["list.txt", "--cache-size", "1MB"]).await;
    assert_eq!(run.exit, 0, "{run}");
    let size = std::fs::metadata(shelf.path("cache/cache.sqlite")).unwrap().len();
    assert!((900_000..1_900_000).contains(&size), "{size}");
    let again = shelf.cached(&["list.txt", "--cache-size", "1MB", "--offline"]).await;
    let hits = again.records().iter().filter(|record| record["cache"] == "hit").count();
    assert!((60..100).contains(&hits), "{hits}");
}

#[tokio::test]
async fn an_archive_has_what_crossed_the_network_and_nothing_else() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/fresh" => Reply::html("<title>fresh</title>").header("cache-control", "max-age=600"),
        _ if ask.header("if-none-match").is_some() => Reply::raw("HTTP/1.1 304 Not Modified\r\netag: \"e\"\r\n\r\n"),
        _ => Reply::html("<title>tagged</title>").header("etag", "\"e\""),
    })
    .await;
    let shelf = Shelf::new();
    let urls = [site.url("/fresh"), site.url("/tagged")];
    let args = [urls[0].as_str(), &urls[1], "--ordered"];
    let first = shelf.cached(&[&args[..], &["--warc", "1.warc.gz"]].concat()).await;
    assert!(first.record(0)["saved"]["warc"].is_object() && first.record(1)["saved"]["warc"].is_object(), "{first}");
    let again = shelf.cached(&[&args[..], &["--warc", "2.warc.gz"]].concat()).await;
    assert_eq!((&again.record(0)["cache"], &again.record(0)["saved"]), (&json!("hit"), &Value::Null), "{again}");
    assert_eq!((&again.record(1)["cache"], &again.record(1)["title"]), (&json!("revalidated"), &json!("tagged")));
}
