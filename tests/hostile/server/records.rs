//! TLS: records that are wrong after a handshake that was right.

use std::io;

use rustls::ContentType;

use super::{
    Behaviour,
    behaviour::group,
    sealed::{Sealed, Version},
    secs,
};

pub fn all() -> Vec<Behaviour> {
    [ends(), handshakes(), floods()].into_iter().flatten().collect()
}

/// After a request in that version of TLS.
fn sealed<F>(
    name: &'static str,
    does: &'static str,
    version: Version,
    talk: impl Fn(Sealed) -> F + Clone + Send + Sync + 'static,
) -> Behaviour
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    Behaviour::hello(name, does, move |stream, shared| {
        let talk = talk.clone();
        async move { talk(Sealed::after_request(stream, version, &shared).await?).await }
    })
}

fn ends() -> Vec<Behaviour> {
    use Version::{Tls12, Tls13};
    group(
        "TLS",
        vec![
            sealed(
                "tls-no-close-notify",
                "sends a body with its length and closes without close_notify",
                Tls13,
                |mut to| async move {
                    to.data("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfine\n").await?;
                    to.hang_up().await
                },
            )
            .ok(200)
            .has("/bytes", 5),
            sealed(
                "tls-no-close-notify-without-length",
                "ends a body without a length by closing, without close_notify",
                Tls13,
                |mut to| async move {
                    to.data("HTTP/1.1 200 OK\r\n\r\nfine\n").await?;
                    to.hang_up().await
                },
            )
            .fails(&["body.truncated"]),
            sealed("tls-1-2-no-close-notify-without-length", "does the same in TLS 1.2", Tls12, |mut to| async move {
                to.data("HTTP/1.1 200 OK\r\n\r\nfine\n").await?;
                to.hang_up().await
            })
            .fails(&["body.truncated"]),
            sealed("tls-cut-in-a-record", "closes in the middle of a record of the body", Tls13, |mut to| async move {
                to.data("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await?;
                let record = to.record(ContentType::ApplicationData, &[b'x'; 1000]);
                to.raw(&record[..500]).await?;
                to.hang_up().await
            })
            .fails(&["body.truncated"]),
            sealed(
                "tls-record-altered",
                "sends a record of the body that was altered on the way",
                Tls13,
                |mut to| async move {
                    to.data("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await?;
                    let mut record = to.record(ContentType::ApplicationData, &[b'x'; 1000]);
                    record[100] ^= 1;
                    to.raw(&record).await?;
                    to.page().await
                },
            )
            .fails(&["body.truncated", "tls.handshake"]),
            sealed(
                "tls-record-in-the-clear",
                "sends the answer in a record that is not encrypted",
                Tls13,
                |mut to| async move {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    to.raw(&[&[23, 3, 3, 0, 38][..], answer].concat()).await?;
                    to.page().await
                },
            )
            .fails(&["tls.handshake"]),
            sealed(
                "tls-record-too-long",
                "announces a record that is longer than any may be",
                Tls13,
                |mut to| async move {
                    to.raw(&[23, 3, 3, 0xff, 0xff]).await?;
                    to.raw(&[0; 0xffff]).await?;
                    to.page().await
                },
            )
            .fails(&["tls.handshake"]),
        ],
    )
}

fn handshakes() -> Vec<Behaviour> {
    use Version::{Tls12, Tls13};
    group(
        "TLS",
        vec![
            sealed("tls-renegotiation", "asks for another handshake before it answers", Tls12, |mut to| async move {
                to.send(ContentType::Handshake, &[0, 0, 0, 0]).await?;
                to.page().await
            })
            .ok(200),
            sealed(
                "tls-renegotiation-for-ever",
                "asks for another handshake again and again",
                Tls12,
                |mut to| async move {
                    loop {
                        to.send(ContentType::Handshake, &[0, 0, 0, 0]).await?;
                    }
                },
            )
            .fails(&["tls.handshake"]),
            sealed(
                "tls-tickets-of-rubbish",
                "hands out 200 session tickets of 16 KiB of noise, then answers",
                Tls13,
                |mut to| async move {
                    for _ in 0..200 {
                        to.send(ContentType::Handshake, &ticket(&[0xa5; 16_000])).await?;
                    }
                    to.page().await
                },
            )
            .ok(200),
            sealed(
                "tls-ticket-malformed",
                "hands out a session ticket whose length is wrong",
                Tls13,
                |mut to| async move {
                    let mut ticket = ticket(b"rubbish");
                    ticket[14] = 0xff;
                    to.send(ContentType::Handshake, &ticket).await?;
                    to.page().await
                },
            )
            .fails(&["tls.handshake"]),
            sealed(
                "tls-handshake-message-afterwards",
                "sends a second ServerHello instead of an answer",
                Tls13,
                |mut to| async move {
                    to.send(ContentType::Handshake, &[2, 0, 0, 2, 3, 3]).await?;
                    to.page().await
                },
            )
            .fails(&["tls.handshake"]),
        ],
    )
}

fn floods() -> Vec<Behaviour> {
    use Version::{Tls12, Tls13};
    group(
        "TLS",
        vec![
            sealed(
                "tls-empty-records",
                "sends empty records for ever instead of an answer",
                Tls13,
                |mut to| async move {
                    loop {
                        to.data("").await?;
                    }
                },
            )
            .fails(&["timeout.headers", "tls.handshake"]),
            sealed("tls-warnings", "sends warnings for ever instead of an answer", Tls12, |mut to| async move {
                loop {
                    to.send(ContentType::Alert, &[1, 90]).await?;
                }
            })
            .fails(&["tls.handshake"]),
            sealed(
                "tls-tiny-records",
                "sends each byte of the head in a record of its own, quickly",
                Tls13,
                |mut to| async move {
                    for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfine" {
                        to.data([*byte]).await?;
                        tokio::task::yield_now().await;
                    }
                    to.data("\n").await?;
                    to.hang_up().await
                },
            )
            .ok(200)
            .within(secs(2)),
        ],
    )
}

/// A NewSessionTicket (RFC 8446, section 4.6.1).
fn ticket(bytes: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0, 0x0e, 0x10, 1, 2, 3, 4, 1, 0];
    body.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
    body.extend(bytes);
    body.extend([0, 0]);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[4][..], &length[1..], &body].concat()
}
