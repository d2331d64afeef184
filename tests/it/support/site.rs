//! A server that does exactly as it is told, and remembers what it was asked.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::server::TlsStream;

use super::{
    listen::{Count, Listening, listen},
    message::{find, read_body, read_head},
    reply::{Body, Message, Reply, Then},
    tls::Tls,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Ask {
    /// GET, HEAD, …
    pub method: String,
    /// Path with query, as sent.
    pub path: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When its head and body were there.
    pub at: Instant,
    /// Tells connections apart by its port.
    pub peer: SocketAddr,
    /// Earlier requests for the same path.
    pub hit: usize,
    /// Whether the client has shown a certificate (over HTTP/1.1).
    pub certified: bool,
}

impl Ask {
    /// First value of a field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

type Answer = dyn Fn(&Ask) -> Reply + Send + Sync;

struct Shared {
    answer: Box<Answer>,
    log: Mutex<Log>,
    answering: Arc<Count>,
}

#[derive(Default)]
struct Log {
    asks: Vec<Ask>,
    hits: HashMap<String, usize>,
}

/// The server; it ends when this is dropped.
///
/// Keeps connections alive unless a reply ends them, and notices when a client leaves while it
/// waits or stalls.
pub struct Site {
    listening: Listening,
    scheme: &'static str,
    shared: Arc<Shared>,
}

impl Site {
    /// On 127.0.0.1, any port, answering with what `answer` says.
    pub async fn start(answer: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Site {
        Site::start_at(Ipv4Addr::LOCALHOST, answer).await
    }

    /// On another address of this machine, for example `[127, 0, 0, 2]`: another host.
    pub async fn start_at(ip: impl Into<IpAddr>, answer: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Site {
        let shared = Shared::new(answer);
        let each = shared.clone();
        let listening = listen((ip.into(), 0).into(), move |stream, peer| serve(stream, peer, each.clone())).await;
        Site { listening, scheme: "http", shared }
    }

    /// With TLS on 127.0.0.1: a [`Cert`](super::Cert), or a [`Tls`] with more to say. HTTP/2 where
    /// its ALPN says so; there a raw reply is a stream reset.
    pub async fn start_tls(tls: impl Into<Tls>, answer: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Site {
        let shared = Shared::new(answer);
        let each = shared.clone();
        let acceptor = tls.into().acceptor();
        let listening = listen((Ipv4Addr::LOCALHOST, 0).into(), move |stream, peer| {
            let (acceptor, shared) = (acceptor.clone(), each.clone());
            async move {
                // a client that does not like the certificate leaves here
                let Ok(stream) = acceptor.accept(stream).await else { return };
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    serve_http2(stream, peer, shared).await;
                } else {
                    serve(stream, peer, shared).await;
                }
            }
        })
        .await;
        Site { listening, scheme: "https", shared }
    }

    pub fn addr(&self) -> SocketAddr {
        self.listening.addr
    }

    /// The URL of a path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.addr())
    }

    /// The same URL by the name localhost: another origin, and another host to a client.
    pub fn url_by_name(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.scheme, self.addr().port())
    }

    /// Requests for that path (with its query) so far.
    pub fn hits(&self, path: &str) -> usize {
        self.shared.log.lock().unwrap().hits.get(path).copied().unwrap_or(0)
    }

    /// Every request so far, in order of arrival.
    pub fn asks(&self) -> Vec<Ask> {
        self.shared.log.lock().unwrap().asks.clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.listening.connections.total()
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.listening.connections.now()
    }

    /// Most connections open at once.
    pub fn most_open(&self) -> usize {
        self.listening.connections.most()
    }

    /// Most requests under way at once: from the request being there to the last byte of the answer.
    pub fn most_at_once(&self) -> usize {
        self.shared.answering.most()
    }
}

impl Shared {
    fn new(answer: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Arc<Shared> {
        Arc::new(Shared { answer: Box::new(answer), log: Mutex::default(), answering: Arc::default() })
    }

    /// Notes the request down, then asks the test what to say.
    fn answer(&self, mut ask: Ask) -> Reply {
        {
            let mut log = self.log.lock().unwrap();
            let hits = log.hits.entry(ask.path.clone()).or_default();
            ask.hit = *hits;
            *hits += 1;
            log.asks.push(ask.clone());
        }
        (self.answer)(&ask)
    }
}

/// What the connection below can do that a stream of bytes cannot.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Closing it will send a reset.
    fn arm_reset(&self);

    /// Whether the client has shown a certificate.
    fn certified(&self) -> bool {
        false
    }
}

impl Socket for TcpStream {
    fn arm_reset(&self) {
        self.set_zero_linger().unwrap();
    }
}

impl Socket for TlsStream<TcpStream> {
    fn arm_reset(&self) {
        self.get_ref().0.arm_reset();
    }
    fn certified(&self) -> bool {
        self.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty())
    }
}

async fn serve(stream: impl Socket, peer: SocketAddr, shared: Arc<Shared>) {
    let mut io = BufStream::new(stream);
    // a client that leaves early, or speaks no HTTP, ends its connection and nothing else
    while let Ok(Then::Next) = turn(&mut io, peer, &shared).await {}
}

/// One request and its answer; says what became of the connection.
async fn turn<S: Socket>(io: &mut BufStream<S>, peer: SocketAddr, shared: &Shared) -> io::Result<Then> {
    let Some(head) = read_head(io).await? else { return Ok(Then::Close) };
    let body = read_body(io, &head).await?;
    let method = head.method.clone();
    let is_last = head.header("connection") == Some("close");
    let ask = Ask {
        method: head.method,
        path: head.target,
        headers: head.headers,
        body,
        at: Instant::now(),
        peer,
        hit: 0,
        certified: io.get_ref().certified(),
    };
    let busy = shared.answering.enter();
    let mut reply = shared.answer(ask);
    if is_last && reply.then == Then::Next {
        reply = reply.then(Then::Close);
    }
    wait(io, reply.wait).await?;
    for piece in reply.pieces(&method) {
        match reply.every {
            None => io.write_all(&piece).await?,
            Some(every) => {
                for byte in piece {
                    wait(io, every).await?;
                    io.write_u8(byte).await?;
                    io.flush().await?;
                }
            }
        }
        io.flush().await?;
    }
    drop(busy);
    match reply.then {
        Then::Next => {}
        Then::Close => io.shutdown().await?,
        Then::Stall => drop(io.read_to_end(&mut Vec::new()).await?),
        Then::Reset => io.get_ref().arm_reset(),
    }
    Ok(reply.then)
}

/// Waits, but not for a client that has left.
async fn wait<S: Socket>(io: &mut BufStream<S>, time: Duration) -> io::Result<()> {
    let alarm = sleep(time);
    tokio::pin!(alarm);
    tokio::select! {
        () = &mut alarm => return Ok(()),
        more = io.fill_buf() => if more?.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        },
    }
    // the client has sent ahead; it is still there
    alarm.await;
    Ok(())
}

