//! What is asked of the server, and what records say then.

use super::*;

const PAGE: &str = "<title>Shop</title><h1>Pots</h1><a href=/next>next</a>";

fn fresh(reply: Reply) -> Reply {
    reply.header("cache-control", "max-age=600")
}

async fn site() -> Site {
    Site::start(|ask| match ask.path.as_str() {
        "/fresh" | "/next" => fresh(Reply::html(PAGE)).header("set-cookie", "sid=secret"),
        "/gzip" => fresh(Reply::gzip(PAGE)),
        "/chunked" => fresh(Reply::chunked(["<title>in", " pieces</title>"])),
        "/moved" => fresh(Reply::redirect(301, "/next")),
        "/found" => Reply::redirect(302, "/fresh"),
        "/gone" => fresh(Reply::status(404).body("no")),
        "/png" => fresh(Reply::of("image/png", vec![0x89, b'P', b'N', b'G', 0])),
        "/none" => fresh(Reply::status(204)),
        "/tagged" if ask.header("if-none-match") == Some("\"e\"") => {
            Reply::raw(format!("HTTP/1.1 304 Not Modified\r\netag: \"e\"\r\nx-turn: {}\r\n\r\n", ask.hit))
        }
        "/tagged" => Reply::html(PAGE).header("etag", "\"e\"").header("x-turn", "0"),
        "/dated" if ask.header("if-modified-since").is_some() => Reply::raw("HTTP/1.1 304 Not Modified\r\n\r\n"),
        "/dated" => Reply::html(PAGE)
            .header("last-modified", "Sat, 01 Jan 2000 00:00:00 GMT")
            .header("cache-control", "no-cache"),
        "/liar" if ask.header("if-none-match").is_some() => {
            Reply::raw("HTTP/1.1 304 Not Modified\r\netag: \"other\"\r\n\r\n")
        }
        "/liar" => Reply::html(format!("<title>{}</title>", ask.hit)).header("etag", "\"mine\""),
        "/news" => Reply::html(format!("<title>{}</title>", ask.hit)).header("etag", &format!("\"{}\"", ask.hit)),
        "/vary" => {
            fresh(Reply::text(ask.header("accept-language").unwrap_or("none"))).header("vary", "Accept-Language")
        }
        "/star" => fresh(Reply::text("x")).header("vary", "*"),
        "/never" => Reply::text("x").header("cache-control", "No-Store"),
        "/me" => fresh(Reply::text(format!("{:?} {:?}", ask.header("authorization"), ask.header("cookie")))),
        "/cut" => Reply::raw("HTTP/1.1 200 OK\r\ncache-control: max-age=9\r\ncontent-length: 99\r\n\r\nshort"),
        "/busy" => fresh(Reply::status(503)),
        "/robots.txt" => fresh(Reply::text("User-agent: *\nDisallow: /closed")),
        _ => Reply::text("x"),
    })
    .await
}

#[tokio::test]
async fn what_is_fresh_is_answered_without_the_server_and_says_what_the_server_said() {
    let (site, shelf) = (site().await, Shelf::new());
    let urls: Vec<_> =
        ["/fresh", "/gzip", "/chunked", "/moved", "/gone", "/png", "/none"].map(|path| site.url(path)).into();
    let args: Vec<&str> = urls.iter().map(String::as_str).collect();
    let usual = ["--with", "body,links,attempts", "--select", "h=h1", "--ordered"];
    let first = shelf.cached(&[&args[..], &usual].concat()).await;
    let asked = site.asks().len();
    let again = shelf.cached(&[&args[..], &usual].concat()).await;
    assert_eq!((first.exit, again.exit, site.asks().len()), (1, 1, asked), "{again}");
    for (before, after) in first.records().iter().zip(&again.records()) {
        assert_eq!((&before["cache"], &after["cache"]), (&json!("stored"), &json!("hit")), "{after}");
        assert_eq!(
            (&after["attempts"], &after["ip"], &after["timings"]["total_ms"]),
            (&json!(0), &Value::Null, &Value::Null)
        );
        assert_eq!(after["attempt_log"], json!([]));
        assert!(after["wire_bytes"] == 0 || after["wire_bytes"].is_null(), "{after}");
        let (mut before, mut after) = (lasting(before), lasting(after));
        for record in [&mut before, &mut after] {
            record.as_object_mut().unwrap().remove("attempt_log");
        }
        assert_eq!(before, after);
    }
    let with = shelf.cached(&[&site.url("/fresh"), "--with", "headers"]).await;
    assert_eq!(with.record(0)["headers"]["set-cookie"], json!(["***"]));
    assert_eq!(with.record(0)["headers"]["age"], json!(["0"]));
    let file = std::fs::read(shelf.path("cache/cache.sqlite")).unwrap();
    assert!(!file.windows(6).any(|part| part == b"secret"), "a cookie is not kept");
}

