//! The kit itself: a helper that lies would make every test that uses it lie.

use fetchall::model::{Code, Ending, Failure, Record, Visit, record::Heavy};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    Cert, Proxy, Reply, Signal, Site, Tls, ca_pem, ms,
    run::{checked, program},
    secs,
};

async fn said(site: &Site, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(site.addr()).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn a_site_sends_exactly_what_it_is_told_and_counts() {
    let site = Site::start(|ask| match (ask.path.as_str(), ask.hit) {
        ("/", 0) => Reply::status(503).header("x-a", "1"),
        ("/", _) => Reply::html("<p>").then(super::Then::Close),
        ("/pieces", _) => Reply::chunked(["ab", "c"]).then(super::Then::Close),
        ("/reset", _) => Reply::reset(),
        _ => Reply::raw("as it is"),
    })
    .await;
    let both =
        said(&site, "POST / HTTP/1.1\r\nA: b\r\ncontent-length: 2\r\n\r\nhiGET / HTTP/1.1\r\n\r\n").await.unwrap();
    let first = "HTTP/1.1 503 Told\r\nx-a: 1\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(
        both.strip_prefix(first).map(|rest| rest.ends_with("\r\nconnection: close\r\n\r\n<p>")),
        Some(true),
        "{both}"
    );
    assert_eq!(said(&site, "GET /x HTTP/1.1\r\n\r\n").await.unwrap(), "as it is");
    assert!(
        said(&site, "GET /pieces HTTP/1.1\r\n\r\n").await.unwrap().ends_with("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    );
    let reset = said(&site, "GET /reset HTTP/1.1\r\n\r\n").await.unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!((site.hits("/"), site.connections(), site.most_open()), (2, 4, 1));
    let asks = site.asks();
    assert_eq!((asks[0].method.as_str(), asks[0].header("a"), &asks[0].body[..]), ("POST", Some("b"), &b"hi"[..]));
    assert_eq!(asks[0].peer, asks[1].peer);
}

#[tokio::test]
async fn a_site_notices_that_a_client_left() {
    let site = Site::start(|_| Reply::stall("HTTP/1.1 200 OK\r\n").after(secs(100))).await;
    let mut stream = TcpStream::connect(site.addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    while site.hits("/") == 0 {
        tokio::time::sleep(ms(1)).await;
    }
    assert_eq!(site.open(), 1);
    drop(stream);
    let left = async {
        while site.open() > 0 {
            tokio::time::sleep(ms(1)).await;
        }
    };
    tokio::time::timeout(secs(5), left).await.expect("it notices");
}

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().timeout(secs(10))
}

fn trusting() -> reqwest::ClientBuilder {
    // a library is told its provider; here the test is the program
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    client().tls_certs_only([reqwest::Certificate::from_pem(ca_pem().as_bytes()).unwrap()])
}

#[tokio::test]
async fn certificates_are_right_or_wrong_as_told() {
    let client = trusting().build().unwrap();
    for (cert, sign) in [
        (Cert::Good, None),
        (Cert::Expired, Some("Expired")),
        (Cert::WrongHost, Some("NotValidForName")),
        (Cert::SelfSigned, Some("UnknownIssuer")),
    ] {
        let site = Site::start_tls(cert, |_| Reply::text("hi")).await;
        let told = client.get(site.url("/")).send().await;
        match sign {
            None => assert_eq!(told.unwrap().version(), http::Version::HTTP_11),
            Some(sign) => {
                let error = format!("{:?}", told.expect_err("a wrong certificate"));
                assert!(error.contains(sign), "{cert:?}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn http2_is_spoken_where_it_is_offered() {
    let site = Site::start_tls(Tls::new(Cert::Good).alpn(&["h2", "http/1.1"]), |ask| match ask.path.as_str() {
        "/off" => Reply::close(),
        path => Reply::chunked(["you asked for ", path]).header("x-a", "1"),
    })
    .await;
    let client = trusting().build().unwrap();
    let response = client.get(site.url("/x?y")).send().await.unwrap();
    assert_eq!((response.version(), &response.headers()["x-a"]), (http::Version::HTTP_2, &"1".parse().unwrap()));
    assert_eq!(response.text().await.unwrap(), "you asked for /x?y");
    assert!(client.get(site.url("/off")).send().await.is_err());
    assert_eq!((site.connections(), site.hits("/off")), (1, 1));
}

#[tokio::test]
async fn proxies_pass_things_on_and_tell() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let plain = Site::start(|ask| Reply::text(format!("{:?}", ask.header("proxy-authorization")))).await;
    let secure = Site::start_tls(Cert::Good, |_| Reply::text("hi")).await;
    let (http, socks) = (Proxy::http(Some("me:secret")).await, Proxy::socks5().await);
    let get = async |proxy: &str, url: String| {
        let proxy = reqwest::Proxy::all(proxy).unwrap();
        let ca = reqwest::Certificate::from_pem(ca_pem().as_bytes()).unwrap();
        let builder = reqwest::Client::builder().tls_certs_only([ca]).proxy(proxy).timeout(secs(10));
        builder.build().unwrap().get(url).send().await.unwrap()
    };
    let with = http.url_with("me:secret");
    assert_eq!(get(&http.url(), plain.url("/a")).await.status(), 407);
    assert_eq!(get(&with, plain.url("/b")).await.text().await.unwrap(), "None");
    assert_eq!(get(&with, secure.url("/c")).await.text().await.unwrap(), "hi");
    assert_eq!(get(&socks.url(), plain.url("/d")).await.status(), 200);
    let passed = http.passed();
    let told: Vec<_> = passed.iter().map(|one| (one.method.as_str(), one.target.clone(), one.allowed)).collect();
    let connect = secure.addr().to_string();
    assert_eq!(told, [("GET", plain.url("/a"), false), ("GET", plain.url("/b"), true), ("CONNECT", connect, true)]);
    assert_eq!(socks.passed()[0].target, plain.addr().to_string());
    assert_eq!(plain.hits("/a"), 0);
}

#[tokio::test]
async fn a_run_tells_what_a_program_said_and_how_it_ended() {
    let script = "cat; echo oops >&2; echo \"$FETCHALL_X$HTTP_PROXY\"; exit 3";
    let run = program("sh", ["-c", script]).stdin("in\n".repeat(50_000)).env("FETCHALL_X", "y").run().await;
    assert_eq!((run.exit, run.signal, run.stderr.as_str()), (3, None, "oops\n"));
    assert_eq!((run.stdout.len(), run.text().ends_with("in\ny\n")), (150_002, true));
}

#[tokio::test]
async fn a_child_is_talked_to_and_ended_by_a_signal() {
    let mut child = program("cat", [""; 0]).open_stdin().start();
    child.write("a\nb\n").await;
    assert_eq!((child.line().await.as_deref(), child.line().await.as_deref()), (Some("a"), Some("b")));
    assert!(!child.ended());
    child.signal(Signal::TERM);
    let run = child.wait().await;
    assert_eq!((run.exit, run.signal, run.text()), (143, Some(15), "a\nb\n"));
}

#[tokio::test]
async fn a_child_whose_reader_left_notices() {
    let mut child = program("yes", [""; 0]).start();
    assert_eq!(child.line().await.as_deref(), Some("y"));
    child.close_stdout();
    let run = child.wait().await;
    assert!(run.signal == Some(13) || run.exit == 1, "{}", run.stderr);
}

#[tokio::test]
#[should_panic(expected = "against the schema")]
async fn a_line_that_is_no_record_fails_the_test() {
    program("echo", ["{\"seq\": 0}"]).run().await.records();
}

#[tokio::test]
#[should_panic(expected = "the last line is torn")]
async fn a_torn_line_fails_the_test() {
    program("printf", ["{"]).run().await.records();
}

#[test]
fn a_record_as_the_library_makes_it_passes() {
    let request = fetchall::model::Request::unreadable("nonsense", "no URL");
    let ending = Ending::Error(Failure::new(Code::UrlInvalid, "no URL"));
    let record = Record::of(Visit::refused(7, request, None, ending), Heavy::default());
    assert_eq!(checked(&serde_json::to_string(&record).unwrap())["seq"], 7);
}