async fn serve_http2(stream: TlsStream<TcpStream>, peer: SocketAddr, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer_http2(request, peer, shared.clone()));
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    // its errors are the client's leaving and our own resets
    builder.serve_connection(TokioIo::new(stream), service).await.ok();
}

type Parts = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

async fn answer_http2(
    request: Request<Incoming>,
    peer: SocketAddr,
    shared: Arc<Shared>,
) -> io::Result<Response<Parts>> {
    let (head, body) = request.into_parts();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<_> = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    if let Some(host) = head.uri.authority() {
        headers.insert(0, (":authority".to_owned(), host.to_string()));
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    let method = head.method.to_string();
    let busy = shared.answering.enter();
    let reply = shared.answer(Ask { method, path, headers, body, at: Instant::now(), peer, hit: 0, certified: false });
    sleep(reply.wait).await;
    drop(busy);
    let Message::Http { status, headers, body } = reply.message else {
        return Err(io::Error::other("told to break off"));
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let pieces = match body {
        Body::Whole(bytes) => vec![bytes],
        Body::Chunks(pieces) => pieces,
    };
    let frames = stream::iter(pieces).map(|piece| Ok(Frame::data(Bytes::from(piece))));
    response.body(StreamBody::new(frames).boxed_unsync()).map_err(io::Error::other)
}