#[tokio::test]
async fn what_is_stale_is_asked_for_again_under_its_conditions_and_a_304_is_read_as_the_page() {
    let (site, shelf) = (site().await, Shelf::new());
    for path in ["/tagged", "/dated"] {
        let url = site.url(path);
        let args = [url.as_str(), "--with", "headers,links", "--select", "h=h1"];
        let first = shelf.cached(&args).await.record(0);
        let again = shelf.cached(&args).await.record(0);
        assert_eq!((&first["cache"], &again["cache"]), (&json!("stored"), &json!("revalidated")));
        for key in ["status", "bytes", "sha256", "title", "links", "data", "etag", "last_modified", "content_type"] {
            assert_eq!(first[key], again[key], "{path} {key}");
        }
        assert_eq!((&again["wire_bytes"], &again["attempts"]), (&json!(0), &json!(1)));
        assert!(again["ip"].is_string() && again["timings"]["total_ms"].is_number());
    }
    let third = shelf.cached(&[&site.url("/tagged"), "--with", "headers"]).await.record(0);
    assert_eq!(third["headers"]["x-turn"], json!(["2"]), "a 304 renews fields");
    // What has changed is the new page, and is kept in place of the old one.
    let news = site.url("/news");
    for title in ["0", "1"] {
        let record = shelf.cached(&[&news]).await.record(0);
        assert_eq!((&record["title"], &record["cache"]), (&json!(title), &json!("stored")));
    }
    assert_eq!(site.asks().last().unwrap().header("if-none-match"), Some("\"0\""));
    // A 304 about something else is no answer: the page is asked for without conditions.
    let liar = site.url("/liar");
    shelf.cached(&[&liar]).await;
    let record = shelf.cached(&[&liar]).await.record(0);
    assert_eq!((&record["status"], &record["title"], &record["cache"]), (&json!(200), &json!("2"), &json!("stored")));
}

#[tokio::test]
async fn what_may_not_be_kept_is_asked_for_each_time() {
    let (site, shelf) = (site().await, Shelf::new());
    for path in ["/star", "/never", "/busy", "/cut"] {
        for _ in 0..2 {
            let url = site.url(path);
            assert_eq!(shelf.of(&[&url, "-r", "0"]).await, "miss", "{path}");
        }
        assert_eq!(site.hits(path), 2, "{path}");
    }
    let url = site.url("/fresh");
    assert_eq!(shelf.of(&[&url, "--max-body", "10"]).await, "miss");
    assert_eq!(shelf.of(&[&url]).await, "stored");
    let small = shelf.cached(&[&url, "--max-body", "10"]).await;
    assert_eq!(small.record(0)["error"]["code"], "body.too_large", "the bound holds for what is there too");
}

#[tokio::test]
async fn answers_are_told_apart_by_what_vary_names_and_by_who_asks() {
    let (site, shelf) = (site().await, Shelf::new());
    let body = async |args: &[&str]| {
        let record = shelf.cached(&[args, &["--with", "body"]].concat()).await.record(0);
        (record["body"].as_str().unwrap().to_owned(), record["cache"].as_str().unwrap().to_owned())
    };
    let url = site.url("/vary");
    for (want, cache) in [("stored", "stored"), ("hit", "hit")] {
        for language in ["de", "en"] {
            let header = format!("Accept-Language: {language}");
            assert_eq!(body(&[&url, "-H", &header]).await, (language.to_owned(), cache.to_owned()), "{want}");
        }
    }
    let me = site.url("/me");
    for round in ["stored", "hit"] {
        for header in ["Authorization: Basic YTpi", "Cookie: a=1", "Cookie: a=2"] {
            let (text, cache) = body(&[&me, "-H", header]).await;
            assert!(text.contains(header.split_once(": ").unwrap().1), "{text}");
            assert_eq!(cache, round);
        }
        assert_eq!(body(&[&me]).await, ("None None".to_owned(), round.to_owned()));
    }
    // A jar is part of who asks.
    std::fs::write(shelf.path("jar.txt"), "127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\tmine\n").unwrap();
    for round in ["stored", "hit"] {
        let (text, cache) = body(&[&me, "--cookies", "jar.txt"]).await;
        assert_eq!((text.contains("sid=mine"), cache.as_str()), (true, round), "{text}");
    }
}

