//! Redirects: chains, loops, and what a redirect's own answer does to whoever follows it.

use super::{
    Ask, Behaviour, Cert, Seen, Set, Step, Tls,
    behaviour::group,
    ms,
    port::{Shared, Stream, requests},
    secs,
};
use std::{io, sync::Arc};

pub fn all() -> Vec<Behaviour> {
    [chains(), answers(), origins()].into_iter().flatten().collect()
}

/// A redirect with exactly these bytes as its Location; the connection stays open.
pub(super) fn moved(status: u16, location: impl AsRef<[u8]>) -> Vec<Step> {
    let mut head = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nlocation: ").into_bytes();
    head.extend_from_slice(location.as_ref());
    head.extend_from_slice(b"\r\n\r\n");
    vec![Step::Send(head.into()), Step::Next]
}

/// Where the others lead to.
pub(super) fn end() -> Vec<Step> {
    Step::answer(200, "content-type: text/plain\r\n", "the end\n")
}

/// The requests that are the behaviour's own.
pub(super) fn asks(seen: &Seen) -> Vec<&Ask> {
    seen.asks.iter().filter(|ask| !["/neighbour", "/robots.txt"].contains(&ask.path.as_str())).collect()
}

/// The server was asked that often.
pub(super) fn asked(seen: &Seen, times: usize) -> Result<(), String> {
    let paths: Vec<&str> = asks(seen).iter().map(|ask| ask.path.as_str()).collect();
    if paths.len() == times { Ok(()) } else { Err(format!("asked {} times: {paths:.60?}", paths.len())) }
}

/// The number that a path like `/7` has.
fn number(ask: &Ask) -> u32 {
    ask.path.trim_start_matches('/').parse().unwrap_or(0)
}

fn chains() -> Vec<Behaviour> {
    group(
        "Redirects",
        vec![
            Behaviour::plain("redirect-to-itself", "redirects to the same URL", |_| moved(302, "/"))
                .fails(&["redirect.loop"])
                .check(|_, seen| asked(seen, 1)),
            Behaviour::plain("redirect-in-a-circle-of-two", "redirects to a page that redirects back", |ask| {
                moved(302, if ask.path == "/" { "/other" } else { "/" })
            })
            .fails(&["redirect.loop"])
            .has("/redirects/0/location", "/other")
            .check(|_, seen| asked(seen, 2)),
            Behaviour::plain(
                "redirect-to-itself-with-a-cookie",
                "sets a cookie and redirects to itself, for ever",
                |_| Step::answer(302, "location: /\r\nset-cookie: seen=1\r\n", ""),
            )
            .with(Set::Cookies)
            .fails(&["redirect.too_many"])
            .check(|_, seen| asked(seen, 11)),
            Behaviour::plain("redirect-ever-new", "redirects to a URL that nobody has seen before, for ever", |ask| {
                moved(302, format!("/{}", number(ask) + 1))
            })
            .fails(&["redirect.too_many"])
            .check(|record, seen| {
                let hops = record["redirects"].as_array().map_or(0, Vec::len);
                if hops == 10 { asked(seen, 11) } else { Err(format!("{hops} hops in the record")) }
            }),
            Behaviour::plain("redirect-chain-of-ten", "redirects ten times, then serves a page", |ask| {
                match number(ask) {
                    10 => end(),
                    n => moved(302, format!("/{}", n + 1)),
                }
            })
            .ok(200)
            .check(|record, seen| {
                let hops = record["redirects"].as_array().map_or(0, Vec::len);
                if hops == 10 { asked(seen, 11) } else { Err(format!("{hops} hops in the record")) }
            }),
            Behaviour::plain("redirect-chain-of-eleven", "redirects eleven times, then serves a page", |ask| {
                match number(ask) {
                    11 => end(),
                    n => moved(302, format!("/{}", n + 1)),
                }
            })
            .fails(&["redirect.too_many"])
            .check(|_, seen| asked(seen, 11)),
            Behaviour::plain(
                "redirect-to-a-growing-url",
                "doubles the query with each redirect, beyond 16 KiB",
                |ask| {
                    let query = ask.path.split('?').nth(1).unwrap_or("0123456789abcdef0123456789abcdef").to_owned();
                    moved(302, format!("/?{query}{query}"))
                },
            )
            .fails(&["redirect.invalid"])
            .check(|_, seen| match asks(seen).iter().map(|ask| ask.path.len()).max() {
                Some(longest) if longest > 16 * 1024 => Err(format!("asked for a URL of {longest} bytes")),
                _ => Ok(()),
            }),
            Behaviour::plain("redirect-a-second-a-hop", "redirects for ever and takes 0.7 s for each answer", |ask| {
                let mut steps = moved(302, format!("/{}", number(ask) + 1));
                steps.insert(0, Step::Wait(ms(700)));
                steps
            })
            .fails(&["timeout.total"])
            .within(secs(5)),
            Behaviour::plain("redirect-post-to-itself-as-get", "answers a form with a 303 to the same URL", |ask| {
                if ask.method == "POST" { moved(303, "/") } else { end() }
            })
            .asking("method", "POST")
            .asking("body", "k=v")
            .ok(200)
            .check(|_, seen| asked(seen, 2)),
        ],
    )
}

