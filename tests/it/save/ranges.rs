//! Transfers that were cut and go on.

use std::sync::Arc;

use super::*;

const LEN: usize = 1_000_000;

/// How a server of ranges behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// As it should.
    Right,
    /// The file is another after the first request.
    Changes,
    /// It says that nothing is behind there.
    Denies,
    /// It sends another part.
    Misfits,
    /// It sends half of the rest, each time.
    Halves,
    /// It has only a weak entity tag.
    Weak,
    /// It packs.
    Packs,
}

/// A server whose first answer to each path is cut after 400,000 bytes.
async fn server(way: Way) -> (Site, Arc<Vec<u8>>) {
    let body = Arc::new(bytes(LEN));
    let served = Arc::clone(&body);
    let site = Site::start(move |ask| {
        let etag = match way {
            Way::Weak => "W/\"a\"",
            Way::Changes if ask.hit > 0 => "\"b\"",
            _ => "\"a\"",
        };
        let from = ask.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let is_same = ask.header("if-range") == Some(etag);
        let pack = if way == Way::Packs { "content-encoding: gzip\r\n" } else { "" };
        let whole = Reply::of("application/pdf", served.as_slice()).header("etag", etag);
        match (from, way) {
            _ if ask.hit == 0 => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LEN}\r\netag: {etag}\r\n{pack}\r\n");
                let sent = if way == Way::Packs { gzip(&served[..400_000]) } else { served[..400_000].to_vec() };
                Reply::raw([head.as_bytes(), &sent].concat())
            }
            (None, _) => whole,
            (Some(_), _) if !is_same => whole,
            (Some(_), Way::Denies) => Reply::status(416).header("content-range", &format!("bytes */{LEN}")),
            (Some(from), _) => {
                let from: usize = if way == Way::Misfits { from - 1 } else { from };
                let end = if way == Way::Halves { from + (LEN - from).div_ceil(2) } else { LEN };
                let range = format!("bytes {from}-{}/{LEN}", end - 1);
                Reply::of("application/pdf", &served[from..end])
                    .with_status(206)
                    .header("content-range", &range)
                    .header("etag", etag)
            }
        }
    })
    .await;
    (site, body)
}

#[tokio::test]
async fn a_transfer_that_was_cut_goes_on_where_it_stopped_if_that_fits() {
    for (way, attempts, requests) in
        [(Way::Right, 2, 2), (Way::Changes, 2, 2), (Way::Denies, 2, 3), (Way::Misfits, 2, 3), (Way::Weak, 2, 2)]
    {
        let (site, body) = server(way).await;
        let shelf = Shelf::new();
        let run = shelf.save([site.url("/a.pdf").as_str()]).run().await;
        let record = run.record(0);
        assert_eq!(shelf.saved(&record), *body, "{way:?}");
        assert_eq!((&record["status"], &record["attempts"]), (&200.into(), &attempts.into()), "{way:?}: {run}");
        let asks = site.asks();
        assert_eq!(asks.len(), requests, "{way:?}");
        let second = &asks[1];
        match way {
            Way::Weak => assert_eq!((second.header("range"), second.header("if-range")), (None, None)),
            _ => {
                let range = second.header("range").unwrap_or_else(|| panic!("{way:?}: no range")).to_owned();
                let from: usize = range["bytes=".len()..range.len() - 1].parse().unwrap();
                assert!((300_000..=400_000).contains(&from), "{range}");
                assert_eq!(second.header("if-range"), Some("\"a\""));
                assert_eq!(second.header("accept-encoding"), Some("identity"));
                let rest = if way == Way::Right { LEN - from } else { LEN };
                assert_eq!(record["wire_bytes"], rest, "{way:?}");
            }
        }
        assert_eq!(shelf.all("pages").len(), 1, "{way:?}: {:?}", shelf.all("pages"));
    }
}

#[tokio::test]
async fn another_run_goes_on_with_what_the_first_has_left() {
    let (site, body) = server(Way::Right).await;
    let shelf = Shelf::new();
    let url = site.url("/a.pdf");
    let run = shelf.save([url.as_str(), "--retries=0"]).run().await;
    assert_eq!((run.exit, &run.record(0)["error"]["code"]), (1, &"body.truncated".into()), "{run}");
    let all = shelf.all("pages");
    assert!(all.len() == 2 && all.iter().any(|name| is_part(name)), "{all:?}");
    let run = shelf.save([url.as_str(), "--retries=0"]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), *body, "{run}");
    assert_eq!((site.asks()[1].header("range"), shelf.all("pages").len()), (Some("bytes=400000-"), 1));
}

#[tokio::test]
async fn a_server_that_sends_a_piece_at_a_time_is_asked_until_it_is_whole() {
    let (site, body) = server(Way::Halves).await;
    let shelf = Shelf::new();
    let run = shelf.save([site.url("/a.pdf").as_str(), "--retries=3"]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "body.truncated", "{run}");
    let run = shelf.save([site.url("/a.pdf").as_str(), "--retries=40"]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), *body, "{run}");
}

#[tokio::test]
async fn what_was_packed_or_goes_into_an_archive_is_fetched_again_whole() {
    for (way, args) in
        [(Way::Packs, &[][..]), (Way::Right, &["--warc=out.warc.gz"]), (Way::Right, &["-H", "Range: bytes=0-"])]
    {
        let (site, body) = server(way).await;
        let shelf = Shelf::new();
        let url = site.url("/a.pdf");
        let run = shelf.save([url.as_str()].into_iter().chain(args.iter().copied())).run().await;
        if args.first() != Some(&"-H") {
            assert_eq!(shelf.saved(&run.record(0)), *body, "{run}");
        }
        assert!(site.asks().iter().all(|ask| ask.header("if-range").is_none()), "{way:?} {args:?}");
    }
}

#[tokio::test]
async fn a_run_that_is_interrupted_goes_on_where_it_stopped() {
    let body = Arc::new(bytes(LEN));
    let served = Arc::clone(&body);
    let site = Site::start(move |ask| match (ask.hit, ask.header("range")) {
        (0, _) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LEN}\r\netag: \"a\"\r\n\r\n");
            Reply::stall([head.as_bytes(), &served[..600_000]].concat())
        }
        (_, Some(range)) => {
            let from: usize = range["bytes=".len()..range.len() - 1].parse().unwrap();
            let range = format!("bytes {from}-{}/{LEN}", LEN - 1);
            Reply::of("application/pdf", &served[from..]).with_status(206).header("content-range", &range)
        }
        _ => Reply::status(500),
    })
    .await;
    let shelf = Shelf::new();
    let url = site.url("/a.pdf");
    let child = shelf.save([url.as_str()]).start();
    let is_long = |name: &String| fs::metadata(shelf.path("pages").join(name)).is_ok_and(|facts| facts.len() > 300_000);
    until(|| shelf.all("pages").iter().any(is_long)).await;
    child.signal(Signal::INT);
    let run = child.wait().await;
    assert_eq!(run.signal, Some(2), "{run}");
    let run = shelf.save([url.as_str()]).run().await;
    assert_eq!(shelf.saved(&run.record(0)), *body, "{run}");
    assert_eq!(site.asks().len(), 2);
}
