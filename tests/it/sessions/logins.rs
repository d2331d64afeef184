//! `[login]` of a recipe, against the demo's form and sites of our own.

use fetchall::{
    Fetcher, Request, demo,
    page::recipe::Recipe,
    session::Login,
    settings::{Cookies, Settings},
};
use futures::{StreamExt as _, stream};

use super::*;

fn recipe(url: &str, more: &str) -> String {
    let text = format!(
        "[login]\nurl = '{url}'\nfields = {{ user = 'user', password = {{ env = 'DEMO_PASSWORD' }} }}\n{more}\n[select]\ntitle = 'h1'\n"
    );
    file("recipe.toml", &text)
}

const CHECK: &str = "check = \"a[href='/logout']\"";

/// A run with a recipe and, in the environment, a password.
async fn run(args: &[&str], password: &str) -> Run {
    fetchall(args).env("DEMO_PASSWORD", password).run().await
}

#[tokio::test]
async fn members_read_what_others_may_not() {
    let demo = demo::Site::start(0).await.unwrap();
    let account = demo.url("/account");
    let denied = run(&["fetch", &account], "").await;
    assert_eq!((denied.exit, &denied.record(0)["status"]), (1, &403.into()), "{denied}");
    for path in ["/login", "/login?strict=1"] {
        let recipe = recipe(&demo.url(path), CHECK);
        let told = format!("logged in at {} (303, then 200)\n", demo.url("/login"));
        let run = run(&["fetch", &account, &account, "--dedupe=none", "--recipe", &recipe], "pass").await;
        assert_eq!((run.exit, run.records().len()), (0, 2), "a login has no record: {run}");
        assert!(run.stderr.contains(&told), "{run}");
        assert_eq!(run.record(0)["data"]["title"], "Members");
        let crawl = self::run(&["crawl", &account, "--depth=0", "--recipe", &recipe], "pass").await;
        assert_eq!(crawl.exit, 0, "{crawl}");
        assert!(crawl.stderr.contains(&told) && crawl.text().contains("Members"), "{crawl}");
    }
}

#[tokio::test]
async fn a_session_in_a_file_needs_no_second_login() {
    let demo = demo::Site::start(0).await.unwrap();
    let (account, jar) = (demo.url("/account"), folder().join("jar.txt"));
    let flag = format!("--cookies={}", jar.display());
    let recipe = recipe(&demo.url("/login"), "unless = \"a[href='/logout']\"");
    let first = run(&["fetch", &account, &flag, "--recipe", &recipe], "pass").await;
    assert!(first.exit == 0 && first.stderr.contains("logged in at"), "{first}");
    let second = run(&["fetch", &account, &flag, "--recipe", &recipe], "wrong").await;
    assert!(second.exit == 0 && second.stderr.contains("already logged in at"), "{second}");
    for command in [&["check", "--exclude=/logout"], &["crawl", "--depth=0"]] {
        let later = run(&[command[0], &account, &flag, command[1]], "").await;
        assert_eq!(later.exit, 0, "{later}");
    }
    let text = fs::read_to_string(&jar).unwrap();
    let session = text.lines().last().unwrap().rsplit('\t').next().unwrap();
    assert!(session.len() == 16 && ![first.to_string(), second.to_string()].concat().contains(session));
}

#[tokio::test]
async fn a_login_that_fails_ends_the_run_before_it_begins() {
    let demo = demo::Site::start(0).await.unwrap();
    let account = demo.url("/account");
    let jar = folder().join("jar.txt");
    let flag = format!("--cookies={}", jar.display());
    let wrong = "fields_ = 1";
    for (path, more, password, told) in [
        ("/login", CHECK, "CANARY", "matches nothing on"),
        ("/login?strict=1", "", "CANARY", "the form was answered with 403 Forbidden"),
        ("/login", "token = { token = 'title' }", "CANARY", "the form was answered with 403 Forbidden"),
        ("/missing", CHECK, "CANARY", "answered 404 Not Found, not with a form"),
        ("/account", CHECK, "CANARY", "answered 403 Forbidden, not with a form"),
        ("/", CHECK, "CANARY", "no form on the page has a field for a password"),
        ("/login", "form = '#search'", "CANARY", "the form has no field `user`"),
        ("/login", "token = { x = 'meta[name=nope]::attr(content)' }", "CANARY", "token `x` finds nothing"),
        ("/close", CHECK, "CANARY", "the page with the form cannot be fetched: "),
        ("/login", wrong, "CANARY", "did you mean `fields`?"),
    ] {
        let recipe = recipe(&demo.url(path), more);
        let run = run(&["fetch", &account, &flag, "--retries=0", "--recipe", &recipe], password).await;
        assert_eq!((run.exit, run.text()), (2, ""), "{path} {more}: {run}");
        assert!(run.stderr.contains(told), "{path} {more}: {run}");
        assert!(!run.stderr.contains("CANARY") && !jar.exists(), "{run}");
    }
    let site = Site::start(|_| Reply::text("x")).await;
    let recipe = recipe(&site.url("/login"), "");
    let run = fetchall(["fetch", &site.url("/"), "--recipe", &recipe]).run().await;
    assert!(run.exit == 2 && run.stderr.contains("DEMO_PASSWORD is not set"), "{run}");
    let run = self::run(&["fetch", &site.url("/"), "--recipe", &recipe, "--cookies=off"], "pass").await;
    assert!(run.exit == 2 && run.stderr.contains("--cookies: off does not go with a recipe that logs in"), "{run}");
    let run = self::run(&["fetch", &site.url("/"), "--recipe", &recipe, "-n"], "CANARY").await;
    assert!(run.exit == 0 && !run.to_string().contains("CANARY"), "{run}");
    assert!(site.asks().is_empty());
}

