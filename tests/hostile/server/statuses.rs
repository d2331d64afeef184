//! Statuses with a meaning of their own, interim responses, and connections that are used again.

use super::{Ask, Behaviour, Step, behaviour::group, ms};

/// Exactly that, then the end.
fn exactly(name: &'static str, does: &'static str, bytes: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| Step::raw(bytes))
}

/// Exactly that, and the next request is read.
fn exactly_on(name: &'static str, does: &'static str, bytes: &'static str) -> Behaviour {
    Behaviour::plain(name, does, move |_| vec![Step::send(bytes), Step::Next])
}

fn odd_ones() -> Vec<Behaviour> {
    vec![
        exactly_on("status-999", "answers 999", "HTTP/1.1 999 No\r\ncontent-length: 0\r\n\r\n")
            .http_error(999, &["http.unexpected"]),
        exactly("status-99", "answers 099", "HTTP/1.1 099 No\r\n\r\n").fails(&["protocol.invalid"]),
        exactly("status-1000", "answers with four digits", "HTTP/1.1 2000 OK\r\n\r\n").fails(&["protocol.invalid"]),
        exactly("status-of-letters", "answers 2OO with letters", "HTTP/1.1 2OO OK\r\n\r\n")
            .fails(&["protocol.invalid"]),
        exactly_on(
            "204-with-body",
            "answers 204 with a body all the same",
            "HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\nhello",
        )
        .ok(204)
        .has("/bytes", 0),
        exactly_on(
            "204-with-chunks",
            "answers 204 with chunks",
            "HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        )
        .ok(204)
        .has("/bytes", 0),
        exactly_on(
            "205-with-body",
            "answers 205 with a body all the same",
            "HTTP/1.1 205 No\r\ncontent-length: 5\r\n\r\nhello",
        )
        .ok(205),
        exactly_on("304-unasked", "answers 304 to a request without conditions", "HTTP/1.1 304 No\r\n\r\n")
            .http_error(304, &["http.redirect", "http.unexpected"]),
        exactly_on(
            "304-with-body",
            "answers 304 with a length and a body",
            "HTTP/1.1 304 No\r\ncontent-length: 5\r\n\r\nhello",
        )
        .asking("if_none_match", "\"x\"")
        .ok(304)
        .has("/bytes", 0),
        exactly_on(
            "head-with-body",
            "answers HEAD with a body all the same",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        )
        .asking("method", "HEAD")
        .has("/bytes", 0),
        exactly_on(
            "head-with-chunks",
            "answers HEAD with chunks",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        )
        .asking("method", "HEAD")
        .has("/bytes", 0),
        exactly_on(
            "head-of-a-gigabyte",
            "answers HEAD with a length of 1 GiB, and gzip",
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1073741824\r\n\r\n",
        )
        .asking("method", "HEAD")
        .has("/bytes", 0),
        exactly_on(
            "407-from-a-server",
            "asks for the password of a proxy that there is not",
            "HTTP/1.1 407 No\r\nproxy-authenticate: Basic realm=x\r\ncontent-length: 0\r\n\r\n",
        )
        .http_error(407, &["proxy.auth"]),
        exactly_on(
            "408-at-once",
            "answers 408 to the first request of a connection",
            "HTTP/1.1 408 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        )
        .http_error(408, &["http.client_error"]),
        exactly_on(
            "206-unasked",
            "answers 206 to a request without a range",
            "HTTP/1.1 206 Part\r\ncontent-range: bytes 0-4/100\r\ncontent-length: 5\r\n\r\nhello",
        )
        .ok(206),
        exactly_on(
            "206-of-several-parts",
            "answers 206 with many parts",
            "HTTP/1.1 206 Part\r\ncontent-type: multipart/byteranges; boundary=x\r\ncontent-length: 7\r\n\r\n--x--\r\n",
        )
        .ok(206),
    ]
}

fn interim() -> Vec<Behaviour> {
    const FINAL: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    vec![
        Behaviour::plain("100-first", "sends 100 Continue that nobody waits for", |_| {
            vec![Step::send(format!("HTTP/1.1 100 Continue\r\n\r\n{FINAL}")), Step::Next]
        })
        .has("/bytes", 5),
        Behaviour::plain("103-first", "sends early hints, with fields, before the response", |_| {
            vec![Step::send(format!("HTTP/1.1 103 Early Hints\r\nx-early: 1\r\n\r\n{FINAL}")), Step::Next]
        })
        .has("/bytes", 5)
        .check(|record, _| match &record["headers"]["x-early"] {
            serde_json::Value::Null => Ok(()),
            early => Err(format!("a field of an interim response is told: {early}")),
        }),
        Behaviour::plain("1xx-with-length", "sends an interim response with a length", |_| {
            vec![Step::send(format!("HTTP/1.1 102 Wait\r\ncontent-length: 5\r\n\r\n{FINAL}")), Step::Next]
        })
        .has("/bytes", 5),
        Behaviour::plain("199-fifty-times", "sends fifty interim responses first", |_| {
            vec![Step::send("HTTP/1.1 199 Wait\r\n\r\n".repeat(50) + FINAL), Step::Next]
        })
        .has("/bytes", 5),
        Behaviour::plain("1xx-for-ever", "never stops sending interim responses", |_| {
            vec![Step::flow("HTTP/1.1 100 Continue\r\n\r\n".repeat(100), ms(10))]
        })
        .fails(&["timeout.headers", "protocol.headers_too_large"]),
        Behaviour::plain("1xx-dripping", "sends an interim response every 200 ms for ever", |_| {
            (0..100).flat_map(|_| [Step::send("HTTP/1.1 102 Wait\r\n\r\n"), Step::Wait(ms(200))]).collect()
        })
        .fails(&["timeout.headers"]),
        Behaviour::plain("1xx-then-nothing", "sends 100 Continue and closes", |_| {
            Step::raw("HTTP/1.1 100 Continue\r\n\r\n")
        })
        .fails(&["protocol.empty"]),
        Behaviour::plain("1xx-with-many-fields", "sends an interim response with 90,000 fields", |_| {
            let fields = "x: y\r\n".repeat(90_000);
            Step::raw(format!("HTTP/1.1 103 Hints\r\n{fields}\r\n{FINAL}"))
        })
        .fails(&["protocol.headers_too_large"]),
        exactly(
            "101-unasked",
            "changes to another protocol that nobody asked for",
            "HTTP/1.1 101 Change\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nhello",
        )
        .http_error(101, &["http.unexpected"]),
        Behaviour::plain("101-and-stalls", "changes to a web socket that nobody asked for, and waits", |_| {
            vec![Step::send("HTTP/1.1 101 Change\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"), Step::Stall]
        })
        .http_error(101, &["http.unexpected"])
        .check(|_, seen| match seen.asks.len() {
            1 => Ok(()),
            count => Err(format!("{count} requests for one")),
        }),
    ]
}

/// `/` leads to `/next` on the connection that is open; these steps follow the redirect there. On any
/// connection, `next` answers the second request by its number.
fn reused(name: &'static str, does: &'static str, after: fn() -> Vec<Step>, next: fn(&Ask) -> Vec<Step>) -> Behaviour {
    Behaviour::plain(name, does, move |ask| match ask.path.as_str() {
        "/" => {
            [vec![Step::send("HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n")], after()].concat()
        }
        _ => next(ask),
    })
}

fn connections() -> Vec<Behaviour> {
    fn fine(_: &Ask) -> Vec<Step> {
        Step::answer(200, "", "hello")
    }
    fn go_on() -> Vec<Step> {
        vec![Step::Next]
    }
    let once = |behaviour: Behaviour| behaviour.has("/bytes", 5).has("/attempts", 1);
    vec![
        once(reused(
            "closes-while-idle",
            "closes the connection behind a response, without a word of it",
            Vec::new,
            fine,
        )),
        once(reused("resets-while-idle", "resets the connection behind a response", || vec![Step::Reset], fine)),
        once(reused(
            "408-while-idle",
            "sends 408 on an idle connection and closes it",
            || vec![Step::send("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")],
            fine,
        )),
        once(reused(
            "408-while-idle-late",
            "sends 408 on a connection that was idle for 2 ms",
            || vec![Step::Wait(ms(2)), Step::send("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n")],
            fine,
        )),
        once(reused(
            "closes-at-the-next-request",
            "closes when the next request comes on the same connection",
            go_on,
            |ask| {
                if ask.hit == 0 { Vec::new() } else { fine(ask) }
            },
        )),
        once(reused(
            "resets-at-the-next-request",
            "resets when the next request comes on the same connection",
            go_on,
            |ask| {
                if ask.hit == 0 { vec![Step::Reset] } else { fine(ask) }
            },
        )),
        once(reused(
            "408-at-the-next-request",
            "answers 408 and closes when the next request comes on the same connection",
            go_on,
            |ask| match ask.hit {
                0 => Step::raw("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
                _ => fine(ask),
            },
        )),
        reused("closes-at-every-next-request", "closes whenever the second page is asked for", go_on, |_| Vec::new())
            .fails(&["protocol.empty"])
            .check(|_, seen| match seen.asks.len() {
                2..=12 => Ok(()),
                count => Err(format!("asked {count} times")),
            }),
        once(Behaviour::plain(
            "poison-behind-a-redirect",
            "sends a response for the next request together with the redirect that leads there",
            |ask| match ask.path.as_str() {
                "/" => vec![
                    Step::send(
                        "HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n\
                         HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison",
                    ),
                    Step::Next,
                ],
                _ => fine(ask),
            },
        )),
    ]
}

pub fn all() -> Vec<Behaviour> {
    group("Statuses and connections", [odd_ones(), interim(), connections()].concat())
}
