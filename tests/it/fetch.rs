//! `fetchall fetch`: one honest record for each request.

use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_page_becomes_a_record() {
    let site = Site::start(|_| {
        Reply::html("<title> Good \n day </title><h1>x</h1>").header("ETag", "\"a\"").header("Last-Modified", "yes")
    })
    .await;
    let run = fetchall([site.url("/p?q#frag")]).run().await;
    let record = run.record(0);
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(record["outcome"], "ok");
    assert_eq!(record["input"], site.url("/p?q#frag"));
    assert_eq!(record["url"], site.url("/p?q"));
    assert_eq!(record["final_url"], site.url("/p?q"));
    assert_eq!(record["host"], site.addr().to_string());
    assert_eq!((&record["status"], &record["method"]), (&json!(200), &json!("GET")));
    assert_eq!((&record["title"], &record["charset"]), (&json!("Good day"), &json!("utf-8")));
    assert_eq!((&record["content_type"], &record["http_version"]), (&json!("text/html"), &json!("1.1")));
    assert_eq!((&record["etag"], &record["ip"]), (&json!("\"a\""), &json!("127.0.0.1")));
    assert_eq!((&record["bytes"], &record["wire_bytes"]), (&json!(37), &json!(37)));
    assert_eq!(record["sha256"], "cd4904e4ffb69aafb80fec41347d93c479ab5040c743c082d0dad7d0b12d277e");
}

#[tokio::test]
async fn a_digest_that_is_not_wanted_is_null_and_nothing_else_changes() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/packed" => Reply::gzip("<title>Packed</title>"),
        _ => Reply::html("<title>Plain</title>"),
    })
    .await;
    for (path, title, bytes) in [("/plain", "Plain", 20), ("/packed", "Packed", 21)] {
        let record = fetchall([site.url(path), "--digest=off".into()]).run().await.record(0);
        assert_eq!((&record["sha256"], record["ok"].as_bool()), (&json!(null), Some(true)), "{record}");
        assert_eq!((&record["title"], &record["bytes"]), (&json!(title), &json!(bytes)));
        let record = fetchall([site.url(path), "--digest=on".into()]).run().await.record(0);
        assert!(record["sha256"].is_string(), "{record}");
    }
}

#[tokio::test]
async fn the_parts_of_the_time_add_up_and_a_reused_connection_has_no_handshake() {
    let site = Site::start(|_| Reply::text("x").after(ms(30))).await;
    let run = fetchall([site.url("/1"), site.url("/2"), "-c1".into()]).run().await;
    for seq in 0..2 {
        let timings = &run.record(seq)["timings"];
        let part = |name: &str| timings[name].as_f64().unwrap_or(0.0);
        let sum: f64 =
            ["dns_ms", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms"].into_iter().map(part).sum();
        assert!((sum - part("total_ms")).abs() < 0.01, "{timings}");
        assert!(part("wait_ms") >= 29.0 && timings["send_ms"].is_null(), "{timings}");
    }
    assert!(run.record(0)["timings"]["connect_ms"].is_number());
    assert!(run.record(1)["timings"]["connect_ms"].is_null());
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn failures_have_codes_and_the_exit_status_says_so() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/cut" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort"),
        "/cut-chunk" => Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
        "/garbage" => Reply::raw("NOT HTTP AT ALL\r\n\r\n"),
        "/empty" => Reply::close(),
        "/reset" => Reply::reset(),
        "/bad-chunk" => Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"),
        "/two-lengths" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!"),
        "/zip" => Reply::text("not zipped").header("Content-Encoding", "gzip"),
        "/999" => Reply::status(999),
        _ => Reply::status(404),
    })
    .await;
    for (path, code, attempts) in [
        ("/cut", "body.truncated", 2),
        ("/cut-chunk", "body.truncated", 2),
        ("/garbage", "protocol.invalid", 2),
        ("/empty", "protocol.empty", 2),
        ("/reset", "connect.reset", 2),
        ("/bad-chunk", "protocol.invalid", 2),
        ("/two-lengths", "protocol.invalid", 2),
        ("/zip", "body.decode", 1),
        ("/999", "http.unexpected", 1),
        ("/missing", "http.client_error", 1),
    ] {
        let run = fetchall([site.url(path), "--retries=1".into(), "--backoff=1ms..5ms".into()]).run().await;
        let record = run.record(0);
        assert_eq!((run.exit, &record["error"]["code"]), (1, &json!(code)), "{path}: {run}");
        assert_eq!((&record["attempts"], site.hits(path)), (&json!(attempts), attempts), "{path}: {record}");
        assert_eq!(record["ok"], false);
    }
}

