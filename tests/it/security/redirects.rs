//! Credentials over every shape of redirect: what the servers received.

use std::sync::{Arc, Mutex};

use super::*;

/// One redirect: where it starts, what its `Location` says, and whether that is the same origin.
struct Shape {
    from: String,
    to: String,
    stays: bool,
}

fn shape(from: impl Into<String>, to: impl Into<String>, stays: bool) -> Shape {
    Shape { from: from.into(), to: to.into(), stays }
}

/// The path that was asked for; behind a proxy there may be a whole URL.
fn path(ask: &Ask) -> &str {
    match ask.path.strip_prefix("http://") {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => &ask.path,
    }
}

/// Sites that redirect as a table says: `/go/N` leads to the N-th place, `/via?URL` to the URL.
struct World {
    table: Arc<Mutex<Vec<String>>>,
    home: Site,
    port: Site,
    host: Site,
    tls: Site,
}

impl World {
    async fn new() -> World {
        let table: Arc<Mutex<Vec<String>>> = Arc::default();
        let answer = |status: u16| {
            let table = table.clone();
            move |ask: &Ask| match (path(ask).strip_prefix("/go/"), path(ask).strip_prefix("/via?")) {
                (Some(number), _) => Reply::redirect(status, &table.lock().unwrap()[number.parse::<usize>().unwrap()]),
                (_, Some(to)) => Reply::redirect(status, to),
                _ => Reply::text("x"),
            }
        };
        let home = Site::start(answer(302)).await;
        let port = Site::start(answer(307)).await;
        let host = Site::start_at([127, 0, 0, 4], answer(301)).await;
        let tls = Site::start_tls(Cert::Good, answer(308)).await;
        World { table: table.clone(), home, port, host, tls }
    }

    /// Every shape; the N-th ends at `/end/N`.
    fn shapes(&self) -> Vec<Shape> {
        let World { home, port, host, tls, .. } = self;
        let n = std::cell::Cell::new(0);
        let go = |site: &Site| site.url(&format!("/go/{}", n.get()));
        let go_by_name = |name: &str| format!("http://{name}:{}/go/{}", home.addr().port(), n.get());
        let end = || format!("/end/{}", n.replace(n.get() + 1));
        let at = |authority: &str| format!("{authority}:{}{}", home.addr().port(), end());
        let there_and_back = |over: &Site| over.url(&format!("/via?{}", home.url(&end())));
        vec![
            shape(go(home), end(), true),
            shape(go(home), port.url(&end()), false),
            shape(go(home), host.url(&end()), false),
            shape(go(home), tls.url(&end()), false),
            shape(go(tls), home.url(&end()), false),
            shape(go(tls), tls.url(&end()), true),
            shape(go(home), home.url(&end()).replace("http://", "http://x:y@"), true),
            shape(go(home), host.url(&end()).replace("http://", "http://x:y@"), false),
            shape(go(home), there_and_back(port), false),
            shape(go(home), there_and_back(host), false),
            shape(go(home), there_and_back(tls), false),
            shape(go(home), home.url_by_name(&end()), false),
            shape(go(home), at("http://2130706433"), true),
            shape(go(home), at("http://0x7f.1"), true),
            shape(go_by_name("site.example"), at("http://sub.site.example"), false),
            shape(go_by_name("sub.site.example"), at("http://site.example"), false),
            shape(go_by_name("site.example"), at("http://site.example."), false),
            shape(go_by_name("site.example"), at("HTTP://SITE.Example"), true),
            shape(go_by_name("site.example"), at("http://ｓite.example"), true),
            shape(go(home), host.url(&end()).replace("http:", ""), false),
            shape(go(home), host.url(&end()).replace("http://", "\\\\"), false),
            shape(go(home), host.url(&end()).replace("http://", "http:/\\"), false),
            shape(go(home), at("//127.0.0.1"), true),
            shape(go(home), host.url(&end()).replace("http://", &format!("http://{}@", home.addr())), false),
            shape(go(home), host.url(&end()).replace("http://", "\thttp://"), false),
        ]
    }

    fn asks(&self) -> Vec<Ask> {
        [&self.home, &self.port, &self.host, &self.tls].iter().flat_map(|site| site.asks()).collect()
    }

    /// Where the names of the shapes are.
    fn names(&self) -> Vec<String> {
        let port = self.home.addr().port();
        let pin = |name: &str| format!("--resolve={name}:{port}:127.0.0.1");
        ["site.example", "sub.site.example", "site.example."].map(pin).to_vec()
    }
}

