//! Secrets, certificates, proxies, private addresses.

use std::fs;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::*;

fn scratch(name: &str, text: &str) -> String {
    let dir = tempfile::Builder::new().prefix("fetchall-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn credentials_stay_with_the_origin_and_never_come_back() {
    let other = Site::start(|ask| match ask.path.split_once("?to=") {
        Some((_, back)) => Reply::redirect(302, back),
        // A hop within the foreign origin gives nothing back either.
        None if ask.path == "/" => Reply::redirect(302, "/within"),
        None => Reply::text("x"),
    })
    .await;
    let there = other.url("/");
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/same" => Reply::redirect(302, "/end"),
        "/other" => Reply::redirect(302, &there),
        path if path.starts_with("/back") => Reply::redirect(302, &format!("{there}?to={}", &path["/back?".len()..])),
        _ => Reply::text("x"),
    })
    .await;
    let flags = ["-H", "Authorization: Bearer canary1", "-H", "X-Api-Key: canary2", "-H", "Cookie: c=canary3"];
    let urls = [site.url("/same"), site.url("/other"), site.url(&format!("/back?{}", site.url("/final")))];
    let run = fetchall(urls.iter().map(String::as_str).chain(flags)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    let carries =
        |ask: &Ask| ["authorization", "x-api-key", "cookie"].iter().filter(|name| ask.header(name).is_some()).count();
    for ask in other.asks() {
        assert_eq!(carries(&ask), 0, "{ask:?}");
        assert!(ask.header("user-agent").unwrap().starts_with("fetchall/"));
    }
    for ask in site.asks() {
        let expected = if ask.path == "/final" { 0 } else { 3 };
        assert_eq!(carries(&ask), expected, "{ask:?}");
    }
}

#[tokio::test]
async fn planted_secrets_show_up_nowhere() {
    let site = Site::start(|ask| match ask.path.as_str() {
        "/set" => Reply::html("<title>x</title>").header("Set-Cookie", "s=CANARY-setcookie"),
        "/to" => {
            Reply::redirect(302, "http://u:CANARY-location@127.0.0.1:1/").header("Link", "<http://u:CANARY-link@h/>")
        }
        "/page" => Reply::html("<a href='http://u:CANARY-href@h/'>x</a>"),
        _ => Reply::status(500),
    })
    .await;
    let with_user = |path: &str| site.url(path).replace("http://", "http://user:CANARY-userinfo@");
    let auth = scratch("auth", "127.0.0.1 bearer CANARY-authfile\n");
    let netrc = scratch("netrc", "machine other.example login u password CANARY-netrc\n");
    let headers = scratch("headers", "X-Secret: CANARY-headerfile\nCookie: CANARY-cookie\n");
    let list = format!(
        "{0}\n{1}\n{2}\n{3}\n{4}\n{5}\nhttp://u:CANARY/slash@h/\nhttp://u:CANARY-bad@[\n{{\"url\": \"x\", \"headers\": {{\"Authorization\": \"CANARY-json\"\n",
        with_user("/set"),
        with_user("/to"),
        with_user("/fail"),
        with_user("/page"),
        site.url("/q").replace("http://", "http://u:pa'CANARY@"),
        site.url("/s").replace("http://", "http://u:p CANARY@"),
    );
    for extra in
        [&["-q"][..], &["--progress=json"], &["-f", "text"], &["-f", "csv"], &["--with=headers,attempts,links"]]
    {
        let header = format!("@{headers}");
        let flags = [
            "-",
            "-r1",
            "--backoff=1ms..2ms",
            "--auth-file",
            &auth,
            "--netrc",
            "-H",
            &header,
            "-H",
            "127.0.0.1=X-Other: CANARY-host",
        ];
        let run = fetchall(flags.into_iter().chain(extra.iter().copied()))
            .stdin(list.clone())
            .env("NETRC", &netrc)
            .run()
            .await;
        assert_eq!(run.exit, 1, "{run}");
        let all = format!("{}{}", String::from_utf8_lossy(&run.stdout), run.stderr);
        assert!(!all.contains("CANARY"), "{all}");
    }
    let sent = site.asks().into_iter().find(|ask| ask.path == "/set").unwrap();
    assert!(sent.header("x-secret").is_some() && sent.header("authorization").is_some());
}

