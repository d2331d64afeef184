//! `--dashboard ADDR`: what a viewer of a run gets, who may be one, and that the run waits for nobody.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::*;

/// A connection to a dashboard, and what has come.
struct Viewer {
    stream: TcpStream,
    text: String,
}

impl Viewer {
    /// Sends a request of these lines, with an end behind them.
    async fn ask(at: SocketAddr, lines: &[&str]) -> Viewer {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all((lines.join("\r\n") + "\r\n\r\n").as_bytes()).await.unwrap();
        Viewer { stream, text: String::new() }
    }

    /// Reads until this is there, or until the end.
    async fn until(&mut self, words: &str) -> &str {
        let mut part = [0; 8192];
        while words.is_empty() || !self.text.contains(words) {
            match self.stream.read(&mut part).await {
                Ok(read @ 1..) => self.text.push_str(&String::from_utf8_lossy(&part[..read])),
                _ => break,
            }
        }
        &self.text
    }

    /// All of it.
    async fn all(mut self) -> String {
        self.until("").await;
        self.text
    }
}

/// The answer to a request of these lines.
async fn answer(at: SocketAddr, lines: &[&str]) -> String {
    Viewer::ask(at, lines).await.all().await
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
}

/// A body without the frames of chunked coding (RFC 9112, section 7.1).
fn unchunked(answer: &str) -> String {
    let (head, mut rest) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let mut body = String::new();
    while let Some((size, behind)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        body.push_str(&behind[..size]);
        rest = &behind[size + 2..];
    }
    body
}

/// Events of a stream: name, id and lines of data.
fn events(body: &str) -> Vec<(String, String, Vec<String>)> {
    let field = |event: &str, name: &str| -> Vec<String> {
        let with = |line: &str| line.strip_prefix(name).map(|value| value.trim_start().to_owned());
        event.lines().filter_map(with).collect()
    };
    let one = |event: &str| (field(event, "event:").concat(), field(event, "id:").concat(), field(event, "data:"));
    body.split("\n\n").filter(|event| event.contains("event:")).map(one).collect()
}

/// The records of `rows` events, through a page made of them.
async fn records(rows: &[&(String, String, Vec<String>)]) -> String {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut page =
        "<!doctype html>\n<script type=\"application/json\" id=\"about\">{\"format\":1,\"about\":{}}</script>\n"
            .to_owned();
    for (_, _, data) in rows {
        page += &format!("<script type=\"application/x-fetchall-rows\" class=\"rows\">{}</script>\n", data[0]);
        if !data[1].is_empty() {
            page += &format!("<script type=\"application/x-fetchall-more\" class=\"more\">{}</script>\n", data[1]);
        }
    }
    fs::write(dir.path().join("run.html"), page + "</html>\n").unwrap();
    let run = fetchall(["report", "run.html", "-f", "jsonl"]).dir(&dir).run().await;
    assert_eq!(run.exit, 0, "{run}");
    run.text().to_owned()
}

/// A run that reads its list from a stdin that stays open, and the address of its dashboard.
async fn a_run(site: &Site, address: &str) -> (Child, SocketAddr, String) {
    let args = ["-", "--dashboard", address, "--with", "body", "--progress", "none", "-f", "jsonl"];
    let mut child = fetchall(args).open_stdin().start();
    let url = child.says("dashboard: ").await;
    let at = url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap();
    child.write(format!("{}\n{}\n", site.url("/a"), site.url("/gone"))).await;
    (child, at, url)
}

async fn a_site() -> Site {
    Site::start(|ask: &Ask| match ask.path.as_str() {
        "/gone" => Reply::status(404),
        _ => Reply::html("<title></script><script>window.hit=1</script>\u{202e}</title>"),
    })
    .await
}

const HERE: &str = "host: localhost";

