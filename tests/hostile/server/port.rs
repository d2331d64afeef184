//! A port at work: it accepts, reads requests, lets the behaviour answer, and remembers.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    behaviour::{Behaviour, Door, Script, Set},
    message::{read_body, read_head},
    steps::{Step, take},
    tls::Cert,
};

/// Well-behaved places that a behaviour may point to: origins without a slash at the end, whose
/// every path answers 200 with `fine`.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub good: String,
    pub good_tls: String,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: String,
    /// Path with query, as sent.
    pub path: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Earlier requests for the same path.
    pub hit: usize,
    /// This port: `http://127.0.0.1:1`.
    pub origin: String,
    pub places: Places,
}

impl Ask {
    /// First value of a field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        super::message::find(&self.headers, name)
    }
}

/// What a port saw of its clients.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub asks: Vec<Ask>,
    /// Connections so far.
    pub connections: usize,
    /// Connections open now.
    pub open: usize,
    /// Of these, those on which a response was ended and no other request has come.
    pub idle: usize,
    /// Of these, those on which no request has come yet.
    pub unused: usize,
}

/// What the connections of a port share.
pub struct Shared {
    behaviour: Behaviour,
    /// Where there is TLS.
    acceptor: Option<TlsAcceptor>,
    origin: String,
    places: Places,
    asks: Mutex<Vec<Ask>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    idle: AtomicUsize,
    unused: AtomicUsize,
}

impl Shared {
    /// Notes a request that was read.
    pub fn asked(&self, method: &str, path: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Ask {
        let mut asks = self.asks.lock().unwrap();
        let ask = Ask {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body,
            hit: asks.iter().filter(|earlier| earlier.path == path).count(),
            origin: self.origin.clone(),
            places: self.places.clone(),
        };
        asks.push(ask.clone());
        ask
    }

    /// Connections before this one: 0 for the first, once it is open.
    pub fn earlier(&self) -> usize {
        self.connections.load(SeqCst).saturating_sub(1)
    }
}

/// A behaviour at work; dropping it ends the listening and every connection.
pub struct Port {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: Option<AbortHandle>,
    /// What keeps the number of a closed port: bound, and not listening.
    _kept: Option<TcpSocket>,
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Port {
    /// On 127.0.0.1, any port.
    pub async fn open(behaviour: Behaviour, places: Places) -> io::Result<Port> {
        let scheme = match behaviour.door {
            Door::Tls(_) | Door::Handshake(_) | Door::Hello => "https",
            Door::Plain | Door::Accept | Door::Closed => "http",
        };
        Port::start(behaviour, scheme, places).await
    }

    /// A place where every path answers 200 with `fine`.
    pub async fn good() -> io::Result<Port> {
        Port::open(Behaviour::plain("good", "", fine), Places::default()).await
    }

    /// The same within TLS.
    pub async fn good_tls() -> io::Result<Port> {
        Port::open(Behaviour::tls("good-tls", "", Cert::Good, fine), Places::default()).await
    }

    async fn start(behaviour: Behaviour, scheme: &str, places: Places) -> io::Result<Port> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let addr = socket.local_addr()?;
        let closed = matches!(behaviour.door, Door::Closed);
        let acceptor = match &behaviour.door {
            Door::Tls(tls) | Door::Handshake(tls) => Some(tls.acceptor()),
            Door::Plain | Door::Accept | Door::Hello | Door::Closed => None,
        };
        let shared = Arc::new(Shared {
            behaviour,
            acceptor,
            origin: format!("{scheme}://{addr}"),
            places,
            asks: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            unused: AtomicUsize::new(0),
        });
        if closed {
            return Ok(Port { addr, shared, task: None, _kept: Some(socket) });
        }
        let task = tokio::spawn(accept(socket.listen(1024)?, shared.clone())).abort_handle();
        Ok(Port { addr, shared, task: Some(task), _kept: None })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.shared.origin)
    }

    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    pub fn seen(&self) -> Seen {
        Seen {
            asks: self.shared.asks.lock().unwrap().clone(),
            connections: self.shared.connections.load(SeqCst),
            open: self.shared.open.load(SeqCst),
            idle: self.shared.idle.load(SeqCst),
            unused: self.shared.unused.load(SeqCst),
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        stream.set_nodelay(true).ok();
        shared.connections.fetch_add(1, SeqCst);
        shared.open.fetch_add(1, SeqCst);
        let shared = shared.clone();
        connections.spawn(async move {
            serve(stream, shared.clone()).await.ok();
            shared.open.fetch_sub(1, SeqCst);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let stream = match &shared.acceptor {
        Some(acceptor) => Stream::Tls(Box::new(acceptor.accept(stream).await?)),
        None => Stream::Plain(stream),
    };
    match &shared.behaviour.script {
        Script::Talk(talk) => talk(stream, shared.clone()).await,
        Script::Reply(_) => requests(stream, &shared, |ask| steps(ask, &shared)).await,
    }
}

/// Reads one request after the other, notes each, and answers it so.
pub(super) async fn requests(stream: Stream, shared: &Shared, reply: impl Fn(&Ask) -> Vec<Step>) -> io::Result<()> {
    let mut io = BufReader::new(stream);
    let mut first = true;
    loop {
        let waiting = if std::mem::take(&mut first) { &shared.unused } else { &shared.idle };
        waiting.fetch_add(1, SeqCst);
        let head = read_head(&mut io).await;
        waiting.fetch_sub(1, SeqCst);
        let Some(head) = head? else { break };
        let body = read_body(&mut io, &head).await?;
        let ask = shared.asked(&head.method, &head.target, head.headers, body);
        if !take(io.get_mut(), reply(&ask)).await? {
            break;
        }
    }
    Ok(())
}

fn fine(_: &Ask) -> Vec<Step> {
    Step::answer(200, "content-type: text/plain\r\n", "fine\n")
}

fn steps(ask: &Ask, shared: &Shared) -> Vec<Step> {
    let behaviour = &shared.behaviour;
    if ask.path == "/neighbour" {
        return fine(ask);
    }
    if ask.path == "/robots.txt" && !matches!(behaviour.set, Set::Robots | Set::Crawl) {
        return Step::answer(404, "", "");
    }
    match &behaviour.script {
        Script::Reply(reply) => reply(ask),
        Script::Talk(_) => Vec::new(),
    }
}

/// A connection, plain or within TLS.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Closing it will send RST.
    pub fn arm_reset(&self) -> io::Result<()> {
        self.tcp().set_zero_linger()
    }

    /// TLS on a plain connection.
    pub(super) async fn over_tls(self, tls: &super::Tls) -> io::Result<Stream> {
        match self {
            Stream::Plain(stream) => Ok(Stream::Tls(Box::new(tls.acceptor().accept(stream).await?))),
            Stream::Tls(_) => Err(io::Error::other("there is TLS already")),
        }
    }

    /// The connection below.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