#[tokio::test]
async fn names_and_ports_that_do_not_answer() {
    let run = fetchall(["http://127.0.0.1:1/", "http://no-such-host.invalid/", "ftp://h/x", "http://[bad", "-r0"])
        .run()
        .await;
    let codes: Vec<_> = (0..4).map(|seq| run.record(seq)["error"]["code"].as_str().unwrap().to_owned()).collect();
    assert_eq!(codes, ["connect.refused", "dns.not_found", "url.scheme", "url.invalid"]);
    assert_eq!(run.exit, 1);
}

#[tokio::test]
async fn retries_wait_and_then_succeed() {
    let site = Site::start(|ask| if ask.hit < 2 { Reply::status(503) } else { Reply::text("ok") }).await;
    let run = fetchall([site.url("/"), "--with=attempts".into(), "--backoff=20ms..20ms".into()]).run().await;
    let record = run.record(0);
    assert_eq!((run.exit, &record["attempts"]), (0, &json!(3)), "{run}");
    let log = record["attempt_log"].as_array().unwrap();
    assert_eq!(log.len(), 3);
    assert_eq!(log[0]["error"], "http.server_error");
    assert_eq!((&log[2]["status"], &log[2]["error"]), (&json!(200), &json!(null)));
    assert_eq!(log[1]["wait_for"], "backoff");
}

#[tokio::test]
async fn a_host_that_says_later_is_paused_and_it_costs_no_retry() {
    let site = Site::start(|ask| match ask.hit {
        0 if ask.path == "/a" => Reply::status(429).header("Retry-After", "1"),
        _ => Reply::text("ok"),
    })
    .await;
    let run =
        fetchall([site.url("/a"), site.url("/b"), "-r0".into(), "-c1".into(), "--with=attempts".into()]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let asks = site.asks();
    assert!(asks[1].at - asks[0].at >= ms(990), "the host was asked while it had asked for a pause");
    assert_eq!(run.record(0)["attempts"], 2);
    assert!(run.wall < secs(4));

    let hour = Site::start(|_| Reply::status(429).header("Retry-After", "3600")).await;
    let run = fetchall([hour.url("/")]).run().await;
    let error = &run.record(0)["error"];
    assert_eq!((&error["code"], hour.hits("/")), (&json!("http.rate_limited"), 1));
    assert!(error["message"].as_str().unwrap().contains("1h"), "{error}");
}

#[tokio::test]
async fn only_idempotent_methods_are_tried_again() {
    let site = Site::start(|_| Reply::status(500)).await;
    let post = ["-d", "x", "-r2", "--backoff=1ms..2ms"];
    fetchall([&site.url("/post")[..]].into_iter().chain(post)).run().await;
    fetchall([&site.url("/unsafe")[..], "--retry-unsafe"].into_iter().chain(post)).run().await;
    fetchall([&site.url("/put")[..], "-XPUT"].into_iter().chain(post)).run().await;
    assert_eq!((site.hits("/post"), site.hits("/unsafe"), site.hits("/put")), (1, 3, 3));
}

#[tokio::test]
async fn redirects_are_followed_and_recorded() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/a" => Reply::redirect(301, "/b?x"),
        "/b?x" => Reply::redirect(302, "c"),
        "/c" => Reply::text("end"),
        "/loop" => Reply::redirect(302, "/loop"),
        "/bad" => Reply::redirect(302, "http://["),
        "/ftp" => Reply::redirect(302, "ftp://h/"),
        path => {
            let n: u32 = path.trim_start_matches("/n").parse().unwrap_or(0);
            Reply::redirect(302, &format!("/n{}", n + 1))
        }
    })
    .await;
    let run = fetchall([site.url("/a")]).run().await;
    let record = run.record(0);
    assert_eq!(record["final_url"], site.url("/c"));
    assert_eq!(record["redirects"][0], json!({"status": 301, "url": site.url("/a"), "location": "/b?x"}));
    assert_eq!(record["redirects"].as_array().unwrap().len(), 2);
    for (path, code, hits) in [
        ("/loop", "redirect.loop", 1),
        ("/bad", "redirect.invalid", 1),
        ("/ftp", "redirect.scheme", 1),
        ("/n0", "redirect.too_many", 1),
    ] {
        let run = fetchall([site.url(path)]).run().await;
        assert_eq!(run.record(0)["error"]["code"], code, "{run}");
        assert_eq!(site.hits(path), hits);
    }
    assert_eq!((site.hits("/n10"), site.hits("/n11")), (1, 0), "ten hops, no more");
    let run = fetchall([site.url("/a"), "--redirects=0".into()]).run().await;
    assert_eq!((&run.record(0)["error"]["code"], &run.record(0)["status"]), (&json!("http.redirect"), &json!(301)));
}

