//! Only http and https reach the network, and nothing of this machine is read because a page says so.

use serde_json::{Value, json};

use crate::{
    run::{Run, fetchall},
    server::{Behaviour, Places, Port, Set, Step},
};

/// Records of any type.
fn rows(run: &Run) -> Vec<Value> {
    run.stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Places that are not fetched, on `port` where they name a host.
fn elsewhere(port: &Port) -> Vec<String> {
    let at = port.addr();
    [
        "file:///etc/passwd",
        "file:/etc/passwd",
        "FILE://localhost/etc/passwd",
        "data:text/html,<h1>x</h1>",
        "javascript:alert(1)",
        "unix:/var/run/docker.sock",
        "unix:///var/run/docker.sock",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["gopher", "ftp", "ws", "dict", "view-source+http"].map(|scheme| format!("{scheme}://{at}/x")))
    .collect()
}

#[tokio::test]
async fn what_a_list_names_beside_http_is_told_and_nothing_is_asked() {
    let port = Port::good().await.unwrap();
    let all = elsewhere(&port);
    let lines = all.join("\n");
    let json: String = all.iter().map(|url| format!("{}\n", json!({"url": url}))).collect();
    let csv = format!("url\n{}\n", all.iter().map(|url| format!("\"{url}\"")).collect::<Vec<_>>().join("\n"));
    for (format, list) in [("lines", lines), ("jsonl", json), ("csv", csv)] {
        let run = fetchall(["fetch", "-", "-r0", &format!("--input-format={format}")]).stdin(list).run().await;
        assert_eq!(run.records().len(), all.len(), "{format}: {run}");
        for record in run.records() {
            assert_eq!(record["error"]["code"], "url.scheme", "{format}: {record}");
        }
    }
    assert_eq!(port.seen().connections, 0);
}

/// A port whose page, sitemap and robots file name all of these, its page with this in front.
async fn site(front: &'static str) -> Port {
    let behaviour = Behaviour::plain("schemes", "", move |ask| {
        let at = ask.origin.trim_start_matches("http://");
        let all = [
            "file:///etc/passwd".to_owned(),
            "file:///nowhere/at/all".to_owned(),
            "data:text/html,x".to_owned(),
            "unix:/var/run/docker.sock".to_owned(),
            format!("gopher://{at}/gopher"),
            format!("ftp://{at}/ftp"),
        ];
        match ask.path.as_str() {
            "/robots.txt" => {
                let lines: String = all.iter().map(|url| format!("Sitemap: {url}\n")).collect();
                Step::answer(200, "content-type: text/plain\r\n", format!("{lines}Sitemap: {}/map.xml\n", ask.origin))
            }
            "/map.xml" => {
                let urls: String = all.iter().map(|url| format!("<url><loc>{url}</loc></url>")).collect();
                Step::answer(200, "content-type: application/xml\r\n", format!("<urlset>{urls}</urlset>"))
            }
            "/" => {
                let links: String = all
                    .iter()
                    .map(|url| format!("<a href='{url}'>x</a><img src='{url}'><iframe src='{url}'></iframe>"))
                    .collect();
                Step::page(format!("{front}{links}<a href=passwd>y</a><a href=/page>z</a>"))
            }
            _ => Step::page("fine"),
        }
    });
    Port::open(behaviour.with(Set::Crawl), Places::default()).await.unwrap()
}

const FRONTS: [&str; 3] = ["", "<base href='file:///etc/'>", "<base href='gopher://127.0.0.1/'>"];

#[tokio::test]
async fn a_crawl_follows_no_link_base_or_sitemap_out_of_http() {
    for front in FRONTS {
        let site = site(front).await;
        let run = fetchall(["crawl", &site.url("/"), "-r0", "--sitemaps=on", "--check-links"]).run().await;
        for record in run.records() {
            assert!(record["url"].as_str().is_some_and(|url| url.starts_with("http://")), "{front}: {record}");
            assert_eq!(record["outcome"], "ok", "{front}: {record}");
        }
        let asked = site.seen().asks;
        let known = ["/", "/robots.txt", "/map.xml", "/sitemap.xml", "/page", "/passwd", "/etc/passwd"];
        assert!(asked.iter().all(|ask| known.contains(&ask.path.as_str())), "{front}: {asked:.300?}");
    }
}

#[tokio::test]
async fn a_check_of_a_page_looks_for_no_file_of_this_machine() {
    for front in FRONTS {
        let site = site(front).await;
        let run = fetchall(["check", &site.url("/"), "-r0", "--format=jsonl"]).run().await;
        assert!(!rows(&run).is_empty(), "{run}");
        for record in rows(&run) {
            assert_ne!(record["error"]["code"], "link.missing_file", "{front}: {record}");
            let url = record["url"].as_str().unwrap_or_default();
            assert!(!url.starts_with('/'), "{front}: a file was looked for: {record}");
        }
    }
}

#[tokio::test]
async fn a_redirect_out_of_http_is_not_followed_by_any_command() {
    let behaviour = Behaviour::plain("leaves", "", |ask| match ask.path.as_str() {
        "/robots.txt" => Step::answer(302, "location: file:///etc/passwd\r\n", ""),
        _ => Step::answer(302, "location: file:///etc/passwd\r\n", ""),
    });
    let port = Port::open(behaviour.with(Set::Crawl), Places::default()).await.unwrap();
    for args in [vec!["fetch"], vec!["crawl"], vec!["check", "--format=jsonl"], vec!["fetch", "--robots=obey"]] {
        let run = fetchall(args.iter().copied().chain([&port.url("/")[..], "-r0"])).run().await;
        let record = &rows(&run)[0];
        let code = record["error"]["code"].as_str().or(record["skip"]["code"].as_str());
        assert!(matches!(code, Some("redirect.scheme" | "robots.unavailable")), "{args:?}: {run}");
        assert!(!format!("{run}").contains("root:"), "{args:?}");
    }
}