#[tokio::test]
async fn the_users_own_words_go_before_the_servers() {
    let (site, shelf) = (site().await, Shelf::new());
    let (fresh, plain) = (site.url("/fresh"), site.url("/plain"));
    for (args, want) in [
        (vec![&*fresh], "stored"),
        (vec![&*fresh, "-H", "Cache-Control: no-cache"], "stored"),
        (vec![&*fresh, "-H", "If-None-Match: \"x\""], "miss"),
        (vec![&*fresh, "--max-age", "0"], "stored"),
        (vec![&*plain], "stored"),
        (vec![&*plain], "stored"),
        (vec![&*plain, "--max-age", "1h"], "hit"),
        (vec![&*plain, "-H", "Cache-Control: no-store"], "miss"),
        (vec![&*plain, "-X", "POST"], "miss"),
        (vec![&*plain, "--max-age", "1h"], "stored"),
        (vec![&*fresh, "-X", "HEAD"], "hit"),
    ] {
        assert_eq!(shelf.of(&args).await, want, "{args:?}");
    }
    let cached = shelf.cached(&[&site.url("/other"), "-H", "Cache-Control: only-if-cached"]).await;
    assert_eq!((&cached.record(0)["error"]["code"], site.hits("/other")), (&json!("io.missing"), 0));
}

#[tokio::test]
async fn each_hop_is_an_answer_of_its_own() {
    let (site, shelf) = (site().await, Shelf::new());
    let url = site.url("/found");
    assert_eq!(shelf.of(&[&url]).await, "stored");
    let again = shelf.cached(&[&url]).await.record(0);
    assert_eq!((&again["cache"], &again["attempts"]), (&json!("hit"), &json!(1)), "{again}");
    assert_eq!((site.hits("/found"), site.hits("/fresh")), (2, 1), "a 302 says nothing about how long it holds");
    let kept = shelf.cached(&[&url, "--max-age", "1h"]).await.record(0);
    assert_eq!((&kept["cache"], &kept["attempts"], site.hits("/found")), (&json!("hit"), &json!(0), 2));
    assert_eq!(kept["redirects"], again["redirects"]);
}

#[tokio::test]
async fn what_is_there_takes_no_turn_of_its_host() {
    let shelf = Shelf::new();
    let slow = Site::start(|_| fresh(Reply::html(PAGE))).await;
    let list: String = (0..30).map(|n| slow.url(&format!("/{n}")) + "\n").collect();
    std::fs::write(shelf.path("list.txt"), list).unwrap();
    let first = shelf.cached(&["list.txt"]).await;
    assert_eq!(first.exit, 0, "{first}");
    let began = std::time::Instant::now();
    let again = shelf.cached(&["list.txt", "--rate", "1/s", "--delay", "1s", "-c", "1"]).await;
    assert!(again.records().iter().all(|record| record["cache"] == "hit"), "{again}");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(slow.asks().len(), 30);
}

#[tokio::test]
async fn a_second_crawl_of_a_site_that_has_not_changed_costs_304s_and_says_the_same() {
    let site = Site::start(|ask| {
        let etag = format!("\"{}\"", ask.path);
        if ask.header("if-none-match") == Some(&etag) {
            return Reply::raw(format!("HTTP/1.1 304 Not Modified\r\netag: {etag}\r\n\r\n"));
        }
        let reply = match ask.path.as_str() {
            "/robots.txt" => Reply::text("User-agent: *\nDisallow: /closed"),
            "/" => Reply::html("<title>home</title><a href=/a>a</a><a href=/b>b</a><a href=/closed>c</a>"),
            path => Reply::html(format!("<title>{path}</title><a href=/>home</a>")),
        };
        reply.header("etag", &etag)
    })
    .await;
    let shelf = Shelf::new();
    let url = site.url("/");
    let crawl = async || {
        let run = shelf.cached(&["crawl", &url, "--select", "t=title"]).await;
        let mut records = run.records();
        records.sort_by_key(|record| record["url"].as_str().map(str::to_owned));
        records
    };
    let first = crawl().await;
    let asked = site.asks().len();
    let again = crawl().await;
    assert_eq!((first.len(), again.len()), (3, 3));
    for (before, after) in first.iter().zip(&again) {
        assert_eq!(after["cache"], "revalidated");
        let (mut before, mut after) = (lasting(before), lasting(after));
        for record in [&mut before, &mut after] {
            record.as_object_mut().unwrap().remove("seq");
        }
        assert_eq!(before, after);
    }
    let asks = site.asks();
    assert_eq!(asks.len(), 2 * asked);
    assert!(asks[asked..].iter().all(|ask| ask.header("if-none-match").is_some()), "robots.txt among them");
}
