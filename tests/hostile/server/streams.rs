//! HTTP/2: streams and connections that end in other ways than they should.

use std::io;

use super::{
    Behaviour, Cert, Seen, Tls,
    behaviour::group,
    frames::{
        CANCEL, DATA, END_STREAM, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, Peer, REFUSED_STREAM, frame, goaway,
        head, last, page, reset, setting,
    },
    ms,
    redirects::asked,
    secs,
};

pub fn all() -> Vec<Behaviour> {
    [resets(), goaways(), bodies(), ends()].into_iter().flatten().collect()
}

/// After the request of that stream; `.1` is how many connections there were before this one.
pub(super) fn after<F>(
    name: &'static str,
    does: &'static str,
    talk: impl Fn(Peer, u32, usize) -> F + Clone + Send + Sync + 'static,
) -> Behaviour
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    Behaviour::handshake(name, does, Tls::new(Cert::Good).alpn(&["h2"]), move |stream, shared| {
        let talk = talk.clone();
        async move {
            let earlier = shared.earlier();
            let mut peer = Peer::meet(stream, []).await?;
            let id = peer.request(&shared).await?;
            talk(peer, id, earlier).await
        }
    })
}

/// Answers each request of a connection with what is told of its number, from 0, and its stream.
fn each(
    name: &'static str,
    does: &'static str,
    reply: impl Fn(usize, u32) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> Behaviour {
    Behaviour::handshake(name, does, Tls::new(Cert::Good).alpn(&["h2"]), move |stream, shared| {
        let reply = reply.clone();
        async move {
            let mut peer = Peer::meet(stream, []).await?;
            for number in 0.. {
                let id = peer.request(&shared).await?;
                peer.send(reply(number, id)).await?;
            }
            Ok(())
        }
    })
}

/// A head that promises so many bytes.
fn promises(stream: u32, length: &str) -> Vec<u8> {
    head(0, stream, &[(":status", "200"), ("content-length", length)])
}

fn begins(stream: u32) -> Vec<u8> {
    head(0, stream, &[(":status", "200")])
}

fn resets() -> Vec<Behaviour> {
    group(
        "HTTP/2",
        vec![
            each("h2-reset-at-once", "resets the stream instead of an answer", |_, id| reset(id, INTERNAL_ERROR))
                .fails(&["protocol.http2"])
                .check(|_, seen| asked(seen, 1)),
            each("h2-refused-then-200", "refuses the first stream, unseen, and serves the second", |number, id| {
                if number == 0 { reset(id, REFUSED_STREAM) } else { page(id) }
            })
            .ok(200)
            .has("/attempts", 1)
            .check(|_, seen| asked(seen, 2)),
            each(
                "h2-refused-post-then-200",
                "refuses the first stream, unseen, though it carries a form",
                |number, id| {
                    if number == 0 { reset(id, REFUSED_STREAM) } else { page(id) }
                },
            )
            .asking("method", "POST")
            .asking("body", "order=1")
            .ok(200)
            .has("/attempts", 1)
            .check(|_, seen| asked(seen, 2)),
            each("h2-refused-for-ever", "refuses every stream", |_, id| reset(id, REFUSED_STREAM))
                .fails(&["connect.reset"])
                .check(|_, seen| asked(seen, 3)),
            each("h2-reset-post", "takes a form and resets the stream", |_, id| reset(id, INTERNAL_ERROR))
                .asking("method", "POST")
                .asking("body", "order=1")
                .asking("retries", 2)
                .fails(&["protocol.http2"])
                .check(|_, seen| asked(seen, 1)),
            each("h2-reset-in-the-body", "resets the stream in the middle of the body", |_, id| {
                [begins(id), frame(DATA, 0, id, "fi"), reset(id, INTERNAL_ERROR)].concat()
            })
            .fails(&["body.truncated"]),
            each(
                "h2-reset-without-error-in-the-body",
                "resets the stream in the middle of the body, with NO_ERROR",
                |_, id| [begins(id), frame(DATA, 0, id, "fi"), reset(id, NO_ERROR)].concat(),
            )
            .fails(&["body.truncated"]),
            each("h2-cancel-in-the-body", "cancels the stream in the middle of a body with a length", |_, id| {
                [promises(id, "5"), frame(DATA, 0, id, "fi"), reset(id, CANCEL)].concat()
            })
            .fails(&["body.truncated"]),
            each(
                "h2-reset-without-error-in-a-packed-body",
                "does so in the middle of a body that is packed",
                |_, id| {
                    let fields = [(":status", "200"), ("content-encoding", "gzip")];
                    let packed = super::redirects::packed(1);
                    [head(0, id, &fields), frame(DATA, 0, id, &packed[..packed.len() / 2]), reset(id, NO_ERROR)]
                        .concat()
                },
            )
            .fails(&["body.truncated"]),
            each("h2-reset-after-the-end", "resets a stream with NO_ERROR after all of its page", |_, id| {
                [page(id), reset(id, NO_ERROR)].concat()
            })
            .ok(200)
            .has("/bytes", 5),
        ],
    )
}

fn connections(seen: &Seen, count: usize) -> Result<(), String> {
    if seen.connections == count { Ok(()) } else { Err(format!("{} connections", seen.connections)) }
}

fn goaways() -> Vec<Behaviour> {
    group(
        "HTTP/2",
        vec![
            after(
                "h2-goaway-then-a-new-connection",
                "goes away before the request, and serves the next connection",
                |mut peer, id, earlier| async move {
                    if earlier > 0 {
                        peer.send(page(id)).await?;
                        return peer.idle().await;
                    }
                    peer.send(goaway(0, NO_ERROR)).await?;
                    peer.close().await
                },
            )
            .ok(200)
            .has("/attempts", 1)
            .check(|_, seen| connections(seen, 2)),
            after(
                "h2-goaway-post",
                "goes away before a form was looked at, and serves the next connection",
                |mut peer, id, earlier| async move {
                    if earlier > 0 {
                        peer.send(page(id)).await?;
                        return peer.idle().await;
                    }
                    peer.send(goaway(0, NO_ERROR)).await?;
                    peer.close().await
                },
            )
            .asking("method", "POST")
            .asking("body", "order=1")
            .ok(200)
            .check(|_, seen| connections(seen, 2)),
            after("h2-goaway-for-ever", "goes away before each request", |mut peer, _, _| async move {
                peer.send(goaway(0, NO_ERROR)).await?;
                peer.close().await
            })
            .fails(&["connect.reset"])
            .check(|_, seen| if seen.connections <= 9 { Ok(()) } else { connections(seen, 9) }),
            after(
                "h2-goaway-within-the-response",
                "says that it goes away, and sends the rest all the same",
                |mut peer, id, _| async move {
                    peer.send([promises(id, "5"), goaway(id, NO_ERROR), frame(DATA, 0, id, "fi")].concat()).await?;
                    peer.send(last(id, "ne\n")).await?;
                    peer.idle().await
                },
            )
            .ok(200)
            .has("/bytes", 5),
            after("h2-goaway-in-the-body", "goes away in the middle of the body", |mut peer, id, _| async move {
                peer.send([begins(id), frame(DATA, 0, id, "fi"), goaway(id, NO_ERROR)].concat()).await?;
                peer.close().await
            })
            .fails(&["body.truncated"]),
            after(
                "h2-goaway-calm-down",
                "goes away because of too many requests, after the first",
                |mut peer, _, _| async move {
                    peer.send(goaway(0, ENHANCE_YOUR_CALM)).await?;
                    peer.close().await
                },
            )
            .fails(&["protocol.http2"])
            .check(|_, seen| asked(seen, 1)),
            after("h2-closed-without-an-answer", "closes the connection after the request", |peer, _, _| peer.close())
                .fails(&["connect.reset", "protocol.empty"]),
        ],
    )
}

fn bodies() -> Vec<Behaviour> {
    group(
        "HTTP/2",
        vec![
            each("h2-data-longer-than-promised", "promises 3 bytes and sends 5", |_, id| {
                [promises(id, "3"), last(id, "fine\n")].concat()
            })
            .fails(&["protocol.http2", "body.truncated"]),
            each("h2-data-shorter-than-promised", "promises 50 bytes, sends 5 and ends the stream", |_, id| {
                [promises(id, "50"), last(id, "fine\n")].concat()
            })
            .fails(&["body.truncated"]),
            each(
                "h2-no-data-where-some-was-promised",
                "promises 50 bytes and ends the stream with the head",
                |_, id| head(END_STREAM, id, &[(":status", "200"), ("content-length", "50")]),
            )
            .fails(&["body.truncated", "protocol.http2"]),
            each("h2-two-lengths", "promises 5 bytes, and 7", |_, id| {
                let fields = [(":status", "200"), ("content-length", "5"), ("content-length", "7")];
                [head(0, id, &fields), last(id, "fine\n")].concat()
            })
            .fails(&["protocol.http2", "protocol.invalid"]),
            each("h2-trailers", "sends fields after the body", |_, id| {
                [begins(id), frame(DATA, 0, id, "fine\n"), head(END_STREAM, id, &[("checksum", "1")])].concat()
            })
            .ok(200)
            .has("/bytes", 5),
            each("h2-status-in-trailers", "sends another :status after the body", |_, id| {
                [begins(id), frame(DATA, 0, id, "fine\n"), head(END_STREAM, id, &[(":status", "500")])].concat()
            })
            .ok(200)
            .has("/bytes", 5),
            each("h2-padding", "pads the body with 200 zeros", |_, id| {
                let padded = [&[200][..], b"fine\n", &[0; 200]].concat();
                [begins(id), frame(DATA, super::frames::PADDED | END_STREAM, id, padded)].concat()
            })
            .ok(200)
            .has("/bytes", 5),
            each("h2-padding-overflow", "pads the body with more than the frame has", |_, id| {
                [begins(id), frame(DATA, super::frames::PADDED | END_STREAM, id, b"\xfffine\n")].concat()
            })
            .fails(&["protocol.http2", "body.truncated"]),
            each("h2-data-after-the-end", "goes on after the end of the stream", |_, id| {
                [page(id), frame(DATA, 0, id, "more")].concat()
            })
            .ok(200)
            .has("/bytes", 5),
            each("h2-body-on-head", "sends a body in answer to HEAD", |_, id| page(id))
                .asking("method", "HEAD")
                .fails(&["protocol.http2", "body.truncated"]),
        ],
    )
}

fn ends() -> Vec<Behaviour> {
    group(
        "HTTP/2",
        vec![
            after(
                "h2-no-end-stream",
                "closes the connection where END_STREAM is missing",
                |mut peer, id, _| async move {
                    peer.send([begins(id), frame(DATA, 0, id, "fine\n")].concat()).await?;
                    peer.close().await
                },
            )
            .fails(&["body.truncated"]),
            after("h2-silence-in-the-body", "falls silent in the middle of the body", |mut peer, id, _| async move {
                peer.send([begins(id), frame(DATA, 0, id, "fi")].concat()).await?;
                peer.idle().await
            })
            .fails(&["timeout.read"]),
            after("h2-silence-after-the-request", "answers PINGs and never the request", |peer, _, _| peer.idle())
                .fails(&["timeout.headers"]),
            after("h2-drip-of-data", "sends a byte in a frame every 0.2 s, for ever", |mut peer, id, _| async move {
                peer.send(begins(id)).await?;
                loop {
                    tokio::time::sleep(ms(200)).await;
                    peer.send(frame(DATA, 0, id, "x")).await?;
                }
            })
            .fails(&["timeout.total"])
            .within(secs(5)),
            Behaviour::handshake(
                "h2-window-never-opened",
                "gives no window for the content of a request",
                Tls::new(Cert::Good).alpn(&["h2"]),
                |stream, shared| async move {
                    let mut peer = Peer::meet(stream, setting(4, 0)).await?;
                    peer.request(&shared).await?;
                    peer.idle().await
                },
            )
            .asking("method", "POST")
            .asking("body", "x".repeat(200_000))
            .fails(&["timeout.headers"]),
            Behaviour::handshake(
                "h2-no-streams",
                "lets no stream be opened",
                Tls::new(Cert::Good).alpn(&["h2"]),
                |stream, shared| async move {
                    let mut peer = Peer::meet(stream, setting(3, 0)).await?;
                    peer.request(&shared).await?;
                    peer.idle().await
                },
            )
            .fails(&["timeout.headers"]),
            Behaviour::handshake(
                "h2-one-stream",
                "lets one stream be opened at a time",
                Tls::new(Cert::Good).alpn(&["h2"]),
                |stream, shared| async move {
                    let mut peer = Peer::meet(stream, setting(3, 1)).await?;
                    loop {
                        let id = peer.request(&shared).await?;
                        peer.send(page(id)).await?;
                    }
                },
            )
            .ok(200),
        ],
    )
}