#[tokio::test]
async fn a_login_asks_as_the_run_does_and_as_a_browser_would() {
    let form = "<form method=post action=/in><input type=hidden name=t value='1 2'><input name=user>\
                <input type=password name=password><input type=submit name=go value=ok></form>";
    let site = Site::start(move |ask| match ask.path.as_str() {
        "/login" => Reply::html(form).header("Set-Cookie", "pre=1; Path=/"),
        "/in" => Reply::redirect(302, "/home").header("Set-Cookie", "sid=2; Path=/"),
        _ => Reply::html("<h1>x</h1>"),
    })
    .await;
    let recipe = recipe(&site.url("/login"), "");
    let flags = ["-A", "mine", "-H", "X-Key: k", "-X", "PUT", "-d", "body", "--include", "page"];
    let args = ["fetch", &site.url("/page"), "--recipe", &recipe];
    let run = run(&[&args[..], &flags].concat(), "p&w").await;
    assert_eq!(run.exit, 0, "{run}");
    let asks = site.asks();
    let paths: Vec<_> = asks.iter().map(|ask| (ask.method.as_str(), ask.path.as_str())).collect();
    assert_eq!(paths, [("GET", "/login"), ("POST", "/in"), ("GET", "/home"), ("PUT", "/page")]);
    assert!(asks.iter().all(|ask| ask.header("user-agent") == Some("mine") && ask.header("x-key") == Some("k")));
    let post = &asks[1];
    assert_eq!(String::from_utf8_lossy(&post.body), "t=1+2&user=user&password=p%26w&go=ok");
    assert_eq!(post.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(post.header("cookie"), Some("pre=1"));
    assert_eq!(post.header("origin").map(|origin| format!("{origin}/")), Some(site.url("/")));
    assert_eq!(post.header("referer"), Some(site.url("/login").as_str()));
    assert_eq!(asks[0].header("origin"), None);
    let mut cookies: Vec<_> = asks[3].header("cookie").unwrap().split("; ").collect();
    cookies.sort_unstable();
    assert_eq!(cookies, ["pre=1", "sid=2"]);
}

#[tokio::test]
async fn a_password_goes_to_no_origin_that_nobody_named() {
    let other = Site::start(|_| Reply::html("<h1>x</h1>")).await;
    let there = other.url("/in");
    let site = Site::start(move |ask| {
        let to = |action: &str| {
            Reply::html(format!(
                "<form method=post action='{action}'><input name=user><input type=password name=password></form>"
            ))
        };
        match ask.path.as_str() {
            "/away" => to(&there),
            "/page" => Reply::redirect(302, &there),
            "/login" => to("/307"),
            "/307" => Reply::redirect(307, &there),
            _ => Reply::html("x"),
        }
    })
    .await;
    for path in ["/away", "/login"] {
        let text = recipe(&site.url(path), "");
        let run = run(&["fetch", &site.url("/x"), "--recipe", &text], "CANARY").await;
        assert_eq!(run.exit, 2, "{run}");
        assert!(run.stderr.contains("blocked: ") && run.stderr.contains("allow-origin"), "{run}");
        assert!(other.asks().is_empty() && site.hits("/x") == 0);
    }
    let text = recipe(&site.url("/away"), &format!("allow-origin = '{}'", other.url("/")));
    let run = run(&["fetch", &site.url("/x"), "--recipe", &text, "-H", "X-Key: k"], "pw").await;
    assert_eq!((run.exit, other.asks().len()), (0, 1), "{run}");
    assert_eq!(other.asks()[0].header("x-key"), None);
}

#[tokio::test]
async fn programs_log_in_and_share_the_jar() {
    let demo = demo::Site::start(0).await.unwrap();
    let text = format!("[login]\nurl = '{}'\nfields = {{ user = 'user', password = 'pass' }}", demo.url("/login"));
    let login = Login::of(&Recipe::parse(&text).unwrap()).unwrap().unwrap();
    let mut settings = Settings::default();
    settings.transport.no_proxy = Some("*".to_owned());
    let without = Fetcher::new(settings.clone()).unwrap();
    assert!(without.login(&login).await.unwrap_err().message.contains("cookies"));
    settings.transport.cookies = Cookies::On;
    let fetcher = Fetcher::new(settings.clone()).unwrap();
    let logged_in = fetcher.login(&login).await.unwrap();
    assert_eq!((logged_in.statuses, logged_in.already, logged_in.doubt), (vec![303, 200], false, None));
    settings.transport.cookies = Cookies::Jar(fetcher.cookies().unwrap().clone());
    let other = Fetcher::new(settings).unwrap();
    let records: Vec<_> = other.run(stream::iter([Request::get(demo.url("/account"))])).collect().await;
    assert_eq!(records[0].status, Some(200));
}
