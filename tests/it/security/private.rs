//! `--private-ips deny`: every spelling of an address, on every way that leads to one.

use serde_json::Value;

use super::*;

/// What stands for an address of this machine or of a private network, in a URL. `{}` is a port.
const SPELLINGS: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0X7F.0x0.0.1",
    "0177.0.0.1",
    "017700000001",
    "%31%32%37.0.0.1",
    "127%2e0%2E0.1",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
    "0",
    "0.0.0.0",
    "0x0",
    "0.1.2.3",
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "localhost.",
    "%6cocalhost",
    "ｌｏｃａｌｈｏｓｔ",
    "[::1]",
    "[::]",
    "[::5]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:c0a8:101::1]",
    "[2001:0:7f00:1::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fdff::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "private.example",
];

const DNS: &str = "public.example=93.184.215.14;localhost=127.0.0.1;localhost.=127.0.0.1;private.example=10.1.2.3";

/// What is common to all runs here.
const DENY: [&str; 5] = ["--private-ips=deny", "-r0", "--host-errors=0", "--connect-timeout=2s", "-q"];

fn urls(port: u16) -> Vec<String> {
    SPELLINGS.iter().map(|host| format!("http://{host}:{port}/secret")).collect()
}

/// As many records as spellings say that the address is private, and nothing else failed.
#[track_caller]
fn assert_blocked(run: &Run, records: &[Value]) {
    let blocked = records.iter().filter(|record| record["error"]["code"] == "blocked.private_address").count();
    assert_eq!(blocked, SPELLINGS.len(), "{run}");
}

#[tokio::test]
async fn no_spelling_of_a_private_address_is_connected_to() {
    let site = Site::start(|_| Reply::text("x")).await;
    let urls = urls(site.addr().port());
    let args: Vec<&str> = urls.iter().map(String::as_str).chain(DENY).chain(["--dedupe=none"]).collect();
    let Some((run, connections)) = in_world(DNS, &args).await else { return };
    assert_blocked(&run, &run.records());
    assert_eq!((connections, site.connections()), (vec![], 0));
}

#[tokio::test]
async fn a_redirect_leads_to_no_spelling_of_a_private_address() {
    let place = std::sync::Arc::new(OnceLock::<Vec<String>>::new());
    let targets = place.clone();
    let site = Site::start(move |ask| match ask.path[1..].parse::<usize>() {
        Ok(number) => Reply::redirect(302, &targets.get().unwrap()[number]),
        Err(_) => Reply::text("x"),
    })
    .await;
    let port = site.addr().port();
    place.set(urls(port)).unwrap();
    let starts: Vec<String> = (0..SPELLINGS.len()).map(|n| format!("http://public.example:{port}/{n}")).collect();
    let args: Vec<&str> = starts.iter().map(String::as_str).chain(DENY).collect();
    let Some((run, connections)) = in_world(DNS, &args).await else { return };
    assert_blocked(&run, &run.records());
    assert_eq!(site.hits("/secret"), 0);
    assert!(connections.iter().all(|ip| ip == PUBLIC), "{connections:?}");
}

/// A public site whose pages, sitemaps and robots.txt name every spelling.
async fn tempting() -> Site {
    let place = std::sync::Arc::new(OnceLock::<u16>::new());
    let known = place.clone();
    let site = Site::start(move |ask| {
        let port = *known.get().unwrap();
        let list = |each: fn(&str) -> String| urls(port).iter().map(|url| each(url)).collect::<String>();
        match ask.path.as_str() {
            "/" => Reply::html(list(|url| format!("<a href='{url}'>x</a>"))),
            "/base" => Reply::html(format!("<base href='http://127.1:{port}/'><a href=secret>x</a>")),
            "/sitemap.xml" => Reply::of(
                "text/xml",
                format!("<urlset>{}</urlset>", list(|url| format!("<url><loc>{url}</loc></url>"))),
            ),
            "/robots.txt" => Reply::text(list(|url| format!("Sitemap: {url}\n"))),
            _ => Reply::status(404),
        }
    })
    .await;
    place.set(site.addr().port()).unwrap();
    site
}

#[tokio::test]
async fn a_crawl_and_its_sitemaps_lead_to_none() {
    let site = tempting().await;
    let seed = format!("http://public.example:{}/", site.addr().port());
    for extra in [&["--scope=any"][..], &["--check-links"], &["--scope=any", "--sitemaps=on"], &["--robots=ignore"]] {
        let based = seed.clone() + "base";
        let args = [&["crawl", &seed, &based][..], &DENY, extra].concat();
        let Some((run, connections)) = in_world(DNS, &args).await else { return };
        assert!(run.records().iter().any(|record| record["status"] == 200), "{run}");
        assert!(
            !connections.is_empty() && connections.iter().all(|ip| ip == PUBLIC),
            "{extra:?} {connections:?} {run}"
        );
    }
    assert_eq!(site.hits("/secret"), 0);
}

#[tokio::test]
async fn a_link_check_leads_to_none() {
    let site = tempting().await;
    let page = format!("http://public.example:{}/", site.addr().port());
    let based = page.clone() + "base";
    for extra in [&["-f", "jsonl"][..], &["-f", "jsonl", "--recurse"]] {
        let args = [&["check", &page, &based][..], &DENY, extra].concat();
        let Some((run, connections)) = in_world(DNS, &args).await else { return };
        let links: Vec<Value> = run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_blocked = |link: &&Value| link["error"]["code"] == "blocked.private_address" && link["ok"] == false;
        let blocked = links.iter().filter(is_blocked).count();
        assert!(blocked >= SPELLINGS.len(), "{blocked} {run}");
        assert!(!connections.is_empty() && connections.iter().all(|ip| ip == PUBLIC), "{connections:?}");
    }
    assert_eq!(site.hits("/secret"), 0);
}