#[tokio::test]
async fn rows_come_while_the_run_goes_on_and_are_the_records_and_the_end_is_told() {
    let site = a_site().await;
    let (mut child, at, _) = a_run(&site, ":0").await;
    let mut viewer = Viewer::ask(at, &["GET /events HTTP/1.1", HERE]).await;
    assert!(viewer.until("event: rows").await.contains("text/event-stream"));
    assert!(viewer.until(" so far</h1>").await.contains("event: told"), "the verdict is one of what is there");
    let page = answer(at, &["GET / HTTP/1.1", HERE]).await;
    assert!(page.contains("connect-src 'self'") && page.contains("\"events\":\"events\""), "{page:.600}");
    assert!(page.contains("frame-ancestors 'none'") && page.contains("no-store"));
    child.write(format!("{}\n", site.url("/later"))).await;
    child.end_input();
    let run = child.wait().await;
    assert_eq!(run.exit, 1, "{run}");
    let body = unchunked(&viewer.all().await);
    let events = events(&body);
    let rows: Vec<_> = events.iter().filter(|(name, ..)| name == "rows").collect();
    assert_eq!(records(&rows).await, run.text());
    assert_eq!(events.last().map(|(name, ..)| name.as_str()), Some("end"), "{body:.3000}");
    let told = events.iter().rfind(|(name, ..)| name == "told").unwrap().2.concat();
    assert!(told.contains("1 of 3 requests failed</h1>"), "{told:.2000}");
    assert!(!body.contains("<script>window") && !body.contains('\u{202e}'), "text of others is text");
    assert!(TcpStream::connect(at).await.is_err(), "the server ends with the run");
}

#[tokio::test]
async fn who_comes_late_gets_everything_and_who_comes_again_what_is_new() {
    let site = a_site().await;
    let (mut child, at, _) = a_run(&site, "127.0.0.1:0").await;
    let mut first = Viewer::ask(at, &["GET /events HTTP/1.1", HERE]).await;
    // The verdict stands behind the rows that it is about.
    first.until("1 of 2 requests failed so far").await;
    let seen = events(&first.text).into_iter().rfind(|(name, ..)| name == "rows").unwrap().1;
    drop(first);
    let again = format!("last-event-id: {seen}");
    let mut second = Viewer::ask(at, &["GET /events HTTP/1.1", HERE, &again]).await;
    let other = Viewer::ask(at, &["GET /events HTTP/1.1", HERE, "last-event-id: another-run-7"]).await;
    assert_eq!(events(&unchunked(&other.all().await))[0].0, "again", "of another run nothing can be gone on with");
    second.until("event: told").await;
    child.write(format!("{}\n", site.url("/later"))).await;
    child.end_input();
    let run = child.wait().await;
    let body = unchunked(&second.all().await);
    let ids: Vec<_> = events(&body).into_iter().filter(|(name, ..)| name == "rows").map(|(_, id, _)| id).collect();
    assert!(!ids.is_empty() && !ids.contains(&seen), "{seen}: {ids:?}");
    assert_eq!(run.records().len(), 3);
}

#[tokio::test]
async fn nobody_else_may_look() {
    let site = a_site().await;
    let (child, at, _) = a_run(&site, ":0").await;
    for (lines, wanted) in [
        (&["GET / HTTP/1.1", "host: evil.example"][..], 421),
        (&["GET /events HTTP/1.1", "host: evil.example:80"], 421),
        (&["GET / HTTP/1.1", "host: localhost.evil.example"], 421),
        (&["GET http://evil.example/ HTTP/1.1", "host: evil.example"], 421),
        (&["POST / HTTP/1.1", HERE, "content-length: 0"], 405),
        (&["OPTIONS /events HTTP/1.1", HERE], 405),
        (&["GET /../secret HTTP/1.1", HERE], 404),
        (&["GET / HTTP/1.0"], 421),
        (&["nonsense"], 400),
    ] {
        let answer = answer(at, lines).await;
        assert_eq!(status(&answer), wanted, "{lines:?}: {answer:.300}");
        assert!(!answer.contains("access-control-allow"), "{answer:.300}");
    }
    let run = child.wait().await;
    assert_eq!((run.exit, run.records().len()), (1, 2), "{run}");
}

