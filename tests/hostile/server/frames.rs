//! HTTP/2 by hand (RFC 9113): frames that a library would not send, and a peer that sends them.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Stream, port::Shared, sealed::until_gone};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// ACK of SETTINGS and PING.
pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;

/// Error codes (section 7).
pub const NO_ERROR: u32 = 0;
pub const INTERNAL_ERROR: u32 = 2;
pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame (section 4.1).
pub fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that no table is asked for, and that goes into none (RFC 7541, section 6.2.2).
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![0];
    for text in [name, value] {
        out.extend(integer(text.len(), 7));
        out.extend(text.as_bytes());
    }
    out
}

/// An integer with so many bits of its first byte (RFC 7541, section 5.1).
pub fn integer(mut number: usize, bits: u8) -> Vec<u8> {
    let most = (1 << bits) - 1;
    if number < most {
        return vec![number as u8];
    }
    let mut out = vec![most as u8];
    number -= most;
    while number >= 128 {
        out.push((number % 128) as u8 | 128);
        number /= 128;
    }
    out.push(number as u8);
    out
}

/// All of a header block in one frame.
pub fn head(flags: u8, stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    frame(HEADERS, flags | END_HEADERS, stream, block)
}

/// Content, the last of it.
pub fn last(stream: u32, content: &str) -> Vec<u8> {
    frame(DATA, END_STREAM, stream, content)
}

/// A whole small page.
pub fn page(stream: u32) -> Vec<u8> {
    [head(0, stream, &[(":status", "200"), ("content-length", "5")]), last(stream, "fine\n")].concat()
}

pub fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, code.to_be_bytes())
}

/// `last` is the last stream that was looked at.
pub fn goaway(last: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, [last.to_be_bytes(), code.to_be_bytes()].concat())
}

/// One setting (section 6.5.1).
pub fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// What the client sent.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A connection on which HTTP/2 was chosen.
pub struct Peer {
    stream: Stream,
}

impl Peer {
    /// Reads the client's preface and sends our SETTINGS.
    pub async fn meet(mut stream: Stream, settings: impl AsRef<[u8]>) -> io::Result<Peer> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await?;
        let mut peer = Peer { stream };
        peer.send(frame(SETTINGS, 0, 0, settings)).await?;
        Ok(peer)
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// The next frame of the client; an error when it goes.
    pub async fn next(&mut self) -> io::Result<Frame> {
        let mut start = [0; 9];
        self.stream.read_exact(&mut start).await?;
        let [a, b, c, kind, flags, id @ ..] = start;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok(Frame { kind, flags, stream: u32::from_be_bytes(id), payload })
    }

    /// The stream of the next request, which is noted; SETTINGS and PINGs are answered on the way.
    pub async fn request(&mut self, shared: &Shared) -> io::Result<u32> {
        loop {
            let frame = self.next().await?;
            self.answer(&frame).await?;
            if frame.kind == HEADERS {
                // :method comes first, GET and POST stand in the static table (RFC 7541, appendix A).
                let method = match frame.payload.first() {
                    Some(0x82) => "GET",
                    Some(0x83) => "POST",
                    _ => "",
                };
                shared.asked(method, "/", Vec::new(), Vec::new());
                return Ok(frame.stream);
            }
        }
    }

    /// What the protocol wants to be answered.
    async fn answer(&mut self, to: &Frame) -> io::Result<()> {
        match to.kind {
            SETTINGS if to.flags & ACK == 0 => self.send(frame(SETTINGS, ACK, 0, [])).await,
            PING if to.flags & ACK == 0 => self.send(frame(PING, ACK, 0, &to.payload)).await,
            _ => Ok(()),
        }
    }

    /// Answers what the protocol wants answered until the client goes.
    pub async fn idle(mut self) -> io::Result<()> {
        loop {
            let frame = self.next().await?;
            self.answer(&frame).await?;
        }
    }

    /// Closes our side, and reads until the client goes.
    pub async fn close(mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        until_gone(&mut self.stream).await
    }

    /// The same frames again and again, until the client goes; what it sends is read beside that.
    pub async fn flood(self, bytes: Vec<u8>) -> io::Result<()> {
        let (mut from, mut to) = tokio::io::split(self.stream);
        tokio::select! {
            done = until_gone(&mut from) => done,
            done = async { loop { to.write_all(&bytes).await?; } } => done,
        }
    }
}