#[tokio::test]
async fn userinfo_netrc_and_files_become_credentials() {
    let site = Site::start(|_| Reply::text("x")).await;
    let auth = scratch("auth", "# mine\n127.0.0.1 header X-Key: k\n127.0.0.1 bearer tok\n");
    let netrc = scratch("netrc", "machine 127.0.0.1 login me password pw\n");
    let with_user = site.url("/u").replace("http://", "http://a%20b:p%3Aw@");
    fetchall([&with_user[..], "--netrc"]).env("NETRC", &netrc).run().await;
    fetchall([site.url("/n"), "--netrc".into()]).env("NETRC", &netrc).run().await;
    fetchall([site.url("/f"), "--auth-file".into(), auth]).run().await;
    let of = |path: &str, name: &str| {
        let ask = site.asks().into_iter().find(|ask| ask.path == path).unwrap();
        ask.header(name).map(str::to_owned)
    };
    assert_eq!(of("/u", "authorization").as_deref(), Some("Basic YSBiOnA6dw=="));
    assert_eq!(of("/n", "authorization").as_deref(), Some("Basic bWU6cHc="));
    assert_eq!(of("/f", "authorization").as_deref(), Some("Bearer tok"));
    assert_eq!(of("/f", "x-key").as_deref(), Some("k"));
    assert!(of("/u", "cookie").is_none());
}

#[tokio::test]
async fn certificates_are_verified_and_each_fault_has_its_code() {
    let ca = scratch("ca.pem", &ca_pem());
    for (cert, code) in
        [(Cert::Expired, "tls.expired"), (Cert::WrongHost, "tls.hostname"), (Cert::SelfSigned, "tls.untrusted")]
    {
        let site = Site::start_tls(cert, |_| Reply::text("x")).await;
        let run = fetchall([&site.url("/")[..], "--ca", &ca, "-r0"]).run().await;
        assert_eq!(run.record(0)["error"]["code"], code, "{run}");
        let run = fetchall([&site.url("/")[..], "-k"]).run().await;
        assert_eq!((run.exit, &run.record(0)["tls"]["verified"]), (0, &json!(false)), "{run}");
    }
    let site = Site::start_tls(Cert::Good, |_| Reply::text("x")).await;
    assert_eq!(fetchall([site.url("/")]).run().await.record(0)["error"]["code"], "tls.untrusted");
    let run = fetchall([&site.url("/")[..], "--ca", &ca, "--with=tls"]).run().await;
    let record = run.record(0);
    assert_eq!(
        (run.exit, &record["tls"]["version"], &record["tls"]["verified"]),
        (0, &json!("1.3"), &json!(true)),
        "{run}"
    );
    assert!(record["timings"]["tls_ms"].as_f64().unwrap() > 0.0);
    assert!(record["tls"]["not_after"].as_str().unwrap().ends_with('Z'));
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.unwrap();
        tokio::time::sleep(secs(5)).await;
    });
    let run = fetchall([&format!("https://127.0.0.1:{port}/")[..], "-r0"]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "tls.handshake", "{run}");
}

#[tokio::test]
async fn old_tls_is_refused_when_asked_and_http2_is_spoken_where_offered() {
    let ca = scratch("ca.pem", &ca_pem());
    let old = Site::start_tls(Tls::new(Cert::Good).only_tls12(), |_| Reply::text("x")).await;
    let run = fetchall([&old.url("/")[..], "--ca", &ca, "--min-tls=1.3", "-r0"]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "tls.handshake", "{run}");
    assert_eq!(fetchall([&old.url("/")[..], "--ca", &ca]).run().await.exit, 0);
    let new = Site::start_tls(Tls::new(Cert::Good).alpn(&["h2", "http/1.1"]), |_| Reply::text("x")).await;
    let run = fetchall([&new.url("/")[..], "--ca", &ca]).run().await;
    assert_eq!(run.record(0)["http_version"], "2", "{run}");
    let run = fetchall([&new.url("/")[..], "--ca", &ca, "--http=1.1"]).run().await;
    assert_eq!(run.record(0)["http_version"], "1.1", "{run}");
}

