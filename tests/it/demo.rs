//! The demo site, asked byte by byte: every row of its table does what it says.

use std::{io, time::Instant};

use fetchall::{
    demo::{APART, Expected, LISTED, Site, list},
    model::Code,
};
use futures::{StreamExt as _, stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{ms, secs};

/// What came back on a connection of its own.
#[derive(Debug)]
enum Answer {
    Response { status: u16, head: String, body: Vec<u8> },
    NotHttp,
    Nothing,
    Reset,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let Answer::Response { head, .. } = self else { return None };
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn status(&self) -> u16 {
        if let Answer::Response { status, .. } = self { *status } else { 0 }
    }

    fn body(&self) -> &[u8] {
        if let Answer::Response { body, .. } = self { body } else { &[] }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// As many bytes as the head promised.
    fn whole(&self) -> bool {
        self.header("content-length").is_none_or(|length| length.parse() == Ok(self.body().len()))
    }
}

async fn get(site: &Site, path: &str) -> Answer {
    ask(site, path, "").await
}

/// Asks with more header lines, and reads until the server closes.
async fn ask(site: &Site, path: &str, more: &str) -> Answer {
    let bytes = match exchange(site, path, more, u64::MAX).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Answer::Reset,
        other => other.expect("the site is there"),
    };
    if bytes.is_empty() {
        return Answer::Nothing;
    }
    let (head, body) = split(&bytes);
    let Some(rest) = head.strip_prefix("HTTP/1.1 ") else { return Answer::NotHttp };
    let status = rest[..3].parse().expect("a status has three digits");
    let body = if head.contains("transfer-encoding: chunked") { dechunk(body) } else { body.to_vec() };
    Answer::Response { status, head, body }
}

async fn exchange(site: &Site, path: &str, more: &str, most: u64) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(site.addr).await?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{more}\r\n", site.addr);
    stream.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    timeout(secs(10), stream.take(most).read_to_end(&mut bytes)).await.expect("it ends")?;
    Ok(bytes)
}

fn split(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), &bytes[end..])
}

fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        out.extend(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 2 + size + 2..];
        if size == 0 {
            break;
        }
    }
    out
}

/// Asks as a patient client would: follows redirects, tries again what may heal, waits when told to.
async fn patiently(site: &Site, path: &str) -> Answer {
    let mut path = path.to_owned();
    for _ in 0..10 {
        let answer = get(site, &path).await;
        match answer.status() {
            301..=308 => path = answer.header("location").expect("a redirect leads somewhere").to_owned(),
            429 => tokio::time::sleep(secs(answer.header("retry-after").unwrap().parse().unwrap())).await,
            503 => {}
            _ => return answer,
        }
    }
    panic!("{path} never came to an end");
}

async fn does_what_it_says(site: &Site, row: &Expected) {
    let path = row.path;
    let Some(code) = row.code else {
        let answer = patiently(site, path).await;
        assert!((200..300).contains(&answer.status()) && (answer.whole() || path == "/extra"), "{path}: {answer:?}");
        return;
    };
    if path.contains("://") || code == "duplicate" {
        return; // these are about the list; the site never sees them
    }
    let answer = get(site, path).await;
    let location = answer.header("location").unwrap_or_default();
    let right = match code {
        "http.client_error" => (400..500).contains(&answer.status()),
        "http.server_error" => (500..600).contains(&answer.status()),
        "redirect.loop" => get(site, location).await.header("location") == Some(path),
        "redirect.too_many" => location == "/loop-new?n=1",
        "redirect.scheme" => location.starts_with("ftp://"),
        "redirect.invalid" => location == "http://[",
        "body.truncated" => answer.status() == 200 && !answer.whole(),
        "body.decode" => answer.header("content-encoding") == Some("gzip") && !answer.body().starts_with(&[0x1f, 0x8b]),
        "protocol.empty" => matches!(answer, Answer::Nothing),
        "protocol.invalid" => matches!(answer, Answer::NotHttp),
        "connect.reset" => matches!(answer, Answer::Reset),
        other => panic!("{path}: nothing here knows how a site does {other}"),
    };
    assert!(right, "{path} should be {code}: {answer:?}");
}

#[tokio::test]
async fn every_row_does_what_it_says() {
    let site = Site::start(0).await.unwrap();
    let site = &site;
    stream::iter(LISTED).for_each_concurrent(8, |row| does_what_it_says(site, row)).await;
}

#[test]
fn every_code_of_the_table_exists() {
    for row in LISTED.iter().chain(APART) {
        if let Some(code) = row.code {
            assert!(Code::ALL.iter().any(|known| known.facts().name == code), "{code}");
        }
    }
}