/// Everything that the user can give; each has the word in it.
fn given(world: &World) -> Vec<String> {
    let auth: String = ["127.0.0.1", "site.example", "sub.site.example"]
        .map(|host| format!("{host} header X-Of-File: CANARY\n"))
        .concat();
    let mut args: Vec<String> =
        ["Authorization: Bearer CANARY", "Cookie: a=CANARY", "X-Api-Key: CANARY", "Referer: CANARY"]
            .iter()
            .flat_map(|field| ["-H".to_owned(), (*field).to_owned()])
            .collect();
    args.extend([
        "-H".to_owned(),
        "127.0.0.1=X-Of-Host: CANARY".to_owned(),
        "--auth-file".to_owned(),
        file("auth", &auth),
    ]);
    args.extend(["--ca".to_owned(), file("ca.pem", &ca_pem()), "--dedupe=none".to_owned(), "-r0".to_owned()]);
    args.extend(world.names());
    args
}

fn secrets(ask: &Ask) -> usize {
    ask.headers.iter().filter(|(_, value)| value.contains("CANARY")).count()
}

/// What every server was told, shape by shape.
#[track_caller]
fn assert_kept_apart(world: &World, shapes: &[Shape], run: &Run) {
    let asks = world.asks();
    for (number, Shape { from, to, stays }) in shapes.iter().enumerate() {
        let ends: Vec<&Ask> = asks.iter().filter(|ask| path(ask) == format!("/end/{number}")).collect();
        assert_eq!(ends.len(), 1, "{from} -> {to}: {run}");
        assert_eq!(secrets(ends[0]) >= 5, *stays, "{from} -> {to}: {:?}", ends[0]);
        assert!(*stays || secrets(ends[0]) == 0, "{from} -> {to}: {:?}", ends[0]);
        assert!(*stays || ["authorization", "cookie", "referer"].iter().all(|name| ends[0].header(name).is_none()));
    }
    for ask in asks.iter().filter(|ask| path(ask).starts_with("/via?")) {
        assert_eq!(secrets(ask), 0, "{ask:?}");
    }
    for ask in asks.iter().filter(|ask| path(ask).starts_with("/go/")) {
        assert!(secrets(ask) >= 5, "{ask:?}");
    }
}