#[tokio::test]
async fn methods_and_content_over_redirects() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/end" => Reply::text("end"),
        path => Reply::redirect(path[1..].parse().unwrap(), "/end"),
    })
    .await;
    for (status, method, body) in
        [(301, "GET", ""), (302, "GET", ""), (303, "GET", ""), (307, "POST", "k=v"), (308, "POST", "k=v")]
    {
        fetchall([site.url(&format!("/{status}")), "-d".into(), "k=v".into()]).run().await;
        let last = site.asks().pop().unwrap();
        assert_eq!((last.method.as_str(), &last.body[..]), (method, body.as_bytes()), "{status}");
        assert_eq!(last.header("content-type").is_some(), method == "POST", "{status}");
    }
}

#[tokio::test]
async fn packed_bodies_are_unpacked_and_measured() {
    let text = "abc".repeat(1000);
    let packed = gzip(text.as_bytes());
    let wire = packed.len();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/twice" => Reply::text(gzip(&packed)).header("Content-Encoding", "gzip, gzip"),
        "/cut" => Reply::text(&packed[..packed.len() - 6]).header("Content-Encoding", "gzip"),
        "/chunked" => Reply::chunked(packed.chunks(7).map(<[u8]>::to_vec)).header("Content-Encoding", "gzip"),
        "/four" => Reply::text("x").header("Content-Encoding", "gzip, gzip, gzip, gzip"),
        _ => Reply::text(packed.clone()).header("Content-Encoding", "gzip"),
    })
    .await;
    let run = fetchall([site.url("/"), "--with=body,headers".into()]).run().await;
    let record = run.record(0);
    assert_eq!((&record["bytes"], &record["wire_bytes"]), (&json!(3000), &json!(wire)));
    assert_eq!((&record["body"], &record["headers"]["content-encoding"]), (&json!(text), &json!(["gzip"])));
    for path in ["/twice", "/chunked"] {
        let run = fetchall([site.url(path)]).run().await;
        assert_eq!(run.record(0)["bytes"], 3000, "{run}");
    }
    for (path, code) in [("/cut", "body.truncated"), ("/four", "body.decode")] {
        let run = fetchall([site.url(path), "-r0".into()]).run().await;
        assert_eq!(run.record(0)["error"]["code"], code, "{run}");
    }
}

#[tokio::test]
async fn caps_hold_on_both_sides_of_the_coding() {
    let bomb = gzip(&vec![b'a'; 20 << 20]);
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/bomb" => Reply::text(bomb.clone()).header("Content-Encoding", "gzip"),
        "/big" => Reply::text(vec![b'a'; 3 << 20]),
        "/lie" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\nx"),
        _ => Reply::raw(format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "h".repeat(600_000))),
    })
    .await;
    for (path, code) in [
        ("/bomb", "body.bomb"),
        ("/big", "body.too_large"),
        ("/lie", "body.truncated"),
        ("/head", "protocol.headers_too_large"),
    ] {
        let run = fetchall([site.url(path), "--max-body=2MiB".into(), "-r0".into()]).run().await;
        assert_eq!(run.record(0)["error"]["code"], code, "{run}");
    }
}

