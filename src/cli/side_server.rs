//! A small HTTP server beside a run: listens, bounds its connections and their times, and hands requests to a function.
//!
//! It has a thread of its own, so that whoever looks at a run never holds it up. Must not know what is asked and
//! answered.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch},
    time::{Instant, Sleep, sleep, sleep_until, timeout},
};

/// Connections at once, where nothing else is said.
const CONNECTIONS: u32 = 32;
/// How long a reader may take nothing before it is given up.
const STALL: Duration = Duration::from_secs(30);
/// How long nothing is accepted after that has failed: descriptors may have run out, and the run needs them more.
const REST: Duration = Duration::from_millis(100);

/// What readers may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once.
    pub connections: u32,
    /// What becomes of one more: it waits with the system for its turn, or is closed at once.
    pub others_wait: bool,
    /// How long a request may take to arrive.
    pub request: Duration,
    /// How long a connection may last, however well it goes; `None` for as long as somebody reads.
    pub lasts: Option<Duration>,
    /// Bytes of a connection that wait to be sent, before what follows is asked for; the head of a request may have
    /// as many. No less than 8 KiB.
    pub buffer: usize,
}

/// For few readers that stay.
impl Default for Bounds {
    fn default() -> Self {
        let request = Duration::from_secs(10);
        Bounds { connections: CONNECTIONS, others_wait: false, request, lasts: None, buffer: 64 << 10 }
    }
}

/// What a request is answered with.
pub type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// Makes the answer to a request; must not block.
pub type Answering = Arc<dyn Fn(&Request<Incoming>) -> Answer + Send + Sync>;

/// A body that is there already.
pub fn whole(body: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, io::Error> {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// An answer of that `Content-Type`, and all is well.
pub fn typed(body: UnsyncBoxBody<Bytes, io::Error>, content_type: &'static str) -> Answer {
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// Where a flag says to listen: `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`, `:8080`; port 0 is any that is free.
///
/// # Errors
/// How it is to be written.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let local = match text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')) {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    local.parse().map_err(|_| format!("`{text}` is no address with a port; write 127.0.0.1:8080, or :0 for any port"))
}

/// A port that is taken, and not served yet.
#[derive(Debug)]
pub struct Listening {
    socket: TcpListener,
    address: SocketAddr,
    bounds: Bounds,
}

/// Takes the port; `flag` is what is told if that fails.
///
/// # Errors
/// Somebody else has it, or this machine has no such address.
pub fn listen(flag: &str, address: SocketAddr) -> anyhow::Result<Listening> {
    let socket = match TcpListener::bind(address) {
        Ok(socket) => socket,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            bail!("{flag}: cannot listen on {address}, which is taken; give another port, or :0 for any that is free")
        }
        Err(error) => bail!("{flag}: cannot listen on {address}: {error}"),
    };
    let told = || format!("{flag}: cannot listen on {address}");
    socket.set_nonblocking(true).with_context(told)?;
    let address = socket.local_addr().with_context(told)?;
    Ok(Listening { socket, address, bounds: Bounds::default() })
}

impl Listening {
    /// Where it listens, its real port too.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// With other bounds than the usual ones.
    pub fn within(self, bounds: Bounds) -> Self {
        Listening { bounds, ..self }
    }

    /// Answers from now on, until [`Side::end`] or until that is dropped.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn serve(self, name: &str, answering: Answering) -> io::Result<Side> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let Listening { socket, bounds, .. } = self;
        let work = move || runtime.block_on(accept(socket, bounds, answering, ended));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Side { end, thread })
    }
}

/// A server that answers, as long as this is kept.
#[derive(Debug)]
pub struct Side {
    end: oneshot::Sender<Duration>,
    thread: JoinHandle<()>,
}

impl Side {
    /// Takes no more connections, and gives those that there are so much time to end.
    pub fn end(self, grace: Duration) {
        // Both fail only if it is gone already.
        let _ = self.end.send(grace);
        let _ = self.thread.join();
    }
}