#[tokio::test]
async fn names_can_be_pinned_per_port() {
    let site = Site::start(|ask| Reply::text(ask.header("host").unwrap_or_default().to_owned())).await;
    let port = site.addr().port();
    let run = fetchall([
        format!("http://nowhere.invalid:{port}/"),
        "--resolve".into(),
        format!("nowhere.invalid:{port}:127.0.0.1"),
        "--with=body".into(),
    ])
    .run()
    .await;
    assert_eq!(run.record(0)["body"], format!("nowhere.invalid:{port}"), "{run}");
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling_and_on_every_hop() {
    let site = Site::start(|_| Reply::redirect(302, "http://localhost/x")).await;
    let port = site.addr().port();
    let spellings = ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]", "localhost", "127.1"];
    let urls: Vec<String> = spellings.iter().map(|host| format!("http://{host}:{port}/")).collect();
    let run = fetchall(urls.iter().map(String::as_str).chain([
        "--private-ips=deny",
        "-r0",
        "--dedupe=none",
        "--host-errors=0",
    ]))
    .run()
    .await;
    for record in run.records() {
        assert_eq!(record["error"]["code"], "blocked.private_address", "{record}");
    }
    assert_eq!((run.records().len(), site.connections()), (7, 0));
}

#[tokio::test]
async fn private_names_are_refused_behind_a_proxy_too() {
    let site = Site::start(|_| Reply::text("x")).await;
    let proxy = Proxy::http(None).await;
    let by_name = proxy.url().replace("127.0.0.1", "localhost");
    let run = fetchall([&site.url_by_name("/")[..], "--private-ips=deny", "-r0", "-x", &by_name]).run().await;
    assert_eq!((&run.record(0)["error"]["code"], proxy.connections()), (&json!("blocked.private_address"), 0), "{run}");
}

#[tokio::test]
async fn a_secret_for_a_port_stays_on_that_port() {
    let site = Site::start(|_| Reply::text("x")).await;
    fetchall([&site.url("/")[..], "-H", "127.0.0.1:443=X-Key: k"]).run().await;
    assert_eq!(site.asks()[0].header("x-key"), None);
    let mine = format!("{}=X-Key: k", site.addr());
    fetchall([&site.url("/mine")[..], "-H", &mine]).run().await;
    assert_eq!(site.asks()[1].header("x-key"), Some("k"));
    let line = json!({"url": site.url("/"), "headers": {"Proxy-Authorization": "x"}}).to_string();
    assert_eq!(fetchall(["-"]).stdin(line).run().await.record(0)["error"]["code"], "url.invalid");
}

#[tokio::test]
async fn cookies_are_off_unless_asked_for() {
    let site = Site::start(|_| Reply::text("x").header("Set-Cookie", "a=1; Path=/")).await;
    fetchall([site.url("/1"), site.url("/2"), "-c1".into()]).run().await;
    assert!(site.asks().iter().all(|ask| ask.header("cookie").is_none()));
    fetchall([site.url("/3"), site.url("/4"), "-c1".into(), "--cookies=on".into()]).run().await;
    assert_eq!(site.asks().last().unwrap().header("cookie"), Some("a=1"));
}

#[tokio::test]
async fn proxies_carry_everything_and_keep_their_credentials() {
    let site = Site::start(|_| Reply::text("x")).await;
    let tls = Site::start_tls(Cert::Good, |_| Reply::text("x")).await;
    let ca = scratch("ca.pem", &ca_pem());
    let http = Proxy::http(Some("user:pass")).await;
    let run = fetchall([&site.url("/")[..], &tls.url("/"), "--ca", &ca, "-x", &http.url_with("user:pass")]).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_eq!(http.passed().len(), 2);
    assert!(site.asks().iter().chain(&tls.asks()).all(|ask| ask.header("proxy-authorization").is_none()));
    let run = fetchall([&tls.url("/")[..], "--ca", &ca, "-r0", "-x", &http.url()]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "proxy.auth", "{run}");
    let run = fetchall([&site.url("/")[..], "-r0", "-x", &http.url()]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "proxy.auth", "{run}");
    let run = fetchall([&site.url("/")[..], "-r0", "-x", "http://127.0.0.1:1"]).run().await;
    assert_eq!(run.record(0)["error"]["code"], "proxy.connect", "{run}");
    let socks = Proxy::socks5().await;
    let run = fetchall([&site.url("/")[..], &tls.url("/"), "--ca", &ca, "-x", &socks.url()]).run().await;
    assert_eq!((run.exit, socks.connections()), (0, 2), "{run}");
    let before = http.passed().len();
    let run = fetchall([&site.url("/")[..], "-x", &http.url(), "--no-proxy", "127.0.0.1"]).run().await;
    assert_eq!((run.exit, http.passed().len()), (0, before), "{run}");
    let run = fetchall([site.url("/")]).env("http_proxy", http.url_with("user:pass")).run().await;
    assert_eq!((run.exit, http.passed().len()), (0, before + 1), "{run}");
}