#[tokio::test]
async fn many_ordinary_fields_pass_and_too_many_do_not() {
    let site = Site::start(|ask| {
        let count: usize = ask.path[1..].parse().unwrap();
        (0..count).fold(Reply::text("x"), |reply, n| reply.header(&format!("x-{n}"), "v"))
    })
    .await;
    let run = fetchall([site.url("/150"), site.url("/2000"), "-r0".into()]).run().await;
    assert_eq!(run.record(0)["outcome"], "ok");
    assert_eq!(run.record(1)["error"]["code"], "protocol.headers_too_large", "{run}");
}

#[tokio::test]
async fn a_crowded_head_is_asked_for_twice_at_most_once_a_run_and_never_what_must_not_be_repeated() {
    let site = Site::start(|_| (0..150).fold(Reply::text("x"), |reply, n| reply.header(&format!("x-{n}"), "v"))).await;
    let run = fetchall([site.url("/a"), site.url("/b"), "-c1".into()]).run().await;
    assert_eq!((run.exit, run.record(0)["attempts"].as_u64()), (0, Some(1)), "{run}");
    assert_eq!((site.hits("/a"), site.hits("/b")), (2, 1));
    let run = fetchall([site.url("/post"), "-dx".into()]).run().await;
    assert_eq!((run.exit, site.hits("/post")), (0, 1), "{run}");
}

#[tokio::test]
async fn time_limits_name_the_phase() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/mute" => Reply::text("x").after(secs(20)),
        "/stall" => Reply::stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nab"),
        _ => Reply::drip("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nabcdefghijklmnopqrstuvwxyz", ms(50)),
    })
    .await;
    for (path, flag, code) in [
        ("/mute", "--timeout=300ms", "timeout.total"),
        ("/mute", "--headers-timeout=300ms", "timeout.headers"),
        ("/stall", "--read-timeout=300ms", "timeout.read"),
        ("/drip", "--timeout=600ms", "timeout.total"),
        ("/mute", "--url-timeout=300ms", "timeout.total"),
    ] {
        let run = fetchall([site.url(path), flag.into(), "-r0".into()]).run().await;
        assert_eq!(run.record(0)["error"]["code"], code, "{path} {flag}: {run}");
        assert!(run.wall < secs(2), "{path} {flag}: {:?}", run.wall);
    }
    tokio::time::sleep(ms(500)).await;
    assert_eq!(site.open(), 0, "a connection outlived its request");
}

#[tokio::test]
async fn a_race_for_a_pooled_connection_is_not_seen() {
    // The second request on a connection is not answered: the server closes it just then.
    let served = std::sync::Mutex::new(std::collections::HashMap::new());
    let site = Site::start(move |ask| {
        let mut served = served.lock().unwrap();
        let count = served.entry(ask.peer).or_insert(0);
        *count += 1;
        if *count % 2 == 0 { Reply::close() } else { Reply::text("x") }
    })
    .await;
    let urls: Vec<String> = (0..40).map(|n| site.url(&format!("/{n}"))).collect();
    let run = fetchall(["-", "-r0", "-c1"]).stdin(urls.join("\n")).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 40), "{run}");
    assert!(run.records().iter().all(|record| record["attempts"] == 1));
    assert!(site.asks().len() >= 70, "no request met a connection that was being closed");
    // What is not idempotent is not asked twice.
    let post = fetchall(["-", "-r0", "-c1", "-d", "x"]).stdin(urls.join("\n")).run().await;
    assert!(
        post.exit == 1 && post.records().iter().any(|record| record["error"]["code"] == "protocol.empty"),
        "{post}"
    );
}