async fn accept(socket: TcpListener, bounds: Bounds, answering: Answering, mut ended: oneshot::Receiver<Duration>) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else { return };
    let room = Arc::new(Semaphore::new(bounds.connections as usize));
    let (end, ending) = watch::channel(());
    let grace = loop {
        let admitted = tokio::select! {
            grace = &mut ended => break grace.unwrap_or_default(),
            admitted = admit(&socket, &room, bounds.others_wait) => admitted,
        };
        let Some((stream, permit)) = admitted else { continue };
        let (answering, ending) = (Arc::clone(&answering), ending.clone());
        tokio::spawn(async move {
            // What goes wrong with a connection is the reader's to see.
            match bounds.lasts {
                Some(lasts) => drop(timeout(lasts, converse(stream, bounds, answering, ending)).await),
                None => drop(converse(stream, bounds, answering, ending).await),
            }
            drop(permit);
        });
    };
    // Connections without a request end at once: browsers open some to be quick later.
    drop((socket, end));
    drop(timeout(grace, room.acquire_many(bounds.connections)).await);
}

/// The next connection there is room for; `None` if there was none, or it failed.
async fn admit(
    socket: &tokio::net::TcpListener,
    room: &Arc<Semaphore>,
    others_wait: bool,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = if others_wait { Arc::clone(room).acquire_owned().await.ok() } else { None };
    let Ok((stream, _)) = socket.accept().await else {
        sleep(REST).await;
        return None;
    };
    let permit = place.or_else(|| Arc::clone(room).try_acquire_owned().ok())?;
    Some((stream, permit))
}

async fn converse(
    stream: TcpStream,
    bounds: Bounds,
    answering: Answering,
    mut ending: watch::Receiver<()>,
) -> hyper::Result<()> {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answering(&request);
        async move { Ok::<_, std::convert::Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.request)
        .max_buf_size(bounds.buffer)
        .keep_alive(false)
        .serve_connection(TokioIo::new(Patient { stream, until: None }), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        // Fails once nobody sends any more, which is the end.
        _ = ending.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// A connection whose other side must not take nothing for ever.
struct Patient {
    stream: TcpStream,
    until: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn watched<T>(&mut self, polled: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.until = None;
            return polled;
        }
        let until = self.until.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + STALL)));
        match until.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watched(polled, cx)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.watched(polled, cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn an_address_has_a_port_and_is_loopback_where_no_host_is_named() {
        for (text, wanted) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            (":0", Some("127.0.0.1:0")),
            ("localhost:9", Some("127.0.0.1:9")),
            ("[::1]:9", Some("[::1]:9")),
            ("0.0.0.0:80", Some("0.0.0.0:80")),
            ("127.0.0.1", None),
            ("example.org:80", None),
            ("", None),
            (":99999", None),
        ] {
            assert_eq!(address(text).ok().map(|address| address.to_string()).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_refused_with_a_way_out() {
        let first = listen("--dashboard", address(":0").unwrap()).unwrap();
        let told = listen("--dashboard", first.address()).unwrap_err().to_string();
        assert!(told.contains("is taken; give another port"), "{told}");
    }

    #[test]
    fn it_answers_until_it_is_ended_and_no_more_than_its_share_at_once() {
        let listening = listen("--x", address(":0").unwrap()).unwrap();
        let at = listening.address();
        let side = listening.serve("x", Arc::new(|_: &Request<Incoming>| Response::new(whole("hello")))).unwrap();
        let ask = || {
            let mut stream = std::net::TcpStream::connect(at).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text)
        };
        assert!(ask().unwrap().ends_with("hello"));
        let idle: Vec<_> = (0..CONNECTIONS).map(|_| std::net::TcpStream::connect(at).unwrap()).collect();
        // The one too many is closed without a word: an end, or a reset.
        assert!(ask().map_or(true, |text| text.is_empty()));
        drop(idle);
        let waiting = std::net::TcpStream::connect(at).unwrap();
        let began = std::time::Instant::now();
        side.end(Duration::from_secs(5));
        assert!(began.elapsed() < Duration::from_secs(4), "nobody waits for a connection that asked nothing");
        drop(waiting);
        assert!(std::net::TcpStream::connect(at).is_err());
    }
}