#[tokio::test]
async fn nothing_that_was_given_leaves_its_origin_by_any_shape_of_redirect_or_comes_back() {
    let world = World::new().await;
    let shapes = world.shapes();
    *world.table.lock().unwrap() = shapes.iter().map(|shape| shape.to.clone()).collect();
    let args = given(&world);
    let run = fetchall(shapes.iter().map(|shape| &shape.from).chain(&args)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_kept_apart(&world, &shapes, &run);
    assert!(!run.to_string().contains("CANARY"), "{run}");
}

#[tokio::test]
async fn fields_of_a_list_and_credentials_of_a_url_stay_as_well() {
    let world = World::new().await;
    let shapes = world.shapes();
    *world.table.lock().unwrap() = shapes.iter().map(|shape| shape.to.clone()).collect();
    let fields = serde_json::json!({"Authorization": "CANARY", "Cookie": "a=CANARY", "X-Api-Key": "CANARY",
        "If-None-Match": "CANARY", "X-B": "CANARY"});
    let list: String = shapes
        .iter()
        .map(|shape| serde_json::json!({"url": shape.from, "headers": fields}).to_string() + "\n")
        .collect();
    let args = [&["-".to_owned(), "--ca".to_owned(), file("ca.pem", &ca_pem()), "-r0".to_owned()][..], &world.names()]
        .concat();
    let run = fetchall(args).stdin(list).run().await;
    assert_eq!(run.exit, 0, "{run}");
    assert_kept_apart(&world, &shapes, &run);

    let world = World::new().await;
    let shapes = world.shapes();
    *world.table.lock().unwrap() = shapes.iter().map(|shape| shape.to.clone()).collect();
    let with_user = shapes.iter().map(|shape| shape.from.replacen("://", "://me:CANARY@", 1));
    let args = [&["--ca".to_owned(), file("ca.pem", &ca_pem()), "-r0".to_owned()][..], &world.names()].concat();
    let run = fetchall(with_user.chain(args)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for (number, shape) in shapes.iter().enumerate() {
        let end = world.asks().into_iter().find(|ask| path(ask) == format!("/end/{number}")).unwrap();
        let mine = (end.header("authorization") == Some("Basic bWU6Q0FOQVJZ"), end.header("authorization").is_none());
        assert_eq!(mine, (shape.stays, !shape.stays), "{} -> {}", shape.from, shape.to);
    }
}

#[tokio::test]
async fn a_proxy_in_between_changes_nothing_and_its_credentials_are_for_it_alone() {
    let world = World::new().await;
    let shapes: Vec<Shape> = world.shapes().into_iter().filter(|shape| !shape.from.contains("example")).collect();
    let all = world.shapes();
    *world.table.lock().unwrap() = all.iter().map(|shape| shape.to.clone()).collect();
    let proxy = Proxy::http(Some("me:PROXYSECRET")).await;
    // 127.0.0.4 is gone to directly: a chain goes through the proxy, around it, and through it again.
    let mut args = given(&world);
    args.extend(["-x".to_owned(), proxy.url_with("me:PROXYSECRET"), "--no-proxy=127.0.0.4".to_owned()]);
    let run = fetchall(shapes.iter().map(|shape| &shape.from).chain(&args)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for (number, shape) in all.iter().enumerate().filter(|(_, shape)| !shape.from.contains("example")) {
        let end = world.asks().into_iter().find(|ask| path(ask) == format!("/end/{number}"));
        let end = end.unwrap_or_else(|| panic!("{} -> {}: {run}", shape.from, shape.to));
        assert_eq!(secrets(&end) > 0, shape.stays, "{} -> {}: {end:?}", shape.from, shape.to);
    }
    assert!(proxy.passed().len() > 10 && proxy.passed().iter().all(|one| one.allowed));
    assert!(proxy.passed().iter().all(|one| !one.target.contains("127.0.0.4")));
    for ask in world.asks() {
        let told = ask.headers.iter().any(|(name, value)| name.starts_with("proxy-") || value.contains("PROXYSECRET"));
        assert!(!told && !ask.headers.iter().any(|(_, value)| value.contains("bWU6UFJPWFlTRUNSRVQ=")), "{ask:?}");
    }
    // What a tunnel carries is none of the proxy's business.
    let tunnels = proxy.passed().into_iter().filter(|one| one.method == "CONNECT");
    assert!(
        tunnels.clone().count() > 0 && tunnels.flat_map(|one| one.headers).all(|(_, value)| !value.contains("CANARY"))
    );
    assert!(!run.to_string().contains("SECRET") && !run.to_string().contains("CANARY"), "{run}");
}

#[tokio::test]
async fn each_proxy_of_several_is_told_its_own_password() {
    let mut sites = Vec::new();
    for n in 1..9 {
        sites.push(Site::start_at([127, 0, 0, n], |_| Reply::text("x")).await);
    }
    let proxies = [Proxy::http(Some("a:ONE")).await, Proxy::http(Some("b:TWO")).await];
    let flags = ["-x".to_owned(), proxies[0].url_with("a:ONE"), "-x".to_owned(), proxies[1].url_with("b:TWO")];
    let urls = sites.iter().map(|site| site.url("/"));
    let run = fetchall(urls.chain(flags).chain(["-r0".to_owned()])).run().await;
    let used = proxies.iter().filter(|proxy| !proxy.passed().is_empty()).count();
    assert_eq!(used, 2, "{run}");
    assert!(proxies.iter().flat_map(Proxy::passed).all(|one| one.allowed), "{run}");
    assert!(sites.iter().flat_map(Site::asks).all(|ask| ask.header("proxy-authorization").is_none()));
}

#[tokio::test]
async fn an_origin_that_plays_the_proxy_is_told_nothing() {
    let site = Site::start(|_| Reply::status(407).header("Proxy-Authenticate", "Basic realm=x")).await;
    let proxy = Proxy::http(Some("me:PROXYSECRET")).await;
    for around in ["--no-proxy=*", "--no-proxy=127.0.0.1"] {
        let run = fetchall([
            &site.url("/")[..],
            "-x",
            &proxy.url_with("me:PROXYSECRET"),
            around,
            "-r1",
            "--backoff=1ms..2ms",
        ])
        .run()
        .await;
        assert!(run.exit == 1 && !run.to_string().contains("PROXYSECRET"), "{run}");
    }
    assert!(site.asks().iter().all(|ask| ask.header("proxy-authorization").is_none()));
}

#[tokio::test]
async fn content_goes_where_the_status_says_and_what_came_with_it_stays() {
    let other = Site::start_at([127, 0, 0, 4], |_| Reply::text("x")).await;
    let place = other.url("/end");
    let site =
        Site::start(move |ask| Reply::redirect(ask.path[1..].parse().unwrap(), &format!("{place}{}", &ask.path[1..])))
            .await;
    let args = [
        "-X",
        "POST",
        "-d",
        "content",
        "-H",
        "Content-Type: text/x-mine",
        "-H",
        "X-Api-Key: CANARY",
        "-H",
        "Cookie: CANARY",
    ];
    let urls = ["/301", "/302", "/303", "/307", "/308"].map(|path| site.url(path));
    let run = fetchall(urls.iter().map(String::as_str).chain(args)).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for ask in other.asks() {
        let keeps = ask.path.ends_with('7') || ask.path.ends_with('8');
        let content = (ask.method.as_str(), &*ask.body, ask.header("content-type"));
        assert_eq!(
            content,
            if keeps { ("POST", &b"content"[..], Some("text/x-mine")) } else { ("GET", &b""[..], None) }
        );
        assert_eq!(secrets(&ask), 0, "{ask:?}");
    }
    assert_eq!(other.asks().len(), 5);
}

#[tokio::test]
async fn what_only_a_browser_follows_is_not_followed() {
    let other = Site::start_at([127, 0, 0, 4], |_| Reply::text("x")).await;
    let place = other.url("/");
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/meta" => Reply::html(format!("<meta http-equiv=refresh content='0;url={place}'>")),
        "/script" => Reply::html(format!("<script>location = '{place}'</script>")),
        "/field" => Reply::html("x").header("Refresh", &format!("0;url={place}")),
        "/choice" => Reply::html("x").with_status(300).header("Location", &place),
        "/made" => Reply::html("x").with_status(201).header("Location", &place),
        "/same" => Reply::html("x").with_status(304).header("Location", &place),
        "/proxy" => Reply::html("x").with_status(305).header("Location", &place),
        _ => {
            Reply::html("x").header("Alt-Svc", "h2=\"127.0.0.4:1\"").header("Link", &format!("<{place}>; rel=preload"))
        }
    })
    .await;
    let urls = ["/meta", "/script", "/field", "/choice", "/made", "/same", "/proxy", "/"].map(|path| site.url(path));
    let run = fetchall(urls.iter().map(String::as_str).chain(["-H", "X-Api-Key: CANARY"])).run().await;
    assert_eq!((run.records().len(), other.connections()), (8, 0), "{run}");
}

#[tokio::test]
async fn cookies_of_a_jar_go_to_their_host_whoever_redirects_there() {
    let other =
        Site::start_at([127, 0, 0, 4], |_| Reply::text("x").header("Set-Cookie", "theirs=CANARY-b; Path=/")).await;
    let (there, tls) = (
        other.url("/"),
        Site::start_tls(Cert::Good, |_| Reply::text("x").header("Set-Cookie", "safe=CANARY-c; Secure; Path=/")).await,
    );
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/out" => Reply::redirect(302, &there),
        _ => Reply::text("x")
            .header("Set-Cookie", "mine=CANARY-a; Path=/")
            .header("Set-Cookie", "wide=CANARY-d; Domain=0.0.1")
            .header("Set-Cookie", "false=CANARY-e; Secure"),
    })
    .await;
    let ca = file("ca.pem", &ca_pem());
    let urls = [tls.url("/"), site.url("/1"), site.url("/out"), site.url("/2"), other.url("/3"), other.url("/4")];
    let run =
        fetchall(urls.iter().map(String::as_str).chain(["--cookies=on", "-c1", "--ordered", "--ca", &ca])).run().await;
    assert_eq!(run.exit, 0, "{run}");
    for ask in site.asks() {
        let cookie = if ask.path == "/1" { None } else { Some("mine=CANARY-a") };
        assert_eq!(ask.header("cookie"), cookie, "no Secure cookie over http, and none of others: {ask:?}");
    }
    for ask in other.asks() {
        assert!(matches!(ask.header("cookie"), None | Some("theirs=CANARY-b")), "{ask:?}");
        assert!(ask.path != "/4" || ask.header("cookie").is_some(), "{ask:?}");
    }
    assert!(!run.to_string().contains("CANARY"), "{run}");
}