/// What the redirect's own body does.
fn answers() -> Vec<Behaviour> {
    const CHUNKED: &str = "HTTP/1.1 302 Found\r\nlocation: /end\r\ntransfer-encoding: chunked\r\n\r\n";
    let or_end = |steps: fn() -> Vec<Step>| move |ask: &Ask| if ask.path == "/end" { end() } else { steps() };
    group(
        "Redirects",
        vec![
            Behaviour::plain(
                "redirect-with-an-endless-body",
                "redirects with a body that never ends",
                or_end(|| vec![Step::send(CHUNKED), Step::repeat(chunk(&[b'x'; 16384]), u64::MAX)]),
            )
            .fails(&["body.too_large"])
            .check(|_, seen| asked(seen, 1)),
            Behaviour::plain(
                "redirect-with-a-bomb",
                "redirects with a small body that unpacks to 64 MiB",
                or_end(|| {
                    let head = "location: /end\r\ncontent-encoding: gzip\r\ncontent-type: text/html\r\n";
                    Step::answer(302, head, packed(64))
                }),
            )
            .fails(&["body.bomb"])
            .check(|_, seen| asked(seen, 1)),
            Behaviour::plain(
                "redirect-whose-body-stalls",
                "redirects and never sends the body that it announced",
                or_end(|| {
                    let head =
                        "HTTP/1.1 302 Found\r\nlocation: /end\r\ncontent-type: text/html\r\ncontent-length: 500\r\n";
                    vec![Step::send(format!("{head}\r\n<html>")), Step::Stall]
                }),
            )
            .fails(&["timeout.read"])
            .check(|_, seen| asked(seen, 1)),
            Behaviour::plain(
                "redirect-whose-body-is-cut",
                "redirects and closes in the middle of the body",
                or_end(|| vec![Step::send(CHUNKED), Step::send("ff\r\nshort")]),
            )
            .fails(&["body.truncated"])
            .check(|_, seen| asked(seen, 1)),
            Behaviour::plain("location-on-a-page", "serves a page with status 200 and a Location", |_| {
                Step::answer(200, "location: /elsewhere\r\n", "here")
            })
            .ok(200)
            .has("/redirects", serde_json::json!([]))
            .check(|_, seen| asked(seen, 1)),
        ],
    )
}

/// One port that speaks plain HTTP and TLS, by the first byte that the client sends.
async fn both(stream: Stream, shared: Arc<Shared>, tls: Tls, reply: fn(&Ask, bool) -> Vec<Step>) -> io::Result<()> {
    let mut first = [0];
    stream.tcp().peek(&mut first).await?;
    let is_tls = first[0] == 0x16;
    let stream = if is_tls { stream.over_tls(&tls).await? } else { stream };
    requests(stream, &shared, |ask| reply(ask, is_tls)).await
}

/// The same place with the other scheme.
fn swapped(ask: &Ask, scheme: &str, path: &str) -> String {
    format!("{scheme}://{}{path}", ask.origin.trim_start_matches("http://"))
}

/// Away from the origin, and back.
fn origins() -> Vec<Behaviour> {
    group(
        "Redirects",
        vec![
            Behaviour::accept(
                "redirect-to-an-expired-certificate",
                "redirects to https with an expired certificate",
                |stream, shared| {
                    both(stream, shared, Tls::new(Cert::Expired), |ask, is_tls| {
                        if is_tls { end() } else { moved(302, swapped(ask, "https", "/end")) }
                    })
                },
            )
            .fails(&["tls.expired"])
            .check(|_, seen| asked(seen, 1)),
            Behaviour::accept(
                "redirect-down-with-credentials",
                "redirects from http to https and back, when it was sent credentials",
                |stream, shared| {
                    both(stream, shared, Tls::new(Cert::Good), |ask, is_tls| match (ask.path.as_str(), is_tls) {
                        ("/end", _) => end(),
                        (_, true) => moved(302, swapped(ask, "http", "/end")),
                        (_, false) => moved(302, swapped(ask, "https", "/up")),
                    })
                },
            )
            .asking("headers", serde_json::json!({"authorization": "Bearer hop-canary", "x-api-key": "hop-canary"}))
            .ok(200)
            .check(|_, seen| {
                let told = |ask: &&Ask| ask.headers.iter().any(|(_, value)| value.contains("hop-canary"));
                let paths: Vec<_> = asks(seen).into_iter().filter(told).map(|ask| ask.path.clone()).collect();
                if paths == ["/"] { asked(seen, 3) } else { Err(format!("credentials were sent to {paths:?}")) }
            }),
            Behaviour::accept(
                "redirect-down-with-content",
                "redirects a form to https, and from there back to http",
                |stream, shared| {
                    both(stream, shared, Tls::new(Cert::Good), |ask, is_tls| match is_tls {
                        true => moved(307, swapped(ask, "http", "/end")),
                        false if ask.path == "/end" => end(),
                        false => moved(307, swapped(ask, "https", "/up")),
                    })
                },
            )
            .asking("method", "POST")
            .asking("body", "secret=1")
            .fails(&["blocked.downgrade"])
            .check(|_, seen| asked(seen, 2)),
            Behaviour::plain("redirect-to-a-port-that-is-closed", "redirects to a port where nobody listens", |_| {
                moved(302, "http://127.0.0.1:1/")
            })
            .fails(&["connect.refused"])
            .has("/redirects/0/status", 302),
        ],
    )
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// That many MiB of zeros, packed: as many gzip members (RFC 1952, section 2.2).
pub(super) fn packed(mib: usize) -> Vec<u8> {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&vec![0; 1 << 20]).unwrap();
    packer.finish().unwrap().repeat(mib)
}
