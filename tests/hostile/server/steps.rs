//! What a server does with a connection, step by step.

use std::{io, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{sleep, timeout},
};

use super::port::Stream;

/// One step. After the last one the connection is closed, unless it was [`Step::Next`].
#[derive(Clone, Debug)]
pub enum Step {
    /// These bytes at once.
    Send(Bytes),
    /// These bytes, one at a time with this pause before each.
    Drip(Bytes, Duration),
    /// These bytes again and again, that often; a client that leaves ends it.
    Repeat(Bytes, u64),
    /// These bytes again and again with this pause between; a client that leaves ends it.
    Flow(Bytes, Duration),
    /// Nothing for a while; a client that leaves ends it.
    Wait(Duration),
    /// Nothing until the client goes.
    Stall,
    /// No more is sent; what the client sends is still read until it goes.
    HalfClose,
    /// The connection is reset (RST).
    Reset,
    /// The next request is read.
    Next,
}

impl Step {
    pub fn send(bytes: impl AsRef<[u8]>) -> Step {
        Step::Send(Bytes::copy_from_slice(bytes.as_ref()))
    }

    pub fn drip(bytes: impl AsRef<[u8]>, every: Duration) -> Step {
        Step::Drip(Bytes::copy_from_slice(bytes.as_ref()), every)
    }

    pub fn repeat(bytes: impl AsRef<[u8]>, times: u64) -> Step {
        Step::Repeat(Bytes::copy_from_slice(bytes.as_ref()), times)
    }

    /// For what costs a client of a build for tests so much that it cannot be had at full speed.
    pub fn flow(bytes: impl AsRef<[u8]>, pause: Duration) -> Step {
        Step::Flow(Bytes::copy_from_slice(bytes.as_ref()), pause)
    }

    /// A whole answer with its length; the connection stays open.
    pub fn answer(status: u16, fields: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
        let body = body.as_ref();
        let mut message =
            format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{fields}\r\n", body.len()).into_bytes();
        message.extend_from_slice(body);
        vec![Step::Send(message.into()), Step::Next]
    }

    /// A whole page; the connection stays open.
    pub fn page(body: impl AsRef<[u8]>) -> Vec<Step> {
        Step::answer(200, "content-type: text/html; charset=utf-8\r\n", body)
    }

    /// Exactly these bytes, then the connection is closed.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Vec<Step> {
        vec![Step::send(bytes)]
    }
}

/// Takes the steps; whether the next request is to be read.
pub(super) async fn take(stream: &mut Stream, steps: Vec<Step>) -> io::Result<bool> {
    for step in steps {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes).await?,
            Step::Drip(bytes, every) => {
                for byte in bytes {
                    sleep(every).await;
                    stream.write_all(&[byte]).await?;
                    stream.flush().await?;
                }
            }
            Step::Repeat(bytes, times) => {
                for _ in 0..times {
                    stream.write_all(&bytes).await?;
                }
            }
            Step::Flow(bytes, pause) => loop {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                sleep(pause).await;
            },
            Step::Wait(time) => {
                if timeout(time, until_it_goes(stream)).await.is_ok() {
                    return Ok(false);
                }
            }
            Step::Stall => return until_it_goes(stream).await.map(|()| false),
            Step::HalfClose => {
                stream.shutdown().await?;
                return until_it_goes(stream).await.map(|()| false);
            }
            Step::Reset => {
                stream.flush().await?;
                stream.arm_reset()?;
                return Ok(false);
            }
            Step::Next => {
                stream.flush().await?;
                return Ok(true);
            }
        }
        stream.flush().await?;
    }
    stream.shutdown().await?;
    Ok(false)
}

async fn until_it_goes(stream: &mut Stream) -> io::Result<()> {
    stream.flush().await?;
    let mut bin = [0; 4096];
    while stream.read(&mut bin).await? > 0 {}
    Ok(())
}