#[tokio::test]
async fn from_other_machines_it_takes_the_token_that_is_said_once() {
    let site = a_site().await;
    let (child, at, url) = a_run(&site, "0.0.0.0:0").await;
    let at = SocketAddr::from(([127, 0, 0, 1], at.port()));
    let token = url.split_once("?token=").unwrap().1;
    assert_eq!(token.len(), 32);
    let wrong = format!("GET /?token={}0 HTTP/1.1", &token[..31].replace('0', "1"));
    for lines in [&["GET / HTTP/1.1", HERE][..], &["GET /events HTTP/1.1", HERE], &[&wrong, HERE]] {
        assert_eq!(status(&answer(at, lines).await), 403, "{lines:?}");
    }
    let welcome = answer(at, &[&format!("GET /?token={token} HTTP/1.1"), HERE]).await;
    assert_eq!(status(&welcome), 303);
    let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && welcome.contains("location: /\r\n"), "{welcome}");
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap());
    let page = answer(at, &["GET / HTTP/1.1", HERE, &cookie]).await;
    assert_eq!(status(&page), 200);
    assert!(!page.contains(token), "the secret does not stand in the page");
    let run = child.wait().await;
    assert_eq!(run.stderr.matches(token).count(), 1, "{run}");
}

#[tokio::test]
async fn a_viewer_that_takes_nothing_holds_nothing_up() {
    // Nothing packs noise, so what is to be sent is more than sockets take.
    let mut state = 1_u64;
    let noise: String = (0..1 << 18)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[(state >> 58) as usize])
        })
        .collect();
    let site = Site::start(move |ask: &Ask| Reply::html(format!("{} {noise}", ask.path))).await;
    let list: String = (0..48).map(|page| site.url(&format!("/{page}")) + "\n").collect();
    let args = ["-", "--dashboard", ":0", "--with", "body", "--progress", "none", "-f", "none"];
    let mut child = fetchall(args).open_stdin().start();
    let url = child.says("dashboard: http://").await;
    let at: SocketAddr = url.trim_end_matches('/').parse().unwrap();
    let mut deaf = Vec::new();
    for _ in 0..4 {
        deaf.push(Viewer::ask(at, &["GET /events HTTP/1.1", HERE]).await);
    }
    let began = Instant::now();
    child.write(list).await;
    child.end_input();
    let run = child.wait().await;
    assert_eq!(run.exit, 0, "{run}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    drop(deaf);
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_run_before_it_begins() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let site = a_site().await;
    let (url, address) = (site.url("/"), taken.local_addr().unwrap().to_string());
    for args in [["fetch", &url], ["crawl", &url], ["check", &url]] {
        let run = fetchall([&args[..], &["--dashboard", &address]].concat()).run().await;
        assert!(run.exit == 2 && run.stderr.contains("is taken; give another port"), "{args:?}: {run}");
    }
    assert_eq!(site.hits("/"), 0);
    for (args, said) in [
        (&["--dashboard", "example.org:80"][..], "no address with a port"),
        (&["--dashboard", ":0", "--watch", "1s"], "--watch has many rounds"),
        (&["--dashboard", ":0", "--dry-run"], "cannot be used with"),
    ] {
        let run = fetchall([&[url.as_str()], args].concat()).run().await;
        assert!(run.exit == 2 && run.stderr.contains(said), "{args:?}: {run}");
    }
}

#[tokio::test]
async fn a_check_is_shown_link_by_link() {
    let slow = Site::start(|_: &Ask| Reply::status(404).after(Duration::from_millis(1500))).await;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(dir.path().join("a.md"), format!("[well](b.md) [gone](none.md) [slow]({})\n", slow.url("/x"))).unwrap();
    fs::write(dir.path().join("b.md"), "# B\n").unwrap();
    let args = ["check", ".", "--dashboard", ":0", "--format", "jsonl", "--progress", "none"];
    let child = fetchall(args).dir(&dir).start();
    let url = child.says("dashboard: http://").await;
    let viewer = Viewer::ask(url.trim_end_matches('/').parse().unwrap(), &["GET /events HTTP/1.1", HERE]).await;
    let (run, text) = tokio::join!(child.wait(), viewer.all());
    assert_eq!(run.exit, 1, "{run}");
    let events = events(&unchunked(&text));
    let rows: Vec<_> = events.iter().filter(|(name, ..)| name == "rows").collect();
    assert_eq!(records(&rows).await, run.text());
    assert!(
        events.iter().any(|(name, _, data)| name == "told" && data.concat().contains("2 of 3 links are broken</h1>"))
    );
}
