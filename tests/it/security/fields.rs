//! Line ends in what is sent: a request is one request, whoever wrote its parts.

use super::*;

const INJECTED: &str = "X-Injected: 1";

/// Ways to end a line that a server may know.
const ENDS: [&str; 3] = ["\r\n", "\n", "\r"];

#[track_caller]
fn assert_one_request_each(site: &Site, run: &Run) {
    for ask in site.asks() {
        assert!(ask.header("x-injected").is_none() && ask.path != "/injected", "{ask:?} {run}");
    }
}

#[tokio::test]
async fn a_line_end_in_a_field_is_refused_before_anything_is_sent() {
    let site = Site::start(|_| Reply::text("x")).await;
    let url = site.url("/");
    for end in ENDS {
        let field = format!("X-A: b{end}{INJECTED}");
        let of_host = format!("127.0.0.1={field}");
        let name = format!("X-A{end}X-Injected: 1");
        let agent = format!("me{end}{INJECTED}");
        let method = format!("GET / HTTP/1.1{end}{INJECTED}{end}{end}GET");
        for flags in
            [["-H", &field], ["-H", &of_host], ["-H", &name], ["-A", &agent], ["-X", &method], ["--contact", &agent]]
        {
            for command in ["fetch", "crawl", "check"] {
                let run = fetchall([command, &url, flags[0], flags[1]]).run().await;
                assert!(run.exit == 2 && run.stdout.is_empty(), "{command} {flags:?} {run}");
            }
        }
        let run = fetchall(["fetch", &url]).env("FETCHALL_HEADER", &field).run().await;
        assert_eq!(run.exit, 2, "{run}");
    }
    let auth = file("auth", "127.0.0.1 header X-A: b\rX-Injected: 1\n");
    let token = file("auth", "127.0.0.1 bearer b\rX-Injected: 1\n");
    for path in [auth, token] {
        let run = fetchall(["fetch", &url, "--auth-file", &path]).run().await;
        assert_eq!(run.exit, 2, "{run}");
    }
    let fields = format!("@{}", file("fields", "X-A: b\rX-Injected: 1\n"));
    assert_eq!(fetchall(["fetch", &url, "-H", &fields]).run().await.exit, 2);
    let jar = format!("--cookies={}", file("jar.txt", "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb\rX-Injected: 1\n"));
    assert_eq!(fetchall(["fetch", &url, &jar]).run().await.exit, 2);
    assert_eq!(site.asks().len(), 0);
}

#[tokio::test]
async fn a_list_cannot_add_a_request_or_a_field() {
    let site = Site::start(|_| Reply::text("x")).await;
    let url = site.url("/");
    let mut list = Vec::new();
    for end in ENDS {
        for object in [
            serde_json::json!({"url": url, "headers": {"X-A": format!("b{end}{INJECTED}")}}),
            serde_json::json!({"url": url, "headers": {format!("X-A{end}X-Injected"): "1"}}),
            serde_json::json!({"url": url, "method": format!("GET / HTTP/1.1{end}{INJECTED}{end}{end}GET")}),
            serde_json::json!({"url": url, "if_none_match": format!("\"x\"{end}{INJECTED}")}),
            serde_json::json!({"url": url, "if_modified_since": format!("x{end}{INJECTED}")}),
        ] {
            list.push(object.to_string());
        }
    }
    let run = fetchall(["-", "--dedupe=none"]).stdin(list.join("\n")).run().await;
    assert_eq!((run.records().len(), site.asks().len()), (list.len(), 0), "{run}");
    assert!(run.records().iter().all(|record| record["error"]["code"] == "url.invalid"), "{run}");
}

#[tokio::test]
async fn a_line_end_in_a_url_ends_no_line() {
    let site = Site::start(|_| Reply::text("x")).await;
    let at = |path: &str| site.url(path);
    let mut urls = Vec::new();
    for end in ENDS.into_iter().chain(["%0d%0a", "%0D%0A%0d%0a"]) {
        urls.push(at(&format!("/a HTTP/1.1{end}{INJECTED}{end}{end}GET /injected")));
        urls.push(at(&format!("/a?q= HTTP/1.1{end}{INJECTED}")));
        urls.push(at("/a").replace("http://", &format!("http://me{end}:pw{end}{INJECTED}@")));
    }
    urls.push(at("/").replace("127.0.0.1", "127.0.0.1%0d%0aX-Injected:%201"));
    let list: String = urls.iter().map(|url| serde_json::json!({"url": url}).to_string() + "\n").collect();
    let of_list = fetchall(["-", "--dedupe=none", "-r0", "--ordered"]).stdin(list).run().await;
    assert_eq!(of_list.records().len(), urls.len(), "{of_list}");
    assert_one_request_each(&site, &of_list);
    for (record, url) in of_list.records().iter().zip(&urls).filter(|(_, url)| url.contains(['\r', '\n'])) {
        assert_eq!(record["error"]["code"], "url.invalid", "{url}");
    }
    let run = fetchall(urls.iter().map(String::as_str).chain(["--dedupe=none", "-r0"])).run().await;
    assert_one_request_each(&site, &run);
    assert!(run.text().lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{run}");
}

#[tokio::test]
async fn a_page_or_a_redirect_cannot_add_one_either() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/to" => Reply::redirect(302, "/b%0d%0aX-Injected:%201?q=%0d%0aX-Injected:%201"),
        "/bare" => Reply::raw("HTTP/1.1 302 Found\r\nLocation: /c\rX-Injected: 1\r\ncontent-length: 0\r\n\r\n"),
        "/" => Reply::html(
            "<a href='/d\r\nX-Injected: 1\r\n\r\nGET /injected'>x</a><a href='/e&#13;&#10;X-Injected: 1'>y</a>",
        ),
        _ => Reply::text("x"),
    })
    .await;
    let proxy = Proxy::http(None).await;
    for through in [&[][..], &["-x", &proxy.url()]] {
        let urls = ["/to", "/bare"].map(|path| site.url(path));
        let run = fetchall(urls.iter().map(String::as_str).chain(["-r0"]).chain(through.iter().copied())).run().await;
        assert_one_request_each(&site, &run);
        for command in ["crawl", "check"] {
            let run = fetchall([&[command, &site.url("/")][..], through].concat()).run().await;
            assert_one_request_each(&site, &run);
        }
    }
    assert!(site.asks().iter().any(|ask| ask.path.starts_with("/b%0d%0a")));
    assert!(proxy.passed().iter().all(|one| one.header("x-injected").is_none()));
}