#[tokio::test]
async fn the_index_names_every_page_and_the_list_is_served() {
    let site = Site::start(0).await.unwrap();
    let index = get(&site, "/").await.text();
    assert!(index.contains("<title>fetchall demo</title>"));
    for row in LISTED.iter().chain(APART) {
        assert!(index.contains(&format!("href=\"{}\"", row.path.replace('&', "&amp;"))), "{}", row.path);
    }
    let served = get(&site, "/list").await.text();
    assert_eq!(served.lines().collect::<Vec<_>>(), list(&site.url("/")));
}

#[tokio::test]
async fn a_name_is_greeted_and_never_markup() {
    let site = Site::start(0).await.unwrap();
    let page = get(&site, "/?name=Alice").await.text();
    assert!(page.contains("<title>Hello, Alice</title>") && page.contains("<h1>Hello, Alice!</h1>"), "{page}");
    let page = get(&site, "/?name=%3Cscript%3E").await.text();
    assert!(page.contains("Hello, &lt;script&gt;!"), "{page}");
}

#[tokio::test]
async fn what_changes_is_as_new_after_each_run() {
    let site = Site::start(0).await.unwrap();
    for _run in 0..2 {
        for status in [503, 503, 200] {
            assert_eq!(get(&site, "/flaky?key=x&fails=2").await.status(), status);
        }
    }
    let limited = async |key| get(&site, &format!("/limited?key={key}")).await.status();
    assert_eq!((limited("x").await, limited("x").await, limited("y").await), (429, 429, 429));
    tokio::time::sleep(ms(1010)).await;
    assert_eq!((limited("x").await, limited("x").await), (200, 429));
}

#[tokio::test]
async fn articles_take_a_tenth_of_a_second_and_link_to_their_neighbours() {
    let site = Site::start(0).await.unwrap();
    let began = Instant::now();
    let page = get(&site, "/article/20").await.text();
    assert!(began.elapsed() >= ms(100));
    assert!(page.contains("href=\"/article/19\"") && page.contains("href=\"/article/1\""), "{page}");
    assert!(page.contains("class=\"price\"") && !page.contains('{'), "{page}");
    assert_eq!(get(&site, "/article/21").await.status(), 404);
    assert_eq!(get(&site, "/article/0").await.status(), 404);
}

#[tokio::test]
async fn a_copy_is_confirmed_and_a_visitor_let_in() {
    let site = Site::start(0).await.unwrap();
    let tag = get(&site, "/etag").await.header("etag").unwrap().to_owned();
    assert_eq!(ask(&site, "/etag", &format!("if-none-match: {tag}\r\n")).await.status(), 304);
    assert_eq!(ask(&site, "/etag", "if-none-match: \"old\"\r\n").await.status(), 200);
    assert_eq!(ask(&site, "/auth", "authorization: Basic dXNlcjpwYXNz\r\n").await.status(), 200);
    assert_eq!(ask(&site, "/auth", "authorization: Bearer token\r\n").await.status(), 200);
    assert_eq!(ask(&site, "/auth", "authorization: Bearer other\r\n").await.status(), 401);
}

#[tokio::test]
async fn the_echo_tells_what_was_sent() {
    let site = Site::start(0).await.unwrap();
    let more = "x-a: 1\r\nx-a: 2\r\ncontent-length: 4\r\n\r\nbody";
    let said: serde_json::Value = serde_json::from_slice(ask(&site, "/echo?q=1", more).await.body()).unwrap();
    assert_eq!((&said["method"], &said["path"], &said["query"]), (&"GET".into(), &"/echo".into(), &"q=1".into()));
    assert_eq!((&said["headers"]["x-a"], &said["body"]), (&serde_json::json!(["1", "2"]), &"body".into()));
}

#[tokio::test]
async fn pages_kept_apart_go_on_for_longer_than_anyone_reads() {
    let site = Site::start(0).await.unwrap();
    let endless = exchange(&site, "/endless", "", 8 << 20).await.unwrap();
    assert_eq!(endless.len(), 8 << 20);
    let bomb = get(&site, "/bomb").await;
    assert!(bomb.body().starts_with(&[0x1f, 0x8b]) && bomb.body().len() < 2 << 20, "{} bytes", bomb.body().len());
    for silent in ["/stall", "/slow?delay=10", "/drip?seconds=60"] {
        assert!(timeout(ms(300), get(&site, silent)).await.is_err(), "{silent} ended");
    }
}

#[tokio::test]
async fn a_site_that_was_stopped_is_gone_and_its_port_free() {
    let site = Site::start(0).await.unwrap();
    let addr = site.addr;
    assert!(Site::start(addr.port()).await.is_err(), "a taken port is an error");
    site.stop();
    let gone = async {
        while TcpStream::connect(addr).await.is_ok() {
            tokio::time::sleep(ms(5)).await;
        }
    };
    timeout(secs(5), gone).await.expect("it stops listening");
}