#[tokio::test]
async fn a_robots_txt_that_redirects_leads_to_none() {
    let place = std::sync::Arc::new(OnceLock::<u16>::new());
    let known = place.clone();
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/robots.txt" => Reply::redirect(302, &format!("http://0x7f.1:{}/secret", known.get().unwrap())),
        _ => Reply::text("x"),
    })
    .await;
    let port = site.addr().port();
    place.set(port).unwrap();
    let url = format!("http://public.example:{port}/page");
    let args = [&[&*url, "--robots=obey"][..], &DENY].concat();
    let Some((run, connections)) = in_world(DNS, &args).await else { return };
    assert!(connections.iter().all(|ip| ip == PUBLIC), "{connections:?} {run}");
    assert_eq!((site.hits("/secret"), run.records().len()), (0, 1));
}

#[tokio::test]
async fn no_proxy_is_asked_for_one() {
    let site = Site::start(|_| Reply::text("x")).await;
    let urls = urls(site.addr().port());
    for proxy in [Proxy::http(None).await, Proxy::socks5().await] {
        for flag in [proxy.url(), proxy.url().replace("127.0.0.1", "localhost")] {
            let args: Vec<&str> =
                urls.iter().map(String::as_str).chain(DENY).chain(["--dedupe=none", "-x", &flag]).collect();
            let Some((run, _)) = in_world(DNS, &args).await else { return };
            assert_blocked(&run, &run.records());
            assert_eq!((proxy.connections(), site.connections()), (0, 0), "{flag}");
        }
    }
}

#[tokio::test]
async fn a_proxy_on_localhost_opens_localhost_to_nobody_who_goes_around_it() {
    let site = Site::start(|_| Reply::text("x")).await;
    let proxy = Proxy::http(None).await;
    let by_name = proxy.url().replace("127.0.0.1", "localhost");
    let url = site.url_by_name("/");
    let around = [&[&*url, "-x", &by_name, "--no-proxy=localhost"][..], &DENY].concat();
    let run = fetchall(around).run().await;
    assert_eq!(run.record(0)["error"]["code"], "blocked.private_address", "{run}");
    // Proxies of the environment are often for one scheme only, and not for localhost.
    for variables in
        [&[("http_proxy", &*by_name), ("no_proxy", "localhost,127.0.0.1")][..], &[("https_proxy", &by_name)]]
    {
        let run = fetchall([&[&*url][..], &DENY].concat());
        let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run().await;
        assert_eq!(run.record(0)["error"]["code"], "blocked.private_address", "{variables:?} {run}");
    }
    assert_eq!((site.connections(), proxy.connections()), (0, 0));
    let through = fetchall([&*site.url("/"), "-x", &by_name]).run().await;
    assert_eq!((through.exit, proxy.connections()), (0, 1), "the proxy itself is the user's own choice: {through}");
}

#[tokio::test]
async fn what_stands_in_for_the_resolver_is_judged_too() {
    let site = Site::start(|_| Reply::text("x")).await;
    let port = site.addr().port();
    let (url, pin) = (format!("http://site.example:{port}/"), format!("--resolve=site.example:{port}:127.0.0.1"));
    let run = fetchall([&[&*url, &*pin][..], &DENY].concat()).run().await;
    assert_eq!((&run.record(0)["error"]["code"], site.connections()), (&"blocked.private_address".into(), 0), "{run}");
}

#[tokio::test]
async fn a_resolver_that_changes_its_answer_changes_nothing() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/to" => Reply::redirect(302, "/there").then(Then::Close),
        _ => Reply::text("x").then(Then::Close),
    })
    .await;
    let port = site.addr().port();
    let url = |host: &str, path: &str| format!("http://{host}.example:{port}{path}");
    let dns = "turns.example=93.184.215.14,127.0.0.1;late.example=!,127.0.0.1;mixed.example=10.0.0.1+93.184.215.14;\
               back.example=127.0.0.1,93.184.215.14;only.example=10.0.0.1+127.0.0.1";
    // Public when it was judged: pinned, for every connection to come.
    let urls = [url("turns", "/1"), url("turns", "/to"), url("turns", "/3"), url("mixed", "/4"), url("mixed", "/5")];
    let args: Vec<&str> = urls.iter().map(String::as_str).chain(DENY).chain(["-c1"]).collect();
    let Some((run, connections)) = in_world(dns, &args).await else { return };
    assert_eq!((run.exit, connections), (0, vec![PUBLIC.to_owned(); 6]), "{run}");
    // Private when it is judged, whatever it was or will be.
    let urls = [url("late", "/"), url("back", "/1"), url("back", "/2"), url("only", "/")];
    let args: Vec<&str> =
        urls.iter().map(String::as_str).chain(["-r2", "--backoff=1ms..2ms", "--private-ips=deny"]).collect();
    let Some((run, connections)) = in_world(dns, &args).await else { return };
    assert!(connections.is_empty(), "{connections:?} {run}");
    let codes: Vec<_> = run.records().iter().map(|record| record["error"]["code"].clone()).collect();
    assert!(codes.iter().all(|code| code == "blocked.private_address" || code == "dns.not_found"), "{run}");
}