#[tokio::test]
async fn being_told_later_is_no_try_that_counts() {
    let site = Site::start(|ask| match ask.hit {
        0 => Reply::status(429).header("Retry-After", "0"),
        1 => Reply::status(500),
        _ => Reply::text("ok"),
    })
    .await;
    let run = fetchall([site.url("/"), "-r1".into(), "--backoff=1ms..2ms".into()]).run().await;
    assert_eq!((run.exit, &run.record(0)["attempts"]), (0, &json!(3)), "{run}");
}

#[tokio::test]
async fn one_time_limit_spans_the_hops_of_an_attempt() {
    let site = Site::start(|ask| {
        let n: u32 = ask.path[2..].parse().unwrap();
        Reply::redirect(302, &format!("/n{}", n + 1)).after(ms(250))
    })
    .await;
    let run = fetchall([site.url("/n0"), "--timeout=600ms".into(), "-r0".into()]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "timeout.total", "{run}");
    assert!(site.asks().len() <= 3);
}

#[tokio::test]
async fn the_time_of_a_url_runs_out_while_it_waits_too() {
    let site = Site::start(|_| Reply::status(500)).await;
    let flags = ["--url-timeout=600ms", "--rate-per-host=1/5s", "--backoff=1ms..2ms", "--with=attempts"];
    let url = site.url("/");
    let run = fetchall([&url[..]].into_iter().chain(flags)).run().await;
    let record = run.record(0);
    assert_eq!(record["error"]["code"], "timeout.total", "{run}");
    assert!(run.wall < secs(3), "{:?}", run.wall);
    assert_eq!((&record["attempts"], record["attempt_log"].as_array().unwrap().len()), (&json!(1), 1));
}

#[tokio::test]
async fn deflate_is_unpacked_with_its_wrapper_and_without() {
    use std::io::Write as _;
    let text = b"deflate ".repeat(500);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(&text).unwrap();
    let zlib = zlib.finish().unwrap();
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    bare.write_all(&text).unwrap();
    let bare = bare.finish().unwrap();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/zlib" => Reply::text(zlib.clone()).header("Content-Encoding", "deflate"),
        "/bare" => Reply::chunked(bare.chunks(1).map(<[u8]>::to_vec)).header("Content-Encoding", "deflate"),
        "/both" => Reply::text(gzip(&bare)).header("Content-Encoding", "deflate, gzip"),
        "/padded" => Reply::text([gzip(b"one"), vec![0; 9]].concat()).header("Content-Encoding", "gzip"),
        "/members" => Reply::text([gzip(b"one"), gzip(b"two")].concat()).header("Content-Encoding", "gzip"),
        _ => Reply::text(&zlib[..zlib.len() / 2]).header("Content-Encoding", "deflate"),
    })
    .await;
    for (path, bytes) in [("/zlib", 4000), ("/bare", 4000), ("/both", 4000), ("/padded", 3), ("/members", 6)] {
        let run = fetchall([site.url(path)]).run().await;
        assert_eq!(run.record(0)["bytes"], bytes, "{path}: {run}");
    }
    let run = fetchall([site.url("/cut"), "-r0".into()]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "body.truncated", "{run}");
}

#[tokio::test]
async fn priority_goes_before_order() {
    let site = Site::start(|_| Reply::text("x")).await;
    let lines: Vec<String> = [0, -1, 5]
        .iter()
        .map(|priority| json!({"url": site.url(&format!("/{priority}")), "priority": priority}).to_string())
        .collect();
    let run = fetchall(["-", "-c1", "--delay=100ms"]).stdin(lines.join("\n")).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let order: Vec<String> = site.asks().into_iter().map(|ask| ask.path).collect();
    let place = |path: &str| order.iter().position(|seen| seen == path).unwrap();
    assert!(place("/5") < place("/-1") && place("/0") < place("/-1"), "{order:?}");
}

