//! Connections that a page can take over, for answers that no HTTP server would give: none at all,
//! garbage, a cut body, a reset.
//!
//! A [`Wire`] is the connection as the server sees it; its [`Line`] is the handle that a page gets.
//! Once the page has said its bytes through the line, whatever the server writes is dropped and the
//! connection ends. Must not know the pages.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// How a connection that was taken over ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Orderly: the peer reads an end of file.
    Close,
    /// With a reset: the peer reads an error.
    Reset,
}

/// What is sent in place of the server's answer.
#[derive(Debug)]
struct Takeover {
    left: &'static [u8],
    end: End,
}

/// A page's handle on the connection that its request came in on.
#[derive(Clone, Debug)]
pub struct Line(Arc<Mutex<Option<Takeover>>>);

impl Line {
    /// Sends exactly these bytes instead of the answer that the page returns, then ends the
    /// connection.
    pub fn take_over(&self, bytes: &'static [u8], end: End) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Takeover { left: bytes, end });
    }
}

/// One connection.
pub struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Wire {
    /// Sends what is left of a takeover. `None`: there is no takeover, write as usual.
    fn poll_takeover(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Error>> {
        let mut taken = self.line.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(takeover) = taken.as_mut() else { return Poll::Ready(None) };
        while !takeover.left.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, takeover.left)) {
                Ok(sent) => takeover.left = takeover.left.get(sent..).unwrap_or_default(),
                Err(error) => return Poll::Ready(Some(error)),
            }
        }
        if takeover.end == End::Reset {
            // without linger, closing sends a reset; if the option fails the peer sees a plain end
            let _ = self.stream.set_zero_linger();
        }
        Poll::Ready(Some(io::Error::new(io::ErrorKind::ConnectionAborted, "the page took the connection over")))
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_takeover(cx)) {
            Some(end) => Poll::Ready(Err(end)),
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The listener whose connections are [`Wire`]s.
pub struct Door(pub TcpListener);

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        // axum's own accept: waits and goes on when descriptors run out
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // small pieces of a body shall leave at once; without it they leave a little later
        let _ = stream.set_nodelay(true);
        (Wire { stream, line: Line(Arc::default()) }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Line {
        stream.io().line.clone()
    }
}
