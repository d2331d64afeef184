//! HTTP/2: frames that are wrong, and floods of frames that are not.

use std::io;

use super::{
    Behaviour, Cert, Stream, Tls,
    behaviour::group,
    frames::{
        ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PUSH_PROMISE, Peer, SETTINGS,
        WINDOW_UPDATE, field, frame, head, integer, page, setting,
    },
    sealed::until_gone,
    secs,
    streams::after,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub fn all() -> Vec<Behaviour> {
    [floods(), blocks(), heads(), frames(), prefaces()].into_iter().flatten().collect()
}

const BROKEN: &[&str] = &["protocol.http2"];

/// Answers a request with these frames, and waits for the client to go.
fn sends(
    name: &'static str,
    does: &'static str,
    frames: impl Fn(u32) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> Behaviour {
    after(name, does, move |mut peer, id, _| {
        let frames = frames(id);
        async move {
            peer.send(frames).await?;
            peer.idle().await
        }
    })
}

/// Answers a request with the first, and then with the second again and again.
fn floods_with(
    name: &'static str,
    does: &'static str,
    begin: impl Fn(u32) -> Vec<u8> + Clone + Send + Sync + 'static,
    again: impl Fn(u32) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> Behaviour {
    after(name, does, move |mut peer, id, _| {
        let (begin, again) = (begin(id), again(id).repeat(64));
        async move {
            peer.send(begin).await?;
            peer.flood(again).await
        }
    })
}

fn floods() -> Vec<Behaviour> {
    let nothing = |_: u32| Vec::new();
    let begun = |id| head(0, id, &[(":status", "200")]);
    group(
        "HTTP/2",
        vec![
            floods_with(
                "h2-continuation-flood",
                "goes on with the header block for ever",
                |id| frame(HEADERS, 0, id, field(":status", "200")),
                |id| frame(CONTINUATION, 0, id, field("x", "y")),
            )
            .fails(&["protocol.http2", "protocol.headers_too_large"]),
            floods_with(
                "h2-empty-continuation-flood",
                "goes on with nothing for ever",
                |id| frame(HEADERS, 0, id, field(":status", "200")),
                |id| frame(CONTINUATION, 0, id, []),
            )
            .fails(&["protocol.http2", "protocol.headers_too_large"]),
            floods_with("h2-empty-data-flood", "sends empty frames of the body for ever", begun, |id| {
                frame(DATA, 0, id, [])
            })
            .fails(&["timeout.total", "timeout.read", "protocol.http2", "body.truncated"])
            .within(secs(5)),
            floods_with("h2-padding-flood", "sends frames of the body that are padding alone", begun, |id| {
                frame(DATA, PADDED, id, [255; 256])
            })
            .fails(&["timeout.total", "timeout.read", "protocol.http2", "body.truncated"])
            .within(secs(5)),
            floods_with("h2-ping-flood", "sends PINGs for ever", nothing, |_| frame(PING, 0, 0, [7; 8]))
                .fails(&["timeout.headers", "protocol.http2"]),
            after("h2-ping-flood-unread", "sends PINGs for ever and reads no answer", |mut peer, _, _| async move {
                let pings = frame(PING, 0, 0, [7; 8]).repeat(64);
                loop {
                    peer.send(&pings).await?;
                }
            })
            .fails(&["timeout.headers", "protocol.http2"]),
            floods_with("h2-settings-flood", "sends SETTINGS for ever", nothing, |_| frame(SETTINGS, 0, 0, []))
                .fails(&["timeout.headers", "protocol.http2"]),
            after(
                "h2-settings-flood-unread",
                "sends SETTINGS for ever and reads no answer",
                |mut peer, _, _| async move {
                    let settings = frame(SETTINGS, 0, 0, setting(1, 4096)).repeat(64);
                    loop {
                        peer.send(&settings).await?;
                    }
                },
            )
            .fails(&["timeout.headers", "protocol.http2"]),
            floods_with("h2-window-flood", "opens the window by one byte, for ever", nothing, |id| {
                frame(WINDOW_UPDATE, 0, id, [0, 0, 0, 1])
            })
            .fails(&["timeout.headers", "protocol.http2"]),
            floods_with("h2-priority-flood", "changes priorities for ever", nothing, |id| {
                frame(2, 0, id, [0, 0, 0, 0, 9])
            })
            .fails(&["timeout.headers", "protocol.http2"]),
            floods_with("h2-early-hints-flood", "sends 103 for ever", nothing, |id| head(0, id, &[(":status", "103")]))
                .fails(&["timeout.headers", "protocol.http2", "protocol.headers_too_large"]),
            floods_with("h2-unknown-flood", "sends frames of an unknown type for ever", nothing, |_| {
                frame(0xbe, 0, 0, [0; 64])
            })
            .fails(&["timeout.headers", "protocol.http2"]),
        ],
    )
}

/// Header compression (RFC 7541).
fn blocks() -> Vec<Behaviour> {
    const OK: u8 = 0x88; // :status 200 of the static table
    group(
        "HTTP/2",
        vec![
            sends("h2-hpack-bad-index", "names a field of the table that is not there", |id| {
                frame(HEADERS, END_HEADERS | END_STREAM, id, [vec![0x80 | 127], integer(300, 0)].concat())
            })
            .fails(BROKEN),
            sends("h2-hpack-bomb", "puts one long field into the table and names it 15,000 times", |id| {
                let mut block = vec![OK, 0x40, 1, b'x'];
                block.extend(integer(4000, 7));
                block.extend([b'y'; 4000]);
                block.extend([0xbe; 12_000]);
                frame(HEADERS, END_HEADERS | END_STREAM, id, block)
            })
            .fails(&["protocol.headers_too_large", "protocol.http2"]),
            sends("h2-huge-header-list", "sends a header list of 1 MiB in many frames", |id| {
                let one = field("x", &"y".repeat(8000));
                let mut frames = frame(HEADERS, END_STREAM, id, [OK]);
                (0..130).for_each(|_| frames.extend(frame(CONTINUATION, 0, id, &one)));
                frames.extend(frame(CONTINUATION, END_HEADERS, id, &one));
                frames
            })
            .fails(&["protocol.headers_too_large", "protocol.http2"]),
            sends("h2-hpack-table-too-large", "makes the table larger than the client allows", |id| {
                frame(
                    HEADERS,
                    END_HEADERS | END_STREAM,
                    id,
                    [vec![0x3f], integer(1 << 30, 0)[1..].to_vec(), vec![OK]].concat(),
                )
            })
            .fails(BROKEN),
            sends("h2-hpack-bad-huffman", "sends text that no Huffman code stands for", |id| {
                frame(HEADERS, END_HEADERS | END_STREAM, id, [OK, 0, 1, b'x', 0x84, 0xff, 0xff, 0xff, 0xff])
            })
            .fails(BROKEN),
            sends("h2-hpack-endless-integer", "sends a length that does not end", |id| {
                frame(HEADERS, END_HEADERS | END_STREAM, id, [&[OK, 0, 0x7f][..], &[0xff; 60]].concat())
            })
            .fails(BROKEN),
            sends("h2-interrupted-block", "sends a PING in the middle of the header block", |id| {
                [
                    frame(HEADERS, 0, id, field(":status", "200")),
                    frame(PING, 0, 0, [0; 8]),
                    frame(CONTINUATION, END_HEADERS, id, []),
                ]
                .concat()
            })
            .fails(BROKEN),
            sends("h2-continuation-of-nothing", "goes on with a header block that never began", |id| {
                frame(CONTINUATION, END_HEADERS, id, [OK])
            })
            .fails(BROKEN),
        ],
    )
}

/// Responses that are malformed (RFC 9113, section 8.1.1).
fn heads() -> Vec<Behaviour> {
    let with = |name, does, fields: &'static [(&'static str, &'static str)]| {
        sends(name, does, move |id| head(END_STREAM, id, fields)).fails(BROKEN)
    };
    group(
        "HTTP/2",
        vec![
            with("h2-upper-case-field", "sends a field name in upper case", &[(":status", "200"), ("X-Upper", "1")]),
            with(
                "h2-connection-field",
                "sends a field about the connection",
                &[(":status", "200"), ("connection", "close")],
            ),
            with(
                "h2-chunked",
                "says that the body is chunked",
                &[(":status", "200"), ("transfer-encoding", "chunked")],
            ),
            with("h2-no-status", "sends a head without :status", &[("server", "none")]),
            with("h2-two-statuses", "sends :status 200, and :status 500", &[(":status", "200"), (":status", "500")]),
            with(
                "h2-status-after-fields",
                "sends :status behind other fields",
                &[("server", "none"), (":status", "200")],
            ),
            with("h2-status-that-is-no-number", "sends a :status in words", &[(":status", "fine")]),
            with(
                "h2-line-end-in-a-value",
                "sends CR LF within a value",
                &[(":status", "200"), ("x", "a\r\nset-cookie: b")],
            ),
            sends("h2-switching-protocols", "answers 101, which HTTP/2 does not know", |id| {
                head(0, id, &[(":status", "101")])
            })
            .fails(&["protocol.http2", "timeout.headers"]),
            sends("h2-early-hints", "sends 103 twice and then the page", |id| {
                let hint = head(0, id, &[(":status", "103"), ("link", "</a.css>")]);
                [hint.clone(), hint, page(id)].concat()
            })
            .ok(200)
            .has("/bytes", 5),
        ],
    )
}

fn frames() -> Vec<Behaviour> {
    let breaks = |name, does, frames: fn(u32) -> Vec<u8>| sends(name, does, frames).fails(BROKEN);
    let most = 0x7fff_ffff_u32.to_be_bytes();
    group(
        "HTTP/2",
        vec![
            sends("h2-unknown-frames", "sends frames and settings of unknown types around the page", |id| {
                let settings = frame(SETTINGS, 0, 0, setting(0xbeef, 7));
                [settings, frame(0xbe, 0xff, 0, "?"), frame(0xef, 0, id, "?"), page(id)].concat()
            })
            .ok(200),
            breaks("h2-data-before-the-head", "sends the body first", |id| frame(DATA, END_STREAM, id, "fine\n")),
            breaks("h2-headers-on-stream-0", "sends the head on the stream of the connection", |_| {
                head(END_STREAM, 0, &[(":status", "200")])
            }),
            breaks("h2-data-on-stream-0", "sends the body on the stream of the connection", |_| {
                frame(DATA, 0, 0, "fine\n")
            }),
            breaks("h2-reset-on-stream-0", "resets the stream of the connection", |_| super::frames::reset(0, 8)),
            breaks("h2-stream-never-opened", "answers on a stream that was never opened", |id| {
                head(END_STREAM, id + 100, &[(":status", "200")])
            }),
            breaks("h2-stream-of-its-own", "opens a stream by itself", |_| head(END_STREAM, 2, &[(":status", "200")])),
            breaks("h2-push", "pushes a page that nobody wanted", |id| {
                frame(PUSH_PROMISE, END_HEADERS, id, [&[0, 0, 0, 2][..], &[0x82, 0x84, 0x86]].concat())
            }),
            breaks("h2-frame-too-large", "sends a frame larger than was allowed", |id| {
                frame(DATA, 0, id, [0; 1 << 20])
            }),
            breaks("h2-ping-of-7", "sends a PING that is too short", |_| frame(PING, 0, 0, [0; 7])),
            breaks("h2-padded-head-overflow", "pads the head with more than the frame has", |id| {
                frame(HEADERS, PADDED | END_HEADERS, id, [255, 0x88])
            }),
            breaks("h2-window-by-nothing", "opens the window of the connection by nothing", |_| {
                frame(WINDOW_UPDATE, 0, 0, [0; 4])
            }),
            sends("h2-window-overflow", "opens the window of the connection beyond 2^31", move |_| {
                frame(WINDOW_UPDATE, 0, 0, most).repeat(2)
            })
            .fails(BROKEN),
            sends("h2-window-overflow-of-a-stream", "opens the window of the stream beyond 2^31", move |id| {
                frame(WINDOW_UPDATE, 0, id, most).repeat(2)
            })
            .fails(&["protocol.http2", "timeout.headers"]),
            breaks("h2-settings-window-too-large", "sets a window beyond 2^31", |_| {
                frame(SETTINGS, 0, 0, setting(4, u32::MAX))
            }),
            breaks("h2-settings-frame-size-0", "allows frames of no bytes at all", |_| {
                frame(SETTINGS, 0, 0, setting(5, 0))
            }),
            breaks("h2-settings-of-7", "sends SETTINGS that are no whole number of settings", |_| {
                frame(SETTINGS, 0, 0, [0; 7])
            }),
            breaks("h2-settings-ack-with-content", "confirms SETTINGS with some of its own", |_| {
                frame(SETTINGS, ACK, 0, setting(1, 1))
            }),
        ],
    )
}

/// Instead of HTTP/2.
fn prefaces() -> Vec<Behaviour> {
    async fn says(mut stream: Stream, bytes: &'static [u8]) -> io::Result<()> {
        stream.read_u8().await?;
        stream.write_all(bytes).await?;
        until_gone(&mut stream).await
    }
    let tls = || Tls::new(Cert::Good).alpn(&["h2"]);
    group(
        "HTTP/2",
        vec![
            Behaviour::handshake("h2-silence", "chooses HTTP/2 and says nothing", tls(), |stream, _| says(stream, b""))
                .fails(&["timeout.headers"]),
            Behaviour::handshake("h2-spoken-as-1-1", "chooses HTTP/2 and speaks HTTP/1.1", tls(), |stream, _| {
                says(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfine\n")
            })
            .fails(&["protocol.http2", "connect.reset"]),
            Behaviour::handshake("h2-no-settings", "begins with a PING instead of SETTINGS", tls(), |stream, _| {
                says(stream, b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0")
            })
            .fails(&["protocol.http2", "timeout.headers"]),
            Behaviour::handshake(
                "h2-closed-at-once",
                "chooses HTTP/2 and closes the connection",
                tls(),
                |mut stream, _| async move {
                    stream.shutdown().await?;
                    until_gone(&mut stream).await
                },
            )
            .fails(&["connect.reset", "protocol.empty", "protocol.http2"]),
        ],
    )
}