#[tokio::test]
async fn what_the_page_says() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/latin" => Reply::of("text/html; charset=ISO-8859-1", b"<title>caf\xe9</title>".to_vec()),
        "/sjis" => Reply::of("text/html", b"<meta charset=shift_jis><title>\x93\xfa\x96{</title>".to_vec()),
        _ => Reply::html(
            "<base href=/b/><h1> One  <b>two</b></h1><a href=x>1</a><a href='?q&amp;r'>2</a><p data-n=7>p</p>",
        ),
    })
    .await;
    let select = [
        "--select=h=h1",
        "--select=all[]=a::text",
        "--select=n=p::attr(data-n)",
        "--select=html=h1::html",
        "--select=none=.none",
    ];
    let page = site.url("/");
    let run = fetchall([&page[..], "--with=links"].into_iter().chain(select)).run().await;
    let record = run.record(0);
    let data = json!({"h": "One two", "all": ["1", "2"], "n": "7", "html": " One  <b>two</b>", "none": null});
    assert_eq!(record["data"], data);
    assert_eq!(record["links"], json!([site.url("/b/x"), site.url("/b/?q&r")]));
    let run = fetchall([site.url("/latin"), site.url("/sjis")]).run().await;
    assert_eq!((&run.record(0)["title"], &run.record(0)["charset"]), (&json!("café"), &json!("windows-1252")));
    assert_eq!((&run.record(1)["title"], &run.record(1)["charset"]), (&json!("日本"), &json!("shift_jis")));
}

#[tokio::test]
async fn bodies_that_are_no_text_come_as_base64() {
    let site = Site::start(|_| Reply::of("application/octet-stream", vec![0, 159, 146, 150])).await;
    let run = fetchall([site.url("/"), "--with=body".into()]).run().await;
    assert_eq!((&run.record(0)["body_base64"], &run.record(0)["body"]), (&json!("AJ+Slg=="), &json!(null)));
}

#[tokio::test]
async fn no_content_and_head_have_no_body() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/204" => Reply::raw("HTTP/1.1 204 No Content\r\n\r\n"),
        "/hints" => {
            Reply::raw("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        }
        _ => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"),
    })
    .await;
    let run = fetchall([site.url("/204"), site.url("/hints")]).run().await;
    assert_eq!((&run.record(0)["bytes"], &run.record(1)["bytes"]), (&json!(0), &json!(2)), "{run}");
    let run = fetchall([site.url("/"), "-XHEAD".into()]).run().await;
    assert_eq!((&run.record(0)["outcome"], &run.record(0)["bytes"]), (&json!("ok"), &json!(0)), "{run}");
}

#[tokio::test]
async fn each_request_may_have_its_own_way() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/slow" => Reply::text("x").after(secs(5)),
        "/404" => Reply::status(404),
        "/etag" if ask.header("if-none-match") == Some("\"a\"") => Reply::raw("HTTP/1.1 304 Not Modified\r\n\r\n"),
        _ => Reply::html("<h1>head</h1>"),
    })
    .await;
    let lines = [
        json!({"url": site.url("/p"), "method": "POST", "body": "hi", "headers": {"X-A": "1"}, "id": "mine", "tags": {"k": [1]}}),
        json!({"url": site.url("/slow"), "timeout": "200ms", "retries": 0}),
        json!({"url": site.url("/404"), "accept": "404"}),
        json!({"url": site.url("/etag"), "if_none_match": "\"a\""}),
        json!({"url": site.url("/sel"), "select": {"t": "h1"}}),
        json!({"url": site.url("/sel2"), "select": {"t": "h1 >"}}),
        json!({"url": site.url("/odd"), "metod": "GET"}),
    ];
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let run = fetchall(["-", "--input-format=jsonl"]).stdin(text.join("\n")).run().await;
    let record = run.record(0);
    assert_eq!(
        (&record["id"], &record["tags"], &record["method"]),
        (&json!("mine"), &json!({"k": [1]}), &json!("POST"))
    );
    let ask = site.asks().into_iter().find(|ask| ask.path == "/p").unwrap();
    assert_eq!((&ask.body[..], ask.header("x-a")), (&b"hi"[..], Some("1")));
    assert_eq!(run.record(1)["error"]["code"], "timeout.total");
    assert_eq!((&run.record(2)["ok"], &run.record(3)["outcome"]), (&json!(true), &json!("ok")));
    assert_eq!(run.record(4)["data"], json!({"t": "head"}));
    assert_eq!(run.record(5)["error"]["code"], "extract.invalid");
    let message = run.record(6)["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("line 7") && message.contains("`metod`; did you mean `method`?"), "{message}");
    assert_eq!((site.hits("/sel2"), site.hits("/odd")), (0, 0));
}

#[tokio::test]
async fn a_sitemap_is_a_list_and_what_did_not_change_since_is_skipped() {
    let site = Site::start(|_| Reply::text("x")).await;
    let entry = |path: &str, date: &str| format!("<url><loc>{}</loc>{date}</url>", site.url(path));
    let sitemap = [
        "<?xml version='1.0'?>\n<urlset>".to_owned(),
        entry("/old", "<lastmod>2025-01-01</lastmod>"),
        entry("/new", "<lastmod>2026-02-01</lastmod><priority>0.5</priority>"),
        entry("/undated", ""),
    ]
    .concat();
    let run = fetchall(["-", "--since=2026-01-01"]).stdin(sitemap.clone() + "</urlset>").run().await;
    let record = run.record(0);
    assert_eq!(
        (run.exit, &record["outcome"], &record["skip"]["code"]),
        (0, &json!("skipped"), &json!("excluded")),
        "{run}"
    );
    assert_eq!(record["skip"]["message"], "lastmod 2025-01-01 is before --since 2026-01-01 (UTC)");
    assert_eq!(run.record(1)["tags"], json!({"lastmod": "2026-02-01", "priority": 0.5}));
    assert_eq!((&run.record(1)["ok"], &run.record(2)["ok"]), (&json!(true), &json!(true)));
    assert_eq!((site.hits("/old"), site.hits("/new"), site.hits("/undated")), (0, 1, 1));
    // Cut short, it says so in a record of its own.
    let run = fetchall(["-", "--input-format=sitemap"]).stdin(sitemap).run().await;
    assert_eq!((run.exit, &run.record(3)["error"]["code"]), (1, &json!("url.invalid")), "{run}");
    assert_eq!(fetchall(["-", "--since=soon"]).stdin("").run().await.exit, 2);
}

#[tokio::test]
async fn what_it_wrote_it_reads() {
    let site = Site::start(|ask| if ask.path == "/b" { Reply::status(500) } else { Reply::text("x") }).await;
    let first =
        fetchall([site.url("/a"), site.url("/b"), "not a url".into(), "-r0".into()].map(|word| word)).run().await;
    assert_eq!(first.exit, 2, "a bare text that is no source is a usage error: {first}");
    let list = format!("{}\n{}\nnot a url\n", site.url("/a"), site.url("/b"));
    let first = fetchall(["-", "-r0", "--with=body,headers,attempts,links"]).stdin(list).run().await;
    let again = fetchall(["-", "-r0"]).stdin(first.stdout.clone()).run().await;
    assert_eq!(again.records().len(), 3, "{again}");
    for record in first.records() {
        let twin = again
            .records()
            .into_iter()
            .find(|twin| twin["input"] == record["input"] || twin["url"] == record["url"])
            .unwrap();
        assert_eq!(twin["status"], record["status"]);
    }
    assert_eq!((site.hits("/a"), site.hits("/b")), (2, 2));
}

#[tokio::test]
async fn http2_without_tls_is_spoken_when_asked_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = |_| async { Ok::<_, std::convert::Infallible>(hyper::Response::new("two".to_owned())) };
            let executor = hyper_util::rt::TokioExecutor::new();
            let server = hyper::server::conn::http2::Builder::new(executor);
            let served =
                server.serve_connection(hyper_util::rt::TokioIo::new(stream), hyper::service::service_fn(answer));
            tokio::spawn(served);
        }
    });
    let urls: String = (0..20).map(|n| format!("http://127.0.0.1:{port}/{n}\n")).collect();
    let run = fetchall(["-", "--http=2"]).stdin(urls).run().await;
    assert_eq!((run.exit, run.records().len()), (0, 20), "{run}");
    assert!(run.records().iter().all(|record| record["http_version"] == "2" && record["bytes"] == 3));
}
